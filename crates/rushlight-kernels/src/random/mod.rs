//! Random numbers, the same bits as PyTorch's CPU generator.
//!
//! [`Generator`] is MT19937 with PyTorch's ways of drawing from it (`fill` draws whole arrays, `box_muller` has the
//! arithmetic of `randn`). Which output goes into which element is part of the promise, so nothing here is parallel.

mod box_muller;
mod fill;
mod mersenne;

pub use mersenne::{Generator, State};

#[cfg(test)]
mod tests;
