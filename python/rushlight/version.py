"""Versions: Rushlight's own, and the PyTorch whose behaviour it has."""

from __future__ import annotations

from . import _C

__all__ = ["__version__", "cuda", "debug", "git_version", "hip", "rocm", "rushlight", "xpu"]

rushlight: str = _C.__version__  # type: ignore[attr-defined]
"""Rushlight's own version."""

# Programs compare `torch.__version__` with the PyTorch that they need: so it says which one this is like,
# and names Rushlight in the local part (PEP 440).
__version__: str = f"2.15.0+rushlight.{rushlight}"
debug: bool = False
git_version: str = "unknown"
cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
