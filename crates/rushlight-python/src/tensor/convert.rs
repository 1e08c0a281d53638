//! `to`, `type`, subclasses, iteration and printing.

use super::class::PyTensor;
use super::{legacy, object, scalar};
use crate::error::OrRaise;
use crate::types;
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyString, PyTuple, PyType};
use rushlight_core::printing::Class;
use rushlight_core::{self as core, DType, DTypeNames};

type Object = PyResult<Py<PyAny>>;

/// The tensor in another dtype; itself, where it has that dtype.
pub(super) fn to_dtype(slf: &Bound<'_, PyTensor>, dtype: DType) -> Object {
    let tensor = slf.get().tensor();
    if tensor.dtype() == dtype {
        return Ok(slf.clone().into_any().unbind());
    }
    object::wrap_like(slf, tensor.to_dtype(dtype).or_raise()?)
}

/// What `to(…)` was asked for.
#[derive(Default)]
struct Target {
    device: Option<core::Device>,
    dtype: Option<DType>,
    non_blocking: bool,
    copy: bool,
    memory_format: Option<Py<PyAny>>,
}

/// Reads the arguments of `to`: `(device, dtype, …)`, `(dtype, …)` or `(other, …)`.
fn parse_to(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Target> {
    let mut target = Target::default();
    let mut names: &[&str] = &["device", "dtype", "non_blocking", "copy"];
    let mut given: Vec<(String, Bound<'_, PyAny>)> = Vec::new();
    if let Ok(first) = args.get_item(0) {
        if super::unwrap_exact(&first).is_some() {
            names = &["other", "non_blocking", "copy"];
        } else if types::dtype_of(&first).is_some() {
            names = &["dtype", "non_blocking", "copy"];
        }
    }
    if args.len() > names.len() {
        return Err(wrong_to(args, kwargs));
    }
    for (value, name) in args.iter().zip(names) {
        given.push(((*name).to_owned(), value));
    }
    if let Some(kwargs) = kwargs {
        for (name, value) in kwargs.iter() {
            given.push((name.to_string(), value));
        }
    }
    for (name, value) in given {
        if value.is_none() {
            continue;
        }
        match name.as_str() {
            "other" => {
                let Some(other) = super::unwrap_exact(&value) else { return Err(wrong_to(args, kwargs)) };
                target.dtype = Some(other.dtype());
                target.device = Some(other.device());
            }
            "dtype" => match types::dtype_of(&value) {
                Some(dtype) => target.dtype = Some(dtype),
                None => return Err(wrong_to(args, kwargs)),
            },
            "device" => target.device = types::device_of(&value)?,
            "non_blocking" => target.non_blocking = value.extract().map_err(|_| wrong_to(args, kwargs))?,
            "copy" => target.copy = value.extract().map_err(|_| wrong_to(args, kwargs))?,
            "memory_format" => target.memory_format = Some(value.unbind()),
            _ => return Err(wrong_to(args, kwargs)),
        }
    }
    Ok(target)
}

/// PyTorch's "invalid combination" for `to`.
#[cold]
fn wrong_to(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyErr {
    let mut got: Vec<String> = args.iter().map(|a| type_name(&a)).collect();
    if let Some(kwargs) = kwargs {
        got.extend(kwargs.iter().map(|(name, value)| format!("{name}={}", type_name(&value))));
    }
    PyTypeError::new_err(format!(
        "to() received an invalid combination of arguments - got ({}), but expected one of:\n * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)\n * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)\n * (Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)\n",
        got.join(", ")
    ))
}

pub(super) fn to(
    slf: &Bound<'_, PyTensor>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Object {
    // By far the most frequent call.
    if kwargs.is_none()
        && args.len() == 1
        && let Some(dtype) = types::dtype_of(&args.get_item(0)?)
    {
        return to_dtype(slf, dtype);
    }
    let target = parse_to(args, kwargs)?;
    let tensor = slf.get().tensor();
    match target.dtype {
        Some(dtype) if dtype != tensor.dtype() => to_dtype(slf, dtype),
        _ if target.copy => object::wrap_like(slf, tensor.clone_data().or_raise()?),
        _ => Ok(slf.clone().into_any().unbind()),
    }
}

pub(super) fn r#type(slf: &Bound<'_, PyTensor>, dtype: Option<&Bound<'_, PyAny>>) -> Object {
    let py = slf.py();
    let Some(wanted) = dtype.filter(|d| !d.is_none()) else {
        return Ok(PyString::new(py, slf.get().tensor().dtype().tensor_type()).into_any().unbind());
    };
    if let Some(dtype) = types::dtype_of(wanted).filter(|_| !wanted.is_instance_of::<PyType>()) {
        return to_dtype(slf, dtype);
    }
    if let Some(dtype) = legacy::dtype_of_class(wanted) {
        return to_dtype(slf, dtype);
    }
    if wanted.is(py.get_type::<PyTensor>()) {
        return to_dtype(slf, core::default_dtype());
    }
    let name = match wanted.cast::<PyString>() {
        Ok(text) => text.to_string(),
        Err(_) => wanted.getattr("__name__").map_or_else(|_| type_name(wanted), |n| n.to_string()),
    };
    if wanted.is_instance_of::<PyString>()
        && let Some(dtype) = legacy::dtype_of_name(&name)
    {
        return to_dtype(slf, dtype);
    }
    Err(PyValueError::new_err(format!("invalid type: '{name}'")))
}

pub(super) fn type_as(slf: &Bound<'_, PyTensor>, other: &Bound<'_, PyAny>) -> Object {
    match super::unwrap_exact(other) {
        Some(other) => to_dtype(slf, other.dtype()),
        None => Err(PyTypeError::new_err(format!(
            "type_as(): argument 'other' (position 1) must be Tensor, not {}",
            type_name(other)
        ))),
    }
}

pub(super) fn make_subclass(cls: &Bound<'_, PyType>, data: &Bound<'_, PyAny>, require_grad: bool) -> Object {
    let Some(data) = super::unwrap_exact(data) else {
        return Err(PyTypeError::new_err(format!(
            "_make_subclass(): argument 'data' (position 2) must be Tensor, not {}",
            type_name(data)
        )));
    };
    let alias = data.detach().or_raise()?;
    if require_grad {
        if !alias.dtype().is_floating_point() {
            return Err(PyRuntimeError::new_err(
                "Only Tensors of floating point and complex dtype can require gradients",
            ));
        }
        alias.requires_grad_(true).or_raise()?;
    }
    object::wrap_as(cls, alias)
}

pub(super) fn iterate(slf: &Bound<'_, PyTensor>) -> Object {
    let py = slf.py();
    let tensor = slf.get().tensor();
    if tensor.rank() == 0 {
        return Err(PyTypeError::new_err("iteration over a 0-d tensor"));
    }
    let rows = tensor
        .unbind(0)
        .or_raise()?
        .into_iter()
        .map(|row| object::wrap_like(slf, row))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(PyTuple::new(py, rows)?.as_any().try_iter()?.into_any().unbind())
}

pub(super) fn contains(slf: &Bound<'_, PyTensor>, element: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = slf.py();
    let number = element.is_instance_of::<PyInt>()
        || element.is_instance_of::<PyFloat>()
        || element.is_instance_of::<PyBool>();
    if !number && super::unwrap_exact(element).is_none() {
        return Err(PyRuntimeError::new_err(format!(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a {}.",
            element.get_type().repr()?
        )));
    }
    let equal = slf.call_method1(intern!(py, "eq"), (element,))?;
    equal.call_method0(intern!(py, "any"))?.is_truthy()
}

pub(super) fn format(slf: &Bound<'_, PyTensor>, spec: &Bound<'_, PyAny>) -> Object {
    let py = slf.py();
    let tensor = slf.get().tensor();
    if tensor.rank() == 0 && slf.get_type().is(py.get_type::<PyTensor>()) {
        let number = scalar::object(py, tensor.item().or_raise()?)?;
        return Ok(number.bind(py).call_method1(intern!(py, "__format__"), (spec,))?.unbind());
    }
    if spec.is_truthy()? {
        return Err(PyTypeError::new_err(format!(
            "unsupported format string passed to {}.__format__",
            type_name(slf.as_any())
        )));
    }
    Ok(slf.str()?.into_any().unbind())
}

pub(super) fn show(slf: &Bound<'_, PyTensor>) -> PyResult<String> {
    let class = slf.get_type();
    let tensor = slf.get().tensor();
    if class.is(slf.py().get_type::<PyTensor>()) || object::has_plain_results(&class) {
        return Ok(tensor.show(Class::Tensor));
    }
    Ok(tensor.show(Class::Subclass(&class.name()?.to_string())))
}

/// What `Module.to` was asked for: device, dtype, `non_blocking`, memory format.
#[pyfunction]
#[pyo3(signature = (*args, **kwargs))]
fn _parse_to(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
    let py = args.py();
    let target = parse_to(args, kwargs)?;
    let device = target.device.map(|device| types::device_object(py, device)).transpose()?;
    let dtype = target.dtype.map(|dtype| types::dtype_object(py, dtype)).transpose()?;
    Ok((device, dtype, target.non_blocking, target.memory_format).into_pyobject(py)?.into_any().unbind())
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_parse_to, m)?)
}
