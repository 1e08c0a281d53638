//! The affine map.

use rushlight_core::{DType, Result, Tensor, default_dtype};

use super::{Forward, Module, Parameter, init};

/// `y = x Aᵀ + b`.
///
/// Input `(*, in_features)`, output `(*, out_features)`, where `*` is any number of dimensions, none included. Weight
/// `(out_features, in_features)` and bias `(out_features)` are drawn uniformly on ±1/√in_features, in PyTorch's order.
///
/// ```
/// use rushlight::prelude::*;
///
/// let layer = nn::Linear::new(3, 2)?;
/// assert_eq!(layer.forward(&Tensor::ones(&[4, 3], DType::F32)?)?.shape(), [4, 2]);
///
/// let plain = nn::Linear::builder(3, 2).bias(false).dtype(DType::F64).build()?;
/// assert_eq!(plain.to_string(), "Linear(in_features=3, out_features=2, bias=False)");
///
/// let wrong = layer.forward(&Tensor::ones(&[4, 5], DType::F32)?).unwrap_err();
/// assert_eq!(wrong.to_string(), "addmm: mat1 and mat2 shapes cannot be multiplied (4x5 and 3x2)");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate", extra_repr = "sizes")]
pub struct Linear {
    /// `(out_features, in_features)`.
    pub weight: Parameter,
    /// `(out_features)`, unless the layer has none.
    pub bias: Option<Parameter>,
}

impl Linear {
    /// A layer with a bias, of the default dtype.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn new(in_features: usize, out_features: usize) -> Result<Self> {
        Self::builder(in_features, out_features).build()
    }

    /// A layer with options: [`LinearBuilder::bias`], [`LinearBuilder::dtype`].
    pub fn builder(in_features: usize, out_features: usize) -> LinearBuilder {
        LinearBuilder { in_features, out_features, bias: true, dtype: default_dtype() }
    }

    /// Draws weight and bias anew.
    ///
    /// # Errors
    /// If the parameters were given another rank.
    pub fn reset_parameters(&self) -> Result<()> {
        init::kaiming_uniform_(&self.weight, 5.0_f64.sqrt())?;
        if let Some(bias) = &self.bias {
            let (fan_in, _) = init::fan_in_and_fan_out(&self.weight)?;
            let bound = if fan_in > 0 { 1.0 / (fan_in as f64).sqrt() } else { 0.0 };
            init::uniform_(bias, -bound, bound)?;
        }
        Ok(())
    }

    fn sizes(&self) -> String {
        let [out_features, in_features] = self.weight.shape() else { return String::new() };
        let bias = if self.bias.is_some() { "True" } else { "False" };
        format!("in_features={in_features}, out_features={out_features}, bias={bias}")
    }
}

impl Forward for Linear {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        input.linear(&self.weight, self.bias.as_deref())
    }
}

/// Options of a [`Linear`] before it is made.
#[derive(Clone, Copy, Debug)]
#[must_use = "`build` makes the layer"]
pub struct LinearBuilder {
    in_features: usize,
    out_features: usize,
    bias: bool,
    dtype: DType,
}

impl LinearBuilder {
    /// Whether there is a bias.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// The dtype of the parameters.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// Makes the layer and draws its parameters.
    ///
    /// # Errors
    /// For dtypes that have no derivatives, or if the memory cannot be had.
    pub fn build(self) -> Result<Linear> {
        let weight = Parameter::new(&Tensor::empty(&[self.out_features, self.in_features], self.dtype)?)?;
        let bias = if self.bias {
            Some(Parameter::new(&Tensor::empty(&[self.out_features], self.dtype)?)?)
        } else {
            None
        };
        let layer = Linear { weight, bias };
        layer.reset_parameters()?;
        Ok(layer)
    }
}
