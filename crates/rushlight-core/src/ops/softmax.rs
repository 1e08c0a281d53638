//! `softmax`, `log_softmax` and `logsumexp`.

use super::reduce::{Reduced, behind, only, reduced_dims, reduced_shape, restore, run_reduction};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Attribute, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::{DTypeNames, default_dtype};
use crate::error::{Result, bail};
use crate::layout::wrap_dim;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Operand, lines, reduce::LOGSUMEXP};
use smallvec::smallvec;

/// `softmax(dim)`, or its logarithm.
#[derive(Clone)]
pub struct Softmax {
    /// Along which dimension.
    pub dim: usize,
    /// Whether the logarithm is taken.
    pub log: bool,
}

/// Shape and strides for a kernel that works along a dimension; a number is a line of one.
fn line<'a>(shape: &'a [usize], strides: &'a [isize]) -> (&'a [usize], &'a [isize]) {
    if shape.is_empty() { (&[1], &[1]) } else { (shape, strides) }
}

impl Primitive for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "LogSoftmaxBackward0" } else { "SoftmaxBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        if !x.dtype.is_floating_point() {
            let last = if self.dim + 1 >= x.rank() { "_lastdim" } else { "" };
            bail!(
                NotImplemented,
                "\"{}softmax{last}_kernel_impl\" not implemented for '{}'",
                if self.log { "log_" } else { "" },
                x.dtype.scalar_name()
            );
        }
        outputs.push(Meta::contiguous(x.shape(), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, y) = (&inputs[0], &outputs[0]);
        let dtype = x.meta.dtype;
        let (shape, from) = line(x.shape(), x.strides());
        let (_, to) = line(y.shape(), y.strides());
        let to = Operand::new(y.pointer, to, dtype.size());
        let from = Operand::input(x.pointer, from, dtype.size());
        // SAFETY: claimed and in bounds; the output is fresh.
        unsafe { lines::softmax(self.log, dtype, shape, to, from, self.dim) };
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.output(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("dim", Attribute::Value(Value::Int(self.dim as i64))), ("result", Attribute::Output(0))]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let back = SoftmaxBack { dim: self.dim, log: self.log };
        Ok(smallvec![Some(apply(back, &[g, &context.output(0)?])?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let (t, y) = (only(t)?, context.output(0));
        if self.log {
            return t.sub(total(&t.mul(y.exp()?)?, self.dim)?);
        }
        // The Jacobian is symmetric.
        apply(SoftmaxBack { dim: self.dim, log: false }, &[t, y])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        if x.rank() == 1 {
            return Ok(None);
        }
        Ok(Some(vec![(apply(Self { dim: self.dim + 1, log: self.log }, &[&x])?, Some(0))]))
    }
}

/// The sum along a dimension, which stays.
fn total(x: &Tensor, dim: usize) -> Result<Tensor> {
    if x.rank() == 0 { Ok(x.clone()) } else { x.sum_dims(&[dim as i64], true) }
}

/// The gradient of `softmax`, `y (g - Σ g y)`, or of its logarithm, `g - e^y Σ g`, from its result.
#[derive(Clone)]
struct SoftmaxBack {
    dim: usize,
    log: bool,
}

impl Primitive for SoftmaxBack {
    fn name(&self) -> &'static str {
        if self.log { "LogSoftmaxBackwardDataBackward0" } else { "SoftmaxBackwardDataBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(inputs[1].shape(), inputs[1].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (g, y, output) = (&inputs[0], &inputs[1], &outputs[0]);
        let dtype = y.meta.dtype;
        let (shape, from) = line(y.shape(), y.strides());
        let (_, to) = line(output.shape(), output.strides());
        let (_, by) = line(g.shape(), g.strides());
        let size = dtype.size();
        let to = Operand::new(output.pointer, to, size);
        let (g, y) = (Operand::input(g.pointer, by, size), Operand::input(y.pointer, from, size));
        // SAFETY: claimed and in bounds; the output is fresh.
        unsafe { lines::softmax_backward(self.log, dtype, shape, to, g, y, self.dim) };
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    fn vjp(&self, context: &Context<'_>, h: &Tensor) -> Result<Gradients> {
        let (g, y) = (context.input(0)?, context.input(1)?);
        if self.log {
            let e = y.exp()?;
            let by_g = h.sub(total(&h.mul(&e)?, self.dim)?)?;
            let by_y = h.mul(&e)?.mul(total(&g, self.dim)?)?.neg()?;
            return Ok(smallvec![Some(by_g), Some(by_y)]);
        }
        let by_g = apply(self.clone(), &[h, &y])?;
        let by_y =
            h.mul(g.sub(total(&g.mul(&y)?, self.dim)?)?)?.sub(g.mul(total(&h.mul(&y)?, self.dim)?)?)?;
        Ok(smallvec![Some(by_g), Some(by_y)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let (g, y) = (context.input(0), context.input(1));
        let first = match &t[0] {
            Some(t) => Some(apply(self.clone(), &[t, y])?),
            None => None,
        };
        let second = match &t[1] {
            Some(t) if self.log => Some(y.exp()?.mul(t)?.mul(total(g, self.dim)?)?.neg()?),
            Some(t) => {
                Some(t.mul(g.sub(total(&g.mul(y)?, self.dim)?)?)?.sub(y.mul(total(&g.mul(t)?, self.dim)?)?)?)
            }
            None => None,
        };
        match (first, second) {
            (Some(a), Some(b)) => a.add(&b),
            (a, b) => Ok(only(&[a, b])?.clone()),
        }
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [g, y] = super::choose::in_front(inputs, size)?;
        if y.rank() == 1 {
            return Ok(None);
        }
        Ok(Some(vec![(apply(Self { dim: self.dim + 1, log: self.log }, &[&g, &y])?, Some(0))]))
    }
}

/// `log Σ e^x` over some dimensions, without overflow.
#[derive(Clone)]
pub struct LogSumExp {
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
}

impl LogSumExp {
    /// The share of each element, `e^(x - y)`.
    fn shares(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        x.sub(restore(y, &self.reduced, self.keep)?)?.exp()
    }
}

impl Primitive for LogSumExp {
    fn name(&self) -> &'static str {
        "LogsumexpBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        let dtype = if x.dtype.is_floating_point() { x.dtype } else { default_dtype() };
        outputs.push(Meta::contiguous(&reduced_shape(x.shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        run_reduction("logsumexp", &LOGSUMEXP, dtype, &self.reduced, 0.0, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let shares = self.shares(&context.input(0)?, &context.output(0)?)?;
        Ok(smallvec![Some(shares.mul(restore(g, &self.reduced, self.keep)?)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let change = self.shares(context.input(0), context.output(0))?.mul(only(t)?)?;
        let reduced = self.reduced.clone();
        apply(super::reduce::Sum { reduced, keep: self.keep, dtype: None, named: true }, &[&change])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, keep: self.keep }, &[&x])?, Some(0))]))
    }
}

impl Tensor {
    /// `e^x` divided by its sum along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range; for dtypes that are not floating-point ones.
    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        apply(Softmax { dim: wrap_dim(dim, self.rank())?, log: false }, &[self])
    }

    /// The logarithm of [`Tensor::softmax`], computed without its loss of digits.
    ///
    /// # Errors
    /// If the dimension is out of range; for dtypes that are not floating-point ones.
    pub fn log_softmax(&self, dim: i64) -> Result<Tensor> {
        apply(Softmax { dim: wrap_dim(dim, self.rank())?, log: true }, &[self])
    }

    /// `log Σ e^x` over some dimensions; an empty list means all.
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice.
    pub fn logsumexp(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        apply(LogSumExp { reduced: reduced_dims(Some(dims), self.rank())?, keep }, &[self])
    }
}

fn call(a: &Arguments<'_>, log: bool) -> Result<Value> {
    let x = a.tensor(0)?;
    let dim = wrap_dim(a.int(1)?, x.rank())?;
    match a.optional_dtype(2)? {
        Some(dtype) if dtype != x.dtype() => a.apply(Softmax { dim, log }, &[&x.to_dtype(dtype)?]),
        _ => a.apply(Softmax { dim, log }, &[x]),
    }
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = s.each_layout(|x| {
        let dim = i64::from(x.rank() != 0);
        vec![x.into(), Value::Int(dim), Value::None]
    });
    samples.push(Sample::new(vec![s.tensor(&[2, 3, 2]).into(), Value::Int(-2), Value::None]));
    samples
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "softmax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT).and(Form::SPECIAL),
        overloads: &[Overload {
            schema: "softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
            call: |a| call(a, false),
        }],
        documentation: "`exp(x)` divided by its sum along the dimension `dim`, computed from the largest element. `dtype` \
converts the elements first.",
        example: ">>> torch.tensor([0., 0.]).softmax(0)\ntensor([0.5000, 0.5000])",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "log_softmax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT).and(Form::SPECIAL),
        overloads: &[Overload {
            schema: "log_softmax(Tensor self, int dim, ScalarType? dtype=None) -> Tensor",
            call: |a| call(a, true),
        }],
        documentation: "The logarithm of `softmax`, computed without its loss of digits.",
        example: ">>> torch.tensor([0., 0.]).log_softmax(0)\ntensor([-0.6931, -0.6931])",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "logsumexp",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT).and(Form::SPECIAL),
        overloads: &[Overload {
            schema: "logsumexp(Tensor self, int[1] dim, bool keepdim=False) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                let reduced = reduced_dims(Some(a.ints(1)?), x.rank())?;
                a.apply(LogSumExp { reduced, keep: a.bool(2)? }, &[x])
            },
        }],
        documentation: "`log(sum(exp(x)))` over the dimensions `dim`, computed from the largest element.",
        example: ">>> torch.tensor([0., 0.]).logsumexp(0)\ntensor(0.6931)",
        samples: |s| {
            [
                (s.tensor(&[2, 3]), vec![0], false),
                (s.tensor(&[3, 2]).t().expect("two dimensions"), vec![0, 1], true),
                (s.tensor(&[3, 1]).expand(&[3, 2]).expect("expands"), vec![-1], false),
                (s.tensor(&[2, 0]), vec![0], false),
                (s.tensor(&[]), vec![0], false),
            ]
            .into_iter()
            .map(|(x, dims, keep)| Sample::new(vec![x.into(), Value::Ints(dims), Value::Bool(keep)]))
            .collect()
        },
        ..Entry::DEFAULT
    },
];
