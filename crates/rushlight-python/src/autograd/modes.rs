//! What is asked of the graph while it is recorded: anomaly mode, hooks of saved tensors.

use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError};
use pyo3::prelude::*;
use std::cell::{Cell, RefCell};

thread_local! {
    static ANOMALY: Cell<(bool, bool)> = const { Cell::new((false, true)) };
    /// The message with which hooks of saved tensors are refused.
    static REFUSED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether anomaly mode is on.
#[pyfunction]
fn is_anomaly_enabled() -> bool {
    ANOMALY.get().0
}

/// Whether anomaly mode looks for NaN.
#[pyfunction]
fn is_anomaly_check_nan_enabled() -> bool {
    ANOMALY.get().1
}

/// Switches anomaly mode.
#[pyfunction]
#[pyo3(signature = (enabled, check_nan = true))]
fn set_anomaly_enabled(enabled: bool, check_nan: bool) -> PyResult<()> {
    if enabled {
        return Err(PyNotImplementedError::new_err(
            "anomaly mode is not supported by Rushlight yet; errors of derivatives name their operation in a note",
        ));
    }
    ANOMALY.set((enabled, check_nan));
    Ok(())
}

/// Refused: nothing packs saved tensors yet.
#[pyfunction]
fn _push_saved_tensors_default_hooks(pack: &Bound<'_, PyAny>, unpack: &Bound<'_, PyAny>) -> PyResult<()> {
    let _ = (pack, unpack);
    if let Some(message) = REFUSED.with_borrow(Clone::clone) {
        return Err(PyRuntimeError::new_err(message));
    }
    Err(PyNotImplementedError::new_err("saved_tensors_hooks are not supported by Rushlight yet"))
}

#[pyfunction]
fn _pop_saved_tensors_default_hooks() {}

#[pyfunction]
fn _saved_tensors_hooks_disable(message: String) {
    REFUSED.set(Some(message));
}

#[pyfunction]
fn _saved_tensors_hooks_enable() {
    REFUSED.set(None);
}

#[pyfunction]
fn _saved_tensors_hooks_get_disabled_error_message() -> Option<String> {
    REFUSED.with_borrow(Clone::clone)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(is_anomaly_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(is_anomaly_check_nan_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(set_anomaly_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(_push_saved_tensors_default_hooks, m)?)?;
    m.add_function(wrap_pyfunction!(_pop_saved_tensors_default_hooks, m)?)?;
    m.add_function(wrap_pyfunction!(_saved_tensors_hooks_disable, m)?)?;
    m.add_function(wrap_pyfunction!(_saved_tensors_hooks_enable, m)?)?;
    m.add_function(wrap_pyfunction!(_saved_tensors_hooks_get_disabled_error_message, m)?)
}
