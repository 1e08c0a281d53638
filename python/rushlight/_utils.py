"""Copying and pickling of tensors, and rebuilding them from what a pickle holds.

Pickles name the functions of this module, and nothing of ``torch``, even after :func:`rushlight.install`: so a pickle
can be read with either spelling of the import. Copies of tensors that share a storage share one; unpickled tensors do
not, as in PyTorch.
"""

from __future__ import annotations

from weakref import WeakValueDictionary

from . import _C
from ._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._C import UntypedStorage, dtype


class _SharedStorage:
    """A storage as ``pickle`` and ``copy`` see it."""

    __slots__ = ("__weakref__", "storage")

    def __init__(self, storage: UntypedStorage) -> None:
        self.storage = storage

    def __reduce__(self) -> tuple[Any, ...]:
        return _storage_from_bytes, (_C._storage_to_bytes(self.storage),)

    def __deepcopy__(self, memo: dict[int, Any]) -> _SharedStorage:
        copied = _SharedStorage(self.storage.clone())
        memo[id(self)] = copied
        # A memo only holds the copy; the key is an id, which must not be given to another object meanwhile.
        memo.setdefault(id(memo), []).append(self)
        return copied


_shared: WeakValueDictionary[int, _SharedStorage] = WeakValueDictionary()


def _storage_of(tensor: Tensor) -> _SharedStorage:
    """The one object for the storage of a tensor, so that copies of tensors that share it share the copy."""
    storage = tensor.untyped_storage()
    shared = _shared.get(storage._cdata)
    if shared is None:
        shared = _shared[storage._cdata] = _SharedStorage(storage)
    return shared


def _storage_from_bytes(data: bytes) -> _SharedStorage:
    return _SharedStorage(_C._storage_from_bytes(data))


def _dtype_from_name(name: str) -> dtype:
    found: dtype = getattr(_C, name)
    return found


def _rebuild(shared: _SharedStorage, dtype_name: str, offset: int, size: Any, stride: Any) -> Tensor:
    empty: Tensor = _C.empty(0, dtype=_dtype_from_name(dtype_name))
    return empty.set_(shared.storage, offset, tuple(size), tuple(stride))


def _rebuild_tensor(
    kind: type[Tensor] | None,
    shared: _SharedStorage,
    dtype_name: str,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    requires_grad: bool,
    attributes: dict[str, Any] | None,
) -> Tensor:
    """Make a tensor of what :func:`reduce_tensor` took apart."""
    tensor = _rebuild(shared, dtype_name, offset, size, stride)
    if kind is not None:
        tensor = tensor.as_subclass(kind)
    tensor.requires_grad = requires_grad
    if attributes:
        tensor.__dict__.update(attributes)
    return tensor


def _rebuild_parameter(data: Tensor, requires_grad: bool, attributes: dict[str, Any] | None) -> Tensor:
    """Make a parameter again."""
    from .nn.parameter import Parameter

    parameter = Parameter(data, requires_grad)
    if attributes:
        parameter.__dict__.update(attributes)
    return parameter


def _dtype_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def reduce_tensor(tensor: Tensor, protocol: Any) -> tuple[Any, ...]:
    """What ``pickle`` keeps of a tensor: storage and layout, dtype, ``requires_grad``, attributes. No graph."""
    return (
        _rebuild_tensor,
        (
            None if type(tensor) is Tensor else type(tensor),
            # A new object each time: PyTorch's pickles hold a storage once for every tensor, and sharing ends there.
            _SharedStorage(tensor.untyped_storage()),
            _dtype_name(tensor),
            tensor.storage_offset(),
            tuple(tensor.shape),
            tuple(tensor.stride()),
            tensor.requires_grad,
            dict(attributes) if (attributes := getattr(tensor, "__dict__", None)) else None,
        ),
    )


def reduce_parameter(parameter: Tensor, protocol: Any) -> tuple[Any, ...]:
    """What ``pickle`` keeps of a parameter."""
    attributes = getattr(parameter, "__dict__", None)
    return _rebuild_parameter, (parameter.data, parameter.requires_grad, dict(attributes) if attributes else None)


def _new_object(module: str, qualname: str) -> Any:
    """An empty instance of one of our classes, which was named without ``torch`` or ``rushlight``."""
    from importlib import import_module

    cls: Any = import_module(f"rushlight{module}")
    for name in qualname.split("."):
        cls = getattr(cls, name)
    return cls.__new__(cls)


def reduce_object(instance: Any, protocol: Any) -> Any:
    """What ``pickle`` keeps of a module or an optimizer: of our own classes by a name that every program knows."""
    cls = type(instance)
    root, dot, rest = cls.__module__.partition(".")
    if root not in {"rushlight", "torch"}:
        return object.__reduce_ex__(instance, protocol)
    return _new_object, (dot + rest, cls.__qualname__), instance.__getstate__()


def deepcopy_tensor(tensor: Tensor, memo: dict[int, Any]) -> Tensor:
    """A copy with a storage of its own; tensors that shared a storage share the copy's."""
    known: Tensor | None = memo.get(id(tensor))
    if known is not None:
        return known
    if not tensor.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  "
            "If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
            "see https://github.com/pytorch/pytorch/pull/103001"
        )
    from copy import deepcopy

    shared = deepcopy(_storage_of(tensor.detach()), memo)
    copied = _rebuild(shared, _dtype_name(tensor), tensor.storage_offset(), tensor.shape, tensor.stride())
    if type(tensor) is not Tensor:
        copied = copied.as_subclass(type(tensor))
    copied.requires_grad = tensor.requires_grad
    memo[id(tensor)] = copied
    if tensor.grad is not None:
        copied.grad = deepcopy(tensor.grad, memo)
    attributes = getattr(tensor, "__dict__", None)
    if attributes:
        copied.__dict__.update(deepcopy(attributes, memo))
    return copied


__all__ = ["deepcopy_tensor", "reduce_object", "reduce_parameter", "reduce_tensor"]
