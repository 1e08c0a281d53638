"""What modules and optimizers say to misuse; containers."""

import torch
import torch.nn as nn

torch.manual_seed(1)
linear = nn.Linear(2, 1)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
weight = torch.ones(2, requires_grad=True)

# lines
nn.Module(3)
nn.Module(a=3)
nn.Module()(3)
linear.nothing
linear.__setattr__("weight", torch.ones(2))
net.__setattr__("0", 3)
linear.add_module("weight", nn.ReLU())
linear.add_module("a.b", nn.ReLU())
linear.add_module("", nn.ReLU())
linear.add_module(3, nn.ReLU())
linear.add_module("a", 3)
linear.register_parameter("a", torch.ones(2))
linear.register_parameter("a.b", None)
linear.register_parameter("weight_", nn.Parameter(torch.ones(1)) * 2)
linear.register_buffer("a", 3)
linear.register_buffer("weight", torch.ones(2))
linear.register_buffer("a.b", torch.ones(2))
net.get_submodule("0.x")
net.get_submodule("9")
net.get_submodule("")
net.get_submodule("0.weight")
net.get_parameter("0.bias")
net.get_parameter("0.nothing")
net.get_buffer("0.bias")
net.set_submodule("0", nn.Identity())
net.set_submodule("", nn.Identity())
net.train(3)
net.to(torch.int32)
net.load_state_dict(3)
net.load_state_dict({"0.foo": torch.ones(2), "9.weight": 3})
linear.load_state_dict({})
linear.load_state_dict({"weight": torch.ones(3, 3), "other": torch.ones(1)})
linear.load_state_dict({"weight": torch.ones(1, 2)}, strict=False)
linear.load_state_dict({"weight": torch.ones(1, 2), "bias": 3})
net.load_state_dict(net.state_dict())
[name for name, _ in net.named_modules()]
[name for name, _ in net.named_parameters(prefix="p")]
[name for name, _ in net.named_parameters(recurse=False)]
sorted(set(dir(linear)) - set(dir(nn.Linear)))
list(vars(linear))
net[7]
net[-1]
net[1:3]
net["a"]
net + 3
net * 2
net * 0
net * 1.5
net.insert(9, nn.ReLU())
net.insert(0, 3)
nn.Sequential(nn.ReLU()).append(nn.Tanh()).extend([nn.Identity()]).insert(0, nn.Dropout())
nn.Sequential(3)
nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1), nn.ReLU(), nn.Sequential(nn.ReLU(), nn.Tanh())])
nn.ModuleList([nn.ReLU()]).extend(3)
nn.ModuleList([nn.ReLU()])[1]
nn.ModuleList([nn.ReLU(), nn.Tanh()])[::-1]
nn.ModuleList([nn.ReLU()]) + [nn.Tanh()]
nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
nn.ModuleDict([("a", nn.ReLU())])
nn.ModuleDict(3)
nn.ModuleDict([("a",)])
nn.ModuleDict({"a": nn.ReLU()})["b"]
nn.ParameterList([torch.ones(2), nn.Parameter(torch.ones(3, 2)), 3])
nn.ParameterList([torch.ones(1)])(3)
nn.ParameterList(torch.ones(2))
nn.LSTMCell(3, 4)(torch.ones(1, 2, 3))
nn.LSTMCell(3, 4)(torch.ones(3), (torch.ones(1, 1, 4), torch.ones(4)))
nn.GRUCell(3, 4)(torch.ones(1, 2, 3))
nn.RNNCell(3, 4, nonlinearity="cube")(torch.ones(3))
nn.Dropout(2)
nn.Hardtanh(1, 0)
nn.Unflatten(1, 3)
nn.HuberLoss(delta="a")
nn.init.calculate_gain("nothing")
nn.init.kaiming_uniform_(torch.ones(2))
nn.init.kaiming_uniform_(torch.ones(2, 2), mode="sideways")
nn.init.kaiming_uniform_(torch.ones(0, 2))
nn.init.eye_(torch.ones(2))
nn.init.dirac_(torch.ones(2, 2))
nn.functional.mse_loss(torch.ones(2), torch.ones(2), reduction="nothing")
nn.functional.mse_loss(torch.ones(2), torch.ones(2), weight=torch.ones(3))
nn.functional.binary_cross_entropy(torch.ones(2), torch.ones(3))
nn.functional.binary_cross_entropy_with_logits(torch.ones(2), torch.ones(3))
nn.functional.dropout(torch.ones(2), -1)
nn.utils.vector_to_parameters(3, net.parameters())
torch.optim.SGD([], 0.1)
torch.optim.SGD(weight, 0.1)
torch.optim.SGD([weight * 2], 0.1)
torch.optim.SGD([3], 0.1)
torch.optim.SGD([weight], -0.1)
torch.optim.SGD([weight], momentum=-1)
torch.optim.SGD([weight], weight_decay=-1)
torch.optim.SGD([weight], nesterov=True)
torch.optim.SGD([weight], fused=True, foreach=True)
torch.optim.SGD([weight, weight])
torch.optim.SGD([{"params": [weight]}, {"params": [weight]}])
torch.optim.SGD([("a", weight), weight])
torch.optim.SGD([weight]).add_param_group(3)
torch.optim.SGD([weight]).add_param_group({"params": {torch.ones(1)}})
torch.optim.SGD([weight]).load_state_dict({"state": {}, "param_groups": []})
torch.optim.SGD([weight]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]})
torch.optim.Adam([weight], lr=-1)
torch.optim.Adam([weight], eps=-1)
torch.optim.Adam([weight], betas=(1.0, 0.9))
torch.optim.Adam([weight], betas=(0.9, 2))
torch.optim.Adam([weight], weight_decay=-1)
torch.optim.Adagrad([weight], lr_decay=-1)
torch.optim.Adagrad([weight], initial_accumulator_value=-1)
torch.optim.lr_scheduler.StepLR(3, 1)
torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([weight]), [])
torch.optim.lr_scheduler.StepLR(torch.optim.SGD([weight]), 1, last_epoch=3)
torch.optim.lr_scheduler.LinearLR(torch.optim.SGD([weight]), start_factor=0)
torch.optim.lr_scheduler.ConstantLR(torch.optim.SGD([weight]), factor=2)

# case: attributes that move between kinds
module = nn.Module()
module.a = 3
module.a = nn.Parameter(torch.ones(1))
print(list(vars(module))[-2:], list(module._parameters), module.a)
module.a = None
print(module._parameters, module.a)
del module.a
module.a = nn.ReLU()
module.b = nn.Buffer(torch.ones(1), persistent=False)
module.b = torch.zeros(1)
print(module, module.b, module.state_dict(), list(module.named_buffers()))
del module.a
print(hasattr(module, "a"))

# case: parameters before init


class Early(nn.Module):
    def __init__(self):
        self.weight = nn.Parameter(torch.ones(1))


Early()

# case: modules before init


class Early(nn.Module):
    def __init__(self):
        self.layer = nn.ReLU()


Early()

# case: containers change
net.append(nn.Tanh())
del net[0]
net[0] = nn.Identity()
print(net, len(net), net.pop(1), [name for name, _ in net.named_children()])
modules = nn.ModuleList([nn.ReLU()])
modules += [nn.Tanh()]
modules.insert(1, nn.Sigmoid())
del modules[0]
print(modules, len(modules), list(modules))

# case: hooks of modules
log = []
net[0].register_forward_hook(lambda module, inputs, output: log.append(("forward", type(module).__name__)))
net[2].register_forward_pre_hook(lambda module, inputs: (inputs[0] * 2,))
net[2].register_forward_pre_hook(lambda module, a, k: log.append(("before", k)), with_kwargs=True, prepend=True)
net[0].register_full_backward_hook(lambda module, inputs, outputs: log.append((inputs, outputs)))
handle = net[2].register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] * 3,))
net[2].register_full_backward_pre_hook(lambda module, outputs: log.append(("backward", outputs)))
x = torch.ones(1, 2, requires_grad=True)
out = net(x)
out.sum().backward()
handle.remove()
print(log, x.grad, out)

# case: a hook after an error


class Fails(nn.Module):
    def forward(self, x):
        raise ValueError("within")


module = Fails()
module.register_forward_hook(lambda *a: print("called", a[1:]), always_call=True)
module(1)

# case: hooks of an optimizer and of its state
optimizer = torch.optim.SGD([weight], lr=0.1)
optimizer.register_step_pre_hook(lambda o, a, k: print("before", a[1:], k))
optimizer.register_step_post_hook(lambda o, a, k: print("after"))
optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1})
weight.sum().backward()
optimizer.step()
print(weight, optimizer.state_dict())
