"""Comparison and tests of elements."""

import torch

a = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
b = torch.tensor([2.0, 2.0, 2.0])
n = torch.tensor([1.0, float("nan"), float("inf"), -float("inf"), -0.0])
i = torch.tensor([1, 2, 3])

# tolerance: 0 exact, results are booleans and integers
# template show: show({line})
# lines
a == b
a != b
a < b
a <= b
a > b
a >= b
a == 2
2 == a
a != 2
a < 2
2 < a
a >= 1.5
a > i
i == 2.0
i == 2.5
i < 2.5
i == True
n == n
n != n
n < 1
n > -1e30
n == 0.0
torch.isnan(n)
torch.isinf(n)
torch.isfinite(n)
torch.isposinf(n)
torch.isneginf(n)
torch.signbit(n)
torch.isreal(n)
n.isnan()
torch.isnan(i)
torch.eq(a, b)
torch.ne(a, b)
torch.lt(a, 2)
torch.le(a, b)
torch.gt(a, b)
torch.ge(a, 2)
torch.greater(a, 2)
torch.less_equal(a, 2)
torch.not_equal(a, 2)
a.eq(b)
a.ge(0.5).float()
a.ge(2).float().squeeze()
a.lt(2)
torch.equal(a, a.clone())
torch.equal(a, b)
torch.equal(n, n)
torch.allclose(a, a + 1e-9)
torch.allclose(a, a + 1)
torch.allclose(n, n)
torch.allclose(n, n, equal_nan=True)
torch.allclose(a, a + 0.01, atol=0.1)
torch.isclose(a, b)
torch.isclose(a, b, rtol=0.6)
torch.isclose(n, n, equal_nan=True)
(a == 2).sum()
(a > 1).sum().item()
(a > 1).any()
(a > 1).all()
(a > 0).all()
(a > 1).any(0)
(a > 1).any(1)
(a > 1).all(dim=0)
(a > 1).all(1, keepdim=True)
torch.any(torch.tensor([]))
torch.all(torch.tensor([]))
torch.any(torch.tensor([0.0, 2.0]))
torch.all(torch.tensor([1, 0], dtype=torch.uint8))
bool((a > 0).all())
a.sort()
a.sort(dim=0)
a.sort(descending=True)
a.sort(1, True)
torch.sort(i)
torch.sort(n)
a.argsort()
a.argsort(descending=True)
a.argsort(0)
torch.topk(a, 2)
torch.topk(a, 2, largest=False)
torch.topk(i, 1)
torch.kthvalue(a, 2)
torch.sort(torch.tensor([3, 1, 2, 1, 3]), stable=True)
torch.unique(torch.tensor([3, 1, 2, 1]))
torch.unique(torch.tensor([3, 1, 2, 1]), return_counts=True)
torch.unique(torch.tensor([3, 1, 2, 1]), return_inverse=True)
torch.bincount(torch.tensor([0, 1, 1, 3]))
torch.histc(a, 3)
torch.searchsorted(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 2.0, 9.0]))
torch.isin(i, torch.tensor([2, 3]))
torch.count_nonzero(a - 2)
torch.where(a > 2)
torch.sort(torch.tensor(1.0))

# case: comparison with None
print(a == None, a != None)  # noqa: E711

# case: comparison with a string
print(a == "x")

# case: less than None
a < None

# case: truth of several values
bool(a == b)

# case: truth of no value
bool(torch.tensor([]))

# case: chained comparison
0 < a < 3

# case: if on several values
if a > 2:
    print("never")

# case: shapes that do not match
a == torch.ones(2)

# case: equal of other dtypes
torch.equal(torch.tensor([1]), torch.tensor([1.0]))

# case: comparison leaves the graph
x = torch.ones(2, requires_grad=True)
y = x > 0
print(y, y.requires_grad, y.grad_fn)

# case: names of results
r = a.sort()
print(r)
print(r.values, r.indices, r[0] is r.values, type(r).__name__, len(r))
values, indices = torch.topk(i, 2)
print(values, indices)

# case: topk of too many
torch.topk(i, 4)

# case: accuracy as programs compute it
scores = torch.tensor([0.2, 0.7, 0.5, 0.4])
labels = torch.tensor([0.0, 1.0, 0.0, 0.0])
mask = scores.ge(0.5).float()
correct = (mask == labels).sum()
print(correct, correct.item() / labels.size(0), "{:.2%}".format(correct.item() / labels.size(0)))
