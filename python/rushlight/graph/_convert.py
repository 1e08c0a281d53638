"""Python's and NumPy's values as tensors, and back."""

from __future__ import annotations

import rushlight as _torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._dtype import DType


def to_tensor(value: Any, dtype: DType | None = None) -> Any:
    """A tensor of its own with the value; without a dtype, Python's numbers become ``float32`` and ``int32``."""
    if isinstance(value, _torch.Tensor):
        return value.detach().clone() if dtype is None else value.detach().to(dtype.torch_dtype, copy=True)
    if dtype is not None:
        return _torch.tensor(value, dtype=dtype.torch_dtype)
    tensor = _torch.tensor(value)
    if not hasattr(value, "dtype"):
        if tensor.dtype == _torch.int64:
            return tensor.to(_torch.int32)
        if tensor.is_floating_point():
            return tensor.to(_torch.float32)
    return tensor


def to_value(tensor: Any) -> Any:
    """An array of NumPy's (a scalar, if it has no dimensions), or lists and numbers where NumPy is missing."""
    tensor = tensor.detach()
    try:
        import numpy  # noqa: F401
    except ImportError:
        return tensor.tolist()
    return tensor.numpy()[()]
