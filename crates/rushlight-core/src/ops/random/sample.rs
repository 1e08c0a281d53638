//! Random operations that draw more than once, or combine what they draw: `normal` of tensors, `multinomial`, dropout.

use super::{Distribution, fill_fresh, show};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Differentiability, Gradients, Metas, Primitive, View, ViewMut, apply};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::layout::{Layout, broadcast_shapes};
use crate::random::{self, Generator};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

/// `normal(mean, std)` where at least one of them is a tensor. The derivative is zero, as in PyTorch.
#[derive(Clone)]
struct Normal {
    /// The mean, unless it is a tensor.
    mean: Option<f64>,
    /// The standard deviation, unless it is a tensor.
    deviation: Option<f64>,
    generator: Generator,
}

impl Primitive for Normal {
    fn name(&self) -> &'static str {
        match (self.mean, self.deviation) {
            (None, Some(_)) => "NormalBackward1",
            (Some(_), None) => "NormalBackward2",
            _ => "NormalBackward3",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let first = inputs[0];
        if !first.dtype.is_floating_point() {
            bail!(
                NotImplemented,
                "\"normal_kernel_cpu\" not implemented for '{}'",
                first.dtype.scalar_name()
            );
        }
        let layout = match inputs.get(1) {
            Some(second) => Layout::contiguous(&broadcast_shapes(first.shape(), second.shape())?),
            None => first.layout.fresh_like(),
        };
        outputs.push(Meta::new(layout, first.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        // PyTorch draws with mean 0, and with the deviation if it is a number, and then computes.
        let distribution = Distribution::Normal(0.0, self.deviation.unwrap_or(1.0));
        let draw = super::Draw { distribution, generator: self.generator.clone(), node: "" };
        draw.forward(&[], std::slice::from_mut(output))?;
        let dtype = output.meta.dtype;
        let run = |kernel, name, operand: &View<'_>| {
            let drawn = View { pointer: output.pointer, meta: output.meta };
            let mut target = ViewMut { pointer: output.pointer, meta: output.meta };
            let inputs = [drawn, *operand];
            crate::ops::elementwise::run_kernel(name, kernel, dtype, &inputs, None, &[], 1.0, &mut target)
        };
        if self.deviation.is_none() {
            run(&rushlight_kernels::binary::MUL, "mul", inputs.last().unwrap_or(&inputs[0]))?;
        }
        match self.mean {
            None => run(&rushlight_kernels::binary::ADD, "add", &inputs[0]),
            Some(mean) => {
                let number = Tensor::full(&[], mean, dtype)?;
                let meta = number.meta().clone();
                number.with_bytes(|pointer| {
                    run(&rushlight_kernels::binary::ADD, "add", &View { pointer, meta: &meta })
                })?
            }
        }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let zero = |i: usize| -> Result<Option<Tensor>> {
            if !context.needs_input(i) {
                return Ok(None);
            }
            let (shape, dtype) = context.saved_shape(i)?;
            let _ = dtype;
            Ok(Some(Tensor::zeros(&shape, g.dtype())?))
        };
        (0..context.edges()).map(zero).collect::<Result<_>>()
    }
    fn saves(&self, _: crate::dispatch::Needs) -> crate::dispatch::Saves {
        crate::dispatch::Saves::NONE.shape(0).shape(1)
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.output(0).zeros_like()
    }
}

/// Mean or deviation of [`normal`].
pub(crate) enum Parameter<'a> {
    Number(f64),
    Tensor(&'a Tensor),
}

/// `normal(mean, std)`, at least one of them a tensor.
pub(crate) fn normal(
    mean: &Parameter<'_>,
    deviation: &Parameter<'_>,
    generator: &Generator,
) -> Result<Tensor> {
    let generator = generator.clone();
    if let Parameter::Tensor(deviation) = deviation
        && deviation.special().is_none()
        && deviation.to_f64_vec()?.iter().any(|x| x.is_nan() || *x < 0.0)
    {
        bail!(Runtime, "normal expects all elements of std >= 0.0");
    }
    match (mean, deviation) {
        (Parameter::Tensor(mean), Parameter::Tensor(deviation)) => {
            apply(Normal { mean: None, deviation: None, generator }, &[mean, deviation])
        }
        (Parameter::Tensor(mean), &Parameter::Number(deviation)) => {
            if deviation.is_nan() || deviation < 0.0 {
                bail!(Runtime, "normal expects std >= 0.0, but found std {}", show(deviation));
            }
            apply(Normal { mean: None, deviation: Some(deviation), generator }, &[mean])
        }
        (&Parameter::Number(mean), Parameter::Tensor(deviation)) => {
            apply(Normal { mean: Some(mean), deviation: None, generator }, &[deviation])
        }
        (&Parameter::Number(mean), &Parameter::Number(deviation)) => super::fresh(
            &[],
            crate::dtype::default_dtype(),
            Distribution::Normal(mean, deviation),
            &generator,
        ),
    }
}

/// `bernoulli(p)` of a tensor of probabilities; the derivative is zero, as in PyTorch.
#[derive(Clone)]
pub(super) struct Bernoulli {
    pub(super) generator: Generator,
}

impl Primitive for Bernoulli {
    fn name(&self) -> &'static str {
        "BernoulliBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        super::BernoulliEach { generator: self.generator.clone() }.infer(&[inputs[0], inputs[0]], outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        super::BernoulliEach { generator: self.generator.clone() }.forward(&[inputs[0], inputs[0]], outputs)
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.zeros_like()?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.input(0).zeros_like()
    }
}

fn check_probability(p: f64) -> Result<()> {
    if !(0.0..=1.0).contains(&p) {
        bail!(Runtime, "dropout probability has to be between 0 and 1, but got {}", show(p));
    }
    Ok(())
}

/// Ones with probability `1 - p`, else zeros, in a shape.
fn kept(like: Tensor, p: f64) -> Result<Tensor> {
    fill_fresh(&like, Distribution::Bernoulli(1.0 - p), random::default_generator())?;
    Ok(like)
}

/// `dropout(x, p, train)`: PyTorch computes `x * (mask / (1 - p))`, so the node is that of a product.
pub(crate) fn dropout(x: &Tensor, p: f64, train: bool) -> Result<Tensor> {
    match dropout_noise(x, p, train, false)? {
        Some(noise) => x.mul(&noise),
        None => Ok(x.clone()),
    }
}

/// `feature_dropout(x, p, train)`: whole channels, of `[N, C, …]`.
pub(crate) fn feature_dropout(x: &Tensor, p: f64, train: bool) -> Result<Tensor> {
    match dropout_noise(x, p, train, true)? {
        Some(noise) => x.mul(&noise),
        None => Ok(x.clone()),
    }
}

/// What dropout multiplies by; nothing where it changes nothing.
pub(super) fn dropout_noise(x: &Tensor, p: f64, train: bool, features: bool) -> Result<Option<Tensor>> {
    check_probability(p)?;
    if p == 0.0 || !train || x.numel() == 0 {
        return Ok(None);
    }
    if p == 1.0 {
        return Tensor::zeros(&[], x.dtype()).map(Some);
    }
    let noise = kept(noise_shape(x, features)?, p)?;
    let _mode = crate::autograd::GradMode::set(false);
    noise.div_(1.0 - p).map(Some)
}

fn noise_shape(x: &Tensor, features: bool) -> Result<Tensor> {
    if !features {
        return Tensor::empty_with(Meta::new(x.layout().fresh_like(), x.dtype()));
    }
    if x.rank() < 2 {
        bail!(Runtime, "Feature dropout requires at least 2 dimensions in the input");
    }
    let shape: Vec<usize> = x.shape().iter().enumerate().map(|(d, &n)| if d < 2 { n } else { 1 }).collect();
    Tensor::empty(&shape, x.dtype())
}

/// `alpha_dropout` (Klambauer and others, "Self-normalizing neural networks", 2017): keeps mean and variance.
pub(crate) fn alpha_dropout(x: &Tensor, p: f64, train: bool, features: bool) -> Result<Tensor> {
    // alpha * scale of SELU, as PyTorch has it.
    const ALPHA: f64 = 1.758_099_340_847_376_6;
    check_probability(p)?;
    if p == 0.0 || !train || x.numel() == 0 {
        return Ok(x.clone());
    }
    if p == 1.0 {
        return x.mul(&Tensor::zeros(&[], x.dtype())?);
    }
    let noise = kept(noise_shape(x, features)?, p)?;
    let a = 1.0 / ((ALPHA * ALPHA * p + 1.0) * (1.0 - p)).sqrt();
    let (noise, shift) = {
        let _mode = crate::autograd::GradMode::set(false);
        let shift = noise.add(-1.0)?.mul_(ALPHA * a)?.add_(ALPHA * a * p)?;
        (noise.mul_(a)?, shift)
    };
    x.mul(&noise)?.add(&shift)
}

/// `multinomial(p, n, replacement)`: indices drawn in proportion to rows of weights.
#[derive(Clone)]
struct Multinomial {
    samples: usize,
    replacement: bool,
    generator: Generator,
}

impl Primitive for Multinomial {
    fn name(&self) -> &'static str {
        "MultinomialBackward0"
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let mut shape = crate::layout::Shape::from_slice(inputs[0].shape());
        if let Some(last) = shape.last_mut() {
            *last = self.samples;
        }
        outputs.push(Meta::contiguous(&shape, DType::I64));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (weights, output) = (&inputs[0], &mut outputs[0]);
        let categories = weights.shape().last().copied().unwrap_or(1);
        let rows = weights.meta.elements() / categories.max(1);
        // The rows as `f64`; sums and quotients are rounded to the dtype, as PyTorch computes in it.
        let dense = Meta::contiguous(weights.shape(), DType::F64);
        let mut values = vec![0.0f64; weights.meta.elements()];
        let mut to = ViewMut { pointer: values.as_mut_ptr().cast(), meta: &dense };
        crate::ops::copy::copy_view(&mut to, weights);
        let round = |x: f64| -> f64 {
            rushlight_kernels::dispatch_float!(weights.meta.dtype, T => {
                crate::tensor::Element::to_f64(<T as crate::tensor::Element>::from_f64(x))
            }, else x)
        };
        check_weights(&values, categories)?;
        let mut drawn: Vec<i64> = Vec::with_capacity(rows * self.samples);
        if !self.replacement || self.samples == 1 {
            // The largest of weight / exponential number is each category with its probability.
            let noise = super::fresh(
                &[values.len()],
                weights.meta.dtype,
                Distribution::Exponential(1.0),
                &self.generator,
            )?;
            let noise = noise.to_f64_vec()?;
            for row in 0..rows {
                let at = row * categories..(row + 1) * categories;
                let scores: Vec<f64> =
                    values[at.clone()].iter().zip(&noise[at]).map(|(&p, &q)| round(p / q)).collect();
                let mut order: Vec<usize> = (0..categories).collect();
                order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
                drawn.extend(order[..self.samples].iter().map(|&i| i as i64));
            }
        } else {
            let mut stream = random::lock(&self.generator);
            for row in values.chunks(categories) {
                let mut total = 0.0;
                let mut sums: Vec<f64> = row
                    .iter()
                    .map(|&p| {
                        total = round(total + p);
                        total
                    })
                    .collect();
                for sum in &mut sums {
                    *sum = round(*sum / total);
                }
                if let Some(last) = sums.last_mut() {
                    *last = 1.0;
                }
                for _ in 0..self.samples {
                    let u = stream.uniform_f64();
                    drawn.push(sums.partition_point(|&s| s < u) as i64);
                }
            }
        }
        // SAFETY: the output is fresh, row-major, and holds rows * samples indices.
        unsafe { std::ptr::copy_nonoverlapping(drawn.as_ptr(), output.pointer.cast(), drawn.len()) };
        Ok(())
    }
}

fn check_weights(values: &[f64], categories: usize) -> Result<()> {
    if values.iter().any(|p| !p.is_finite() || *p < 0.0) {
        bail!(Runtime, "probability tensor contains either `inf`, `nan` or element < 0");
    }
    if values.chunks(categories.max(1)).any(|row| row.iter().sum::<f64>() <= 0.0) {
        bail!(Runtime, "invalid multinomial distribution (sum of probabilities <= 0)");
    }
    Ok(())
}

/// Indices drawn in proportion to weights, one set for each row.
pub(crate) fn multinomial(
    x: &Tensor,
    samples: i64,
    replacement: bool,
    generator: &Generator,
) -> Result<Tensor> {
    if x.rank() == 0 || x.rank() > 2 {
        bail!(Runtime, "prob_dist must be 1 or 2 dim");
    }
    if !x.dtype().is_floating_point() {
        bail!(
            Runtime,
            "multinomial only supports floating-point dtypes for input, got: {}",
            x.dtype().scalar_name()
        );
    }
    if samples <= 0 {
        bail!(Runtime, "cannot sample n_sample <= 0 samples");
    }
    let categories = x.shape()[x.rank() - 1];
    if !replacement && samples as usize > categories {
        bail!(Runtime, "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
    }
    apply(Multinomial { samples: samples as usize, replacement, generator: generator.clone() }, &[x])
}
