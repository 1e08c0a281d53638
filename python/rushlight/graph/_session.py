"""Sessions: running graphs."""

from __future__ import annotations

from contextlib import contextmanager

from .._C import _GraphSession
from ._convert import to_tensor, to_value
from ._graph import Graph, get_default_graph
from ._tensor import Operation, Tensor, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

_sessions: list[Session] = []


def default_session() -> Session | None:
    """The innermost session that is the default."""
    return _sessions[-1] if _sessions else None


get_default_session = default_session


class Session:
    """Runs a graph, and holds the values of its variables.

    In a run, all variables are read at their values from its start, and assignments take effect at its end.

    Args:
        graph: The graph; by default the default graph.

    Example:
        >>> from rushlight import graph as tf
        >>> x = tf.placeholder(tf.float32, shape=(None,))
        >>> total = tf.reduce_sum(x * x)
        >>> with tf.Session() as session:
        ...     print(session.run(total, feed_dict={x: [1.0, 2.0]}))
        5.0
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        self.graph = graph if graph is not None else get_default_graph()
        self._core = _GraphSession(self.graph._core)
        self._closed = False

    def run(
        self, fetches: Any, feed_dict: dict[Any, Any] | None = None, options: Any = None, run_metadata: Any = None
    ) -> Any:
        """The values of what is fetched.

        Args:
            fetches: A graph tensor, a variable, an operation (its value is ``None``), a name, or lists, tuples and
                dicts of such; the result has the same structure.
            feed_dict: Values of placeholders: arrays, lists, numbers.
            options: TensorFlow's hints for the computation, which change nothing here.
            run_metadata: Left as it is.

        Returns:
            NumPy's arrays and scalars, or lists and numbers where NumPy is missing.

        Raises:
            InvalidArgumentError: a placeholder that is needed was not fed.
            FailedPreconditionError: a variable that is read has no value yet.
            ValueError: a value has another shape than its placeholder, or a tensor belongs to another graph.
            TypeError: something else than a tensor was fetched or fed.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        nodes: list[Any] = []
        structure = self._collect(fetches, fetches, nodes)
        feeds = [self._feed(key, value) for key, value in (feed_dict or {}).items()]
        values = [None if tensor is None else to_value(tensor) for tensor in self._core.run(nodes, feeds)]
        return _filled(structure, values)

    def _collect(self, fetch: Any, whole: Any, nodes: list[Any]) -> Any:
        """The fetches' structure, with the places of their values."""
        if isinstance(fetch, list | tuple):
            items = [self._collect(item, whole, nodes) for item in fetch]
            if hasattr(fetch, "_fields"):
                return type(fetch)(*items)
            return type(fetch)(items)
        if isinstance(fetch, dict):
            return {key: self._collect(item, whole, nodes) for key, item in fetch.items()}
        if isinstance(fetch, str):
            fetch = self._named(fetch)
        if not isinstance(fetch, Tensor | Variable | Operation):
            raise TypeError(
                f"Fetch argument {fetch!r} has invalid type {type(fetch)}, must be a string or Tensor. "
                f"(Can not convert a {type(fetch).__name__} into a Tensor or Operation.)"
            )
        nodes.append(fetch._node)
        return _Place(len(nodes) - 1)

    def _named(self, name: str) -> Tensor | Operation:
        try:
            return self.graph.get_tensor_by_name(name) if ":" in name else self.graph.get_operation_by_name(name)
        except KeyError as error:
            raise ValueError(
                f"Fetch argument {name!r} cannot be interpreted as a Tensor. ({error.args[0]!r})"
            ) from None

    def _feed(self, key: Any, value: Any) -> tuple[Any, Any]:
        if isinstance(key, str):
            key = self.graph.get_tensor_by_name(key)
        if not isinstance(key, Tensor | Variable):
            raise TypeError(
                f"Cannot interpret feed_dict key as Tensor: Can not convert a {type(key).__name__} into a Tensor."
            )
        if isinstance(value, Tensor | Variable):
            raise TypeError(
                "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, "
                "strings, lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was "
                f"{value} which was passed to the feed with key {key}."
            )
        return key._node, to_tensor(value, key.dtype.base_dtype)

    def close(self) -> None:
        """Forget the variables; the session cannot run any more."""
        self._closed = True

    @contextmanager
    def as_default(self) -> Iterator[Session]:
        """Let ``eval()`` and ``run()`` of tensors and operations use this session."""
        _sessions.append(self)
        try:
            yield self
        finally:
            _sessions.remove(self)

    def __enter__(self) -> Session:
        self._entered = [self.graph.as_default(), self.as_default()]
        for context in self._entered:
            context.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for context in reversed(self._entered):
            context.__exit__(kind, error, traceback)
        self.close()


class InteractiveSession(Session):
    """A session that is the default from the moment it is made."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        _sessions.append(self)

    def close(self) -> None:
        """Forget the variables; the session cannot run any more, and is no longer the default."""
        if self in _sessions:
            _sessions.remove(self)
        super().close()


class _Place(int):
    """The place of a value in a structure of fetches."""


def _filled(structure: Any, values: list[Any]) -> Any:
    """The structure with values in the places."""
    if isinstance(structure, _Place):
        return values[structure]
    if isinstance(structure, dict):
        return {key: _filled(item, values) for key, item in structure.items()}
    items = [_filled(item, values) for item in structure]
    return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
