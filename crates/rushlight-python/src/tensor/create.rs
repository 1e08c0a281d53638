//! `torch.tensor`, `torch.as_tensor` and `new_…`: tensors from nested sequences, numbers, arrays and tensors.

use super::attribute::warn_user;
use super::{numpy, object, scalar};
use crate::error::OrRaise;
use crate::types;
use crate::types::type_name;
use pyo3::exceptions::{PyNotImplementedError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use rushlight_core::dtype::promote_types;
use rushlight_core::{self as core, DType, Scalar, Tensor};

type Object = PyResult<Py<PyAny>>;

/// More nesting than this is a text, which is a sequence of texts.
const MAX_DIMS: usize = 128;

/// Whether PyTorch takes an object for a sequence: by its protocol, and never a tensor.
pub(super) fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return true;
    }
    if object.is_instance_of::<PyDict>() || super::unwrap_exact(object).is_some() {
        return false;
    }
    // SAFETY: the object is valid and the interpreter held.
    unsafe { pyo3::ffi::PySequence_Check(object.as_ptr()) == 1 }
}

/// The shape of nested sequences, by the first element of each.
fn shape_of(data: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let mut shape = Vec::new();
    let mut inner = data.clone();
    while is_sequence(&inner) {
        if numpy::is_array(&inner) && inner.getattr("ndim")?.extract::<usize>()? == 0 {
            break;
        }
        let length = inner.len()?;
        shape.push(length);
        if shape.len() > MAX_DIMS {
            return Err(PyValueError::new_err(format!("too many dimensions '{}'", type_name(&inner))));
        }
        if length == 0 {
            break;
        }
        inner = inner.get_item(0)?;
    }
    Ok(shape)
}

/// The dtype that PyTorch infers.
fn infer(object: &Bound<'_, PyAny>) -> PyResult<DType> {
    if object.is_instance_of::<PyFloat>() {
        // NumPy's `float64` is a `float` too, and keeps its dtype.
        return Ok(if object.is_exact_instance_of::<PyFloat>() {
            core::default_dtype()
        } else {
            numpy::scalar_dtype(object)?.unwrap_or_else(core::default_dtype)
        });
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(DType::Bool);
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(DType::I64);
    }
    if let Some(tensor) = super::unwrap_exact(object) {
        return Ok(tensor.dtype());
    }
    if object.is_instance_of::<PyComplex>() {
        return Err(PyNotImplementedError::new_err("complex dtypes are not supported by Rushlight yet"));
    }
    if let Some(dtype) = numpy::array_dtype(object)? {
        return Ok(dtype);
    }
    if let Some(dtype) = numpy::scalar_dtype(object)? {
        return Ok(dtype);
    }
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!("new(): invalid data type '{}'", type_name(object))));
    }
    if is_sequence(object) {
        let mut found: Option<DType> = None;
        for item in object.try_iter()? {
            let item = item?;
            if item.is(object) {
                return Err(PyTypeError::new_err("new(): self-referential lists are incompatible"));
            }
            let dtype = infer(&item)?;
            found = Some(found.map_or(dtype, |f| promote_types(f, dtype)));
        }
        return Ok(found.unwrap_or_else(core::default_dtype));
    }
    Err(PyRuntimeError::new_err(format!("Could not infer dtype of {}", type_name(object))))
}

/// Where elements go on the way: exact for every dtype of their kind.
enum Elements {
    Floats(Vec<f64>),
    Ints(Vec<i64>),
    Bools(Vec<bool>),
}

struct Store {
    dtype: DType,
    rank: usize,
    elements: Elements,
}

impl Store {
    fn new(dtype: DType, shape: &[usize]) -> Self {
        let capacity = shape.iter().product();
        let elements = match dtype {
            DType::Bool => Elements::Bools(Vec::with_capacity(capacity)),
            d if d.is_floating_point() => Elements::Floats(Vec::with_capacity(capacity)),
            _ => Elements::Ints(Vec::with_capacity(capacity)),
        };
        Self { dtype, rank: shape.len(), elements }
    }

    fn push(&mut self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        if let Some(tensor) = super::unwrap_exact(object) {
            if tensor.numel() != 1 {
                return Err(PyValueError::new_err(
                    "only one element tensors can be converted to Python scalars",
                ));
            }
            let value = tensor.item().or_raise()?;
            return self.push_scalar(value);
        }
        match &mut self.elements {
            Elements::Floats(values) => {
                let value = match object.cast::<PyFloat>() {
                    Ok(float) => float.value(),
                    Err(_) => object.extract::<f64>()?,
                };
                values.push(value);
            }
            Elements::Ints(values) => {
                let value = match object.extract::<i64>() {
                    Ok(value) => value,
                    Err(_) if object.is_instance_of::<PyFloat>() => object.extract::<f64>()? as i64,
                    Err(_) if object.is_instance_of::<PyInt>() => {
                        return Err(PyValueError::new_err("Overflow when unpacking long long"));
                    }
                    Err(_) if numpy::scalar_dtype(object)?.is_some() => object.extract::<f64>()? as i64,
                    Err(error) => return Err(error),
                };
                check_fits(value, self.dtype)?;
                values.push(value);
            }
            Elements::Bools(values) => values.push(object.is_truthy()?),
        }
        Ok(())
    }

    fn push_scalar(&mut self, value: Scalar) -> PyResult<()> {
        match &mut self.elements {
            Elements::Floats(values) => values.push(value.to_f64()),
            Elements::Ints(values) => {
                check_fits(value.to_i64(), self.dtype)?;
                values.push(value.to_i64());
            }
            Elements::Bools(values) => values.push(value.to_bool()),
        }
        Ok(())
    }

    fn collect(&mut self, object: &Bound<'_, PyAny>, shape: &[usize]) -> PyResult<()> {
        let Some((&length, inner)) = shape.split_first() else { return self.push(object) };
        let dim_error = |got: usize, dim: usize| {
            PyValueError::new_err(format!("expected sequence of length {length} at dim {dim} (got {got})"))
        };
        if let Ok(list) = object.cast::<PyList>() {
            if list.len() != length {
                return Err(dim_error(list.len(), self.dim_of(shape)));
            }
            for item in list.iter() {
                self.collect(&item, inner)?;
            }
            return Ok(());
        }
        if !is_sequence(object) {
            return Err(PyTypeError::new_err("not a sequence"));
        }
        let got = object.len()?;
        if got != length {
            return Err(dim_error(got, self.dim_of(shape)));
        }
        for item in object.try_iter()? {
            self.collect(&item?, inner)?;
        }
        Ok(())
    }

    fn dim_of(&self, rest: &[usize]) -> usize {
        self.rank - rest.len()
    }

    fn finish(self, shape: &[usize]) -> PyResult<Tensor> {
        let tensor = match self.elements {
            Elements::Floats(values) => Tensor::from_vec(values, shape),
            Elements::Ints(values) => Tensor::from_vec(values, shape),
            Elements::Bools(values) => Tensor::from_vec(values, shape),
        }
        .or_raise()?;
        if tensor.dtype() == self.dtype { Ok(tensor) } else { tensor.to_dtype(self.dtype).or_raise() }
    }
}

/// PyTorch's check of integers: negative ones wrap into unsigned dtypes if their magnitude fits.
fn check_fits(value: i64, dtype: DType) -> PyResult<()> {
    let (low, high, name) = match dtype {
        DType::U8 => (-255, 255, "uint8"),
        DType::I8 => (-128, 127, "int8"),
        DType::I16 => (-32768, 32767, "int16"),
        DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX), "int32"),
        _ => return Ok(()),
    };
    if value < low || value > high {
        return Err(PyRuntimeError::new_err(format!(
            "value cannot be converted to type {name} without overflow"
        )));
    }
    Ok(())
}

/// A tensor of nested sequences, a number or an array: always a copy.
pub(super) fn from_data(data: &Bound<'_, PyAny>, dtype: Option<DType>, legacy: bool) -> PyResult<Tensor> {
    if data.is_instance_of::<PyString>() || (data.is_instance_of::<PyBytes>() && !legacy) {
        return Err(PyTypeError::new_err(format!("new(): invalid data type '{}'", type_name(data))));
    }
    if let Some(tensor) = super::unwrap_exact(data) {
        let copy = tensor.detach().or_raise()?;
        return match dtype.filter(|&d| d != copy.dtype()) {
            Some(dtype) => copy.to_dtype(dtype).or_raise(),
            None => copy.clone_data().or_raise(),
        };
    }
    if numpy::is_array(data) {
        let shared = numpy::from_array(data, false)?;
        return match dtype.filter(|&d| d != shared.dtype()) {
            Some(dtype) => shared.to_dtype(dtype).or_raise(),
            None => shared.clone_data().or_raise(),
        };
    }
    if let Some(shared) = numpy::from_interface(data)? {
        return match dtype.filter(|&d| d != shared.dtype()) {
            Some(dtype) => shared.to_dtype(dtype).or_raise(),
            None => shared.clone_data().or_raise(),
        };
    }
    let shape = shape_of(data)?;
    if let (Some(first), true) = (first_of(data)?, !shape.is_empty())
        && numpy::is_array(&first)
    {
        core::warn_once!(
            User,
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a single numpy.ndarray with numpy.array() before converting to a tensor."
        );
        crate::warning::check()?;
    }
    let dtype = match dtype {
        Some(dtype) => dtype,
        None => infer(data)?,
    };
    let mut store = Store::new(dtype, &shape);
    store.collect(data, &shape)?;
    store.finish(&shape)
}

fn first_of<'py>(data: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if (data.is_instance_of::<PyList>() || data.is_instance_of::<PyTuple>()) && data.len()? > 0 {
        return Ok(Some(data.get_item(0)?));
    }
    Ok(None)
}

/// Sizes that must not be negative.
pub(super) fn checked_shape(sizes: &[i64]) -> PyResult<Vec<usize>> {
    sizes
        .iter()
        .map(|&size| {
            usize::try_from(size).map_err(|_| {
                let all: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                PyRuntimeError::new_err(format!(
                    "Trying to create tensor with negative dimension {size}: [{}]",
                    all.join(", ")
                ))
            })
        })
        .collect()
}

fn dtype_argument(function: &str, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Option<DType>> {
    let Some(object) = dtype.filter(|d| !d.is_none()) else { return Ok(None) };
    types::dtype_of(object).map(Some).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{function}(): argument 'dtype' must be torch.dtype, not {}",
            type_name(object)
        ))
    })
}

fn require_grad(tensor: &Tensor, on: bool) -> PyResult<()> {
    if !on {
        return Ok(());
    }
    if !tensor.dtype().is_floating_point() {
        return Err(PyRuntimeError::new_err(
            "Only Tensors of floating point and complex dtype can require gradients",
        ));
    }
    tensor.requires_grad_(true).map(drop).or_raise()
}

/// A tensor from data: nested sequences, a number, a NumPy array or a tensor. The data is always copied.
///
/// Args:
///     data: nested lists or tuples of numbers, a number, an array, or a tensor.
///     dtype: the type of the elements; by default what the data suggests.
///     device: where the tensor is made; only the CPU exists.
///     requires_grad: whether operations on the tensor are recorded.
///
/// Example:
///     >>> import rushlight as torch
///     >>> torch.tensor([[1.0, 2.0], [3.0, 4.0]])
///     tensor([[1., 2.],
///             [3., 4.]])
#[pyfunction]
#[pyo3(signature = (*args, **kwargs), text_signature = "(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)")]
fn tensor(args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
    let py = args.py();
    if args.len() > 1 {
        return Err(PyTypeError::new_err(format!(
            "tensor() takes 1 positional argument but {} were given",
            args.len()
        )));
    }
    let mut data = args.get_item(0).ok();
    let (mut dtype, mut requires_grad) = (None, false);
    if let Some(kwargs) = kwargs {
        for (name, value) in kwargs.iter() {
            match name.cast::<PyString>()?.to_string().as_str() {
                "data" if data.is_none() => data = Some(value),
                "dtype" => dtype = dtype_argument("tensor", Some(&value))?,
                "device" => drop(types::device_of(&value)?),
                "requires_grad" => {
                    requires_grad = value.extract().map_err(|_| {
                        PyTypeError::new_err(format!(
                            "tensor(): argument 'requires_grad' must be bool, not {}",
                            type_name(&value)
                        ))
                    })?;
                }
                "pin_memory" | "names" => {}
                other => {
                    return Err(PyTypeError::new_err(format!(
                        "tensor() got an unexpected keyword argument '{other}'"
                    )));
                }
            }
        }
    }
    let Some(data) = data else {
        return Err(PyTypeError::new_err("tensor() missing 1 required positional arguments: \"data\""));
    };
    if super::unwrap_exact(&data).is_some() {
        warn_user(
            py,
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
        )?;
    }
    let tensor = from_data(&data, dtype, false)?;
    require_grad(&tensor, requires_grad)?;
    object::wrap(py, tensor)
}

/// The data as a tensor, without a copy where that is possible: a tensor itself, an array's memory.
#[pyfunction]
#[pyo3(signature = (data, dtype = None, device = None))]
fn as_tensor<'py>(
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
) -> Object {
    share_or_copy("as_tensor", data, dtype, device, None)
}

/// The data as a tensor: as `as_tensor`, also from DLPack; `copy` says whether it may or must be copied.
#[pyfunction]
#[pyo3(signature = (obj, *, dtype = None, device = None, copy = None, requires_grad = false))]
fn asarray<'py>(
    obj: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
    requires_grad: bool,
) -> Object {
    let made = share_or_copy("asarray", obj, dtype, device, copy)?;
    if requires_grad && let Some(tensor) = super::unwrap_exact(made.bind(obj.py())) {
        require_grad(tensor, true)?;
    }
    Ok(made)
}

fn share_or_copy<'py>(
    function: &str,
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
    copy: Option<bool>,
) -> Object {
    let py = data.py();
    let dtype = dtype_argument(function, dtype)?;
    if let Some(device) = device {
        types::device_of(device)?;
    }
    if copy != Some(true) {
        if let Some(tensor) = super::unwrap_exact(data) {
            return match dtype.filter(|&d| d != tensor.dtype()) {
                Some(dtype) => object::wrap(py, tensor.to_dtype(dtype).or_raise()?),
                None => Ok(data.clone().unbind()),
            };
        }
        let shared = if numpy::is_array(data) {
            Some(numpy::from_array(data, true)?)
        } else {
            numpy::from_interface(data)?
        };
        if let Some(shared) = shared {
            return match dtype.filter(|&d| d != shared.dtype()) {
                Some(dtype) => object::wrap(py, shared.to_dtype(dtype).or_raise()?),
                None => object::wrap(py, shared),
            };
        }
    }
    object::wrap(py, from_data(data, dtype, false)?)
}

/// A tensor without dimensions from a number.
#[pyfunction]
#[pyo3(signature = (s, *, dtype = None, device = None, requires_grad = false))]
fn scalar_tensor<'py>(
    s: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
    requires_grad: bool,
) -> Object {
    let dtype = dtype_argument("scalar_tensor", dtype)?.unwrap_or_else(core::default_dtype);
    if let Some(device) = device {
        types::device_of(device)?;
    }
    let tensor = Tensor::full(&[], scalar::from_object(s)?, dtype).or_raise()?;
    require_grad(&tensor, requires_grad)?;
    object::wrap(s.py(), tensor)
}

pub(super) fn new_tensor<'py>(
    model: &Tensor,
    data: &Bound<'py, PyAny>,
    dtype: Option<&Bound<'py, PyAny>>,
    device: Option<&Bound<'py, PyAny>>,
    requires_grad: bool,
) -> Object {
    let dtype = dtype_argument("new_tensor", dtype)?.unwrap_or_else(|| model.dtype());
    if let Some(device) = device {
        types::device_of(device)?;
    }
    if super::unwrap_exact(data).is_some() {
        warn_user(
            data.py(),
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), rather than tensor.new_tensor(sourceTensor).",
        )?;
    }
    let tensor = from_data(data, Some(dtype), false)?;
    require_grad(&tensor, requires_grad)?;
    object::wrap(data.py(), tensor)
}

/// `new_zeros` and its like: sizes as one tuple or one by one, by default of the model's dtype.
pub(super) fn new_filled(
    model: &Tensor,
    function: &str,
    value: Option<Scalar>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Object {
    let py = args.py();
    let (mut dtype, mut requires_grad, mut size) = (model.dtype(), false, None);
    if let Some(kwargs) = kwargs {
        for (name, value) in kwargs.iter() {
            match name.to_string().as_str() {
                "dtype" => dtype = dtype_argument(function, Some(&value))?.unwrap_or(dtype),
                "device" => drop(types::device_of(&value)?),
                "requires_grad" => requires_grad = value.extract()?,
                "size" => size = Some(value),
                "layout" | "pin_memory" => {}
                other => {
                    return Err(PyTypeError::new_err(format!(
                        "{function}() got an unexpected keyword argument '{other}'"
                    )));
                }
            }
        }
    }
    let size = match (size, args.len()) {
        (Some(size), _) => size,
        (None, 0) => {
            return Err(PyTypeError::new_err(format!(
                "{function}() missing 1 required positional arguments: \"size\""
            )));
        }
        (None, 1) => args.get_item(0)?,
        (None, _) => args.clone().into_any(),
    };
    let sizes = size.extract::<i64>().map(|one| vec![one]).or_else(|_| size.extract::<Vec<i64>>());
    let Ok(sizes) = sizes else {
        return Err(PyTypeError::new_err(format!(
            "{function}(): argument 'size' (position 1) must be tuple of ints, not {}",
            type_name(&size)
        )));
    };
    let shape = checked_shape(&sizes)?;
    let tensor = match value {
        Some(value) => Tensor::full(&shape, value, dtype),
        None => Tensor::empty(&shape, dtype),
    }
    .or_raise()?;
    require_grad(&tensor, requires_grad)?;
    object::wrap(py, tensor)
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(tensor, m)?)?;
    m.add_function(wrap_pyfunction!(as_tensor, m)?)?;
    m.add_function(wrap_pyfunction!(asarray, m)?)?;
    m.add_function(wrap_pyfunction!(scalar_tensor, m)?)
}
