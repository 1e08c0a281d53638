"""Rushlight and PyTorch in the same run, in pairs taken in turn; medians and ratios.

Called by `cargo xtask bench`. Without `--torch` it gives Rushlight's figures alone. The machine's noise comes in
waves, so neither library is measured as a block: each pair is a sample of one and then of the other, in alternating
order, and the ratio is the median of the pairs' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compile_time import seconds_per_operation
from rows import ROWS

HERE = Path(__file__).parent
# A sample is long enough that the clock and a call of the loop do not matter, and short against the waves of noise.
SAMPLE_SECONDS = 0.02


class BenchError(RuntimeError):
    """A worker that failed; the message has what it said."""


class Worker:
    """A library in a process of its own."""

    def __init__(self, python: str, module: str, threads: int) -> None:
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            "RAYON_NUM_THREADS": str(threads),
        }
        self.module = module
        self.process = subprocess.Popen(
            [python, str(HERE / "worker.py"), module, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, **request: Any) -> Any:
        """Sends a request and gives the answer's value."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise BenchError(f"{self.module}: the worker ended; its error stands above") from None
        line = self.process.stdout.readline()
        if not line:
            raise BenchError(f"{self.module}: the worker ended; its error stands above")
        reply = json.loads(line)
        if "error" in reply:
            raise BenchError(f"{self.module}: {reply['error']} in {request}")
        return reply["value"]

    def close(self) -> None:
        """Ends the process by ending its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


@dataclass
class Result:
    """A line of the table; `unit` scales the values for printing."""

    row: str
    unit: str
    rushlight: float | None
    torch: float | None
    ratio: float | None
    pairs: int
    note: str = ""

    def line(self) -> str:
        """The line as text: what a ratio means stands in the heading."""

        def cell(value: float | None) -> str:
            return "—" if value is None else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"

        ratio = "—" if self.ratio is None else f"{self.ratio:.2f}"
        return (
            f"{self.row:<34} {self.unit:>5} {cell(self.rushlight):>11} {cell(self.torch):>11} {ratio:>8}"
            f" {self.pairs:>6}  {self.note}"
        ).rstrip()


HEADING = f"{'row':<34} {'unit':>5} {'Rushlight':>11} {'PyTorch':>11} {'ratio':>8} {'pairs':>6}"


def paired(first: Any, second: Any, pairs: int) -> tuple[list[float], list[float]]:
    """Samples of two functions in turn, each first in every other pair; `second` may be None."""
    firsts: list[float] = []
    seconds: list[float] = []
    for index in range(pairs):
        if second is not None and index % 2:
            seconds.append(second())
        firsts.append(first())
        if second is not None and not index % 2:
            seconds.append(second())
    return firsts, seconds


def summed(row: str, unit: str, scale: float, firsts: list[float], seconds: list[float], note: str = "") -> Result:
    """Medians of both, and the median of the pairs' ratios."""
    ratio = statistics.median(b / a for a, b in zip(firsts, seconds, strict=True)) if seconds else None
    torch = statistics.median(seconds) * scale if seconds else None
    return Result(row, unit, statistics.median(firsts) * scale, torch, ratio, len(firsts), note)


def timed_row(row: str, ours: Worker, theirs: Worker | None, pairs: int) -> Result:
    """A row of `rows.py`."""
    workers = [ours] if theirs is None else [ours, theirs]
    counts = [worker.ask(kind="prepare", row=row, seconds=SAMPLE_SECONDS) for worker in workers]
    samplers = [
        lambda worker=worker, count=count: worker.ask(kind="sample", row=row, count=count)
        for worker, count in zip(workers, counts, strict=True)
    ]
    firsts, seconds = paired(samplers[0], samplers[1] if theirs else None, pairs)
    return summed(row, "µs", 1e6, firsts, seconds)


def import_seconds(python: str, module: str) -> float:
    """Time of `import module` in a fresh process, without the interpreter's own start."""
    code = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    output = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True)
    return float(output.stdout)


def resident_megabytes(python: str, module: str) -> float:
    """Resident memory after the import, in a fresh process: its highest so far."""
    code = f"import {module}, resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    output = subprocess.run([python, "-P", "-c", code], capture_output=True, text=True, check=True)
    # Linux counts kibibytes, macOS bytes.
    return int(output.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e6


def import_rows(torch: str | None, pairs: int) -> list[Result]:
    """Import time and resident memory."""
    results = []
    cases = (("import", "ms", 1e3, import_seconds), ("resident after import", "MB", 1.0, resident_megabytes))
    for row, unit, scale, measure in cases:
        # The first import reads the files from the disk.
        measure(sys.executable, "rushlight")
        second = None
        if torch is not None:
            measure(torch, "torch")

            def second(measure: Any = measure) -> float:
                return float(measure(torch, "torch"))

        def first(measure: Any = measure) -> float:
            return float(measure(sys.executable, "rushlight"))

        # PyTorch's import takes seconds, and memory does not vary.
        count = pairs if unit == "ms" else 3
        results.append(summed(row, unit, scale, *paired(first, second, count)))
    return results


def own_rows(ours: Worker, wheel: Path, only: str) -> list[Result]:
    """Rows that have no counterpart: budgets of our own."""
    results = []
    if wanted("wheel size", only):
        size = wheel.stat().st_size / 1e6
        results.append(Result("wheel size", "MB", size, None, None, 1, "at most 5"))
    if wanted("argument parser", only):
        nanoseconds = ours.ask(kind="parser")
        note = "at most 60" if nanoseconds is not None else "the binding has no _C._bench_parser"
        results.append(Result("argument parser, a call", "ns", nanoseconds, None, None, 1, note))
    if wanted("compile time", only):
        operations = ours.ask(kind="operations")
        if operations is None:
            results.append(Result("compile time, an operation", "s", None, None, None, 0, "no _C._registry to count"))
        else:
            seconds = seconds_per_operation(operations)
            note = f"at most 0.3; CPU seconds of the core's release build over {operations} operations"
            results.append(Result("compile time, an operation", "s", seconds, None, None, 1, note))
    return results


def wanted(row: str, only: str) -> bool:
    """Whether a row is asked for."""
    return only.lower() in row.lower()


def main() -> int:
    """Measures and prints; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", help="a Python that can import torch")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument("--json", type=Path, help="writes the results there, too")
    arguments = parser.parse_args()

    ours = Worker(sys.executable, "rushlight", arguments.threads)
    theirs = None if arguments.torch is None else Worker(arguments.torch, "torch", arguments.threads)
    started = time.perf_counter()
    results: list[Result] = []

    def show(new: list[Result]) -> None:
        for result in new:
            print(result.line(), flush=True)
        results.extend(new)

    try:
        versions = f"Rushlight {ours.ask(kind='version')}"
        if theirs is not None:
            versions += f", PyTorch {theirs.ask(kind='version')}"
        print(f"{versions}; {arguments.threads} thread(s), {arguments.pairs} pairs, {os.cpu_count()} cores")
        print("ratio: PyTorch's time (or memory) over Rushlight's, the median of the pairs\n")
        print(HEADING)
        for row in ROWS:
            if wanted(row, arguments.only):
                show([timed_row(row, ours, theirs, arguments.pairs)])
        if wanted("import", arguments.only):
            show(import_rows(arguments.torch, arguments.pairs))
        show(own_rows(ours, arguments.wheel, arguments.only))
    except (BenchError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        if isinstance(error, subprocess.CalledProcessError):
            print(error.stderr, file=sys.stderr)
        return 1
    finally:
        for worker in (ours, theirs):
            if worker is not None:
                worker.close()
    if not results:
        print(f"error: no row has {arguments.only!r} in its name", file=sys.stderr)
        return 1
    print(f"\n{len(results)} rows in {time.perf_counter() - started:.0f} s")
    if arguments.json is not None:
        settings = {"threads": arguments.threads, "pairs": arguments.pairs, "versions": versions}
        rows = [asdict(result) for result in results]
        arguments.json.write_text(json.dumps({"settings": settings, "rows": rows}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
