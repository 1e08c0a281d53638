//! Sums and products of two tensors, or of a tensor and a number, element by element with broadcasting.
//!
//! Note \[Numbers\]: a number is kept in the operation, not made into a tensor, so `x + 2` allocates nothing for the 2, and
//! the kernel takes it from its context. PyTorch's node has an edge for it all the same (to nowhere), and so has ours
//! (`edges`).

use super::elementwise::{self, Diagonal, Operand, Promote, Values, diagonal, kernel_scalar};
use crate::dispatch::{
    Attribute, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::DType;
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::binary as kernels;

/// `x + alpha y`, and with `subtract` `x - alpha y`.
#[derive(Clone)]
pub struct Add {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
    /// The factor of `y`.
    pub alpha: Scalar,
    /// Whether `y` is subtracted.
    pub subtract: bool,
}

impl Diagonal for Add {
    fn rule(&self, i: usize, _: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if i == 0 {
            return Ok(g.clone());
        }
        let g = if self.subtract { g.neg()? } else { g.clone() };
        if is_one(self.alpha) { Ok(g) } else { g.mul(self.alpha) }
    }
}

/// Whether there is no factor to speak of. (A bool is one that must be checked.)
fn is_one(alpha: Scalar) -> bool {
    alpha.equals(1.0) && !alpha.is_bool()
}

/// PyTorch's rules for `alpha`, the factor of the second operand.
fn check_alpha(alpha: Scalar, dtype: DType) -> Result<()> {
    if alpha.is_bool() && dtype != DType::Bool {
        bail!(Runtime, "Boolean alpha only supported for Boolean results.");
    }
    if alpha.is_floating_point() && !dtype.is_floating_point() {
        bail!(Runtime, "For integral input tensors, argument alpha must not be a floating point number.");
    }
    Ok(())
}

/// PyTorch's refusal to subtract truth values.
fn check_subtraction(inputs: &[&Meta], scalar: Option<Scalar>) -> Result<()> {
    let is_bool = |m: &&Meta| m.dtype == DType::Bool;
    if !inputs.iter().any(is_bool) && !scalar.is_some_and(Scalar::is_bool) {
        return Ok(());
    }
    let both = inputs.iter().all(is_bool) && scalar.is_none_or(Scalar::is_bool);
    Err(Error::not_implemented(if both {
        "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
    } else {
        "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
    }))
}

/// The second operand as text: of a traced operation.
pub(crate) fn second(inputs: &[String], scalar: Option<Scalar>) -> String {
    scalar.map_or_else(|| inputs[1].clone(), |s| s.to_f64().to_string())
}

impl Primitive for Add {
    fn name(&self) -> &'static str {
        if self.subtract { "SubBackward0" } else { "AddBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if self.subtract {
            check_subtraction(inputs, self.scalar)?;
        }
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)?;
        check_alpha(self.alpha, outputs[0].dtype)
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        if !is_one(self.alpha) || !inputs[0].dtype.is_floating_point() {
            return None;
        }
        let kernel = match (self.scalar, self.subtract) {
            (None, false) => &kernels::ADD,
            (None, true) => &kernels::SUB,
            (Some(Scalar::Bool(_)), true) => return None,
            (Some(s), subtract) => {
                *context = kernel_scalar(s);
                if subtract { &kernels::SUB_SCALAR } else { &kernels::ADD_SCALAR }
            }
        };
        elementwise::like(inputs, self.scalar, Promote::Common, Some(kernel))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, output) = (if self.subtract { "sub_cpu" } else { "add_cpu" }, &mut outputs[0]);
        if is_one(self.alpha) {
            let (kernel, number) = if self.subtract {
                (&kernels::SUB, &kernels::SUB_SCALAR)
            } else {
                (&kernels::ADD, &kernels::ADD_SCALAR)
            };
            return elementwise::run_binary(name, kernel, number, inputs, self.scalar, 1.0, output);
        }
        let kernel = if self.subtract { &kernels::SUB_SCALED } else { &kernels::ADD_SCALED };
        let (alpha, dtype) = ([kernel_scalar(self.alpha)], output.meta.dtype);
        elementwise::run_kernel(name, kernel, dtype, inputs, self.scalar, &alpha, 1.0, output)
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("alpha", Attribute::Value(self.alpha.into()))]
    }
    fn print(&self, inputs: &[String]) -> String {
        let sign = if self.subtract { '-' } else { '+' };
        let factor = if is_one(self.alpha) { String::new() } else { format!("{} * ", self.alpha.to_f64()) };
        format!("{} {sign} {factor}{}", inputs[0], second(inputs, self.scalar))
    }
    diagonal!();
}

/// `y - alpha x`.
#[derive(Clone)]
pub struct Rsub {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
    /// The factor of `x`.
    pub alpha: Scalar,
}

impl Diagonal for Rsub {
    fn rule(&self, i: usize, _: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if i == 1 {
            return Ok(g.clone());
        }
        let g = g.neg()?;
        if is_one(self.alpha) { Ok(g) } else { g.mul(self.alpha) }
    }
}

impl Primitive for Rsub {
    fn name(&self) -> &'static str {
        if self.scalar.is_some() { "RsubBackward1" } else { "RsubBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        check_subtraction(inputs, self.scalar)?;
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)?;
        check_alpha(self.alpha, outputs[0].dtype)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let (alpha, dtype) = ([kernel_scalar(self.alpha)], output.meta.dtype);
        match self.scalar {
            None => {
                let reversed = [inputs[1], inputs[0]];
                let kernel = &kernels::SUB_SCALED;
                elementwise::run_kernel("sub_cpu", kernel, dtype, &reversed, None, &alpha, 1.0, output)
            }
            Some(s) if is_one(self.alpha) => {
                let number = [kernel_scalar(s)];
                elementwise::run_kernel(
                    "sub_cpu",
                    &kernels::RSUB_SCALAR,
                    dtype,
                    inputs,
                    None,
                    &number,
                    1.0,
                    output,
                )
            }
            Some(s) => {
                elementwise::run_kernel(
                    "sub_cpu",
                    &kernels::MUL_SCALAR,
                    dtype,
                    inputs,
                    None,
                    &alpha,
                    1.0,
                    output,
                )?;
                elementwise::run_over("sub_cpu", &kernels::RSUB_SCALAR, &[kernel_scalar(s)], output)
            }
        }
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("alpha", Attribute::Value(self.alpha.into()))]
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} - {}", second(inputs, self.scalar), inputs[0])
    }
    diagonal!();
}

/// `x y`.
#[derive(Clone)]
pub struct Mul {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
}

impl Diagonal for Mul {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        match self.scalar {
            Some(scalar) => g.mul(scalar),
            None => g.mul(values.input(1 - i)?),
        }
    }
}

impl Primitive for Mul {
    fn name(&self) -> &'static str {
        "MulBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        let kernel = match self.scalar {
            None => &kernels::MUL,
            Some(s) => {
                *context = kernel_scalar(s);
                &kernels::MUL_SCALAR
            }
        };
        elementwise::like(inputs, self.scalar, Promote::Common, Some(kernel))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (kernel, number) = (&kernels::MUL, &kernels::MUL_SCALAR);
        elementwise::run_binary("mul_cpu", kernel, number, inputs, self.scalar, 1.0, &mut outputs[0])
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0) && self.scalar.is_none(), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let other = match self.scalar {
            Some(s) => Attribute::Value(Tensor::wrapped_number(s).map_or(Value::None, Value::from)),
            None => Attribute::Input(1),
        };
        vec![("other", other), ("self", Attribute::Input(0))]
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} * {}", inputs[0], second(inputs, self.scalar))
    }
    diagonal!();
}

/// Applies an operation whose second operand may be a number.
macro_rules! with_operand {
    ($apply:path, $x:expr, $other:expr, $operation:expr) => {{
        let other: Operand<'_> = $other.into();
        let make = $operation;
        match &other {
            Operand::Ref(y) => $apply(make(None), &[$x, y]),
            Operand::Owned(y) => $apply(make(None), &[$x, y]),
            Operand::Scalar(s) => $apply(make(Some(*s)), &[$x]),
        }
    }};
}
pub(crate) use with_operand;

const ONE: Scalar = Scalar::Int(1);

impl Tensor {
    /// `self + other`, with broadcasting and promotion.
    ///
    /// ```
    /// let x = rushlight_core::Tensor::from_slice(&[1.0f32, 2.0]);
    /// assert_eq!(x.add(&x)?.add(1)?.to_vec::<f32>()?, [3.0, 5.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn add<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Add { scalar, alpha: ONE, subtract: false })
    }

    /// `self + alpha * other`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or `alpha` is of another kind than the result.
    pub fn add_scaled<'a>(&self, other: impl Into<Operand<'a>>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        let alpha = alpha.into();
        with_operand!(apply, self, other, |scalar| Add { scalar, alpha, subtract: false })
    }

    /// `self - other`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for `bool`.
    pub fn sub<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Add { scalar, alpha: ONE, subtract: true })
    }

    /// `other - self`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for `bool`.
    pub fn rsub<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Rsub { scalar, alpha: ONE })
    }

    /// `self * other`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn mul<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Mul { scalar })
    }

    /// [`Tensor::add`] written over this tensor.
    ///
    /// # Errors
    /// Those of `add` and of in-place changes.
    pub fn add_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Add { scalar, alpha: ONE, subtract: false })
    }

    /// [`Tensor::add_scaled`] written over this tensor.
    ///
    /// # Errors
    /// Those of `add_scaled` and of in-place changes.
    pub fn add_scaled_<'a>(&self, other: impl Into<Operand<'a>>, alpha: impl Into<Scalar>) -> Result<Tensor> {
        let alpha = alpha.into();
        with_operand!(apply_in_place, self, other, |scalar| Add { scalar, alpha, subtract: false })
    }

    /// [`Tensor::sub`] written over this tensor.
    ///
    /// # Errors
    /// Those of `sub` and of in-place changes.
    pub fn sub_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Add { scalar, alpha: ONE, subtract: true })
    }

    /// [`Tensor::mul`] written over this tensor.
    ///
    /// # Errors
    /// Those of `mul` and of in-place changes.
    pub fn mul_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Mul { scalar })
    }
}

/// Calls an operation with parsed arguments: the tensor, and a tensor or a number.
pub(crate) fn call<P: Primitive + Clone>(
    a: &Arguments<'_>,
    make: impl FnOnce(Option<Scalar>) -> P,
) -> Result<Value> {
    match a.operand(1)? {
        Operand::Scalar(s) => a.apply(make(Some(s)), &[a.tensor(0)?]),
        other => {
            let Some(y) = other.tensor() else { bail!(Runtime, "an operand is neither tensor nor number") };
            a.apply(make(None), &[a.tensor(0)?, y])
        }
    }
}

fn add(a: &Arguments<'_>) -> Result<Value> {
    let alpha = a.optional_scalar(2)?.unwrap_or(ONE);
    call(a, |scalar| Add { scalar, alpha, subtract: false })
}

fn sub(a: &Arguments<'_>) -> Result<Value> {
    let alpha = a.optional_scalar(2)?.unwrap_or(ONE);
    call(a, |scalar| Add { scalar, alpha, subtract: true })
}

fn rsub(a: &Arguments<'_>) -> Result<Value> {
    let alpha = a.optional_scalar(2)?.unwrap_or(ONE);
    call(a, |scalar| Rsub { scalar, alpha })
}

fn mul(a: &Arguments<'_>) -> Result<Value> {
    call(a, |scalar| Mul { scalar })
}

/// Samples of the overloads with a tensor and with a number.
pub(crate) fn samples(s: &Sampler, second: (f64, f64), alpha: Option<f64>) -> Vec<Sample> {
    let rest = |mut values: Vec<Value>| {
        values.extend(alpha.map(|alpha| Value::Scalar(Scalar::Float(alpha))));
        values
    };
    let mut all = s.pairs_in((-2.0, 2.0), second, |x, y| rest(vec![x.into(), y.into()]));
    let number = Scalar::Float(second.1 * 0.75);
    let with_numbers = s.each_layout(|x| rest(vec![x.into(), number.into()]));
    all.extend(with_numbers.into_iter().map(|sample| sample.overload(1)));
    all
}

/// Writes the rows of an operation and of its other name.
macro_rules! rows {
    ($($name:literal $(= $of:literal)?, $forms:expr, $rest:literal, $call:path, $samples:expr, $documentation:literal, $example:literal;)*) => {
        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: $forms,
                overloads: &[
                    Overload { schema: concat!($name, "(Tensor self, Tensor other", $rest, ") -> Tensor"), call: $call },
                    Overload { schema: concat!($name, "(Tensor self, Scalar other", $rest, ") -> Tensor"), call: $call },
                ],
                documentation: concat!($("Another name of `", $of, "`. ",)? $documentation),
                example: $example,
                samples: $samples,
                ..Entry::DEFAULT
            },)*
        ];
    };
}
pub(crate) use rows;

rows! {
    "add", Form::ALL, ", *, Scalar alpha=1", add, |s| samples(s, (-2.0, 2.0), Some(1.0)),
    "`self + alpha * other`, with broadcasting and promotion.",
    ">>> torch.add(torch.tensor([1., 2.]), torch.tensor([3., 4.]), alpha=2)\ntensor([ 7., 10.])";

    "sub", Form::ALL, ", *, Scalar alpha=1", sub, |s| samples(s, (-2.0, 2.0), Some(0.5)),
    "`self - alpha * other`, with broadcasting and promotion. Not for `bool`.",
    ">>> torch.sub(torch.tensor([1., 2.]), 0.5)\ntensor([0.5000, 1.5000])";

    "subtract" = "sub", Form::ALL, ", *, Scalar alpha=1", sub, |s| samples(s, (-2.0, 2.0), Some(1.0)),
    "`self - alpha * other`, with broadcasting and promotion. Not for `bool`.",
    ">>> torch.subtract(torch.tensor([1., 2.]), 0.5)\ntensor([0.5000, 1.5000])";

    "rsub", Form::FUNCTION, ", *, Scalar alpha=1", rsub, |s| samples(s, (-2.0, 2.0), Some(0.5)),
    "`other - alpha * self`, with broadcasting and promotion. Not for `bool`.",
    ">>> torch.rsub(torch.tensor([1., 2.]), 5)\ntensor([4., 3.])";

    "mul", Form::ALL, "", mul, |s| samples(s, (-2.0, 2.0), None),
    "`self * other`, with broadcasting and promotion.",
    ">>> torch.mul(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor([3., 8.])";

    "multiply" = "mul", Form::ALL, "", mul, |s| samples(s, (-2.0, 2.0), None),
    "`self * other`, with broadcasting and promotion.",
    ">>> torch.multiply(torch.tensor([1., 2.]), 3)\ntensor([3., 6.])";
}
