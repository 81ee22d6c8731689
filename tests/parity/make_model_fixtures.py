#!/usr/bin/env python3
"""Makes the model fixtures of tests/data/parity with transformers and peft.

Needs: torch, transformers 5, peft 0.21, and for the quantised ones bitsandbytes and accelerate. Run from anywhere; writes
beside the test data:
    python3 tests/parity/make_model_fixtures.py [NAME...]
A quantised model is what transformers and bitsandbytes write; what is expected of it was computed in fp32 on the values
that its codes stand for. The versions used are recorded in each fixture's expected.json.
"""
import json
import math
import pathlib
import shutil
import sys
import tempfile

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

TARGET = pathlib.Path(__file__).resolve().parent.parent / "data" / "parity"
VOCAB = 96
# Blocks of 64 end with a row: bitsandbytes' C++ functions for the processor are wrong where they do not.
QUANTISED_SIZES = dict(hidden_size=64, intermediate_size=128)
CASES = {
    "gqa_tied": dict(tie_word_embeddings=True, num_attention_heads=4, num_key_value_heads=2),
    "mha_untied": dict(tie_word_embeddings=False, num_attention_heads=2, num_key_value_heads=2),
    "llama3_rope": dict(
        tie_word_embeddings=True,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=256,
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64),
    ),
    "nf4": dict(tie_word_embeddings=True, num_attention_heads=4, num_key_value_heads=2, **QUANTISED_SIZES),
    "int8": dict(tie_word_embeddings=True, num_attention_heads=4, num_key_value_heads=2, **QUANTISED_SIZES),
}
QUANTISED = {
    "nf4": dict(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype="float32"),
    "int8": dict(load_in_8bit=True),
}
LORA = dict(r=4, lora_alpha=8, lora_dropout=0.0, task_type="CAUSAL_LM")
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TARGETS = {
    "nf4": ALL_LINEAR,
    "int8": ALL_LINEAR,
    "gqa_tied": ALL_LINEAR,
    "mha_untied": ["q_proj", "v_proj"],
    "llama3_rope": ALL_LINEAR,
}
TRAIN = dict(steps=10, learning_rate=5e-3, warmup_ratio=0.2, max_grad_norm=0.5, batch_size=2, accumulation=2)


def make_rows(generator):
    """Rows of different length with a masked beginning; the last one has a masked hole."""
    rows = []
    for index, length in enumerate([5, 9, 7, 12, 3, 8]):
        tokens = torch.randint(0, VOCAB, (length,), generator=generator).tolist()
        masked = min(index % 4, length - 2)
        supervised = [0] * masked + [1] * (length - masked)
        rows.append(dict(tokens=tokens, supervised=supervised))
    rows[3]["supervised"][6] = 0
    return rows


def loss_sum(model, row):
    """Sum of the token losses of one row and its number of targets."""
    ids = torch.tensor([row["tokens"]])
    logits = model(input_ids=ids).logits[0, :-1].float()
    targets = ids[0, 1:]
    mask = torch.tensor(row["supervised"][1:], dtype=torch.bool)
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    return losses[mask].sum(), int(mask.sum())


def adapter_tensors(model, gradient=False):
    tensors = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            value = parameter.grad if gradient else parameter
            tensors[name.replace(".default", "")] = value.detach().clone().contiguous()
    return tensors


def train(model, rows):
    """Ten steps as transformers' Trainer makes them: token-normalised accumulation, clip, AdamW, cosine."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=TRAIN["learning_rate"], weight_decay=0.01)
    schedule = transformers.get_cosine_schedule_with_warmup(
        optimizer, math.ceil(TRAIN["warmup_ratio"] * TRAIN["steps"]), TRAIN["steps"])
    window = TRAIN["batch_size"] * TRAIN["accumulation"]
    groups = [rows[i:i + window] for i in range(0, len(rows), window)]
    record = []
    for step in range(TRAIN["steps"]):
        group = groups[step % len(groups)]
        count = sum(sum(row["supervised"][1:]) for row in group)
        total = 0.0
        optimizer.zero_grad()
        for row in group:
            loss, _ = loss_sum(model, row)
            (loss / count).backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(parameters, TRAIN["max_grad_norm"])
        record.append(dict(train_loss=total / count, grad_norm=norm.item(),
                           learning_rate=schedule.get_last_lr()[0]))
        optimizer.step()
        schedule.step()
    return record


def save_quantised(model, folder, settings):
    """Writes the model as bitsandbytes quantises it; its own weights become what the codes stand for."""
    from bitsandbytes import functional, nn

    with tempfile.TemporaryDirectory() as whole:
        model.save_pretrained(whole)
        quantised = transformers.LlamaForCausalLM.from_pretrained(
            whole, quantization_config=transformers.BitsAndBytesConfig(**settings), device_map="cpu", dtype=torch.float32)
    quantised.save_pretrained(folder)
    with torch.no_grad():
        for name, module in quantised.named_modules():
            if isinstance(module, nn.Linear4bit):
                values = functional.dequantize_4bit(module.weight.data, module.weight.quant_state)
            elif isinstance(module, nn.Linear8bitLt):
                values = functional.int8_vectorwise_dequant(module.weight.data, module.weight.SCB)
            else:
                continue
            model.get_submodule(name).weight.copy_(values)


def make_case(name, changes):
    torch.manual_seed(7)
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    settings = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                    max_position_embeddings=128, bos_token_id=1, eos_token_id=2, dtype="float32")
    settings.update(changes)
    config = transformers.LlamaConfig(**settings)
    config._attn_implementation = "sdpa"
    model = transformers.LlamaForCausalLM(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    if name in QUANTISED:
        save_quantised(model, folder, QUANTISED[name])
    else:
        model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)

    generator = torch.Generator().manual_seed(11)
    rows = make_rows(generator)
    long_row = torch.randint(0, VOCAB, (100,), generator=generator).tolist()
    tensors = {"base.logits": model(input_ids=torch.tensor([long_row])).logits[0].detach().contiguous()}
    greedy = model.generate(torch.tensor([rows[0]["tokens"]]), max_new_tokens=24, do_sample=False, eos_token_id=None,
                            pad_token_id=0)[0].tolist()

    adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=TARGETS[name], **LORA))
    with torch.no_grad():
        for parameter_name, parameter in adapted.named_parameters():
            if "lora_B" in parameter_name:
                parameter.normal_(0.0, 0.2)
    adapted.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    tensors["adapter.logits"] = adapted(input_ids=torch.tensor([long_row])).logits[0].detach().contiguous()

    total, count = 0.0, sum(sum(row["supervised"][1:]) for row in rows)
    for row in rows:
        loss, _ = loss_sum(adapted, row)
        (loss / count).backward()
        total += loss.item()
    for key, value in adapter_tensors(adapted, gradient=True).items():
        tensors["gradient." + key] = value
    record = train(adapted, rows)
    for key, value in adapter_tensors(adapted).items():
        tensors["trained." + key] = value
    save_file(tensors, folder / "expected.safetensors")
    expected = dict(
        versions=dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__),
        long_row=long_row, rows=rows, mean_loss=total / count, greedy=greedy, train=TRAIN, train_steps=record)
    (folder / "expected.json").write_text(json.dumps(expected, indent=None) + "\n")


def main():
    for name in sys.argv[1:] or CASES:
        make_case(name, CASES[name])
        print(name, sum(f.stat().st_size for f in (TARGET / name).rglob("*") if f.is_file()), "bytes")


if __name__ == "__main__":
    main()
