//! The funnel: every operation goes through [`apply`], and autograd, forward mode, tracing and batching hang on it and
//! on nothing else.
//!
//! An operation is handled by layers, from the top: the thread's transform stack (innermost first), then autograd of
//! the base level, then the kernels or, for traced tensors, the recorder. A layer computes by handing the operation to
//! what is below it, so that each transform is written once, for all operations, and nests with every other. The common
//! case, dense tensors and an empty stack, is one test of the operands' flags away from the kernel.

mod apply;
mod compute;
mod in_place;
mod long;
mod primitive;

pub use apply::{apply, apply_multi};
pub(crate) use apply::{difference, run};
pub(crate) use apply::{header, needs_of};
pub(crate) use compute::compute;
pub use in_place::{apply_in_place, apply_out};
pub(crate) use in_place::{compute_over, difference_in_place, run_in_place, write_out};
pub use long::{Around, set_around_long_work};
pub use primitive::{
    Aliasing, Attribute, BatchedInput, BatchedResults, Differentiability, Edges, Gradients, Layouts, Like,
    Metas, Needs, Operation, Primitive, Produced, Saves, View, ViewMut,
};
