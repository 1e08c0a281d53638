//! Memory shared with NumPy and with objects that have a buffer, by their protocols: NumPy is not linked, and need not be
//! installed.

use super::class::PyTensor;
use super::object;
use crate::error::OrRaise;
use crate::types;
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{ffi, intern};
use rushlight_core::layout::Layout;
use rushlight_core::tensor::{Meta, UntypedStorage};
use rushlight_core::{self as core, DType, Tensor};
use std::ptr::NonNull;

type Object = PyResult<Py<PyAny>>;

/// Whether an object is an instance of a class of NumPy's. Before NumPy has been imported, nothing is.
fn is_instance(object: &Bound<'_, PyAny>, cell: &PyOnceLock<Py<PyType>>, name: &str) -> bool {
    let py = object.py();
    if cell.get(py).is_none() {
        let found = || -> PyResult<Option<Bound<'_, PyType>>> {
            let modules = py.import(intern!(py, "sys"))?.getattr(intern!(py, "modules"))?;
            match modules.cast::<PyDict>()?.get_item(intern!(py, "numpy"))? {
                Some(numpy) => Ok(Some(numpy.getattr(name)?.cast_into::<PyType>()?)),
                None => Ok(None),
            }
        };
        if let Ok(Some(class)) = found() {
            let _ = cell.set(py, class.unbind());
        }
    }
    cell.get(py).is_some_and(|class| object.is_instance(class.bind(py)).unwrap_or(false))
}

static NDARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static GENERIC: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Whether an object is a `numpy.ndarray`.
pub(super) fn is_array(object: &Bound<'_, PyAny>) -> bool {
    is_instance(object, &NDARRAY, "ndarray")
}

fn is_numpy_scalar(object: &Bound<'_, PyAny>) -> bool {
    is_instance(object, &GENERIC, "generic")
}

/// The dtype of a NumPy scalar.
pub(super) fn scalar_dtype(object: &Bound<'_, PyAny>) -> PyResult<Option<DType>> {
    if is_numpy_scalar(object) { dtype_of(object).map(Some) } else { Ok(None) }
}

/// The dtype of an array.
pub(super) fn array_dtype(object: &Bound<'_, PyAny>) -> PyResult<Option<DType>> {
    if is_array(object) { dtype_of(object).map(Some) } else { Ok(None) }
}

/// The dtype that an array's stands for, with PyTorch's error where there is none.
fn dtype_of(array: &Bound<'_, PyAny>) -> PyResult<DType> {
    let dtype = array.getattr(intern!(array.py(), "dtype"))?;
    let kind: String = dtype.getattr(intern!(array.py(), "kind"))?.extract()?;
    let size: usize = dtype.getattr(intern!(array.py(), "itemsize"))?.extract()?;
    Ok(match (kind.as_str(), size) {
        ("f", 8) => DType::F64,
        ("f", 4) => DType::F32,
        ("f", 2) => DType::F16,
        ("i", 8) => DType::I64,
        ("i", 4) => DType::I32,
        ("i", 2) => DType::I16,
        ("i", 1) => DType::I8,
        ("u", 1) => DType::U8,
        ("b", 1) => DType::Bool,
        (kind, size) => {
            let name = dtype.getattr("type")?.getattr("__name__")?;
            if matches!((kind, size), ("u", 2 | 4 | 8) | ("c", 8 | 16)) {
                return Err(PyTypeError::new_err(format!(
                    "can't convert np.ndarray of type numpy.{name}: Rushlight has no such dtype yet; convert the array first, as in array.astype(...)"
                )));
            }
            return Err(PyTypeError::new_err(format!(
                "can't convert np.ndarray of type numpy.{name}. The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
            )));
        }
    })
}

/// A tensor over an array's memory.
pub(super) fn from_array(array: &Bound<'_, PyAny>, warn: bool) -> PyResult<Tensor> {
    let py = array.py();
    let interface = array.getattr(intern!(py, "__array_interface__"))?.cast_into::<PyDict>()?;
    let item = |name: &str| -> PyResult<Bound<'_, PyAny>> {
        interface
            .get_item(name)?
            .ok_or_else(|| PyValueError::new_err(format!("the array's interface has no '{name}'")))
    };
    let (address, read_only): (usize, bool) = item("data")?.extract()?;
    if read_only && warn {
        core::warn_once!(
            User,
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to this tensor will result in undefined behavior. You may want to copy the array to protect its data or make it writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program."
        );
        crate::warning::check()?;
    }
    let dtype = dtype_of(array)?;
    let shape: Vec<usize> = item("shape")?.extract()?;
    let size = dtype.size();
    let strides = match interface.get_item("strides")?.filter(|s| !s.is_none()) {
        None => core::layout::contiguous_strides(&shape).to_vec(),
        Some(strides) => {
            let strides: Vec<isize> = strides.extract()?;
            if strides.iter().any(|s| s % size as isize != 0) {
                return Err(PyValueError::new_err(
                    "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the memory.",
                ));
            }
            if strides.iter().any(|&s| s < 0) {
                return Err(PyValueError::new_err(
                    "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently supported. (You can probably work around this by making a copy of your array  with array.copy().) ",
                ));
            }
            strides.into_iter().map(|s| s / size as isize).collect()
        }
    };
    let order: String = item("typestr")?.extract()?;
    let foreign = if cfg!(target_endian = "little") { '>' } else { '<' };
    if order.starts_with(foreign) {
        return Err(PyValueError::new_err(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is currently not supported.",
        ));
    }
    let empty = shape.contains(&0);
    let elements: usize = if empty {
        0
    } else {
        1 + shape.iter().zip(&strides).map(|(&n, &s)| (n - 1) * s as usize).sum::<usize>()
    };
    if address % size != 0 && !empty {
        return Err(PyValueError::new_err(
            "the array's memory is not aligned for its dtype; copy the array (array.copy()) first",
        ));
    }
    let pointer = if empty { NonNull::<u64>::dangling().cast() } else { non_null(address)? };
    let meta = Meta::new(Layout::new(&shape, &strides, 0), dtype);
    let owner: Py<PyAny> = array.clone().unbind();
    // SAFETY: the array owns this memory and is kept alive by the tensor; what of it the layout reaches was just computed
    // from the array's own shape and strides. That nobody writes it meanwhile is the user's business, as in PyTorch.
    Ok(unsafe { Tensor::from_foreign(pointer, elements * size, meta, read_only, Box::new(owner)) })
}

fn non_null(address: usize) -> PyResult<NonNull<u8>> {
    NonNull::new(address as *mut u8).ok_or_else(|| PyValueError::new_err("the array has no memory"))
}

/// A tensor over the memory of anything that NumPy takes for an array by its interface (a picture, say).
pub(super) fn from_interface(object: &Bound<'_, PyAny>) -> PyResult<Option<Tensor>> {
    let py = object.py();
    if is_numpy_scalar(object) || object.is_instance_of::<PyType>() {
        return Ok(None);
    }
    if !object.hasattr(intern!(py, "__array_interface__"))? {
        return Ok(None);
    }
    let array = py.import(intern!(py, "numpy"))?.call_method1(intern!(py, "asarray"), (object,))?;
    from_array(&array, true).map(Some)
}

/// What NumPy sees of a tensor's memory, and what keeps it alive.
#[pyclass(frozen, module = "rushlight", name = "_SharedArray")]
struct SharedArray {
    storage: UntypedStorage,
    shape: Vec<usize>,
    strides: Vec<isize>,
    offset: usize,
    dtype: DType,
}

#[pymethods]
impl SharedArray {
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        let size = self.dtype.size();
        interface.set_item(intern!(py, "shape"), PyTuple::new(py, &self.shape)?)?;
        interface.set_item(intern!(py, "typestr"), type_string(self.dtype))?;
        let address = self.storage.data_ptr() + self.offset * size;
        interface.set_item(intern!(py, "data"), (address, self.storage.is_read_only()))?;
        let strides: Vec<isize> = self.strides.iter().map(|s| s * size as isize).collect();
        interface.set_item(intern!(py, "strides"), PyTuple::new(py, strides)?)?;
        interface.set_item(intern!(py, "version"), 3)?;
        Ok(interface)
    }
}

fn type_string(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "|b1",
        DType::U8 => "|u1",
        DType::I8 => "|i1",
        DType::I16 => "=i2",
        DType::I32 => "=i4",
        DType::I64 => "=i8",
        DType::F16 => "=f2",
        DType::F32 => "=f4",
        DType::F64 | DType::BF16 => "=f8",
    }
}

pub(super) fn to_array(slf: &Bound<'_, PyTensor>, force: bool) -> Object {
    let py = slf.py();
    let mut tensor = slf.get().tensor().clone();
    if tensor.requires_grad() {
        if !force {
            return Err(PyRuntimeError::new_err(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
            ));
        }
        tensor = tensor.detach().or_raise()?;
    }
    if tensor.dtype() == DType::BF16 {
        return Err(PyTypeError::new_err("Got unsupported ScalarType BFloat16"));
    }
    let shared = SharedArray {
        storage: tensor.untyped_storage().or_raise()?,
        shape: tensor.shape().to_vec(),
        strides: tensor.strides().to_vec(),
        offset: tensor.storage_offset(),
        dtype: tensor.dtype(),
    };
    let Ok(numpy) = py.import(intern!(py, "numpy")) else {
        return Err(PyRuntimeError::new_err("Numpy is not available"));
    };
    Ok(numpy.call_method1(intern!(py, "asarray"), (Bound::new(py, shared)?,))?.unbind())
}

pub(super) fn array_protocol(
    slf: &Bound<'_, PyTensor>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: Option<bool>,
) -> Object {
    let py = slf.py();
    let array = to_array(slf, false)?.into_bound(py);
    if let Some(dtype) = dtype.filter(|d| !d.is_none()) {
        if copy == Some(true) {
            return Ok(array.call_method1(intern!(py, "astype"), (dtype,))?.unbind());
        }
        let options = PyDict::new(py);
        options.set_item("copy", false)?;
        return Ok(array.call_method(intern!(py, "astype"), (dtype,), Some(&options))?.unbind());
    }
    if copy == Some(true) {
        return Ok(array.call_method0(intern!(py, "copy"))?.unbind());
    }
    Ok(array.unbind())
}

/// What a NumPy function that was given tensors returns: a tensor again.
pub(super) fn array_wrap<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = array.py();
    let array = if array_dtype(array).is_ok_and(|d| d == Some(DType::Bool)) {
        // As PyTorch: a truth value comes back as a byte.
        array.call_method1(intern!(py, "astype"), ("uint8",))?
    } else {
        array.clone()
    };
    Ok(object::wrap(py, from_array(&array, true)?)?.into_bound(py))
}

/// A tensor over the memory of a NumPy array; changes of one are seen in the other.
///
/// Raises:
///     TypeError: for anything but an array, and for dtypes that tensors do not have.
///     ValueError: for arrays with negative strides, or in another byte order.
///
/// Example:
///     >>> import numpy as np, rushlight as torch
///     >>> a = np.array([1.0, 2.0])
///     >>> t = torch.from_numpy(a)
///     >>> t[0] = 5
///     >>> float(a[0])
///     5.0
#[pyfunction]
fn from_numpy(ndarray: &Bound<'_, PyAny>) -> Object {
    if !is_array(ndarray) {
        let module = ndarray.get_type().module().map_or_else(|_| String::new(), |m| m.to_string());
        let name = type_name(ndarray);
        let full = if module == "builtins" || module.is_empty() { name } else { format!("{module}.{name}") };
        return Err(PyTypeError::new_err(format!("expected np.ndarray (got {full})")));
    }
    object::wrap(ndarray.py(), from_array(ndarray, true)?)
}

/// A buffer that Python's protocol has lent us.
struct Lent(Box<ffi::Py_buffer>);

// SAFETY: the buffer is only released, under the interpreter.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: the buffer was filled by `PyObject_GetBuffer`, and is released once.
        Python::attach(|_| unsafe { ffi::PyBuffer_Release(&raw mut *self.0) });
    }
}

/// A one-dimensional tensor over the memory of an object with a buffer (`bytearray`, `memoryview`, `array.array`).
///
/// Args:
///     buffer: the object.
///     dtype: the type of the elements.
///     count: the number of elements; -1 for as many as there are.
///     offset: the number of bytes to skip.
///     requires_grad: whether operations on the tensor are recorded.
#[pyfunction]
#[pyo3(signature = (buffer, *, dtype, count = -1, offset = 0, requires_grad = false))]
fn frombuffer(
    buffer: &Bound<'_, PyAny>,
    dtype: &Bound<'_, PyAny>,
    count: isize,
    offset: isize,
    requires_grad: bool,
) -> Object {
    let py = buffer.py();
    let Some(dtype) = types::dtype_of(dtype) else {
        return Err(PyTypeError::new_err(format!(
            "frombuffer(): argument 'dtype' must be torch.dtype, not {}",
            type_name(dtype)
        )));
    };
    let mut lent = Box::new(ffi::Py_buffer::new());
    let view: *mut ffi::Py_buffer = &raw mut *lent;
    // SAFETY: the object is valid, the structure zeroed; on failure an exception is set, which is taken.
    let mut status = unsafe { ffi::PyObject_GetBuffer(buffer.as_ptr(), view, ffi::PyBUF_WRITABLE) };
    let read_only = status != 0;
    if read_only {
        drop(PyErr::take(py));
        // SAFETY: as above.
        status = unsafe { ffi::PyObject_GetBuffer(buffer.as_ptr(), view, ffi::PyBUF_SIMPLE) };
    }
    if status != 0 {
        drop(PyErr::take(py));
        return Err(PyValueError::new_err("object does not implement Python buffer protocol."));
    }
    let lent = Lent(lent);
    let (length, size) = (lent.0.len, dtype.size() as isize);
    if length == 0 || count == 0 {
        return Err(PyValueError::new_err(format!(
            "both buffer length ({length}) and count ({count}) must not be 0"
        )));
    }
    if offset < 0 || offset >= length {
        return Err(PyValueError::new_err(format!(
            "offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )));
    }
    if count < 0 && (length - offset) % size != 0 {
        return Err(PyValueError::new_err(format!(
            "buffer length ({length} bytes) after offset ({offset} bytes) must be a multiple of element size ({size})"
        )));
    }
    let count = if count < 0 { (length - offset) / size } else { count };
    if offset + count.saturating_mul(size) > length {
        return Err(PyValueError::new_err(format!(
            "requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than actual buffer length ({length} bytes)"
        )));
    }
    if read_only {
        core::warn_once!(
            User,
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. This means you can write to the underlying (supposedly non-writable) buffer using the tensor. You may want to copy the buffer to protect its data or make it writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program."
        );
        crate::warning::check()?;
    }
    let address = lent.0.buf as usize + offset as usize;
    if !address.is_multiple_of(dtype.size()) {
        return Err(PyValueError::new_err("the buffer's memory is not aligned for the dtype; copy it first"));
    }
    let meta = Meta::new(Layout::new(&[count as usize], &[1], 0), dtype);
    // SAFETY: the buffer holds this many bytes and is lent until the tensor drops it.
    let tensor = unsafe {
        Tensor::from_foreign(non_null(address)?, (count * size) as usize, meta, read_only, Box::new(lent))
    };
    if requires_grad {
        tensor.requires_grad_(true).or_raise()?;
    }
    object::wrap(py, tensor)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(from_numpy, m)?)?;
    m.add_function(wrap_pyfunction!(frombuffer, m)?)
}
