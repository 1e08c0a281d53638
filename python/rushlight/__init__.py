"""Rushlight: PyTorch's define-by-run autograd as a small Rust library, used as ``import rushlight as torch``.

Operations come from the compiled module ``_C``; layers, optimizers and the like are Python and load on first use, so
that the import takes milliseconds.
"""

from __future__ import annotations

from math import e as e, inf as inf, nan as nan, pi as pi

from . import _C
from ._C import Generator as Generator, Size as Size, Tensor as Tensor, device as device, dtype as dtype
from ._missing import module_getattr as _module_getattr
from ._typename import typename as typename
from .version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any as _Any

    from . import (
        autograd as autograd,
        backends as backends,
        cuda as cuda,
        nn as nn,
        optim as optim,
        random as random,
        serialization as serialization,
        testing as testing,
        types as types,
        utils as utils,
        version as version,
    )
    from ._C import *  # noqa: F403

newaxis = None

# Names of `_C` that belong to `torch.nn.functional` and not to `torch`.
_FUNCTIONAL_ONLY = frozenset(
    {
        "binary_cross_entropy",
        "cross_entropy_loss",
        "elu",
        "elu_",
        "gelu",
        "hardtanh",
        "huber_loss",
        "l1_loss",
        "leaky_relu",
        "leaky_relu_",
        "linear",
        "log_sigmoid",
        "mish",
        "mse_loss",
        "nll_loss",
        "one_hot",
        "silu",
        "silu_",
        "smooth_l1_loss",
        "softplus",
    }
)
globals().update(
    {_name: _value for _name, _value in vars(_C).items() if _name[0] != "_" and _name not in _FUNCTIONAL_ONLY}
)

from . import _tensor as _tensor
from ._functions import (
    are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled,
    get_default_device as get_default_device,
    get_float32_matmul_precision as get_float32_matmul_precision,
    is_storage as is_storage,
    is_tensor as is_tensor,
    set_default_device as set_default_device,
    set_default_tensor_type as set_default_tensor_type,
    set_float32_matmul_precision as set_float32_matmul_precision,
    use_deterministic_algorithms as use_deterministic_algorithms,
)
from ._install import install as install
from .autograd.grad_mode import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from .random import (
    default_generator as default_generator,
    fork_rng as fork_rng,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    seed as seed,
    set_rng_state as set_rng_state,
)

_SUBMODULES = frozenset(
    {
        "autograd",
        "backends",
        "cuda",
        "graph",
        "nn",
        "optim",
        "random",
        "serialization",
        "testing",
        "types",
        "utils",
        "version",
    }
)
_LAZY_FUNCTIONS = {"load": "serialization", "save": "serialization"}
_submodule_or_error = _module_getattr("rushlight", _SUBMODULES)


def __getattr__(name: str) -> _Any:
    if name in _LAZY_FUNCTIONS:
        from importlib import import_module

        return getattr(import_module(f"rushlight.{_LAZY_FUNCTIONS[name]}"), name)
    return _submodule_or_error(name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | _SUBMODULES | set(_LAZY_FUNCTIONS))
