//! Norms of vectors: `norm` and `linalg.vector_norm`.

use super::choose::{choose, differs, matches};
use super::reduce::{Aside, Reduced, Sum, behind, only, reduced_dims, reduced_shape, restore, run_reduction};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Attribute, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::{DType, DTypeNames, promote_types};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, reduce};
use smallvec::smallvec;

/// `(Σ |x|^p)^(1/p)` over some dimensions.
#[derive(Clone)]
pub struct VectorNorm {
    /// The order p; 0 counts, infinities are the largest and the smallest distance from zero.
    pub order: Scalar,
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// Whether dimensions were named.
    pub named: bool,
}

impl VectorNorm {
    fn sum(&self, x: &Tensor, keep: bool) -> Result<Tensor> {
        apply(Sum { reduced: self.reduced.clone(), keep, dtype: None, named: true }, &[x])
    }

    /// The derivative of the norm by each element; `y` keeps the reduced dimensions.
    fn slope(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let p = self.order.to_f64();
        if p == 0.0 {
            return x.zeros_like();
        }
        if p == 1.0 {
            return x.sgn();
        }
        if p == 2.0 {
            return choose(&x.div(y)?, &differs(y, 0.0)?);
        }
        if p.is_infinite() {
            // Equal extremes share the gradient.
            let mask = matches(&x.abs()?, y)?;
            return x.sgn()?.mul(mask.div(&self.sum(&mask, true)?)?);
        }
        // sgn(x) (|x| / y)^(p - 1), and 0 where that is 0/0.
        let ratio = choose(&x.abs()?.div(y)?, &differs(y, 0.0)?)?;
        if p < 1.0 {
            let nonzero = differs(x, 0.0)?;
            // One in place of zero, so that no negative power of zero is taken.
            let safe = ratio.add(nonzero.neg()?.add(1.0)?)?;
            return x.sgn()?.mul(safe.pow(p - 1.0)?)?.mul(&nonzero);
        }
        x.sgn()?.mul(ratio.pow(p - 1.0)?)
    }
}

impl Primitive for VectorNorm {
    fn name(&self) -> &'static str {
        "LinalgVectorNormBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        if !x.dtype.is_floating_point() {
            bail!(
                NotImplemented,
                "linalg.vector_norm: Expected a floating point or complex tensor as input. Got {}",
                x.dtype.scalar_name()
            );
        }
        let p = self.order.to_f64();
        if p < 0.0 || p.is_infinite() {
            let order = if p.is_infinite() && p > 0.0 {
                "inf".to_owned()
            } else if p.is_infinite() {
                "-inf".to_owned()
            } else {
                p.to_string()
            };
            if !self.named && x.elements() == 0 {
                bail!(
                    Runtime,
                    "linalg.vector_norm cannot compute the {order} norm on an empty tensor because the operation does not have an identity"
                );
            }
            if let Some(d) = (0..x.rank()).find(|&d| self.reduced[d] && x.shape()[d] == 0) {
                bail!(
                    Runtime,
                    "linalg.vector_norm cannot compute the {order} norm on the dimension {d}because this dimension is empty and the operation does not have an identity"
                );
            }
        }
        outputs.push(Meta::contiguous(&reduced_shape(x.shape(), &self.reduced, self.keep), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, output) = (&inputs[0], &mut outputs[0]);
        let dtype = x.meta.dtype;
        let p = self.order.to_f64();
        let run = |kernel, context, x: &View<'_>, output: &mut ViewMut<'_>| {
            run_reduction("norm", kernel, dtype, &self.reduced, context, x, output)
        };
        if p == 0.0 {
            let mut counts = Aside::new(output.shape(), DType::I64)?;
            run(&reduce::COUNT_NONZERO, 0.0, x, &mut counts.view_mut())?;
            super::copy::copy_view(output, &counts.view());
            Ok(())
        } else if p == 1.0 {
            run(&reduce::NORM_1, 0.0, x, output)
        } else if p == 2.0 {
            run(&reduce::NORM_2, 0.0, x, output)
        } else if p == f64::INFINITY {
            run(&reduce::NORM_INFINITY, 0.0, x, output)
        } else if p == f64::NEG_INFINITY {
            let mut distances = Aside::new(x.shape(), dtype)?;
            let abs = &kernels::unary::ABS;
            super::elementwise::run_kernel(
                "abs",
                abs,
                dtype,
                &[*x],
                None,
                &[],
                1.0,
                &mut distances.view_mut(),
            )?;
            run(&reduce::MIN, 0.0, &distances.view(), output)
        } else {
            run(&reduce::NORM, p, x, output)
        }
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("self", Attribute::Input(0)),
            ("result", Attribute::Output(0)),
            ("ord", Attribute::Value(Value::Scalar(self.order))),
            ("keepdim", Attribute::Value(Value::Bool(self.keep))),
        ]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let y = restore(&context.output(0)?, &self.reduced, self.keep)?;
        let slope = self.slope(&context.input(0)?, &y)?;
        Ok(smallvec![Some(slope.mul(restore(g, &self.reduced, self.keep)?)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let y = restore(context.output(0), &self.reduced, self.keep)?;
        self.sum(&self.slope(context.input(0), &y)?.mul(only(t)?)?, self.keep)
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

impl Tensor {
    /// The Euclidean norm of all elements.
    ///
    /// # Errors
    /// For dtypes that are not floating-point ones.
    pub fn norm(&self) -> Result<Tensor> {
        self.vector_norm(2, &[], false)
    }

    /// The norm of an order over some dimensions; an empty list means all.
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice; for dtypes that are not floating-point ones.
    pub fn vector_norm(&self, order: impl Into<Scalar>, dims: &[i64], keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(dims), self.rank())?;
        apply(VectorNorm { order: order.into(), reduced, keep, named: !dims.is_empty() }, &[self])
    }
}

/// Calls with tensor, order, dimensions, keepdim, dtype.
fn call(a: &Arguments<'_>, order: Scalar) -> Result<Value> {
    let x = a.tensor(0)?;
    let dims = a.optional_ints(2)?;
    let reduced = reduced_dims(dims, x.rank())?;
    let named = dims.is_some_and(|d| !d.is_empty());
    let operation = VectorNorm { order, reduced, keep: a.bool(3)?, named };
    match a.optional_dtype(4)? {
        Some(dtype) if !dtype.is_floating_point() => bail!(
            Runtime,
            "linalg.vector_norm: dtype should be floating point or complex, but got {}",
            dtype.scalar_name()
        ),
        Some(dtype) if dtype != x.dtype() => {
            if promote_types(x.dtype(), dtype) != dtype {
                bail!(
                    Runtime,
                    "linalg.vector_norm: the dtype of the input ({}) should be convertible without narrowing to the specified dtype ({})",
                    x.dtype().scalar_name(),
                    dtype.scalar_name()
                );
            }
            a.apply(operation, &[&x.to_dtype(dtype)?])
        }
        _ => a.apply(operation, &[x]),
    }
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let arguments = |x: Tensor, order: f64, dims: Value, keep: bool| {
        vec![x.into(), Value::Float(order), dims, Value::Bool(keep), Value::None]
    };
    let away = |shape: &[usize]| s.range(shape, 0.4, 2.0).mul(-1.0).expect("numbers").detach_quietly();
    let mut samples: Vec<Sample> = [2.0, 1.0, 3.0, 0.5, 1.5]
        .into_iter()
        .map(|order| Sample::new(arguments(away(&[2, 3]), order, Value::None, false)))
        .collect();
    let transposed = away(&[3, 2]).t().expect("two dimensions");
    let expanded = away(&[3, 1]).expand(&[3, 2]).expect("expands");
    samples.extend([
        Sample::new(arguments(transposed.clone(), 2.0, Value::Ints(vec![0]), true)),
        Sample::new(arguments(transposed, f64::INFINITY, Value::Ints(vec![1]), false)),
        Sample::new(arguments(away(&[2, 3]), f64::NEG_INFINITY, Value::None, false)),
        Sample::new(arguments(away(&[2, 3]), 0.0, Value::Ints(vec![0]), false)),
        Sample::new(arguments(expanded, 3.0, Value::Ints(vec![0, 1]), false)),
        Sample::new(arguments(away(&[2, 0]), 2.0, Value::Ints(vec![0]), false)),
        Sample::new(arguments(away(&[]), 2.0, Value::None, false)),
    ]);
    samples
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "norm",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "norm(Tensor self, Scalar? p=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                call: |a| call(a, a.optional_scalar(1)?.unwrap_or(Scalar::Float(2.0))),
            },
            Overload {
                schema: "norm(Tensor self, str p, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                call: |a| match a.text(1)? {
                    "fro" => call(a, Scalar::Int(2)),
                    "nuc" => bail!(
                        NotImplemented,
                        "norm(): the nuclear norm needs singular values, which rushlight does not have yet"
                    ),
                    other => bail!(Runtime, "linalg.matrix_norm: Order {other} not supported."),
                },
            },
        ],
        documentation: "`(sum(abs(x) ** p)) ** (1 / p)` of all elements, or over the dimensions `dim`. `p` is 2 unless \
given; 0 counts what is not zero, infinities are the largest and the smallest distance from zero; 'fro' is 2.",
        example: ">>> torch.tensor([3., 4.]).norm()\ntensor(5.)",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "vector_norm",
        forms: Form::LINALG.and(Form::OUT),
        overloads: &[Overload {
            schema: "vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
            call: |a| call(a, a.optional_scalar(1)?.unwrap_or(Scalar::Int(2))),
        }],
        documentation: "`(sum(abs(x) ** ord)) ** (1 / ord)` of all elements, or over the dimensions `dim`: see `norm`.",
        example: ">>> torch.linalg.vector_norm(torch.tensor([3., 4.]))\ntensor(5.)",
        samples,
        ..Entry::DEFAULT
    },
];
