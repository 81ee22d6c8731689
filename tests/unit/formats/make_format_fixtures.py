#!/usr/bin/env python3
"""Makes tests/data/formats with the reference libraries; needed only to regenerate.

Needs torch, transformers 5, peft, safetensors, gguf, numpy. Usage: make_format_fixtures.py OUTPUT_FOLDER
"""

import json
import pathlib
import sys

import gguf
import numpy as np
import peft
import torch
import transformers
from gguf import GGMLQuantizationType as Quant
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file

HIDDEN, INNER, HEADS, KV_HEADS, LAYERS = 64, 32, 2, 1, 1
HEAD_DIM = HIDDEN // HEADS
ROPE = {"factor": 8.0, "low": 1.0, "high": 4.0, "original": 8192, "theta": 500000.0}


def all_types(folder):
    """One tensor of each type, with awkward shapes and names."""
    generator = torch.Generator().manual_seed(1)
    save_file(
        {
            "weight.bf16": torch.randn(3, 5, generator=generator).to(torch.bfloat16),
            "weight.f16": torch.randn(2, 2, generator=generator).to(torch.float16),
            "weight.f32": torch.randn(7, generator=generator),
            "weight.f64": torch.randn(2, generator=generator, dtype=torch.float64),
            "a.i64": torch.tensor([-1, 2**40]),
            "z.u8": torch.arange(5, dtype=torch.uint8),
            "i8": torch.tensor([-128, 127], dtype=torch.int8),
            "i16": torch.tensor([-2], dtype=torch.int16),
            "i32": torch.tensor([[1, 2]], dtype=torch.int32),
            "flags": torch.tensor([True, False, True]),
            "scalar": torch.tensor(3.5),
            "empty": torch.zeros(0, 4),
            "größe \"π\" \\ 重み": torch.tensor([1.0]),
        },
        folder / "all_types.safetensors",
        metadata={"format": "pt"},
    )


def tiny_llama(tied):
    torch.manual_seed(2)
    config = transformers.LlamaConfig(
        vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=tied,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 32},
        bos_token_id=1, eos_token_id=[2, 3])
    return transformers.LlamaForCausalLM(config).to(torch.bfloat16)


def sharded(folder):
    tiny_llama(tied=False).save_pretrained(folder / "sharded", max_shard_size="5KB")
    (folder / "sharded" / "generation_config.json").unlink()


def adapters(folder):
    for name, options in {
        "adapter": {"r": 4, "lora_alpha": 8, "lora_dropout": 0.05,
                    "target_modules": ["v_proj", "q_proj", "down_proj"]},
        "adapter_all_linear": {"r": 2, "lora_alpha": 3.5, "target_modules": "all-linear", "use_rslora": True},
    }.items():
        model = peft.get_peft_model(tiny_llama(tied=True), peft.LoraConfig(task_type="CAUSAL_LM", **options))
        for parameter_name, parameter in model.named_parameters():
            if "lora_B" in parameter_name:
                torch.nn.init.normal_(parameter)
        model.save_pretrained(folder / name)
        (folder / name / "README.md").unlink(missing_ok=True)
        config_path = folder / name / "adapter_config.json"
        config = json.loads(config_path.read_text())
        config["base_model_name_or_path"] = "local/tiny"
        config["target_modules"].sort()
        config_path.write_text(json.dumps(config, indent=2, sort_keys=True))


# Number of fp16 scales of a block, and whether they are its last bytes.
SCALES = {
    Quant.Q8_0: (1, False), Quant.Q4_0: (1, False), Quant.Q4_1: (2, False), Quant.Q5_0: (1, False),
    Quant.Q5_1: (2, False), Quant.Q2_K: (2, True), Quant.Q3_K: (1, True), Quant.Q4_K: (2, False),
    Quant.Q5_K: (2, False), Quant.Q6_K: (1, True),
}
FINITE_SCALES = [6e-8, 3e-5, -0.01, 0.37, 1.75, -600.0]
HOSTILE_SCALES = [np.inf, -np.inf, np.nan, 65504.0, -65504.0, 0.0, -0.0, 6e-8]


def random_blocks(generator, quant, rows, columns, scale_choice=FINITE_SCALES):
    """Packed rows with random quants and chosen scales."""
    block, size = gguf.GGML_QUANT_SIZES[quant]
    packed = generator.integers(0, 256, size=(rows, columns // block, size), dtype=np.uint8)
    scales, are_last = SCALES[quant]
    values = generator.choice(scale_choice, size=(rows, columns // block, scales))
    start = size - 2 * scales if are_last else 0
    packed[:, :, start : start + 2 * scales] = values.astype(np.float16).view(np.uint8)
    return packed.reshape(rows, -1)


def write_blocks(folder, name, tensors):
    """`tensors` by type, and what gguf's reference unpacks from them."""
    writer = gguf.GGUFWriter(folder / f"{name}.gguf", "llama")
    expected = {}
    for quant, packed in tensors.items():
        writer.add_tensor(quant.name, packed, raw_dtype=quant)
        expected[quant.name] = torch.from_numpy(dequantize(packed, quant).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / f"{name}_expected.safetensors", metadata={"format": "pt"})


def blocks(folder):
    """Each block type with what gguf's reference unpacks, from files as they are and as nobody makes them."""
    generator = np.random.default_rng(3)
    tensors = {quant: random_blocks(generator, quant, 3, 64) for quant in (Quant.Q8_0, Quant.Q4_0, Quant.Q4_1)}
    floats = np.concatenate([generator.normal(size=60), [0.0, -0.0, 6e-8, 65504.0]]).astype(np.float32)
    for quant in (Quant.F32, Quant.F16, Quant.BF16):
        tensors[quant] = quantize(floats, quant).reshape(-1)
    for quant in SCALES:
        if quant not in tensors:
            tensors[quant] = random_blocks(generator, quant, 2, 768)
    write_blocks(folder, "blocks", tensors)
    hostile = {quant: random_blocks(generator, quant, 2, 2048, HOSTILE_SCALES) for quant in SCALES}
    write_blocks(folder, "hostile_blocks", hostile)


def byte_alphabet():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(0x100 + i) for i in range(len(others))]


def add_vocabulary(writer):
    merges = ["Ġ t", "h e", "Ġt he", "i n", "1 2"]
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *byte_alphabet()]
    tokens += [*(merge.replace(" ", "") for merge in merges), "<tool>", "[PAD265]"]
    types = [3, 3, 3] + [1] * (len(tokens) - 5) + [4, 5]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}<|im_start|>{{ message['content'] }}{% endfor %}")
    return len(tokens)


def rope_divisors():
    """The converter's rope_freqs.weight for llama3 scaling."""
    divisors = []
    for i in range(0, HEAD_DIM, 2):
        wavelength = 2 * np.pi * ROPE["theta"] ** (i / HEAD_DIM)
        if wavelength < ROPE["original"] / ROPE["high"]:
            divisors.append(1.0)
        elif wavelength > ROPE["original"] / ROPE["low"]:
            divisors.append(ROPE["factor"])
        else:
            smooth = (ROPE["original"] / wavelength - ROPE["low"]) / (ROPE["high"] - ROPE["low"])
            divisors.append(1 / ((1 - smooth) / ROPE["factor"] + smooth))
    return np.array(divisors, dtype=np.float32)


def interleave(weight, heads):
    """llama.cpp's LlamaModel.permute: from halves to pairs."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def model(folder):
    """A one-layer Llama in GGUF, every packing in it, and the weights that its import must give."""
    generator = np.random.default_rng(4)
    writer = gguf.GGUFWriter(folder / "tiny.gguf", "llama")
    writer.add_type("model")
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(ROPE["theta"])
    writer.add_rope_dimension_count(HEAD_DIM)
    vocabulary = add_vocabulary(writer)
    keys = KV_HEADS * HEAD_DIM
    layer = "model.layers.0."
    plan = [
        ("token_embd", "model.embed_tokens", (vocabulary, HIDDEN), Quant.Q8_0, 0),
        ("blk.0.attn_q", layer + "self_attn.q_proj", (HIDDEN, HIDDEN), Quant.Q4_1, HEADS),
        ("blk.0.attn_k", layer + "self_attn.k_proj", (keys, HIDDEN), Quant.Q4_0, KV_HEADS),
        ("blk.0.attn_v", layer + "self_attn.v_proj", (keys, HIDDEN), Quant.F16, 0),
        ("blk.0.attn_output", layer + "self_attn.o_proj", (HIDDEN, HIDDEN), Quant.BF16, 0),
        ("blk.0.ffn_gate", layer + "mlp.gate_proj", (INNER, HIDDEN), Quant.Q4_1, 0),
        ("blk.0.ffn_up", layer + "mlp.up_proj", (INNER, HIDDEN), Quant.Q8_0, 0),
        ("blk.0.ffn_down", layer + "mlp.down_proj", (HIDDEN, INNER), Quant.F32, 0),
        ("blk.0.attn_norm", layer + "input_layernorm", (HIDDEN,), Quant.F32, 0),
        ("blk.0.ffn_norm", layer + "post_attention_layernorm", (HIDDEN,), Quant.F32, 0),
        ("output_norm", "model.norm", (HIDDEN,), Quant.F32, 0),
    ]
    expected = {}
    for name, hub_name, shape, quant, heads in plan:
        weight = generator.normal(scale=0.1, size=shape).astype(np.float32)
        packed = quantize(weight, quant)
        unpacked = dequantize(packed, quant).astype(np.float32).reshape(shape)
        if heads:
            # Blocks run along a row, so moving rows commutes with packing.
            expected[hub_name + ".weight"] = torch.from_numpy(unpacked).to(torch.bfloat16)
            packed = interleave(packed, heads)
        else:
            expected[hub_name + ".weight"] = torch.from_numpy(unpacked).to(torch.bfloat16)
        writer.add_tensor(name + ".weight", packed, raw_dtype=quant)
    writer.add_tensor("rope_freqs.weight", rope_divisors(), raw_dtype=Quant.F32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / "tiny_expected.safetensors", metadata={"format": "pt"})


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    all_types(folder)
    sharded(folder)
    adapters(folder)
    blocks(folder)
    model(folder)


if __name__ == "__main__":
    main()
