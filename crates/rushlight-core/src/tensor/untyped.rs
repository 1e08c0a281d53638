//! A storage as users see it (`untyped_storage()`): bytes without a dtype, for pickling and sharing.

use super::{Meta, Tensor};
use crate::error::{Result, bail};
use crate::layout::Layout;
use crate::storage::Storage;

/// The bytes of a tensor, shared with all that are views of it.
#[derive(Clone)]
pub struct UntypedStorage(Storage);

impl UntypedStorage {
    /// New bytes.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let storage = Storage::allocate(bytes.len())?;
        // SAFETY: freshly allocated for this many bytes, and unshared.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), storage.pointer(), bytes.len()) };
        Ok(Self(storage))
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.claim_read();
        // SAFETY: the storage holds this many bytes, initialised, and is claimed for reading.
        let bytes = unsafe { std::slice::from_raw_parts(self.0.pointer(), self.0.bytes()) }.to_vec();
        self.0.release_read();
        bytes
    }

    /// Number of bytes.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Address of the first byte.
    pub fn data_ptr(&self) -> usize {
        self.0.pointer() as usize
    }

    /// Unique among the storages that are alive.
    pub fn id(&self) -> usize {
        self.0.address()
    }

    /// Whether the bytes may not be changed.
    pub fn is_read_only(&self) -> bool {
        self.0.is_read_only()
    }
}

impl Tensor {
    /// The bytes of this tensor.
    ///
    /// # Errors
    /// For tensors without data of their own.
    pub fn untyped_storage(&self) -> Result<UntypedStorage> {
        self.require_data("untyped_storage()")?;
        Ok(UntypedStorage(self.lowest().lock().storage.clone()))
    }

    /// Gives this tensor other bytes, shape, strides and offset (`set_`); its dtype stays.
    ///
    /// # Errors
    /// If the layout reaches beyond the bytes, and for tensors that require a gradient.
    pub fn set_(
        &self,
        storage: &UntypedStorage,
        offset: usize,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Tensor> {
        self.require_data("set_")?;
        let size = self.dtype().size();
        let layout = Layout::new(shape, strides, offset);
        let (low, high) = layout.span();
        let end = if low == high { 0 } else { high };
        if strides.iter().any(|&s| s < 0) {
            bail!(Runtime, "Tensor: strides must not be negative");
        }
        if end * size > storage.bytes() {
            bail!(
                Runtime,
                "setStorage: sizes {}, strides {}, storage offset {offset}, and itemsize {size} requiring a storage size of {} are out of bounds for storage of size {}",
                crate::layout::int_list(shape),
                crate::layout::int_list(strides),
                end * size,
                storage.bytes()
            );
        }
        let meta = Meta::new(layout, self.dtype());
        let mut state = self.lock();
        let old = std::mem::replace(&mut state.storage, storage.0.clone());
        self.swap_meta(&mut state, meta);
        drop(state);
        drop(old);
        self.bump_version();
        Ok(self.clone())
    }
}
