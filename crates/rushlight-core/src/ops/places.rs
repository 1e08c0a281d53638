//! What operations that read and write at computed places share.

use crate::dispatch::{View, ViewMut};
use crate::error::{Error, Result};
use crate::storage::Storage;
use crate::tensor::Meta;
use rushlight_kernels as kernels;

/// The error for an index that the kernel has refused.
#[cold]
pub(crate) fn bounds_error(error: kernels::index::IndexError, dim: usize) -> Error {
    Error::index(format!(
        "index {} is out of bounds for dimension {dim} with size {}",
        error.index, error.size
    ))
}

/// An operand that shares no memory with the output: a view, or a copy.
pub(crate) struct Apart<'a> {
    view: View<'a>,
    copy: Option<(Meta, Storage)>,
}

impl Apart<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        match &self.copy {
            Some((meta, storage)) => View { pointer: storage.pointer(), meta },
            None => self.view,
        }
    }
}

/// Copies an operand if it shares memory with the output: an operation that writes at computed places would read what
/// it has written.
pub(crate) fn apart<'a>(view: &View<'a>, output: &ViewMut<'_>) -> Result<Apart<'a>> {
    let bytes = |pointer: *const u8, meta: &Meta| {
        let (low, high) = meta.layout.span();
        let (offset, size) = (meta.layout.offset(), meta.dtype.size());
        let start = pointer as usize - (offset - low) * size;
        (start, start + (high - low) * size)
    };
    let (a, b) = (bytes(view.pointer, view.meta), bytes(output.pointer, output.meta));
    if a.0 >= b.1 || b.0 >= a.1 {
        return Ok(Apart { view: *view, copy: None });
    }
    let meta = Meta::contiguous(view.shape(), view.meta.dtype);
    let storage = Storage::allocate(meta.elements() * meta.dtype.size())?;
    super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &meta }, view);
    Ok(Apart { view: *view, copy: Some((meta, storage)) })
}
