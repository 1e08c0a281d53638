//! Stochastic gradient descent.

use std::slice;

use rushlight_core::optim::{Sgd, sgd_step};
use rushlight_core::{Error, Result, Tensor};

use super::{Groups, Trained, at_least_zero, optimizer};

/// Options of [`SGD`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SGDOptions {
    /// The learning rate.
    pub lr: f64,
    /// How much of the last step goes into the next.
    pub momentum: f64,
    /// How much less than all of the gradient goes into the momentum.
    pub dampening: f64,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
    /// Whether to look ahead by the momentum.
    pub nesterov: bool,
    /// Whether to step with the gradient.
    pub maximize: bool,
}

impl SGDOptions {
    /// Plain descent with a learning rate.
    pub fn new(lr: f64) -> Self {
        Self { lr, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false }
    }

    /// How much of the last step goes into the next.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// How much less than all of the gradient goes into the momentum.
    #[must_use]
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.dampening = dampening;
        self
    }

    /// How much of the parameter is added to its gradient.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Looks ahead by the momentum (Nesterov, 1983).
    #[must_use]
    pub fn nesterov(mut self) -> Self {
        self.nesterov = true;
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
        at_least_zero("momentum value", self.momentum)?;
        at_least_zero("weight_decay value", self.weight_decay)?;
        if self.nesterov && (self.momentum <= 0.0 || self.dampening != 0.0) {
            return Err(Error::value("Nesterov momentum requires a momentum and zero dampening"));
        }
        Ok(())
    }
}

impl Default for SGDOptions {
    /// PyTorch's: a learning rate of 0.001.
    fn default() -> Self {
        Self::new(1e-3)
    }
}

/// Steps against the gradient, with momentum if wanted.
///
/// ```text
/// g = grad + weight_decay · p      v = momentum · v + (1 - dampening) · g, at first v = g
/// p = p - lr · v                   with Nesterov's p = p - lr · (g + momentum · v)
/// ```
///
/// ```
/// use rushlight::prelude::*;
///
/// let w = tensor!([1.0]).requires_grad_(true)?;
/// let mut optimizer = optim::SGD::new([&w], optim::SGDOptions::new(0.1).momentum(0.9))?;
/// for _ in 0..100 {
///     optimizer.zero_grad();
///     (&w * &w).sum()?.backward()?;
///     optimizer.step()?;
/// }
/// assert!(w.item()?.to_f64().abs() < 0.01);
/// # Ok::<(), Error>(())
/// ```
pub struct SGD {
    groups: Groups<SGDOptions, Option<Tensor>>,
}

optimizer!(SGD, SGDOptions, step);

fn step(options: &SGDOptions, trained: Vec<Trained<'_, Option<Tensor>>>) -> Result<()> {
    let SGDOptions { lr, momentum, dampening, weight_decay, nesterov, maximize } = *options;
    let numbers = Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize };
    for (parameter, gradient, sum) in trained {
        sgd_step(slice::from_ref(parameter), &[gradient], slice::from_mut(sum), &numbers)?;
    }
    Ok(())
}
