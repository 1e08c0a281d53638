"""``DataLoader``: batches of samples, in the order that PyTorch's gives under the same seed."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from ..._warnings import warn
from ._collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..._C import Generator

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)


def get_worker_info() -> None:
    """What worker process this is: none."""
    return


class _Endless(Sampler[None]):
    """Indices for data sets that have none."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """Goes through a data set in batches.

    Args:
        dataset: the data set.
        batch_size: how many samples make a batch; ``None`` gives single samples.
        shuffle: whether each pass takes a new random order.
        sampler: the order, instead of ``shuffle``.
        batch_sampler: the indices of each batch, instead of the four around it.
        num_workers: must be 0: worker processes are not supported yet.
        collate_fn: makes a batch of samples; default :func:`default_collate`.
        pin_memory: concerns GPUs; only warns.
        drop_last: leave out the last batch if it is smaller.
        timeout: concerns workers.
        worker_init_fn: concerns workers.
        multiprocessing_context: concerns workers.
        generator: of the random order; default: the default generator.
        prefetch_factor: concerns workers.
        persistent_workers: concerns workers.
        pin_memory_device: concerns GPUs.
        in_order: concerns workers.

    Example:
        >>> import rushlight as torch
        >>> data = torch.utils.data.TensorDataset(torch.arange(5))
        >>> [batch.tolist() for (batch,) in torch.utils.data.DataLoader(data, batch_size=2)]
        [[0, 1], [2, 3], [4]]
    """

    _iterator: Any = None
    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self._check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        data: Any = dataset
        self.dataset = data
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, value, refused in (
                ("shuffle", shuffle, shuffle not in {False, None}),
                ("sampler", sampler, sampler is not None),
                ("batch_sampler", batch_sampler, batch_sampler is not None),
            ):
                if refused:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        order: Any = sampler
        if order is None:
            if self._iterable:
                order = _Endless()
            elif shuffle:
                order = RandomSampler(data, generator=generator)
            else:
                order = SequentialSampler(data)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(order, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = order
        self.batch_sampler: Any = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._promised_length: int | None = None
        self._initialized = True

    @staticmethod
    def _check_workers(
        num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers > 0:
            raise NotImplementedError(
                f"DataLoader: num_workers={num_workers} is not supported yet, use num_workers=0 (see docs/supported.md)"
            )
        if prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing."
                "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
            )
        if persistent_workers:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if context is not None:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > 0), "
                f"but got num_workers={num_workers}"
            )

    def __setattr__(self, attr: str, val: Any) -> None:
        if self._initialized and attr in {
            "batch_size",
            "batch_sampler",
            "sampler",
            "drop_last",
            "dataset",
            "persistent_workers",
        }:
            raise ValueError(f"{attr} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(attr, val)

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> _Pass:
        return _Pass(self)

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._index_sampler)
        length = self._promised_length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)


class _Pass:
    """One pass through the data."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.loader = loader
        if loader.pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be "
                "used."
            )
        self.indices = iter(loader._index_sampler)
        # Not needed without workers, but drawn by PyTorch at this point of the stream.
        draw_seed(loader.generator)
        self.samples = iter(loader.dataset) if loader._iterable else None
        self.ended = False
        self.yielded = 0

    def __iter__(self) -> _Pass:
        return self

    def __len__(self) -> int:
        return len(self.loader._index_sampler)

    def __next__(self) -> Any:
        loader = self.loader
        indices = next(self.indices)
        if self.samples is not None:
            data = self._from_samples(indices)
        elif loader.batch_sampler is None:
            data = loader.dataset[indices]
        elif getattr(loader.dataset, "__getitems__", None):
            data = loader.dataset.__getitems__(indices)
        else:
            data = [loader.dataset[index] for index in indices]
        self.yielded += 1
        promised = loader._promised_length
        if self.samples is not None and promised is not None and self.yielded > promised:
            warn(
                f"Length of IterableDataset {loader.dataset} was reported to be {promised}"
                f"(when accessing len(dataloader)), but {self.yielded} samples have been fetched. "
            )
        return loader.collate_fn(data)

    def _from_samples(self, indices: Any) -> Any:
        """The next sample or batch of a data set that is iterated."""
        assert self.samples is not None
        if self.loader.batch_sampler is None:
            return next(self.samples)
        if self.ended:
            raise StopIteration
        data = []
        for _ in indices:
            try:
                data.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not data or (self.loader.drop_last and len(data) < len(indices)):
            raise StopIteration
        return data

    def __getstate__(self) -> None:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)
