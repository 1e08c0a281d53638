"""Automatic differentiation: the front of the engine, with PyTorch's checks of arguments.

The engine itself is in Rust. This module turns what users pass (one tensor or many, with or without weights) into the
engine's plain lists. The heavier tools (``gradcheck``, ``functional``, ``forward_ad``, ``graph``) load on first use.
"""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .._missing import module_getattr
from .._warnings import warn
from .function import Function, NestedIOFunction
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled, set_multithreading_enabled
from .variable import Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, overload

    from . import forward_ad as forward_ad, functional as functional, graph as graph
    from .anomaly_mode import detect_anomaly as detect_anomaly, set_detect_anomaly as set_detect_anomaly
    from .gradcheck import gradcheck as gradcheck, gradgradcheck as gradgradcheck
    from .graph import GradientEdge

    TensorOrTensors = Tensor | GradientEdge | Sequence[Tensor] | Sequence[GradientEdge]
    OptionalTensors = Tensor | Sequence[Tensor | None] | None

__all__ = [
    "Function",
    "NestedIOFunction",
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "variable",
]

_LAZY_NAMES = {
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
}
if hasattr(_C, "set_anomaly_enabled"):
    # Only with an engine that detects anomalies: a block that finds nothing would be worse than none.
    _LAZY_NAMES.update(detect_anomaly="anomaly_mode", set_detect_anomaly="anomaly_mode")
_submodule_or_error = module_getattr(__name__, frozenset({"forward_ad", "functional", "graph"}))


def __getattr__(name: str) -> Any:
    if name in _LAZY_NAMES:
        from importlib import import_module

        module = import_module(f"rushlight.autograd.{_LAZY_NAMES[name]}")
        for lazy, home in _LAZY_NAMES.items():
            if home == _LAZY_NAMES[name]:
                # Also in the place of the module, which the import has just put under its own name:
                # `autograd.gradcheck` is the function.
                globals()[lazy] = getattr(module, lazy)
        return globals()[name]
    return _submodule_or_error(name)


_run_backward: Callable[..., tuple[Any, ...]] = _C._run_backward


def _is_edge(value: object) -> bool:
    """Whether the value is a ``GradientEdge``, told without loading its module for everybody else."""
    return type(value).__name__ == "GradientEdge" and hasattr(value, "output_nr")


def _implicit_gradient(output: Any) -> Tensor | None:
    """The gradient of an output that was given none: one, for a real scalar."""
    if isinstance(output, Tensor):
        if not output.requires_grad:
            return None
        if output.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if not output.dtype.is_floating_point:
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {output.dtype}")
        return _C.ones_like(output)
    metadata = output.node._input_metadata[output.output_nr]
    size = tuple(metadata.shape)
    if any(length != 1 for length in size):
        raise RuntimeError("grad can be implicitly created only for scalar outputs")
    if not metadata.dtype.is_floating_point:
        raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {metadata.dtype}")
    return _C.ones(size, dtype=metadata.dtype)


def _make_grads(outputs: Sequence[Any], grads: Sequence[Any]) -> tuple[Tensor | None, ...]:
    """One gradient for each output, checked against its shape."""
    made: list[Tensor | None] = []
    for index, (output, grad) in enumerate(zip(outputs, grads, strict=False)):
        if grad is None:
            made.append(_implicit_gradient(output))
        elif isinstance(grad, Tensor):
            if isinstance(output, Tensor):
                shape = output.shape
            else:
                shape = _C.Size(output.node._input_metadata[output.output_nr].shape)
            if shape != grad.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{index}] has a shape of {grad.shape} "
                    f"and output[{index}] has a shape of {shape}."
                )
            made.append(grad)
        else:
            raise TypeError(f"gradients can be either Tensors or None, but got {type(grad).__name__}")
    return tuple(made)


def _to_tuple(values: Any, length: int) -> tuple[Any, ...]:
    if values is None:
        return (None,) * length
    if isinstance(values, Tensor):
        return (values,)
    return tuple(values)


def _inputs_to_tuple(inputs: Any, function: str) -> tuple[Any, ...]:
    if isinstance(inputs, Tensor) or _is_edge(inputs):
        return (inputs,)
    if type(inputs) is dict:
        return tuple(inputs.values())
    # A Mapping has keys; asking so avoids collections.abc's slow instance check.
    if hasattr(inputs, "keys"):
        raise TypeError(
            f"`inputs` argument to `{function}()` must be a dict, not {type(inputs).__name__}. "
            "Other Mapping types are not supported."
        )
    return tuple(inputs)


def backward(
    tensors: TensorOrTensors,
    grad_tensors: OptionalTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: OptionalTensors = None,
    inputs: TensorOrTensors | dict[str, Tensor] | None = None,
) -> None:
    """Add the gradients of the given tensors to ``.grad`` of the leaves of their graph.

    Args:
        tensors: one or several tensors to differentiate.
        grad_tensors: the weight of each element of each tensor, of the tensor's shape; may be left out for scalars.
        retain_graph: keep what the graph has saved, so that it can be used again. Default: ``create_graph``.
        create_graph: record the derivative itself, for derivatives of higher order.
        grad_variables: the old name of ``grad_tensors``.
        inputs: collect gradients only here, rather than in every leaf.

    Raises:
        RuntimeError: a tensor with more than one element was given no weights; shapes do not match; nothing requires
            grad; the graph has been freed.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> torch.autograd.backward(x * x, torch.tensor([1.0, 10.0]))
        >>> x.grad
        tensor([ 2., 40.])
    """
    if grad_variables is not None:
        warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning)
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                "Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    inputs_: tuple[Any, ...] = ()
    if inputs is not None:
        inputs_ = _inputs_to_tuple(inputs, "backward")
        if not inputs_:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    tensors_: tuple[Any, ...]
    tensors_ = (tensors,) if isinstance(tensors, Tensor) or _is_edge(tensors) else tuple(tensors)
    gradients = _make_grads(tensors_, _to_tuple(grad_tensors, len(tensors_)))
    if retain_graph is None:
        retain_graph = create_graph
    _run_backward(
        tensors_, gradients, retain_graph, create_graph, inputs_, allow_unreachable=True, accumulate_grad=True
    )


if TYPE_CHECKING:

    @overload
    def grad(
        outputs: TensorOrTensors,
        inputs: TensorOrTensors,
        grad_outputs: OptionalTensors = ...,
        retain_graph: bool | None = ...,
        create_graph: bool = ...,
        only_inputs: bool = ...,
        allow_unused: bool | None = ...,
        is_grads_batched: bool = ...,
        materialize_grads: bool = ...,
    ) -> tuple[Tensor, ...]: ...

    @overload
    def grad(
        outputs: TensorOrTensors,
        inputs: dict[str, Tensor],
        grad_outputs: OptionalTensors = ...,
        retain_graph: bool | None = ...,
        create_graph: bool = ...,
        only_inputs: bool = ...,
        allow_unused: bool | None = ...,
        is_grads_batched: bool = ...,
        materialize_grads: bool = ...,
    ) -> dict[str, Tensor]: ...


def grad(
    outputs: TensorOrTensors,
    inputs: TensorOrTensors | dict[str, Tensor],
    grad_outputs: OptionalTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...] | dict[str, Tensor]:
    """The gradients of the sum of the outputs with respect to the inputs, returned and not accumulated.

    Args:
        outputs: one or several tensors to differentiate.
        inputs: one or several tensors, or a dict of them, with respect to which to differentiate.
        grad_outputs: the weight of each element of each output; may be left out for scalars.
        retain_graph: keep what the graph has saved. Default: ``create_graph``.
        create_graph: record the derivative itself, for derivatives of higher order.
        only_inputs: without effect, as in PyTorch.
        allow_unused: give ``None`` for an input that the outputs do not depend on, rather than raise.
        is_grads_batched: ``grad_outputs`` has one more dimension in front, over which the products are stacked.
        materialize_grads: give zeros rather than ``None`` for unused inputs.

    Returns:
        A tuple with one gradient an input; a dict if the inputs were one.

    Raises:
        RuntimeError: as for :func:`backward`, and for an unused input.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([3.0], requires_grad=True)
        >>> (first,) = torch.autograd.grad(x**2, x, create_graph=True)
        >>> torch.autograd.grad(first, x)
        (tensor([2.]),)
    """
    if allow_unused is None:
        allow_unused = materialize_grads
    elif materialize_grads and not allow_unused:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    outputs_: tuple[Any, ...]
    outputs_ = (outputs,) if isinstance(outputs, Tensor) or _is_edge(outputs) else tuple(outputs)
    inputs_ = _inputs_to_tuple(inputs, "grad")
    if not inputs_:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
        )
    if retain_graph is None:
        retain_graph = create_graph
    weights = _to_tuple(grad_outputs, len(outputs_))
    if is_grads_batched:
        result = _batched(outputs_, weights, inputs_, retain_graph, create_graph, allow_unused)
    else:
        gradients = _make_grads(outputs_, weights)
        result = _run_backward(
            outputs_,
            gradients,
            retain_graph,
            create_graph,
            inputs_,
            allow_unreachable=allow_unused,
            accumulate_grad=False,
        )
    if materialize_grads:
        result = _materialized(result, inputs_, create_graph)
    if type(inputs) is dict:
        return dict(zip(inputs.keys(), result, strict=True))
    return result


def _materialized(result: tuple[Any, ...], inputs: tuple[Any, ...], create_graph: bool) -> tuple[Tensor, ...]:
    if any(gradient is None and not isinstance(x, Tensor) for gradient, x in zip(result, inputs, strict=True)):
        raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
    return tuple(
        _C.zeros_like(x, requires_grad=create_graph) if gradient is None else gradient
        for gradient, x in zip(result, inputs, strict=True)
    )


def _batched(
    outputs: tuple[Any, ...],
    weights: tuple[Any, ...],
    inputs: tuple[Any, ...],
    retain_graph: bool,
    create_graph: bool,
    allow_unused: bool,
) -> tuple[Any, ...]:
    """One vector-Jacobian product for each row of the weights, stacked. A loop: the graph is kept until the last."""
    for index, (output, weight) in enumerate(zip(outputs, weights, strict=False)):
        if not isinstance(weight, Tensor):
            raise RuntimeError("is_grads_batched=True needs a tensor in `grad_outputs` for each output")
        if output.shape != weight.shape[1:]:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                f"output, but a mismatch was detected: grad_output[{index}] has a shape of {weight.shape[1:]} "
                f"and output[{index}] has a shape of {output.shape}. "
                "If you only want some tensors in `grad_output` to be considered batched, consider using vmap."
            )
    count = weights[0].shape[0]
    rows = [
        _run_backward(
            outputs,
            tuple(weight[row] for weight in weights),
            retain_graph or row + 1 < count,
            create_graph,
            inputs,
            allow_unreachable=allow_unused,
            accumulate_grad=False,
        )
        for row in range(count)
    ]
    return tuple(None if column[0] is None else _C.stack(column) for column in zip(*rows, strict=True))


def variable(*args: Any, **kwargs: Any) -> None:
    """Removed from PyTorch; raises as it does there."""
    raise RuntimeError("torch.autograd.variable(...) is deprecated, use torch.tensor(...) instead")


# The function hides the module `autograd.variable`; PyTorch hangs the class on it for the same reason.
variable.Variable = Variable  # type: ignore[attr-defined]
