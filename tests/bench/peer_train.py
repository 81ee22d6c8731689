#!/usr/bin/env python3
"""Trains the SmolLM2 shape with transformers + peft and prints tokens/s and peak memory as one JSON line.

The peer of `llamahome bench train`: same shape, random weights, 4 rows of 512 random tokens, all supervised,
LoRA r 8 on all seven linears, AdamW. Needs torch, transformers, peft; not part of the test command.
    python3 tests/bench/peer_train.py --dtype float32 --steps 3
"""
import argparse
import json
import time

import peft
import torch
import transformers

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def peak_rss_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def build(dtype):
    config = transformers.LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=8192, rope_theta=100000.0, tie_word_embeddings=True)
    config._attn_implementation = "sdpa"
    model = transformers.LlamaForCausalLM(config).to(dtype)
    lora = peft.LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    return peft.get_peft_model(model, lora).train()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    start = time.time()
    torch.set_num_threads(options.threads)
    dtype = getattr(torch, options.dtype)
    model = build(dtype)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = torch.randint(0, 49152, (4, 512))

    def step():
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    step()
    first = time.time() - start
    begin = time.time()
    for _ in range(options.steps):
        step()
    seconds = time.time() - begin
    print(json.dumps(dict(
        name="transformers+peft", dtype=options.dtype, threads=options.threads,
        tokens_per_second=round(4 * 512 * options.steps / seconds, 1), peak_rss_mib=round(peak_rss_mib()),
        seconds_to_first_step=round(first, 1), torch=torch.__version__, transformers=transformers.__version__,
        peft=peft.__version__)))


if __name__ == "__main__":
    main()
