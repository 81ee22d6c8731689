#!/usr/bin/env python3
"""Makes tests/data/parity/adapters: adapters of every form that peft saves, with what peft computes with them.

Needs: torch, transformers 5, peft 0.21. Run from anywhere:
    python3 tests/parity/make_adapter_fixtures.py
Each folder holds the adapter and expected.safetensors: the logits of ROW with it ("logits"), and every tensor that
merge_and_unload() changes, of the model in fp32 ("f32.NAME") and bf16 ("bf16.NAME").
"""
import pathlib
import shutil

import peft
import torch
import transformers
from safetensors.torch import save_file

TARGET = pathlib.Path(__file__).resolve().parent.parent / "data" / "parity" / "adapters"
BASE = TARGET.parent / "gqa_tied"
ROW = [(7 * i * i + 3) % 96 for i in range(20)]
PATTERNS = dict(
    target_modules=["q_proj", "v_proj", "gate_proj", "down_proj"],
    rank_pattern={"q_proj": 2, "model.layers.1.mlp.down_proj": 6, r".*\.0\.mlp\.(gate|up)_proj": 3},
    alpha_pattern={r"^model.layers.\d+.self_attn.v_proj": 3.5, "1.mlp.down_proj": 12, "mlp.down_proj": 2})
CASES = {
    "patterns": dict(r=4, lora_alpha=8, **PATTERNS),
    "patterns_rslora": dict(r=4, lora_alpha=8, use_rslora=True, **PATTERNS),
    "expression": dict(r=2, lora_alpha=6, bias="all",
                       target_modules=r".*layers\.1\.(?:self_attn\.(q|k)_proj|mlp\.(?!up).*_proj)"),
    "layers": dict(r=2, lora_alpha=6, target_modules=["q_proj", "o_proj", "up_proj"], layers_to_transform=[1],
                   layers_pattern="layers", exclude_modules=r".*\.o_proj"),
    "biases": dict(r=2, lora_alpha=6, target_modules=["q_proj", "down_proj"], bias="all"),
    "biases_lora_only": dict(r=2, lora_alpha=6, target_modules=["q_proj", "down_proj"], bias="lora_only"),
}


def biased_base():
    """The base with biases, which it has not at first, saved beside the adapters."""
    folder = TARGET / "biased_base"
    torch.manual_seed(21)
    config = transformers.AutoConfig.from_pretrained(BASE)
    config.attention_bias = config.mlp_bias = True
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def fill(model):
    """Values as after a training: B is not zero, trained biases are others."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and ("lora_B" in name or name.endswith("bias")):
                parameter.normal_(0.0, 0.2)


def merged(base, adapter, dtype):
    before = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    plain = {name: value.clone() for name, value in before.state_dict().items()}
    after = peft.PeftModel.from_pretrained(before, adapter).merge_and_unload().state_dict()
    return {name: value.contiguous() for name, value in after.items() if not torch.equal(value, plain[name])}


def make_case(name, settings, base):
    torch.manual_seed(5)
    folder = TARGET / name
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    adapted = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
    fill(adapted)
    adapted.peft_config["default"].base_model_name_or_path = "local/" + base.name
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    tensors = {"logits": adapted(input_ids=torch.tensor([ROW])).logits[0].detach().contiguous()}
    for key, dtype in {"f32": torch.float32, "bf16": torch.bfloat16}.items():
        for tensor, value in merged(base, folder, dtype).items():
            tensors[f"{key}.{tensor}"] = value
    save_file(tensors, folder / "expected.safetensors")
    print(name, sum(f.stat().st_size for f in folder.iterdir()), "bytes", len(tensors), "tensors")


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    biased = biased_base()
    for name, settings in CASES.items():
        make_case(name, settings, biased if name.startswith("biases") else BASE)
    for file in TARGET.rglob("*.safetensors"):
        file.chmod(0o644)


if __name__ == "__main__":
    main()
