"""Looking at the graph: edges, saved tensors, counters of in-place changes."""

from __future__ import annotations

from typing import NamedTuple

from .. import _C
from .._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = [
    "GradientEdge",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
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
        with _C_enabled():
            node = tensor.view_as(tensor).grad_fn.next_functions[0][0]
    return GradientEdge(node, tensor.output_nr)


def _C_enabled() -> Any:
    from .grad_mode import enable_grad

    return enable_grad()


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
