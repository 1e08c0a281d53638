//! Releasing Python's global lock around long kernels: see Note [Long work] in the core's `dispatch/long.rs`.
//!
//! A kernel may also run where the lock is not held: in the engine, which the binding starts with the lock released. So
//! an operation says that it was called from Python (one thread-local flag), and the lock is released only then.

use pyo3::prelude::*;
use std::cell::Cell;

thread_local! {
    /// Whether this thread holds the lock on behalf of an operation that may let go of it.
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Runs an operation that was called from Python with the lock held.
#[inline]
pub(crate) fn holding<R>(operation: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            HELD.set(self.0);
        }
    }
    let _restore = Restore(HELD.replace(true));
    operation()
}

/// What runs with the lock released. It touches no Python object: it is the core's, and the core knows none.
struct Work<'a>(&'a mut dyn FnMut());

// SAFETY: `Python::detach` runs the work on the thread that calls it; it asks for `Send` only to keep Python's objects
// out, and the core's kernels have none.
unsafe impl Send for Work<'_> {}

impl Work<'_> {
    fn run(self) {
        (self.0)();
    }
}

fn around(work: &mut dyn FnMut()) {
    if !HELD.get() {
        work();
        return;
    }
    struct Restore;
    impl Drop for Restore {
        fn drop(&mut self) {
            HELD.set(true);
        }
    }
    HELD.set(false);
    let _restore = Restore;
    let work = Work(work);
    // The flag is only set while the lock is held, so this attaches to nothing new.
    Python::attach(|py| py.detach(move || work.run()));
}

pub(super) fn register() {
    rushlight_core::dispatch::set_around_long_work(around);
}
