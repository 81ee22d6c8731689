"""Writes tests/data/parity/smollm2_tokens.json: ids and rendered chats of the real SmolLM2 vocabulary.

Usage: python make_smollm2_tokens.py MODEL_FOLDER   (needs transformers; the folder is a Hub-layout SmolLM2-Instruct)
"lines" are [text, ids without added tokens]; "chats" are messages with the template's text and its ids.
"""
import json
import pathlib
import sys

import transformers

from varied_lines import varied_lines

CHATS = [
    [("user", "Hi")],
    [("system", "You are terse."), ("user", "What is 2+2?"), ("assistant", "4"), ("user", "And 3+3?")],
    [("user", "  blanks \n"), ("assistant", "\n\n  kept\n"), ("user", "Привет 🙂"), ("assistant", "Привет!")],
    [("user", "Natalia sold 48/2 = 24 clips in May."), ("assistant", "48/2 = <<48/2=24>>24\n#### 24")],
]

tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
lines = [[text, tokenizer.encode(text, add_special_tokens=False)] for text in varied_lines(560, seed=42)]
chats = []
for chat in CHATS:
    messages = [{"role": role, "content": content} for role, content in chat]
    for prompt in (False, True):
        options = {"add_generation_prompt": prompt}
        text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert ids == tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False, **options)
        chats.append({"messages": messages, "add_generation_prompt": prompt, "text": text, "ids": ids})


def rows(items):
    return "[\n" + ",\n".join(json.dumps(i, ensure_ascii=False, separators=(",", ":")) for i in items) + "\n]"


out = pathlib.Path(__file__).resolve().parents[1] / "data" / "parity" / "smollm2_tokens.json"
out.parent.mkdir(parents=True, exist_ok=True)
made = json.dumps(f"transformers {transformers.__version__}")
out.write_text(f'{{"made_with":{made},\n"lines":{rows(lines)},\n"chats":{rows(chats)}}}\n', encoding="utf-8")
