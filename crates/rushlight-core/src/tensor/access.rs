//! Reaching the bytes: claims and views for kernels, and reading data out.

use super::{Meta, Tensor};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::scalar::Scalar;
use crate::storage::Storage;
use rushlight_kernels as kernels;
use smallvec::SmallVec;
use std::mem::ManuallyDrop;

/// A few tensors, mostly one.
pub type TensorVec = SmallVec<[Tensor; 1]>;

pub use rushlight_kernels::Element;

/// An operand that a kernel reads: where its first element is, and its layout and dtype. Valid while claimed.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The first element.
    pub pointer: *const u8,
    /// Layout and dtype.
    pub meta: &'a Meta,
}

/// A result that a kernel writes.
pub struct ViewMut<'a> {
    /// The first element.
    pub pointer: *mut u8,
    /// Layout and dtype.
    pub meta: &'a Meta,
}

impl View<'_> {
    /// Sizes of the dimensions.
    pub fn shape(&self) -> &[usize] {
        self.meta.shape()
    }

    /// Strides, in elements.
    pub fn strides(&self) -> &[isize] {
        self.meta.layout.strides()
    }
}

impl ViewMut<'_> {
    /// Sizes of the dimensions.
    pub fn shape(&self) -> &[usize] {
        self.meta.shape()
    }

    /// Strides, in elements.
    pub fn strides(&self) -> &[isize] {
        self.meta.layout.strides()
    }

    /// The same, as something to read (for kernels that read what they have written).
    pub fn as_view(&self) -> View<'_> {
        View { pointer: self.pointer, meta: self.meta }
    }
}

/// The claims of one operation (Note [Claims] in `storage.rs`); they end when it is dropped.
#[derive(Default)]
pub(crate) struct Claims {
    read: SmallVec<[ManuallyDrop<Storage>; 3]>,
    write: Option<Storage>,
}

impl Claims {
    /// Claims a tensor's bytes for reading, and gives its layout as it is at this moment.
    #[inline]
    pub(crate) fn read<'a>(&mut self, tensor: &'a Tensor) -> View<'a> {
        let state = tensor.lock();
        let meta = tensor.meta();
        debug_assert!(
            check_bounds(meta, &state.storage).is_ok(),
            "layout and storage are set together, checked"
        );
        let offset = meta.layout.offset() * meta.dtype.size();
        let pointer = state.storage.pointer().wrapping_add(offset);
        if self.write.as_ref().is_none_or(|w| w.address() != state.storage.address()) {
            state.storage.claim_read();
            // SAFETY: this duplicates the handle without counting it, and is never dropped as a `Storage`. The claim
            // taken under the tensor's lock keeps the header alive: the last reference waits for it.
            self.read.push(ManuallyDrop::new(unsafe { std::ptr::read(&raw const state.storage) }));
        }
        View { pointer, meta }
    }

    /// Claims several tensors for reading.
    #[inline]
    pub(crate) fn read_all<'a>(&mut self, tensors: &[&'a Tensor]) -> SmallVec<[View<'a>; 3]> {
        let mut views = SmallVec::new();
        for tensor in tensors {
            views.push(self.read(tensor));
        }
        views
    }

    /// Claims for an operation that writes `target` and reads `inputs`, in the order of addresses.
    pub(crate) fn write<'a>(
        &mut self,
        target: &'a Tensor,
        inputs: &[&'a Tensor],
    ) -> Result<(ViewMut<'a>, SmallVec<[View<'a>; 3]>)> {
        let storage = target.lock().storage.clone();
        if storage.is_read_only() {
            bail!(
                Runtime,
                "a read-only tensor (made from a read-only array or file) cannot be changed in place"
            );
        }
        let mut order: SmallVec<[(usize, usize); 3]> =
            inputs.iter().enumerate().map(|(i, t)| (t.lock().storage.address(), i)).collect();
        order.sort_unstable();
        let mut views: SmallVec<[Option<View<'a>>; 3]> = smallvec::smallvec![None; inputs.len()];
        let target_address = storage.address();
        let mut waiting = Some(storage);
        for (address, i) in order {
            if address >= target_address
                && let Some(storage) = waiting.take()
            {
                storage.claim_write();
                self.write = Some(storage);
            }
            views[i] = Some(self.read(inputs[i]));
        }
        if let Some(storage) = waiting.take() {
            storage.claim_write();
            self.write = Some(storage);
        }
        let state = target.lock();
        let meta = target.meta();
        if state.storage.address() != target_address {
            bail!(
                Runtime,
                "a tensor was given other data by another thread while it was being changed in place"
            );
        }
        debug_assert!(
            check_bounds(meta, &state.storage).is_ok(),
            "layout and storage are set together, checked"
        );
        let offset = meta.layout.offset() * meta.dtype.size();
        let view = ViewMut { pointer: state.storage.pointer().wrapping_add(offset), meta };
        Ok((view, views.into_iter().flatten().collect()))
    }
}

/// No layout reaches beyond its storage, whatever happened to either.
pub(super) fn check_bounds(meta: &Meta, storage: &Storage) -> Result<()> {
    let size = meta.dtype.size();
    let layout = &meta.layout;
    let end = if layout.is_contiguous() {
        if layout.elements() == 0 { 0 } else { layout.offset() + layout.elements() }
    } else {
        let (low, high) = layout.span();
        if low == high { 0 } else { high }
    };
    if end * size > storage.bytes() {
        bail!(
            Runtime,
            "setStorage: sizes {}, strides {}, storage offset {}, and itemsize {size} requiring a storage size of {} are out of bounds for storage of size {}",
            crate::layout::int_list(layout.shape()),
            crate::layout::int_list(layout.strides()),
            layout.offset(),
            end * size,
            storage.bytes()
        );
    }
    Ok(())
}

impl Drop for Claims {
    #[inline]
    fn drop(&mut self) {
        for storage in &self.read {
            storage.release_read();
        }
        if let Some(storage) = &self.write {
            storage.release_write();
        }
    }
}

impl Tensor {
    /// Fails for tensors without data of their own.
    pub(crate) fn require_data(&self, what: &str) -> Result<()> {
        match self.special() {
            None => Ok(()),
            Some(super::Special::Traced(_)) => Err(Error::runtime(format!(
                "{what} needs the value of a tensor that is being traced: a traced tensor has a shape and a dtype, but no data"
            ))),
            Some(super::Special::Batched { .. }) => Err(Error::runtime(if what == ".item()" {
                "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report.".to_owned()
            } else {
                format!("vmap: {what} needs the value of a tensor that is being vmapped over")
            })),
            Some(super::Special::Lifted { inner, .. }) => inner.require_data(what),
        }
    }

    /// The dense tensor below the levels of differentiation.
    pub(crate) fn lowest(&self) -> Tensor {
        match self.special() {
            Some(super::Special::Lifted { inner, .. }) => inner.lowest(),
            _ => self.clone(),
        }
    }

    /// The elements, in row-major order. The element type must be the tensor's dtype.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        if T::DTYPE != self.dtype() {
            bail!(
                Runtime,
                "expected scalar type {} but found {}",
                T::DTYPE.scalar_name(),
                self.dtype().scalar_name()
            );
        }
        self.require_data("to_vec")?;
        let tensor = self.lowest();
        let mut claims = Claims::default();
        let view = claims.read(&tensor);
        let mut out: Vec<T> = Vec::with_capacity(view.meta.elements());
        let shape = view.shape();
        let strides = view.strides();
        if view.meta.layout.is_contiguous() {
            // SAFETY: the view is in bounds (checked by `read`), claimed, aligned for its dtype, and the vector holds
            // this many elements.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    view.pointer.cast::<T>(),
                    out.as_mut_ptr(),
                    view.meta.elements(),
                );
                out.set_len(view.meta.elements());
            }
            return Ok(out);
        }
        let mut index: SmallVec<[usize; 6]> = smallvec::smallvec![0; shape.len()];
        for _ in 0..view.meta.elements() {
            let at: isize = index.iter().zip(strides).map(|(&i, &s)| i as isize * s).sum();
            // SAFETY: the index is inside of the shape, and the layout was checked against the storage.
            out.push(unsafe { *view.pointer.cast::<T>().offset(at) });
            for d in (0..shape.len()).rev() {
                index[d] += 1;
                if index[d] < shape[d] {
                    break;
                }
                index[d] = 0;
            }
        }
        Ok(out)
    }

    /// The elements as `f64`, in row-major order, whatever the dtype.
    pub fn to_f64_vec(&self) -> Result<Vec<f64>> {
        kernels::dispatch_all!(self.dtype(), T => {
            Ok(self.to_vec::<T>()?.into_iter().map(Element::to_f64).collect())
        })
    }

    /// The elements as `i64`, in row-major order, whatever the dtype.
    pub fn to_i64_vec(&self) -> Result<Vec<i64>> {
        kernels::dispatch_all!(self.dtype(), T => {
            Ok(self.to_vec::<T>()?.into_iter().map(Element::to_i64).collect())
        })
    }

    /// The element at an index, which must have one number per dimension, each in range. For printing.
    pub fn scalar_at(&self, index: &[usize]) -> Result<Scalar> {
        self.require_data("reading an element")?;
        let tensor = self.lowest();
        let mut claims = Claims::default();
        let view = claims.read(&tensor);
        if index.len() != view.meta.rank() || index.iter().zip(view.shape()).any(|(&i, &n)| i >= n) {
            bail!(
                Index,
                "index {} is out of bounds for shape {}",
                crate::layout::int_list(index),
                crate::layout::int_list(view.shape())
            );
        }
        let at: isize = index.iter().zip(view.strides()).map(|(&i, &s)| i as isize * s).sum();
        // SAFETY: the index was checked against the shape, and the layout against the storage.
        Ok(unsafe { read_scalar(view.pointer.offset(at * view.meta.dtype.size() as isize), view.meta.dtype) })
    }

    /// The value of a tensor with one element.
    ///
    /// # Errors
    /// `a Tensor with N elements cannot be converted to Scalar` for any other number of elements.
    pub fn item(&self) -> Result<Scalar> {
        self.require_data(".item()")?;
        let tensor = self.lowest();
        let mut claims = Claims::default();
        let view = claims.read(&tensor);
        if view.meta.elements() != 1 {
            return Err(Error::runtime(format!(
                "a Tensor with {} elements cannot be converted to Scalar",
                view.meta.elements()
            ))
            .with_help(format!(
                "the shape is {}; `.tolist()` gives all elements",
                crate::layout::int_list(view.shape())
            )));
        }
        // SAFETY: one element, in bounds, claimed.
        Ok(unsafe { read_scalar(view.pointer, view.meta.dtype) })
    }

    /// Calls `f` with the address of the first element while the bytes are claimed for reading.
    ///
    /// The pointer must not be used after `f` returns.
    pub fn with_bytes<R>(&self, f: impl FnOnce(*const u8) -> R) -> Result<R> {
        self.require_data("reading data")?;
        let tensor = self.lowest();
        let mut claims = Claims::default();
        let view = claims.read(&tensor);
        Ok(f(view.pointer))
    }
}

/// # Safety
/// `pointer` must be readable as an element of `dtype`.
unsafe fn read_scalar(pointer: *const u8, dtype: DType) -> Scalar {
    match dtype {
        // SAFETY: as the caller promises; a bool is one byte, 0 or 1.
        DType::Bool => Scalar::Bool(unsafe { *pointer } != 0),
        d if d.is_floating_point() => kernels::dispatch_all!(dtype, T => {
            // SAFETY: as the caller promises.
            Scalar::Float(Element::to_f64(unsafe { pointer.cast::<T>().read() }))
        }),
        _ => kernels::dispatch_all!(dtype, T => {
            // SAFETY: as the caller promises.
            Scalar::Int(Element::to_i64(unsafe { pointer.cast::<T>().read() }))
        }),
    }
}
