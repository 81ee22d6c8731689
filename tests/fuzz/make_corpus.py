#!/usr/bin/env python3
"""Writes the small files of tests/fuzz/corpus/: good ones of each format and some whose numbers claim far more than there is.

Usage: make_corpus.py   (the standard library only; the files are overwritten)
"""
import base64
import hashlib
import json
import struct
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
CORPUS = HERE / "corpus"


def put(target, name, content):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def safetensors(header, data=b""):
    text = header if isinstance(header, str) else compact(header)
    return struct.pack("<Q", len(text)) + text.encode() + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def weights():
    put("safetensors", "empty", safetensors("{}"))
    put("safetensors", "two", safetensors({"__metadata__": {"format": "pt"}, "b": entry("F32", [2, 2], 0, 16), "a": entry("BF16", [], 16, 18)},
                                          bytes(18)))
    put("safetensors", "claims_2_63", struct.pack("<Q", 1 << 63) + b"{}")
    put("safetensors", "claims_100_mb", struct.pack("<Q", 100_000_000) + b"{}")
    put("safetensors", "claims_shape", safetensors({"a": entry("U8", [1 << 40, 1 << 20], 0, 1 << 60)}))
    put("safetensors_index", "one", compact({"metadata": {"total_size": 1}, "weight_map": {"a": "a.safetensors"}}))
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    put("adapter", "pair", safetensors({name + "A.weight": entry("F32", [2, 2], 0, 16), name + "B.weight": entry("F16", [2, 2], 16, 24)}, bytes(24)))
    put("adapter_config", "small", compact({"peft_type": "LORA", "r": 4, "lora_alpha": 8.0, "use_rslora": True, "target_modules": "all-linear",
                                            "rank_pattern": {}, "bias": "none", "base_model_name_or_path": "x/y"}))
    put("adapter_config", "many_patterns", compact({"peft_type": "LORA", "rank_pattern": {f"{i}a{{1300}}": 4 for i in range(300)}}))
    put("adapter_config", "many_alternatives", compact({"peft_type": "LORA", "target_modules": "a" + "|b" * 1300}))
    for name, text in (("suffix", ".*\\.(q|v)_proj\nmodel.layers.0.self_attn.q_proj"), ("looks_ahead", "(?!.*lm_head)(?:model\\.)?[^x-z]{1,20}\\b.*?\nlm_head"),
                       ("backtracks", "(a+)+(a*)*b\n" + "a" * 40)):
        put("module_pattern", name, text)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1,
              "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 9, "rope_theta": 1e4, "eos_token_id": [1, 2]}
    put("model_config", "small", compact(config))
    put("model_config", "linear", compact(config | {"rope_scaling": {"rope_type": "linear", "factor": 2.0}, "attention_bias": True}))
    put("model_config", "claims_layers", compact(config | {"num_hidden_layers": 1 << 31, "vocab_size": 1 << 40, "head_dim": 1 << 40}))
    put("meta_params", "small", compact({"dim": 8, "n_layers": 1, "n_heads": 2, "vocab_size": 9, "multiple_of": 4, "norm_eps": 1e-5}))
    put("meta_checklist", "one", "d41d8cd98f00b204e9800998ecf8427e *./params.json\n")


def archives():
    path = CORPUS / "zip" / "two"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, method in (("a/", zipfile.ZIP_STORED), ("a/b", zipfile.ZIP_STORED), ("c", zipfile.ZIP_DEFLATED)):
            archive.writestr(zipfile.ZipInfo(name), b"" if name == "a/" else b"hello" * 5, method)
    for name in ("module", "parts", "types", "protocol_4"):
        with zipfile.ZipFile(DATA / f"formats/torch/{name}.pth") as archive:
            member = next(member for member in archive.namelist() if member.endswith("/data.pkl"))
            put("pickle", name, archive.read(member))
    put("pickle", "claims_4_gb", b"\x80\x02X\xff\xff\xff\xff.")
    put("pickle", "claims_memo", b"\x80\x02}r\xff\xff\xff\x7f.")
    put("pickle", "references", b"\x80\x02Nq\x00" + b"h\x00h\x00\x86q\x00" * 60 + b".")
    storage = "X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0" + "0X\x03\0\0\0cpuK\x06tQ"
    pickle = "\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((" + storage + "K\0K\x02K\x03\x86K\x03K\x01\x86\x89}tRs."
    path = CORPUS / "torch" / "small"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (("x/data.pkl", pickle.encode("latin-1")), ("x/byteorder", b"little"), ("x/data/0", bytes(24)), ("x/version", b"3\n")):
            archive.writestr(zipfile.ZipInfo(name), content)


TEXT, ARRAY = 8, 9


def gguf_text(text):
    return struct.pack("<Q", len(text)) + text.encode()


def gguf_pair(key, value):
    head = gguf_text(key)
    if isinstance(value, bool):
        return head + struct.pack("<IB", 7, value)
    if isinstance(value, int):
        return head + struct.pack("<II", 4, value)
    if isinstance(value, float):
        return head + struct.pack("<If", 6, value)
    if isinstance(value, str):
        return head + struct.pack("<I", TEXT) + gguf_text(value)
    of_text = isinstance(value[0], str)
    items = b"".join(gguf_text(item) if of_text else struct.pack("<i", item) for item in value)
    return head + struct.pack("<IIQ", ARRAY, TEXT if of_text else 5, len(value)) + items


def gguf(pairs, tensors):
    """F32 tensors of zeros: name and sizes, innermost first."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(gguf_pair(*pair) for pair in pairs.items())
    data = b""
    for name, sizes in tensors.items():
        head += gguf_text(name) + struct.pack("<I", len(sizes)) + b"".join(struct.pack("<Q", size) for size in sizes)
        head += struct.pack("<IQ", 0, len(data))
        count = 4
        for size in sizes:
            count *= size
        data += bytes(count + -count % 32)
    return head + bytes(-len(head) % 32) + data


def gguf_files():
    put("gguf", "small", gguf({"general.architecture": "llama", "general.alignment": 32, "words": ["a", "bc"], "ids": [1, 2], "eps": 1e-5, "flag": True},
                              {"t": [4, 2]}))
    q4 = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + gguf_text("q") + struct.pack("<IQQIQ", 2, 32, 2, 2, 0)
    put("gguf", "packed", q4 + bytes(-len(q4) % 32) + bytes(36))
    put("gguf", "claims_tensors", b"GGUF" + struct.pack("<IQQ", 3, 1 << 40, 1 << 40))
    put("gguf", "claims_text", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + gguf_text("k") + struct.pack("<IQ", TEXT, 1 << 60))
    put("gguf", "claims_array", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + gguf_text("k") + struct.pack("<IIQ", ARRAY, 10, 1 << 50) + bytes(64))
    put("gguf", "claims_shape", b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + gguf_text("t") + struct.pack("<IQQIQ", 2, 1 << 31, 1 << 29, 0, 0) + bytes(64))
    pairs = {"general.architecture": "llama", "llama.block_count": 1, "llama.context_length": 16, "llama.embedding_length": 4,
             "llama.feed_forward_length": 4, "llama.attention.head_count": 2, "llama.attention.head_count_kv": 1,
             "llama.attention.layer_norm_rms_epsilon": 1e-5, "llama.rope.dimension_count": 2, "llama.rope.freq_base": 1e4,
             "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm", "tokenizer.ggml.tokens": ["a", "b", "ab", "<s>"],
             "tokenizer.ggml.token_type": [1, 1, 1, 3], "tokenizer.ggml.merges": ["a b"], "tokenizer.ggml.bos_token_id": 3,
             "tokenizer.ggml.eos_token_id": 3, "tokenizer.ggml.add_bos_token": True, "tokenizer.chat_template": "{{ bos_token }}"}
    layer = {"attn_norm": [4], "ffn_norm": [4], "attn_q": [4, 4], "attn_k": [4, 2], "attn_v": [4, 2], "attn_output": [4, 4], "ffn_gate": [4, 4],
             "ffn_up": [4, 4], "ffn_down": [4, 4]}
    tensors = {"token_embd.weight": [4, 4], "output_norm.weight": [4]} | {f"blk.0.{name}.weight": sizes for name, sizes in layer.items()}
    put("gguf_to_hub", "small", gguf(pairs, tensors))
    put("gguf_to_hub", "claims_layers", gguf(pairs | {"llama.block_count": 1 << 31}, tensors))


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def piece(text, score, kind):
    return field(1, field(1, text.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score) + field(3, kind))


def tokenizers():
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
    tiny = {"added_tokens": [{"id": 4, "content": "<s>", "special": True, "lstrip": True}], "normalizer": None, "pre_tokenizer": byte_level,
            "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                               "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}},
            "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "c": 3}, "merges": [["a", "b"]]}}
    put("tokenizer_json", "bytes", compact(tiny))
    split = {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\s+(?!\\S)|\\p{L}+|\\p{N}{1,3}"}, "behavior": "Isolated", "invert": False},
                                                   {"type": "Digits", "individual_digits": True}, byte_level | {"use_regex": False}]}
    put("tokenizer_json", "split", compact(tiny | {"pre_tokenizer": split}))
    characters = {"added_tokens": [], "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
                  "pre_tokenizer": None, "post_processor": None,
                  "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "_"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                                                               {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
                  "model": {"type": "BPE", "vocab": {"_": 0, "a": 1, "_a": 2, "<0x31>": 3, "?": 4}, "merges": ["_ a"], "unk_token": "?", "byte_fallback": True, "fuse_unk": True}}
    put("tokenizer_json", "characters", compact(characters))
    put("tokenizer_json", "metaspace", compact(characters | {"normalizer": None, "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": False}}))
    late = tiny["model"] | {"vocab": {"a": 0, "b": 1, "ab": 2, "abab": 3}, "merges": [["ab", "ab"], ["a", "b"]]}
    disordered = compact(tiny | {"pre_tokenizer": byte_level | {"use_regex": False}, "model": late})
    put("tokenizer_json", "disordered_merges", disordered + " " * (-len(disordered) % 16))  # of this length: with the longest line
    pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("ab", -1, 1) + piece("a", -2, 1) + piece("b", -3, 1)
    put("sentencepiece", "small", pieces + field(2, field(3, 2) + field(40, 0)) + field(3, field(3, 1) + field(4, 0)))
    put("sentencepiece", "bytes", pieces + b"".join(piece(f"<0x{byte:02X}>", 0, 6) for byte in (10, 97)) + field(2, field(3, 2) + field(35, 1)))
    put("sentencepiece", "claims_length", pieces + varint(1 << 3 | 2) + varint(1 << 62))
    ranks = [bytes([byte]) for byte in range(256)] + [b"ab", b"abc"]
    put("rank_table", "small", b"".join(base64.b64encode(token) + b" %d\n" % rank for rank, token in enumerate(ranks)))
    put("chat_template", "chatml", "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
                                   "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
    put("chat_template", "attributes", "{{ ''.__class__.__mro__[1].__subclasses__() }}{% for a in range(10**9) %}{# x #}{%- endfor -%}")
    for name, expression in (("llama3", "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s+(?!\\S)|\\s+"),
                             ("backtracks", "(a+)+$|(a|aa)+!"), ("classes", "[^\\p{Lu}\\p{M}\\x41-\\u0045]+[\\s&&x]|(?<=a)b|(?>c)\\1")):
        put("split_pattern", name, expression)


def rows():
    chat = {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    share = {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}
    alpaca = {"instruction": "i", "input": "x", "output": "o", "history": [["q", "a"]]}
    for name, row in (("chat", chat), ("share", share), ("alpaca", alpaca), ("pair", {"prompt": "p", "completion": "c"}), ("text", {"text": "\u00e9\\"})):
        put("json_lines", name, compact(row) + "\r\n\n" + compact(row))
        put("json_array", name, json.dumps([row, row], indent=1))
    put("json_lines", "deep", '{"text":' + "[" * 200 + "\n")
    put("json_lines", "numbers", '{"a":1e400}\n{"a":-0.5e-3,"b":NaN}\n')
    put("table", "comma", 'instruction,output\n"a ""b""\nc",d\n=1+1,"x"\n')
    put("table", "semicolon", "prompt;completion\r\np;c\r\n")
    put("table", "tab", "\ufeffquestion\tanswer\nq\ta\nq\n")


def records():
    put("settings", "sections", "# c\nschema: 1\ntraining:\n  batch_size: 4  # x\n  lora: {r: 8, target_modules: [q_proj, v_proj]}\n  evaluation:\n    prompts:\n"
                                "      - \"a\\nb\"\n      - |\n        text\nmodel:\n  device: cpu\n")
    put("settings", "blocks", "training:\n  lora:\n    r: 4\n    dropout: 0.1\n  learning_rate: 2e-4\n")
    put("settings", "refused", "a: &x [1]\nb: *x\n<<: {c: !!binary x}\n---\n\td: 1\n")
    put("template_file", "roles", "start: \"<s>\"\nuser: {before: \"[A] \", after: \"\\n\"}\nassistant:\n  before: \"[B] \"\n  after: </s>\nend: </s>\n")
    put("template_file", "one_role", "user: {before: x}\nking: {}\nend: [1]\n")
    family = {"title": "T", "formats": ["hub"], "versions": {"1b": {"hub_id": "a/b", "parameters": 1000, "aliases": ["x"]}}, "default_version": "1b", "min_gpu_memory": {"1b": 4}}
    put("catalog", "one", compact({"fam": family}))
    put("conversation", "one", compact({"schema": 1, "title": "t", "model": "m", "adapter": "", "adapter_scale": 1.0, "system": "", "created": "c", "updated": "u",
                                        "sampling": {"temperature": "0.7", "top_k": "40"},
                                        "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "finish": "end", "tokens": 3, "seconds": 0.5}]}))
    layers = [{"mediaType": f"application/vnd.ollama.image.{kind}", "digest": "sha256:" + "a" * 64, "size": 5} for kind in ("model", "license", "params")]
    put("ollama_manifest", "one", compact({"schemaVersion": 2, "mediaType": "m", "config": layers[0], "layers": layers}))
    put("ollama_template", "prompts", "{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n{{ end }}<|im_start|>user\n{{ .Prompt }}<|im_end|>\n"
                                      "<|im_start|>assistant\n{{ .Response }}<|im_end|>\n")
    put("ollama_template", "messages", "{{- range .Messages }}{{ if eq .Role \"user\" }}<|user|>{{ else -}} <|{{ .Role }}|>{{- end }}\n{{ .Content }}</s>\n"
                                       "{{ end }}<|assistant|>{{/* x */}}\n")
    put("ollama_template", "foreign", "{{ $x := len .Messages }}{{ if and .Tools $.System }}{{ json .Tools }}{{ else if .First }}{{ end }}{{")
    train = {"kind": "train", "step": 1, "epoch": 0.5, "train_loss": 2.5, "learning_rate": 1e-4, "grad_norm": 1.0, "tokens": 10, "supervised_tokens": 5,
             "tokens_per_second": 9.5, "step_seconds": 0.1, "peak_memory_mib": 5, "time": "2026-01-01T00:00:00.000Z"}
    evaluation = {"kind": "eval", "step": 1, "epoch": 0.5, "train_loss": 2.5, "eval_loss": None, "learning_rate": 1e-4, "tokens": 10, "time": "x"}
    put("metrics", "run", "\n".join(map(compact, (train, evaluation, {"kind": "resume", "step": 0}, train))) + "\n{\"kind\":\"tra")
    digest = hashlib.sha256(f"config.json\n{'0' * 64}\n".encode()).hexdigest()
    put("manifest", "one", compact({"schema": 1, "kind": "model", "family": "f", "version": "v", "source": "s", "commit": "",
                                    "files": [{"path": "config.json", "size": 2, "sha256": "0" * 64, "origin": "first seen"}], "digest": digest}))
    put("run_record", "one", compact({"schema": 1, "family": "f", "version": "v", "model": {"path": "/m", "hub_id": "", "digest": "d"},
                                      "data": [{"path": "/d", "size": 3, "sha256": "0" * 64}], "validation": None, "init_adapter": {"path": "", "digest": ""},
                                      "precision": "bf16", "command_line": "c", "program_version": "0", "state": "running", "cause": "", "code": "", "step": 1,
                                      "total_steps": 2, "train_loss": 1.5, "best": {"eval_loss": 1.0, "step": 1}, "adapter": "", "started": "", "updated": "",
                                      "process": {"pid": 1, "started": "", "life_lock": True}, "settings": {"training.seed": "1"}}))


def answers():
    ok = "200\ncontent-length: 3\n\nabc\0"
    put("http_answer", "whole", ok)
    put("http_answer", "range", "206\ncontent-range: bytes 1-2/3\n\nbc\0")
    put("http_answer", "again", "503\nretry-after: 5\n\nbusy\0" + "416\n\n\0" + "200\ncontent-encoding: gzip\n\nx\0" + ok)
    put("http_answer", "redirect", "302\nlocation: https://cdn.example.org/abc\n\n\0" + ok)
    put("http_answer", "claims_length", "206\ncontent-range: bytes 1-18446744073709551615/*\n\nbcd\0")
    put("http_bytes", "length", "HTTP/1.1 206 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    put("http_bytes", "chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: x\r\n\r\n")
    put("http_bytes", "interim", "HTTP/1.1 100 -\r\n\r\nHTTP/1.0 200 -\r\nA:b\r\na: c\r\n\r\nuntil the end")
    put("python_index", "page", '200\ncontent-type: text/html\n\n<a href="../../a&amp;/torch-1-py3.whl#sha256=0">x</a>\0')
    put("python_index", "json", "200\ncontent-type: application/vnd.pypi.simple.v1+json\n\n" + compact({"files": [{"filename": "torch-1-py3.whl", "url": "//h/torch-1-py3.whl"}]}) + "\0")
    commit = "0123456789abcdef" * 2 + "01234567"
    facts = "200\ncontent-type: application/json\n\n" + compact({"sha": commit, "id": "owner/Name", "disabled": False}) + "\0"
    large = {"type": "file", "path": "model.safetensors", "size": 5, "oid": "1" * 40, "lfs": {"oid": "a" * 64, "size": 5, "pointerSize": 9}}
    small = {"type": "file", "path": "sub/config.json", "size": 2, "oid": "b" * 40}
    put("hub_listing", "one_page", facts + "200\n\n" + compact([{"type": "directory", "path": "sub"}, small, large]) + "\0")
    put("hub_listing", "two_pages", facts + '200\nlink: </api/models/owner/Name/tree?cursor=x>; rel="next"\n\n' + compact([small]) + "\0"
                                    "200\n\n" + compact([large]) + "\0")
    put("hub_listing", "other_host", facts + '200\nlink: <https://other.example/x>; rel="next"\n\n[]\0')
    put("hub_listing", "gated", "403\nx-error-code: GatedRepo\nx-error-message: Accept it first\n\n\0")
    put("hub_listing", "climbs", facts + "200\n\n" + compact([small | {"path": "../../x"}]) + "\0")
    put("checksum_list", "two", f"{'0' * 64}  config.json\r\n{'A' * 64} *./sub/model.safetensors\n")
    put("checksum_list", "same_name", f"{'0' * 64}  a\n{'0' * 64}  A\n")
    policy = compact({"Statement": [{"Resource": "https://*", "Condition": {"DateLessThan": {"AWS:EpochTime": 1800000000}}}]})
    policy = base64.b64encode(policy.encode()).decode().translate(str.maketrans("+=/", "-_~"))
    put("meta_link", "usual", f" https://download.llamameta.net/*?Policy={policy}&Signature=a-b~c_&Key-Pair-Id=K1\n")
    put("meta_link", "cut", f"https://download.llamameta.net/*?Policy={policy}")
    put("meta_link", "loopback", f"http://127.0.0.1:8080/models/*?Policy={policy}&Signature=a&Key-Pair-Id=b&x=1")
    put("part_record", "two_points", compact({"schema": 1, "source": "https://example.org", "commit": commit, "path": "a/b", "size": 9, "hash_kind": "sha256",
                                              "hash": "0" * 64, "origin": "https://cdn.example.org", "etag": '"x"',
                                              "points": [{"bytes": 3, "sha256": "1" * 64}, {"bytes": 7, "sha256": "2" * 64}]}))
    put("damage_mark", "deep", compact({"schema": 1, "problem": "model.safetensors: its SHA-256 is another", "deep": True}))


for make in (weights, archives, gguf_files, tokenizers, rows, records, answers):
    make()
