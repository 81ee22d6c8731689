#!/usr/bin/env python3
"""Makes tests/data/formats/meta_*: the models of tests/data/parity in Meta's layout, whole and in shards.

The rows of q and k are turned as convert_llama_weights_to_hf.py turns them, the other way round; the shards are cut as
llama-models joins them. meta_whole is a model with tokenizer, licence and checklist as Meta's downloads have them, and
the same weights as Hub tensors. Needs torch and safetensors; needed only to regenerate.
meta_llama2 is one of Llama 2's kind: embedding cut by columns, a SentencePiece tokenizer, no rope_theta.
Usage: make_meta_fixtures.py tests/data/parity tests/data/formats
"""

import hashlib
import json
import pathlib
import re
import sys

import torch
from safetensors.torch import load_file, save_file

NAMES = {
    "model.embed_tokens.weight": "tok_embeddings.weight", "model.norm.weight": "norm.weight",
    "lm_head.weight": "output.weight", "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv", "self_attn.o_proj": "attention.wo", "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2", "mlp.up_proj": "feed_forward.w3", "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
}
BY_COLUMNS = ("attention.wo.weight", "feed_forward.w2.weight")
COPIED = ("norm.weight",)


def meta_name(name):
    if name in NAMES:
        return NAMES[name]
    layer, part = re.fullmatch(r"model\.layers\.(\d+)\.(.*)\.weight", name).groups()
    return f"layers.{layer}.{NAMES[part]}.weight"


def interleaved(rows, heads):
    return rows.view(heads, 2, rows.shape[0] // heads // 2, rows.shape[1]).transpose(1, 2).reshape(rows.shape).clone(memory_format=torch.contiguous_format)


def meta_weights(hub, config):
    weights = {}
    for name, tensor in hub.items():
        if name.endswith("q_proj.weight"):
            tensor = interleaved(tensor, config["num_attention_heads"])
        if name.endswith("k_proj.weight"):
            tensor = interleaved(tensor, config["num_key_value_heads"])
        weights[meta_name(name)] = tensor
    if config["tie_word_embeddings"]:
        weights["output.weight"] = weights["tok_embeddings.weight"]
    weights["rope.freqs"] = torch.ones(config["head_dim"] // 2)
    return weights


def params(config):
    return {
        "dim": config["hidden_size"], "n_layers": config["num_hidden_layers"], "n_heads": config["num_attention_heads"],
        "n_kv_heads": config["num_key_value_heads"], "vocab_size": -1, "ffn_dim_multiplier": 0.5, "multiple_of": 16,
        "norm_eps": config["rms_norm_eps"], "rope_theta": 10000.0,
    }


def shard_of(weights, index, count, by_columns=BY_COLUMNS):
    shard = {}
    for name, tensor in weights.items():
        if name.endswith(COPIED) or name == "rope.freqs":
            shard[name] = tensor
        else:
            dimension = 1 if name.endswith(by_columns) else 0
            shard[name] = tensor.chunk(count, dimension)[index].clone(memory_format=torch.contiguous_format)
    for prefix in ("", "text_model."):
        head, embedding = prefix + "output.weight", prefix + "tok_embeddings.weight"
        if head in weights and weights[head] is weights[embedding]:
            shard[head] = shard[embedding]
    return shard


def write(folder, weights, settings, count, by_columns=BY_COLUMNS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.json").write_text(json.dumps(settings))
    for index in range(count):
        torch.save(shard_of(weights, index, count, by_columns), folder / f"consolidated.{index:02d}.pth")


def with_pictures(weights):
    """The same decoder as the text part of a model with one cross-attention layer and a picture encoder."""
    generator = torch.Generator().manual_seed(3)
    dim = weights["norm.weight"].shape[0]
    more = {f"text_model.{name}": tensor for name, tensor in weights.items()}
    more["text_model.cross_attention_layers.0.attention.wq.weight"] = torch.randn(dim, dim, generator=generator)
    more["text_model.cross_attention_layers.0.gate_attn"] = torch.zeros(1)
    more["text_model.learnable_embedding.weight"] = torch.randn(8, dim, generator=generator)
    more["vision_model.vision_projection.weight"] = torch.randn(dim, 7, generator=generator)
    return more


def decoder(seed, vocabulary, heads, keys, tied):
    """Two layers of width 32 as Hub tensors, bf16."""
    generator = torch.Generator().manual_seed(seed)
    key_rows = keys * 32 // heads
    rows = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (key_rows, 32), "self_attn.v_proj": (key_rows, 32),
            "self_attn.o_proj": (32, 32), "mlp.gate_proj": (48, 32), "mlp.up_proj": (48, 32), "mlp.down_proj": (32, 48),
            "input_layernorm": (32,), "post_attention_layernorm": (32,)}
    shapes = {"model.embed_tokens.weight": (vocabulary, 32), "model.norm.weight": (32,)}
    for layer in range(2):
        shapes.update({f"model.layers.{layer}.{part}.weight": shape for part, shape in rows.items()})
    if not tied:
        shapes["lm_head.weight"] = (vocabulary, 32)
    return {name: torch.randn(shape, generator=generator).to(torch.bfloat16) for name, shape in shapes.items()}


def llama2_model(folder, tokenizer):
    """Four heads of 8, each with its own keys; what params.json of Llama 2 says and leaves out. In two shards, and whole
    in a folder beside."""
    config = {"num_attention_heads": 4, "num_key_value_heads": 4, "tie_word_embeddings": False, "head_dim": 8}
    hub = decoder(7, 900, 4, 4, tied=False)
    settings = {"dim": 32, "multiple_of": 16, "ffn_dim_multiplier": 0.5, "n_heads": 4, "n_layers": 2, "norm_eps": 1e-05,
                "vocab_size": -1}
    for count, place in {2: folder, 1: folder.with_name(folder.name + "_1")}.items():
        write(place, meta_weights(hub, config), settings, count, BY_COLUMNS + ("tok_embeddings.weight",))
        (place / "tokenizer.model").write_bytes(tokenizer)
    save_file(hub, folder / "expected.safetensors")


def whole_model(folder, tokenizer):
    """Four heads of 8, two of keys, tied, bf16, in two shards."""
    config = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
              "rms_norm_eps": 1e-5, "tie_word_embeddings": True}
    vocabulary = (len(tokenizer.splitlines()) + 256 + 7) // 8 * 8
    hub = decoder(5, vocabulary, 4, 2, tied=True)
    settings = {**params(config), "vocab_size": vocabulary, "rope_theta": 500000.0, "use_scaled_rope": True}
    write(folder, meta_weights(hub, config), settings, 2)
    save_file(hub, folder / "expected.safetensors")
    (folder / "tokenizer.model").write_text(tokenizer)
    (folder / "LICENSE").write_text("A licence\n")
    named = ["consolidated.00.pth", "consolidated.01.pth", "params.json", "tokenizer.model"]
    sums = [f"{hashlib.md5((folder / name).read_bytes()).hexdigest()}  ./{name}\n" for name in named]
    (folder / "checklist.chk").write_text("".join(sums))


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    for model, counts in {"gqa_tied": (1, 2), "mha_untied": (2,)}.items():
        config = json.loads((source / model / "config.json").read_text())
        weights = meta_weights(load_file(source / model / "model.safetensors"), config)
        for count in counts:
            write(target / f"meta_{model}_{count}", weights, params(config), count)
        if model == "gqa_tied":
            settings = {**params(config), "vision_chunk_size": 448, "vision_max_num_chunks": 4,
                        "vision_num_cross_attention_layers": 1}
            write(target / "meta_pictures", with_pictures(weights), settings, 1)
    whole_model(target / "meta_whole", (target.parent / "text/meta_ranks/tokenizer.model").read_text())
    llama2_model(target / "meta_llama2", (target.parent / "text/sentencepiece/llama/tokenizer.model").read_bytes())


if __name__ == "__main__":
    main()
