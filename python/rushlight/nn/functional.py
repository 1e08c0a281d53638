"""The functions behind the layers: checks and warnings here, arithmetic in Rust."""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .._missing import module_getattr
from .._warnings import warn
from . import _reduction as _Reduction
from ._reduction import get_enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._C import dtype as DType

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "hardtanh",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "relu",
    "relu_",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
]

# Functions that need nothing from Python are the compiled ones themselves, as in PyTorch.
_COMPILED = {
    **{
        name: name
        for name in (
            "adaptive_avg_pool1d",
            "avg_pool1d",
            "avg_pool2d",
            "avg_pool3d",
            "bilinear",
            "celu_",
            "conv1d",
            "conv2d",
            "conv3d",
            "conv_transpose1d",
            "conv_transpose2d",
            "conv_transpose3d",
            "cosine_similarity",
            "elu_",
            "gelu",
            "hardshrink",
            "hardtanh_",
            "leaky_relu_",
            "linear",
            "one_hot",
            "pairwise_distance",
            "pixel_shuffle",
            "pixel_unshuffle",
            "prelu",
            "relu_",
            "scaled_dot_product_attention",
            "selu_",
            "softplus",
            "softshrink",
            "threshold_",
        )
    },
    "logsigmoid": "log_sigmoid",
}
globals().update({_name: getattr(_C, _own) for _name, _own in _COMPILED.items() if hasattr(_C, _own)})
if TYPE_CHECKING:
    from collections.abc import Callable

    cosine_similarity: Callable[..., Tensor]
    gelu: Callable[..., Tensor]
    linear: Callable[..., Tensor]
    logsigmoid: Callable[..., Tensor]
    one_hot: Callable[..., Tensor]
    relu_: Callable[..., Tensor]
    softplus: Callable[..., Tensor]

__getattr__ = module_getattr(__name__)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(0, x)``, element by element."""
    return _C.relu_(input) if inplace else _C.relu(input)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-x))``, element by element."""
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element."""
    return input.tanh()


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``negative_slope * x``."""
    if inplace:
        return _C.leaky_relu_(input, negative_slope)
    return _C.leaky_relu(input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``x`` where positive, else ``alpha * (exp(x) - 1)``."""
    return _C.elu_(input, alpha) if inplace else _C.elu(input, alpha)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``x * sigmoid(x)``."""
    return _C.silu_(input) if inplace else _C.silu(input)


def hardtanh(
    input: Tensor,
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,
) -> Tensor:
    """The input kept between two values."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if inplace:
        return _C.hardtanh_(input, min_val, max_val)
    return _C.hardtanh(input, min_val, max_val)


def softsign(input: Tensor) -> Tensor:
    """``x / (1 + |x|)``."""
    return input / (input.abs() + 1)


def tanhshrink(input: Tensor) -> Tensor:
    """``x - tanh(x)``."""
    return input - input.tanh()


def _implicit_dim(name: str, dimensions: int) -> int:
    warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.")
    return 0 if dimensions in {0, 1, 3} else 1


def softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """``exp(x)`` divided by its sum along a dimension.

    Args:
        input: any shape.
        dim: the dimension along which the results add up to one.
        dtype: to which the input is converted first.
    """
    if dim is None:
        dim = _implicit_dim("softmax", input.dim())
    return input.softmax(dim) if dtype is None else input.softmax(dim, dtype=dtype)


def softmin(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """``softmax`` of ``-x``."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim())
    return (-input).softmax(dim) if dtype is None else (-input).softmax(dim, dtype=dtype)


def log_softmax(
    input: Tensor,
    dim: int | None = None,
    _stacklevel: int = 3,
    dtype: DType | None = None,
) -> Tensor:
    """The logarithm of ``softmax``, computed without overflow."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim())
    return input.log_softmax(dim) if dtype is None else input.log_softmax(dim, dtype=dtype)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to zero with probability ``p``, and scale the others by ``1 / (1 - p)``."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return _C.dropout_(input, p, training) if inplace else _C.dropout(input, p, training)


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """The input divided by its p-norm along a dimension."""
    length = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return input / length if out is None else _C.div(input, length, out=out)


def _number(reduction: str, size_average: bool | None, reduce: bool | None) -> int:
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    return get_enum(reduction)


def _broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both at one shape; a warning if they were not, because that is mostly a mistake."""
    if target.shape == input.shape:
        return input, target
    warn(
        f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely "
        "lead to incorrect results due to broadcasting. Please ensure they have the same size."
    )
    input, target = _C.broadcast_tensors(input, target)  # type: ignore[arg-type, call-arg]
    return input, target


def _weighted(
    losses: Tensor,
    weight: Tensor,
    input: Tensor,
    reduction: str,
    *,
    by_weight: bool = True,
) -> Tensor:
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.sum() / weight.sum() if by_weight else losses.mean()
    raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The square of the difference.

    Args:
        input: any shape.
        target: the same shape.
        size_average: old; use ``reduction``.
        reduce: old; use ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: of each element, of the input's shape.
    """
    input, target = _broadcast(input, target)
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    if weight is not None:
        return _weighted((input - target).pow(2), weight, input, reduction)
    return _C.mse_loss(input, target, get_enum(reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute difference."""
    input, target = _broadcast(input, target)
    if size_average is not None or reduce is not None:
        reduction = _Reduction.legacy_get_string(size_average, reduce)
    if weight is not None:
        return _weighted((input - target).abs(), weight, input, reduction)
    return _C.l1_loss(input, target, get_enum(reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """The square of small differences, the absolute value of large ones; ``beta`` is where they meet."""
    input, target = _broadcast(input, target)
    number = _number(reduction, size_average, reduce)
    if beta == 0.0:
        return _C.l1_loss(input, target, number)
    return _C.smooth_l1_loss(input, target, number, beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """The square of differences below ``delta``, ``delta`` times the absolute value above."""
    input, target = _broadcast(input, target)
    if weight is not None:
        return _weighted(_C.huber_loss(input, target, 0, delta), weight, input, reduction, by_weight=False)
    return _C.huber_loss(input, target, get_enum(reduction), delta)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-(t log x + (1 - t) log(1 - x))`` of probabilities ``x``; the logarithms are kept above -100.

    Args:
        input: probabilities, any shape.
        target: numbers between 0 and 1, the same shape.
        weight: of each element; is broadcast.
        size_average: old; use ``reduction``.
        reduce: old; use ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the shapes differ.
    """
    number = _number(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) "
            "is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(_C.broadcast_shapes(target.size(), weight.size()))  # type: ignore[attr-defined]
    return _C.binary_cross_entropy(input, target, weight, number)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy`` of ``sigmoid(x)``, computed without overflow; ``pos_weight`` weighs positive targets."""
    number = _number(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    return _C.binary_cross_entropy_with_logits(input, target, weight, pos_weight, number)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the input at the target's class.

    Args:
        input: logarithms of probabilities, ``(C)``, ``(N, C)`` or ``(N, C, d1, …)``.
        target: classes, the input's shape without ``C``.
        weight: of each class.
        size_average: old; use ``reduction``.
        ignore_index: a target that does not count.
        reduce: old; use ``reduction``.
        reduction: ``"mean"`` (divided by the weights), ``"sum"`` or ``"none"``.
    """
    number = _number(reduction, size_average, reduce)
    return _C.nll_loss_nd(input, target, weight, number, ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """``nll_loss`` of ``log_softmax``; targets may be classes or probabilities.

    Args:
        input: unnormalised logarithms, ``(C)``, ``(N, C)`` or ``(N, C, d1, …)``.
        target: classes (integers), or probabilities of the input's shape.
        weight: of each class.
        size_average: old; use ``reduction``.
        ignore_index: a class that does not count.
        reduce: old; use ``reduction``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: how much of each target is spread over all classes.
    """
    number = _number(reduction, size_average, reduce)
    return _C.cross_entropy_loss(input, target, weight, number, ignore_index, label_smoothing)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence ``t (log t - x)``."""
    if size_average is not None or reduce is not None:
        number = _Reduction.legacy_get_enum(size_average, reduce)
    else:
        if reduction == "mean":
            warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support size."
                "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
                "'mean' will be changed to behave the same as 'batchmean' in the next major release."
            )
        number = get_enum("sum" if reduction == "batchmean" else reduction)
    loss: Tensor = _C.kl_div(input, target, number, log_target=log_target)  # type: ignore[attr-defined]
    return loss / input.shape[0] if reduction == "batchmean" and input.dim() != 0 else loss


# A function whose operation is not there yet is not there either, and its name says so when it is asked for.
for _name, _operation in {
    "cross_entropy": "cross_entropy_loss",
    "dropout": "dropout",
    "elu": "elu",
    "hardtanh": "hardtanh",
    "huber_loss": "huber_loss",
    "kl_div": "kl_div",
    "l1_loss": "l1_loss",
    "leaky_relu": "leaky_relu",
    "nll_loss": "nll_loss_nd",
    "silu": "silu",
    "smooth_l1_loss": "smooth_l1_loss",
}.items():
    if not hasattr(_C, _operation):
        del globals()[_name]
