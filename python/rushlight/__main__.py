"""Run a program that says ``import torch``: ``python -m rushlight script.py arguments``, ``-m module``, ``-c command``.

The program finds everything as ``python`` itself would set it: ``sys.argv``, ``sys.path[0]``, ``__main__``, tracebacks
without our frames, exit codes.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType, TracebackType
    from typing import Any

_USAGE = """usage: python -m rushlight script.py [argument ...]
       python -m rushlight -m module [argument ...]
       python -m rushlight -c command [argument ...]
       python -m rushlight - [argument ...]          (the program is read from standard input)

Runs a program with `import torch` (and `import tensorflow`) meaning Rushlight.
"""


def _strip(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback below the frames of this runner and of ``runpy``, which ``python`` itself would not show."""
    import runpy

    ours = {__file__, runpy.__file__, "<frozen runpy>", "<frozen importlib._bootstrap>"}
    while traceback is not None and traceback.tb_frame.f_code.co_filename in ours:
        traceback = traceback.tb_next
    return traceback


def _hide_runner() -> None:
    """Have the interpreter report an error of the program without our frames.

    The interpreter, not we, reports it: so exit codes, ``sys.last_value``, interrupts and errors in the hook itself
    are as always. The hook that the program may have set is called once ours is out of the way.
    """
    hook = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        sys.excepthook = hook
        stripped = _strip(traceback)
        error.__traceback__ = stripped
        hook(kind, error, stripped)

    sys.excepthook = report


def _new_main() -> ModuleType:
    from types import ModuleType

    main = ModuleType("__main__")
    # The runner's own module must live on: its globals are in use below us on the stack.
    sys.modules["__rushlight_main__"] = sys.modules["__main__"]
    sys.modules["__main__"] = main
    import builtins

    main.__dict__["__builtins__"] = builtins
    main.__annotations__ = {}
    return main


def _run(code: CodeType, namespace: dict[str, Any]) -> None:
    try:
        exec(code, namespace)
    except BaseException:
        _hide_runner()
        raise


def _compile(source: str | bytes, filename: str) -> CodeType:
    try:
        return compile(source, filename, "exec", dont_inherit=True)
    except BaseException:
        _hide_runner()
        raise


def _run_script(arguments: list[str]) -> None:
    import os

    path = arguments[0]
    sys.argv[:] = arguments
    if os.path.isdir(path) or _is_archive(path):
        sys.path[0] = path
        _run_module("__main__", alter_argv=False)
        return
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(
            f"{sys.executable}: can't open file {os.path.abspath(path)!r}: [Errno {error.errno}] {error.strerror}",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    main = _new_main()
    from importlib.machinery import SourceFileLoader

    absolute = os.path.abspath(path)
    main.__file__ = absolute
    main.__dict__["__cached__"] = None
    main.__loader__ = SourceFileLoader("__main__", absolute)
    _run(_compile(source, absolute), main.__dict__)


def _is_archive(path: str) -> bool:
    import os

    if not os.path.isfile(path) or path.endswith(".py"):
        return False
    from zipfile import is_zipfile

    return is_zipfile(path)


def _run_module(name: str, *, alter_argv: bool = True) -> None:
    import runpy

    _new_main()
    try:
        # Private, and used since Python 2.6 by the interpreter for `-m` itself: nothing else sets `__main__` so.
        runpy._run_module_as_main(name, alter_argv)  # type: ignore[attr-defined]
    except BaseException:
        _hide_runner()
        raise


def main() -> None:
    """Read the command line and run the program."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(_USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        raise SystemExit(0 if arguments else 2)
    import rushlight

    if arguments[0] in {"-V", "--version"}:
        print(f"Rushlight {rushlight.version.rushlight} (as PyTorch {rushlight.__version__.partition('+')[0]})")
        return
    rushlight.install()
    option = arguments[0]
    if option in {"-c", "-m"} and len(arguments) < 2:
        print(f"Argument expected for the {option} option\n{_USAGE}", end="", file=sys.stderr)
        raise SystemExit(2)
    if option == "-c":
        sys.argv[:] = ["-c", *arguments[2:]]
        sys.path[0] = ""
        _run(_compile(arguments[1], "<string>"), _new_main().__dict__)
    elif option == "-m":
        sys.argv[:] = ["-m", *arguments[2:]]
        _run_module(arguments[1])
    elif option == "-":
        sys.argv[:] = arguments
        sys.path[0] = ""
        _run(_compile(sys.stdin.buffer.read(), "<stdin>"), _new_main().__dict__)
    elif option.startswith("-"):
        print(f"unknown option {option}\n{_USAGE}", end="", file=sys.stderr)
        raise SystemExit(2)
    else:
        _run_script(arguments)


if __name__ == "__main__":
    main()
