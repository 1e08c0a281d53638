//! Graphs, hooks and custom functions.
//!
//! - `node`: the Python object of a node (`grad_fn`), with the identity that tensors have too.
//! - `hooks`: users' functions that see gradients pass.
//! - `engine`: the way into the engine, for `backward` and `grad`.
//! - `function`: `autograd.Function`; its `ctx` is the node's object.
//! - `forward`: forward mode; `modes`: what is recorded, anomaly mode, hooks of saved tensors.
//!
//! The interpreter is held while the engine runs: it calls hooks and custom functions at any time, and the kernels
//! between them are short. (Long kernels release it themselves.)

pub(crate) mod engine;
mod forward;
mod function;
pub(crate) mod hooks;
mod modes;
mod node;

pub(crate) use function::context_of;
pub(crate) use hooks::Payload;
pub(crate) use node::{clear_node, node_object};

use pyo3::prelude::*;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    node::register(m)?;
    engine::register(m)?;
    function::register(m)?;
    forward::register(m)?;
    modes::register(m)
}
