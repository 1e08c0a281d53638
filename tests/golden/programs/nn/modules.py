"""nn.Module: registration, names, state, modes, printing."""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.first = nn.Linear(3, 2)
        self.act = nn.ReLU()
        self.second = nn.Linear(2, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return self.second(self.act(self.first(x))) * self.scale


# lines
nn.Linear(3, 2)
nn.Linear(3, 2, bias=False)
nn.Sigmoid()
nn.ReLU()
nn.ReLU(inplace=True)
nn.Tanh()
nn.Softmax(dim=1)
nn.LogSoftmax(dim=-1)
nn.LeakyReLU(0.2)
nn.ELU()
nn.GELU()
nn.Identity()
nn.Dropout(0.3)
nn.Flatten()
nn.LSTMCell(3, 4)
nn.LSTMCell(3, 4, bias=False)
nn.BCELoss()
nn.BCEWithLogitsLoss()
nn.MSELoss()
nn.MSELoss(reduction="sum")
nn.CrossEntropyLoss()
nn.NLLLoss()
nn.L1Loss()
nn.SmoothL1Loss()
nn.Sequential()
nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
nn.Sequential(OrderedDict([("in", nn.Linear(2, 3)), ("act", nn.ReLU()), ("out", nn.Linear(3, 1))]))
nn.Sequential(nn.Sequential(nn.Linear(1, 1)), nn.ReLU())
nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Tanh()})
nn.ParameterList([nn.Parameter(torch.ones(2))])
nn.Embedding(4, 2)
nn.BatchNorm1d(4)
nn.LayerNorm(4)
nn.Conv2d(1, 2, 3)
nn.MaxPool2d(2)
nn.Bilinear(2, 3, 4)
nn.LSTM(3, 4)
nn.LSTM(3, 4, num_layers=2, batch_first=True)
nn.Module()
Net()
Net().first.extra_repr()
list(Net().state_dict().keys())
[name for name, _ in Net().named_parameters()]
[name for name, _ in Net().named_buffers()]
[name for name, _ in Net().named_modules()]
[name for name, _ in Net().named_children()]
[tuple(p.shape) for p in Net().parameters()]
len(list(Net().modules()))
sum(p.numel() for p in Net().parameters())
Net().training
Net().eval().training
Net().train(False).first.training
Net().first.in_features
Net().first.out_features
Net().first.bias.shape
Net().second.bias
Net().get_parameter("first.weight").shape
Net().get_submodule("first")
Net().get_buffer("count")
nn.Sequential(nn.Linear(1, 2), nn.ReLU())[0]
nn.Sequential(nn.Linear(1, 2), nn.ReLU())[-1]
nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Tanh())[1:]
len(nn.Sequential(nn.Linear(1, 2), nn.ReLU()))
[type(m).__name__ for m in nn.Sequential(nn.Linear(1, 2), nn.ReLU())]
type(nn.Linear(1, 1).weight)
isinstance(nn.Linear(1, 1), nn.Module)
nn.Linear.__name__
Net.__mro__[1].__name__

# case: forward
torch.manual_seed(0)
net = Net()
y = net(torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]))
show(y)
graph(y)

# case: state_dict
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
print(net.state_dict())
print(type(net.state_dict()).__name__, net.state_dict()["0.weight"].requires_grad)

# case: parameters print
torch.manual_seed(0)
for name, parameter in nn.Linear(2, 2).named_parameters():
    print(name, parameter)
print(list(nn.Linear(2, 1).parameters()))

# case: load_state_dict
torch.manual_seed(0)
a, b = nn.Linear(2, 2), nn.Linear(2, 2)
print(b.load_state_dict(a.state_dict()))
show(a.weight, b.weight, a.weight is b.weight)

# case: state_dict shares memory
net = nn.Linear(1, 1)
net.state_dict()["weight"].fill_(3)
print(net.weight)

# case: setting and deleting attributes
net = nn.Linear(2, 1)
net.extra = nn.Parameter(torch.zeros(1))
net.note = "text"
net.inner = nn.ReLU()
print([n for n, _ in net.named_parameters()], net.note, net)
del net.extra
net.inner = None
print([n for n, _ in net.named_parameters()], net)
net.weight = nn.Parameter(torch.ones(1, 2))
print(net.weight)

# case: add_module and register_module
net = nn.Module()
net.add_module("a", nn.Linear(1, 1))
net.register_module("b", nn.ReLU())
print(net)

# case: shared parameters are listed once
net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
net[1].weight = net[0].weight
print([n for n, _ in net.named_parameters()], list(net.state_dict()))

# case: zero_grad
net = nn.Linear(2, 1)
net(torch.ones(1, 2)).sum().backward()
print(net.weight.grad)
net.zero_grad()
print(net.weight.grad)
net(torch.ones(1, 2)).sum().backward()
net.zero_grad(set_to_none=False)
print(net.weight.grad)

# case: requires_grad_ of a module
net = Net().requires_grad_(False)
print([p.requires_grad for p in net.parameters()])
for p in net.first.parameters():
    p.requires_grad = True
print([(n, p.requires_grad) for n, p in net.named_parameters()])

# case: to and double
torch.manual_seed(0)
net = nn.Linear(2, 1)
before = net.weight
net.double()
print(net.weight, net.weight is before)
net.to(torch.float32).to("cpu")
print(net.weight, net.float().weight.dtype, net.half().weight.dtype, net.cpu() is net)

# case: train and eval
net = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
print(net.training, net.eval()[1].training, net(torch.ones(1, 1)).shape, net.train()[1].training)

# case: dropout in eval is the identity
d = nn.Dropout(0.5).eval()
x = torch.ones(3)
print(d(x), d(x) is x)

# case: apply goes through the children
Net().apply(lambda m: print(type(m).__name__))

# case: forward hooks
net = nn.Linear(1, 1)
net.register_forward_hook(lambda m, i, o: print("hook", type(m).__name__, i[0].shape, o.shape))
handle = net.register_forward_pre_hook(lambda m, i: (i[0] * 0,))
print(net(torch.ones(1, 1)) == net.bias)
handle.remove()
net(torch.ones(2, 1))

# case: full backward hook
torch.manual_seed(0)
net = nn.Linear(2, 1)
net.register_full_backward_hook(lambda m, gi, go: print(gi, go))
net(torch.ones(1, 2, requires_grad=True)).sum().backward()

# case: call and forward
net = nn.ReLU()
print(net(torch.tensor([-1.0, 1.0])), net.forward(torch.tensor([-1.0, 1.0])))

# case: module with several inputs and keywords
class Scaled(nn.Module):
    def __init__(self, factor=2):
        super().__init__()
        self.factor = factor

    def forward(self, x, *, shift=0):
        return x * self.factor + shift

    def extra_repr(self):
        return f"factor={self.factor}"


print(Scaled(3)(torch.ones(2), shift=1), Scaled(4), nn.Sequential(Scaled(), Scaled(5)))

# case: Linear in several shapes
torch.manual_seed(0)
net = nn.Linear(3, 2)
for shape in [(3,), (1, 3), (4, 3), (2, 2, 3), (0, 3)]:
    y = net(torch.ones(shape))
    show(y)
    print(y.grad_fn.name())

# case: activations as modules
x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])
show(nn.Sigmoid()(x), nn.ReLU()(x), nn.Tanh()(x), nn.Softmax(0)(x), nn.LeakyReLU()(x), nn.ELU()(x))

# case: inplace relu
x = torch.tensor([-1.0, 2.0])
nn.ReLU(inplace=True)(x)
print(x)

# case: LSTMCell
# tolerance: 1e-6 absolute, a sum of seven products goes through two functions
torch.manual_seed(0)
cell = nn.LSTMCell(3, 4)
x = torch.linspace(-1, 1, 6).reshape(2, 3)
h, c = cell(x)
show(h, c)
h, c = cell(x, (h, c))
show(h, c)
(h.sum() + c.sum()).backward()
show(*[p.grad for p in cell.parameters()])

# case: LSTMCell of one row
# tolerance: 1e-6 absolute, a sum of seven products goes through two functions
torch.manual_seed(0)
h, c = nn.LSTMCell(2, 3)(torch.tensor([0.5, -0.5]))
show(h, c)

# case: LSTMCell parameters
print([(n, tuple(p.shape)) for n, p in nn.LSTMCell(3, 4).named_parameters()])

# case: Parameter
p = nn.Parameter(torch.tensor([1.0, 2.0]))
print(p, p.requires_grad, p.is_leaf, type(p.data).__name__, type(p + 1).__name__, p.grad)
print(nn.Parameter(), nn.Parameter(p).data is p.data, type(p.clone()).__name__, type(p.detach()).__name__)

# case: register_parameter of none
net = nn.Module()
net.register_parameter("weight", None)
print(net.weight, list(net.parameters()), net.state_dict())

# case: register a name twice
net = nn.Linear(1, 1)
net.register_buffer("weight", torch.ones(1))

# case: register a name with a dot
nn.Module().add_module("a.b", nn.ReLU())

# case: ModuleList and ModuleDict
layers = nn.ModuleList([nn.Linear(1, 1)])
layers.append(nn.ReLU())
layers.extend([nn.Tanh()])
print(layers, len(layers), layers[-1])
table = nn.ModuleDict({"a": nn.ReLU()})
table["b"] = nn.Tanh()
print(table, list(table.keys()), "a" in table)

# case: buffers
class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("kept", torch.zeros(2))
        self.register_buffer("passing", torch.ones(1), persistent=False)


m = Counter()
print(list(m.state_dict()), [n for n, _ in m.named_buffers()], m.double().kept.dtype, m)

# case: weights used in two places
torch.manual_seed(0)
net = nn.Linear(2, 2)
x = torch.ones(1, 2)
net(net(x)).sum().backward()
show(net.weight.grad, net.bias.grad)

# case: functional forms
x = torch.tensor([[0.5, -1.0]])
w = torch.tensor([[1.0, 2.0]])
show(F.linear(x, w), F.linear(x, w, torch.ones(1)), F.relu(x), F.softmax(x, dim=1), F.one_hot(torch.tensor([1])), F.normalize(x))

# case: module equality and containers
net = nn.Linear(1, 1)
print(net == net, net in [net], hash(net) == hash(net), bool(net))

# case: type of a module
print(type(nn.Linear(1, 1)), nn.Linear(1, 1)._get_name(), type(Net()).__name__)
