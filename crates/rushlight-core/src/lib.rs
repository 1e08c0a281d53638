//! Rushlight's core: tensors, operations, autograd.
//!
//! Everything hangs on one funnel, [`dispatch::apply`]: an operation is a [`dispatch::Primitive`], and autograd
//! ([`autograd`]), forward mode, nested transforms ([`transform`]) and tracing ([`graph`]) know nothing of single
//! operations. [`registry`] lists the operations with their signatures and samples, for the Python binding, the docs
//! and the tests. The kernels live in `rushlight-kernels`, which knows nothing of tensors.
//!
//! This crate is the engine room; users add the crate `rushlight`, which re-exports it with layers and optimizers.

#![expect(
    clippy::cast_ptr_alignment,
    reason = "storage is aligned for its dtype; pointers are erased to bytes"
)]

pub mod autograd;
pub mod device;
pub mod dispatch;
pub mod dtype;
pub mod error;
pub mod graph;
pub mod layout;
pub mod ops;
pub mod optim;
pub mod printing;
pub mod random;
pub mod registry;
pub mod scalar;
mod state;
mod storage;
mod sync;
pub mod tensor;
pub mod transform;
pub mod warning;

pub use device::Device;
pub use dtype::{DType, DTypeNames, default_dtype, set_default_dtype};
pub use error::{Error, ErrorKind, Exception, Result, SessionFailure};
pub use rushlight_kernels::level::{Level, level};
pub use rushlight_kernels::pool::{num_threads, set_num_threads};
pub use scalar::Scalar;
pub use tensor::{Tensor, TensorVec, live_tensors};
