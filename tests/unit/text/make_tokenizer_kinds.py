"""Writes tests/data/text/kinds/: small tokenizers of every kind that is not plain byte-level, a NAME.json each.

Usage: python make_tokenizer_kinds.py [NAME...]   (needs the package tokenizers; the files are overwritten)
make_token_hashes.py then asks the reference what they make of varied lines.
"""
import json
import pathlib
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "parity"))
from varied_lines import varied_lines  # noqa: E402

OUT = ROOT / "data" / "text" / "kinds"
MARK = "\u2581"
SPECIALS = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
ADDED = [
    AddedToken("<|plain|>", normalized=False, special=False),
    AddedToken("[LEFT]", lstrip=True, normalized=False),
    AddedToken("[RIGHT]", rstrip=True, normalized=False),
    AddedToken("name", single_word=True, normalized=False),
    AddedToken("return", normalized=True),
    AddedToken("quick brown", normalized=True, single_word=True),
    AddedToken("\n\n", normalized=True, rstrip=True),
]
EXTRA = [
    "", "name", "a name, rename; naming name_", "\u0915name name\u0301 (name)", "  [LEFT]  x[LEFT]", "[RIGHT] \n x [RIGHT]",
    "the quick brown fox; a-quick brown-y thing", "a<|plain|>b <|plain|> c", "return return;return", "[LEFT] [RIGHT] name",
    "<s>Hi</s> there<s>  x", "<unk> <0x41> <0xE2>", f"{MARK}a {MARK} b{MARK}", f"<s>{MARK}a", " <s> a", "\u00e9t\u00e9 \u00a0 x",
    "x\n\n \ny", "\u4f60\u4f60\u4f60 \U0001f642\U0001f642", "a\u0000b", "\t\ttab", "aba", "ababab  ababa",
    "# head  \n## x \t\n\n*y  ", "#a\r\n#b  \r\n  ",
]


def train(pre_tokenizer, reserved, alphabet, normalizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(
        vocab_size=len(reserved) + alphabet + 350, special_tokens=reserved, limit_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([line for line in varied_lines(1500, seed=5) if len(line) < 200], trainer)
    json_form = json.loads(tokenizer.to_str())
    # The byte tokens are no added tokens.
    json_form["added_tokens"] = [t for t in json_form["added_tokens"] if t["content"] not in BYTES]
    return Tokenizer.from_str(json.dumps(json_form))


def fallback_decoder(strip):
    steps = [decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if strip else []))


def bos_template():
    return processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])


def legacy():
    """Llama 2 and TinyLlama: everything by the normalizer, whole texts are one piece."""
    prepend = normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="never")
    kind = train(metaspace, SPECIALS + BYTES, 90, prepend, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    form = json.loads(kind.to_str())
    form["pre_tokenizer"] = None
    kind = Tokenizer.from_str(json.dumps(form))
    kind.decoder = fallback_decoder(True)
    kind.post_processor = bos_template()
    return kind


def first():
    """Newer conversions: Metaspace without a cut; merges go over blanks, added tokens of every flag."""
    pre = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    kind = train(pre, SPECIALS + BYTES, 120, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    kind.add_tokens(ADDED)
    kind.decoder = fallback_decoder(False)
    kind.post_processor = processors.Sequence([bos_template()])
    return kind


def unknown():
    """No byte fallback, every unknown character by itself; Metaspace cuts and decodes."""
    kind = train(pre_tokenizers.Metaspace(), SPECIALS, 100, unk_token="<unk>", fuse_unk=False)
    kind.add_tokens(ADDED)
    kind.decoder = decoders.Metaspace()
    return kind


def fused():
    """As `unknown`, runs of unknown characters fused, digits apart, a normalizer with patterns."""
    replaced = normalizers.Sequence([normalizers.Strip(), normalizers.Replace(Regex(r" {2,}"), " ")])
    pre = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="always"), pre_tokenizers.Digits(individual_digits=True)]
    )
    kind = train(pre, SPECIALS, 100, replaced, unk_token="<unk>", fuse_unk=True)
    kind.add_tokens(ADDED[:-1])  # the last one has an empty normal form, on which the reference panics
    kind.decoder = decoders.Metaspace()
    return kind


def splits():
    """Byte-level behind cuts of every behaviour."""
    split = pre_tokenizers.Split
    pre = pre_tokenizers.Sequence(
        [
            split(Regex(r"\n+"), "merged_with_previous"),
            split(Regex(r"[ \t]+$"), "isolated"),
            split(Regex(r"^[*#]+|\n^."), "isolated"),
            split("-", "merged_with_next"),
            split(Regex(r"\p{P}|\p{S}"), "contiguous"),
            split(Regex(r"[^\p{L}\p{N}]+"), "isolated", invert=True),
            split(Regex(r"(?=[A-Z])"), "isolated"),
            split("_", "removed"),
            split(Regex(r"\s?\p{L}+"), "merged_with_next", invert=True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    kind = train(pre, ["<s>", "</s>"], 256)
    kind.add_tokens(ADDED)
    kind.decoder = decoders.ByteLevel()
    return kind


def prefixed():
    """GPT-2's own way: a blank before the text, its pattern; bos and end by two post-processors."""
    kind = train(pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True), ["<s>", "</s>"], 256)
    kind.decoder = decoders.ByteLevel()
    end = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B:1", special_tokens=[("</s>", 1)])
    # What the first of two templates makes of a text counts as a pair to the second.
    begin = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 0)])
    kind.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), end, begin])
    return kind


def composed():
    """NFC, then DeepSeek's cuts: lines, words, punctuation, scripts, digits, bytes."""
    cuts = [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"]
    pre = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(cut), "isolated") for cut in cuts]
        + [pre_tokenizers.Digits(individual_digits=True), byte_level()]
    )
    kind = train(pre, ["<s>", "</s>"], 256, normalizers.NFC())
    kind.add_tokens([AddedToken("re\u0301sume\u0301", normalized=True), AddedToken("name", normalized=True)])
    kind.decoder = decoders.ByteLevel()
    return kind


def compatible():
    """What SentencePiece's nmt_nfkc_cf does, with Metaspace and byte fallback."""
    steps = [normalizers.Nmt(), normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r" {2,}"), " ")]
    kind = train(
        pre_tokenizers.Metaspace(), SPECIALS + BYTES, 150, normalizers.Sequence(steps), unk_token="<unk>", byte_fallback=True
    )
    kind.decoder = fallback_decoder(True)
    kind.post_processor = bos_template()
    return kind


def bare_letters():
    """NFD without accents, words and marks apart."""
    steps = [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()]
    kind = train(pre_tokenizers.Whitespace(), SPECIALS, 150, normalizers.Sequence(steps), unk_token="<unk>")
    kind.decoder = decoders.Fuse()
    return kind


def marks():
    """NFKD; blanks and one more delimiter dropped, every punctuation mark with what is before it."""
    pre = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.CharDelimiterSplit("x"),
            pre_tokenizers.Punctuation("merged_with_previous"),
            byte_level(),
        ]
    )
    kind = train(pre, ["<s>", "</s>"], 256, normalizers.NFKD())
    kind.decoder = decoders.ByteLevel()
    return kind


def spelled():
    """Falcon 3's: cuts go on after ByteLevel, through characters that stand for bytes."""
    pre = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    )
    kind = train(pre, ["<s>", "</s>"], 256)
    kind.decoder = decoders.ByteLevel()
    return kind


def byte_level():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


KINDS = {f.__name__: f for f in (legacy, first, unknown, fused, splits, prefixed, composed, compatible, bare_letters, marks, spelled)}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or KINDS:
        text = json.dumps(json.loads(KINDS[name]().to_str()), ensure_ascii=False, separators=(",", ":")) + "\n"
        (OUT / f"{name}.json").write_text(text, encoding="utf-8")
