//! `torch.dtype`: one object for each dtype, so that programs can compare with `is`.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt};
use rushlight_core::{DType, DTypeNames};

/// The type of a tensor's elements.
///
/// The objects are `torch.float32`, `torch.int64` and so on; each exists once.
#[pyclass(name = "dtype", module = "rushlight", frozen)]
pub(crate) struct PyDType {
    pub(crate) dtype: DType,
}

/// Every dtype, with the names under which the module has it.
const DTYPES: [(DType, &[&str]); 10] = [
    (DType::Bool, &["bool"]),
    (DType::U8, &["uint8"]),
    (DType::I8, &["int8"]),
    (DType::I16, &["int16", "short"]),
    (DType::I32, &["int32", "int"]),
    (DType::I64, &["int64", "long"]),
    (DType::F16, &["float16", "half"]),
    (DType::BF16, &["bfloat16"]),
    (DType::F32, &["float32", "float"]),
    (DType::F64, &["float64", "double"]),
];

static OBJECTS: PyOnceLock<Vec<Py<PyDType>>> = PyOnceLock::new();

/// The object of a dtype.
pub(crate) fn dtype_object(py: Python<'_>, dtype: DType) -> PyResult<Py<PyAny>> {
    let objects = OBJECTS.get_or_try_init(py, || {
        let mut objects = Vec::with_capacity(DTYPES.len());
        for (dtype, _) in DTYPES {
            objects.push(Py::new(py, PyDType { dtype })?);
        }
        PyResult::Ok(objects)
    })?;
    let place = DTYPES.iter().position(|(known, _)| *known == dtype).unwrap_or_default();
    Ok(objects[place].clone_ref(py).into_any())
}

/// The dtype that an object names: a `torch.dtype`, or Python's `float`, `int` and `bool`.
pub(crate) fn dtype_of(object: &Bound<'_, PyAny>) -> Option<DType> {
    if let Ok(dtype) = object.cast::<PyDType>() {
        return Some(dtype.get().dtype);
    }
    let py = object.py();
    if object.is(py.get_type::<PyFloat>()) {
        Some(DType::F64)
    } else if object.is(py.get_type::<PyInt>()) {
        Some(DType::I64)
    } else if object.is(py.get_type::<PyBool>()) {
        Some(DType::Bool)
    } else {
        None
    }
}

#[pymethods]
impl PyDType {
    fn __repr__(&self) -> &'static str {
        self.dtype.torch_name()
    }

    /// Whether the elements are floating-point numbers.
    #[getter]
    fn is_floating_point(&self) -> bool {
        self.dtype.is_floating_point()
    }

    /// Whether the elements are complex numbers.
    #[getter]
    fn is_complex(&self) -> bool {
        false
    }

    /// Whether the elements have a sign.
    #[getter]
    fn is_signed(&self) -> bool {
        !matches!(self.dtype, DType::Bool | DType::U8)
    }

    /// Bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.dtype.size()
    }

    /// The dtype of the real part.
    fn to_real(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// The dtype of complex numbers with such parts. There is none yet.
    fn to_complex(&self) -> PyResult<Py<PyAny>> {
        Err(PyRuntimeError::new_err(format!("Unknown Complex ScalarType for {}", self.dtype.scalar_name())))
    }

    /// Pickles and copies name a function of Rushlight's, so that the object comes back as itself.
    fn __reduce__(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, (String,))> {
        let function = py.import("rushlight._utils")?.getattr("_dtype_from_name")?;
        Ok((function.unbind(), (self.dtype.torch_name().trim_start_matches("torch.").to_owned(),)))
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyDType>()?;
    for (dtype, names) in DTYPES {
        let object = dtype_object(m.py(), dtype)?;
        for name in names {
            m.add(*name, &object)?;
        }
    }
    Ok(())
}
