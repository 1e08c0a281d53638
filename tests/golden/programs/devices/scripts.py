"""The first lines of ordinary scripts: devices, seeds, backends, versions."""

import torch

# lines
torch.cuda.is_available()
torch.cuda.device_count()
torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.device("cuda:0")
torch.device("cuda", 1)
torch.device("meta")
torch.device(torch.device("cpu"))
torch.device(type="cpu")
repr(torch.device("cuda:0"))
str(torch.device("cuda:0"))
torch.device("cuda:1").index
hash(torch.device("cpu")) == hash(torch.device("cpu"))
torch.device("cpu") != torch.device("cuda")
{torch.device("cpu"): 1}[torch.device("cpu")]
torch.backends.mps.is_available()
torch.backends.cudnn.enabled
torch.backends.cudnn.deterministic
torch.backends.cudnn.benchmark
torch.backends.mkldnn.is_available() in (True, False)
torch.ones(2, device="cpu")
torch.ones(2, device=torch.device("cpu"))
torch.tensor([1.0], device="cpu").device
torch.ones(2).to("cpu").device
torch.ones(2).to(device="cpu")
torch.ones(2).to(device=torch.device("cpu"), dtype=torch.float64)
torch.ones(2).to("cpu", non_blocking=True)
torch.ones(2).cpu()
torch.ones(2).is_cuda
torch.ones(2).device.type
torch.ones(2).device == torch.device("cpu")
torch.zeros_like(torch.ones(2), device="cpu")
torch.arange(3, device="cpu")
torch.nn.Linear(2, 1, device="cpu")
torch.nn.Linear(2, 1).to(torch.device("cpu"))
next(torch.nn.Linear(2, 1).parameters()).device
torch.get_default_device()
torch.get_num_threads() >= 1
torch.is_tensor(torch.ones(1))
torch.version.cuda is None or isinstance(torch.version.cuda, str)
isinstance(torch.__version__, str)
torch.__version__.split(".")[0]
tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) >= (2, 0)
torch.ones(1, pin_memory=False)
torch.compiler.is_compiling()
torch.are_deterministic_algorithms_enabled()
torch.get_float32_matmul_precision()

# case: seeds of everything
import random

import numpy as np

seed = 3
random.seed(seed)
np.random.seed(seed)
torch.manual_seed(seed)
torch.cuda.manual_seed(seed)
torch.cuda.manual_seed_all(seed)
torch.backends.cudnn.deterministic = True
torch.backends.cudnn.benchmark = False
print(random.randint(0, 9), np.random.randint(10), torch.rand(1))

# case: device of a script
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(device, f"running on {device}")
model = torch.nn.Linear(1, 1).to(device)
x = torch.ones(1, 1).to(device)
print(model(x).device, x.device == device)

# case: default device
torch.set_default_device("cpu")
print(torch.ones(1).device)

# case: device as a context
with torch.device("cpu"):
    print(torch.ones(1).device)

# case: imports of ordinary scripts
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch import nn as nn2
from torch import optim as optim2
from torch import tensor
from torch.autograd import Function, Variable, grad
from torch.nn import Linear, Module, Parameter, ReLU, Sequential
from torch.nn.functional import relu
from torch.nn.parameter import Parameter as Parameter2
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, Dataset, TensorDataset

print(nn is nn2, optim is optim2, tensor([1]), Parameter is Parameter2, relu is F.relu, Linear is nn.Linear)
print(nn.__name__, F.__name__, optim.__name__, Function.__name__, torch.__name__)

# case: threads
before = torch.get_num_threads()
torch.set_num_threads(2)
print(torch.get_num_threads())
torch.set_num_threads(before)

# case: deterministic algorithms
torch.use_deterministic_algorithms(True)
print(torch.are_deterministic_algorithms_enabled(), torch.rand(1).shape)
torch.use_deterministic_algorithms(False)

# case: data loading
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.arange(6.0).reshape(6, 1), torch.arange(6))
for x, y in DataLoader(data, batch_size=4):
    print(x.flatten(), y)
for x, y in DataLoader(data, batch_size=3, shuffle=True):
    print(x.flatten(), y)
print(len(data), data[1])

# case: memory format and layout arguments
print(torch.ones(2, layout=torch.strided), torch.ones(2).contiguous(memory_format=torch.contiguous_format).is_contiguous())

# case: modules know their names
print(torch.nn.Linear.__module__, torch.optim.SGD.__module__, torch.Tensor.__module__, torch.nn.Parameter.__module__, torch.autograd.Function.__module__)
