"""How the area of a right triangle changes with its angle, by hand and by autograd."""

from __future__ import annotations

import math

import rushlight as torch


def derivative_by_hand(base: float, angle: float) -> float:
    """The area is base² tan(angle) / 2."""
    return base**2 / 2 / math.cos(angle) ** 2


# The base stays as it is, so it requires no gradient: hypotenuse, height and area follow from the angle.
for degrees in (15, 30, 45, 60):
    theta = torch.tensor(math.radians(degrees), dtype=torch.float64, requires_grad=True)
    base = torch.tensor(4.0, dtype=torch.float64)
    hypotenuse = base / torch.cos(theta)
    height = hypotenuse * torch.sin(theta)
    area = base * height / 2
    area.backward()
    print(
        f"{degrees} degrees: area {area.item():.4f}, change by hand {derivative_by_hand(4.0, theta.item()):.4f}, "
        f"by autograd {theta.grad.item():.4f}"
    )

print("requires_grad follows from the operands:")
for name, value in {"theta": theta, "base": base, "hypotenuse": hypotenuse, "area": area}.items():
    print(f"  {name}: {value.requires_grad}")

# Where the area is 10, by Newton's method on the derivative that autograd gives.
theta = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
for _ in range(8):
    area = 4.0**2 * torch.tan(theta) / 2
    (slope,) = torch.autograd.grad(area, theta)
    theta = (theta - (area - 10.0) / slope).detach().requires_grad_(True)
print(f"the area is 10 at {math.degrees(theta.item()):.6f} degrees")
