"""Activations (``tf.nn``)."""

from __future__ import annotations

from ._functions import sigmoid, tanh
from ._missing import module_getattr
from ._tensor import Tensor, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["relu", "sigmoid", "softmax", "tanh"]


def relu(features: Any, name: str | None = None) -> Tensor:
    """``max(features, 0)``."""
    return record("Relu", [features], name=name)


def softmax(logits: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """``exp(logits)``, divided by its sum along a dimension."""
    return record("Softmax", [logits], [axis], name=name)


__getattr__ = module_getattr("tensorflow.nn")
