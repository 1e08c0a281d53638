//! PyTorch's define-by-run autograd, whole and exact, as one small Rust library.
//!
//! This is the crate to add. Tensors and their operations, autograd, transforms and static graphs come from
//! `rushlight-core` and are re-exported here; layers, losses and optimizers are in [`nn`] and [`optim`]; pictures, behind
//! the feature `viz`, in `viz`. Names are PyTorch's; so are numbers, text, warnings and errors.
//!
//! ```
//! use rushlight::prelude::*;
//!
//! manual_seed(0);
//! let net = nn::Sequential::new().then(nn::Linear::new(1, 16)?).then(nn::Tanh).then(nn::Linear::new(16, 1)?);
//! let mut optimizer = optim::Adam::new(net.parameters(), optim::AdamOptions::new(0.02))?;
//! let x = Tensor::linspace(-1.0, 1.0, 64, DType::F32)?.unsqueeze(1)?;
//! let y = (&x * 3.0).sin()?;
//! let loss_fn = nn::MSELoss::new();
//! for _ in 0..200 {
//!     optimizer.zero_grad();
//!     loss_fn.forward(&net.forward(&x)?, &y)?.backward()?;
//!     optimizer.step()?;
//! }
//! assert!(loss_fn.forward(&net.forward(&x)?, &y)?.item()?.to_f64() < 0.01);
//! # Ok::<(), Error>(())
//! ```
//!
//! A [`Tensor`] is a handle: cloning it clones the handle, and in-place methods (`add_`, `zero_`) take `&self`. Methods
//! return [`Result`]; the operators `+ - * /`, unary minus and `+=` panic instead, with the same text.

#[doc(hidden)]
pub mod literal;
pub mod nn;
pub mod optim;
pub mod prelude;
#[cfg(feature = "viz")]
pub mod viz;

pub use rushlight_core::autograd::{enable_grad, live_nodes, no_grad};
pub use rushlight_core::random::manual_seed;
pub use rushlight_core::{
    DType, DTypeNames, Device, Error, ErrorKind, Exception, Result, Scalar, Tensor, bail, default_dtype,
    live_tensors, set_default_dtype,
};
pub use rushlight_core::{
    autograd, device, dispatch, dtype, error, graph, layout, ops, printing, random, registry, scalar, tensor,
    transform, warning,
};

/// The programs of the repository's README run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
