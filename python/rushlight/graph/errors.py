"""What a session raises, by TensorFlow's names (``tf.errors``)."""

from __future__ import annotations

__all__ = ["FailedPreconditionError", "InvalidArgumentError", "OpError"]


class OpError(Exception):
    """A graph could not be run.

    Attributes:
        message: TensorFlow's text.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class FailedPreconditionError(OpError):
    """A variable was read before it had a value: run the operation of ``global_variables_initializer()`` first."""


class InvalidArgumentError(OpError):
    """A placeholder was needed and not fed."""
