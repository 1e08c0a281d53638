"""Shapes of graph tensors, of which some sizes may be unknown."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Dimension:
    """One size; ``value`` is ``None`` where it is unknown."""

    def __init__(self, value: int | None) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, Dimension) else other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __int__(self) -> int:
        return self.__index__()

    def __index__(self) -> int:
        if self.value is None:
            raise TypeError("an unknown dimension is no number; it is known only when the graph runs")
        return self.value

    def __repr__(self) -> str:
        return f"Dimension({self.value})"

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)


class TensorShape:
    """The sizes of a graph tensor.

    Example:
        >>> from rushlight import graph as tf
        >>> x = tf.placeholder(tf.float32, shape=(None, 3))
        >>> print(x.shape)
        (?, 3)
        >>> x.shape.as_list()
        [None, 3]
    """

    def __init__(self, sizes: Any) -> None:
        self.dims = [Dimension(size.value if isinstance(size, Dimension) else size) for size in sizes]

    @property
    def ndims(self) -> int:
        """The number of dimensions."""
        return len(self.dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The sizes, ``None`` where unknown."""
        return [dimension.value for dimension in self.dims]

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in self.as_list()

    def num_elements(self) -> int | None:
        """The number of elements, if it is known."""
        count = 1
        for size in self.as_list():
            if size is None:
                return None
            count *= size
        return count

    def __len__(self) -> int:
        return len(self.dims)

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self.dims)

    def __getitem__(self, key: Any) -> Any:
        return TensorShape(self.dims[key]) if isinstance(key, slice) else self.dims[key]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TensorShape):
            return self.as_list() == other.as_list()
        return isinstance(other, tuple | list) and self.as_list() == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TensorShape([{', '.join(map(repr, self.dims))}])"

    def __str__(self) -> str:
        return f"({self.dims[0]},)" if len(self.dims) == 1 else f"({', '.join(map(str, self.dims))})"


def sizes_of(shape: Any) -> list[Any]:
    """A shape as a list: a number is one dimension."""
    if hasattr(shape, "__index__"):
        return [shape.__index__()]
    sizes = shape.as_list() if isinstance(shape, TensorShape) else list(shape)
    return [size.value if isinstance(size, Dimension) else None if size is None else int(size) for size in sizes]
