//! Arithmetic with a number that PyTorch's own compositions do in C++: its nodes end in 1 and have one edge, while the
//! same written by a user (`x * 2`) ends in 0 and has two.

use super::elementwise::{self, Promote};
use super::reduce::only;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Aliasing, Gradients, Metas, Primitive, View, ViewMut, apply};
use crate::error::Result;
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::binary as kernels;
use smallvec::smallvec;

/// What is done with the number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Add,
    Mul,
    Div,
}

/// `x + s`, `x s` or `x / s`.
#[derive(Clone)]
struct WithNumber {
    what: What,
    number: Scalar,
}

impl WithNumber {
    /// The derivative: the same factor.
    fn scale(&self, g: &Tensor) -> Result<Tensor> {
        if self.what == What::Add { Ok(g.clone()) } else { apply(self.clone(), &[g]) }
    }
}

impl Primitive for WithNumber {
    fn name(&self) -> &'static str {
        match self.what {
            What::Add => "AddBackward1",
            What::Mul => "MulBackward1",
            What::Div => "DivBackward1",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let promote = if self.what == What::Div { Promote::Float } else { Promote::Common };
        elementwise::infer(inputs, Some(self.number), promote, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let kernel = match self.what {
            What::Add => &kernels::ADD,
            What::Mul => &kernels::MUL,
            What::Div => &kernels::DIV,
        };
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("mul", kernel, dtype, inputs, Some(self.number), &[], 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(self.scale(g)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        self.scale(only(t)?)
    }
}

/// `x + number`.
pub(crate) fn add_number(x: &Tensor, number: f64) -> Result<Tensor> {
    apply(WithNumber { what: What::Add, number: Scalar::Float(number) }, &[x])
}

/// `x number`.
pub(crate) fn mul_number(x: &Tensor, number: f64) -> Result<Tensor> {
    apply(WithNumber { what: What::Mul, number: Scalar::Float(number) }, &[x])
}

/// `x / number`.
pub(crate) fn div_number(x: &Tensor, number: i64) -> Result<Tensor> {
    apply(WithNumber { what: What::Div, number: Scalar::Int(number) }, &[x])
}
