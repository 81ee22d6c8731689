#!/usr/bin/env python3
"""Checks the project's include arrows, the homes of third parties, and the limits of size and style.

usage: check_includes.py ROOT         prints every finding as FILE:LINE: text; exit 1 where there is one
       check_includes.py --self-test  builds bad trees in a temporary folder; each must be caught

The arrows are read from the table of folders in docs/architecture.md, so that the page cannot go stale.
"""
import re
import sys
import tempfile
import unittest
from pathlib import Path

MAX_LINES = 600
MAX_COLUMNS = 110
SOURCE_FOLDERS = ("app", "models", "widgets", "tests", "packaging")
CPP_SUFFIXES = {".h", ".cpp", ".c"}
TEXT_SUFFIXES = CPP_SUFFIXES | {".py", ".sh", ".cmake"}
UNBOUND_COLUMNS = {".py"}  # generators hold lines of test text
QT_FREE = ("models/core", "models/config", "models/formats", "models/text", "models/llama", "models/download", "models/jobs",
           "models/network")
QT_EXCEPTIONS = ("models/network/qt_", "models/network/network_module.cpp", "models/network/keychain_module.cpp")

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
TABLE_ROW = re.compile(r"^\|\s*`([a-z/]+)/`\s*\|(.*)\|([^|]*)\|\s*$")
TEST_CLASS = re.compile(r"^class \w+ final : public QObject \{")
SECTION = re.compile(r"^(private|public|protected)( Q_SLOTS)?:")
TEST_FUNCTION = re.compile(r"^    void \w+\(\) (const )?\{")
QT_HEADER = re.compile(r"^(Q[A-Z]|Qt[A-Z]?|q[a-z]+\.h)")
TORCH_HEADER = re.compile(r"^(torch|ATen|c10|caffe2)/")
NETWORK_HEADER = re.compile(r"^QtNetwork/|^Q(Network|Ssl|Tcp|Udp|Host|Local(Server|Socket)|Abstract(Socket|Net))\w*$")
CHARTS_HEADER = re.compile(r"^QtCharts/|^Q\w*(Chart|Series|Axis)\w*$")

# Third party: what its include paths look like, where it may be included (a path or the start of one), why.
HOMES = (
    (TORCH_HEADER, re.compile(r"^models/llama/[^/]+/"), "torch belongs into the folders under models/llama/"),
    (re.compile(r"^nlohmann/"), re.compile(r"^models/core/json\.h$"), "JSON has one door: core/json.h"),
    (re.compile(r"^yaml-cpp/"), re.compile(r"^models/config/.*\.cpp$"),
     "yaml-cpp belongs into models/config/*.cpp"),
    (re.compile(r"^spdlog/"), re.compile(r"^app/log_setup\."), "spdlog belongs into app/log_setup"),
    (re.compile(r"^CLI/"), re.compile(r"^app/"), "CLI11 belongs into app/"),
    (re.compile(r"^openssl/"), re.compile(r"^models/core/.*\.cpp$"),
     "OpenSSL belongs into models/core/*.cpp"),
    (re.compile(r"^pcre2\.h$"), re.compile(r"^models/text/.*\.cpp$"), "PCRE2 belongs into models/text/*.cpp"),
    (re.compile(r"^utf8proc\.h$"), re.compile(r"^models/text/.*\.cpp$"), "utf8proc belongs into models/text/*.cpp"),
    (re.compile(r"^z(lib|conf)\.h$"), re.compile(r"^models/formats/.*\.cpp$"),
     "zlib belongs into models/formats/*.cpp"),
    (NETWORK_HEADER, re.compile(r"^models/network/|^app/window/single_instance\."),
     "Qt Network belongs into models/network/; app/window/single_instance talks to the window before it"),
    (re.compile(r"^qt6keychain/"), re.compile(r"^models/network/qt_keychain\."),
     "QtKeychain belongs into models/network/qt_keychain"),
    (CHARTS_HEADER, re.compile(r"^widgets/charts/"), "Qt Charts belongs into widgets/charts/"),
)

FORBIDDEN = (
    (re.compile(r"\bstd::v?format(_to|_to_n)?\b|#\s*include\s*<format>"),
     "std::format: g++ 12 has none, use fmt"),
    (re.compile(r"\bstd::expected\b|#\s*include\s*<expected>"), "std::expected: g++ 12 has none, use Result"),
    (re.compile(r"\b(std::)?(strto(d|f|ld)|sto(d|f|ld)|atof)\s*\("),
     "number parsing that follows the locale; use std::from_chars"),
)


def read_arrows(root):
    """{folder: set of folders it may include, or None for everything} from docs/architecture.md."""
    arrows = {}
    for line in (root / "docs/architecture.md").read_text(encoding="utf-8").splitlines():
        row = TABLE_ROW.match(line)
        if row:
            words = [word.strip() for word in row[3].split(",") if word.strip()]
            arrows[row[1]] = None if words == ["everything"] else set(words)
    return arrows


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.arrows = read_arrows(self.root)
        self.findings = []
        self.reaches_torch_memo = {}

    def run(self):
        if not self.arrows:
            self.report("docs/architecture.md", 1, "no table of folders found")
        for folder in SOURCE_FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                name = path.relative_to(self.root).as_posix()
                if path.is_file() and not name.startswith("tests/data/"):
                    self.check_file(path, name)
        return self.findings

    def report(self, name, line, text):
        self.findings.append(f"{name}:{line}: {text}")

    def check_file(self, path, name):
        if path.suffix not in TEXT_SUFFIXES and path.name != "CMakeLists.txt":
            return
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            self.report(name, len(lines), f"{len(lines)} lines, at most {MAX_LINES}")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_COLUMNS and path.suffix not in UNBOUND_COLUMNS:
                self.report(name, number, f"{len(line)} columns, at most {MAX_COLUMNS}")
            if path.suffix in CPP_SUFFIXES:
                self.check_cpp_line(name, number, line)

        if name.startswith("tests/") and path.suffix == ".cpp":
            self.check_test_functions(name, lines)

    def check_test_functions(self, name, lines):
        """Qt Test calls private slots only: a test function that is none never runs."""
        is_in_class, is_slot = False, False
        for number, line in enumerate(lines, 1):
            section = SECTION.match(line)
            if TEST_CLASS.match(line):
                is_in_class, is_slot = True, False
            elif line == "};":
                is_in_class = False
            elif section:
                is_slot = section[2] is not None
            elif is_in_class and not is_slot and TEST_FUNCTION.match(line):
                self.report(name, number, "a test function outside `private Q_SLOTS:` never runs")

    def check_cpp_line(self, name, number, line):
        for pattern, text in FORBIDDEN:
            if pattern.search(line):
                self.report(name, number, text)
        include = INCLUDE.match(line)
        if include and include[1] == "<":
            self.check_third_party(name, number, include[2])
        elif include:
            self.check_arrow(name, number, include[2])

    def check_third_party(self, name, number, header):
        is_qt_free = name.startswith(tuple(f"{folder}/" for folder in QT_FREE))
        if QT_HEADER.match(header) and is_qt_free and not name.startswith(QT_EXCEPTIONS):
            self.report(name, number, f"<{header}>: no Qt in {folder_of(name)}/")
        for pattern, home, text in HOMES:
            if not pattern.match(header) or home.match(name):
                continue
            if name.startswith("tests/") and not header.startswith("nlohmann/"):
                continue
            self.report(name, number, f"<{header}>: {text}")

    def check_arrow(self, name, number, header):
        target = self.resolve(name, header)
        if target is None:
            if not header.endswith(".moc"):
                self.report(name, number, f'"{header}": no such file in the project')
            return
        if name.startswith("tests/") or name.startswith("packaging/"):
            return
        source_folder, target_folder = folder_of(name), folder_of(target)
        if target_folder == "tests":
            self.report(name, number, f'"{header}": only tests include tests')
        if source_folder != "models/llama" and self.reaches_torch(target):
            self.report(name, number, f'"{header}": includes torch; only models/llama/ may')
        if source_folder == target_folder:
            return
        if source_folder not in self.arrows:
            self.report(name, number, f"{source_folder}/ is not in the table of docs/architecture.md")
            return
        allowed = self.arrows[source_folder]
        if allowed is not None and target_folder.removeprefix("models/") not in allowed:
            may = ", ".join(sorted(allowed))
            self.report(name, number, f'"{header}": {source_folder}/ may include: {may}')

    def resolve(self, name, header):
        """Project-relative path of an include in quotes, looked up as the build does."""
        for base in (Path(name).parent, Path("models"), Path("."), Path("tests")):
            path = base / header
            if (self.root / path).is_file():
                return path.as_posix()
        return None

    def reaches_torch(self, name):
        """Whether a header includes torch, directly or through others."""
        if name not in self.reaches_torch_memo:
            self.reaches_torch_memo[name] = False  # ends cycles
            for line in (self.root / name).read_text(encoding="utf-8").splitlines():
                include = INCLUDE.match(line)
                if not include:
                    continue
                target = self.resolve(name, include[2]) if include[1] == '"' else None
                is_torch = include[1] == "<" and TORCH_HEADER.match(include[2])
                if is_torch or (target and self.reaches_torch(target)):
                    self.reaches_torch_memo[name] = True
                    break
        return self.reaches_torch_memo[name]


def folder_of(name):
    """ "models/text" for models/text/a/b.h, "widgets/charts" for its files, else the first folder."""
    parts = name.split("/")
    deep = parts[0] == "models" or parts[:2] == ["widgets", "charts"]
    return "/".join(parts[:2] if deep and len(parts) > 2 else parts[:1])


class SelfTest(unittest.TestCase):
    TABLE = """| folder | holds | may include |
|---|---|---|
| `app/` | main | everything |
| `models/llama/` | engine | text, core |
| `models/jobs/` | jobs | llama, text, core |
| `models/text/` | words | core |
| `models/core/` | base | std |
"""

    def findings(self, files):
        with tempfile.TemporaryDirectory() as folder:
            tree = {"docs/architecture.md": self.TABLE, "models/core/a.h": "#include <string>\n",
                    "models/text/b.h": '#include "core/a.h"\n',
                    "models/llama/engine.h": '#include "text/b.h"\n',
                    "models/llama/nn/t.h": "#include <ATen/Tensor.h>\n", **files}
            for name, content in tree.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
            return Checker(folder).run()

    def assert_caught(self, name, content, text, line=1):
        found = self.findings({name: content})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{name}:{line}: "), found)
        self.assertIn(text, found[0])

    def test_a_clean_tree_passes(self):
        clean = {"models/jobs/c.cpp": '#include "llama/engine.h"\n#include "jobs/c.h"\n',
                 "models/jobs/c.h": "\n",
                 "models/llama/nn/t.cpp": '#include "llama/nn/t.h"\n#include <torch/version.h>\n',
                 "models/core/json.h": "#include <nlohmann/json.hpp>\n",
                 "app/main.cpp": '#include "jobs/c.h"\n',
                 "tests/unit/test_b.cpp": '#include <QTest>\n#include "text/b.h"\n#include "test_b.moc"\n'}
        self.assertEqual(self.findings(clean), [])

    def test_an_arrow_against_the_table_is_caught(self):
        self.assert_caught("models/core/z.h", '\n#include "text/b.h"\n', "may include: std", line=2)
        self.assert_caught("models/text/z.cpp", '#include "llama/engine.h"\n', "may include: core")

    def test_a_folder_outside_the_table_is_caught(self):
        self.assert_caught("models/extra/z.h", '#include "core/a.h"\n', "not in the table")

    def test_torch_is_caught_outside_its_folders(self):
        self.assert_caught("models/llama/z.h", "#include <ATen/Tensor.h>\n", "torch belongs into")
        self.assert_caught("models/jobs/z.cpp", '#include "llama/nn/t.h"\n', "includes torch")

    def test_torch_behind_another_header_is_caught(self):
        found = self.findings({"models/llama/nn/u.h": '#include "llama/nn/t.h"\n',
                               "models/jobs/z.cpp": '#include "llama/nn/u.h"\n'})
        self.assertEqual(len(found), 1, found)
        self.assertIn("includes torch", found[0])

    def test_qt_in_the_model_layer_is_caught(self):
        for header in ("QString", "QtCore/QString", "qglobal.h"):
            self.assert_caught("models/jobs/z.cpp", f"#include <{header}>\n", "no Qt")
        self.assert_caught("models/network/z.h", "#include <QString>\n", "no Qt")

    def test_third_parties_away_from_home_are_caught(self):
        for header in ("nlohmann/json.hpp", "yaml-cpp/yaml.h", "spdlog/spdlog.h", "CLI/CLI.hpp",
                       "openssl/evp.h", "pcre2.h", "utf8proc.h", "zlib.h"):
            self.assert_caught("models/jobs/z.cpp", f"#include <{header}>\n", "")
        self.assert_caught("widgets/z.cpp", "#include <QtCharts/QChart>\n", "Qt Charts")
        for header in ("QNetworkReply", "QTcpSocket", "QLocalServer", "QtNetwork/QHostInfo"):
            self.assert_caught("widgets/z.cpp", f"#include <{header}>\n", "Qt Network")
        self.assert_caught("tests/unit/z.cpp", "#include <nlohmann/json.hpp>\n", "one door")

    def test_an_include_that_resolves_nowhere_is_caught(self):
        self.assert_caught("models/core/z.cpp", '#include "core/gone.h"\n', "no such file")

    def test_a_test_header_in_the_program_is_caught(self):
        found = self.findings({"tests/support/s.h": "\n", "app/z.cpp": '#include "support/s.h"\n'})
        self.assertEqual(len(found), 1, found)

    def test_size_limits_are_caught(self):
        self.assert_caught("models/core/z.cpp", "\n" * (MAX_LINES + 1), "601 lines", line=601)
        self.assert_caught("models/core/z.cpp", "/" * (MAX_COLUMNS + 1) + "\n", "111 columns")

    def test_columns_are_characters_not_bytes(self):
        self.assertEqual(self.findings({"models/core/z.cpp": "é" * MAX_COLUMNS + "\n"}), [])

    def test_forbidden_names_are_caught(self):
        for text in ('auto s = std::format("x");', "#include <format>", "std::expected<int, int> e;",
                     "double d = std::stod(s);", "double d = strtod(s, nullptr);"):
            self.assert_caught("models/core/z.cpp", text + "\n", "")

    def test_a_test_function_that_never_runs_is_caught(self):
        text = "class T final : public QObject {\nprivate Q_SLOTS:\n    void a() {}\n\nprivate:\n    void b() {\n    }\n};\n"
        self.assert_caught("tests/unit/t.cpp", text, "never runs", line=6)

    def test_a_missing_table_is_caught(self):
        found = self.findings({"docs/architecture.md": "nothing\n"})
        self.assertTrue(any("no table of folders" in text for text in found), found)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        unittest.main(argv=sys.argv[:1])
    findings = Checker(sys.argv[1]).run()
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
