//! Recurrent cells: one step of an LSTM, a GRU and plain recurrent networks, composed as PyTorch composes them on the
//! CPU, so that the graphs are the same.

use crate::dispatch::apply_multi;
use crate::error::{Result, bail};
use crate::ops::view::Pieces;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::Tensor;

/// The weights of a cell.
struct Weights<'a> {
    input: &'a Tensor,
    hidden: &'a Tensor,
    input_bias: Option<&'a Tensor>,
    hidden_bias: Option<&'a Tensor>,
}

impl<'a> Weights<'a> {
    /// Arguments 2 to 5.
    fn of(a: &Arguments<'a>) -> Result<Self> {
        Ok(Self {
            input: a.tensor(2)?,
            hidden: a.tensor(3)?,
            input_bias: a.optional_tensor(4)?,
            hidden_bias: a.optional_tensor(5)?,
        })
    }

    /// Fails unless the weights are for `gates` gates of the hidden state.
    fn check(&self, x: &Tensor, h: &Tensor, gates: usize) -> Result<()> {
        if x.rank() != 2 {
            bail!(Runtime, "Expected 2D input (batch x feature), but got {}D input", x.rank());
        }
        let (width, expected) = (x.shape()[1], self.input.shape().last().copied().unwrap_or(1));
        if width != expected {
            bail!(Runtime, "input has inconsistent input_size: got {width} expected {expected}");
        }
        let size = h.shape().last().copied().unwrap_or(1);
        for (name, weight) in [("weight_ih", self.input), ("weight_hh", self.hidden)] {
            let rows = weight.shape().first().copied().unwrap_or(0);
            if rows != gates * size {
                bail!(
                    Runtime,
                    "{name} first dim must be {gates} * hidden_size = {}, but got {rows}",
                    gates * size
                );
            }
        }
        Ok(())
    }

    fn of_input(&self, x: &Tensor) -> Result<Tensor> {
        x.linear(self.input, self.input_bias)
    }

    fn of_hidden(&self, h: &Tensor) -> Result<Tensor> {
        h.linear(self.hidden, self.hidden_bias)
    }
}

/// Equal parts along the second dimension, as results of their own.
fn gates(x: &Tensor, count: usize) -> Result<Vec<Tensor>> {
    let size = x.shape()[1] / count;
    let pieces = Pieces { dim: 1, sizes: Some(vec![size; count].into()), node: "UnsafeSplitBackward0" };
    Ok(apply_multi(pieces, &[x])?.into_vec())
}

fn plain(a: &Arguments<'_>, activation: fn(&Tensor) -> Result<Tensor>) -> Result<Value> {
    let (x, h, weights) = (a.tensor(0)?, a.tensor(1)?, Weights::of(a)?);
    weights.check(x, h, 1)?;
    // The hidden state's part first: it is summed with that of the input.
    let sum = weights.of_hidden(h)?.add(&weights.of_input(x)?)?;
    a.finish(activation(&sum)?)
}

fn gru(a: &Arguments<'_>) -> Result<Value> {
    let (x, h, weights) = (a.tensor(0)?, a.tensor(1)?, Weights::of(a)?);
    weights.check(x, h, 3)?;
    let from_input = gates(&weights.of_input(x)?, 3)?;
    let from_hidden = gates(&weights.of_hidden(h)?, 3)?;
    let reset = from_hidden[0].add(&from_input[0])?.sigmoid()?;
    let update = from_hidden[1].add(&from_input[1])?.sigmoid()?;
    let new = from_input[2].add(&from_hidden[2].mul(&reset)?)?.tanh()?;
    a.finish(h.sub(&new)?.mul(&update)?.add(&new)?)
}

fn lstm(a: &Arguments<'_>) -> Result<Value> {
    let [h, c] = a.tensors(1)? else { bail!(Runtime, "lstm_cell expects two hidden states") };
    let (h, c) = lstm_step(a.tensor(0)?, h, c, &Weights::of(a)?)?;
    Ok(Value::Tensors(vec![h, c]))
}

fn lstm_step(x: &Tensor, h: &Tensor, c: &Tensor, weights: &Weights<'_>) -> Result<(Tensor, Tensor)> {
    weights.check(x, h, 4)?;
    let sum = weights.of_hidden(h)?.add(&weights.of_input(x)?)?;
    let parts = gates(&sum, 4)?;
    let (input, forget) = (parts[0].sigmoid()?, parts[1].sigmoid()?);
    let (cell, output) = (parts[2].tanh()?, parts[3].sigmoid()?);
    let c = forget.mul(c)?.add(&input.mul(&cell)?)?;
    let h = output.mul(&c.tanh()?)?;
    Ok((h, c))
}

impl Tensor {
    /// A step of an LSTM on this input, `(N, input_size)`, from a hidden state and a cell, `(N, hidden_size)`: the next of
    /// both. The gates are stacked in the weights, `(4 hidden_size, …)`, in the order input, forget, cell, output.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes differ.
    pub fn lstm_cell(
        &self,
        state: (&Tensor, &Tensor),
        weights: (&Tensor, &Tensor),
        biases: (Option<&Tensor>, Option<&Tensor>),
    ) -> Result<(Tensor, Tensor)> {
        let weights =
            Weights { input: weights.0, hidden: weights.1, input_bias: biases.0, hidden_bias: biases.1 };
        lstm_step(self, state.0, state.1, &weights)
    }
}

/// A batch of two, three inputs, two units.
fn arguments(s: &Sampler, gates: usize, bias: bool) -> Vec<Value> {
    let bias = || if bias { s.tensor(&[2 * gates]).into() } else { Value::None };
    vec![
        s.tensor(&[2, 3]).into(),
        s.tensor(&[2, 2]).into(),
        s.tensor(&[2 * gates, 3]).into(),
        s.tensor(&[2 * gates, 2]).into(),
        bias(),
        bias(),
    ]
}

fn samples(s: &Sampler, gates: usize) -> Vec<Sample> {
    [true, false].into_iter().map(|bias| Sample::new(arguments(s, gates, bias))).collect()
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "lstm_cell",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "lstm_cell(Tensor input, Tensor[] hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> (Tensor, Tensor)",
            call: lstm,
        }],
        documentation: "One step of an LSTM: from the input (batch × inputs) and the tuple of hidden and cell state (batch × \
units), the next of each. The weights' rows are those of the gates input, forget, cell, output.",
        example: ">>> h, c = torch.lstm_cell(torch.zeros(1, 2), (torch.zeros(1, 1), torch.ones(1, 1)), torch.ones(4, 2), torch.ones(4, 1))\n>>> c\ntensor([[0.5000]])",
        samples: |s| {
            let mut samples = samples(s, 4);
            for sample in &mut samples {
                sample.arguments[1] = Value::Tensors(vec![s.tensor(&[2, 2]), s.tensor(&[2, 2])]);
            }
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "gru_cell",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "gru_cell(Tensor input, Tensor hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> Tensor",
            call: gru,
        }],
        documentation: "One step of a GRU: from the input (batch × inputs) and the hidden state (batch × units), the next \
state. The weights' rows are those of the gates reset, update, new.",
        example: ">>> torch.gru_cell(torch.zeros(1, 2), torch.ones(1, 1), torch.ones(3, 2), torch.zeros(3, 1))\ntensor([[0.5000]])",
        samples: |s| samples(s, 3),
        ..Entry::DEFAULT
    },
    Entry {
        name: "rnn_tanh_cell",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "rnn_tanh_cell(Tensor input, Tensor hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> Tensor",
            call: |a| plain(a, Tensor::tanh),
        }],
        documentation: "`tanh(w_ih @ input + b_ih + w_hh @ hx + b_hh)`: one step of a plain recurrent network.",
        example: ">>> torch.rnn_tanh_cell(torch.zeros(1, 2), torch.zeros(1, 1), torch.ones(1, 2), torch.ones(1, 1))\ntensor([[0.]])",
        samples: |s| samples(s, 1),
        ..Entry::DEFAULT
    },
    Entry {
        name: "rnn_relu_cell",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "rnn_relu_cell(Tensor input, Tensor hx, Tensor w_ih, Tensor w_hh, Tensor? b_ih=None, Tensor? b_hh=None) -> Tensor",
            call: |a| plain(a, Tensor::relu),
        }],
        documentation: "`relu(w_ih @ input + b_ih + w_hh @ hx + b_hh)`: one step of a plain recurrent network.",
        example: ">>> torch.rnn_relu_cell(torch.zeros(1, 2), torch.zeros(1, 1), torch.ones(1, 2), torch.ones(1, 1))\ntensor([[0.]])",
        samples: |s| samples(s, 1),
        ..Entry::DEFAULT
    },
];
