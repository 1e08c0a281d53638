//! Python functions and methods of the registry's operations: one parser, one trampoline.

pub(crate) mod operators;

use pyo3::prelude::*;

pub(crate) fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
