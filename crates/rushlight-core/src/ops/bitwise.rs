//! Bits and truth: `bitwise_and` and its like, shifts, `logical_and` and its like. None has a derivative.

use super::elementwise::{self, Operand, Promote, compute_dtype};
use crate::dispatch::{Aliasing, Differentiability, Metas, Primitive, View, ViewMut, apply, apply_in_place};
use crate::dtype::DType;
use crate::error::Result;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Kernel, binary as kernels, unary as kernels_unary};

/// Which operation on bits.
pub struct Bits {
    node: &'static str,
    kernel_name: &'static str,
    kernel: &'static Kernel,
}

/// An operation on the bits of two integers.
#[derive(Clone)]
pub struct Bitwise {
    /// Which.
    pub bits: &'static Bits,
    /// The number in place of the second operand.
    pub scalar: Option<Scalar>,
}

impl Primitive for Bitwise {
    fn name(&self) -> &'static str {
        self.bits.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (dtype, bits) = (outputs[0].meta.dtype, self.bits);
        elementwise::run_kernel(
            bits.kernel_name,
            bits.kernel,
            dtype,
            inputs,
            self.scalar,
            &[],
            1.0,
            &mut outputs[0],
        )
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

/// `logical_and` and its like: the operands' truth (not zero), the result of `bool`.
#[derive(Clone)]
pub struct Logical {
    /// Which.
    pub bits: &'static Bits,
}

impl Primitive for Logical {
    fn name(&self) -> &'static str {
        self.bits.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Compare, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = compute_dtype(&[inputs[0].meta, inputs[1].meta], None, Promote::Common);
        let bits = self.bits;
        elementwise::run_kernel(bits.kernel_name, bits.kernel, dtype, inputs, None, &[], 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

/// Every bit inverted; of `bool`, its negation.
#[derive(Clone)]
pub struct BitwiseNot;

impl Primitive for BitwiseNot {
    fn name(&self) -> &'static str {
        "BitwiseNotBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, dtype) = (&kernels_unary::BITWISE_NOT, outputs[0].meta.dtype);
        elementwise::run_kernel("bitwise_not_cpu", kernel, dtype, inputs, None, &[], 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

/// Calls an operation on bits with a number first: PyTorch makes a tensor of it.
fn number_first(a: &Arguments<'_>, bits: &'static Bits) -> Result<Value> {
    let first = Tensor::wrapped_number(a.scalar(0)?)?;
    a.apply(Bitwise { bits, scalar: None }, &[&first, a.tensor(1)?])
}

fn pairs(s: &Sampler) -> Vec<Sample> {
    // Integers that are counts of bits too, whatever dtype the tests ask for.
    let integers = |t: Tensor| t.to_dtype(DType::I64).expect("every dtype can be converted to");
    s.pairs_in((0.0, 9.0), (0.0, 9.0), |x, y| vec![integers(x).into(), integers(y).into()])
}

macro_rules! bitwise {
    (
        $(
            $(#[doc = $doc:literal])*
            $kernel:ident, $method:ident, $in_place:ident, $name:literal, $node:literal, $kernel_name:literal;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(static $kernel: Bits = Bits { node: $node, kernel_name: $kernel_name, kernel: &kernels::$kernel };)*

        impl Tensor {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// For floating-point dtypes, and if the shapes do not broadcast.
                pub fn $method<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
                    match other.into() {
                        Operand::Ref(y) => apply(Bitwise { bits: &$kernel, scalar: None }, &[self, y]),
                        Operand::Owned(y) => apply(Bitwise { bits: &$kernel, scalar: None }, &[self, &y]),
                        Operand::Scalar(s) => apply(Bitwise { bits: &$kernel, scalar: Some(s) }, &[self]),
                    }
                }

                #[doc = concat!("[`Tensor::", stringify!($method), "`] written over this tensor.")]
                ///
                /// # Errors
                /// Those of the function and of in-place changes.
                pub fn $in_place<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
                    match other.into() {
                        Operand::Ref(y) => apply_in_place(Bitwise { bits: &$kernel, scalar: None }, &[self, y]),
                        Operand::Owned(y) => apply_in_place(Bitwise { bits: &$kernel, scalar: None }, &[self, &y]),
                        Operand::Scalar(s) => apply_in_place(Bitwise { bits: &$kernel, scalar: Some(s) }, &[self]),
                    }
                }
            )*
        }

        /// The rows of operations on bits.
        pub static BITWISE: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: Form::ALL,
                overloads: &[
                    Overload {
                        schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"),
                        call: |a| super::binary::call(a, |scalar| Bitwise { bits: &$kernel, scalar }),
                    },
                    Overload {
                        schema: concat!($name, "(Tensor self, Scalar other) -> Tensor"),
                        call: |a| super::binary::call(a, |scalar| Bitwise { bits: &$kernel, scalar }),
                    },
                    Overload {
                        schema: concat!($name, "(Scalar self, Tensor other) -> Tensor"),
                        call: |a| number_first(a, &$kernel),
                    },
                ],
                documentation: concat!($($doc, "\n",)* " Integers (and `bool`, but for shifts); shapes broadcast."),
                example: concat!(">>> ", $call, "\n", $shown),
                samples: pairs,
                differentiable: false,
                ..Entry::DEFAULT
            },)*
        ];
    };
}

bitwise! {
    /// The bits that both have.
    BITWISE_AND, bitwise_and, bitwise_and_, "bitwise_and", "BitwiseAndBackward0", "bitwise_and_cpu";
    >>> "torch.bitwise_and(torch.tensor([6, 5]), 3)", "tensor([2, 1])";

    /// The bits that either has.
    BITWISE_OR, bitwise_or, bitwise_or_, "bitwise_or", "BitwiseOrBackward0", "bitwise_or_cpu";
    >>> "torch.bitwise_or(torch.tensor([6, 5]), 3)", "tensor([7, 7])";

    /// The bits that exactly one has.
    BITWISE_XOR, bitwise_xor, bitwise_xor_, "bitwise_xor", "BitwiseXorBackward0", "bitwise_xor_cpu";
    >>> "torch.bitwise_xor(torch.tensor([6, 5]), 3)", "tensor([5, 6])";

    /// `self << other`; 0 where the shift is no count of bits of the dtype.
    SHL, bitwise_left_shift, bitwise_left_shift_, "bitwise_left_shift", "BitwiseLeftShiftBackward0", "lshift_cpu";
    >>> "torch.bitwise_left_shift(torch.tensor([6, 5]), 1)", "tensor([12, 10])";

    /// `self >> other`, which keeps the sign.
    SHR, bitwise_right_shift, bitwise_right_shift_, "bitwise_right_shift", "BitwiseRightShiftBackward0", "rshift_cpu";
    >>> "torch.bitwise_right_shift(torch.tensor([6, -5]), 1)", "tensor([ 3, -3])";
}

macro_rules! logical {
    (
        $(
            $(#[doc = $doc:literal])*
            $kernel:ident, $method:ident, $in_place:ident, $name:literal, $node:literal;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(
            static $kernel: Bits =
                Bits { node: $node, kernel_name: concat!($name, "_cpu"), kernel: &kernels::$kernel };
        )*

        impl Tensor {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// If the shapes do not broadcast.
                pub fn $method(&self, other: &Tensor) -> Result<Tensor> {
                    apply(Logical { bits: &$kernel }, &[self, other])
                }

                #[doc = concat!("[`Tensor::", stringify!($method), "`] written over this tensor, in its dtype.")]
                ///
                /// # Errors
                /// Those of the function and of in-place changes.
                pub fn $in_place(&self, other: &Tensor) -> Result<Tensor> {
                    apply_in_place(Logical { bits: &$kernel }, &[self, other])
                }
            )*
        }

        /// The rows of operations on truth.
        pub static LOGICAL: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: Form::ALL,
                overloads: &[Overload {
                    schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"),
                    call: |a| a.apply(Logical { bits: &$kernel }, &[a.tensor(0)?, a.tensor(1)?]),
                }],
                documentation: concat!($($doc, "\n",)* " The result is of `bool`; shapes broadcast."),
                example: concat!(">>> ", $call, "\n", $shown),
                samples: |s| s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
                differentiable: false,
                ..Entry::DEFAULT
            },)*
        ];
    };
}

logical! {
    /// Whether both differ from zero.
    LOGICAL_AND, logical_and, logical_and_, "logical_and", "LogicalAndBackward0";
    >>> "torch.logical_and(torch.tensor([0, 2]), torch.tensor([1, 1]))", "tensor([False,  True])";

    /// Whether either differs from zero.
    LOGICAL_OR, logical_or, logical_or_, "logical_or", "LogicalOrBackward0";
    >>> "torch.logical_or(torch.tensor([0, 2]), torch.tensor([0, 1]))", "tensor([False,  True])";

    /// Whether exactly one differs from zero.
    LOGICAL_XOR, logical_xor, logical_xor_, "logical_xor", "LogicalXorBackward0";
    >>> "torch.logical_xor(torch.tensor([0, 2]), torch.tensor([1, 1]))", "tensor([ True, False])";
}

impl Tensor {
    /// Every bit inverted; of `bool`, its negation.
    ///
    /// # Errors
    /// For floating-point dtypes.
    pub fn bitwise_not(&self) -> Result<Tensor> {
        apply(BitwiseNot, &[self])
    }

    /// [`Tensor::bitwise_not`] written over this tensor.
    ///
    /// # Errors
    /// For floating-point dtypes, and those of in-place changes.
    pub fn bitwise_not_(&self) -> Result<Tensor> {
        apply_in_place(BitwiseNot, &[self])
    }
}

/// The row of `bitwise_not`.
pub static NOT: &[Entry] = &[Entry {
    name: "bitwise_not",
    forms: Form::ALL,
    overloads: &[Overload {
        schema: "bitwise_not(Tensor self) -> Tensor",
        call: |a| a.apply(BitwiseNot, &[a.tensor(0)?]),
    }],
    documentation: "Every bit inverted; of `bool`, its negation. Integers and `bool` only.",
    example: ">>> torch.bitwise_not(torch.tensor([0, 5]))\ntensor([-1, -6])",
    samples: |s| {
        s.each_layout(|x| vec![x.to_dtype(DType::I64).expect("every dtype can be converted to").into()])
    },
    differentiable: false,
    ..Entry::DEFAULT
}];
