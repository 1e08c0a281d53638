//! What has one operand, but a rule of its own: `polygamma`, `sgn`, `round(decimals)`, `positive`.

use super::super::elementwise::{self, Diagonal, Promote, Values, diagonal};
use crate::dispatch::{Attribute, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place};
use crate::dtype::DType;
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{binary, unary as kernels};

/// The derivative of order `order` of digamma.
#[derive(Clone)]
pub struct Polygamma {
    /// How many times digamma is differentiated.
    pub order: i64,
}

impl Diagonal for Polygamma {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        g.mul(values.input(0)?.polygamma(self.order + 1)?)
    }
}

impl Primitive for Polygamma {
    fn name(&self) -> &'static str {
        "PolygammaBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if self.order < 0 {
            bail!(Runtime, "polygamma(n, x) does not support negative n.");
        }
        elementwise::infer(inputs, None, Promote::Float, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (dtype, context) = (outputs[0].meta.dtype, [self.order.into()]);
        let kernel = match self.order {
            0 => &kernels::DIGAMMA,
            1 => &kernels::TRIGAMMA,
            _ => &kernels::POLYGAMMA,
        };
        elementwise::run_kernel("polygamma", kernel, dtype, inputs, None, &context, 40.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("n", Attribute::Value(Value::Int(self.order))), ("self", Attribute::Input(0))]
    }
    diagonal!();
}

/// The sign of each element: -1, 0 or 1. Its derivative is zero.
#[derive(Clone)]
pub struct Sgn;

impl Diagonal for Sgn {
    fn rule(&self, _: usize, _: &dyn Values, g: &Tensor) -> Result<Tensor> {
        g.zeros_like()
    }
}

impl Primitive for Sgn {
    fn name(&self) -> &'static str {
        "SgnBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("sgn_cpu", &kernels::SIGN, dtype, inputs, None, &[], 1.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        // PyTorch keeps both, for complex numbers; whether a later change of them is an error depends on it.
        Saves::NONE.input(0).output(0)
    }
    diagonal!();
}

/// The nearest number with some decimals; halves go to even digits.
#[derive(Clone)]
pub struct Round {
    /// How many digits after the point are kept; negative ones lie before it. `None` is `round` without the argument,
    /// which PyTorch records under a name of its own.
    pub decimals: Option<i64>,
}

impl Diagonal for Round {
    fn rule(&self, _: usize, _: &dyn Values, g: &Tensor) -> Result<Tensor> {
        g.zeros_like()
    }
}

impl Primitive for Round {
    fn name(&self) -> &'static str {
        if self.decimals.is_none() { "RoundBackward0" } else { "RoundBackward1" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if let (Some(decimals), false) = (self.decimals, inputs[0].dtype.is_floating_point()) {
            let name = if decimals == 0 { "round_vml_cpu" } else { "round_cpu" };
            return Err(elementwise::undefined(name, inputs[0].dtype));
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, output) = ("round_vml_cpu", &mut outputs[0]);
        let dtype = output.meta.dtype;
        let decimals = self.decimals.unwrap_or(0);
        if decimals == 0 {
            return elementwise::run_kernel(name, &kernels::ROUND, dtype, inputs, None, &[], 1.0, output);
        }
        // Scaled, rounded, and scaled back, each step in the dtype.
        let power = [10f64.powi(decimals.unsigned_abs().min(400) as i32).into()];
        let (mut there, mut back) = (&binary::MUL_SCALAR, &binary::DIV_SCALAR);
        if decimals < 0 {
            std::mem::swap(&mut there, &mut back);
        }
        elementwise::run_kernel(name, there, dtype, inputs, None, &power, 1.0, output)?;
        elementwise::run_over(name, &kernels::ROUND, &[], output)?;
        elementwise::run_over(name, back, &power, output)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }
    diagonal!();
}

impl Tensor {
    /// The derivative of order `order` of digamma.
    ///
    /// # Errors
    /// If the order is negative.
    pub fn polygamma(&self, order: i64) -> Result<Tensor> {
        apply(Polygamma { order }, &[self])
    }

    /// The sign of each element: -1, 0 or 1.
    ///
    /// # Errors
    /// For dtypes that the function is not defined for.
    pub fn sgn(&self) -> Result<Tensor> {
        apply(Sgn, &[self])
    }

    /// [`Tensor::sgn`] written over this tensor.
    ///
    /// # Errors
    /// Those of `sgn` and of in-place changes.
    pub fn sgn_(&self) -> Result<Tensor> {
        apply_in_place(Sgn, &[self])
    }

    /// The nearest integer; halves go to even ones.
    ///
    /// # Errors
    /// For `bool`.
    pub fn round(&self) -> Result<Tensor> {
        apply(Round { decimals: None }, &[self])
    }

    /// The nearest number with some decimals.
    ///
    /// # Errors
    /// For `bool`, and for integers if there are decimals.
    pub fn round_decimals(&self, decimals: i64) -> Result<Tensor> {
        apply(Round { decimals: Some(decimals) }, &[self])
    }

    /// [`Tensor::round`] written over this tensor.
    ///
    /// # Errors
    /// For `bool`, and those of in-place changes.
    pub fn round_(&self) -> Result<Tensor> {
        apply_in_place(Round { decimals: None }, &[self])
    }
}

fn positive(a: &Arguments<'_>) -> Result<Value> {
    let x = a.tensor(0)?;
    if x.dtype() == DType::Bool {
        return Err(Error::not_implemented("The `+` operator, on a bool tensor is not supported."));
    }
    Ok(x.clone().into())
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "polygamma",
        forms: Form::FUNCTION.and(Form::OUT).and(Form::SPECIAL),
        overloads: &[Overload {
            schema: "polygamma(int n, Tensor self) -> Tensor",
            call: |a| {
                let order = a.int(0)?;
                if a.is_in_place() {
                    return Ok(apply_in_place(Polygamma { order }, &[a.tensor(1)?])?.into());
                }
                a.apply(Polygamma { order }, &[a.tensor(1)?])
            },
        }],
        documentation: "The derivative of order `n` of digamma.",
        example: ">>> torch.polygamma(1, torch.tensor([1., 2.]))\ntensor([1.6449, 0.6449])",
        samples: |s| s.each_layout_in(0.5, 3.0, |x| vec![Value::Int(1), x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "sgn",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "sgn(Tensor self) -> Tensor",
            call: |a| a.apply(Sgn, &[a.tensor(0)?]),
        }],
        documentation: "The sign of each element: -1, 0 or 1. Its derivative is zero.",
        example: ">>> torch.sgn(torch.tensor([3., 0., -2.]))\ntensor([ 1.,  0., -1.])",
        samples: |s| s.each_layout_in(0.3, 2.0, |x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "round",
        forms: Form::ALL.and(Form::SPECIAL),
        overloads: &[
            Overload {
                schema: "round(Tensor self) -> Tensor",
                call: |a| a.apply(Round { decimals: None }, &[a.tensor(0)?]),
            },
            Overload {
                schema: "round(Tensor self, *, int decimals) -> Tensor",
                call: |a| a.apply(Round { decimals: Some(a.int(1)?) }, &[a.tensor(0)?]),
            },
        ],
        documentation: "The nearest integer, or number with some decimals; halves go to even digits. Its derivative is zero.",
        example: ">>> torch.round(torch.tensor([0.5, 1.5, -1.6]))\ntensor([ 0.,  2., -2.])",
        samples: |s| {
            let mut all = s.each_layout_in(0.6, 0.9, |x| vec![x.into()]);
            let decimals = s.each_layout_in(0.06, 0.09, |x| vec![x.into(), Value::Int(1)]);
            all.extend(decimals.into_iter().map(|sample| sample.overload(1)));
            all
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "positive",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload { schema: "positive(Tensor self) -> Tensor", call: positive }],
        documentation: "The tensor itself (`+x`). Not for `bool`.",
        example: ">>> torch.positive(torch.tensor([1., -2.]))\ntensor([ 1., -2.])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
];
