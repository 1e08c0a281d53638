"""The answer to a name that PyTorch has and Rushlight lacks.

``_torch_names.txt`` lists PyTorch's public namespaces; ``tools/torch_names.py`` makes it from a real PyTorch.
It is read only when an attribute is missing, so that it costs nothing at import.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SUPPORTED = "docs/supported.md"
_names: dict[str, frozenset[str]] = {}


def torch_names(namespace: str) -> frozenset[str]:
    """The public names of one of PyTorch's namespaces (``torch``, ``torch.nn`` …); empty if it is unknown."""
    if not _names:
        with open(__file__.removesuffix("_missing.py") + "_torch_names.txt", encoding="utf-8") as file:
            for line in file:
                name, _, rest = line.partition(": ")
                if not name.startswith("#"):
                    _names[name] = frozenset(rest.split())
    return _names.get(namespace, frozenset())


def is_torch_module(name: str) -> bool:
    """Whether PyTorch has a public module of that dotted name."""
    parent, _, leaf = name.rpartition(".")
    return bool(torch_names(name)) or leaf in torch_names(parent)


def missing_message(namespace: str, name: str) -> str:
    """PyTorch's message for a missing attribute, with a pointer to our list where PyTorch does have the name."""
    message = f"module '{namespace}' has no attribute '{name}'"
    if name in torch_names(namespace):
        message += f": PyTorch has it, Rushlight does not yet (what it has is listed in {_SUPPORTED})"
    return message


def module_getattr(module: str, submodules: frozenset[str] = frozenset()) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module: submodules load on first use, other names raise with an explanation."""
    namespace = "torch" + module.removeprefix("rushlight")

    def lookup(name: str) -> Any:
        if name in submodules:
            from importlib import import_module

            return import_module(f"{module}.{name}")
        # Python's own look-ups (__path__, __wrapped__ …) must not read the list of names.
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module '{namespace}' has no attribute '{name}'")
        raise AttributeError(missing_message(namespace, name))

    return lookup
