"""Products of vectors and matrices."""

import torch

a = torch.tensor([[0.3, -0.8, 0.55], [1.21, 0.94, -0.67]], dtype=torch.float64, requires_grad=True)
b = torch.tensor([[0.5, -1.5], [2.5, 0.25], [1.75, -0.75]], dtype=torch.float64, requires_grad=True)
v = torch.tensor([1.4, 0.6, -1.1], dtype=torch.float64, requires_grad=True)
w = torch.tensor([0.2, -0.9], dtype=torch.float64, requires_grad=True)

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 1e-14 absolute, where terms cancel
# template graph: graph({line})
# template gradient: gradient(lambda a, b, v, w: {line}, a, b, v, w)
# template nodes: gradient_nodes(lambda a, b, v, w: {line}, a, b, v, w)
# template forward: forward_mode(lambda a, b, v, w: {line}, a, b, v, w)
# lines
a.mm(b)
torch.mm(a, b)
a @ b
torch.matmul(a, b)
a.t() @ a
a @ a.T
a.mv(v)
a @ v
w @ a
torch.mv(a, v)
v.dot(v)
torch.dot(v, v.sin())
v @ v
torch.inner(v, v)
torch.outer(v, w)
torch.ger(v, w)
torch.addmm(w, a, b)
torch.addmm(w, a, b, beta=0.5, alpha=2)
torch.addmm(torch.ones(2, 2, dtype=torch.float64), a, b)
torch.addmv(w, a, v)
torch.addmv(w, a, v, beta=2, alpha=3)
torch.addr(a, w, v)
torch.bmm(a[None], b[None])
a.expand(2, 2, 3) @ b
a[None] @ b[None]
a.expand(2, 2, 3) @ v
torch.matmul(a.expand(3, 1, 2, 3), b.expand(2, 3, 2)).sum()
torch.baddbmm(w, a[None], b[None], alpha=2)
torch.addbmm(w, a[None], b[None])
torch.nn.functional.linear(a, b.t())
torch.nn.functional.linear(a, b.t(), w)
torch.nn.functional.linear(v, a, w)
torch.nn.functional.linear(a[None], b.t(), w)
torch.nn.functional.linear(a.expand(2, 2, 3), b.t())
torch.nn.functional.bilinear(a, a, torch.ones(1, 3, 3, dtype=torch.float64))
torch.einsum("ij,jk->ik", a, b)
torch.einsum("i,i->", v, v)
torch.tensordot(a, b, 1)
torch.kron(v, w)
torch.linalg.multi_dot([a, b, a])
torch.chain_matmul(a, b)
torch.mm(a, b).relu().sum()
(a.mm(b).clamp(min=0) - 1).pow(2).sum()
torch.sigmoid(a.mv(v))
torch.cdist(a, b.t())
torch.trace(a @ b)
torch.linalg.inv(a @ b)
torch.linalg.det(a @ b)
torch.linalg.solve(a @ b, w)
torch.logdet((a @ a.T))
