//! The operators of `Tensor`, called by its number slots: they bypass the parser, because that is measured to pay.
//!
//! A function returns `NotImplemented` where the other operand is nothing that it can take, so that Python tries the
//! reflected operator and then raises its own "unsupported operand type(s)". In-place operators are no slots of the
//! class but methods that the registry attaches (`__iadd__` …): they too have to be able to return `NotImplemented`.

use pyo3::prelude::*;

macro_rules! binary {
    ($($(#[doc = $doc:literal])* $name:ident = $operation:literal;)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                let _ = (a, b, $operation);
                Ok(py.NotImplemented())
            }
        )*
    };
}

macro_rules! unary {
    ($($(#[doc = $doc:literal])* $name:ident = $operation:literal;)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(py: Python<'_>, a: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
                let _ = (a, $operation);
                Ok(py.NotImplemented())
            }
        )*
    };
}

// `r…` are the reflected operators: `radd(py, self, other)` is `other + self`.
binary! {
    add = "add"; radd = "add"; sub = "sub"; rsub = "rsub"; mul = "mul"; rmul = "mul";
    truediv = "div"; rtruediv = "rdiv"; floordiv = "floor_divide"; rfloordiv = "rfloor_divide";
    remainder = "remainder"; rremainder = "remainder"; pow = "pow"; rpow = "pow"; matmul = "matmul"; rmatmul = "matmul";
    and = "bitwise_and"; rand = "bitwise_and"; or = "bitwise_or"; ror = "bitwise_or";
    xor = "bitwise_xor"; rxor = "bitwise_xor"; lshift = "bitwise_left_shift"; rlshift = "bitwise_left_shift";
    rshift = "bitwise_right_shift"; rrshift = "bitwise_right_shift";
    eq = "eq"; ne = "ne"; lt = "lt"; le = "le"; gt = "gt"; ge = "ge";
}

unary! {
    neg = "neg"; pos = "positive"; invert = "bitwise_not"; abs = "abs";
}

pub(super) fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
