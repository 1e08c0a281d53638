"""Apple's GPU backend is not there."""

from __future__ import annotations

from .._missing import module_getattr


def is_built() -> bool:
    """False."""
    return False


def is_available() -> bool:
    """False."""
    return False


__getattr__ = module_getattr(__name__)
