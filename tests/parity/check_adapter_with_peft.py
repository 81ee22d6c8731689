#!/usr/bin/env python3
"""Loads an adapter that LlamaHome trained with peft and compares the logits with LlamaHome's own.

usage: check_adapter_with_peft.py WRITE_ADAPTER_PROGRAM PARITY_DATA_FOLDER
Exit code 77 (skipped) where torch, transformers or peft are missing.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import peft
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5


def check(program, data, name):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, name, folder], check=True)
        base = transformers.LlamaForCausalLM.from_pretrained(data / name, dtype=torch.float32)
        model = peft.PeftModel.from_pretrained(base, folder).eval()
        row = json.loads((data / name / "expected.json").read_text())["long_row"]
        with torch.no_grad():
            theirs = model(input_ids=torch.tensor([row])).logits[0]
        ours = load_file(pathlib.Path(folder) / "logits.safetensors")["logits"]
        difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        with torch.no_grad(), model.disable_adapter():
            untouched = model(input_ids=torch.tensor([row])).logits[0]
        assert (untouched - theirs).abs().max() > 0.01, f"{name}: the adapter changes nothing"
        print(f"{name}: relative difference {difference:.2e}")
        assert difference <= TOLERANCE, f"{name}: {difference} > {TOLERANCE}"


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    for name in ("gqa_tied", "mha_untied", "llama3_rope"):
        check(program, data, name)


if __name__ == "__main__":
    main()
