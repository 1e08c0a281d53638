//! The operators of `Tensor`, called by its number slots: they bypass the parser, because that is measured to pay.
//!
//! An operator returns `NotImplemented` where the other operand is nothing that it can take, so that Python tries the
//! reflected operator and then raises its own "unsupported operand type(s)". In-place operators are no slots of the
//! class but methods that are attached here (`__iadd__` …): they too have to be able to return `NotImplemented`.
//!
//! The four operations of arithmetic on plain tensors and numbers are called directly; the others find their overload in
//! the registry, once, at module initialisation.

use super::call::{self, Receiver};
use super::convert::{self, Refusal};
use super::overrides::{self, Overridden, plain_tensor as plain};
use super::release::holding;
use super::schema::Kind;
use crate::error::OrRaise;
use crate::tensor::{unwrap_exact, wrap};
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, binaryfunc};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyTuple, PyType};
use rushlight_core::registry::{Arguments, Value};
use rushlight_core::{Result, Scalar, Tensor};
use smallvec::SmallVec;

type Object = PyResult<Py<PyAny>>;

/// An overload, with the defaults of what comes after its operands.
struct Overload {
    call: fn(&Arguments<'_>) -> Result<Value>,
    tail: Vec<Value>,
}

/// The overloads of a binary operation, by what its operands are.
#[derive(Default)]
struct Overloads {
    tensors: Option<Overload>,
    tensor_number: Option<Overload>,
    number_tensor: Option<Overload>,
    unary: Option<Overload>,
}

static OVERLOADS: PyOnceLock<Vec<Overloads>> = PyOnceLock::new();
/// The class, for what `__torch_function__` is given as the function.
static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// An operator: its operation in the registry, the name of what `__torch_function__` sees, whether the object is the
/// second operand.
struct Operator {
    operation: &'static str,
    function: &'static str,
    reflected: bool,
}

macro_rules! operators {
    ($($name:ident($constant:ident) = $operation:literal, $function:literal, $reflected:literal;)*) => {
        /// Numbers of the operators, for the tables.
        #[expect(non_camel_case_types, reason = "an operator's number has its name")]
        #[derive(Clone, Copy)]
        enum Number { $($name),* }

        static OPERATORS: &[Operator] = &[$(
            Operator { operation: $operation, function: $function, reflected: $reflected },
        )*];

        $(const $constant: usize = Number::$name as usize;)*
    };
}

operators! {
    add(ADD) = "add", "add", false;
    radd(RADD) = "add", "__radd__", false;
    sub(SUB) = "sub", "sub", false;
    rsub(RSUB) = "rsub", "__rsub__", false;
    mul(MUL) = "mul", "mul", false;
    rmul(RMUL) = "mul", "__rmul__", false;
    truediv(TRUEDIV) = "div", "div", false;
    floordiv(FLOORDIV) = "floor_divide", "__floordiv__", false;
    rfloordiv(RFLOORDIV) = "floor_divide", "__rfloordiv__", true;
    remainder(REMAINDER) = "remainder", "remainder", false;
    rremainder(RREMAINDER) = "remainder", "__rmod__", true;
    pow(POW) = "pow", "pow", false;
    rpow(RPOW) = "pow", "__rpow__", true;
    matmul(MATMUL) = "matmul", "matmul", false;
    rmatmul(RMATMUL) = "matmul", "__rmatmul__", true;
    and(AND) = "bitwise_and", "__and__", false;
    rand(RAND) = "bitwise_and", "__rand__", true;
    or(OR) = "bitwise_or", "__or__", false;
    ror(ROR) = "bitwise_or", "__ror__", true;
    xor(XOR) = "bitwise_xor", "__xor__", false;
    rxor(RXOR) = "bitwise_xor", "__rxor__", true;
    lshift(LSHIFT) = "bitwise_left_shift", "__lshift__", false;
    rlshift(RLSHIFT) = "bitwise_left_shift", "__rlshift__", true;
    rshift(RSHIFT) = "bitwise_right_shift", "__rshift__", false;
    rrshift(RRSHIFT) = "bitwise_right_shift", "__rrshift__", true;
    eq(EQ) = "eq", "eq", false;
    ne(NE) = "ne", "ne", false;
    lt(LT) = "lt", "lt", false;
    le(LE) = "le", "le", false;
    gt(GT) = "gt", "gt", false;
    ge(GE) = "ge", "ge", false;
    neg(NEG) = "neg", "neg", false;
    pos(POS) = "positive", "positive", false;
    invert(INVERT) = "bitwise_not", "bitwise_not", false;
    abs(ABS) = "abs", "abs", false;
    rtruediv(RTRUEDIV) = "reciprocal", "__rdiv__", false;
}

/// The number of a plain operand: a Python `float` or `int` of 64 bits.
#[inline]
fn number(object: &Bound<'_, PyAny>) -> Option<Scalar> {
    if object.is_exact_instance_of::<PyFloat>() {
        // SAFETY: a live object that is a Python float.
        return Some(Scalar::Float(unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) }));
    }
    if object.is_exact_instance_of::<PyInt>() {
        return object.extract::<i64>().ok().map(Scalar::Int);
    }
    None
}

#[inline]
fn done(py: Python<'_>, result: Result<Tensor>) -> Object {
    let tensor = result.or_raise()?;
    crate::warning::check()?;
    wrap(py, tensor)
}

macro_rules! arithmetic {
    ($($(#[doc = $doc:literal])* $name:ident($number:ident) => $method:ident;)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Object {
                if let Some(x) = plain(a) {
                    if let Some(y) = plain(b) {
                        return done(py, holding(|| x.$method(y)));
                    }
                    if let Some(y) = number(b) {
                        return done(py, holding(|| x.$method(y)));
                    }
                }
                binary(py, $number, a, b)
            }
        )*
    };
}

arithmetic! {
    /// `a + b`.
    add(ADD) => add;
    /// `b + a`.
    radd(RADD) => add;
    /// `a - b`.
    sub(SUB) => sub;
    /// `a * b`.
    mul(MUL) => mul;
    /// `b * a`.
    rmul(RMUL) => mul;
    /// `a / b`.
    truediv(TRUEDIV) => div;
}

macro_rules! others {
    ($($(#[doc = $doc:literal])* $name:ident($number:ident);)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Object {
                binary(py, $number, a, b)
            }
        )*
    };
}

others! {
    /// `b - a`.
    rsub(RSUB);
    /// `a // b`.
    floordiv(FLOORDIV);
    /// `b // a`.
    rfloordiv(RFLOORDIV);
    /// `a % b`.
    remainder(REMAINDER);
    /// `b % a`.
    rremainder(RREMAINDER);
    /// `a ** b`.
    pow(POW);
    /// `b ** a`.
    rpow(RPOW);
    /// `a @ b`.
    matmul(MATMUL);
    /// `b @ a`.
    rmatmul(RMATMUL);
    /// `a & b`.
    and(AND);
    /// `b & a`.
    rand(RAND);
    /// `a | b`.
    or(OR);
    /// `b | a`.
    ror(ROR);
    /// `a ^ b`.
    xor(XOR);
    /// `b ^ a`.
    rxor(RXOR);
    /// `a << b`.
    lshift(LSHIFT);
    /// `b << a`.
    rlshift(RLSHIFT);
    /// `a >> b`.
    rshift(RSHIFT);
    /// `b >> a`.
    rrshift(RRSHIFT);
    /// `a == b`.
    eq(EQ);
    /// `a != b`.
    ne(NE);
    /// `a < b`.
    lt(LT);
    /// `a <= b`.
    le(LE);
    /// `a > b`.
    gt(GT);
    /// `a >= b`.
    ge(GE);
}

/// `b / a`, as PyTorch records it: the reciprocal, times `b`.
pub(crate) fn rtruediv(py: Python<'_>, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Object {
    if let Some(taken) = taken_over(py, RTRUEDIV, &[a, b])? {
        return taken;
    }
    let reciprocal = unary(py, RTRUEDIV, a)?;
    mul(py, reciprocal.bind(py), b)
}

macro_rules! unaries {
    ($($(#[doc = $doc:literal])* $name:ident($number:ident);)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) fn $name(py: Python<'_>, a: &Bound<'_, PyAny>) -> Object {
                unary(py, $number, a)
            }
        )*
    };
}

unaries! {
    /// `-a`.
    neg(NEG);
    /// `+a`.
    pos(POS);
    /// `~a`.
    invert(INVERT);
    /// `abs(a)`.
    abs(ABS);
}

fn overloads(py: Python<'_>, number: usize) -> &'static Overloads {
    // The table is set for ever when the module is initialised.
    static NONE: Overloads =
        Overloads { tensors: None, tensor_number: None, number_tensor: None, unary: None };
    let all: Option<&Vec<Overloads>> = OVERLOADS.get(py);
    // SAFETY: a `PyOnceLock` in a static is never emptied.
    all.and_then(|all| all.get(number)).map_or(&NONE, |found| unsafe { &*std::ptr::from_ref(found) })
}

#[cold]
fn missing(number: usize) -> PyErr {
    let operator = &OPERATORS[number];
    PyNotImplementedError::new_err(format!(
        "the operator {} needs torch.{}, which Rushlight does not have",
        operator.function, operator.operation
    ))
}

/// A call of an overload on its operands.
fn apply(py: Python<'_>, overload: &Overload, a: Value, b: Option<Value>) -> Object {
    let mut values: SmallVec<[Value; 4]> = SmallVec::new();
    values.push(a);
    values.extend(b);
    values.extend(overload.tail.iter().cloned());
    let result = holding(|| (overload.call)(&Arguments::new(&values))).or_raise()?;
    crate::warning::check()?;
    convert::object(py, result)
}

/// The result of the class that takes the operator over, if one does.
fn taken_over(py: Python<'_>, number: usize, operands: &[&Bound<'_, PyAny>]) -> PyResult<Option<Object>> {
    if operands.iter().all(|operand| overrides::is_known_plain(operand) || self::number(operand).is_some()) {
        return Ok(None);
    }
    let mut overridden = Overridden::default();
    for operand in operands {
        overridden.consider(operand)?;
    }
    if overridden.is_empty() {
        return Ok(None);
    }
    let name = OPERATORS[number].function;
    let class = CLASS.get(py).ok_or_else(|| PyRuntimeError::new_err("the module is not initialised"))?;
    // Division by a tensor has its old name in PyTorch's table of functions.
    let attribute = if name == "__rdiv__" { "__rtruediv__" } else { name };
    let function = class.bind(py).getattr(attribute)?;
    let args = PyTuple::new(py, operands.iter().map(|o| (*o).clone()))?;
    Ok(Some(match overridden.dispatch(name, &function, &args, None) {
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(py.NotImplemented()),
        other => other,
    }))
}

fn binary(py: Python<'_>, number: usize, a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> Object {
    if let Some(taken) = taken_over(py, number, &[a, b])? {
        return taken;
    }
    let Some(x) = unwrap_exact(a) else { return Ok(py.NotImplemented()) };
    let reflected = OPERATORS[number].reflected;
    let overloads = overloads(py, number);
    let x = Value::Tensor(x.clone());
    if let Some(y) = unwrap_exact(b) {
        let Some(overload) = &overloads.tensors else { return Err(missing(number)) };
        let y = Value::Tensor(y.clone());
        return if reflected { apply(py, overload, y, Some(x)) } else { apply(py, overload, x, Some(y)) };
    }
    let y = match convert::scalar(b) {
        Ok(y) => y,
        Err(Refusal::Error(error)) if !error.is_instance_of::<PyTypeError>(py) => return Err(error),
        Err(_) => return Ok(py.NotImplemented()),
    };
    if reflected {
        if let Some(overload) = &overloads.number_tensor {
            return apply(py, overload, y, Some(x));
        }
        // A number becomes a tensor that counts as a number in promotion.
        return match (&overloads.tensors, y) {
            (Some(overload), Value::Scalar(y)) if overloads.tensor_number.is_some() => {
                apply(py, overload, Tensor::wrapped_number(y).or_raise()?.into(), Some(x))
            }
            (Some(_), _) => Ok(py.NotImplemented()),
            (None, _) => Err(missing(number)),
        };
    }
    match &overloads.tensor_number {
        Some(overload) => apply(py, overload, x, Some(y)),
        None if overloads.tensors.is_some() => Ok(py.NotImplemented()),
        None => Err(missing(number)),
    }
}

fn unary(py: Python<'_>, number: usize, a: &Bound<'_, PyAny>) -> Object {
    if let Some(taken) = taken_over(py, number, &[a])? {
        return taken;
    }
    let Some(x) = unwrap_exact(a) else { return Ok(py.NotImplemented()) };
    match &overloads(py, number).unary {
        Some(overload) => apply(py, overload, Value::Tensor(x.clone()), None),
        None => Err(missing(number)),
    }
}

/// The in-place operators and the methods that they are: `x += y` is `x.add_(y)`.
const IN_PLACE: [(&str, &str); 12] = [
    ("__iadd__", "add_"),
    ("__isub__", "sub_"),
    ("__imul__", "mul_"),
    ("__itruediv__", "div_"),
    ("__ifloordiv__", "floor_divide_"),
    ("__imod__", "remainder_"),
    ("__ipow__", "pow_"),
    ("__iand__", "bitwise_and_"),
    ("__ior__", "bitwise_or_"),
    ("__ixor__", "bitwise_xor_"),
    ("__ilshift__", "bitwise_left_shift_"),
    ("__irshift__", "bitwise_right_shift_"),
];

/// The number of an in-place operator as a type, for PyO3's trampoline.
struct InPlace<const N: usize>;

impl<const N: usize> MethodDef<binaryfunc::Func> for InPlace<N> {
    const METH: binaryfunc::Func = in_place::<N>;
}

unsafe fn in_place<const N: usize>(
    py: Python<'_>,
    slf: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: Python passes live objects.
    let (a, b) = unsafe { (Bound::from_borrowed_ptr(py, slf), Bound::from_borrowed_ptr(py, other)) };
    if let (Some(x), Some(y)) = (plain(&a), plain(&b)) {
        let result = match N {
            0 => Some(holding(|| x.add_(y))),
            1 => Some(holding(|| x.sub_(y))),
            2 => Some(holding(|| x.mul_(y))),
            3 => Some(holding(|| x.div_(y))),
            _ => None,
        };
        if let Some(result) = result {
            result.or_raise()?;
            crate::warning::check()?;
            return Ok(a.into_ptr());
        }
    }
    match a.call_method1(IN_PLACE[N].1, (b,)) {
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(py.NotImplemented().into_ptr()),
        other => other.map(Bound::into_ptr),
    }
}

fn overloads_of(operation: &str) -> Overloads {
    let mut found = Overloads::default();
    let callables = (0..call::CAPACITY).map_while(call::callable);
    let Some(callable) =
        callables.filter(|c| c.name == operation).min_by_key(|c| c.receiver != Receiver::Function)
    else {
        return found;
    };
    // A method's signature lacks its first operand.
    let skipped = usize::from(callable.receiver == Receiver::Method);
    for signature in &callable.signatures {
        let kind = |i: usize| match (i, skipped) {
            (0, 1) => Some(Kind::Tensor),
            _ => signature.parameters.get(i - skipped).filter(|p| !p.is_optional()).map(|p| p.kind),
        };
        let place = match (kind(0), kind(1), kind(2)) {
            (Some(Kind::Tensor), Some(Kind::Tensor), None) => &mut found.tensors,
            (Some(Kind::Tensor), Some(Kind::Scalar), None) => &mut found.tensor_number,
            (Some(Kind::Scalar), Some(Kind::Tensor), None) => &mut found.number_tensor,
            (Some(Kind::Tensor), None, None) => &mut found.unary,
            _ => continue,
        };
        let operands = if kind(1).is_some() { 2 } else { 1 };
        let tail = signature.arguments_after(operands - skipped);
        place.get_or_insert(Overload { call: signature.call, tail });
    }
    found
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let class = m.getattr("Tensor")?.cast_into::<PyType>()?;
    CLASS.get_or_init(py, || class.clone().unbind());
    OVERLOADS.get_or_init(py, || OPERATORS.iter().map(|o| overloads_of(o.operation)).collect());
    let entries: [unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject; 12] = [
        binaryfunc::<InPlace<0>>,
        binaryfunc::<InPlace<1>>,
        binaryfunc::<InPlace<2>>,
        binaryfunc::<InPlace<3>>,
        binaryfunc::<InPlace<4>>,
        binaryfunc::<InPlace<5>>,
        binaryfunc::<InPlace<6>>,
        binaryfunc::<InPlace<7>>,
        binaryfunc::<InPlace<8>>,
        binaryfunc::<InPlace<9>>,
        binaryfunc::<InPlace<10>>,
        binaryfunc::<InPlace<11>>,
    ];
    for ((name, method), entry) in IN_PLACE.into_iter().zip(entries) {
        if !class.hasattr(method)? {
            continue;
        }
        let text = std::ffi::CString::new(name)?;
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: Box::leak(text.into_boxed_c_str()).as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: entry },
            ml_flags: ffi::METH_O,
            ml_doc: std::ptr::null(),
        }));
        // SAFETY: the class is live and the definition is never freed.
        let descriptor = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))?
        };
        class.setattr(name, descriptor)?;
    }
    Ok(())
}
