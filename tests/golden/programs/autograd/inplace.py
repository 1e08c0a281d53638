"""In-place changes and gradients: what is refused, and what versions catch."""

import torch

# case: in place on a leaf
torch.ones(2, requires_grad=True).add_(1)

# case: operator in place on a leaf
x = torch.ones(2, requires_grad=True)
x += 1

# case: in place on a view of a leaf
torch.ones(2, requires_grad=True)[0].add_(1)

# case: assignment to a leaf
x = torch.ones(2, requires_grad=True)
x[0] = 1

# case: zero_ of a leaf
torch.ones(2, requires_grad=True).zero_()

# case: copy_ into a leaf
torch.ones(2, requires_grad=True).copy_(torch.zeros(2))

# case: random in place on a leaf
torch.ones(2, requires_grad=True).normal_()

# case: out is a tensor that requires grad
torch.add(torch.ones(2), 1, out=torch.ones(2, requires_grad=True))

# case: out with an input that requires grad
torch.add(torch.ones(2, requires_grad=True), 1, out=torch.ones(2))

# case: saved output changed
x = torch.ones(2, requires_grad=True)
y = x.exp()
y.add_(1)
y.sum().backward()

# case: saved output changed twice
x = torch.ones(2, requires_grad=True)
y = x.sigmoid()
y.mul_(2)
y.mul_(2)
y.sum().backward()

# case: saved input changed
x = torch.ones(2, requires_grad=True)
y = x * 2
z = y * y
y.add_(1)
z.sum().backward()

# case: saved input without grad changed
x = torch.ones(2, 2, requires_grad=True)
w = torch.ones(2, 2)
y = x * w
w.zero_()
y.sum().backward()

# case: saved matrix changed
x = torch.ones(2, 3, requires_grad=True)
w = torch.ones(3, 2)
y = x.mm(w)
w[0, 0] = 5
y.sum().backward()

# case: saved value changed through a view
x = torch.ones(2, 2, requires_grad=True)
y = x * 2
z = y.sin()
y[0].zero_()
z.sum().backward()

# case: saved value changed through detach
x = torch.ones(2, requires_grad=True)
y = x.exp()
y.detach().zero_()
y.sum().backward()

# case: saved value changed through data goes unseen
x = torch.ones(2, requires_grad=True)
y = x.exp()
y.data.zero_()
y.sum().backward()
print(x.grad)

# case: leaf changed in no_grad before backward
x = torch.ones(2, requires_grad=True)
y = x * x
with torch.no_grad():
    x.add_(1)
y.sum().backward()

# case: change that saves nothing is allowed
x = torch.ones(2, requires_grad=True)
y = x * 2
z = y + 1
y.add_(5)
(z + y).sum().backward()
print(x.grad, y)

# case: in place that saves its own input
x = torch.tensor([0.5, 1.0], requires_grad=True)
y = x * 1
y.sin_()
y.pow_(2)
y.sum().backward()
show(y, x.grad)
graph(y)

# case: relu in place after linear
x = torch.tensor([[-1.0, 2.0]], requires_grad=True)
w = torch.tensor([[1.0, 0.5], [2.0, -1.0]], requires_grad=True)
h = x.mm(w).relu_()
h.sum().backward()
show(h, x.grad, w.grad)

# case: versions
x = torch.ones(3)
y = x.view(3, 1)
print(x._version)
x.add_(1)
y.add_(1)
x[0] = 1
x.detach().add_(1)
x.data.add_(1)
x.zero_()
print(x._version, y._version)
x += 1
x.copy_(torch.ones(3))
print(x._version)

# case: is_leaf and grad_fn after in place
x = torch.zeros(2)
y = torch.ones(2, requires_grad=True)
print(x.is_leaf, x.requires_grad)
x.add_(y)
print(x.is_leaf, x.requires_grad, x.grad_fn.name())
x.sum().backward()
show(y.grad)

# case: view of a tensor that later gets history
x = torch.zeros(3)
v = x[:2]
w = torch.ones(3, requires_grad=True)
x.mul_(w)
print(v, v.requires_grad, v.grad_fn.name())
v.sum().backward()
show(w.grad)

# case: output of a split changed in place
x = torch.ones(4, requires_grad=True)
a, b = (x * 2).split(2)
a.add_(1)

# case: output of unbind changed in place
x = torch.ones(2, 2, requires_grad=True)
a, b = (x * 2).unbind()
a.mul_(2)

# case: output of iteration changed in place
x = torch.ones(2, 2, requires_grad=True) * 2
for row in x:
    row.mul_(2)

# case: view made in no_grad changed in place
x = torch.ones(2, requires_grad=True)
with torch.no_grad():
    v = x.view(2)
v.add_(1)

# case: in place on an expanded tensor
x = torch.ones(1, requires_grad=True)
y = (x * 2).expand(3)
y.add_(1)

# case: zero_ of a grad
x = torch.ones(2, requires_grad=True)
(x * 3).sum().backward()
x.grad.zero_()
(x * 4).sum().backward()
print(x.grad)
x.grad.data.zero_()
print(x.grad)

# case: set_ of a tensor that requires grad
x = torch.ones(2, requires_grad=True)
x.data = x.data * 5
print(x)
x.requires_grad_(False).mul_(2)
print(x)

# case: fill and masked_fill with history
x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
y = x * 2
y.masked_fill_(x < 0, 0.0)
y.clamp_(max=4)
y.sum().backward()
show(y, x.grad)
