#!/usr/bin/env python3
"""Proves the table of docs/bad-input.md: each case has its test, and there are enough of them.

usage: count_bad_inputs.py PAGE FOLDER_OF_TEST_PROGRAMS
The page's rows are | case | code | test: function, function |. A function's rows of data count as one case each; where some
bear the case's number, those alone show it. Exit 1 with what is missing; prints the counts.
"""
import functools
import re
import subprocess
import sys
from pathlib import Path

FEWEST = 280
# The numbers that the page must have: prefix and last number.
NUMBERED = {"IM": 7, "ST": 44, "PT": 38, "GG": 19, "TK": 28, "YC": 24, "DS": 24, "CS": 10, "PQ": 14}
ROW = re.compile(r"^\| ([A-Z]{2})-(\d+)(?: to [A-Z]{2}-(\d+))? \| [^|]+ \| (\w+): ([\w, ]+) \|$")


@functools.cache
def rows_of(program):
    """{function: [rows of data, or "" for a function without]} of a test program."""
    done = subprocess.run([program, "-datatags"], capture_output=True, text=True, check=True)
    functions = {}
    for line in done.stdout.splitlines():
        _, function, *tag = line.split(" ", 2)
        functions.setdefault(function, []).append(tag[0] if tag else "")
    return functions


def main():
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    faults, shown, cases = [], set(), set()
    for line in page.read_text(encoding="utf-8").splitlines():
        row = ROW.match(line)
        if not row:
            continue
        prefix, first, last = row[1], int(row[2]), int(row[3] or row[2])
        shown.update((prefix, number) for number in range(first, last + 1))
        functions = rows_of(folder / row[4])
        for function in row[5].split(", "):
            if function not in functions:
                faults.append(f"{line}: {row[4]} has no function {function}")
                continue
            tags = [tag for tag in functions[function] if re.search(rf"\b{prefix}-0*{first}\b", tag)]
            cases.update((prefix, row[4], function, tag) for tag in tags or functions[function])
    for prefix, last in NUMBERED.items():
        faults += [f"{page.name}: no row for {prefix}-{number:02}" for number in range(1, last + 1) if (prefix, number) not in shown]
    distinct = {case[1:] for case in cases}
    for prefix in NUMBERED:
        print(f"{prefix}: {sum(case[0] == prefix for case in cases)} cases")
    print(f"{len(distinct)} cases in all")
    if len(distinct) < FEWEST:
        faults.append(f"{len(distinct)} cases, expected at least {FEWEST}")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
