#!/usr/bin/env python3
"""Compares greedy answers of llama.cpp, reading our GGUF exports, with our own. Run by check_with_llama_cpp.sh.

llama.cpp follows our answers (computed in fp32, as the F32 export holds the model). For each type two things must hold:
its logits lie no further from those of the F32 export than such a type moves them (root mean square, in standard
deviations of the logits), and its best token is ours until the two best lie closer than that. Exit 1 otherwise.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy

# How far a type may move the logits: three times what llama.cpp's own files of these types do to SmolLM2.
ROUNDING = {"f32": 0.001, "f16": 0.005, "bf16": 0.03, "q8_0": 0.03, "q6_k": 0.15, "q4_0": 0.6, "q4_k_m": 0.5}
PROMPTS = ["The capital of France is", "The sea is", "One, two, three,", "The sky is blue because", "To boil an egg,"]
NEW_TOKENS = 32


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


def compare(name, rounding, answers, found, reference):
    """Prints one line; True where logits and tokens are what the type allows."""
    same = checked = 0
    moved, good = 0.0, True
    for (_, answer), mine, exact in zip(answers, found, reference):
        is_clear = True
        for token, row, base in zip(answer, mine, exact):
            spread = base.std()
            moved = max(moved, float(numpy.sqrt(numpy.mean((row - base) ** 2)) / spread))
            best, second = numpy.sort(base)[-1:-3:-1]
            is_clear = is_clear and best - second > 4 * rounding * spread  # each of the two may move by twice that
            same += int(row.argmax() == token)
            checked += is_clear
            good = good and (not is_clear or row.argmax() == token)
    good = good and moved <= rounding
    total = sum(len(answer) for _, answer in answers)
    print(f"{name:14} {same:4} of {total} tokens ours, {checked} of them asked for; logits moved by {moved:.4f} of their spread, "
          f"allowed {rounding}{'' if good else '  FAILED'}", flush=True)
    return good


def main():
    program, root, family, version, *rest = sys.argv[1:]
    model, good = [family, version], True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        answers = our_answers(program, root, model, None)
        reference = None
        for kind, rounding in ROUNDING.items():
            path = folder / f"{kind}.gguf"
            run(program, root, ["export", *model, "--format", "gguf", "--type", kind, "--out", str(path)])
            found = logits(path, answers)
            reference = reference or found
            good &= compare(kind, rounding, answers, found, reference)
            if kind != "f32":
                path.unlink()
        for adapter in rest:
            path = folder / "adapter.gguf"
            run(program, root, ["export", *model, "--adapter", adapter, "--format", "gguf-adapter", "--type", "f32", "--out",
                                str(path)])
            with_adapter = our_answers(program, root, model, adapter)
            found = logits(folder / "f32.gguf", with_adapter, path)
            good &= compare("f32 + adapter", ROUNDING["f32"], with_adapter, found, found)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
