#!/usr/bin/env python3
"""Makes tests/data/parity/random_models.{json,safetensors}: what transformers and peft compute for 300 small models.

Needs: torch, transformers 5, peft. Run from anywhere:
    python3 tests/parity/make_random_models.py
The configurations are drawn over the space that LlamaHome runs. Weights are not stored: both sides draw them from
the same counter (drawn() here and in test_random_models.cpp), tensors numbered in module order; the file holds logits, hidden states of every layer and the
gradients of a LoRA adapter. The reference computes in float64, so that the difference is our own rounding.
"""
import json
import pathlib
import random

import numpy
import peft
import torch
import transformers
from safetensors.torch import save_file

TARGET = pathlib.Path(__file__).resolve().parent.parent / "data" / "parity"
MODELS = 300
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MASK = (1 << 64) - 1


def drawn(seed, number, shape):
    """Numbers in [-1, 1) of the tensor `number` of model `seed`: splitmix64 of a counter, 24 bits each, exact in fp32."""
    count = int(numpy.prod(shape))
    start = numpy.uint64((seed * 0x9E3779B97F4A7C15 + number * 0xD1B54A32D192ED03) & MASK)
    with numpy.errstate(over="ignore"):
        z = start + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    values = (z >> numpy.uint64(40)).astype(numpy.float32) * numpy.float32(2.0 ** -23) - numpy.float32(1.0)
    return torch.from_numpy(values.reshape(shape))


def drawn_weight(seed, number, name, shape):
    values = drawn(seed, number, shape)
    if name.endswith("norm.weight"):
        return 1.0 + 0.25 * values
    return 0.25 * values


def draw_rope(choose, longest):
    kind = choose.choice(["default", "linear", "dynamic", "llama3"])
    theta = choose.choice([100.0, 10000.0, 500000.0])
    if kind == "default":
        return dict(rope_type="default", rope_theta=theta), 128
    if kind == "linear":
        return dict(rope_type="linear", rope_theta=theta, factor=choose.choice([1.5, 2.0, 8.0])), 128
    if kind == "dynamic":
        return dict(rope_type="dynamic", rope_theta=theta, factor=choose.choice([1.0, 2.0, 4.0])), longest - 4
    return dict(rope_type="llama3", rope_theta=theta, factor=choose.choice([2.0, 8.0, 32.0]), low_freq_factor=1.0,
                high_freq_factor=choose.choice([2.0, 4.0]),
                original_max_position_embeddings=choose.choice([4, 16, 64])), 128


def draw_case(seed):
    choose = random.Random(seed)
    key_heads = choose.choice([1, 1, 2, 3])
    heads = key_heads * choose.choice([1, 2, 3, 4])
    head_dim = choose.choice([4, 6, 8, 10, 16])
    own_head_dim = choose.random() < 0.6
    hidden = heads * (choose.randint(1, max(1, 40 // heads)) if own_head_dim else head_dim)
    vocabulary = choose.randint(11, 61)
    rows = [[choose.randrange(vocabulary) for _ in range(length)] for length in (choose.randint(9, 13), choose.randint(2, 5))]
    rope, context = draw_rope(choose, len(rows[0]))
    config = dict(vocab_size=vocabulary, hidden_size=hidden, intermediate_size=choose.randint(3, 48),
                  num_hidden_layers=choose.choice([1, 2, 2, 3]), num_attention_heads=heads, num_key_value_heads=key_heads,
                  head_dim=head_dim, max_position_embeddings=context, rms_norm_eps=choose.choice([1e-5, 1e-6]),
                  attention_bias=choose.random() < 0.4, mlp_bias=choose.random() < 0.4,
                  tie_word_embeddings=choose.random() < 0.5, rope_parameters=rope, bos_token_id=1, eos_token_id=2)
    targets = sorted(choose.sample(PROJECTIONS, choose.randint(1, 7)))
    lora = dict(r=choose.randint(1, 4), lora_alpha=choose.choice([1, 4, 8]), use_rslora=choose.random() < 0.3,
                target_modules=targets)
    return dict(seed=seed, config=config, rows=rows, lora=lora)


def written_config(case, model):
    """config.json as a folder has it: one half as transformers 5 writes it, one half in the spelling of version 4."""
    config = model.config.to_dict()
    wanted = ["architectures", "model_type", "hidden_act", "dtype", *case["config"]]
    config = {key: config[key] for key in wanted if key in config}
    config["architectures"], config["dtype"] = ["LlamaForCausalLM"], "float32"
    if case["seed"] % 2 == 0:
        rope = dict(config.pop("rope_parameters"))
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
        config["torch_dtype"] = config.pop("dtype")
        if case["config"]["head_dim"] * case["config"]["num_attention_heads"] == case["config"]["hidden_size"]:
            del config["head_dim"]
    return config


def exact_norm(self, x):
    """LlamaRMSNorm without its step through float32."""
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))


def run_row(model, base, row, **options):
    """One row alone; the rotary module is made anew, because dynamic scaling keeps the longest length it has met."""
    inner = base.model
    inner.rotary_emb = type(inner.rotary_emb)(config=base.config)
    return model(input_ids=torch.tensor([row]), **options)


def hidden_states(base, row):
    """What each layer gives; transformers lists the last one after the final norm, so a hook reads it before."""
    states = []
    hooks = [layer.register_forward_hook(lambda module, given, result: states.append(
        (result[0] if isinstance(result, tuple) else result).reshape(len(row), -1))) for layer in base.model.layers]
    logits = run_row(base, base, row).logits[0]
    for hook in hooks:
        hook.remove()
    return logits, torch.stack(states)


def make_case(case, tensors):
    seed = case["seed"]
    config = transformers.LlamaConfig(**case["config"])
    config._attn_implementation = "sdpa"
    model = transformers.LlamaForCausalLM(config).double().eval()
    with torch.no_grad():
        for number, (name, parameter) in enumerate(model.named_parameters()):
            parameter.copy_(drawn_weight(seed, number, name, tuple(parameter.shape)))
    with torch.no_grad():
        logits, states = hidden_states(model, case["rows"][0])
    tensors[f"{seed}.logits"], tensors[f"{seed}.hidden"] = logits.float().contiguous(), states.float().contiguous()
    config_json = written_config(case, model)

    adapted = peft.get_peft_model(model, peft.LoraConfig(lora_dropout=0.0, task_type="CAUSAL_LM", **case["lora"]))
    adapted = adapted.double()
    adapters = [(name, value) for name, value in adapted.named_parameters() if value.requires_grad]
    with torch.no_grad():
        for number, (name, parameter) in enumerate(adapters):
            parameter.copy_(0.5 * drawn(seed, 1000 + number, tuple(parameter.shape)))
    total = 0.0
    count = sum(len(row) - 1 for row in case["rows"])
    for row in case["rows"]:
        result = run_row(adapted, model, row).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(result, torch.tensor(row[1:]), reduction="sum")
        (loss / count).backward()
        total += loss.item()
    tensors[f"{seed}.gradients"] = torch.cat([value.grad.flatten() for _, value in adapters]).float()
    case["mean_loss"] = total / count
    return dict(case, config=config_json)


def main():
    transformers.logging.set_verbosity_error()
    transformers.models.llama.modeling_llama.LlamaRMSNorm.forward = exact_norm
    torch.set_num_threads(1)
    tensors, cases = {}, []
    for seed in range(1, MODELS + 1):
        cases.append(make_case(draw_case(seed), tensors))
    save_file(tensors, TARGET / "random_models.safetensors")
    versions = dict(torch=torch.__version__, transformers=transformers.__version__, peft=peft.__version__)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (TARGET / "random_models.json").write_text('{"versions": ' + json.dumps(versions) + ',\n"models": [\n' + lines + "]}\n")


if __name__ == "__main__":
    main()
