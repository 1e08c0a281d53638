//! What a tensor knows of autograd: its gradient, its node, whether it is a leaf.

use super::{Edge, GradFn};
use crate::error::{Result, bail};
use crate::tensor::{Tensor, flag};
use crate::warning::{self, Category};

/// A handle that does not keep the tensor alive.
#[derive(Clone)]
pub struct WeakTensor(pub(crate) crate::tensor::WeakInner);

impl WeakTensor {
    /// The tensor, if it is still alive.
    pub fn upgrade(&self) -> Option<Tensor> {
        Tensor::from_weak(&self.0)
    }
}

impl Tensor {
    /// A handle that does not keep the tensor alive.
    pub fn downgrade(&self) -> WeakTensor {
        WeakTensor(self.weak())
    }

    /// Whether operations on this tensor are recorded.
    #[inline]
    pub fn requires_grad(&self) -> bool {
        let flags = self.flags();
        if flags & flag::VIEW != 0 {
            super::refresh_views(&[self]).ok();
            return self.flags() & flag::NEEDS_GRAD != 0;
        }
        flags & flag::NEEDS_GRAD != 0
    }

    /// Sets whether operations on this leaf are recorded, and returns it.
    ///
    /// # Errors
    /// For dtypes that have no derivatives, and for non-leaves that are to stop requiring a gradient.
    pub fn requires_grad_(&self, on: bool) -> Result<Tensor> {
        if !on && !self.is_leaf() {
            bail!(
                Runtime,
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            );
        }
        if on && !self.dtype().is_floating_point() {
            bail!(Runtime, "only Tensors of floating point dtype can require gradients");
        }
        if self.is_leaf() {
            self.set_flag(flag::REQUIRES_GRAD, on);
        }
        Ok(self.clone())
    }

    /// Whether this tensor was not computed by a recorded operation.
    pub fn is_leaf(&self) -> bool {
        self.grad_fn().is_none()
    }

    /// The node that computed this tensor.
    pub fn grad_fn(&self) -> Option<GradFn> {
        if self.flags() & flag::VIEW != 0 {
            super::refresh_views(&[self]).ok();
        }
        if self.flags() & flag::HAS_GRAD_FN == 0 {
            return None;
        }
        self.lock().grad_fn.clone()
    }

    pub(crate) fn set_grad_fn(&self, grad_fn: Option<GradFn>) {
        self.set_flag(flag::HAS_GRAD_FN, grad_fn.is_some());
        if grad_fn.is_some() {
            self.set_flag(flag::REQUIRES_GRAD, false);
        }
        let old = std::mem::replace(&mut self.lock().grad_fn, grad_fn);
        drop(old);
    }

    /// Where this tensor's gradient goes. Views must have been refreshed.
    #[inline]
    pub(crate) fn gradient_edge(&self) -> Edge {
        let flags = self.flags();
        if flags & flag::HAS_GRAD_FN != 0 {
            match self.lock().grad_fn.clone() {
                Some(grad_fn) => Edge::Node(grad_fn),
                None => Edge::None,
            }
        } else if flags & flag::REQUIRES_GRAD != 0 {
            Edge::Leaf(self.clone())
        } else {
            Edge::None
        }
    }

    /// The accumulated gradient. Reading it of a non-leaf that does not retain it warns, as in PyTorch.
    pub fn grad(&self) -> Option<Tensor> {
        let grad = self.peek_extra(|e| e.grad.clone()).flatten();
        let flags = self.flags();
        if grad.is_none() && flags & flag::HAS_GRAD_FN != 0 && flags & flag::RETAINS_GRAD == 0 {
            warning::warn(
                Category::User,
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
            );
        }
        grad
    }

    /// The accumulated gradient, without the warning.
    pub fn grad_quietly(&self) -> Option<Tensor> {
        self.peek_extra(|e| e.grad.clone()).flatten()
    }

    /// Replaces the gradient.
    ///
    /// # Errors
    /// If shape or dtype of the gradient differ from the tensor's.
    pub fn set_grad(&self, grad: Option<Tensor>) -> Result<()> {
        if let Some(grad) = &grad {
            if grad.is_same(self) {
                bail!(Runtime, "can't assign Variable as its own grad");
            }
            if grad.dtype() != self.dtype() {
                use crate::dtype::DTypeNames;
                bail!(
                    Runtime,
                    "attempting to assign a gradient with dtype '{}' to a tensor with grad_dtype '{}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems that assume they match.",
                    grad.dtype().c_name(),
                    self.dtype().scalar_name()
                );
            }
            if grad.shape() != self.shape() {
                bail!(
                    Runtime,
                    "attempting to assign a gradient of size '{}' to a tensor of size '{}'. Please ensure that the gradient and the tensor are the same size",
                    crate::layout::int_list(grad.shape()),
                    crate::layout::int_list(self.shape())
                );
            }
        }
        self.replace_grad(grad);
        Ok(())
    }

    pub(crate) fn replace_grad(&self, grad: Option<Tensor>) {
        let old = if grad.is_none() {
            self.peek_extra(|e| e.grad.take()).flatten()
        } else {
            self.with_extra(|e| std::mem::replace(&mut e.grad, grad))
        };
        drop(old);
    }

    /// Makes this non-leaf keep its gradient in `.grad`.
    ///
    /// # Errors
    /// `can't retain_grad on Tensor that has requires_grad=False`.
    pub fn retain_grad(&self) -> Result<()> {
        if !self.requires_grad() {
            bail!(Runtime, "can't retain_grad on Tensor that has requires_grad=False");
        }
        let Some(grad_fn) = self.grad_fn() else { return Ok(()) };
        if self.flags() & flag::RETAINS_GRAD != 0 {
            return Ok(());
        }
        grad_fn.node.with_hooks(|hooks| hooks.retains.push((grad_fn.output, self.downgrade())));
        self.set_flag(flag::RETAINS_GRAD, true);
        Ok(())
    }

    /// Whether this non-leaf keeps its gradient.
    pub fn retains_grad(&self) -> bool {
        self.flags() & flag::RETAINS_GRAD != 0
    }

    /// The payloads of this tensor's hooks, for the binding's garbage collector.
    pub fn hook_payloads(&self) -> Vec<std::sync::Arc<dyn std::any::Any + Send + Sync>> {
        if self.flags() & flag::HOOKS == 0 {
            return Vec::new();
        }
        self.peek_extra(|e| {
            let a = e.hooks.iter().filter_map(|(_, h)| h.payload().cloned());
            let b = e.post_accumulate.iter().filter_map(|(_, h)| h.payload().cloned());
            a.chain(b).collect()
        })
        .unwrap_or_default()
    }

    /// Drops the hooks of this tensor (the garbage collector's `tp_clear`).
    pub fn clear_hooks(&self) {
        let old = self.peek_extra(|e| (std::mem::take(&mut e.hooks), std::mem::take(&mut e.post_accumulate)));
        self.set_flag(flag::HOOKS, false);
        drop(old);
    }
}
