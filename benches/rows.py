"""The rows that are timed in a worker: programs written once, run with either library as `torch`.

A row is a function that prepares its tensors and gives a function without arguments, one call of which is one sample's
unit of work. Nothing but the names that both libraries share may be used here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Work = Callable[[], object]
Row = Callable[[Any], Work]


def add(torch: Any) -> Work:
    """One-element add, not recorded."""
    x, y = torch.ones(1), torch.ones(1)

    def work() -> object:
        return x + y

    return work


def add_recorded(torch: Any) -> Work:
    """One-element add, recorded for backward."""
    x, y = torch.ones(1, requires_grad=True), torch.ones(1)

    def work() -> object:
        return x + y

    return work


def product_of_sums(torch: Any) -> Work:
    """Forward and backward of y = (x + w)(w + 1), as the third document has it."""
    w = torch.tensor([1.0], requires_grad=True)
    x = torch.tensor([2.0], requires_grad=True)

    def work() -> object:
        a = torch.add(w, x)
        b = torch.add(w, 1)
        y = torch.mul(a, b)
        y.backward()
        return y

    return work


def logistic_regression(torch: Any) -> Work:
    """A step of the first document's logistic regression: 200 points, BCE, SGD with momentum."""
    torch.manual_seed(1)
    ones = torch.ones(100, 2)
    points = torch.cat((torch.normal(1.7 * ones, 1) + 1, torch.normal(-1.7 * ones, 1) + 1), 0)
    labels = torch.cat((torch.zeros(100), torch.ones(100)), 0)
    features = torch.nn.Linear(2, 1)
    sigmoid, criterion = torch.nn.Sigmoid(), torch.nn.BCELoss()
    optimizer = torch.optim.SGD(features.parameters(), lr=0.01, momentum=0.9)

    def work() -> object:
        prediction = sigmoid(features(points))
        loss = criterion(prediction.squeeze(), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return work


def two_layer_net(torch: Any) -> Work:
    """A step of the second document's net: 64 rows, 1000 to 100 to 10, gradients by autograd, weights by hand."""
    torch.manual_seed(0)
    x, y = torch.randn(64, 1000), torch.randn(64, 10)
    # Small weights and rate: the figures must not run to infinity over many thousand steps.
    first = (torch.randn(1000, 100) * 0.01).requires_grad_()
    second = (torch.randn(100, 10) * 0.01).requires_grad_()

    def work() -> object:
        loss = (x.mm(first).clamp(min=0).mm(second) - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            first.sub_(first.grad, alpha=1e-7)
            second.sub_(second.grad, alpha=1e-7)
            first.grad.zero_()
            second.grad.zero_()
        return loss

    return work


ROWS: dict[str, Row] = {
    "add": add,
    "add recorded": add_recorded,
    "y = (x + w)(w + 1)": product_of_sums,
    "logistic regression step": logistic_regression,
    "two-layer net step": two_layer_net,
}
