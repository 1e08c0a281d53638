"""Runs golden cases under Rushlight and says what differs; for work on the library (the tests are in tests/python).

python tests/golden/run_golden.py                      a table of topics, and the names of the cases that differ
python tests/golden/run_golden.py indexing views -v    these topics, with every difference
python tests/golden/run_golden.py -k 'sum(' -v         cases whose name contains a text
python tests/golden/run_golden.py --print -k 'sum('    only print what PyTorch gives
python tests/golden/run_golden.py --not-yet REASON     rewrite not_yet.txt: drop what passes, add what fails
"""

from __future__ import annotations

import argparse
from typing import Any

from harness.cases import Case, cases_of_topic, topics
from harness.client import Worker
from harness.compare import NOT_YET, differences, load, not_yet

_HEAD = """\
# Golden cases that are known to fail, one a line: CASE -- REASON.
# A case that is listed and passes fails the tests, so this list only gets shorter by work that is done.
"""


def describe(case: Case, record: dict[str, Any]) -> str:
    """A case and its record for people."""
    own = "\n".join(case.source.splitlines()[case.first_line :])
    parts = [f"=== {case.identity}", own]
    for part, value in record.items():
        parts.append(f"--- {part}")
        parts.append(value if isinstance(value, str) else "\n".join(str(item) for item in value))
    return "\n".join(parts)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*")
    parser.add_argument("-k", dest="text", default="", help="only cases whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="print program and differences")
    parser.add_argument("--print", action="store_true", help="print the reference and run nothing")
    parser.add_argument("--not-yet", metavar="REASON", help="rewrite not_yet.txt from this run")
    parser.add_argument("--library", default="rushlight", choices=["rushlight", "torch"])
    arguments = parser.parse_args()
    failed: dict[str, list[str]] = {}
    ran: set[str] = set()
    with Worker(arguments.library) as worker:
        for topic in arguments.topics or topics():
            reference = load(topic)["cases"]
            cases = [case for case in cases_of_topic(topic) if arguments.text in case.identity]
            if arguments.print:
                for case in cases:
                    print(describe(case, reference[case.identity]), end="\n\n")
                continue
            for case in cases:
                ran.add(case.identity)
                found = differences(reference[case.identity], worker.run(case), case.tolerances)
                if found:
                    failed[case.identity] = found
                    if arguments.verbose:
                        print(describe(case, reference[case.identity]), *found, sep="\n", end="\n\n")
            bad = sum(case.identity in failed for case in cases)
            print(f"{topic:24} {len(cases) - bad:6} of {len(cases)} agree", flush=True)
    if arguments.print:
        return
    if arguments.not_yet:
        known = {case.identity for topic in topics() for case in cases_of_topic(topic)}
        untouched = known - ran
        kept = {name: reason for name, reason in not_yet().items() if name in untouched or name in failed}
        for name in failed:
            kept.setdefault(name, arguments.not_yet)
        NOT_YET.write_text(_HEAD + "".join(f"{name} -- {kept[name]}\n" for name in sorted(kept)), encoding="utf-8")
    elif not arguments.verbose:
        print(*failed, sep="\n")
    print(f"{len(ran) - len(failed)} of {len(ran)} agree")


if __name__ == "__main__":
    main()
