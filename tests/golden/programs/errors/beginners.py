"""Mistakes as programs make them."""

import torch
import torch.nn as nn
import torch.nn.functional as F

# case: data of a scalar indexed as older programs do
loss = (torch.ones(2, requires_grad=True) ** 2).sum()
print(loss.data[0])

# case: item of several values
torch.ones(2).item()

# case: item of nothing
torch.ones(0).item()

# case: labels of the wrong dtype
F.cross_entropy(torch.ones(2, 3), torch.tensor([0.0, 1.0]))

# case: label out of range
F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 3]))

# case: labels of the wrong batch
F.cross_entropy(torch.ones(2, 3), torch.tensor([0, 1, 2]))

# case: labels of the wrong shape
F.cross_entropy(torch.ones(2, 3), torch.tensor([[0, 1]]))

# case: integers into a network
nn.Linear(2, 1)(torch.tensor([[1, 2]]))

# case: doubles into a network
nn.Linear(2, 1)(torch.ones(1, 2, dtype=torch.float64))

# case: wrong number of features
nn.Linear(3, 1)(torch.ones(2, 4))

# case: wrong number of features in one row
nn.Linear(3, 1)(torch.ones(4))

# case: a list into a network
nn.Linear(2, 1)([1.0, 2.0])

# case: an array into a network
import numpy as np

nn.Linear(2, 1)(np.ones((1, 2)))

# case: no input
nn.Linear(2, 1)()

# case: too many inputs
nn.Linear(2, 1)(torch.ones(2), torch.ones(2))

# case: BCELoss of other shapes
nn.BCELoss()(torch.rand(3, 1), torch.ones(3))

# case: BCELoss of values outside of 0 and 1
nn.BCELoss()(torch.tensor([1.5]), torch.tensor([1.0]))

# case: BCELoss of targets outside of 0 and 1
nn.BCELoss()(torch.tensor([0.5]), torch.tensor([2.0]))

# case: BCELoss of integers
nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1]))

# case: BCEWithLogitsLoss of other shapes
nn.BCEWithLogitsLoss()(torch.ones(2), torch.ones(3))

# case: BCEWithLogitsLoss of integers
print(nn.BCEWithLogitsLoss()(torch.tensor([0.5]), torch.tensor([1])))

# case: MSELoss of shapes that do not broadcast
nn.MSELoss()(torch.ones(2), torch.ones(3))

# case: MSELoss of integers
print(nn.MSELoss()(torch.tensor([1, 2]), torch.tensor([1, 3])))

# case: MSELoss of a float and a double
nn.MSELoss()(torch.ones(2, requires_grad=True), torch.ones(2, dtype=torch.float64)).backward()

# case: MSELoss of one argument
nn.MSELoss()(torch.ones(2))

# case: forgotten parentheses
nn.MSELoss(torch.ones(2), torch.ones(2))

# case: forgotten super
class Net(nn.Module):
    def __init__(self):
        self.linear = nn.Linear(1, 1)


Net()

# case: forgotten super with a parameter
class Net(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter(torch.ones(1))


Net()

# case: no forward
class Net(nn.Module):
    pass


Net()(torch.ones(1))

# case: attribute of a module that does not exist
nn.Linear(1, 1).wieght

# case: tensor set where a parameter was
net = nn.Linear(2, 1)
net.weight = torch.ones(1, 2)

# case: number set where a module was
net = nn.Sequential(nn.Linear(1, 1))
net.inner = nn.Linear(1, 1)
net.inner = 3

# case: Sequential of a class
nn.Sequential(nn.Linear)

# case: Sequential of a function
nn.Sequential(torch.relu)

# case: Sequential out of range
nn.Sequential(nn.ReLU())[1]

# case: Parameter of integers
nn.Parameter(torch.tensor([1]))

# case: Parameter of a list
nn.Parameter([1.0])

# case: parameter of a computed tensor
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.ones(1)) * 2)


Net()

# case: state_dict with other keys
nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1), "offset": torch.ones(1)})

# case: state_dict with other shapes
nn.Linear(2, 1).load_state_dict({"weight": torch.ones(1, 3), "bias": torch.ones(1)})

# case: state_dict that is none
nn.Linear(1, 1).load_state_dict([1])

# case: state_dict not strict
print(nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1), "offset": torch.ones(1)}, strict=False))

# case: optimizer of nothing
torch.optim.SGD([], lr=0.1)

# case: optimizer of a tensor
torch.optim.SGD(torch.ones(1, requires_grad=True), lr=0.1)

# case: optimizer of a computed tensor
torch.optim.SGD([torch.ones(1, requires_grad=True) * 2], lr=0.1)

# case: optimizer of a number
torch.optim.SGD([1.0], lr=0.1)

# case: optimizer of a module
torch.optim.SGD(nn.Linear(1, 1), lr=0.1)

# case: optimizer of the method
torch.optim.SGD(nn.Linear(1, 1).parameters, lr=0.1)

# case: SGD with a negative rate
torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=-1)

# case: SGD with a negative momentum
torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1, momentum=-1)

# case: SGD with a negative weight decay
torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1, weight_decay=-1)

# case: SGD with nesterov and no momentum
torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=1, nesterov=True)

# case: Adam with bad betas
torch.optim.Adam([torch.ones(1, requires_grad=True)], betas=(1.0, 0.9))

# case: Adam with a bad epsilon
torch.optim.Adam([torch.ones(1, requires_grad=True)], eps=-1)

# case: Adagrad with a bad rate
torch.optim.Adagrad([torch.ones(1, requires_grad=True)], lr=-0.1)

# case: parameter in two groups
w = torch.ones(1, requires_grad=True)
torch.optim.SGD([{"params": [w]}, {"params": [w]}], lr=0.1)

# case: duplicate parameter warns
w = torch.ones(1, requires_grad=True)
torch.optim.SGD([w, w], lr=0.1)

# case: state of another optimizer
a = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)
b = torch.optim.SGD([torch.ones(1, requires_grad=True), torch.ones(2, requires_grad=True)], lr=0.1)
b.load_state_dict(a.state_dict())

# case: step without backward
w = torch.ones(2, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
optimizer.step()
print(w)

# case: LSTMCell of a wrong input
nn.LSTMCell(3, 2)(torch.ones(1, 4))

# case: LSTMCell of a wrong state
nn.LSTMCell(3, 2)(torch.ones(1, 3), (torch.ones(1, 3), torch.ones(1, 3)))

# case: LSTMCell of three dimensions
nn.LSTMCell(3, 2)(torch.ones(1, 1, 1, 3))

# case: Linear with text
nn.Linear("2", 1)

# case: Linear with a negative size
nn.Linear(-1, 1)

# case: Linear without a size
nn.Linear(2)

# case: numpy of a parameter
nn.Linear(1, 1).weight.numpy()

# case: plotting a tensor that requires grad
np.asarray(nn.Parameter(torch.ones(2)))

# case: tensor from another framework's list
torch.tensor([np.array([1.0, 2.0]), np.array([3.0])])

# case: shapes in a batch
torch.stack([torch.ones(2), torch.ones(3)])

# case: in place update without no_grad
w = torch.ones(1, requires_grad=True)
(w * 2).backward()
w -= 0.1 * w.grad

# case: out of place update loses the leaf
w = torch.ones(1, requires_grad=True)
(w * 2).backward()
w = w - 0.1 * w.grad
print(w.is_leaf, w.grad)
w.grad.zero_()

# case: zero_ of a missing grad
w = torch.ones(1, requires_grad=True)
w.grad.zero_()

# case: training step twice on one graph
w = torch.ones(1, requires_grad=True)
loss = (w * 2) ** 2
for _ in range(2):
    loss.backward()

# case: hidden state carried over
h = torch.zeros(1)
w = torch.ones(1, requires_grad=True)
for _ in range(2):
    h = torch.tanh(h * w + 1)
    h.sum().backward()

# case: comparing shapes
assert torch.ones(2, 3).shape == (2, 3)
print(torch.ones(2, 3).shape == [2, 3], torch.ones(2).shape != torch.Size([3]))

# case: deepcopy of a computed tensor
import copy

copy.deepcopy(torch.ones(1, requires_grad=True) * 2)

# case: gradient of an integer result
x = torch.ones(2, requires_grad=True)
(x > 0).sum().backward()

# case: gradient of argmax
x = torch.ones(2, requires_grad=True)
x.argmax().backward()

# case: gradient through item
x = torch.ones(1, requires_grad=True)
torch.tensor(x.item() * 2).backward()

# case: gradient through numpy
x = torch.ones(2, requires_grad=True)
torch.from_numpy(np.exp(x.detach().numpy())).sum().backward()

# case: unknown module
import torch.no_such_module

# case: unknown name
from torch.nn import NoSuchLayer
