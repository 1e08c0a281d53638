//! Adam and AdamW: steps scaled by running averages of the gradient and of its square.

use std::slice;

use rushlight_core::optim::{Adam as Numbers, AdamState, adam_step};
use rushlight_core::{Error, Result, Tensor};

use super::{Groups, Trained, at_least_zero, optimizer, remembered};

/// Options of [`Adam`] and [`AdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdamOptions {
    /// The learning rate.
    pub lr: f64,
    /// How much of the running averages of gradient and square is kept.
    pub betas: (f64, f64),
    /// Added to the root of the square.
    pub eps: f64,
    /// How much of the parameter is added to its gradient ([`Adam`]), or how much it shrinks by itself ([`AdamW`]). Where
    /// it is not set it is 0 for [`Adam`] and 0.01 for [`AdamW`], as in PyTorch.
    pub weight_decay: Option<f64>,
    /// Whether to divide by the largest average of the square so far.
    pub amsgrad: bool,
    /// Whether to step with the gradient.
    pub maximize: bool,
}

impl AdamOptions {
    /// PyTorch's other options with a learning rate.
    pub fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: None, amsgrad: false, maximize: false }
    }

    /// How much of the running averages of gradient and square is kept.
    #[must_use]
    pub fn betas(mut self, first: f64, second: f64) -> Self {
        self.betas = (first, second);
        self
    }

    /// Added to the root of the square.
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// How much of the parameter is added to its gradient, or how much it shrinks by itself.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = Some(weight_decay);
        self
    }

    /// Divides by the largest average of the square so far (Reddi, Kale and Kumar, 2018).
    #[must_use]
    pub fn amsgrad(mut self) -> Self {
        self.amsgrad = true;
        self
    }

    /// Steps with the gradient.
    #[must_use]
    pub fn maximize(mut self) -> Self {
        self.maximize = true;
        self
    }

    fn check(&self) -> Result<()> {
        at_least_zero("learning rate", self.lr)?;
        at_least_zero("epsilon value", self.eps)?;
        for (index, beta) in [self.betas.0, self.betas.1].into_iter().enumerate() {
            if !(0.0..1.0).contains(&beta) {
                return Err(Error::value(format!(
                    "Invalid beta parameter at index {index}: {}",
                    rushlight_core::printing::repr_f64(beta)
                )));
            }
        }
        at_least_zero("weight_decay value", self.weight_decay.unwrap_or(0.0))
    }
}

impl Default for AdamOptions {
    /// PyTorch's: a learning rate of 0.001.
    fn default() -> Self {
        Self::new(1e-3)
    }
}

/// What is remembered of a parameter.
#[derive(Clone, Default)]
struct State {
    step: u64,
    average: Option<Tensor>,
    square: Option<Tensor>,
    largest: Option<Tensor>,
}

/// Adam (Kingma and Ba, 2014).
///
/// ```text
/// g = grad + weight_decay · p
/// m = β₁ m + (1 - β₁) g      v = β₂ v + (1 - β₂) g²
/// p = p - lr · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps)
/// ```
///
/// ```
/// use rushlight::prelude::*;
///
/// let w = tensor!([1.0]).requires_grad_(true)?;
/// let mut optimizer = optim::Adam::new([&w], optim::AdamOptions::new(0.1))?;
/// (&w * &w).sum()?.backward()?;
/// optimizer.step()?;
/// assert!((w.item()?.to_f64() - 0.9).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
pub struct Adam {
    groups: Groups<AdamOptions, State>,
}

/// [`Adam`] whose weight decay shrinks the parameter by itself, apart from the gradient (Loshchilov and Hutter, 2017).
///
/// ```
/// use rushlight::prelude::*;
///
/// let w = tensor!([1.0]).requires_grad_(true)?;
/// let mut optimizer = optim::AdamW::new([&w], optim::AdamOptions::new(0.1).weight_decay(0.5))?;
/// (&w * &w).sum()?.backward()?;
/// optimizer.step()?;
/// assert!((w.item()?.to_f64() - 0.85).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
pub struct AdamW {
    groups: Groups<AdamOptions, State>,
}

optimizer!(Adam, AdamOptions, |options: &AdamOptions, trained| step(options, false, 0.0, trained));
optimizer!(AdamW, AdamOptions, |options: &AdamOptions, trained| step(options, true, 0.01, trained));

fn step(
    options: &AdamOptions,
    decoupled: bool,
    default_decay: f64,
    trained: Vec<Trained<'_, State>>,
) -> Result<()> {
    let AdamOptions { lr, betas, eps, weight_decay, amsgrad, maximize } = *options;
    let weight_decay = weight_decay.unwrap_or(default_decay);
    let numbers = Numbers { lr, betas, eps, weight_decay, decoupled, maximize };
    for (parameter, gradient, state) in trained {
        state.step += 1;
        let largest = if amsgrad { Some(remembered(&mut state.largest, parameter, 0.0)?) } else { None };
        let arrays = AdamState {
            means: slice::from_ref(remembered(&mut state.average, parameter, 0.0)?),
            squares: slice::from_ref(remembered(&mut state.square, parameter, 0.0)?),
            largest: largest.map_or(&[], slice::from_ref),
            steps: &[state.step as f64],
        };
        adam_step(slice::from_ref(parameter), &[gradient], arrays, &numbers)?;
    }
    Ok(())
}
