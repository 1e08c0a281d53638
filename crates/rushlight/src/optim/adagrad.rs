//! Adagrad: steps scaled by the sum of all squares of the gradient.

use std::slice;

use rushlight_core::optim::{Adagrad as Numbers, adagrad_step};
use rushlight_core::{Result, Tensor};

use super::{Groups, Trained, at_least_zero, optimizer, remembered};

/// Options of [`Adagrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdagradOptions {
    /// The learning rate.
    pub lr: f64,
    /// How quickly the learning rate falls: at step `t` it is divided by `1 + (t - 1) lr_decay`.
    pub lr_decay: f64,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
    /// What the sum of squares starts with.
    pub initial_accumulator_value: f64,
    /// Added to the root of the sum.
    pub eps: f64,
    /// Whether to step with the gradient.
    pub maximize: bool,
}

impl AdagradOptions {
    /// PyTorch's other options with a learning rate.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            lr_decay: 0.0,
            weight_decay: 0.0,
            initial_accumulator_value: 0.0,
            eps: 1e-10,
            maximize: false,
        }
    }

    /// How quickly the learning rate falls.
    #[must_use]
    pub fn lr_decay(mut self, lr_decay: f64) -> Self {
        self.lr_decay = lr_decay;
        self
    }

    /// How much of the parameter is added to its gradient.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// What the sum of squares starts with.
    #[must_use]
    pub fn initial_accumulator_value(mut self, value: f64) -> Self {
        self.initial_accumulator_value = value;
        self
    }

    /// Added to the root of the sum.
    #[must_use]
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
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
        at_least_zero("lr_decay value", self.lr_decay)?;
        at_least_zero("weight_decay value", self.weight_decay)?;
        at_least_zero("initial_accumulator_value value", self.initial_accumulator_value)?;
        at_least_zero("epsilon value", self.eps)
    }
}

impl Default for AdagradOptions {
    /// PyTorch's: a learning rate of 0.01.
    fn default() -> Self {
        Self::new(1e-2)
    }
}

/// Steps against the gradient, divided by the root of the sum of its squares so far (Duchi, Hazan and Singer, 2011).
///
/// ```text
/// g = grad + weight_decay · p      s = s + g²      p = p - lr / (1 + (t - 1) lr_decay) · g / (√s + eps)
/// ```
///
/// ```
/// use rushlight::prelude::*;
///
/// let w = tensor!([1.0]).requires_grad_(true)?;
/// let mut optimizer = optim::Adagrad::new([&w], optim::AdagradOptions::new(0.5))?;
/// (&w * &w).sum()?.backward()?;
/// optimizer.step()?;
/// assert_eq!(w.item()?.to_f64(), 0.5);
/// # Ok::<(), Error>(())
/// ```
pub struct Adagrad {
    groups: Groups<AdagradOptions, State>,
}

/// What is remembered of a parameter.
#[derive(Clone, Default)]
struct State {
    step: u64,
    sum: Option<Tensor>,
}

optimizer!(Adagrad, AdagradOptions, step);

fn step(options: &AdagradOptions, trained: Vec<Trained<'_, State>>) -> Result<()> {
    let AdagradOptions { lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize } = *options;
    let numbers = Numbers { lr, lr_decay, weight_decay, eps, maximize };
    for (parameter, gradient, state) in trained {
        state.step += 1;
        let sum = remembered(&mut state.sum, parameter, initial_accumulator_value)?;
        let steps = [state.step as f64];
        adagrad_step(slice::from_ref(parameter), &[gradient], slice::from_ref(sum), &steps, &numbers)?;
    }
    Ok(())
}
