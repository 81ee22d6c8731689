#!/usr/bin/env python3
"""Writes tests/data/text/meta_ranks/tokenizer.model: a small tokenizer in Meta's format.

Its tokens are those of tests/data/text/llama3_split. Usage: python make_rank_fixtures.py   (the file is overwritten)
"""
import base64
import json
import pathlib
ROOT = pathlib.Path(__file__).resolve().parents[2]
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)


def byte_of_character():
    """The byte-level alphabet, from its characters to the bytes."""
    itself = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in itself]
    return {**{chr(byte): byte for byte in itself}, **{chr(0x100 + i): byte for i, byte in enumerate(others)}}


BYTES = byte_of_character()


def bytes_of(token):
    return bytes(BYTES[character] for character in token)


def main():
    model = json.loads((ROOT / "data/text/llama3_split/tokenizer.json").read_text())["model"]
    tokens = [bytes_of(token) for token in sorted(model["vocab"], key=model["vocab"].get) if not token.startswith("<|")]
    singles = [token for token in tokens if len(token) == 1]
    tokens = singles + [token for token in tokens if len(token) > 1]
    ranks = {token: rank for rank, token in enumerate(tokens)}
    out = ROOT / "data/text/meta_ranks"
    out.mkdir(parents=True, exist_ok=True)
    lines = [base64.b64encode(token).decode() + f" {rank}\n" for token, rank in ranks.items()]
    (out / "tokenizer.model").write_text("".join(lines))


if __name__ == "__main__":
    main()
