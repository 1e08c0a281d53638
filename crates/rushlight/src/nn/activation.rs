//! Activation functions as layers, for [`Sequential`](super::Sequential) and for fields of modules.

use rushlight_core::{Result, Tensor};

use super::{Forward, Module};

macro_rules! activation {
    ($($(#[doc = $doc:literal])* $name:ident = $method:ident;)*) => {$(
        $(#[doc = $doc])*
        ///
        /// Input and output have the same shape.
        #[derive(Clone, Copy, Debug, Default, Module)]
        #[module(crate = "crate")]
        pub struct $name;

        impl Forward for $name {
            fn forward(&self, input: &Tensor) -> Result<Tensor> {
                input.$method()
            }
        }
    )*};
}

activation! {
    /// `1 / (1 + e^-x)`, element by element.
    Sigmoid = sigmoid;
    /// `max(0, x)`, element by element; its derivative at zero is zero.
    ReLU = relu;
    /// The hyperbolic tangent, element by element.
    Tanh = tanh;
}
