"""`python -m stubgen --stub FILE --table FILE [--check]`, with the wheel installed."""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
from pathlib import Path

from stubgen.schema import SchemaError
from stubgen.stub import StubError, build, read_rows
from stubgen.table import table

HANDWRITTEN = Path(__file__).with_name("handwritten.pyi")


def main() -> int:
    """Writes or checks the stub and the table of operations; gives the exit status."""
    parser = argparse.ArgumentParser(prog="stubgen", description=__doc__)
    parser.add_argument("--stub", type=Path, required=True, help="the stub of rushlight._C")
    parser.add_argument("--table", type=Path, required=True, help="the page with the table of operations")
    parser.add_argument("--check", action="store_true", help="compare with the files and write nothing")
    parser.add_argument("--untyped", action="store_true", help="list the names that have no exact types")
    arguments = parser.parse_args()
    # Through the package: the module is only whole when the package has set it up.
    importlib.import_module("rushlight")
    module = importlib.import_module("rushlight._C")
    try:
        rows = read_rows(module._registry())
        stub = build(module, rows, HANDWRITTEN.read_text())
    except (StubError, SchemaError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.untyped:
        print("\n".join(stub.untyped))
    texts = {arguments.stub: stub.text(), arguments.table: table(module, rows)}
    if arguments.check:
        fresh = [is_fresh(path, text) for path, text in texts.items()]
        if not all(fresh):
            return 1
    else:
        for path, text in texts.items():
            path.write_text(text)
            print(f"wrote {path}")
    print(stub.summary())
    return 0


def is_fresh(path: Path, text: str) -> bool:
    """Whether a file has that text; if not, says where it differs."""
    present = path.read_text() if path.exists() else ""
    if present == text:
        return True
    state = "is stale" if path.exists() else "does not exist"
    print(f"{path} {state}; the first differences:", file=sys.stderr)
    difference = difflib.unified_diff(present.splitlines(), text.splitlines(), "checked in", "generated", lineterm="")
    for _, line in zip(range(40), difference, strict=False):
        print(line, file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(main())
