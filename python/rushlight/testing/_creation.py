"""Tensors of random values."""

from __future__ import annotations

import math

from .. import _C
from .._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._C import dtype as DType


def _bounds(
    low: float | None, high: float | None, default: tuple[float, float], limits: tuple[float, float], dtype: DType
) -> tuple[float, float]:
    low = default[0] if low is None else low
    high = default[1] if high is None else high
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"`low` and `high` cannot be NaN, but got low={low!r} and high={high!r}")
    if low > high or (low == high and not dtype.is_floating_point):
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if high < limits[0] or low >= limits[1]:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), "
            f"but {dtype} only supports [{limits[0]}, {limits[1]})"
        )
    low, high = (min(max(bound, limits[0]), limits[1]) for bound in (low, high))
    return (low, high) if dtype.is_floating_point else (math.ceil(low), math.ceil(high))


def make_tensor(
    *shape: Any,
    dtype: DType,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random values between two bounds.

    Args:
        shape: sizes, or one sequence of them.
        dtype: of the result.
        device: the CPU.
        low: the lower bound, included. Default -9; 0 for ``bool``.
        high: the upper bound, excluded. Default 9 (10 for integers, 2 for ``bool``).
        requires_grad: whether the result is a leaf that collects gradients.
        noncontiguous: whether to take every second element of a larger tensor.
        exclude_zero: replace zeros by the smallest positive number.
        memory_format: not supported.
    """
    if memory_format is not None:
        raise NotImplementedError("make_tensor: memory_format is not supported (see docs/supported.md)")
    if requires_grad and not dtype.is_floating_point:
        raise ValueError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype!r}"
        )
    if len(shape) == 1 and not isinstance(shape[0], int):
        shape = tuple(shape[0])
    apart = noncontiguous and math.prod(shape) > 1
    full = (*shape[:-1], 2 * shape[-1]) if apart else shape
    if dtype.is_floating_point:
        info = _C.finfo(dtype)
        low, high = _bounds(low, high, (-9, 9), (info.min, info.max), dtype)
        result = _C.empty(full, dtype=dtype, device=device).uniform_(low, high)
    else:
        if dtype == _C.bool:
            default, limits = (0, 2), (0, 2)
        else:
            integers = _C.iinfo(dtype)
            default, limits = (-9, 10), (integers.min, integers.max + (dtype != _C.int64))
            default = (max(default[0], limits[0]), default[1])
        low, high = _bounds(low, high, default, limits, dtype)
        result = _C.randint(int(low), int(high), full, dtype=dtype, device=device)
    if apart:
        result = result[..., 1::2]
    if exclude_zero:
        result[result.eq(0)] = _C.finfo(dtype).tiny if dtype.is_floating_point else 1
    if dtype.is_floating_point:
        result.requires_grad = requires_grad
    return result
