//! `torch.finfo` and `torch.iinfo`: the limits of number types.

use super::{dtype_of, type_name};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use rushlight_core::printing::format_general;
use rushlight_core::{DType, DTypeNames, default_dtype};

/// The limits of a floating-point dtype.
///
/// Args:
///     type: the dtype; the default dtype where it is not given.
///
/// Raises:
///     TypeError: for a dtype of integers.
#[pyclass(name = "finfo", module = "rushlight", frozen, eq)]
#[derive(PartialEq)]
struct PyFinfo {
    /// Bits of an element.
    #[pyo3(get)]
    bits: usize,
    /// The difference between 1 and the next larger number.
    #[pyo3(get)]
    eps: f64,
    /// The largest number.
    #[pyo3(get)]
    max: f64,
    /// The smallest number (the most negative one).
    #[pyo3(get)]
    min: f64,
    /// The smallest positive number with full precision.
    #[pyo3(get)]
    tiny: f64,
    /// The decimal resolution.
    #[pyo3(get)]
    resolution: f64,
    /// The dtype's name.
    #[pyo3(get)]
    dtype: &'static str,
}

/// The limits of a dtype of integers.
///
/// Raises:
///     TypeError: for a floating-point dtype.
#[pyclass(name = "iinfo", module = "rushlight", frozen, eq)]
#[derive(PartialEq)]
struct PyIinfo {
    /// Bits of an element.
    #[pyo3(get)]
    bits: usize,
    /// The largest number.
    #[pyo3(get)]
    max: i64,
    /// The smallest number.
    #[pyo3(get)]
    min: i64,
    /// The dtype's name.
    #[pyo3(get)]
    dtype: &'static str,
}

fn short_name(dtype: DType) -> &'static str {
    dtype.torch_name().trim_start_matches("torch.")
}

fn given(function: &str, object: &Bound<'_, PyAny>) -> PyResult<DType> {
    object.cast::<super::PyDType>().ok().and_then(|_| dtype_of(object)).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{function}(): argument 'type' (position 1) must be torch.dtype, not {}",
            type_name(object)
        ))
    })
}

#[pymethods]
impl PyFinfo {
    #[new]
    #[pyo3(signature = (r#type = None))]
    fn new(r#type: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let dtype = match r#type {
            Some(object) => given("finfo", object)?,
            None => default_dtype(),
        };
        // Fraction bits, largest exponent, decimal digits: IEEE 754 and bfloat16.
        let (fraction, exponent, resolution) = match dtype {
            DType::F16 => (10, 15, 1e-3),
            DType::BF16 => (7, 127, 1e-2),
            DType::F32 => (23, 127, 1e-6),
            DType::F64 => (52, 1023, 1e-15),
            _ => {
                return Err(PyTypeError::new_err(
                    "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'",
                ));
            }
        };
        let eps = 2f64.powi(-fraction);
        let max = (2.0 - eps) * 2f64.powi(exponent);
        let tiny = 2f64.powi(1 - exponent);
        let bits = 8 * dtype.size();
        Ok(Self { bits, eps, max, min: -max, tiny, resolution, dtype: short_name(dtype) })
    }

    /// The smallest positive number with full precision.
    #[getter]
    fn smallest_normal(&self) -> f64 {
        self.tiny
    }

    fn __repr__(&self) -> String {
        let text = |x: f64| format_general(x, 6);
        format!(
            "finfo(resolution={}, min={}, max={}, eps={}, smallest_normal={}, tiny={}, dtype={})",
            text(self.resolution),
            text(self.min),
            text(self.max),
            text(self.eps),
            text(self.tiny),
            text(self.tiny),
            self.dtype
        )
    }
}

#[pymethods]
impl PyIinfo {
    #[new]
    fn new(r#type: &Bound<'_, PyAny>) -> PyResult<Self> {
        let dtype = given("iinfo", r#type)?;
        let (min, max) = match dtype {
            DType::U8 => (0, i64::from(u8::MAX)),
            DType::I8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
            DType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            DType::I64 => (i64::MIN, i64::MAX),
            DType::Bool => return Err(PyTypeError::new_err("torch.bool is not supported by torch.iinfo")),
            _ => {
                return Err(PyTypeError::new_err(
                    "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'",
                ));
            }
        };
        Ok(Self { bits: 8 * dtype.size(), max, min, dtype: short_name(dtype) })
    }

    fn __repr__(&self) -> String {
        // PyTorch prints the limits through a floating-point number.
        let text = |x: i64| format_general(x as f64, 6);
        format!("iinfo(min={}, max={}, dtype={})", text(self.min), text(self.max), self.dtype)
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyFinfo>()?;
    m.add_class::<PyIinfo>()
}
