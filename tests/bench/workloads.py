"""What compare.py gives to both programs: models with random weights and rows of tokens, made once.

Weights are transformers' own random ones, written in Hub layout, so that both load the same file. Rows are
files as `llamahome bench train --token-rows` and peer_train.py read them.
"""
import dataclasses
import json
import math
import pathlib
import random
import subprocess

STARTER = ["smollm2", "135m-instruct"]
VOCABULARY = 49152  # of the smaller shape: its ids are ids of the larger one too
SHAPES = {
    "smollm2-135m": dict(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
        num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5,
        rope_theta=100000.0, tie_word_embeddings=True),
    "llama-3.2-1b": dict(
        vocab_size=128256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
        num_attention_heads=32, num_key_value_heads=8, head_dim=64, max_position_embeddings=131072,
        rms_norm_eps=1e-5, rope_theta=500000.0,
        rope_scaling=dict(rope_type="llama3", factor=32.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=8192),
        tie_word_embeddings=True),
}
MAKE_MODEL = """
import json, sys, torch, transformers
torch.manual_seed(1)
model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**json.loads(sys.argv[1])))
model.to(torch.bfloat16).save_pretrained(sys.argv[2])
"""


@dataclasses.dataclass(frozen=True)
class Workload:
    """One table of the report: a model, and rows of which each step takes `rows`."""
    name: str
    title: str
    model: str  # a shape, or "starter"
    rows: int
    make_rows: callable  # (number of rows, random) → rows
    modes: tuple = ("eager", "checkpointing", "compiled")  # of the peer


def row(tokens, supervised):
    return dict(token_ids=tokens, supervised=supervised)


def dense(length):
    """Random tokens, all supervised, every row as long as the others."""
    def make(count, chance):
        return [row([chance.randrange(VOCABULARY) for _ in range(length)], [True] * length)
                for _ in range(count)]
    return make


def ragged(count, chance, mean=180, spread=0.6, longest=512, share=0.4):
    """Log-normal lengths of that mean; the last `share` of a row is supervised, as an answer is."""
    middle = mean / math.exp(spread ** 2 / 2)
    rows = []
    while len(rows) < count:
        length = min(longest, max(16, round(middle * chance.lognormvariate(0, spread))))
        first = round(length * (1 - share))
        rows.append(row([chance.randrange(VOCABULARY) for _ in range(length)],
                        [place >= first for place in range(length)]))
    return rows


def gsm8k(program, root, file):
    """The first questions and answers of GSM8K's training file, as `llamahome tokenize --chat` has them."""
    command = [program, "--root", root, "--json", "tokenize", *STARTER, "--chat"]
    def make(count, _):
        rows = []
        with open(file) as lines:
            for _, line in zip(range(count), lines):
                example = json.loads(line)
                messages = [dict(role="user", content=example["question"]),
                            dict(role="assistant", content=example["answer"])]
                found = json.loads(subprocess.run(command, input=json.dumps(messages), check=True,
                                                  capture_output=True, text=True).stdout)
                rows.append(row(found["token_ids"], found["supervised"]))
        return rows
    return make


def model_folder(shape, work, peer_python):
    """A folder in Hub layout of that shape with random weights, in bfloat16."""
    folder = work / "models" / shape
    if not (folder / "model.safetensors").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([peer_python, "-c", MAKE_MODEL, json.dumps(SHAPES[shape]), str(folder)], check=True)
    return folder


def rows_file(workload, steps, work):
    """The rows of `steps` steps."""
    file = work / f"{workload.name}-{steps}.jsonl"
    if not file.exists():
        rows = workload.make_rows(workload.rows * steps, random.Random(1))
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def padding_share(file, rows_a_step):
    """Share of the places in padded batches that hold no token."""
    lengths = [len(json.loads(line)["token_ids"]) for line in pathlib.Path(file).read_text().splitlines()]
    steps = [lengths[first:first + rows_a_step] for first in range(0, len(lengths), rows_a_step)]
    places = sum(len(step) * max(step) for step in steps)
    return 1 - sum(lengths) / places
