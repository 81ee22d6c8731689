#!/usr/bin/env python3
"""Measures LlamaHome beside its peer, in turn; writes docs/benchmarks/*.json and tables of benchmarks.md.

A round runs every arm once, and the order turns from round to round, so that a machine that gets slower or
faster meanwhile favours none. All arms load the same weights and read the same rows of tokens. Where the
loss of the first step differs by more than 1 %, they did not do the same work: such an arm has no rates. What
counts is the median of the rounds' ratios.

    python3 tests/bench/compare.py build/ci/bin/llamahome --peer-python PYTHON --work FOLDER dense ragged
    python3 tests/bench/compare.py build/ci/bin/llamahome --work FOLDER scaling

PYTHON has torch, transformers and peft, or for `infer` llama_cpp. FOLDER keeps what is made once. `gsm8k` and
`infer` take the starter model of the data root --root.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import threading
import time

import report
from report import RIVALS
from workloads import STARTER, Workload, dense, gsm8k, model_folder, padding_share, ragged, rows_file

HERE = pathlib.Path(__file__).parent
RESULTS = HERE.parent.parent / "docs" / "benchmarks"
GATE = 0.01  # relative difference of the first step's loss

# What `scaling` changes, one at a time; the rest is what `bench train` does by itself: 4 rows of 512 tokens,
# rank 8, all supervised.
CURVES = {
    "tokens": ("--tokens", [512, 1024, 2048, 4096, 8192, 16384]),
    "length": ("--length", [128, 256, 512, 1024, 2048, 4096]),
    "rank": ("--lora-r", [4, 8, 16, 32, 64]),
    "supervised": ("--supervised", [10, 25, 50, 75, 100]),
    "threads": ("--threads", [1, 2]),
}
TOKENS_OF_LENGTHS = 4096  # a step of the curve over length has as many tokens at each


def workloads(options):
    long_modes = ("eager", "checkpointing")
    return {work.name: work for work in (
        Workload("dense", "SmolLM2-135M shape, 4 × 512 tokens", "smollm2-135m", 4, dense(512)),
        Workload("gsm8k", "SmolLM2-135M-Instruct on GSM8K, 8 rows a step", "starter", 8,
                 gsm8k(options.llamahome, options.root, options.gsm8k), long_modes),
        Workload("dense-1b", "Llama-3.2-1B shape, 1 × 512 tokens", "llama-3.2-1b", 1, dense(512)),
        Workload("ragged", "SmolLM2-135M shape, 8 rows of log-normal length (mean 180), 40 % supervised",
                 "smollm2-135m", 8, ragged, long_modes),
        Workload("long", "SmolLM2-135M shape, 1 × 8,192 tokens", "smollm2-135m", 1, dense(8192),
                 long_modes))}


class Child:
    """One run of one arm: its JSON, and the most anonymous memory it had: the kernel keeps no mark of it."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        self.peak_kib = 0
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        out, err = self.process.communicate()
        watcher.join()
        if self.process.returncode == -9:
            raise RuntimeError(f"killed by the system at {self.peak_kib // 1024:,} MiB of anonymous memory")
        if self.process.returncode != 0:
            last = (err.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"ended with {self.process.returncode}: {last}")
        self.result = json.loads(out[out.index("{"):])

    def _watch(self):
        while self.process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            except OSError:
                return
            found = [int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")]
            self.peak_kib = max([self.peak_kib, *found])
            time.sleep(0.05)


def bench_train(options, *words):
    """Our arm: the one result of `llamahome bench train`."""
    command = [options.llamahome, "--root", options.root, "--json", "--quiet", "bench", "train", *words]
    return Child([*command, "--precision", "bf16"], {}).result["results"][0]


def ours(options, workload, model, rows):
    return bench_train(options, str(model), "--token-rows", str(rows), "--rows", str(workload.rows),
                       "--threads", str(options.threads))


def peer(options, workload, model, rows, mode):
    command = [options.peer_python, str(HERE / "peer_train.py"), str(model), str(rows), "--rows",
               str(workload.rows), "--mode", mode, "--threads", str(options.threads)]
    command += ["--autocast"] if options.peer_autocast else []
    child = Child(command, dict(pair.split("=", 1) for pair in options.peer_env))
    return {**child.result, "peak_anonymous_mib": child.peak_kib / 1024}


def infer_ours(options):
    found = Child([options.llamahome, "--root", options.root, "--json", "--quiet", "bench", "infer", *STARTER,
                   "--precision", "bf16", "--threads", str(options.threads)], {}).result["results"]
    rates = {result["name"]: result["tokens_per_second"] for result in found}
    return {**rates, "peak_rss_mib": found[0]["peak_rss_mib"], "results": found}


def infer_peer(options, kind):
    """llama.cpp on our own export of that type."""
    file = options.work / f"starter-{kind}.gguf"
    if not file.exists():
        subprocess.run([options.llamahome, "--root", options.root, "export", *STARTER, "--format", "gguf",
                        "--type", kind, "--out", str(file)], check=True)
    return Child([options.peer_python, str(HERE / "peer_infer.py"), str(file), "--threads",
                  str(options.threads)], {}).result


def machine():
    def first(path, start, otherwise=""):
        lines = [line for line in pathlib.Path(path).read_text().splitlines() if line.startswith(start)]
        return lines[0].split(":", 1)[-1].strip() if lines else otherwise

    flags = set(first("/proc/cpuinfo", "flags").split())
    return dict(
        processor=first("/proc/cpuinfo", "model name"), family=first("/proc/cpuinfo", "cpu family"),
        model=first("/proc/cpuinfo", "model\t"), cores=os.cpu_count(),
        instructions=sorted(flags & {"avx2", "avx512f", "avx512_bf16", "amx_bf16", "avx_vnni"}),
        memory=first("/proc/meminfo", "MemTotal"), kernel=platform.release(), load_average=os.getloadavg()[0],
        huge_pages=pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text().strip())


def head(options, name, title):
    command = ["compare.py", name, "--pairs", str(options.pairs), "--steps", str(options.steps)]
    command += ["--peer-autocast"] if options.peer_autocast else []
    if name == "scaling" and len(options.curves) < len(CURVES):
        command += ["--curves", *options.curves]
    commit = subprocess.run(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True).stdout
    return dict(name=name, title=title, date=datetime.date.today().isoformat(), command=" ".join(command),
                commit=commit.strip(), machine=machine(), threads=options.threads)


def save(record):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{record['name']}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def run_rounds(options, record, arms):
    """Every arm once a round, the order turning; an arm that ends in an error is left out from then on."""
    record.update(rounds=[], failures={})
    for number in range(options.pairs):
        turned = list(arms)[number % len(arms):] + list(arms)[:number % len(arms)]
        found = {}
        for arm in turned:
            if arm in record["failures"]:
                continue
            try:
                found[arm] = arms[arm]()
            except RuntimeError as failure:
                record["failures"][arm] = str(failure).replace(str(options.work), "FOLDER")
            done = found.get(arm, {})
            what = record["failures"].get(arm) or done.get("tokens_per_second") or done["infer decode"]
            print(f"{record['name']} {number + 1} {arm}: {what}", flush=True)
        record["rounds"].append(found)
        save(record)
    if "llamahome" in record["failures"]:
        raise SystemExit(f"{record['name']}: llamahome {record['failures']['llamahome']}")


def compare_inference(options):
    arms = {"llamahome": lambda: infer_ours(options)}
    arms.update({kind: lambda kind=kind: infer_peer(options, kind) for kind in RIVALS})
    record = head(options, "infer", "SmolLM2-135M-Instruct, a prompt of 512 tokens, 64 new ones")
    run_rounds(options, record, arms)


def compare_training(options, workload):
    """Rounds of our arm and of each mode of the peer, the gate applied."""
    rows = rows_file(workload, options.steps + 1, options.work)
    model = options.starter
    if workload.model != "starter":
        model = model_folder(workload.model, options.work, options.peer_python)
    modes = [mode for mode in workload.modes if not options.modes or mode in options.modes]
    arms = {"llamahome": lambda: ours(options, workload, model, rows)}
    arms.update({mode: lambda mode=mode: peer(options, workload, model, rows, mode) for mode in modes})
    record = head(options, workload.name, workload.title)
    record.update(rows_a_step=workload.rows, padding_share=padding_share(rows, workload.rows))
    run_rounds(options, record, arms)
    apply_gate(record)
    save(record)


def apply_gate(record):
    """Takes the rounds of an arm that did other work out, and says so."""
    first = record["rounds"][0]
    expected = first["llamahome"]["steps"][0]["loss"]
    record["first_loss"] = {arm: result["steps"][0]["loss"] for arm, result in first.items()}
    for arm, loss in record["first_loss"].items():
        if abs(loss - expected) > GATE * expected:
            record["failures"][arm] = f"not the same work: its first loss is {loss:.4f}, ours {expected:.4f}"
            for found in record["rounds"]:
                found.pop(arm, None)


def measure_scaling(options):
    """Our own curves; a point is the best of --pairs runs: other programs only ever make a run slower."""
    record = head(options, "scaling", "SmolLM2-135M shape, random weights")
    record["curves"] = {name: [] for name in options.curves}
    for number in range(options.pairs):
        for name in options.curves:
            option, values = CURVES[name]
            for place, value in enumerate(values):
                words = [option, str(value), "--steps", str(options.steps)]
                if name == "length":
                    words += ["--tokens", str(TOKENS_OF_LENGTHS)]
                if name != "threads":
                    words += ["--threads", str(options.threads)]
                result = bench_train(options, *words)
                points = record["curves"][name]
                if number == 0:
                    points.append(dict(value=value, runs=[]))
                points[place]["runs"].append(result)
                print(f"scaling {name} {value}: {result['tokens_per_second']:.1f} tokens/s", flush=True)
                save(record)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("llamahome")
    parser.add_argument("what", nargs="+", help="dense, gsm8k, dense-1b, ragged, long, infer, scaling")
    parser.add_argument("--peer-python", default=sys.executable, help="with torch, transformers, peft")
    parser.add_argument("--peer-autocast", action="store_true", help="its adapters in bf16 as well")
    parser.add_argument("--peer-env", action="append", default=[], metavar="NAME=VALUE", help="as LD_PRELOAD")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--root", default="data-root", help="data root with the starter model")
    parser.add_argument("--starter", help="folder of the starter model, in Hub layout")
    parser.add_argument("--gsm8k", help="GSM8K's train.jsonl")
    parser.add_argument("--modes", nargs="*", help="of the peer: eager, checkpointing, compiled (all)")
    parser.add_argument("--curves", nargs="*", choices=CURVES, default=list(CURVES), help="of scaling (all)")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=3, help="timed, after one to warm up")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    known = workloads(options)
    for name in options.what:
        if name == "scaling":
            measure_scaling(options)
        elif name == "infer":
            compare_inference(options)
        else:
            compare_training(options, known[name])
    report.write(RESULTS, RESULTS.parent / "benchmarks.md")


if __name__ == "__main__":
    main()
