"""Names for annotations, as PyTorch's ``torch.types`` has them."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import IO

from . import _C
from ._C import Size, Tensor, device, dtype

_bool = bool
_int = int
_float = float
_complex = complex
_dtype = dtype
_device = device
_size = Size | list[int] | tuple[int, ...]
_TensorOrTensors = Tensor | Sequence[Tensor]
Device = device | str | int | None
DeviceLikeType = str | device | int
FileLike = str | PathLike[str] | IO[bytes]
Number = int | float | bool
Storage = _C.UntypedStorage

__all__ = ["Device", "DeviceLikeType", "FileLike", "Number", "Size", "Storage", "Tensor"]
