"""Writes tests/data/text/rendered_chats.json: conversations as transformers renders them.

Usage: python make_chat_fixtures.py LLAMA32_TEMPLATE.jinja   (needs transformers)
SmolLM2's template is Apache-2.0 and stands here. Meta's is not ours to ship: take it from a model's folder; only what it
prints is kept.
"""
import json
import pathlib
import sys

from transformers import PreTrainedTokenizerFast

OUT = pathlib.Path(__file__).resolve().parents[2] / "data" / "text"
SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
CHATS = [
    [("user", "Hi")],
    [("system", "You are terse."), ("user", "What is 2+2?"), ("assistant", "4"), ("user", "And 3+3?")],
    [("user", "  blanks around \n"), ("assistant", "\n\n kept or trimmed?\u00a0\u2003\x1c ")],
    [("user", "Привет"), ("assistant", "こんにちは 🙂\nзавтра"), ("user", "ok"), ("assistant", "done")],
    [("user", "a"), ("system", "in the middle"), ("assistant", "")],
    [("system", ""), ("user", "empty system")],
    [("user", "weather?"), ("assistant", "let me look"), ("tool", '{"t": 20,\n"unit": "°C"}'), ("assistant", "20 °C")],
    [("assistant", "I begin."), ("user", "<b>&amp;</b> \\n 'quoted' \"twice\"")],
]


def renderer(template, bos):
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(OUT / "llama3_split" / "tokenizer.json"), bos_token=bos)
    return lambda messages, prompt: tokenizer.apply_chat_template(
        messages, chat_template=template, tokenize=False, add_generation_prompt=prompt, date_string="05 Mar 2025"
    )


llama32 = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
styles = {"smollm2": renderer(SMOLLM2, None), "llama3.2": renderer(llama32, "<|begin_of_text|>")}
rows = []
for chat in CHATS:
    messages = [{"role": role, "content": content} for role, content in chat]
    for prompt in (False, True):
        row = {"messages": messages, "add_generation_prompt": prompt}
        row.update({name: render(messages, prompt) for name, render in styles.items()})
        rows.append(row)
fixture = {"smollm2_template": SMOLLM2, "date": "05 Mar 2025", "chats": rows}
(OUT / "rendered_chats.json").write_text(json.dumps(fixture, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
