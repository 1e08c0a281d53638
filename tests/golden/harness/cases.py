"""Cuts golden programs into cases.

A program is a Python file under ``programs/<topic>/``. What stands before its first case is its preamble and runs
before each of them, in a namespace of their own. Cases come in two forms:

``# case: NAME``
    What follows, up to the next mark, is the case. The value of a trailing expression is shown, as a notebook does.

``# lines``
    Each statement that follows is a case of its own, named by its own text. If the preamble has lines of the form
    ``# template NAME: CODE``, then each statement makes one case per template, in which CODE runs with ``{line}``
    replaced by the statement.

Directives stand in a preamble (for the whole file), in a case (for that case), or directly above a statement of
``# lines`` (for it alone):

``# tolerance: NUMBER ulp|relative|absolute|exact, REASON``
    How far shown floating-point values may be from PyTorch's. May be given more than once; a value has to meet one.
``# process: own``
    The case runs in an interpreter of its own, because it depends on nothing having run before.
``# frequency: default``
    Warnings that PyTorch gives once in a process are given once (elsewhere each is given every time, so that the
    order of cases does not matter). Implies a process of its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"

_DIRECTIVE = re.compile(r"#\s*(case|lines|template|tolerance|process|frequency)\b(?:\s+(\w+))?\s*:?\s*(.*)$")
_TOLERANCE = re.compile(r"(?P<number>[0-9.eE+-]+)\s+(?P<kind>ulp|relative|absolute|exact),\s*(?P<reason>\S.*)$")


@dataclass(frozen=True)
class Tolerance:
    """How far a value may be from the reference, and why."""

    kind: str
    amount: float
    reason: str


#: Floating-point kernels are promised to a few units in the last place, not to the bit (DESIGN 1).
DEFAULT_TOLERANCE = Tolerance("ulp", 4.0, "floating-point kernels are promised to a few ulp")


@dataclass
class Directives:
    """What the comments of a preamble or of a case ask for."""

    tolerances: list[Tolerance] = field(default_factory=list)
    own_process: bool = False
    default_frequency: bool = False

    def read(self, kind: str, text: str, where: str) -> None:
        """Take in one directive line."""
        if kind == "tolerance":
            match = _TOLERANCE.match(text)
            if match is None:
                raise ValueError(f"{where}: a tolerance is 'NUMBER ulp|relative|absolute|exact, REASON', not {text!r}")
            self.tolerances.append(Tolerance(match["kind"], float(match["number"]), match["reason"]))
        elif kind == "process" and text == "own":
            self.own_process = True
        elif kind == "frequency" and text == "default":
            self.own_process = self.default_frequency = True
        else:
            raise ValueError(f"{where}: unknown directive {kind}: {text!r}")

    def over(self, outer: Directives) -> Directives:
        """These directives where they say something, the outer ones elsewhere."""
        return Directives(
            self.tolerances or outer.tolerances,
            self.own_process or outer.own_process,
            self.default_frequency or outer.default_frequency,
        )


@dataclass(frozen=True)
class Case:
    """One program to run: the preamble's lines, then its own."""

    topic: str
    identity: str
    source: str
    first_line: int  # how many lines of `source` come before the case's own
    tolerances: tuple[Tolerance, ...]
    own_process: bool
    default_frequency: bool


def topics() -> list[str]:
    """The names of all topics."""
    return sorted(path.name for path in PROGRAMS.iterdir() if path.is_dir() and any(path.glob("*.py")))


def cases_of_topic(topic: str) -> list[Case]:
    """All cases of a topic, in the order of its files."""
    found: list[Case] = []
    for path in sorted((PROGRAMS / topic).glob("*.py")):
        found.extend(cases_of_file(path, topic))
    seen: set[str] = set()
    for case in found:
        if case.identity in seen:
            raise ValueError(f"two cases are named {case.identity}")
        seen.add(case.identity)
    return found


def cases_of_file(path: Path, topic: str) -> Iterator[Case]:
    """The cases of one program file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    outer = Directives()
    templates: list[tuple[str, str]] = []
    preamble: list[str] = []
    sections: list[tuple[str, str, int, list[str]]] = []  # kind, name, line number, body
    for number, line in enumerate(lines, start=1):
        mark = _DIRECTIVE.match(line) if line.startswith("#") else None
        kind = mark[1] if mark else ""
        if mark and kind == "case":
            sections.append(("case", line.split(":", 1)[1].strip(), number, []))
        elif mark and kind == "lines":
            sections.append(("lines", "", number, []))
        elif mark and not sections:
            if kind == "template":
                templates.append((mark[2], mark[3]))
            else:
                outer.read(kind, mark[3], f"{path}:{number}")
        elif sections:
            sections[-1][3].append(line)
        else:
            preamble.append(line)
    while preamble and not preamble[-1].strip():
        preamble.pop()

    def make(name: str, body: list[str], directives: Directives) -> Case:
        own = directives.over(outer)
        return Case(
            topic=topic,
            identity=f"{topic}/{path.stem}::{name}",
            source="\n".join([*preamble, *body]) + "\n",
            first_line=len(preamble),
            tolerances=tuple(own.tolerances or [DEFAULT_TOLERANCE]),
            own_process=own.own_process,
            default_frequency=own.default_frequency,
        )

    for kind, name, number, body in sections:
        if kind == "case":
            directives, program = _split_directives(body, f"{path}:{number}")
            yield make(name, program, directives)
            continue
        for statement, directives in _statements(body, f"{path}:{number}"):
            label = " ".join(statement.split())
            if not templates:
                yield make(label, statement.splitlines(), directives)
            for template, code in templates:
                yield make(f"{template}: {label}", code.replace("{line}", statement).splitlines(), directives)


def _split_directives(body: list[str], where: str) -> tuple[Directives, list[str]]:
    """The directives of a case, and its lines without them."""
    directives, program = Directives(), []
    for line in body:
        mark = _DIRECTIVE.match(line) if line.startswith("#") else None
        if mark:
            directives.read(mark[1], mark[3], where)
        else:
            program.append(line)
    while program and not program[-1].strip():
        program.pop()
    while program and not program[0].strip():
        program.pop(0)
    return directives, program


def _statements(body: list[str], where: str) -> Iterator[tuple[str, Directives]]:
    """Each statement of a ``# lines`` section with the directives right above it."""
    previous_end = 0
    for node in ast.parse("\n".join(body)).body:
        end = node.end_lineno or node.lineno
        directives, _ = _split_directives(body[previous_end : node.lineno - 1], where)
        yield "\n".join(body[node.lineno - 1 : end]), directives
        previous_end = end
