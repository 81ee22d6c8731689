"""Writes tests/data/text/sentencepiece/: small tokenizer.model files.

Usage: python make_sentencepiece_fixtures.py   (needs the package sentencepiece; the files are overwritten)
"""
import io
import pathlib
import sys

import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "parity"))
from varied_lines import CODE, PROSE  # noqa: E402

OUT = ROOT / "data" / "text" / "sentencepiece"
KINDS = {
    # As Llama 2's was trained.
    "llama": dict(
        vocab_size=900, byte_fallback=True, split_digits=True, remove_extra_whitespaces=False, character_coverage=0.98,
        allow_whitespace_only_pieces=True,
    ),
    # The trainer's own habits: blanks are collapsed, unknown characters stay so.
    "collapsing": dict(vocab_size=640, character_coverage=0.98, pad_id=3),
    "bare": dict(vocab_size=640, character_coverage=0.98, add_dummy_prefix=False, split_by_whitespace=False, bos_id=-1),
}


def train(name, options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter((PROSE[:10] + CODE) * 3), model_writer=model, model_type="bpe",
        normalization_rule_name="identity", minloglevel=2, num_threads=1, **options,
    )
    (OUT / name).mkdir(parents=True, exist_ok=True)
    (OUT / name / "tokenizer.model").write_bytes(model.getvalue())


for kind, settings in KINDS.items():
    train(kind, settings)
