"""Writes tests/data/text/conversations.json: 340 conversations as transformers renders them, and what of it is learned.

Usage: python make_chat_conversations.py LLAMA2_TEMPLATE.jinja   (needs transformers)
Zephyr's template is MIT and stands here; TinyLlama has the same. Meta's is not ours to ship: take it from a model's folder.
A conversation is a word: a letter for each role and the number of a text. What is learned is found with the reference's
{% generation %} tags, as ranges of characters. null: the reference refuses, or drops a message without a word.
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
TEXTS = [
    "Hi", "", " ", "  both ", "\n\nlines\n", "a\nb", "\u00a0wide\u2003", "\x1cseparators\x1f", "\u200bzero", "ünï", "你好", "🙂",
    "<s>[INST] x [/INST]", "</s>", "<<SYS>>\ny\n<</SYS>>", "<|user|>", "it's \"q\"", "{{ x }}", "\\n", "tab\t", "x" * 40, "1+1=2",
]
ROLES = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def generation(template, answer):
    """The template with its answers marked; what prints them is `answer`."""
    assert answer in template
    return template.replace(answer, "{% generation %}" + answer + "{% endgeneration %}")


def render(template, marked, messages, prompt):
    def run(text, mask):
        return render_jinja_template([messages], chat_template=text, add_generation_prompt=prompt, **TOKENS,
                                     return_assistant_tokens_mask=mask)

    try:
        text = run(template, False)[0][0]
    except Exception:  # raise_exception of the template
        return None
    rendered, ranges = run(marked, True)
    assert rendered[0] == text
    return [text, [list(r) for r in ranges[0]]]


def words(count):
    rng = random.Random(7)
    for i in range(count):
        roles = "s" * (rng.random() < 0.4) + "ua" * rng.randint(0, 3) + "u" * rng.randint(0, 1)
        if i % 16 == 0:
            roles = "".join(rng.choice("suat") for _ in range(rng.randint(1, 4)))
        yield "".join(role + str(rng.randrange(len(TEXTS))) for role in roles or "u")


def messages_of(word):
    parts = []
    for char in word:
        if char.isdigit():
            parts[-1][1] += char
        else:
            parts.append([char, ""])
    return [{"role": ROLES[role], "content": TEXTS[int(number)]} for role, number in parts]


llama2 = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
llama2_marked = generation(llama2, "{{ ' '  + content.strip() + ' ' + eos_token }}")
# A block tag takes the line end behind it: what is marked is put together before and printed as it was.
zephyr_marked = ZEPHYR.replace(
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}",
    "{{ '<|assistant|>\n' }}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}{{ '\n' }}",
).replace("{{ '\n' }}\n{% endif %}", "{{ '\n' }}{% endif %}")
rows = []
for number, word in enumerate(words(340)):
    chat = messages_of(word)
    prompt = number % 3 == 0
    # Zephyr leaves out the messages of other roles, Llama 2 prints a system message among the turns.
    strange = any(m["role"] == "tool" or (i > 0 and m["role"] == "system") for i, m in enumerate(chat))
    dropped = any(m["role"] == "tool" for m in chat)
    rows.append({
        "chat": word, "prompt": prompt,
        "llama2": None if strange or not chat[-1:] or chat[-1]["role"] == "system" else render(llama2, llama2_marked, chat, prompt),
        "zephyr": None if dropped else render(ZEPHYR, zephyr_marked, chat, prompt),
    })
print({name: sum(row[name] is not None for row in rows) for name in ("llama2", "zephyr")}, "rendered")
head = {"texts": TEXTS, "zephyr_template": ZEPHYR}
text = json.dumps(head, ensure_ascii=False)[:-1] + ',\n"rows":[\n'
text += ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]}\n"
OUT.write_text(text, encoding="utf-8")
