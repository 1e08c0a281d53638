"""Starts workers, hands them cases, and outlives their crashes."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.cases import Case

_WORKER = Path(__file__).resolve().parents[1] / "worker.py"
_SECONDS_PER_CASE = 60.0


class Worker:
    """A process that runs cases; a new one is started after a crash and for cases that want their own."""

    def __init__(self, library: str, python: str = sys.executable) -> None:
        """Prepare to run cases under ``library`` ("torch" or "rushlight") with the given interpreter."""
        self.command = [python, "-X", "utf8", str(_WORKER), "--library", library]
        self.process: subprocess.Popen[str] | None = None
        self.cannot_start = False

    def __enter__(self) -> Worker:
        """Nothing is started before the first case."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def run(self, case: Case) -> dict[str, Any]:
        """The record of a case; a crash or a standstill is an error like any other."""
        if case.own_process:
            self.close()
        if self.process is None and not self._start():
            return {"error": ["Crash", "the library cannot be imported; its own error stands above"]}
        request = {
            "source": case.source,
            "first_line": case.first_line,
            "warn_always": not case.default_frequency,
        }
        answer = self._ask(json.dumps(request))
        if case.own_process:
            self.close()
        return answer

    def _start(self) -> bool:
        """Start a process; whether it could import its library. A library that cannot be imported is tried once."""
        if not self.cannot_start:
            # Threads are one so that sums have one order; the hash seed is fixed because sets print in its order.
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg"}
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            assert self.process.stdout is not None
            if not self.process.stdout.readline():
                self.close()
                self.cannot_start = True
        return not self.cannot_start

    def _ask(self, request: str) -> dict[str, Any]:
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return self._crashed()
        ready, _, _ = select.select([process.stdout], [], [], _SECONDS_PER_CASE)
        if not ready:
            self.close()
            return {"error": ["Standstill", f"no answer within {_SECONDS_PER_CASE:.0f} s"]}
        line = process.stdout.readline()
        if not line:
            return self._crashed()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _crashed(self) -> dict[str, Any]:
        assert self.process is not None
        status = self.process.wait()
        self.close()
        return {"error": ["Crash", f"the interpreter ended with status {status}"]}
