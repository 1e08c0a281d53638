"""Operations of the user's own: subclasses of ``Function``.

A subclass says how to compute (``forward``), how to go back (``backward`` or its other name ``vjp``) and, if wanted,
forward mode (``jvp``). The metaclass makes one more class for each: the node that the graph holds. An instance of it
is both ``ctx`` and ``grad_fn``. Recording, saving and calling back are done in Rust (``_C._FunctionBase``).
"""

from __future__ import annotations

from .. import _C
from .._C import Tensor
from .._warnings import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "BackwardCFunction",
    "Function",
    "FunctionCtx",
    "FunctionMeta",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]


# What `print(y.grad_fn)` shows before the node's name; PyTorch's, whether or not `install()` was called.
_NODE_MODULE = "torch.autograd.function"


class FunctionCtx:
    """What ``forward`` tells ``backward``; also the node of the graph."""

    to_save: tuple[Tensor | None, ...]
    saved_for_forward: tuple[Tensor | None, ...]
    dirty_tensors: tuple[Tensor, ...]
    non_differentiable: tuple[Tensor, ...]
    materialize_grads: bool

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for ``backward``, where they are found again in ``ctx.saved_tensors``.

        Tensors kept this way are checked: one that has been changed in place since raises when it is read.
        """
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for ``jvp``, where they are found again in ``ctx.saved_tensors``."""
        for tensor in tensors:
            if not (tensor is None or isinstance(tensor, Tensor)):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; "
                    "you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs ``forward`` has changed in place."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no derivative, such as indices."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether a missing gradient reaches ``backward`` as zeros (the default) or as ``None``."""
        self.materialize_grads = value


class BackwardCFunction(_C._FunctionBase, FunctionCtx):
    """The node that stands for a ``Function`` in the graph. The engine calls ``apply``."""

    _forward_cls: type[Function]

    def apply(self, *args: Any) -> Any:
        """Run the user's ``backward`` (or ``vjp``) on the gradients of the outputs."""
        backward = self._forward_cls.backward
        vjp = self._forward_cls.vjp
        if vjp is Function.vjp:
            return backward(self, *args)
        if backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. "
                "You should only implement one of them."
            )
        return vjp(self, *args)

    def apply_jvp(self, *args: Any) -> Any:
        """Run the user's ``jvp`` on the tangents of the inputs."""
        return self._forward_cls.jvp(self, *args)


class FunctionMeta(type):
    """Makes the class of a function's node (``_backward_cls``) with the function itself.

    It also notes what the function defines, so that ``_C`` need not compare functions at each call.
    """

    _backward_cls: type[BackwardCFunction]
    _has_setup_context: bool
    _has_jvp: bool

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        cls._backward_cls = type(
            f"{name}Backward", (BackwardCFunction,), {"_forward_cls": cls, "__module__": _NODE_MODULE}
        )
        cls._has_setup_context = _overrides(cls, "setup_context")
        cls._has_jvp = _overrides(cls, "jvp")
        super().__init__(name, bases, attrs)


def _overrides(cls: type, name: str) -> bool:
    """Whether a class below ``Function`` defines the method."""
    for base in cls.__mro__:
        if base.__module__.endswith("autograd.function") and base.__name__ == "Function":
            return False
        if name in base.__dict__:
            return True
    return False


class Function(_C._FunctionBase, FunctionCtx, metaclass=FunctionMeta):
    """Base of operations of your own; use them with ``apply``.

    Example:
        >>> import rushlight as torch
        >>> class Square(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, grad_output):
        ...         (x,) = ctx.saved_tensors
        ...         return 2 * x * grad_output
        >>> x = torch.tensor(3.0, requires_grad=True)
        >>> Square.apply(x).backward()
        >>> x.grad
        tensor(6.)
    """

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    boxed_grads_call = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raises: functions are used through ``apply``."""
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. "
            "(Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Compute, and record the function as one node of the graph."""
        if kwargs:
            args = _positional(cls, args, kwargs)
        return _C._apply_function(cls, *args)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` together with ``setup_context``."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Fill ``ctx`` after a ``forward`` that takes none."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """One gradient for each input of ``forward``, from one for each output."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """One tangent for each output of ``forward``, from one for each input."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """How the function acts on a batch."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )


def _positional(cls: type[Function], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments by position for a function with ``setup_context``; without it PyTorch takes no keywords either."""
    if cls.setup_context is Function.setup_context:
        raise TypeError("apply() takes no keyword arguments")
    from inspect import signature

    bound = signature(cls.forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


class _Once(Function):
    """Passes values through, and refuses to be differentiated: the second derivative of a once-differentiable rule."""

    @staticmethod
    def forward(ctx: Any, *values: Any) -> Any:
        detached = tuple(None if value is None else value.detach() for value in values)
        return detached[0] if len(detached) == 1 else detached

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


_Once._backward_cls.__name__ = _Once._backward_cls.__qualname__ = "torch::autograd::Error"


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that cannot be differentiated again; differentiating it raises, rather than being wrong."""
    from functools import wraps

    from .grad_mode import no_grad

    @wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args, **kwargs)
        if not _C.is_grad_enabled():
            return outputs
        # As PyTorch, this looks at the gradients that come in, not at what was saved: where they do not require grad,
        # the result is a constant for whatever differentiates it.
        if not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
            return outputs
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        leaves = [None if value is None else value.detach().requires_grad_() for value in several]
        return _Once.apply(*leaves)

    return wrapper


class InplaceFunction(Function):
    """Kept because old programs name it; nothing but a ``Function``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """PyTorch's legacy function with nested inputs; not supported."""

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Raises: pass the tensors to a ``Function`` one by one instead."""
        raise NotImplementedError("NestedIOFunction is not supported: pass the tensors to a Function one by one")
