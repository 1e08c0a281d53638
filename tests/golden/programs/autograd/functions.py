"""Functions of our own: ctx, saved tensors, errors."""

import torch
from torch.autograd import Function


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * 3 * x**2


# case: apply and backward
x = torch.tensor([2.0, -1.0], requires_grad=True)
y = Cube.apply(x)
print(y, y.grad_fn, y.grad_fn.name())
y.sum().backward()
show(x.grad)
graph(Cube.apply(x * 2))

# case: second derivative
x = torch.tensor([2.0], requires_grad=True)
(g,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
print(g)
print(torch.autograd.grad(g, x))

# case: leaky relu of our own
class Leaky(Function):
    @staticmethod
    def forward(ctx, input, slope):
        ctx.save_for_backward(input)
        ctx.slope = slope
        return input.clamp(min=0) + slope * input.clamp(max=0)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] *= ctx.slope
        return grad_input, None


x = torch.tensor([-2.0, 3.0, -0.5], requires_grad=True)
y = Leaky.apply(x, 0.1)
y.backward(torch.tensor([1.0, 2.0, 3.0]))
show(y, x.grad)

# case: several inputs and outputs
class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a + b, a * b

    @staticmethod
    def backward(ctx, g_sum, g_product):
        a, b = ctx.saved_tensors
        print(ctx.needs_input_grad, g_sum, g_product)
        return g_sum + g_product * b, g_sum + g_product * a


a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0)
s, p = SumAndProduct.apply(a, b)
print(s, p, type(SumAndProduct.apply(a, b)).__name__)
s.backward(retain_graph=True)
(s * p).backward()
show(a.grad, b.grad)

# case: unused output gives zeros
class Two(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2, a * 3

    @staticmethod
    def backward(ctx, g0, g1):
        print(g0, g1)
        return g0 * 2 + g1 * 3


a = torch.ones(2, requires_grad=True)
Two.apply(a)[1].sum().backward()
print(a.grad)

# case: unused output without materialising
class Two(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    @staticmethod
    def backward(ctx, g0, g1):
        print(g0, g1)
        return g1 * 3


a = torch.ones(2, requires_grad=True)
Two.apply(a)[1].sum().backward()
print(a.grad)

# case: setup_context
class Square(Function):
    @staticmethod
    def forward(x):
        return x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


x = torch.tensor(3.0, requires_grad=True)
y = Square.apply(x)
y.backward()
print(y, x.grad)

# case: forward mode of our own
class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.x * g

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * ctx.x * tangent


import torch.autograd.forward_ad as fwAD

with fwAD.dual_level():
    d = fwAD.make_dual(torch.tensor(3.0), torch.tensor(10.0))
    print(fwAD.unpack_dual(Square.apply(d)).tangent)

# case: mark_dirty
class AddOne(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.add_(1)

    @staticmethod
    def backward(ctx, g):
        return g * 7


x = torch.tensor([3.0], requires_grad=True)
y = x * 1
z = AddOne.apply(y)
print(z is y, y, y._version)
z.backward()
print(x.grad)

# case: mark_non_differentiable
class Sign(Function):
    @staticmethod
    def forward(ctx, x):
        s = x.sign()
        ctx.mark_non_differentiable(s)
        return x * 2, s

    @staticmethod
    def backward(ctx, g, _):
        return g * 2


x = torch.tensor([3.0], requires_grad=True)
y, s = Sign.apply(x)
print(y, s)
y.backward()
print(x.grad)

# case: once_differentiable
from torch.autograd.function import once_differentiable


class Cubed(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


x = torch.tensor(2.0, requires_grad=True)
(g,) = torch.autograd.grad(Cubed.apply(x), x, create_graph=True)
print(g)
torch.autograd.grad(g, x)

# case: none for a gradient
class Half(Function):
    @staticmethod
    def forward(ctx, x):
        return x / 2

    @staticmethod
    def backward(ctx, g):
        return None


x = torch.tensor(2.0, requires_grad=True)
Half.apply(x).backward()
print(x.grad)

# case: too few gradients
class Bad(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a * b

    @staticmethod
    def backward(ctx, g):
        return g


a = torch.tensor(2.0, requires_grad=True)
Bad.apply(a, torch.tensor(1.0, requires_grad=True)).backward()

# case: too many gradients
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return g, g


Bad.apply(torch.tensor(2.0, requires_grad=True)).backward()

# case: gradient of a wrong shape
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return torch.ones(3)


Bad.apply(torch.ones(2, requires_grad=True)).sum().backward()

# case: gradient that is no tensor
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return 2.0


Bad.apply(torch.tensor(2.0, requires_grad=True)).backward()

# case: forward that returns no tensor
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return "text"


Bad.apply(torch.tensor(2.0, requires_grad=True))

# case: no backward
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2


Bad.apply(torch.tensor(2.0, requires_grad=True)).backward()

# case: error within backward passes through
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, g):
        raise KeyError("mine")


Bad.apply(torch.tensor(2.0, requires_grad=True)).backward()

# case: error within forward passes through
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        raise ValueError("mine")


Bad.apply(torch.tensor(2.0, requires_grad=True))

# case: saved tensors of a freed graph
x = torch.tensor([2.0], requires_grad=True)
y = Cube.apply(x)
y.backward()
y.backward()

# case: saved tensor changed in place
x = torch.tensor([2.0], requires_grad=True)
z = x * 1
y = Cube.apply(z)
z.add_(1)
y.backward()

# case: save_for_backward of a number
class Bad(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a, 3)
        return a * 2


Bad.apply(torch.tensor(2.0, requires_grad=True))

# case: save_for_backward of None
class Fine(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a, None)
        return a * 2

    @staticmethod
    def backward(ctx, g):
        print(ctx.saved_tensors)
        return g * 2


Fine.apply(torch.tensor(2.0, requires_grad=True)).backward()

# case: nothing is recorded without grad
y = Cube.apply(torch.tensor([2.0]))
print(y, y.grad_fn)
with torch.no_grad():
    print(Cube.apply(torch.tensor([2.0], requires_grad=True)))

# case: calling an instance
Cube()(torch.tensor(1.0))

# case: legacy functions without static methods
class Old(Function):
    def forward(self, x):
        return x * 2


Old.apply(torch.tensor(1.0, requires_grad=True))

# case: forward returns its input
class Same(Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return -g


x = torch.tensor([1.0], requires_grad=True)
y = Same.apply(x)
print(y, y is x)
y.backward()
print(x.grad)

# case: gradient reversal within a network
class Reverse(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return g.neg() * ctx.scale, None


x = torch.tensor([1.0, 2.0], requires_grad=True)
Reverse.apply(x * 3, 0.5).sum().backward()
print(x.grad)

# case: backward within backward
class Nested(Function):
    @staticmethod
    def forward(ctx, x):
        with torch.enable_grad():
            ctx.x = x.detach().requires_grad_()
            ctx.y = ctx.x.sin() * ctx.x
        return ctx.y.detach()

    @staticmethod
    def backward(ctx, g):
        ctx.y.backward(g)
        return ctx.x.grad


x = torch.tensor(0.7, requires_grad=True)
Nested.apply(x * 2).backward()
show(x.grad)

# case: gradcheck of our own
x = torch.tensor([0.5, -1.5], dtype=torch.float64, requires_grad=True)
print(torch.autograd.gradcheck(Cube.apply, (x,)), torch.autograd.gradgradcheck(Cube.apply, (x,)))
