"""A process that times rows on command, one library in it: `worker.py MODULE THREADS`.

It reads a JSON object a line on standard input and answers with one on standard output; compare.py holds the other
ends. The two libraries never share a process: their thread pools and allocators would disturb each other.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from rows import ROWS, Work


def sample(work: Work, count: int) -> float:
    """Seconds of one call, from `count` calls in a row."""
    calls = range(count)
    start = time.perf_counter()
    for _ in calls:
        work()
    return (time.perf_counter() - start) / count


def calibrated(work: Work, seconds: float) -> int:
    """How many calls take about so many seconds; this is the warm-up, too."""
    count = 1
    while True:
        took = sample(work, count) * count
        if took >= seconds / 4:
            return max(1, round(count * seconds / took))
        count *= 4


def answer(torch: Any, request: dict[str, Any], prepared: dict[str, Work]) -> Any:
    """Does what a request says."""
    kind = request["kind"]
    if kind == "version":
        return str(torch.__version__)
    if kind == "parser":
        # A hook that the binding offers: nanoseconds that the argument parser alone takes a call.
        bench = getattr(getattr(torch, "_C", None), "_bench_parser", None)
        return None if bench is None else float(bench())
    if kind == "operations":
        registry = getattr(getattr(torch, "_C", None), "_registry", None)
        return None if registry is None else len(registry())
    row = request["row"]
    if kind == "prepare":
        prepared[row] = ROWS[row](torch)
        return calibrated(prepared[row], request["seconds"])
    if kind == "sample":
        return sample(prepared[row], request["count"])
    raise ValueError(f"unknown request {kind!r}")


def main() -> None:
    """Serves until standard input ends."""
    # Only the protocol may go to standard output.
    channel, sys.stdout = sys.stdout, sys.stderr
    torch = importlib.import_module(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    prepared: dict[str, Work] = {}
    # A collection at a random moment would be noise in one sample of many.
    gc.collect()
    gc.disable()
    for line in sys.stdin:
        try:
            reply = {"value": answer(torch, json.loads(line), prepared)}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(reply) + "\n")
        channel.flush()
        gc.collect()


if __name__ == "__main__":
    main()
