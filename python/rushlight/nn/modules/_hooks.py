"""The part of ``Module`` that concerns hooks: registering them, and calls while there are some.

Modules without hooks never come here: see ``Module.__call__``.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from ..._C import Tensor
from ..._warnings import warn
from ...utils.hooks import BackwardHook, RemovableHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Hook = Callable[..., Any]
    Hooks = OrderedDict[int, Hook]

# Hooks on every module of the program. The one-element list is the fast path's only question about them.
any_global: list[bool] = [False]
forward_pre_hooks: Hooks = OrderedDict()
forward_hooks: Hooks = OrderedDict()
forward_hooks_with_kwargs: OrderedDict[int, bool] = OrderedDict()
forward_hooks_always_called: OrderedDict[int, bool] = OrderedDict()
backward_pre_hooks: Hooks = OrderedDict()
backward_hooks: Hooks = OrderedDict()
buffer_registration_hooks: Hooks = OrderedDict()
module_registration_hooks: Hooks = OrderedDict()
parameter_registration_hooks: Hooks = OrderedDict()


def _register_global(hooks: Hooks, hook: Hook, **extra: Any) -> RemovableHandle:
    handle = RemovableHandle(hooks, **extra)
    hooks[handle.id] = hook
    any_global[0] = True
    return handle


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, args)`` before every module's ``forward``; it may return new arguments."""
    return _register_global(forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every module's ``forward``; it may return another output."""
    handle = _register_global(forward_hooks, hook, extra_dict=[forward_hooks_with_kwargs, forward_hooks_always_called])
    if with_kwargs:
        forward_hooks_with_kwargs[handle.id] = True
    if always_call:
        forward_hooks_always_called[handle.id] = True
    return handle


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradients of every module are computed."""
    return _register_global(backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` when the gradients of every module's inputs are computed."""
    return _register_global(backward_hooks, hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever a buffer is registered; it may return another."""
    handle = RemovableHandle(buffer_registration_hooks)
    buffer_registration_hooks[handle.id] = hook
    return handle


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` whenever a module is registered; it may return another."""
    handle = RemovableHandle(module_registration_hooks)
    module_registration_hooks[handle.id] = hook
    return handle


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` whenever a parameter is registered; it may return another."""
    handle = RemovableHandle(parameter_registration_hooks)
    parameter_registration_hooks[handle.id] = hook
    return handle


_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of them."
)


def _several(values: Any) -> tuple[Tensor, ...] | None:
    """Tensors as a tuple, or ``None`` for anything else."""
    if isinstance(values, Tensor):
        return (values,)
    if isinstance(values, tuple) and all(isinstance(value, Tensor) for value in values):
        return values
    return None


def _warn_of_last_operation(inputs: Any, result: Any, node: Any) -> None:
    """Say when the last operation is not the whole module, so that old backward hooks miss gradients."""
    which = "Using non-full backward hooks on a Module that does not"
    instead = "Please use register_full_backward_hook to get the documented behavior."
    results, given = _several(result), _several(inputs)
    if results is None:
        message = (
            f"{which} return a single Tensor or a tuple of Tensors is deprecated and will be removed in future "
            f"versions. This hook will be missing some of the grad_output. {instead}"
        )
    elif given is None:
        message = (
            f"{which} take as input a single Tensor or a tuple of Tensors is deprecated and will be removed in future "
            f"versions. This hook will be missing some of the grad_input. {instead}"
        )
    else:
        nodes = {value.grad_fn for value in results if value.grad_fn is not None}
        deprecated = "is deprecated and will be removed in future versions. This hook will be missing some"
        if not nodes or (len(nodes) == 1 and node not in nodes):
            message = (
                "Using a non-full backward hook when outputs are nested in python data structure "
                f"{deprecated} grad_output."
            )
        elif len(nodes) > 1:
            message = (
                "Using a non-full backward hook when outputs are generated by different autograd Nodes "
                f"{deprecated} grad_output. {instead}"
            )
        else:
            before = {value.grad_fn for value in given if value.grad_fn is not None}
            if before == {following[0] for following in node.next_functions}:
                return
            message = (
                "Using a non-full backward hook when the forward contains multiple autograd Nodes "
                f"{deprecated} grad_input. {instead}"
            )
    warn(message, FutureWarning)


class ModuleHooks:
    """Registration of hooks, and the call with them. A base of ``Module`` only."""

    _forward_pre_hooks: Hooks
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks: Hooks
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks
    _is_full_backward_hook: bool | None
    forward: Callable[..., Any]

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before ``forward``; it may return new arguments.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs)``, which returns both or nothing.
        """
        handle = RemovableHandle(self._forward_pre_hooks, extra_dict=self._forward_pre_hooks_with_kwargs)
        self._forward_pre_hooks[handle.id] = hook
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        if prepend:
            self._forward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after ``forward``; it may return another output.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there.
            with_kwargs: call ``hook(module, args, kwargs, output)``.
            always_call: call it even when ``forward`` raises.
        """
        handle = RemovableHandle(
            self._forward_hooks, extra_dict=[self._forward_hooks_with_kwargs, self._forward_hooks_always_called]
        )
        self._forward_hooks[handle.id] = hook
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        if prepend:
            self._forward_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the module's gradients are computed; it may return others."""
        handle = RemovableHandle(self._backward_pre_hooks)
        self._backward_pre_hooks[handle.id] = hook
        if prepend:
            self._backward_pre_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are there."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = True
        handle = RemovableHandle(self._backward_hooks)
        self._backward_hooks[handle.id] = hook
        if prepend:
            self._backward_hooks.move_to_end(handle.id, last=False)
        return handle

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` with the gradients of the module's last operation alone.

        The old backward hook. It warns where that is not the whole module; use ``register_full_backward_hook``.
        """
        if self._is_full_backward_hook is True:
            raise RuntimeError(_MIXED)
        self._is_full_backward_hook = False
        handle = RemovableHandle(self._backward_hooks)
        self._backward_hooks[handle.id] = hook
        return handle

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        state: list[Any] = [args, kwargs, None]
        try:
            return self._call_stages(state, called)
        except Exception:
            self._call_remaining(state, called)
            raise

    def _call_stages(self, state: list[Any], called: set[int]) -> Any:
        """Hooks before, ``forward``, hooks after. ``state`` keeps arguments and result for hooks after an error."""
        args, kwargs, _ = state
        for hook_id, hook in (*forward_pre_hooks.items(), *self._forward_pre_hooks.items()):
            if hook_id in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    if not (isinstance(changed, tuple) and len(changed) == 2):
                        raise RuntimeError(
                            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
                            f"but got {changed}."
                        )
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
            state[:2] = args, kwargs
        before = [*backward_pre_hooks.values(), *self._backward_pre_hooks.values()]
        own = list(self._backward_hooks.values())
        last_operation = own if self._is_full_backward_hook is False else []
        after = [*backward_hooks.values(), *([] if last_operation else own)]
        node = BackwardHook(self, after, before) if before or after else None
        if node is not None:
            state[0] = args = node.setup_input_hook(args)
        result = state[2] = self.forward(*args, **kwargs)
        for hook_id, hook in (*forward_hooks.items(), *self._forward_hooks.items()):
            if hook_id in self._forward_hooks_always_called or hook_id in forward_hooks_always_called:
                called.add(hook_id)
            if hook_id in self._forward_hooks_with_kwargs or hook_id in forward_hooks_with_kwargs:
                changed = hook(self, args, kwargs, result)
            else:
                changed = hook(self, args, result)
            if changed is not None:
                state[2] = result = changed
        if node is not None:
            if not isinstance(result, (Tensor, tuple)):
                warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                    f"but received {type(result)}"
                )
                return result
            result = node.setup_output_hook(result)
        if last_operation:
            self._hook_last_operation(last_operation, args, result)
        return result

    def _hook_last_operation(self, hooks: list[Hook], inputs: Any, result: Any) -> None:
        """Put the old backward hooks on the node of the result."""
        found = result
        while not isinstance(found, Tensor):
            found = next(v for v in found.values() if isinstance(v, Tensor)) if isinstance(found, dict) else found[0]
        node = found.grad_fn
        if node is None:
            return
        for hook in hooks:
            node.register_hook(partial(hook, self))
        _warn_of_last_operation(inputs, result, node)

    def _call_remaining(self, state: list[Any], called: set[int]) -> None:
        """After an error: the hooks that asked to be called always and have not been."""
        args, kwargs, result = state
        for scope, hooks, always, with_kwargs in (
            ("global module", forward_hooks, forward_hooks_always_called, forward_hooks_with_kwargs),
            ("module", self._forward_hooks, self._forward_hooks_always_called, self._forward_hooks_with_kwargs),
        ):
            for hook_id, hook in hooks.items():
                if hook_id not in always or hook_id in called:
                    continue
                try:
                    changed = hook(self, args, kwargs, result) if hook_id in with_kwargs else hook(self, args, result)
                    if changed is not None:
                        result = changed
                except Exception as error:
                    warn(
                        f"{scope} forward hook with ``always_call=True`` raised an exception that was silenced as "
                        f"another error was raised in forward: {error}"
                    )
