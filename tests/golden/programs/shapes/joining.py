"""Joining, repeating, splitting, flipping."""

import torch

a = torch.tensor([[1, 2], [3, 4]])
b = torch.tensor([[5, 6]])
v = torch.tensor([1.0, 2.0, 3.0])
x = torch.arange(12).reshape(2, 2, 3)

# tolerance: 0 exact, values are only moved
# template show: show({line})
# lines
torch.cat([a, b])
torch.cat((a, b), 0)
torch.cat([a, b], dim=0)
torch.cat([a, a], 1)
torch.cat([a, a], dim=-1)
torch.cat([v, v])
torch.cat([v])
torch.cat([a, b, a])
torch.cat([torch.ones(0), v])
torch.cat([torch.ones(0, 2), torch.ones(1, 2)])
torch.cat([a, torch.ones(1, 2)])
torch.cat([torch.tensor([True]), torch.tensor([2])])
torch.cat([x, x], 2)
torch.cat([x.transpose(0, 2), x.transpose(0, 2)], 1)
torch.cat(tensors=[v, v], dim=0)
torch.concat([v, v])
torch.concatenate([v, v], dim=0)
torch.stack([v, v])
torch.stack([v, v], 1)
torch.stack([v, v], dim=-1)
torch.stack((a, a), 2)
torch.stack([torch.tensor(1), torch.tensor(2)])
torch.hstack([v, v])
torch.vstack([v, v])
torch.dstack([v, v]).shape
torch.column_stack([v, v])
torch.hstack([a, a])
torch.split(v, 2)
torch.split(a, [1, 1], dim=1)
torch.chunk(v, 2)
torch.tensor_split(v, 2)
torch.hsplit(a, 2)
v.repeat(2)
v.repeat(2, 2)
a.repeat(1, 2)
a.repeat(2, 1, 1)
v.repeat(0)
v.tile(2)
torch.tile(a, (1, 2))
v.repeat_interleave(2)
a.repeat_interleave(2, dim=0)
a.repeat_interleave(torch.tensor([1, 2]), dim=1)
torch.flip(v, [0])
a.flip(0)
a.flip(0, 1)
a.fliplr()
a.flipud()
torch.roll(v, 1)
torch.roll(a, 1)
torch.roll(a, 1, 0)
torch.roll(x, (1, -1), (0, 2))
a.rot90()
torch.meshgrid(v, v, indexing="ij")
torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4, 5]), indexing="xy")
torch.combinations(v)
torch.nn.functional.pad(v, (1, 2))
torch.nn.functional.pad(a, (1, 0, 0, 1), value=9)
torch.nn.functional.one_hot(torch.tensor([0, 2, 1]))
torch.nn.functional.one_hot(torch.tensor([0, 1]), num_classes=4)
torch.block_diag(a, b)
a.clone()
a.t().clone()
a.t().clone(memory_format=torch.contiguous_format)
x.clone().resize_(3, 4)
torch.squeeze(torch.ones(1, 2))
torch.unsqueeze(v, 1)
torch.reshape(a, (4,))
torch.flatten(x, 1)
torch.ravel(a)

# case: cat of other sizes
torch.cat([a, v.long()[None]])

# case: cat of other dims
torch.cat([a, v])

# case: cat of nothing
torch.cat([])

# case: cat of a tensor
torch.cat(a)

# case: cat of numbers
torch.cat([1, 2])

# case: cat of 0-d tensors
torch.cat([torch.tensor(1), torch.tensor(2)])

# case: cat along a bad dim
torch.cat([a, a], 2)

# case: stack of other shapes
torch.stack([v, torch.ones(2)])

# case: stack of nothing
torch.stack([])

# case: stack along a bad dim
torch.stack([v, v], 3)

# case: repeat with too few dims
a.repeat(2)

# case: meshgrid without indexing warns
show(torch.meshgrid(v, v))

# case: flip of a bad dim
a.flip(2)

# case: split by zero
v.split(0)

# case: one_hot of a float
torch.nn.functional.one_hot(v)

# case: reshape by strings
a.reshape("4")

# case: iteration over a 0-d tensor
for row in torch.tensor(1):
    print(row)

# case: length of a 0-d tensor
len(torch.tensor(1))
