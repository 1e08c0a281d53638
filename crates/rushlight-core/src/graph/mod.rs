//! Graphs that are recorded first and run later: traces, and TensorFlow 1's static graphs on top of them.
//!
//! Under a tracer the funnel records (operation, inputs, metadata) instead of computing. A traced tensor is a value of a
//! [`Trace`]; dense tensors that meet it become constants. Autograd works on traced tensors as on any other, so the
//! derivative of a traced program is traced by running the engine over it. What comes out is a [`Program`].
//!
//! A [`Graph`] stands above: nodes with TensorFlow's names ([`Node`]), whose dimensions may be unknown, recorded as
//! calls of public tensor operations (`rules`). A [`Session`] makes a plan for each set of fetches and feed shapes by
//! tracing the nodes with concrete shapes (`plan`), and keeps it. Derivatives are only requested in the graph
//! (`gradient`): rules of differentiation depend on shapes, so they are traced with the plan.
//!
//! Rejected: recording primitives in the graph at once, as the tracer does. A primitive holds concrete shapes (a view's,
//! a reduction's), so the graph could not have unknown ones without a second, symbolic rule for every operation.

mod building;
mod gradient;
mod node;
mod passes;
mod plan;
mod program;
mod random;
mod rules;
mod session;
mod static_shape;
mod trace;

pub use building::Graph;
pub use node::{Argument, Node};
pub use program::{Instruction, Program, ValueId};
pub use rules::Attributes;
pub use session::Session;
pub use static_shape::StaticShape;
pub use trace::Trace;
pub(crate) use trace::{TracedValue, record, record_in_place};
