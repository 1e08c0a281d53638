//! The larger or smaller of two elements, and bounds: `maximum`, `fmax`, `clamp`.
//!
//! Where operands tie, each gets half of the gradient; at a numeric bound of `clamp` the gradient is zero (PyTorch 2.15).

use super::elementwise::{self, Diagonal, Operand, Promote, Values, c_name, compute_dtype, diagonal};
use crate::autograd::Edge;
use crate::dispatch::{
    Attribute, Edges, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::{DType, DTypeNames, can_cast};
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Kernel, Scalar as Number, binary as kernels, ternary};

/// `g`, halved where the condition holds.
fn halved(condition: &Tensor, g: &Tensor) -> Result<Tensor> {
    Tensor::where_(condition, g.div(2)?, g)
}

/// Which of two elements is taken.
pub struct Choice {
    node: &'static str,
    kernel_name: &'static str,
    kernel: &'static Kernel,
    /// Whether the larger one is taken.
    larger: bool,
    /// Whether a NaN loses to a number.
    skips_nan: bool,
}

/// The larger or the smaller of two elements.
#[derive(Clone)]
pub struct Extremum(pub &'static Choice);

impl Diagonal for Extremum {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let (x, y) = (values.input(0)?, values.input(1)?);
        let g = halved(&x.eq(&y)?, g)?;
        if self.0.skips_nan {
            // The first is taken unless it lost; a NaN loses.
            let first = if self.0.larger { x.ge(&y)? } else { x.le(&y)? }.logical_or(&y.isnan()?)?;
            return if i == 0 {
                g.masked_fill(&first.logical_not()?, 0)
            } else {
                g.masked_fill(&first.logical_and(&x.ne(&y)?)?, 0)
            };
        }
        let lost = if (i == 0) == self.0.larger { x.lt(&y)? } else { x.gt(&y)? };
        g.masked_fill(&lost, 0)
    }
}

impl Primitive for Extremum {
    fn name(&self) -> &'static str {
        self.0.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel(
            self.0.kernel_name,
            self.0.kernel,
            dtype,
            inputs,
            None,
            &[],
            1.0,
            &mut outputs[0],
        )
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    diagonal!();
}

macro_rules! extrema {
    (
        $(
            $(#[doc = $doc:literal])*
            $kernel:ident, $method:ident, $name:literal, $node:literal, larger $larger:literal, skips nan $skips:literal;
            >>> $call:literal, $shown:literal;
        )*
    ) => {
        $(
            static $kernel: Choice = Choice {
                node: $node,
                kernel_name: concat!($name, "_cpu"),
                kernel: &kernels::$kernel,
                larger: $larger,
                skips_nan: $skips,
            };
        )*

        impl Tensor {
            $(
                $(#[doc = $doc])*
                ///
                /// # Errors
                /// If the shapes do not broadcast.
                pub fn $method(&self, other: &Tensor) -> Result<Tensor> {
                    apply(Extremum(&$kernel), &[self, other])
                }
            )*
        }

        /// The rows of `maximum` and its like.
        pub static EXTREMA: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
                overloads: &[Overload {
                    schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"),
                    call: |a| a.apply(Extremum(&$kernel), &[a.tensor(0)?, a.tensor(1)?]),
                }],
                documentation: concat!($($doc, "\n",)* " Shapes broadcast; equal elements get half of the gradient each."),
                example: concat!(">>> ", $call, "\n", $shown),
                samples: |s| s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
                ..Entry::DEFAULT
            },)*
        ];
    };
}

extrema! {
    /// The larger of the elements; a NaN in either gives NaN.
    MAXIMUM, maximum, "maximum", "MaximumBackward0", larger true, skips nan false;
    >>> "torch.maximum(torch.tensor([1, 5]), torch.tensor([3, 2]))", "tensor([3, 5])";

    /// The smaller of the elements; a NaN in either gives NaN.
    MINIMUM, minimum, "minimum", "MinimumBackward0", larger false, skips nan false;
    >>> "torch.minimum(torch.tensor([1, 5]), torch.tensor([3, 2]))", "tensor([1, 2])";

    /// The larger of the elements; a NaN loses to a number.
    FMAX, fmax, "fmax", "FmaxBackward0", larger true, skips nan true;
    >>> "torch.fmax(torch.tensor([1., float('nan')]), torch.tensor([3., 2.]))", "tensor([3., 2.])";

    /// The smaller of the elements; a NaN loses to a number.
    FMIN, fmin, "fmin", "FminBackward0", larger false, skips nan true;
    >>> "torch.fmin(torch.tensor([1., float('nan')]), torch.tensor([3., 2.]))", "tensor([1., 2.])";
}

/// Which of PyTorch's functions: they compute the same and have nodes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClampName {
    /// `clamp`.
    Clamp,
    /// `clamp_min`.
    Min,
    /// `clamp_max`.
    Max,
}

/// `min(max(x, low), high)` with numbers for bounds; either may be missing.
#[derive(Clone)]
pub struct Clamp {
    /// The lower bound.
    pub low: Option<Scalar>,
    /// The upper bound.
    pub high: Option<Scalar>,
    /// Which function it is.
    pub name: ClampName,
}

impl Clamp {
    fn promoted(&self, input: &Meta) -> DType {
        let mut dtype = input.dtype;
        for bound in [self.low, self.high].into_iter().flatten() {
            let with_bound = compute_dtype(&[input], Some(bound), Promote::Common);
            dtype = crate::dtype::promote_types(dtype, with_bound);
        }
        dtype
    }
}

impl Diagonal for Clamp {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let x = values.input(0)?;
        let inside = match (self.low, self.high) {
            (Some(low), Some(high)) => x.gt(low)?.logical_and(&x.lt(high)?)?,
            (Some(low), None) => x.gt(low)?,
            (None, Some(high)) => x.lt(high)?,
            (None, None) => return Ok(g.clone()),
        };
        Tensor::where_(&inside, g, 0)
    }
}

/// The range of an integer dtype.
fn range_of(dtype: DType) -> (i64, i64) {
    match dtype {
        DType::U8 => (0, 255),
        DType::I8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        DType::Bool => (0, 1),
        _ => (i64::MIN, i64::MAX),
    }
}

/// The bounds as the kernel takes them: within the dtype's range, which leaves a side open.
pub(crate) fn clamp_context(low: Option<Scalar>, high: Option<Scalar>, dtype: DType) -> [Number; 2] {
    if dtype.is_floating_point() {
        let bound = |bound: Option<Scalar>, open: f64| bound.map_or(open, Scalar::to_f64).into();
        return [bound(low, f64::NEG_INFINITY), bound(high, f64::INFINITY)];
    }
    let (lowest, highest) = range_of(dtype);
    let bound = |bound: Option<Scalar>, open: i64| {
        Number::from(bound.map_or(open, Scalar::to_i64).clamp(lowest, highest))
    };
    [bound(low, lowest), bound(high, highest)]
}

impl Primitive for Clamp {
    fn name(&self) -> &'static str {
        match self.name {
            ClampName::Clamp => "ClampBackward1",
            ClampName::Min => "ClampMinBackward0",
            ClampName::Max => "ClampMaxBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if self.low.is_none() && self.high.is_none() {
            bail!(Runtime, "torch.clamp: At least one of 'min' or 'max' must not be None");
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)?;
        let dtype = self.promoted(inputs[0]);
        outputs[0].dtype = dtype;
        if dtype.is_floating_point() {
            return Ok(());
        }
        let (lowest, highest) = range_of(dtype);
        for (bound, name, fits) in [
            (self.low, "min", self.low.is_none_or(|b| b.to_i64() <= highest)),
            (self.high, "max", self.high.is_none_or(|b| b.to_i64() >= lowest)),
        ] {
            if let (false, Some(bound)) = (fits, bound) {
                bail!(
                    Runtime,
                    "Clamp {name} value {} is outside the representable range of {}",
                    bound.to_i64(),
                    dtype.scalar_name()
                );
            }
        }
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let dtype = output.meta.dtype;
        let is_nan = |bound: Option<Scalar>| bound.is_some_and(|b| b.to_f64().is_nan());
        if dtype.is_floating_point() && (is_nan(self.low) || is_nan(self.high)) {
            return elementwise::fill(output, Scalar::Float(f64::NAN));
        }
        let context = clamp_context(self.low, self.high, dtype);
        elementwise::run_kernel(
            "clamp_scalar_cpu",
            &ternary::CLAMP_SCALAR,
            dtype,
            inputs,
            None,
            &context,
            1.0,
            output,
        )
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let bound = |b: Option<Scalar>| Attribute::Value(b.into());
        match self.name {
            ClampName::Clamp => {
                vec![("max", bound(self.high)), ("min", bound(self.low)), ("self", Attribute::Input(0))]
            }
            ClampName::Min => vec![("min", bound(self.low)), ("self", Attribute::Input(0))],
            ClampName::Max => vec![("max", bound(self.high)), ("self", Attribute::Input(0))],
        }
    }
    diagonal!();
}

/// `min(max(x, low), high)` with tensors for bounds. The operands are `x`, the lower bound if there is one, the upper
/// bound if there is one.
#[derive(Clone)]
pub struct ClampTensor {
    /// Whether there is a lower bound.
    pub low: bool,
    /// Whether there is an upper bound.
    pub high: bool,
    /// Which function it is.
    pub name: ClampName,
}

impl ClampTensor {
    /// The gradient of operand `role` (0 `x`, 1 the lower bound, 2 the upper bound) where both bounds are there.
    fn between(role: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let (x, low, high) = (values.input(0)?, values.input(1)?, values.input(2)?);
        let proper = low.lt(&high)?;
        let (at_low, at_high) = (x.eq(&low)?.logical_and(&proper)?, x.eq(&high)?.logical_and(&proper)?);
        match role {
            0 => {
                let outside = x.lt(&low)?.logical_or(&x.gt(&high)?)?;
                halved(&at_low.logical_or(&at_high)?, g)?.masked_fill(&outside, 0)
            }
            1 => {
                let below = x.lt(&low)?.logical_and(&low.le(&high)?)?;
                let takes = below.logical_or(&at_low)?;
                halved(&at_low, g)?.masked_fill(&takes.logical_not()?, 0)
            }
            _ => {
                let above = x.gt(&high)?.logical_and(&low.le(&high)?)?;
                let takes = above.logical_or(&at_high)?.logical_or(&high.lt(&low)?)?;
                halved(&at_high, g)?.masked_fill(&takes.logical_not()?, 0)
            }
        }
    }
}

impl Diagonal for ClampTensor {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if self.low && self.high {
            return Self::between(i, values, g);
        }
        // With one bound this is `maximum` or `minimum`.
        let (x, bound) = (values.input(0)?, values.input(1)?);
        let lost = if (i == 0) == self.low { x.lt(&bound)? } else { x.gt(&bound)? };
        halved(&x.eq(&bound)?, g)?.masked_fill(&lost, 0)
    }
}

impl Primitive for ClampTensor {
    fn name(&self) -> &'static str {
        match self.name {
            ClampName::Clamp => "ClampBackward0",
            ClampName::Min => "ClampMinBackward1",
            ClampName::Max => "ClampMaxBackward1",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)?;
        if outputs[0].dtype == DType::Bool && self.low && self.high {
            return Err(elementwise::undefined("clamp_cpu", DType::Bool));
        }
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let kernel = match (self.low, self.high) {
            (true, true) => &ternary::CLAMP,
            (true, false) => &kernels::MAXIMUM,
            _ => &kernels::MINIMUM,
        };
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("clamp_cpu", kernel, dtype, inputs, None, &[], 1.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        let saves = Saves::NONE.input(0).input(1);
        if self.low && self.high { saves.input(2) } else { saves }
    }
    fn edges(&self, inputs: usize) -> usize {
        if self.name == ClampName::Clamp { 3 } else { inputs }
    }
    fn arrange_edges(&self, edges: &mut Edges) {
        if self.name == ClampName::Clamp && !self.low {
            edges.insert(1, Edge::None);
        }
        edges.resize_with(self.edges(edges.len()), Edge::default);
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let high = if self.low { 2 } else { 1 };
        let bound = |there: bool, i: usize| {
            if there { Attribute::Input(i) } else { Attribute::Value(Value::None) }
        };
        match self.name {
            ClampName::Clamp => vec![
                ("max", bound(self.high, high)),
                ("min", bound(self.low, 1)),
                ("self", Attribute::Input(0)),
            ],
            ClampName::Min => vec![("min", Attribute::Input(1)), ("self", Attribute::Input(0))],
            ClampName::Max => vec![("max", Attribute::Input(1)), ("self", Attribute::Input(0))],
        }
    }
    diagonal!();
}

impl Tensor {
    /// `min(max(self, low), high)`; either bound may be missing, and the upper one wins.
    ///
    /// ```
    /// let x = rushlight_core::Tensor::from_slice(&[-1.0f32, 0.5, 2.0]);
    /// assert_eq!(x.clamp(Some(0.0), Some(1.0))?.to_vec::<f32>()?, [0.0, 0.5, 1.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If both bounds are missing, or one is outside of the dtype's range.
    pub fn clamp<S: Into<Scalar>>(&self, low: Option<S>, high: Option<S>) -> Result<Tensor> {
        let (low, high) = (low.map(Into::into), high.map(Into::into));
        apply(Clamp { low, high, name: ClampName::Clamp }, &[self])
    }

    /// `max(self, low)`.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn clamp_min<'a>(&self, low: impl Into<Operand<'a>>) -> Result<Tensor> {
        let operation = ClampTensor { low: true, high: false, name: ClampName::Min };
        match low.into() {
            Operand::Scalar(s) => apply(Clamp { low: Some(s), high: None, name: ClampName::Min }, &[self]),
            Operand::Ref(t) => apply(operation, &[self, t]),
            Operand::Owned(t) => apply(operation, &[self, &t]),
        }
    }

    /// `min(self, high)`.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn clamp_max<'a>(&self, high: impl Into<Operand<'a>>) -> Result<Tensor> {
        let operation = ClampTensor { low: false, high: true, name: ClampName::Max };
        match high.into() {
            Operand::Scalar(s) => apply(Clamp { low: None, high: Some(s), name: ClampName::Max }, &[self]),
            Operand::Ref(t) => apply(operation, &[self, t]),
            Operand::Owned(t) => apply(operation, &[self, &t]),
        }
    }

    /// [`Tensor::clamp`] written over this tensor.
    ///
    /// # Errors
    /// Those of `clamp` and of in-place changes.
    pub fn clamp_<S: Into<Scalar>>(&self, low: Option<S>, high: Option<S>) -> Result<Tensor> {
        let (low, high) = (low.map(Into::into), high.map(Into::into));
        apply_in_place(Clamp { low, high, name: ClampName::Clamp }, &[self])
    }
}

fn with_numbers(
    a: &Arguments<'_>,
    low: Option<Scalar>,
    high: Option<Scalar>,
    name: ClampName,
) -> Result<Value> {
    let x = a.tensor(0)?;
    let operation = Clamp { low, high, name };
    let dtype = operation.promoted(x.meta());
    if a.is_in_place() && !can_cast(dtype, x.dtype()) {
        bail!(
            Runtime,
            "result type {} can't be cast to the desired output type {}",
            dtype.scalar_name(),
            c_name(x.dtype())
        );
    }
    a.apply(operation, &[x])
}

fn with_tensors(
    a: &Arguments<'_>,
    low: Option<&Tensor>,
    high: Option<&Tensor>,
    name: ClampName,
) -> Result<Value> {
    let x = a.tensor(0)?;
    let operation = ClampTensor { low: low.is_some(), high: high.is_some(), name };
    match (low, high) {
        (Some(low), Some(high)) => a.apply(operation, &[x, low, high]),
        (Some(bound), None) | (None, Some(bound)) => a.apply(operation, &[x, bound]),
        (None, None) => Err(Error::runtime("torch.clamp: At least one of 'min' or 'max' must not be None")),
    }
}

fn clamp_numbers(a: &Arguments<'_>) -> Result<Value> {
    with_numbers(a, a.optional_scalar(1)?, a.optional_scalar(2)?, ClampName::Clamp)
}

fn clamp_tensors(a: &Arguments<'_>) -> Result<Value> {
    with_tensors(a, a.optional_tensor(1)?, a.optional_tensor(2)?, ClampName::Clamp)
}

fn clamp_samples(s: &Sampler) -> Vec<Sample> {
    let number = |x: f64| Value::Scalar(Scalar::Float(x));
    let mut all = s.each_layout(|x| vec![x.into(), number(-1.1), number(0.9)]);
    all.push(Sample::new(vec![s.tensor(&[2, 3]).into(), number(0.3), Value::None]));
    all.push(Sample::new(vec![s.tensor(&[2, 3]).into(), Value::None, number(0.3)]));
    let bounds = |low: Value, high: Value| Sample::new(vec![s.tensor(&[2, 3]).into(), low, high]).overload(1);
    let (low, high) = (|| Value::from(s.range(&[3], -1.0, -0.5)), || Value::from(s.range(&[2, 1], 0.5, 1.0)));
    all.extend([bounds(low(), high()), bounds(low(), Value::None), bounds(Value::None, high())]);
    all
}

macro_rules! clamp_row {
    ($name:literal, $lead:literal) => {
        Entry {
            name: $name,
            forms: Form::ALL,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor"),
                    call: clamp_numbers,
                },
                Overload {
                    schema: concat!($name, "(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor"),
                    call: clamp_tensors,
                },
            ],
            documentation: concat!(
                $lead,
                "`min(max(self, min), max)`; either bound may be missing. Where `min` exceeds `max`, `max` wins. The gradient is zero outside and, for numbers, at the bounds."
            ),
            example: concat!(">>> torch.", $name, "(torch.tensor([-1., 0.5, 2.]), 0, 1)\ntensor([0.0000, 0.5000, 1.0000])"),
            samples: clamp_samples,
            ..Entry::DEFAULT
        }
    };
}

macro_rules! one_bound_row {
    ($name:literal, $bound:literal, $numbers:expr, $tensors:expr, $documentation:literal, $example:literal) => {
        Entry {
            name: $name,
            forms: Form::ALL,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self, Scalar ", $bound, ") -> Tensor"),
                    call: $numbers,
                },
                Overload {
                    schema: concat!($name, "(Tensor self, Tensor ", $bound, ") -> Tensor"),
                    call: $tensors,
                },
            ],
            documentation: $documentation,
            example: $example,
            samples: |s| {
                let mut all = s.each_layout(|x| vec![x.into(), Scalar::Float(0.4).into()]);
                all.push(Sample::new(vec![s.tensor(&[2, 3]).into(), s.tensor(&[3]).into()]).overload(1));
                all
            },
            ..Entry::DEFAULT
        }
    };
}

/// The rows of `clamp` and its like.
pub static CLAMPS: &[Entry] = &[
    clamp_row!("clamp", ""),
    clamp_row!("clip", "Another name of `clamp`. "),
    one_bound_row!(
        "clamp_min",
        "min",
        |a| with_numbers(a, Some(a.scalar(1)?), None, ClampName::Min),
        |a| with_tensors(a, Some(a.tensor(1)?), None, ClampName::Min),
        "`max(self, min)`.",
        ">>> torch.clamp_min(torch.tensor([-1., 2.]), 0)\ntensor([0., 2.])"
    ),
    one_bound_row!(
        "clamp_max",
        "max",
        |a| with_numbers(a, None, Some(a.scalar(1)?), ClampName::Max),
        |a| with_tensors(a, None, Some(a.tensor(1)?), ClampName::Max),
        "`min(self, max)`.",
        ">>> torch.clamp_max(torch.tensor([-1., 2.]), 0)\ntensor([-1.,  0.])"
    ),
];
