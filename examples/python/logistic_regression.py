"""Logistic regression on 200 points of two classes, trained by gradient descent with momentum."""

from __future__ import annotations

from pathlib import Path

from common import picture_directory, progress, progress_done, pyplot, saved

import rushlight as torch
from rushlight import nn


class LogisticRegression(nn.Module):
    """The probability of class 1: a line's side and distance, squeezed between 0 and 1."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Linear(2, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Probabilities, (N, 1), of points, (N, 2)."""
        return self.sigmoid(self.features(x))


def draw(
    directory: Path,
    classes: tuple[torch.Tensor, torch.Tensor],
    lines: list[tuple[int, float, float, float]],
    losses: list[float],
) -> None:
    """Draw the boundary through the iterations, and the loss."""
    plt = pyplot()
    if plt is None:
        return
    figure, axes = plt.subplots(figsize=(8, 6))
    for index, (points, color) in enumerate(zip(classes, ("#1f62a8", "#d65d26"), strict=True)):
        pairs = points.tolist()
        axes.scatter([p[0] for p in pairs], [p[1] for p in pairs], s=18, c=color, label=f"class {index}")
    for index, (iteration, w0, w1, bias) in enumerate(lines):
        share = (index + 1) / len(lines)
        xs = [-6.0, 7.0]
        label = f"iteration {iteration}" if index in {0, len(lines) // 2, len(lines) - 1} else None
        axes.plot(xs, [(-w0 * x - bias) / w1 for x in xs], color="#262b33", alpha=0.12 + 0.88 * share**2, label=label)
    axes.set(xlim=(-5, 7), ylim=(-7, 7), xlabel="x0", ylabel="x1")
    axes.set_title("Logistic regression: decision boundary through the iterations")
    axes.legend(loc="lower left")
    path = directory / "logistic_regression_boundary.png"
    figure.savefig(path, dpi=150, bbox_inches="tight")
    saved(path)
    figure, axes = plt.subplots(figsize=(8, 4.5))
    axes.plot(losses, color="#1f62a8")
    axes.set(xlabel="iteration", ylabel="binary cross-entropy", title="Logistic regression: loss")
    axes.grid(color="#e5e8ed")
    path = directory / "logistic_regression_loss.png"
    figure.savefig(path, dpi=150, bbox_inches="tight")
    saved(path)


pictures = picture_directory()
torch.manual_seed(1)

# Two clouds of 100 points about (2.7, 2.7) and (-0.7, -0.7).
sample_nums = 100
mean_value = 1.7
bias = 1
n_data = torch.ones(sample_nums, 2)
x0 = torch.normal(mean_value * n_data, 1) + bias
x1 = torch.normal(-mean_value * n_data, 1) + bias
train_x = torch.cat([x0, x1], 0)
train_y = torch.cat([torch.zeros(sample_nums), torch.ones(sample_nums)], 0)

# The same model as layers one after the other. It draws its first parameters too, so the class below starts elsewhere
# than it would without this line.
print(nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()))
model = LogisticRegression()
print(model)

loss_fn = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
lines = []
losses = []
for iteration in range(1000):
    probabilities = model(train_x).squeeze()
    loss = loss_fn(probabilities, train_y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    losses.append(loss.item())
    if iteration % 20 == 0:
        predicted = probabilities.ge(0.5).float()
        accuracy = (predicted == train_y).sum().item() / train_y.size(0)
        w0, w1 = model.features.weight[0].tolist()
        b = 0.0 if model.features.bias is None else model.features.bias.item()
        lines.append((iteration, w0, w1, b))
        progress_done()
        print(f"Iteration: {iteration}")
        print(f"w0:{w0:.2f} w1:{w1:.2f} b: {b:.2f} accuracy:{accuracy:.2%} loss:{loss.item():.4f}")
        if accuracy > 0.99:
            break
    progress(f"iteration {iteration}, loss {loss.item():.4f}")

if pictures is not None:
    draw(pictures, (x0, x1), lines, losses)
