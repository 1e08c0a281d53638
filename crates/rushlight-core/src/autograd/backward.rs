//! What users call to go backwards: `backward`, `grad`, and their options and checks.

use super::engine::run_backward;
use super::{BackwardOptions, Edge};
use crate::error::{Error, ErrorKind, Result, bail};
use crate::layout::int_list;
use crate::tensor::Tensor;

/// The gradients to start from: given ones are checked, a scalar's defaults to one.
fn starting_gradients(
    outputs: &[Tensor],
    gradients: &[Option<Tensor>],
    retains: bool,
) -> Result<Vec<Option<Tensor>>> {
    let _ = retains;
    let mut starts = Vec::with_capacity(outputs.len());
    for (i, output) in outputs.iter().enumerate() {
        let start = if let Some(gradient) = gradients.get(i).cloned().flatten() {
            if gradient.shape() != output.shape() {
                bail!(
                    Runtime,
                    "Mismatch in shape: grad_output[{i}] has a shape of torch.Size({}) and output[{i}] has a shape of torch.Size({}).",
                    int_list(gradient.shape()),
                    int_list(output.shape())
                );
            }
            gradient
        } else {
            if output.numel() != 1 {
                return Err(Error::new(ErrorKind::NonScalarBackward).with_help(format!(
                    "the output has the shape {}; reduce it to one number (`.sum()`, `.mean()`), or pass a gradient of that shape",
                    int_list(output.shape())
                )));
            }
            if !output.requires_grad() {
                return Err(no_grad(i));
            }
            output.ones_like()?
        };
        starts.push(Some(start));
    }
    Ok(starts)
}

#[cold]
fn no_grad(index: usize) -> Error {
    Error::new(ErrorKind::NoGrad { index }).with_help(
        "no tensor that it was computed from has requires_grad=True, or it was computed under no_grad()",
    )
}

fn root_edges(outputs: &[Tensor]) -> Result<Vec<Edge>> {
    outputs
        .iter()
        .enumerate()
        .map(|(i, output)| {
            if !output.requires_grad() {
                return Err(no_grad(i));
            }
            Ok(output.gradient_edge())
        })
        .collect()
}

/// Computes the gradients of `outputs` and accumulates them into the leaves (`torch.autograd.backward`).
///
/// # Errors
/// For outputs with several elements and no gradient given, for outputs that do not require a gradient, for freed
/// graphs and for saved values that were changed.
pub fn backward(outputs: &[Tensor], gradients: &[Option<Tensor>], options: BackwardOptions) -> Result<()> {
    backward_with(outputs, gradients, options, &[])
}

/// [`backward`], accumulating into the given inputs only.
///
/// # Errors
/// As [`backward`].
pub fn backward_with(
    outputs: &[Tensor],
    gradients: &[Option<Tensor>],
    options: BackwardOptions,
    inputs: &[Tensor],
) -> Result<()> {
    let starts = starting_gradients(outputs, gradients, options.retain_graph)?;
    let roots = root_edges(outputs)?;
    let mut places = Vec::with_capacity(inputs.len());
    for input in inputs {
        // Raises for an input that does not require a gradient, as PyTorch does.
        input.retain_grad()?;
        places.push(input.gradient_edge());
    }
    run_backward(&roots, starts, options, &places, true)?;
    Ok(())
}

/// The gradients of `outputs` with respect to `inputs` (`torch.autograd.grad`).
///
/// ```
/// use rushlight_core::{Tensor, autograd::{self, BackwardOptions}};
/// let x = Tensor::scalar(3.0).requires_grad_(true)?;
/// let y = x.mul(&x)?;
/// let first = autograd::grad(&[y], &[x.clone()], &[], BackwardOptions::create_graph())?;
/// let second = autograd::grad(&first, &[x], &[], BackwardOptions::default())?;
/// assert_eq!(second[0].item()?.to_f64(), 2.0);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// As [`backward`], and if an input was not used in the graph.
pub fn grad(
    outputs: &[Tensor],
    inputs: &[Tensor],
    gradients: &[Option<Tensor>],
    options: BackwardOptions,
) -> Result<Vec<Tensor>> {
    grad_with(outputs, inputs, gradients, options)?
        .into_iter()
        .enumerate()
        .map(|(index, gradient)| gradient.ok_or_else(|| unused(index)))
        .collect()
}

#[cold]
pub(crate) fn unused(index: usize) -> Error {
    Error::runtime(format!(
        "The differentiated Tensor at index {index} appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior."
    ))
}

/// [`grad`] with `allow_unused=True`: `None` for an input that the outputs do not depend on.
///
/// # Errors
/// As [`backward`].
pub fn grad_with(
    outputs: &[Tensor],
    inputs: &[Tensor],
    gradients: &[Option<Tensor>],
    options: BackwardOptions,
) -> Result<Vec<Option<Tensor>>> {
    let starts = starting_gradients(outputs, gradients, options.retain_graph)?;
    let roots = root_edges(outputs)?;
    let mut places = Vec::with_capacity(inputs.len());
    for input in inputs {
        if !input.requires_grad() {
            bail!(Runtime, "One of the differentiated Tensors does not require grad");
        }
        places.push(input.gradient_edge());
    }
    run_backward(&roots, starts, options, &places, false)
}

impl Tensor {
    /// Computes the gradient of this scalar with respect to the leaves it was computed from, into their `.grad`.
    ///
    /// # Errors
    /// As [`backward`].
    pub fn backward(&self) -> Result<()> {
        backward(std::slice::from_ref(self), &[], BackwardOptions::default())
    }

    /// [`Tensor::backward`] with a gradient to start from, and options.
    ///
    /// # Errors
    /// As [`backward`].
    pub fn backward_with(&self, gradient: Option<&Tensor>, options: BackwardOptions) -> Result<()> {
        backward(std::slice::from_ref(self), &[gradient.cloned()], options)
    }
}
