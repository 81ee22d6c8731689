"""Writes tests/data/text/parity/: lines.z and, for every tokenizer of the fixtures, what the reference makes of each line.

Usage: python make_token_hashes.py   (needs the packages tokenizers, sentencepiece and tiktoken; the files are overwritten)
lines.z is a JSON list of texts as Qt's qCompress() packs it. NAME.hashes holds four bytes a line: the FNV-1a hash of the ids
as the post-processor leaves them, then of the text that they are decoded to; SentencePiece's and tiktoken's hold the ids alone.
Zero: the line is not asked, as the reference has no answer to it.
"""
import json
import pathlib
import struct
import sys
import zlib

import sentencepiece
import tiktoken
from make_rank_fixtures import LLAMA3
from make_tokenizer_kinds import EXTRA as EXTRA_KINDS
from tiktoken.load import load_tiktoken_bpe
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "parity"))
from varied_lines import varied_lines  # noqa: E402

DATA = ROOT / "data" / "text"
OUT = DATA / "parity"
EXTRA = EXTRA_KINDS + [
    "\u2581", " \u2581  ", "a\u2581\u2581b \u2581\u2581", "  a  b ", " \u2581 a", "ababab aba", "\t x\n ", "aaa aaaa aaaaa",
    "\u212bngstr\u00f6m \ufb01 \u1e9b\u0323 \uff76\uff9e \u1100\u1161\u11a8\uac00\u11a8 \u0344\u0301", "\u0130I\u03a3\u03c3\u03c2 \ua7cb",
    "q\u0307\u0323 q\u0323\u0307 \u0041\u030a\u0327 e\u0301\u0302\u0323\u0345", "\ufdfa \u2460 \u00bd \u33a5 \u3231 \U0001d49c",
    "a" * 9000, " " * 9001, "\U0001f642" * 2500, "1234567890" * 900, "ab" * 4500 + "c", "\u0436" * 4200, "abcabcabd" * 1000,
    "".join(chr(97 + n * n * 7919 % 1000003 % 26) for n in range(9000)), "== " * 3000, "\n" * 9000, "the" * 3000, "\u4f60" * 5000,
    "\u09c7\u09be \u0b47\u0b56 \u1025\u102e \U00011131\U00011127 \U00011935\U00011930 \u0f73\u0f75",
]


def hash_of(ids, text=""):
    value = 0x811C9DC5
    for byte in struct.pack(f"<{len(ids)}i", *ids) + text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value or 1


def of_tokenizers(path):
    tokenizer = Tokenizer.from_file(str(path))

    def answer(line):
        ids = tokenizer.encode(line).ids
        return hash_of(ids, tokenizer.decode(ids, skip_special_tokens=False))

    return answer


def of_sentencepiece(path):
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    # A NUL ends a text for the package's own reader of lines, not for a tokenizer.
    return lambda line: 0 if "\0" in line else hash_of(model.encode(line))


def of_tiktoken(path):
    encoding = tiktoken.Encoding("meta", pat_str=LLAMA3, mergeable_ranks=load_tiktoken_bpe(str(path)), special_tokens={})
    return lambda line: hash_of(encoding.encode_ordinary(line))


def main():
    lines = list(dict.fromkeys(EXTRA + varied_lines(5700, seed=77)))
    packed = json.dumps(lines, ensure_ascii=False, separators=(",", ":")).encode()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "lines.z").write_bytes(struct.pack(">I", len(packed)) + zlib.compress(packed, 9))
    kinds = {name: of_tokenizers(DATA / name / "tokenizer.json") for name in ("digits_bytelevel", "llama3_split")}
    kinds |= {path.stem: of_tokenizers(path) for path in sorted((DATA / "kinds").glob("*.json"))}
    kinds |= {f"sentencepiece_{n}": of_sentencepiece(DATA / "sentencepiece" / n / "tokenizer.model") for n in ("llama", "collapsing", "bare")}
    kinds["meta_ranks"] = of_tiktoken(DATA / "meta_ranks" / "tokenizer.model")
    for name, answer in kinds.items():
        hashes = [answer(line) for line in lines]
        (OUT / f"{name}.hashes").write_bytes(struct.pack(f"<{len(hashes)}I", *hashes))
        print(name, sum(value != 0 for value in hashes), "lines")


if __name__ == "__main__":
    main()
