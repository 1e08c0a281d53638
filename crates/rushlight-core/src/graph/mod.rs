//! Recorded programs: under a tracer the funnel records (operation, inputs, metadata) instead of computing.
//!
//! A traced tensor is a value of a [`Trace`]. Operations on it are appended to the trace; dense tensors that meet it
//! become constants. Autograd works on traced tensors as on any other, so the derivative of a traced program is traced
//! by running the engine over it.

mod program;
mod trace;

pub use program::{Instruction, Program, ValueId};
pub use trace::Trace;
pub(crate) use trace::{TracedValue, record, record_in_place};
