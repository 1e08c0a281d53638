"""The stub generator, on sample schemas and on a module made for the purpose."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import mypy.api
import pytest
from stubgen.schema import SchemaError, Type, parse, parse_type
from stubgen.signature import signatures
from stubgen.stub import Row, StubError, build, operation_lines, read_rows
from stubgen.table import table


def method_lines(*schemas: str) -> list[str]:
    parsed = [parse(text) for text in schemas]
    return [form.text(parsed[0].name, "self") for form in signatures(parsed, method=True)]


def function_lines(*schemas: str) -> list[str]:
    parsed = [parse(text) for text in schemas]
    return [form.text(parsed[0].name, None) for form in signatures(parsed, method=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tensor", Type("Tensor")),
        ("Tensor?", Type("Tensor", optional=True)),
        ("Tensor(a!)", Type("Tensor", written=True)),
        ("Tensor(a)", Type("Tensor")),
        ("Tensor(a -> *)", Type("Tensor")),
        ("Tensor[]", Type("Tensor", is_list=True)),
        ("Tensor(a)[]", Type("Tensor", is_list=True)),
        ("Tensor?[]", Type("Tensor", is_list=True, element_optional=True)),
        ("int[1]?", Type("int", is_list=True, list_size=1, optional=True)),
        ("bool[3]", Type("bool", is_list=True, list_size=3)),
    ],
)
def test_types(text: str, expected: Type) -> None:
    assert parse_type(text) == expected


def test_schema_parts() -> None:
    schema = parse("max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)")
    assert (schema.name, schema.overload) == ("max", "dim")
    assert [argument.name for argument in schema.arguments] == ["self", "dim", "keepdim"]
    assert schema.arguments[2].default == "False"
    assert [result.name for result in schema.results] == ["values", "indices"]


def test_a_comma_in_a_default_does_not_split() -> None:
    schema = parse("f(Tensor x, int[2] stride=[1, 2], *, str sep=', ') -> Tensor")
    assert [argument.default for argument in schema.arguments] == [None, "[1, 2]", "', '"]


@pytest.mark.parametrize("text", ["f", "f(Tensor x", "f(Tensor x) Tensor", "f(Tensor) -> Tensor", "f(!! x) -> Tensor"])
def test_what_is_no_schema_is_an_error(text: str) -> None:
    with pytest.raises(SchemaError):
        parse(text)


def test_overloads_keep_their_order() -> None:
    assert method_lines(
        "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
        "sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    ) == [
        "def sum(self, *, dtype: _dtype | None = None) -> Tensor:",
        "def sum(self, dim: _int | Sequence[_int] | None, keepdim: _bool = False, *, dtype: _dtype | None = None)"
        " -> Tensor:",
    ]


def test_out_is_an_argument_of_the_function_only() -> None:
    schemas = (
        "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)",
    )
    assert function_lines(*schemas) == [
        "def add(input: Tensor, other: Tensor, *, alpha: _Number = 1, out: Tensor | None = None) -> Tensor:"
    ]
    assert method_lines(*schemas) == ["def add(self, other: Tensor, *, alpha: _Number = 1) -> Tensor:"]


def test_a_lone_list_of_sizes_may_be_spread() -> None:
    assert method_lines("permute(Tensor(a) self, int[] dims) -> Tensor(a)") == [
        "def permute(self, dims: Sequence[_int]) -> Tensor:",
        "def permute(self, *dims: _int) -> Tensor:",
    ]
    assert function_lines("zeros(SymInt[] size, *, ScalarType? dtype=None) -> Tensor") == [
        "def zeros(size: Sequence[_int], *, dtype: _dtype | None = None) -> Tensor:",
        "def zeros(*size: _int, dtype: _dtype | None = None) -> Tensor:",
    ]


def test_named_results_are_a_named_tuple() -> None:
    assert method_lines("max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)") == [
        "def max(self, dim: _int, keepdim: _bool = False) -> _max_result:"
    ]


def test_lists_and_keywords() -> None:
    assert function_lines("cat(Tensor[] tensors, int dim=0) -> Tensor") == [
        "def cat(tensors: Sequence[Tensor], dim: _int = 0) -> Tensor:"
    ]
    assert method_lines("split(Tensor(a -> *) self, int split_size, int dim=0) -> Tensor(a)[]") == [
        "def split(self, split_size: _int, dim: _int = 0) -> tuple[Tensor, ...]:"
    ]
    assert "from_: _int" in method_lines("random_.from(Tensor(a!) self, int from, int? to) -> Tensor(a!)")[0]


def test_documentation_stands_at_the_first_overload() -> None:
    (row,) = read_rows([("abs", ["abs(Tensor self) -> Tensor"], 'The absolute value, a "norm".\n\nSecond line.')])
    assert operation_lines(row, method=True) == [
        "def abs(self) -> Tensor:",
        '    """The absolute value, a "norm".',
        "",
        "    Second line.",
        '    """',
    ]


def sample_module() -> Any:
    class Tensor:
        """A tensor."""

        def neg(self) -> Any: ...

        def stride(self, dim: int | None = None) -> Any: ...

        @property
        def grad(self) -> Any: ...

        def __bool__(self) -> bool:
            return True

    module: Any = types.ModuleType("sample")
    module.Tensor = Tensor
    module.neg = lambda x: x
    module.set_threads = lambda count: None
    return module


NEG = Row("neg", (parse("neg(Tensor self) -> Tensor"),), "The negative.")


def test_a_whole_stub() -> None:
    stub = build(sample_module(), [NEG], "def set_threads(count: int) -> None: ...\n")
    text = stub.text()
    compile(text, "_C.pyi", "exec")
    assert "def neg(input: Tensor) -> Tensor:" in text
    assert "    def neg(self) -> Tensor:" in text
    assert "def set_threads(count: int) -> None: ..." in text
    assert "    def __bool__(self) -> _bool:" in text
    assert stub.from_registry == 2
    assert "Tensor.stride" in stub.untyped


def test_names_that_mean_something_else_in_the_stub_are_aliases() -> None:
    module = sample_module()

    class dtype:  # noqa: N801 - PyTorch's name
        pass

    def attached(self: Any, dtype: dtype | None, *, scale: float = 1.0) -> Any | int: ...

    def foreign(x: Unknown) -> Unknown: ...  # type: ignore[name-defined]  # noqa: F821

    module.dtype = dtype
    module.float = dtype()
    module.Tensor.attached = attached
    module.foreign = foreign
    text = build(module, [], "").text()
    assert "_dtype: TypeAlias = dtype" in text
    assert "_layout: TypeAlias = Any" in text
    assert "float: Final[_dtype]" in text
    assert "    def attached(self, dtype: _dtype | None, *, scale: _float = 1.0) -> Any | _int:" in text
    assert "def foreign(x: Any) -> Any:" in text


def test_one_row_gives_all_forms() -> None:
    module = sample_module()
    module.Tensor.neg_ = lambda self: self
    (row,) = read_rows([("neg", ["neg(Tensor self) -> Tensor"], "The negative.", 1 | 2 | 4 | 8)])
    text = build(module, [row], "").text()
    assert "def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:" in text
    assert "    def neg(self) -> Tensor:" in text
    assert "    def neg_(self) -> Tensor:" in text
    assert "def neg_(input" not in text
    (row,) = read_rows([("neg", ["neg(Tensor self) -> Tensor"], "The negative.", 1 | 2)])
    assert "    def neg_(self) -> Any:" in build(module, [row], "").text()


def test_what_the_module_lacks_is_an_error() -> None:
    with pytest.raises(StubError, match="handwritten.pyi has nowhere"):
        build(sample_module(), [], "def nowhere() -> None: ...\n")
    with pytest.raises(StubError, match="the registry has cosh"):
        build(sample_module(), [Row("cosh", (parse("cosh(Tensor self) -> Tensor"),), "")], "")


def test_the_table_of_operations() -> None:
    rows = read_rows(
        [{"name": "neg", "schemas": ["neg(Tensor self) -> Tensor"], "doc": "The negative\nof x | y. More."}]
    )
    text = table(sample_module(), rows)
    assert "| `neg(Tensor self) -> Tensor` | function, method | The negative of x \\| y. |" in text
    assert text.endswith("\n1 operations, 1 signatures.\n")


WIDE = {
    "add": [
        "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
        "add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor",
        "add.out(Tensor self, Tensor other, *, Scalar alpha=1, Tensor(a!) out) -> Tensor(a!)",
    ],
    "add_": ["add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)"],
    "dtype_of": ["dtype_of(Tensor self) -> ScalarType"],
    "float": ["float(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor"],
    "max": [
        "max(Tensor self) -> Tensor",
        "max.other(Tensor self, Tensor other) -> Tensor",
        "max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
        "max.dim_max(Tensor self, int dim, bool keepdim=False, *, Tensor(a!) max, Tensor(b!) max_values)"
        " -> (Tensor(a!) values, Tensor(b!) indices)",
    ],
    "sum": [
        "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
        "sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    ],
    "to": ["to(Tensor self, Device device, bool copy=False) -> Tensor"],
    "view": [
        "view(Tensor(a) self, SymInt[] size) -> Tensor(a)",
        "view.dtype(Tensor(a) self, ScalarType dtype) -> Tensor(a)",
    ],
    "where": ["where(Tensor condition) -> Tensor[]"],
}


def test_a_generated_stub_passes_mypy(tmp_path: Path) -> None:
    module = sample_module()

    class dtype:  # noqa: N801 - PyTorch's name
        """A type of numbers."""

    class device:  # noqa: N801 - PyTorch's name
        """A place for tensors."""

    class Generator:
        """Random numbers."""

    for kind in (dtype, device, Generator):
        setattr(module, kind.__name__, kind)
    module.Tensor.dtype = property(lambda self: None)
    module.int64 = dtype()
    for name in WIDE:
        setattr(module, name, lambda x: x)
        if name != "where":
            setattr(module.Tensor, name, lambda self: self)
    rows = [Row(name, tuple(map(parse, schemas)), f"Documentation of {name}.") for name, schemas in WIDE.items()]
    stub = tmp_path / "_C.pyi"
    stub.write_text(build(module, rows, "").text())
    program = tmp_path / "program.py"
    program.write_text(
        "from _C import Tensor, add, int64, max, view\n"
        "def f(x: Tensor) -> Tensor:\n"
        "    values = x.max(0).values.sum(dim=(0, 1), dtype=int64)\n"
        "    reveal_type(max(x, 1, keepdim=True).indices)\n"
        "    reveal_type(x.view(2, 3))\n"
        "    add(x, 'no')\n"
        "    return x.add(values, alpha=2)\n"
    )
    settings = ["--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}", "--no-error-summary"]
    output, errors, _ = mypy.api.run([*settings, str(stub), str(program)])
    assert not errors
    lines = [line.partition(": ")[2] for line in output.splitlines() if "note: Revealed" in line or "error:" in line]
    assert lines == [
        'note: Revealed type is "_C.Tensor"',
        'note: Revealed type is "_C.Tensor"',
        'error: No overload variant of "add" matches argument types "Tensor", "str"  [call-overload]',
    ], output
