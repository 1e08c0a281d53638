//! Between Python's numbers and tensors with one element, and lists of numbers.

use crate::error::OrRaise;
use pyo3::exceptions::{PyOverflowError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList};
use rushlight_core::{self as core, DType, Scalar};

type Object = PyResult<Py<PyAny>>;

/// A Python number.
pub(crate) fn object(py: Python<'_>, scalar: Scalar) -> Object {
    Ok(match scalar {
        Scalar::Bool(b) => b.into_pyobject(py)?.to_owned().into_any().unbind(),
        Scalar::Int(i) => i.into_pyobject(py)?.into_any().unbind(),
        Scalar::Float(f) => f.into_pyobject(py)?.into_any().unbind(),
        _ => return Err(PyRuntimeError::new_err("a number of a kind that Python has not")),
    })
}

/// The number in a Python object, if it is one: also NumPy's scalars, and tensors with one element.
pub(crate) fn number(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    if let Ok(b) = object.cast::<PyBool>() {
        return Ok(Some(Scalar::Bool(b.is_true())));
    }
    if object.is_instance_of::<PyInt>() {
        return match object.extract::<i64>() {
            Ok(i) => Ok(Some(Scalar::Int(i))),
            Err(_) => Err(PyRuntimeError::new_err("Overflow when unpacking long long")),
        };
    }
    if let Ok(f) = object.cast::<PyFloat>() {
        return Ok(Some(Scalar::Float(f.value())));
    }
    if let Some(tensor) = super::unwrap_exact(object) {
        return if tensor.numel() == 1 { tensor.item().map(Some).or_raise() } else { Ok(None) };
    }
    numpy_scalar(object)
}

/// A NumPy scalar: an array without dimensions by its protocol.
fn numpy_scalar(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    let module = object.get_type().module();
    if !module.is_ok_and(|m| m == "numpy") {
        return Ok(None);
    }
    let Ok(item) = object.getattr(pyo3::intern!(object.py(), "item")) else { return Ok(None) };
    if !object.getattr("shape").is_ok_and(|s| s.len().is_ok_and(|n| n == 0)) {
        return Ok(None);
    }
    let value = item.call0()?;
    if let Ok(b) = value.cast::<PyBool>() {
        Ok(Some(Scalar::Bool(b.is_true())))
    } else if let Ok(i) = value.extract::<i64>() {
        Ok(Some(Scalar::Int(i)))
    } else if let Ok(f) = value.extract::<f64>() {
        Ok(Some(Scalar::Float(f)))
    } else {
        Ok(None)
    }
}

/// The number in a Python object.
pub(crate) fn from_object(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    number(object)?.ok_or_else(|| {
        PyTypeError::new_err(format!("must be Number, not {}", crate::types::type_name(object)))
    })
}

/// The elements as nested lists.
pub(super) fn to_list(py: Python<'_>, tensor: &core::Tensor) -> Object {
    let shape = tensor.shape().to_vec();
    match tensor.dtype() {
        DType::Bool => {
            let values = tensor.to_i64_vec().or_raise()?;
            nest(py, &shape, &mut values.into_iter().map(|v| Scalar::Bool(v != 0)))
        }
        dtype if dtype.is_floating_point() => {
            let values = tensor.to_f64_vec().or_raise()?;
            nest(py, &shape, &mut values.into_iter().map(Scalar::Float))
        }
        _ => {
            let values = tensor.to_i64_vec().or_raise()?;
            nest(py, &shape, &mut values.into_iter().map(Scalar::Int))
        }
    }
}

fn nest(py: Python<'_>, shape: &[usize], values: &mut dyn Iterator<Item = Scalar>) -> Object {
    let Some((&length, inner)) = shape.split_first() else {
        return object(py, values.next().unwrap_or(Scalar::Int(0)));
    };
    let list = PyList::empty(py);
    for _ in 0..length {
        list.append(nest(py, inner, values)?)?;
    }
    Ok(list.into_any().unbind())
}

pub(super) fn truth(py: Python<'_>, tensor: &core::Tensor) -> PyResult<bool> {
    let _ = py;
    match tensor.numel() {
        1 => Ok(tensor.item().or_raise()?.to_bool()),
        0 => Err(PyRuntimeError::new_err("Boolean value of Tensor with no values is ambiguous")),
        _ => Err(PyRuntimeError::new_err("Boolean value of Tensor with more than one value is ambiguous")),
    }
}

/// The single element, with PyTorch's warning where a history is lost.
fn single(tensor: &core::Tensor) -> PyResult<Scalar> {
    if tensor.requires_grad() && core::autograd::is_grad_enabled() {
        core::warn_once!(
            User,
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\nConsider using tensor.detach() first."
        );
        crate::warning::check()?;
    }
    if tensor.numel() != 1 {
        return Err(PyValueError::new_err("only one element tensors can be converted to Python scalars"));
    }
    tensor.item().or_raise()
}

pub(super) fn to_float(py: Python<'_>, tensor: &core::Tensor) -> PyResult<f64> {
    let _ = py;
    Ok(single(tensor)?.to_f64())
}

pub(super) fn to_int(py: Python<'_>, tensor: &core::Tensor) -> Object {
    match single(tensor)? {
        Scalar::Float(f) if f.is_nan() => Err(PyValueError::new_err("cannot convert float NaN to integer")),
        Scalar::Float(f) if f.is_infinite() => {
            Err(PyOverflowError::new_err("cannot convert float infinity to integer"))
        }
        Scalar::Float(f) => {
            // Python's own conversion: the number may be larger than 64 bits.
            Ok(f.into_pyobject(py)?.call_method0("__int__")?.unbind())
        }
        other => Ok(other.to_i64().into_pyobject(py)?.into_any().unbind()),
    }
}

pub(super) fn to_index(py: Python<'_>, tensor: &core::Tensor) -> Object {
    if tensor.numel() != 1 || tensor.dtype().is_floating_point() {
        return Err(PyTypeError::new_err(
            "only integer tensors of a single element can be converted to an index",
        ));
    }
    Ok(tensor.item().or_raise()?.to_i64().into_pyobject(py)?.into_any().unbind())
}
