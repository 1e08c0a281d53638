//! Losses of predictions and targets, element by element: squared, absolute and mixed errors.
//!
//! `reduction` is an integer, as in PyTorch's schemas: 0 leaves the losses as they are, 1 takes their mean, 2 their sum.
//! Binary cross entropies are in `binary_losses`, losses of classes in `class_losses`.

use super::elementwise::{self, Promote, kernel_scalar, no_kernel, run_kernel};
use super::reduce::{Aside, Reduced, again, only, run_reduction};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Attribute, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::error::{Result, bail};
use crate::layout::{Shape, broadcast_shapes};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, loss};
use smallvec::smallvec;

/// What becomes of the single losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// They are the result.
    None,
    /// Their mean is the result.
    Mean,
    /// Their sum is the result.
    Sum,
}

impl Reduction {
    /// From PyTorch's number for it.
    pub fn from_int(number: i64) -> Self {
        match number {
            1 => Self::Mean,
            2 => Self::Sum,
            _ => Self::None,
        }
    }

    /// PyTorch's number for it.
    pub fn to_int(self) -> i64 {
        self as i64
    }

    /// The shape of the result, for losses of a shape.
    pub(crate) fn shape(self, losses: &[usize]) -> Shape {
        if self == Self::None { losses.into() } else { Shape::new() }
    }

    /// What each loss's gradient is multiplied by.
    pub(crate) fn factor(self, count: usize) -> f64 {
        if self == Self::Mean { 1.0 / count as f64 } else { 1.0 }
    }

    /// Applies it to losses that have been computed as a tensor.
    pub(crate) fn apply(self, losses: Tensor) -> Result<Tensor> {
        match self {
            Self::None => Ok(losses),
            Self::Mean => losses.mean(),
            Self::Sum => losses.sum(),
        }
    }

    /// Computes losses of a shape by `losses`, and writes what becomes of them.
    pub(crate) fn write(
        self,
        shape: &[usize],
        output: &mut ViewMut<'_>,
        losses: impl FnOnce(&mut ViewMut<'_>) -> Result<()>,
    ) -> Result<()> {
        if self == Self::None {
            return losses(output);
        }
        let dtype = output.meta.dtype;
        let mut each = Aside::new(shape, dtype)?;
        losses(&mut each.view_mut())?;
        let all: Reduced = smallvec![true; shape.len()];
        run_reduction("sum", &kernels::reduce::SUM, dtype, &all, 0.0, &each.view(), output)?;
        if self == Self::Mean {
            let count = Some(Scalar::Float(shape.iter().product::<usize>() as f64));
            let sum = again(output);
            run_kernel("mean", &kernels::binary::DIV, dtype, &[sum], count, &[], 1.0, output)?;
        }
        Ok(())
    }
}

/// Which loss of two numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Error {
    /// The square of the difference.
    Squared,
    /// The square near zero, the absolute difference beyond; the width is in units of the difference.
    SmoothL1(f64),
    /// The square near zero, a line beyond.
    Huber(f64),
}

/// `mse_loss`, `smooth_l1_loss`, `huber_loss`.
#[derive(Clone)]
pub struct PairLoss {
    /// The loss of a pair.
    pub error: Error,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl PairLoss {
    /// The derivative by the prediction, for the rules.
    fn slope(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let d = x.sub(y)?;
        match self.error {
            Error::Squared => d.mul(2.0),
            // min(max(d, -width), width), from operations that are differentiable.
            Error::SmoothL1(width) => clamped(&d, width)?.div(width),
            Error::Huber(width) => clamped(&d, width),
        }
    }
}

/// `d` within `[-width, width]`, and the nearer end beyond, with a derivative that is one inside and zero outside.
fn clamped(d: &Tensor, width: f64) -> Result<Tensor> {
    let inside = d.abs()?.sub(width)?.sgn()?.sub(1.0)?.mul(-0.5)?;
    // On the border the sign is zero and the factor one half: both sides give the same value there.
    let outside = inside.neg()?.add(1.0)?;
    d.mul(&inside)?.add(d.sgn()?.mul(width)?.mul(&outside)?)
}

impl Primitive for PairLoss {
    fn name(&self) -> &'static str {
        match self.error {
            Error::Squared => "MseLossBackward0",
            Error::SmoothL1(_) => "SmoothL1LossBackward0",
            Error::Huber(_) => "HuberLossBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = elementwise::compute_dtype(inputs, None, Promote::Common);
        if !dtype.is_floating_point() {
            let name = match self.error {
                Error::Squared => "mse",
                Error::SmoothL1(_) => "smooth_l1",
                Error::Huber(_) => "huber",
            };
            return Err(no_kernel(name, dtype));
        }
        let shape = broadcast_shapes(inputs[0].shape(), inputs[1].shape())?;
        outputs.push(Meta::contiguous(&self.reduction.shape(&shape), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let shape = broadcast_shapes(inputs[0].shape(), inputs[1].shape())?;
        let (kernel, width) = match self.error {
            Error::Squared => (&loss::SQUARED_ERROR, 0.0),
            Error::SmoothL1(width) => (&loss::SMOOTH_L1, width),
            Error::Huber(width) => (&loss::HUBER, width),
        };
        let context = [kernel_scalar(Scalar::Float(width))];
        self.reduction.write(&shape, &mut outputs[0], |losses| {
            run_kernel("mse", kernel, dtype, inputs, None, &context, 2.0, losses)
        })
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = pair_attributes(self.reduction);
        match self.error {
            Error::Squared => {}
            Error::SmoothL1(beta) => attributes.push(("beta", Attribute::Value(Value::Float(beta)))),
            Error::Huber(delta) => attributes.push(("delta", Attribute::Value(Value::Float(delta)))),
        }
        attributes
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (x, y) = (context.input(0)?, context.input(1)?);
        let gradient = if self.error == Error::Squared {
            let shape = broadcast_shapes(x.shape(), y.shape())?;
            let factor = 2.0 * self.reduction.factor(shape.iter().product());
            apply(SquaredErrorBack { factor }, &[g, &x, &y])?
        } else {
            let slope = self.slope(&x, &y)?;
            let factor = self.reduction.factor(slope.numel());
            slope.mul(&g.mul(factor)?)?
        };
        let second = if context.needs_input(1) { Some(gradient.neg()?) } else { None };
        Ok(smallvec![Some(gradient), second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let change = match (&t[0], &t[1]) {
            (Some(a), Some(b)) => a.sub(b)?,
            (None, Some(b)) => b.neg()?,
            (a, _) => only(std::slice::from_ref(a))?.clone(),
        };
        self.reduction.apply(self.slope(context.input(0), context.input(1))?.mul(&change)?)
    }
}

pub(crate) fn pair_attributes(reduction: Reduction) -> Vec<(&'static str, Attribute)> {
    vec![
        ("self", Attribute::Input(0)),
        ("target", Attribute::Input(1)),
        ("reduction", Attribute::Value(Value::Int(reduction.to_int()))),
    ]
}

/// `factor g (x - y)` in one pass.
#[derive(Clone)]
struct SquaredErrorBack {
    factor: f64,
}

impl Primitive for SquaredErrorBack {
    fn name(&self) -> &'static str {
        "MseLossBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let factor = [kernel_scalar(Scalar::Float(self.factor))];
        let kernel = &loss::SQUARED_ERROR_BACKWARD;
        run_kernel("mse_backward", kernel, dtype, inputs, None, &factor, 2.0, &mut outputs[0])
    }
    fn aliasing(&self) -> crate::dispatch::Aliasing {
        crate::dispatch::Aliasing::Elementwise
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1).input(2)
    }
    fn vjp(&self, context: &Context<'_>, h: &Tensor) -> Result<Gradients> {
        let (g, x, y) = (context.input(0)?, context.input(1)?, context.input(2)?);
        let by_g = if context.needs_input(0) { Some(apply(self.clone(), &[h, &x, &y])?) } else { None };
        let by_x = h.mul(&g)?.mul(self.factor)?;
        let by_y = if context.needs_input(2) { Some(by_x.neg()?) } else { None };
        Ok(smallvec![by_g, Some(by_x), by_y])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let (g, x, y) = (context.input(0), context.input(1), context.input(2));
        let mut total = context.output(0).zeros_like()?;
        if let Some(t) = &t[0] {
            total = total.add(apply(self.clone(), &[t, x, y])?)?;
        }
        if let Some(t) = &t[1] {
            total = total.add(t.mul(g)?.mul(self.factor)?)?;
        }
        if let Some(t) = &t[2] {
            total = total.sub(t.mul(g)?.mul(self.factor)?)?;
        }
        Ok(total)
    }
}

impl Tensor {
    /// The squared distances from a target, or their mean or sum.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for dtypes that are not floating-point ones.
    pub fn mse_loss(&self, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
        apply(PairLoss { error: Error::Squared, reduction }, &[self, target])
    }

    /// The absolute distances from a target, or their mean or sum.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn l1_loss(&self, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
        reduction.apply(self.sub(target)?.abs()?)
    }
}

/// The argument `reduction`; the mean if it is missing.
pub(crate) fn reduction(a: &Arguments<'_>, i: usize) -> Result<Reduction> {
    Ok(Reduction::from_int(a.optional_int(i)?.unwrap_or(1)))
}

/// Samples of a loss of pairs: each reduction, every layout, and more arguments behind.
pub(crate) fn pairs(s: &Sampler, unit: bool, rest: impl Fn(i64) -> Vec<Value>) -> Vec<Sample> {
    let make = |shape: &[usize]| if unit { s.range(shape, 0.2, 0.8) } else { s.tensor(shape) };
    let transposed = make(&[3, 2]).t().expect("two dimensions");
    let expanded = make(&[2, 1]).expand(&[2, 3]).expect("expands");
    [
        (make(&[2, 3]), make(&[2, 3]), 0),
        (transposed, make(&[2, 3]), 1),
        (expanded, make(&[2, 3]), 2),
        (make(&[]), make(&[]), 1),
        (make(&[0, 3]), make(&[0, 3]), 2),
    ]
    .into_iter()
    .map(|(x, y, reduction)| {
        let mut arguments = vec![x.into(), y.into()];
        arguments.extend(rest(reduction));
        Sample::new(arguments)
    })
    .collect()
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "mse_loss",
        forms: Form::NN.and(Form::OUT),
        overloads: &[Overload {
            schema: "mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
            call: |a| {
                let operation = PairLoss { error: Error::Squared, reduction: reduction(a, 2)? };
                a.apply(operation, &[a.tensor(0)?, a.tensor(1)?])
            },
        }],
        documentation: "The squared distances from a target; with `reduction` 1 their mean, with 2 their sum.",
        example: ">>> torch.nn.functional.mse_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))\ntensor(2.)",
        samples: |s| pairs(s, false, |reduction| vec![Value::Int(reduction)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "l1_loss",
        forms: Form::NN,
        overloads: &[Overload {
            schema: "l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.l1_loss(a.tensor(1)?, reduction(a, 2)?)?),
        }],
        documentation: "The absolute distances from a target; with `reduction` 1 their mean, with 2 their sum.",
        example: ">>> torch.nn.functional.l1_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))\ntensor(1.)",
        samples: |s| pairs(s, false, |reduction| vec![Value::Int(reduction)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "smooth_l1_loss",
        forms: Form::NN.and(Form::OUT),
        overloads: &[Overload {
            schema: "smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1.) -> Tensor",
            call: |a| {
                let beta = a.optional_float(3)?.unwrap_or(1.0);
                if beta < 0.0 {
                    bail!(Runtime, "smooth_l1_loss does not support negative values for beta.");
                }
                if beta == 0.0 {
                    return a.finish(a.tensor(0)?.l1_loss(a.tensor(1)?, reduction(a, 2)?)?);
                }
                let operation = PairLoss { error: Error::SmoothL1(beta), reduction: reduction(a, 2)? };
                a.apply(operation, &[a.tensor(0)?, a.tensor(1)?])
            },
        }],
        documentation: "`d²/(2 beta)` for distances d below `beta`, `d - beta/2` beyond; with `reduction` 1 their mean, \
with 2 their sum.",
        example: ">>> torch.nn.functional.smooth_l1_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))\ntensor(0.7500)",
        samples: |s| pairs(s, false, |reduction| vec![Value::Int(reduction), Value::Float(0.8)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "huber_loss",
        forms: Form::NN.and(Form::OUT),
        overloads: &[Overload {
            schema: "huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1.) -> Tensor",
            call: |a| {
                let delta = a.optional_float(3)?.unwrap_or(1.0);
                if delta <= 0.0 {
                    bail!(Runtime, "huber_loss does not support non-positive values for delta.");
                }
                let operation = PairLoss { error: Error::Huber(delta), reduction: reduction(a, 2)? };
                a.apply(operation, &[a.tensor(0)?, a.tensor(1)?])
            },
        }],
        documentation: "`d²/2` for distances d up to `delta`, `delta (d - delta/2)` beyond; with `reduction` 1 their mean, \
with 2 their sum.",
        example: ">>> torch.nn.functional.huber_loss(torch.tensor([1., 2.]), torch.tensor([1., 4.]))\ntensor(0.7500)",
        samples: |s| pairs(s, false, |reduction| vec![Value::Int(reduction), Value::Float(0.8)]),
        ..Entry::DEFAULT
    },
];
