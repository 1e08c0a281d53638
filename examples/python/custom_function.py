"""Functions with derivatives of our own: saved values, several outputs, gradients of gradients, and a check of them."""

from __future__ import annotations

from typing import Any

import rushlight as torch


class Cube(torch.autograd.Function):
    """x³, whose derivative is written by hand."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """Keep x."""
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """3 x², in tensor operations, so that it can be differentiated again."""
        (x,) = ctx.saved_tensors
        return gradient * 3 * x * x


class SumAndDifference(torch.autograd.Function):
    """x + y and x - y at once."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Nothing to keep."""
        return x + y, x - y

    @staticmethod
    def backward(ctx: Any, total: torch.Tensor, difference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One gradient for each input."""
        return total + difference, total - difference


class ClippedGradient(torch.autograd.Function):
    """The identity, through which no gradient beyond ±1 passes."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        """A copy."""
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """Clipped."""
        return gradient.clamp(-1, 1)


x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = Cube.apply(x)
print(f"x³ = {y}")
y.sum().backward()
print(f"3 x² = {x.grad}")

(first,) = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), x)
print(f"6 x = {second}")

a = torch.tensor([5.0], requires_grad=True)
b = torch.tensor([3.0], requires_grad=True)
total, difference = SumAndDifference.apply(a, b)
print(f"{total.item()} {difference.item()}")
(total * difference).backward()
print(f"d (a² - b²): {a.grad} {b.grad}")

x = torch.tensor([0.1, 10.0], requires_grad=True)
(ClippedGradient.apply(x) ** 2).sum().backward()
print(f"clipped: {x.grad}")

# A derivative written by hand is checked against differences of the values.
sample = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
print(f"the derivative of Cube is right: {torch.autograd.gradcheck(Cube.apply, (sample,))}")
