//! The Python binding: the module `rushlight._C`.
//!
//! It holds no arithmetic. Operations come from the registry of the core through one parser and one trampoline
//! (`registry`); the class `Tensor` and what it needs for identity is in `tensor`, graphs and hooks are in
//! `autograd`, static graphs in `graph`, optimizers' steps in `optim`, the small value types (`dtype`, `Size`,
//! `device`, …) in `types`. Errors and warnings of the core are turned into Python's in one place each (`error`,
//! `warning`).

#![allow(non_snake_case, reason = "the module is called `_C`, as PyTorch's")]
#![expect(clippy::format_push_string, reason = "the texts of errors are made where nothing is quick")]
#![expect(clippy::unused_self, reason = "methods of Python's classes have a receiver")]

mod autograd;
mod error;
mod graph;
mod optim;
mod registry;
mod tensor;
mod types;
mod warning;

use pyo3::prelude::*;

/// The compiled part of Rushlight. Programs use the names through `rushlight`.
#[pymodule]
#[pyo3(name = "_C")]
fn initialise(m: &Bound<'_, PyModule>) -> PyResult<()> {
    warning::install();
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    types::register(m)?;
    tensor::register(m)?;
    autograd::register(m)?;
    graph::register(m)?;
    optim::register(m)?;
    // Last: operations become methods of the class `Tensor`.
    registry::register(m)
}
