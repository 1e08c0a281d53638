"""What a notebook on gradients shows, cell by cell, with values of our own."""

import torch

first = torch.Tensor([[2, 4, 6], [8, 10, 12]])
second = torch.Tensor([[1, 3, 5], [7, 9, 11]])

# case: a legacy tensor is shown
first

# case: another one
second

# case: requires_grad is shown
first.requires_grad

# case: requires_grad_ shows the tensor
first.requires_grad_()

# case: nothing is shown for None
first.grad

# case: prints before a backward pass
first.requires_grad_()
print(first.grad, first.grad_fn)
out = first * second
print(out.requires_grad)
print(out.grad_fn)

# case: grad of an intermediate warns
first.requires_grad_()
out = first * second
print(out.grad)

# case: the mean has another function
first.requires_grad_()
out = (first * second).mean()
print(out.grad_fn)
out.backward()
print(first.grad)

# case: shapes of a gradient and its tensor
first.requires_grad_()
(first * second).mean().backward()
first.grad.shape, first.shape

# case: no history within no_grad
first.requires_grad_()
with torch.no_grad():
    new = first * 5
    print("new = ", new)
    print("first requires grad: ", first.requires_grad)
    print("second requires grad: ", second.requires_grad)
    print("new requires grad: ", new.requires_grad)

# case: a function with history
def triple(t):
    return t * 3


result = triple(first.requires_grad_())
result

# case: a function without history
@torch.no_grad()
def triple(t):
    return t * 3


result = triple(first.requires_grad_())
print(result.requires_grad)
result

# case: history switched on again
first.requires_grad_()
with torch.no_grad():
    without = first * 5
    print("without: ", without)
    with torch.enable_grad():
        again = first * 5
        print("again: ", again)

# case: a tensor that requires grad is shown
t = torch.tensor([[1.5, 2.5], [3.5, 4.5]], requires_grad=True)
t

# case: mixed numbers
torch.tensor([[2.0, 3.0], [7, 8]])

# case: a mean of a sum
a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
b = torch.tensor([[2.0, 3.0], [7, 8]])
b.requires_grad_()
final = (a + b).mean()
print(final.requires_grad, a.grad, b.grad)
final.backward()
print(a.grad)
print(b)
final

# case: a detached tensor
a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
d = a.detach()
(a + d).mean().backward()
print(d.grad, d.requires_grad)
print(a.grad)
d

# case: gradients of two passes add up
a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
a.mean().backward()
a.mean().backward()
a.grad

# case: Variable of a legacy tensor
from torch.autograd import Variable

v = Variable(torch.FloatTensor([5]))
v

# case: Variable with requires_grad_
from torch.autograd import Variable

v = Variable(torch.FloatTensor([5]))
v.requires_grad_()

# case: Variables in a product
from torch.autograd import Variable

v = Variable(torch.FloatTensor([5])).requires_grad_()
w = Variable(torch.FloatTensor([11]), requires_grad=True)
u = Variable(torch.FloatTensor([2]), requires_grad=True)
print(w, u)
r = v * w
r.backward()
print(w.grad, u.grad, v.grad)
r

# case: Variable of ones
from torch.autograd import Variable

x = Variable(torch.ones(2, 2), requires_grad=True)
y = x + 3
z = y * y * 2
out = z.mean()
out.backward()
print(x.grad, y.grad_fn, x.grad_fn)
out

# case: a second backward of the same mean
from torch.autograd import Variable

x = Variable(torch.ones(2, 2), requires_grad=True)
z = (x + 3) ** 2
out = z.mean()
out.backward()
out = z.mean()
out.backward()

# case: setting requires_grad
param = torch.zeros(3)
param.requires_grad = True
param

# case: doubling until large
from torch.autograd import Variable

torch.manual_seed(5)
x = Variable(torch.randn(3), requires_grad=True)
y = x * 2
while y.data.norm() < 200:
    y = y * 2
print(y)
y.backward(torch.FloatTensor([0.2, 1.0, 0.002]))
print(x.grad)

# case: a gradient of another shape than a scalar
from torch.autograd import Variable

x = Variable(torch.ones(2), requires_grad=True)
out = (x * 3).mean()
out.backward(torch.FloatTensor([1.0]))
