//! The operations of graphs: TensorFlow's names, each with the public tensor operation that it stands for.
//!
//! A row holds no shape rule and no derivative: both follow from running `compute` under a tracer. Rows are in
//! TensorFlow's vocabulary and keep its dtypes where they differ from PyTorch's (a sum of `int32` is `int32`).

use crate::DType;
use crate::error::{Error, ErrorKind, Result, bail};
use crate::ops::Operand;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// What an operation is told besides its inputs. Each reads only what its documentation names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// Dimensions to reduce over (`None`: all), to permute, or the sizes to reshape to.
    pub integers: Option<Vec<i64>>,
    /// `keepdims` of a reduction; whether `MatMul` transposes its first and its second matrix.
    pub flags: [bool; 2],
    /// The dtype of a cast.
    pub dtype: Option<DType>,
}

impl Attributes {
    /// Sizes that an unknown dimension may have to have beside the given known ones (`Reshape` to a known shape).
    pub(super) fn sizes_to_try(&self, known: &[usize]) -> Vec<usize> {
        let wanted: usize =
            self.integers.iter().flatten().filter_map(|&size| usize::try_from(size).ok()).product();
        let present: usize = known.iter().product();
        if present != 0 && wanted.is_multiple_of(present) { vec![wanted / present] } else { Vec::new() }
    }
}

/// The inputs of a call: traced tensors, and the values of those that are constant numbers.
pub(super) struct Call<'a> {
    pub(super) tensors: &'a [Tensor],
    pub(super) numbers: &'a [Option<Scalar>],
    pub(super) attributes: &'a Attributes,
}

impl Call<'_> {
    fn x(&self) -> &Tensor {
        &self.tensors[0]
    }

    fn y(&self) -> &Tensor {
        &self.tensors[1]
    }

    /// The second input; a constant number is passed as one, which is cheaper than a tensor (`x ** 2`).
    fn operand(&self) -> Operand<'_> {
        self.numbers[1].map_or(Operand::Ref(self.y()), Operand::Scalar)
    }

    /// The dimensions to reduce over; an empty list is none, not all as in PyTorch.
    fn dims(&self) -> Vec<i64> {
        self.attributes.integers.clone().unwrap_or_else(|| (0..self.x().rank() as i64).collect())
    }

    /// Reduces over the dimensions asked for, and keeps the input's dtype.
    fn reduce(&self, reduce: impl FnOnce(&Tensor, &[i64], bool) -> Result<Tensor>) -> Result<Tensor> {
        let dims = self.dims();
        if dims.is_empty() {
            return self.x().view_as_self();
        }
        let result = reduce(self.x(), &dims, self.attributes.flags[0])?;
        if result.dtype() == self.x().dtype() { Ok(result) } else { result.to_dtype(self.x().dtype()) }
    }
}

/// An operation.
pub(super) struct Rule {
    /// TensorFlow's name of the operation.
    pub(super) kind: &'static str,
    /// The names of the inputs, for error messages and for the constants that numbers become.
    pub(super) inputs: &'static [&'static str],
    /// Whether gradients pass through.
    pub(super) differentiable: bool,
    pub(super) compute: fn(&Call<'_>) -> Result<Tensor>,
}

const fn unary(kind: &'static str, compute: fn(&Call<'_>) -> Result<Tensor>) -> Rule {
    Rule { kind, inputs: &["x"], differentiable: true, compute }
}

const fn binary(kind: &'static str, compute: fn(&Call<'_>) -> Result<Tensor>) -> Rule {
    Rule { kind, inputs: &["x", "y"], differentiable: true, compute }
}

/// The operation of that name.
pub(super) fn find(kind: &str) -> Result<&'static Rule> {
    RULES
        .iter()
        .find(|rule| rule.kind == kind)
        .ok_or_else(|| Error::value(format!("Op type not registered '{kind}'")))
}

/// A comparison, or another whose result has no derivative.
const fn constant(rule: Rule) -> Rule {
    Rule { differentiable: false, ..rule }
}

static RULES: &[Rule] = &[
    binary("Add", |c| c.x().add(c.operand())),
    binary("Sub", |c| c.x().sub(c.operand())),
    binary("Mul", |c| c.x().mul(c.operand())),
    binary("RealDiv", true_divide),
    binary("Pow", |c| c.x().pow(c.operand())),
    binary("Maximum", |c| c.x().maximum(c.y())),
    binary("Minimum", |c| c.x().minimum(c.y())),
    constant(binary("Equal", |c| c.x().eq(c.operand()))),
    constant(binary("NotEqual", |c| c.x().ne(c.operand()))),
    constant(binary("Greater", |c| c.x().gt(c.operand()))),
    constant(binary("GreaterEqual", |c| c.x().ge(c.operand()))),
    constant(binary("Less", |c| c.x().lt(c.operand()))),
    constant(binary("LessEqual", |c| c.x().le(c.operand()))),
    Rule { inputs: &["a", "b"], ..binary("MatMul", matrix_product) },
    unary("Neg", |c| c.x().neg()),
    unary("Abs", |c| c.x().abs()),
    unary("Exp", |c| c.x().exp()),
    unary("Log", |c| c.x().log()),
    unary("Sqrt", |c| c.x().sqrt()),
    unary("Square", |c| c.x().mul(c.x())),
    unary("Sin", |c| c.x().sin()),
    unary("Cos", |c| c.x().cos()),
    unary("Tanh", |c| c.x().tanh()),
    unary("Sigmoid", |c| c.x().sigmoid()),
    unary("Relu", |c| c.x().relu()),
    unary("Softmax", |c| c.x().softmax(c.dims().first().copied().unwrap_or(-1))),
    unary("Sum", |c| c.reduce(Tensor::sum_dims)),
    unary("Mean", |c| c.reduce(mean)),
    unary("Max", |c| c.reduce(Tensor::amax)),
    unary("Min", |c| c.reduce(Tensor::amin)),
    constant(unary("ArgMax", |c| c.x().argmax(c.dims().first().copied(), false))),
    unary("Reshape", |c| c.x().reshape(c.attributes.integers.as_deref().unwrap_or_default())),
    unary("Transpose", transpose),
    unary("Cast", |c| c.x().to_dtype(c.attributes.dtype.unwrap_or(c.x().dtype()))),
    // A value of its own, so that a derivative may be taken with respect to either.
    unary("Identity", |c| c.x().view_as_self()),
    constant(unary("StopGradient", |c| c.x().detach())),
    constant(unary("ZerosLike", |c| c.x().zeros_like())),
    constant(unary("OnesLike", |c| c.x().ones_like())),
];

/// Integers are divided as TensorFlow divides them: in double precision.
fn true_divide(call: &Call<'_>) -> Result<Tensor> {
    if call.x().dtype().is_floating_point() {
        return call.x().div(call.operand());
    }
    call.x().to_dtype(DType::F64)?.div(call.y().to_dtype(DType::F64)?)
}

/// The mean; of integers, truncated.
fn mean(x: &Tensor, dims: &[i64], keep: bool) -> Result<Tensor> {
    let sum = x.sum_dims(dims, keep)?;
    let count = x.numel().checked_div(sum.numel()).unwrap_or(0);
    sum.div(count)
}

/// Without dimensions, all are reversed.
fn transpose(call: &Call<'_>) -> Result<Tensor> {
    let rank = call.x().rank() as i64;
    let dims = call.attributes.integers.clone().unwrap_or_else(|| (0..rank).rev().collect());
    call.x().permute(&dims)
}

fn matrix_product(call: &Call<'_>) -> Result<Tensor> {
    let side = |i: usize| -> Result<Tensor> {
        let matrix = &call.tensors[i];
        if matrix.rank() < 2 {
            bail!(Value, "Shape must be rank 2 but is rank {}", matrix.rank());
        }
        if call.attributes.flags[i] { matrix.transpose(-2, -1) } else { Ok(matrix.clone()) }
    };
    let (a, b) = (side(0)?, side(1)?);
    let (inner, other) = (a.size(-1)?, b.size(-2)?);
    if inner != other {
        return Err(ErrorKind::Broadcast { a: inner, b: other, dim: a.rank() - 1 }.into());
    }
    a.matmul(&b)
}
