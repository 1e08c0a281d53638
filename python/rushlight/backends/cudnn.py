"""cuDNN is not there. Its switches are plain variables, which scripts set before they begin."""

from __future__ import annotations

from .._missing import module_getattr

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False."""
    return False


def version() -> int | None:
    """None."""
    return None


class flags:
    """A block with other switches."""

    def __init__(
        self,
        enabled: bool = False,
        benchmark: bool = False,
        benchmark_limit: int = 10,
        deterministic: bool = False,
        allow_tf32: bool = True,
    ) -> None:
        self.values = {
            "enabled": enabled,
            "benchmark": benchmark,
            "benchmark_limit": benchmark_limit,
            "deterministic": deterministic,
            "allow_tf32": allow_tf32,
        }

    def __enter__(self) -> None:
        switches = globals()
        self.before = {name: switches[name] for name in self.values}
        switches.update(self.values)

    def __exit__(self, *args: object) -> None:
        globals().update(self.before)


__getattr__ = module_getattr(__name__)
