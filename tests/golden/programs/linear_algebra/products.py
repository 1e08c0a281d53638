"""Products of vectors and matrices."""

import torch

a = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
b = torch.tensor([[1.0, -1.0], [0.5, 2.0], [3.0, 0.25]])
v = torch.tensor([1.0, -2.0, 0.5])
w = torch.tensor([2.0, 3.0])
p = torch.arange(12.0).reshape(2, 2, 3)
q = torch.arange(12.0).reshape(2, 3, 2) - 5
s = torch.tensor(2.0)

# tolerance: 0 exact, small numbers whose products and sums are exact in any order
# template show: show({line})
# lines
a.mm(b)
torch.mm(a, b)
a @ b
b @ a
a.matmul(b)
a.t().mm(a)
a.mm(a.t())
a.mv(v)
torch.mv(a, v)
torch.mv(a.t(), w)
v.dot(v)
torch.dot(v, v)
torch.dot(torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6]))
v.inner(v)
torch.inner(a, v)
torch.outer(w, v)
w.ger(v)
torch.matmul(v, v)
torch.matmul(a, v)
torch.matmul(w, a)
torch.matmul(p, q)
torch.matmul(p, b)
torch.matmul(a, q)
torch.matmul(p, v)
torch.matmul(w, p)
torch.matmul(p[:, None], q[None]).shape
torch.matmul(torch.ones(3, 1, 2, 4), torch.ones(5, 4, 2)).shape
p.bmm(q)
torch.bmm(p, q)
p @ q
torch.addmm(torch.ones(2, 2), a, b)
torch.addmm(torch.ones(2), a, b)
torch.addmm(torch.ones(2, 2), a, b, beta=0.5, alpha=2)
torch.addmm(s, a, b)
torch.ones(2, 2).addmm(a, b)
torch.addmv(w, a, v)
torch.addmv(w, a, v, alpha=2, beta=3)
torch.addbmm(torch.ones(2, 2), p, q)
torch.baddbmm(torch.ones(2, 2, 2), p, q)
torch.baddbmm(torch.ones(2), p, q, beta=2, alpha=0.5)
torch.addr(torch.ones(2, 3), w, v)
torch.addmm(torch.full((2, 2), float("nan")), a, b, beta=0)
torch.mm(torch.ones(2, 0), torch.ones(0, 3))
torch.mm(torch.ones(0, 2), torch.ones(2, 3))
torch.mv(torch.ones(2, 0), torch.ones(0))
torch.dot(torch.ones(0), torch.ones(0))
torch.mm(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 0], [0, 1]]))
torch.mm(a.double(), b.double())
torch.mm(a.half(), b.half())
torch.mm(a.bfloat16(), b.bfloat16())
torch.mm(a[:, ::2], b[::2])
torch.mm(b.t(), a.t())
torch.einsum("ij,jk->ik", a, b)
torch.einsum("ij,ij->", a, a)
torch.einsum("i,j", w, v)
torch.tensordot(a, b, dims=1)
torch.tensordot(a, a, dims=([0, 1], [0, 1]))
torch.linalg.multi_dot([a, b, a])
torch.chain_matmul(a, b)
torch.cross(v, torch.tensor([1.0, 0.0, 0.0]), dim=0)
torch.kron(w, w)
torch.cartesian_prod(w, w)
torch.matrix_power(torch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
torch.nn.functional.linear(a, b.t())
torch.nn.functional.linear(a, b.t(), w)
torch.nn.functional.linear(v, b.t(), w)
torch.nn.functional.linear(p, b.t(), w)
torch.t(a)
torch.tril(p)

# case: mm shapes that do not match
torch.mm(a, a)

# case: mm of vectors
torch.mm(v, v)

# case: mm of a matrix and a vector
a.mm(v)

# case: matmul shapes that do not match
a @ a

# case: matmul of a matrix and a short vector
a @ w

# case: matmul of vectors of other sizes
v @ w

# case: matmul with a 0-d tensor
a @ s

# case: matmul with a number
a @ 2

# case: mv shapes that do not match
a.mv(w)

# case: mv of a vector
v.mv(v)

# case: mv with a matrix
a.mv(b)

# case: dot of other sizes
v.dot(w)

# case: dot of matrices
a.dot(a)

# case: bmm of matrices
a.bmm(b)

# case: bmm batches that do not match
torch.bmm(torch.ones(2, 2, 3), torch.ones(3, 3, 2))

# case: bmm shapes that do not match
torch.bmm(torch.ones(2, 2, 3), torch.ones(2, 2, 3))

# case: batched matmul shapes that do not match
torch.ones(2, 3, 4) @ torch.ones(3, 4, 5)

# case: addmm shapes that do not match
torch.addmm(torch.ones(3, 3), a, b)

# case: addmm inner sizes that do not match
torch.addmm(torch.ones(2, 2), a, a)

# case: mm of other dtypes
a.mm(b.double())

# case: mm of float and integers
a.mm(torch.ones(3, 2, dtype=torch.long))

# case: mv of other dtypes
a.mv(v.double())

# case: dot of other dtypes
v.dot(v.double())

# case: linear shapes that do not match
torch.nn.functional.linear(a, a.t())

# case: mm of booleans
torch.ones(2, 2, dtype=torch.bool).mm(torch.ones(2, 2, dtype=torch.bool))

# case: outer of matrices
torch.outer(a, v)

# case: addmm of integers by a float alpha
torch.addmm(torch.ones(2, 2, dtype=torch.long), torch.ones(2, 2, dtype=torch.long), torch.ones(2, 2, dtype=torch.long), alpha=0.5)
