"""Reading by index: basic, boolean, integer, mixed."""

import torch

x = torch.arange(24).reshape(2, 3, 4)
m = torch.arange(12.0).reshape(3, 4)
v = torch.tensor([10, 20, 30, 40])
i = torch.tensor([2, 0])
b = torch.tensor([True, False, True])

# tolerance: 0 exact, indexing moves values
# template show: show({line})
# lines
v[0]
v[-1]
v[1:3]
v[:-1]
v[::2]
v[3:]
v[-3:-1]
v[10:]
v[...]
v[None]
v[:, None]
v[True]
v[False]
v[True].shape
v[()]
v[i]
v[[0, 1]]
v[[0, -1]]
v[torch.tensor(1)]
v[torch.tensor([[0, 1], [2, 3]])]
v[torch.tensor([], dtype=torch.long)]
v[torch.tensor([True, False, True, False])]
v[[True, False, False, True]]
v[v > 15]
v[v > 100]
v[v.bool()]
v[torch.tensor([1], dtype=torch.uint8).long()]
v[torch.tensor([1, 2], dtype=torch.int32)]
v[torch.tensor([-1, -2])]
v[range(2)]
v[(1,)]
m[1]
m[1, 2]
m[1][2]
m[-1, -1]
m[:, 1]
m[:, -1:]
m[1:, 1:3]
m[..., 1]
m[1, ...]
m[None, 1]
m[:, None, :]
m[i]
m[:, i]
m[i, i]
m[i, 1]
m[1, i]
m[i, :2]
m[0:2, i]
m[i[:, None], i]
m[[0, 1], [2, 3]]
m[[[0, 1], [1, 2]]]
m[b]
m[b, 1]
m[b, 1:3]
m[:, torch.tensor([True, False, True, False])]
m[b, torch.tensor([0, 1])]
m[m > 5]
m[m > 100]
m[(m > 2) & (m < 7)]
m[~b]
m[torch.ones(3, 4, dtype=torch.bool)]
m[True, 1]
m[None, b]
m[m[:, 0] > 1]
m[torch.argmax(m[:, 0])]
x[0]
x[0, 1, 2]
x[:, 1]
x[..., 0]
x[0, ..., 0]
x[:, i]
x[:, :, i]
x[i - 1, :, i]
x[i - 1, i]
x[:, i, i]
x[0, i]
x[0, :, i]
x[0, i, 1:]
x[:, i, 1:]
x[i - 1, 1:, i]
x[torch.tensor([[0], [1]]), i]
x[torch.tensor([True, False])]
x[torch.tensor([True, False]), 0]
x[:, b]
x[:, b, 0]
x[:, b, i]
x[x % 5 == 0]
x[torch.zeros(2, 3, dtype=torch.bool)]
x[torch.tensor([[True, False, True], [False, True, False]])]
x[None, ..., None].shape
x[..., None, 0].shape
x[1:1].shape
x[:, :, ::3]
torch.tensor(5)[None]
torch.tensor(5)[...]
torch.tensor(5)[()]
torch.tensor(5)[True]
torch.tensor(5)[False]
torch.tensor(5)[torch.tensor(True)]
torch.nonzero(m > 8)
torch.nonzero(v > 15)
torch.nonzero(m > 8, as_tuple=True)
(v > 15).nonzero()
torch.nonzero(torch.tensor(1))
m.take(torch.tensor([0, 5, -1]))
torch.masked_select(m, m > 8)
m.masked_select(b[:, None])

# case: index out of range
v[4]

# case: negative index out of range
v[-5]

# case: index out of range in a later dimension
m[0, 4]

# case: too many indices
v[0, 0]

# case: too many indices with ellipsis
m[..., 0, 0, 0]

# case: index a 0-d tensor
torch.tensor(5.0)[0]

# case: integer tensor index out of range
v[torch.tensor([0, 4])]

# case: integer tensor index out of range in the second dimension
m[i, torch.tensor([4, 0])]

# case: boolean mask of the wrong size
v[torch.tensor([True, False])]

# case: boolean mask of the wrong size in two dimensions
m[torch.ones(3, 3, dtype=torch.bool)]

# case: index by a float
v[1.5]

# case: index by a float tensor
v[torch.tensor([1.0])]

# case: index by a string
v["a"]

# case: index shapes that do not broadcast
m[torch.tensor([0, 1, 2]), torch.tensor([0, 1])]

# case: slice with a negative step
v[::-1]

# case: slice with a zero step
v[::0]

# case: slice by floats
v[0:1.5]

# case: slice by tensors
show(v[torch.tensor(1) : torch.tensor(3)])

# case: uint8 index warns
v[torch.tensor([1, 0, 1, 0], dtype=torch.uint8)]

# case: list of tensors as an index
m[[torch.tensor(0), torch.tensor(1)]]

# case: two ellipses
m[..., ...]
