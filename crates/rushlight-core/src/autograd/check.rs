//! Numeric checks of derivatives: what the tests of every operation stand on, and what users check their own with.

use super::{BackwardOptions, GradMode, grad_with};
use crate::dtype::DType;
use crate::error::{Error, Result, bail};
use crate::tensor::Tensor;

/// How a check is done.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions {
    /// Half the step of the central difference.
    pub eps: f64,
    /// Absolute tolerance.
    pub atol: f64,
    /// Relative tolerance.
    pub rtol: f64,
}

impl Default for CheckOptions {
    /// PyTorch's defaults: a central difference with step 1e-6 in `f64` is good to about 1e-8, so 1e-5 leaves room for
    /// functions with large third derivatives.
    fn default() -> Self {
        Self { eps: 1e-6, atol: 1e-5, rtol: 1e-3 }
    }
}

/// Weights for the outputs, so that one number stands for all of them. Any fixed, irregular numbers serve.
fn weights(like: &Tensor, seed: usize) -> Result<Tensor> {
    let values: Vec<f64> = (0..like.numel())
        .map(|i| ((i * 7 + seed * 13 + 3) as f64 * 0.618_033_988_749_895).fract() + 0.1)
        .collect();
    let shape: Vec<i64> = like.shape().iter().map(|&s| s as i64).collect();
    Tensor::from_slice(&values).reshape(&shape)?.to_dtype(like.dtype())
}

fn dot(a: &Tensor, b: &Tensor) -> Result<f64> {
    Ok(a.to_f64_vec()?.iter().zip(b.to_f64_vec()?).map(|(x, y)| x * y).sum())
}

/// `Σ w·f(x)` as a number, without recording.
fn weighted(
    f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[Tensor],
    weights: &[Tensor],
) -> Result<f64> {
    let _mode = GradMode::set(false);
    let mut total = 0.0;
    for (output, weight) in f(inputs)?.iter().zip(weights) {
        total += dot(output, weight)?;
    }
    Ok(total)
}

/// Copies of the inputs in their own strides, as leaves.
fn leaves(inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    inputs
        .iter()
        .map(|x| if x.dtype() == DType::F64 { x.detach()?.requires_grad_(true) } else { Ok(x.clone()) })
        .collect()
}

fn differentiable(f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    Ok(f(inputs)?.into_iter().filter(|o| o.dtype().is_floating_point()).collect())
}

/// Gradients of `Σ w·f(x)` by the engine; zero where an input is not used.
fn analytic(
    f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[Tensor],
    weights: &[Tensor],
    options: BackwardOptions,
) -> Result<Vec<Tensor>> {
    let outputs = f(inputs)?;
    let (outputs, given): (Vec<Tensor>, Vec<Option<Tensor>>) = outputs
        .into_iter()
        .zip(weights)
        .filter(|(o, _)| o.requires_grad())
        .map(|(o, w)| (o, Some(w.clone())))
        .unzip();
    let wanted: Vec<Tensor> = inputs.iter().filter(|x| x.requires_grad()).cloned().collect();
    if outputs.is_empty() {
        return wanted.iter().map(Tensor::zeros_like).collect();
    }
    grad_with(&outputs, &wanted, &given, options)?
        .into_iter()
        .zip(&wanted)
        .map(|(g, x)| g.map_or_else(|| x.zeros_like(), Ok))
        .collect()
}

/// Compares the gradients of a function with central differences, element by element.
///
/// `f64` inputs are differentiated; all others are constants.
///
/// ```
/// use rushlight_core::{Tensor, autograd::{CheckOptions, gradcheck}};
/// let x = Tensor::from_slice(&[0.3, 0.7]);
/// gradcheck(&|x| Ok(vec![x[0].mul(&x[0])?.exp()?]), &[x], CheckOptions::default())?;
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// If they differ, naming the input, the element and both numbers; and whatever the function raises.
pub fn gradcheck(
    f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[Tensor],
    options: CheckOptions,
) -> Result<()> {
    let f = |x: &[Tensor]| differentiable(f, x);
    let inputs = leaves(inputs)?;
    let outputs = f(&inputs)?;
    let weights = outputs.iter().enumerate().map(|(i, o)| weights(o, i)).collect::<Result<Vec<_>>>()?;
    let mut gradients = analytic(&f, &inputs, &weights, BackwardOptions::default())?.into_iter();
    for (number, input) in inputs.iter().enumerate() {
        if !input.requires_grad() {
            continue;
        }
        let Some(gradient) = gradients.next() else { continue };
        if gradient.shape() != input.shape() {
            bail!(
                Runtime,
                "the gradient of input {number} has the shape {}, the input {}",
                crate::layout::int_list(gradient.shape()),
                crate::layout::int_list(input.shape())
            );
        }
        let got = gradient.to_f64_vec()?;
        let values = input.to_vec::<f64>()?;
        for i in 0..values.len() {
            let at = |delta: f64| -> Result<f64> {
                let mut changed = values.clone();
                changed[i] += delta;
                let mut all = inputs.clone();
                // The changed input has the strides of the original, which may lead to other code.
                let row_major = Tensor::from_vec(changed, input.shape())?;
                all[number] = if input.layout().is_non_overlapping_and_dense() {
                    let copy = Tensor::empty_strided(input.shape(), input.strides(), DType::F64)?;
                    copy.copy_(&row_major)?;
                    copy
                } else {
                    row_major
                };
                weighted(&f, &all, &weights)
            };
            let numeric = (at(options.eps)? - at(-options.eps)?) / (2.0 * options.eps);
            let allowed = options.atol + options.rtol * numeric.abs();
            if (got[i] - numeric).abs() > allowed || got[i].is_nan() != numeric.is_nan() {
                return Err(Error::runtime(format!(
                    "the gradient of input {number} at element {i} is {}, a central difference gives {numeric}",
                    got[i]
                )));
            }
        }
    }
    Ok(())
}

/// [`gradcheck`] of the gradient itself: second derivatives.
///
/// # Errors
/// As [`gradcheck`].
pub fn gradgradcheck(
    f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[Tensor],
    options: CheckOptions,
) -> Result<()> {
    let f = |x: &[Tensor]| differentiable(f, x);
    let count = inputs.len();
    let start = f(&leaves(inputs)?)?;
    let cotangents = start.iter().enumerate().map(|(i, o)| weights(o, i)).collect::<Result<Vec<_>>>()?;
    let first = |all: &[Tensor]| -> Result<Vec<Tensor>> {
        let _mode = GradMode::set(true);
        let inputs = all[..count]
            .iter()
            .map(|x| {
                if x.requires_grad() || x.dtype() != DType::F64 {
                    Ok(x.clone())
                } else {
                    x.detach()?.requires_grad_(true)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        analytic(&f, &inputs, &all[count..], BackwardOptions::create_graph())
    };
    let mut all = inputs.to_vec();
    all.extend(cotangents);
    gradcheck(&first, &all, options)
}

/// Compares forward mode with reverse mode: `w · (J u) = (Jᵀ w) · u` for fixed irregular `w`, `u`.
///
/// # Errors
/// If they differ; and whatever the function raises.
pub fn forward_check(
    f: &dyn Fn(&[Tensor]) -> Result<Vec<Tensor>>,
    inputs: &[Tensor],
    rtol: f64,
) -> Result<()> {
    let f = |x: &[Tensor]| differentiable(f, x);
    let inputs = leaves(inputs)?;
    let outputs = f(&inputs)?;
    let cotangents = outputs.iter().enumerate().map(|(i, o)| weights(o, i)).collect::<Result<Vec<_>>>()?;
    let gradients = analytic(&f, &inputs, &cotangents, BackwardOptions::default())?;
    let mut reverse = 0.0;
    let mut size = 0.0;
    let mut duals = Vec::new();
    let layer = crate::transform::Differentiation::enter();
    let mut gradients = gradients.iter();
    for (i, input) in inputs.iter().enumerate() {
        if !input.requires_grad() {
            duals.push(input.clone());
            continue;
        }
        let tangent = weights(input, i + 5)?;
        if let Some(gradient) = gradients.next() {
            reverse += dot(gradient, &tangent)?;
            size += dot(&gradient.abs_values()?, &tangent)?;
        }
        duals.push(layer.dual(&input.detach()?, &tangent)?);
    }
    let mut forward = 0.0;
    for (i, output) in f(&duals)?.iter().enumerate() {
        let value = layer.lower(output);
        if let Some(tangent) = layer.tangent(output) {
            if tangent.shape() != value.shape() {
                bail!(
                    Runtime,
                    "the tangent of output {i} has the shape {}, the output {}",
                    crate::layout::int_list(tangent.shape()),
                    crate::layout::int_list(value.shape())
                );
            }
            forward += dot(&tangent, &cotangents[i])?;
        }
    }
    drop(layer);
    let close = (forward - reverse).abs() <= rtol * size.max(1.0);
    if close || forward.is_nan() && reverse.is_nan() {
        Ok(())
    } else {
        Err(Error::runtime(format!("forward mode gives {forward}, reverse mode {reverse}")))
    }
}

impl Tensor {
    fn abs_values(&self) -> Result<Tensor> {
        let values: Vec<f64> = self.to_f64_vec()?.into_iter().map(f64::abs).collect();
        Tensor::from_vec(values, self.shape())
    }
}
