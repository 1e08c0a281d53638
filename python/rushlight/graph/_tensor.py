"""Nodes of a graph as TensorFlow's classes: tensors, variables, operations."""

from __future__ import annotations

from ._convert import to_tensor
from ._dtype import DType, as_dtype
from ._graph import Graph, get_default_graph
from ._shape import TensorShape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class Operation:
    """What computes a tensor, or runs for its effect (an initializer, a group)."""

    def __init__(self, node: Any, graph: Graph) -> None:
        self._node = node
        self.graph = graph

    @property
    def name(self) -> str:
        """The name: ``MatMul_1``."""
        return self._node.name

    @property
    def type(self) -> str:
        """What is computed: ``MatMul``."""
        return self._node.kind

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors that are read."""
        return [Tensor(node, self.graph) for node in self._node.inputs if node.dtype is not None]

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations without a value that run before this one."""
        return [Operation(node, self.graph) for node in self._node.inputs if node.dtype is None]

    @property
    def outputs(self) -> list[Tensor]:
        """The tensor that is computed, if there is one."""
        return [] if self._node.dtype is None else [Tensor(self._node, self.graph)]

    def run(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> None:
        """Run this operation in a session, or in the default one."""
        _session(session, self.graph, "Cannot execute operation using `run()`").run(self, feed_dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operation) and self.graph is other.graph and self._node.id == other._node.id

    def __hash__(self) -> int:
        return hash((id(self.graph), self._node.id))

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"

    def __str__(self) -> str:
        inputs = "".join(f'input: "{tensor.op.name}"\n' for tensor in self.inputs)
        return f'name: "{self.name}"\nop: "{self.type}"\n{inputs}'


class _Operators:
    """Operators that record operations of graphs."""

    # NumPy leaves `array * tensor` to the tensor.
    __array_priority__ = 100
    __array_ufunc__ = None
    _node: Any
    graph: Graph

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return as_dtype(self._node.dtype)

    @property
    def shape(self) -> TensorShape:
        """The sizes; ``None`` for one that is known only when the graph runs."""
        return TensorShape(self._node.shape)

    @property
    def op(self) -> Operation:
        """What computes this tensor."""
        return Operation(self._node, self.graph)

    @property
    def name(self) -> str:
        """The name: ``Mul:0``."""
        return f"{self._node.name}:0"

    def get_shape(self) -> TensorShape:
        """The sizes; ``None`` for one that is known only when the graph runs."""
        return self.shape

    def eval(self, feed_dict: dict[Any, Any] | None = None, session: Any = None) -> Any:
        """The value, computed in a session, or in the default one."""
        return _session(session, self.graph, "Cannot evaluate tensor using `eval()`").run(self, feed_dict)

    def __add__(self, other: Any) -> Tensor:
        return record("Add", [self, other], name="add")

    def __radd__(self, other: Any) -> Tensor:
        return record("Add", [other, self], name="add")

    def __sub__(self, other: Any) -> Tensor:
        return record("Sub", [self, other], name="sub")

    def __rsub__(self, other: Any) -> Tensor:
        return record("Sub", [other, self], name="sub")

    def __mul__(self, other: Any) -> Tensor:
        return record("Mul", [self, other], name="mul")

    def __rmul__(self, other: Any) -> Tensor:
        return record("Mul", [other, self], name="mul")

    def __truediv__(self, other: Any) -> Tensor:
        return record("RealDiv", [self, other], name="truediv")

    def __rtruediv__(self, other: Any) -> Tensor:
        return record("RealDiv", [other, self], name="truediv")

    def __pow__(self, other: Any) -> Tensor:
        return record("Pow", [self, other], name="pow")

    def __rpow__(self, other: Any) -> Tensor:
        return record("Pow", [other, self], name="pow")

    def __matmul__(self, other: Any) -> Tensor:
        return record("MatMul", [self, other], name="matmul")

    def __rmatmul__(self, other: Any) -> Tensor:
        return record("MatMul", [other, self], name="matmul")

    def __neg__(self) -> Tensor:
        return record("Neg", [self])

    def __abs__(self) -> Tensor:
        return record("Abs", [self])

    def __lt__(self, other: Any) -> Tensor:
        return record("Less", [self, other])

    def __le__(self, other: Any) -> Tensor:
        return record("LessEqual", [self, other])

    def __gt__(self, other: Any) -> Tensor:
        return record("Greater", [self, other])

    def __ge__(self, other: Any) -> Tensor:
        return record("GreaterEqual", [self, other])

    # As in TensorFlow 1, `==` asks whether it is the same tensor, so that tensors can be keys.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Operators) and self.graph is other.graph and self._node.id == other._node.id

    def __hash__(self) -> int:
        return hash((id(self.graph), self._node.id))

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` instead of `if t:` to test "
            "if a tensor is defined, and use TensorFlow ops such as tf.cond to execute subgraphs conditioned on the "
            "value of a tensor."
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "Tensor objects are only iterable when eager execution is enabled. To iterate over this tensor use "
            "tf.map_fn."
        )

    def __len__(self) -> NoReturn:
        raise TypeError(f"object of type '{type(self).__name__}' has no len()")

    def __float__(self) -> NoReturn:
        raise TypeError(f"float() argument must be a string or a real number, not '{type(self).__name__}'")

    def __int__(self) -> NoReturn:
        raise TypeError(
            f"int() argument must be a string, a bytes-like object or a real number, not '{type(self).__name__}'"
        )

    def __repr__(self) -> str:
        if isinstance(self, Variable):
            return str(self)
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        return str(self._node)


class Tensor(_Operators):
    """A value that is computed when a session runs.

    Example:
        >>> from rushlight import graph as tf
        >>> x = tf.placeholder(tf.float32, shape=(None, 2), name="x")
        >>> x
        <tf.Tensor 'x:0' shape=(?, 2) dtype=float32>
    """

    def __init__(self, node: Any, graph: Graph) -> None:
        self._node = node
        self.graph = graph

    def set_shape(self, shape: Any) -> None:
        """Accept what is known already.

        Raises:
            NotImplementedError: the shape would say more than is known.
        """
        if self.shape != TensorShape(shape):
            raise NotImplementedError("set_shape cannot add to what is known of a shape in Rushlight's graphs")


class Variable(_Operators):
    """A value that a session keeps from run to run.

    Args:
        initial_value: What the initializer sets it to: a tensor of the graph, an array, a list or a number.
        trainable: Whether optimizers change it.
        name: Its name.
        dtype: The dtype of the initial value.

    Example:
        >>> from rushlight import graph as tf
        >>> count = tf.Variable(0.0)
        >>> step = count.assign(count + 1.0)
        >>> with tf.Session() as session:
        ...     _ = session.run(count.initializer)
        ...     print(session.run(step), session.run(step))
        1.0 2.0
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
    ) -> None:
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if callable(initial_value):
            initial_value = initial_value()
        graph = get_default_graph()
        name = name or "Variable"
        if not isinstance(initial_value, _Operators):
            initial_value = constant_node(graph, initial_value, dtype, f"{name}/initial_value")
        self.graph = graph
        self.trainable = trainable
        self.initial_value = initial_value
        self._node = graph._core.variable(initial_value._node, name)
        graph._variables.append(self)

    @property
    def dtype(self) -> DType:
        """The type of the elements, as a reference: ``float32_ref``."""
        return as_dtype(f"{as_dtype(self._node.dtype).name}_ref")

    @property
    def initializer(self) -> Operation:
        """The operation that sets the variable to its initial value."""
        return self.graph.get_operation_by_name(f"{self._node.name}/Assign")

    def value(self) -> Tensor:
        """The value, read at the start of a run."""
        return Tensor(self._node, self.graph)

    def read_value(self) -> Tensor:
        """The value as a tensor of its own."""
        return record("Identity", [self])

    def initialized_value(self) -> Any:
        """The initial value, to make another variable's of it."""
        return self.initial_value

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that sets the variable, at the end of a run in which it is needed, and is what it is set to."""
        operand = _operand(value, as_dtype(self._node.dtype))
        return Tensor(self.graph._core.assign(self._node, operand, name), self.graph)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """``assign(self + delta)``."""
        return self._assign_changed("AssignAdd", "Add", delta, name)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """``assign(self - delta)``."""
        return self._assign_changed("AssignSub", "Sub", delta, name)

    def _assign_changed(self, base: str, kind: str, delta: Any, name: str | None) -> Tensor:
        changed = record(kind, [self, delta], name=f"{name or base}/value")
        return self.assign(changed, name=name or base)

    def load(self, value: Any, session: Any = None) -> None:
        """Set the variable in a session, at once."""
        session = _session(session, self.graph, "Cannot load a variable")
        session.run(self.initializer, {self.initial_value: value})


def _session(given: Any, graph: Graph, doing: str) -> Any:
    """The session to use."""
    from ._session import default_session

    session = given if given is not None else default_session()
    if session is None:
        raise ValueError(
            f"{doing}: No default session is registered. Use `with sess.as_default()` or pass an explicit session to "
            "`eval(session=sess)`"
        )
    if session.graph is not graph:
        raise ValueError(f"{doing}: the session runs another graph than the tensor's.")
    return session


def constant_node(graph: Graph, value: Any, dtype: Any, name: str) -> Tensor:
    """A constant of the graph."""
    tensor = to_tensor(value, None if dtype is None else as_dtype(dtype).base_dtype)
    return Tensor(graph._core.constant(tensor, name), graph)


def _operand(value: Any, dtype: DType | None) -> Any:
    """What the core takes as an operand: a node, a number, or a tensor in the other operand's dtype."""
    if isinstance(value, _Operators):
        return value._node
    if isinstance(value, Operation):
        raise TypeError(f"Can't convert Operation '{value.name}' to Tensor")
    if isinstance(value, bool | int | float):
        return value
    return to_tensor(value, dtype)


def record(
    kind: str,
    inputs: list[Any],
    integers: list[int] | None = None,
    flags: tuple[bool, bool] = (False, False),
    dtype: DType | None = None,
    name: str | None = None,
) -> Tensor:
    """Record an operation on graph tensors, numbers and arrays."""
    first = next((value for value in inputs if isinstance(value, _Operators)), None)
    graph = get_default_graph() if first is None else first.graph
    common = None if first is None else as_dtype(first._node.dtype)
    operands = [_operand(value, common) for value in inputs]
    node = graph._core.operation(kind, operands, integers, flags, dtype and dtype.base_dtype.torch_dtype, name)
    return Tensor(node, graph)
