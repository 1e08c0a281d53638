"""``torch.save`` and ``torch.load``: the format is not written yet."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["load", "save"]

_WHERE = "see docs/supported.md; until then `pickle` keeps tensors, modules and state dicts"


def save(obj: Any, f: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Not supported yet.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(f"torch.save: Rushlight does not write PyTorch's files yet ({_WHERE})")


def load(f: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Not supported yet.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError(f"torch.load: Rushlight does not read PyTorch's files yet ({_WHERE})")
