"""Fills tests/data/text/own_templates.json: what transformers renders of the chat templates in our own wording.

Usage: python make_own_templates.py [TEXTS.json]   (needs transformers)
TEXTS.json holds them by name, as ChatTemplate::jinja() gives them for the tokens <s> and </s>; without it those of the fixture
are rendered again. test_chat_conversations fails where the program's text is another than the fixture's. The conversations are
those of make_chat_conversations.py without tools; "hashes" are FNV-1a of the rendered text, null where the template refuses. No
names of tokens are given: the texts must stand without them.
"""
import json
import pathlib
import sys

from make_chat_conversations import fnv, messages_of, words
from transformers.utils.chat_template_utils import render_jinja_template

OUT = pathlib.Path(__file__).resolve().parents[2] / "data" / "text" / "own_templates.json"


def rendered(text, messages, prompt):
    try:
        return fnv(render_jinja_template([messages], chat_template=text, add_generation_prompt=prompt, date_string="05 Mar 2025")[0][0])
    except Exception:  # raise_exception of the template
        return None


def main():
    if len(sys.argv) > 1:
        texts = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    else:
        texts = json.loads(OUT.read_text(encoding="utf-8"))["texts"]
    rows = []
    for number, word in enumerate(words(480)):
        if "c" in word:
            continue
        messages = messages_of(word)
        rows.append([word, number % 3 == 0, *(rendered(text, messages, number % 3 == 0) for text in texts.values())])
    print({name: sum(row[2 + i] is not None for row in rows) for i, name in enumerate(texts)}, "of", len(rows))
    text = json.dumps({"texts": texts}, ensure_ascii=False)[:-1] + ',\n"rows":[\n'
    OUT.write_text(text + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
