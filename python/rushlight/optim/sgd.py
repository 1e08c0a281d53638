"""Stochastic gradient descent."""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .optimizer import Optimizer, _check_fused, _check_not_differentiable, _plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .optimizer import ParamsT

__all__ = ["SGD"]

_sgd_step = _C._sgd_step


class SGD(Optimizer):
    """Steps against the gradient, with momentum if wanted.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        momentum: how much of the last step goes into the next.
        dampening: how much less than all of the gradient goes into the momentum.
        weight_decay: how much of the parameter is added to its gradient.
        nesterov: look ahead by the momentum.
        maximize: step with the gradient.
        foreach: accepted for PyTorch's sake, without effect.
        differentiable: not supported.
        fused: accepted for PyTorch's sake, without effect: every step is one call.

    Example:
        >>> import rushlight as torch
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> optimizer = torch.optim.SGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if weight_decay < 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        _check_not_differentiable(differentiable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        _check_fused(fused, foreach)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("nesterov", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("differentiable", False)
            group.setdefault("fused", False)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients.

        Args:
            closure: computes the loss anew and its gradients.

        Returns:
            What the closure returned.
        """
        loss = None
        if closure is not None:
            from ..autograd.grad_mode import enable_grad

            with enable_grad():
                loss = closure()
        state = self.state
        for group in self.param_groups:
            params = group["params"]
            momentum = group["momentum"]
            buffers: list[Tensor | None] = []
            if momentum != 0:
                for param in params:
                    known = state.get(param)
                    buffers.append(None if known is None else known.get("momentum_buffer"))
            made = _sgd_step(
                params,
                None,
                buffers,
                _plain(group["lr"]),
                momentum,
                group["dampening"],
                _plain(group["weight_decay"]),
                group["nesterov"],
                group["maximize"],
            )
            if made:
                for param, buffer in zip(params, buffers, strict=True):
                    if buffer is not None:
                        state[param]["momentum_buffer"] = buffer
        return loss
