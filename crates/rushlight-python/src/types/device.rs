//! `torch.device`: the word for where data is. Any of PyTorch's devices can be named, so that programs which ask for
//! one can be told apart from programs that use one; tensors live on the CPU.

use super::type_name;
use crate::error::OrRaise;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDictMethods, PyInt, PyString, PyType};
use rushlight_core::Device;
use std::hash::{DefaultHasher, Hash, Hasher};

const KINDS: &str = "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone";

/// Where a tensor's data is: `torch.device("cpu")`.
///
/// Args:
///     type: the kind of device, optionally with its number (`"cpu:0"`); or another device.
///     index: the number.
///
/// Example:
///     >>> import rushlight as torch
///     >>> torch.device("cpu:0")
///     device(type='cpu', index=0)
#[pyclass(name = "device", module = "rushlight", frozen)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PyDevice {
    kind: String,
    device_index: Option<i64>,
}

impl PyDevice {
    fn parse(text: &str) -> PyResult<Self> {
        let (kind, number) = match text.split_once(':') {
            Some((kind, number)) => (kind, Some(number)),
            None => (text, None),
        };
        if !KINDS.split(", ").any(|known| known == kind) {
            return Err(PyRuntimeError::new_err(format!(
                "Expected one of {KINDS} device type at start of device string: {kind}"
            )));
        }
        let device_index = match number {
            None => None,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok()
            }
            Some(_) => return Err(PyRuntimeError::new_err(format!("Invalid device string: '{text}'"))),
        };
        Ok(Self { kind: kind.to_owned(), device_index })
    }

    fn device(&self) -> PyResult<Device> {
        Device::parse(&self.kind).or_raise()
    }
}

/// The `torch.device` of a device.
pub(crate) fn device_object(py: Python<'_>, device: Device) -> PyResult<Py<PyAny>> {
    static CPU: PyOnceLock<Py<PyDevice>> = PyOnceLock::new();
    let Device::Cpu = device else {
        return Ok(Py::new(py, PyDevice { kind: device.to_string(), device_index: None })?.into_any());
    };
    let cpu = CPU.get_or_try_init(py, || Py::new(py, PyDevice { kind: "cpu".into(), device_index: None }))?;
    Ok(cpu.clone_ref(py).into_any())
}

/// The device that an object names: a `torch.device`, a text or a number. `None` if it is nothing of the kind.
pub(crate) fn device_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Device>> {
    Ok(match described(object)? {
        Some(device) => Some(device.device()?),
        None => None,
    })
}

fn described(object: &Bound<'_, PyAny>) -> PyResult<Option<PyDevice>> {
    if let Ok(device) = object.cast::<PyDevice>() {
        return Ok(Some(device.get().clone()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return PyDevice::parse(&text.to_cow()?).map(Some);
    }
    if object.is_instance_of::<PyInt>() && !object.is_instance_of::<PyBool>() {
        // A bare number means an accelerator.
        return Ok(Some(PyDevice { kind: "cuda".into(), device_index: Some(object.extract()?) }));
    }
    Ok(None)
}

#[pymethods]
impl PyDevice {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(
        args: &Bound<'_, pyo3::types::PyTuple>,
        kwargs: Option<&Bound<'_, pyo3::types::PyDict>>,
    ) -> PyResult<Self> {
        let keyword = |name: &str| match kwargs {
            Some(kwargs) => kwargs.get_item(name),
            None => Ok(None),
        };
        let first = match args.get_item(0) {
            Ok(first) => Some(first),
            Err(_) => keyword("device")?.or(keyword("type")?),
        };
        let index = match args.get_item(1) {
            Ok(index) => Some(index),
            Err(_) => keyword("index")?,
        };
        let given = args.len() + kwargs.map_or(0, PyDictMethods::len);
        if given == 0 || given > 2 {
            return Err(Self::wrong(args, ""));
        }
        let Some(first) = first else { return Err(Self::wrong(args, "")) };
        let Some(mut device) = described(&first)? else {
            let hint = format!(
                "      didn't match because some of the arguments have invalid types: (!{}!)\n",
                type_name(&first)
            );
            return Err(Self::wrong(args, if given == 1 { &hint } else { "" }));
        };
        if let Some(index) = index {
            if device.device_index.is_some() {
                return Err(PyRuntimeError::new_err(format!(
                    "type (string) must not include an index because index was passed explicitly: {}",
                    device.__str__()
                )));
            }
            let index: i64 = index.extract()?;
            if index < 0 {
                return Err(PyRuntimeError::new_err("Device index must not be negative"));
            }
            device.device_index = Some(index);
        }
        Ok(device)
    }

    /// The kind of device.
    #[getter]
    fn r#type(&self) -> &str {
        &self.kind
    }

    /// The number of the device, if it was given.
    #[getter]
    fn index(&self) -> Option<i64> {
        self.device_index
    }

    fn __repr__(&self) -> String {
        match self.device_index {
            Some(index) => format!("device(type='{}', index={index})", self.kind),
            None => format!("device(type='{}')", self.kind),
        }
    }

    fn __str__(&self) -> String {
        match self.device_index {
            Some(index) => format!("{}:{index}", self.kind),
            None => self.kind.clone(),
        }
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, comparison: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let equal = self == other.get();
        let answer = match comparison {
            CompareOp::Eq => equal,
            CompareOp::Ne => !equal,
            _ => return Err(PyTypeError::new_err("comparison not implemented")),
        };
        Ok(PyBool::new(py, answer).to_owned().into_any().unbind())
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> (Py<PyType>, (String,)) {
        (slf.get_type().unbind(), (slf.get().__str__(),))
    }

    /// As a context, the device of new tensors: nothing changes, because only the CPU exists.
    fn __enter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Self>> {
        slf.get().device()?;
        let _ = py;
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {}
}

impl PyDevice {
    fn wrong(args: &Bound<'_, pyo3::types::PyTuple>, hint: &str) -> PyErr {
        let given: Vec<String> = args.iter().map(|a| type_name(&a)).collect();
        PyTypeError::new_err(format!(
            "device() received an invalid combination of arguments - got ({}), but expected one of:\n * (torch.device device)\n{hint} * (str type, int index = -1)\n",
            given.join(", ")
        ))
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyDevice>()
}
