"""From a schema to the signatures that a Python programmer sees."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace

from stubgen.schema import Argument, Result, Schema, Type

# What Python accepts for each base type; a Tensor of one element is accepted for numbers at run time, but a typed
# program had better say `.item()`. The underscored names are aliases that the stub defines: `torch.float` is a dtype,
# and `Tensor.dtype` an attribute, so that the plain names mean something else where they stand.
_ARGUMENT_TYPES = {
    "Tensor": "Tensor",
    "Scalar": "_Number",
    "int": "_int",
    "SymInt": "_int",
    "float": "_float",
    "bool": "_bool",
    "str": "str",
    "ScalarType": "_dtype",
    "Device": "_DeviceLike",
    "Layout": "_layout",
    "MemoryFormat": "_memory_format",
    "Generator": "Generator",
}
_RESULT_TYPES = {**_ARGUMENT_TYPES, "Device": "_device"}
# Constants that schemas use by name.
_DEFAULTS = {"Mean": "1", "Sum": "2", "None": "None", "True": "True", "False": "False"}


@dataclass(frozen=True)
class Parameter:
    """A parameter as it is written in a stub."""

    name: str
    hint: str
    default: str | None = None
    keyword_only: bool = False
    variadic: bool = False

    def text(self) -> str:
        """`name: hint = default`."""
        star = "*" if self.variadic else ""
        default = "" if self.default is None else f" = {self.default}"
        return f"{star}{self.name}: {self.hint}{default}"


@dataclass(frozen=True)
class Signature:
    """Parameters (without `self`) and result of one overload."""

    parameters: tuple[Parameter, ...]
    result: str

    def text(self, name: str, first: str | None) -> str:
        """The `def` line without its body; `first` is `self` for a method."""
        words = [] if first is None else [first]
        marked = any(parameter.variadic for parameter in self.parameters)
        for parameter in self.parameters:
            if parameter.keyword_only and not marked:
                words.append("*")
                marked = True
            words.append(parameter.text())
        return f"def {name}({', '.join(words)}) -> {self.result}:"


def result_class(schema: Schema) -> tuple[str, str] | None:
    """Name and text of the named tuple that a schema with named results gives, or None."""
    if len(schema.results) < 2 or not all(result.name for result in schema.results):
        return None
    # One class for each set of names: `max.dim` and `min.dim` have the same fields, yet different classes at run time.
    name = f"_{schema.name}_result"
    fields = "".join(f"    {result.name}: {result_hint(result.type)}\n" for result in schema.results)
    return name, f"class {name}(NamedTuple):\n{fields}"


def signatures(schemas: list[Schema], *, method: bool, out: bool = False) -> list[Signature]:
    """The overloads of one function or method, in the order of the schemas, without repetition.

    With `out`, functions take `out=` though no schema of an `out=` form says so.
    """
    outs = [schema for schema in schemas if schema.is_out]
    plain = [schema for schema in schemas if not schema.is_out]
    found: list[Signature] = []
    for schema in plain:
        # PyTorch's Python functions take `out=` on the functional overload; only functions do.
        with_out = not method and (out or any(_without_out(other) == _shape(schema) for other in outs))
        for signature in _python_forms(schema, method=method, with_out=with_out):
            if signature not in found:
                found.append(signature)
    if not method:
        matched = {_shape(schema) for schema in plain}
        for schema in outs:
            if _without_out(schema) not in matched:
                found.extend(_python_forms(schema, method=False, with_out=False))
    return found


def _shape(schema: Schema) -> tuple[Argument, ...]:
    """The arguments, without what writing adds to their types: for comparing an `out=` form with its original."""
    return tuple(replace(argument, type=replace(argument.type, written=False)) for argument in schema.arguments)


def _without_out(schema: Schema) -> tuple[Argument, ...]:
    kept = tuple(argument for argument in schema.arguments if not (argument.keyword_only and argument.type.written))
    return _shape(replace(schema, arguments=kept))


def _python_forms(schema: Schema, *, method: bool, with_out: bool) -> list[Signature]:
    arguments = schema.arguments[1:] if method else schema.arguments
    # As functions, PyTorch's operations call their first argument `input`.
    names = [
        "input" if argument.name == "self" and argument.type.base == "Tensor" else _parameter_name(argument.name)
        for argument in arguments
    ]
    parameters = []
    # Python wants no parameter without a default after one with, which some schemas have: the later ones then
    # become keywords.
    defaulted = False
    for argument, name in zip(arguments, names, strict=True):
        default = None if argument.default is None else default_text(argument)
        defaulted = defaulted or default is not None
        keyword_only = argument.keyword_only or (defaulted and default is None)
        parameters.append(Parameter(name, argument_hint(argument.type), default, keyword_only))
    if with_out:
        parameters.append(Parameter("out", _out_hint(schema), "None", keyword_only=True))
    if "pin_memory" in names:
        # What makes a tensor takes this beside the schema, and handles it in one place.
        parameters.append(Parameter("requires_grad", "_bool | None", "False", keyword_only=True))
    result = results_hint(schema)
    forms = [Signature(tuple(parameters), result)]
    positional = [argument for argument in arguments if not argument.keyword_only]
    if len(positional) == 1 and _takes_sizes(positional[0].type):
        # `x.view(2, 3)` for `x.view((2, 3))`: PyTorch's parser allows it where the list is the only positional one.
        variadic = Parameter(parameters[0].name, "_int", variadic=True)
        forms.append(Signature((variadic, *parameters[1:]), result))
    return forms


def _takes_sizes(kind: Type) -> bool:
    return kind.base in ("int", "SymInt") and kind.is_list


def _out_hint(schema: Schema) -> str:
    if len(schema.results) == 1:
        return "Tensor | None"
    return f"tuple[{', '.join(['Tensor'] * len(schema.results))}] | None"


def _parameter_name(name: str) -> str:
    # `random_(int from, int? to)`: the keyword cannot be written in Python, so it is positional in effect.
    return f"{name}_" if keyword.iskeyword(name) else name


def argument_hint(kind: Type) -> str:
    """What a caller may give."""
    base = _ARGUMENT_TYPES.get(kind.base, "Any")
    if kind.is_list:
        element = f"{base} | None" if kind.element_optional else base
        hint = f"Sequence[{element}]"
        if kind.list_size is not None and base in ("_int", "_float"):
            # A list of fixed length takes one number for all.
            hint = f"{base} | {hint}"
    else:
        hint = base
    return f"{hint} | None" if kind.optional else hint


def result_hint(kind: Type) -> str:
    """What a caller gets."""
    base = _RESULT_TYPES.get(kind.base, "Any")
    if kind.is_list:
        # PyTorch gives tuples (`split`, `unbind`).
        return f"tuple[{base}, ...]"
    return f"{base} | None" if kind.optional else base


def results_hint(schema: Schema) -> str:
    """The annotation after the arrow."""
    if not schema.results:
        return "None"
    named = result_class(schema)
    if named is not None:
        return named[0]
    if len(schema.results) == 1:
        return result_hint(schema.results[0].type)
    return f"tuple[{', '.join(_hint_of(result) for result in schema.results)}]"


def _hint_of(result: Result) -> str:
    return result_hint(result.type)


def default_text(argument: Argument) -> str:
    """The default as Python writes it; `...` for a constant that has no literal."""
    text = argument.default
    assert text is not None
    if text in _DEFAULTS:
        return _DEFAULTS[text]
    if re.fullmatch(r"-?\d+(\.\d*)?([eE][-+]?\d+)?", text):
        # `int[1] stride=1`, `Scalar alpha=1`, `float p=0.5`
        return text
    if text.startswith(("'", '"')):
        return repr(text[1:-1])
    if text.startswith("["):
        inside = text[1:-1].strip()
        return f"({inside},)" if inside and "," not in inside else f"({inside})"
    return "..."
