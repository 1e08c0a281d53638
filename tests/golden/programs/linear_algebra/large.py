"""Larger products, where the order of sums differs between libraries."""

import torch

# tolerance: 1e-5 absolute, sums of a hundred products of numbers near one, in any order

# case: matrices of float32
a = torch.linspace(-1, 1, 37 * 100).reshape(37, 100).sin()
b = torch.linspace(-2, 2, 100 * 23).reshape(100, 23).cos()
show(a @ b, (a @ b).sum(), torch.mv(a, b[:, 0]), torch.dot(a[0], b[:, 1]))

# case: matrices of float64
# tolerance: 1e-13 absolute, sums of a hundred products of numbers near one, in any order
a = torch.linspace(-1, 1, 37 * 100, dtype=torch.float64).reshape(37, 100).sin()
b = torch.linspace(-2, 2, 100 * 23, dtype=torch.float64).reshape(100, 23).cos()
show(a @ b, torch.addmm(torch.ones(23, dtype=torch.float64), a, b, beta=0.5, alpha=-1.5))

# case: transposed operands
# tolerance: 1e-13 absolute, sums of a hundred products of numbers near one, in any order
a = torch.linspace(-1, 1, 40 * 100, dtype=torch.float64).reshape(100, 40).sin()
b = torch.linspace(-2, 2, 100 * 23, dtype=torch.float64).reshape(23, 100).cos()
show(a.t() @ b.t(), b @ a, (b @ a).t() - a.t() @ b.t())

# case: batches
# tolerance: 1e-13 absolute, sums of thirty products of numbers near one, in any order
a = torch.linspace(-1, 1, 3 * 7 * 30, dtype=torch.float64).reshape(3, 7, 30)
b = torch.linspace(-2, 2, 3 * 30 * 5, dtype=torch.float64).reshape(3, 30, 5).cos()
show(a.bmm(b), a @ b[0], (a.transpose(1, 2) @ a)[0, 0])
