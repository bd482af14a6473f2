#!/usr/bin/env python3
# The style of the project as a test: budgets, layering, documentation. Usage: tidy.py [ROOT [RULE…]]
import concurrent.futures
import fnmatch
import os
import re
import subprocess
import sys
from collections import defaultdict, namedtuple

import cpp
import exceptions
import include_table as table

MAX_FUNCTION_LINES = 70
MAX_HEADER_LINES = 300
MAX_SOURCE_LINES = 600
MAX_FOLDER_SOURCES = 25
MAX_COLUMNS = 100
MIN_TODO_WORDS = 6
CLANG_FORMAT = "clang-format-16"

Violation = namedtuple("Violation", "rule path line message")


class File:
    """A source file: path from the root, text, lines, and C++ without comments and literals."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as opened:
            self.text = opened.read()
        self.lines = self.text.splitlines()
        self._code = None

    @property
    def code(self):
        if self._code is None:
            self._code = cpp.blank_out(self.text)
        return self._code

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        return (self.path.endswith("_test.cc") or "/testing/" in self.path
                or self.path.startswith("tests/"))

    @property
    def includes(self):
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'


def find_files(root):
    """C++ files and protos of the tree, build folders and hidden ones left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "build", "__")))
        for name in sorted(names):
            if name.endswith((".h", ".cc", ".proto")):
                yield os.path.relpath(os.path.join(folder, name), root)


# Each rule takes the root and all files and yields violations.


def file_length(root, files):
    for file in files:
        limit = MAX_HEADER_LINES if file.is_header else MAX_SOURCE_LINES
        if not file.path.endswith(".proto") and len(file.lines) > limit:
            yield Violation("file-length", file.path, limit,
                            f"{len(file.lines)} lines, the budget is {limit}")


def function_length(root, files):
    for file in files:
        if file.path.endswith(".proto"):
            continue
        for name, first, last in cpp.functions(file.code):
            if last - first + 1 > MAX_FUNCTION_LINES:
                yield Violation("function-length", f"{file.path}:{name}", first,
                                f"{last - first + 1} lines, the budget is {MAX_FUNCTION_LINES}")


def folder_size(root, files):
    folders = defaultdict(int)
    for file in files:
        if file.path.endswith(".cc") and not file.path.endswith("_test.cc"):
            folders[os.path.dirname(file.path)] += 1
    for folder, sources in folders.items():
        if sources > MAX_FOLDER_SOURCES:
            yield Violation("folder-size", folder, 0,
                            f"{sources} sources, the budget is {MAX_FOLDER_SOURCES}")


def columns(root, files):
    for file in files:
        for number, line in enumerate(file.lines, 1):
            if len(line) > MAX_COLUMNS:
                yield Violation("columns", file.path, number,
                                f"{len(line)} columns, the budget is {MAX_COLUMNS}")


def include_rules(root, files):
    for file in files:
        if file.path.endswith(".proto"):
            continue
        row = max((folder for folder in table.MAY_INCLUDE if file.path.startswith(folder)),
                  key=len, default=None)
        if row is None:
            yield Violation("include", file.path, 1,
                            "its folder has no row in tests/tidy/include_table.py")
            continue
        for number, header, quoted in file.includes:
            if not quoted or not header.startswith(table.PROJECT_FOLDERS):
                continue
            allowed = header.startswith((row, *table.MAY_INCLUDE[row]))
            if file.is_test and ("/testing/" in header or header.startswith("common/")):
                allowed = True
            if not allowed:
                yield Violation("include", file.path, number,
                                f'{row} may not include "{header}"')


def library_rules(root, files):
    for file in files:
        if file.path.startswith(("tests/", "bench/")) or file.path.endswith(".proto"):
            continue
        for number, header, _ in file.includes:
            for library, (marks, folders) in table.LIBRARIES.items():
                uses = any(header.startswith(m) or header.endswith(m) for m in marks)
                if uses and not file.path.startswith(folders):
                    yield Violation("library", file.path, number,
                                    f"{library} types stay in {', '.join(folders)}")


def configuration_rules(root, files):
    for file in files:
        folder, name = os.path.split(file.path)
        stem = name.rsplit(".", 1)[0]
        if (file.path.startswith(table.READS_CONFIGURATION) or file.is_test or name == "main.cc"
                or stem.startswith("options") or stem.endswith("options")
                or folder in table.COMPOSITION_FOLDERS):
            continue
        for number, header, _ in file.includes:
            if header.startswith(table.CONFIGURATION):
                yield Violation("configuration", file.path, number,
                                "configuration is read in main and options; pass a plain struct")


def documented_classes(root, files):
    for file in files:
        if not file.is_header:
            continue
        for number, line in enumerate(file.lines, 1):
            if not re.match(r"(class|struct)\b([^;]*|.*\{.*)$", line):
                continue  # a forward declaration, or no class at all
            above = number - 2
            while above >= 0 and re.match(r"(template\b|\[\[|alignas|requires\b)", file.lines[above]):
                above -= 1
            if above < 0 or not re.match(r"(//|.*\*/)", file.lines[above]):
                yield Violation("documented", file.path, number,
                                "a public class or struct needs a comment directly above it")


def built(root, files):
    named = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build", "__"))]
        for name in names:
            if name != "CMakeLists.txt" and not name.endswith(".cmake"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as opened:
                text = opened.read()
            for word in re.findall(r"[\w./${}-]+\.cc\b", text):
                word = word.replace("${CMAKE_SOURCE_DIR}/", os.path.join(root, ""))
                word = word.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
                word = re.sub(r"\$\{\w+\}", "*", word)  # a loop over names
                named.append(os.path.normpath(os.path.join(folder, word)))
    exact = set(named)
    patterns = [word for word in named if "*" in word]
    for file in files:
        path = os.path.normpath(os.path.join(root, file.path))
        if not path.endswith(".cc") or path in exact:
            continue
        if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
            yield Violation("built", file.path, 1, "no CMakeLists.txt names it: nothing builds it")


def opening_comment(root, files):
    for file in files:
        if not file.lines or not re.match(r"//\s*\S", file.lines[0]):
            yield Violation("opening-comment", file.path, 1,
                            "the first line must be a comment on what the file is for")


def todo(root, files):
    for file in files:
        for number, line in enumerate(file.lines, 1):
            match = re.search(r"//.*\bTODO\b(.*)", line)
            if not match:
                continue
            words = match.group(1).split()
            for following in file.lines[number:]:
                if not following.lstrip().startswith("//"):
                    break
                words += following.split()[1:]
            if len(words) < MIN_TODO_WORDS:
                yield Violation("todo", file.path, number,
                                "say in a sentence what breaks without it")


def asserting_tests(root, files):
    for file in files:
        if file.path.endswith("_test.cc") and not re.search(r"\b(EXPECT|ASSERT)_\w+\(|\bFAIL\(",
                                                            file.code):
            yield Violation("asserting", file.path, 1, "a test file that cannot fail")


def formatted(root, files):
    paths = [file.path for file in files]
    chunks = [paths[i:i + 20] for i in range(0, len(paths), 20)]

    def check(chunk):
        run = subprocess.run([CLANG_FORMAT, "--dry-run", "--ferror-limit=1", *chunk], cwd=root,
                             capture_output=True, text=True, check=True)
        return set(re.findall(r"^([^:\n]+):(\d+):\d+: (?:warning|error): code should be", run.stderr,
                              re.M))

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(check, chunks):
            for path, line in sorted(found):
                yield Violation("format", path, int(line), "not clang-formatted: run ./dev fmt")


RULES = [file_length, function_length, folder_size, columns, include_rules, library_rules,
         configuration_rules, documented_classes, built, opening_comment, todo, asserting_tests,
         formatted]


def check(root, rules=None, excused=None):
    """All violations of the tree that no exception excuses."""
    excused = exceptions.EXCEPTIONS if excused is None else excused
    files = [File(root, path) for path in find_files(root)]
    violations = []
    used = set()
    for rule in rules or RULES:
        for violation in rule(root, files):
            key = (violation.rule, violation.path)
            if key in excused:
                used.add(key)
            else:
                violations.append(violation)
    for key in set(excused) - used if rules is None else ():
        violations.append(Violation("exceptions", key[1], 0, f"nothing to excuse here ({key[0]})"))
    return violations


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..", "..")
    wanted = [rule for rule in RULES if rule.__name__ in arguments[1:]] or None
    violations = check(os.path.abspath(root), wanted)
    for violation in violations:
        print(f"{violation.path}:{violation.line}: [{violation.rule}] {violation.message}")
    print(f"tidy: {len(violations)} violation{'' if len(violations) == 1 else 's'}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
