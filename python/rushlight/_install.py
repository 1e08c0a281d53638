"""Making ``import torch`` find Rushlight.

``install()`` puts a finder first on ``sys.meta_path``. It answers for ``torch`` and everything below it, and for
``tensorflow`` (``rushlight.graph``), with the very modules of this package: ``sys.modules["torch"] is rushlight``.
From then on classes and functions say ``torch…`` in ``__module__``, as PyTorch's do.

Worker processes that ``multiprocessing`` spawns start from nothing and import the user's program by themselves. So the
data that prepares a worker carries one more object, whose unpickling, before anything of the user's is imported,
installs Rushlight there too.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_ALIASES = {"torch": "rushlight", "tensorflow": "rushlight.graph"}
_finder: _Finder | None = None


def _target(name: str) -> str | None:
    """The module of ours that a name of PyTorch's or TensorFlow's stands for."""
    root, dot, rest = name.partition(".")
    if root not in _ALIASES:
        return None
    return f"{_ALIASES[root]}{dot}{rest}"


def _adopt(module: ModuleType) -> None:
    """Let a module of ours, and what it defines, say that they are PyTorch's.

    The module's ``__spec__`` and ``__package__`` stay: relative imports go by them.
    """
    # A module made in memory (`_C.return_types`) has no spec; its name is its own.
    own = module.__name__ if module.__spec__ is None else module.__spec__.name
    module.__name__ = "torch" + own.removeprefix("rushlight")
    for value in list(vars(module).values()):
        if getattr(value, "__module__", None) != own or not hasattr(value, "__qualname__"):
            continue
        try:
            value.__module__ = module.__name__
        except (AttributeError, TypeError):
            # Built-in functions are immutable; they say nothing wrong.
            continue


def _is_private(name: str) -> bool:
    """Private modules keep their names: pickles refer to their functions."""
    return any(part.startswith("_") for part in name.split("."))


class _AliasLoader:
    """Loads ``torch.x`` by handing out ``rushlight.x``."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        from importlib import import_module

        self.module = import_module(self.target)
        self.identity = {
            name: value
            for name in ("__name__", "__spec__", "__loader__", "__package__")
            if (value := getattr(self.module, name, None)) is not None
        }
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has written the alias's identity onto the module; give it its own back.
        for name, value in self.identity.items():
            setattr(module, name, value)


class _AdoptingLoader:
    """Loads a module of ours, or ``multiprocessing.spawn``, as usual, and then does what installation asks for."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self.loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        if module.__name__ == "multiprocessing.spawn":
            _prepare_workers(module)
        elif not _is_private(module.__name__):
            _adopt(module)


class _Finder:
    """Finds ``torch`` and ``tensorflow`` in Rushlight."""

    def __init__(self) -> None:
        from importlib import machinery

        self.machinery = machinery

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        # Nothing may be imported here: that would ask this finder again.
        if name == "multiprocessing.spawn" or name.startswith("rushlight."):
            spec = self.machinery.PathFinder.find_spec(name, path, target)
            if spec is not None and spec.loader is not None and not name.startswith("rushlight._C"):
                spec.loader = _AdoptingLoader(spec.loader)  # type: ignore[assignment]
            return spec
        ours = _target(name)
        if ours is None:
            return None
        if not _exists(ours):
            from ._missing import is_torch_module

            error = ModuleNotFoundError(f"No module named '{name}'", name=name)
            if is_torch_module(name):
                error.add_note("PyTorch has it, Rushlight does not yet (what it has is listed in docs/supported.md).")
            raise error
        module_spec = self.machinery.ModuleSpec(name, _AliasLoader(ours), origin="rushlight")  # type: ignore[arg-type]
        module_spec.submodule_search_locations = []
        return module_spec


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    from importlib.util import find_spec

    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


class _InstallInWorker:
    """Unpickling this installs Rushlight. Sent first to each worker process that is spawned."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        # A worker unpickles before it has the parent's `sys.path`; hence the path by name, and only built-ins.
        program = (
            "import sys\n"
            "added = root not in sys.path\n"
            "if added: sys.path.append(root)\n"
            "try: import rushlight\n"
            "finally:\n"
            "    if added: sys.path.remove(root)\n"
            "rushlight.install()\n"
        )
        return exec, (program, {"root": root})


def _prepare_workers(spawn: ModuleType) -> None:
    """Have every spawned worker install Rushlight before it imports the user's program."""
    if getattr(spawn, "_rushlight_prepares", False):
        return
    original = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        data: dict[str, Any] = {"_rushlight": _InstallInWorker()}
        data.update(original(name))
        return data

    spawn.get_preparation_data = get_preparation_data  # type: ignore[attr-defined]
    spawn._rushlight_prepares = True  # type: ignore[attr-defined]


def install() -> None:
    """Make ``import torch`` (and its submodules, and ``import tensorflow``) mean Rushlight in this process.

    Call it before anything imports ``torch``; a second call does nothing. Worker processes that ``multiprocessing``
    spawns are installed likewise.

    Raises:
        RuntimeError: the real PyTorch or TensorFlow has been imported already.

    Example:
        >>> import rushlight
        >>> rushlight.install()
        >>> import torch
        >>> torch is rushlight
        True
    """
    global _finder
    if _finder is not None:
        return
    rushlight = sys.modules["rushlight"]
    for alias in _ALIASES:
        present = sys.modules.get(alias)
        if present is not None and present is not sys.modules.get(_ALIASES[alias]):
            raise RuntimeError(
                f"rushlight.install(): the real {alias} has been imported already (from {present.__file__}); "
                "install Rushlight before anything imports it"
            )
    _finder = _Finder()
    sys.meta_path.insert(0, _finder)
    sys.modules["torch"] = rushlight
    for name, module in list(sys.modules.items()):
        if name == "rushlight" or name.startswith("rushlight."):
            if name != "rushlight":
                sys.modules.setdefault("torch" + name.removeprefix("rushlight"), module)
            if not _is_private(name):
                _adopt(module)
    from . import _C

    for value in vars(_C).values():
        if isinstance(value, type) and value.__module__.partition(".")[0] == "rushlight":
            try:
                value.__module__ = "torch"
            except (AttributeError, TypeError):
                continue
    spawn = sys.modules.get("multiprocessing.spawn")
    if spawn is not None:
        _prepare_workers(spawn)
