"""Networks: ``Module`` and its layers, losses, first values, and functions."""

from __future__ import annotations

from .._missing import module_getattr
from . import functional, init, modules, parameter
from .modules import *  # noqa: F403
from .modules import __all__ as _layers
from .parameter import Buffer, Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import utils as utils

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "parameter"]
__all__ += _layers

__getattr__ = module_getattr(__name__, frozenset({"utils"}))
