#!/usr/bin/env python3
"""Makes tests/data/formats/torch: files of torch.save() and the same tensors as safetensors.

Needs torch and safetensors; needed only to regenerate. Usage: make_torch_fixtures.py OUTPUT_FOLDER
"""

import collections
import pathlib
import sys

import torch
from safetensors.torch import save_file

TYPES = {
    "bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32, "f64": torch.float64,
    "u8": torch.uint8, "i8": torch.int8, "i16": torch.int16, "i32": torch.int32, "i64": torch.int64,
    "bool": torch.bool,
}


def of_every_type():
    numbers = torch.arange(-5, 7).reshape(3, 4)
    return {f"of.{name}": (numbers % 2 if kind in (torch.bool, torch.uint8) else numbers).to(kind)
            for name, kind in TYPES.items()}


def parts_of_one():
    """Two tensors that share a storage, one in the middle of it, a scalar, an empty one."""
    shared = torch.arange(24, dtype=torch.float32)
    return collections.OrderedDict([
        ("tied.a", shared.reshape(4, 6)), ("tied.b", shared.reshape(4, 6)), ("rows", shared[6:18].reshape(2, 6)),
        ("scalar", torch.tensor(2.5)), ("empty", torch.zeros(0, 4)), ("thin", torch.arange(3.0).reshape(3, 1)),
    ])


def module():
    """An OrderedDict with _metadata, its values parameters."""
    torch.manual_seed(7)
    layers = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.LayerNorm(5))
    state = layers.state_dict(keep_vars=True)
    return state


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, state in {"types": of_every_type(), "parts": parts_of_one(), "module": module()}.items():
        torch.save(state, folder / f"{name}.pth")
        plain = {key: value.detach().clone().contiguous() for key, value in state.items()}
        save_file(plain, folder / f"{name}.safetensors")
    weights = of_every_type()
    torch.save({"epoch": 3, "loss": [1.5, 0.25], "state_dict": weights}, folder / "nested.pth")
    torch.save(weights, folder / "protocol_4.pth", pickle_protocol=4)
    torch.save(weights, folder / "old.pth", _use_new_zipfile_serialization=False)
    torch.save({"turned": torch.arange(6.0).reshape(2, 3).t()}, folder / "turned.pth")


if __name__ == "__main__":
    main()
