"""The same module under the name that TensorFlow 2 gives TensorFlow 1 (``import tensorflow.compat.v1 as tf``)."""

from __future__ import annotations

import rushlight.graph as _graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def __getattr__(name: str) -> Any:
    return getattr(_graph, name)


def __dir__() -> list[str]:
    return dir(_graph)
