"""Hooks on tensors, nodes and accumulators."""

import torch

# case: hook sees the gradient
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda g: print("hook", g))
(x * 3).sum().backward()
print(x.grad)

# case: hook changes the gradient
x = torch.tensor([1.0, 2.0], requires_grad=True)
x.register_hook(lambda g: g * 10)
(x * 3).sum().backward()
print(x.grad)

# case: hook on a non-leaf
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 3
y.register_hook(lambda g: g + 1)
(y * y).sum().backward()
print(x.grad)

# case: hooks run in the order of registration
x = torch.tensor(1.0, requires_grad=True)
x.register_hook(lambda g: (print("first", g), g * 2)[1])
x.register_hook(lambda g: (print("second", g), g + 1)[1])
(x * 5).backward()
print(x.grad)

# case: removing a hook
x = torch.tensor(1.0, requires_grad=True)
handle = x.register_hook(lambda g: g * 2)
handle.remove()
(x * 5).backward()
print(x.grad)

# case: hook and retain_grad
x = torch.tensor(1.0, requires_grad=True)
y = x * 2
y.retain_grad()
y.register_hook(lambda g: g * 100)
(y * 3).backward()
print(y.grad, x.grad)

# case: hook runs once for summed gradients
x = torch.tensor(1.0, requires_grad=True)
x.register_hook(lambda g: print("hook", g))
(x * 2 + x * 3).backward()

# case: hook returns another shape
x = torch.ones(2, requires_grad=True)
x.register_hook(lambda g: torch.ones(3))
x.sum().backward()

# case: hook returns no tensor
x = torch.ones(2, requires_grad=True)
x.register_hook(lambda g: 3)
x.sum().backward()

# case: hook raises
x = torch.ones(2, requires_grad=True)


def fail(g):
    raise LookupError("mine")


x.register_hook(fail)
x.sum().backward()

# case: hook where nothing requires grad
torch.ones(2).register_hook(print)

# case: hook on a node
x = torch.tensor(2.0, requires_grad=True)
y = x * 3
y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: print(grad_inputs, grad_outputs))
y.backward()

# case: hook before a node
x = torch.tensor(2.0, requires_grad=True)
y = x * 3
y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10,))
y.backward()
print(x.grad)

# case: hook after accumulation
x = torch.tensor(2.0, requires_grad=True)
x.register_post_accumulate_grad_hook(lambda t: print("grad is", t.grad, t is x))
(x * 3).backward()
(x * 3).backward()

# case: hook after accumulation on a non-leaf
(torch.tensor(2.0, requires_grad=True) * 2).register_post_accumulate_grad_hook(print)

# case: hooks and autograd.grad
x = torch.tensor(2.0, requires_grad=True)
x.register_hook(lambda g: g * 10)
y = x * 3
y.register_hook(lambda g: g + 1)
print(torch.autograd.grad(y, x))

# case: saved tensor hooks
def pack(t):
    print("pack", t)
    return t


def unpack(t):
    print("unpack", t)
    return t


x = torch.tensor([2.0], requires_grad=True)
with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
    y = x.exp() * x
y.backward()
print(x.grad)

# case: multi grad hook
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
torch.autograd.graph.register_multi_grad_hook((a, b), lambda grads: print(grads))
(a * b).backward()

# case: order of backward is the latest node first
x = torch.tensor(1.0, requires_grad=True)
a = x * 2
b = x * 3
c = x * 4
for name, t in {"a": a, "b": b, "c": c}.items():
    t.register_hook(lambda g, name=name: print(name, g))
(a + b + c).backward()

# case: accumulation comes before other ready nodes
x = torch.tensor(1.0, requires_grad=True)
w = torch.tensor(1.0, requires_grad=True)
x.register_hook(lambda g: print("x", g))
w.register_hook(lambda g: print("w", g))
a = x * 2
a.register_hook(lambda g: print("a", g))
b = a * w
b.register_hook(lambda g: print("b", g))
(b * 1).backward()

# case: hook added within a hook
x = torch.tensor(1.0, requires_grad=True)


def outer(g):
    print("outer", g)
    x.register_hook(lambda g: print("inner", g))


x.register_hook(outer)
(x * 2).backward()
(x * 2).backward()

# case: dictionary of grads from hooks
grads = {}


def save(name):
    def hook(g):
        grads[name] = g

    return hook


x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x**2
z = y.mean()
y.register_hook(save("y"))
z.register_hook(save("z"))
z.backward()
print(grads)
