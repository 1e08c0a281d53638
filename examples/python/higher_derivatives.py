"""Derivatives of derivatives, and gradients of several outputs with respect to several inputs."""

from __future__ import annotations

import rushlight as torch

# With create_graph, the gradient is itself computed by recorded operations, and can be differentiated.
x = torch.tensor([3.0], requires_grad=True)
y = torch.pow(x, 2)
(first,) = torch.autograd.grad(y, x, create_graph=True)
print(f"d x²/dx   = {first}")
(second,) = torch.autograd.grad(first, x)
print(f"d²x²/dx²  = {second}")

# Any order: the derivatives of sin go round in a circle.
x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
value = torch.sin(x)
for order in range(5):
    print(f"derivative {order} of sin at 0.7: {value.item():.12f}")
    (value,) = torch.autograd.grad(value, x, create_graph=True)

# Several inputs at once; and for several outputs, the gradients of their sum.
x1 = torch.tensor(1.0, requires_grad=True)
x2 = torch.tensor(2.0, requires_grad=True)
y1 = x1 * x2
y2 = x1 + x2
dx1, dx2 = torch.autograd.grad(outputs=y1, inputs=[x1, x2], retain_graph=True)
print(f"gradients of y1:      {dx1!s} {dx2!s}")
dx1, dx2 = torch.autograd.grad(outputs=[y1, y2], inputs=[x1, x2])
print(f"gradients of y1 + y2: {dx1!s} {dx2!s}")

# An output of several elements needs to be told how they count.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(gradient,) = torch.autograd.grad(x.exp().log() * x, x, grad_outputs=torch.tensor([1.0, 0.1, 0.01]))
print(f"weighted:             {gradient}")

# The second derivatives of a function of three variables, row by row: f = x0² x1 + x1 x2.
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
f = x[0] * x[0] * x[1] + x[1] * x[2]
(gradient,) = torch.autograd.grad(f, x, create_graph=True)
rows = [torch.autograd.grad(gradient[i], x, retain_graph=True)[0] for i in range(3)]
print(torch.stack(rows))

# A derivative that was not asked for is not made up.
z = torch.tensor(1.0, requires_grad=True)
try:
    torch.autograd.grad(x[0] * 2, z)
except RuntimeError as error:
    print(f"error: {error}")
