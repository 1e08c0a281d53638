//! The Python object of a tensor, and its identity.
//!
//! Note \[Identity\]: a tensor of the core has one slot for the binding, a weak pointer to the live Python object. Whoever
//! needs the object of a tensor gets the one in the slot, if it is alive, else a new one; so `x.grad is x.grad`. An object
//! whose tensor lives on (in a graph, as a gradient, as the base of a view) leaves its class and its `__dict__` with the
//! tensor when it dies, and the next object takes them over: it cannot be told from the old one, but for weak references
//! and `id()`. Rejected: to let the tensor own the object while nobody else does, as PyTorch does; that needs a
//! `tp_dealloc` of our own, which the stable ABI makes hard, and buys only those two.
//!
//! All of this happens while the interpreter is held, so that loads and stores of the slot do not race.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use pyo3::{PyTraverseError, PyVisit, ffi};
use rushlight_core::{self as core, autograd::NodeRef};
use std::any::Any;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::class::PyTensor;
use crate::autograd::{Payload, context_of};

/// Where things lie in an object of the class, found out once from PyO3's own.
struct Places {
    class: *mut ffi::PyTypeObject,
    /// Bytes from the start of the object to the [`PyTensor`].
    contents: usize,
    /// Bytes from the start of the object to the pointer to its `__dict__`.
    dict: usize,
}

// SAFETY: the pointer is to a type that is never freed, and is only used while the interpreter is held.
unsafe impl Send for Places {}
// SAFETY: as above.
unsafe impl Sync for Places {}

static PLACES: OnceLock<Places> = OnceLock::new();

#[inline]
fn places() -> &'static Places {
    PLACES.get().expect("the module was initialised")
}

/// What an object leaves with a tensor that outlives it.
struct Kept {
    class: Py<PyType>,
    dict: Option<Py<PyDict>>,
}

/// Learns the layout of objects. Must come before the first tensor.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    if PLACES.get().is_some() {
        return Ok(());
    }
    let class = py.get_type::<PyTensor>();
    let dict: usize = class.getattr("__dictoffset__")?.extract()?;
    let probe = Bound::new(py, PyTensor::holding(core::Tensor::scalar(0.0)))?;
    let contents = std::ptr::from_ref(probe.get()) as usize - probe.as_ptr() as usize;
    let places = Places { class: class.clone().unbind().into_ptr().cast(), contents, dict };
    let _ = PLACES.set(places);
    Ok(())
}

/// The live object in a slot of the core.
///
/// # Safety
/// The slot must only ever hold objects that clear it before they are freed.
#[inline]
pub(crate) unsafe fn live(py: Python<'_>, slot: &AtomicPtr<c_void>) -> Option<Py<PyAny>> {
    let object: *mut ffi::PyObject = slot.load(Ordering::Acquire).cast();
    if object.is_null() {
        return None;
    }
    // An object that is being destroyed has no references left (its finaliser or a callback of a weak reference may have
    // brought us here). Of the counter the low half is read, because later versions of Python keep flags in the other.
    // SAFETY: an object clears the slot before it is freed, so the pointer is valid; the counter is the first field.
    let references = unsafe { object.cast::<u32>().read() };
    if references == 0 {
        return None;
    }
    // SAFETY: it is alive.
    Some(unsafe { Bound::from_borrowed_ptr(py, object) }.unbind())
}

/// The Python object of a tensor: the one that there is, else a new one.
#[inline]
pub(crate) fn wrap(py: Python<'_>, tensor: core::Tensor) -> PyResult<Py<PyAny>> {
    // SAFETY: objects of tensors clear the slot in `released`.
    if let Some(object) = unsafe { live(py, tensor.binding_slot()) } {
        return Ok(object);
    }
    if let Some(kept) = tensor.binding_data() {
        return again(py, tensor, &kept);
    }
    // SAFETY: the class itself.
    unsafe { allocate(py, places().class, tensor) }
}

/// A new object of a class for a tensor that has none; `class` must be `Tensor` or derived from it.
pub(crate) fn wrap_as(class: &Bound<'_, PyType>, tensor: core::Tensor) -> PyResult<Py<PyAny>> {
    let py = class.py();
    // SAFETY: as in `wrap`.
    if let Some(object) = unsafe { live(py, tensor.binding_slot()) } {
        return Ok(object);
    }
    if !class.is_subclass_of::<PyTensor>()? {
        return Err(pyo3::exceptions::PyTypeError::new_err(format!(
            "cls must be a subclass of torch.Tensor, but got {}",
            class.name()?
        )));
    }
    // SAFETY: just checked.
    unsafe { allocate(py, class.as_type_ptr(), tensor) }
}

/// # Safety
/// `class` must be `Tensor` or derived from it.
#[inline]
unsafe fn allocate(
    py: Python<'_>,
    class: *mut ffi::PyTypeObject,
    tensor: core::Tensor,
) -> PyResult<Py<PyAny>> {
    // Not through `tp_new`, which makes an empty `__dict__` at once on Python 3.11 and 3.12.
    // SAFETY: the class is a heap type whose allocator is the generic one; memory comes zeroed.
    let object = unsafe { ffi::PyType_GenericAlloc(class, 0) };
    if object.is_null() {
        return Err(PyErr::fetch(py));
    }
    tensor.binding_slot().store(object.cast(), Ordering::Release);
    // SAFETY: the place was learned from an object that PyO3 made. What PyO3 keeps beside the value (`__dict__` and weak
    // references, both null; nothing for a frozen class that is `Send`) is right when zero.
    unsafe {
        object.byte_add(places().contents).cast::<PyTensor>().write(PyTensor::holding(tensor));
        Ok(Bound::from_owned_ptr(py, object).unbind())
    }
}

/// A new object for a tensor whose last one has died.
#[cold]
fn again(py: Python<'_>, tensor: core::Tensor, kept: &Arc<dyn Any + Send + Sync>) -> PyResult<Py<PyAny>> {
    let Some(kept) = kept.downcast_ref::<Kept>() else {
        // SAFETY: the class itself.
        return unsafe { allocate(py, places().class, tensor) };
    };
    tensor.set_binding_data(None);
    // SAFETY: the class was that of an object of a tensor.
    let object = unsafe { allocate(py, kept.class.bind(py).as_type_ptr(), tensor) }?;
    if let Some(dict) = &kept.dict {
        // SAFETY: the object is new, so its pointer is null; the reference goes over to it.
        unsafe {
            let place = object.as_ptr().byte_add(places().dict).cast::<*mut ffi::PyObject>();
            debug_assert!((*place).is_null(), "a new object has no __dict__ yet");
            *place = dict.clone_ref(py).into_ptr();
        }
    }
    Ok(object)
}

/// Called when the object of a tensor dies: clears the slot, and leaves class and `__dict__` with a tensor that lives on.
pub(super) fn released(contents: &PyTensor) {
    let Some(places) = PLACES.get() else { return };
    let tensor = contents.tensor();
    let object = (std::ptr::from_ref(contents) as usize - places.contents) as *mut ffi::PyObject;
    let slot = tensor.binding_slot();
    if slot.load(Ordering::Acquire) != object.cast() {
        return;
    }
    slot.store(std::ptr::null_mut(), Ordering::Release);
    if tensor.handles() == 1 {
        return;
    }
    // SAFETY: the slot holds only addresses of objects, so this value lies in one, whose deallocation has just begun: type
    // and `__dict__` are still there, and the interpreter is held.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let dict = *object.byte_add(places.dict).cast::<*mut ffi::PyObject>();
        // Kept even if it is empty: somebody may hold the dictionary and fill it later.
        let has_dict = !dict.is_null();
        if class == places.class && !has_dict {
            return;
        }
        let py = Python::assume_attached();
        let class = Bound::from_borrowed_ptr(py, class.cast()).cast_into_unchecked::<PyType>().unbind();
        let dict =
            has_dict.then(|| Bound::from_borrowed_ptr(py, dict).cast_into_unchecked::<PyDict>().unbind());
        tensor.set_binding_data(Some(Arc::new(Kept { class, dict })));
    }
}

/// What the garbage collector may see through an object: what only this object keeps alive.
pub(super) fn traverse(tensor: &core::Tensor, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
    if tensor.handles() != 1 {
        return Ok(());
    }
    for payload in tensor.hook_payloads() {
        traverse_payload(&payload, visit)?;
    }
    if tensor.is_view() {
        // The history of a view may have to be made anew, which is nothing for a garbage collector.
        return Ok(());
    }
    if let Some(gradient) = tensor.grad_quietly() {
        // Two: the tensor's own, and this one.
        if gradient.handles() == 2
            && let Some(kept) = gradient.binding_data()
            && let Some(Kept { dict: Some(dict), .. }) = kept.downcast_ref::<Kept>()
        {
            visit.call(dict)?;
        }
    }
    if let Some(grad_fn) = tensor.grad_fn() {
        traverse_node(&grad_fn.node, 2, visit)?;
    }
    Ok(())
}

/// What only `owned` handles to a node keep alive.
pub(crate) fn traverse_node(
    node: &NodeRef,
    owned: usize,
    visit: &PyVisit<'_>,
) -> Result<(), PyTraverseError> {
    if Arc::strong_count(node) != owned {
        return Ok(());
    }
    for payload in node.hook_payloads() {
        traverse_payload(&payload, visit)?;
    }
    if let Some(context) = context_of(node) {
        visit.call(context)?;
    }
    Ok(())
}

fn traverse_payload(
    payload: &Arc<dyn Any + Send + Sync>,
    visit: &PyVisit<'_>,
) -> Result<(), PyTraverseError> {
    match payload.downcast_ref::<Payload>() {
        Some(payload) => visit.call(&payload.0),
        None => Ok(()),
    }
}

/// The object of a tensor, or `None`.
pub(crate) fn wrap_option(py: Python<'_>, tensor: Option<core::Tensor>) -> PyResult<Py<PyAny>> {
    match tensor {
        Some(tensor) => wrap(py, tensor),
        None => Ok(py.None()),
    }
}

/// A new object of the class of another: a subclass of the user's own stays one, a `Parameter` gives a `Tensor`.
pub(super) fn wrap_like(model: &Bound<'_, PyTensor>, tensor: core::Tensor) -> PyResult<Py<PyAny>> {
    let class = model.get_type();
    if class.as_type_ptr() == places().class || has_plain_results(&class) {
        return wrap(model.py(), tensor);
    }
    wrap_as(&class, tensor)
}

/// Whether operations on instances of a subclass give plain tensors (`Parameter`).
pub(crate) fn has_plain_results(class: &Bound<'_, PyType>) -> bool {
    let py = class.py();
    class
        .getattr(pyo3::intern!(py, "__torch_function__"))
        .is_ok_and(|function| crate::types::disabled_torch_function(py).is_ok_and(|plain| function.is(plain)))
}
