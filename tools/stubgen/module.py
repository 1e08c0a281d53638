"""What the running module tells by itself: names, text signatures, docstrings."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable
from typing import Any

# Results of the special methods that Python fixes; the others are typed by hand or not at all.
_SPECIAL_RESULTS = {
    "__bool__": "_bool",
    "__complex__": "_complex",
    "__contains__": "_bool",
    "__delattr__": "None",
    "__delitem__": "None",
    "__dir__": "list[str]",
    "__float__": "_float",
    "__format__": "str",
    "__hash__": "_int",
    "__index__": "_int",
    "__init__": "None",
    "__int__": "_int",
    "__iter__": "Iterator[Any]",
    "__len__": "_int",
    "__new__": "Self",
    "__repr__": "str",
    "__setattr__": "None",
    "__setitem__": "None",
    "__str__": "str",
}
# What every class has, or what is about classes themselves and not about their objects.
_NOT_MEMBERS = {"__doc__", "__module__", "__dict__", "__weakref__", "__qualname__", "__class_getitem__"}
_PLAIN_DEFAULTS = (type(None), bool, int, float, str)


# Names that an annotation may use in the stub, and what they are called there.
_ANNOTATIONS = {
    **{
        name: name
        for name in ("Any", "Callable", "Generator", "Iterator", "None", "Self", "Sequence", "Size", "Tensor")
    },
    **{name: name for name in ("dict", "list", "object", "str", "tuple")},
    **{name: f"_{name}" for name in ("bool", "complex", "device", "dtype", "float", "int", "layout")},
}


def public_names(module: types.ModuleType) -> list[str]:
    """The module's names, its helpers (`_registry`) included; what Python itself adds is left out."""
    return sorted(name for name in vars(module) if not (name.startswith("__") and name.endswith("__")))


def member_names(kind: type) -> list[str]:
    """The names that a class defines itself."""
    return sorted(name for name in vars(kind) if name not in _NOT_MEMBERS)


def function_stub(name: str, function: Callable[..., Any], *, first: str | None = None) -> list[str]:
    """`def` line and docstring of a function that is in no registry: typed as far as it tells."""
    result = _SPECIAL_RESULTS.get(name) or _result(function)
    return [f"def {name}({_parameters(name, function, first)}) -> {result}:", *docstring(function.__doc__)]


def member_stub(kind: type, name: str) -> list[str]:
    """Lines of a class member: a method, a property, a constant."""
    member = inspect.getattr_static(kind, name)
    if isinstance(member, staticmethod):
        return ["@staticmethod", *function_stub(name, getattr(kind, name))]
    if isinstance(member, classmethod | types.ClassMethodDescriptorType):
        return ["@classmethod", *function_stub(name, getattr(kind, name), first="cls")]
    if isinstance(member, types.GetSetDescriptorType | types.MemberDescriptorType | property):
        lines = ["@property", f"def {name}(self) -> Any:", *docstring(member.__doc__)]
        if _is_settable(member):
            lines += [f"@{name}.setter", f"def {name}(self, value: Any) -> None: ..."]
        return lines
    if member is None:
        # `__hash__ = None`: objects of the class cannot be hashed.
        return [f"{name}: ClassVar[None]  # type: ignore[assignment]"]
    if name == "__new__":
        return function_stub(name, member, first="cls")
    if callable(member):
        return function_stub(name, member, first="self")
    # The class has methods called `bool`, `int` and `float`, which hide the types.
    spelled = f"_{type(member).__name__}" if type(member) in (bool, int, float) else type(member).__name__
    return [f"{name}: ClassVar[{spelled if type(member) in _PLAIN_DEFAULTS else 'Any'}]"]


def is_untyped(lines: list[str]) -> bool:
    """Whether a stub made here says `Any` where a reader would want to know."""
    return any("Any" in line for line in lines)


def docstring(text: str | None) -> list[str]:
    """The lines of a docstring's literal, indented by one level, with `...` where there is none."""
    if not text or not text.strip():
        return ["    ..."]
    body = inspect.cleandoc(text).replace("\\", "\\\\").replace('"""', r"\"\"\"")
    lines = body.splitlines()
    if len(lines) == 1 and not lines[0].endswith('"'):
        return [f'    """{lines[0]}"""']
    indented = [f"    {line}".rstrip() for line in lines[1:]]
    return [f'    """{lines[0]}', *indented, '    """']


def _is_settable(member: Any) -> bool:
    if isinstance(member, property):
        return member.fset is not None
    # A getset descriptor does not tell; asking it to set on a wrong object does: a read-only one says so first.
    try:
        member.__set__(object(), None)
    except AttributeError as error:
        return "not writable" not in str(error)
    except TypeError:
        return True
    return True


def annotation(given: object) -> str:
    """A Python function's annotation as the stub writes it, or `Any` where it uses names that the stub has not."""
    if isinstance(given, type):
        given = given.__name__
    if given is None:
        return "None"
    if not isinstance(given, str) or given == "_empty":
        return "Any"
    try:
        tree = ast.parse(given, mode="eval")
    except SyntaxError:
        return "Any"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Constant) and getattr(node, "value", None) is not None:
            return "Any"
        if isinstance(node, ast.Name):
            if node.id not in _ANNOTATIONS:
                return "Any"
            node.id = _ANNOTATIONS[node.id]
    return ast.unparse(tree)


def _result(function: Callable[..., Any]) -> str:
    try:
        return annotation(inspect.signature(function).return_annotation)
    except (TypeError, ValueError):
        return "Any"


def _parameters(name: str, function: Callable[..., Any], first: str | None) -> str:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        start = [] if first is None else [first]
        if name == "__eq__" or name == "__ne__":
            return "self, other: object, /"
        return ", ".join([*start, "*args: Any", "**kwargs: Any"])
    words: list[str] = []
    if first is not None:
        if parameters and parameters[0].name in ("self", "cls", "type"):
            parameters = parameters[1:]
        words.append(first)
    positional_only, marked = False, False
    for parameter in parameters:
        if positional_only and parameter.kind is not parameter.POSITIONAL_ONLY:
            words.append("/")
        positional_only = parameter.kind is parameter.POSITIONAL_ONLY
        if parameter.kind is parameter.KEYWORD_ONLY and not marked:
            words.append("*")
        marked = marked or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        star = ""
        if parameter.kind is parameter.VAR_POSITIONAL:
            star = "*"
        elif parameter.kind is parameter.VAR_KEYWORD:
            star = "**"
        hint = "object" if name in ("__eq__", "__ne__") else annotation(parameter.annotation)
        words.append(f"{star}{parameter.name}: {hint}{_default(parameter)}")
    if positional_only:
        words.append("/")
    return ", ".join(words)


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is parameter.empty:
        return ""
    return f" = {parameter.default!r}" if isinstance(parameter.default, _PLAIN_DEFAULTS) else " = ..."
