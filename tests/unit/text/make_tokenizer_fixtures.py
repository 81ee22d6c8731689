"""Writes tests/data/text/{digits_bytelevel,llama3_split}/tokenizer.json.

Usage: python make_tokenizer_fixtures.py   (needs the package tokenizers; the files are overwritten)
Two small byte-level tokenizers are trained on this repository's own lines: one cut as SmolLM2 cuts (single digits, then
GPT-2's pattern), one as Llama 3 does (its pattern, ignore_merges, a post-processor that adds bos).
"""
import pathlib
import sys

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "parity"))
from varied_lines import varied_lines  # noqa: E402

OUT = ROOT / "data" / "text"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def train(name, ignore_merges, pre_tokenizer, specials, finish):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=256 + len(specials) + 400,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(varied_lines(1500, seed=5), trainer)
    finish(tokenizer)
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def add_bos(tokenizer):
    bos = "<|begin_of_text|>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


train(
    "digits_bytelevel",
    False,
    pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]),
    ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<file_sep>"],
    lambda tokenizer: None,
)
train(
    "llama3_split",
    True,
    pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), byte_level(False)]),
    ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    add_bos,
)
