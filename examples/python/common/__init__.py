"""What the examples share: the option ``--pictures DIRECTORY``, and progress on standard error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def picture_directory() -> Path | None:
    """The directory that ``--pictures`` names, made if it is not there; nothing is drawn without the option."""
    arguments = sys.argv[1:]
    if not arguments:
        return None
    if len(arguments) != 2 or arguments[0] != "--pictures":
        sys.exit(f"usage: {sys.argv[0]} [--pictures DIRECTORY]")
    directory = Path(arguments[1])
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def pyplot() -> Any:
    """Give matplotlib's ``pyplot``, drawing into files; ``None``, with a word on standard error, without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return None
    matplotlib.use("Agg")
    import matplotlib.pyplot

    return matplotlib.pyplot


def progress(text: str) -> None:
    """Say how far the program is, over what was said before."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def progress_done() -> None:
    """Clear the line of progress."""
    progress("")


def saved(path: Path) -> None:
    """Say where a picture is."""
    print(f"picture: {path}", file=sys.stderr)
