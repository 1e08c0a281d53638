"""Names: what PyTorch has and Rushlight lacks says so, and the import stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rushlight as torch
from rushlight._missing import missing_message, torch_names

LISTED = "PyTorch has it, Rushlight does not yet (what it has is listed in docs/supported.md)"


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("", "distributed"), (".nn", "Transformer"), (".optim", "LBFGS"), (".cuda", "Stream"), (".utils", "checkpoint")],
)
def test_a_name_that_pytorch_has(namespace: str, name: str) -> None:
    owner = torch
    for part in namespace.split(".")[1:]:
        owner = getattr(owner, part)
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert str(caught.value) == f"module 'torch{namespace}' has no attribute '{name}': {LISTED}"


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(AttributeError) as caught:
        _ = torch.nonsense
    assert str(caught.value) == "module 'torch' has no attribute 'nonsense'"
    assert missing_message("torch.nn", "Nonsense") == "module 'torch.nn' has no attribute 'Nonsense'"
    assert not hasattr(torch, "__wrapped__")


def test_the_list_of_names() -> None:
    assert {"add", "nn", "fft", "Tensor"} <= torch_names("torch")
    assert {"Linear", "Transformer"} <= torch_names("torch.nn")
    assert not torch_names("torch.no_such_module")


def test_the_version_says_which_pytorch_it_is_like() -> None:
    assert torch.__version__.startswith("2.")
    assert torch.__version__.partition("+")[2].startswith("rushlight.")


def test_the_import_is_light() -> None:
    heavy = [
        "numpy",
        "typing",
        "inspect",
        "dataclasses",
        "re",
        "multiprocessing",
        "pickle",
        "json",
        "logging",
        "ctypes",
    ]
    program = (
        "import sys\nbefore = set(sys.modules)\nimport rushlight\nrushlight.nn, rushlight.optim\n"
        f"print([name for name in {heavy} if name in set(sys.modules) - before])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output == "[]\n"
