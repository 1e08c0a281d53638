//! The class `Tensor`: its objects and their identity, properties, conversion, construction, indexing.
//!
//! - `object`: the Python object of a tensor ([`wrap`]) and the tensor of an object ([`unwrap_exact`]); Note \[Identity].
//! - `class`: the class itself, a list of methods that are written elsewhere.
//! - `attribute`, `scalar`, `convert`: properties; numbers and lists; `to`, `type`, printing.
//! - `create`, `legacy`: `torch.tensor` and `as_tensor`; `torch.Tensor`, `torch.FloatTensor` and their odd rules.
//! - `numpy`, `dlpack`, `storage`: memory shared with others, by their protocols.
//! - `index`: `x[…]` and `x[…] = v`.

mod attribute;
mod class;
mod convert;
mod create;
mod dlpack;
mod index;
mod legacy;
mod numpy;
mod object;
mod scalar;
mod storage;
mod values;

pub(crate) use class::PyTensor;
pub(crate) use object::{live, traverse_node, wrap, wrap_option};
pub(crate) use scalar::object as number_object;

use pyo3::prelude::*;
use rushlight_core as core;

/// The tensor of a Python object, if it is one.
#[inline]
pub(crate) fn unwrap_exact<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a core::Tensor> {
    object.cast::<PyTensor>().ok().map(|tensor| tensor.get().tensor())
}

/// What every tensor of ours is, or is not.
const CONSTANTS: &[(&str, bool)] = &[
    ("is_cpu", true),
    ("is_cuda", false),
    ("is_ipu", false),
    ("is_maia", false),
    ("is_meta", false),
    ("is_mkldnn", false),
    ("is_mps", false),
    ("is_mtia", false),
    ("is_nested", false),
    ("is_quantized", false),
    ("is_sparse", false),
    ("is_sparse_csr", false),
    ("is_vulkan", false),
    ("is_xla", false),
    ("is_xpu", false),
];

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add_class::<PyTensor>()?;
    object::prepare(py)?;
    let class = py.get_type::<PyTensor>();
    // Not in the class's own declaration: Python's messages ("unsupported operand type(s)") would say
    // `rushlight.Tensor` then, and PyTorch's say `Tensor`.
    class.setattr("__module__", "rushlight")?;
    // Sets the name that those messages use, which was `builtins.Tensor` so far.
    class.setattr("__name__", "Tensor")?;
    for (name, value) in CONSTANTS {
        class.setattr(*name, value)?;
    }
    convert::register(m)?;
    create::register(m)?;
    legacy::register(m)?;
    numpy::register(m)?;
    dlpack::register(m)?;
    storage::register(m)
}
