"""``Variable``: since PyTorch 0.4 another word for a tensor."""

from __future__ import annotations

from .._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Variable"]


class _VariableMeta(type):
    """Makes ``isinstance(tensor, Variable)`` true, as it is in PyTorch."""

    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, Tensor)


class Variable(metaclass=_VariableMeta):
    """Give back a tensor that shares the data, as programs written before PyTorch 0.4 expect.

    Args:
        data: a tensor.
        requires_grad: whether the result is a leaf that collects gradients.
        volatile: removed from PyTorch; only warns.
        **unknown: refused, with PyTorch's message.

    Example:
        >>> import rushlight as torch
        >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
        tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False, **unknown: Any) -> Any:
        """Detach, and mark as a leaf if wanted."""
        if unknown:
            raise TypeError(f"'{next(iter(unknown))}' is an invalid keyword argument for this function")
        if volatile:
            from .._warnings import warn

            warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.")
        if data is None:
            data = Tensor()
        elif not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        variable = data.detach()
        if requires_grad:
            variable.requires_grad_(True)
        return variable
