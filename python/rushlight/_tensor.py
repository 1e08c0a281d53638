"""Methods of ``Tensor`` that are Python: copying and pickling.

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


for _name, _method in (("__deepcopy__", _deepcopy), ("__reduce_ex__", _reduce_ex)):
    _method.__name__ = _name
    _method.__qualname__ = f"Tensor.{_name}"
    setattr(Tensor, _name, _method)
