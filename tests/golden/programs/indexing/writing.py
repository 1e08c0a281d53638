"""Assignment by index."""

import torch

m = torch.arange(12.0).reshape(3, 4)
v = torch.tensor([10, 20, 30, 40])
i = torch.tensor([2, 0])
b = torch.tensor([True, False, True])

# tolerance: 0 exact, indexing moves values
# template show: {line}; show(m, v)
# lines
v[0] = 5
v[-1] = 5
v[1:3] = 0
v[::2] = 7
v[...] = 1
v[:] = torch.tensor([1, 2, 3, 4])
v[i] = 9
v[i] = torch.tensor([1, 2])
v[[0, 1]] = torch.tensor([5, 6])
v[v > 15] = 0
v[v > 15] = torch.tensor([1, 2, 3])
v[torch.tensor([True, False, True, False])] = 3
v[0] = 3.9
v[0] = torch.tensor(3.9)
v[1] = True
v[1:] = v[:-1].clone()
v[True] = 4
v[False] = 4
m[0] = 1
m[0] = torch.tensor([1.0, 2.0, 3.0, 4.0])
m[0] = v
m[:, 1] = 5.5
m[:, 1] = torch.tensor([1.0, 2.0, 3.0])
m[1, 2] = 100
m[1][2] = 100
m[1, 2] = torch.tensor(100)
m[1, 2] = torch.tensor([100])
m[1:, 1:3] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
m[1:, 1:3] = torch.tensor([1.0, 2.0])
m[...] = 0
m[i] = torch.zeros(4)
m[i] = torch.tensor([[1.0], [2.0]])
m[:, i] = -1
m[i, i] = 50
m[i, i] = torch.tensor([50.0, 60.0])
m[i, 1:] = 0
m[b] = 0
m[b] = torch.tensor([[1.0], [2.0]])
m[b, 0] = torch.tensor([8.0, 9.0])
m[m > 5] = 0
m[m > 5] = -m[m > 5]
m[m > 5] += 1
m[0] += 10
m[:, 0] *= 2
m[i] -= 1
m[0], m[1] = m[1].clone(), m[0].clone()
m[None, 0] = 3
m.t()[0] = 7
m[0] = float("nan")
m[torch.tensor([0, 0])] = torch.tensor([[1.0], [1.0]])
m.index_put_((i, i), torch.tensor(5.0))
m.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), torch.tensor([1.0, 2.0]), accumulate=True)
m.fill_(3)
m.zero_()
m.copy_(torch.ones(4))
m.masked_fill_(m > 3, -1)
m.index_fill_(0, i, 5)
m.index_copy_(0, i, torch.ones(2, 4))
m.index_add_(0, i, torch.ones(2, 4))
m.index_add_(0, torch.tensor([1, 1]), torch.ones(2, 4), alpha=2)
m.scatter_(1, torch.tensor([[0, 1, 2, 3]]), 9.0)
m.scatter_(0, torch.tensor([[0, 1, 2, 0]]), torch.full((1, 4), 7.0))
m.scatter_add_(1, torch.tensor([[0, 0], [1, 1], [2, 2]]), torch.ones(3, 2))
m.fill_diagonal_(0)
m.masked_scatter_(m > 8, torch.tensor([1.0, 2.0, 3.0]))
m.put_(torch.tensor([0, -1]), torch.tensor([5.0, 6.0]))
v.copy_(torch.tensor([1.9, 2.9, 3.9, 4.9]))
m.select(0, 1).fill_(2)
m.narrow(1, 1, 2).zero_()
m.diagonal().add_(100)

# case: value of the wrong shape
m[0] = torch.ones(3)

# case: value of the wrong shape for a mask
m[m > 5] = torch.ones(2)

# case: value of the wrong shape for an integer index
m[i] = torch.ones(3, 4)

# case: value with too many dimensions
m[0] = torch.ones(2, 4)

# case: value that is no number
m[0] = "a"

# case: value that is a list
m[0] = [1, 2, 3, 4]

# case: write out of range
v[4] = 1

# case: write through an expanded tensor
torch.zeros(1).expand(3)[0] = 1

# case: write in place to an expanded tensor
torch.zeros(1).expand(3).add_(1)

# case: assignment is differentiable
x = torch.ones(3, requires_grad=True)
y = torch.zeros(3)
y[1] = x[0] * 2
y[2] = x[2]
print(y, y.requires_grad)
y.sum().backward()
show(x.grad)

# case: assignment to a computed tensor
x = torch.ones(3, requires_grad=True)
y = x * 2
y[0] = 0
print(y)
y.sum().backward()
show(x.grad)
graph(y)

# case: assignment by mask to a computed tensor
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
y = x * 2
y[x < 0] = 0
print(y)
y.sum().backward()
show(x.grad)

# case: assignment to a leaf that requires grad
x = torch.ones(3, requires_grad=True)
x[0] = 2

# case: delete an element
del v[0]
