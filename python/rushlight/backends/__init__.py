"""Switches of the backends that PyTorch can have. Scripts set them; here they are remembered, without effect."""

from __future__ import annotations

from .._missing import module_getattr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import cpu as cpu, cuda as cuda, cudnn as cudnn, mkl as mkl, mkldnn as mkldnn, mps as mps, openmp as openmp

__getattr__ = module_getattr(__name__, frozenset({"cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"}))
