"""Looking at the graph: edges, saved tensors, counters of in-place changes."""

from __future__ import annotations

from typing import NamedTuple

from .. import _C
from .._C import Tensor
from .grad_mode import enable_grad

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Self

__all__ = [
    "GradientEdge",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class GradientEdge(NamedTuple):
    """A node of the graph and the number of one of its outputs; stands for a tensor in ``grad`` and ``backward``."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge at which the gradient of a tensor is computed.

    Raises:
        RuntimeError: the tensor does not require grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node = tensor.grad_fn
    if node is None:
        # A leaf: its accumulator is what any operation on it points to.
        with enable_grad():
            node = tensor.view_as(tensor).grad_fn.next_functions[0][0]
    return GradientEdge(node, tensor.output_nr)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Tell the engine that a tensor's data was changed behind its back."""
    _C._increment_version((tensor,) if isinstance(tensor, Tensor) else tuple(tensor))


class saved_tensors_hooks:
    """Pack what operations save for backward, and unpack it when it is needed.

    Args:
        pack_hook: called with each tensor that is saved; what it returns is kept in its place.
        unpack_hook: called with what was kept; must give back a tensor of the same contents.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([2.0], requires_grad=True)
        >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda kept: torch.tensor(kept)):
        ...     y = x * x
        >>> y.backward()
        >>> x.grad
        tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _C._push_saved_tensors_default_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *args: object) -> None:
        _C._pop_saved_tensors_default_hooks()


class save_on_cpu(saved_tensors_hooks):
    """In PyTorch, keeps saved tensors of a GPU in main memory. Here they are there already: a copy is kept."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor.clone(), lambda kept: kept)


class disable_saved_tensors_hooks:
    """Refuse ``saved_tensors_hooks`` within a block, with the message given."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __enter__(self) -> None:
        self.previous = _C._saved_tensors_hooks_get_disabled_error_message()
        _C._saved_tensors_hooks_disable(self.error_message)

    def __exit__(self, *args: object) -> None:
        if self.previous is None:
            _C._saved_tensors_hooks_enable()
        else:
            _C._saved_tensors_hooks_disable(self.previous)


class _Handles:
    """Removes several hooks at once."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all") -> _Handles:
    """Call a function when the gradients of several tensors are there.

    Args:
        tensors: which require grad.
        fn: with ``mode="all"``, is given the list of gradients, ``None`` where a backward does not come by; with
            ``mode="any"``, the first gradient.
        mode: ``"all"`` or ``"any"``.

    Returns:
        A handle with ``remove()``.
    """
    if mode not in {"all", "any"}:
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    if mode == "any":
        return _register_any(tensors, fn)
    nodes = [get_gradient_edge(tensor).node for tensor in tensors]
    # For each running backward: how many gradients are awaited, and those that have come.
    awaited: dict[int, int] = {}
    gradients: dict[int, list[Tensor | None]] = {}

    def collect(position: int) -> Callable[[Tensor], None]:
        def hook(gradient: Tensor) -> None:
            task = _C._current_graph_task_id()
            if task not in awaited:
                awaited[task] = sum(map(_C._will_engine_execute_node, nodes))  # type: ignore[attr-defined]
                gradients[task] = [None] * len(tensors)
            gradients[task][position] = gradient
            awaited[task] -= 1
            if awaited[task] == 0:
                del awaited[task]
                fn(gradients.pop(task))

        return hook

    return _Handles([tensor.register_hook(collect(position)) for position, tensor in enumerate(tensors)])


def _register_any(tensors: Sequence[Tensor], fn: Callable[[Tensor], None]) -> _Handles:
    done: set[int] = set()

    def hook(gradient: Tensor) -> None:
        task = _C._current_graph_task_id()
        if task not in done:
            done.add(task)
            fn(gradient)

    return _Handles([tensor.register_hook(hook) for tensor in tensors])
