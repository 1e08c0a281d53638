"""Runs the code blocks of the four documents and compares what they say with real PyTorch (``cargo xtask documents``).

    python tests/documents/run_documents.py --seeds DIR                       compare Rushlight with the reference
    PYTHON_WITH_TORCH tests/documents/run_documents.py --seeds DIR --record   make the reference

The documents are not in the repository, and the reference holds none of their text, only outcomes. Each document runs
in a process of its own, because some warnings come once in a process, and one that crashes must not hide the others.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parent / "reference.json.gz"
_REPAIRED_STEPS, _REPAIRED_CLOSE_STEPS, _REPAIRED_TOLERANCE = 500, 200, 1e-3


def child(path: Path, library: str) -> None:
    """Run one document in this process and write its record to the standard output."""
    # Whatever is printed past Python's `sys.stdout` must not mix with the record.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if library == "rushlight" and "rushlight" not in sys.modules:
        raise SystemExit("not run by `python -m rushlight`")
    from document_runner.execute import run_document

    json.dump(run_document(path, with_tensorflow=library == "rushlight"), answer, ensure_ascii=False)
    answer.close()


def run_documents(seeds: Path, library: str) -> list[list[dict[str, Any]]]:
    """The records of all documents."""
    documents = sorted(seeds.glob("*.txt"))
    if not documents:
        raise SystemExit(f"{seeds} holds no document (*.txt)")
    results = []
    for path in documents:
        command = [sys.executable, "-X", "utf8"]
        if library == "rushlight":
            command += ["-m", "rushlight"]
        command += [str(Path(__file__).resolve()), "--child", str(path), "--library", library]
        # One thread, so that sums have one order in the reference.
        environment = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment, check=False)
        if run.returncode != 0:
            results.append([{"block": "1", "line": 1, "error": ["Crash", f"ended with status {run.returncode}"]}])
        else:
            results.append(json.loads(run.stdout))
    return results


def differences(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """What a block said otherwise than under PyTorch."""
    if actual.get("tensorflow"):
        return list(actual.get("faults", ["was not run"]))
    if expected.get("losses"):
        return _loss_differences(expected, actual)
    found = []
    for part in ("error", "stdout", "shown", "warnings", "titles"):
        want, have = expected.get(part), actual.get(part)
        if part == "warnings":
            want, have = _comparable_warnings(want, want), _comparable_warnings(have, want)
        if want != have:
            found.append(f"{part}: {_first_difference(want, have)}")
    return found


def _first_difference(want: Any, have: Any) -> str:
    """Where two texts or two lists begin to differ."""
    if isinstance(want, str) and isinstance(have, str):
        want, have = want.splitlines(), have.splitlines()
    place = ""
    if isinstance(want, list) and isinstance(have, list):
        index = next((i for i, (a, b) in enumerate(zip(want, have, strict=False)) if a != b), min(len(want), len(have)))
        place = f"from number {index + 1} of {len(want)} (there are {len(have)})"
        want, have = (items[index] if index < len(items) else "nothing" for items in (want, have))
    return f"{place}\n      expected {want!r}\n      actual   {have!r}"


def _comparable_warnings(given: list[Any] | None, reference: list[Any] | None) -> list[Any]:
    """Warnings, without lines where PyTorch's came from within its own files."""
    given, reference = given or [], reference or []
    return [
        item if index >= len(reference) or reference[index][2] is not None else item[:2]
        for index, item in enumerate(given)
    ]


def _loss_differences(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """The training loop by hand, repaired: it prints a step and a loss a line."""
    if "error" in actual:
        return [f"raised {actual['error'][0]}: {actual['error'][1]}"]
    want, have = (
        [float(line.split()[1]) for line in record.get("stdout", "").splitlines()] for record in (expected, actual)
    )
    if len(have) != _REPAIRED_STEPS:
        return [f"{len(have)} losses were printed, not {_REPAIRED_STEPS}"]
    for step in range(_REPAIRED_CLOSE_STEPS):
        if not abs(have[step] - want[step]) <= _REPAIRED_TOLERANCE * abs(want[step]):
            return [f"at step {step} the loss is {have[step]}, not {want[step]}"]
    return []


def summary(record: dict[str, Any]) -> str:
    """What a block said, in a few words."""
    words = []
    if "error" in record:
        words.append(record["error"][0])
    for part, name in (("stdout", "lines"), ("warnings", "warnings"), ("titles", "figures")):
        if part in record:
            count = len(record[part].splitlines() if part == "stdout" else record[part])
            words.append(f"{count} {name}")
    if "shown" in record:
        words.append("a value")
    if record.get("tensorflow"):
        words.insert(0, "static graph:")
    return " ".join(words) or "nothing"


def record_reference(seeds: Path, target: Path) -> None:
    """Write the reference, the same bytes each time."""
    results = run_documents(seeds, "torch")
    for number, records in enumerate(results, start=1):
        for record in records:
            print(f"document {number}  block {record['block']:12} {summary(record)}")
            if record.get("error", [""])[0] == "Crash":
                raise SystemExit(record["error"][1])
    text = json.dumps(results, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    if not target.exists() or gzip.decompress(target.read_bytes()) != text.encode():
        target.write_bytes(buffer.getvalue())
    print(f"wrote {target} ({len(buffer.getvalue())} bytes)")


def compare_with_reference(seeds: Path, reference: Path) -> bool:
    """Print a table of blocks and what differs; whether nothing does."""
    expected = json.loads(gzip.decompress(reference.read_bytes()))
    results = run_documents(seeds, "rushlight")
    bad = total = 0
    for number, (wanted, given) in enumerate(zip(expected, results, strict=True), start=1):
        by_block = {record["block"]: record for record in given}
        for want in wanted:
            have = by_block.get(want["block"], {"block": want["block"], "error": ["Missing", "the block did not run"]})
            if have.get("error", [""])[0] == "Crash":
                found = [have["error"][1]]
            else:
                found = differences(want, have)
            total += 1
            bad += bool(found)
            verdict = "differs" if found else "same"
            print(f"document {number}  block {want['block']:12} line {want['line']:4}  {verdict:8} {summary(have)}")
            for text in found:
                print(f"    {text}")
    print(f"{total - bad} of {total} blocks are the same")
    return bad == 0


def main() -> None:
    """Record or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=Path, help="the directory of the documents")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--record", nargs="?", type=Path, const=REFERENCE, metavar="FILE")
    action.add_argument("--compare", nargs="?", type=Path, const=REFERENCE, metavar="FILE")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--library", choices=["torch", "rushlight"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        child(arguments.child, arguments.library)
    elif arguments.seeds is None:
        parser.error("--seeds is needed")
    elif arguments.record is not None:
        record_reference(arguments.seeds, arguments.record)
    elif not compare_with_reference(arguments.seeds, arguments.compare or REFERENCE):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
