"""The default random generator: seeds and states. The streams are PyTorch's CPU streams, to the bit."""

from __future__ import annotations

from . import _C
from ._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._C import Generator as RandomGenerator

__all__ = ["default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed", "set_rng_state"]

default_generator: RandomGenerator = _C.default_generator


def manual_seed(seed: int) -> RandomGenerator:
    """Start the default generator's stream anew.

    Args:
        seed: any integer from -2**63 to 2**64 - 1; a negative one counts from 2**64.

    Example:
        >>> import rushlight as torch
        >>> _ = torch.manual_seed(0)
        >>> torch.rand(2)
        tensor([0.4963, 0.7682])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system, and say with what."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed with which the default generator's stream began."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Put the default generator into a state that ``get_rng_state`` gave."""
    default_generator.set_state(new_state)


class fork_rng:
    """A block that leaves the default generator as it found it.

    Args:
        devices: other devices to treat likewise; there are none.
        enabled: whether to do anything.
        device_type: accepted for PyTorch's sake.
    """

    def __init__(
        self,
        devices: Iterable[int] | None = None,
        enabled: bool = True,
        _caller: str = "fork_rng",
        _devices_kw: str = "devices",
        device_type: str = "cuda",
    ) -> None:
        self.enabled = enabled

    def __enter__(self) -> None:
        if self.enabled:
            self.state = get_rng_state()

    def __exit__(self, *args: object) -> None:
        if self.enabled:
            set_rng_state(self.state)
