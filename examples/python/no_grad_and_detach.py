"""What is recorded and what is not: requires_grad, no_grad, enable_grad, detach."""

from __future__ import annotations

import rushlight as torch

tensor_1 = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
tensor_2 = torch.tensor([[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]])
print(f"requires_grad: {tensor_1.requires_grad}")
tensor_1.requires_grad_()
print(f"requires_grad: {tensor_1.requires_grad}")
print(tensor_1)

# What is computed from a tensor that requires a gradient requires one too.
output = (tensor_1 * tensor_2).mean()
print(f"output: {output!s}")
output.backward()
print(f"gradient:\n{tensor_1.grad}")


def double(values: torch.Tensor) -> torch.Tensor:
    """Twice the values."""
    return values * 2


@torch.no_grad()
def double_unrecorded(values: torch.Tensor) -> torch.Tensor:
    """Twice the values, unrecorded."""
    return values * 2


print(f"recorded:\n{double(tensor_1)}")
print(f"not recorded:\n{double_unrecorded(tensor_1)}")
with torch.no_grad():
    print(f"inside no_grad: {(tensor_1 * 3).requires_grad}")
    with torch.enable_grad():
        print(f"inside enable_grad: {(tensor_1 * 3).requires_grad}")
print(f"outside: {(tensor_1 * 3).requires_grad}")

# A detached tensor has the same memory and no history: no gradient flows through it.
tensor_1.grad = None
detached = tensor_1.detach()
(tensor_1 + detached).mean().backward()
print(f"through one of two operands:\n{tensor_1.grad}")
print(f"gradient of the detached one: {detached.grad}")
detached[0, 0] = 100.0
print(f"the memory is shared: {tensor_1[0, 0].item()}")

# A clone is recorded; to start anew from its values, it is detached and made a leaf.
a = torch.tensor(4.0, requires_grad=True)
clone = a.clone()
(clone**2).backward()
print(f"through a clone: {a.grad!s}")
a.grad = None
fresh = a.clone().detach().requires_grad_(True)
(fresh**2).backward()
print(f"a fresh leaf: {fresh.grad!s}, and the original: {a.grad}")

# Without anything that requires a gradient there is nothing to go back to.
try:
    torch.tensor(1.0).mul(2).backward()
except RuntimeError as error:
    print(f"error: {error}")
