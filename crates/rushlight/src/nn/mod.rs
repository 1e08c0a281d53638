//! Networks: modules, layers, losses, initialisation, with PyTorch's names and PyTorch's numbers.
//!
//! A [`Module`] is a struct whose fields are parameters, buffers and other modules. The derive of the same name writes
//! the walk over the fields; every question about them (names, state, text) is answered by code over that walk, written
//! once in `module.rs` and `state.rs`. A module's computation is an ordinary method, because networks take what they
//! like; those that take one tensor and give one implement [`Forward`], which is what a [`Sequential`] holds.
//!
//! Layers are bookkeeping only. Their arithmetic is in the core's operations, which Python's `nn` calls as well.
//!
//! ```
//! use rushlight::prelude::*;
//!
//! #[derive(Module)]
//! struct Net {
//!     hidden: nn::Linear,
//!     output: nn::Linear,
//! }
//!
//! impl Net {
//!     fn new() -> Result<Self> {
//!         Ok(Self { hidden: nn::Linear::new(2, 8)?, output: nn::Linear::new(8, 1)? })
//!     }
//!
//!     fn forward(&self, x: &Tensor) -> Result<Tensor> {
//!         self.output.forward(&self.hidden.forward(x)?.tanh()?)
//!     }
//! }
//!
//! let net = Net::new()?;
//! assert_eq!(net.forward(&Tensor::ones(&[5, 2], DType::F32)?)?.shape(), [5, 1]);
//! assert_eq!(net.parameters().len(), 4);
//! println!("{net}");
//! # Ok::<(), Error>(())
//! ```

mod activation;
mod container;
pub mod functional;
pub mod init;
mod linear;
mod loss;
mod module;
mod parameter;
mod rnn;
mod state;

pub use activation::{ReLU, Sigmoid, Tanh};
pub use container::Sequential;
pub use functional::Reduction;
pub use linear::{Linear, LinearBuilder};
pub use loss::{BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, MSELoss};
pub use module::{Field, Forward, Module, VisitField, write_module};
pub use parameter::{Buffer, Parameter};
pub use rnn::{LSTMCell, LSTMCellBuilder};
/// Makes a struct a module; see [`Module`](trait@Module).
pub use rushlight_derive::Module;
pub use state::{IncompatibleKeys, StateDict};
