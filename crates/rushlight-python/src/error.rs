//! From the core's [`Error`] to Python's exceptions: one mapping, for the whole binding.
//!
//! `str(e)` is PyTorch's message, whole; what the core adds as help becomes the exception's notes. An error that users'
//! code raised (in a hook or a custom function) passes through as the same object.

use pyo3::exceptions::{
    PyAssertionError, PyAttributeError, PyBufferError, PyIndexError, PyKeyError, PyNotImplementedError,
    PyOverflowError, PyRuntimeError, PyTypeError, PyValueError, PyZeroDivisionError,
};
use pyo3::prelude::*;
use rushlight_core::{Error, ErrorKind, Exception};
use std::sync::Arc;

pyo3::create_exception!(torch, OutOfMemoryError, PyRuntimeError, "There is not enough memory for a tensor.");

/// Turns the core's results into Python's.
pub(crate) trait OrRaise<T> {
    /// The value, or the error as a Python exception.
    fn or_raise(self) -> PyResult<T>;
}

impl<T> OrRaise<T> for rushlight_core::Result<T> {
    #[inline]
    fn or_raise(self) -> PyResult<T> {
        self.map_err(|error| raise(&error))
    }
}

/// The exception that stands for an error of the core.
///
/// Where a warning filter made an exception of a warning on the way, that one is raised: see [`crate::warning`].
#[cold]
pub(crate) fn raise(error: &Error) -> PyErr {
    if let ErrorKind::User { payload, message } = error.kind() {
        return match payload.downcast_ref::<PyErr>() {
            Some(raised) => Python::attach(|py| raised.clone_ref(py)),
            None => PyRuntimeError::new_err(message.clone()),
        };
    }
    let text = error.to_string();
    let raised = match error.exception() {
        Exception::Type => PyTypeError::new_err(text),
        Exception::Value => PyValueError::new_err(text),
        Exception::Index => PyIndexError::new_err(text),
        Exception::NotImplemented => PyNotImplementedError::new_err(text),
        Exception::ZeroDivision => PyZeroDivisionError::new_err(text),
        Exception::Assertion => PyAssertionError::new_err(text),
        Exception::Attribute => PyAttributeError::new_err(text),
        Exception::Key => PyKeyError::new_err(text),
        Exception::Buffer => PyBufferError::new_err(text),
        Exception::Overflow => PyOverflowError::new_err(text),
        Exception::OutOfMemory => OutOfMemoryError::new_err(text),
        _ => PyRuntimeError::new_err(text),
    };
    if !error.help().is_empty() {
        Python::attach(|py| {
            for line in error.help() {
                // A note that cannot be added must not hide the error that it explains.
                let _ = raised.add_note(py, line);
            }
        });
    }
    raised
}

/// Wraps an exception of users' code, so that it passes through the core and comes out as the same object.
#[cold]
pub(crate) fn user(error: PyErr) -> Error {
    let message = Python::attach(|py| error.value(py).to_string());
    Error::user(message, Arc::new(error))
}

/// A panic of the core, which is a bug of ours and no reason to end the program.
#[cold]
pub(crate) fn panicked(operation: &str, payload: &(dyn std::any::Any + Send)) -> PyErr {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    PyRuntimeError::new_err(format!("Rushlight has a bug in {operation}(): {text}. Please report it."))
}
