#!/usr/bin/env python3
"""Fails where an object that is compiled for a newer processor defines code that other objects could share.

usage: check_kernel_symbols.py OBJECT...    looks at level_avx*.o among them

The linker keeps one copy of a function that several objects define; were it the one for AVX-512, older processors would
stop in code that has nothing to do with the kernels.
"""
import pathlib
import subprocess
import sys


def main():
    objects = [path for path in sys.argv[1:] if pathlib.Path(path).name.startswith("level_avx")]
    if len(objects) != 4:
        sys.exit(f"expected four objects level_avx*.o, found {objects}")
    shared = []
    for path in objects:
        lines = subprocess.run(["nm", "--defined-only", "--demangle", path], check=True, capture_output=True, text=True).stdout
        shared += [f"{pathlib.Path(path).name}: {line}" for line in lines.splitlines() if line.split()[1] in "Wu"]
    if shared:
        sys.exit("code that other objects may share:\n" + "\n".join(shared))


if __name__ == "__main__":
    main()
