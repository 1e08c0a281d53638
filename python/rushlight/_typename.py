"""Names of types as PyTorch prints them."""

from __future__ import annotations

from ._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def torch_name(module: str) -> str:
    """The name that PyTorch gives to one of our modules; any other name unchanged."""
    if module == "rushlight" or module.startswith("rushlight."):
        return "torch" + module[len("rushlight") :]
    return module


def typename(obj: Any, /) -> str:
    """The type of an object as a string: ``torch.FloatTensor`` for a tensor, else module and qualified name.

    Example:
        >>> import rushlight as torch
        >>> torch.typename(torch.tensor([1.0]))
        'torch.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    module = getattr(obj, "__module__", None) or ""
    if hasattr(obj, "__qualname__"):
        qualname = obj.__qualname__
    elif hasattr(obj, "__name__"):
        qualname = obj.__name__
    else:
        module = type(obj).__module__ or ""
        qualname = type(obj).__qualname__
    if module in {"", "builtins"}:
        return str(qualname)
    return f"{torch_name(module)}.{qualname}"
