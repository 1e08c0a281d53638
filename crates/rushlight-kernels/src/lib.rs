//! Rushlight's kernels: numbers in, numbers out.
//!
//! This crate knows no tensor and no gradient. Callers pass raw pointers with shapes and strides (in elements), and
//! have checked dtypes, bounds and overlap; nearly all of the project's `unsafe` code lives here. What lives where:
//!
//! - [`dtype`]: element types and dispatch; [`level`]: the instruction set in use; [`alloc`]: memory; [`pool`]: threads;
//! - [`row`]: what a row kernel is and how one is made; [`loops`]: the one strided loop that calls row kernels;
//! - [`reduce`], [`gemm`]: reductions and matrix products;
//! - [`index`], [`lines`], [`sort`]: gather and scatter, softmax and running totals, sorting;
//! - [`loss`], [`optim`]: losses, and steps of optimizers;
//! - [`random`]: PyTorch's random streams;
//! - [`unary`], [`binary`], [`compare`], [`ternary`], [`copy`]: tables of row kernels, one `static` for each operation.
//!
//! A row kernel is instantiated per operation and dtype; everything around it (strides, broadcasting, blocks of 16-bit
//! floats, threads) is shared code, because compile time is part of the design. See Note [Same bits at every level].

#![expect(clippy::cast_ptr_alignment, reason = "erased pointers point to elements of the dtype at hand")]
#![expect(clippy::needless_bitwise_bool, reason = "loops over branch-free conditions vectorise")]
#![expect(clippy::needless_range_loop, reason = "an index runs over several arrays of operands at once")]

pub mod alloc;
pub mod binary;
pub mod compare;
pub mod copy;
pub mod dtype;
pub mod gemm;
pub mod index;
pub mod level;
pub mod lines;
pub mod loops;
pub mod loss;
mod map;
mod math;
pub mod optim;
pub mod pool;
pub mod random;
pub mod reduce;
pub mod row;
pub mod sort;
pub mod ternary;
pub mod unary;

pub use dtype::{DType, Element};
pub use half::{bf16, f16};
pub use loops::{Operand, for_each};
pub use row::{Kernel, Row, Scalar};
