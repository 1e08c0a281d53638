//! The small value types: `dtype`, `Size`, `device`, `layout`, `memory_format`, `Generator`, `finfo`, and settings.

use pyo3::prelude::*;

pub(crate) fn register(_m: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
