"""Optimizers and schedules of their learning rates. The arithmetic of each step is one call into Rust."""

from __future__ import annotations

from .._missing import module_getattr
from .adagrad import Adagrad
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .sgd import SGD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import lr_scheduler as lr_scheduler

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "lr_scheduler"]

__getattr__ = module_getattr(__name__, frozenset({"lr_scheduler"}))
