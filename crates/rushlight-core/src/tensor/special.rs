//! The kinds of tensor that are not dense.

use super::Tensor;
use crate::graph::TracedValue;

/// A tensor that stands for something else than its own storage.
#[derive(Clone)]
pub(crate) enum Special {
    /// A value of a graph that is being recorded.
    Traced(TracedValue),
    /// A tensor with a hidden dimension at a level, for `vmap`.
    Batched { level: usize, dim: usize, inner: Tensor },
    /// A tensor seen at a level of nested differentiation; its autograd metadata belongs to that level.
    Lifted { level: usize, inner: Tensor },
}
