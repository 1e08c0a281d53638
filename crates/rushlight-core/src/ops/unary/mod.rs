//! Functions of one tensor, element by element.
//!
//! A row of a table is: documentation; the function's names; PyTorch's node; the kernel, PyTorch's name of it (which
//! errors cite) and its cost; how dtypes promote; where samples are taken; what the rule reads (`x` the input, `y` the
//! output) and the derivative times `g`; and a Python example. Forward mode uses the same rule, because an elementwise
//! Jacobian is diagonal. The rules are written in the order of operations that PyTorch's have, so that gradients of
//! gradients show the same nodes.

pub mod exponential;
pub mod other;
pub mod predicate;
pub mod rounding;
pub mod special;
pub mod trigonometric;

pub use exponential::{Exp, Exp2, Expm1, Log, Log1p, Log2, Log10, Reciprocal, Rsqrt, Sigmoid, Sqrt};
pub use other::{Polygamma, Round, Sgn};
pub use predicate::{Predicate, Question};
pub use rounding::{Abs, Ceil, Floor, Frac, Neg, Relu, Sign, Trunc};
pub use special::{Digamma, Erf, Erfc, Erfinv, Lgamma};
pub use trigonometric::{Acos, Acosh, Asin, Asinh, Atan, Atanh, Cos, Cosh, Sin, Sinh, Tan, Tanh};

use crate::error::Error;
use crate::registry::Form;

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
            $type:ident, $method:ident, $in_place:ident, $name:literal $(or $alias:literal)*,
            forms $forms:ident, $(special $special:literal,)?
            node $node:literal, kernel $kernel:ident $kernel_name:literal cost $cost:literal, dtype $promote:ident,
            $(refuses bool $refusal:literal,)?
            samples $low:literal .. $high:literal,
            reads $reads:ident, $derivative:expr;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone)]
            pub struct $type;

            impl Primitive for $type {
                fn name(&self) -> &'static str { $node }
                fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                    $(if inputs[0].dtype == crate::dtype::DType::Bool {
                        return Err(crate::error::Error::not_implemented($refusal));
                    })?
                    elementwise::infer(inputs, None, Promote::$promote, outputs)
                }
                fn like(&self, inputs: &[&Meta], _: &mut rushlight_kernels::Scalar) -> Option<Like> {
                    $(if inputs[0].dtype == crate::dtype::DType::Bool {
                        let _refused_by_infer = $refusal;
                        return None;
                    })?
                    elementwise::like(inputs, None, Promote::$promote, Some(&kernels::$kernel))
                }
                fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                    let dtype = outputs[0].meta.dtype;
                    elementwise::run_kernel($kernel_name, &kernels::$kernel, dtype, inputs, None, &[], $cost, &mut outputs[0])
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
                    rule(value, tangents[0].as_ref().ok_or_else(super::nothing_to_read)?)
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
            $(
                Entry {
                    name: $name,
                    forms: super::$forms,
                    overloads: &[Overload {
                        schema: concat!($name, "(Tensor self) -> Tensor"),
                        call: |a| a.apply($type, &[a.tensor(0)?]),
                    }],
                    documentation: concat!($($doc, "\n"),*),
                    example: concat!(">>> ", $call, "\n", $shown),
                    samples: |s| s.each_layout_in($low, $high, |x| vec![x.into()]),
                    ..Entry::DEFAULT
                },
                $(Entry {
                    name: $alias,
                    forms: Form::ALL,
                    overloads: &[Overload {
                        schema: concat!($alias, "(Tensor self) -> Tensor"),
                        call: |a| a.apply($type, &[a.tensor(0)?]),
                    }],
                    documentation: concat!("Another name of `", $name, "`."),
                    example: concat!(">>> ", $call, "\n", $shown),
                    samples: |s| s.each_layout_in($low, $high, |x| vec![x.into()]),
                    ..Entry::DEFAULT
                },)*
                $(Entry {
                    name: $special,
                    forms: Form::SPECIAL.and(Form::OUT),
                    overloads: &[Overload {
                        schema: concat!($special, "(Tensor self) -> Tensor"),
                        call: |a| a.apply($type, &[a.tensor(0)?]),
                    }],
                    documentation: concat!("Another name of `", $name, "`."),
                    example: concat!(">>> ", $call, "\n", $shown),
                    samples: |s| s.each_layout_in($low, $high, |x| vec![x.into()]),
                    ..Entry::DEFAULT
                },)?
            )*
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
            rule(value.ok_or_else(super::nothing_to_read)?, g)
        }
    };
}

use {rule, unary};

/// `torch.name`, also with `out=`, `tensor.name` and `tensor.name_`.
const ALL: Form = Form::ALL;
/// The same, and `torch.special.name`.
const WITH_SPECIAL: Form = Form::ALL.and(Form::SPECIAL);

#[cold]
fn nothing_to_read() -> Error {
    Error::runtime("a rule was called without the value that it reads")
}
