"""CUDA's switches, remembered without effect."""

from __future__ import annotations

from .._missing import module_getattr


class _MatmulSwitches:
    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


matmul = _MatmulSwitches()


def is_built() -> bool:
    """False."""
    return False


__getattr__ = module_getattr(__name__)
