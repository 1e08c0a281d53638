"""Every golden case gives what PyTorch gave (tests/golden says how the reference is made and compared)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.cases import Case, cases_of_topic, topics
from harness.client import Worker
from harness.compare import differences, load, not_yet

_TOPICS = topics()
_CASES = [case for topic in _TOPICS for case in cases_of_topic(topic)]
_NOT_YET = not_yet()
_REFERENCE = {topic: load(topic)["cases"] for topic in _TOPICS}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """One process for all cases (a case that crashes it is charged with that, and a new one is started)."""
    with Worker("rushlight") as running:
        yield running


def test_every_case_has_a_reference() -> None:
    """The programs and the data belong together: run `cargo xtask golden` after changing a program."""
    for topic in _TOPICS:
        assert {case.identity for case in _CASES if case.topic == topic} == set(_REFERENCE[topic])


def test_every_listed_case_exists() -> None:
    """What not_yet.txt names is a case."""
    assert set(_NOT_YET) <= {case.identity for case in _CASES}


def test_there_are_enough_cases() -> None:
    """The issue asks for four hundred."""
    assert len(_CASES) >= 400


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.identity,
            # Strict: a case that is listed and passes has to be taken off the list.
            marks=[pytest.mark.xfail(strict=True, reason=_NOT_YET[case.identity])] if case.identity in _NOT_YET else [],
        )
        for case in _CASES
    ],
)
def test_golden(case: Case, worker: Worker) -> None:
    """The case prints, shows, warns and raises what it did under PyTorch."""
    found = differences(_REFERENCE[case.topic][case.identity], worker.run(case), case.tolerances)
    assert not found, "\n".join([case.source, *found])
