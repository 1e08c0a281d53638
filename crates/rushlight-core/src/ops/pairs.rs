//! Functions of two numbers: `atan2`, `hypot`, `copysign`, `xlogy`.

use super::elementwise::{self, Diagonal, Operand, Promote, Values, diagonal};
use crate::dispatch::{Attribute, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::error::Result;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::binary as kernels;

/// The angle of the point `(y, x)`, `atan2(x, y)`.
#[derive(Clone)]
pub struct Atan2;

impl Diagonal for Atan2 {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let (x, y) = (values.input(0)?, values.input(1)?);
        let square = x.mul(&x)?.add(y.mul(&y)?)?;
        // At the origin the derivative is taken as zero.
        let reciprocal = square.reciprocal()?.masked_fill(&square.eq(0)?, 0)?;
        let g = if i == 0 { g.mul(&y)? } else { g.mul(x.neg()?)? };
        g.mul(reciprocal)
    }
}

impl Primitive for Atan2 {
    fn name(&self) -> &'static str {
        "Atan2Backward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Float, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("atan2_cpu", &kernels::ATAN2, dtype, inputs, None, &[], 20.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    diagonal!();
}

/// `sqrt(x² + y²)`.
#[derive(Clone)]
pub struct Hypot;

impl Diagonal for Hypot {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        g.mul(values.input(i)?)?.div(values.output()?)
    }
}

impl Primitive for Hypot {
    fn name(&self) -> &'static str {
        "HypotBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("hypot_cpu", &kernels::HYPOT, dtype, inputs, None, &[], 8.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1).output(0)
    }
    diagonal!();
}

/// The magnitude of `x` with the sign of `y`.
#[derive(Clone)]
pub struct Copysign {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
}

impl Diagonal for Copysign {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if i == 1 {
            return g.zeros_like();
        }
        let x = values.input(0)?;
        // The ratio is 1 or -1; a constant, whatever it is computed from.
        let ratio = values.output()?.div(&x)?.masked_fill(&x.eq(0)?, 0)?;
        g.mul(ratio)
    }
}

impl Primitive for Copysign {
    fn name(&self) -> &'static str {
        if self.scalar.is_some() { "CopysignBackward1" } else { "CopysignBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Float, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, dtype) = (&kernels::COPYSIGN, outputs[0].meta.dtype);
        elementwise::run_kernel("copysign_cpu", kernel, dtype, inputs, self.scalar, &[], 1.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    diagonal!();
}

/// `x log y`, 0 where `x` is 0.
#[derive(Clone)]
pub struct Xlogy {
    /// The number in place of `x` (`true`) or of `y` (`false`), if there is one.
    pub scalar: Option<(bool, Scalar)>,
}

impl Xlogy {
    fn pair(&self, values: &dyn Values) -> Result<(Tensor, Tensor)> {
        Ok(match self.scalar {
            None => (values.input(0)?, values.input(1)?),
            Some((true, x)) => (Tensor::wrapped_number(x)?, values.input(0)?),
            Some((false, y)) => (values.input(0)?, Tensor::wrapped_number(y)?),
        })
    }
}

impl Diagonal for Xlogy {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let (x, y) = self.pair(values)?;
        let by_first = i == 0 && !matches!(self.scalar, Some((true, _)));
        if by_first {
            let flat = x.eq(0)?.logical_and(&y.le(0)?)?;
            return g.xlogy(&y)?.masked_fill(&flat, 0);
        }
        g.mul(x)?.div(y)
    }
}

impl Primitive for Xlogy {
    fn name(&self) -> &'static str {
        match self.scalar {
            None => "XlogyBackward0",
            Some((true, _)) => "XlogyBackward1",
            Some((false, _)) => "XlogyBackward2",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar.map(|(_, s)| s), Promote::Float, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, kernel, output) = ("xlogy_cpu", &kernels::XLOGY, &mut outputs[0]);
        let dtype = output.meta.dtype;
        match self.scalar {
            None => elementwise::run_kernel(name, kernel, dtype, inputs, None, &[], 14.0, output),
            Some((false, y)) => {
                elementwise::run_kernel(name, kernel, dtype, inputs, Some(y), &[], 14.0, output)
            }
            Some((true, x)) => elementwise::run_number_first(name, kernel, inputs, x, 14.0, output),
        }
    }
    fn saves(&self, _: Needs) -> Saves {
        let saves = Saves::NONE.input(0);
        if self.scalar.is_none() { saves.input(1) } else { saves }
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let (x, y) = match self.scalar {
            None => (Attribute::Input(0), Attribute::Input(1)),
            Some((true, x)) => (Attribute::Value(x.into()), Attribute::Input(0)),
            Some((false, y)) => (Attribute::Input(0), Attribute::Value(y.into())),
        };
        vec![("other", y), ("self", x)]
    }
    diagonal!();
}

impl Tensor {
    /// The angle of the point `(other, self)`, in radians.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn atan2(&self, other: &Tensor) -> Result<Tensor> {
        apply(Atan2, &[self, other])
    }

    /// `sqrt(self² + other²)`, without overflow.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for integers.
    pub fn hypot(&self, other: &Tensor) -> Result<Tensor> {
        apply(Hypot, &[self, other])
    }

    /// The magnitude of this tensor with the sign of another.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn copysign<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        super::binary::with_operand!(apply, self, other, |scalar| Copysign { scalar })
    }

    /// `self * log(other)`, 0 where `self` is 0.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn xlogy<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        super::binary::with_operand!(apply, self, other, |scalar: Option<Scalar>| Xlogy {
            scalar: scalar.map(|s| (false, s))
        })
    }
}

fn xlogy(a: &Arguments<'_>) -> Result<Value> {
    if let Operand::Scalar(x) = a.operand(0)? {
        return a.apply(Xlogy { scalar: Some((true, x)) }, &[a.tensor(1)?]);
    }
    super::binary::call(a, |scalar| Xlogy { scalar: scalar.map(|s| (false, s)) })
}

fn copysign(a: &Arguments<'_>) -> Result<Value> {
    super::binary::call(a, |scalar| Copysign { scalar })
}

macro_rules! row {
    ($name:literal, $forms:expr, $overloads:expr, $samples:expr, $documentation:literal, $example:literal) => {
        Entry {
            name: $name,
            forms: $forms,
            overloads: $overloads,
            documentation: $documentation,
            example: $example,
            samples: $samples,
            ..Entry::DEFAULT
        }
    };
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    row!(
        "atan2",
        Form::ALL,
        &[Overload {
            schema: "atan2(Tensor self, Tensor other) -> Tensor",
            call: |a| a.apply(Atan2, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        |s| s.pairs_in((0.3, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
        "The angle of the point `(other, self)`, in radians, with broadcasting. Integers become floating-point numbers.",
        ">>> torch.atan2(torch.tensor([1., -1.]), torch.tensor([1., -1.]))\ntensor([ 0.7854, -2.3562])"
    ),
    row!(
        "arctan2",
        Form::ALL,
        &[Overload {
            schema: "arctan2(Tensor self, Tensor other) -> Tensor",
            call: |a| a.apply(Atan2, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        |s| s.pairs_in((0.3, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
        "Another name of `atan2`.",
        ">>> torch.arctan2(torch.tensor([1., -1.]), torch.tensor([1., -1.]))\ntensor([ 0.7854, -2.3562])"
    ),
    row!(
        "hypot",
        Form::ALL,
        &[Overload {
            schema: "hypot(Tensor self, Tensor other) -> Tensor",
            call: |a| a.apply(Hypot, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        |s| s.pairs_in((0.3, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
        "`sqrt(self² + other²)` without overflow, with broadcasting. Floating-point numbers only.",
        ">>> torch.hypot(torch.tensor([3., 5.]), torch.tensor([4., 12.]))\ntensor([ 5., 13.])"
    ),
    row!(
        "copysign",
        Form::ALL,
        &[
            Overload { schema: "copysign(Tensor self, Tensor other) -> Tensor", call: copysign },
            Overload { schema: "copysign(Tensor self, Scalar other) -> Tensor", call: copysign },
        ],
        |s| {
            let mut all = s.pairs_in((0.3, 2.0), (-2.0, -0.5), |x, y| vec![x.into(), y.into()]);
            all.push(Sample::new(vec![s.positive(&[2, 3]).into(), Scalar::Float(-1.0).into()]).overload(1));
            all
        },
        "The magnitude of `self` with the sign of `other`, with broadcasting. Integers become floating-point numbers.",
        ">>> torch.copysign(torch.tensor([1., -2.]), -1)\ntensor([-1., -2.])"
    ),
    row!(
        "xlogy",
        Form::ALL.and(Form::SPECIAL),
        &[
            Overload { schema: "xlogy(Tensor self, Tensor other) -> Tensor", call: xlogy },
            Overload { schema: "xlogy(Scalar self, Tensor other) -> Tensor", call: xlogy },
            Overload { schema: "xlogy(Tensor self, Scalar other) -> Tensor", call: xlogy },
        ],
        |s| {
            let mut all = s.pairs_in((-2.0, 2.0), (0.3, 2.0), |x, y| vec![x.into(), y.into()]);
            all.push(Sample::new(vec![Scalar::Float(1.5).into(), s.positive(&[2, 3]).into()]).overload(1));
            all.push(Sample::new(vec![s.tensor(&[2, 3]).into(), Scalar::Float(1.5).into()]).overload(2));
            all
        },
        "`self * log(other)`, 0 where `self` is 0, NaN where `other` is; with broadcasting. Integers become floating-point numbers.",
        ">>> torch.xlogy(torch.tensor([0., 2.]), torch.tensor([0., 3.]))\ntensor([0.0000, 2.1972])"
    ),
];
