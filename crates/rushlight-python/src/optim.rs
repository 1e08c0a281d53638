//! The optimizers' steps: lists of tensors in, the core's fused steps underneath.
//!
//! `grads=None` means every parameter's own `.grad`; a parameter without one is skipped, with its state.

use crate::error::OrRaise;
use crate::tensor::{unwrap_exact, wrap};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rushlight_core::Tensor;
use rushlight_core::optim::{Adagrad, Adam, AdamState, Sgd, adagrad_step, adam_step, sgd_step};

fn tensor(object: &Bound<'_, PyAny>) -> PyResult<Tensor> {
    unwrap_exact(object)
        .cloned()
        .ok_or_else(|| PyTypeError::new_err("an optimizer's step takes lists of tensors"))
}

/// The parameters that have a gradient: their places in the list, themselves, and the gradients.
struct Step {
    places: Vec<usize>,
    parameters: Vec<Tensor>,
    gradients: Vec<Tensor>,
}

impl Step {
    fn new(parameters: &Bound<'_, PyList>, gradients: Option<&Bound<'_, PyList>>) -> PyResult<Self> {
        let mut step = Self { places: Vec::new(), parameters: Vec::new(), gradients: Vec::new() };
        for (i, parameter) in parameters.iter().enumerate() {
            let parameter = tensor(&parameter)?;
            let gradient = match gradients {
                Some(gradients) => {
                    let gradient = gradients.get_item(i)?;
                    if gradient.is_none() { None } else { Some(tensor(&gradient)?) }
                }
                None => parameter.grad_quietly(),
            };
            if let Some(gradient) = gradient {
                step.places.push(i);
                step.parameters.push(parameter);
                step.gradients.push(gradient);
            }
        }
        Ok(step)
    }

    /// The state of the parameters that have a gradient.
    fn state(&self, list: &Bound<'_, PyList>) -> PyResult<Vec<Tensor>> {
        self.places.iter().map(|&i| tensor(&list.get_item(i)?)).collect()
    }

    /// Counts a step for each parameter, and gives the counts.
    fn count(&self, steps: &Bound<'_, PyList>) -> PyResult<Vec<f64>> {
        self.state(steps)?
            .iter()
            .map(|count| {
                rushlight_core::autograd::no_grad(|| count.add_(1.0)).or_raise()?;
                Ok(count.item().or_raise()?.to_f64())
            })
            .collect()
    }
}

/// A step of stochastic gradient descent. Returns whether momentum buffers were made, which are put into the list.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the numbers of the algorithm, by position for speed")]
fn _sgd_step(
    params: &Bound<'_, PyList>,
    grads: Option<&Bound<'_, PyList>>,
    momentum_buffers: &Bound<'_, PyList>,
    lr: f64,
    momentum: f64,
    dampening: f64,
    weight_decay: f64,
    nesterov: bool,
    maximize: bool,
) -> PyResult<bool> {
    let step = Step::new(params, grads)?;
    let mut sums: Vec<Option<Tensor>> = Vec::with_capacity(step.places.len());
    for &i in &step.places {
        let buffer = if momentum == 0.0 { None } else { Some(momentum_buffers.get_item(i)?) };
        sums.push(match buffer {
            Some(buffer) if !buffer.is_none() => Some(tensor(&buffer)?),
            _ => None,
        });
    }
    let missing: Vec<bool> = sums.iter().map(Option::is_none).collect();
    let options = Sgd { lr, momentum, dampening, weight_decay, nesterov, maximize };
    sgd_step(&step.parameters, &step.gradients, &mut sums, &options).or_raise()?;
    let mut made = false;
    for ((&i, sum), missing) in step.places.iter().zip(sums).zip(missing) {
        if let (Some(sum), true) = (sum, missing) {
            momentum_buffers.set_item(i, wrap(params.py(), sum)?)?;
            made = true;
        }
    }
    Ok(made)
}

/// A step of Adam, or of AdamW.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the numbers of the algorithm, by position for speed")]
fn _adam_step(
    params: &Bound<'_, PyList>,
    grads: Option<&Bound<'_, PyList>>,
    exp_avgs: &Bound<'_, PyList>,
    exp_avg_sqs: &Bound<'_, PyList>,
    max_exp_avg_sqs: &Bound<'_, PyList>,
    steps: &Bound<'_, PyList>,
    lr: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
    amsgrad: bool,
    maximize: bool,
    decoupled_weight_decay: bool,
) -> PyResult<()> {
    let step = Step::new(params, grads)?;
    let (means, squares) = (step.state(exp_avgs)?, step.state(exp_avg_sqs)?);
    let largest = if amsgrad { step.state(max_exp_avg_sqs)? } else { Vec::new() };
    let counts = step.count(steps)?;
    let state = AdamState { means: &means, squares: &squares, largest: &largest, steps: &counts };
    let options =
        Adam { lr, betas: (beta1, beta2), eps, weight_decay, decoupled: decoupled_weight_decay, maximize };
    adam_step(&step.parameters, &step.gradients, state, &options).or_raise()
}

/// A step of Adagrad.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the numbers of the algorithm, by position for speed")]
fn _adagrad_step(
    params: &Bound<'_, PyList>,
    grads: Option<&Bound<'_, PyList>>,
    state_sums: &Bound<'_, PyList>,
    steps: &Bound<'_, PyList>,
    lr: f64,
    lr_decay: f64,
    eps: f64,
    weight_decay: f64,
    maximize: bool,
) -> PyResult<()> {
    let step = Step::new(params, grads)?;
    let sums = step.state(state_sums)?;
    let counts = step.count(steps)?;
    let options = Adagrad { lr, lr_decay, weight_decay, eps, maximize };
    adagrad_step(&step.parameters, &step.gradients, &sums, &counts, &options).or_raise()
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_sgd_step, m)?)?;
    m.add_function(wrap_pyfunction!(_adam_step, m)?)?;
    m.add_function(wrap_pyfunction!(_adagrad_step, m)?)
}
