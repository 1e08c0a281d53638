//! Losses as modules: what to reduce to, and weights.

use rushlight_core::{Result, Tensor};

use super::functional::{self, CrossEntropyOptions, Reduction};
use super::{Buffer, Module};

/// The square of the difference.
///
/// Input and target have the same shape; the result has none, or the same shape with [`Reduction::None`].
///
/// ```
/// use rushlight::prelude::*;
///
/// let loss = nn::MSELoss::new().reduction(nn::Reduction::Sum);
/// assert_eq!(loss.forward(&tensor!([1.0, 2.0]), &tensor!([0.0, 4.0]))?.item()?.to_f64(), 5.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate")]
pub struct MSELoss {
    #[module(skip)]
    reduction: Reduction,
}

/// Binary cross-entropy of probabilities, `-(t log x + (1 - t) log(1 - x))`, with the logarithms kept above -100.
///
/// Input and target have the same shape; the result has none, or the same shape with [`Reduction::None`].
///
/// ```
/// use rushlight::prelude::*;
///
/// let loss = nn::BCELoss::new();
/// let x = tensor!([0.9, 0.2]);
/// assert!((loss.forward(&x, &tensor!([1.0, 0.0]))?.item()?.to_f64() - 0.1643).abs() < 1e-4);
///
/// let wrong = loss.forward(&tensor!([[0.9], [0.2]]), &tensor!([1.0, 0.0])).unwrap_err();
/// assert!(wrong.to_string().starts_with("Using a target size (torch.Size([2]))"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate")]
pub struct BCELoss {
    weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
}

/// [`BCELoss`] of `sigmoid(x)`, computed without overflow.
///
/// Input and target have the same shape; the result has none, or the same shape with [`Reduction::None`].
///
/// ```
/// use rushlight::prelude::*;
///
/// let loss = nn::BCEWithLogitsLoss::new();
/// assert_eq!(loss.forward(&tensor!([1000.0]), &tensor!([1.0]))?.item()?.to_f64(), 0.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate")]
pub struct BCEWithLogitsLoss {
    weight: Option<Buffer>,
    pos_weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
}

/// The negative logarithm of the softmax at the target.
///
/// Input `(C)`, `(N, C)` or `(N, C, d1, …)`: unnormalised logarithms; target: classes (integers, the input's shape
/// without `C`) or probabilities (the input's shape). The result has no dimensions, or those of the classes with
/// [`Reduction::None`].
///
/// ```
/// use rushlight::prelude::*;
///
/// let loss = nn::CrossEntropyLoss::new();
/// let value = loss.forward(&tensor!([[0.0, 0.0], [0.0, 0.0]]), &tensor!([0, 1]))?;
/// assert!((value.item()?.to_f64() - 2.0_f64.ln()).abs() < 1e-6);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Module)]
#[module(crate = "crate")]
pub struct CrossEntropyLoss {
    weight: Option<Buffer>,
    #[module(skip)]
    reduction: Reduction,
    #[module(skip)]
    ignore_index: i64,
    #[module(skip)]
    label_smoothing: f64,
}

macro_rules! reduced {
    ($($name:ident { $($field:ident: $default:expr),* })*) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self { reduction: Reduction::Mean, $($field: $default),* }
            }
        }

        impl $name {
            /// The loss with PyTorch's defaults: the mean.
            pub fn new() -> Self {
                Self::default()
            }

            /// What the losses of the elements are reduced to.
            #[must_use]
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }
        }
    )*};
}
reduced! {
    MSELoss {}
    BCELoss { weight: None }
    BCEWithLogitsLoss { weight: None, pos_weight: None }
    CrossEntropyLoss { weight: None, ignore_index: -100, label_smoothing: 0.0 }
}

macro_rules! weighted {
    ($($name:ident: $what:literal),*) => {$(
        impl $name {
            #[doc = concat!("With a weight of each ", $what, ".")]
            ///
            /// # Errors
            /// If the weight cannot be detached.
            pub fn weight(mut self, weight: &Tensor) -> Result<Self> {
                self.weight = Some(Buffer::new(weight)?);
                Ok(self)
            }
        }
    )*};
}
weighted!(BCELoss: "element", BCEWithLogitsLoss: "element", CrossEntropyLoss: "class");

impl MSELoss {
    /// The loss; shapes that differ broadcast, with a warning.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        functional::mse_loss(input, target, self.reduction)
    }
}

impl BCELoss {
    /// The loss.
    ///
    /// # Errors
    /// If the shapes differ, or an input is outside `[0, 1]`.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        functional::binary_cross_entropy(input, target, self.weight.as_deref(), self.reduction)
    }
}

impl BCEWithLogitsLoss {
    /// With a weight of positive targets.
    ///
    /// # Errors
    /// If the weight cannot be detached.
    pub fn positive_weight(mut self, weight: &Tensor) -> Result<Self> {
        self.pos_weight = Some(Buffer::new(weight)?);
        Ok(self)
    }

    /// The loss.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        functional::binary_cross_entropy_with_logits(
            input,
            target,
            self.weight.as_deref(),
            self.pos_weight.as_deref(),
            self.reduction,
        )
    }
}

impl CrossEntropyLoss {
    /// With a class that does not count.
    #[must_use]
    pub fn ignore_index(mut self, class: i64) -> Self {
        self.ignore_index = class;
        self
    }

    /// With some of each target spread over all classes.
    #[must_use]
    pub fn label_smoothing(mut self, label_smoothing: f64) -> Self {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The loss.
    ///
    /// # Errors
    /// If shapes or dtypes do not fit, or a class is out of range.
    pub fn forward(&self, input: &Tensor, target: &Tensor) -> Result<Tensor> {
        let options = CrossEntropyOptions {
            weight: self.weight.as_deref(),
            ignore_index: self.ignore_index,
            label_smoothing: self.label_smoothing,
        };
        functional::cross_entropy(input, target, self.reduction, options)
    }
}
