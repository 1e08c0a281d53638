"""Derivatives on transposed, expanded, empty and 0-d inputs, and in other dtypes."""

import torch

x = torch.tensor([[0.3, 0.8], [0.55, 0.21], [0.94, 0.67]], dtype=torch.float64, requires_grad=True)
r = torch.tensor([[0.4, 0.9, 0.1]], dtype=torch.float64, requires_grad=True)
e = torch.zeros(0, 3, dtype=torch.float64, requires_grad=True)
s = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
f = torch.tensor([0.3, 0.8, 0.55], requires_grad=True)
h = torch.tensor([0.5, 0.75, 0.25], dtype=torch.float16, requires_grad=True)
b = torch.tensor([0.5, 0.75, 0.25], dtype=torch.bfloat16, requires_grad=True)

# tolerance: 1e-12 relative, rules may group the same products and sums otherwise
# tolerance: 4 ulp, in single and half precision
# template graph: graph({line})
# template gradient: gradient(lambda x, r, e, s, f, h, b: {line}, x, r, e, s, f, h, b)
# template forward: forward_mode(lambda x, r, e, s, f, h, b: {line}, x, r, e, s, f, h, b)
# lines
x.t().exp()
x.t() * x.t()
x.t().sum(0)
x.t().mean()
x.t().max(1)
x.t().prod(0)
x.t().reshape(6).sin()
x.t().softmax(0)
x.t() + r.expand(2, 3)
x.t() @ x
x[::2].tanh()
x[:, 1] * x[:, 0]
x.t()[1:].std()
x.t().norm(dim=0)
x.t().cumsum(1)
x.t().clone().mul_(2)
torch.cat([x.t(), r])
torch.where(x.t() > 0.5, x.t(), r)
x.t().gather(1, torch.tensor([[0], [2]]))
x.t()[[1, 0]]
r.expand(4, 3).sin()
r.expand(4, 3).sum(1)
r.expand(4, 3).prod(0)
r.expand(4, 3).max(0)
r.expand(4, 3) * r.expand(4, 3)
r.expand(4, 3).reshape(12)
r.expand(2, 4, 3).mean((0, 1))
r.expand(4, 3)[1:, 1]
r.expand(4, 3).t() @ torch.ones(4, 2, dtype=torch.float64)
e.exp()
e.sum()
e.sum(0)
e.mean(1)
e * r
e.prod()
e.prod(0)
e.t().reshape(0)
e @ x
e.t() @ e
torch.cat([e, r])
e.cumsum(0)
e.norm()
e.softmax(1)
e[:, 1]
e.logsumexp(1)
e.view(3, 0)
s.exp() * x
s * s
s + r
s.sum() + x.sum()
x.sum() * s
torch.stack([s, s * 2])
s.expand(3) * r
s.view(1, 1) @ r
s.pow(s)
s.clamp(0, s.item())
torch.where(x > s, x, s)
f * 2
f.sin().exp()
f.double() * f
f.sum()
f.mean()
f.std()
f.norm()
f.softmax(0)
f.log()
f / f.sum()
f.outer(f)
f.dot(f)
f.double().sum()
f.to(torch.float64) @ x
f * s
f * r
h * 2
h * h
h.sum()
h.mean()
h.float().exp()
h + f
h.sin()
b * 2
b * b
b.sum()
b.tanh()
b.float() * f
b + f
h.softmax(0)
b.exp().sum()
