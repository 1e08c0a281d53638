//! The bits of a tensor's flags, read before any lock.

/// A leaf that requires a gradient.
pub(crate) const REQUIRES_GRAD: u32 = 1;
/// Computed by a recorded operation.
pub(crate) const HAS_GRAD_FN: u32 = 1 << 1;
/// A differentiable view of another tensor.
pub(crate) const VIEW: u32 = 1 << 2;
/// Carries a forward-mode tangent.
pub(crate) const TANGENT: u32 = 1 << 3;
/// Not dense: traced, batched or lifted.
pub(crate) const SPECIAL: u32 = 1 << 4;
/// The binding keeps something with it.
pub(crate) const BINDING_DATA: u32 = 1 << 5;
/// Hooks are registered on this leaf.
pub(crate) const HOOKS: u32 = 1 << 6;
/// A non-leaf that keeps its gradient.
pub(crate) const RETAINS_GRAD: u32 = 1 << 7;
/// Made in `inference_mode`.
pub(crate) const INFERENCE: u32 = 1 << 8;
/// A traced tensor that has views, which would not see an in-place change of it.
pub(crate) const HAS_VIEWS: u32 = 1 << 9;

/// What makes an operation look closer at an input.
pub(crate) const NEEDS_GRAD: u32 = REQUIRES_GRAD | HAS_GRAD_FN;
