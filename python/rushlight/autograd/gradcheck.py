"""Checking derivatives against differences: ``gradcheck`` and ``gradgradcheck``.

The Jacobian is computed twice: by the rules (row by row in reverse mode, column by column in forward mode) and by
central differences of the function itself, and the two must agree. Further checks ask what a rule easily gets wrong:
that it multiplies by the gradient it is given, gives the same twice, and bears a gradient that is missing.
"""

from __future__ import annotations

import sys
from itertools import product
from types import ModuleType

from .. import _C
from .._C import Tensor
from .._warnings import warn
from . import forward_ad, grad
from .function import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Jacobian = list[list[Tensor]]

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_NONDETERMINISM = """\n
NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""


class GradcheckError(RuntimeError):
    """A derivative is wrong."""


class _Undefined(Function):
    """The identity, whose gradient is missing."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> None:
        return None


def _as_tuple(values: Any) -> tuple[Any, ...]:
    if isinstance(values, (tuple, list)):
        return tuple(values)
    return (values,)


def _differentiable(values: Any) -> tuple[Tensor, ...]:
    return tuple(value for value in _as_tuple(values) if isinstance(value, Tensor) and value.requires_grad)


def _indices(tensor: Tensor) -> Iterator[tuple[int, ...]]:
    """The index of each element, in row-major order."""
    return product(*[range(length) for length in tensor.shape])


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    found = False
    for position, value in enumerate(inputs):
        if not (isinstance(value, Tensor) and value.requires_grad):
            continue
        found = True
        if value.dtype not in {_C.float64, getattr(_C, "complex128", None)}:
            warn(
                f"Input #{position} requires gradient and is not a double precision floating point or complex. "
                "This check will likely fail if all the inputs are not of double precision floating point or complex. "
            )
        if not all(stride > 0 or length <= 1 for stride, length in zip(value.stride(), value.shape, strict=True)):
            raise RuntimeError(
                f"The {position}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


class _Check:
    """One run of ``gradcheck``: the function, where it is checked, and how closely."""

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: tuple[Any, ...],
        *,
        eps: float,
        atol: float,
        rtol: float,
        nondet_tol: float,
        check_grad_dtypes: bool,
    ) -> None:
        self.func = func
        self.inputs = inputs
        self.eps = eps
        self.atol = atol
        self.rtol = rtol
        self.nondet_tol = nondet_tol
        self.check_grad_dtypes = check_grad_dtypes
        self.wanted = [value for value in inputs if isinstance(value, Tensor) and value.requires_grad]
        self.results = _as_tuple(func(*inputs))
        self.outputs = _differentiable(self.results)

    def evaluate(self) -> tuple[Tensor, ...]:
        # Cloned, because the function may hand out its input.
        return tuple(
            value.detach().clone() for value in _as_tuple(self.func(*self.inputs)) if isinstance(value, Tensor)
        )

    def numerical(self) -> Jacobian:
        """For each input and each result, ``(input elements, result elements)`` by central differences."""
        jacobians = []
        for tensor in self.wanted:
            # `.data` shares the memory and not the version, so the change is not noticed.
            data = tensor.data
            columns: list[tuple[Tensor, ...]] = []
            for index in _indices(data):
                entry = data[index]
                original = entry.clone()
                entry.copy_(original - self.eps)
                before = self.evaluate()
                entry.copy_(original + self.eps)
                after = self.evaluate()
                entry.copy_(original)
                columns.append(
                    tuple(self._difference(low, high, index) for low, high in zip(before, after, strict=True))
                )
            results = [value for value in self.results if isinstance(value, Tensor)]
            jacobians.append(
                [
                    _C.stack([column[position] for column in columns])
                    if columns
                    else tensor.new_zeros((0, result.numel()))
                    for position, result in enumerate(results)
                ]
            )
        return jacobians

    def _difference(self, low: Tensor, high: Tensor, index: tuple[int, ...]) -> Tensor:
        for what, first, second in (("shape", low.shape, high.shape), ("dtype", low.dtype, high.dtype)):
            if first != second:
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed on index "
                    f"{index} by {self.eps}, but got: {what}s {first} and {second}."
                )
        return ((high - low) / (2 * self.eps)).reshape(-1)

    def reverse(self, output: Tensor) -> list[Tensor]:
        """For each input, ``(input elements, output elements)`` by one backward for each element of the output."""
        first = self._rows(output)
        second = self._rows(output)
        if any(
            x.numel() != 0 and bool((x - y).abs().max() > self.nondet_tol) for x, y in zip(first, second, strict=True)
        ):
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                "gives different values, although analytical gradient matches numerical gradient."
                f"The tolerance for nondeterminism was {self.nondet_tol}.{_NONDETERMINISM}"
            )
        return first

    def _rows(self, output: Tensor) -> list[Tensor]:
        jacobians = [tensor.new_zeros((tensor.numel(), output.numel())) for tensor in self.wanted]
        types_match = sizes_match = True
        seed = _C.zeros_like(output)
        for row, index in enumerate(_indices(output)):
            seed.zero_()
            seed[index] = 1.0
            gradients = grad(output, self.wanted, seed, retain_graph=True, allow_unused=True)
            for tensor, gradient, jacobian in zip(self.wanted, gradients, jacobians, strict=True):
                if gradient is None:
                    continue
                if gradient.shape != tensor.shape:
                    sizes_match = False
                    continue
                if gradient.dtype != tensor.dtype:
                    types_match = False
                jacobian[:, row] = gradient.detach().reshape(-1)
        if not types_match and self.check_grad_dtypes:
            raise GradcheckError("Gradient has dtype mismatch")
        if not sizes_match:
            raise GradcheckError("Analytical gradient has incorrect size")
        return jacobians

    def tangents(self, wanted: dict[int, Tensor]) -> list[Tensor | None]:
        """The tangent of each result, for given tangents of some inputs; inside a dual level."""
        inputs = [
            forward_ad.make_dual(value.detach(), wanted[position]) if position in wanted else value
            for position, value in enumerate(self.inputs)
        ]
        results = _as_tuple(self.func(*inputs))
        return [
            forward_ad.unpack_dual(value).tangent
            for value in results
            if isinstance(value, Tensor) and value.is_floating_point()
        ]

    def forward(self) -> Jacobian:
        """For each input and each result, ``(input elements, result elements)`` by one tangent for each element."""
        results = [value for value in self.results if isinstance(value, Tensor) and value.is_floating_point()]
        positions = [
            position for position, value in enumerate(self.inputs) if isinstance(value, Tensor) and value.requires_grad
        ]
        jacobians = []
        for chosen, tensor in zip(positions, self.wanted, strict=True):
            found = [result.new_zeros((tensor.numel(), result.numel())) for result in results]
            for row, index in enumerate(_indices(tensor)):
                with forward_ad.dual_level():
                    seeds = {position: _C.zeros_like(self.inputs[position]).detach() for position in positions}
                    seeds[chosen][index] = 1.0
                    for jacobian, tangent in zip(found, self.tangents(seeds), strict=True):
                        if tangent is not None:
                            jacobian[row] = tangent.detach().reshape(-1)
            jacobians.append(found)
        return jacobians

    def compare(self, analytical: Tensor, numerical: Tensor, output: int, position: int, *, forward: bool) -> None:
        common = _C.promote_types(analytical.dtype, numerical.dtype)
        if not _C.allclose(analytical.to(dtype=common), numerical.to(dtype=common), self.rtol, self.atol):
            mode = "computed with forward mode " if forward else ""
            raise GradcheckError(
                f"Jacobian {mode}mismatch for output {output} with respect to input {position},\n"
                f"numerical:{numerical}\nanalytical:{analytical}\n"
            )

    def jacobians(self, *, forward: bool) -> None:
        """Compare all Jacobians in one mode."""
        numerical = self.numerical()
        if not self.outputs:
            if any(bool(jacobian.ne(0).any()) for found in numerical for jacobian in found):
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        results = [value for value in self.results if isinstance(value, Tensor)]
        kept = [position for position, value in enumerate(results) if value.requires_grad]
        if forward:
            floating = [position for position, value in enumerate(results) if value.is_floating_point()]
            analytical = self.forward()
            for output, result in enumerate(kept):
                for position, found in enumerate(analytical):
                    self.compare(
                        found[floating.index(result)], numerical[position][result], output, position, forward=True
                    )
            return
        for output, result in enumerate(kept):
            for position, found_one in enumerate(self.reverse(self.outputs[output])):
                self.compare(found_one, numerical[position][result], output, position, forward=False)

    def multiplies_by_gradient(self) -> None:
        """Zero gradients of the outputs must give zero gradients of the inputs."""
        gradients = grad(self.outputs, self.wanted, [_C.zeros_like(o) for o in self.outputs], allow_unused=True)
        for gradient, tensor in zip(gradients, self.wanted, strict=True):
            if gradient is None:
                continue
            if not bool(gradient.eq(0).all()):
                raise GradcheckError("backward not multiplied by grad_output")
            if gradient.dtype != tensor.dtype:
                raise GradcheckError("grad is incorrect type")
            if gradient.shape != tensor.shape:
                raise GradcheckError("grad is incorrect size")

    def undefined_backward(self) -> None:
        """Missing gradients of the outputs count as zeros."""
        count = len(self.outputs)
        for missing in [set(range(count)), *([{position} for position in range(count)] if count > 1 else [])]:
            outputs = [
                _Undefined.apply(output) if position in missing else output
                for position, output in enumerate(_differentiable(self.func(*self.inputs)))
            ]
            seeds = [_C.zeros_like(output) for output in outputs]
            try:
                gradients: tuple[Tensor | None, ...] = grad(outputs, self.wanted, seeds, allow_unused=True)
            except RuntimeError as error:
                _warn_undefined()
                raise GradcheckError(
                    "Expected backward function to handle undefined output grads. Please look at "
                    '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
                ) from error
            if any(gradient is not None and not bool(gradient.eq(0).all()) for gradient in gradients):
                _warn_undefined()
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
                    'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
                )

    def undefined_forward(self) -> None:
        """An input without a tangent counts as one with zeros."""
        positions = [
            position for position, value in enumerate(self.inputs) if isinstance(value, Tensor) and value.requires_grad
        ]
        for chosen in positions:
            with forward_ad.dual_level():
                seeds = {position: _C.rand_like(self.inputs[position]).detach() for position in positions}
                seeds[chosen] = _C.zeros_like(seeds[chosen])
                zero = self.tangents(seeds)
                del seeds[chosen]
                missing = self.tangents(seeds)
                for output, (first, second) in enumerate(zip(zero, missing, strict=True)):
                    if first is not None and second is not None and not _C.allclose(first, second):
                        raise GradcheckError(
                            "Mismatch in tangent values for output with index: ",
                            output,
                            " when input: ",
                            self.inputs[chosen],
                            " has an undefined tangent value. ",
                            " Got: ",
                            first,
                            " but expected: ",
                            second,
                        )


def _warn_undefined() -> None:
    warn(
        "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may "
        "break existing callers of this function. If this is true for you, you can call this function with "
        '"check_undefined_grad=False" to disable the feature'
    )


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the derivatives of a function against central differences.

    Args:
        func: takes the inputs and returns a tensor or several.
        inputs: a tensor or several; those that require grad should be ``float64``.
        eps: the step of the differences.
        atol: how far the two may be apart, absolutely.
        rtol: and relatively.
        raise_exception: raise where they differ, rather than return False.
        nondet_tol: how far two runs of backward may be apart.
        check_undefined_grad: also check gradients that are missing.
        check_grad_dtypes: also check the dtypes of gradients.
        check_batched_grad: not supported yet.
        check_batched_forward_grad: not supported yet.
        check_forward_ad: check forward mode.
        check_backward_ad: check reverse mode.
        fast_mode: accepted; the whole Jacobian is checked in any case, which finds more.
        masked: concerns sparse tensors, which there are not.

    Returns:
        Whether they agree.

    Raises:
        GradcheckError: they do not.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
        >>> torch.autograd.gradcheck(torch.sin, (x,))
        True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    if check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError("gradcheck: batched gradients are not supported yet (see docs/supported.md)")
    tensors = _as_tuple(inputs)
    _check_inputs(tensors)
    try:
        check = _Check(
            func,
            tensors,
            eps=eps,
            atol=atol,
            rtol=rtol,
            nondet_tol=nondet_tol,
            check_grad_dtypes=check_grad_dtypes,
        )
        if check_backward_ad:
            check.jacobians(forward=False)
        if check_forward_ad:
            check.jacobians(forward=True)
            if check_undefined_grad:
                check.undefined_forward()
        if check_backward_ad and check.outputs:
            check.multiplies_by_gradient()
            if check_undefined_grad:
                check.undefined_backward()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives: ``gradcheck`` of the gradient, with respect to inputs and ``grad_outputs``.

    Args:
        func: as for ``gradcheck``.
        inputs: as for ``gradcheck``.
        grad_outputs: weights of the outputs; drawn at random by default.
        eps: as for ``gradcheck``.
        atol: as for ``gradcheck``.
        rtol: as for ``gradcheck``.
        gen_non_contig_grad_outputs: draw weights that are not contiguous.
        raise_exception: as for ``gradcheck``.
        nondet_tol: as for ``gradcheck``.
        check_undefined_grad: as for ``gradcheck``.
        check_grad_dtypes: as for ``gradcheck``.
        check_batched_grad: not supported yet.
        check_fwd_over_rev: check forward mode over reverse mode.
        check_rev_over_rev: check reverse mode over reverse mode.
        fast_mode: as for ``gradcheck``.
        masked: as for ``gradcheck``.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    tensors = _as_tuple(inputs)
    if grad_outputs is None:
        from ..testing import make_tensor

        weights = tuple(
            make_tensor(
                output.shape,
                dtype=output.dtype,
                device=output.device,
                low=-1,
                high=1,
                requires_grad=True,
                noncontiguous=gen_non_contig_grad_outputs,
            )
            for output in _differentiable(func(*tensors))
        )
    else:
        weights = _as_tuple(grad_outputs)
    count = len(tensors)
    wanted = {position for position, x in enumerate(tensors) if isinstance(x, Tensor) and x.requires_grad}
    weighted = {position for position, x in enumerate(weights) if x.requires_grad}

    def gradient(*args: Any) -> tuple[Tensor, ...]:
        given = tuple(x.requires_grad_() if position in wanted else x for position, x in enumerate(args[:count]))
        outputs = _differentiable(func(*given))
        seeds = tuple(x.requires_grad_() if position in weighted else x for position, x in enumerate(args[count:]))
        gradients: tuple[Tensor | None, ...] = grad(
            outputs, [given[position] for position in sorted(wanted)], seeds, create_graph=True, allow_unused=True
        )
        return tuple(value for value in gradients if value is not None)

    return gradcheck(
        gradient,
        tensors + weights,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


class _CallableModule(ModuleType):
    """Whoever imports this module before using the function finds it under the function's name: so it can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        """Check first derivatives."""
        return gradcheck(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
