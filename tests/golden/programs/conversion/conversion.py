"""Changing dtype, and leaving tensors for Python and NumPy."""

import torch

x = torch.tensor([[1.9, -1.9], [0.0, 3.5]])
n = torch.tensor([1, 0, -3])

# tolerance: 0 exact, conversion has one right result
# template show: show({line})
# lines
x.int()
x.long()
x.short()
x.char()
x.bool()
x.float()
x.double()
x.half()
x.bfloat16()
x.to(torch.int64)
x.to(torch.float64)
x.to(dtype=torch.float16)
x.to("cpu")
x.to("cpu", torch.float64)
x.to(torch.device("cpu"))
x.to(n)
x.to(torch.float64, copy=True)
x.cpu()
x.t().double()
x.double().float()
n.float()
n.bool()
n.byte()
n.double() / 3
n.to(torch.float32).to(torch.int64)
torch.tensor([300, -1]).to(torch.uint8)
torch.tensor([300, -200]).to(torch.int8)
torch.tensor([2**31 + 5]).int()
torch.tensor([1e-8, 1.0009765, 65519.0, 65520.0, 1e6]).half()
torch.tensor([1.00390625, 1.0078125, 1.01171875, 3.4e38]).bfloat16()
torch.tensor([0.1]).double()
torch.tensor([0.1], dtype=torch.float64).float()
torch.tensor([True, False]).float()
torch.tensor([float("nan"), float("inf")]).bool()
torch.tensor([2**53 + 1]).double()
torch.tensor([16777217]).float()
torch.tensor(3.5).item()
torch.tensor([3]).item()
torch.tensor([[True]]).item()
torch.tensor(0.1).item()
torch.tensor([[1, 2], [3, 4]]).tolist()
torch.tensor([1.5, 2.5]).tolist()
torch.tensor([[True]]).tolist()
torch.tensor(2).tolist()
torch.tensor([]).tolist()
torch.zeros(2, 0).tolist()
torch.tensor([0.1]).tolist()
torch.tensor([0.1, float("nan")], dtype=torch.float16).tolist()
float(torch.tensor(1.5))
float(torch.tensor([2]))
int(torch.tensor(3.9))
int(torch.tensor(-3.9))
bool(torch.tensor(0.0))
bool(torch.tensor([1]))
complex(torch.tensor(1.5))
list(range(5))[torch.tensor(2)]
[10, 20, 30][torch.tensor(1) :]
"{:.2f}".format(torch.tensor(3.14159))
f"{torch.tensor(2.0):.3f} {torch.tensor(7):d} {torch.tensor(0.5):.0%}"
f"{torch.tensor([1.0, 2.0])}"
f"{torch.tensor(1.5)}"
"{}".format(torch.tensor(3))
str(torch.tensor(3))
repr(torch.tensor([1.5]))
"%.2f" % torch.tensor(1.25)
round(torch.tensor(2.567), 2)
abs(torch.tensor(-2.0))
divmod(torch.tensor(7), 2)
sum([torch.tensor(1.0), torch.tensor(2.0)])
max(torch.tensor(1.0), torch.tensor(2.0))
sorted([torch.tensor(2), torch.tensor(1)])
2 in torch.tensor([1, 2])
5 in torch.tensor([1, 2])
torch.tensor(1.0) in torch.tensor([1.0, 2.0])
hash(torch.tensor(1)) == hash(torch.tensor(1))
bool(torch.tensor(float("nan")))

# case: item of a value that requires grad gives no warning
torch.tensor(2.5, requires_grad=True).item()

# case: float of a tensor that requires grad warns
float(torch.tensor(2.5, requires_grad=True))

# case: a tensor in math functions
import math

print(math.sqrt(torch.tensor(16.0)), math.cos(torch.tensor([0.0])), math.floor(torch.tensor(2.7)))

# case: conversion is differentiable
x = torch.tensor([1.5, 2.5], requires_grad=True)
y = x.double()
print(y)
y.sum().backward()
show(x.grad)
print(x.half(), x.to(torch.float64).grad_fn.name())

# case: conversion to integers leaves the graph
x = torch.tensor([1.5], requires_grad=True)
print(x.long(), x.long().requires_grad)

# case: same dtype is the same tensor
print(x.to(torch.float32) is x, x.to("cpu") is x, x.float() is x, x.to(x) is x, x.cpu() is x)
print(x.to(torch.float32, copy=True) is x, x.clone() is x, x.contiguous() is x)

# case: contiguous of a transposed tensor
y = x.t().contiguous()
show(y, y.is_contiguous(), x.t().is_contiguous())
