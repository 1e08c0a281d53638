//! Adding a gradient to a leaf's `.grad`.

use super::node::{Edge, NodeFunction, NodeHeader, NodeRef};
use crate::dispatch::Gradients;
use crate::error::Result;
use crate::tensor::{Tensor, flag};
use smallvec::smallvec;
use std::any::Any;
use std::borrow::Cow;

/// Accumulates a gradient into a leaf: hooks, sum, hooks.
pub(crate) fn accumulate(leaf: &Tensor, gradient: Tensor) -> Result<()> {
    if leaf.flags() & flag::REQUIRES_GRAD == 0 {
        return Ok(());
    }
    let recording = super::is_grad_enabled();
    let mut incoming = gradient;
    loop {
        let old = leaf.with_extra(|e| e.grad.take());
        let next = match old {
            None if recording && incoming.flags() & flag::SPECIAL != 0 => incoming,
            None => own(leaf, incoming, recording)?,
            // Under `create_graph` the old gradient may be part of a graph, so a new tensor takes its place.
            Some(old)
                if recording || old.flags() & flag::SPECIAL != 0 || incoming.flags() & flag::SPECIAL != 0 =>
            {
                match old.add(&incoming) {
                    Ok(sum) => sum,
                    Err(error) => {
                        leaf.replace_grad(Some(old));
                        return Err(error);
                    }
                }
            }
            Some(old) => {
                let added = old.add_(&incoming);
                if let Err(error) = added {
                    leaf.replace_grad(Some(old));
                    return Err(error);
                }
                old
            }
        };
        // Another thread may have accumulated meanwhile: then its sum is added as well.
        let other = leaf.with_extra(|e| match &e.grad {
            None => {
                e.grad = Some(next.clone());
                None
            }
            Some(_) => Some(()),
        });
        match other {
            None => break,
            Some(()) => incoming = next,
        }
    }
    if leaf.flags() & flag::HOOKS != 0 {
        let hooks = leaf.with_extra(|e| e.post_accumulate.clone());
        for (_, hook) in hooks {
            (hook.function)(leaf)?;
        }
    }
    Ok(())
}

/// A gradient that nobody else holds is taken as it is; any other is copied, so that `.grad` is the leaf's own.
/// Under `create_graph` it is always copied, by a node of the graph, as in PyTorch.
fn own(leaf: &Tensor, gradient: Tensor, recording: bool) -> Result<Tensor> {
    let fits = if leaf.layout().is_non_overlapping_and_dense() {
        gradient.strides() == leaf.strides() || gradient.is_contiguous() && leaf.is_contiguous()
    } else {
        gradient.is_contiguous()
    };
    if gradient.flags() & flag::SPECIAL != 0 {
        return gradient.detach();
    }
    if fits && !recording && gradient.is_unshared() {
        return if gradient.flags() & (flag::HAS_GRAD_FN | flag::VIEW) == 0 {
            Ok(gradient)
        } else {
            gradient.detach()
        };
    }
    let own = if leaf.layout().is_non_overlapping_and_dense() {
        Tensor::empty_strided(leaf.shape(), leaf.strides(), gradient.dtype())?
    } else {
        Tensor::empty(leaf.shape(), gradient.dtype())?
    };
    own.copy_(&gradient)?;
    if let Some(tangent) = gradient.tangent() {
        own.set_tangent(Some(tangent));
    }
    Ok(own)
}

/// The `AccumulateGrad` node of a leaf, made when somebody looks at the graph: the engine works on [`Edge::Leaf`].
struct AccumulateGrad(Tensor);

impl NodeFunction for AccumulateGrad {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("AccumulateGrad")
    }

    fn run(&self, _node: &NodeRef, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        if let Some(Some(gradient)) = gradients.first() {
            accumulate(&self.0, gradient.clone())?;
        }
        Ok(Gradients::new())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(&self.0)
    }
}

impl Tensor {
    /// The `AccumulateGrad` node of this leaf; the same one as long as anybody holds it.
    pub fn grad_accumulator(&self) -> NodeRef {
        if let Some(node) = self.with_extra(|e| e.accumulator.as_ref().and_then(std::sync::Weak::upgrade)) {
            return node;
        }
        let mut header = NodeHeader::new(smallvec![], smallvec![super::OutputMeta::of(self)]);
        header.sequence = u64::MAX;
        let node = header.into_node(AccumulateGrad(self.clone()));
        self.with_extra(|e| e.accumulator = Some(std::sync::Arc::downgrade(&node)));
        node
    }
}

impl Edge {
    /// The node that this edge leads to, and which of its outputs; for a leaf its `AccumulateGrad`.
    pub fn node(&self) -> Option<(NodeRef, u32)> {
        match self {
            Self::None => None,
            Self::Node(g) => Some((g.node.clone(), g.output)),
            Self::Leaf(leaf) => Some((leaf.grad_accumulator(), 0)),
        }
    }
}

impl super::Node {
    /// The leaf that this node accumulates into, if it is an `AccumulateGrad`.
    pub fn variable(&self) -> Option<Tensor> {
        self.function.as_any().and_then(|any| any.downcast_ref::<Tensor>()).cloned()
    }
}
