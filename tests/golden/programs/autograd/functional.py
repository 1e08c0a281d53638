"""torch.autograd.functional, and gradcheck's errors."""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp

x = torch.tensor([1.0, 2.0])
y = torch.tensor([3.0, 4.0])
d = torch.tensor([0.3, 0.4], dtype=torch.float64, requires_grad=True)

# lines
jacobian(lambda a: a**2, x)
jacobian(lambda a: a.sum(), x)
jacobian(lambda a, b: a * b, (x, y))
jacobian(lambda a, b: (a * b, a.sum()), (x, y))
jacobian(lambda a, b: (a * b, a.sum()), (x, y), vectorize=True)
jacobian(lambda a: a**2, x.reshape(2, 1), create_graph=True)
jacobian(lambda a: a**3, x.clone().requires_grad_(), create_graph=True)
jacobian(lambda a, b: a * 2, (x, y))
jacobian(lambda a: a.detach(), x)
jacobian(lambda a: a.detach(), x, strict=True)
jacobian(lambda a, b: a * 2, (x, y), strict=True)
jacobian(lambda a: 3, x)
jacobian(lambda a: a, [3])
jacobian(lambda a: a, (x, 3))
jacobian(lambda a: a, x, strategy="sideways")
jacobian(lambda a: a, x, strategy="forward-mode")
jacobian(lambda a: a, x, strict=True, vectorize=True)
hessian(lambda a: (a**3).sum(), x)
hessian(lambda a, b: (a**3 * b).sum(), (x, y))
hessian(lambda a: (a**3).sum(), x, vectorize=True)
hessian(lambda a: a * 2, x)
hessian(lambda a: (a.sum(), a.sum()), x)
hessian(lambda a: (a * 2).sum(), x, strict=True)
vjp(lambda a: a**2, x, y)
vjp(lambda a: a.sum(), x)
vjp(lambda a, b: (a * b, b), (x, y), (x, y))
vjp(lambda a: a**2, x)
vjp(lambda a: a**2, x, torch.ones(3))
vjp(lambda a: (a, a), x, x)
jvp(lambda a: a**2, x, y)
jvp(lambda a: (a**2, a.sum()), x, y)
jvp(lambda a: a**2, x)
jvp(lambda a: a**2, x, torch.ones(3))
vhp(lambda a: (a**3).sum(), x, y)
hvp(lambda a: (a**3).sum(), x, y)
hvp(lambda a, b: (a * b).sum(), (x, y), (y, x))
hvp(lambda a: a, x, y)
gradcheck(torch.sin, d)
gradcheck(lambda a: (a * a, a.exp()), (d,))
gradcheck(lambda a: a.detach() * 2, d)
gradcheck(lambda a: a.detach() * 2 + a * 0, d)
gradcheck(lambda a: a.detach() * 2 + a * 0, d, raise_exception=False)
gradcheck(torch.sin, x)
gradcheck(torch.sin, d.detach()[:1].requires_grad_().expand(3))
gradcheck(torch.sin, d, check_backward_ad=False)
gradcheck(torch.sin, x.requires_grad_(), eps=1e-3, atol=1e-2)
gradcheck(lambda a: a * 2, d.detach()[:0].requires_grad_())
gradgradcheck(lambda a: a.sin() * a, d)
gradgradcheck(lambda a: a * 2, d, torch.ones(2, dtype=torch.float64))

# case: a wrong backward is found


class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


gradcheck(Wrong.apply, d)

# case: a backward that ignores its gradient is found


class Ignores(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 1

    @staticmethod
    def backward(ctx, g):
        return torch.ones_like(g)


gradcheck(lambda a: Ignores.apply(a).sum(), d)
