"""CUDA, as a PyTorch built without it answers: there is no device, seeds are accepted, anything else raises."""

from __future__ import annotations

from .._missing import module_getattr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = [
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_name",
    "init",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "memory_allocated",
    "memory_reserved",
    "seed",
    "seed_all",
    "set_device",
    "synchronize",
]


def _lazy_init() -> NoReturn:
    raise AssertionError("Torch not compiled with CUDA enabled")


def is_available() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """Zero."""
    return 0


def manual_seed(seed: int) -> None:
    """Accepted, without effect."""


def manual_seed_all(seed: int) -> None:
    """Accepted, without effect."""


def seed() -> None:
    """Accepted, without effect."""


def seed_all() -> None:
    """Accepted, without effect."""


def empty_cache() -> None:
    """Nothing to empty."""


def memory_allocated(device: Any = None) -> int:
    """Zero."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Zero."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Zero."""
    return 0


def init() -> None:
    """Raises: there is no CUDA."""
    _lazy_init()


def current_device() -> int:
    """Raises: there is no CUDA."""
    _lazy_init()


def set_device(device: Any) -> None:
    """Raises: there is no CUDA."""
    _lazy_init()


def synchronize(device: Any = None) -> None:
    """Raises: there is no CUDA."""
    _lazy_init()


def get_device_name(device: Any = None) -> str:
    """Raises: there is no CUDA."""
    _lazy_init()


__getattr__ = module_getattr(__name__)
