"""Finding where a gradient went wrong: anomaly detection."""

from __future__ import annotations

from .. import _C
from .._warnings import warn

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class detect_anomaly:
    """A block in which a failing backward tells which operation of the forward it belongs to.

    Args:
        check_nan: whether a gradient with NaN counts as a failure.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self.prev: bool = _C.is_anomaly_enabled()
        self.prev_check_nan: bool = _C.is_anomaly_check_nan_enabled()
        warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging."
        )

    def __enter__(self) -> None:
        _C.set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *args: object) -> None:
        _C.set_anomaly_enabled(self.prev, self.prev_check_nan)


class set_detect_anomaly:
    """Switch anomaly detection on or off: at once as a function, until the end of the block as a context manager.

    Args:
        mode: whether it is on.
        check_nan: whether a gradient with NaN counts as a failure.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev: bool = _C.is_anomaly_enabled()
        self.prev_check_nan: bool = _C.is_anomaly_check_nan_enabled()
        _C.set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        """The mode is on since the object was made."""

    def __exit__(self, *args: object) -> None:
        _C.set_anomaly_enabled(self.prev, self.prev_check_nan)
