#!/usr/bin/env python3
"""Trains models of random weights in processes of their own and prints the peak memory that the dry run foretold beside the one measured.

Each setting imports its model into a root of its own, trains a few steps, and asks `train --dry-run` for the forecast; measured is the maximum resident set of
the training process as the kernel tells it (VmHWM). Fails where the two differ by more than 5 %.
    python3 tests/bench/compare_memory_plan.py build/ci/bin/llamahome /tmp/plans [--only NAME]
"""
import argparse
import array
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys

TOLERANCE = 0.05
WORDS = 2000
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")

# hidden, intermediate, layers, heads, key heads, head width, vocabulary, tied head
SHAPES = {
    "135m": (576, 1536, 30, 9, 3, 64, 49152, True),
    "1b": (2048, 8192, 16, 32, 8, 64, 128256, True),
    "untied": (1024, 2816, 12, 16, 4, 64, 32000, False),
}

# name, shape, rows at once, tokens a row (a list: drawn from it), further settings of the run
SETTINGS = [
    ("as shipped", "135m", 4, 512, {}),
    ("no dropout", "135m", 4, 512, {"--lora-dropout": "0"}),
    ("all layers computed again", "135m", 4, 512, {"--gradient-checkpointing": "on"}),
    ("fitted into 1,000 MiB", "135m", 4, 512, {"--set": ["model.memory.limit_mib=1000", "model.memory.reserve_mib=0"]}),
    ("rank 64, 8 rows", "135m", 8, 256, {"--lora-r": "64"}),
    ("q and v, 1 row", "135m", 1, 512, {"--target-modules": "q_proj,v_proj", "--lora-dropout": "0"}),
    ("fp32", "135m", 2, 512, {"--precision": "fp32"}),
    ("one row of 4,096", "135m", 1, 4096, {"--lora-dropout": "0"}),
    ("ragged rows", "135m", 4, [60, 90, 150, 220, 340, 700], {}),
    ("untied head", "untied", 4, 512, {"--lora-r": "16"}),
    ("1B shape", "1b", 1, 512, {}),
    ("int8 base", "135m", 4, 512, {"--quantize": "int8"}),
    ("NF4 base", "135m", 4, 512, {"--quantize": "nf4"}),
    ("NF4 base, 1B shape", "1b", 1, 512, {"--quantize": "nf4"}),
]


def byte_alphabet():
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    spelled = {byte: chr(byte) for byte in plain}
    for byte in range(256):
        spelled.setdefault(byte, chr(256 + len(spelled) - len(plain)))
    return [spelled[byte] for byte in range(256)]


def tensors_of(shape):
    hidden, inner, layers, heads, key_heads, width, vocabulary, tied = SHAPES[shape]
    sizes = {"model.embed_tokens.weight": [vocabulary, hidden], "model.norm.weight": [hidden]}
    if not tied:
        sizes["lm_head.weight"] = [vocabulary, hidden]
    for layer in range(layers):
        at = f"model.layers.{layer}."
        sizes[at + "input_layernorm.weight"] = sizes[at + "post_attention_layernorm.weight"] = [hidden]
        for name, out_features, in_features in (
                ("self_attn.q_proj", heads * width, hidden), ("self_attn.k_proj", key_heads * width, hidden),
                ("self_attn.v_proj", key_heads * width, hidden), ("self_attn.o_proj", hidden, heads * width),
                ("mlp.gate_proj", inner, hidden), ("mlp.up_proj", inner, hidden), ("mlp.down_proj", hidden, inner)):
            sizes[at + name + ".weight"] = [out_features, in_features]
    return sizes


def word_ids(vocabulary):
    """Ids of WORDS tokens all over the vocabulary, so that data brings in the whole embedding as text would."""
    return [260 + (vocabulary - 260) * n // WORDS for n in range(WORDS)]


def write_model(folder, shape):
    """A Hub folder in bfloat16: a block of normal numbers over and over, every byte a token, and WORDS more."""
    hidden, inner, layers, heads, key_heads, width, vocabulary, tied = SHAPES[shape]
    folder.mkdir(parents=True)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": inner,
              "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": key_heads, "head_dim": width,
              "vocab_size": vocabulary, "tie_word_embeddings": tied, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
              "rope_theta": 10000.0, "hidden_act": "silu", "bos_token_id": 0, "eos_token_id": 2, "torch_dtype": "bfloat16"}
    vocab = {spelling: len(SPECIALS) + byte for byte, spelling in enumerate(byte_alphabet())}
    added = [{"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, text in enumerate(SPECIALS)]
    added += [{"id": i, "content": f"<{n}>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
              for n, i in enumerate(word_ids(vocabulary))]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": level,
                 "post_processor": None, "decoder": level,
                 "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                           "fuse_unk": False, "byte_fallback": False, "vocab": {**{t: i for i, t in enumerate(SPECIALS)}, **vocab},
                           "merges": []}}
    names = {"bos_token": SPECIALS[0], "eos_token": SPECIALS[2], "pad_token": SPECIALS[0], "unk_token": SPECIALS[0]}
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer),
                        ("tokenizer_config.json", {**names, "chat_template": TEMPLATE, "tokenizer_class": "GPT2Tokenizer"})):
        (folder / name).write_text(json.dumps(value))
    drawn = random.Random(1)
    block = array.array("H", (struct.unpack("<I", struct.pack("<f", drawn.gauss(0, 0.02)))[0] >> 16 for _ in range(1 << 19))).tobytes()
    header, at = {}, 0
    for name, size in tensors_of(shape).items():
        bytes_ = 2 * size[0] * (size[1] if len(size) > 1 else 1)
        header[name] = {"dtype": "BF16", "shape": size, "data_offsets": [at, at + bytes_]}
        at += bytes_
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64 + 56)  # the tensors begin on a multiple of 64
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, entry in header.items():
            left = entry["data_offsets"][1] - entry["data_offsets"][0]
            while left > 0:
                file.write(block[:left])
                left -= len(block)


def write_data(path, lengths, rows):
    """Rows of those lengths in tokens, nearly all of them trained."""
    drawn = random.Random(2)
    markup = len("user\n\nassistant\n\n") + 6  # four special tokens
    lines = []
    for _ in range(rows):
        length = drawn.choice(lengths) if isinstance(lengths, list) else 2 * lengths
        words = "".join(f"<{drawn.randrange(WORDS)}>" for _ in range(max(8, length - markup)))
        lines.append(json.dumps({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": words}]}))
    path.write_text("\n".join(lines) + "\n")


def run(command):
    """Its output and its peak in bytes."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output = process.stdout.read()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{errors}")
    return output, usage.ru_maxrss * 1024


def measure(options, setting):
    name, shape, rows, lengths, further = setting
    root = options.folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    source = options.folder / shape
    if not source.exists():
        write_model(source, shape)
    data = options.folder / "rows.jsonl"
    write_data(data, lengths, 12 * rows)
    program = [options.llamahome, "--root", str(root), "--quiet"]
    run(program + ["import", "--link", str(source), "--as", "random", shape])
    longest = max(lengths) if isinstance(lengths, list) else lengths
    train = ["train", "random", shape, "--data", str(data), "--batch-size", str(rows), "--max-length", str(longest), "--epochs", "1",
             "--max-steps", str(options.steps), "--validation-split", "0.1"]
    program += ["--set", "training.evaluation.prompts=0"]  # answers take time and less memory than a step
    for option, value in further.items():
        if option == "--set":
            program += [word for setting_ in value for word in ("--set", setting_)]
        else:
            train += [option, value]
    _, measured = run(program + train)
    report, _ = run(program + ["--json"] + train + ["--dry-run"])
    forecast = json.loads(report)
    return {"name": name, "layers_recomputed": forecast.get("recomputed_layers"), "predicted_bytes": forecast["memory"]["total_bytes"],
            "measured_bytes": measured, "memory": forecast["memory"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("llamahome")
    parser.add_argument("folder", type=pathlib.Path, help="for models and runs; a few GB")
    parser.add_argument("--only", action="append", help="names of settings")
    parser.add_argument("--steps", type=int, default=2)
    options = parser.parse_args()
    off = []
    print("| setting | layers computed again | predicted, MiB | measured, MiB | difference |\n|---|---|---|---|---|")
    for setting in SETTINGS:
        if options.only and setting[0] not in options.only:
            continue
        result = measure(options, setting)
        difference = result["predicted_bytes"] / result["measured_bytes"] - 1
        if abs(difference) > TOLERANCE:
            off.append(result["name"])
        print(f"| {result['name']} | {result['layers_recomputed']} | {result['predicted_bytes'] / 2**20:,.0f} | "
              f"{result['measured_bytes'] / 2**20:,.0f} | {100 * difference:+.1f} % |", flush=True)
        print(json.dumps(result), file=sys.stderr, flush=True)
    if off:
        sys.exit(f"more than {100 * TOLERANCE:.0f} % off: {', '.join(off)}")


if __name__ == "__main__":
    main()
