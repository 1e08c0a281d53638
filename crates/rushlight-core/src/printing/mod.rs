//! Text of tensors and numbers, character for character PyTorch's.
//!
//! A program that prints tensors is compared with PyTorch by its output, so printing is part of the promise
//! "exact". This folder holds the whole algorithm and knows no `Tensor`: elements come through [`Source`], what
//! is said besides the elements (class, dtype, `grad_fn`, …) through [`Description`]. Tensors, gradients of
//! tensors and the binding share it, and it is tested against recorded PyTorch output without any of them.
//!
//! - `options`: [`PrintOptions`] and the setting of the process (`torch.set_printoptions`).
//! - `number`: numbers as Python and C++ write them ([`repr_f64`], [`format_fixed`], …), for `item()`, error
//!   messages and the elements of tensors.
//! - `cells`: from the elements that will be seen to their texts and their common width.
//! - `tensor`: brackets, line breaks, elision, and the suffixes after the elements.
//! - `wrapper`: what PyTorch writes around a value inside `vmap` and the functional transforms.
//!
//! The algorithm's facts (widths, the rule for scientific notation, where lines break) are those of PyTorch 2.15,
//! `torch/_tensor_str.py`; the odd ones are kept on purpose and marked "as PyTorch".

mod cells;
mod number;
mod options;
mod tensor;
mod wrapper;

pub use number::{format_exponent, format_fixed, format_general, repr_bool, repr_f64, repr_tuple};
pub use options::{PrintOptions, Profile, print_options, set_print_options, with_print_options};
pub use tensor::{
    Class, Description, Gradient, Source, Value, format_meta_tensor, format_tensor, format_tensor_with,
};
pub use wrapper::{format_batched, format_gradient_tracking};
