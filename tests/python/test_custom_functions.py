"""``autograd.Function``: recording, saving, in-place changes, errors, higher derivatives.

Values as PyTorch gives them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

import rushlight as torch
from rushlight.autograd import Function


class Scale(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, factor: float) -> Any:
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient * ctx.factor, None


class Square(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def leaf() -> Any:
    return torch.tensor([1.0, 2.0], requires_grad=True)


def test_ctx_is_the_node() -> None:
    x = leaf()
    y = Scale.apply(x, 3.0)
    assert y.tolist() == [3.0, 6.0]
    node = y.grad_fn
    assert node is y.grad_fn
    assert type(node).__name__ == node.name() == "ScaleBackward"
    assert repr(node).startswith("<torch.autograd.function.ScaleBackward object at 0x")
    assert node.factor == 3.0
    assert node.needs_input_grad == (True, False)
    assert node.saved_tensors[0] is x
    assert len(node.next_functions) == 1
    assert node.next_functions[0][0].variable is x
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_nothing_is_recorded_without_need() -> None:
    assert Scale.apply(torch.ones(2), 2.0).grad_fn is None
    with torch.no_grad():
        assert Scale.apply(leaf(), 2.0).requires_grad is False


def test_second_derivative() -> None:
    x = leaf()
    (first,) = torch.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    assert first.tolist() == [2.0, 4.0]
    (second,) = torch.autograd.grad(first.sum(), x)
    assert second.tolist() == [2.0, 2.0]


def test_saved_values_are_guarded() -> None:
    x = leaf()
    w = x * 1
    y = Square.apply(w)
    with torch.no_grad():
        w.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_saved_values_are_freed() -> None:
    y = Square.apply(leaf())
    y.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.grad_fn.saved_tensors
    assert y.grad_fn.to_save is None


class TooFew(Scale):
    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient


class ForNumber(Scale):
    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient, gradient


class Excess(Scale):
    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient, None, None, None


class NoTensor(Scale):
    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return 5, None


class WrongShape(Scale):
    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return torch.ones(3), None


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (
            TooFew,
            RuntimeError,
            "function TooFewBackward returned an incorrect number of gradients (expected 2, got 1)",
        ),
        (
            ForNumber,
            RuntimeError,
            "function ForNumberBackward returned a gradient different than None at position 2, "
            "but the corresponding forward input was not a Variable",
        ),
        (NoTensor, RuntimeError, "expected Variable or None (got int)"),
        (
            WrongShape,
            RuntimeError,
            "Function WrongShapeBackward returned an invalid gradient at index 0 - got [3] "
            "but expected shape compatible with [2]",
        ),
    ],
)
def test_wrong_gradients(function: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        function.apply(leaf(), 3.0).sum().backward()
    assert str(caught.value) == message


def test_excess_of_none_is_taken() -> None:
    x = leaf()
    Excess.apply(x, 3.0).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


class Same(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient * 5


def test_an_input_returned_becomes_a_view() -> None:
    x = leaf()
    y = Same.apply(x)
    assert y is not x
    assert y._is_view()
    assert y._base is x
    assert y.grad_fn.name() == "SameBackward"
    with pytest.raises(RuntimeError, match="created inside a custom Function"):
        y.add_(1)
    plain = torch.ones(2)
    assert Same.apply(plain) is not plain
    y.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]


class InPlace(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient * 5


def test_in_place() -> None:
    x = leaf()
    w = x * 1
    result = InPlace.apply(w)
    assert result is w
    assert w.grad_fn.name() == "InPlaceBackward"
    assert w._version == 2
    w.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad has been used"):
        InPlace.apply(leaf())


def test_in_place_on_a_view() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    w = x * 1
    part = w[0:1]
    InPlace.apply(part)
    assert type(w.grad_fn).__name__ == "CopySlices"
    assert type(part.grad_fn).__name__ == "AsStridedBackward0"
    w.sum().backward()
    assert x.grad.tolist() == [5.0, 1.0]


class DirtyNotReturned(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        return x + 1

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        return gradient


def test_what_is_dirty_must_be_returned() -> None:
    with pytest.raises(RuntimeError, match="Some elements marked as dirty during the forward method were not returned"):
        DirtyNotReturned.apply(leaf() * 1)


class Several(Function):
    seen: tuple[Any, ...] = ()

    @staticmethod
    def forward(ctx: Any, x: Any, materialize: bool) -> Any:
        ctx.set_materialize_grads(materialize)
        fixed = x * 2
        ctx.mark_non_differentiable(fixed)
        return fixed, x * 3, "text", None

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        Several.seen = gradients
        return gradients[1], None


def test_several_outputs() -> None:
    x = leaf()
    fixed, tripled, text, nothing = Several.apply(x, True)
    assert (fixed.requires_grad, text, nothing) == (False, "text", None)
    assert tripled.grad_fn.name() == "SeveralBackward"
    tripled.sum().backward()
    assert Several.seen[0].tolist() == [0.0, 0.0]
    assert x.grad.tolist() == [1.0, 1.0]
    Several.apply(x, False)[1].sum().backward()
    assert Several.seen[0] is None


class SaveNumber(Same):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(5)
        return x * 2


def test_only_tensors_are_saved() -> None:
    with pytest.raises(TypeError, match="save_for_backward can only save variables, but argument 0 is of type int"):
        SaveNumber.apply(leaf())


class Product(Function):
    @staticmethod
    def forward(a: Any, b: Any) -> Any:
        return a * b

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        a, b = ctx.saved_tensors
        return gradient * b, gradient * a


def test_setup_context() -> None:
    x = leaf()
    Product.apply(x, x * 2).sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]


class TroubleError(Exception):
    """An error of the user's own."""


class Raises(Same):
    error = TroubleError("as it is")

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        raise Raises.error


def test_errors_pass_through_as_the_same_object() -> None:
    with pytest.raises(TroubleError) as caught:
        Raises.apply(leaf()).sum().backward()
    assert caught.value is Raises.error


def test_errors_of_hooks_pass_through() -> None:
    error = TroubleError("of a hook")

    def hook(gradient: Any) -> None:
        raise error

    x = leaf()
    x.register_hook(hook)
    with pytest.raises(TroubleError) as caught:
        (x * 2).sum().backward()
    assert caught.value is error


def test_a_ctx_that_holds_its_result_is_collected() -> None:
    y = Scale.apply(leaf(), 2.0)
    y.grad_fn.result = y
    alive = weakref.ref(y.grad_fn)
    del y
    gc.collect()
    assert alive() is None


def test_hooks_return_what_they_may() -> None:
    x = leaf()
    handle = x.register_hook(lambda gradient: gradient * 10)
    (x * 1).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]
    handle.remove()
    x.grad = None
    (x * 1).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    with x.register_hook(lambda gradient: 5), pytest.raises(TypeError) as caught:
        (x * 1).sum().backward()
    assert str(caught.value) == "expected Variable, but hook returned 'int'"

    def first(gradient: Any) -> Any:
        return gradient[0]

    with x.register_hook(first), pytest.raises(RuntimeError, match="hook 'first' has changed the size of value"):
        (x * 1).sum().backward()


def test_hooks_of_nodes() -> None:
    x = leaf()
    y = x * 1
    seen: list[Any] = []
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((inputs, outputs)))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    ((inputs, outputs),) = seen
    assert inputs[0].tolist() == [2.0, 2.0]
    assert inputs[1] is None
    assert outputs[0].tolist() == [2.0, 2.0]
