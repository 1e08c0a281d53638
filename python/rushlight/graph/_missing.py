"""The answer to a name that is not among those that ``rushlight.graph`` has of TensorFlow 1's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def module_getattr(namespace: str, submodules: frozenset[str] = frozenset()) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module: submodules load on first use, other names raise with an explanation."""

    def lookup(name: str) -> Any:
        if name in submodules:
            from importlib import import_module

            return import_module(f"rushlight.graph.{name}")
        message = f"module '{namespace}' has no attribute '{name}'"
        if not name.startswith("__"):
            message += (
                ": rushlight.graph has a part of TensorFlow 1, and if TensorFlow has this name, Rushlight does not yet "
                "(what it has is listed in docs/supported.md)"
            )
        raise AttributeError(message)

    return lookup
