//! Reductions over any set of dimensions of an input of any strides.
//!
//! `drive` plans the walk and owns blocks, threads and 16-bit floats; a `reducer` is one operation on one dtype and only
//! sees contiguous blocks; `reducers` are the operations. Indices of extremes are in [`arg`].
//!
//! Note \[Order of a reduction\]: the result does not depend on the number of threads, nor on the level. A contiguous
//! run is cut into blocks of 1,024 elements; a block is accumulated in 32 lanes which are folded pairwise; blocks are
//! added in order. Where one output takes very many elements, the run is cut at multiples of 65,536 elements, whatever
//! the number of threads, and the parts are merged in order. Sums of `f32` and of 16-bit floats are accumulated in
//! `f64`, sums of integers in `i64`.

pub mod arg;
mod drive;
mod reducer;
mod reducers;

pub use drive::reduce;
pub use reducer::Reduction;
pub use reducers::{
    ALL, ANY, COUNT_NONZERO, LOGSUMEXP, MAX, MIN, NORM, NORM_1, NORM_2, NORM_INFINITY, PROD, SUM, VAR,
};

#[cfg(test)]
mod tests;
