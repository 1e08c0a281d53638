"""What every Python test starts from."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _library_state_is_restored() -> Iterator[None]:
    """Put back what a test may have changed for the whole process.

    Tests of the tools alone do not import the library, and run before it is built.
    """
    yield
    library = sys.modules.get("rushlight")
    if library is not None:
        library.set_grad_enabled(True)
        library.set_default_dtype(library.float32)
        library.set_printoptions(profile="default")
