#!/usr/bin/env python3
"""Makes tests/data/formats/module_patterns.json: what Python's re.fullmatch says of expressions and names.

Usage: make_module_patterns.py tests/data/formats
Each case is an expression with the places of the names that it matches, of those from "first" on, or "error" where Python refuses it, or
"beyond" where it is Python's alone: to be refused here, not guessed.
"""
import json
import pathlib
import random
import re
import sys
import warnings

MODULES = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
           "mlp.down_proj"]
NAMES = [f"model.layers.{layer}.{module}" for layer in (0, 1, 10, 31) for module in MODULES]
SHORT = len(NAMES)
NAMES += ["a", "b", "ab", "ba", "aab", "abab", "a.b", "a1", "1", "lm_head", "q_proj", "a_b", "a b", "a-b", "{", "a{1", "]",
          "aaa", "aaaaaa", "b.a.b"]
BY_HAND = [
    r"(.*\.)?(q_proj)$", r"(.*\.)?(model.layers.1.mlp.down_proj)$", r"(.*\.)?(layers\.\d\..*)$", r"(.*\.)?(^a)$",
    r"(.*\.)?(a|b)$", r".*\.(q|v)_proj", r".*(?:q|k)_proj", r".*layers\.(?:[0-9]|1[0-9])\..*", r".*layers\.[02-9]+\..*",
    r"(?!.*mlp).*_proj", r"(?=.*mlp).*down.*", r"(?!(?=a)b)a.*", r"model\.layers\.(?P<layer>\d{2})\.mlp\..*", r"a{2}b", r"a{,3}",
    r"a{2,}", r"a{2,3}", r"a{,}", r"a{", r"a{1", r"{", r"\{", r"[]]", r"[^]]", r"[a-b.]*", r"[a\-b]+", r"[-a]*b", r"[a-]+b",
    r"\w+", r"\W", r"\w+\s\w+", r"\S*", r"\Bq_proj", r"\bq_proj\b", r".*\bq_proj\b", r".*\Bproj", r"\Aa\Z", r"^a$", r"a^b", r"a$b",
    r"a*?b", r"a+?b", r"a??b", r"(a|b)*", r"(ab)+", r"((a)|(b))+", r"()*a", r"(a*)*b", r"(a|)*b", r"|a", r"a|", r"", r"[\d]{1,}",
    r"[\w.]+_proj", r".*(?:k_proj|v_proj|q_proj)", r"(?:(?:a))", r"(?:.*?(?:language|text).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)"
    r"\.(?:(?:q_proj|up_proj)))", r"a(?=.b)..", r"a(?!b).*", r"[^\d]*", r"[^a-z]", r"\.", r"a\.b", r"a.b", r"(a){2}", r"(?:a{1,2}){2}",
    r"(?:a|b){0}", "a\\-b", r"(?:)(?:)", r"(?=a)*a", r"a{0,0}b"]
ERRORS = [r"(", r")", r"a)", r"(a", r"[a", r"[", r"*a", r"+", r"?", r"a**", r"a{2}{3}", r"a+*", r"|*", r"(*)", r"a{3,2}", "a\\",
          r"[b-a]", r"[\d-a]", r"^*", r"\b+", r"{2}", r"(?P<>a)", r"a???"]
BEYOND = [r"(a)\1", r"(?i)A", r"(?<=a)b", r"(?<!a)b", r"(?>a)b", r"a++b", r"a*+", r"a{2}+", r"(?#no)a", r"(?P<x>a)(?P=x)", r"\x61",
          r"(?i:A)", r"ä", r"(a)(?(1)b)", r"(?:a{1000}){1000}", r"\u0061"]


def random_expression(random_, depth=0):
    def piece():
        kind = random_.randrange(12 if depth < 3 else 6)
        if kind < 4:
            return random_.choice("aab.1")
        if kind == 4:
            return random_.choice([r"\.", r"\d", r"\w", r"\W", "[ab]", "[^a]", "[a-b1]"])
        if kind == 5:
            return random_.choice(["^", "$", r"\b", r"\B", "a"])
        inner = random_expression(random_, depth + 1)
        return random_.choice(["(", "(?:", "(?=", "(?!", "(", "(?:"]) + inner + ")"

    def repeated():
        part = piece()
        if part in ("^", "$", r"\b", r"\B") or random_.random() < 0.6:
            return part
        return part + random_.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "*?", "+?", "??", "{1,}?"])

    branches = ["".join(repeated() for _ in range(random_.randrange(4))) for _ in range(random_.choice([1, 1, 1, 2, 3]))]
    return "|".join(branches)


def main():
    warnings.simplefilter("ignore")
    random_ = random.Random(4)
    expressions = BY_HAND + [random_expression(random_) for _ in range(600)]
    cases = []
    for expression in dict.fromkeys(expressions):
        compiled = re.compile(expression)
        first = 0 if expression in BY_HAND else SHORT  # Python takes for ever over some random ones and long names
        cases.append(dict(expression=expression, first=first,
                          matches=[i for i in range(first, len(NAMES)) if compiled.fullmatch(NAMES[i])]))
    for expression in ERRORS:
        try:
            re.compile(expression)
            raise SystemExit(f"Python takes {expression}")
        except re.error:
            cases.append(dict(expression=expression, error=True))
    cases += [dict(expression=expression, beyond=True) for expression in BEYOND]
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    target = pathlib.Path(sys.argv[1]) / "module_patterns.json"
    target.write_text('{"names":' + json.dumps(NAMES) + ',"cases":[\n' + text + "]}\n")
    print(len(cases), "cases", target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
