"""Adagrad: steps scaled by the sum of all squares of the gradient so far."""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .optimizer import Optimizer, _check_fused, _check_not_differentiable, _plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .optimizer import ParamsT

__all__ = ["Adagrad"]

_adagrad_step = _C._adagrad_step


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan and Singer, 2011).

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        lr_decay: how much the rate falls with each step: ``lr / (1 + (step - 1) * lr_decay)``.
        weight_decay: how much of the parameter is added to its gradient.
        initial_accumulator_value: where the sums begin.
        eps: added to the root of the sum.
        foreach: accepted for PyTorch's sake, without effect.
        maximize: step with the gradient.
        differentiable: not supported.
        fused: accepted for PyTorch's sake, without effect: every step is one call.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not lr >= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not lr_decay >= 0.0:
            raise ValueError(f"Invalid lr_decay value: {lr_decay}")
        if not weight_decay >= 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        if not initial_accumulator_value >= 0.0:
            raise ValueError(f"Invalid initial_accumulator_value value: {initial_accumulator_value}")
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        _check_not_differentiable(differentiable)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        _check_fused(fused, foreach)
        for group in self.param_groups:
            for param in group["params"]:
                self._begin(param)

    def _begin(self, param: Tensor) -> dict[str, Tensor]:
        """What is remembered about a parameter before its first step."""
        known: dict[str, Tensor] = self.state[param]
        known["step"] = _C.tensor(0.0, dtype=_C.float32)
        known["sum"] = _C.full_like(param, self.defaults["initial_accumulator_value"])
        return known

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("foreach", None)
            group.setdefault("maximize", False)
            group.setdefault("differentiable", False)
            group.setdefault("fused", None)
        for known in self.state.values():
            if known and not isinstance(known["step"], Tensor):
                known["step"] = _C.tensor(float(known["step"]), dtype=_C.float32)

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
            params: list[Tensor] = []
            sums: list[Tensor] = []
            steps: list[Tensor] = []
            for param in group["params"]:
                known = state.get(param)
                if not known:
                    if param.grad is None:
                        continue
                    known = self._begin(param)
                params.append(param)
                sums.append(known["sum"])
                steps.append(known["step"])
            _adagrad_step(
                params,
                None,
                sums,
                steps,
                _plain(group["lr"]),
                group["lr_decay"],
                group["eps"],
                group["weight_decay"],
                group["maximize"],
            )
        return loss
