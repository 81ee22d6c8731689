#!/usr/bin/env python3
"""Runs `llamahome bench train` and peer_train.py in turn and prints the ratio of each pair.

Both train the same shape with the same number of threads; the order changes from pair to pair, so that a machine that gets
slower or faster meanwhile favours neither. One JSON line a run, then the medians.
    python3 tests/bench/compare_train.py build/ci/bin/llamahome --peer-python /tmp/pyenv/bin/python --pairs 3
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

PEER = pathlib.Path(__file__).with_name("peer_train.py")


def ours(options):
    command = [options.llamahome, "bench", "train", "--json", "--quiet", "--steps", str(options.steps), "--threads",
               str(options.threads), "--precision", {"float32": "fp32", "bfloat16": "bf16"}[options.dtype]]
    return json.loads(run(command))["results"][0]


def peer(options):
    command = [options.peer_python, str(PEER), "--dtype", options.dtype, "--steps", str(options.steps), "--threads",
               str(options.threads)]
    return json.loads(run(command).splitlines()[-1])


def run(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("llamahome")
    parser.add_argument("--peer-python", default=sys.executable, help="an interpreter with torch, transformers, peft")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()

    speed, memory = [], []
    for pair in range(options.pairs):
        order = [("llamahome", ours), ("peer", peer)]
        measured = {name: measure(options) for name, measure in (order if pair % 2 == 0 else reversed(order))}
        for name, result in measured.items():
            print(json.dumps({"pair": pair + 1, "program": name, **result}), flush=True)
        speed.append(measured["llamahome"]["tokens_per_second"] / measured["peer"]["tokens_per_second"])
        memory.append(measured["llamahome"]["peak_rss_mib"] / measured["peer"]["peak_rss_mib"])
    for name, ratios in (("tokens/s", speed), ("peak memory", memory)):
        print(f"{name}, LlamaHome : peer  median {statistics.median(ratios):.2f}  "
              f"({', '.join(f'{ratio:.2f}' for ratio in ratios)})")


if __name__ == "__main__":
    main()
