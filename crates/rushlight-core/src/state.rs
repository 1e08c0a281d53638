//! The state of a thread, in one thread-local so that an operation looks it up once.

use std::cell::Cell;

/// What the funnel asks of its thread. Plain cells: the thread-local needs no destructor, so access is one load.
pub(crate) struct ThreadState {
    /// Whether operations are recorded (`torch.is_grad_enabled()`).
    pub(crate) grad_enabled: Cell<bool>,
    /// Whether forward-mode tangents are propagated.
    pub(crate) forward_grad_enabled: Cell<bool>,
    /// How many layers of the transform stack are in force.
    pub(crate) depth: Cell<usize>,
    /// Numbers the nodes of this thread's graphs.
    pub(crate) sequence: Cell<u64>,
    /// Inside of `inference_mode`.
    pub(crate) inference: Cell<bool>,
    /// This thread's slot in a [`crate::sync::Counter`]; `usize::MAX` before the first use.
    pub(crate) counter_slot: Cell<usize>,
}

thread_local! {
    static STATE: ThreadState = const {
        ThreadState {
            grad_enabled: Cell::new(true),
            forward_grad_enabled: Cell::new(true),
            depth: Cell::new(0),
            sequence: Cell::new(0),
            inference: Cell::new(false),
            counter_slot: Cell::new(usize::MAX),
        }
    };
}

/// Runs `f` with this thread's state.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&ThreadState) -> R) -> R {
    STATE.with(f)
}
