//! Properties of tensors: what they are set to, and with which words they refuse.

use super::class::PyTensor;
use super::object;
use crate::error::OrRaise;
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rushlight_core::{self as core, warning};

type Object = PyResult<Py<PyAny>>;

/// Warns as PyTorch does: at the line of the user's program.
pub(super) fn warn_user(py: Python<'_>, text: &'static str) -> PyResult<()> {
    let _ = py;
    warning::warn(warning::Category::User, text);
    crate::warning::check()
}

pub(super) fn set_data(tensor: &core::Tensor, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match super::unwrap_exact(value) {
        Some(other) => tensor.set_data(other).or_raise(),
        None => Err(PyTypeError::new_err(format!(
            "Variable data has to be a tensor, but got {}",
            type_name(value)
        ))),
    }
}

pub(super) fn set_grad(tensor: &core::Tensor, value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.is_none() {
        return tensor.set_grad(None).or_raise();
    }
    match super::unwrap_exact(value) {
        Some(gradient) => tensor.set_grad(Some(gradient.clone())).or_raise(),
        None => Err(PyTypeError::new_err(format!(
            "assigned grad expected to be a Tensor or None but got grad of type {}",
            type_name(value)
        ))),
    }
}

pub(super) fn set_requires_grad(tensor: &core::Tensor, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(on) = value.extract::<bool>() else {
        return Err(PyRuntimeError::new_err("requires_grad must be a bool"));
    };
    if on && !tensor.dtype().is_floating_point() {
        return Err(PyRuntimeError::new_err(
            "only Tensors of floating point and complex dtype can require gradients",
        ));
    }
    tensor.requires_grad_(on).map(drop).or_raise()
}

pub(super) fn shape(py: Python<'_>, tensor: &core::Tensor) -> Object {
    crate::types::size_object(py, tensor.shape())
}

pub(super) fn size(py: Python<'_>, tensor: &core::Tensor, dim: Option<i64>) -> Object {
    match dim {
        None => shape(py, tensor),
        Some(dim) => Ok(tensor.size(dim).or_raise()?.into_pyobject(py)?.into_any().unbind()),
    }
}

pub(super) fn stride(py: Python<'_>, tensor: &core::Tensor, dim: Option<i64>) -> Object {
    match dim {
        None => Ok(PyTuple::new(py, tensor.strides())?.into_any().unbind()),
        Some(dim) => {
            tensor.size(dim).or_raise()?;
            let dim = tensor.layout().dim(dim).or_raise()?;
            Ok(tensor.strides()[dim].into_pyobject(py)?.into_any().unbind())
        }
    }
}

pub(super) fn is_contiguous(tensor: &core::Tensor, memory_format: Option<&Bound<'_, PyAny>>) -> bool {
    let channels_last = memory_format.is_some_and(|f| f.to_string().ends_with("channels_last"));
    if !channels_last {
        return tensor.is_contiguous();
    }
    let (shape, strides) = (tensor.shape(), tensor.strides());
    if shape.len() != 4 {
        return false;
    }
    let mut expected = 1;
    for d in [1, 3, 2, 0] {
        if shape[d] != 1 && strides[d] != expected {
            return false;
        }
        expected *= shape[d] as isize;
    }
    true
}

pub(super) fn numpy_t(slf: &Bound<'_, PyTensor>) -> Object {
    let tensor = slf.get().tensor();
    let rank = tensor.rank();
    if rank == 0 {
        core::warn_once!(
            User,
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
        );
    } else if rank != 2 {
        core::warn_once!(
            User,
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error in a future release. Consider `x.mT` to transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
        );
    }
    crate::warning::check()?;
    let dims: Vec<i64> = (0..rank as i64).rev().collect();
    object::wrap(slf.py(), tensor.permute(&dims).or_raise()?)
}

pub(super) fn matrix_transpose(slf: &Bound<'_, PyTensor>, name: &'static str) -> Object {
    let tensor = slf.get().tensor();
    if tensor.rank() < 2 {
        if tensor.rank() == 0 {
            warning::warn(
                warning::Category::User,
                format!(
                    "Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases."
                ),
            );
            crate::warning::check()?;
            return Ok(slf.clone().into_any().unbind());
        }
        return Err(PyRuntimeError::new_err(format!(
            "tensor.{name} is only supported on matrices or batches of matrices. Got {}-D tensor.",
            tensor.rank()
        )));
    }
    object::wrap(slf.py(), tensor.transpose(-2, -1).or_raise()?)
}

pub(super) fn adjoint(slf: &Bound<'_, PyTensor>) -> Object {
    let tensor = slf.get().tensor();
    match tensor.rank() {
        0 => {
            warn_user(slf.py(), "Tensor.H is deprecated on 0-D tensors. Consider using x.conj().")?;
            Ok(slf.clone().into_any().unbind())
        }
        2 => object::wrap(slf.py(), tensor.transpose(0, 1).or_raise()?),
        rank => {
            let help = if rank > 2 { " For batches of matrices, consider using tensor.mH" } else { "" };
            Err(PyRuntimeError::new_err(format!(
                "tensor.H is only supported on matrices (2-D tensors). Got {rank}-D tensor.{help}"
            )))
        }
    }
}
