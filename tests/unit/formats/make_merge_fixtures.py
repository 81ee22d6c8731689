#!/usr/bin/env python3
"""Makes tests/data/formats/merged_*.safetensors: a model of tests/data/parity with its adapter merged by peft.

Needs torch, transformers 5, peft; needed only to regenerate.
Usage: make_merge_fixtures.py tests/data/parity/gqa_tied tests/data/formats
"""

import pathlib
import sys

import peft
import torch
import transformers
from safetensors.torch import save_file


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    for name, dtype in {"f32": torch.float32, "bf16": torch.bfloat16}.items():
        base = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
        merged = peft.PeftModel.from_pretrained(base, source / "adapter").merge_and_unload()
        state = {key: value.contiguous() for key, value in merged.state_dict().items() if key != "lm_head.weight"}
        save_file(state, target / f"merged_{name}.safetensors")
        if dtype == torch.bfloat16:
            plain = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=dtype).state_dict()
            save_file({key: value for key, value in plain.items() if key != "lm_head.weight"},
                      target / "unmerged_bf16.safetensors")


if __name__ == "__main__":
    main()
