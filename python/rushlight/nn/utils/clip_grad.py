"""Keeping gradients small."""

from __future__ import annotations

from ... import _C
from ..._C import Tensor
from ..._warnings import warn
from ...autograd.grad_mode import no_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_"]


def _norm(tensor: Tensor, norm_type: float) -> Tensor:
    """The p-norm of all elements."""
    return _C.norm(tensor, norm_type)


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The p-norm of all elements of all tensors, as one scalar."""
    several = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    norm_type = float(norm_type)
    if not several:
        return _C.tensor(0.0)
    with no_grad():
        total = _norm(_C.stack([_norm(tensor, norm_type) for tensor in several]), norm_type)
        if error_if_nonfinite and not bool(_C.isfinite(total)):
            raise RuntimeError(
                f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
                "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
                "`error_if_nonfinite=False`"
            )
    return total


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients of parameters, given their total norm."""
    several = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    with no_grad():
        # The small term keeps a norm of zero from dividing; PyTorch's value.
        factor = _C.clamp(float(max_norm) / (total_norm + 1e-6), max=1.0)
        for parameter in several:
            if parameter.grad is not None:
                parameter.grad.mul_(factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients together, so that their norm is at most ``max_norm``.

    Args:
        parameters: whose gradients are changed, in place.
        max_norm: the largest norm allowed.
        norm_type: the p of the norm; may be infinite.
        error_if_nonfinite: raise if the norm is infinite or no number.
        foreach: accepted for PyTorch's sake.

    Returns:
        The norm before.
    """
    if isinstance(parameters, Tensor):
        several = [parameters]
    else:
        several = list(parameters)
        if not several and hasattr(parameters, "gi_frame"):
            warn("`parameters` is an empty generator, no gradient clipping will occur.")
    gradients = [parameter.grad for parameter in several if parameter.grad is not None]
    total = get_total_norm(gradients, norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(several, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of ``clip_grad_norm_``."""
    warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Keep each element of each gradient between ``-clip_value`` and ``clip_value``, in place."""
    several = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    bound = float(clip_value)
    with no_grad():
        for parameter in several:
            if parameter.grad is not None:
                parameter.grad.clamp_(min=-bound, max=bound)
