"""Data sets, samplers, batches: their order under a seed, their structure, their errors."""

import numpy as np
import torch
from torch.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    default_collate,
    random_split,
)


class Numbers(IterableDataset):
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(range(self.count))

    def __len__(self):
        return self.count


class Structures(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return {"a": index, "b": [float(index), "x"], "c": np.ones(2) * index, "d": (index, np.float32(index))}


pairs = TensorDataset(torch.arange(10), torch.arange(10).float() * 2)
torch.manual_seed(3)

# case: batches in order
print(list(DataLoader(pairs, batch_size=4)), len(DataLoader(pairs, batch_size=4)))

# case: the last batch left out
print(list(DataLoader(pairs, batch_size=4, drop_last=True)), len(DataLoader(pairs, batch_size=4, drop_last=True)))

# case: shuffled batches and what is drawn after them
loader = DataLoader(pairs, batch_size=3, shuffle=True)
print([x.tolist() for x, _ in loader], [x.tolist() for x, _ in loader], torch.rand(2))

# case: unshuffled batches and what is drawn after them
print(len(list(DataLoader(pairs, batch_size=5))), torch.rand(2))

# case: a generator of our own
generator = torch.Generator().manual_seed(7)
loader = DataLoader(pairs, batch_size=3, shuffle=True, generator=generator)
print([x.tolist() for x, _ in loader], torch.rand(2))

# case: single samples
print(list(DataLoader(pairs, batch_size=None))[:2])

# case: structures
print(next(iter(DataLoader(Structures(), batch_size=2))))
print(next(iter(DataLoader(Structures(), batch_size=None))))

# case: data that is iterated
print(list(DataLoader(Numbers(7), batch_size=3)), len(DataLoader(Numbers(7), batch_size=3)))
print(list(DataLoader(Numbers(7), batch_size=3, drop_last=True)), list(DataLoader(Numbers(2), batch_size=None)))

# case: random splits
first, second = random_split(pairs, [7, 3])
print(first.indices, second.indices, len(first), second[0])
print([len(part) for part in random_split(pairs, [0.5, 0.25, 0.25])])
print([part.indices for part in random_split(range(6), [2, 4], generator=torch.Generator().manual_seed(0))])

# case: samplers
print(list(SequentialSampler(range(4))), list(RandomSampler(range(6))), list(SubsetRandomSampler([3, 5, 7])))
print(list(RandomSampler(range(3), replacement=True, num_samples=40)), list(RandomSampler(range(3), num_samples=7)))
print(list(BatchSampler(SequentialSampler(range(5)), 2, False)), list(BatchSampler(range(5), 2, True)))
print(len(BatchSampler(range(5), 2, False)), len(BatchSampler(range(5), 2, True)))

# case: a sampler, and a sampler of batches
print(list(DataLoader(pairs, batch_size=2, sampler=[4, 2, 0])))
print(list(DataLoader(pairs, batch_sampler=[[0, 1], [9]])))

# case: data sets of data sets
both = pairs + Subset(pairs, [0, 1])
print(type(both).__name__, len(both), both[11], both[-1])
print(list(ChainDataset([Numbers(2), Numbers(1)])), StackDataset(a=pairs, b=pairs)[1], StackDataset(pairs, pairs)[2])
print(ConcatDataset([pairs, pairs]).cumulative_sizes)

# case: a function that makes batches
print(list(DataLoader([1, 2, 3], batch_size=2, collate_fn=lambda batch: batch)))

# case: memory that is not pinned
print(list(DataLoader([1, 2], pin_memory=True)))

# lines
default_collate([1, 2])
default_collate([1.0, 2.0])
default_collate([True, False])
default_collate(["a", "b"])
default_collate([torch.ones(2), torch.zeros(2)])
default_collate([np.float64(1), np.float64(2)])
default_collate([np.ones(2), np.zeros(2)])
default_collate([{"a": 1}, {"a": 2}])
default_collate([(1, 2), (3, 4)])
default_collate([[1, 2], [3, 4]])
default_collate([[1], [1, 2]])
default_collate([object])
default_collate([None])
DataLoader([1], batch_size=0)
DataLoader([1], batch_size=1.5)
DataLoader([1], num_workers=-1)
DataLoader([1], timeout=-1)
DataLoader([1], prefetch_factor=2)
DataLoader([1], persistent_workers=True)
DataLoader([1], shuffle=True, sampler=[0])
DataLoader([1], batch_size=2, batch_sampler=[[0]])
DataLoader([1], batch_size=None, drop_last=True)
DataLoader(Numbers(2), shuffle=True)
DataLoader(Numbers(2), sampler=[1])
DataLoader([1, 2]).__setattr__("batch_size", 3)
TensorDataset(torch.ones(2), torch.ones(3))
random_split([1, 2], [1, 2])
random_split([1, 2], [1.5, -0.5])
RandomSampler([])
RandomSampler([1], replacement=3)
RandomSampler([1], num_samples=0)
BatchSampler([1], 0, False)
BatchSampler([1], 1, 3)
Dataset()[0]
ConcatDataset([])
StackDataset()
