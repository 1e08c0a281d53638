"""What an operation costs to compile: CPU seconds of a release build of the core and the kernels, for each operation.

An upper bound, since the engine and the tensor are compiled, too. CPU seconds and not the clock's, because two cores
and whatever else runs on them would otherwise be in the figure.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("rushlight-kernels", "rushlight-core")


def _build(environment: dict[str, str]) -> float:
    """Builds, and gives the CPU seconds of all compilers that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["cargo", "build", "--quiet", "--release"]
    for package in PACKAGES:
        command += ["--package", package]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def seconds_per_operation(operations: int) -> float:
    """CPU seconds for each of that many operations, dependencies not counted."""
    environment = dict(os.environ)
    # A directory of its own: the first build is of the dependencies, the second of what is ours alone.
    target = Path(environment.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench-compile-time"
    environment["CARGO_TARGET_DIR"] = str(target)
    _build(environment)
    for package in PACKAGES:
        command = ["cargo", "clean", "--quiet", "--release", "--package", package]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return _build(environment) / operations


if __name__ == "__main__":
    print(f"{seconds_per_operation(int(sys.argv[1])):.3f} s an operation")
