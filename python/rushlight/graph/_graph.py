"""Graphs, the default graph, and scopes of names."""

from __future__ import annotations

from contextlib import contextmanager

from .._C import _Graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._tensor import Operation, Tensor, Variable


class Graph:
    """A static graph: operations are recorded into it, and a ``Session`` runs them.

    Example:
        >>> from rushlight import graph as tf
        >>> graph = tf.Graph()
        >>> with graph.as_default():
        ...     six = tf.multiply(tf.constant(2.0), 3.0)
        >>> with tf.Session(graph=graph) as session:
        ...     print(session.run(six))
        6.0
    """

    def __init__(self) -> None:
        self._core = _Graph()
        self._variables: list[Variable] = []

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Record what the block builds into this graph."""
        _stack.append(self)
        try:
            yield self
        finally:
            _stack.remove(self)

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Let the names of what the block builds begin with ``name/``."""
        if not name:
            yield self._core.scope()
            return
        outer = self._core.enter_scope(name)
        try:
            yield self._core.scope()
        finally:
            self._core.leave_scope(outer)

    def unique_name(self, name: str) -> str:
        """A name that nothing in the graph has yet."""
        return self._core.unique_name(name)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of that name (``"Mul_1:0"``).

        Raises:
            KeyError: there is none.
            ValueError: the name is that of an operation.
        """
        operation, colon, output = name.partition(":")
        if not colon:
            raise ValueError(
                f"The name '{name}' refers to an Operation, not a Tensor. Tensor names must be of the form "
                '"<op_name>:<output_index>".'
            )
        node = self._core.find(operation)
        if node is None or node.dtype is None or output != "0":
            raise KeyError(
                f"The name '{name}' refers to a Tensor which does not exist. "
                f"The operation, '{operation}', does not exist in the graph."
            )
        from ._tensor import Tensor

        return Tensor(node, self)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name (``"Mul_1"``).

        Raises:
            KeyError: there is none.
        """
        node = self._core.find(name)
        if node is None:
            raise KeyError(f"The name '{name}' refers to an Operation not in the graph.")
        from ._tensor import Operation

        return Operation(node, self)

    def get_operations(self) -> list[Operation]:
        """All operations, in the order in which they were made."""
        from ._tensor import Operation

        return [Operation(node, self) for node in self._core.nodes()]


_stack: list[Graph] = [Graph()]


def get_default_graph() -> Graph:
    """The graph that operations are recorded into."""
    return _stack[-1]


def reset_default_graph() -> None:
    """Begin a new default graph.

    Raises:
        AssertionError: within ``with graph.as_default()``.
    """
    if len(_stack) > 1:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs.")
    _stack[0] = Graph()


@contextmanager
def name_scope(name: str | None, default_name: str | None = None, values: Any = None) -> Iterator[str]:
    """Let the names of what the block builds begin with ``name/``."""
    with get_default_graph().name_scope(name or default_name) as scope:
        yield scope


def set_random_seed(seed: int | None) -> None:
    """Fix what random operations made from now on draw. The streams are Rushlight's, not TensorFlow's."""
    get_default_graph()._core.set_seed(None if seed is None else seed % 2**64)


def global_variables() -> list[Variable]:
    """The variables of the default graph."""
    return list(get_default_graph()._variables)


def trainable_variables() -> list[Variable]:
    """The variables of the default graph that optimizers change."""
    return [variable for variable in get_default_graph()._variables if variable.trainable]
