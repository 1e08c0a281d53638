//! Filling tensors with first values. The draws are PyTorch's, in its order, to the bit.
//!
//! Every function changes the tensor in place without recording it, so that parameters can be given directly.

use rushlight_core::autograd::no_grad;
use rushlight_core::layout::int_list;
use rushlight_core::warning::{Category, warn};
use rushlight_core::{Error, Result, Scalar, Tensor};

/// Draws from the uniform distribution on `[low, high)`.
///
/// # Errors
/// If the tensor cannot be changed, or the bounds are not in order.
pub fn uniform_(tensor: &Tensor, low: f64, high: f64) -> Result<()> {
    no_grad(|| tensor.uniform_(low, high)).map(drop)
}

/// Draws from the normal distribution.
///
/// # Errors
/// If the tensor cannot be changed, or the deviation is negative.
pub fn normal_(tensor: &Tensor, mean: f64, deviation: f64) -> Result<()> {
    no_grad(|| tensor.normal_(mean, deviation)).map(drop)
}

/// Fills with one value.
///
/// # Errors
/// If the tensor cannot be changed.
pub fn constant_(tensor: &Tensor, value: impl Into<Scalar>) -> Result<()> {
    let value = value.into();
    no_grad(|| tensor.fill_(value)).map(drop)
}

/// Fills with zeros.
///
/// # Errors
/// If the tensor cannot be changed.
pub fn zeros_(tensor: &Tensor) -> Result<()> {
    constant_(tensor, 0)
}

/// Fills with ones.
///
/// # Errors
/// If the tensor cannot be changed.
pub fn ones_(tensor: &Tensor) -> Result<()> {
    constant_(tensor, 1)
}

/// Draws uniformly on ±√(6 / ((1 + a²) fan_in)), where `a` is the negative slope of the leaky rectifier that follows
/// (He et al., 2015). Layers start with `a` = √5, which makes it ±1/√fan_in.
///
/// ```
/// use rushlight::prelude::*;
///
/// manual_seed(0);
/// let weight = Tensor::empty(&[1, 3], DType::F32)?;
/// nn::init::kaiming_uniform_(&weight, 5.0_f64.sqrt())?;
/// assert_eq!(weight.to_string(), "tensor([[-0.0043,  0.3097, -0.4752]])");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions`.
pub fn kaiming_uniform_(tensor: &Tensor, a: f64) -> Result<()> {
    if tensor.shape().contains(&0) {
        warn(Category::User, "Initializing zero-element tensors is a no-op");
        return Ok(());
    }
    let (fan_in, _) = fan_in_and_fan_out(tensor)?;
    // In PyTorch's steps, because the bound decides the bits.
    let gain = (2.0 / (1.0 + a * a)).sqrt();
    let deviation = gain / (fan_in as f64).sqrt();
    let bound = 3.0_f64.sqrt() * deviation;
    uniform_(tensor, -bound, bound)
}

/// Draws uniformly on ±gain √(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
///
/// # Errors
/// `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions`.
pub fn xavier_uniform_(tensor: &Tensor, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fan_in_and_fan_out(tensor)?;
    let deviation = gain * (2.0 / (fan_in + fan_out) as f64).sqrt();
    let bound = 3.0_f64.sqrt() * deviation;
    uniform_(tensor, -bound, bound)
}

/// Draws from the normal distribution with deviation gain √(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
///
/// # Errors
/// `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions`.
pub fn xavier_normal_(tensor: &Tensor, gain: f64) -> Result<()> {
    let (fan_in, fan_out) = fan_in_and_fan_out(tensor)?;
    normal_(tensor, 0.0, gain * (2.0 / (fan_in + fan_out) as f64).sqrt())
}

/// How many inputs an output of a layer with this weight has, and how many outputs an input.
///
/// # Errors
/// `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions`.
pub fn fan_in_and_fan_out(weight: &Tensor) -> Result<(usize, usize)> {
    let [fan_out, fan_in, field @ ..] = weight.shape() else {
        return Err(Error::value(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
        )
        .with_help(format!("the shape is {}", int_list(weight.shape()))));
    };
    let receptive_field: usize = field.iter().product();
    Ok((fan_in * receptive_field, fan_out * receptive_field))
}
