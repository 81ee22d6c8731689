#!/usr/bin/env python3
"""Makes bitsandbytes.safetensors in tests/data/formats; needed only to regenerate.

Needs bitsandbytes, safetensors, torch. Usage: make_bitsandbytes_fixtures.py OUTPUT_FOLDER

For every matrix NAME there are NAME.values; what bitsandbytes stores of it: nf4.NAME.weight (nested scales),
plain.NAME.weight (scales as they are), int8.NAME.weight, each with its parts; and what its CPU functions make of that
again: NF4 as float32 and bfloat16, int8 as float32. NF4 goes through the functions in plain torch: those in C++
(0.50.2, AVX-512) begin a new block with each row, which is wrong where 64 does not divide the columns.
"""

import os
import pathlib
import sys

os.environ["TORCH_COMPILE_DISABLE"] = "1"  # the plain functions are the reference
import torch
from bitsandbytes import functional
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from safetensors.torch import save_file


def matrices():
    """Weights as they are; with zeros, outliers, rows that begin within a byte and blocks that cross rows."""
    generator = torch.Generator().manual_seed(7)

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    odd = normal(5, 43) * 0.02
    outliers = normal(6, 96) * 0.05
    outliers[1, 3] = 7.5
    outliers[2] = 0.0
    outliers[3, :64] = -0.25
    return {
        "many_blocks": (normal(40, 512) * 0.02).bfloat16(),
        "odd": odd,
        "outliers": outliers,
        "half": (normal(4, 160) * 0.3).half(),
    }


def nf4(values, nested):
    """The parts by suffix, and the values that they stand for."""
    packed, state = functional.quantize_4bit(values, blocksize=64, quant_type="nf4", compress_statistics=nested)
    parts = {"": packed}
    parts.update({f".{key}": value for key, value in state.as_dict(packed=True).items()})
    back = {}
    scales = state.absmax
    if nested:
        scales = functional.dequantize_blockwise(state.absmax, state.state2) + state.offset
    for dtype in (torch.float32, torch.bfloat16):
        back[dtype] = _dequantize_4bit_compute(packed.reshape(-1), scales, state.code, 64, values.shape, dtype)
    return parts, back


def main():
    tensors = {}
    for name, values in matrices().items():
        tensors[f"{name}.values"] = values
        for kind, nested in (("nf4", True), ("plain", False)):
            parts, back = nf4(values, nested)
            tensors.update({f"{kind}.{name}.weight{suffix}": part for suffix, part in parts.items()})
            tensors[f"{kind}.{name}.as_float32"] = back[torch.float32]
            tensors[f"{kind}.{name}.as_bfloat16"] = back[torch.bfloat16]
        codes, scales, _ = functional.int8_vectorwise_quant(values)
        tensors[f"int8.{name}.weight"] = codes
        tensors[f"int8.{name}.SCB"] = scales
        tensors[f"int8.{name}.weight_format"] = torch.tensor(0, dtype=torch.uint8)
        tensors[f"int8.{name}.as_float32"] = functional.int8_vectorwise_dequant(codes, scales)
    save_file({key: value.contiguous() for key, value in tensors.items()},
              pathlib.Path(sys.argv[1]) / "bitsandbytes.safetensors")


if __name__ == "__main__":
    main()
