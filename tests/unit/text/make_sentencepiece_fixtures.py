"""Writes tests/data/text/sentencepiece/: small tokenizer.model files with the reference's ids.

Usage: python make_sentencepiece_fixtures.py [LINES OUT]   (needs the package sentencepiece; the files are overwritten)
With LINES and OUT, a file of so many lines goes there instead, for comparing by hand.
"""
import io
import json
import pathlib
import sys

import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "parity"))
from varied_lines import CODE, PROSE, varied_lines  # noqa: E402

OUT = ROOT / "data" / "text" / "sentencepiece"
EXTRA = [
    "", " ", "\u2581", " \u2581  ", "a\u2581\u2581b \u2581\u2581", "  a  b ", "\u2581a \u2581", " \u2581 a", "<s>x</s>", "<unk> <0x41>",
    "ababab aba", "\t x\n ", "aaa aaaa aaaaa",
]
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


def lines(count):
    # A NUL ends a text for the package's own reader of lines, not for a tokenizer.
    return EXTRA + [line[:200] for line in varied_lines(count, seed=17) if "\0" not in line]


def train(name, options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter((PROSE[:10] + CODE) * 3), model_writer=model, model_type="bpe",
        normalization_rule_name="identity", minloglevel=2, num_threads=1, **options,
    )
    (OUT / name).mkdir(parents=True, exist_ok=True)
    (OUT / name / "tokenizer.model").write_bytes(model.getvalue())


def rows_of(texts):
    models = {n: sentencepiece.SentencePieceProcessor(model_file=str(OUT / n / "tokenizer.model")) for n in KINDS}
    rows = [{"text": t} | {name: [model.encode(t)] for name, model in models.items()} for t in texts]
    return "[\n" + ",\n".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in rows) + "\n]\n"


if len(sys.argv) > 2:
    pathlib.Path(sys.argv[2]).write_text(rows_of(lines(int(sys.argv[1]))), encoding="utf-8")
else:
    for name, options in KINDS.items():
        train(name, options)
    (OUT / "lines.json").write_text(rows_of(lines(110)), encoding="utf-8")
