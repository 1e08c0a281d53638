"""Static graphs in TensorFlow 1's words: build a graph first, run it in a ``Session``.

Under ``python -m rushlight``, and after ``rushlight.install()``, ``import tensorflow as tf`` finds this module. It is a
front of the core's graphs: derivatives are Rushlight's autograd, traced, and random streams are Rushlight's own.

Example:
    >>> from rushlight import graph as tf
    >>> w, x = tf.constant(1.0), tf.constant(2.0)
    >>> y = tf.multiply(tf.add(w, x), tf.add(w, 1))
    >>> with tf.Session() as session:
    ...     print(session.run(y))
    6.0
"""

from __future__ import annotations

from ._dtype import (
    DType as DType,
    as_dtype as as_dtype,
    bfloat16 as bfloat16,
    bool_ as bool,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    half as half,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    uint8 as uint8,
)
from ._functions import *  # noqa: F403
from ._functions import __all__ as _functions
from ._graph import (
    Graph as Graph,
    get_default_graph as get_default_graph,
    global_variables as global_variables,
    name_scope as name_scope,
    reset_default_graph as reset_default_graph,
    set_random_seed as set_random_seed,
    trainable_variables as trainable_variables,
)
from ._missing import module_getattr as _module_getattr
from ._session import (
    InteractiveSession as InteractiveSession,
    Session as Session,
    get_default_session as get_default_session,
)
from ._shape import Dimension as Dimension, TensorShape as TensorShape
from ._tensor import Operation as Operation, Tensor as Tensor, Variable as Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import compat as compat, errors as errors, nn as nn, train as train

# The TensorFlow whose words these are.
__version__ = "1.15.0+rushlight"
VERSION = __version__


def executing_eagerly() -> bool:  # type: ignore[valid-type]
    """False: operations are recorded."""
    return False


def disable_eager_execution() -> None:
    """Nothing to do: operations are recorded always."""


def disable_v2_behavior() -> None:
    """Nothing to do: these are TensorFlow 1's words."""


_SUBMODULES = frozenset({"compat", "errors", "nn", "train"})
__getattr__ = _module_getattr("tensorflow", _SUBMODULES)


def __dir__() -> list[str]:
    return sorted(set(globals()) | _SUBMODULES | set(_functions))
