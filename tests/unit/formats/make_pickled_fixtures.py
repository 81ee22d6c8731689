#!/usr/bin/env python3
"""Makes tests/data/formats/pickled_*: a Hub model with its weights as torch.save() writes them, whole and in shards.

pickled_one is tied: its head is the embedding's storage. pickled_shards is not, has its q and k as views of one storage
and stored rotary frequencies, as older conversions have them. Needs torch and safetensors; needed only to regenerate.
Usage: make_pickled_fixtures.py tests/data/formats
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

HIDDEN, INNER, HEADS, KEYS, LAYERS, VOCABULARY = 32, 48, 4, 2, 2, 264
ROWS = KEYS * HIDDEN // HEADS
SHAPES = {"self_attn.q_proj": (HIDDEN, HIDDEN), "self_attn.k_proj": (ROWS, HIDDEN), "self_attn.v_proj": (ROWS, HIDDEN),
          "self_attn.o_proj": (HIDDEN, HIDDEN), "mlp.gate_proj": (INNER, HIDDEN), "mlp.up_proj": (INNER, HIDDEN),
          "mlp.down_proj": (HIDDEN, INNER), "input_layernorm": (HIDDEN,), "post_attention_layernorm": (HIDDEN,)}


def config(tied):
    return {"architectures": ["LlamaForCausalLM"], "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "silu",
            "hidden_size": HIDDEN, "intermediate_size": INNER, "max_position_embeddings": 64, "model_type": "llama",
            "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "num_key_value_heads": KEYS, "rms_norm_eps": 1e-05,
            "tie_word_embeddings": tied, "torch_dtype": "bfloat16", "vocab_size": VOCABULARY}


def weights(tied):
    generator = torch.Generator().manual_seed(11 + tied)
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        shapes.update({f"model.layers.{layer}.{part}.weight": shape for part, shape in SHAPES.items()})
    shapes["model.norm.weight"] = (HIDDEN,)
    if not tied:
        shapes["lm_head.weight"] = (VOCABULARY, HIDDEN)
    return {name: torch.randn(shape, generator=generator).to(torch.bfloat16) for name, shape in shapes.items()}


def write_config(folder, tied):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(tied), indent=2) + "\n")


def one(folder):
    write_config(folder, True)
    model = weights(True)
    save_file(model, folder / "expected.safetensors")
    model["lm_head.weight"] = model["model.embed_tokens.weight"]
    torch.save(model, folder / "pytorch_model.bin")


def shards(folder):
    write_config(folder, False)
    model = weights(False)
    save_file(model, folder / "expected.safetensors")
    first = {name: tensor for name, tensor in model.items() if not name.startswith(("model.layers.1.", "model.norm", "lm_head"))}
    second = {name: tensor for name, tensor in model.items() if name not in first}
    query, key = "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.k_proj.weight"
    first[query], first[key] = torch.cat([first[query], first[key]]).split([HIDDEN, ROWS])
    second["model.layers.1.self_attn.rotary_emb.inv_freq"] = torch.ones(HIDDEN // HEADS // 2)
    files = {"pytorch_model-00001-of-00002.bin": first, "pytorch_model-00002-of-00002.bin": second}
    for name, tensors in files.items():
        torch.save(tensors, folder / name)
    total = sum(tensor.nbytes for tensors in files.values() for tensor in tensors.values())
    places = {tensor: name for name, tensors in files.items() for tensor in tensors}
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")


def main():
    target = pathlib.Path(sys.argv[1])
    one(target / "pickled_one")
    shards(target / "pickled_shards")


if __name__ == "__main__":
    main()
