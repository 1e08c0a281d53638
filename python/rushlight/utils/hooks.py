"""Handles to remove hooks, and the node that carries a module's backward hooks."""

from __future__ import annotations

from collections import OrderedDict
from weakref import ref

from .._C import Tensor
from .._warnings import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self

__all__ = ["BackwardHook", "RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]


class RemovableHandle:
    """Removes a hook: with ``remove()``, or at the end of a ``with`` block.

    Args:
        hooks_dict: the hooks, by the handle's ``id``.
        extra_dict: one or several further dicts with entries under the same ``id``.
    """

    id: int
    hooks_dict_ref: Any
    next_id: int = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        self.hooks_dict_ref = ref(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        self.extra_dict_ref: tuple[Any, ...] = ()
        if isinstance(extra_dict, dict):
            self.extra_dict_ref = (ref(extra_dict),)
        elif isinstance(extra_dict, list):
            self.extra_dict_ref = tuple(ref(extra) for extra in extra_dict)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        for reference in (self.hooks_dict_ref, *self.extra_dict_ref):
            hooks = reference()
            if hooks is not None and self.id in hooks:
                del hooks[self.id]

    def __getstate__(self) -> tuple[Any, ...]:
        if not self.extra_dict_ref:
            return (self.hooks_dict_ref(), self.id)
        return (self.hooks_dict_ref(), self.id, tuple(reference() for reference in self.extra_dict_ref))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        # A hook that was gone when the handle was pickled still needs something to refer to.
        self.hooks_dict_ref = ref(OrderedDict() if state[0] is None else state[0])
        self.id = state[1]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)
        extra = state[2] if len(state) > 2 else ()
        self.extra_dict_ref = tuple(ref(OrderedDict() if hooks is None else hooks) for hooks in extra)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.remove()


def unserializable_hook(f: Any) -> Any:
    """Mark a hook with which a tensor cannot be pickled."""
    f.__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor: Tensor) -> None:
    """Warn that a tensor's hooks will not be pickled."""
    for hook in (getattr(tensor, "_backward_hooks", None) or {}).values():
        if not hasattr(hook, "__torch_unserializable__"):
            warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, you can decorate the "
                "function with @torch.utils.hooks.unserializable_hook to suppress this warning"
            )


class BackwardHook:
    """Calls a module's backward hooks with the gradients of its inputs and outputs.

    An identity node is put before the module's inputs and one after its outputs. The gradients that arrive at the
    second are those of the outputs; those that arrive at the first, the inputs'.
    """

    def __init__(self, module: Any, user_hooks: Sequence[Any], user_pre_hooks: Sequence[Any]) -> None:
        self.module = module
        self.user_hooks = user_hooks
        self.user_pre_hooks = user_pre_hooks
        self.grad_outputs: tuple[Tensor | None, ...] | None = None
        self.output_count = -1
        self.output_indices: list[int] = []
        self.input_count = -1
        self.input_indices: list[int] | None = None

    @staticmethod
    def _spread(indices: list[int], values: Sequence[Any], count: int) -> tuple[Any, ...]:
        """The values at their places in a tuple of the given length, ``None`` elsewhere."""
        spread: list[Any] = [None] * count
        for index, value in zip(indices, values, strict=True):
            spread[index] = value
        return tuple(spread)

    def _through_node(self, args: tuple[Any, ...], attach: Callable[[Any], None]) -> tuple[Any, list[int] | None]:
        from .. import is_grad_enabled
        from ..nn.modules._functions import BackwardHookFunction

        indices = [index for index, arg in enumerate(args) if isinstance(arg, Tensor)]
        tensors = [args[index] for index in indices]
        if not (is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
            return args, None
        passed = BackwardHookFunction.apply(*tensors)
        if isinstance(passed, Tensor):
            passed = (passed,)
        nodes = [tensor.grad_fn for tensor in passed if tensor.grad_fn is not None]
        if not nodes or nodes[0].name() != "BackwardHookFunctionBackward":
            raise RuntimeError("Error while setting up backward hooks. Please open an issue with a code sample.")
        attach(nodes[0])
        replaced = list(args)
        for index, tensor in zip(indices, passed, strict=True):
            replaced[index] = tensor
        # A named tuple is made from its fields, one by one.
        made = type(args)(*replaced) if hasattr(args, "_fields") else type(args)(replaced)
        return made, indices

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put the node before the module."""

        def attach(node: Any) -> None:
            def hook(grad_input: Any, _: Any) -> Any:
                if self.grad_outputs is None:
                    # The outputs' node has not run: no gradient has come through the module yet.
                    return None
                indices = self.input_indices or []
                gradients = self._spread(indices, grad_input, self.input_count)
                result: Any = None
                for user_hook in self.user_hooks:
                    result = user_hook(self.module, gradients, self.grad_outputs)
                    if result is None:
                        continue
                    if not isinstance(result, tuple):
                        result = (result,)
                    if len(result) != len(gradients):
                        raise RuntimeError(
                            "Backward hook returned an invalid number of grad_input, "
                            f"got {len(result)}, but expected {len(gradients)}"
                        )
                    gradients = result
                self.grad_outputs = None
                return None if gradients is grad_input else tuple(gradients[index] for index in indices)

            node.register_hook(hook)

        made: tuple[Any, ...]
        made, indices = self._through_node(args, attach)
        self.input_count = len(args)
        self.input_indices = indices
        return made

    def setup_output_hook(self, args: Any) -> Any:
        """Put the node after the module."""

        def attach(node: Any) -> None:
            def hook(_: Any, grad_output: tuple[Any, ...]) -> Any:
                self.grad_outputs = self._spread(self.output_indices, grad_output, self.output_count)
                for user_pre_hook in self.user_pre_hooks:
                    result = user_pre_hook(self.module, self.grad_outputs)
                    if result is None:
                        continue
                    if not isinstance(result, tuple):
                        result = (result,)
                    if len(result) != len(self.grad_outputs):
                        raise RuntimeError(
                            "Backward pre hook returned an invalid number of grad_output, "
                            f"got {len(result)}, but expected {len(self.grad_outputs)}"
                        )
                    self.grad_outputs = result
                outputs = self.grad_outputs
                if self.input_indices is not None:
                    return tuple(outputs[index] for index in self.output_indices)
                # No input requires grad: nothing more will come, so the hooks are called now.
                gradients: tuple[Any, ...] = (None,) * self.input_count
                for user_hook in self.user_hooks:
                    result = user_hook(self.module, gradients, outputs)
                    if result is not None and not (
                        isinstance(result, tuple) and all(element is None for element in result)
                    ):
                        raise RuntimeError(
                            "Backward hook for Modules where no input requires gradient should "
                            "always return None or None for all gradients."
                        )
                self.grad_outputs = None
                return tuple(outputs[index] for index in self.output_indices)

            node.register_prehook(lambda grad_output: hook(None, grad_output))

        single = not isinstance(args, tuple)
        values = (args,) if single else args
        self.output_count = len(values)
        self.output_indices = [index for index, value in enumerate(values) if isinstance(value, Tensor)]
        made, _ = self._through_node(values, attach)
        return made[0] if single else made
