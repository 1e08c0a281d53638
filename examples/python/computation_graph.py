"""The computation graph of y = (x + w)(w + 1): values, gradients, leaves, nodes, and a picture of it."""

from __future__ import annotations

from pathlib import Path

from common import picture_directory, pyplot, saved

import rushlight as torch


def draw(directory: Path, x: torch.Tensor, w: torch.Tensor, a: torch.Tensor, b: torch.Tensor, y: torch.Tensor) -> None:
    """Draw the graph, with values, gradients and what each operation multiplies them by."""
    plt = pyplot()
    if plt is None:
        return

    def leaf(name: str, tensor: torch.Tensor) -> str:
        gradient = "no grad" if tensor.grad is None else f"grad {tensor.grad.item()}"
        return f"{name}\n{tensor.item()}, {gradient}"

    def operation(name: str, formula: str, tensor: torch.Tensor) -> str:
        return f"{name} = {type(tensor.grad_fn).__name__}\n{formula} = {tensor.item()}"

    boxes = {
        "x": (0.15, 0.85, leaf("x", x), "#1f62a8"),
        "w": (0.5, 0.85, leaf("w", w), "#1f62a8"),
        "one": (0.85, 0.85, "1", "#5c6670"),
        "a": (0.3, 0.5, operation("a", "x + w", a), "#d65d26"),
        "b": (0.7, 0.5, operation("b", "w + 1", b), "#d65d26"),
        "y": (0.5, 0.15, operation("y", "a · b", y), "#268d80"),
    }
    edges = [
        ("x", "a", "∂a/∂x = 1"),
        ("w", "a", "∂a/∂w = 1"),
        ("w", "b", "∂b/∂w = 1"),
        ("one", "b", ""),
        ("a", "y", f"∂y/∂a = b = {b.item()}"),
        ("b", "y", f"∂y/∂b = a = {a.item()}"),
    ]
    figure, axes = plt.subplots(figsize=(7, 5))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_title("y = (x + w)(w + 1)")
    for start, end, text in edges:
        x0, y0, _, _ = boxes[start]
        x1, y1, _, _ = boxes[end]
        axes.annotate("", (x1, y1 + 0.07), (x0, y0 - 0.07), arrowprops={"arrowstyle": "->", "color": "#68717d"})
        axes.text((x0 + x1) / 2 + 0.01, (y0 + y1) / 2, text, fontsize=8, color="#68717d")
    for left, bottom, text, color in boxes.values():
        axes.text(
            left, bottom, text, ha="center", va="center", bbox={"boxstyle": "round,pad=0.6", "fc": "white", "ec": color}
        )
    path = directory / "computation_graph.png"
    figure.savefig(path, dpi=150, bbox_inches="tight")
    saved(path)


pictures = picture_directory()

# w is used twice, so its gradient is the sum over both ways from y to w: dy/dw = b + a = 2 w + x + 1.
x = torch.tensor([2.0], requires_grad=True)
w = torch.tensor([1.0], requires_grad=True)
a = x + w
b = w + 1
y = a * b
print(f"a = {a}")
print(f"b = {b}")
print(f"y = {y}")

print("\nleaves were made by the program, everything else by an operation:")
for name, value in {"x": x, "w": w, "a": a, "b": b, "y": y}.items():
    node = "None" if value.grad_fn is None else value.grad_fn.name()
    print(f"  {name}: is_leaf {value.is_leaf}, requires_grad {value.requires_grad}, grad_fn {node}")

print("\nthe graph, from y down:")
stack = [(y.grad_fn, 0)]
while stack:
    node, depth = stack.pop()
    print(f"  {'  ' * depth}{type(node).__name__}")
    stack += [(below, depth + 1) for below, _ in reversed(node.next_functions) if below is not None]

# Gradients of values in between are not kept, unless one asks for them.
a.retain_grad()
y.backward()
print("\nafter y.backward():")
for name, value in {"x": x, "w": w, "a": a}.items():
    print(f"  d y / d {name} = {value.grad}")

if pictures is not None:
    draw(pictures, x, w, a, b, y)

# The graph is freed by the first backward, because most programs need it once.
try:
    y.backward()
except RuntimeError as error:
    print(f"\nagain: {str(error).partition('.')[0]}.")

# Gradients accumulate: a training loop has to set them to zero.
x.grad = None
w.grad = None
for step in range(3):
    ((x + w) * (w + 1)).backward()
    print(f"backward number {step + 1}: w.grad = {w.grad}")
