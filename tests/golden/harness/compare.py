"""Compares the record of a case with the reference."""

from __future__ import annotations

import difflib
import gzip
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.cases import Tolerance

DATA = Path(__file__).resolve().parents[1] / "data"
NOT_YET = Path(__file__).resolve().parents[1] / "not_yet.txt"

# Stored bits of the significand, and the exponent of the smallest normal number.
_FORMATS = {
    "torch.float64": (52, -1022),
    "torch.float32": (23, -126),
    "torch.float16": (10, -14),
    "torch.bfloat16": (7, -126),
}


def load(topic: str) -> dict[str, Any]:
    """The reference of a topic: records by case, and what made them."""
    with gzip.open(DATA / f"{topic}.json.gz", "rt", encoding="utf-8") as file:
        loaded: dict[str, Any] = json.load(file)
    return loaded


def not_yet() -> dict[str, str]:
    """The cases that are known to fail, each with its reason."""
    listed: dict[str, str] = {}
    if not NOT_YET.exists():
        return listed
    for number, line in enumerate(NOT_YET.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        identity, separator, reason = line.partition(" -- ")
        if not separator or not reason.strip():
            raise ValueError(f"{NOT_YET}:{number}: a line is 'CASE -- REASON'")
        if identity in listed:
            raise ValueError(f"{NOT_YET}:{number}: {identity} is listed twice")
        listed[identity] = reason.strip()
    return listed


def differences(expected: dict[str, Any], actual: dict[str, Any], tolerances: Sequence[Tolerance]) -> list[str]:
    """What a record has otherwise than the reference, in words; empty if it agrees."""
    found: list[str] = []
    for part in ("error", "stdout", "result"):
        if expected.get(part) != actual.get(part):
            found.append(f"{part} differs:\n{_text_difference(expected.get(part), actual.get(part))}")
    found.extend(_compare_warnings(expected.get("warnings", []), actual.get("warnings", [])))
    wanted, given = expected.get("shown", []), actual.get("shown", [])
    if len(wanted) != len(given):
        found.append(f"{len(wanted)} values should be shown, not {len(given)}")
    for index, (want, have) in enumerate(zip(wanted, given, strict=False)):
        found.extend(f"shown value {index}: {text}" for text in _compare_values(want, have, tolerances))
    return found


def _text_difference(expected: Any, actual: Any) -> str:
    if isinstance(expected, str) and isinstance(actual, str) and "\n" in expected:
        lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="", n=1)
        return "\n".join(f"    {line}" for line in lines) or "    (only the ends of lines differ)"
    return f"    expected {expected!r}\n    actual   {actual!r}"


def _compare_warnings(expected: list[Any], actual: list[Any]) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"warnings differ:\n{_text_difference(expected, actual)}"
        return
    for want, have in zip(expected, actual, strict=True):
        # Where PyTorch warns from within its own Python files there is no line of the user's to agree with.
        if want[:2] != have[:2] or (want[2] is not None and want[2] != have[2]):
            yield f"warning differs:\n{_text_difference(want, have)}"


def _compare_values(expected: Any, actual: Any, tolerances: Sequence[Tolerance]) -> Iterator[str]:
    if isinstance(expected, dict) and "lacking" in expected:
        return  # PyTorch has no such derivative: we may have it
    if not isinstance(expected, dict) or not isinstance(actual, dict) or expected.keys() != actual.keys():
        if expected != actual:
            yield f"expected {expected!r}, got {actual!r}"
    elif "sequence" in expected or "mapping" in expected:
        kind = "sequence" if "sequence" in expected else "mapping"
        if expected[kind] != actual[kind] or len(expected["items"]) != len(actual["items"]):
            yield f"expected {expected!r}, got {actual!r}"
            return
        for index, (want, have) in enumerate(zip(expected["items"], actual["items"], strict=True)):
            for text in _compare_items(kind, want, have, tolerances):
                yield f"[{index}] {text}"
    elif "tensor" in expected:
        yield from _compare_tensors(expected, actual, tolerances)
    elif "numpy" in expected:
        if expected["numpy"] != actual["numpy"] or expected["shape"] != actual["shape"]:
            yield f"expected {expected!r}, got {actual!r}"
        else:
            yield from _compare_numbers(expected["values"], actual["values"], f"torch.{expected['numpy']}", tolerances)
    elif "float" in expected:
        # A number that came out of a float32 tensor is as exact as that.
        single = _is_single(expected["float"]) and _is_single(actual["float"])
        dtype = "torch.float32" if single else "torch.float64"
        yield from _compare_numbers([expected["float"]], [actual["float"]], dtype, tolerances)
    elif expected != actual:
        yield f"expected {expected!r}, got {actual!r}"


def _compare_items(kind: str, want: Any, have: Any, tolerances: Sequence[Tolerance]) -> Iterator[str]:
    if kind == "sequence":
        yield from _compare_values(want, have, tolerances)
    else:
        yield from _compare_values(want[0], have[0], tolerances)
        yield from _compare_values(want[1], have[1], tolerances)


def _compare_tensors(expected: Any, actual: Any, tolerances: Sequence[Tolerance]) -> Iterator[str]:
    for part in ("tensor", "dtype", "shape", "requires_grad", "node"):
        if expected[part] != actual[part]:
            yield f"{part}: expected {expected[part]!r}, got {actual[part]!r}"
    if expected["shape"] != actual["shape"] or expected["dtype"] != actual["dtype"]:
        return
    if "strides" in expected and math.prod(expected["shape"]) != 0:
        # The stride of a dimension of one element means nothing.
        pairs = zip(expected["shape"], expected["strides"], actual["strides"], strict=True)
        if any(size > 1 and want != have for size, want, have in pairs):
            yield f"strides: expected {expected['strides']}, got {actual['strides']}"
    yield from _compare_numbers(expected["values"], actual["values"], expected["dtype"], tolerances)


def _compare_numbers(
    expected: list[Any], actual: list[Any], dtype: str, tolerances: Sequence[Tolerance]
) -> Iterator[str]:
    if len(expected) != len(actual):
        yield f"{len(expected)} numbers expected, got {len(actual)}"
        return
    bad = [
        (index, want, have)
        for index, (want, have) in enumerate(zip(expected, actual, strict=True))
        if not _agree(want, have, dtype, tolerances)
    ]
    if bad:
        index, want, have = bad[0]
        yield f"{len(bad)} of {len(expected)} numbers differ; at {index}: expected {want!r}, got {have!r}"


def _agree(want: Any, have: Any, dtype: str, tolerances: Sequence[Tolerance]) -> bool:
    if want == have and type(want) is type(have):
        # A zero's sign is part of the value.
        return not isinstance(want, float) or math.copysign(1.0, want) == math.copysign(1.0, have)
    if not isinstance(want, float) or not isinstance(have, float):
        return False  # integers, booleans, nan and inf are exact
    distance = abs(want - have)
    for tolerance in tolerances:
        limit = {
            "ulp": tolerance.amount * unit_in_last_place(want, dtype),
            "relative": tolerance.amount * abs(want),
            "absolute": tolerance.amount,
            "exact": 0.0,
        }[tolerance.kind]
        if distance <= limit and tolerance.kind != "exact":
            return True
    return False


def unit_in_last_place(value: float, dtype: str) -> float:
    """The distance from a number to the next one in its format."""
    bits, smallest = _FORMATS.get(dtype, _FORMATS["torch.float64"])
    exponent = math.frexp(value)[1] - 1 if value else smallest
    return math.ldexp(1.0, max(exponent, smallest) - bits)


def _is_single(value: Any) -> bool:
    if not isinstance(value, float):
        return True
    import struct

    try:
        unpacked: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return False
    return unpacked == value
