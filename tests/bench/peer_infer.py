#!/usr/bin/env python3
"""Reads a prompt and writes an answer with llama.cpp; prints the two rates as one JSON line.

The peer of `llamahome bench infer`: a prompt of random tokens in one batch, then greedy tokens one by
one, the median of three rounds after one that warms up. Run by compare.py; needs llama_cpp.
    python3 tests/bench/peer_infer.py MODEL.gguf --prompt-tokens 512 --new-tokens 64
"""
import argparse
import json
import random
import statistics
import time

import llama_cpp
import numpy

ROUNDS = 3


def peak_rss_mib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def likeliest(model):
    """The id that the last token's logits favour."""
    logits = llama_cpp.llama_get_logits_ith(model.ctx, -1)
    return int(numpy.ctypeslib.as_array(logits, shape=(model.n_vocab(),)).argmax())


def measure(model, prompt, new_tokens):
    """Tokens a second of reading and of writing."""
    model.reset()
    begin = time.perf_counter()
    model.eval(prompt)
    read = time.perf_counter()
    for _ in range(new_tokens):
        model.eval([likeliest(model)])
    end = time.perf_counter()
    return len(prompt) / (read - begin), new_tokens / (end - read)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    room = options.prompt_tokens + options.new_tokens + 8
    model = llama_cpp.Llama(options.model, n_ctx=room, n_batch=options.prompt_tokens,
                            n_ubatch=options.prompt_tokens, n_threads=options.threads,
                            n_threads_batch=options.threads, verbose=False)
    chance = random.Random(1)
    prompt = [chance.randrange(model.n_vocab()) for _ in range(options.prompt_tokens)]
    rounds = [measure(model, prompt, options.new_tokens) for _ in range(ROUNDS + 1)][1:]
    prefill, decode = (statistics.median(rates) for rates in zip(*rounds))
    print(json.dumps({"infer prefill": prefill, "infer decode": decode, "peak_rss_mib": peak_rss_mib(),
                      "versions": {"llama-cpp-python": llama_cpp.__version__}}))


if __name__ == "__main__":
    main()
