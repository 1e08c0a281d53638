"""From samples to batches: tensors are stacked, numbers become tensors, structures are kept."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from copy import copy

from ... import _C
from ..._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _is_numpy(value: Any) -> bool:
    """Whether it is an array or a scalar of NumPy's, told without importing NumPy."""
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ not in {"str_", "string_"}


def _holds_text(array: Any) -> bool:
    return array.dtype.kind in "SaUO"


def _rebuilt(like: Any, values: Any) -> Any:
    """A structure like another with other contents; a plain one where its class does not allow that."""
    try:
        if isinstance(like, MutableMapping):
            clone: Any = copy(like)
            clone.update(values)
            return clone
        if isinstance(like, MutableSequence):
            clone = copy(like)
            for position, value in enumerate(values):
                clone[position] = value
            return clone
        return type(like)(values)
    except TypeError:
        return values


def default_convert(data: Any) -> Any:
    """Tensors for NumPy's arrays, within whatever structure they are in."""
    if isinstance(data, Tensor):
        return data
    if _is_numpy(data):
        if type(data).__name__ == "ndarray" and _holds_text(data):
            return data
        return _C.as_tensor(data)
    if isinstance(data, Mapping):
        return _rebuilt(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        converted = [default_convert(value) for value in data]
        return type(data)(*converted) if hasattr(data, "_fields") else converted
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _rebuilt(data, [default_convert(value) for value in data])
    return data


def default_collate(batch: Any) -> Any:
    """One batch from a list of samples.

    Args:
        batch: samples of one structure: tensors, arrays, numbers, strings, or mappings, tuples or lists of them.

    Raises:
        TypeError: samples of another kind.
        RuntimeError: sequences of different lengths.

    Example:
        >>> from rushlight.utils.data import default_collate
        >>> default_collate([(0, 1.0), (2, 3.0)])
        [tensor([0, 2]), tensor([1., 3.], dtype=torch.float64)]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _C.stack(batch, 0)
    if _is_numpy(first):
        if type(first).__name__ != "ndarray":
            return _C.as_tensor(batch)
        if _holds_text(first):
            raise TypeError(_unknown(first.dtype))
        return default_collate([_C.as_tensor(array) for array in batch])
    if isinstance(first, float):
        return _C.tensor(batch, dtype=_C.float64)
    if isinstance(first, int):
        return _C.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _rebuilt(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(values) for values in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        collated = [default_collate(values) for values in zip(*batch, strict=True)]
        return collated if isinstance(first, tuple) else _rebuilt(first, collated)
    raise TypeError(_unknown(type(first)))


def _unknown(kind: object) -> str:
    return f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
