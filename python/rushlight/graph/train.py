"""Optimizers (``tf.train``)."""

from __future__ import annotations

from ._functions import gradients, group
from ._graph import trainable_variables
from ._missing import module_getattr
from ._tensor import Operation, Tensor, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["GradientDescentOptimizer"]


class GradientDescentOptimizer:
    """Changes variables against their gradients: ``w - learning_rate * gradient``.

    Args:
        learning_rate: A number or a graph tensor.
        name: The name of the operations.

    Example:
        >>> from rushlight import graph as tf
        >>> w = tf.Variable(4.0)
        >>> step = tf.train.GradientDescentOptimizer(0.25).minimize(w * w)
        >>> with tf.Session() as session:
        ...     session.run(w.initializer)
        ...     for _ in range(3):
        ...         session.run(step)
        ...     print(session.run(w))
        0.5
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        self._learning_rate = learning_rate
        self._name = name

    def compute_gradients(
        self, loss: Tensor, var_list: list[Variable] | None = None, **options: Any
    ) -> list[tuple[Tensor | None, Variable]]:
        """The gradients of a loss, each with its variable."""
        variables = trainable_variables() if var_list is None else list(var_list)
        return list(zip(gradients(loss, variables), variables, strict=True))

    def apply_gradients(
        self,
        grads_and_vars: list[tuple[Tensor | None, Variable]],
        global_step: Variable | None = None,
        name: str | None = None,
    ) -> Operation:
        """An operation that changes each variable by its gradient.

        Raises:
            ValueError: no variable has a gradient.
        """
        steps = [
            variable.assign_sub(self._learning_rate * gradient, name=f"{self._name}/update")
            for gradient, variable in grads_and_vars
            if gradient is not None
        ]
        if not steps:
            raise ValueError(
                "No gradients provided for any variable: " + ", ".join(str(variable) for _, variable in grads_and_vars)
            )
        if global_step is not None:
            steps.append(global_step.assign_add(1))
        return group(*steps, name=name or self._name)

    def minimize(
        self,
        loss: Tensor,
        global_step: Variable | None = None,
        var_list: list[Variable] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> Operation:
        """An operation that makes one step down a loss."""
        return self.apply_gradients(self.compute_gradients(loss, var_list), global_step, name)


__getattr__ = module_getattr("tensorflow.train")
