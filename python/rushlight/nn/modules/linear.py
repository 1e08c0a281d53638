"""Fully connected layers."""

from __future__ import annotations

import math

from ... import _C
from ..._C import Tensor
from .. import init
from ..parameter import Parameter
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Identity", "Linear"]

_linear = _C.linear


class Identity(Module):
    """Gives back what it is given; takes any arguments and ignores them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """The input itself."""
        return input


class Linear(Module):
    """``y = x Wᵀ + b``.

    Args:
        in_features: size of each input.
        out_features: size of each output.
        bias: whether there is a ``b``.
        device: where the parameters are; the CPU.
        dtype: of the parameters; default the default dtype.

    Shape: ``(*, in_features)`` to ``(*, out_features)``. ``weight`` is ``(out_features, in_features)``; both parameters
    begin uniform on ±1/√in_features.

    Example:
        >>> import rushlight as torch
        >>> torch.nn.Linear(20, 30)(torch.randn(128, 20)).size()
        torch.Size([128, 30])
    """

    in_features: int
    out_features: int
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(_C.empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(_C.empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """The product with the weight, plus the bias."""
        parameters = self._parameters
        try:
            # Past `__getattr__`, which costs more than a small product.
            return _linear(input, parameters["weight"], parameters["bias"])
        except KeyError:
            # Somebody has replaced a parameter by a tensor that is computed.
            return _linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Sizes, and whether there is a bias."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
