//! Python functions and methods of the registry's operations: one parser, one trampoline.
//!
//! At module initialisation each schema is compiled into signatures ([`schema`]); a call is parsed against them
//! ([`parse`], [`convert`]), runs ([`call`]) and, where it fits none, is told so in PyTorch's words ([`message`]).
//! Subclasses may take calls over ([`overrides`]); results with names have types of their own ([`results`]). The
//! operators of the class go past the parser ([`operators`]). Long kernels run without Python's lock ([`release`]).

mod bench;
mod call;
mod convert;
mod install;
mod message;
mod oddities;
pub(crate) mod operators;
pub(crate) mod overrides;
mod parse;
pub(crate) mod release;
mod results;
mod schema;

use pyo3::prelude::*;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    release::register();
    results::register(m)?;
    install::register(m)?;
    operators::register(m)?;
    overrides::register(m)?;
    bench::register(m)
}
