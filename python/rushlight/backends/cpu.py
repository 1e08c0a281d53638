"""The CPU."""

from __future__ import annotations

from .. import _C
from .._missing import module_getattr


def get_cpu_capability() -> str:
    """The level of instructions that the kernels use, in PyTorch's words (``"AVX512"``, ``"AVX2"`` …)."""
    capability: str = _C._get_cpu_capability()
    return capability


__getattr__ = module_getattr(__name__)
