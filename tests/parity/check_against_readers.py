#!/usr/bin/env python3
"""What the reference readers accept, our readers accept with equal contents, but for differences that are wanted.

usage: check_against_readers.py DUMP_PROGRAM VENV_FOLDER DATA_FOLDER
Files, good ones and damaged ones, are made with a fixed seed. The reference readers (safetensors, gguf, tokenizers; json is
Python's own) come as wheels from the Python index into VENV_FOLDER. Exit code 77 (skipped) where they cannot be had.
"""
import hashlib
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

# Of these versions: others may draw the line elsewhere.
READERS = {"safetensors": "0.8.0", "gguf": "0.19.0", "tokenizers": "0.23.3"}
PACKAGES = ["numpy", *(f"{name}=={version}" for name, version in READERS.items())]
FILES_PER_FORMAT = 400

# The differences that are wanted: what a reference reader takes and we refuse, by our code; how many of the files that is, and why.
# The files are always the same, so a number that changed is a reader that changed: look at it, then write the new number.
STRICTER = {
    "safetensors": {
        "ST-18": (11, "types that the program cannot use"),
    },
    "gguf": {
        "GG-14": (1, "holes and overlaps between tensors"),
    },
    "json": {
        "JSON-01": (1, "NaN and Infinity, which are no JSON; lone surrogates; numbers beyond a double"),
    },
    "tokenizer": {
        "TK-03": (2, "two tokens with one id"),
        "TK-04": (7, "a token with two ids"),
        "TK-08": (32, "a merge twice"),
        "TK-09": (1, "added tokens that contradict the vocabulary"),
        "TK-12": (2, "kinds that Llama models do not have"),
    },
}
# The other way round: what only we read, by format.
LAXER = {
    "tokenizer": (9, "fields of another kind, and a version, that the reference wants to know and we do not read"),
}


def in_venv(folder):
    """The Python of the virtual environment with all packages, or None where it cannot be made."""
    python = folder / "bin" / "python"
    installed = f"import numpy; from importlib.metadata import version; assert all(version(n) == v for n, v in {READERS}.items())"
    if python.exists() and subprocess.run([python, "-c", installed], capture_output=True).returncode == 0:
        return python
    steps = ([sys.executable, "-m", "venv", folder],
             [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", *PACKAGES])
    for step in steps:
        done = subprocess.run([str(word) for word in step], capture_output=True, text=True)
        if done.returncode != 0:
            print(f"skipped: {' '.join(map(str, step))}: {done.stderr.strip()[-400:]}")
            return None
    return python


def damaged(data, chance):
    """A few bytes changed, taken out, put in, or cut off."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data)) if data else 0
        what = chance.randrange(6)
        if what == 0 and data:
            data[at] ^= 1 << chance.randrange(8)
        elif what == 1 and data:
            data[at] = chance.choice(b"\x00\x01\xff\x7f\"{}[]:,0-9 ")
        elif what == 2:
            del data[at:at + chance.randint(1, 8)]
        elif what == 3:
            data[at:at] = data[at:at + chance.randint(1, 8)]
        elif what == 4:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        else:
            del data[at:]
    return bytes(data)


# ---- safetensors

SAFETENSORS_TYPES = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "F8_E4M3": 1}


def make_safetensors(chance):
    header, data = {}, b""
    if chance.random() < 0.5:
        header["__metadata__"] = {"format": "pt", "n": chance.choice(["1", "ä", ""])}
    for number in range(chance.randint(0, 4)):
        kind = chance.choice(sorted(SAFETENSORS_TYPES))
        shape = [chance.choice([0, 1, 2, 3, 5]) for _ in range(chance.randint(0, 3))]
        size = math.prod(shape) * SAFETENSORS_TYPES[kind]
        header[f"t{number}"] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(chance.randrange(2) for _ in range(size))
    text = json.dumps(header).encode()
    text += b" " * chance.choice([0, 3, -len(text) % 8])
    return struct.pack("<Q", len(text)) + text + data


def damage_safetensors(data, chance):
    """The length of the header follows, so that most damage gets past it."""
    if chance.random() < 0.3:
        return damaged(data, chance)
    length = struct.unpack("<Q", data[:8])[0]
    header = damaged(data[8:8 + length], chance)
    return struct.pack("<Q", len(header)) + header + data[8 + length:]


def read_safetensors(path):
    from safetensors import safe_open
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    with safe_open(path, framework="np") as file:
        header = json.loads(raw[8:8 + length])
        tensors = {}
        for name in file.keys():
            part = file.get_slice(name)
            begin, end = header[name]["data_offsets"]
            tensors[name] = [part.get_dtype(), list(part.get_shape()), hashlib.sha256(raw[8 + length + begin:8 + length + end]).hexdigest()]
        return {"tensors": tensors, "metadata": file.metadata() or {}}


# ---- GGUF

def make_gguf(chance):
    import gguf
    import numpy
    numbers = numpy.random.default_rng(chance.randrange(1 << 30))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "made.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        for number in range(chance.randint(0, 5)):
            key = f"k{number}"
            chance.choice([lambda: writer.add_uint32(key, 7), lambda: writer.add_int32(key, -7), lambda: writer.add_float32(key, 0.1),
                           lambda: writer.add_string(key, "größe"), lambda: writer.add_bool(key, True), lambda: writer.add_array(key, ["a", "", "ccc"]),
                           lambda: writer.add_array(key, [1, -2, 3]), lambda: writer.add_array(key, [0.5, 1.5]), lambda: writer.add_uint64(key, 1 << 40)])()
        kinds = gguf.GGMLQuantizationType
        for number in range(chance.randint(1, 3)):
            values = numbers.standard_normal((chance.choice([1, 2, 3]), 64)).astype(numpy.float32)
            kind = chance.choice([kinds.F32, kinds.F16, kinds.BF16, kinds.Q8_0, kinds.Q4_0, kinds.Q4_1, kinds.Q5_0, kinds.Q5_1])
            writer.add_tensor(f"t{number}", gguf.quants.quantize(values, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


def damage_gguf(data, chance):
    """Most damage falls on the head, which is half of such a file."""
    cut = min(len(data), 400)
    return damaged(data[:cut], chance) + data[cut:] if chance.random() < 0.7 else damaged(data, chance)


def read_gguf(path):
    import gguf
    import numpy
    reader = gguf.GGUFReader(path)
    tensors = {}
    for tensor in reader.tensors:
        values = numpy.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype("<f4"))
        shape = [int(size) for size in reversed(tensor.shape.tolist())]
        tensors[tensor.name] = ["F32", shape, hashlib.sha256(values.tobytes()).hexdigest()]
    metadata = {}
    for key, field in reader.fields.items():
        if not key.startswith("GGUF."):
            value = field.contents()
            metadata[key] = [int(item) if isinstance(item, bool) else item for item in value] if isinstance(value, list) else value
    return {"tensors": tensors, "metadata": metadata}


# ---- JSON

def make_json(chance, depth=0):
    kind = chance.randrange(8 if depth < 4 else 6)
    if kind == 6:
        return [make_json(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    if kind == 7:
        return {chance.choice(["a", "b", "größe", "\\\"", "", "\n"]): make_json(chance, depth + 1) for _ in range(chance.randint(0, 4))}
    return chance.choice([None, True, False, 0, -1, 2**53, 2**63 - 1, -2**63, 2**64 - 1, 0.1, -1e-300, 1e300, "", "text", "\U0001f642", "\u0000\u001f", "\\u0041"])


def json_bytes(chance):
    text = json.dumps(make_json(chance), ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1]))
    return text.encode()


def read_json(path):
    return json.loads(path.read_bytes().decode("utf-8"))


# ---- tokenizers

TEXTS = ["", "Hello, world! 12345", " two  blanks\n\n and\tline ends \r\n", "größe 重み \U0001f642 é", "<s>a b</s> <|eot_id|><|im_start|>user", "x" * 50 + "  y", "I'll don't WE'RE"]


def tokenizer_base(chance, data):
    paths = sorted((data / "text").glob("*/tokenizer.json")) + sorted((data / "text" / "kinds").glob("[a-z]*.json"))
    found = [json.loads(path.read_text()) for path in paths]
    return chance.choice([one for one in found if isinstance(one, dict) and "model" in one])


def places(value, path=()):
    """Every place in a tokenizer outside the vocabulary and the merges."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key not in ("vocab", "merges"):
            yield from places(item, (*path, key))


def damage_tokenizer(base, chance):
    base = json.loads(json.dumps(base))
    for _ in range(chance.randint(0, 2)):
        model = base["model"]
        words, merges = list(model["vocab"]), model["merges"]
        what = chance.randrange(8)
        if what == 0:
            merges.pop(chance.randrange(len(merges)))
        elif what == 1:
            merges.append(chance.choice(merges))
        elif what == 2:
            one, other = chance.sample(words, 2)
            model["vocab"][one], model["vocab"][other] = model["vocab"][other], model["vocab"][one]
        elif what == 3:
            del model["vocab"][chance.choice(words)]
        elif what == 4:
            base["added_tokens"] = base.get("added_tokens", []) + [{"id": next_id(base), "content": chance.choice(["Hello", "<x>", "é", "wor"]),
                                                                    "single_word": chance.random() < 0.3, "lstrip": chance.random() < 0.3, "rstrip": chance.random() < 0.3,
                                                                    "normalized": chance.random() < 0.3, "special": chance.random() < 0.5}]
        else:
            change(base, chance)
    return base


def next_id(base):
    """The one that the reference gives to an added token whatever its file says; with us the file's own counts."""
    return 1 + max([*base["model"]["vocab"].values(), *(token["id"] for token in base.get("added_tokens", []))])


def change(base, chance):
    path = chance.choice([path for path in places(base) if path])
    holder = base
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    if isinstance(value, bool):
        holder[path[-1]] = not value
    elif isinstance(value, str):
        holder[path[-1]] = chance.choice(["", "x", value + "x", "Isolated", "Removed", "MergedWithNext", "always", "never"])
    elif isinstance(value, int):
        holder[path[-1]] = chance.choice([0, 1, value + 1, -1])
    elif chance.random() < 0.5 and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = None


def read_tokenizer(path):
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_str(path.read_text())
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


# ---- all

def write_files(folder, data):
    """{format: paths}; of each format a quarter is not damaged."""
    paths = {}
    for name in STRICTER:
        chance = random.Random(f"{name} 2026")
        paths[name] = []
        for number in range(FILES_PER_FORMAT):
            isGood = number % 4 == 0
            if name == "tokenizer":
                place = folder / f"tokenizer_{number}"
                place.mkdir()
                (place / "texts.json").write_text(json.dumps(TEXTS))
                path = place / "tokenizer.json"
                base = tokenizer_base(chance, data)
                content = json.dumps(base if isGood else damage_tokenizer(base, chance)).encode()
            else:
                path = folder / f"{number}.{name}"
                make = {"safetensors": make_safetensors, "gguf": make_gguf, "json": json_bytes}[name]
                damage = {"safetensors": damage_safetensors, "gguf": damage_gguf, "json": damaged}[name]
                content = make(chance)
                if not isGood:
                    content = damage(content, chance)
            path.write_bytes(content)
            paths[name].append(path)
    return paths


def our_answers(program, paths):
    lines = "".join(f"{name} {path}\n" for name, group in paths.items() for path in group)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == sum(map(len, paths.values())), "one answer a file"
    return iter(answers)


def reference(read, path):
    try:
        return read(path), None
    except BaseException as refused:  # a panic of Rust is no Exception
        if isinstance(refused, KeyboardInterrupt):
            raise
        return None, f"{type(refused).__name__}: {str(refused)[:120]}"


def same(ours, theirs):
    """Equal values. Wanted: a number that is not finite is null with us, a whole one beyond 64 bits the nearest double."""
    if isinstance(theirs, float) and not math.isfinite(theirs):
        return ours is None
    if isinstance(theirs, int) and not -2**63 <= theirs < 2**64:
        return ours == float(theirs)
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)


def compare(name, paths, answers, read):
    faults, counts, stricter, laxer, examples = [], {"both": 0, "neither": 0}, {}, {}, {}
    for number, path in enumerate(paths):
        ours = next(answers)
        theirs, refused = reference(read, path)
        if refused and "code" in ours:
            counts["neither"] += 1
        elif refused:
            laxer[refused[:60]] = laxer.get(refused[:60], 0) + 1
        elif "code" in ours:
            stricter[ours["code"]] = stricter.get(ours["code"], 0) + 1
            if number % 4 == 0 and ours["code"] != "ST-18" or ours["code"] not in STRICTER[name]:
                faults.append(f"{path.name}: the reference reads it, we say {ours['code']} {ours['message']}")
            examples[ours["code"]] = f"{path.name} {ours['message']}"
        elif same(ours["contents"], theirs):
            counts["both"] += 1
        else:
            faults.append(f"{path.name}: other contents: {str(ours['contents'])[:300]} != {str(theirs)[:300]}")
    print(f"{name}: {len(paths)} files, {counts['both']} read alike, {counts['neither']} refused by both; only we refuse {stricter}; only we read {laxer}")
    for code, (expected, _) in STRICTER[name].items():
        found = stricter.get(code, 0)
        if found != expected:
            faults.append(f"{name}: only we refuse {found} files by {code}, expected {expected}; the last: {examples.get(code)}")
    expected, found = LAXER.get(name, (0, ""))[0], sum(laxer.values())
    if found != expected:
        faults.append(f"{name}: only we read {found} files, expected {expected}")
    return faults


def main():
    program, venv, data = sys.argv[1], pathlib.Path(sys.argv[2]).absolute(), pathlib.Path(sys.argv[3])
    if pathlib.Path(sys.prefix).resolve() != venv.resolve():
        python = in_venv(venv)
        if python is None:
            sys.exit(77)
        sys.exit(subprocess.run([python, *sys.argv]).returncode)
    readers = {"safetensors": read_safetensors, "gguf": read_gguf, "json": read_json, "tokenizer": read_tokenizer}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(pathlib.Path(folder), data)
        answers = our_answers(program, paths)
        faults = [fault for name, group in paths.items() for fault in compare(name, group, answers, readers[name])]
    for fault in faults[:40]:
        print(fault)
    if faults:
        sys.exit(f"{len(faults)} differences that are not wanted")


main()
