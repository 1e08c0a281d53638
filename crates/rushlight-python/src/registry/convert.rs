//! From Python objects to the core's values and back.
//!
//! What a parameter accepts is PyTorch's, quirks included: a bool is no int, a number is a Scalar and so is a 0-d tensor
//! that requires no gradient, NumPy's scalars count as Python's.

use super::overrides::{self, Overridden};
use super::schema::{Kind, Parameter};
use crate::error::OrRaise;
use crate::tensor::{unwrap_exact, wrap};
use crate::types;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use rushlight_core::registry::Value;
use rushlight_core::{DType, Scalar, Tensor};

/// Why an object is no argument.
pub(super) enum Refusal {
    /// It is of another kind.
    Kind,
    /// It is a list, of which this element is of another kind.
    Element(usize),
    /// Python raised.
    Error(PyErr),
}

impl From<PyErr> for Refusal {
    #[cold]
    fn from(error: PyErr) -> Self {
        Self::Error(error)
    }
}

type Converted = Result<Value, Refusal>;

/// Converts an argument. Objects that may override the call are collected on the way.
#[inline]
pub(super) fn convert<'py>(
    parameter: &Parameter,
    place: usize,
    object: &Bound<'py, PyAny>,
    overridden: &mut Overridden<'py>,
) -> Converted {
    match parameter.kind {
        Kind::Tensor => tensor(object, overridden),
        Kind::Scalar => scalar(object),
        Kind::Ints => ints(parameter, object),
        Kind::Int => int(object),
        Kind::Bool => bool(object),
        _ => convert_other(parameter, place, object, overridden),
    }
}

fn convert_other<'py>(
    parameter: &Parameter,
    place: usize,
    object: &Bound<'py, PyAny>,
    overridden: &mut Overridden<'py>,
) -> Converted {
    match parameter.kind {
        Kind::TensorOrNumber => match tensor(object, overridden) {
            Err(Refusal::Kind) => match scalar(object)? {
                Value::Scalar(number) => Ok(Tensor::wrapped_number(number).or_raise()?.into()),
                other => Ok(other),
            },
            other => other,
        },
        Kind::Float => float(object),
        Kind::Text => match object.cast::<PyString>() {
            Ok(text) => Ok(Value::Text(text.to_cow()?.into_owned().into())),
            Err(_) => Err(Refusal::Kind),
        },
        Kind::DType => types::dtype_of(object).map(Value::DType).ok_or(Refusal::Kind),
        Kind::Layout => match object.cast::<types::PyLayout>() {
            Ok(layout) => Ok(Value::Text(layout.get().name.into())),
            Err(_) => Err(Refusal::Kind),
        },
        Kind::Device => types::device_of(object)?.map(Value::Device).ok_or(Refusal::Kind),
        Kind::MemoryFormat => {
            types::memory_format_name(object).map(|name| Value::Text(name.into())).ok_or(Refusal::Kind)
        }
        Kind::Generator => types::generator_of(object).map(Value::Generator).ok_or(Refusal::Kind),
        Kind::Tensors => tensors(place, object, overridden),
        Kind::OptionalTensors => optional_tensors(place, object, overridden),
        Kind::Floats => list(object, float, Value::Tuple),
        Kind::Scalars => list(object, scalar, Value::Tuple),
        Kind::Tensor | Kind::Scalar | Kind::Ints | Kind::Int | Kind::Bool => unreachable!("converted above"),
    }
}

#[inline]
pub(super) fn tensor<'py>(object: &Bound<'py, PyAny>, overridden: &mut Overridden<'py>) -> Converted {
    if let Some(tensor) = unwrap_exact(object) {
        if !overrides::is_exact(object) {
            overridden.consider(object)?;
        }
        return Ok(Value::Tensor(tensor.clone()));
    }
    // Anything that implements `__torch_function__` passes for a tensor.
    if overridden.consider(object)? { Ok(Value::None) } else { Err(Refusal::Kind) }
}

fn sequence<'py>(object: &Bound<'py, PyAny>) -> Option<Vec<Bound<'py, PyAny>>> {
    if let Ok(tuple) = object.cast::<PyTuple>() {
        Some(tuple.iter().collect())
    } else if let Ok(list) = object.cast::<PyList>() {
        Some(list.iter().collect())
    } else {
        None
    }
}

fn tensors<'py>(place: usize, object: &Bound<'py, PyAny>, overridden: &mut Overridden<'py>) -> Converted {
    let items = sequence(object).ok_or(Refusal::Kind)?;
    let mut found = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        match tensor(item, overridden) {
            Ok(Value::Tensor(tensor)) => found.push(tensor),
            Ok(_) => {}
            Err(Refusal::Error(error)) => return Err(error.into()),
            Err(_) => return Err(not_a_tensor(i, place, item)),
        }
    }
    Ok(Value::Tensors(found))
}

fn optional_tensors<'py>(
    place: usize,
    object: &Bound<'py, PyAny>,
    overridden: &mut Overridden<'py>,
) -> Converted {
    let items = sequence(object).ok_or(Refusal::Kind)?;
    let mut found = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        if item.is_none() {
            found.push(None);
            continue;
        }
        match tensor(item, overridden) {
            Ok(Value::Tensor(tensor)) => found.push(Some(tensor)),
            Ok(_) => found.push(None),
            Err(Refusal::Error(error)) => return Err(error.into()),
            Err(_) => return Err(not_a_tensor(i, place, item)),
        }
    }
    Ok(Value::OptionalTensors(found))
}

#[cold]
fn not_a_tensor(element: usize, place: usize, item: &Bound<'_, PyAny>) -> Refusal {
    let name = types::type_name(item);
    PyTypeError::new_err(format!("expected Tensor as element {element} in argument {place}, but got {name}"))
        .into()
}

fn list(
    object: &Bound<'_, PyAny>,
    element: impl Fn(&Bound<'_, PyAny>) -> Converted,
    finish: impl Fn(Vec<Value>) -> Value,
) -> Converted {
    let items = sequence(object).ok_or(Refusal::Kind)?;
    let mut found = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        match element(item) {
            Ok(value) => found.push(value),
            Err(Refusal::Error(error)) => return Err(error.into()),
            Err(_) => return Err(Refusal::Element(i)),
        }
    }
    Ok(finish(found))
}

/// The type of an object.
#[inline]
pub(super) fn kind_of(object: &Bound<'_, PyAny>) -> *mut ffi::PyTypeObject {
    // SAFETY: a live object.
    unsafe { ffi::Py_TYPE(object.as_ptr()) }
}

macro_rules! is_exactly {
    ($object:expr, $type:ident) => {
        kind_of($object) == std::ptr::addr_of_mut!(ffi::$type)
    };
}

fn integer(object: &Bound<'_, PyAny>) -> PyResult<i64> {
    // SAFETY: a live object that is a Python int.
    let number = unsafe { ffi::PyLong_AsLongLong(object.as_ptr()) };
    if number == -1
        && let Some(error) = PyErr::take(object.py())
    {
        return Err(error);
    }
    Ok(number)
}

/// A number of Python's.
#[inline]
pub(super) fn scalar(object: &Bound<'_, PyAny>) -> Converted {
    if is_exactly!(object, PyFloat_Type) {
        // SAFETY: a live object that is a Python float.
        return Ok(Value::Scalar(Scalar::Float(unsafe { ffi::PyFloat_AsDouble(object.as_ptr()) })));
    }
    if is_exactly!(object, PyLong_Type) {
        return Ok(Value::Scalar(Scalar::Int(integer(object)?)));
    }
    scalar_slowly(object)
}

fn scalar_slowly(object: &Bound<'_, PyAny>) -> Converted {
    if let Ok(truth) = object.cast::<PyBool>() {
        return Ok(Value::Scalar(Scalar::Bool(truth.is_true())));
    }
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(Value::Scalar(Scalar::Float(float.value())));
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(Value::Scalar(Scalar::Int(integer(object)?)));
    }
    if let Some(tensor) = unwrap_exact(object) {
        return match number_of(tensor) {
            Some(scalar) => Ok(Value::Scalar(scalar.or_raise()?)),
            None => Err(Refusal::Kind),
        };
    }
    match numpy_scalar(object)? {
        Some(plain) => scalar_slowly(&plain),
        None => Err(Refusal::Kind),
    }
}

/// The number of a 0-d tensor that requires no gradient.
fn number_of(tensor: &Tensor) -> Option<rushlight_core::Result<Scalar>> {
    (tensor.rank() == 0 && !tensor.requires_grad()).then(|| tensor.item())
}

/// A scalar of NumPy's as Python's number. NumPy is asked only if the program has imported it.
fn numpy_scalar<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    static GENERIC: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let py = object.py();
    let generic = if let Some(generic) = GENERIC.get(py) {
        generic.bind(py)
    } else {
        let modules = py.import("sys")?.getattr("modules")?;
        let Ok(numpy) = modules.get_item("numpy") else { return Ok(None) };
        let Ok(generic) = numpy.getattr("generic") else { return Ok(None) };
        let generic = generic.cast_into::<PyType>()?.unbind();
        GENERIC.get_or_init(py, || generic).bind(py)
    };
    if !object.is_instance(generic)? {
        return Ok(None);
    }
    let plain = object.call_method0(pyo3::intern!(py, "item"))?;
    // A date or a text is a scalar of NumPy's, but no number.
    let number = plain.is_instance_of::<PyFloat>() || plain.is_instance_of::<PyInt>();
    Ok(number.then_some(plain))
}

#[inline]
pub(super) fn int(object: &Bound<'_, PyAny>) -> Converted {
    if is_exactly!(object, PyLong_Type) {
        return long(object).map(Value::Int);
    }
    int_slowly(object)
}

fn long(object: &Bound<'_, PyAny>) -> Result<i64, Refusal> {
    integer(object).map_err(|_| PyValueError::new_err("Overflow when unpacking long long").into())
}

fn int_slowly(object: &Bound<'_, PyAny>) -> Converted {
    if object.is_instance_of::<PyBool>() {
        return Err(Refusal::Kind);
    }
    if object.is_instance_of::<PyInt>() {
        return long(object).map(Value::Int);
    }
    if let Some(tensor) = unwrap_exact(object) {
        let integral = !tensor.dtype().is_floating_point() && tensor.dtype() != DType::Bool;
        return match number_of(tensor) {
            Some(scalar) if integral => Ok(Value::Int(scalar.or_raise()?.to_i64())),
            _ => Err(Refusal::Kind),
        };
    }
    match numpy_scalar(object)? {
        Some(plain) if plain.is_instance_of::<PyInt>() && !plain.is_instance_of::<PyBool>() => {
            long(&plain).map(Value::Int)
        }
        _ => Err(Refusal::Kind),
    }
}

fn float(object: &Bound<'_, PyAny>) -> Converted {
    if let Ok(float) = object.cast::<PyFloat>() {
        return Ok(Value::Float(float.value()));
    }
    match scalar(object)? {
        Value::Scalar(Scalar::Bool(_)) if !object.is_instance_of::<PyBool>() => Err(Refusal::Kind),
        Value::Scalar(number) => Ok(Value::Float(number.to_f64())),
        other => Ok(other),
    }
}

#[inline]
fn bool(object: &Bound<'_, PyAny>) -> Converted {
    match object.cast::<PyBool>() {
        Ok(truth) => Ok(Value::Bool(truth.is_true())),
        Err(_) => bool_of_tensor(object),
    }
}

fn bool_of_tensor(object: &Bound<'_, PyAny>) -> Converted {
    // PyTorch takes a tensor only from its tracer.
    let _ = object;
    Err(Refusal::Kind)
}

fn ints(parameter: &Parameter, object: &Bound<'_, PyAny>) -> Converted {
    if is_exactly!(object, PyLong_Type) {
        return match parameter.broadcast {
            // One number stands for all; one alone needs no list.
            Some(1) => long(object).map(Value::Int),
            Some(length) => Ok(Value::Ints(vec![long(object)?; length])),
            None => Err(Refusal::Kind),
        };
    }
    if let Ok(tuple) = object.cast::<PyTuple>() {
        return ints_of(parameter, tuple.len(), |i| tuple.get_item(i));
    }
    if let Ok(list) = object.cast::<PyList>() {
        return ints_of(parameter, list.len(), |i| list.get_item(i));
    }
    match (parameter.broadcast, int_slowly(object)) {
        (Some(length), Ok(Value::Int(number))) => Ok(Value::Ints(vec![number; length])),
        (_, Err(Refusal::Error(error))) => Err(error.into()),
        _ => Err(Refusal::Kind),
    }
}

/// Integers one by one. The first decides whether the object is a list of integers; a later one that is none is an
/// error, as in PyTorch.
pub(super) fn ints_of<'py>(
    parameter: &Parameter,
    length: usize,
    item: impl Fn(usize) -> PyResult<Bound<'py, PyAny>>,
) -> Converted {
    let mut numbers = Vec::with_capacity(length);
    for i in 0..length {
        let object = item(i)?;
        match index(&object) {
            Ok(number) => numbers.push(number),
            Err(Refusal::Error(error)) => return Err(error.into()),
            Err(_) if i == 0 => return Err(Refusal::Element(0)),
            Err(_) if object.is_instance_of::<PyBool>() => numbers.push(i64::from(object.is_truthy()?)),
            Err(_) => return Err(not_an_int(parameter, i, &object)),
        }
    }
    Ok(Value::Ints(numbers))
}

#[cold]
fn not_an_int(parameter: &Parameter, i: usize, object: &Bound<'_, PyAny>) -> Refusal {
    // The name of the function is put before it by who knows it.
    PyTypeError::new_err(format!(
        "argument '{}' failed to unpack the object at pos {} with error \"type must be tuple of ints,but got {}\"",
        parameter.name,
        i + 1,
        types::type_name(object)
    ))
    .into()
}

/// An integer, or what says by `__index__` that it is one.
pub(super) fn index(object: &Bound<'_, PyAny>) -> Result<i64, Refusal> {
    match int(object) {
        Ok(Value::Int(number)) => Ok(number),
        Err(Refusal::Kind) if !object.is_instance_of::<PyBool>() && unwrap_exact(object).is_none() => {
            // SAFETY: a live object.
            if unsafe { ffi::PyIndex_Check(object.as_ptr()) } == 0 {
                return Err(Refusal::Kind);
            }
            // SAFETY: a live object that has `__index__`.
            let number =
                unsafe { Bound::from_owned_ptr_or_err(object.py(), ffi::PyNumber_Index(object.as_ptr())) }?;
            long(&number)
        }
        Err(refusal) => Err(refusal),
        Ok(_) => Err(Refusal::Kind),
    }
}

/// A number as Python's.
pub(super) fn number_object(py: Python<'_>, scalar: Scalar) -> PyResult<Py<PyAny>> {
    Ok(match scalar {
        Scalar::Bool(truth) => PyBool::new(py, truth).to_owned().into_any().unbind(),
        Scalar::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Scalar::Float(number) => number.into_pyobject(py)?.into_any().unbind(),
        _ => return Err(PyTypeError::new_err("a number of an unknown kind")),
    })
}

fn tuple_of<T>(py: Python<'_>, items: Vec<T>, one: impl Fn(T) -> PyResult<Py<PyAny>>) -> PyResult<Py<PyAny>> {
    let objects = items.into_iter().map(one).collect::<PyResult<Vec<_>>>()?;
    Ok(PyTuple::new(py, objects)?.into_any().unbind())
}

/// A result as a Python object.
#[inline]
pub(super) fn object(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    match value {
        Value::Tensor(tensor) => wrap(py, tensor),
        other => other_object(py, other),
    }
}

fn other_object(py: Python<'_>, value: Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::None => py.None(),
        Value::Tensor(tensor) => wrap(py, tensor)?,
        Value::Tensors(tensors) => tuple_of(py, tensors, |t| wrap(py, t))?,
        Value::OptionalTensors(tensors) => {
            tuple_of(py, tensors, |t| t.map_or_else(|| Ok(py.None()), |t| wrap(py, t)))?
        }
        Value::Named(name, fields, tensors) => super::results::named(py, name, fields, tensors)?,
        Value::Scalar(scalar) => number_object(py, scalar)?,
        Value::Bool(truth) => PyBool::new(py, truth).to_owned().into_any().unbind(),
        Value::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Float(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Ints(numbers) => {
            let sizes: Option<Vec<usize>> = numbers.iter().map(|&n| usize::try_from(n).ok()).collect();
            match sizes {
                Some(sizes) => types::size_object(py, &sizes)?,
                None => PyTuple::new(py, numbers)?.into_any().unbind(),
            }
        }
        Value::DType(dtype) => types::dtype_object(py, dtype)?,
        Value::Device(device) => types::device_object(py, device)?,
        Value::Text(text) => text.into_pyobject(py)?.into_any().unbind(),
        Value::Generator(generator) => Py::new(py, types::PyGenerator { generator })?.into_any(),
        Value::Tuple(values) => tuple_of(py, values, |v| object(py, v))?,
        _ => return Err(PyTypeError::new_err("a result of an unknown kind")),
    })
}
