//! Comparisons, and what is built of them.

use super::elementwise::{self, Operand, Promote, compute_dtype};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Attribute, Differentiability, Gradients, Metas, Primitive, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Kernel, compare as kernels};

/// Which comparison.
pub struct Relation {
    name: &'static str,
    sign: &'static str,
    /// The nodes of the in-place form with a number and with a tensor. Out of place, nothing is recorded.
    nodes: [&'static str; 2],
    kernel: &'static Kernel,
}

/// `x == y` and its like.
#[derive(Clone)]
pub struct Compare {
    /// Which comparison.
    pub relation: &'static Relation,
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
    /// Whether the result is written over `x`, in the dtype of `x`.
    pub in_place: bool,
}

impl Primitive for Compare {
    fn name(&self) -> &'static str {
        self.relation.nodes[usize::from(self.scalar.is_none())]
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Compare, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let first = inputs[0].meta;
        let dtype = match inputs {
            [_] => compute_dtype(&[first], self.scalar, Promote::Common),
            _ => compute_dtype(&[first, inputs[1].meta], self.scalar, Promote::Common),
        };
        let name = self.relation.name;
        elementwise::run_kernel(
            name,
            self.relation.kernel,
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
        if self.in_place { Differentiability::Differentiable } else { Differentiability::NotDifferentiable }
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        (0..context.edges()).map(|i| context.needs_input(i).then(|| g.zeros_like()).transpose()).collect()
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.output(0).zeros_like()
    }
    fn print(&self, inputs: &[String]) -> String {
        let second = self.scalar.map_or_else(|| inputs[1].clone(), |s| s.to_f64().to_string());
        format!("{} {} {second}", inputs[0], self.relation.sign)
    }
}

fn compare(a: &Arguments<'_>, relation: &'static Relation) -> Result<Value> {
    let in_place = a.is_in_place();
    super::binary::call(a, |scalar| Compare { relation, scalar, in_place })
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut all = s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]);
    let with_numbers = s.each_layout(|x| vec![x.into(), Scalar::Float(0.25).into()]);
    all.extend(with_numbers.into_iter().map(|sample| sample.overload(1)));
    all
}

macro_rules! compare {
    (
        $(
            $(#[doc = $doc:literal])*
            $kernel:ident, $method:ident, $in_place:ident, $name:literal $(or $alias:literal)?, $sign:literal,
            nodes $numbered:literal $node:literal;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(
            static $kernel: Relation = Relation {
                name: concat!($name, "_cpu"), sign: $sign, nodes: [$numbered, $node], kernel: &kernels::$kernel,
            };
        )*

        impl Tensor {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// If the shapes do not broadcast.
                pub fn $method<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
                    let relation = &$kernel;
                    match other.into() {
                        Operand::Ref(y) => apply(Compare { relation, scalar: None, in_place: false }, &[self, y]),
                        Operand::Owned(y) => apply(Compare { relation, scalar: None, in_place: false }, &[self, &y]),
                        Operand::Scalar(s) => apply(Compare { relation, scalar: Some(s), in_place: false }, &[self]),
                    }
                }

                #[doc = concat!("[`Tensor::", stringify!($method), "`] written over this tensor, in its dtype.")]
                ///
                /// # Errors
                /// If the shapes do not broadcast, and those of in-place changes.
                pub fn $in_place<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
                    let relation = &$kernel;
                    match other.into() {
                        Operand::Ref(y) => apply_in_place(Compare { relation, scalar: None, in_place: true }, &[self, y]),
                        Operand::Owned(y) => apply_in_place(Compare { relation, scalar: None, in_place: true }, &[self, &y]),
                        Operand::Scalar(s) => apply_in_place(Compare { relation, scalar: Some(s), in_place: true }, &[self]),
                    }
                }
            )*
        }

        /// The rows of comparisons.
        pub static COMPARISONS: &[Entry] = &[
            $(
                compare!(@row $kernel, $name, concat!($($doc, "\n",)* " The result is of `bool`; shapes broadcast."), $call, $shown),
                $(compare!(@row $kernel, $alias, concat!("Another name of `", $name, "`."), $call, $shown),)?
            )*
        ];
    };
    (@row $kernel:ident, $name:expr, $documentation:expr, $call:literal, $shown:literal) => {
        Entry {
            name: $name,
            forms: Form::ALL,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"),
                    call: |a| compare(a, &$kernel),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, Scalar other) -> Tensor"),
                    call: |a| compare(a, &$kernel),
                },
            ],
            documentation: $documentation,
            example: concat!(">>> ", $call, "\n", $shown),
            samples,
            differentiable: false,
            ..Entry::DEFAULT
        }
    };
}

compare! {
    /// Whether the elements are equal.
    EQ, eq, eq_, "eq", "==", nodes "EqBackward0" "EqBackward1";
    >>> "torch.eq(torch.tensor([1, 2]), torch.tensor([1, 3]))", "tensor([ True, False])";

    /// Whether the elements differ.
    NE, ne, ne_, "ne" or "not_equal", "!=", nodes "NeBackward0" "NeBackward1";
    >>> "torch.ne(torch.tensor([1, 2]), torch.tensor([1, 3]))", "tensor([False,  True])";

    /// Whether the elements are less than the other's.
    LT, lt, lt_, "lt" or "less", "<", nodes "LtBackward0" "LtBackward1";
    >>> "torch.lt(torch.tensor([1, 2]), 2)", "tensor([ True, False])";

    /// Whether the elements are less than the other's, or equal.
    LE, le, le_, "le" or "less_equal", "<=", nodes "LeBackward0" "LeBackward1";
    >>> "torch.le(torch.tensor([1, 2]), 1)", "tensor([ True, False])";

    /// Whether the elements are greater than the other's.
    GT, gt, gt_, "gt" or "greater", ">", nodes "GtBackward0" "GtBackward1";
    >>> "torch.gt(torch.tensor([1, 2]), 1)", "tensor([False,  True])";

    /// Whether the elements are greater than the other's, or equal.
    GE, ge, ge_, "ge" or "greater_equal", ">=", nodes "GeBackward0" "GeBackward1";
    >>> "torch.ge(torch.tensor([1, 2]), 2)", "tensor([False,  True])";
}

impl Tensor {
    /// Whether two tensors have the same shape and the same elements (NaN is equal to nothing).
    ///
    /// # Errors
    /// If a tensor has no data to compare (it is traced or batched).
    pub fn equal(&self, other: &Tensor) -> Result<bool> {
        if self.shape() != other.shape() {
            return Ok(false);
        }
        Ok(self.eq(other)?.to_vec::<bool>()?.into_iter().all(|same| same))
    }

    /// Whether the elements differ by at most `atol + rtol * |other|`; with `equal_nan`, NaN is close to NaN.
    ///
    /// # Errors
    /// If the dtypes differ, the shapes do not broadcast, or a tolerance is negative.
    pub fn isclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<Tensor> {
        if self.dtype() != other.dtype() {
            bail!(Runtime, "{} did not match {}", self.dtype().scalar_name(), other.dtype().scalar_name());
        }
        for (name, tolerance) in [("rtol", rtol), ("atol", atol)] {
            // A NaN passes, as in PyTorch.
            if tolerance < 0.0 {
                bail!(Runtime, "{name} must be greater than or equal to zero, but got {tolerance}");
            }
        }
        let (x, y) = (self.detach()?, other.detach()?);
        let mut close = x.eq(&y)?;
        if equal_nan && x.dtype().is_floating_point() {
            close = close.logical_or(&x.ne(&x)?.logical_and(&y.ne(&y)?)?)?;
        }
        if rtol == 0.0 && atol == 0.0 {
            return Ok(close);
        }
        // Differences of integers and bools are taken as floating-point numbers, which neither wrap nor are refused.
        let wide = |t: &Tensor| if t.dtype() == DType::Bool { t.to_dtype(DType::F32) } else { Ok(t.clone()) };
        let (x, y) = (wide(&x)?, wide(&y)?);
        let allowed = y.mul(rtol)?.abs()?.add(atol)?;
        let actual = x.sub(&y)?.abs()?;
        close.logical_or(&actual.isfinite()?.logical_and(&actual.le(&allowed)?)?)
    }

    /// Whether all elements are close ([`Tensor::isclose`]).
    ///
    /// # Errors
    /// Those of `isclose`.
    pub fn allclose(&self, other: &Tensor, rtol: f64, atol: f64, equal_nan: bool) -> Result<bool> {
        Ok(self.isclose(other, rtol, atol, equal_nan)?.to_vec::<bool>()?.into_iter().all(|close| close))
    }
}

/// The rows of what is built of comparisons.
pub static CLOSENESS: &[Entry] = &[
    Entry {
        name: "equal",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "equal(Tensor self, Tensor other) -> bool",
            call: |a| Ok(a.tensor(0)?.equal(a.tensor(1)?)?.into()),
        }],
        documentation: "Whether two tensors have the same shape and the same elements. NaN is equal to nothing.",
        example: ">>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))\nTrue",
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "isclose",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "isclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> Tensor",
            call: |a| Ok(a.tensor(0)?.isclose(a.tensor(1)?, a.float(2)?, a.float(3)?, a.bool(4)?)?.into()),
        }],
        documentation: "Whether the elements differ by at most `atol + rtol * |other|`. The dtypes must be the same.",
        example: ">>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1. + 1e-7, 2.1]))\ntensor([ True, False])",
        samples: |s| {
            s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| {
                vec![x.into(), y.into(), Value::Float(0.1), Value::Float(0.1), Value::Bool(false)]
            })
        },
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "allclose",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "allclose(Tensor self, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False) -> bool",
            call: |a| Ok(a.tensor(0)?.allclose(a.tensor(1)?, a.float(2)?, a.float(3)?, a.bool(4)?)?.into()),
        }],
        documentation: "Whether all elements differ by at most `atol + rtol * |other|`. The dtypes must be the same.",
        example: ">>> torch.allclose(torch.tensor([1., 2.]), torch.tensor([1. + 1e-7, 2.]))\nTrue",
        differentiable: false,
        ..Entry::DEFAULT
    },
];
