//! `UntypedStorage`: the bytes of tensors, for pickling, and for seeing what is shared.

use crate::error::OrRaise;
use crate::types::type_name;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rushlight_core::{self as core, tensor::UntypedStorage};

/// The bytes of a tensor, shared with all that are views of it.
#[pyclass(name = "UntypedStorage", module = "rushlight", frozen, weakref)]
pub(crate) struct PyStorage(UntypedStorage);

#[pymethods]
impl PyStorage {
    /// Unique among the storages that are alive.
    #[getter]
    fn _cdata(&self) -> usize {
        self.0.id()
    }

    /// The address of the first byte.
    fn data_ptr(&self) -> usize {
        self.0.data_ptr()
    }

    /// The number of bytes.
    fn nbytes(&self) -> usize {
        self.0.bytes()
    }

    /// The number of bytes.
    fn size(&self) -> usize {
        self.0.bytes()
    }

    fn __len__(&self) -> usize {
        self.0.bytes()
    }

    fn __getitem__(&self, index: isize) -> PyResult<u8> {
        let length = self.0.bytes() as isize;
        let at = if index < 0 { index + length } else { index };
        if at < 0 || at >= length {
            return Err(PyIndexError::new_err(format!(
                "index {index} out of range for storage of size {length}"
            )));
        }
        Ok(self.0.to_vec()[at as usize])
    }

    /// The bytes as a list of numbers.
    fn tolist(&self) -> Vec<u16> {
        self.0.to_vec().into_iter().map(u16::from).collect()
    }

    /// A storage of its own with the same bytes.
    fn clone(&self) -> PyResult<Self> {
        Ok(Self(UntypedStorage::from_bytes(&self.0.to_vec()).or_raise()?))
    }

    /// The number of bytes of an element: one.
    fn element_size(&self) -> usize {
        1
    }

    #[getter]
    fn device(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        crate::types::device_object(py, core::Device::Cpu)
    }

    #[classattr]
    #[pyo3(name = "is_cuda")]
    const IS_CUDA: bool = false;

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.id() == self.0.id())
    }

    fn __hash__(&self) -> usize {
        self.0.id()
    }
}

pub(super) fn of(py: Python<'_>, tensor: &core::Tensor) -> PyResult<Py<PyAny>> {
    let storage = tensor.untyped_storage().or_raise()?;
    Ok(Bound::new(py, PyStorage(storage))?.into_any().unbind())
}

pub(super) fn set(
    tensor: &core::Tensor,
    source: Option<&Bound<'_, PyAny>>,
    offset: usize,
    size: Option<Vec<usize>>,
    stride: Option<Vec<isize>>,
) -> PyResult<()> {
    let (storage, offset, size, stride) = match source.filter(|s| !s.is_none()) {
        None => (UntypedStorage::from_bytes(&[]).or_raise()?, 0, vec![0], vec![1]),
        Some(source) => {
            if let Ok(storage) = source.cast::<PyStorage>() {
                let storage = storage.get().0.clone();
                let size = size.unwrap_or_else(|| vec![storage.bytes() / tensor.dtype().size()]);
                let stride = stride.unwrap_or_else(|| core::layout::contiguous_strides(&size).to_vec());
                (storage, offset, size, stride)
            } else if let Some(other) = super::unwrap_exact(source) {
                if other.dtype() != tensor.dtype() {
                    return Err(pyo3::exceptions::PyRuntimeError::new_err(
                        "Could not set tensor of one dtype to a tensor of another: convert the source first",
                    ));
                }
                let storage = other.untyped_storage().or_raise()?;
                (storage, other.storage_offset(), other.shape().to_vec(), other.strides().to_vec())
            } else {
                return Err(PyTypeError::new_err(format!(
                    "set_(): argument 'source' (position 1) must be Storage or Tensor, not {}",
                    type_name(source)
                )));
            }
        }
    };
    if stride.len() != size.len() {
        return Err(pyo3::exceptions::PyRuntimeError::new_err(format!(
            "mismatch in length of strides and shape: {} and {}",
            stride.len(),
            size.len()
        )));
    }
    tensor.set_(&storage, offset, &size, &stride).map(drop).or_raise()
}

#[pyfunction]
fn _storage_to_bytes<'py>(py: Python<'py>, storage: &Bound<'py, PyStorage>) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &storage.get().0.to_vec())
}

#[pyfunction]
fn _storage_from_bytes(data: &[u8]) -> PyResult<PyStorage> {
    Ok(PyStorage(UntypedStorage::from_bytes(data).or_raise()?))
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyStorage>()?;
    m.add_function(wrap_pyfunction!(_storage_to_bytes, m)?)?;
    m.add_function(wrap_pyfunction!(_storage_from_bytes, m)?)
}
