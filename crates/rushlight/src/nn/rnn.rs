//! Cells of recurrent networks: one step each.

use rushlight_core::{DType, Error, Result, Tensor, default_dtype};

use super::{Module, Parameter, init};

/// Long short-term memory (Hochreiter and Schmidhuber, 1997): one step.
///
/// ```text
/// i = σ(W_ii x + b_ii + W_hi h + b_hi)      f = σ(W_if x + b_if + W_hf h + b_hf)
/// g = tanh(W_ig x + b_ig + W_hg h + b_hg)   o = σ(W_io x + b_io + W_ho h + b_ho)
/// c' = f ∘ c + i ∘ g                        h' = o ∘ tanh(c')
/// ```
///
/// Input `(N, input_size)` or `(input_size)`, state and cell `(N, hidden_size)` or `(hidden_size)`. All parameters are
/// drawn uniformly on ±1/√hidden_size, in PyTorch's order; gates are stacked in the order i, f, g, o.
///
/// ```
/// use rushlight::prelude::*;
///
/// let cell = nn::LSTMCell::new(10, 20)?;
/// let (h, c) = cell.forward(&Tensor::ones(&[3, 10], DType::F32)?, None)?;
/// let (h, c) = cell.forward(&Tensor::ones(&[3, 10], DType::F32)?, Some((&h, &c)))?;
/// assert_eq!((h.shape(), c.shape()), (&[3, 20][..], &[3, 20][..]));
/// assert_eq!(cell.to_string(), "LSTMCell(10, 20)");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate", extra_repr = "sizes")]
pub struct LSTMCell {
    /// `(4 hidden_size, input_size)`.
    pub weight_ih: Parameter,
    /// `(4 hidden_size, hidden_size)`.
    pub weight_hh: Parameter,
    /// `(4 hidden_size)`.
    pub bias_ih: Option<Parameter>,
    /// `(4 hidden_size)`.
    pub bias_hh: Option<Parameter>,
}

impl LSTMCell {
    /// A cell with biases, of the default dtype.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn new(input_size: usize, hidden_size: usize) -> Result<Self> {
        Self::builder(input_size, hidden_size).build()
    }

    /// A cell with options: [`LSTMCellBuilder::bias`], [`LSTMCellBuilder::dtype`].
    pub fn builder(input_size: usize, hidden_size: usize) -> LSTMCellBuilder {
        LSTMCellBuilder { input_size, hidden_size, bias: true, dtype: default_dtype() }
    }

    /// Draws all parameters anew.
    ///
    /// # Errors
    /// If the parameters cannot be changed.
    pub fn reset_parameters(&self) -> Result<()> {
        let hidden_size = self.hidden_size();
        let bound = if hidden_size > 0 { 1.0 / (hidden_size as f64).sqrt() } else { 0.0 };
        self.parameters().iter().try_for_each(|parameter| init::uniform_(parameter, -bound, bound))
    }

    fn hidden_size(&self) -> usize {
        self.weight_hh.shape().last().copied().unwrap_or(0)
    }

    fn sizes(&self) -> String {
        let input_size = self.weight_ih.shape().last().copied().unwrap_or(0);
        let bias = if self.bias_ih.is_some() { "" } else { ", bias=False" };
        format!("{input_size}, {}{bias}", self.hidden_size())
    }

    /// The next state and the next cell; where none are given they are zeros.
    ///
    /// # Errors
    /// If shapes or dtypes do not fit.
    pub fn forward(&self, input: &Tensor, state: Option<(&Tensor, &Tensor)>) -> Result<(Tensor, Tensor)> {
        check("input", input)?;
        if let Some((hidden, cell)) = state {
            check("hx[0]", hidden)?;
            check("hx[1]", cell)?;
        }
        if input.rank() == 1 {
            let row = |tensor: &Tensor| tensor.unsqueeze(0);
            let state = state.map(|(hidden, cell)| Ok::<_, Error>((row(hidden)?, row(cell)?))).transpose()?;
            let state = state.as_ref().map(|(hidden, cell)| (hidden, cell));
            let (hidden, cell) = self.step(&row(input)?, state)?;
            return Ok((hidden.squeeze_dim(0)?, cell.squeeze_dim(0)?));
        }
        self.step(input, state)
    }

    fn step(&self, input: &Tensor, state: Option<(&Tensor, &Tensor)>) -> Result<(Tensor, Tensor)> {
        let zeros = match state {
            Some(_) => None,
            None => Some(Tensor::zeros(&[input.shape()[0], self.hidden_size()], input.dtype())?),
        };
        let (hidden, cell) = match (&state, &zeros) {
            (Some((hidden, cell)), _) => (*hidden, *cell),
            (None, Some(zeros)) => (zeros, zeros),
            (None, None) => unreachable!("zeros are made where no state is given"),
        };
        input.lstm_cell(
            (hidden, cell),
            (&self.weight_ih, &self.weight_hh),
            (self.bias_ih.as_deref(), self.bias_hh.as_deref()),
        )
    }
}

fn check(name: &str, tensor: &Tensor) -> Result<()> {
    match tensor.rank() {
        1 | 2 => Ok(()),
        rank => Err(Error::value(format!("LSTMCell: Expected {name} to be 1D or 2D, got {rank}D instead"))),
    }
}

/// Options of an [`LSTMCell`] before it is made.
#[derive(Clone, Copy, Debug)]
#[must_use = "`build` makes the cell"]
pub struct LSTMCellBuilder {
    input_size: usize,
    hidden_size: usize,
    bias: bool,
    dtype: DType,
}

impl LSTMCellBuilder {
    /// Whether there are biases.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The dtype of the parameters.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Makes the cell and draws its parameters.
    ///
    /// # Errors
    /// For dtypes that have no derivatives, or if the memory cannot be had.
    pub fn build(self) -> Result<LSTMCell> {
        let rows = 4 * self.hidden_size;
        let parameter = |shape: &[usize]| Parameter::new(&Tensor::empty(shape, self.dtype)?);
        let bias = || self.bias.then(|| parameter(&[rows])).transpose();
        let cell = LSTMCell {
            weight_ih: parameter(&[rows, self.input_size])?,
            weight_hh: parameter(&[rows, self.hidden_size])?,
            bias_ih: bias()?,
            bias_hh: bias()?,
        };
        cell.reset_parameters()?;
        Ok(cell)
    }
}
