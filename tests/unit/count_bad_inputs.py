#!/usr/bin/env python3
"""Proves the table of docs/bad-input.md: each case has its test, asserts the codes of the page, and there are enough of them.

usage: count_bad_inputs.py PAGE FOLDER_OF_TEST_PROGRAMS   (the page lies in docs/ of the sources)
The page's rows are | case | code | test: function, function |. Of a function with rows of data those count that bear the case's
number, and at least one must; a function without rows is one case. Which codes a case asserts is read in the test's source: in
the statement that makes its row or in the function's body; where a row is put together (a loop, a file of cases), somewhere in
the source. The codes of the page must be there, and a statement may not name one that the page does not.
Exit 1 with what is missing; prints the counts.
"""
import functools
import re
import subprocess
import sys
from pathlib import Path

FEWEST = 280
# The numbers that the page must have: prefix and last number.
NUMBERED = {"IM": 7, "ST": 44, "PT": 38, "GG": 19, "TK": 28, "YC": 24, "DS": 24, "CS": 10, "PQ": 14}
ROW = re.compile(r"^\| ([A-Z]{2})-(\d+)(?: to [A-Z]{2}-(\d+))? \| ([^|]+) \| (\w+): ([\w, ]+) \|$")


@functools.cache
def rows_of(program):
    """{function: [rows of data, or "" for a function without]} of a test program."""
    done = subprocess.run([program, "-datatags"], capture_output=True, text=True, check=True)
    functions = {}
    for line in done.stdout.splitlines():
        _, function, *tag = line.split(" ", 2)
        functions.setdefault(function, []).append(tag[0] if tag else "")
    return functions


class Sources:
    """What the source of a test program says of codes."""

    def __init__(self, root):
        self.root = root
        header = (root / "models/core/error_codes.h").read_text(encoding="utf-8")
        self.codes = dict(re.findall(r'ErrorCode (k\w+)\{"([^"]+)"', header))

    @functools.cache
    def text(self, program):
        source = next((self.root / "tests/unit").rglob(f"{program}.cpp")).read_text(encoding="utf-8")
        cases = [path for name in re.findall(r"\w+\.json", source) for path in (self.root / "tests/data").rglob(name) if "damaged" in name]
        return source, "".join(path.read_text(encoding="utf-8") for path in cases)

    def named(self, text):
        known = set(self.codes.values())
        return known & set(re.findall(r'"([A-Z]+-\d+)"', text)) | {self.codes[name] for name in re.findall(r"codes::(k\w+)", text) if name in self.codes}

    def anywhere(self, program):
        return self.named("".join(self.text(program)))

    def of_function(self, program, function):
        body = re.search(rf"\n    void {function}\(\) (?:const )?\{{.*?\n    \}}\n", self.text(program)[0], re.S)
        return self.named(body[0]) if body else set()

    def of_row(self, program, tag):
        """The codes of the statement that makes the row; empty where the tag is put together otherwise."""
        source = self.text(program)[0]
        code, _, name = tag.partition(" ")
        places = [re.escape(literal(tag)), re.escape(literal(code)) + r",\s+" + re.escape(literal(name))]
        found = next((place for place in (re.search(pattern, source) for pattern in places) if place), None)
        if not found:
            return set()
        lines = source.splitlines()
        first = last = source.count("\n", 0, found.start())
        while not lines[first - 1].rstrip().endswith((";", "{", "}", ":", "Slots")):
            first -= 1
        while not lines[last].rstrip().endswith(";"):
            last += 1
        named = self.named("\n".join(lines[first:last + 1]).replace(literal(tag), ""))
        return named or ({code} if "QByteArray(name).left(" in source else set())  # the code is cut from the tag


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def faults_of_codes(sources, program, function, tags, wanted):
    """The codes that are wanted and asserted, and the ones that a row asserts and the page does not name."""
    if tags == [""]:
        return (sources.of_function(program, function) & wanted or sources.anywhere(program) & wanted), set()
    rows = [sources.of_row(program, tag) for tag in tags]
    asserted = set().union(*rows)
    if not all(rows):
        return sources.anywhere(program) & wanted, asserted - wanted
    return asserted & wanted, asserted - wanted


def main():
    page, folder = Path(sys.argv[1]), Path(sys.argv[2])
    sources = Sources(page.resolve().parent.parent)
    faults, shown, cases = [], set(), set()
    for line in page.read_text(encoding="utf-8").splitlines():
        row = ROW.match(line)
        if not row:
            continue
        prefix, first, last = row[1], int(row[2]), int(row[3] or row[2])
        shown.update((prefix, number) for number in range(first, last + 1))
        case, program = f"{prefix}-{row[2]}", row[5]
        wanted, asserted = set(re.findall(r"\b[A-Z]+-\d+\b", row[4])), set()
        functions = rows_of(folder / program)
        for function in row[6].split(", "):
            if function not in functions:
                faults.append(f"{case}: {program} has no function {function}")
                continue
            has_rows = functions[function] != [""]
            tags = [tag for tag in functions[function] if not has_rows or re.search(rf"\b{prefix}-0*{first}\b", tag)]
            if not tags:
                faults.append(f"{case}: no row of {program} {function} bears its number")
                continue
            cases.update((prefix, program, function, tag) for tag in tags)
            found, others = faults_of_codes(sources, program, function, tags, wanted)
            asserted |= found
            if others:
                faults.append(f"{case}: {program} {function} asserts {sorted(others)}, which the page does not name")
        if wanted != asserted:
            faults.append(f"{case}: {program} does not assert {sorted(wanted - asserted)}")
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
