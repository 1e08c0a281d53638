//! Derivatives that have kernels of their own, because they stand in every training loop: of the sigmoid, of tanh and of
//! thresholds, each a single pass over its operands. They are operations like all others, with derivatives.

use super::elementwise::{self, Diagonal, Promote, Values, diagonal, kernel_scalar};
use crate::dispatch::{Attribute, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::error::Result;
use crate::registry::Value;
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::ternary as kernels;

/// `g (1 - y) y`: the gradient of the sigmoid from its output.
pub(crate) fn sigmoid_backward(g: &Tensor, y: &Tensor) -> Result<Tensor> {
    apply(SigmoidBackward, &[g, y])
}

/// `g (1 - y²)`: the gradient of tanh from its output.
pub(crate) fn tanh_backward(g: &Tensor, y: &Tensor) -> Result<Tensor> {
    apply(TanhBackward, &[g, y])
}

/// `g` where `x` exceeds the threshold (or is no number), else 0.
pub(crate) fn threshold_backward(g: &Tensor, x: &Tensor, threshold: Scalar) -> Result<Tensor> {
    apply(ThresholdBackward { threshold }, &[g, x])
}

#[derive(Clone)]
struct SigmoidBackward;

impl Diagonal for SigmoidBackward {
    fn rule(&self, i: usize, values: &dyn Values, t: &Tensor) -> Result<Tensor> {
        let y = values.input(1)?;
        match i {
            0 => sigmoid_backward(t, &y),
            _ => t.mul(values.input(0)?)?.mul(y.mul(-2)?.add(1)?),
        }
    }
}

impl Primitive for SigmoidBackward {
    fn name(&self) -> &'static str {
        "SigmoidBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn like(&self, inputs: &[&Meta], _: &mut rushlight_kernels::Scalar) -> Option<Like> {
        elementwise::like(inputs, None, Promote::Common, Some(&kernels::SIGMOID_BACKWARD))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, dtype) = (&kernels::SIGMOID_BACKWARD, outputs[0].meta.dtype);
        elementwise::run_kernel(
            "sigmoid_backward_cpu",
            kernel,
            dtype,
            inputs,
            None,
            &[],
            1.0,
            &mut outputs[0],
        )
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("grad_output", Attribute::Input(0)), ("output", Attribute::Input(1))]
    }
    diagonal!();
}

#[derive(Clone)]
struct TanhBackward;

impl Diagonal for TanhBackward {
    fn rule(&self, i: usize, values: &dyn Values, t: &Tensor) -> Result<Tensor> {
        let y = values.input(1)?;
        match i {
            0 => tanh_backward(t, &y),
            _ => t.mul(y.mul(-2)?.mul(values.input(0)?)?),
        }
    }
}

impl Primitive for TanhBackward {
    fn name(&self) -> &'static str {
        "TanhBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn like(&self, inputs: &[&Meta], _: &mut rushlight_kernels::Scalar) -> Option<Like> {
        elementwise::like(inputs, None, Promote::Common, Some(&kernels::TANH_BACKWARD))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, dtype) = (&kernels::TANH_BACKWARD, outputs[0].meta.dtype);
        elementwise::run_kernel("tanh_backward_cpu", kernel, dtype, inputs, None, &[], 1.0, &mut outputs[0])
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("grad_output", Attribute::Input(0)), ("output", Attribute::Input(1))]
    }
    diagonal!();
}

#[derive(Clone)]
struct ThresholdBackward {
    threshold: Scalar,
}

impl Diagonal for ThresholdBackward {
    fn rule(&self, i: usize, values: &dyn Values, t: &Tensor) -> Result<Tensor> {
        match i {
            0 => threshold_backward(t, &values.input(1)?, self.threshold),
            _ => t.zeros_like(),
        }
    }
}

impl Primitive for ThresholdBackward {
    fn name(&self) -> &'static str {
        "ThresholdBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        *context = kernel_scalar(self.threshold);
        elementwise::like(inputs, None, Promote::Common, Some(&kernels::THRESHOLD_BACKWARD))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let context = [kernel_scalar(self.threshold)];
        let (kernel, dtype) = (&kernels::THRESHOLD_BACKWARD, outputs[0].meta.dtype);
        elementwise::run_kernel("threshold_cpu", kernel, dtype, inputs, None, &context, 1.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(1)), ("threshold", Attribute::Value(Value::Scalar(self.threshold)))]
    }
    diagonal!();
}
