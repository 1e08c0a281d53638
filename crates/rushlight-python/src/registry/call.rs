//! The one trampoline: every function and every method of an operation comes here.
//!
//! The stable ABI has no closures for methods: each needs a C function of its own. So a table of functions is made at
//! compile time that differ in nothing but their number, and the number finds what was registered under it.

use super::convert;
use super::message;
use super::parse::{Call, Mismatch, Parsed, parse};
use super::release::holding;
use super::schema::Signature;
use crate::error::{OrRaise, panicked};
use crate::tensor::{unwrap_exact, wrap};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::impl_::trampoline::{MethodDef, fastcall_cfunction_with_keywords};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rushlight_core::registry::{Arguments, Value};
use rushlight_core::{Error, Tensor};
use smallvec::SmallVec;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// How a name is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Receiver {
    /// `torch.name(...)`.
    Function,
    /// `tensor.name(...)`.
    Method,
}

/// A function or a method.
pub(super) struct Callable {
    pub(super) name: String,
    pub(super) receiver: Receiver,
    pub(super) in_place: bool,
    pub(super) signatures: Vec<Signature>,
    /// There is one signature, so that its mismatch is told whatever the number of arguments.
    pub(super) single: bool,
    /// The Python object, for `__torch_function__`.
    pub(super) object: OnceLock<Py<PyAny>>,
}

/// How many functions and methods there can be.
pub(super) const CAPACITY: usize = 2048;

static CALLABLES: [OnceLock<Callable>; CAPACITY] = [const { OnceLock::new() }; CAPACITY];

/// What is registered under a number.
pub(super) fn callable(number: usize) -> Option<&'static Callable> {
    CALLABLES.get(number).and_then(OnceLock::get)
}

/// Registers a callable under a number; false if there is one, or no room.
pub(super) fn register(number: usize, callable: Callable) -> bool {
    CALLABLES.get(number).is_some_and(|place| place.set(callable).is_ok())
}

type Entry = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// A number as a type, for PyO3's trampoline, which keeps its count of attached threads and stops panics.
struct Numbered<const N: usize>;

impl<const N: usize> MethodDef<fastcall_cfunction_with_keywords::Func> for Numbered<N> {
    const METH: fastcall_cfunction_with_keywords::Func = entry::<N>;
}

unsafe fn entry<const N: usize>(
    py: Python<'_>,
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: Python passes a live receiver (or null) and arguments that live during the call.
    unsafe { enter(py, &CALLABLES[N], slf, arguments, positional, names) }
}

macro_rules! entries {
    // Sixteen at a time: 128 times sixteen are the capacity.
    (@sixteen $base:expr) => {
        [
            fastcall_cfunction_with_keywords::<Numbered<{ $base }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 1 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 2 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 3 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 4 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 5 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 6 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 7 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 8 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 9 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 10 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 11 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 12 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 13 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 14 }>>,
            fastcall_cfunction_with_keywords::<Numbered<{ $base + 15 }>>,
        ]
    };
    ($($row:literal)*) => {
        [$(
            entries!(@sixteen $row * 128),
            entries!(@sixteen $row * 128 + 16),
            entries!(@sixteen $row * 128 + 32),
            entries!(@sixteen $row * 128 + 48),
            entries!(@sixteen $row * 128 + 64),
            entries!(@sixteen $row * 128 + 80),
            entries!(@sixteen $row * 128 + 96),
            entries!(@sixteen $row * 128 + 112),
        )*]
    };
}

static ENTRIES: [[Entry; 16]; CAPACITY / 16] = entries!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

/// The C function of a number.
pub(super) fn entry_of(number: usize) -> Entry {
    ENTRIES[number / 16][number % 16]
}

unsafe fn enter(
    py: Python<'_>,
    callable: &'static OnceLock<Callable>,
    slf: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    let Some(callable) = callable.get() else {
        return Err(PyTypeError::new_err("the operation is not registered"));
    };
    let keywords = if names.is_null() {
        0
    } else {
        // SAFETY: `names` is a tuple.
        unsafe { ffi::PyTuple_Size(names) as usize }
    };
    let call = Call { py, arguments, positional: positional as usize, names, keywords };
    let receiver = if callable.receiver == Receiver::Method {
        // SAFETY: the descriptor passes an instance of the class.
        Some(unsafe { Bound::from_borrowed_ptr(py, slf) })
    } else {
        None
    };
    match catch_unwind(AssertUnwindSafe(|| invoke(callable, &call, receiver.as_ref()))) {
        Ok(result) => result.map(Py::into_ptr),
        Err(payload) => Err(panicked(&callable.name, payload.as_ref())),
    }
}

#[inline]
fn invoke<'py>(
    callable: &'static Callable,
    call: &Call<'py>,
    receiver: Option<&Bound<'py, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let mut parsed = Parsed::default();
    let first = match receiver {
        None => None,
        Some(object) => {
            let tensor = unwrap_exact(object).ok_or_else(|| not_a_tensor(callable, object))?;
            if !super::overrides::is_exact(object) {
                parsed.overridden.consider(object)?;
            }
            Some(tensor)
        }
    };
    let signature = select(callable, call, receiver, first, &mut parsed)?;
    if !parsed.overridden.is_empty() {
        return overridden(callable, call, receiver, &parsed);
    }
    if !signature.order.is_empty() {
        reorder(callable, signature, &mut parsed)?;
    }
    let result = run(callable, signature, &parsed).or_raise()?;
    crate::warning::check()?;
    finish(call.py, callable, receiver, first, parsed.requires_grad, result)
}

/// Puts the arguments of a deprecated signature into the operation's order, and warns, once in a process as PyTorch.
#[cold]
fn reorder(callable: &Callable, signature: &Signature, parsed: &mut Parsed<'_>) -> PyResult<()> {
    let mut ordered: SmallVec<[Value; 6]> =
        signature.order.iter().map(|&place| std::mem::take(&mut parsed.values[place])).collect();
    ordered.extend(signature.missing.iter().cloned());
    parsed.values = ordered;
    let name = &callable.name;
    let mut text = format!("This overload of {name} is deprecated:\n\t{name}{}", signature.text());
    text += "\nConsider using one of the following signatures instead:";
    for shown in callable.signatures.iter().filter(|s| !s.hidden) {
        text += &format!("\n\t{name}{}", shown.text());
    }
    rushlight_core::warn_once!(User, "{text}");
    crate::warning::check()
}

/// The first signature that the call fits.
#[inline]
fn select<'py>(
    callable: &'static Callable,
    call: &Call<'py>,
    receiver: Option<&Bound<'py, PyAny>>,
    first: Option<&Tensor>,
    parsed: &mut Parsed<'py>,
) -> PyResult<&'static Signature> {
    let mut last = None;
    for signature in &callable.signatures {
        match parse(signature, call, first, parsed) {
            Ok(()) => return Ok(signature),
            Err(Mismatch::Error(error)) => return Err(named(&callable.name, error, call.py)),
            Err(mismatch) => last = Some(mismatch),
        }
        parsed.values.clear();
        parsed.out = Value::None;
        parsed.requires_grad = false;
        parsed.overridden.clear();
        if let Some(object) = receiver
            && !super::overrides::is_exact(object)
        {
            parsed.overridden.consider(object)?;
        }
    }
    Err(no_signature(callable, call, first, last))
}

/// Errors from inside of a list name the function first.
#[cold]
fn named(name: &str, error: PyErr, py: Python<'_>) -> PyErr {
    let text = error.value(py).to_string();
    if text.starts_with("argument '") { PyTypeError::new_err(format!("{name}(): {text}")) } else { error }
}

#[cold]
fn not_a_tensor(callable: &Callable, object: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!(
        "descriptor '{}' for 'torch._C.TensorBase' objects doesn't apply to a '{}' object",
        callable.name,
        crate::types::type_name(object)
    ))
}

#[cold]
fn no_signature(
    callable: &'static Callable,
    call: &Call<'_>,
    first: Option<&Tensor>,
    last: Option<Mismatch>,
) -> PyErr {
    let visible: Vec<&Signature> = callable.signatures.iter().filter(|s| !s.hidden).collect();
    let name = &callable.name;
    // PyTorch's methods without arguments are refused by Python itself.
    if callable.receiver == Receiver::Method
        && let [only] = callable.signatures.as_slice()
        && only.parameters.is_empty()
    {
        let text = if call.keywords > 0 {
            format!("TensorBase.{name}() takes no keyword arguments")
        } else {
            format!("TensorBase.{name}() takes no arguments ({} given)", call.positional)
        };
        return PyTypeError::new_err(text);
    }
    if callable.signatures.len() == 1
        && let Some(mismatch) = last
    {
        return message::mismatch(name, visible[0], call, mismatch);
    }
    let given = call.positional + call.keywords;
    let plausible: Vec<&Signature> = if callable.single {
        visible.clone()
    } else {
        let fits = |s: &&Signature| (s.min_arguments..=s.parameters.len()).contains(&given);
        visible.iter().copied().filter(fits).collect()
    };
    if let [only] = plausible.as_slice() {
        let mut parsed = Parsed::default();
        if let Err(mismatch) = parse(only, call, first, &mut parsed) {
            return message::mismatch(name, only, call, mismatch);
        }
    }
    message::invalid_combination(name, &visible, call)
}

#[inline]
fn run(callable: &Callable, signature: &Signature, parsed: &Parsed<'_>) -> rushlight_core::Result<Value> {
    let arguments = match &parsed.out {
        Value::None if callable.in_place => Arguments::in_place(&parsed.values),
        Value::None => Arguments::new(&parsed.values),
        Value::Tensor(out) => Arguments::out(&parsed.values, out),
        Value::Tensors(outs) if outs.len() == signature.results => Arguments::outs(&parsed.values, outs),
        Value::Tensors(outs) => {
            return Err(Error::type_error(format!(
                "expected tuple of {} elements but got {}",
                signature.results,
                outs.len()
            )));
        }
        _ => return Err(Error::type_error("out must be a tensor")),
    };
    holding(|| (signature.call)(&arguments))
}

#[inline]
fn finish<'py>(
    py: Python<'py>,
    callable: &Callable,
    receiver: Option<&Bound<'py, PyAny>>,
    first: Option<&Tensor>,
    requires_grad: bool,
    result: Value,
) -> PyResult<Py<PyAny>> {
    match result {
        Value::Tensor(tensor) => {
            if requires_grad {
                tensor.requires_grad_(true).or_raise()?;
            }
            // A method that returns its own tensor returns its own object.
            if let (Some(object), Some(first)) = (receiver, first)
                && callable.in_place
                && tensor.is_same(first)
            {
                return Ok(object.clone().unbind());
            }
            wrap(py, tensor)
        }
        other => convert::object(py, other),
    }
}

/// Hands the call to a class that takes it over.
#[cold]
fn overridden<'py>(
    callable: &'static Callable,
    call: &Call<'py>,
    receiver: Option<&Bound<'py, PyAny>>,
    parsed: &Parsed<'py>,
) -> PyResult<Py<PyAny>> {
    let py = call.py;
    let given = (0..call.positional).filter_map(|i| call.positional(i).cloned());
    let args: Vec<_> = receiver.cloned().into_iter().chain(given).collect();
    let args = PyTuple::new(py, args)?;
    let kwargs = PyDict::new(py);
    for i in 0..call.keywords {
        let (name, value) = call.keyword(i);
        kwargs.set_item(name, value)?;
    }
    let Some(function) = callable.object.get() else {
        return Err(PyTypeError::new_err("the operation has no Python object"));
    };
    parsed.overridden.dispatch(&callable.name, function.bind(py), &args, Some(&kwargs))
}

/// Parses a call and does nothing with it: what the parser costs.
pub(super) fn parse_only(callable: &'static Callable, call: &Call<'_>) -> PyResult<usize> {
    let mut parsed = Parsed::default();
    let signature = select(callable, call, None, None, &mut parsed)?;
    Ok(signature.parameters.len() + parsed.values.len())
}
