"""Running programs that say ``import torch``: ``python -m rushlight`` and ``rushlight.install()``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory for programs, without links in its name."""
    return tmp_path.resolve()


def write(directory: Path, name: str, source: str) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return path


@pytest.fixture
def run(directory: Path) -> Run:
    """Run Python in the directory."""

    def runner(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONSAFEPATH": ""}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=directory,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return runner


ABOUT = """
    'what a program is for'
    import sys
    print(sys.argv, sys.path[0], __name__, __package__, getattr(__spec__, "name", None), __doc__)
    print(__loader__.__class__.__name__ if "__loader__" in globals() else None, "__builtins__" in globals())
    print(sys.modules["__main__"].__dict__ is globals())
"""


def test_a_script_finds_what_python_gives_it(directory: Path, run: Run) -> None:
    write(directory, "below/about.py", ABOUT + "    print(__file__)\n")
    ours = run("-m", "rushlight", "below/about.py", "-x", "1")
    pythons = run("below/about.py", "-x", "1")
    assert ours.stdout == pythons.stdout
    assert ours.stderr == ""
    assert str(directory / "below") in ours.stdout


def test_a_module_finds_what_python_gives_it(directory: Path, run: Run) -> None:
    write(directory, "package/__init__.py", "")
    write(directory, "package/about.py", ABOUT)
    write(directory, "package/__main__.py", ABOUT)
    for name in ("package", "package.about"):
        assert run("-m", "rushlight", "-m", name, "y").stdout == run("-m", name, "y").stdout != ""


def test_a_command_finds_what_python_gives_it(run: Run) -> None:
    command = "import sys; print(sys.argv, repr(sys.path[0]), __name__)"
    assert run("-m", "rushlight", "-c", command, "z").stdout == run("-c", command, "z").stdout != ""


def test_a_directory_and_standard_input_run(directory: Path, run: Run) -> None:
    write(directory, "program/__main__.py", "import sys, torch; print(sys.argv, sys.path[0])")
    assert run("-m", "rushlight", "program", "a").stdout == "['program', 'a'] program\n"
    assert run("-m", "rushlight", "-", "b", stdin="import sys; print(sys.argv)").stdout == "['-', 'b']\n"


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return 1 / 0\n\nf()\n",
        "x = (\n",
        "import package_that_is_not_there\n",
        "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('again') from e\n",
        "raise SystemExit('a message')\n",
        "raise SystemExit(7)\n",
        "import sys\ndef hook(kind, value, trace):\n    print('hook', kind, trace.tb_lineno)\n"
        "sys.excepthook = hook\n1 / 0\n",
        "import atexit\natexit.register(print, 'at the end')\n1 / 0\n",
        "import threading\nthreading.Thread(target=lambda: 1 / 0).run()\n",
    ],
)
def test_errors_look_as_pythons(directory: Path, run: Run, source: str) -> None:
    write(directory, "program.py", source)
    ours, pythons = run("-m", "rushlight", "program.py"), run("program.py")
    assert (ours.stdout, ours.returncode) == (pythons.stdout, pythons.returncode)
    assert ours.stderr == pythons.stderr
    assert "rushlight" not in ours.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_ends_the_program_as_an_interrupt(directory: Path, run: Run) -> None:
    write(directory, "program.py", "raise KeyboardInterrupt\n")
    ours = run("-m", "rushlight", "program.py")
    assert ours.returncode == -signal.SIGINT
    assert ours.stderr == run("program.py").stderr


def test_what_is_not_there(run: Run) -> None:
    missing = run("-m", "rushlight", "nothing.py")
    assert missing.returncode == 2
    assert missing.stderr == run("nothing.py").stderr
    assert run("-m", "rushlight", "-m", "nothing").returncode == 1
    assert run("-m", "rushlight").returncode == 2
    assert run("-m", "rushlight", "--help").returncode == 0
    assert run("-m", "rushlight", "--version").stdout.startswith("Rushlight ")


def test_torch_is_rushlight(directory: Path, run: Run) -> None:
    write(
        directory,
        "program.py",
        """
        import sys
        import torch
        import torch.nn as nn
        import torch.nn.functional as F
        import torch.optim.lr_scheduler
        import torch.utils.data
        from torch import optim
        from torch.autograd import Function, Variable
        import rushlight

        assert torch is rushlight and sys.modules["torch"] is sys.modules["rushlight"]
        assert nn is rushlight.nn and F is rushlight.nn.functional and optim is rushlight.optim
        assert sys.modules["torch.nn"] is sys.modules["rushlight.nn"]
        assert torch.utils.data is rushlight.utils.data
        print(torch.__name__, nn.__name__, F.__name__, optim.lr_scheduler.__name__)
        print(nn.Linear, optim.SGD, Function, torch.Tensor, torch.no_grad, torch.utils.data.DataLoader)
        print(nn.Linear.__module__, F.relu.__module__)
        """,
    )
    result = run("-m", "rushlight", "program.py")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "torch torch.nn torch.nn.functional torch.optim.lr_scheduler",
        "<class 'torch.nn.modules.linear.Linear'> <class 'torch.optim.sgd.SGD'> "
        "<class 'torch.autograd.function.Function'> <class 'torch.Tensor'> "
        "<class 'torch.autograd.grad_mode.no_grad'> <class 'torch.utils.data.dataloader.DataLoader'>",
        "torch.nn.modules.linear torch.nn.functional",
    ]


def test_without_installation_names_are_ours(run: Run) -> None:
    result = run("-c", "import rushlight as torch; print(torch.__name__, torch.nn.Linear)")
    assert result.stdout == "rushlight <class 'rushlight.nn.modules.linear.Linear'>\n"


def test_modules_that_are_missing(run: Run) -> None:
    program = textwrap.dedent(
        """
        import importlib
        for name in ("torch.distributed", "torch.no_such_module", "torch.nn.no_such_module"):
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                print(error, error.name, getattr(error, "__notes__", []))
        """
    )
    lines = run("-m", "rushlight", "-c", program).stdout.splitlines()
    assert lines == [
        "No module named 'torch.distributed' torch.distributed "
        "['PyTorch has it, Rushlight does not yet (what it has is listed in docs/supported.md).']",
        "No module named 'torch.no_such_module' torch.no_such_module []",
        "No module named 'torch.nn.no_such_module' torch.nn.no_such_module []",
    ]


def test_install_refuses_when_another_torch_is_there(directory: Path, run: Run) -> None:
    write(directory, "torch.py", "")
    result = run("-c", "import torch, rushlight; rushlight.install()")
    assert result.returncode == 1
    assert "RuntimeError: rushlight.install(): the real torch has been imported already" in result.stderr


def test_install_comes_before_a_torch_on_the_path(directory: Path, run: Run) -> None:
    write(directory, "torch.py", "raise AssertionError")
    program = "import rushlight; rushlight.install(); rushlight.install(); import torch; print(torch is rushlight)"
    assert run("-c", program).stdout == "True\n"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_worker_processes_find_rushlight(directory: Path, run: Run, method: str) -> None:
    write(
        directory,
        "program.py",
        f"""
        import multiprocessing
        import torch
        import torch.nn as nn

        class Net(nn.Module):
            pass

        def work(queue, net):
            queue.put((torch.__name__, nn.Module.__module__, type(net).__name__, isinstance(net, nn.Module)))

        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            queue = context.Queue()
            process = context.Process(target=work, args=(queue, Net()))
            process.start()
            print(queue.get(timeout=30))
            process.join()
            print(process.exitcode)
        """,
    )
    result = run("-m", "rushlight", "program.py")
    assert result.stdout == "('torch', 'torch.nn.modules.module', 'Net', True)\n0\n", result.stderr


def test_pickles_do_not_depend_on_installation(directory: Path, run: Run) -> None:
    """What is pickled with ``import torch`` can be read with ``import rushlight``, and the other way round."""
    make = (
        "net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())\n"
        "optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)\n"
        "net(torch.ones(1, 2)).sum().backward()\noptimizer.step()\n"
        "pickle.dump((net, optimizer, net.state_dict()), open('kept', 'wb'))\n"
        "print(net, optimizer, net.state_dict())\n"
    )
    read = "net, optimizer, state = pickle.load(open('kept', 'rb'))\nprint(net, optimizer, state)\n"
    installed, plain = "import pickle, torch\n", "import pickle, rushlight as torch\n"
    for first, second in ((installed, plain), (plain, installed)):
        write(directory, "make.py", first + make)
        write(directory, "read.py", second + read)
        made = run("-m", "rushlight", "make.py") if first is installed else run("make.py")
        again = run("-m", "rushlight", "read.py") if second is installed else run("read.py")
        assert made.stdout == again.stdout != ""
        assert made.stderr == again.stderr == ""
        assert b"torch" not in (directory / "kept").read_bytes().replace(b"_torch", b"")
