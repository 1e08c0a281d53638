//! Transforms of functions: nested differentiation and vectorisation, as layers on a thread-local stack.
//!
//! Note \[Levels\]: entering `grad`, `jvp` or `vmap` pushes a layer and gives it a level. A tensor belongs to a level by
//! being wrapped (`Special::Lifted`, `Special::Batched`); a tensor that is not is a constant there. The funnel hands an
//! operation to the innermost layer, which unwraps what is its own, computes by handing the operation to the layer
//! below, and wraps the results. A differentiating layer is the same code as the base level's autograd
//! (`dispatch::difference`), with another "below". Modes (is anything recorded?) belong to a layer too: what is below
//! runs under the modes that held when the layer was entered.

mod differentiate;
mod vectorize;

pub use differentiate::{Differentiation, grad, grad_and_value, jvp, vjp};
pub use vectorize::{Vectorization, vmap};

use crate::dispatch::{Operation, compute, difference};
use crate::error::{Error, Result};
use crate::state;
use crate::tensor::{Special, Tensor, TensorVec, flag};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Differentiate,
    Vectorize { size: usize },
}

#[derive(Clone, Copy)]
struct Layer {
    kind: Kind,
    level: usize,
    /// Modes outside of the layer.
    grad_enabled: bool,
    forward_grad_enabled: bool,
}

thread_local! {
    static STACK: RefCell<Vec<Layer>> = const { RefCell::new(Vec::new()) };
}

static NEXT_LEVEL: AtomicUsize = AtomicUsize::new(1);

/// A layer while it is in force; dropping it leaves the layer.
#[must_use = "the layer lasts as long as the guard"]
struct LayerGuard {
    level: usize,
    /// Layers above the current depth, suspended by a transform that is entered below them.
    suspended: Vec<Layer>,
    depth: usize,
    modes: (bool, bool),
}

impl LayerGuard {
    fn enter(kind: Kind) -> Self {
        let level = NEXT_LEVEL.fetch_add(1, Ordering::Relaxed);
        state::with(|thread| {
            let depth = thread.depth.get();
            let modes = (thread.grad_enabled.get(), thread.forward_grad_enabled.get());
            let suspended = STACK.with_borrow_mut(|stack| {
                let suspended = stack.split_off(depth);
                stack.push(Layer { kind, level, grad_enabled: modes.0, forward_grad_enabled: modes.1 });
                suspended
            });
            thread.depth.set(depth + 1);
            if kind == Kind::Differentiate {
                thread.grad_enabled.set(true);
                thread.forward_grad_enabled.set(true);
            }
            Self { level, suspended, depth, modes }
        })
    }
}

impl Drop for LayerGuard {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| {
            stack.truncate(self.depth);
            stack.append(&mut self.suspended);
        });
        state::with(|thread| {
            thread.depth.set(self.depth);
            thread.grad_enabled.set(self.modes.0);
            thread.forward_grad_enabled.set(self.modes.1);
        });
    }
}

/// Runs `f` as the layer below `layer` does: at its depth, under its modes.
fn lowered<R>(layer: &Layer, f: impl FnOnce() -> R) -> R {
    struct Restore(usize, bool, bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            state::with(|thread| {
                thread.depth.set(self.0);
                thread.grad_enabled.set(self.1);
                thread.forward_grad_enabled.set(self.2);
            });
        }
    }
    let _restore = state::with(|thread| {
        let restore =
            Restore(thread.depth.get(), thread.grad_enabled.get(), thread.forward_grad_enabled.get());
        thread.depth.set(restore.0 - 1);
        if layer.kind == Kind::Differentiate {
            thread.grad_enabled.set(layer.grad_enabled);
            thread.forward_grad_enabled.set(layer.forward_grad_enabled);
        }
        restore
    });
    f()
}

fn top() -> Option<Layer> {
    let depth = state::with(|thread| thread.depth.get());
    STACK.with_borrow(|stack| depth.checked_sub(1).and_then(|at| stack.get(at).copied()))
}

fn level_of(tensor: &Tensor) -> Option<usize> {
    match tensor.special() {
        Some(Special::Batched { level, .. } | Special::Lifted { level, .. }) => Some(level),
        _ => None,
    }
}

/// The funnel's way for anything but dense tensors on an empty stack.
#[cold]
pub(crate) fn dispatch(operation: &dyn Operation, inputs: &[&Tensor], flags: u32) -> Result<TensorVec> {
    let Some(layer) = top() else {
        if inputs.iter().any(|t| level_of(t).is_some()) {
            return Err(escaped());
        }
        return state::with(|thread| {
            difference(operation, inputs, flags, thread, |inputs| compute(operation, inputs))
        });
    };
    if !inputs.iter().any(|t| level_of(t) == Some(layer.level)) {
        return lowered(&layer, || crate::dispatch::run(operation, inputs));
    }
    match layer.kind {
        Kind::Differentiate => differentiate::apply(operation, inputs, &layer),
        Kind::Vectorize { size } => vectorize::apply(operation, inputs, &layer, size),
    }
}

/// The same for in-place changes.
#[cold]
pub(crate) fn dispatch_in_place(
    operation: &dyn Operation,
    target: &Tensor,
    inputs: &[&Tensor],
    flags: u32,
) -> Result<()> {
    let Some(layer) = top() else {
        if inputs.iter().any(|t| level_of(t).is_some()) || level_of(target).is_some() {
            return Err(escaped());
        }
        return crate::dispatch::difference_in_place(operation, target, inputs, flags, |inputs| {
            if target.flags() & flag::SPECIAL == 0 && inputs.iter().all(|t| t.flags() & flag::SPECIAL == 0) {
                crate::dispatch::compute_over(operation, target, inputs)
            } else {
                crate::graph::record_in_place(operation, target, inputs)
            }
        });
    };
    let target_is_here = level_of(target) == Some(layer.level);
    if !target_is_here && !inputs.iter().any(|t| level_of(t) == Some(layer.level)) {
        return lowered(&layer, || crate::dispatch::run_in_place(operation, target, inputs));
    }
    match layer.kind {
        Kind::Differentiate => {
            if !target_is_here {
                let name = operation.name().split("Backward").next().unwrap_or_default().to_lowercase();
                return Err(Error::runtime(format!(
                    "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation (aten::{name}_) that would mutate a captured Tensor. This is not supported; please rewrite the function being transformed to explicitly accept the mutated Tensor(s) as inputs."
                )));
            }
            differentiate::apply_in_place(operation, target, inputs, &layer)
        }
        Kind::Vectorize { size } => {
            if !target_is_here {
                let name = operation.name().split("Backward").next().unwrap_or_default().to_lowercase();
                return Err(Error::runtime(format!(
                    "vmap: aten::{name}_(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a vmap. Please try to use out-of-place operators instead of aten::{name}_. If said operator is being called inside the PyTorch framework, please file a bug report instead."
                )));
            }
            vectorize::apply_in_place(operation, target, inputs, &layer, size)
        }
    }
}

fn escaped() -> Error {
    Error::runtime(
        "a tensor of a transform (grad, jvp, vmap) was used after the transform had returned: it escaped through a variable outside of the function",
    )
}
