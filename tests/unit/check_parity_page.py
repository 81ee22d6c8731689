#!/usr/bin/env python3
"""Proves docs/parity.md complete: every script that asks a reference is on the page, and what the page names is there.

usage: check_parity_page.py ROOT   prints what is missing; exit 1 where something is
"""
import re
import sys
from pathlib import Path

ASKING = ("tests/**/make_*.py", "tests/parity/check_*.py", "tests/peers/check_*.sh")
NAMED = re.compile(r"\b((?:make|check|test)_\w+)(\.py|\.sh|\.cpp)?")


def main():
    root = Path(sys.argv[1])
    page = root / "docs/parity.md"
    text = page.read_text(encoding="utf-8")
    faults = [f"{path.relative_to(root)} is not on the page" for pattern in ASKING for path in sorted(root.glob(pattern))
              if path.name not in text]
    files = {path.name for folder in ("tests", "models") for path in (root / folder).rglob("*.*")}
    for name, suffix in sorted(set(NAMED.findall(text))):
        if not any(name + ending in files for ending in ([suffix] if suffix else [".py", ".sh", ".cpp"])):
            faults.append(f"the page names {name}{suffix}, which is not there")
    for path in sorted(set(re.findall(r"\b(?:tests|models)/[\w./]+\w", text))):
        if not (root / path).exists():
            faults.append(f"the page names {path}, which is not there")
    print("\n".join(f"{page.name}: {fault}" for fault in faults), end="\n" if faults else "")
    return 1 if faults else 0


sys.exit(main())
