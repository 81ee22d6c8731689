#!/usr/bin/env python3
"""Runs bench_tokenizer and the package `tokenizers` on the same texts, one core each, one after the other.

usage: compare_tokenizers.py BENCH_PROGRAM MODEL_FOLDER FILE...
Without the package only our figures are shown. MODEL_FOLDER needs a tokenizer.json.
"""
import os
import pathlib
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
MEGABYTE = 1_000_000


def noise(size):
    state, out = 1, bytearray()
    for _ in range(size):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(ord("a") + (state >> 16) % 26)
    return out.decode()


def lines_of(text, size):
    lines, total = [], 0
    while total < size:
        for line in text.split("\n"):
            if total >= size:
                break
            lines.append(line[: size - total])
            total += len(lines[-1].encode()) + 1
    return lines


def seconds(tokenizer, texts, repeats=3):
    best = 1e9
    for _ in range(repeats):
        start = time.process_time()
        for text in texts:
            tokenizer.encode(text, add_special_tokens=False)
        best = min(best, time.process_time() - start)
    return best


def main():
    program, folder, *files = sys.argv[1:]
    print("LlamaHome", flush=True)
    subprocess.run([program, folder, *files], check=True)
    try:
        import tokenizers
    except ImportError as missing:
        print(f"no figures of the reference: {missing}")
        return
    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
    print(f"tokenizers {tokenizers.__version__}")
    ordinary = "\n".join(pathlib.Path(file).read_text(encoding="utf-8") for file in files)
    rows = {"ordinary": lambda size: lines_of(ordinary, size), "noise": lambda size: [noise(size)]}
    for name, unit in (("letter", "a"), ("blanks", " "), ("emoji", "🙂"), ("digits", "1234567890"), ("marks", "\u0301\u0323")):
        rows[name] = lambda size, unit=unit: [unit * (size // len(unit.encode()))]
    for name, make in rows.items():
        one = seconds(tokenizer, make(MEGABYTE))
        if one > 20:
            print(f"{name:10} {1 / one:8.1f} MB/s at 1 MB, not asked for more", flush=True)
            continue
        two = seconds(tokenizer, make(2 * MEGABYTE))
        print(f"{name:10} {1 / one:8.1f} MB/s at 1 MB {2 / two:8.1f} MB/s at 2 MB   time x {two / one:.2f}", flush=True)


if __name__ == "__main__":
    main()
