#!/usr/bin/env python3
"""Compares greedy answers of llama.cpp, reading our GGUF exports, with our own. Run by check_with_llama_cpp.sh.

llama.cpp follows our answers (computed in fp32, as the F32 export holds the model). What a type may change is what llama.cpp's
own quantiser changes, when it makes a file of that type out of our F32 export: our file moves the logits no more than that
(root mean square, a fifth more for chance), and its best token is ours until the two best lie closer than four times that.
Exit 1 otherwise.
"""
import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy

# llama.cpp's numbers of the types.
FILE_TYPES = {"f16": 1, "bf16": 32, "q8_0": 7, "q6_k": 18, "q4_0": 2, "q4_k_m": 15}
FP32_ROUNDING = 1e-3  # of the logits' spread: two implementations that add in different orders
CHANCE = 1.2
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


def quantised(source, target, kind):
    """llama.cpp's own file of that type."""
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = FILE_TYPES[kind]
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(options)) != 0:
        sys.exit(f"llama.cpp could not make {kind}")
    return target


def moved(one, other):
    """Root mean square of the difference at each place of each answer."""
    return [numpy.sqrt(numpy.mean((a - b) ** 2, axis=1)) for a, b in zip(one, other)]


def compare(name, answers, found, exact, rounding):
    """Prints one line; True where every token that the rounding leaves no doubt about is ours."""
    same = asked = right = 0
    for (_, answer), mine, base, doubt in zip(answers, found, exact, rounding):
        is_clear = True
        for token, row, truth, step in zip(answer, mine, base, doubt):
            best, second = numpy.sort(truth)[-1:-3:-1]
            is_clear = is_clear and best - second > 4 * step
            same += int(row.argmax() == token)
            asked += is_clear
            right += int(is_clear and row.argmax() == token)
    total = sum(len(answer) for _, answer in answers)
    print(f"{name:14} {same:4} of {total} tokens ours; of {asked} that are asked for {right}", flush=True)
    return right == asked


def compare_type(kind, folder, path, answers, exact):
    found = logits(path, answers)
    reference = logits(quantised(folder / "f32.gguf", folder / "reference.gguf", kind), answers)
    ours, theirs = moved(found, exact), moved(reference, exact)
    share = numpy.concatenate(ours).mean() / numpy.concatenate(theirs).mean()
    good = compare(kind, answers, found, exact, theirs) and share <= CHANCE
    print(f"{'':14} moves the logits by {share:.2f} of what llama.cpp's own file does{'' if good else '  FAILED'}", flush=True)
    return good


def main():
    program, root, family, version, *rest = sys.argv[1:]
    model, good = [family, version], True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        answers = our_answers(program, root, model, None)

        def export(kind):
            path = folder / f"{kind}.gguf"
            run(program, root, ["export", *model, "--format", "gguf", "--type", kind, "--out", str(path)])
            return path

        exact = logits(export("f32"), answers)
        rounding = [FP32_ROUNDING * rows.std(axis=1) for rows in exact]
        good &= compare("f32", answers, exact, exact, rounding)
        for kind in FILE_TYPES:
            good &= compare_type(kind, folder, export(kind), answers, exact)
        for adapter in rest:
            path = folder / "adapter.gguf"
            run(program, root, ["export", *model, "--adapter", adapter, "--format", "gguf-adapter", "--type", "f32", "--out",
                                str(path)])
            with_adapter = our_answers(program, root, model, adapter)
            found = logits(folder / "f32.gguf", with_adapter, path)
            rounding = [FP32_ROUNDING * rows.std(axis=1) for rows in found]
            good &= compare("f32 + adapter", with_adapter, found, found, rounding)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
