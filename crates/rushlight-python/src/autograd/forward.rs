//! Forward mode: tensors that carry a tangent, within one level.

use crate::error::OrRaise;
use crate::tensor::{unwrap_exact, wrap, wrap_option};
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use rushlight_core::Tensor;
use rushlight_core::autograd::{DualLevel, ForwardGradGuard, is_forward_grad_enabled};
use rushlight_core::dispatch::apply;
use rushlight_core::ops::view::Alias;
use std::cell::RefCell;

thread_local! {
    static LEVELS: RefCell<Vec<DualLevel>> = const { RefCell::new(Vec::new()) };
}

fn tensor_of<'a>(function: &str, object: &'a Bound<'_, PyAny>) -> PyResult<&'a Tensor> {
    unwrap_exact(object).ok_or_else(|| {
        PyTypeError::new_err(format!("{function}(): argument must be Tensor, not {}", type_name(object)))
    })
}

/// Opens a level; its number is how many were open.
#[pyfunction]
fn _enter_dual_level() -> PyResult<usize> {
    let level = DualLevel::enter().or_raise()?;
    Ok(LEVELS.with_borrow_mut(|levels| {
        levels.push(level);
        levels.len() - 1
    }))
}

/// Closes the innermost level.
#[pyfunction]
fn _exit_dual_level(level: usize) -> PyResult<()> {
    let last = LEVELS.with_borrow_mut(|levels| if levels.len() == level + 1 { levels.pop() } else { None });
    match last {
        Some(last) => last.exit().or_raise(),
        None => Err(PyRuntimeError::new_err(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported.",
        )),
    }
}

/// A view of a tensor that carries a tangent.
#[pyfunction]
fn _make_dual(tensor: &Bound<'_, PyAny>, tangent: &Bound<'_, PyAny>, level: usize) -> PyResult<Py<PyAny>> {
    let _ = level;
    let dual = Tensor::make_dual(tensor_of("_make_dual", tensor)?, tensor_of("_make_dual", tangent)?);
    wrap(tensor.py(), dual.or_raise()?)
}

/// A tensor without its tangent, and the tangent.
#[pyfunction]
fn _unpack_dual(tensor: &Bound<'_, PyAny>, level: usize) -> PyResult<(Py<PyAny>, Py<PyAny>)> {
    let _ = level;
    let py = tensor.py();
    let dual = tensor_of("_unpack_dual", tensor)?;
    let primal = {
        let _guard = ForwardGradGuard::disable();
        apply(Alias {}, &[dual]).or_raise()?
    };
    Ok((wrap(py, primal)?, wrap_option(py, dual.tangent())?))
}

#[pyfunction]
fn _is_fwd_grad_enabled() -> bool {
    is_forward_grad_enabled()
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_enter_dual_level, m)?)?;
    m.add_function(wrap_pyfunction!(_exit_dual_level, m)?)?;
    m.add_function(wrap_pyfunction!(_make_dual, m)?)?;
    m.add_function(wrap_pyfunction!(_unpack_dual, m)?)?;
    m.add_function(wrap_pyfunction!(_is_fwd_grad_enabled, m)?)
}
