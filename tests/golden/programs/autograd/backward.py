"""backward and grad: accumulation, retained and created graphs, gradients given, inputs."""

import torch

# case: gradient of y = (x + w)(w + 1) at other numbers
w = torch.tensor([3.0], requires_grad=True)
x = torch.tensor([-4.0], requires_grad=True)
a = torch.add(w, x)
b = torch.add(w, 1)
y = torch.mul(a, b)
y.backward()
print(w.grad, x.grad, y)
print(w.is_leaf, x.is_leaf, a.is_leaf, b.is_leaf, y.is_leaf)
print(w.grad_fn, a.grad_fn, b.grad_fn, y.grad_fn)

# case: gradients accumulate
w = torch.tensor([3.0], requires_grad=True)
for step in range(3):
    (w * w).backward()
    print(step, w.grad)
w.grad.zero_()
print(w.grad)
w.grad = None
print(w.grad)
(2 * w).backward()
print(w.grad)

# case: grad is the same object after accumulation
w = torch.ones(2, requires_grad=True)
w.sum().backward()
g = w.grad
w.sum().backward()
print(g is w.grad, g, w.grad is w.grad)

# case: grad of a leaf before backward
w = torch.ones(2, requires_grad=True)
print(w.grad, torch.ones(2).grad)

# case: backward of a vector
(torch.ones(2, requires_grad=True) * 2).backward()

# case: backward of a vector with a gradient
x = torch.ones(3, requires_grad=True)
y = x * torch.tensor([1.0, 2.0, 3.0])
y.backward(torch.tensor([0.1, 1.0, 0.001]))
show(x.grad)
y = x * 2
y.backward(gradient=torch.ones(3))
show(x.grad)

# case: backward of one element with shape
x = torch.ones(1, 1, requires_grad=True)
(x * 3).backward()
show(x.grad)

# case: backward with a gradient of another shape
x = torch.ones(3, requires_grad=True)
(x * 2).backward(torch.ones(2))

# case: backward with a gradient of one element for a 0-d output
x = torch.ones(3, requires_grad=True)
x.sum().backward(torch.tensor([1.0]))

# case: backward with a gradient of another dtype
x = torch.ones(3, requires_grad=True)
(x * 2).backward(torch.ones(3, dtype=torch.float64))
show(x.grad)

# case: backward with a number for a gradient
x = torch.ones((), requires_grad=True)
(x * 2).backward(1.0)

# case: backward with a list for a gradient
x = torch.ones(2, requires_grad=True)
(x * 2).backward([1.0, 1.0])

# case: second backward
x = torch.ones(2, requires_grad=True)
y = (x * x).sum()
y.backward()
y.backward()

# case: second backward where nothing is saved
x = torch.ones(2, requires_grad=True)
y = (x + 1).sum()
y.backward()
y.backward()
show(x.grad)

# case: second backward with a retained graph
x = torch.ones(2, requires_grad=True)
y = (x * x).sum()
y.backward(retain_graph=True)
y.backward()
show(x.grad)
y.backward()

# case: second backward through a shared part
x = torch.tensor(2.0, requires_grad=True)
shared = x * x
(shared * 3).backward()
(shared * 4).backward()

# case: backward where nothing requires grad
torch.ones(1).backward()

# case: backward of a detached result
x = torch.ones(2, requires_grad=True)
(x * 2).detach().sum().backward()

# case: backward of a leaf
x = torch.tensor(3.0, requires_grad=True)
x.backward()
show(x.grad)
x.backward()
show(x.grad)

# case: backward with create_graph warns
x = torch.tensor(3.0, requires_grad=True)
y = x**3
y.backward(create_graph=True)
print(x.grad)
g = x.grad
x.grad = None
g.backward()
print(x.grad)

# case: backward with inputs
x = torch.tensor(3.0, requires_grad=True)
w = torch.tensor(2.0, requires_grad=True)
(x * w).backward(inputs=[x])
print(x.grad, w.grad)

# case: backward with one tensor as inputs
x = torch.tensor(3.0, requires_grad=True)
w = torch.tensor(2.0, requires_grad=True)
(x * w).backward(inputs=w)
print(x.grad, w.grad)

# case: backward with inputs that are not leaves
x = torch.tensor(3.0, requires_grad=True)
y = x * 2
z = y * y
z.backward(inputs=[y])
print(x.grad, y.grad)

# case: backward with no inputs
x = torch.tensor(3.0, requires_grad=True)
(x * 2).backward(inputs=[])

# case: autograd.backward of several tensors
x = torch.tensor(3.0, requires_grad=True)
w = torch.tensor([1.0, 2.0], requires_grad=True)
torch.autograd.backward([x * x, w * 2], [None, torch.tensor([1.0, 10.0])])
show(x.grad, w.grad)

# case: autograd.backward with grad_tensors by keyword
x = torch.tensor([3.0, 4.0], requires_grad=True)
torch.autograd.backward(tensors=x * x, grad_tensors=torch.tensor([1.0, 0.5]), retain_graph=None, create_graph=False)
show(x.grad)

# case: autograd.backward with too few gradients
x = torch.tensor([3.0, 4.0], requires_grad=True)
torch.autograd.backward([x * 2, x * 3], [torch.ones(2)])

# case: sum of two losses with weights
w = torch.tensor([1.0], requires_grad=True)
x = torch.tensor([2.0], requires_grad=True)
a, b = w + x, w + 1
loss = torch.cat([a * b, a + 10], dim=0)
loss.backward(gradient=torch.tensor([1.0, 3.0]))
show(w.grad, x.grad)

# case: grad of several inputs
x1 = torch.tensor(2.0, requires_grad=True)
x2 = torch.tensor(5.0, requires_grad=True)
y1, y2 = x1 * x2, x1 + x2
print(torch.autograd.grad(outputs=y1, inputs=[x1, x2], retain_graph=True))
print(torch.autograd.grad(outputs=[y1, y2], inputs=[x1, x2]))
print(x1.grad, x2.grad)

# case: grad of one input is a tuple
x = torch.tensor([3.0], requires_grad=True)
g = torch.autograd.grad(x**2, x)
print(g, type(g).__name__, len(g))

# case: derivatives of third order
x = torch.tensor([2.0], requires_grad=True)
y = x**4
(g1,) = torch.autograd.grad(y, x, create_graph=True)
(g2,) = torch.autograd.grad(g1, x, create_graph=True)
(g3,) = torch.autograd.grad(g2, x, create_graph=True)
print(g1, g2, g3)
print(torch.autograd.grad(g3, x))

# case: grad of an unused input
x = torch.tensor(2.0, requires_grad=True)
z = torch.tensor(3.0, requires_grad=True)
torch.autograd.grad(x * 2, [x, z])

# case: grad of an unused input that is allowed
x = torch.tensor(2.0, requires_grad=True)
z = torch.tensor(3.0, requires_grad=True)
print(torch.autograd.grad(x * 2, [x, z], allow_unused=True))
print(torch.autograd.grad(x * 2, [x, z], materialize_grads=True))

# case: grad of an input that does not require grad
x = torch.tensor(2.0, requires_grad=True)
torch.autograd.grad(x * 2, torch.tensor(3.0))

# case: grad of an output that does not require grad
x = torch.tensor(2.0, requires_grad=True)
torch.autograd.grad(torch.tensor(3.0), x)

# case: grad with grad_outputs
x = torch.tensor([1.0, 2.0], requires_grad=True)
print(torch.autograd.grad(x**2, x, grad_outputs=torch.tensor([1.0, 10.0])))
print(torch.autograd.grad([x**2, x * 3], x, grad_outputs=[torch.ones(2), torch.tensor([0.0, 1.0])]))

# case: grad with grad_outputs of another shape
x = torch.tensor([1.0, 2.0], requires_grad=True)
torch.autograd.grad(x**2, x, grad_outputs=torch.ones(3))

# case: grad of a vector without grad_outputs
x = torch.tensor([1.0, 2.0], requires_grad=True)
torch.autograd.grad(x**2, x)

# case: grad with respect to an intermediate
x = torch.tensor(2.0, requires_grad=True)
y = x * 3
z = y * y
print(torch.autograd.grad(z, y))

# case: grad of the tensor itself
x = torch.tensor(2.0, requires_grad=True)
print(torch.autograd.grad(x, x), torch.autograd.grad(x * 1, [x, x]))

# case: grad with a batch of vectors
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x**2
print(torch.autograd.grad(y, x, torch.eye(2), is_grads_batched=True))

# case: retain_grad of a non-leaf
x = torch.tensor([1.0], requires_grad=True)
a = x * 2
a.retain_grad()
print(a.retains_grad, x.retains_grad)
(a * a).backward()
print(a.grad, x.grad)

# case: retain_grad of a leaf
x = torch.tensor([1.0], requires_grad=True)
x.retain_grad()
(x * 2).backward()
print(x.grad)

# case: retain_grad where nothing requires grad
torch.ones(1).retain_grad()

# case: grad of a non-leaf warns
x = torch.tensor([1.0], requires_grad=True)
a = x * 2
a.backward()
print(a.grad)

# case: detach and clone
a = torch.tensor(4.0, requires_grad=True)
b = a.clone()
c = a.detach()
d = a.clone().detach().requires_grad_(True)
(b**2 + c * 3 + d * 5).backward()
print(a.grad, c.grad, d.grad, c.requires_grad, b.requires_grad, d.is_leaf)
print(b, c, d)

# case: detach_ in place
x = torch.tensor(4.0, requires_grad=True)
y = x * 2
y.detach_()
print(y, y.requires_grad, y.is_leaf)

# case: detach_ of a view
x = torch.ones(2, requires_grad=True) * 2
x[0].detach_()

# case: requires_grad of integers
torch.ones(2, dtype=torch.int64).requires_grad_()

# case: tensor of integers that requires grad
torch.tensor([1, 2], requires_grad=True)

# case: setting requires_grad of integers
x = torch.tensor([1, 2])
x.requires_grad = True

# case: turning off requires_grad of a non-leaf
x = torch.ones(2, requires_grad=True) * 2
x.requires_grad_(False)

# case: setting requires_grad of a non-leaf
x = torch.ones(2, requires_grad=True) * 2
x.requires_grad = False

# case: switching requires_grad
x = torch.ones(2)
print(x.requires_grad_(), x.requires_grad)
x.requires_grad = False
print(x)
x.requires_grad_(True)
print(x.is_leaf, (x * 2).is_leaf, torch.ones(1).is_leaf, (torch.ones(1) * 2).is_leaf)

# case: setting grad
x = torch.ones(2, requires_grad=True)
x.grad = torch.tensor([5.0, 6.0])
x.sum().backward()
print(x.grad)
x.grad = None
print(x.grad)

# case: setting grad of another shape
x = torch.ones(2, requires_grad=True)
x.grad = torch.ones(3)

# case: setting grad of another dtype
x = torch.ones(2, requires_grad=True)
x.grad = torch.ones(2, dtype=torch.float64)

# case: setting grad to a number
x = torch.ones(2, requires_grad=True)
x.grad = 1.0

# case: setting grad to itself
x = torch.ones(2, requires_grad=True)
x.grad = x

# case: setting data
x = torch.ones(2, requires_grad=True)
x.data = torch.tensor([5.0, 6.0])
x.data[0] = 1
x.data -= 0.5
print(x, x.data, x.data.requires_grad)
(x * x).sum().backward()
print(x.grad, x.grad.data)

# case: backward through an expanded and reduced shape
x = torch.tensor([[1.0], [2.0]], requires_grad=True)
y = torch.tensor([3.0, 4.0, 5.0], requires_grad=True)
((x + y) * x).sum().backward()
show(x.grad, y.grad)

# case: many uses of one tensor
x = torch.tensor(1.5, requires_grad=True)
y = x
for _ in range(5):
    y = y * x + x
y.backward()
show(y, x.grad)

# case: gradients of float32 through float64
x = torch.tensor([1.0, 2.0], requires_grad=True)
(x.double() * torch.tensor([0.1, 0.2], dtype=torch.float64)).sum().backward()
show(x.grad)

# case: gradient with respect to a mixed product
x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
(x * w).sum().backward()
show(x.grad, w.grad)

# case: grad_fn attributes
x = torch.tensor(2.0, requires_grad=True)
y = (x * 3).exp()
node = y.grad_fn
print(node.name(), node, [n.name() if n else n for n, _ in node.next_functions], type(node).__name__)
print(node is y.grad_fn, node.next_functions[0][0].next_functions)
leaf = node.next_functions[0][0].next_functions[0][0]
print(leaf.name(), leaf.variable is x, type(leaf).__name__, leaf.next_functions)

# case: saved values of nodes
x = torch.tensor([2.0], requires_grad=True)
y = torch.tensor([3.0], requires_grad=True)
print((x * y).grad_fn._saved_self, (x * y).grad_fn._saved_other, (x**3).grad_fn._saved_exponent, x.exp().grad_fn._saved_result)
print(x.sum(0).grad_fn._saved_dim, x.sin().grad_fn._saved_self is x)

# case: saved values after backward
x = torch.tensor([2.0], requires_grad=True)
y = x * x
y.backward()
y.grad_fn._saved_self

# case: calling a node
x = torch.tensor([2.0], requires_grad=True)
y = x * 3
show(y.grad_fn(torch.tensor([5.0])))

# case: long chain
x = torch.tensor(1.0, requires_grad=True)
y = x
for _ in range(20000):
    y = y + 1
y.backward()
print(y, x.grad)
