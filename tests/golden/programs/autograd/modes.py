"""no_grad, enable_grad, set_grad_enabled, inference_mode, anomaly mode."""

import torch

x = torch.tensor([2.0], requires_grad=True)

# case: no_grad as a context
with torch.no_grad():
    y = x * 3
    print(y, y.requires_grad, torch.is_grad_enabled())
print(torch.is_grad_enabled(), (x * 3).requires_grad)

# case: no_grad as a decorator
@torch.no_grad()
def triple(t):
    return t * 3


print(triple(x), triple.__name__)

# case: no_grad as a decorator without parentheses
@torch.no_grad
def triple(t):
    return t * 3


print(triple(x))

# case: enable_grad within no_grad
with torch.no_grad():
    a = x * 3
    with torch.enable_grad():
        b = x * 3
        print(a, b)
    print(torch.is_grad_enabled())

# case: enable_grad as a decorator
@torch.enable_grad()
def triple(t):
    return t * 3


with torch.no_grad():
    print(triple(x))

# case: set_grad_enabled as a function
torch.set_grad_enabled(False)
print((x * 3).requires_grad, torch.is_grad_enabled())
torch.set_grad_enabled(True)
print((x * 3).requires_grad)

# case: set_grad_enabled as a context
for mode in (True, False):
    with torch.set_grad_enabled(mode):
        print((x * 3).requires_grad)

# case: set_grad_enabled as a decorator
@torch.set_grad_enabled(False)
def triple(t):
    return t * 3


print(triple(x), torch.is_grad_enabled())

# case: no_grad is left by an exception
try:
    with torch.no_grad():
        raise ValueError("out")
except ValueError:
    pass
print(torch.is_grad_enabled())

# case: no_grad on a generator
@torch.no_grad()
def steps():
    for _ in range(2):
        yield torch.is_grad_enabled()


for inside in steps():
    print(inside, torch.is_grad_enabled())

# case: no_grad is reused
guard = torch.no_grad()
with guard:
    with guard:
        print(torch.is_grad_enabled())
    print(torch.is_grad_enabled())
print(torch.is_grad_enabled())

# case: leaves made in no_grad may require grad
with torch.no_grad():
    z = torch.ones(1, requires_grad=True)
    print(z, (z * 2).requires_grad)

# case: in place on a leaf within no_grad
with torch.no_grad():
    x += 1
    x.mul_(2)
    x[0] = 7
print(x, x.requires_grad, x.is_leaf)

# case: gradient step within no_grad
(x * x).backward()
with torch.no_grad():
    x -= 0.1 * x.grad
    x.grad.zero_()
show(x, x.grad)

# case: backward within no_grad
y = x * x
with torch.no_grad():
    y.backward()
print(x.grad)

# case: backward of what was made within no_grad
with torch.no_grad():
    y = x * x
y.backward()

# case: inference_mode
with torch.inference_mode():
    y = x * 3
    print(y, y.is_inference(), torch.is_inference_mode_enabled())
print(y.requires_grad)

# case: an inference tensor in autograd
with torch.inference_mode():
    y = torch.ones(1)
x * y

# case: detect_anomaly says where
with torch.autograd.detect_anomaly(check_nan=True):
    y = torch.tensor([0.0], requires_grad=True)
    z = torch.sqrt(y) * 0
    z.backward()

# case: set_detect_anomaly
torch.autograd.set_detect_anomaly(True)
print(torch.is_anomaly_enabled())
torch.autograd.set_detect_anomaly(False)
print(torch.is_anomaly_enabled())

# case: no_grad does not track in place on views
y = torch.ones(2, requires_grad=True) * 1
with torch.no_grad():
    y[0] = 5
print(y)
y.sum().backward()
