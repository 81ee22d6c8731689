#!/usr/bin/env python3
"""Makes quantiser_input.safetensors and quantised.gguf in tests/data/formats; needed only to regenerate.

Needs gguf, numpy, safetensors, torch and, because gguf packs no K-quants, ggml's own library (libggml-base.so of a
llama.cpp build). Usage: make_quantiser_fixtures.py OUTPUT_FOLDER LIBGGML_BASE
"""

import ctypes
import pathlib
import sys

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Quant
from gguf.quants import quantize
from safetensors.torch import save_file


def values():
    """Rows as weights are, and as they are not: heavy tails, one sign, few other than zero, large, tiny."""
    generator = np.random.default_rng(5)
    normal = generator.normal(size=(7, 768))
    rows = [normal[0] * 0.02, generator.standard_t(3, size=768) * 0.02, np.abs(normal[1]),
            normal[2] * (generator.random(768) < 0.05), normal[3] + 3, normal[4] * 1e4, normal[5] * 1e-4]
    rows[3][:256] = 0.0
    rows[4][256:512] = 0.75
    return np.stack(rows).astype(np.float32) + np.float32(0)  # no negative zero


def reference(library, name, rows):
    """What ggml's quantize_row_*_ref makes of the rows."""
    block, size = gguf.GGML_QUANT_SIZES[Quant[name]]
    packed = np.zeros((rows.shape[0], rows.shape[1] // block * size), dtype=np.uint8)
    function = getattr(library, f"quantize_row_{name.replace('Q', 'q')}_ref")
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    function(rows.ctypes.data, packed.ctypes.data, rows.size)
    return packed


def main():
    folder = pathlib.Path(sys.argv[1])
    library = ctypes.CDLL(sys.argv[2])
    rows = values()
    save_file({"values": torch.from_numpy(rows)}, folder / "quantiser_input.safetensors")
    writer = gguf.GGUFWriter(folder / "quantised.gguf", "llama")
    for quant in (Quant.F16, Quant.BF16, Quant.Q4_0, Quant.Q5_0, Quant.Q5_1, Quant.Q8_0):
        packed = quantize(rows, quant)
        writer.add_tensor(quant.name, packed, raw_dtype=quant)
    for name in ("Q4_K", "Q5_K", "Q6_K"):
        writer.add_tensor(name, reference(library, name, rows), raw_dtype=Quant[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
