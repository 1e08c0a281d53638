"""``assert_close``: comparison with tolerances, and messages that say where and how far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import _C
from .._C import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .._C import dtype as DType


def _tolerances(*dtypes: DType) -> tuple[float, float]:
    """Relative and absolute tolerance: the larger ones of the dtypes. Any other dtype is compared exactly."""
    known = {
        _C.float16: (1e-3, 1e-5),
        _C.bfloat16: (1.6e-2, 1e-5),
        _C.float32: (1.3e-6, 1e-5),
        _C.float64: (1e-7, 1e-7),
    }
    pairs = [known.get(dtype, (0.0, 0.0)) for dtype in dtypes]
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


class _Comparison:
    """The settings of one call."""

    def __init__(
        self,
        allow_subclasses: bool,
        rtol: float | None,
        atol: float | None,
        equal_nan: bool,
        check_device: bool,
        check_dtype: bool,
        check_layout: bool,
        check_stride: bool,
    ) -> None:
        if (rtol is None) != (atol is None):
            missing = "rtol" if rtol is None else "atol"
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
        self.allow_subclasses = allow_subclasses
        self.rtol = rtol
        self.atol = atol
        self.equal_nan = equal_nan
        self.check_device = check_device
        self.check_dtype = check_dtype
        self.check_layout = check_layout
        self.check_stride = check_stride

    def compare(self, actual: Any, expected: Any, path: tuple[Any, ...]) -> str | None:
        """The message of the first difference, or ``None``."""
        if isinstance(actual, Mapping) and isinstance(expected, Mapping):
            return self._mappings(actual, expected, path)
        if _is_sequence(actual) and _is_sequence(expected):
            if len(actual) != len(expected):
                return _at(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", path)
            for position, (one, other) in enumerate(zip(actual, expected, strict=True)):
                message = self.compare(one, other, (*path, position))
                if message is not None:
                    return message
            return None
        message = self._values(actual, expected)
        return None if message is None else _at(message, path)

    def _mappings(self, actual: Any, expected: Any, path: tuple[Any, ...]) -> str | None:
        missing = [key for key in expected if key not in actual]
        additional = [key for key in actual if key not in expected]
        if missing or additional:
            return _at(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing, key=str)}\n"
                f"Additional keys in the actual mapping: {sorted(additional, key=str)}",
                path,
            )
        for key in actual:
            message = self.compare(actual[key], expected[key], (*path, key))
            if message is not None:
                return message
        return None

    def _values(self, actual: Any, expected: Any) -> str | None:
        if actual is None or expected is None:
            if actual is expected:
                return None
            return f"None mismatch: {actual} is not {expected}"
        if isinstance(actual, bool) and isinstance(expected, bool):
            return None if actual is expected else f"Booleans mismatch: {actual} is not {expected}"
        if isinstance(actual, (int, float)) and isinstance(expected, (int, float)):
            return self._numbers(actual, expected)
        one, other = _as_tensor(actual), _as_tensor(expected)
        if one is None or other is None or not self._related(actual, expected):
            raise TypeError(
                f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
            )
        return self._tensors(one, other)

    def _related(self, actual: Any, expected: Any) -> bool:
        if type(actual) is type(expected):
            return True
        return self.allow_subclasses and (isinstance(actual, type(expected)) or isinstance(expected, type(actual)))

    def _numbers(self, actual: float, expected: float) -> str | None:
        if self.check_dtype and type(actual) is not type(expected):
            return f"The (d)types do not match: {type(actual)} != {type(expected)}."
        rtol, atol = self.rtol, self.atol
        if rtol is None or atol is None:
            exact = isinstance(actual, int) and isinstance(expected, int)
            rtol, atol = (0.0, 0.0) if exact else (1e-7, 1e-7)
        if actual == expected or (self.equal_nan and actual != actual and expected != expected):
            return None
        distance = abs(actual - expected)
        if distance <= atol + rtol * abs(expected) and distance != float("inf"):
            return None
        return _scalars(actual, expected, distance, rtol, atol)

    def _tensors(self, actual: Tensor, expected: Tensor) -> str | None:
        for attribute, wanted in (
            ("shape", True),
            ("device", self.check_device),
            ("dtype", self.check_dtype),
            ("layout", self.check_layout),
        ):
            one, other = getattr(actual, attribute), getattr(expected, attribute)
            if wanted and one != other:
                return f"The values for attribute '{attribute}' do not match: {one} != {other}."
        if self.check_stride and actual.stride() != expected.stride():
            return f"The values for attribute 'stride()' do not match: {actual.stride()} != {expected.stride()}."
        rtol, atol = self.rtol, self.atol
        if rtol is None or atol is None:
            rtol, atol = _tolerances(actual.dtype, expected.dtype)
        actual, expected = actual.detach(), expected.detach()
        if actual.dtype != expected.dtype:
            common = _C.promote_types(actual.dtype, expected.dtype)
            actual, expected = actual.to(common), expected.to(common)
        close = _C.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=self.equal_nan)
        if bool(close.all()):
            return None
        if actual.dtype == _C.bool:
            actual, expected = actual.to(_C.uint8), expected.to(_C.uint8)
        if actual.dim() == 0:
            one, other = actual.item(), expected.item()
            return _scalars(one, other, abs(one - other), rtol, atol)
        return _located(actual, expected, close, rtol, atol)


def _scalars(actual: Any, expected: Any, distance: Any, rtol: float, atol: float) -> str:
    relative = distance / abs(expected) if expected else float("inf")
    what = "equal" if rtol == 0 and atol == 0 else "close"
    return (
        f"Scalars are not {what}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {distance}{_allowed(what, atol)}\n"
        f"Relative difference: {relative}{_allowed(what, rtol)}"
    )


def _allowed(what: str, tolerance: float) -> str:
    return "" if what == "equal" else f" (up to {tolerance} allowed)"


def _located(actual: Tensor, expected: Tensor, close: Tensor, rtol: float, atol: float) -> str:
    what = "equal" if rtol == 0 and atol == 0 else "close"
    wrong = close.logical_not()
    count = int(wrong.sum().item())
    total = close.numel()
    if not actual.dtype.is_floating_point:
        # So that differences of unsigned numbers are not modulo their range.
        actual, expected = actual.to(_C.int64), expected.to(_C.int64)
    distance = (actual - expected).abs()
    relative = distance / expected.abs()
    # Elements that are close do not count, however far apart.
    lines = []
    for name, values, tolerance in (("absolute", distance, atol), ("relative", relative, rtol)):
        counted = _C.where(wrong, values, _C.zeros_like(values))
        flat = int(counted.argmax().item())
        largest = counted.reshape(-1)[flat].item()
        lines.append(
            f"Greatest {name} difference: {largest} at index {_position(flat, tuple(actual.shape))}"
            f"{_allowed(what, tolerance)}"
        )
    return (
        f"Tensor-likes are not {what}!\n\nMismatched elements: {count} / {total} ({count / total:.1%})\n"
        + "\n".join(lines)
    )


def _position(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of an element, from its place in row-major order."""
    position = []
    for length in reversed(shape):
        position.append(flat % length)
        flat //= length
    return tuple(reversed(position))


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _as_tensor(value: Any) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (int, float, bool)) or hasattr(value, "__array__"):
        converted: Tensor = _C.as_tensor(value)
        return converted
    return None


def _at(message: str, path: tuple[Any, ...]) -> str:
    if not path:
        return message
    item = "".join(f"[{part!r}]" for part in path)
    return f"{message}\n\nThe failure occurred for item {item}"


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Check that two tensors (or numbers, or sequences or mappings of them) are close.

    Two elements are close if ``|actual - expected| <= atol + rtol * |expected|``.

    Args:
        actual: what there is.
        expected: what there should be.
        allow_subclasses: whether the types may differ by inheritance.
        rtol: the relative tolerance; default by dtype.
        atol: the absolute tolerance; default by dtype.
        equal_nan: whether two NaN are close.
        check_device: whether devices must be the same.
        check_dtype: whether dtypes must be the same.
        check_layout: whether layouts must be the same.
        check_stride: whether strides must be the same.
        msg: the message of the error, or a function that makes it from ours.

    Raises:
        AssertionError: they are not close.

    Example:
        >>> import rushlight as torch
        >>> torch.testing.assert_close(torch.tensor(1.0), torch.tensor(1.0 + 1e-7))
    """
    comparison = _Comparison(
        allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride
    )
    message = comparison.compare(actual, expected, ())
    if message is None:
        return
    if msg is not None:
        message = msg(message) if callable(msg) else msg
    raise AssertionError(message)
