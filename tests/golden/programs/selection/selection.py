"""Choosing elements: where, masks, gather, index_select."""

import torch

a = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
c = a > 2.5
i = torch.tensor([2, 0])
g = torch.tensor([[0, 2], [1, 1]])

# tolerance: 0 exact, values are only moved
# template show: show({line})
# lines
torch.where(c, a, -a)
torch.where(c, a, 0)
torch.where(c, 0.0, a)
torch.where(c, 1, 0)
torch.where(c, 1.0, 0)
torch.where(c, a, torch.tensor(9.0))
torch.where(c[:, :1], a, torch.zeros(3))
torch.where(c)
a.where(c, torch.tensor(0.0))
torch.where(c, a, torch.zeros(2, 3, dtype=torch.float64))
torch.where(torch.tensor(True), a, 0)
torch.where(torch.tensor([]) > 0, torch.ones(0), torch.ones(0))
a.masked_fill(c, 0)
a.masked_fill(c, -float("inf"))
a.masked_fill(c[0], 7)
a.masked_fill(c, torch.tensor(8.0))
torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), 3)
a.masked_select(c)
a.masked_scatter(c, torch.arange(10.0))
a.gather(1, g)
a.gather(0, torch.tensor([[0, 1, 0]]))
torch.gather(a, 1, torch.tensor([[0], [2]]))
torch.gather(a, dim=-1, index=g)
a.gather(1, torch.ones(2, 0, dtype=torch.long))
torch.tensor([5, 6, 7]).gather(0, torch.tensor([2, 2, 0, 1]))
a.index_select(1, i)
a.index_select(0, torch.tensor([1, 1, 0]))
torch.index_select(a, 1, i)
torch.tensor([5, 6, 7]).index_select(0, i)
a.index_select(1, torch.tensor([0], dtype=torch.int32))
torch.tensor(5).index_select(0, torch.tensor([0]))
torch.take(a, torch.tensor([0, 5]))
torch.take_along_dim(a, g, dim=1)
torch.take_along_dim(a, a.argmax(1, keepdim=True), 1)
a.index_fill(1, i, -1)
a.index_add(1, i, torch.ones(2, 2))
a.index_copy(1, i, torch.zeros(2, 2))
a.index_put((torch.tensor([0, 1]), torch.tensor([1, 2])), torch.tensor([9.0, 8.0]))
a.scatter(1, g, 0.5)
a.scatter(1, g, torch.full((2, 2), 7.0))
a.scatter_add(1, g, torch.ones(2, 2))
a.scatter_reduce(1, g, torch.ones(2, 2), reduce="sum")
a.select_scatter(torch.zeros(3), 0, 1)
a.diagonal_scatter(torch.zeros(2))
a.slice_scatter(torch.zeros(2, 1), 1, 0, 1)
torch.nn.functional.embedding(torch.tensor([1, 0]), a)
torch.nn.functional.embedding(g.clamp(max=1), a).shape
torch.nonzero(a > 4)
a.tril()
a.triu(1)
torch.tril_indices(2, 3)
torch.bucketize(torch.tensor([0.5, 2.5]), torch.tensor([1.0, 2.0, 3.0]))
torch.clamp(a, 2, 4)
torch.heaviside(a - 3, torch.tensor(0.5))
a.select(0, 1)
a.diagonal()

# case: where with a float condition
torch.where(a, a, a)

# case: where shapes that do not match
torch.where(c, torch.ones(2), a)

# case: masked_fill by a vector
a.masked_fill(c, torch.ones(2))

# case: masked_fill with a float mask
a.masked_fill(a, 0)

# case: masked_fill of integers by a float
show(torch.tensor([1, 2]).masked_fill(torch.tensor([True, False]), 1.5))

# case: masked_fill shapes that do not match
a.masked_fill(torch.tensor([True, False]), 0)

# case: masked_select with an integer mask
a.masked_select(torch.ones(2, 3, dtype=torch.long))

# case: gather out of range
a.gather(1, torch.tensor([[3], [0]]))

# case: gather with other dims
a.gather(1, torch.tensor([0, 1]))

# case: gather with a float index
a.gather(1, torch.ones(2, 1))

# case: gather with a larger index
a.gather(1, torch.zeros(3, 1, dtype=torch.long))

# case: index_select out of range
a.index_select(0, torch.tensor([2]))

# case: index_select with a matrix
a.index_select(0, g)

# case: index_select with a float index
a.index_select(0, torch.tensor([0.0]))

# case: index_select along a bad dim
a.index_select(2, i)

# case: take out of range
a.take(torch.tensor([6]))

# case: scatter out of range
a.scatter(1, torch.tensor([[3]]), 1.0)

# case: embedding out of range
torch.nn.functional.embedding(torch.tensor([2]), a)

# case: embedding with float indices
torch.nn.functional.embedding(torch.tensor([1.0]), a)
