//! What most programs use: `use rushlight::prelude::*;`.
//!
//! Names that a program may have of its own (`grad`, `backward`, `relu`) stay in their modules.

pub use crate::nn::{Forward, Module};
pub use crate::optim::Optimizer;
pub use crate::{
    DType, Error, Result, Scalar, Tensor, autograd, enable_grad, manual_seed, nn, no_grad, optim, tensor,
};
