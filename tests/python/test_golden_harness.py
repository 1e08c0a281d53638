"""The golden harness itself: cutting, recording, comparing, the list of known failures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from harness.cases import DEFAULT_TOLERANCE, Case, Tolerance, cases_of_file
from harness.client import Worker
from harness.compare import differences, unit_in_last_place
from harness.helpers import flatten, masked

_EXACT = [Tolerance("exact", 0.0, "a test")]
_ULP = [DEFAULT_TOLERANCE]


def cut(tmp_path: Path, text: str) -> list[Case]:
    path = tmp_path / "sample.py"
    path.write_text(text, encoding="utf-8")
    return list(cases_of_file(path, "topic"))


def shown(*values: Any) -> dict[str, Any]:
    return {"shown": list(values)}


def tensor(values: list[Any], dtype: str = "torch.float32", **more: Any) -> dict[str, Any]:
    return {
        "tensor": "Tensor",
        "dtype": dtype,
        "shape": [len(values)],
        "strides": [1],
        "requires_grad": False,
        "node": None,
        "values": values,
        **more,
    }


def test_cases_share_the_preamble_and_keep_their_directives(tmp_path: Path) -> None:
    first, second = cut(
        tmp_path,
        "import torch\n# tolerance: 2 ulp, a reason\n\n# case: one\nx = 1\n\n"
        "# case: two words\n# tolerance: 1e-3 relative, another reason\n# frequency: default\ny = 2\n",
    )
    assert first.identity == "topic/sample::one"
    assert first.source == "import torch\nx = 1\n"
    assert first.first_line == 1
    assert first.tolerances == (Tolerance("ulp", 2.0, "a reason"),)
    assert not first.own_process
    assert second.identity == "topic/sample::two words"
    assert second.tolerances == (Tolerance("relative", 1e-3, "another reason"),)
    assert second.own_process
    assert second.default_frequency


def test_lines_make_one_case_per_statement_and_template(tmp_path: Path) -> None:
    cases = cut(
        tmp_path,
        "# template show: show({line})\n# template twice: show({line}, {line})\n# lines\n"
        "f(1)\n# a remark\ng(\n    2,\n)\n# tolerance: 0 exact, this one\nh(3)\n",
    )
    assert [case.identity.partition("::")[2] for case in cases] == [
        "show: f(1)",
        "twice: f(1)",
        "show: g( 2, )",
        "twice: g( 2, )",
        "show: h(3)",
        "twice: h(3)",
    ]
    assert cases[1].source == "show(f(1), f(1))\n"
    assert [case.tolerances[0].kind for case in cases] == ["ulp", "ulp", "ulp", "ulp", "exact", "exact"]


@pytest.mark.parametrize("line", ["# tolerance: 3", "# tolerance: 3 ulp", "# process: other"])
def test_unknown_directives_are_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match="sample"):
        cut(tmp_path, f"{line}\n# case: one\nx = 1\n")


def test_masks() -> None:
    assert masked("<A object at 0x7f12ab>") == "<A object at 0x…>"
    assert masked("text. (Triggered internally at /a/b.cpp:12.)") == "text."
    assert masked('a:\n  File "/x/y.py", line 3, in f\n    code\n  File "<case>", line 1, in <module>\n') == (
        'a:\n  File "<case>", line 1, in <module>\n'
    )
    assert flatten([[1.5, math.nan], [-math.inf, 2]]) == [1.5, "nan", "-inf", 2]


def test_text_is_compared_exactly() -> None:
    assert differences({"stdout": "1.\n"}, {"stdout": "1.\n"}, _ULP) == []
    assert differences({"stdout": "1.\n"}, {"stdout": "1.0\n"}, _ULP)
    assert differences({"error": ["RuntimeError", "a"]}, {"error": ["ValueError", "a"]}, _ULP)
    assert differences({"result": "1"}, {}, _ULP)
    assert differences({}, {"error": ["Crash", "status 1"]}, _ULP)


def test_warnings_are_compared_with_their_lines() -> None:
    user, library = ["UserWarning", "text", 3], ["UserWarning", "text", None]
    assert differences({"warnings": [user]}, {"warnings": [user]}, _ULP) == []
    assert differences({"warnings": [library]}, {"warnings": [user]}, _ULP) == []
    assert differences({"warnings": [user]}, {"warnings": [library]}, _ULP)
    assert differences({"warnings": [user]}, {}, _ULP)
    assert differences({}, {"warnings": [user]}, _ULP)


@pytest.mark.parametrize(
    ("expected", "actual", "tolerances", "agree"),
    [
        (tensor([1.0]), tensor([1.0]), _EXACT, True),
        (tensor([1.0]), tensor([1.0 + 2**-22]), _EXACT, False),
        (tensor([1.0]), tensor([1.0 + 2**-22]), _ULP, True),
        (tensor([1.0]), tensor([1.0 + 2**-20]), _ULP, False),
        (tensor([1.0], "torch.float64"), tensor([1.0 + 2**-22], "torch.float64"), _ULP, False),
        (tensor([0.0]), tensor([-0.0]), _ULP, False),
        (tensor(["nan"]), tensor(["nan"]), _ULP, True),
        (tensor(["nan"]), tensor([1.0]), _ULP, False),
        (tensor(["inf"]), tensor(["-inf"]), _ULP, False),
        (tensor([1], "torch.int64"), tensor([1], "torch.int64"), _ULP, True),
        (tensor([1], "torch.int64"), tensor([2], "torch.int64"), _ULP, False),
        (tensor([True], "torch.bool"), tensor([1], "torch.bool"), _ULP, False),
        (tensor([1.0]), tensor([1.0], "torch.float64"), _ULP, False),
        (tensor([1.0]), tensor([1.0], requires_grad=True), _ULP, False),
        (tensor([1.0]), tensor([1.0], node="AddBackward0"), _ULP, False),
        (tensor([1.0, 1.0]), tensor([1.0, 1.0], strides=[2]), _ULP, False),
        (tensor([1.0]), tensor([1.0], strides=[7]), _ULP, True),
        (tensor([100.0]), tensor([100.05]), [Tolerance("relative", 1e-3, "a test")], True),
        (tensor([0.001]), tensor([0.002]), [Tolerance("absolute", 1e-2, "a test")], True),
        ({"float": 0.5}, {"float": 0.5 + 2**-23}, _ULP, True),
        ({"float": 0.1}, {"float": 0.1 + 2**-23}, _ULP, False),
        ({"lacking": "RuntimeError: none"}, tensor([1.0]), _ULP, True),
        (tensor([1.0]), {"lacking": "RuntimeError: none"}, _ULP, False),
        ({"graph": "A(B) at 0"}, {"graph": "A(C) at 0"}, _ULP, False),
        (True, True, _ULP, True),
        (True, None, _ULP, False),
        ({"sequence": "tuple", "items": [True]}, {"sequence": "list", "items": [True]}, _ULP, False),
        ({"sequence": "tuple", "items": [True]}, {"sequence": "tuple", "items": [False]}, _ULP, False),
    ],
)
def test_shown_values(expected: Any, actual: Any, tolerances: list[Tolerance], agree: bool) -> None:
    assert (differences(shown(expected), shown(actual), tolerances) == []) is agree


def test_the_number_of_shown_values_counts() -> None:
    assert differences(shown(True), shown(True, True), _ULP)


def test_units_in_the_last_place() -> None:
    assert unit_in_last_place(1.0, "torch.float64") == math.ulp(1.0)
    assert unit_in_last_place(-3.5, "torch.float64") == math.ulp(3.5)
    assert unit_in_last_place(1.0, "torch.float32") == 2.0**-23
    assert unit_in_last_place(0.0, "torch.float32") == 2.0**-149
    assert unit_in_last_place(1e-42, "torch.float32") == 2.0**-149
    assert unit_in_last_place(1.5, "torch.bfloat16") == 2.0**-7


def test_a_library_that_cannot_be_imported_is_an_error_of_each_case(tmp_path: Path) -> None:
    (case,) = cut(tmp_path, "# case: one\nx = 1\n")
    with Worker("torch", python="/bin/false") as worker:
        assert worker.run(case)["error"][0] == "Crash"
        assert worker.run(case)["error"][0] == "Crash"
