"""oneDNN is not used: the products and the threads are Rushlight's own."""

from __future__ import annotations

from .._missing import module_getattr


def is_available() -> bool:
    """False."""
    return False


__getattr__ = module_getattr(__name__)
