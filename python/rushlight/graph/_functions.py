"""TensorFlow's functions that record operations into the default graph."""

from __future__ import annotations

import rushlight as _torch

from ._dtype import as_dtype, float32
from ._graph import get_default_graph
from ._shape import sizes_of
from ._tensor import Operation, Tensor, Variable, constant_node, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


__all__ = [
    "abs",
    "add",
    "argmax",
    "assign",
    "assign_add",
    "assign_sub",
    "cast",
    "constant",
    "convert_to_tensor",
    "cos",
    "divide",
    "equal",
    "exp",
    "fill",
    "global_variables_initializer",
    "gradients",
    "greater",
    "greater_equal",
    "group",
    "identity",
    "initialize_all_variables",
    "less",
    "less_equal",
    "log",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "ones",
    "ones_like",
    "placeholder",
    "pow",
    "random_normal",
    "random_uniform",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_sum",
    "reshape",
    "sigmoid",
    "sin",
    "sqrt",
    "square",
    "squared_difference",
    "stop_gradient",
    "subtract",
    "tanh",
    "transpose",
    "truediv",
    "truncated_normal",
    "variables_initializer",
    "zeros",
    "zeros_like",
]


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A value that each run is given; a size of ``None`` may differ from run to run.

    Raises:
        NotImplementedError: no shape is given (not even the number of dimensions is known).
    """
    if shape is None:
        raise NotImplementedError(
            "tf.placeholder without a shape is not supported: say at least how many dimensions there are, "
            "as in shape=(None, None)"
        )
    graph = get_default_graph()
    node = graph._core.placeholder(as_dtype(dtype).base_dtype.torch_dtype, sizes_of(shape), name or "Placeholder")
    return Tensor(node, graph)


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """A constant from a number (``float32``, ``int32``, ``bool``), lists or an array.

    Args:
        value: The elements.
        dtype: Their type.
        shape: The shape; one number fills it.
        name: The name.
        verify_shape: Whether the value must have that shape already.
    """
    graph = get_default_graph()
    if shape is None:
        return constant_node(graph, value, dtype, name)
    from ._convert import to_tensor

    tensor = to_tensor(value, None if dtype is None else as_dtype(dtype).base_dtype)
    sizes = sizes_of(shape)
    if verify_shape and list(tensor.shape) != sizes:
        raise TypeError(f"Expected Tensor's shape: {tuple(sizes)}, got {tuple(tensor.shape)}.")
    tensor = tensor.expand(sizes) if tensor.numel() == 1 and tensor.dim() <= len(sizes) else tensor.reshape(sizes)
    return Tensor(graph._core.constant(tensor, name), graph)


def _filled(shape: Any, value: float, dtype: Any, name: str) -> Tensor:
    graph = get_default_graph()
    tensor = _torch.full(sizes_of(shape), value, dtype=as_dtype(dtype).base_dtype.torch_dtype)
    return Tensor(graph._core.constant(tensor, name), graph)


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Zeros of a known shape."""
    return _filled(shape, 0, dtype, name or "zeros")


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Ones of a known shape."""
    return _filled(shape, 1, dtype, name or "ones")


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """One number over a known shape."""
    return constant(value, shape=dims, name=name or "Fill")


def _random(
    kind: str, first: float, second: float, shape: Any, dtype: Any, seed: int | None, name: str | None
) -> Tensor:
    graph = get_default_graph()
    of = as_dtype(dtype).base_dtype.torch_dtype
    wrapped = None if seed is None else seed % 2**64
    return Tensor(graph._core.random(kind, first, second, sizes_of(shape), of, wrapped, name), graph)


def random_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers, drawn anew in each run. The streams are not TensorFlow's."""
    return _random("random_normal", mean, stddev, shape, dtype, seed, name)


def truncated_normal(
    shape: Any,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers at most two deviations from the mean, drawn anew in each run."""
    return _random("truncated_normal", mean, stddev, shape, dtype, seed, name)


def random_uniform(
    shape: Any,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers in [minval, maxval), drawn anew in each run."""
    return _random("random_uniform", minval, maxval, shape, dtype, seed, name)


def _unary(kind: str, name: str, doc: str) -> Callable[..., Tensor]:
    def function(x: Any, name: str | None = None) -> Tensor:
        return record(kind, [x], name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _binary(kind: str, name: str, doc: str) -> Callable[..., Tensor]:
    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        return record(kind, [x, y], name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


def _reduction(kind: str, name: str, doc: str) -> Callable[..., Tensor]:
    def function(
        input_tensor: Any,
        axis: Any = None,
        keepdims: bool | None = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: bool | None = None,
    ) -> Tensor:
        axis = reduction_indices if axis is None else axis
        axes = None if axis is None else [axis] if hasattr(axis, "__index__") else list(axis)
        return record(kind, [input_tensor], axes, (bool(keepdims or keep_dims), False), name=name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


add = _binary("Add", "add", "``x + y``, with broadcasting.")
subtract = _binary("Sub", "subtract", "``x - y``, with broadcasting.")
multiply = _binary("Mul", "multiply", "``x * y``, with broadcasting.")
divide = _binary("RealDiv", "divide", "``x / y``, with broadcasting; integers become ``float64``.")
truediv = _binary("RealDiv", "truediv", "``x / y``, with broadcasting; integers become ``float64``.")
pow = _binary("Pow", "pow", "``x ** y``, with broadcasting.")
maximum = _binary("Maximum", "maximum", "The larger of two; where they are equal, each gets half of the gradient.")
minimum = _binary("Minimum", "minimum", "The smaller of two; where they are equal, each gets half of the gradient.")
equal = _binary("Equal", "equal", "Where ``x == y``.")
not_equal = _binary("NotEqual", "not_equal", "Where ``x != y``.")
greater = _binary("Greater", "greater", "Where ``x > y``.")
greater_equal = _binary("GreaterEqual", "greater_equal", "Where ``x >= y``.")
less = _binary("Less", "less", "Where ``x < y``.")
less_equal = _binary("LessEqual", "less_equal", "Where ``x <= y``.")
negative = _unary("Neg", "negative", "``-x``.")
abs = _unary("Abs", "abs", "The absolute value.")
exp = _unary("Exp", "exp", "The exponential.")
log = _unary("Log", "log", "The natural logarithm.")
sqrt = _unary("Sqrt", "sqrt", "The square root.")
square = _unary("Square", "square", "``x * x``.")
sin = _unary("Sin", "sin", "The sine.")
cos = _unary("Cos", "cos", "The cosine.")
tanh = _unary("Tanh", "tanh", "The hyperbolic tangent.")
sigmoid = _unary("Sigmoid", "sigmoid", "``1 / (1 + exp(-x))``.")
identity = _unary("Identity", "identity", "The same value as a tensor of its own.")
stop_gradient = _unary("StopGradient", "stop_gradient", "The same value, through which no gradient passes.")
reduce_sum = _reduction("Sum", "reduce_sum", "The sum over all dimensions or some.")
reduce_mean = _reduction("Mean", "reduce_mean", "The mean over all dimensions or some; of integers, truncated.")
reduce_max = _reduction("Max", "reduce_max", "The largest element over all dimensions or some.")
reduce_min = _reduction("Min", "reduce_min", "The smallest element over all dimensions or some.")


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Zeros in the shape of a tensor."""
    zeros = record("ZerosLike", [tensor], name=name)
    return zeros if dtype is None else cast(zeros, dtype)


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """Ones in the shape of a tensor."""
    ones = record("OnesLike", [tensor], name=name)
    return ones if dtype is None else cast(ones, dtype)


def argmax(input: Any, axis: int = 0, name: str | None = None) -> Tensor:
    """The place of the largest element along a dimension, as ``int64``."""
    return record("ArgMax", [input], [axis], name=name)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``(x - y) ** 2``."""
    return square(record("Sub", [x, y], name=f"{name or 'SquaredDifference'}/sub"), name=name or "SquaredDifference")


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: str | None = None) -> Tensor:
    """The matrix product, of either matrix transposed if asked for.

    Raises:
        ValueError: the inner dimensions differ, or there are fewer than two.
    """
    return record("MatMul", [a, b], flags=(transpose_a, transpose_b), name=name)


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """The value in another dtype."""
    return record("Cast", [x], dtype=as_dtype(dtype), name=name)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements in another shape; one size may be -1."""
    return record("Reshape", [tensor], sizes_of(shape), name=name)


def transpose(a: Any, perm: Any = None, name: str | None = None) -> Tensor:
    """The dimensions in another order; by default in the opposite one."""
    return record("Transpose", [a], None if perm is None else list(perm), name=name)


def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A graph tensor is itself; anything else becomes a constant."""
    return value if isinstance(value, Tensor | Variable) else constant(value, dtype, name=name or "Const")


def gradients(
    ys: Any, xs: Any, grad_ys: Any = None, name: str = "gradients", stop_gradients: Any = None, **options: Any
) -> list[Tensor | None]:
    """The derivatives of the sum of all elements of ``ys`` with respect to each of ``xs``.

    Derivatives are those of Rushlight's autograd, and can be differentiated again. In the graph they are requests:
    they are worked out when a session knows all shapes.

    Args:
        ys: A tensor or a list of tensors.
        xs: A tensor or a list of tensors (variables, placeholders, or anything computed).
        grad_ys: What to multiply each of ``ys`` with.
        name: The scope of the derivatives' names.
        stop_gradients: Not supported; use ``tf.stop_gradient``.
        **options: TensorFlow's hints for the computation, which change nothing here.

    Returns:
        A tensor for each of ``xs``; ``None`` where ``ys`` do not depend on it.

    Example:
        >>> from rushlight import graph as tf
        >>> x = tf.constant(3.0)
        >>> (slope,) = tf.gradients(x * x, [x])
        >>> with tf.Session() as session:
        ...     print(session.run(slope))
        6.0
    """
    if stop_gradients is not None:
        raise NotImplementedError("stop_gradients of tf.gradients is not supported; use tf.stop_gradient")
    outputs, inputs = _tensors(ys), _tensors(xs)
    weights = [None] * len(outputs) if grad_ys is None else grad_ys if isinstance(grad_ys, list | tuple) else [grad_ys]
    graph = (outputs + inputs)[0].graph if outputs or inputs else get_default_graph()
    made = graph._core.gradients(
        [y._node for y in outputs],
        [x._node for x in inputs],
        [None if w is None else convert_to_tensor(w, y.dtype)._node for w, y in zip(weights, outputs, strict=True)],
        name,
    )
    return [None if node is None else Tensor(node, graph) for node in made]


def _tensors(values: Any) -> list[Any]:
    return [convert_to_tensor(value) for value in (values if isinstance(values, list | tuple) else [values])]


def group(*inputs: Any, name: str | None = None, **options: Any) -> Operation:
    """An operation that runs all of the given ones."""
    flat: list[Any] = []
    for item in inputs:
        flat.extend(item if isinstance(item, list | tuple) else [item])
    graph = flat[0].graph if flat else get_default_graph()
    return Operation(graph._core.group([item._node for item in flat], name or "group_deps"), graph)


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """The operation that sets the given variables to their initial values."""
    return group(*[variable.initializer for variable in var_list], name=name)


def global_variables_initializer() -> Operation:
    """The operation that sets all variables so far to their initial values."""
    return variables_initializer(get_default_graph()._variables)


def initialize_all_variables() -> Operation:
    """The old name of ``global_variables_initializer``."""
    return global_variables_initializer()


def assign(
    ref: Variable, value: Any, validate_shape: bool = True, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """``ref.assign(value)``."""
    return ref.assign(value, name=name)


def assign_add(ref: Variable, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """``ref.assign_add(value)``."""
    return ref.assign_add(value, name=name)


def assign_sub(ref: Variable, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
    """``ref.assign_sub(value)``."""
    return ref.assign_sub(value, name=name)
