"""Methods of ``Tensor`` that are Python: copying, pickling, and one that no Rust method can be named.

Everything else that a tensor can do is in Rust. These are attached to the class here, once, so that subclasses inherit
and may override them.
"""

from __future__ import annotations

from ._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    from ._utils import deepcopy_tensor

    return deepcopy_tensor(self, memo)


def _reduce_ex(self: Tensor, protocol: Any) -> tuple[Any, ...]:
    from ._utils import reduce_tensor

    return reduce_tensor(self, protocol)


def _get_device(self: Tensor) -> int:
    """The number of the tensor's device: -1, the CPU's."""
    return -1


for _name, _method in (
    ("__deepcopy__", _deepcopy),
    ("__reduce_ex__", _reduce_ex),
    ("get_device", _get_device),
):
    _method.__name__ = _name
    _method.__qualname__ = f"Tensor.{_name}"
    setattr(Tensor, _name, _method)
