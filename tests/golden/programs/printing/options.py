"""set_printoptions and the default dtype."""

import torch

x = torch.tensor([3.14159265, 2.71828, 100.5])

# case: precision
torch.set_printoptions(precision=2)
print(x, torch.tensor(1 / 3))
torch.set_printoptions(precision=8)
print(x, torch.tensor([1 / 3], dtype=torch.float64))
torch.set_printoptions(precision=0)
print(x)

# case: sci_mode
torch.set_printoptions(sci_mode=True)
print(x, torch.tensor([1.0, 2.0]), torch.tensor([1, 2]))
torch.set_printoptions(sci_mode=False)
print(x, torch.tensor([1e-10, 1e10]), torch.tensor([1e-8]))
torch.set_printoptions(sci_mode=None)
print(torch.tensor([1e-10, 1e10]))

# case: linewidth
torch.set_printoptions(linewidth=40)
print(torch.arange(30), torch.arange(12.0).reshape(2, 6) / 7)
print(torch.ones(3, requires_grad=True) * 1.5)
torch.set_printoptions(linewidth=200)
print(torch.arange(60))

# case: threshold
torch.set_printoptions(threshold=5)
print(torch.arange(6), torch.arange(5), torch.arange(12).reshape(3, 4))
print(torch.arange(48).reshape(8, 6))

# case: edgeitems
torch.set_printoptions(threshold=10, edgeitems=1)
print(torch.arange(20), torch.arange(60).reshape(3, 4, 5))
torch.set_printoptions(edgeitems=2)
print(torch.arange(20.0) / 3)

# case: profile short
torch.set_printoptions(profile="short")
print(x, torch.arange(1001), torch.arange(10))

# case: profile full
torch.set_printoptions(profile="full")
print(torch.arange(1010).reshape(101, 10))

# case: profile default
torch.set_printoptions(precision=1)
torch.set_printoptions(profile="default")
print(x)

# case: options add up
torch.set_printoptions(precision=2)
torch.set_printoptions(threshold=3)
print(torch.arange(4.0) / 3)

# case: unknown profile changes nothing
torch.set_printoptions(profile="loud")
print(x)

# case: double as the default dtype
torch.set_default_dtype(torch.float64)
print(torch.tensor([1.5]), torch.tensor([1.5], dtype=torch.float32), torch.tensor([1]), torch.tensor([1.5], dtype=torch.float16))
