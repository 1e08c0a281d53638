"""Reads the code blocks of a document: fenced ones of Markdown, and the cells of a notebook printed as text."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass

_FENCE = re.compile(r"^\s*```+\s*(\w*)\s*$")
_CELL = re.compile(r"^In \[\d+\]:\s*$")


@dataclass(frozen=True)
class Block:
    """A block of code and the line of the document on which it begins."""

    line: int
    source: str

    @property
    def is_tensorflow(self) -> bool:
        """Whether the block is a program for TensorFlow: PyTorch cannot give a reference for it."""
        return re.search(r"\btf\.|\btensorflow\b", self.source) is not None


def blocks_of(text: str) -> list[Block]:
    """The blocks of a document, dedented, in order."""
    lines = text.splitlines()
    if any(_CELL.match(line) for line in lines):
        return _cells(lines)
    return _fenced(lines)


def _fenced(lines: list[str]) -> list[Block]:
    """Fenced blocks that hold code: the tagged ones, and of the others those that bind a name.

    Documents print results in fences without a tag, but sometimes code too; results bind nothing.
    """
    found: list[Block] = []
    start: int | None = None
    tag = ""
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if start is None:
            start, tag = number, fence[1]
            continue
        block = Block(start + 1, textwrap.dedent("\n".join(lines[start : number - 1])) + "\n")
        if tag or _binds_a_name(block.source):
            found.append(block)
        start = None
    return found


def _binds_a_name(source: str) -> bool:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return any(isinstance(node, (ast.Assign, ast.Import, ast.ImportFrom)) for node in tree.body)


def _cells(lines: list[str]) -> list[Block]:
    """The cells of a notebook printed as text, where results and prose follow the code without a mark.

    Of the paragraphs after the mark as many belong to the cell as together are Python, less the last ones that are
    results: `tensor(6.)`, `True` and `theta: True` are Python too.
    """
    found: list[Block] = []
    marks = [index for index, line in enumerate(lines) if _CELL.match(line)]
    for mark, following in zip(marks, [*marks[1:], len(lines)], strict=True):
        body = lines[mark + 1 : following]
        ends = [index for index, line in enumerate(body) if not line.strip()] + [len(body)]
        best = 0
        for end in ends:
            if _parses(body[:end]) and not _is_result(body[best:end]):
                best = end
        found.append(Block(mark + 2, "\n".join(body[:best]).rstrip() + "\n"))
    return found


def _parses(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def _is_result(lines: list[str]) -> bool:
    try:
        statements = ast.parse(textwrap.dedent("\n".join(lines))).body
    except SyntaxError:
        return False  # the rest of a body that began in an earlier paragraph
    return all(_is_result_statement(statement) for statement in statements)


def _is_result_statement(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return statement.value is None
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "tensor"
    return isinstance(value, ast.Constant)


def mended(source: str) -> str:
    """A block that is no Python as printed, made Python: a hyphen in a keyword, a class body without indentation."""
    source = source.replace("retain-graph", "retain_graph")
    lines = source.splitlines()
    out: list[str] = []
    inside = False
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if inside and line.strip() and not line.startswith((" ", "def ", "@")):
            inside = False
        out.append(f"    {line}" if inside and line.strip() else line)
        if line.startswith("class ") and following.startswith(("def ", "@")):
            inside = True
    return "\n".join(out) + "\n"
