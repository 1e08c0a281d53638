"""Tools beside the tensors: data loading and hooks."""

from __future__ import annotations

from .._missing import module_getattr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import data as data, hooks as hooks

__getattr__ = module_getattr(__name__, frozenset({"data", "hooks"}))
