"""Adam: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .optimizer import Optimizer, _check_fused, _check_not_differentiable, _plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .optimizer import ParamsT

__all__ = ["Adam"]

_adam_step = _C._adam_step


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014).

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        betas: how much of the running averages of gradient and square is kept.
        eps: added to the root of the square.
        weight_decay: how much of the parameter is added to its gradient.
        amsgrad: divide by the largest average of the square so far (Reddi et al., 2018).
        foreach: accepted for PyTorch's sake, without effect.
        maximize: step with the gradient.
        capturable: accepted for PyTorch's sake, without effect.
        differentiable: not supported.
        fused: accepted for PyTorch's sake, without effect: every step is one call.
        decoupled_weight_decay: shrink the parameter itself instead, as ``AdamW`` does.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor):
            if foreach and not capturable:
                raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
            if lr.numel() != 1:
                raise ValueError("Tensor lr must be 1-element")
        # Written so that a NaN is refused.
        if not lr >= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for index, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        if not weight_decay >= 0.0:
            raise ValueError(f"Invalid weight_decay value: {weight_decay}")
        kinds = [isinstance(beta, Tensor) for beta in betas]
        if kinds[0] != kinds[1] or not all(isinstance(beta, (float, Tensor)) for beta in betas):
            raise ValueError("betas must be either both floats or both Tensors")
        _check_not_differentiable(differentiable)
        defaults = {
            "lr": lr,
            "betas": (_plain(betas[0]), _plain(betas[1])),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        _check_fused(fused, foreach)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("amsgrad", False)
            group.setdefault("maximize", False)
            group.setdefault("foreach", None)
            group.setdefault("capturable", False)
            group.setdefault("differentiable", False)
            group.setdefault("decoupled_weight_decay", False)
            group.setdefault("fused", None)
            for param in group["params"]:
                known = self.state.get(param)
                if known and not isinstance(known["step"], Tensor):
                    known["step"] = _C.tensor(float(known["step"]), dtype=_C.float32)

    def _begin(self, param: Tensor, amsgrad: bool) -> dict[str, Tensor]:
        """What is remembered about a parameter before its first step."""
        known: dict[str, Tensor] = self.state[param]
        known["step"] = _C.tensor(0.0, dtype=_C.float32)
        known["exp_avg"] = _C.zeros_like(param)
        known["exp_avg_sq"] = _C.zeros_like(param)
        if amsgrad:
            known["max_exp_avg_sq"] = _C.zeros_like(param)
        return known

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
            amsgrad = group["amsgrad"]
            params: list[Tensor] = []
            averages: list[Tensor] = []
            squares: list[Tensor] = []
            largest: list[Tensor] = []
            steps: list[Tensor] = []
            for param in group["params"]:
                known = state.get(param)
                if not known:
                    if param.grad is None:
                        continue
                    known = self._begin(param, amsgrad)
                params.append(param)
                averages.append(known["exp_avg"])
                squares.append(known["exp_avg_sq"])
                if amsgrad:
                    largest.append(known["max_exp_avg_sq"])
                steps.append(known["step"])
            beta1, beta2 = group["betas"]
            _adam_step(
                params,
                None,
                averages,
                squares,
                largest,
                steps,
                _plain(group["lr"]),
                beta1,
                beta2,
                group["eps"],
                _plain(group["weight_decay"]),
                amsgrad,
                group["maximize"],
                group["decoupled_weight_decay"],
            )
        return loss
