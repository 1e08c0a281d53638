//! DLPack: memory shared with any other library that has tensors.
//!
//! The layout of the structures is that of DLPack 0.x (`dlpack.h`), which every consumer takes.

use super::class::PyTensor;
use super::object;
use crate::error::OrRaise;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::{ffi, intern};
use rushlight_core::layout::Layout;
use rushlight_core::tensor::{Meta, UntypedStorage};
use rushlight_core::{DType, Tensor};
use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device_type: i32,
    device_id: i32,
    ndim: i32,
    code: u8,
    bits: u8,
    lanes: u16,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct ManagedTensor {
    tensor: DlTensor,
    context: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut ManagedTensor)>,
}

/// What an exported structure keeps alive.
struct Exported {
    managed: ManagedTensor,
    shape: Vec<i64>,
    strides: Vec<i64>,
    _storage: UntypedStorage,
}

const NAME: &CStr = c"dltensor";
const USED: &CStr = c"used_dltensor";

fn code_of(dtype: DType) -> (u8, u8) {
    let code = match dtype {
        DType::Bool => 6,
        DType::U8 => 1,
        DType::BF16 => 4,
        d if d.is_floating_point() => 2,
        _ => 0,
    };
    (code, (dtype.size() * 8) as u8)
}

fn dtype_of(code: u8, bits: u8) -> Option<DType> {
    Some(match (code, bits) {
        (6, 8) => DType::Bool,
        (1, 8) => DType::U8,
        (0, 8) => DType::I8,
        (0, 16) => DType::I16,
        (0, 32) => DType::I32,
        (0, 64) => DType::I64,
        (2, 16) => DType::F16,
        (4, 16) => DType::BF16,
        (2, 32) => DType::F32,
        (2, 64) => DType::F64,
        _ => return None,
    })
}

unsafe extern "C" fn delete_exported(managed: *mut ManagedTensor) {
    // SAFETY: the structure is the first part of a box that was leaked in `capsule`; a deleter is called once.
    unsafe { drop(Box::from_raw((*managed).context.cast::<Exported>())) };
}

unsafe extern "C" fn delete_capsule(capsule: *mut ffi::PyObject) {
    // SAFETY: called by Python with our capsule. One that was consumed has another name, and its consumer deletes.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, NAME.as_ptr()) == 1 {
            let managed = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<ManagedTensor>();
            if let Some(deleter) = (*managed).deleter {
                deleter(managed);
            }
        }
    }
}

/// `tensor.__dlpack__()`.
pub(super) fn capsule(slf: &Bound<'_, PyTensor>, copy: Option<bool>) -> PyResult<Py<PyAny>> {
    let py = slf.py();
    let mut tensor = slf.get().tensor().clone();
    if tensor.requires_grad() {
        return Err(PyBufferError::new_err(
            "Can't export tensors that require gradient, use tensor.detach()",
        ));
    }
    if copy == Some(true) {
        tensor = tensor.clone_data().or_raise()?;
    }
    let storage = tensor.untyped_storage().or_raise()?;
    let (code, bits) = code_of(tensor.dtype());
    let data = storage.data_ptr() + tensor.storage_offset() * tensor.dtype().size();
    let mut exported = Box::new(Exported {
        shape: tensor.shape().iter().map(|&n| n as i64).collect(),
        strides: tensor.strides().iter().map(|&s| s as i64).collect(),
        _storage: storage,
        managed: ManagedTensor {
            tensor: DlTensor {
                data: data as *mut c_void,
                device_type: 1,
                device_id: 0,
                ndim: tensor.rank() as i32,
                code,
                bits,
                lanes: 1,
                shape: std::ptr::null_mut(),
                strides: std::ptr::null_mut(),
                byte_offset: 0,
            },
            context: std::ptr::null_mut(),
            deleter: Some(delete_exported),
        },
    });
    exported.managed.tensor.shape = exported.shape.as_mut_ptr();
    exported.managed.tensor.strides = exported.strides.as_mut_ptr();
    let exported = Box::into_raw(exported);
    // SAFETY: the box was just leaked; whoever ends up with the capsule calls the deleter once, which takes it back.
    unsafe {
        (*exported).managed.context = exported.cast();
        let managed: *mut ManagedTensor = &raw mut (*exported).managed;
        let capsule = ffi::PyCapsule_New(managed.cast(), NAME.as_ptr(), Some(delete_capsule));
        if capsule.is_null() {
            drop(Box::from_raw(exported));
            return Err(PyErr::fetch(py));
        }
        Ok(Bound::from_owned_ptr(py, capsule).unbind())
    }
}

/// What keeps an imported tensor's memory alive.
struct Imported(*mut ManagedTensor);

// SAFETY: the pointer is only given to its deleter.
unsafe impl Send for Imported {}
// SAFETY: as above.
unsafe impl Sync for Imported {}

impl Drop for Imported {
    fn drop(&mut self) {
        // SAFETY: the structure was handed over to us, so that we call the deleter, once; a producer may need Python.
        Python::attach(|_| unsafe {
            if let Some(deleter) = (*self.0).deleter {
                deleter(self.0);
            }
        });
    }
}

/// A tensor over the memory of another library's tensor.
///
/// Args:
///     ext_tensor: an object with `__dlpack__`, or a DLPack capsule.
#[pyfunction]
fn from_dlpack(ext_tensor: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let py = ext_tensor.py();
    let capsule = if ext_tensor.hasattr(intern!(py, "__dlpack__"))? {
        let (kind, _): (i32, i32) = ext_tensor.call_method0(intern!(py, "__dlpack_device__"))?.extract()?;
        if kind != 1 {
            return Err(PyBufferError::new_err("from_dlpack: only memory of the CPU can be shared"));
        }
        ext_tensor.call_method0(intern!(py, "__dlpack__"))?
    } else {
        ext_tensor.clone()
    };
    // SAFETY: a valid object; the name is checked, and changed once the structure is ours, as the protocol has it.
    let managed = unsafe {
        if ffi::PyCapsule_IsValid(capsule.as_ptr(), NAME.as_ptr()) != 1 {
            return Err(PyTypeError::new_err(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might have already constructed a tensor from it once.",
            ));
        }
        ffi::PyCapsule_GetPointer(capsule.as_ptr(), NAME.as_ptr()).cast::<ManagedTensor>()
    };
    // SAFETY: the producer gives a valid structure, which lives until its deleter is called.
    let given = unsafe { &(*managed).tensor };
    let dtype = dtype_of(given.code, given.bits).filter(|_| given.lanes == 1).ok_or_else(|| {
        PyBufferError::new_err(format!(
            "from_dlpack: unsupported dtype (code {}, {} bits, {} lanes)",
            given.code, given.bits, given.lanes
        ))
    })?;
    let rank = given.ndim as usize;
    // SAFETY: the structure's arrays have `ndim` numbers; strides may be absent for row-major memory.
    let (shape, strides) = unsafe {
        let shape: Vec<usize> = (0..rank).map(|d| *given.shape.add(d) as usize).collect();
        let strides: Vec<isize> = if given.strides.is_null() {
            rushlight_core::layout::contiguous_strides(&shape).to_vec()
        } else {
            (0..rank).map(|d| *given.strides.add(d) as isize).collect()
        };
        (shape, strides)
    };
    if strides.iter().any(|&s| s < 0) {
        return Err(PyBufferError::new_err("from_dlpack: negative strides are not supported"));
    }
    let address = given.data as usize + given.byte_offset as usize;
    let empty = shape.contains(&0);
    if !address.is_multiple_of(dtype.size()) && !empty {
        return Err(PyBufferError::new_err("from_dlpack: the memory is not aligned for its dtype"));
    }
    let elements: usize = if empty {
        0
    } else {
        1 + shape.iter().zip(&strides).map(|(&n, &s)| (n - 1) * s as usize).sum::<usize>()
    };
    // SAFETY: valid, as checked above. From here on the structure is ours to delete.
    unsafe {
        if ffi::PyCapsule_SetName(capsule.as_ptr(), USED.as_ptr()) != 0 {
            return Err(PyErr::fetch(py));
        }
    }
    let owner = Imported(managed);
    let pointer = NonNull::new(address as *mut u8).unwrap_or(NonNull::<u64>::dangling().cast());
    let meta = Meta::new(Layout::new(&shape, &strides, 0), dtype);
    // SAFETY: the producer vouches for the memory until the deleter is called, which the tensor does last.
    let tensor =
        unsafe { Tensor::from_foreign(pointer, elements * dtype.size(), meta, false, Box::new(owner)) };
    object::wrap(py, tensor)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_dlpack, m)?)
}
