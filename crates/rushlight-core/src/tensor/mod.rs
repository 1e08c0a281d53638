//! The tensor: a handle to a body whose storage, layout and autograd metadata may change under every handle.
//!
//! Note \[Versions\]: every in-place change bumps a version counter, and a saved value remembers the version it was saved
//! at. Views and `detach()` share the counter of their source; `.data` gets one of its own. The counter lives in the
//! storage, so that it costs nothing, except where sharing and storage part ways: a tensor made by `.data`, or one whose
//! storage was replaced (`x.data = other`), carries a counter of its own.
//!
//! Note \[Swapped metadata\]: `x.data = other`, `resize_`, `t_`, `set_` change layout and dtype of a tensor that others
//! may be reading. `meta()` hands out plain references, so a replaced `Meta` is kept until the tensor dies (equal ones
//! are used again, so a training loop that assigns `p.data` does not grow). Layout and storage are read together, under
//! the tensor's lock, by whoever computes (`claim`), so that the two always fit.

mod access;
mod create;
pub(crate) mod flag;
mod meta;
mod operators;
mod show;
mod special;
mod untyped;

pub(crate) use access::Claims;
pub use access::{Element, TensorVec};
pub use access::{View, ViewMut};
pub(crate) use create::element_from;
pub use meta::Meta;
pub(crate) use special::Special;
pub use untyped::UntypedStorage;

use crate::autograd::{Extra, GradFn};
use crate::device::Device;
use crate::dtype::DType;
use crate::layout::Layout;
use crate::state;
use crate::storage::Storage;
use crate::sync::{Counter, SpinGuard, SpinLock};
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// A multi-dimensional array that can record how it was computed.
///
/// Cloning a `Tensor` clones the handle, not the data (that is [`Tensor::clone_data`], PyTorch's `clone()`).
///
/// ```
/// use rushlight_core::Tensor;
/// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0]).requires_grad_(true)?;
/// let y = x.mul(&x)?.sum()?;
/// y.backward()?;
/// assert_eq!(x.grad().unwrap().to_vec::<f32>()?, [2.0, 4.0, 6.0]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor(Arc<Inner>);

struct Inner {
    flags: AtomicU32,
    meta: Arc<Meta>,
    /// Null while `meta` is in force. See Note [Swapped metadata].
    swapped: AtomicPtr<Meta>,
    state: SpinLock<State>,
    /// The live Python wrapper, for identity; owned by the binding.
    binding: AtomicPtr<c_void>,
}

/// What is guarded by the tensor's lock.
pub(crate) struct State {
    pub(crate) storage: Storage,
    /// The node that computed this tensor.
    pub(crate) grad_fn: Option<GradFn>,
    /// A version counter of its own. See Note [Versions].
    pub(crate) version: Option<Arc<AtomicU32>>,
    /// What few tensors have.
    pub(crate) extra: Option<Box<Extra>>,
}

impl State {
    #[inline]
    pub(crate) fn version_counter(&self) -> &AtomicU32 {
        self.version.as_deref().unwrap_or_else(|| self.storage.version())
    }

    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

static LIVE: Counter = Counter::new();

/// Number of tensors alive in the process. For tests: a training loop must leave it flat.
pub fn live_tensors() -> usize {
    LIVE.total().max(0) as usize
}

/// Another handle, where a function takes tensors or references to them.
impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Self {
        tensor.clone()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        state::with(|thread| LIVE.add(thread, -1));
    }
}

impl Tensor {
    #[inline]
    pub(crate) fn from_parts(meta: impl Into<Arc<Meta>>, storage: Storage) -> Self {
        Self::with_state(meta.into(), State { storage, grad_fn: None, version: None, extra: None }, 0)
    }

    #[inline]
    pub(crate) fn with_state(meta: Arc<Meta>, state: State, flags: u32) -> Self {
        state::with(|thread| LIVE.add(thread, 1));
        Self(Arc::new(Inner {
            flags: AtomicU32::new(flags),
            meta,
            swapped: AtomicPtr::new(ptr::null_mut()),
            state: SpinLock::new(state),
            binding: AtomicPtr::new(ptr::null_mut()),
        }))
    }

    /// Another tensor over the same storage, with the same version counter: the data part of a view.
    pub(crate) fn alias(&self, meta: impl Into<Arc<Meta>>) -> Self {
        let state = self.lock();
        let (storage, version) = (state.storage.clone(), state.version.clone());
        drop(state);
        Self::with_state(meta.into(), State { storage, grad_fn: None, version, extra: None }, 0)
    }

    #[inline]
    pub(crate) fn lock(&self) -> SpinGuard<'_, State> {
        self.0.state.lock()
    }

    /// The state, where this is the only handle.
    pub(crate) fn state_mut(&mut self) -> Option<&mut State> {
        Arc::get_mut(&mut self.0).map(|inner| inner.state.get_mut())
    }

    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        self.0.flags.load(Ordering::Relaxed)
    }

    pub(crate) fn set_flag(&self, flag: u32, on: bool) {
        if on {
            self.0.flags.fetch_or(flag, Ordering::Relaxed);
        } else {
            self.0.flags.fetch_and(!flag, Ordering::Relaxed);
        }
    }

    /// Layout, dtype and device.
    #[inline]
    pub fn meta(&self) -> &Meta {
        let swapped = self.0.swapped.load(Ordering::Acquire);
        if swapped.is_null() {
            &self.0.meta
        } else {
            // SAFETY: a swapped meta is owned by the tensor and dropped with it (Note [Swapped metadata]).
            unsafe { &*swapped }
        }
    }

    /// Layout, dtype and device, shared: results of elementwise operations have the metadata of an operand.
    #[inline]
    pub(crate) fn meta_ref(&self) -> Arc<Meta> {
        let swapped = self.0.swapped.load(Ordering::Acquire);
        if swapped.is_null() {
            return self.0.meta.clone();
        }
        let found =
            self.peek_extra(|e| e.retired.iter().find(|m| std::ptr::eq(Arc::as_ptr(m), swapped)).cloned());
        found.flatten().unwrap_or_else(|| Arc::new(self.meta().clone()))
    }

    /// Puts another meta in force. The caller holds the lock, and makes storage and meta fit under it.
    pub(crate) fn swap_meta(&self, state: &mut State, meta: Meta) {
        if *self.meta() == meta {
            return;
        }
        if *self.0.meta == meta {
            self.0.swapped.store(ptr::null_mut(), Ordering::Release);
            return;
        }
        let retired = &mut state.extra().retired;
        let place = retired.iter().position(|old| **old == meta).unwrap_or_else(|| {
            retired.push(Arc::new(meta));
            retired.len() - 1
        });
        self.0.swapped.store(Arc::as_ptr(&retired[place]).cast_mut(), Ordering::Release);
    }

    /// Sizes of the dimensions.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        self.meta().shape()
    }

    /// Strides, in elements.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        self.meta().layout.strides()
    }

    /// Index of the first element in the storage (`storage_offset()`).
    pub fn storage_offset(&self) -> usize {
        self.meta().layout.offset()
    }

    /// Shape, strides and offset.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.meta().layout
    }

    /// Number of dimensions.
    #[inline]
    pub fn rank(&self) -> usize {
        self.meta().rank()
    }

    /// Number of elements.
    #[inline]
    pub fn numel(&self) -> usize {
        self.meta().elements()
    }

    /// Size of one dimension, counted from either end.
    pub fn size(&self, dim: i64) -> crate::Result<usize> {
        if self.rank() == 0 {
            return Err(crate::Error::index(
                "dimension specified as ".to_owned() + &format!("{dim} but tensor has no dimensions"),
            ));
        }
        Ok(self.shape()[self.layout().dim(dim)?])
    }

    /// Element type.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.meta().dtype
    }

    /// Where the data is.
    pub fn device(&self) -> Device {
        self.meta().device()
    }

    /// Whether the elements are in row-major order without gaps.
    pub fn is_contiguous(&self) -> bool {
        self.layout().is_contiguous()
    }

    /// Whether the two handles are the same tensor (Python's `is`).
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the two tensors share their storage.
    pub fn shares_storage(&self, other: &Self) -> bool {
        let mine = self.lock().storage.address();
        mine == other.lock().storage.address()
    }

    /// Address of the body, to compare handles by.
    #[inline]
    pub fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// Address of the first element (`data_ptr()`).
    pub fn data_ptr(&self) -> usize {
        let state = self.lock();
        let meta = self.meta();
        if meta.elements() == 0 && state.storage.bytes() == 0 {
            return 0;
        }
        state.storage.pointer() as usize + meta.layout.offset() * meta.dtype.size()
    }

    /// Number of handles; for tests and for the engine, which takes over gradients that nobody else holds.
    #[inline]
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Whether neither handle nor storage is held by anybody else.
    pub(crate) fn is_unshared(&self) -> bool {
        self.handles() == 1 && self.lock().storage.is_unique()
    }

    /// The number of in-place changes so far (`_version`).
    #[inline]
    pub fn version(&self) -> u32 {
        self.lock().version_counter().load(Ordering::Relaxed)
    }

    pub(crate) fn bump_version(&self) {
        self.lock().version_counter().fetch_add(1, Ordering::Relaxed);
    }

    /// Calls `f` on what few tensors have, making it where it is not there.
    pub(crate) fn with_extra<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> R {
        f(self.lock().extra())
    }

    /// Calls `f` on what few tensors have, if it is there.
    pub(crate) fn peek_extra<R>(&self, f: impl FnOnce(&mut Extra) -> R) -> Option<R> {
        self.lock().extra.as_deref_mut().map(f)
    }

    /// The binding's slot for the live wrapper of this tensor.
    pub fn binding_slot(&self) -> &AtomicPtr<c_void> {
        &self.0.binding
    }

    /// What the binding keeps with the tensor while no wrapper lives (class and `__dict__`).
    pub fn binding_data(&self) -> Option<Arc<dyn std::any::Any + Send + Sync>> {
        if self.flags() & flag::BINDING_DATA == 0 {
            return None;
        }
        self.peek_extra(|extra| extra.binding.clone()).flatten()
    }

    /// Sets what the binding keeps with the tensor.
    pub fn set_binding_data(&self, data: Option<Arc<dyn std::any::Any + Send + Sync>>) {
        self.set_flag(flag::BINDING_DATA, data.is_some());
        let old = self.with_extra(|extra| std::mem::replace(&mut extra.binding, data));
        drop(old);
    }

    /// What kind of tensor this is, unless it is dense.
    pub(crate) fn special(&self) -> Option<Special> {
        if self.flags() & flag::SPECIAL == 0 {
            return None;
        }
        self.peek_extra(|extra| extra.special.clone()).flatten()
    }
}

/// The weak form of a handle.
#[derive(Clone)]
pub(crate) struct WeakInner(std::sync::Weak<Inner>);

impl Tensor {
    pub(crate) fn weak(&self) -> WeakInner {
        WeakInner(Arc::downgrade(&self.0))
    }

    pub(crate) fn from_weak(weak: &WeakInner) -> Option<Self> {
        weak.0.upgrade().map(Self)
    }
}
