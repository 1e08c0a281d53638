"""Switching the recording of gradients on and off: ``no_grad`` and its relatives.

Each is a context manager and a decorator. The mode itself is a flag per thread in the core; a context manager keeps
the value that it found and puts it back. Decorated generators run each of their steps under the mode and give the
caller's mode back at every ``yield``.
"""

from __future__ import annotations

from .. import _C
from .._warnings import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Self, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled"]

_is_grad_enabled = _C.is_grad_enabled
_set_grad_enabled = _C._set_grad_enabled


def _named(wrapper: F, name: str) -> F:
    """Give the wrapper's frame the context manager's name, as PyTorch does, so that tracebacks tell what it is."""
    code = wrapper.__code__
    wrapper.__code__ = code.replace(co_name=name, co_qualname=name)
    return wrapper


def _decorate_generator(make: Callable[[], _DecoratorContextManager], func: F, name: str) -> Callable[..., Any]:
    from functools import wraps

    @wraps(func)
    def stepped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = func(*args, **kwargs)
        step: Callable[..., Any] = generator.send
        arguments: tuple[Any, ...] = (None,)
        while True:
            try:
                with make():
                    produced = step(*arguments)
            except StopIteration as stop:
                return stop.value
            try:
                arguments = ((yield produced),)
                step = generator.send
            except GeneratorExit:
                with make():
                    generator.close()
                raise
            except BaseException as error:
                step = generator.throw
                arguments = (error,)

    return _named(stepped, name)


class _DecoratorContextManager:
    """A context manager of grad mode that also decorates functions."""

    def __call__(self, orig_func: F) -> F:
        from functools import wraps

        if isinstance(orig_func, type):
            warn(
                "Decorating classes is deprecated and will be disabled in future versions. "
                "You should only decorate functions or methods. To preserve the current behavior of class decoration, "
                "you can directly decorate the `__init__` method and nothing else.",
                FutureWarning,
            )
            cls = orig_func

            def construct(*args: Any, **kwargs: Any) -> Any:
                return cls(*args, **kwargs)

            construct.__name__ = construct.__qualname__ = "<lambda>"
            func: Callable[..., Any] = construct
        else:
            func = orig_func
        make = self.clone
        name = type(self).__name__
        if _is_generator_function(func):
            return _decorate_generator(make, func, name)  # type: ignore[return-value]

        @wraps(func)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with make():
                return func(*args, **kwargs)

        return _named(decorated, name)  # type: ignore[return-value]

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        raise NotImplementedError

    def clone(self) -> Self:
        """A fresh context manager of the same kind; one is made for each call of a decorated function."""
        return self.__class__()


_GENERATOR = 0x20  # inspect.CO_GENERATOR, without importing inspect


def _is_generator_function(func: Any) -> bool:
    func = getattr(func, "__func__", func)
    while hasattr(func, "func") and not hasattr(func, "__code__"):  # functools.partial
        func = func.func
    code = getattr(func, "__code__", None)
    return code is not None and bool(code.co_flags & _GENERATOR)


class _NoParamDecoratorContextManager(_DecoratorContextManager):
    """A context manager that decorates with and without parentheses."""

    if TYPE_CHECKING:

        def __init__(self, orig_func: Callable[..., Any] | None = None) -> None: ...

    else:

        def __new__(cls, orig_func=None):
            self = object.__new__(cls)
            if orig_func is None:
                return self
            self.__init__()
            return self(orig_func)


class no_grad(_NoParamDecoratorContextManager):
    """Record nothing inside: results do not require grad, whatever their inputs do.

    Factory functions with ``requires_grad=True`` are not affected. The mode belongs to the thread.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([1.0], requires_grad=True)
        >>> with torch.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
        >>> @torch.no_grad()
        ... def doubler(x):
        ...     return x * 2
        >>> doubler(x).requires_grad
        False
    """

    prev: bool = False

    def __enter__(self) -> None:
        self.prev = _is_grad_enabled()
        _set_grad_enabled(False)

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        _set_grad_enabled(self.prev)


class enable_grad(_NoParamDecoratorContextManager):
    """Record again, inside a ``no_grad``.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([1.0], requires_grad=True)
        >>> with torch.no_grad():
        ...     with torch.enable_grad():
        ...         y = x * 2
        >>> y.requires_grad
        True
    """

    prev: bool = False

    def __enter__(self) -> None:
        self.prev = _is_grad_enabled()
        _set_grad_enabled(True)

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        _set_grad_enabled(self.prev)


class set_grad_enabled(_DecoratorContextManager):
    """Switch recording on or off: at once as a function, until the end of the block as a context manager.

    Args:
        mode: whether gradients are recorded.

    Example:
        >>> import rushlight as torch
        >>> x = torch.tensor([1.0], requires_grad=True)
        >>> with torch.set_grad_enabled(False):
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    def __init__(self, mode: bool) -> None:
        self.prev = _is_grad_enabled()
        self.mode = mode
        _set_grad_enabled(mode)

    def __call__(self, orig_func: F) -> F:
        """Decorate a function."""
        # Making the decorator has switched the mode already; only the function's calls are meant.
        _set_grad_enabled(self.prev)
        return super().__call__(orig_func)

    def __enter__(self) -> None:
        _set_grad_enabled(self.mode)

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        _set_grad_enabled(self.prev)

    def __str__(self) -> str:
        from .._typename import typename

        return f"{typename(self)}(mode={self.mode})"

    __repr__ = __str__

    def clone(self) -> Self:
        """A fresh context manager with the same mode."""
        return self.__class__(self.mode)


class inference_mode(_DecoratorContextManager):
    """Like ``no_grad``, and stricter: tensors made inside can never take part in a recorded computation.

    Args:
        mode: whether the mode is on; or the function to decorate.

    Example:
        >>> import rushlight as torch
        >>> x = torch.ones(1, requires_grad=True)
        >>> with torch.inference_mode():
        ...     y = x * x
        >>> y.requires_grad, y.is_inference()
        (False, True)
    """

    mode: bool

    if TYPE_CHECKING:

        def __init__(self, mode: bool | Callable[..., Any] = True) -> None: ...

    else:

        def __new__(cls, mode=True):
            """Make the context manager, or decorate a function given in its place."""
            if isinstance(mode, bool):
                return object.__new__(cls)
            return cls()(mode)

        def __init__(self, mode=True):
            self.mode = mode

    def __enter__(self) -> None:
        self._inference_mode_context = _C._InferenceMode(self.mode)
        self._inference_mode_context.__enter__()

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        self._inference_mode_context.__exit__(exc_type, exc_value, traceback)

    def clone(self) -> Self:
        """A fresh context manager with the same mode."""
        return self.__class__(self.mode)


class set_multithreading_enabled(_DecoratorContextManager):
    """Accepted for PyTorch's sake: the engine of a CPU runs on the calling thread in any case.

    Args:
        mode: remembered and reported, without effect.
    """

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        """Nothing to switch."""

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        """Nothing to put back."""

    def clone(self) -> Self:
        """A fresh context manager with the same mode."""
        return self.__class__(self.mode)
