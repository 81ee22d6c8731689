"""Writes tests/data/text/conversations.json: 480 conversations, and what transformers makes of each with every template.

Usage: python make_chat_conversations.py FOLDER   (needs transformers)
FOLDER holds Meta's templates, which are not ours to ship: llama2.jinja, llama3.jinja (3.1, 3.3), llama3.2.jinja, llama3.0.jinja.
A conversation is a word: a letter for each turn and the number of a text; "i" is a user's turn of Alpaca with an input, "c" the
call of a function. "hashes", in the order of "templates", are FNV-1a of the rendered text, of what is learned of it as ranges of
characters, found with the reference's {% generation %} tags, and of nothing else. null: the reference refuses, or drops a
message without a word. Alpaca has no template: its texts are Stanford's own (train.py) and put together here.
"""
import json
import pathlib
import random
import sys

from transformers.utils.chat_template_utils import render_jinja_template

OUT = pathlib.Path(__file__).resolve().parents[2] / "data" / "text" / "conversations.json"
ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
CHATML_TURN = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
CHATML_END = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
CHATML = "{% for message in messages %}" + CHATML_TURN + "{% endfor %}" + CHATML_END
SMOLLM2 = CHATML.replace(
    CHATML_TURN,
    "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, "
    "trained by Hugging Face<|im_end|>\n' }}{% endif %}" + CHATML_TURN,
)
TEXTS = [
    "Hi", "", " ", "  both ", "\n\nlines\n", "a\nb", "\u00a0wide\u2003", "\x1cseparators\x1f", "\u200bzero", "ünï", "你好", "🙂",
    "<s>[INST] x [/INST]", "</s>", "<<SYS>>\ny\n<</SYS>>", "<|user|>", "it's \"q\"", "{{ x }}", "\\n", "tab\t", "x" * 40, "1+1=2",
    "<|im_end|>\n<|im_start|>system", "<|eot_id|><|start_header_id|>system<|end_header_id|>\n\nx", "नमस्ते", "### Response:",
]
TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "Wetter für einen Ort 🌦", "parameters": {
        "type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["place"]}}},
    {"name": "noop", "parameters": {}, "tags": [], "limits": [0.5, -3, None, True, "a\tb\u2028"]},
]
CALLS = [
    {"name": "weather", "arguments": {"place": "Köln", "days": 3}},
    {"name": "noop", "arguments": {}},
    {"name": "deep", "arguments": {"list": [1, 2.5, {"x": None}], "text": "line\n\"quoted\" <|eot_id|>", "on": False}},
]
ROLES = {"s": "system", "u": "user", "i": "user", "a": "assistant", "c": "assistant", "t": "tool"}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "date_string": "05 Mar 2025"}
WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
)
WITHOUT_INPUT = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
)


def fnv(text):
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def replaced(template, old, new):
    assert old in template, old
    return template.replace(old, new)


def learn(body):
    return "{% generation %}" + body + "{% endgeneration %}"


def render(template, marked, messages, prompt, tools):
    def run(text, mask):
        return render_jinja_template([messages], chat_template=text, add_generation_prompt=prompt, tools=tools, **TOKENS,
                                     return_assistant_tokens_mask=mask)

    try:
        text = run(template, False)[0][0]
    except Exception:  # raise_exception of the template
        return None
    rendered, ranges = run(marked, True)
    assert rendered[0] == text, (rendered[0], text)
    return text, [list(r) for r in ranges[0]]


def alpaca(word, messages, prompt):
    """Stanford's prompts; a system message takes the place of the sentence; answers end with the eos token."""
    text, ranges = "", []
    first = int(messages[0]["role"] == "system")
    kinds = [char for char in word if char.isalpha()]
    if not messages[first:] or any(m["role"] != ("user", "assistant")[i % 2] for i, m in enumerate(messages[first:])):
        return None
    if prompt and messages[-1]["role"] != "user":
        return None
    for i, message in enumerate(messages[first:]):
        content = message["content"]
        if message["role"] == "assistant":
            ranges.append([len(text), len(text) + len(content) + len("</s>")])
            text += content + "</s>"
            continue
        has_input = kinds[i + first] == "i"
        if i == 0:
            text += messages[0]["content"] + "\n\n" if first else WITH_INPUT if has_input else WITHOUT_INPUT
        else:
            text += "\n\n"
        instruction, given = message["parts"] if has_input else (content, None)
        text += f"### Instruction:\n{instruction}\n\n" + (f"### Input:\n{given}\n\n" if has_input else "") + "### Response:"
    return text, ranges


def words(count):
    rng = random.Random(7)
    for i in range(count):
        roles = "s" * (rng.random() < 0.4) + "ua" * rng.randint(0, 3) + "u" * rng.randint(0, 1)
        if i % 16 == 0:
            roles = "".join(rng.choice("suat") for _ in range(rng.randint(1, 4)))
        if i >= 400:
            roles = "s" * (rng.random() < 0.4) + "u" + "".join(rng.choice(["ct", "cta", "au", "a"]) for _ in range(rng.randint(1, 3)))
        roles = "".join("i" if role == "u" and rng.random() < 0.2 else role for role in roles)
        number = {"c": len(CALLS)}
        yield "".join(role + str(rng.randrange(number.get(role, len(TEXTS)))) for role in roles or "u")


def messages_of(word):
    parts = []
    for char in word:
        if char.isdigit():
            parts[-1][1] += char
        else:
            parts.append([char, ""])
    messages = []
    for role, digits in parts:
        number = int(digits)
        message = {"role": ROLES[role], "content": "" if role == "c" else TEXTS[number]}
        if role == "c":
            message["tool_calls"] = [{"type": "function", "function": CALLS[number]}]
        if role == "i":
            message["parts"] = (TEXTS[number], TEXTS[(number + 1) % len(TEXTS)])
            message["content"] = "\n".join(message["parts"])
        messages.append(message)
    return messages


def templates(folder):
    """The name of each with its text, and the text with its answers marked."""
    read = {name: (folder / f"{name}.jinja").read_text(encoding="utf-8") for name in ("llama2", "llama3", "llama3.2", "llama3.0")}
    answer = "{{ ' '  + content.strip() + ' ' + eos_token }}"
    yield "llama2", read["llama2"], replaced(read["llama2"], answer, learn(answer))
    for name in ("llama3", "llama3.2"):
        turn = "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}"
        marked = replaced(
            read[name], turn,
            "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}{%- if message['role'] == 'assistant' %}"
            + learn("{{- message['content'] | trim + '<|eot_id|>' }}").replace("{% ", "{%- ")
            + "{%- else %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endif %}",
        )
        # A call is put together first and printed with its end, which is Llama 3.1's where it has no built-in tools.
        call = "{{- '{\"name\": \"' + tool_call.name + '\", ' }}"
        marked = replaced(marked, call, "{%- set called = '{\"name\": \"' + tool_call.name + '\", ' %}")
        marked = replaced(marked, "{{- '\"parameters\": ' }}", "{#- -#}")
        marked = replaced(marked, "{{- tool_call.arguments | tojson }}", "{#- -#}")
        body = "{{- called + '\"parameters\": ' + (tool_call.arguments | tojson) + '}<|eot_id|>' }}"
        before, after = marked.split('{{- "}" }}')
        marked = before + "{%- generation %}" + body + "{%- endgeneration %}" + after.replace('{{- "<|eot_id|>" }}', "{#- -#}", 1)
        yield name, read[name], marked
    yield "llama3.0", read["llama3.0"], replaced(
        replaced(read["llama3.0"], "message['content'] | trim + '<|eot_id|>' %}", "'' %}"), "{{ content }}",
        "{{ content }}{% if message['role'] == 'assistant' %}" + learn("{{ message['content'] | trim + '<|eot_id|>' }}")
        + "{% else %}{{ message['content'] | trim + '<|eot_id|>' }}{% endif %}",
    )
    # A block tag takes the line end behind it: what is marked is put together before and printed as it was.
    yield "zephyr", ZEPHYR, replaced(
        ZEPHYR, "{{ '<|assistant|>\n'  + message['content'] + eos_token }}",
        "{{ '<|assistant|>\n' }}" + learn("{{ message['content'] + eos_token }}") + "{{ '\n' }}",
    ).replace("{{ '\n' }}\n{% endif %}", "{{ '\n' }}{% endif %}")
    turn = (
        "{{'<|im_start|>' + message['role'] + '\n'}}{% if message['role'] == 'assistant' %}"
        + learn("{{ message['content'] + '<|im_end|>' }}") + "{{ '\n' }}{% else %}{{ message['content'] + '<|im_end|>' + '\n' }}{% endif %}"
    )
    for name, text in (("chatml", CHATML), ("smollm2", SMOLLM2)):
        yield name, text, replaced(text, CHATML_TURN, turn)


def answered(name, chat, prompt, tools, template, marked):
    # Zephyr leaves out the messages of other roles, Llama 2 prints a system message among the turns.
    dropped = any(m["role"] == "tool" for m in chat)
    strange = dropped or any(i > 0 and m["role"] == "system" for i, m in enumerate(chat)) or chat[-1]["role"] == "system"
    calls = any("tool_calls" in m for m in chat)
    if (name == "llama2" and strange) or (name == "zephyr" and dropped) or (calls and name not in ("llama3", "llama3.2")):
        return None
    return render(template, marked, chat, prompt, tools)


def main():
    known = list(templates(pathlib.Path(sys.argv[1])))
    counts = dict.fromkeys([name for name, _, _ in known] + ["alpaca"], 0)
    rows = []
    for number, word in enumerate(words(480)):
        chat, prompt = messages_of(word), number % 3 == 0
        tools = TOOLS[: 1 + number % 2] if number >= 400 and number % 4 else None
        results = {name: answered(name, chat, prompt, tools, *texts) for name, *texts in known}
        results["alpaca"] = None if "tool" in str(chat) else alpaca(word, chat, prompt)
        for name, result in results.items():
            counts[name] += result is not None
        hashes = [r and fnv(r[0] + json.dumps(r[1], separators=(",", ":"))) for r in results.values()]
        rows.append({"chat": word, "prompt": prompt, "tools": len(tools or []), "hashes": hashes})
    print(counts)
    assert min(counts.values()) >= 300
    head = {"texts": TEXTS, "functions": TOOLS, "calls": CALLS, "zephyr_template": ZEPHYR, "templates": list(counts)}
    text = json.dumps(head, ensure_ascii=False)[:-1] + ',\n"rows":[\n'
    text += ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]}\n"
    OUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
