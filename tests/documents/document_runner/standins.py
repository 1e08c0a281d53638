"""What the documents use and do not have: two modules of a course, and four names."""

from __future__ import annotations

import re
import sys
import types
from typing import Any

import torch


class Environment:
    """What a task of gradient descent knows: where it begins, how exact it has to be, how long it may take."""

    def __init__(self, initial_weights: Any, precision: float, max_steps: int) -> None:
        """Keep the three."""
        self.initial_weights = initial_weights
        self.precision = precision
        self.max_steps = max_steps

    def gradient(self, w: Any) -> Any:
        """The gradient of the loss at `w`: what a task defines."""
        raise NotImplementedError


def adagrad(rate: float, task: Environment) -> list[Any]:
    """All steps of Adagrad from the task's initial weights.

    The steps are not detached: if the initial weights require grad, the whole chain of them is kept alive, and has to
    be dropped without a call per step.
    """
    w = task.initial_weights
    squares = torch.zeros(w.shape[0], dtype=torch.float64)
    steps = [w]
    for _ in range(task.max_steps):
        gradient = task.gradient(w)
        squares = squares + gradient * gradient
        following = w - rate * gradient / torch.sqrt(squares + 1e-8)
        steps.append(following)
        moved = (following - w).detach().abs().max().item()
        w = following
        if moved < task.precision:
            break
    return steps


class LogisticRegressionModel:
    """A trained classifier."""

    def __init__(self, w: Any) -> None:
        """Keep the weights."""
        self.w = w

    def evaluate(self, evidence: Any, response: Any) -> float:
        """The share of right answers, among as many rows as there are responses."""
        probabilities = torch.sigmoid(torch.mv(evidence.double(), self.w.detach()))
        count = min(evidence.shape[0], response.shape[0])
        right = (probabilities[:count] > 0.5).double() == response[:count].double()
        return float(right.double().mean().item())


def install_modules() -> None:
    """Let `from descent import …` and `from logistic import …` find the stand-ins."""
    descent = types.ModuleType("descent")
    descent.__dict__.update(Environment=Environment, adagrad=adagrad)
    logistic = types.ModuleType("logistic")
    logistic.__dict__.update(LogisticRegressionModel=LogisticRegressionModel)
    sys.modules.update(descent=descent, logistic=logistic)


def define_missing_names(source: str, namespace: dict[str, Any]) -> None:
    """Give the blocks that only show how a function is called something to call it on."""

    def wants(name: str) -> bool:
        return re.search(rf"\b{name}\b", source) is not None and name not in namespace

    if wants("tensors") and "autograd.backward(tensors" in source:
        namespace["tensors"] = (torch.tensor([1.0, -2.0], requires_grad=True) * 3).sum()
    if wants("outputs") and wants("inputs") and "autograd.grad(outputs" in source:
        namespace["inputs"] = torch.tensor([1.0, -2.0], requires_grad=True)
        namespace["outputs"] = (namespace["inputs"] ** 2).sum()
    if wants("param") and source.lstrip().startswith("param."):
        namespace["param"] = torch.zeros(3)
