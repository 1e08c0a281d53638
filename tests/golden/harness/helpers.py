"""What golden programs may call besides ``torch``: functions that record values instead of printing them.

They use as little of the library as they can, and nothing but its public face, because they run under PyTorch and
under Rushlight alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
# Tracebacks within messages: the frames of the harness come before the program's.
_FOREIGN_FRAME = re.compile(r'  File "(?!<case>)[^"\n]*", line \d+, in .*\n(?:    .*\n)*')
_TRIGGERED = re.compile(r"\s*\((?:Triggered internally at|function) [^()]*\)")


def masked(text: str) -> str:
    """Text without what differs from run to run: addresses, and the place in C++ that gave a warning."""
    return _ADDRESS.sub("0x…", _TRIGGERED.sub("", _FOREIGN_FRAME.sub("", text)))


def encode_number(value: float | int | bool) -> Any:
    """A number as JSON can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def flatten(nested: Any) -> list[Any]:
    """The numbers of nested lists, in order."""
    if not isinstance(nested, list):
        return [encode_number(nested)]
    flat: list[Any] = []
    for item in nested:
        flat.extend(flatten(item))
    return flat


class Recorder:
    """Collects what a case shows; its methods are the functions that programs see."""

    def __init__(self, torch: Any) -> None:
        """Record values of the given library."""
        self.torch = torch
        self.shown: list[Any] = []

    def namespace(self) -> dict[str, Any]:
        """The functions by the names that programs use."""
        return {
            "show": self.show,
            "graph": self.graph,
            "gradient": self.gradient,
            "gradient_nodes": self.gradient_nodes,
            "forward_mode": self.forward_mode,
        }

    # What a value is

    def encode(self, value: Any, strides: bool = True) -> Any:
        """A value as JSON can hold it, exactly."""
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            return {"int": str(value)}
        if isinstance(value, float):
            return {"float": encode_number(value)}
        if isinstance(value, self.torch.Tensor):
            return self._encode_tensor(value, strides)
        if isinstance(value, (tuple, list)):
            kind = type(value).__name__
            return {"sequence": kind, "items": [self.encode(item, strides) for item in value]}
        if isinstance(value, dict):
            items = [[self.encode(key), self.encode(item, strides)] for key, item in value.items()]
            return {"mapping": type(value).__name__, "items": items}
        if type(value).__module__ == "numpy":
            return {"numpy": str(value.dtype), "shape": list(value.shape), "values": flatten(value.tolist())}
        return {"text": masked(repr(value))}

    def _encode_tensor(self, tensor: Any, strides: bool) -> Any:
        name = type(tensor).__name__
        node = tensor.grad_fn
        encoded: dict[str, Any] = {
            "tensor": name,
            "dtype": str(tensor.dtype),
            "shape": [int(size) for size in tensor.shape],
            "requires_grad": bool(tensor.requires_grad),
            "node": None if node is None else node_name(node),
            "values": self._values(tensor),
        }
        if strides:
            encoded["strides"] = [int(stride) for stride in tensor.stride()]
        return encoded

    def _values(self, tensor: Any) -> list[Any]:
        try:
            return flatten(tensor.detach().tolist())
        except RuntimeError as error:
            # PyTorch has zeros without storage, in second derivatives of piecewise linear functions.
            if "unallocated storage" not in str(error):
                raise
            return [0.0] * math.prod(tensor.shape)

    # What programs call

    def show(self, *values: Any, strides: bool = True) -> None:
        """Record values: of a tensor dtype, shape, strides, requires_grad, node and every element exactly."""
        for value in values:
            self.shown.append(self.encode(value, strides))

    def graph(self, value: Any, depth: int = 3) -> None:
        """Record the names of the nodes behind a tensor (or several), with ``next_functions`` to the given depth."""
        if isinstance(value, (tuple, list)):
            for item in value:
                self.graph(item, depth)
        elif not isinstance(value, self.torch.Tensor):
            self.shown.append({"text": masked(repr(value))})
        elif value.grad_fn is None:
            self.shown.append({"graph": f"no grad_fn, requires_grad={value.requires_grad}"})
        else:
            self.shown.append({"graph": f"{walk(value.grad_fn, depth)} at {value.output_nr}"})

    def weight(self, tensor: Any, shift: int = 0) -> Any:
        """A tensor of the same shape whose elements are simple, nowhere zero and not all equal."""
        count = math.prod(tensor.shape)
        numbers = [((7 * (index + shift)) % 5 - 2) / 4 + 0.125 for index in range(count)]
        return self.torch.tensor(numbers, dtype=tensor.dtype).reshape(tuple(tensor.shape))

    def _derivatives(self, function: Callable[..., Any], inputs: Sequence[Any]) -> list[Any]:
        outputs = tensors_of(function(*inputs), self.torch)
        outputs = [output for output in outputs if output.requires_grad]
        weights = [self.weight(output, index) for index, output in enumerate(outputs)]
        gradients = self.torch.autograd.grad(outputs, list(inputs), weights, create_graph=True, allow_unused=True)
        return list(gradients)

    def gradient(self, function: Callable[..., Any], *inputs: Any) -> None:
        """Record first and second derivatives (products with fixed vectors) of a function at its inputs."""
        first = self._derivatives(function, inputs)
        self.show(*[None if grad is None else grad.detach() for grad in first], strides=False)
        live = [grad for grad in first if grad is not None and grad.requires_grad]
        if not live:
            self.shown.append({"text": "no second derivative"})
            return
        weights = [self.weight(grad, index + 3) for index, grad in enumerate(live)]
        try:
            second = self.torch.autograd.grad(live, list(inputs), weights, allow_unused=True)
        except (RuntimeError, NotImplementedError) as error:
            # Where PyTorch lacks a derivative we may have it (DESIGN 1).
            self.shown.append({"lacking": masked(f"{type(error).__name__}: {error}")})
        else:
            self._show_without_signs(second)

    def _show_without_signs(self, values: Sequence[Any]) -> None:
        """Record values with every zero positive: the sign of a zero deep in a derivative is an accident."""
        for value in values:
            encoded = self.encode(value, strides=False)
            if isinstance(encoded, dict) and "values" in encoded:
                encoded["values"] = [0.0 if number == 0 else number for number in encoded["values"]]
            self.shown.append(encoded)

    def gradient_nodes(self, function: Callable[..., Any], *inputs: Any) -> None:
        """Record which nodes made the gradients of a function when they are recorded themselves."""
        for grad in self._derivatives(function, inputs):
            if grad is None:
                self.shown.append(None)
            else:
                self.graph(grad, depth=0)

    def forward_mode(self, function: Callable[..., Any], *inputs: Any) -> None:
        """Record the product of the Jacobian with fixed tangents, by forward mode."""
        forward = self.torch.autograd.forward_ad
        with forward.dual_level():
            duals = [
                forward.make_dual(tensor.detach(), self.weight(tensor, index)) for index, tensor in enumerate(inputs)
            ]
            try:
                outputs = tensors_of(function(*duals), self.torch)
                tangents = [forward.unpack_dual(output).tangent for output in outputs]
            except NotImplementedError as error:
                self.shown.append({"lacking": masked(f"{type(error).__name__}: {error}")})
                return
            self._show_without_signs(tangents)


def tensors_of(value: Any, torch: Any) -> list[Any]:
    """The tensors of a result, which may be one or a tuple of several."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [item for item in value if isinstance(item, torch.Tensor)]


def node_name(node: Any) -> str:
    """A node's name without C++ namespaces."""
    return str(node.name()).rsplit("::", 1)[-1]


def walk(node: Any, depth: int) -> str:
    """A node and what it leads to, as text: ``Name(child, child#output, -)``."""
    if not node.next_functions:
        return node_name(node)
    if depth == 0:
        return f"{node_name(node)}(…)"
    children = []
    for child, output in node.next_functions:
        if child is None:
            children.append("-")
        else:
            children.append(walk(child, depth - 1) + (f"#{output}" if output else ""))
    return f"{node_name(node)}({', '.join(children)})"
