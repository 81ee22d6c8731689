#!/usr/bin/env python3
"""Makes tests/data/formats/pieces.gguf: a small Llama whose vocabulary is a SentencePiece model's, as llama.cpp's converter
writes it, and pieces_lines.json: lines with the ids that sentencepiece gives them. The model is
tests/data/text/sentencepiece/llama.

Needs gguf, numpy, sentencepiece; needed only to regenerate. Usage: make_piece_fixtures.py tests/data
"""

import json
import pathlib
import sys

import gguf
import numpy as np
import sentencepiece

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "parity"))
from varied_lines import varied_lines  # noqa: E402

EXTRA = ["", " ", "\u2581", " \u2581  ", "  a  b ", "<s>x</s>", "<unk> <0x41>", "ababab aba", "\t x\n ", "aaa aaaa aaaaa"]
HIDDEN, INNER, HEADS, KEYS = 16, 24, 2, 1


def vocabulary(writer, pieces, rows):
    kinds = gguf.TokenType
    tokens = [f"[PAD{i}]" for i in range(rows)]
    scores, types = [-10000.0] * rows, [kinds.UNUSED] * rows
    for i in range(pieces.vocab_size()):
        tokens[i], scores[i] = pieces.id_to_piece(i), pieces.get_score(i)
        types[i] = (kinds.UNKNOWN if pieces.is_unknown(i) else kinds.CONTROL if pieces.is_control(i)
                    else kinds.BYTE if pieces.is_byte(i) else kinds.NORMAL)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_unk_token_id(pieces.unk_id())
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)


def write_lines(path, pieces):
    # A NUL ends a text for the package's own reader of lines, not for a tokenizer.
    texts = EXTRA + [line[:200] for line in varied_lines(110, seed=23) if "\0" not in line]
    rows = [json.dumps({"text": text, "ids": pieces.encode(text)}, ensure_ascii=False, separators=(",", ":")) for text in texts]
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def main():
    data = pathlib.Path(sys.argv[1])
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(data / "text/sentencepiece/llama/tokenizer.model"))
    write_lines(data / "formats/pieces_lines.json", pieces)
    rows = pieces.vocab_size() + 4
    writer = gguf.GGUFWriter(data / "formats/pieces.gguf", "llama")
    writer.add_type("model")
    writer.add_context_length(64)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEYS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    vocabulary(writer, pieces, rows)
    key_rows = KEYS * HIDDEN // HEADS
    shapes = {"token_embd": (rows, HIDDEN), "blk.0.attn_norm": (HIDDEN,), "blk.0.attn_q": (HIDDEN, HIDDEN),
              "blk.0.attn_k": (key_rows, HIDDEN), "blk.0.attn_v": (key_rows, HIDDEN), "blk.0.attn_output": (HIDDEN, HIDDEN),
              "blk.0.ffn_norm": (HIDDEN,), "blk.0.ffn_gate": (INNER, HIDDEN), "blk.0.ffn_up": (INNER, HIDDEN),
              "blk.0.ffn_down": (HIDDEN, INNER), "output_norm": (HIDDEN,)}
    generator = np.random.default_rng(6)
    for name, shape in shapes.items():
        writer.add_tensor(name + ".weight", generator.normal(size=shape).astype(np.float16).astype(np.float32 if len(shape) == 1 else np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
