//! What a binding needs to record functions of its own: edges, histories, saved values.
//!
//! A custom function of another language keeps its saved values with its own object, so the pieces that the core's
//! functions get for free (a value guarded by its version, the history of an output, of a changed input) are here
//! one by one, with the same rules.

use super::view::RebasePlan;
use super::{Edge, GradFn, NodeRef};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{Tensor, flag};

/// A tensor kept for the backward pass, guarded by its version; see Note [Saved values].
#[derive(Clone)]
pub struct SavedVariable {
    tensor: Tensor,
    version: u32,
    output: Option<u32>,
}

impl SavedVariable {
    /// Keeps an input of a function.
    pub fn input(tensor: &Tensor) -> Self {
        Self { tensor: tensor.clone(), version: tensor.version(), output: None }
    }

    /// Keeps an output of a function, without its node.
    pub fn output(tensor: &Tensor, output: u32) -> Self {
        Self { tensor: tensor.without_node(), version: tensor.version(), output: Some(output) }
    }

    /// The tensor itself, unchecked, for those who walk over references.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// The tensor; an output gets its node again.
    ///
    /// # Errors
    /// If the value has changed since it was kept.
    pub fn unpack(&self, node: Option<&NodeRef>) -> Result<Tensor> {
        let found = self.tensor.version();
        if found != self.version {
            let origin = match (self.output, node, self.tensor.grad_fn()) {
                (Some(output), Some(node), _) => {
                    format!(", which is output {output} of {},", node.operation())
                }
                (None, _, Some(g)) => format!(", which is output {} of {},", g.output, g.node.operation()),
                _ => String::new(),
            };
            return Err(Error::new(ErrorKind::SavedValueModified {
                description: self.tensor.meta().describe(),
                origin,
                expected: self.version,
                found,
            }));
        }
        Ok(match (self.output, node) {
            (Some(output), Some(node)) => self.tensor.with_node(GradFn { node: node.clone(), output }),
            _ => self.tensor.clone(),
        })
    }
}

/// What must be known of a tensor before a function changes it in place; see Note [In-place order].
pub struct InPlaceChange(RebasePlan);

impl InPlaceChange {
    /// Takes note of a tensor that is about to be changed.
    ///
    /// # Errors
    /// PyTorch's, for leaves and for views that may not be changed.
    pub fn before(target: &Tensor) -> Result<Self> {
        super::check_in_place(target, true)?;
        Ok(Self(RebasePlan::before(target)?))
    }

    /// Makes `node` the history of the changed tensor; of a view's root as well.
    ///
    /// # Errors
    /// If the view cannot follow its root.
    pub fn record(self, target: &Tensor, node: NodeRef) -> Result<()> {
        self.0.rebase(target, node)
    }
}

/// Whether tangents are propagated on this thread.
pub fn is_forward_grad_enabled() -> bool {
    crate::state::with(|thread| thread.forward_grad_enabled.get())
}

impl Tensor {
    /// Where this tensor's gradient goes.
    pub fn edge(&self) -> Edge {
        if self.requires_grad() { self.gradient_edge() } else { Edge::None }
    }

    /// Makes this tensor the output of a node.
    pub fn set_history(&self, node: NodeRef, output: u32) {
        self.set_grad_fn(Some(GradFn { node, output }));
    }

    /// The same data and version counter, outside of any graph and no view.
    pub fn detached_alias(&self) -> Tensor {
        self.without_node()
    }

    /// Gives an output of a function the tangent that the function has computed.
    pub fn set_forward_tangent(&self, tangent: Option<Tensor>) {
        self.set_tangent(tangent);
    }

    /// Says that the data was changed without the library's knowledge.
    pub fn increment_version(&self) {
        self.bump_version();
    }

    /// Whether it was made in inference mode.
    pub fn is_inference(&self) -> bool {
        self.flags() & flag::INFERENCE != 0
    }
}
