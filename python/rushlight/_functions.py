"""Functions of the ``torch`` namespace that are no operations: questions about objects, and settings."""

from __future__ import annotations

from . import _C
from ._C import Tensor, device, dtype
from ._warnings import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CPU = device("cpu")
_deterministic = False
_matmul_precision = "highest"


def is_tensor(obj: object, /) -> bool:
    """Whether the object is a tensor.

    Example:
        >>> import rushlight as torch
        >>> torch.is_tensor(torch.ones(1)), torch.is_tensor([1.0])
        (True, False)
    """
    return isinstance(obj, Tensor)


def is_storage(obj: object, /) -> bool:
    """Whether the object is the storage of a tensor."""
    return isinstance(obj, _C.UntypedStorage)


def get_default_device() -> device:
    """The device of new tensors: the CPU."""
    return _CPU


def set_default_device(device: Any) -> None:
    """Set the device of new tensors. Only the CPU exists.

    Raises:
        RuntimeError: for any other device, PyTorch's error for one that it was not built for.
    """
    if device is not None:
        # A tensor made there tells whether the device exists, with PyTorch's own words if not.
        _C.empty(0, device=device)


def set_default_tensor_type(t: Any, /) -> None:
    """Set the default dtype by the name of an old tensor type, such as ``torch.DoubleTensor``."""
    name = t if isinstance(t, str) else f"torch.{t.__name__}"
    dtypes: dict[str, dtype] = {
        "torch.FloatTensor": _C.float32,
        "torch.DoubleTensor": _C.float64,
        "torch.HalfTensor": _C.float16,
        "torch.BFloat16Tensor": _C.bfloat16,
    }
    if name not in dtypes:
        if name.startswith("torch.cuda."):
            raise TypeError(f"type {name} not available. Torch not compiled with CUDA enabled.")
        raise TypeError(f"only floating-point types are supported as the default type; invalid type object: {name}")
    _C.set_default_dtype(dtypes[name])


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for results that repeat. They always do here: every algorithm is deterministic."""
    global _deterministic
    _deterministic = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` was last given."""
    return _deterministic


def set_float32_matmul_precision(precision: str) -> None:
    """Allow matrix products of lower precision. Here they are always of full precision; the setting is remembered."""
    global _matmul_precision
    if precision not in {"highest", "high", "medium"}:
        warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; "
            "the currentsetFloat32MatmulPrecision call has no effect."
        )
        return
    _matmul_precision = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was last given."""
    return _matmul_precision
