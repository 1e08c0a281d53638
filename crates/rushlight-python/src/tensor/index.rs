//! `x[…]` and `x[…] = v`.
//!
//! Integers, slices, `None` and `...` make views, one after another from the left; tensors (and lists, ranges, arrays,
//! truth values) are collected with the dimension that each stands at and go to `index` or `index_put_` together. Which
//! nodes a graph gets is PyTorch's: a whole slice among several makes none, alone it makes one.

use super::class::PyTensor;
use super::{create, numpy, object, scalar};
use crate::error::OrRaise;
use crate::types::type_name;
use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyEllipsis, PyInt, PySlice, PyTuple};
use rushlight_core::ops::view::Alias;
use rushlight_core::{self as core, DType, DTypeNames, Scalar, Tensor, warning};

type Object = PyResult<Py<PyAny>>;

const INVALID: &str =
    "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got ";

/// An integer that is no truth value; NumPy's count too.
fn integer(object: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    if object.is_instance_of::<PyInt>() {
        if object.is_instance_of::<PyBool>() {
            return Ok(None);
        }
        return object.extract().map(Some);
    }
    match numpy::scalar_dtype(object) {
        Ok(Some(dtype)) if !dtype.is_floating_point() && dtype != DType::Bool => object.extract().map(Some),
        _ => Ok(None),
    }
}

/// One index of a dimension, in the words of indexing. `position` is where the index stands.
fn select(x: &Tensor, dim: usize, index: i64, position: usize) -> PyResult<Tensor> {
    let Some(&size) = x.shape().get(dim) else {
        return Err(PyIndexError::new_err(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
        ));
    };
    if index >= size as i64 || index < -(size as i64) {
        return Err(PyIndexError::new_err(format!(
            "index {index} is out of bounds for dimension {position} with size {size}"
        )));
    }
    x.select(dim as i64, index).or_raise()
}

/// A slice of a dimension; `whole` says whether one that takes everything makes a view too.
fn slice(x: &Tensor, dim: usize, slice: &Bound<'_, PySlice>, whole: bool) -> PyResult<Tensor> {
    let (mut start, mut stop, mut step) = (0, 0, 0);
    // SAFETY: a slice object, and places for three numbers.
    if unsafe { ffi::PySlice_Unpack(slice.as_ptr(), &raw mut start, &raw mut stop, &raw mut step) } < 0 {
        return Err(PyErr::fetch(slice.py()));
    }
    if step <= 0 {
        return Err(PyValueError::new_err("step must be greater than zero"));
    }
    let Some(&size) = x.shape().get(dim) else {
        return Err(PyIndexError::new_err("slice() cannot be applied to a 0-dim tensor."));
    };
    if !whole && start == 0 && stop >= size as isize && step == 1 {
        return Ok(x.clone());
    }
    x.slice(dim as i64, Some(start as i64), Some(stop as i64), step as i64).or_raise()
}

/// The tensor of indices that a list, a range or an array stands for.
fn indices_of(object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    let tensor = create::from_data(object, None, false)?;
    match tensor.dtype() {
        DType::Bool | DType::U8 | DType::I64 => Ok(tensor),
        _ => tensor.to_dtype(DType::I64).or_raise(),
    }
}

/// What a truth value stands for: every element of a new dimension, or none.
fn truth_indices(value: bool) -> PyResult<Tensor> {
    Tensor::zeros(&[usize::from(value)], DType::I64).or_raise()
}

/// The items of an index: a tuple's, or the index itself.
fn items<'py>(index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    if let Ok(tuple) = index.cast::<PyTuple>() {
        return Ok(tuple.clone());
    }
    if is_tuple_in_disguise(index) {
        warning::warn(
            warning::Category::User,
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], which will result either in an error or a different result",
        );
        crate::warning::check()?;
        let items = index.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        return PyTuple::new(index.py(), items);
    }
    PyTuple::new(index.py(), [index])
}

/// PyTorch's (and old NumPy's) heuristic: a short sequence that holds sequences, slices, `None` or `...`.
fn is_tuple_in_disguise(index: &Bound<'_, PyAny>) -> bool {
    if !create::is_sequence(index) || numpy::is_array(index) {
        return false;
    }
    let Ok(length) = index.len() else { return false };
    if length >= 32 {
        return false;
    }
    for i in 0..length {
        let Ok(item) = index.get_item(i) else { return false };
        if super::unwrap_exact(&item).is_some()
            || create::is_sequence(&item)
            || item.is_instance_of::<PySlice>()
            || item.is_none()
            || item.is_instance_of::<PyEllipsis>()
        {
            return true;
        }
    }
    false
}

/// A view by the basic part of an index, and the tensors of the rest, each at its dimension.
fn apply(x: &Tensor, items: &Bound<'_, PyTuple>) -> PyResult<(Tensor, Vec<Option<Tensor>>)> {
    let mut specified = 0;
    for item in items.iter() {
        specified += match super::unwrap_exact(&item) {
            Some(t) if matches!(t.dtype(), DType::Bool | DType::U8) => t.rank(),
            Some(_) => 1,
            None => usize::from(
                !(item.is_none() || item.is_instance_of::<PyEllipsis>() || item.is_instance_of::<PyBool>()),
            ),
        };
    }
    if specified > x.rank() {
        return Err(PyIndexError::new_err(format!("too many indices for tensor of dimension {}", x.rank())));
    }
    let mut result = x.clone();
    let mut tensors: Vec<Option<Tensor>> = Vec::new();
    let mut dim = 0;
    // How many dimensions the list of tensors stands for: a mask is one entry for as many dimensions as it has.
    let mut listed = 0;
    let mut record = |tensor: Tensor, dim: &mut usize| {
        let covered =
            if matches!(tensor.dtype(), DType::Bool | DType::U8) { tensor.rank().max(1) } else { 1 };
        tensors.resize_with(tensors.len() + (*dim - listed), || None);
        tensors.push(Some(tensor));
        *dim += covered;
        listed = *dim;
    };
    for (position, item) in items.iter().enumerate() {
        if let Some(tensor) = super::unwrap_exact(&item) {
            let whole = !tensor.dtype().is_floating_point();
            if tensor.rank() == 0 && whole {
                if matches!(tensor.dtype(), DType::Bool | DType::U8) {
                    result = result.unsqueeze(dim as i64).or_raise()?;
                    record(truth_indices(tensor.item().or_raise()?.to_bool())?, &mut dim);
                } else {
                    result = select(&result, dim, tensor.item().or_raise()?.to_i64(), position)?;
                }
            } else {
                record(tensor.clone(), &mut dim);
            }
        } else if let Some(index) = integer(&item)? {
            result = select(&result, dim, index, position)?;
        } else if let Ok(part) = item.cast::<PySlice>() {
            result = slice(&result, dim, part, false)?;
            dim += 1;
        } else if item.is_instance_of::<PyEllipsis>() {
            dim += x.rank() - specified;
        } else if item.is_none() {
            result = result.unsqueeze(dim as i64).or_raise()?;
            dim += 1;
        } else if let Ok(value) = item.cast::<PyBool>() {
            result = result.unsqueeze(dim as i64).or_raise()?;
            record(truth_indices(value.is_true())?, &mut dim);
        } else if create::is_sequence(&item) {
            record(indices_of(&item)?, &mut dim);
        } else if let Ok(index) = item.call_method0(pyo3::intern!(item.py(), "__index__")) {
            result = select(&result, dim, index.extract()?, position)?;
        } else {
            return Err(PyIndexError::new_err(format!("{INVALID}{})", type_name(&item))));
        }
    }
    Ok((result, tensors))
}

/// `x[index]`.
pub(super) fn get(slf: &Bound<'_, PyTensor>, index: &Bound<'_, PyAny>) -> Object {
    let x = slf.get().tensor();
    let result = if let Some(i) = integer(index)? {
        select(x, 0, i, 0)?
    } else if let Ok(part) = index.cast::<PySlice>() {
        slice(x, 0, part, true)?
    } else {
        let (view, tensors) = apply(x, &items(index)?)?;
        if !tensors.is_empty() {
            view.index(&tensors).or_raise()?
        } else if view.is_same(x) {
            core::dispatch::apply(Alias {}, &[x]).or_raise()?
        } else {
            view
        }
    };
    object::wrap_like(slf, result)
}

/// The mask of an index that is one mask and nothing else, shaped to fit the view: a number is then filled in, which
/// PyTorch records as that.
fn single_mask(view: &Tensor, tensors: &[Option<Tensor>]) -> PyResult<Option<Tensor>> {
    let Some((Some(mask), before)) = tensors.split_last() else { return Ok(None) };
    let first = before.len();
    let covered = view.shape().get(first..first + mask.rank());
    if mask.dtype() != DType::Bool || before.iter().any(Option::is_some) || covered != Some(mask.shape()) {
        return Ok(None);
    }
    let mut shape: Vec<i64> = mask.shape().iter().map(|&n| n as i64).collect();
    shape.resize(view.rank() - first, 1);
    mask.reshape(&shape).map(Some).or_raise()
}

/// What is assigned.
enum Assigned<'a> {
    Number(Scalar),
    Tensor(&'a Tensor),
}

fn assigned<'a>(x: &Tensor, value: &'a Bound<'_, PyAny>) -> PyResult<Assigned<'a>> {
    if let Some(tensor) = super::unwrap_exact(value) {
        return Ok(Assigned::Tensor(tensor));
    }
    match scalar::number(value) {
        Ok(Some(number)) => {
            check_fits(number, x.dtype())?;
            Ok(Assigned::Number(number))
        }
        Ok(None) if value.is_instance_of::<pyo3::types::PyComplex>() => Err(PyRuntimeError::new_err(
            format!("value cannot be converted to type {} without overflow", c_name(x.dtype())),
        )),
        Ok(None) => {
            let module = value.get_type().module().map_or_else(|_| String::new(), |m| m.to_string());
            let name = type_name(value);
            let name = if module == "numpy" { format!("numpy.{name}") } else { name };
            Err(PyTypeError::new_err(format!("can't assign a {name} to a {}", x.dtype().tensor_type())))
        }
        Err(error) => Err(error),
    }
}

fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "uint8_t",
        DType::I8 => "int8_t",
        DType::I16 => "int16_t",
        DType::I32 => "int",
        DType::I64 => "int64_t",
        DType::F16 => "at::Half",
        DType::BF16 => "at::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
    }
}

/// A number must be representable, but for rounding; negative ones wrap into unsigned dtypes.
fn check_fits(value: Scalar, dtype: DType) -> PyResult<()> {
    let v = value.to_f64();
    let (low, high) = match dtype {
        DType::U8 => (-255.0, 255.0),
        DType::I8 => (-128.0, 127.0),
        DType::I16 => (-32768.0, 32767.0),
        DType::I32 => (-2147483648.0, 2147483647.0),
        DType::I64 => (-9223372036854775808.0, 9223372036854775807.0),
        _ => return Ok(()),
    };
    if v < low || v > high || v.is_nan() {
        return Err(PyRuntimeError::new_err(format!(
            "value cannot be converted to type {} without overflow",
            c_name(dtype)
        )));
    }
    Ok(())
}

/// Without the leading dimensions of size one, which an assignment may have in excess.
fn without_leading_ones(value: &Tensor) -> PyResult<Tensor> {
    let ones = value.shape().iter().take_while(|&&n| n == 1).count();
    if ones == 0 {
        return Ok(value.clone());
    }
    let rest: Vec<i64> = value.shape()[ones..].iter().map(|&n| n as i64).collect();
    value.view(&rest).or_raise()
}

/// Writes a value over a view.
fn write(view: &Tensor, value: &Assigned<'_>) -> PyResult<()> {
    match value {
        Assigned::Number(number) => view.fill_(*number).map(drop).or_raise(),
        Assigned::Tensor(value) if value.shape() == view.shape() || value.rank() == 0 => {
            view.copy_(value).map(drop).or_raise()
        }
        Assigned::Tensor(value) => {
            let value = without_leading_ones(value)?;
            let value =
                if value.shape() == view.shape() { value } else { value.expand(view.shape()).or_raise()? };
            view.copy_(&value).map(drop).or_raise()
        }
    }
}

/// `x[index] = value`.
pub(super) fn set(x: &Tensor, index: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let value = assigned(x, value)?;
    if let Ok(truth) = index.cast::<PyBool>() {
        if truth.is_true() {
            return write(&x.unsqueeze(0).or_raise()?, &value);
        }
        return Ok(());
    }
    if let Some(i) = integer(index)? {
        return write(&select(x, 0, i, 0)?, &value);
    }
    let (view, tensors) = apply(x, &items(index)?)?;
    if tensors.is_empty() {
        return write(&view, &value);
    }
    match value {
        Assigned::Number(number) => {
            if let Some(mask) = single_mask(&view, &tensors)? {
                return view.masked_fill_(&mask, number).map(drop).or_raise();
            }
            let value = Tensor::full(&[], number, x.dtype()).or_raise()?;
            view.index_put_(&tensors, &value, false).map(drop).or_raise()
        }
        Assigned::Tensor(value) => {
            let value = without_leading_ones(value)?;
            view.index_put_(&tensors, &value, false).map(drop).or_raise()
        }
    }
}
