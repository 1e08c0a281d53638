//! Tensors from data, and tensors filled with one value: the creation that needs no operation.

use super::{Meta, Tensor};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::scalar::Scalar;
use crate::storage::Storage;
use rushlight_kernels::{self as kernels, Element};
use std::any::Any;
use std::ptr::NonNull;

impl Tensor {
    /// A tensor of unspecified content.
    pub fn empty(shape: &[usize], dtype: DType) -> Result<Self> {
        Self::empty_with(Meta::contiguous(shape, dtype))
    }

    /// A tensor of unspecified content, with a dense layout.
    pub(crate) fn empty_with(meta: Meta) -> Result<Self> {
        let Some(bytes) = checked_bytes(meta.shape(), meta.dtype) else {
            bail!(
                Runtime,
                "Storage size calculation overflowed with sizes={}",
                crate::layout::int_list(meta.shape())
            );
        };
        let storage = Storage::allocate(bytes)?;
        Ok(Self::from_parts(meta, storage))
    }

    /// A tensor of zeros.
    pub fn zeros(shape: &[usize], dtype: DType) -> Result<Self> {
        let Some(bytes) = checked_bytes(shape, dtype) else {
            bail!(
                Runtime,
                "Storage size calculation overflowed with sizes={}",
                crate::layout::int_list(shape)
            );
        };
        Ok(Self::from_parts(Meta::contiguous(shape, dtype), Storage::zeroed(bytes)?))
    }

    /// A tensor of ones.
    pub fn ones(shape: &[usize], dtype: DType) -> Result<Self> {
        Self::full(shape, Scalar::Int(1), dtype)
    }

    /// A tensor filled with one value.
    pub fn full(shape: &[usize], value: impl Into<Scalar>, dtype: DType) -> Result<Self> {
        let value = value.into();
        let tensor = Self::empty(shape, dtype)?;
        let pointer = tensor.lock().storage.pointer();
        kernels::dispatch_all!(dtype, T => {
            let element = element_from::<T>(value);
            // SAFETY: freshly allocated for this many elements of this dtype, and unshared.
            unsafe { std::slice::from_raw_parts_mut(pointer.cast::<T>(), tensor.numel()) }.fill(element);
        });
        Ok(tensor)
    }

    /// A tensor without dimensions, of the scalar's own dtype.
    pub fn scalar(value: impl Into<Scalar>) -> Self {
        let value = value.into();
        Self::full(&[], value, value.dtype()).expect("a scalar fits into memory")
    }

    /// A tensor without dimensions that stands for a Python number in promotion.
    pub fn wrapped_number(value: Scalar) -> Result<Self> {
        let dtype = match value {
            Scalar::Float(_) => DType::F64,
            other => other.dtype(),
        };
        let plain = Self::full(&[], value, dtype)?;
        let storage = plain.lock().storage.clone();
        Ok(Self::from_parts(Meta { wrapped_number: true, ..plain.meta().clone() }, storage))
    }

    /// A one-dimensional tensor from a slice.
    ///
    /// ```
    /// let x = rushlight_core::Tensor::from_slice(&[1.0f32, 2.0]);
    /// assert_eq!(x.shape(), [2]);
    /// ```
    pub fn from_slice<T: Element>(values: &[T]) -> Self {
        Self::from_vec(values, &[values.len()]).expect("the shape is the slice's length")
    }

    /// A tensor of the given shape from values in row-major order.
    pub fn from_vec<T: Element>(values: impl AsRef<[T]>, shape: &[usize]) -> Result<Self> {
        let values = values.as_ref();
        if shape.iter().product::<usize>() != values.len() {
            bail!(
                Runtime,
                "shape '{}' is invalid for input of size {}",
                crate::layout::int_list(shape),
                values.len()
            );
        }
        let tensor = Self::empty(shape, T::DTYPE)?;
        let pointer = tensor.lock().storage.pointer();
        // SAFETY: freshly allocated for exactly these elements, and unshared.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), pointer.cast::<T>(), values.len()) };
        Ok(tensor)
    }

    /// A tensor over memory that belongs to somebody else, released by dropping `release`.
    ///
    /// # Safety
    /// `pointer` must be valid for reads (and, unless `read_only`, writes) of `bytes` bytes until `release` is
    /// dropped, aligned for the dtype, and not be written by others while Rushlight reads it.
    pub unsafe fn from_foreign(
        pointer: NonNull<u8>,
        bytes: usize,
        meta: Meta,
        read_only: bool,
        release: Box<dyn Any + Send + Sync>,
    ) -> Self {
        // SAFETY: as the caller promises.
        let storage = unsafe { Storage::foreign(pointer, bytes, read_only, release) };
        Self::from_parts(meta, storage)
    }
}

fn checked_bytes(shape: &[usize], dtype: DType) -> Option<usize> {
    let bytes = shape.iter().try_fold(dtype.size(), |n, &s| n.checked_mul(s))?;
    isize::try_from(bytes).is_ok().then_some(bytes)
}

/// Converts a scalar to an element as PyTorch's `fill_` does.
pub(crate) fn element_from<T: Element>(value: Scalar) -> T {
    match value {
        Scalar::Float(f) => T::from_f64(f),
        Scalar::Int(i) => T::from_i64(i),
        Scalar::Bool(b) => T::from_i64(i64::from(b)),
    }
}
