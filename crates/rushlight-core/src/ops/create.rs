//! Tensors that are made, not computed.

use crate::dispatch::apply;
use crate::error::Result;
use crate::registry::{Entry, Form, Overload};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

impl Tensor {
    /// Zeros in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn zeros_like(&self) -> Result<Tensor> {
        self.full_like(Scalar::Int(0))
    }

    /// Ones in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn ones_like(&self) -> Result<Tensor> {
        self.full_like(Scalar::Int(1))
    }

    /// One value in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Result<Tensor> {
        let _mode = crate::autograd::GradMode::set(false);
        let _tangents = crate::autograd::ForwardGradGuard::disable();
        apply(super::copy::Fill { value: value.into(), zero: false }, &[self])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[Entry {
    name: "zeros_like",
    forms: Form::FUNCTION,
    overloads: &[Overload {
        schema: "zeros_like(Tensor self) -> Tensor",
        call: |a| Ok(a.tensor(0)?.zeros_like()?.into()),
    }],
    documentation: "Zeros in the shape, dtype and order of strides of a tensor.",
    differentiable: false,
    ..Entry::DEFAULT
}];
