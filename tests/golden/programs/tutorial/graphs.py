"""Computation graphs and gradients, as an introduction shows them, with numbers of our own."""

import torch


def build(w_value=4.0, x_value=-1.5):
    w = torch.tensor([w_value], requires_grad=True)
    x = torch.tensor([x_value], requires_grad=True)
    a = torch.add(w, x)
    b = torch.add(w, 1)
    return w, x, a, b, torch.mul(a, b)


# case: the derivative along two paths
w, x, a, b, y = build()
y.backward()
print(w.grad, y)

# case: leaves
w, x, a, b, y = build()
print("leaf:\n", w.is_leaf, x.is_leaf, a.is_leaf, b.is_leaf, y.is_leaf)

# case: gradients of leaves only
w, x, a, b, y = build()
y.backward()
print("grads:\n", w.grad, x.grad, a.grad, b.grad, y.grad)

# case: gradients that are kept
w = torch.tensor([4.0], requires_grad=True)
x = torch.tensor([-1.5], requires_grad=True)
a = torch.add(w, x)
a.retain_grad()
b = torch.add(w, 1)
y = torch.mul(a, b)
y.backward()
print("grads:\n", w.grad, x.grad, a.grad, b.grad, y.grad)

# case: functions of the graph
w, x, a, b, y = build()
print("functions:\n", w.grad_fn, x.grad_fn, a.grad_fn, b.grad_fn, y.grad_fn)

# case: a value right away
w, x, a, b, y = build(2.0, 0.25)
print(y)

# case: backward twice
w, x, a, b, y = build()
y.backward()
print(w.grad)
y.backward()

# case: backward twice on a retained graph
w, x, a, b, y = build()
y.backward(retain_graph=True)
print(w.grad)
y.backward()
print(w.grad)

# case: two losses need weights
w, x, a, b, y0 = build()
y1 = torch.add(a, 10)
loss = torch.cat([y0, y1], dim=0)
loss.backward()

# case: two losses with weights
w, x, a, b, y0 = build()
y1 = torch.add(a, 10)
loss = torch.cat([y0, y1], dim=0)
loss.backward(gradient=torch.tensor([1.0, 4.0]))
print(w.grad)
loss.backward(gradient=torch.tensor([1.0, 1.0]))

# case: first and second derivative
x = torch.tensor([-2.0], requires_grad=True)
y = torch.pow(x, 3)
first = torch.autograd.grad(y, x, create_graph=True)
print(first)
second = torch.autograd.grad(first[0], x)
print(second)

# case: derivatives of a square print the same node
x = torch.tensor([7.0], requires_grad=True)
print(torch.autograd.grad(torch.pow(x, 2), x, create_graph=True))

# case: several inputs and outputs
p = torch.tensor(1.5, requires_grad=True)
q = torch.tensor(-4.0, requires_grad=True)
product, total = p * q, p + q
(dp, dq) = torch.autograd.grad(outputs=product, inputs=[p, q], retain_graph=True)
print(dp, dq)
(dp, dq) = torch.autograd.grad(outputs=[product, total], inputs=[p, q])
print(dp, dq)

# case: gradients add up in a loop
w = torch.tensor([4.0], requires_grad=True)
x = torch.tensor([-1.5], requires_grad=True)
for i in range(4):
    y = torch.mul(torch.add(w, x), torch.add(w, 1))
    y.backward()
    print(w.grad)

# case: gradients zeroed in a loop
w = torch.tensor([4.0], requires_grad=True)
x = torch.tensor([-1.5], requires_grad=True)
for i in range(4):
    y = torch.mul(torch.add(w, x), torch.add(w, 1))
    y.backward()
    print(w.grad)
    w.grad.zero_()

# case: what depends on a leaf requires grad
w, x, a, b, y = build()
print(w.requires_grad, a.requires_grad, b.requires_grad, y.requires_grad)

# case: in place keeps the object, out of place does not
a = torch.ones((1,)) * 3
before = a
a = a + torch.ones((1,))
print(a is before, a)
a = torch.ones((1,))
before, place = a, id(a)
a += torch.ones((1,))
print(a is before, id(a) == place, a)

# case: in place on a leaf of the graph
w, x, a, b, y = build()
w.add_(1)

# case: the call in full
w, x, a, b, y = build()
torch.autograd.backward(y, grad_tensors=None, retain_graph=None, create_graph=False)
print(w.grad, torch.autograd.grad(outputs=build()[4], inputs=build()[0], allow_unused=True))

# case: gradients of plain values
x = torch.tensor(5.0, requires_grad=True)
(x**2).backward()
print(x.grad)
x = torch.tensor([5.0, -6.0], requires_grad=True)
(x**2).sum().backward()
print(x.grad)
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(3 * x**3).mean().backward()
print(x.grad)
x = torch.tensor([[2.0, 1.0], [0.5, 4.0]], requires_grad=True)
y = x + 2
(y * y * 3).sum().backward()
print(x.grad)

# case: a triangle's area
import math


def slope(base, angle):
    return (base**2 / 2) / math.cos(angle) ** 2


angle = torch.tensor(math.pi / 3.0, requires_grad=True)
base = torch.tensor(2.0)
c = base / torch.cos(angle)
h = c * torch.sin(angle)
area = (h * base) / 2.0
area.backward()
print("by hand: {:.1f}".format(slope(base, angle)))
print("by autograd: {:.1f}".format(angle.grad))
print("angle: {} base: {} c: {} h: {} area: {}".format(*(t.requires_grad for t in (angle, base, c, h, area))))

# case: a triangle without a gradient
import math

angle = torch.tensor(math.pi / 3.0)
area = torch.tan(angle) * 2
area.backward()
print(angle.grad)

# case: clones and detached clones
a = torch.tensor(3.0, requires_grad=True)
b = a.clone()
print(b.requires_grad)
c = b**3
c.backward()
print("dc/db = {}".format(b.grad))
print("dc/da = {}".format(a.grad))
a = torch.tensor(3.0, requires_grad=True)
b = a.clone().detach().requires_grad_(True)
c = b**3
c.backward()
print("dc/db = {}".format(b.grad))
print("dc/da = {}".format(a.grad))

# case: gradient of a small network of two layers
from torch import tensor

x = tensor([1, 5.5, 90], dtype=torch.float64)
w1 = tensor([[-100.0, 0.0, 1], [35.0, -40.0, 0], [-1.0, 1.0, 0]], dtype=torch.float64, requires_grad=True)
hidden = torch.clamp(torch.mv(w1.t(), x), min=0)
w2 = tensor([[1.0], [1.0], [-1.0]], dtype=torch.float64, requires_grad=True)
out = torch.mv(w2.t(), hidden)
y = tensor(0.0)
loss = torch.sum((1 - y.to(torch.float64) * out) - torch.log(torch.sigmoid(out)))
loss.backward()
print(w1.grad)
print(w2.grad)
# case: gradients that are nearly zero print in scientific form
x = torch.tensor([[22.0, 0.0], [20.5, 18.0]], dtype=torch.float64, requires_grad=True)
torch.log(torch.sigmoid(x)).sum().backward()
print(x.grad)
