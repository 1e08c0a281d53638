//! Grad mode: whether operations are recorded, per thread, as guards that restore it on every way out.

use crate::state;
use std::marker::PhantomData;

/// Whether operations are recorded on this thread.
pub fn is_grad_enabled() -> bool {
    state::with(|thread| thread.grad_enabled.get())
}

/// Switches recording on or off for this thread, without a guard. Prefer [`GradMode`].
pub fn set_grad_enabled(on: bool) {
    state::with(|thread| thread.grad_enabled.set(on));
}

/// Whether this thread is inside of [`InferenceMode`].
pub fn is_inference_mode_enabled() -> bool {
    state::with(|thread| thread.inference.get())
}

/// Sets grad mode until it is dropped, a panic included.
///
/// ```
/// use rushlight_core::autograd::{GradMode, is_grad_enabled};
/// {
///     let _guard = GradMode::set(false);
///     assert!(!is_grad_enabled());
/// }
/// assert!(is_grad_enabled());
/// ```
#[must_use = "the mode lasts as long as the guard"]
pub struct GradMode {
    previous: bool,
    /// A guard belongs to its thread.
    _thread: PhantomData<*const ()>,
}

impl GradMode {
    /// Switches recording on or off.
    pub fn set(on: bool) -> Self {
        let previous = state::with(|thread| thread.grad_enabled.replace(on));
        Self { previous, _thread: PhantomData }
    }
}

impl Drop for GradMode {
    fn drop(&mut self) {
        set_grad_enabled(self.previous);
    }
}

/// Runs `f` without recording.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(false);
    f()
}

/// Runs `f` with recording, also inside of [`no_grad`].
pub fn enable_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(true);
    f()
}

/// Inference mode until it is dropped: nothing is recorded, and the tensors made cannot be recorded later.
#[must_use = "the mode lasts as long as the guard"]
pub struct InferenceMode {
    previous: (bool, bool),
    _thread: PhantomData<*const ()>,
}

impl InferenceMode {
    /// Enters (or, with `false`, leaves) inference mode.
    pub fn set(on: bool) -> Self {
        let previous = state::with(|t| (t.inference.replace(on), t.grad_enabled.replace(!on)));
        Self { previous, _thread: PhantomData }
    }
}

impl Drop for InferenceMode {
    fn drop(&mut self) {
        state::with(|t| {
            t.inference.set(self.previous.0);
            t.grad_enabled.set(self.previous.1);
        });
    }
}
