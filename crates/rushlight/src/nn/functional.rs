//! The functions behind the layers: PyTorch's checks here, arithmetic in the core's operations.

use rushlight_core::layout::int_list;
use rushlight_core::warning::{Category, warn};
use rushlight_core::{Error, Result, Tensor};

pub use rushlight_core::ops::losses::Reduction;

/// `y = x Aᵀ + b`: input `(*, in)`, weight `(out, in)`, bias `(out)`, output `(*, out)`.
///
/// # Errors
/// If the shapes or dtypes do not fit.
pub fn linear(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    input.linear(weight, bias)
}

/// `1 / (1 + e^-x)`, element by element.
///
/// # Errors
/// If there is no kernel for the dtype.
pub fn sigmoid(input: &Tensor) -> Result<Tensor> {
    input.sigmoid()
}

/// `max(0, x)`, element by element.
///
/// # Errors
/// If there is no kernel for the dtype.
pub fn relu(input: &Tensor) -> Result<Tensor> {
    input.relu()
}

/// The hyperbolic tangent, element by element.
///
/// # Errors
/// If there is no kernel for the dtype.
pub fn tanh(input: &Tensor) -> Result<Tensor> {
    input.tanh()
}

fn size(tensor: &Tensor) -> String {
    format!("torch.Size({})", int_list(tensor.shape()))
}

/// The square of the difference. Shapes should be equal; they broadcast with a warning.
///
/// ```
/// use rushlight::nn::functional::{Reduction, mse_loss};
/// use rushlight::tensor;
///
/// let loss = mse_loss(&tensor!([1.0, 2.0]), &tensor!([0.0, 4.0]), Reduction::Mean)?;
/// assert_eq!(loss.item()?.to_f64(), 2.5);
/// # Ok::<(), rushlight::Error>(())
/// ```
///
/// # Errors
/// If the shapes do not broadcast.
pub fn mse_loss(input: &Tensor, target: &Tensor, reduction: Reduction) -> Result<Tensor> {
    if target.shape() != input.shape() {
        warn(
            Category::User,
            format!(
                "Using a target size ({}) that is different to the input size ({}). This will likely lead to incorrect \
                 results due to broadcasting. Please ensure they have the same size.",
                size(target),
                size(input)
            ),
        );
    }
    input.mse_loss(target, reduction)
}

/// `-(t log x + (1 - t) log(1 - x))` of probabilities `x`, with the logarithms kept above -100. Input and target have
/// the same shape; the weight of each element broadcasts to it.
///
/// # Errors
/// If the shapes differ, or an input is outside `[0, 1]`.
pub fn binary_cross_entropy(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    reduction: Reduction,
) -> Result<Tensor> {
    if target.shape() != input.shape() {
        return Err(Error::value(format!(
            "Using a target size ({}) that is different to the input size ({}) is deprecated. Please ensure they have \
             the same size.",
            size(target),
            size(input)
        ))
        .with_help("`squeeze()` removes dimensions of size 1"));
    }
    let weight = weight.map(|weight| weight.expand(target.shape())).transpose()?;
    input.binary_cross_entropy(target, weight.as_ref(), reduction)
}

/// [`binary_cross_entropy`] of `sigmoid(x)`, computed without overflow; `positive_weight` weighs positive targets.
///
/// # Errors
/// If the shapes differ.
pub fn binary_cross_entropy_with_logits(
    input: &Tensor,
    target: &Tensor,
    weight: Option<&Tensor>,
    positive_weight: Option<&Tensor>,
    reduction: Reduction,
) -> Result<Tensor> {
    if target.shape() != input.shape() {
        return Err(Error::value(format!(
            "Target size ({}) must be the same as input size ({})",
            size(target),
            size(input)
        )));
    }
    input.binary_cross_entropy_with_logits(target, weight, positive_weight, reduction)
}

/// Options of [`cross_entropy`] that are rarely given.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropyOptions<'a> {
    /// A weight for each class, `(C)`.
    pub weight: Option<&'a Tensor>,
    /// A class that does not count.
    pub ignore_index: i64,
    /// How much of each target is spread over all classes.
    pub label_smoothing: f64,
}

impl Default for CrossEntropyOptions<'_> {
    /// PyTorch's: no weight, -100, no smoothing.
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, label_smoothing: 0.0 }
    }
}

/// The negative logarithm of the softmax at the target. Input `(C)`, `(N, C)` or `(N, C, d1, …)`: unnormalised
/// logarithms; target: classes (integers, the input's shape without `C`) or probabilities (the input's shape).
///
/// # Errors
/// If the shapes or dtypes do not fit, or a class is out of range.
pub fn cross_entropy(
    input: &Tensor,
    target: &Tensor,
    reduction: Reduction,
    options: CrossEntropyOptions<'_>,
) -> Result<Tensor> {
    input.cross_entropy_loss(target, options.weight, reduction, options.ignore_index, options.label_smoothing)
}
