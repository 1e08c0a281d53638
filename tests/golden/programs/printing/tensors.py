"""How tensors print."""

import torch

nan, inf = float("nan"), float("inf")

# lines
torch.tensor(3)
torch.tensor(3.0)
torch.tensor(3.14159265)
torch.tensor(-0.0)
torch.tensor(True)
torch.tensor(nan)
torch.tensor(-inf)
torch.tensor(1e10)
torch.tensor(1e-10)
torch.tensor(123456789.0)
torch.tensor(0.1, dtype=torch.float64)
torch.tensor(2, dtype=torch.int8)
torch.tensor(1.5, dtype=torch.float16)
torch.tensor(1.5, dtype=torch.bfloat16)
torch.tensor(2.0, requires_grad=True)
torch.tensor([])
torch.tensor([], dtype=torch.int64)
torch.tensor([], requires_grad=True)
torch.zeros(2, 0)
torch.zeros(0, 3)
torch.zeros(2, 0, 3, dtype=torch.int32)
torch.tensor([[]])
torch.tensor([1, 2, 3])
torch.tensor([1, -200, 3])
torch.tensor([1.0, 2.0, 3.0])
torch.tensor([1.0, 2.5, 3.0])
torch.tensor([1.0, -2.5, 300.0])
torch.tensor([1.5, 1000.25])
torch.tensor([1.0, 1000000.0])
torch.tensor([1.0, 99999999.0])
torch.tensor([1.0, 100000001.0])
torch.tensor([0.5, 100000001.0])
torch.tensor([0.5, 1000.0])
torch.tensor([0.5, 1001.0])
torch.tensor([0.001, 1.0])
torch.tensor([0.001, 2.0])
torch.tensor([0.0001, 0.5])
torch.tensor([0.00001, 0.5])
torch.tensor([1e-5, 1e5])
torch.tensor([1e-3, 1.0, 999.0])
torch.tensor([1e-3, 1.0, 1001.0])
torch.tensor([1e10, 2e10])
torch.tensor([1e-10, 2e-10])
torch.tensor([1.5e10, 2e10])
torch.tensor([123456.789, 0.001])
torch.tensor([0.0, 0.0])
torch.tensor([0.0, -0.0])
torch.tensor([0.0, 1e-8])
torch.tensor([nan, 1.0])
torch.tensor([nan, 1.5])
torch.tensor([inf, 1.0])
torch.tensor([-inf, 1.5, nan])
torch.tensor([nan, nan])
torch.tensor([inf, -inf])
torch.tensor([nan, 1e10])
torch.tensor([1.0, nan, 1e-7])
torch.tensor([0.1, 0.2, 0.30000001])
torch.tensor([0.99999, 0.5])
torch.tensor([0.999999, 0.5])
torch.tensor([9.99996, 0.5])
torch.tensor([1.00005, 2.00015])
torch.tensor([0.5, 1.5, 2.5]) * 1e-4
torch.tensor([1.1], dtype=torch.float64)
torch.tensor([1, 2], dtype=torch.int32)
torch.tensor([1, 2], dtype=torch.uint8)
torch.tensor([True, False])
torch.tensor([[True], [False]])
torch.tensor([1.5, 2.5], dtype=torch.float16)
torch.tensor([0.1, 65504.0], dtype=torch.float16)
torch.tensor([0.1, 3e38], dtype=torch.bfloat16)
torch.tensor([[1, 2], [3, 4]])
torch.tensor([[1.0, 2.0], [3.0, 40.0]])
torch.tensor([[1.5, -2.25], [3.0, 40.0]])
torch.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
torch.zeros(2, 2, 2, 2)
torch.zeros(1, 1, 1)
torch.zeros(2, 1, 3)
torch.eye(3)
torch.ones(3, 3, requires_grad=True)
torch.ones(2, 2, requires_grad=True) * 2
torch.tensor([1.0], requires_grad=True) + 1
torch.ones(2, 2, requires_grad=True).sum()
torch.ones(2, requires_grad=True)[0]
torch.ones(2, requires_grad=True).view(2, 1)
torch.ones(2, 2, requires_grad=True).t()
torch.ones(2, requires_grad=True, dtype=torch.float64) * 2
torch.ones(2, requires_grad=True).detach()
torch.ones(20, requires_grad=True)
torch.ones(20, requires_grad=True) * 1.5
torch.ones(17, requires_grad=True) * 1.5
torch.ones(18, dtype=torch.float64)
torch.ones(19, dtype=torch.float64)
torch.ones(20, dtype=torch.float64) * 3
torch.ones(3, 12, requires_grad=True) * 2
torch.arange(25)
torch.arange(30)
torch.arange(100)
torch.arange(100.0)
torch.arange(100) - 50
torch.arange(100).reshape(5, 20)
torch.arange(100).reshape(4, 25)
torch.arange(120.0).reshape(4, 30) / 7
torch.arange(1000)
torch.arange(1001)
torch.arange(1001.0)
torch.arange(1200).reshape(30, 40)
torch.arange(1200.0).reshape(30, 40)
torch.arange(1200.0).reshape(2, 600)
torch.arange(1200.0).reshape(600, 2)
torch.arange(2000).reshape(10, 10, 20)
torch.zeros(7, 1000)
torch.zeros(1000, 7)
torch.zeros(6, 6, 40)
torch.zeros(1001, 1)
torch.zeros(1, 1001)
torch.zeros(1001, dtype=torch.bool)
torch.ones(1001, requires_grad=True)
torch.ones(1001, requires_grad=True) * 2
torch.linspace(0, 1, 11)
torch.linspace(0, 1, 1001)
torch.cat([torch.tensor([1e10]), torch.ones(1000)])
torch.cat([torch.ones(500), torch.tensor([1e10]), torch.ones(501)])
torch.tensor([-1, -22, 333])
torch.tensor([2**62, -(2**62)])
torch.tensor([1e38, 1e-38])
torch.tensor([1e300, 1e-300], dtype=torch.float64)
torch.tensor([1e-45])
torch.tensor([16777216.0, 1.0])
torch.tensor([0.1]).double()
torch.tensor([1 / 3])
torch.tensor([1 / 3], dtype=torch.float64)
torch.tensor([2 / 3, 200 / 3])
torch.nn.Parameter(torch.ones(2))
torch.nn.Parameter(torch.ones(2), requires_grad=False)
torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
torch.nn.Parameter(torch.ones(2)) * 2
torch.ones(2).t()
torch.arange(6).reshape(2, 3).t()
torch.ones(3)[None, :, None]
torch.zeros(3).expand(2, 3)
[torch.ones(1), torch.zeros(2)]
(torch.tensor(1), torch.tensor([2.5]))
{"a": torch.ones(2, 2)}
torch.ones(2).size()
torch.Size([1, 2])
torch.ones(2, 3).shape
torch.ones(2, 3).max(1)
torch.float32
torch.device("cpu")
torch.strided
torch.Generator()
torch.ones(3) > 0
torch.tensor([1.0, 2.0]).numpy()
torch.tensor([1, 2]).tolist()
torch.tensor([[-1.0262e-10, 0.0], [-6.7728e-10, 1.2314e-08]], dtype=torch.float64)
torch.tensor([[1.0, 6.7, 137.0], [1.0, 5.4, 168.0]], dtype=torch.float64)
torch.tensor([48.8215, 162.7583, -69.1980])
torch.tensor([1 / 6, 7 / 6, 1.5])
torch.tensor([51.2, 512.0, 0.0512])

# case: str and print are repr
x = torch.tensor([[1.0, 2.5], [-3.0, 4.0]], requires_grad=True)
print(x)
print(str(x) == repr(x), f"{x}" == repr(x), "{}".format(x) == repr(x))
print(f"{x[0, 0]:.3f}", "%s" % x[0])

# case: format of several values
f"{torch.ones(2):.2f}"

# case: views print with their names
x = torch.ones(2, 3, requires_grad=True)
for y in (x[0], x[:, 1], x.t(), x.view(6), x.unsqueeze(0), x.expand(2, 2, 3), x.permute(1, 0), x.T, x[None], x[x > 0], x[[0]], x.squeeze(), x.flatten()):
    print(y)

# case: shapes in a loop
for shape in [(), (1,), (1, 1), (2, 1), (0,), (1, 0), (3, 2)]:
    print(torch.zeros(shape), torch.zeros(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.bool))

# case: values that need the same width
for scale in (1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6, 1e8):
    print(torch.tensor([1.0, -2.5, 0.125]) * scale)
    print(torch.tensor([1.0, 2.0, 3.0]) * scale)

# case: random values at several scales
torch.manual_seed(3)
for scale in (1e-3, 1.0, 1e3, 1e5):
    print(torch.rand(3, 4) * scale)
    print(torch.randn(2, 5, dtype=torch.float64) * scale)

# case: long rows wrap
print(torch.arange(40.0) / 3)
print(torch.arange(60.0).reshape(2, 30) - 20.5)
print(torch.arange(50, dtype=torch.int16) * 100)
print(torch.rand(1, 25, dtype=torch.float64) > 0.5)

# case: printing of a tensor within no_grad
x = torch.ones(2, requires_grad=True)
with torch.no_grad():
    print(x, x * 2)

# case: printing of a leaf after backward
x = torch.ones(2, requires_grad=True)
(x * 3).sum().backward()
print(x, x.grad)

# case: pretty printing of nested containers
import pprint

pprint.pprint({"weights": [torch.ones(2, 2), torch.zeros(1)], "bias": torch.tensor(0.5)})
