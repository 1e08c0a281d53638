//! Products of elements and running totals: `prod`, `cumsum`, `cumprod`.
//!
//! Note \[Products with zeros\]: the derivative of a product by one of its factors is the product of the others. Where no
//! factor is zero that is the product divided by the factor. Otherwise it is computed from products of what comes before
//! and of what comes after, in a logarithmic number of steps of public operations; so its derivatives hold too. A value
//! that cannot be looked at (it is traced, or hidden) goes that way always.

use super::reduce::{Reduced, Sum, accumulate, behind, only, reduced_dims, reduced_shape, restore};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Attribute, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result};
use crate::layout::{Strides, wrap_dim};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Operand, lines, reduce::PROD};
use smallvec::smallvec;

/// Whether it is known that no element is zero.
fn has_no_zero(x: &Tensor) -> Result<bool> {
    if x.special().is_some() {
        return Ok(false);
    }
    let _mode = crate::autograd::GradMode::set(false);
    Ok(x.detach()?.all()?.item()?.to_bool())
}

/// One element's worth of ones along a dimension.
fn one_along(x: &Tensor, dim: usize) -> Result<Tensor> {
    let mut shape = crate::layout::Shape::from_slice(x.shape());
    shape[dim] = 1;
    Tensor::ones(&shape, x.dtype())
}

fn part(x: &Tensor, dim: usize, start: usize, length: usize) -> Result<Tensor> {
    x.narrow(dim as i64, start as i64, length as i64)
}

/// The products of all elements before each along a dimension, by doubling steps.
fn products_before(x: &Tensor, dim: usize) -> Result<Tensor> {
    let n = x.shape()[dim];
    let mut p = Tensor::cat(&[one_along(x, dim)?, part(x, dim, 0, n - 1)?], dim as i64)?;
    let mut step = 1;
    while step < n {
        let product = part(&p, dim, step, n - step)?.mul(&part(&p, dim, 0, n - step)?)?;
        p = Tensor::cat(&[part(&p, dim, 0, step)?, product], dim as i64)?;
        step *= 2;
    }
    Ok(p)
}

/// The products of all elements after each along a dimension.
fn products_after(x: &Tensor, dim: usize) -> Result<Tensor> {
    let n = x.shape()[dim];
    let mut p = Tensor::cat(&[part(x, dim, 1, n - 1)?, one_along(x, dim)?], dim as i64)?;
    let mut step = 1;
    while step < n {
        let product = part(&p, dim, 0, n - step)?.mul(&part(&p, dim, step, n - step)?)?;
        p = Tensor::cat(&[product, part(&p, dim, n - step, step)?], dim as i64)?;
        step *= 2;
    }
    Ok(p)
}

/// The solution of `s[k] = b[k] + a[k] s[k ± 1]` along a dimension, by doubling steps.
fn recurrence(a: &Tensor, b: &Tensor, dim: usize, backwards: bool) -> Result<Tensor> {
    let n = a.shape()[dim];
    let (mut a, mut b) = (a.clone(), b.clone());
    let mut step = 1;
    while step < n {
        let rest = n - step;
        // The part that has a neighbour at this distance, the neighbours, and the part that has none.
        let (with, neighbour, without) = if backwards { (0, step, rest) } else { (step, 0, 0) };
        let factor = part(&a, dim, with, rest)?;
        let sum = part(&b, dim, with, rest)?.add(factor.mul(&part(&b, dim, neighbour, rest)?)?)?;
        let product = factor.mul(&part(&a, dim, neighbour, rest)?)?;
        let join = |new: Tensor, old: Tensor| {
            Tensor::cat(&if backwards { [new, old] } else { [old, new] }, dim as i64)
        };
        b = join(sum, part(&b, dim, without, step)?)?;
        a = join(product, part(&a, dim, without, step)?)?;
        step *= 2;
    }
    Ok(b)
}

/// `prod`, of all elements or along one dimension.
#[derive(Clone)]
pub struct Prod {
    /// Which dimensions are reduced: all, or one.
    pub reduced: Reduced,
    /// Whether it stays, with size one.
    pub keep: bool,
    /// The dtype in which is multiplied.
    pub dtype: Option<DType>,
    /// Whether a dimension was named.
    pub named: bool,
}

impl Prod {
    /// For each element, the product of the others. See Note [Products with zeros].
    fn others(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        if x.numel() == 0 {
            return x.zeros_like();
        }
        if has_no_zero(x)? {
            return restore(y, &self.reduced, self.keep)?.div(x);
        }
        // The reduced dimensions as one, at the end.
        let rank = x.rank() as i64;
        let kept: Vec<i64> = (0..rank).filter(|&d| !self.reduced[d as usize]).collect();
        let order: Vec<i64> =
            kept.iter().copied().chain((0..rank).filter(|&d| self.reduced[d as usize])).collect();
        let moved = x.permute(&order)?;
        let mut flat: Vec<i64> = moved.shape()[..kept.len()].iter().map(|&s| s as i64).collect();
        flat.push(-1);
        let lines = moved.reshape(&flat)?;
        let others = products_before(&lines, kept.len())?.mul(&products_after(&lines, kept.len())?)?;
        let mut back = vec![0i64; order.len()];
        for (place, &d) in order.iter().enumerate() {
            back[d as usize] = place as i64;
        }
        others.reshape_to(moved.shape())?.permute(&back)
    }
}

impl Primitive for Prod {
    fn name(&self) -> &'static str {
        if self.named { "ProdBackward1" } else { "ProdBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let from = inputs[0].dtype;
        let dtype = self.dtype.unwrap_or(if from.is_floating_point() { from } else { DType::I64 });
        outputs.push(Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        accumulate("prod", &PROD, &self.reduced, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let x = context.input(0)?.to_dtype(g.dtype())?;
        let others = self.others(&x, &context.output(0)?)?;
        Ok(smallvec![Some(others.mul(restore(g, &self.reduced, self.keep)?)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let y = context.output(0);
        let others = self.others(&context.input(0).to_dtype(y.dtype())?, y)?;
        let reduced = self.reduced.clone();
        apply(Sum { reduced, keep: self.keep, dtype: None, named: true }, &[&others.mul(only(t)?)?])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

/// `cumsum` and `cumprod`: running sums and products along a dimension.
#[derive(Clone)]
pub struct Running {
    /// Along which dimension.
    pub dim: usize,
    /// Whether it is products that run.
    pub product: bool,
    /// Whether they run from the end (of sums).
    pub backwards: bool,
    /// The dtype in which is computed.
    pub dtype: Option<DType>,
}

/// Running sums along a dimension, from the start or from the end.
fn running_sum(x: &Tensor, dim: usize, backwards: bool) -> Result<Tensor> {
    apply(Running { dim, product: false, backwards, dtype: None }, &[x])
}

impl Running {
    fn vjp_product(&self, x: &Tensor, y: &Tensor, g: &Tensor) -> Result<Tensor> {
        if x.numel() == 0 || x.rank() == 0 {
            return Ok(g.clone());
        }
        if has_no_zero(x)? {
            return running_sum(&g.mul(y)?, self.dim, true)?.div(x);
        }
        // s[k] = g[k] + x[k + 1] s[k + 1], times what comes before.
        let n = x.shape()[self.dim];
        let zero = one_along(x, self.dim)?.zeros_like()?;
        let next = Tensor::cat(&[part(x, self.dim, 1, n - 1)?, zero], self.dim as i64)?;
        recurrence(&next, g, self.dim, true)?.mul(&products_before(x, self.dim)?)
    }

    fn jvp_product(&self, x: &Tensor, y: &Tensor, t: &Tensor) -> Result<Tensor> {
        if x.numel() == 0 || x.rank() == 0 {
            return Ok(t.clone());
        }
        if has_no_zero(x)? {
            return running_sum(&t.div(x)?, self.dim, false)?.mul(y);
        }
        // d[k] = x[k] d[k - 1] + t[k] times what comes before.
        recurrence(x, &t.mul(&products_before(x, self.dim)?)?, self.dim, false)
    }
}

impl Primitive for Running {
    fn name(&self) -> &'static str {
        if self.product { "CumprodBackward0" } else { "CumsumBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let from = inputs[0].dtype;
        let dtype = self.dtype.unwrap_or(if from.is_floating_point() { from } else { DType::I64 });
        outputs.push(Meta::contiguous(inputs[0].shape(), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        // Converted into the output, where the running total is computed in place.
        super::copy::copy_view(output, &inputs[0]);
        let dtype = output.meta.dtype;
        if output.shape().is_empty() || output.meta.elements() == 0 {
            return Ok(());
        }
        let mut strides = Strides::from_slice(output.strides());
        let mut pointer = output.pointer;
        if self.backwards {
            let last = (output.shape()[self.dim] - 1) as isize * strides[self.dim] * dtype.size() as isize;
            pointer = pointer.wrapping_offset(last);
            strides[self.dim] = -strides[self.dim];
        }
        let scan = if self.product { lines::Scan::Product } else { lines::Scan::Sum };
        let to = Operand::new(pointer, &strides, dtype.size());
        let from = Operand::input(pointer, &strides, dtype.size());
        // SAFETY: the output is fresh, and within its bounds in either direction; it is exactly the input.
        if unsafe { lines::scan(scan, dtype, output.shape(), to, from, self.dim) } {
            Ok(())
        } else {
            let name = if self.product { "cumprod_out" } else { "cumsum_out" };
            Err(Error::not_implemented(format!(
                "\"{name}_cpu\" not implemented for '{}'",
                dtype.scalar_name()
            )))
        }
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Forbidden
    }
    fn saves(&self, _: Needs) -> Saves {
        if self.product { Saves::NONE.input(0).output(0) } else { Saves::NONE }
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = vec![("dim", Attribute::Value(Value::Int(self.dim as i64)))];
        if self.product {
            attributes.extend([("self", Attribute::Input(0)), ("result", Attribute::Output(0))]);
        }
        attributes
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        if !self.product {
            return Ok(smallvec![Some(running_sum(g, self.dim, !self.backwards)?)]);
        }
        let x = context.input(0)?.to_dtype(g.dtype())?;
        Ok(smallvec![Some(self.vjp_product(&x, &context.output(0)?, g)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let t = only(t)?;
        if !self.product {
            return apply(self.clone(), &[t]);
        }
        let y = context.output(0);
        self.jvp_product(&context.input(0).to_dtype(y.dtype())?, y, &t.to_dtype(y.dtype())?)
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim.filter(|_| inputs[0].tensor.rank() > 1) else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        Ok(Some(vec![(apply(Self { dim: self.dim + 1, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

impl Tensor {
    /// The product of all elements.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn prod(&self) -> Result<Tensor> {
        apply(Prod { reduced: smallvec![true; self.rank()], keep: false, dtype: None, named: false }, &[self])
    }

    /// The product along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn prod_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(&[dim]), self.rank())?;
        apply(Prod { reduced, keep, dtype: None, named: true }, &[self])
    }

    /// Running sums along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn cumsum(&self, dim: i64) -> Result<Tensor> {
        running_sum(self, wrap_dim(dim, self.rank())?, false)
    }

    /// Running products along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn cumprod(&self, dim: i64) -> Result<Tensor> {
        let dim = wrap_dim(dim, self.rank())?;
        apply(Running { dim, product: true, backwards: false, dtype: None }, &[self])
    }
}

fn running(a: &Arguments<'_>, product: bool) -> Result<Value> {
    let x = a.tensor(0)?;
    let dim = wrap_dim(a.int(1)?, x.rank())?;
    a.apply(Running { dim, product, backwards: false, dtype: a.optional_dtype(2)? }, &[x])
}

/// Numbers of which one or two are zero.
fn with_zeros(s: &Sampler, shape: &[usize], zeros: &[usize]) -> Tensor {
    let mut values: Vec<f64> =
        s.tensor(shape).to_f64_vec().expect("dense").iter().map(|x| x + 0.1f64.copysign(*x)).collect();
    for &zero in zeros {
        values[zero] = 0.0;
    }
    let tensor = Tensor::from_vec(values, shape).expect("the shape fits the values");
    tensor.to_dtype(s.dtype()).expect("converts").detach_quietly()
}

fn running_samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = s.each_layout_in(0.3, 1.5, |x| vec![x.into(), Value::Int(0), Value::None]);
    for zeros in [&[][..], &[1], &[1, 2]] {
        samples.push(Sample::new(vec![with_zeros(s, &[2, 4], zeros).into(), Value::Int(-1), Value::None]));
    }
    samples
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "prod",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "prod(Tensor self, *, ScalarType? dtype=None) -> Tensor",
                call: |a| {
                    let x = a.tensor(0)?;
                    let reduced = smallvec![true; x.rank()];
                    let dtype = a.optional_dtype(1)?;
                    a.apply(Prod { reduced, keep: false, dtype, named: false }, &[x])
                },
            },
            Overload {
                schema: "prod(Tensor self, int dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                call: |a| {
                    let x = a.tensor(0)?;
                    let reduced = reduced_dims(Some(&[a.int(1)?]), x.rank())?;
                    let dtype = a.optional_dtype(3)?;
                    a.apply(Prod { reduced, keep: a.bool(2)?, dtype, named: true }, &[x])
                },
            },
        ],
        documentation: "The product of all elements, or along the dimension `dim`. Integers and truth values are \
multiplied as `int64`. The product of nothing is 1. Its derivative holds where elements are zero.",
        example: ">>> torch.tensor([[1., 2.], [3., 4.]]).prod(1)\ntensor([ 2., 12.])",
        samples: |s| {
            let mut samples = s.each_layout(|x| vec![x.into(), Value::None]);
            for zeros in [&[1][..], &[1, 3]] {
                samples.push(Sample::new(vec![with_zeros(s, &[2, 3], zeros).into(), Value::None]));
            }
            for (x, dim, keep) in [
                (with_zeros(s, &[2, 3, 2], &[]), 1, false),
                (with_zeros(s, &[2, 4], &[2]), 1, true),
                (with_zeros(s, &[3, 2], &[0, 2]).t().expect("two dimensions"), 1, false),
            ] {
                let arguments = vec![x.into(), Value::Int(dim), Value::Bool(keep), Value::None];
                samples.push(Sample::new(arguments).overload(1));
            }
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "cumsum",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "cumsum(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
            call: |a| running(a, false),
        }],
        documentation: "Running sums along the dimension `dim`; of integers as `int64`.",
        example: ">>> torch.tensor([1., 2., 3.]).cumsum(0)\ntensor([1., 3., 6.])",
        samples: running_samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "cumprod",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "cumprod(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor",
            call: |a| running(a, true),
        }],
        documentation: "Running products along the dimension `dim`; of integers as `int64`. Its derivative holds where \
elements are zero.",
        example: ">>> torch.tensor([1., 2., 3.]).cumprod(0)\ntensor([1., 2., 6.])",
        samples: running_samples,
        ..Entry::DEFAULT
    },
];
