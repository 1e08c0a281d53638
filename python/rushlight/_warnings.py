"""Warnings at the line of the user's program.

PyTorch's own ``stacklevel`` counts frames; our fast paths have other frames, so we walk out of the package instead.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning whose place is the innermost frame outside Rushlight."""
    import warnings

    level = 2
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    # One too many: level 1 is this function, which the walk did not count.
    warnings.warn(message, category, stacklevel=level - (frame is None))
