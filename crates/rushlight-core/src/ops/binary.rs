//! Functions of two tensors, or of a tensor and a number, element by element with broadcasting.
//!
//! Note [Numbers]: a number is kept in the operation, not made into a tensor, so `x + 2` allocates nothing for the 2.
//! PyTorch's node has an edge for it all the same (to nowhere), and so has ours (`edges`).
//!
//! Gradients are written in the shape of the result; the engine sums them to the shapes of the operands.

use super::elementwise::{self, Operand, Promote, kernel_scalar};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Gradients, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::DType;
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::binary as kernels;
use smallvec::smallvec;

/// The second operand of a saved operation: a saved tensor, or the number as a tensor.
fn second(context: &Context<'_>, scalar: Option<Scalar>) -> Result<Tensor> {
    match scalar {
        Some(scalar) => Tensor::wrapped_number(scalar),
        None => context.input(1),
    }
}

fn second_forward(context: &ForwardContext<'_>, scalar: Option<Scalar>) -> Result<Tensor> {
    match scalar {
        Some(scalar) => Tensor::wrapped_number(scalar),
        None => Ok(context.input(1).clone()),
    }
}

/// The sum of two tangents of which either may be zero.
fn sum_tangents(a: Option<Tensor>, b: Option<Tensor>) -> Result<Tensor> {
    match (a, b) {
        (Some(a), Some(b)) => a.add(b),
        (Some(a), None) | (None, Some(a)) => Ok(a),
        (None, None) => Err(Error::runtime("forward mode: no operand has a tangent")),
    }
}

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

impl Add {
    fn kernel(&self) -> (&'static rushlight_kernels::Kernel, bool) {
        match (self.subtract, self.alpha.equals(1.0)) {
            (false, true) => (&kernels::ADD, false),
            (false, false) => (&kernels::ADD_SCALED, true),
            (true, true) => (&kernels::SUB, false),
            (true, false) => (&kernels::SUB_SCALED, true),
        }
    }

    /// The gradient or tangent of `y` scaled as `y` is.
    fn scale(&self, g: &Tensor) -> Result<Tensor> {
        let g = if self.alpha.equals(1.0) { g.clone() } else { g.mul(self.alpha)? };
        if self.subtract { g.neg() } else { Ok(g) }
    }

    fn check(&self, dtype: DType) -> Result<()> {
        if self.alpha.is_bool() && dtype != DType::Bool {
            bail!(Runtime, "Boolean alpha only supported for Boolean results.");
        }
        if self.alpha.is_floating_point() && !dtype.is_floating_point() {
            bail!(Runtime, "For integral input tensors, argument alpha must not be a floating point number.");
        }
        Ok(())
    }
}

impl Primitive for Add {
    fn name(&self) -> &'static str {
        if self.subtract { "SubBackward0" } else { "AddBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Common, outputs)?;
        if !self.alpha.equals(1.0) || self.alpha.is_floating_point() {
            self.check(outputs[0].dtype)?;
        }
        if self.subtract && inputs.iter().any(|m| m.dtype == DType::Bool) && outputs[0].dtype == DType::Bool
            || self.subtract && inputs.iter().any(|m| m.dtype == DType::Bool)
        {
            let both =
                inputs.iter().all(|m| m.dtype == DType::Bool) && self.scalar.is_none_or(Scalar::is_bool);
            return Err(Error::runtime(if both {
                "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
            } else {
                "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
            }));
        }
        Ok(())
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        if !self.alpha.equals(1.0) || !inputs[0].dtype.is_floating_point() {
            return None;
        }
        let kernel = match (self.scalar, self.subtract) {
            (None, false) => &kernels::ADD,
            (None, true) => &kernels::SUB,
            (Some(s), subtract) => {
                *context = kernel_scalar(s);
                if subtract { &kernels::SUB_SCALAR } else { &kernels::ADD_SCALAR }
            }
        };
        elementwise::like(inputs, self.scalar, Promote::Common, Some(kernel))
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let (kernel, scaled) = self.kernel();
        let alpha = [kernel_scalar(self.alpha)];
        let context: &[rushlight_kernels::Scalar] = if scaled { &alpha } else { &[] };
        elementwise::run_kernel("add", kernel, dtype, inputs, self.scalar, context, 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let second = if context.needs_input(1) { Some(self.scale(g)?) } else { None };
        Ok(smallvec![Some(g.clone()), second])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let second = t.get(1).and_then(Option::as_ref).map(|t| self.scale(t)).transpose()?;
        sum_tangents(t[0].clone(), second)
    }
    fn print(&self, inputs: &[String]) -> String {
        let sign = if self.subtract { '-' } else { '+' };
        let second = self.scalar.map_or_else(|| inputs[1].clone(), |s| s.to_f64().to_string());
        format!("{} {sign} {second}", inputs[0])
    }
}

/// `x y`.
#[derive(Clone)]
pub struct Mul {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
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
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("mul", &kernels::MUL, dtype, inputs, self.scalar, &[], 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0) && self.scalar.is_none(), 1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = if context.needs_input(0) { Some(g.mul(&second(context, self.scalar)?)?) } else { None };
        let second = if context.needs_input(1) { Some(g.mul(&context.input(0)?)?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let first = match &t[0] {
            Some(t) => Some(t.mul(&second_forward(context, self.scalar)?)?),
            None => None,
        };
        let second = match t.get(1).and_then(Option::as_ref) {
            Some(t) => Some(t.mul(context.input(0))?),
            None => None,
        };
        sum_tangents(first, second)
    }
    fn print(&self, inputs: &[String]) -> String {
        let second = self.scalar.map_or_else(|| inputs[1].clone(), |s| s.to_f64().to_string());
        format!("{} * {second}", inputs[0])
    }
}

/// `x / y`, exact for integers too: they become floating-point numbers.
#[derive(Clone)]
pub struct Div {
    /// The number in place of `y`.
    pub scalar: Option<Scalar>,
}

impl Primitive for Div {
    fn name(&self) -> &'static str {
        "DivBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, self.scalar, Promote::Float, outputs)
    }
    fn like(&self, inputs: &[&Meta], _: &mut rushlight_kernels::Scalar) -> Option<Like> {
        let kernel = if self.scalar.is_none() { Some(&kernels::DIV) } else { None };
        elementwise::like(inputs, self.scalar, Promote::Float, kernel)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel(
            "div_true",
            &kernels::DIV,
            dtype,
            inputs,
            self.scalar,
            &[],
            2.0,
            &mut outputs[0],
        )
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(self.scalar.is_none(), 1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let y = second(context, self.scalar)?;
        let first = if context.needs_input(0) { Some(g.div(&y)?) } else { None };
        let second = if context.needs_input(1) {
            let x = context.input(0)?;
            Some(g.neg()?.mul(x.div(&y)?.div(&y)?)?)
        } else {
            None
        };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let y = second_forward(context, self.scalar)?;
        let first = t[0].as_ref().map(|t| t.div(&y)).transpose()?;
        let second = match t.get(1).and_then(Option::as_ref) {
            Some(t) => Some(t.mul(context.output(0))?.div(&y)?.neg()?),
            None => None,
        };
        sum_tangents(first, second)
    }
    fn print(&self, inputs: &[String]) -> String {
        let second = self.scalar.map_or_else(|| inputs[1].clone(), |s| s.to_f64().to_string());
        format!("{} / {second}", inputs[0])
    }
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
        with_operand!(apply, self, other, |scalar| Add { scalar, alpha: Scalar::Int(1), subtract: false })
    }

    /// `self - other`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for `bool`.
    pub fn sub<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Add { scalar, alpha: Scalar::Int(1), subtract: true })
    }

    /// `self * other`, with broadcasting and promotion.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn mul<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Mul { scalar })
    }

    /// `self / other`, with broadcasting; integers become floating-point numbers.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn div<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply, self, other, |scalar| Div { scalar })
    }

    /// [`Tensor::add`] written over this tensor.
    ///
    /// # Errors
    /// Those of `add` and of in-place changes.
    pub fn add_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Add {
            scalar,
            alpha: Scalar::Int(1),
            subtract: false
        })
    }

    /// [`Tensor::sub`] written over this tensor.
    ///
    /// # Errors
    /// Those of `sub` and of in-place changes.
    pub fn sub_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Add {
            scalar,
            alpha: Scalar::Int(1),
            subtract: true
        })
    }

    /// [`Tensor::mul`] written over this tensor.
    ///
    /// # Errors
    /// Those of `mul` and of in-place changes.
    pub fn mul_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Mul { scalar })
    }

    /// [`Tensor::div`] written over this tensor.
    ///
    /// # Errors
    /// Those of `div` and of in-place changes.
    pub fn div_<'a>(&self, other: impl Into<Operand<'a>>) -> Result<Tensor> {
        with_operand!(apply_in_place, self, other, |scalar| Div { scalar })
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

fn add(a: &Arguments<'_>, subtract: bool) -> Result<Value> {
    let alpha = a.optional_scalar(2)?.unwrap_or(Scalar::Int(1));
    call(a, |scalar| Add { scalar, alpha, subtract })
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "add",
        forms: Form::ALL,
        overloads: &[
            Overload {
                schema: "add(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
                call: |a| add(a, false),
            },
            Overload {
                schema: "add(Tensor self, Scalar other, *, Scalar alpha=1) -> Tensor",
                call: |a| add(a, false),
            },
        ],
        documentation: "`self + alpha * other`, with broadcasting and promotion.",
        samples: |s| {
            s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| {
                vec![x.into(), y.into(), Value::Scalar(Scalar::Int(1))]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "sub",
        forms: Form::ALL,
        overloads: &[
            Overload {
                schema: "sub(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
                call: |a| add(a, true),
            },
            Overload {
                schema: "sub(Tensor self, Scalar other, *, Scalar alpha=1) -> Tensor",
                call: |a| add(a, true),
            },
        ],
        documentation: "`self - alpha * other`, with broadcasting and promotion.",
        samples: |s| {
            s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| {
                vec![x.into(), y.into(), Value::Scalar(Scalar::Float(0.5))]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "mul",
        forms: Form::ALL,
        overloads: &[
            Overload {
                schema: "mul(Tensor self, Tensor other) -> Tensor",
                call: |a| call(a, |scalar| Mul { scalar }),
            },
            Overload {
                schema: "mul(Tensor self, Scalar other) -> Tensor",
                call: |a| call(a, |scalar| Mul { scalar }),
            },
        ],
        documentation: "`self * other`, with broadcasting and promotion.",
        samples: |s| s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| vec![x.into(), y.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "div",
        forms: Form::ALL,
        overloads: &[
            Overload {
                schema: "div(Tensor self, Tensor other) -> Tensor",
                call: |a| call(a, |scalar| Div { scalar }),
            },
            Overload {
                schema: "div(Tensor self, Scalar other) -> Tensor",
                call: |a| call(a, |scalar| Div { scalar }),
            },
        ],
        documentation: "`self / other`, with broadcasting; integers become floating-point numbers.",
        samples: |s| s.pairs_in((-2.0, 2.0), (0.5, 2.0), |x, y| vec![x.into(), y.into()]),
        ..Entry::DEFAULT
    },
];
