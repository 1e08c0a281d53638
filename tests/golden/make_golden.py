"""Makes the golden data by running every program under real PyTorch (``cargo xtask golden --python PATH``).

The data is the same, byte for byte, whenever it is made again with the same versions; ``--check`` says whether it is.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import platform
import sys
from typing import Any

from harness.cases import cases_of_topic, topics
from harness.client import Worker
from harness.compare import DATA


def compressed(content: dict[str, Any]) -> bytes:
    """Content as gzip'd JSON without a time stamp in it."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def make(topic: str, worker: Worker, made_by: dict[str, str]) -> dict[str, Any]:
    """Run all cases of a topic."""
    records: dict[str, Any] = {}
    for case in cases_of_topic(topic):
        record = worker.run(case)
        if record.get("error", [""])[0] in ("Crash", "Standstill"):
            raise SystemExit(f"{case.identity}: {record['error'][1]}")
        records[case.identity] = record
    return {"made_by": made_by, "cases": records}


def main() -> None:
    """Make the topics asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", help="all topics if none is named")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the data would change")
    arguments = parser.parse_args()
    import numpy
    import torch

    if not hasattr(torch, "_C") or "rushlight" in sys.modules:
        raise SystemExit("the reference is made by real PyTorch only")
    made_by = {
        "torch": torch.__version__.partition("+")[0],
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": numpy.__version__,
    }
    DATA.mkdir(exist_ok=True)
    changed: list[str] = []
    total = 0
    with Worker("torch") as worker:
        for topic in arguments.topics or topics():
            content = make(topic, worker, made_by)
            total += len(content["cases"])
            path = DATA / f"{topic}.json.gz"
            old = json.loads(gzip.decompress(path.read_bytes())) if path.exists() else None
            # Compared by content: another zlib compresses the same text to other bytes.
            if old != json.loads(json.dumps(content)):
                changed.append(topic)
                if not arguments.check:
                    path.write_bytes(compressed(content))
            print(f"{topic:24} {len(content['cases']):6} cases{'  changed' if topic in changed else ''}", flush=True)
    print(f"{'total':24} {total:6} cases")
    if arguments.check and changed:
        raise SystemExit(f"the data would change: {', '.join(changed)}")


if __name__ == "__main__":
    main()
