"""Write ``docs/supported.md``: which of PyTorch's public names Rushlight has, from the running module.

    python tools/supported.py > docs/supported.md

PyTorch's names are those of ``python/rushlight/_torch_names.txt`` (made by ``torch_names.py``).
"""

from __future__ import annotations

import importlib
from typing import Any

import rushlight
from rushlight._missing import torch_names

# What users look for. Namespaces of which Rushlight has nothing are named in one line at the end.
NAMESPACES = [
    "torch",
    "torch.Tensor",
    "torch.autograd",
    "torch.autograd.forward_ad",
    "torch.autograd.functional",
    "torch.autograd.graph",
    "torch.linalg",
    "torch.fft",
    "torch.special",
    "torch.func",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.random",
    "torch.testing",
    "torch.utils.data",
    "torch.backends",
    "torch.cuda",
]
_ABSENT = "Nothing yet of: "


def owner_of(namespace: str) -> Any:
    """Our object for one of PyTorch's namespaces, or ``None``."""
    if namespace == "torch.Tensor":
        return rushlight.Tensor
    try:
        return importlib.import_module("rushlight" + namespace.removeprefix("torch"))
    except ModuleNotFoundError:
        return None


def has(owner: Any, name: str) -> bool:
    """Whether the name is there; properties of the class Tensor count."""
    try:
        getattr(owner, name)
    except AttributeError:
        return False
    return True


def listed(names: list[str]) -> str:
    """Names as one line of code words."""
    return " ".join(f"`{name}`" for name in names) or "–"


def main() -> None:
    """Print the page."""
    print("# What is supported\n")
    print(
        "Which of PyTorch's public names Rushlight has; made by `python tools/supported.py`, from the running module."
    )
    print("A name that is missing raises an `AttributeError` that points here. Beside names, a few arguments are")
    print("refused with a `NotImplementedError` that says so.\n")
    absent = []
    for namespace in NAMESPACES:
        owner = owner_of(namespace)
        names = sorted(torch_names(namespace))
        if owner is None:
            absent.append(namespace)
            continue
        present = [name for name in names if has(owner, name)]
        missing = [name for name in names if name not in set(present)]
        print(f"## {namespace}\n\n{len(present)} of {len(names)} names.\n")
        print(f"Has: {listed(present)}\n\nLacks: {listed(missing)}\n")
    print(f"## Other namespaces\n\n{_ABSENT}{listed(absent)}")


if __name__ == "__main__":
    main()
