"""Jacobians, Hessians and their products with vectors, of functions from tensors to tensors."""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from . import grad as _grad
from .grad_mode import enable_grad, set_grad_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Tensors = tuple[Tensor, ...]
    OptionalTensors = tuple[Tensor | None, ...]

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_INDEPENDENT = (
    "The output of the user-provided function is independent of input {}. This is not allowed in strict mode."
)


def _tuple(values: Any, argument: str, function: str) -> tuple[bool, Tensors]:
    """The values as a tuple, and whether they were one."""
    several = isinstance(values, tuple)
    for position, value in enumerate(values if several else (values,)):
        if not isinstance(value, Tensor):
            which = f"the value at index {position}" if several else f"the given {argument}"
            raise TypeError(
                f"The {argument} given to {function} must be either a Tensor or a tuple of Tensors but "
                f"{which} has type {type(value)}."
            )
    return several, (values if several else (values,))


def _leaves(values: Tensors, create_graph: bool, need_graph: bool) -> Tensors:
    """What is differentiated: views where the caller will differentiate again, else leaves of our own."""
    return tuple(
        value.view_as(value) if create_graph and value.requires_grad else value.detach().requires_grad_(need_graph)
        for value in values
    )


def _finished(values: Any, create_graph: bool) -> Any:
    """The results, without their graph unless it was asked for."""
    if create_graph:
        return values
    return tuple(value.detach() if isinstance(value, Tensor) else _finished(value, create_graph) for value in values)


def _unpacked(values: Any, several: bool) -> Any:
    return values if several else values[0]


def _unpacked_twice(values: Sequence[Any], several_outer: bool, several_inner: bool) -> Any:
    rows = values if several_inner else tuple(row[0] for row in values)
    return rows if several_outer else rows[0]


def _check_vector(v: Tensors, other: Tensors, several: bool) -> None:
    if len(other) != len(v):
        if several:
            raise RuntimeError(f"v is a tuple of invalid length: should be {len(other)} but got {len(v)}.")
        raise RuntimeError("The given v should contain a single Tensor.")
    for position, (given, expected) in enumerate(zip(v, other, strict=True)):
        if given.shape != expected.shape:
            entry = f"Entry {position} in " if several else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {expected.size()} but got {given.size()}.")


_STRICT = {
    "hessian": (
        "The hessian of the user-provided function with respect to input {} is independent of the input. This is not "
        "allowed in strict mode. You should ensure that your function is thrice differentiable and that the hessian "
        "depends on the inputs."
    ),
    "jacobian": (
        "While computing the hessian, found that the jacobian of the user-provided function with respect to input {} "
        "is independent of the input. This is not allowed in strict mode. You should ensure that your function is "
        "twice differentiable and that the jacobian depends on the inputs (this would be violated by a linear function "
        "for example)."
    ),
    "grad_inputs": (
        "The gradient with respect to input {} is independent of the inputs of the user-provided function. This is "
        "not allowed in strict mode."
    ),
    "outputs": (
        "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
        "differentiable manner from the input when running in strict mode."
    ),
}


def _require_grad(values: Sequence[Tensor | None], kind: str, strict: bool) -> None:
    if not strict:
        return
    for position, value in enumerate(values):
        if value is None:
            raise RuntimeError(_INDEPENDENT.format(position))
        if not value.requires_grad:
            raise RuntimeError(_STRICT[kind].format(position))


def _gradients(
    outputs: Sequence[Tensor | None],
    inputs: Tensors,
    weights: Sequence[Tensor | None] | None = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    batched: bool = False,
) -> OptionalTensors:
    """``grad``, where some outputs may not depend on anything."""
    pairs = zip(outputs, weights if weights is not None else (None,) * len(outputs), strict=True)
    kept = [(output, weight) for output, weight in pairs if output is not None and output.requires_grad]
    if not kept:
        return (None,) * len(inputs)
    return _grad(
        [output for output, _ in kept],
        inputs,
        [weight for _, weight in kept],
        allow_unused=True,
        create_graph=create_graph,
        retain_graph=retain_graph,
        is_grads_batched=batched,
    )


_MISSING = {
    "back": _INDEPENDENT,
    "back_trick": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double "
        "backward trick to compute forward mode gradients. This is not allowed in strict mode."
    ),
    "double_back": (
        "The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode."
    ),
    "double_back_trick": (
        "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not "
        "allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD."
    ),
}


def _filled(gradients: OptionalTensors, like: Tensors, strict: bool, create_graph: bool, stage: str) -> Tensors:
    """Zeros in the place of what does not depend on anything; in strict mode, an error."""
    filled = []
    for position, gradient in enumerate(gradients):
        if gradient is None:
            if strict:
                raise RuntimeError(_MISSING[stage].format(position))
            gradient = _C.zeros_like(like[position])
        elif strict and create_graph and not gradient.requires_grad:
            what = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {what} of the user-provided function is independent of input {position}. "
                "This is not allowed in strict mode when create_graph=True."
            )
        filled.append(gradient)
    return tuple(filled)


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Jacobian.

    Args:
        func: from tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: the vector, like the outputs; may be left out for a scalar.
        create_graph: let the result be differentiated again.
        strict: raise where an output does not depend on an input, rather than give zeros.

    Returns:
        The outputs, and the product, which is like the inputs.
    """
    with enable_grad():
        several_inputs, inputs = _tuple(inputs, "inputs", "vjp")
        inputs = _leaves(inputs, create_graph, need_graph=True)
        several_outputs, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "vjp")
        _require_grad(outputs, "outputs", strict)
        if v is not None:
            _, v = _tuple(v, "v", "vjp")
            v = _leaves(v, create_graph, need_graph=False)
            _check_vector(v, outputs, several_outputs)
        elif len(outputs) != 1 or outputs[0].numel() != 1:
            raise RuntimeError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                "element."
            )
    with set_grad_enabled(create_graph or _C.is_grad_enabled()):
        found = _gradients(outputs, inputs, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "back")
    return (
        _unpacked(_finished(outputs, create_graph), several_outputs),
        _unpacked(_finished(product, create_graph), several_inputs),
    )


def _vector_like_inputs(v: Any, inputs: Tensors, several: bool, create_graph: bool, function: str) -> Any:
    if v is not None:
        _, v = _tuple(v, "v", function)
        v = _leaves(v, create_graph, need_graph=False)
        _check_vector(v, inputs, several)
    elif len(inputs) != 1 or inputs[0].numel() != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return v


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Jacobian with a vector, by differentiating the reverse product once more.

    Args:
        func: from tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        v: the vector, like the inputs; may be left out for a scalar.
        create_graph: let the result be differentiated again.
        strict: raise where an output does not depend on an input, rather than give zeros.

    Returns:
        The outputs, and the product, which is like the outputs.
    """
    with enable_grad():
        several_inputs, inputs = _tuple(inputs, "inputs", "jvp")
        inputs = _leaves(inputs, create_graph, need_graph=True)
        v = _vector_like_inputs(v, inputs, several_inputs, create_graph, "jvp")
        several_outputs, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "jvp")
        _require_grad(outputs, "outputs", strict)
        # The reverse product is linear in these; its derivative with respect to them is the forward product.
        weights = tuple(_C.zeros_like(output, requires_grad=True) for output in outputs)
        reverse = _gradients(outputs, inputs, weights, create_graph=True)
        _require_grad(reverse, "grad_inputs", strict)
    with set_grad_enabled(create_graph or _C.is_grad_enabled()):
        found = _gradients(reverse, weights, v, create_graph)
        product = _filled(found, outputs, strict, create_graph, "back_trick")
    return (
        _unpacked(_finished(outputs, create_graph), several_outputs),
        _unpacked(_finished(product, create_graph), several_outputs),
    )


def _basis(tensors: Tensors) -> Tensors:
    """The identity matrix over all elements of all tensors, cut into one block of columns for each."""
    total = sum(tensor.numel() for tensor in tensors)
    blocks = []
    first = 0
    for tensor in tensors:
        block = tensor.new_zeros((total, tensor.numel()))
        for element in range(tensor.numel()):
            block[first + element, element] = 1
        first += tensor.numel()
        blocks.append(block)
    return tuple(blocks)


def _rows(output: Tensor, number: int, inputs: Tensors, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """The Jacobian of one output with respect to each input, row by row."""
    found: list[list[Tensor]] = [[] for _ in inputs]
    flat = output.reshape(-1)
    for element in range(output.numel()):
        gradients = _gradients((flat[element],), inputs, retain_graph=True, create_graph=create_graph)
        for position, (rows, gradient, like) in enumerate(zip(found, gradients, inputs, strict=True)):
            if gradient is None:
                if strict:
                    raise RuntimeError(
                        f"Output {number} of the user-provided function is independent of input {position}. "
                        "This is not allowed in strict mode."
                    )
                gradient = _C.zeros_like(like)
            elif strict and create_graph and not gradient.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {number}. "
                    "This is not allowed in strict mode when create_graph=True."
                )
            rows.append(gradient)
    return tuple(_C.stack(rows).view((*output.shape, *like.shape)) for rows, like in zip(found, inputs, strict=True))


def _forward_jacobian(func: Callable[..., Any], inputs: Any, strict: bool, vectorize: bool) -> Any:
    from . import forward_ad

    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported '
            'together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    several_inputs, tensors = _tuple(inputs, "inputs", "jacobian")
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )
    columns: list[tuple[Tensor, ...]] = []
    several_outputs = False
    for position, tensor in enumerate(tensors):
        for element in range(tensor.numel()):
            with forward_ad.dual_level():
                tangents = [_C.zeros_like(value).detach() for value in tensors]
                tangents[position].view(-1)[element] = 1
                duals = [forward_ad.make_dual(x, t) for x, t in zip(tensors, tangents, strict=True)]
                several_outputs, outputs = _tuple(func(*duals), "outputs", "jacobian")
                unpacked = [forward_ad.unpack_dual(output) for output in outputs]
                columns.append(
                    tuple(_C.zeros_like(primal) if tangent is None else tangent for primal, tangent in unpacked)
                )
    jacobian_: list[list[Tensor]] = []
    for number in range(len(columns[0])):
        row = []
        first = 0
        for tensor in tensors:
            part = [column[number] for column in columns[first : first + tensor.numel()]]
            first += tensor.numel()
            stacked = _C.stack(part, dim=-1)
            row.append(stacked.reshape((*part[0].shape, *tensor.shape)))
        jacobian_.append(row)
    # Lists rather than tuples, as PyTorch has them in this mode.
    return _unpacked_twice(jacobian_, several_outputs, several_inputs)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All first derivatives of a function.

    Args:
        func: from tensors to a tensor or a tuple of them.
        inputs: a tensor or a tuple of them.
        create_graph: let the result be differentiated again.
        strict: raise where an output does not depend on an input, rather than give zeros.
        vectorize: compute all rows at once where that is possible.
        strategy: ``"reverse-mode"``, or ``"forward-mode"`` (with ``vectorize``).

    Returns:
        A tensor of the output's shape followed by the input's; a tuple of them for several outputs or inputs, a tuple
        of tuples for both.

    Example:
        >>> import rushlight as torch
        >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1.0, 2.0]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not '
                'supported together (yet). Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _forward_jacobian(func, inputs, strict, vectorize)
    with enable_grad():
        several_inputs, inputs = _tuple(inputs, "inputs", "jacobian")
        inputs = _leaves(inputs, create_graph, need_graph=True)
        several_outputs, outputs = _tuple(func(*inputs), "outputs of the user-provided function", "jacobian")
        _require_grad(outputs, "outputs", strict)
        if vectorize:
            if strict:
                raise RuntimeError(
                    "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported "
                    "together. Please either set `strict=False` or `vectorize=False`."
                )
            found = _all_rows(outputs, inputs, create_graph)
        else:
            found = tuple(_rows(output, number, inputs, create_graph, strict) for number, output in enumerate(outputs))
    return _unpacked_twice(_finished(found, create_graph), several_outputs, several_inputs)


def _all_rows(outputs: Tensors, inputs: Tensors, create_graph: bool) -> tuple[Tensors, ...]:
    """The Jacobian of all outputs with respect to all inputs in one batched ``grad``."""
    flat = tuple(output.reshape(-1) for output in outputs)
    total = sum(output.numel() for output in outputs)
    gradients = _gradients(flat, inputs, _basis(flat), create_graph, batched=True)
    full = [
        _C.zeros_like(like).expand((total, *like.shape)) if gradient is None else gradient
        for gradient, like in zip(gradients, inputs, strict=True)
    ]
    found = []
    first = 0
    for output in outputs:
        last = first + output.numel()
        found.append(
            tuple(
                rows[first:last].reshape((*output.shape, *like.shape)) for rows, like in zip(full, inputs, strict=True)
            )
        )
        first = last
    return tuple(found)


def _single_output(func: Callable[..., Any], function: str, strict: bool) -> Callable[..., Tensor]:
    def single(*inputs: Tensor) -> Tensor:
        output = func(*inputs)
        several, outputs = _tuple(output, "outputs of the user-provided function", function)
        _require_grad(outputs, "outputs", strict)
        if several:
            raise RuntimeError(f"The function given to {function} should return a single Tensor")
        if outputs[0].numel() != 1:
            raise RuntimeError(
                f"The Tensor returned by the function given to {function} should contain a single element"
            )
        return outputs[0]

    return single


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of a scalar function: the Jacobian of its gradient.

    Args:
        func: from tensors to one scalar.
        inputs: a tensor or a tuple of them.
        create_graph: let the result be differentiated again.
        strict: raise where the gradient does not depend on an input, rather than give zeros.
        vectorize: as for ``jacobian``.
        outer_jacobian_strategy: mode of the outer derivative.

    Example:
        >>> import rushlight as torch
        >>> torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.tensor([1.0, 2.0]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    several, inputs = _tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in {"forward-mode", "reverse-mode"}:
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    single = _single_output(func, "hessian", strict)

    def gradient(*values: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            # Dual tensors are no leaves, and the inner derivative needs something to differentiate.
            values = tuple(value.requires_grad_(True) for value in values)
        found = jacobian(lambda *x: single(*x).squeeze(), values, create_graph=True)
        _require_grad(found, "jacobian", strict)
        return found

    found = jacobian(
        gradient,
        inputs,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )
    return _unpacked_twice(found, several, several)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of a vector with the Hessian; arguments as for ``jvp``, of a scalar function."""
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", "vhp")
        inputs = _leaves(inputs, create_graph, need_graph=True)
        v = _vector_like_inputs(v, inputs, several, create_graph, "vhp")
        output = _single_output(func, "vhp", strict)(*inputs)
        gradient = _gradients((output,), inputs, create_graph=True)
        _require_grad(gradient, "jacobian", strict)
    with set_grad_enabled(create_graph or _C.is_grad_enabled()):
        found = _gradients(gradient, inputs, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "double_back")
    return _finished((output,), create_graph)[0], _unpacked(_finished(product, create_graph), several)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The product of the Hessian with a vector; arguments as for ``jvp``, of a scalar function."""
    with enable_grad():
        several, inputs = _tuple(inputs, "inputs", "hvp")
        inputs = _leaves(inputs, create_graph, need_graph=True)
        v = _vector_like_inputs(v, inputs, several, create_graph, "hvp")
        output = _single_output(func, "hvp", strict)(*inputs)
        gradient = _gradients((output,), inputs, create_graph=True)
        _require_grad(gradient, "jacobian", strict)
        # As in `jvp`: linear in the weights, and differentiated with respect to them.
        weights = tuple(_C.zeros_like(value, requires_grad=True) for value in inputs)
        double = _gradients(gradient, inputs, weights, create_graph=True)
        _require_grad(gradient, "hessian", strict)
    with set_grad_enabled(create_graph or _C.is_grad_enabled()):
        found = _gradients(double, weights, v, create_graph)
        product = _filled(found, inputs, strict, create_graph, "double_back_trick")
    return _finished((output,), create_graph)[0], _unpacked(_finished(product, create_graph), several)
