//! Functions of one tensor, element by element.
//!
//! A row of the table is: documentation; the function's names; PyTorch's node; the kernel; how dtypes promote; what the
//! rule reads (`x` the input, `y` the output); where samples are taken; and the derivative times `g`. Forward mode uses
//! the same rule, because an elementwise Jacobian is diagonal.

use super::elementwise::{self, Promote};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Differentiability, Gradients, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
    apply_in_place,
};
use crate::error::{Error, Result};
use crate::registry::{Entry, Form, Overload};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::unary as kernels;
use smallvec::smallvec;

/// What a rule reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    Nothing,
    X,
    Y,
}

macro_rules! unary {
    (
        $(
            $(#[doc = $doc:literal])*
            $type:ident, $method:ident, $in_place:ident, $name:literal, $node:literal, $kernel:expr, $promote:ident, cost $cost:literal,
            reads $reads:ident, range $low:literal .. $high:literal,
            $derivative:expr;
        )*
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone)]
            pub struct $type;

            impl Primitive for $type {
                fn name(&self) -> &'static str { $node }
                fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                    elementwise::infer(inputs, None, Promote::$promote, outputs)
                }
                fn like(&self, inputs: &[&Meta], _: &mut rushlight_kernels::Scalar) -> Option<Like> {
                    elementwise::like(inputs, None, Promote::$promote, Some(&$kernel))
                }
                fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                    run($name, &$kernel, Promote::$promote, $cost, inputs, outputs)
                }
                fn aliasing(&self) -> Aliasing { Aliasing::Elementwise }
                fn saves(&self, _: Needs) -> Saves {
                    match Reads::$reads {
                        Reads::Nothing => Saves::NONE,
                        Reads::X => Saves::NONE.input(0),
                        Reads::Y => Saves::NONE.output(0),
                    }
                }
                fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
                    let value = match Reads::$reads {
                        Reads::Nothing => None,
                        Reads::X => Some(context.input(0)?),
                        Reads::Y => Some(context.output(0)?),
                    };
                    let rule: fn(Option<&Tensor>, &Tensor) -> Result<Tensor> = rule!($reads, $derivative);
                    Ok(smallvec![Some(rule(value.as_ref(), g)?)])
                }
                fn jvp(&self, context: &ForwardContext<'_>, tangents: &[Option<Tensor>]) -> Result<Tensor> {
                    let value = match Reads::$reads {
                        Reads::Nothing => None,
                        Reads::X => Some(context.input(0)),
                        Reads::Y => Some(context.output(0)),
                    };
                    let rule: fn(Option<&Tensor>, &Tensor) -> Result<Tensor> = rule!($reads, $derivative);
                    rule(value, tangents[0].as_ref().ok_or_else(no_tangent)?)
                }
            }

            impl Tensor {
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// For dtypes that the function is not defined for.
                pub fn $method(&self) -> Result<Tensor> {
                    apply($type, &[self])
                }

                #[doc = concat!("[`Tensor::", stringify!($method), "`] written over this tensor.")]
                ///
                /// # Errors
                /// Those of the function and of in-place changes.
                pub fn $in_place(&self) -> Result<Tensor> {
                    apply_in_place($type, &[self])
                }
            }
        )*

        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: Form::ALL,
                overloads: &[Overload {
                    schema: concat!($name, "(Tensor self) -> Tensor"),
                    call: |a| a.apply($type, &[a.tensor(0)?]),
                }],
                documentation: concat!($($doc, "\n"),*),
                samples: |s| s.each_layout_in($low, $high, |x| vec![x.into()]),
                ..Entry::DEFAULT
            },)*
        ];
    };
}

/// Gives a rule the form `fn(value, g)`, whether it reads a value or not.
macro_rules! rule {
    (Nothing, $derivative:expr) => {
        |_, g| {
            let rule: fn(&Tensor) -> Result<Tensor> = $derivative;
            rule(g)
        }
    };
    ($reads:ident, $derivative:expr) => {
        |value, g| {
            let rule: fn(&Tensor, &Tensor) -> Result<Tensor> = $derivative;
            rule(value.ok_or_else(no_tangent)?, g)
        }
    };
}

#[cold]
fn no_tangent() -> Error {
    Error::runtime("a rule was called without the value that it reads")
}

fn run(
    name: &str,
    kernel: &rushlight_kernels::Kernel,
    promote: Promote,
    cost: f32,
    inputs: &[View<'_>],
    outputs: &mut [ViewMut<'_>],
) -> Result<()> {
    let dtype = elementwise::compute_dtype(&[inputs[0].meta], None, promote);
    elementwise::run_kernel(name, kernel, dtype, inputs, None, &[], cost, &mut outputs[0])
}

unary! {
    /// The negative of each element, `-x`.
    Neg, neg, neg_, "neg", "NegBackward0", kernels::NEG, Common, cost 1.0,
    reads Nothing, range -2.0 .. 2.0, |g| g.neg();

    /// The exponential of each element, `e^x`.
    Exp, exp, exp_, "exp", "ExpBackward0", kernels::EXP, Float, cost 10.0,
    reads Y, range -2.0 .. 2.0, |y, g| g.mul(y);

    /// The natural logarithm of each element; `-inf` at zero, `nan` below.
    Log, log, log_, "log", "LogBackward0", kernels::LOG, Float, cost 10.0,
    reads X, range 0.3 .. 3.0, |x, g| g.div(x);

    /// The square root of each element; `nan` below zero.
    Sqrt, sqrt, sqrt_, "sqrt", "SqrtBackward0", kernels::SQRT, Float, cost 4.0,
    reads Y, range 0.3 .. 3.0, |y, g| g.div(y.mul(2.0)?);

    /// The absolute value of each element; its derivative at zero is taken as zero.
    Abs, abs, abs_, "abs", "AbsBackward0", kernels::ABS, Common, cost 1.0,
    reads X, range 0.3 .. 2.0, |x, g| g.mul(x.sgn()?);
}

/// The sign of each element: -1, 0 or 1. Its derivative is zero.
#[derive(Clone)]
pub struct Sgn;

impl Primitive for Sgn {
    fn name(&self) -> &'static str {
        "SgnBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        run("sgn", &kernels::SIGN, Promote::Common, 1.0, inputs, outputs)
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::Differentiable
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.zeros_like()?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.output(0).zeros_like()
    }
}

impl Tensor {
    /// The sign of each element: -1, 0 or 1.
    ///
    /// # Errors
    /// For dtypes that the function is not defined for.
    pub fn sgn(&self) -> Result<Tensor> {
        apply(Sgn, &[self])
    }
}
