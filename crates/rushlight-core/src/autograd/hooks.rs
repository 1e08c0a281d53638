//! Hooks: users' functions that see gradients pass.

use super::variable::WeakTensor;
use super::{Edge, NodeRef};
use crate::error::Result;
use crate::tensor::{Tensor, flag};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

type TensorFunction = dyn Fn(&Tensor) -> Result<Option<Tensor>> + Send + Sync;
type NodePreFunction = dyn Fn(&[Option<Tensor>]) -> Result<Option<Vec<Option<Tensor>>>> + Send + Sync;
type NodePostFunction =
    dyn Fn(&[Option<Tensor>], &[Option<Tensor>]) -> Result<Option<Vec<Option<Tensor>>>> + Send + Sync;
type PostAccumulateFunction = dyn Fn(&Tensor) -> Result<()> + Send + Sync;

macro_rules! hook {
    ($(#[$doc:meta])* $name:ident, $function:ty) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            pub(crate) function: Arc<$function>,
            payload: Option<Arc<dyn Any + Send + Sync>>,
        }

        impl $name {
            /// A hook from a function.
            pub fn new(function: Arc<$function>) -> Self {
                Self { function, payload: None }
            }

            /// A hook with something the binding can find again (the Python callable, for the garbage collector).
            pub fn with_payload(function: Arc<$function>, payload: Arc<dyn Any + Send + Sync>) -> Self {
                Self { function, payload: Some(payload) }
            }

            /// What was given as payload.
            pub fn payload(&self) -> Option<&Arc<dyn Any + Send + Sync>> {
                self.payload.as_ref()
            }
        }
    };
}

hook!(
    /// Sees (and may replace) the gradient of a tensor.
    TensorHook, TensorFunction
);
hook!(
    /// Sees (and may replace) the gradients that enter a node.
    NodePreHook, NodePreFunction
);
hook!(
    /// Sees the gradients that a node returned (which it may replace) and those that it got.
    NodePostHook, NodePostFunction
);
hook!(
    /// Called with a leaf after its `.grad` was accumulated.
    PostAccumulateHook, PostAccumulateFunction
);

/// The hooks of a node.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) tensor: Vec<(u32, u64, TensorHook)>,
    pub(crate) retains: Vec<(u32, WeakTensor)>,
    pub(crate) pre: Vec<(u64, NodePreHook)>,
    pub(crate) post: Vec<(u64, NodePostHook)>,
}

impl Hooks {
    pub(crate) fn is_empty(&self) -> bool {
        self.tensor.is_empty() && self.retains.is_empty() && self.pre.is_empty() && self.post.is_empty()
    }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn next_id() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

enum Place {
    Leaf(WeakTensor),
    PostAccumulate(WeakTensor),
    Node(std::sync::Weak<super::Node>),
}

/// Removes a hook. Dropping the handle leaves the hook in place.
pub struct HookHandle {
    id: u64,
    place: Place,
}

impl HookHandle {
    /// The number of the hook, growing with registration.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Removes the hook; doing so twice is harmless.
    pub fn remove(&self) {
        match &self.place {
            Place::Leaf(tensor) => {
                if let Some(tensor) = tensor.upgrade() {
                    let (old, empty) = tensor.with_extra(|e| {
                        let at = e.hooks.iter().position(|(id, _)| *id == self.id);
                        (at.map(|at| e.hooks.remove(at)), e.hooks.is_empty() && e.post_accumulate.is_empty())
                    });
                    drop(old);
                    tensor.set_flag(flag::HOOKS, !empty);
                }
            }
            Place::PostAccumulate(tensor) => {
                if let Some(tensor) = tensor.upgrade() {
                    let (old, empty) = tensor.with_extra(|e| {
                        let at = e.post_accumulate.iter().position(|(id, _)| *id == self.id);
                        (
                            at.map(|at| e.post_accumulate.remove(at)),
                            e.hooks.is_empty() && e.post_accumulate.is_empty(),
                        )
                    });
                    drop(old);
                    tensor.set_flag(flag::HOOKS, !empty);
                }
            }
            Place::Node(node) => {
                if let Some(node) = node.upgrade() {
                    let old = node.with_hooks(|hooks| {
                        let old = std::mem::take(hooks);
                        hooks.tensor =
                            old.tensor.iter().filter(|(_, id, _)| *id != self.id).cloned().collect();
                        hooks.pre = old.pre.iter().filter(|(id, _)| *id != self.id).cloned().collect();
                        hooks.post = old.post.iter().filter(|(id, _)| *id != self.id).cloned().collect();
                        hooks.retains.clone_from(&old.retains);
                        old
                    });
                    drop(old);
                }
            }
        }
    }
}

impl Tensor {
    /// Calls `hook` with the gradient of this tensor each time one is computed; what it returns replaces the gradient.
    ///
    /// ```
    /// use rushlight_core::{Tensor, autograd::TensorHook};
    /// use std::sync::Arc;
    /// let x = Tensor::scalar(3.0).requires_grad_(true)?;
    /// let handle = x.register_hook(TensorHook::new(Arc::new(|g| Ok(Some(g.mul(10.0)?)))))?;
    /// x.mul(&x)?.backward()?;
    /// assert_eq!(x.grad().unwrap().item()?.to_f64(), 60.0);
    /// handle.remove();
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `cannot register a hook on a tensor that doesn't require gradient`.
    pub fn register_hook(&self, hook: TensorHook) -> Result<HookHandle> {
        if !self.requires_grad() {
            return Err(crate::Error::runtime(
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        }
        let id = next_id();
        let place = if let Edge::Node(grad_fn) = self.gradient_edge() {
            grad_fn.node.with_hooks(|hooks| hooks.tensor.push((grad_fn.output, id, hook)));
            Place::Node(std::sync::Arc::downgrade(&grad_fn.node))
        } else {
            self.with_extra(|e| e.hooks.push((id, hook)));
            self.set_flag(flag::HOOKS, true);
            Place::Leaf(self.downgrade())
        };
        Ok(HookHandle { id, place })
    }

    /// Calls `hook` with this leaf after its `.grad` was accumulated.
    ///
    /// # Errors
    /// For tensors that do not require a gradient, and for non-leaves.
    pub fn register_post_accumulate_grad_hook(&self, hook: PostAccumulateHook) -> Result<HookHandle> {
        if !self.requires_grad() {
            return Err(crate::Error::runtime(
                "cannot register a hook on a tensor that doesn't require gradient",
            ));
        }
        if !self.is_leaf() {
            return Err(crate::Error::runtime(
                "post accumulate grad hooks cannot be registered on non-leaf tensors",
            ));
        }
        let id = next_id();
        self.with_extra(|e| e.post_accumulate.push((id, hook)));
        self.set_flag(flag::HOOKS, true);
        Ok(HookHandle { id, place: Place::PostAccumulate(self.downgrade()) })
    }
}

/// Registers a hook that sees the gradients entering a node.
pub(crate) fn register_pre(node: &NodeRef, hook: NodePreHook) -> HookHandle {
    let id = next_id();
    node.with_hooks(|hooks| hooks.pre.push((id, hook)));
    HookHandle { id, place: Place::Node(Arc::downgrade(node)) }
}

/// Registers a hook that sees the gradients leaving a node.
pub(crate) fn register_post(node: &NodeRef, hook: NodePostHook) -> HookHandle {
    let id = next_id();
    node.with_hooks(|hooks| hooks.post.push((id, hook)));
    HookHandle { id, place: Place::Node(Arc::downgrade(node)) }
}

impl super::Node {
    /// Calls `hook` with the gradients returned by this node and those that it got.
    pub fn register_hook(self: &NodeRef, hook: NodePostHook) -> HookHandle {
        register_post(self, hook)
    }

    /// Calls `hook` with the gradients that enter this node.
    pub fn register_prehook(self: &NodeRef, hook: NodePreHook) -> HookHandle {
        register_pre(self, hook)
    }

    /// The payloads of this node's hooks, for the binding's garbage collector.
    pub fn hook_payloads(&self) -> Vec<Arc<dyn Any + Send + Sync>> {
        let Some(hooks) = self.hooks() else { return Vec::new() };
        let tensor = hooks.tensor.iter().filter_map(|(_, _, h)| h.payload().cloned());
        let pre = hooks.pre.iter().filter_map(|(_, h)| h.payload().cloned());
        let post = hooks.post.iter().filter_map(|(_, h)| h.payload().cloned());
        tensor.chain(pre).chain(post).collect()
    }
}
