//! The operations, one file a family. Everything that makes an operation is in one block: documentation, shape and
//! dtype rule, computation, derivative in both modes, what it saves, and its registry row with samples.
//!
//! Regular families are rows of a table (`unary!`, `binary!`); irregular operations are plain `impl Primitive` blocks.
//! Operations that are compositions of others are plain functions. `registry.rs` lists the families; `docs/adding-an-op.md`
//! shows on one screen how to add one.

pub mod activation;
pub(crate) mod backward;
pub mod binary;
pub mod binary_losses;
pub mod bitwise;
pub mod bounds;
pub mod cells;
mod choose;
pub mod class_losses;
pub mod comparison;
pub mod copy;
pub mod create;
pub mod division;
pub mod elementwise;
pub mod extreme_places;
pub mod extremes;
pub mod gather;
pub mod index;
pub mod join;
pub mod linear;
pub mod logic;
pub mod losses;
pub mod mask;
pub mod matmul;
pub mod matmul_add;
pub mod moments;
pub mod norms;
pub mod pairs;
pub(crate) mod places;
pub mod power;
pub mod products;
pub mod random;
pub mod range;
pub mod rearrange;
pub mod reduce;
mod scalar_nodes;
pub mod select;
pub mod softmax;
pub mod sorting;
pub mod stacking;
pub mod strided;
pub mod ternary;
pub mod unary;
pub mod vectors;
pub mod view;

pub use elementwise::Operand;
