//! Quotients and remainders.
//!
//! PyTorch has no derivative for `floor_divide`, nor for the remainder of a number by a tensor: results need a gradient
//! all the same, and going back through them raises.

use super::binary::{call, rows, samples, second, with_operand};
use super::elementwise::{self, Diagonal, Operand, Promote, Values, diagonal, kernel_scalar};
use crate::autograd::Edge;
use crate::dispatch::{
    Attribute, Edges, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{binary as kernels, reduce};

/// `x / y`, exact for integers too: they become floating-point numbers.
#[derive(Clone)]
pub struct Div {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
}

/// The derivative of an exact quotient.
fn quotient_rule(i: usize, values: &dyn Values, scalar: Option<Scalar>, g: &Tensor) -> Result<Tensor> {
    if let Some(scalar) = scalar {
        return g.div(scalar);
    }
    let y = values.input(1)?;
    if i == 0 { g.div(&y) } else { g.neg()?.mul(values.input(0)?.div(&y)?.div(&y)?) }
}

/// The saved operands, by PyTorch's names; a number is shown as a tensor.
fn operands(scalar: Option<Scalar>) -> Vec<(&'static str, Attribute)> {
    let other = match scalar {
        Some(s) => Attribute::Value(Tensor::wrapped_number(s).map_or(Value::None, Value::from)),
        None => Attribute::Input(1),
    };
    vec![("other", other), ("self", Attribute::Input(0))]
}

impl Diagonal for Div {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        quotient_rule(i, values, self.scalar, g)
    }
}

impl Primitive for Div {
    fn name(&self) -> &'static str {
        "DivBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Float, outputs)
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        let kernel = match self.scalar {
            None => &kernels::DIV,
            Some(s) => {
                *context = kernel_scalar(s);
                &kernels::DIV_SCALAR
            }
        };
        elementwise::like(inputs, self.scalar, Promote::Float, Some(kernel))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, number) = (&kernels::DIV, &kernels::DIV_SCALAR);
        elementwise::run_binary("div_true_cpu", kernel, number, inputs, self.scalar, 2.0, &mut outputs[0])
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(self.scalar.is_none(), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        operands(self.scalar)
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} / {}", inputs[0], second(inputs, self.scalar))
    }
    diagonal!();
}

/// How a quotient is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Not at all.
    Exact,
    /// Towards zero.
    Trunc,
    /// Towards minus infinity.
    Floor,
}

/// `x / y`, rounded.
#[derive(Clone)]
pub struct DivRounded {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
    /// How it is rounded.
    pub rounding: Rounding,
}

impl Diagonal for DivRounded {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        match self.rounding {
            Rounding::Exact => quotient_rule(i, values, self.scalar, g),
            _ => g.zeros_like(),
        }
    }
}

impl Primitive for DivRounded {
    fn name(&self) -> &'static str {
        "DivBackward2"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let promote = if self.rounding == Rounding::Exact { Promote::Float } else { Promote::Common };
        elementwise::infer(inputs, self.scalar, promote, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        divide(self.rounding, inputs, self.scalar, &mut outputs[0])
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(self.scalar.is_none(), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = operands(self.scalar);
        let mode = match self.rounding {
            Rounding::Exact => Value::None,
            Rounding::Trunc => Value::Text("trunc".into()),
            Rounding::Floor => Value::Text("floor".into()),
        };
        attributes.push(("rounding_mode", Attribute::Value(mode)));
        attributes
    }
    diagonal!();
}

fn divide(
    rounding: Rounding,
    inputs: &[View<'_>],
    scalar: Option<Scalar>,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let (name, kernel) = match rounding {
        Rounding::Exact => ("div_true_cpu", &kernels::DIV),
        Rounding::Trunc => ("div_trunc_cpu", &kernels::DIV_TRUNC),
        Rounding::Floor => ("div_floor_cpu", &kernels::DIV_FLOOR),
    };
    run_integer(name, kernel, inputs, scalar, 4.0, output)
}

/// Runs a kernel that must not be given an integer zero as its divisor.
fn run_integer(
    name: &str,
    kernel: &rushlight_kernels::Kernel,
    inputs: &[View<'_>],
    scalar: Option<Scalar>,
    cost: f32,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let dtype = output.meta.dtype;
    if !dtype.is_floating_point() && kernel.row(dtype).is_some() && output.meta.elements() > 0 {
        let divides_by_zero = match scalar {
            // A number wraps in the dtype before it divides.
            Some(s) => Tensor::full(&[], s, dtype)?.item()?.to_i64() == 0,
            None => has_zero(&inputs[1])?,
        };
        if divides_by_zero {
            return Err(Error::runtime("ZeroDivisionError"));
        }
    }
    elementwise::run_kernel(name, kernel, dtype, inputs, scalar, &[], cost, output)
}

/// Whether an element is zero.
fn has_zero(view: &View<'_>) -> Result<bool> {
    let meta = Meta::contiguous(&[], crate::dtype::DType::Bool);
    let storage = Storage::allocate(1)?;
    let reduced: super::reduce::Reduced = std::iter::repeat_n(true, view.shape().len()).collect();
    let mut all = ViewMut { pointer: storage.pointer(), meta: &meta };
    super::reduce::run_reduction("all", &reduce::ALL, view.meta.dtype, &reduced, 0.0, view, &mut all)?;
    let result = Tensor::from_parts(meta, storage);
    Ok(!result.item()?.to_bool())
}

/// The remainder, with the sign of the divisor (as Python's `%`) or of the dividend (as C's `fmod`).
#[derive(Clone)]
pub struct Remainder {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
    /// Whether the sign is the divisor's.
    pub floored: bool,
}

impl Diagonal for Remainder {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if i == 0 {
            return Ok(g.clone());
        }
        let rounding = if self.floored { Rounding::Floor } else { Rounding::Trunc };
        let quotient = apply(DivRounded { scalar: None, rounding }, &[&values.input(0)?, &values.input(1)?])?;
        g.neg()?.mul(quotient)
    }
}

impl Primitive for Remainder {
    fn name(&self) -> &'static str {
        match (self.floored, self.scalar.is_some()) {
            (true, true) => "RemainderBackward0",
            (true, false) => "RemainderBackward1",
            (false, true) => "FmodBackward0",
            (false, false) => "FmodBackward1",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, kernel) =
            if self.floored { ("remainder_cpu", &kernels::REMAINDER) } else { ("fmod_cpu", &kernels::FMOD) };
        run_integer(name, kernel, inputs, self.scalar, 6.0, &mut outputs[0])
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(1), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        if self.scalar.is_some() { Vec::new() } else { operands(None) }
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} % {}", inputs[0], second(inputs, self.scalar))
    }
    diagonal!();
}

/// An operation that PyTorch records without a derivative.
#[derive(Clone)]
pub struct WithoutDerivative<P> {
    operation: P,
    name: &'static str,
}

impl<P: Primitive + Clone> Diagonal for WithoutDerivative<P> {
    fn rule(&self, _: usize, _: &dyn Values, _: &Tensor) -> Result<Tensor> {
        bail!(Runtime, "derivative for aten::{} is not implemented", self.name)
    }
}

impl<P: Primitive + Clone> Primitive for WithoutDerivative<P> {
    fn name(&self) -> &'static str {
        "NotImplemented"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        self.operation.infer(inputs, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        self.operation.forward(inputs, outputs)
    }
    fn arrange_edges(&self, edges: &mut Edges) {
        edges.retain(|edge| !matches!(edge, Edge::None));
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{}({})", self.name, inputs.join(", "))
    }
    diagonal!();
}

fn floored(scalar: Option<Scalar>, name: &'static str) -> WithoutDerivative<DivRounded> {
    WithoutDerivative { operation: DivRounded { scalar, rounding: Rounding::Floor }, name }
}

impl Tensor {
    /// `self / other`, with broadcasting; integers become floating-point numbers.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn div<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Div { scalar })
    }

    /// `self / other` rounded towards zero or minus infinity; integers stay integers. Its derivative is zero.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for an integer division by zero.
    pub fn div_rounded<'a>(&self, other: impl Into<Operand<'a>>, rounding: Rounding) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| DivRounded { scalar, rounding })
    }

    /// `self / other` rounded towards minus infinity, as Python's `//`. It has no derivative.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for an integer division by zero.
    pub fn floor_divide<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| floored(scalar, "floor_divide"))
    }

    /// The remainder with the sign of the divisor, as Python's `%`.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for an integer division by zero.
    pub fn remainder<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Remainder { scalar, floored: true })
    }

    /// The remainder with the sign of the dividend, as C's `fmod`.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for an integer division by zero.
    pub fn fmod<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Remainder { scalar, floored: false })
    }

    /// [`Tensor::div`] written over this tensor.
    ///
    /// # Errors
    /// Those of `div` and of in-place changes.
    pub fn div_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Div { scalar })
    }
}

fn div(a: &Arguments<'_>) -> Result<Value> {
    call(a, |scalar| Div { scalar })
}

fn div_mode(a: &Arguments<'_>) -> Result<Value> {
    let rounding = match a.optional_text(2)? {
        None => Rounding::Exact,
        Some("trunc") => Rounding::Trunc,
        Some("floor") => Rounding::Floor,
        Some(other) => bail!(
            Runtime,
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{other}'"
        ),
    };
    call(a, |scalar| DivRounded { scalar, rounding })
}

fn floor_divide(a: &Arguments<'_>) -> Result<Value> {
    let name = if a.is_in_place() { "floor_divide_" } else { "floor_divide" };
    call(a, |scalar| floored(scalar, name))
}

fn remainder(a: &Arguments<'_>) -> Result<Value> {
    call(a, |scalar| Remainder { scalar, floored: true })
}

fn fmod(a: &Arguments<'_>) -> Result<Value> {
    call(a, |scalar| Remainder { scalar, floored: false })
}

/// The remainder of a number by a tensor, which PyTorch records without a derivative.
fn number_remainder(a: &Arguments<'_>) -> Result<Value> {
    let operation = Remainder { scalar: None, floored: true };
    let number = Tensor::wrapped_number(a.scalar(0)?)?;
    a.apply(WithoutDerivative { operation, name: "remainder" }, &[&number, a.tensor(1)?])
}

fn quotients(s: &Sampler) -> Vec<Sample> {
    samples(s, (0.5, 2.0), None)
}

/// Quotients away from integers, where the rounded ones jump.
fn remainders(s: &Sampler) -> Vec<Sample> {
    let mut all = s.pairs_in((2.1, 2.4), (0.8, 0.9), |x, y| vec![x.into(), y.into()]);
    let numbers = s.each_layout_in(2.1, 2.9, |x| vec![x.into(), Scalar::Float(1.0).into()]);
    all.extend(numbers.into_iter().map(|sample| sample.overload(1)));
    all
}

/// Samples of the overloads with `rounding_mode`, beside those of the plain ones.
fn with_modes(s: &Sampler) -> Vec<Sample> {
    let mut all = quotients(s);
    for mode in ["trunc", "floor"] {
        let text = Value::Text(mode.into());
        let pairs = s.pairs_in((2.1, 2.4), (0.8, 0.9), |x, y| vec![x.into(), y.into(), text.clone()]);
        all.extend(pairs.into_iter().map(|sample| sample.overload(2)));
    }
    all
}

macro_rules! division_row {
    ($name:literal, $lead:literal, $example:literal) => {
        Entry {
            name: $name,
            forms: Form::ALL,
            overloads: &[
                Overload { schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"), call: div },
                Overload { schema: concat!($name, "(Tensor self, Scalar other) -> Tensor"), call: div },
                Overload {
                    schema: concat!($name, "(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor"),
                    call: div_mode,
                },
                Overload {
                    schema: concat!($name, "(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor"),
                    call: div_mode,
                },
            ],
            documentation: concat!(
                $lead,
                "`self / other`, with broadcasting; integers become floating-point numbers, but for `rounding_mode` 'trunc' (towards zero) and 'floor' (towards minus infinity)."
            ),
            example: $example,
            samples: with_modes,
            ..Entry::DEFAULT
        }
    };
}

const NO_DERIVATIVE: &str = "PyTorch has none, and raises when one is asked for";

/// The rows of `div`.
pub static DIVISION: &[Entry] = &[
    division_row!(
        "div",
        "",
        ">>> torch.div(torch.tensor([5, -5]), 2, rounding_mode='floor')\ntensor([ 2, -3])"
    ),
    division_row!(
        "divide",
        "Another name of `div`. ",
        ">>> torch.divide(torch.tensor([5., 3.]), 2)\ntensor([2.5000, 1.5000])"
    ),
    Entry {
        name: "floor_divide",
        forms: Form::ALL,
        overloads: &[
            Overload { schema: "floor_divide(Tensor self, Tensor other) -> Tensor", call: floor_divide },
            Overload { schema: "floor_divide(Tensor self, Scalar other) -> Tensor", call: floor_divide },
        ],
        documentation: "`self / other` rounded towards minus infinity, as Python's `//`. It has no derivative. Integers that are divided by zero raise `RuntimeError: ZeroDivisionError`.",
        example: ">>> torch.floor_divide(torch.tensor([5, -5]), 2)\ntensor([ 2, -3])",
        samples: remainders,
        exempt: &[
            ("first derivative", NO_DERIVATIVE),
            ("second derivative", NO_DERIVATIVE),
            ("forward mode", NO_DERIVATIVE),
            ("forward over reverse", NO_DERIVATIVE),
            ("in place", NO_DERIVATIVE),
            ("changed input", NO_DERIVATIVE),
        ],
        ..Entry::DEFAULT
    },
    Entry {
        name: "remainder",
        forms: Form::ALL,
        overloads: &[
            Overload { schema: "remainder(Tensor self, Tensor other) -> Tensor", call: remainder },
            Overload { schema: "remainder(Tensor self, Scalar other) -> Tensor", call: remainder },
            Overload { schema: "remainder(Scalar self, Tensor other) -> Tensor", call: number_remainder },
        ],
        documentation: "The remainder with the sign of the divisor, as Python's `%`. Integers that are divided by zero raise `RuntimeError: ZeroDivisionError`.",
        example: ">>> torch.remainder(torch.tensor([5, -5]), 3)\ntensor([2, 1])",
        samples: remainders,
        ..Entry::DEFAULT
    },
];

rows! {
    "true_divide", Form::ALL, "", div, quotients,
    "`self / other`, with broadcasting; integers become floating-point numbers.",
    ">>> torch.true_divide(torch.tensor([5, 3]), 2)\ntensor([2.5000, 1.5000])";

    "fmod", Form::ALL, "", fmod, remainders,
    "The remainder with the sign of the dividend, as C's `fmod`. Integers that are divided by zero raise `RuntimeError: ZeroDivisionError`.",
    ">>> torch.fmod(torch.tensor([5, -5]), 3)\ntensor([ 2, -2])";
}
