//! Questions about single elements: the results are of `bool`, without a derivative.

use super::super::elementwise::{self, Promote};
use crate::dispatch::{Aliasing, Differentiability, Metas, Primitive, View, ViewMut, apply, apply_in_place};
use crate::error::Result;
use crate::registry::{Entry, Form, Overload};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Kernel, unary as kernels};

/// Which question.
pub struct Question {
    kernel_name: &'static str,
    node: &'static str,
    kernel: &'static Kernel,
    /// The answer for every integer, where the question is about floating-point numbers.
    integers: Option<bool>,
}

/// A question about each element.
#[derive(Clone)]
pub struct Predicate(pub &'static Question);

impl Primitive for Predicate {
    fn name(&self) -> &'static str {
        self.0.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Compare, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = inputs[0].meta.dtype;
        match self.0.integers {
            Some(answer) if !dtype.is_floating_point() => {
                elementwise::fill(&mut outputs[0], Scalar::Bool(answer))
            }
            _ => elementwise::run_kernel(
                self.0.kernel_name,
                self.0.kernel,
                dtype,
                inputs,
                None,
                &[],
                1.0,
                &mut outputs[0],
            ),
        }
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

macro_rules! predicate {
    (
        $(
            $(#[doc = $doc:literal])*
            $kernel:ident, $method:ident, $name:literal, $node:literal, integers $integers:expr, forms $forms:expr;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(
            static $kernel: Question = Question {
                kernel_name: concat!($name, "_cpu"), node: $node, kernel: &kernels::$kernel, integers: $integers,
            };
        )*

        impl Tensor {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// None for dense tensors.
                pub fn $method(&self) -> Result<Tensor> {
                    apply(Predicate(&$kernel), &[self])
                }
            )*
        }

        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: $forms,
                overloads: &[Overload {
                    schema: concat!($name, "(Tensor self) -> Tensor"),
                    call: |a| a.apply(Predicate(&$kernel), &[a.tensor(0)?]),
                }],
                documentation: concat!($($doc, "\n",)* " The result is of `bool`."),
                example: concat!(">>> ", $call, "\n", $shown),
                samples: |s| s.each_layout(|x| vec![x.into()]),
                differentiable: false,
                ..Entry::DEFAULT
            },)*
        ];
    };
}

predicate! {
    /// Whether each element is NaN.
    ISNAN, isnan, "isnan", "IsnanBackward0", integers Some(false), forms Form::FUNCTION_AND_METHOD;
    >>> "torch.isnan(torch.tensor([1., float('nan')]))", "tensor([False,  True])";

    /// Whether each element is infinite, of either sign.
    ISINF, isinf, "isinf", "IsinfBackward0", integers Some(false), forms Form::FUNCTION_AND_METHOD;
    >>> "torch.isinf(torch.tensor([1., float('-inf')]))", "tensor([False,  True])";

    /// Whether each element is neither infinite nor NaN.
    ISFINITE, isfinite, "isfinite", "IsfiniteBackward0", integers Some(true), forms Form::FUNCTION_AND_METHOD;
    >>> "torch.isfinite(torch.tensor([1., float('inf')]))", "tensor([ True, False])";

    /// Whether the sign bit of each element is set: of -0.0 too.
    SIGNBIT, signbit, "signbit", "SignbitBackward0", integers None, forms Form::FUNCTION_AND_METHOD.and(Form::OUT);
    >>> "torch.signbit(torch.tensor([1., -0.]))", "tensor([False,  True])";

    /// Whether each element is zero.
    LOGICAL_NOT, logical_not, "logical_not", "LogicalNotBackward0", integers None, forms Form::ALL;
    >>> "torch.logical_not(torch.tensor([0, 2]))", "tensor([ True, False])";
}

impl Tensor {
    /// [`Tensor::logical_not`] written over this tensor, in its dtype.
    ///
    /// # Errors
    /// Those of in-place changes.
    pub fn logical_not_(&self) -> Result<Tensor> {
        apply_in_place(Predicate(&LOGICAL_NOT), &[self])
    }
}
