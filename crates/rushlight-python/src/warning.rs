//! The core's warnings, handed to Python's `warnings` with PyTorch's category.

use pyo3::exceptions::{PyDeprecationWarning, PyFutureWarning, PyRuntimeWarning, PyUserWarning};
use pyo3::prelude::*;
use rushlight_core::warning::{self, Category};
use std::cell::RefCell;
use std::ffi::CString;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// What a filter made of a warning (`error`): raised when the operation that warned comes back.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// How many threads have such an exception: one load for each operation, instead of a look into the thread's own.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Sends the core's warnings to Python.
pub(crate) fn install() {
    warning::set_sink(|category, text| Python::attach(|py| deliver(py, category, text)));
}

fn deliver(py: Python<'_>, category: Category, text: &str) {
    let class = match category {
        Category::User => py.get_type::<PyUserWarning>(),
        Category::Future => py.get_type::<PyFutureWarning>(),
        Category::Deprecation => py.get_type::<PyDeprecationWarning>(),
        Category::Runtime => py.get_type::<PyRuntimeWarning>(),
    };
    // PyTorch's text may come from users' names; a zero byte cannot be passed on.
    let text = CString::new(text.replace('\0', "\\0")).unwrap_or_default();
    if let Err(error) = PyErr::warn(py, &class, &text, 1) {
        let former = RAISED.with(|raised| raised.borrow_mut().replace(error));
        if former.is_none() {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The exception that a warning filter asked for, if any: whoever calls the core asks when it comes back.
#[inline]
pub(crate) fn check() -> PyResult<()> {
    if COUNT.load(Ordering::Relaxed) == 0 { Ok(()) } else { check_thread() }
}

#[cold]
fn check_thread() -> PyResult<()> {
    match RAISED.with(|raised| raised.borrow_mut().take()) {
        Some(error) => {
            COUNT.fetch_sub(1, Ordering::Relaxed);
            Err(error)
        }
        None => Ok(()),
    }
}
