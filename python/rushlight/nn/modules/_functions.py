"""The identity that carries backward hooks."""

from __future__ import annotations

from ...autograd.function import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BackwardHookFunction(Function):
    """Hands its inputs on, as one node of the graph on which hooks can be put."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[arg for arg in args if not arg.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return grad_outputs
