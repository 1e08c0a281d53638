//! The class `Tensor`. (Being written: a handle without identity.)

use pyo3::prelude::*;
use rushlight_core as core;

/// A multi-dimensional array that can record how it was computed.
#[pyclass(name = "Tensor", module = "rushlight", subclass, frozen, dict, weakref)]
pub(crate) struct PyTensor {
    tensor: core::Tensor,
}

/// The Python object of a tensor.
pub(crate) fn wrap(py: Python<'_>, tensor: core::Tensor) -> PyResult<Py<PyAny>> {
    Ok(Bound::new(py, PyTensor { tensor })?.into_any().unbind())
}

/// The tensor of a Python object, if it is one.
#[inline]
pub(crate) fn unwrap_exact<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a core::Tensor> {
    object.cast::<PyTensor>().ok().map(|tensor| &tensor.get().tensor)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyTensor>()
}
