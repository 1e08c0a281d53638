"""Runs one case in a fresh namespace and records everything that it says."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import linecache
import random
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

from harness.helpers import Recorder, masked

#: Warnings given by code that is not the case's own have no line to compare.
_FILENAME = "<case>"
#: Nothing to imitate: NumPy asks PyTorch's array protocol to be brought up to date, and PyTorch warns of itself when it
#: loads its rules for forward mode.
_NOT_OURS = ("__array__ ", "__array_wrap__ ", "`torch.jit.script` is deprecated")


def restore(torch: Any) -> None:
    """Put back what a case may have changed for the whole process.

    A library that lacks one of these names has a case elsewhere that says so; here it only cannot have been changed.
    """
    actions: list[tuple[str, Callable[[], object]]] = [
        ("set_grad_enabled", lambda: torch.set_grad_enabled(True)),
        ("set_default_dtype", lambda: torch.set_default_dtype(torch.float32)),
        ("set_printoptions", lambda: torch.set_printoptions(profile="default")),
        ("set_default_device", lambda: torch.set_default_device(None)),
        ("use_deterministic_algorithms", lambda: torch.use_deterministic_algorithms(False)),
        ("set_num_threads", lambda: torch.set_num_threads(1)),
        ("manual_seed", lambda: torch.manual_seed(0)),
    ]
    for name, action in actions:
        if hasattr(torch, name):
            action()
    if hasattr(torch.autograd, "set_detect_anomaly"):
        torch.autograd.set_detect_anomaly(False)
    if hasattr(torch.backends, "cudnn"):
        torch.backends.cudnn.deterministic = torch.backends.cudnn.benchmark = False
    random.seed(0)
    with contextlib.suppress(ImportError):
        importlib.import_module("numpy").random.seed(0)


def run_source(source: str, first_line: int, *, warn_always: bool = True) -> dict[str, Any]:
    """Run a case and return its record: stdout, result, warnings, error and shown values, each only if there is any.

    Args:
        source: The program, preamble included.
        first_line: How many of its lines are the preamble's; recorded line numbers start after them.
        warn_always: Whether warnings that come once in a process come every time.
    """
    torch = importlib.import_module("torch")
    if hasattr(torch, "set_warn_always"):
        torch.set_warn_always(warn_always)
    restore(torch)
    recorder = Recorder(torch)
    main = types.ModuleType("__main__")
    main.__dict__.update(recorder.namespace())
    linecache.cache[_FILENAME] = (len(source), None, source.splitlines(keepends=True), _FILENAME)
    outer_main = sys.modules["__main__"]
    output = io.StringIO()
    result: str | None = None
    error: list[str] | None = None
    sys.modules["__main__"] = main  # classes that the case defines are found there by pickle
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(output):
            warnings.simplefilter("always" if warn_always else "default")
            try:
                result = _execute(source, main.__dict__)
            except KeyboardInterrupt:
                raise
            except BaseException as problem:
                error = [type(problem).__name__, masked(str(problem))]
    finally:
        sys.modules["__main__"] = outer_main
        restore(torch)
    record: dict[str, Any] = {}
    if output.getvalue():
        record["stdout"] = masked(output.getvalue())
    if result is not None:
        record["result"] = masked(result)
    if error is not None:
        record["error"] = error
    reported = [item for item in caught if not str(item.message).startswith(_NOT_OURS)]
    if reported:
        record["warnings"] = [
            [
                item.category.__name__,
                masked(str(item.message)),
                item.lineno - first_line if item.filename == _FILENAME else None,
            ]
            for item in reported
        ]
    if recorder.shown:
        record["shown"] = recorder.shown
    return record


def _execute(source: str, namespace: dict[str, Any]) -> str | None:
    """Run the program; the text of its trailing expression, if it has one that is not None."""
    tree = ast.parse(source, _FILENAME)
    trailing: ast.Expression | None = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body.pop()
        assert isinstance(last, ast.Expr)
        trailing = ast.Expression(last.value)
    exec(compile(tree, _FILENAME, "exec"), namespace)
    if trailing is None:
        return None
    value = eval(compile(trailing, _FILENAME, "eval"), namespace)
    return None if value is None else repr(value)
