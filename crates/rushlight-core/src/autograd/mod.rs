//! Reverse and forward mode: nodes, saved values, the engine, views and in-place changes, hooks, modes.
//!
//! One place decides each thing: `record` makes nodes, `engine` walks them, `saved` guards values, `view` keeps views
//! and their bases in step, `forward` carries tangents. Operations know none of this; they hang on the funnel.

mod accumulate;
mod backward;
mod check;
mod engine;
mod foreign;
mod forward;
mod function;
mod hooks;
mod mode;
mod node;
mod record;
mod saved;
mod variable;
mod view;

pub use backward::{backward, backward_with, grad, grad_with};
pub use check::{CheckOptions, forward_check, gradcheck, gradgradcheck};
pub use engine::{BackwardOptions, GradientEdge, run_backward};
pub use foreign::{InPlaceChange, SavedVariable, is_forward_grad_enabled};
pub use forward::{DualLevel, ForwardContext, ForwardGradGuard};
pub use function::{CustomNode, Function, FunctionContext, apply_function};
pub(crate) use hooks::Hooks;
pub use hooks::{HookHandle, NodePostHook, NodePreHook, PostAccumulateHook, TensorHook};
pub use mode::{
    GradMode, InferenceMode, enable_grad, is_grad_enabled, is_inference_mode_enabled, no_grad,
    set_grad_enabled,
};
pub use node::{
    Edge, GradFn, Node, NodeFunction, NodeHeader, NodeRef, OutputMeta, PrimitiveNode, live_nodes,
};
pub(crate) use record::{edges_of, record, record_in_place, save_outputs};
pub use saved::Context;
pub(crate) use saved::SavedValues;
pub use variable::WeakTensor;
pub use view::Creation;
pub(crate) use view::{RebasePlan, check_in_place, refresh_views, track_views};

use crate::tensor::{Meta, Special, Tensor};
use std::any::Any;
use std::sync::Arc;
use view::ViewInfo;

/// What few tensors have: gradients, hooks, tangents, views, special kinds.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) grad: Option<Tensor>,
    pub(crate) hooks: Vec<(u64, TensorHook)>,
    pub(crate) post_accumulate: Vec<(u64, PostAccumulateHook)>,
    pub(crate) tangent: Option<Tensor>,
    pub(crate) view: Option<ViewInfo>,
    pub(crate) special: Option<Special>,
    /// Replaced metadata that may still be read. See Note [Swapped metadata].
    pub(crate) retired: Vec<Arc<Meta>>,
    pub(crate) binding: Option<Arc<dyn Any + Send + Sync>>,
    /// The `AccumulateGrad` node that somebody has looked at.
    pub(crate) accumulator: Option<std::sync::Weak<Node>>,
}
