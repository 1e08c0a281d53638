//! Long kernels, and what the binding does around them.
//!
//! Note \[Long work\]: Python's global lock is released around a kernel that takes longer than about 10 µs (releasing costs
//! about 90 ns), so that other Python threads run meanwhile. The core knows nothing of Python: the binding sets a function
//! that runs a piece of work with the lock released. Claims are taken and given back inside of that work, never across
//! its end: a thread that held a claim while it waited for the lock, and one that held the lock while it waited for the
//! claim, would wait for ever. A small operation pays one comparison.

use super::{Aliasing, Operation};
use crate::tensor::Meta;
use std::sync::OnceLock;

/// Runs a piece of work with whatever released that others wait for.
pub type Around = fn(&mut dyn FnMut());

/// Elements read and written from which a kernel is long: an addition takes 5 to 13 µs for as many, a function such as
/// `exp` more.
const LONG: usize = 1 << 15;

static AROUND: OnceLock<Around> = OnceLock::new();

/// Sets what is done around long kernels; once, by the binding.
pub fn set_around_long_work(around: Around) {
    // A second binding in one process would be the same one.
    let _ = AROUND.set(around);
}

/// Roughly how many elements an operation reads and writes. Operations that are not elementwise read theirs more than
/// once.
#[inline]
pub(crate) fn work_of(operation: &dyn Operation, inputs: &[&Meta], outputs: usize) -> usize {
    let elements = outputs + inputs.iter().map(|meta| meta.elements()).sum::<usize>();
    if elements < LONG / 8 || operation.aliasing() == Aliasing::Elementwise {
        elements
    } else {
        elements.saturating_mul(8)
    }
}

/// Runs a kernel; see Note [Long work]. Whatever claims the body takes it gives back before it returns.
#[inline]
pub(crate) fn run_kernel<R>(work: usize, body: impl FnOnce() -> R) -> R {
    if work < LONG { body() } else { run_long(body) }
}

#[cold]
fn run_long<R>(body: impl FnOnce() -> R) -> R {
    let Some(around) = AROUND.get() else { return body() };
    let mut body = Some(body);
    let mut result = None;
    around(&mut || result = body.take().map(|body| body()));
    result.expect("the work was run")
}
