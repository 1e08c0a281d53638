"""Runs the blocks of one document in one namespace and records what each says."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import linecache
import random
import re
import warnings
from pathlib import Path
from typing import Any

from document_runner import graph_programs
from document_runner.blocks import Block, blocks_of, mended
from document_runner.standins import define_missing_names, install_modules

_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
_TRIGGERED = re.compile(r"\s*\(Triggered internally at [^()]*\)")
#: The training loop by hand reads its loss as no tensor allows any more; what has to be written today.
_LOSS_BEFORE, _LOSS_TODAY = "loss.data[0]", "loss.item()"


class Notebook:
    """A namespace in which blocks run one after the other."""

    def __init__(self, *, with_tensorflow: bool) -> None:
        """Make the namespace, with the names that the documents take for granted.

        Args:
            with_tensorflow: Whether `import tensorflow` finds Rushlight's graphs.
        """
        self.torch = importlib.import_module("torch")
        numpy = importlib.import_module("numpy")
        self.pyplot: Any = importlib.import_module("matplotlib.pyplot")
        # A module may be given other functions; to the type checker it is an object like any other.
        setattr(self.pyplot, "show", lambda *_, **__: self._show_figures())  # noqa: B010
        setattr(self.pyplot, "pause", lambda _seconds: None)  # noqa: B010
        self.with_tensorflow = with_tensorflow
        self.seen_identities: list[int] = []
        self.titles: list[str] = []
        self.seeded_by_document = False
        install_modules()
        self.namespace: dict[str, Any] = {
            "__name__": "__main__",
            "torch": self.torch,
            "np": numpy,
            "plt": self.pyplot,
            "id": self._identity,
        }
        if with_tensorflow:
            self.namespace["tf"] = importlib.import_module("tensorflow")

    def _identity(self, value: object) -> int:
        self.seen_identities.append(id(value))
        return self.seen_identities[-1]

    def _show_figures(self) -> None:
        """As a notebook shows them: draw all open figures, remember their titles, close them."""
        for number in self.pyplot.get_fignums():
            figure = self.pyplot.figure(number)
            figure.canvas.draw()
            self.titles.extend(axes.get_title() for axes in figure.axes)
        self.pyplot.close("all")

    def seed(self, number: int) -> None:
        """Seed every source of randomness, until the document seeds for itself."""
        if not self.seeded_by_document:
            self.torch.manual_seed(number)
            random.seed(number)
            self.namespace["np"].random.seed(number)

    def run(self, name: str, source: str, caught: list[warnings.WarningMessage]) -> dict[str, Any]:
        """Run a block; `caught` is where warnings arrive."""
        define_missing_names(source, self.namespace)
        self.seeded_by_document |= "manual_seed" in source
        self.seen_identities.clear()
        self.titles.clear()
        caught.clear()
        # `warnings` reads the lines of what it reports.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        output = io.StringIO()
        record: dict[str, Any] = {}
        with contextlib.redirect_stdout(output):
            try:
                value = _execute(source, name, self.namespace)
                if value is not None:
                    record["shown"] = self._masked(repr(value))
            except Exception as error:
                record["error"] = [type(error).__name__, self._masked(str(error))]
        self._show_figures()
        if output.getvalue():
            record["stdout"] = self._masked(output.getvalue())
        if caught:
            record["warnings"] = [
                [
                    item.category.__name__,
                    self._masked(str(item.message)),
                    item.lineno if item.filename == name else None,
                ]
                for item in caught
            ]
        if self.titles:
            record["titles"] = list(self.titles)
        return record

    def _masked(self, text: str) -> str:
        """Text without addresses and identities; of an identity remains whether it is the one before it."""
        text = _ADDRESS.sub("0x…", _TRIGGERED.sub("", text))
        position, previous = 0, None
        for identity in self.seen_identities:
            found = text.find(str(identity), position)
            if found < 0:
                continue
            word = "<the same id>" if identity == previous else "<id>"
            text = text[:found] + word + text[found + len(str(identity)) :]
            position, previous = found + len(word), identity
        return text


def _execute(source: str, name: str, namespace: dict[str, Any]) -> object:
    """Run a block; the value of its trailing expression."""
    tree = ast.parse(source, name)
    trailing: ast.Expression | None = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = tree.body.pop()
        assert isinstance(last, ast.Expr)
        trailing = ast.Expression(last.value)
    exec(compile(tree, name, "exec"), namespace)
    return None if trailing is None else eval(compile(trailing, name, "eval"), namespace)


def run_document(path: Path, *, with_tensorflow: bool) -> list[dict[str, Any]]:
    """Run all blocks of a document and the repaired variants of those that cannot run today."""
    notebook = Notebook(with_tensorflow=with_tensorflow)
    records: list[dict[str, Any]] = []
    repaired: list[tuple[int, Block]] = []
    # One context for the whole document: what is warned of once is warned of once.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for number, block in enumerate(blocks_of(path.read_text(encoding="utf-8")), start=1):
            source = mended(block.source)
            place = {"block": f"{number}", "line": block.line}
            notebook.seed(number)
            if block.is_tensorflow:
                if with_tensorflow:
                    graph_program = graph_programs.instrumented(source)
                    record = notebook.run(f"<block {number}>", graph_program, caught)
                    record["faults"] = graph_programs.faults(record, notebook.namespace)
                    records.append({**place, "tensorflow": True, **record})
                else:
                    records.append({**place, "tensorflow": True})
                continue
            records.append({**place, **notebook.run(f"<block {number}>", source, caught)})
            if _LOSS_BEFORE in source:
                repaired.append((number, Block(block.line, source.replace(_LOSS_BEFORE, _LOSS_TODAY))))
        for number, block in repaired:
            separate = Notebook(with_tensorflow=False)
            separate.seed(number)
            record = separate.run(f"<block {number} repaired>", block.source, caught)
            records.append({"block": f"{number} repaired", "line": block.line, "losses": True, **record})
    return records
