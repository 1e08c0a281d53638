//! Forward mode: tangents that travel with tensors.

use super::view::ViewInfo;
use crate::error::{Result, bail};
use crate::state;
use crate::tensor::{Tensor, flag};
use std::cell::Cell;
use std::marker::PhantomData;

/// What a rule for forward mode may ask: inputs and results, of which tangents are not propagated further.
pub struct ForwardContext<'a> {
    inputs: &'a [&'a Tensor],
    outputs: &'a [Tensor],
}

impl<'a> ForwardContext<'a> {
    pub(crate) fn new(inputs: &'a [&'a Tensor], outputs: &'a [Tensor]) -> Self {
        Self { inputs, outputs }
    }

    /// An input.
    pub fn input(&self, i: usize) -> &Tensor {
        self.inputs[i]
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// A result.
    pub fn output(&self, i: usize) -> &Tensor {
        &self.outputs[i]
    }
}

/// Switches the propagation of tangents off until it is dropped.
#[must_use = "the mode lasts as long as the guard"]
pub struct ForwardGradGuard {
    previous: bool,
    _thread: PhantomData<*const ()>,
}

impl ForwardGradGuard {
    /// Switches the propagation of tangents off.
    pub fn disable() -> Self {
        Self::set(false)
    }

    /// Switches the propagation of tangents on or off.
    pub fn set(on: bool) -> Self {
        let previous = state::with(|t| t.forward_grad_enabled.replace(on));
        Self { previous, _thread: PhantomData }
    }
}

impl Drop for ForwardGradGuard {
    fn drop(&mut self) {
        state::with(|t| t.forward_grad_enabled.set(self.previous));
    }
}

thread_local! {
    static LEVEL: Cell<Option<u64>> = const { Cell::new(None) };
    static EPOCH: Cell<u64> = const { Cell::new(0) };
}

/// A region in which tangents live (`forward_ad.dual_level`). One at a time, as in PyTorch.
pub struct DualLevel {
    level: u64,
}

impl DualLevel {
    /// Enters a level.
    ///
    /// # Errors
    /// `Nested forward mode AD is not supported at the moment`.
    pub fn enter() -> Result<Self> {
        if LEVEL.get().is_some() {
            bail!(Runtime, "Nested forward mode AD is not supported at the moment");
        }
        let level = EPOCH.get();
        LEVEL.set(Some(level));
        Ok(Self { level })
    }

    /// The number of the level.
    pub fn level(&self) -> u64 {
        self.level
    }

    /// Leaves a level; tangents made in it are gone.
    ///
    /// # Errors
    /// If it is not the current one.
    pub fn exit(&self) -> Result<()> {
        if LEVEL.get() != Some(self.level) {
            bail!(
                Runtime,
                "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
            );
        }
        LEVEL.set(None);
        EPOCH.set(self.level + 1);
        Ok(())
    }

    /// The level that is in force on this thread.
    pub fn current() -> Option<u64> {
        LEVEL.get()
    }
}

impl Tensor {
    /// The tangent that travels with this tensor.
    pub fn tangent(&self) -> Option<Tensor> {
        if self.flags() & flag::TANGENT == 0 {
            return None;
        }
        self.peek_extra(|e| e.tangent.clone()).flatten()
    }

    /// Sets or removes the tangent.
    pub(crate) fn set_tangent(&self, tangent: Option<Tensor>) {
        if tangent.is_none() && self.flags() & flag::TANGENT == 0 {
            return;
        }
        self.set_flag(flag::TANGENT, tangent.is_some());
        let old = self.with_extra(|e| std::mem::replace(&mut e.tangent, tangent));
        drop(old);
    }

    /// The tangent after an in-place change. The tangent of a view is a view of its root's tangent, so the change goes
    /// into the root's tangent, which is made (zero) where there was none.
    pub(crate) fn change_tangent(&self, tangent: Option<Tensor>) -> Result<()> {
        let Some(ViewInfo { base, .. }) = self.view_info() else {
            self.set_tangent(tangent);
            return Ok(());
        };
        let _guard = ForwardGradGuard::disable();
        match (self.tangent(), tangent) {
            (Some(old), Some(new)) => {
                old.copy_(&new)?;
            }
            (Some(old), None) => {
                old.zero_()?;
            }
            (None, None) => {}
            (None, Some(new)) => {
                let full = match base.tangent() {
                    Some(full) => full,
                    None => Tensor::zeros(base.shape(), base.dtype())?,
                };
                let dense = full.layout().strides() == base.layout().strides();
                if !dense {
                    bail!(
                        NotImplemented,
                        "forward AD: an in-place change of a view of a non-contiguous tensor that has no tangent is not supported"
                    );
                }
                let offset = self.layout().offset() - base.layout().offset() + full.layout().offset();
                let part = full.as_strided(self.shape(), self.strides(), offset)?;
                part.copy_(&new)?;
                base.set_tangent(Some(full));
                self.set_tangent(Some(part));
            }
        }
        Ok(())
    }

    /// A view of `primal` that carries a tangent (`forward_ad.make_dual`).
    ///
    /// # Errors
    /// If shapes or dtypes differ, or `primal` has a tangent already.
    pub fn make_dual(primal: &Tensor, tangent: &Tensor) -> Result<Tensor> {
        if !primal.dtype().is_floating_point() {
            use crate::dtype::DTypeNames;
            bail!(
                Value,
                "Expected primal to be floating point or complex, but got: {}",
                primal.dtype().torch_name()
            );
        }
        if !tangent.dtype().is_floating_point() {
            use crate::dtype::DTypeNames;
            bail!(
                Value,
                "Expected tangent to be floating point or complex, but got: {}",
                tangent.dtype().torch_name()
            );
        }
        if primal.shape() != tangent.shape() {
            bail!(
                Runtime,
                "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. Tensor is of size {} while the given forward gradient is of size {}.",
                crate::layout::int_list(primal.shape()),
                crate::layout::int_list(tangent.shape())
            );
        }
        if primal.dtype() != tangent.dtype() {
            bail!(Runtime, "Expected primal and tangent to have the same dtype");
        }
        if primal.flags() & flag::TANGENT != 0 {
            bail!(Runtime, "Trying to set a forward gradient that already exists at this level");
        }
        let dual = primal.view_as_self()?;
        dual.set_tangent(Some(tangent.clone()));
        Ok(dual)
    }
}
