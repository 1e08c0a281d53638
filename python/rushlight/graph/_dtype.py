"""TensorFlow's dtypes, over those of Rushlight."""

from __future__ import annotations

import rushlight as _torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class DType:
    """The type of a graph tensor's elements: ``tf.float32``."""

    def __init__(self, name: str, torch_dtype: Any) -> None:
        self.name = name
        self.torch_dtype = torch_dtype

    @property
    def base_dtype(self) -> DType:
        """The dtype of the value, where this is that of a variable (``float32_ref``)."""
        return _BY_NAME[self.name.removesuffix("_ref")]

    @property
    def is_floating(self) -> bool:
        """Whether elements are floating-point numbers."""
        return "float" in self.name

    @property
    def is_integer(self) -> bool:
        """Whether elements are integers."""
        return "int" in self.name

    @property
    def as_numpy_dtype(self) -> Any:
        """NumPy's scalar type of the same elements."""
        import numpy

        name = self.base_dtype.name
        return numpy.bool_ if name == "bool" else getattr(numpy, name)

    def __eq__(self, other: object) -> bool:
        try:
            return self.name == as_dtype(other).name
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"


_NAMES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
_BY_NAME = {name: DType(name, getattr(_torch, name)) for name in _NAMES}
_BY_NAME.update({f"{name}_ref": DType(f"{name}_ref", dtype.torch_dtype) for name, dtype in _BY_NAME.items()})
_BY_TORCH = {dtype.torch_dtype: dtype for name, dtype in _BY_NAME.items() if not name.endswith("_ref")}

float16, float32, float64, bfloat16 = (_BY_NAME[name] for name in ("float16", "float32", "float64", "bfloat16"))
int8, int16, int32, int64 = (_BY_NAME[name] for name in ("int8", "int16", "int32", "int64"))
uint8, bool_ = _BY_NAME["uint8"], _BY_NAME["bool"]
half, double = float16, float64


def as_dtype(value: Any) -> DType:
    """The dtype that a name, a Python type, or a dtype of NumPy's or Rushlight's stands for.

    Raises:
        TypeError: there is none.
    """
    if isinstance(value, DType):
        return value
    known = None
    if isinstance(value, str):
        known = _BY_NAME.get({"float": "float32", "double": "float64", "half": "float16"}.get(value, value))
    elif value is float:
        known = float32
    elif value is int:
        known = int32
    elif value is bool:
        known = bool_
    elif isinstance(value, _torch.dtype):
        known = _BY_TORCH.get(value)
    elif hasattr(value, "name") or (isinstance(value, type) and value.__module__ == "numpy"):
        known = _BY_NAME.get(getattr(value, "name", None) or value.__name__.rstrip("_"))
    if known is None:
        raise TypeError(f"Cannot convert value {value!r} to a TensorFlow DType.")
    return known
