"""`python -m stubgen --output FILE` or `--check FILE`, with the wheel installed."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from pathlib import Path

from stubgen.stub import StubError, build, read_rows

HANDWRITTEN = Path(__file__).with_name("handwritten.pyi")


def main() -> int:
    """Writes or checks the stub; gives the exit status."""
    parser = argparse.ArgumentParser(prog="stubgen", description=__doc__)
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--output", type=Path, help="write the stub there")
    target.add_argument("--check", type=Path, help="compare with the stub there")
    parser.add_argument("--untyped", action="store_true", help="list the names that have no exact types")
    arguments = parser.parse_args()
    # Through the package: the module is only whole when the package has set it up.
    importlib.import_module("rushlight")
    module = importlib.import_module("rushlight._C")
    try:
        stub = build(module, read_rows(module._registry()), HANDWRITTEN.read_text())
    except StubError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.untyped:
        print("\n".join(stub.untyped))
    text = stub.text()
    if arguments.output is not None:
        arguments.output.write_text(text)
        print(f"wrote {arguments.output}: {stub.summary()}")
        return 0
    path: Path = arguments.check
    present = path.read_text() if path.exists() else ""
    if present == text:
        print(stub.summary())
        return 0
    state = "is stale" if path.exists() else "does not exist"
    print(f"{path} {state}; the first differences:", file=sys.stderr)
    difference = difflib.unified_diff(present.splitlines(), text.splitlines(), "checked in", "generated", lineterm="")
    for _, line in zip(range(40), difference, strict=False):
        print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
