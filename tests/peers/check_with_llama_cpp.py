#!/usr/bin/env python3
"""Compares greedy answers of llama.cpp, reading our GGUF exports, with our own. Run by check_with_llama_cpp.sh.

llama.cpp follows our tokens; where another token of its is better than ours, the difference must be smaller than what the
file's type itself changes in the logits at that place (measured against llama.cpp on the F32 export). Exit 1 otherwise.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy

TYPES = ["f32", "f16", "bf16", "q8_0", "q6_k", "q4_0", "q4_k_m"]
PROMPTS = ["The capital of France is", "The sea is", "One, two, three,", "The sky is blue because", "To boil an egg,"]
NEW_TOKENS = 32
FP32_ROUNDING = 2e-3  # of the largest logit: two fp32 implementations that add in different orders


def run(program, root, words, text=""):
    return subprocess.run([program, "--root", root, *words], input=text, check=True, capture_output=True, text=True).stdout


def our_answers(program, root, model, adapter):
    """(prompt tokens, answer tokens) of every prompt, greedy, computed in fp32 as the F32 export holds it."""
    lines = run(program, root, ["tokenize", *model, "--lines", "--add-special"], "\n".join(PROMPTS) + "\n")
    result = []
    for prompt, tokens in zip(PROMPTS, lines.splitlines()):
        words = ["generate", *model, "--raw", "--prompt", prompt, "--temperature", "0", "--precision", "fp32",
                 "--max-new-tokens", str(NEW_TOKENS), "--json"]
        answer = run(program, root, words + (["--adapter", adapter] if adapter else []))
        result.append((json.loads(tokens), json.loads(answer.splitlines()[-1])["token_ids"]))
    return result


def logits(path, answers, lora=None):
    """llama.cpp's logits before every token of our answers."""
    model = llama_cpp.Llama(str(path), n_ctx=1024, logits_all=True, verbose=False, lora_path=lora and str(lora))
    found = []
    for prompt, answer in answers:
        model.reset()
        model.eval(prompt + answer)
        found.append(numpy.array(model.scores[len(prompt) - 1:len(prompt) + len(answer) - 1]))
    return found


def compare(name, answers, found, reference):
    """Prints one line; True where every disagreement is smaller than the type's own rounding."""
    same = total = 0
    worst = 0.0
    for (_, answer), mine, exact in zip(answers, found, reference):
        for token, row, base in zip(answer, mine, exact):
            rounding = numpy.abs(row - base).max() if mine is not exact else FP32_ROUNDING * numpy.abs(row).max()
            lead = row.max() - row[token]
            total += 1
            same += lead == 0
            worst = max(worst, lead / rounding if lead > 0 else 0.0)
    print(f"{name:14} {same:4} of {total} tokens the same; largest disagreement {worst:.2f} of the rounding", flush=True)
    return worst <= 2.0  # each of the two logits may be off by it


def main():
    program, root, family, version, *rest = sys.argv[1:]
    model, good = [family, version], True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        answers = our_answers(program, root, model, None)
        reference = None
        for kind in TYPES:
            path = folder / f"{kind}.gguf"
            run(program, root, ["export", *model, "--format", "gguf", "--type", kind, "--out", str(path)])
            found = logits(path, answers)
            reference = reference or found
            good &= compare(kind, answers, found, reference)
            if kind != "f32":
                path.unlink()
        for adapter in rest:
            path = folder / "adapter.gguf"
            run(program, root, ["export", *model, "--adapter", adapter, "--format", "gguf-adapter", "--type", "f32", "--out",
                                str(path)])
            with_adapter = our_answers(program, root, model, adapter)
            found = logits(folder / "f32.gguf", with_adapter, path)
            good &= compare("f32 + adapter", with_adapter, found, found)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
