"""PyTorch's schema notation, read into plain data.

For example `sum(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor`. The notation is
that of PyTorch's `native_functions.yaml`, described in the README beside that file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


class SchemaError(ValueError):
    """A schema that does not follow the notation; the message quotes it."""


@dataclass(frozen=True)
class Type:
    """A type such as `int[1]?`: a base, whether it is a list (and of what fixed length), and where None is allowed."""

    base: str
    is_list: bool = False
    list_size: int | None = None
    optional: bool = False
    element_optional: bool = False
    # `Tensor(a!)`: the operation writes to it.
    written: bool = False


@dataclass(frozen=True)
class Argument:
    """A named argument; `default` is the schema's text, or None where a value has to be given."""

    name: str
    type: Type
    default: str | None = None
    keyword_only: bool = False


@dataclass(frozen=True)
class Result:
    """One of the results; only some have names."""

    type: Type
    name: str | None = None


@dataclass(frozen=True)
class Schema:
    """A whole signature: `name.overload(arguments) -> results`."""

    name: str
    overload: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]

    @property
    def is_method(self) -> bool:
        """Whether the first argument is `self`, so that it can be called as a method, too."""
        return bool(self.arguments) and self.arguments[0].name == "self"

    @property
    def is_out(self) -> bool:
        """Whether it is an `out=` form: a keyword argument that it writes to."""
        return any(argument.keyword_only and argument.type.written for argument in self.arguments)


_HEAD = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)(?:\.(?P<overload>\w+))?\s*\(")
_TYPE = re.compile(
    r"(?P<base>[A-Za-z]\w*)"
    r"(?P<alias>\((?P<set>[^)]*)\))?"
    r"(?P<inner>\?(?=\[))?"
    r"(?P<list>\[(?P<size>\d*)\])?"
    r"(?P<alias_after>\([^)]*\))?"
    r"(?P<optional>\?)?$"
)
_ARGUMENT = re.compile(r"(?P<type>.+?)\s+(?P<name>[A-Za-z_]\w*)\s*(?:=\s*(?P<default>.+))?$", re.DOTALL)


def parse(text: str) -> Schema:
    """Reads one schema.

    Raises:
        SchemaError: the text does not follow the notation.
    """
    head = _HEAD.match(text)
    if head is None:
        raise SchemaError(f"no name and opening bracket in {text!r}")
    close = _closing_bracket(text, head.end() - 1)
    arrow = text[close + 1 :].strip()
    if not arrow.startswith("->"):
        raise SchemaError(f"no `->` after the arguments in {text!r}")
    try:
        arguments = _arguments(text[head.end() : close])
        results = _results(arrow[2:].strip())
    except SchemaError as error:
        raise SchemaError(f"{error} in {text!r}") from None
    return Schema(head["name"], head["overload"] or "", arguments, results)


def parse_type(text: str) -> Type:
    """Reads a type such as `Tensor(a!)`, `int[1]?` or `Tensor?[]`."""
    match = _TYPE.match(text.strip())
    if match is None:
        raise SchemaError(f"unreadable type {text!r}")
    size = match["size"]
    return Type(
        base=match["base"],
        is_list=match["list"] is not None,
        list_size=int(size) if size else None,
        optional=match["optional"] is not None,
        element_optional=match["inner"] is not None,
        written="!" in (match["set"] or ""),
    )


def _arguments(text: str) -> tuple[Argument, ...]:
    arguments = []
    keyword_only = False
    for part in _split(text):
        if part == "*":
            keyword_only = True
            continue
        match = _ARGUMENT.match(part)
        if match is None:
            raise SchemaError(f"unreadable argument {part!r}")
        default = match["default"]
        arguments.append(
            Argument(match["name"], parse_type(match["type"]), default.strip() if default else None, keyword_only)
        )
    return tuple(arguments)


def _results(text: str) -> tuple[Result, ...]:
    if not text.startswith("("):
        return (_result(text),)
    if _closing_bracket(text, 0) != len(text) - 1:
        raise SchemaError(f"unreadable results {text!r}")
    return tuple(_result(part) for part in _split(text[1:-1]))


def _result(text: str) -> Result:
    match = re.match(r"(?P<type>\S+(?:\([^)]*\))?\S*?)(?:\s+(?P<name>[A-Za-z_]\w*))?$", text)
    if match is None:
        raise SchemaError(f"unreadable result {text!r}")
    return Result(parse_type(match["type"]), match["name"])


def _closing_bracket(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise SchemaError(f"a bracket is not closed in {text!r}")


def _split(text: str) -> list[str]:
    """Splits at the commas that are in no bracket and no quotation marks."""
    parts, depth, quote, current = [], 0, "", ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    if current.strip():
        parts.append(current.strip())
    return parts
