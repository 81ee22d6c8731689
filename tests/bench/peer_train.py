#!/usr/bin/env python3
"""Trains LoRA with transformers + peft and prints what `llamahome bench train` prints, as one JSON line.

Same weights (a folder in Hub layout), same rows of tokens (one object a line with token_ids and supervised),
same adapter (on all seven linears, alpha twice the rank, no dropout), AdamW, clipping at 1. Rows of a step
are padded to its longest; only real tokens count. Run by compare.py; needs torch, transformers, peft.
    python3 tests/bench/peer_train.py MODEL_FOLDER ROWS_FILE --rows 4 --mode eager
"""
import time

START = time.time()

import argparse
import json

import peft
import torch
import transformers

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LEARNING_RATE = 1e-4
IGNORED = -100  # transformers' label of a token without loss


def peak_rss_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def load(options, dtype):
    model = transformers.LlamaForCausalLM.from_pretrained(options.model, dtype=dtype,
                                                          attn_implementation="sdpa", use_cache=False)
    config = peft.LoraConfig(r=options.lora_r, lora_alpha=2 * options.lora_r, lora_dropout=0.0,
                             target_modules=TARGETS, task_type="CAUSAL_LM")
    if options.mode == "checkpointing":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model = peft.get_peft_model(model, config).train()  # its adapters are fp32, whatever the base is
    return torch.compile(model) if options.mode == "compiled" else model


def batches(options):
    """Input of each step: ids, labels, and a mask where rows are padded."""
    with open(options.token_rows) as lines:
        rows = [json.loads(line) for line in lines]
    for first in range(0, len(rows), options.rows):
        step = rows[first:first + options.rows]
        lengths = [len(row["token_ids"]) for row in step]
        ids = torch.zeros(len(step), max(lengths), dtype=torch.long)
        labels = torch.full_like(ids, IGNORED)
        mask = torch.zeros_like(ids)
        for place, (row, length) in enumerate(zip(step, lengths)):
            tokens = torch.tensor(row["token_ids"])
            ids[place, :length] = tokens
            labels[place, :length] = torch.where(torch.tensor(row["supervised"]), tokens, IGNORED)
            mask[place, :length] = 1
        padded = min(lengths) < max(lengths)  # without a mask SDPA takes its causal way
        masked = dict(attention_mask=mask) if padded else {}
        yield sum(lengths), dict(input_ids=ids, labels=labels, **masked)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("token_rows")
    parser.add_argument("--rows", type=int, default=4, help="of a step")
    parser.add_argument("--mode", choices=["eager", "checkpointing", "compiled"], default="eager")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--lora-r", type=int, default=8)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--autocast", action="store_true", help="adapters in bf16 too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    dtype = getattr(torch, options.dtype)
    model = load(options, dtype)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE, weight_decay=0.0)

    steps = []
    for tokens, batch in batches(options):
        begin = time.time()
        with torch.autocast("cpu", dtype=dtype, enabled=options.autocast):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if not steps:
            first = time.time() - START
        steps.append(dict(loss=loss.item(), tokens=tokens, seconds=time.time() - begin))
    timed = steps[1:] or steps
    print(json.dumps(dict(
        name=f"transformers + peft, {options.mode}", precision=options.dtype, autocast=options.autocast,
        tokens_per_second=sum(step["tokens"] for step in timed) / sum(step["seconds"] for step in timed),
        peak_rss_mib=peak_rss_mib(), seconds_to_first_step=first, steps=steps, versions=dict(
            torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__))))


if __name__ == "__main__":
    main()
