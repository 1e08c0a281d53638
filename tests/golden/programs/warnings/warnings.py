"""Warnings: category, text, line, and how often."""

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F

# case: grad of a non-leaf
x = torch.ones(1, requires_grad=True)
y = x * 2
y.grad
print("after")

# case: grad of a non-leaf each time
y = torch.ones(1, requires_grad=True) * 2
for _ in range(2):
    y.grad

# case: float of a tensor that requires grad
x = torch.tensor(0.5, requires_grad=True)
print(float(x), int(x * 4), round(float(x * 2), 2))

# case: math function of a tensor that requires grad
import math

theta = torch.tensor(0.5, requires_grad=True)
print("{:.4f}".format(math.cos(theta)))

# case: format of a tensor that requires grad
print("{:.2f}".format(torch.tensor(0.5, requires_grad=True)))

# case: tensor of a tensor
x = torch.ones(2)
print(torch.tensor(x))

# case: tensor of a tensor that requires grad
print(torch.tensor(torch.ones(2, requires_grad=True)))

# case: tensor of numbers that require grad
print(torch.tensor([torch.tensor(1.0, requires_grad=True)]))

# case: new_tensor of a tensor
torch.ones(1).new_tensor(torch.ones(2))

# case: as_tensor of a tensor does not warn
torch.as_tensor(torch.ones(2))

# case: T of a vector
torch.ones(3).T

# case: T of three dimensions
torch.ones(1, 2, 3).T.shape

# case: read-only array
import numpy as np

a = np.ones(2)
a.setflags(write=False)
torch.from_numpy(a)

# case: losses of other shapes
F.mse_loss(torch.ones(3), torch.ones(3, 1))

# case: MSELoss of other shapes
nn.MSELoss()(torch.ones(2, 1), torch.ones(2))

# case: l1_loss of other shapes
F.l1_loss(torch.ones(3), torch.ones(1))

# case: size_average
nn.MSELoss(size_average=False)(torch.ones(2), torch.zeros(2))

# case: reduce
nn.BCELoss(reduce=False)(torch.tensor([0.5]), torch.ones(1))

# case: functional sigmoid and tanh
print(F.sigmoid(torch.zeros(1)), F.tanh(torch.zeros(1)))

# case: softmax without dim
nn.Softmax()(torch.zeros(1, 2))

# case: log_softmax without dim
F.log_softmax(torch.zeros(2, 2))

# case: scheduler before optimizer
w = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
scheduler.step()
optimizer.step()

# case: scheduler in order
w = torch.ones(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
optimizer.step()
scheduler.step()
print(scheduler.get_last_lr())

# case: create_graph with backward
x = torch.ones(1, requires_grad=True)
(x * x).backward(create_graph=True)

# case: create_graph with grad does not warn
x = torch.ones(1, requires_grad=True)
torch.autograd.grad(x * x, x, create_graph=True)

# case: out of another shape
torch.add(torch.ones(2), 1, out=torch.ones(3))

# case: std of one element
torch.ones(1).std()

# case: var of one element along a dim
torch.ones(1, 2).var(0)

# case: meshgrid without indexing
torch.meshgrid(torch.ones(2), torch.ones(2))

# case: index with uint8
torch.ones(2)[torch.tensor([1, 0], dtype=torch.uint8)]

# case: masked_fill with uint8
torch.ones(2).masked_fill(torch.tensor([1, 0], dtype=torch.uint8), 0)

# case: index with a list of lists
torch.ones(2, 2)[[[0, 1], [1, 0]]]

# case: floor_divide
torch.floor_divide(torch.ones(1), 2)

# case: nonzero without as_tuple
torch.nonzero(torch.ones(1))

# case: initialisation of nothing
nn.Linear(0, 2)

# case: deprecated initialiser
nn.init.xavier_uniform(torch.zeros(2, 2))

# case: clip_grad_norm without the underscore
w = torch.ones(1, requires_grad=True)
w.grad = torch.ones(1)
torch.nn.utils.clip_grad_norm(w, 0.5)

# case: detect_anomaly
torch.autograd.detect_anomaly()

# case: gradcheck in single precision
torch.autograd.gradcheck(torch.sin, torch.ones(1, requires_grad=True), raise_exception=False)

# case: hook of a module with a computed view
net = nn.Linear(1, 1)
net.register_backward_hook(lambda module, a, b: None)
net(torch.ones(1, 1, requires_grad=True)).sum().backward()

# case: dropout of one dimension
F.dropout2d(torch.ones(2))

# case: warning as an error
with warnings.catch_warnings():
    warnings.simplefilter("error")
    (torch.ones(1, requires_grad=True) * 2).grad

# case: warning that is ignored
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    (torch.ones(1, requires_grad=True) * 2).grad

# case: warning within a function has the function's line
def look(t):

    return t.grad


look(torch.ones(1, requires_grad=True) * 2)

# case: once in a process
# frequency: default
x = torch.tensor(0.5, requires_grad=True)
for _ in range(3):
    float(x)
y = float(x)

# case: each place once
# frequency: default
y = torch.ones(1, requires_grad=True) * 2
for _ in range(3):
    y.grad
y.grad

# case: meshgrid once
# frequency: default
for _ in range(2):
    torch.meshgrid(torch.ones(2), torch.ones(2))

# case: warn_always
# frequency: default
print(torch.is_warn_always_enabled())
torch.set_warn_always(True)
x = torch.tensor(0.5, requires_grad=True)
for _ in range(2):
    float(x)

# case: T of three dimensions once
# frequency: default
for _ in range(2):
    torch.ones(1, 2, 3).T
