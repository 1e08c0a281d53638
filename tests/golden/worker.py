"""A process that runs cases: one JSON line in, one JSON line out.

Cases run here and not in the process of pytest, so that one that crashes the interpreter loses nothing but itself.
Started under Python with PyTorch it makes the reference; with ``--library rushlight`` it makes ``import torch`` find
Rushlight first.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys


def main() -> None:
    """Answer requests until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", choices=["torch", "rushlight"], required=True)
    library = parser.parse_args().library
    # What C or Rust code writes to the standard output must not end up between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if library == "rushlight":
        rushlight = importlib.import_module("rushlight")
        rushlight.install()
    from harness.record import run_source

    importlib.import_module("torch")
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        record = run_source(request["source"], request["first_line"], warn_always=request["warn_always"])
        answers.write(json.dumps(record, ensure_ascii=False) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
