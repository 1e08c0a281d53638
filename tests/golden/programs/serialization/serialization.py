"""Pickling, copying, saving."""

import copy
import io
import pickle

import torch
import torch.nn as nn


def through(value):
    return pickle.loads(pickle.dumps(value))


# tolerance: 0 exact, copies

# case: pickle of tensors
for t in (torch.ones(2, 3), torch.arange(4), torch.tensor(2.5), torch.tensor([True]), torch.zeros(0), torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.float64)):
    show(through(t))

# case: pickle of views
x = torch.arange(6.0).reshape(2, 3)
show(through(x.t()), through(x[1]), through(x[:, ::2]), through(x.expand(2, 2, 3)))

# case: pickle keeps sharing
x = torch.zeros(3)
a, b = through([x, x[1:]])
b[0] = 5
show(a)

# case: pickle keeps identity
x = torch.zeros(2)
a, b = through([x, x])
print(a is b)

# case: pickle of a leaf
x = torch.ones(2, requires_grad=True)
(x * 2).sum().backward()
y = through(x)
print(y, y.requires_grad, y.grad)

# case: pickle of a computed tensor
y = through(torch.ones(2, requires_grad=True) * 2)
print(y, y.is_leaf)

# case: pickle of a parameter
p = through(nn.Parameter(torch.ones(2)))
print(p, type(p).__name__)

# case: pickle of dtypes, devices and sizes
print(through(torch.float32) is torch.float32, through(torch.device("cpu")), through(torch.ones(2, 3).shape), through(torch.float64))

# case: pickle of a module
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
copied = through(net)
x = torch.ones(1, 2)
print(torch.equal(net(x), copied(x)), copied, copied[0].weight is net[0].weight)

# case: pickle of a module of our own
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)
        self.note = "kept"


n = through(Net())
print(n, n.note, n.training)

# case: pickle of an optimizer
w = torch.ones(1, requires_grad=True)
o = torch.optim.SGD([w], lr=0.1, momentum=0.9)
(w * 2).backward()
o.step()
print(through(o))
print(through(o.state_dict()))

# case: pickle protocols
for protocol in range(2, 6):
    print(torch.equal(pickle.loads(pickle.dumps(torch.ones(2), protocol)), torch.ones(2)))

# case: deepcopy of tensors
x = torch.ones(2, requires_grad=True)
(x * 2).sum().backward()
y = copy.deepcopy(x)
print(y, y is x, y.grad, y.grad is x.grad)
y.data.zero_()
print(x)

# case: deepcopy keeps sharing
x = torch.zeros(3)
a, b = copy.deepcopy([x, x[1:]])
b[0] = 5
show(a)
p, q = copy.deepcopy([x, x])
print(p is q)

# case: copy of a tensor
x = torch.ones(2)
y = copy.copy(x)
y[0] = 5
print(x, y is x)

# case: deepcopy of a view
x = torch.arange(6).reshape(2, 3).t()
show(copy.deepcopy(x))

# case: deepcopy of a module
net = nn.Linear(2, 1)
other = copy.deepcopy(net)
print(torch.equal(net.weight, other.weight), net.weight is other.weight, type(other.weight).__name__)
other.weight.data.zero_()
print(net.weight.abs().sum() > 0)

# case: deepcopy of shared weights
net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
net[1].weight = net[0].weight
other = copy.deepcopy(net)
print(other[0].weight is other[1].weight)

# case: deepcopy of a computed tensor
copy.deepcopy(torch.ones(1, requires_grad=True) * 2)

# case: deepcopy keeps attributes
x = torch.ones(1)
x.note = [1]
y = copy.deepcopy(x)
print(y.note, y.note is x.note)

# case: deepcopy of an optimizer
w = torch.ones(1, requires_grad=True)
o = copy.deepcopy(torch.optim.Adam([w]))
print(o.param_groups[0]["params"][0] is w, o)

# case: save and load
buffer = io.BytesIO()
torch.save({"x": torch.arange(4.0), "n": 3, "s": "text"}, buffer)
buffer.seek(0)
print(torch.load(buffer))

# case: save and load of a state_dict
torch.manual_seed(0)
net = nn.Linear(2, 1)
buffer = io.BytesIO()
torch.save(net.state_dict(), buffer)
buffer.seek(0)
other = nn.Linear(2, 1)
print(other.load_state_dict(torch.load(buffer)))
print(torch.equal(net.weight, other.weight))

# case: load of a module refuses
buffer = io.BytesIO()
torch.save(nn.Linear(1, 1), buffer)
buffer.seek(0)
try:
    torch.load(buffer)
except pickle.UnpicklingError as error:
    print(str(error)[:60])
buffer.seek(0)
print(torch.load(buffer, weights_only=False))
