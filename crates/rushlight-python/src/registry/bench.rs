//! What the parser costs, for `cargo xtask bench`.

use super::call;
use super::parse::Call;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// Parses the call `add(x, x)` `n` times, and gives the nanoseconds each took.
#[pyfunction(name = "_bench_parser")]
fn bench_parser(x: &Bound<'_, PyAny>, n: u64) -> PyResult<f64> {
    let add = (0..call::CAPACITY)
        .filter_map(call::callable)
        .find(|c| c.name == "add" && c.receiver == call::Receiver::Function)
        .ok_or_else(|| PyRuntimeError::new_err("the registry has no `add`"))?;
    let arguments = [x.as_ptr(), x.as_ptr()];
    let call = Call {
        py: x.py(),
        arguments: arguments.as_ptr(),
        positional: arguments.len(),
        names: std::ptr::null_mut(),
        keywords: 0,
    };
    let start = Instant::now();
    for _ in 0..n {
        black_box(call::parse_only(add, black_box(&call))?);
    }
    Ok(start.elapsed().as_nanos() as f64 / n.max(1) as f64)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(bench_parser, m)?)
}
