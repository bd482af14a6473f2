# Just enough understanding of C++ for the rules: text without comments and literals, functions.
import re


def blank_out(text):
    """The text with comments, strings and character literals replaced by blanks, lines kept."""
    out = []
    i = 0
    size = len(text)

    def blank(end):
        nonlocal i
        out.append(re.sub(r"[^\n]", " ", text[i:end]))
        i = end

    while i < size:
        c = text[i]
        if text.startswith("//", i):
            end = text.find("\n", i)
            blank(size if end < 0 else end)
        elif text.startswith("/*", i):
            end = text.find("*/", i + 2)
            blank(size if end < 0 else end + 2)
        elif c == '"' and i > 0 and text[i - 1] == "R":
            delimiter = text[i + 1:text.index("(", i)]
            end = text.find(")" + delimiter + '"', i)
            blank(size if end < 0 else end + len(delimiter) + 2)
        elif c == '"' or (c == "'" and not (i > 0 and text[i - 1].isalnum())):
            end = i + 1
            while end < size and text[end] != c and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            blank(min(end + 1, size))
        else:
            out.append(c)
            i += 1
    return "".join(out)


SCOPE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:export\s+)?"
                   r"(namespace|class|struct|union|enum|extern)\b", re.S)
NAME = re.compile(r"([~\w:]+)\s*\(")


def functions(code):
    """(name, first line, last line) of every function body at namespace or class scope; `code` is
    blanked out. Lines count from 1 and include the signature."""
    found = []
    stack = []  # (kind, name, first line)
    head_start = 0
    line = 1
    head_line = None
    parens = 0
    for at, c in enumerate(code):
        if c == "\n":
            line += 1
            head = code[head_start:at]
            if "#" in head and head.lstrip().startswith("#") and not head.endswith("\\"):
                head_start, head_line = at + 1, None  # a preprocessor line
            continue
        if not c.isspace() and head_line is None:
            head_line = line
        if c == "(":
            parens += 1
        elif c == ")":
            parens -= 1
        if parens > 0 and c != "}" and not (c == "{"):
            continue
        if c == "{":
            head = code[head_start:at]
            inside = stack[-1][0] if stack else "scope"
            if inside == "scope" and parens == 0 and SCOPE.match(head) and not head.rstrip().endswith(")"):
                kind = "scope"
            elif inside == "scope" and parens == 0 and "(" in head and not head.rstrip().endswith("="):
                kind = "function"
            else:
                kind = "block"
            name = NAME.search(head)
            stack.append((kind, name.group(1) if name else "?", head_line or line))
            head_start, head_line = at + 1, None
        elif c == "}":
            if stack:
                kind, name, first = stack.pop()
                if kind == "function":
                    found.append((name, first, line))
            head_start, head_line = at + 1, None
        elif c == ";":
            head_start, head_line = at + 1, None
    return found
