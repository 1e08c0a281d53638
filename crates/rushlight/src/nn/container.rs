//! Modules that hold others.

use std::fmt;

use rushlight_core::{Result, Tensor};

use super::module::{Field, Forward, Module, write_module};

/// Layers one after the other.
///
/// ```
/// use rushlight::prelude::*;
///
/// let net = nn::Sequential::new().then(nn::Linear::new(2, 1)?).then(nn::Sigmoid);
/// assert_eq!(net.forward(&Tensor::ones(&[5, 2], DType::F32)?)?.shape(), [5, 1]);
/// assert_eq!(
///     net.to_string(),
///     "Sequential(\n  (0): Linear(in_features=2, out_features=1, bias=True)\n  (1): Sigmoid()\n)"
/// );
/// # Ok::<(), Error>(())
/// ```
#[derive(Default)]
pub struct Sequential {
    layers: Vec<(String, Box<dyn Forward>)>,
}

impl Sequential {
    /// No layers yet: the identity.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more layer at the end, named by its place.
    #[must_use]
    pub fn then(self, layer: impl Forward + 'static) -> Self {
        let name = self.layers.len().to_string();
        self.then_named(name, layer)
    }

    /// With one more layer at the end, under a name.
    #[must_use]
    pub fn then_named(mut self, name: impl Into<String>, layer: impl Forward + 'static) -> Self {
        self.layers.push((name.into(), Box::new(layer)));
        self
    }

    /// Adds a layer at the end, named by its place.
    pub fn push(&mut self, layer: impl Forward + 'static) {
        self.layers.push((self.layers.len().to_string(), Box::new(layer)));
    }

    /// The layer at a place.
    pub fn get(&self, index: usize) -> Option<&dyn Forward> {
        self.layers.get(index).map(|(_, layer)| layer.as_ref())
    }

    /// Number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl Module for Sequential {
    fn kind(&self) -> &'static str {
        "Sequential"
    }

    fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, Field<'field>)) {
        for (name, layer) in &self.layers {
            visitor(name, Field::Module(layer.as_ref()));
        }
    }

    fn set_training(&mut self, training: bool) {
        for (_, layer) in &mut self.layers {
            layer.set_training(training);
        }
    }
}

impl Forward for Sequential {
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        self.layers.iter().try_fold(input.clone(), |value, (_, layer)| layer.forward(&value))
    }
}

impl fmt::Display for Sequential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_module(self, formatter)
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_module(self, formatter)
    }
}
