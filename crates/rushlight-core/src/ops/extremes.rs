//! The largest and the smallest: `max`, `min`, `amax`, `amin`, `aminmax`. Their places are in `extreme_places`.
//!
//! Where several elements are the extreme, `max()`, `amax` and `aminmax` share the gradient equally among them, while
//! `max(dim)` gives it to the one whose place it returns: as PyTorch does.

use super::choose::{choose, matches, put, take};
use super::reduce::{
    Reduced, Sum, behind, only, reduced_dims, reduced_shape, restore, run_reduction, strides_over,
};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_multi,
};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::layout::wrap_dim;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, Operand, reduce::arg::Extreme};
use smallvec::smallvec;

/// Fails where the extreme of nothing is asked for.
pub(crate) fn check_not_empty(name: &str, shape: &[usize], reduced: &[bool], named: bool) -> Result<()> {
    if shape.iter().product::<usize>() != 0 {
        return Ok(());
    }
    if !named {
        bail!(
            Runtime,
            "{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
        );
    }
    if let Some(d) = (0..shape.len()).find(|&d| reduced[d] && shape[d] == 0) {
        bail!(Index, "{name}(): Expected reduction dim {d} to have non-zero size.");
    }
    Ok(())
}

/// The gradient of an extreme, in equal shares for the elements that are the extreme.
pub(crate) fn share(g: &Tensor, x: &Tensor, y: &Tensor, reduced: &[bool], keep: bool) -> Result<Tensor> {
    let mask = matches(x, &restore(y, reduced, keep)?)?;
    let count = sum_kept(&mask, reduced)?;
    choose(&restore(g, reduced, keep)?.div(&count)?, &mask)
}

/// The tangent of an extreme: the mean of the tangents of the elements that are the extreme.
pub(crate) fn gather_share(
    t: &Tensor,
    x: &Tensor,
    y: &Tensor,
    reduced: &[bool],
    keep: bool,
) -> Result<Tensor> {
    let mask = matches(x, &restore(y, reduced, keep)?)?;
    let total = sum_kept(&choose(t, &mask)?, reduced)?.div(&sum_kept(&mask, reduced)?)?;
    total.reshape_to(y.shape())
}

fn sum_kept(x: &Tensor, reduced: &[bool]) -> Result<Tensor> {
    apply(Sum { reduced: reduced.into(), keep: true, dtype: None, named: true }, &[x])
}

/// The extreme over any dimensions: `max()`, `min()`, `amax`, `amin`.
#[derive(Clone)]
pub struct Peak {
    /// Which extreme.
    pub which: Extreme,
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// Whether dimensions were named.
    pub named: bool,
    /// `amax` and `amin` (`AmaxBackward0`), or `max()` and `min()` (`MaxBackward1`).
    pub over_dims: bool,
}

impl Peak {
    fn function(&self) -> &'static str {
        match (self.which, self.over_dims) {
            (Extreme::Max, true) => "amax",
            (Extreme::Min, true) => "amin",
            (Extreme::Max, false) => "max",
            (Extreme::Min, false) => "min",
        }
    }
}

impl Primitive for Peak {
    fn name(&self) -> &'static str {
        match (self.which, self.over_dims) {
            (Extreme::Max, true) => "AmaxBackward0",
            (Extreme::Min, true) => "AminBackward0",
            (Extreme::Max, false) => "MaxBackward1",
            (Extreme::Min, false) => "MinBackward1",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        check_not_empty(self.function(), x.shape(), &self.reduced, self.named)?;
        outputs.push(Meta::contiguous(&reduced_shape(x.shape(), &self.reduced, self.keep), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let kernel = match self.which {
            Extreme::Max => &kernels::reduce::MAX,
            Extreme::Min => &kernels::reduce::MIN,
        };
        let dtype = inputs[0].meta.dtype;
        run_reduction(self.function(), kernel, dtype, &self.reduced, 0.0, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (x, y) = (context.input(0)?, context.output(0)?);
        Ok(smallvec![Some(share(g, &x, &y, &self.reduced, self.keep)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        gather_share(only(t)?, context.input(0), context.output(0), &self.reduced, self.keep)
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

/// The smallest and the largest, in one operation.
#[derive(Clone)]
pub struct AMinMax {
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// Whether a dimension was named.
    pub named: bool,
}

impl Primitive for AMinMax {
    fn name(&self) -> &'static str {
        "AminmaxBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        if x.elements() == 0 && !self.named {
            bail!(
                Runtime,
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
            );
        }
        if let Some(d) = (0..x.rank()).find(|&d| self.reduced[d] && x.shape()[d] == 0) {
            bail!(Index, "aminmax: Expected reduction dim {d} to have non-zero size.");
        }
        let meta = Meta::contiguous(&reduced_shape(x.shape(), &self.reduced, self.keep), x.dtype);
        outputs.push(meta.clone());
        outputs.push(meta);
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = inputs[0].meta.dtype;
        for (kernel, output) in [&kernels::reduce::MIN, &kernels::reduce::MAX].into_iter().zip(outputs) {
            run_reduction("aminmax", kernel, dtype, &self.reduced, 0.0, &inputs[0], output)?;
        }
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0).output(1)
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let x = context.input(0)?;
        let mut total: Option<Tensor> = None;
        for (i, g) in gradients.iter().enumerate() {
            let Some(g) = g else { continue };
            let part = share(g, &x, &context.output(i)?, &self.reduced, self.keep)?;
            total = Some(match total {
                Some(total) => total.add(&part)?,
                None => part,
            });
        }
        Ok(smallvec![total])
    }
    fn jvp_all(&self, context: &ForwardContext<'_>, tangents: &[Option<Tensor>]) -> Result<Gradients> {
        let t = only(tangents)?;
        let one = |i: usize| gather_share(t, context.input(0), context.output(i), &self.reduced, self.keep);
        Ok(smallvec![Some(one(0)?), Some(one(1)?)])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        let results = apply_multi(Self { reduced, named: true, ..self.clone() }, &[&x])?;
        Ok(Some(results.into_iter().map(|r| (r, Some(0))).collect()))
    }
}

/// The extreme along one dimension, and its place: `max(dim)`, `min(dim)`.
#[derive(Clone)]
pub struct PeakAlong {
    /// Which extreme.
    pub which: Extreme,
    /// Along which dimension.
    pub dim: usize,
    /// Whether it stays, with size one.
    pub keep: bool,
}

/// One flag for each dimension, set for one of them.
pub(crate) fn one_of(dim: usize, rank: usize) -> Reduced {
    (0..rank).map(|d| d == dim).collect()
}

/// Puts the gradient of values along a dimension to the places that they came from.
pub(crate) fn put_back(
    g: &Tensor,
    places: &Tensor,
    dim: usize,
    keep: bool,
    shape: &[usize],
) -> Result<Tensor> {
    let places = places.detach()?;
    let (g, places) = if keep || shape.is_empty() {
        (g.clone(), places)
    } else {
        (g.unsqueeze(dim as i64)?, places.unsqueeze(dim as i64)?)
    };
    put(&g, dim, &places, shape.get(dim).copied().unwrap_or(1))
}

/// Takes the tangent of values along a dimension from the places that they came from.
pub(crate) fn take_from(t: &Tensor, places: &Tensor, dim: usize, keep: bool) -> Result<Tensor> {
    if keep || t.rank() == 0 {
        return take(t, dim, places);
    }
    take(t, dim, &places.unsqueeze(dim as i64)?)?.squeeze_dim(dim as i64)
}

impl Primitive for PeakAlong {
    fn name(&self) -> &'static str {
        match self.which {
            Extreme::Max => "MaxBackward0",
            Extreme::Min => "MinBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        let reduced = one_of(self.dim, x.rank());
        let name = if self.which == Extreme::Max { "max" } else { "min" };
        check_not_empty(name, x.shape(), &reduced, true)?;
        let shape = reduced_shape(x.shape(), &reduced, self.keep);
        outputs.push(Meta::contiguous(&shape, x.dtype));
        outputs.push(Meta::contiguous(&shape, DType::I64));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let [values, places] = outputs else { bail!(Runtime, "max: two results are wanted") };
        run_extreme(self.which, &inputs[0], Some(values), places, self.dim);
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0).output(1)
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(g) = &gradients[0] else { return Ok(Gradients::new()) };
        let shape = context.shape(0)?;
        Ok(smallvec![Some(put_back(g, &context.output(1)?, self.dim, self.keep, &shape)?)])
    }
    fn jvp_all(&self, context: &ForwardContext<'_>, tangents: &[Option<Tensor>]) -> Result<Gradients> {
        Ok(smallvec![Some(take_from(only(tangents)?, context.output(1), self.dim, self.keep)?), None])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim.filter(|_| inputs[0].tensor.rank() > 1) else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let results = apply_multi(Self { dim: self.dim + 1, ..self.clone() }, &[&x])?;
        Ok(Some(results.into_iter().map(|r| (r, Some(0))).collect()))
    }
}

/// Runs the kernel of extremes along a dimension.
pub(crate) fn run_extreme(
    which: Extreme,
    input: &View<'_>,
    values: Option<&mut ViewMut<'_>>,
    places: &mut ViewMut<'_>,
    dim: usize,
) {
    let dtype = input.meta.dtype;
    let scalar = input.shape().is_empty();
    let shape: &[usize] = if scalar { &[1] } else { input.shape() };
    let strides: &[isize] = if scalar { &[1] } else { input.strides() };
    let reduced = one_of(dim, shape.len());
    let keeps = places.shape().len() == shape.len();
    let over = |output: &[isize]| {
        if scalar || keeps && output.is_empty() { smallvec![0] } else { strides_over(output, &reduced) }
    };
    let place_strides = over(places.strides());
    let value_strides = values.as_ref().map(|v| over(v.strides())).unwrap_or_default();
    let to = Operand::new(places.pointer, &place_strides, 8);
    let values = values.map(|v| Operand::new(v.pointer, &value_strides, dtype.size()));
    let from = Operand::input(input.pointer, strides, dtype.size());
    // SAFETY: claimed and in bounds; the outputs are fresh; empty dimensions were refused by `infer`.
    unsafe { kernels::reduce::arg::extreme(which, dtype, shape, from, values, Some(to), dim) };
}

impl Tensor {
    /// The largest of all elements; NaN if there is one.
    ///
    /// # Errors
    /// For a tensor without elements.
    pub fn max(&self) -> Result<Tensor> {
        apply(peak(Extreme::Max, self.rank()), &[self])
    }

    /// The smallest of all elements; NaN if there is one.
    ///
    /// # Errors
    /// For a tensor without elements.
    pub fn min(&self) -> Result<Tensor> {
        apply(peak(Extreme::Min, self.rank()), &[self])
    }

    /// The largest elements along a dimension, and their places.
    ///
    /// # Errors
    /// If the dimension is out of range, or has no elements.
    pub fn max_dim(&self, dim: i64, keep: bool) -> Result<(Tensor, Tensor)> {
        along(self, Extreme::Max, dim, keep)
    }

    /// The smallest elements along a dimension, and their places.
    ///
    /// # Errors
    /// If the dimension is out of range, or has no elements.
    pub fn min_dim(&self, dim: i64, keep: bool) -> Result<(Tensor, Tensor)> {
        along(self, Extreme::Min, dim, keep)
    }

    /// The largest elements over some dimensions; an empty list means all. Equal ones share the gradient.
    ///
    /// # Errors
    /// If a dimension is out of range, named twice, or has no elements.
    pub fn amax(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        apply(over(Extreme::Max, self, dims, keep)?, &[self])
    }

    /// The smallest elements over some dimensions; an empty list means all. Equal ones share the gradient.
    ///
    /// # Errors
    /// If a dimension is out of range, named twice, or has no elements.
    pub fn amin(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        apply(over(Extreme::Min, self, dims, keep)?, &[self])
    }
}

fn peak(which: Extreme, rank: usize) -> Peak {
    Peak { which, reduced: smallvec![true; rank], keep: false, named: false, over_dims: false }
}

fn over(which: Extreme, x: &Tensor, dims: &[i64], keep: bool) -> Result<Peak> {
    let reduced = reduced_dims(Some(dims), x.rank())?;
    Ok(Peak { which, reduced, keep, named: !dims.is_empty(), over_dims: true })
}

fn along(x: &Tensor, which: Extreme, dim: i64, keep: bool) -> Result<(Tensor, Tensor)> {
    let dim = wrap_dim(dim, x.rank())?;
    let mut results = apply_multi(PeakAlong { which, dim, keep }, &[x])?.into_iter();
    match (results.next(), results.next()) {
        (Some(values), Some(places)) => Ok((values, places)),
        _ => bail!(Runtime, "max: two results are wanted"),
    }
}

fn call_along(a: &Arguments<'_>, which: Extreme) -> Result<Value> {
    let (values, places) = along(a.tensor(0)?, which, a.int(1)?, a.bool(2)?)?;
    let name = if which == Extreme::Max { "max" } else { "min" };
    a.finish_named(name, &["values", "indices"], vec![values, places])
}

/// Different numbers, so that no two elements tie.
pub(crate) fn distinct(s: &Sampler, shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let steps: Vec<f64> = (0..count).map(|i| ((i * 7 + 3) % count.max(1)) as f64 * 0.5 - 1.0).collect();
    let steps = Tensor::from_vec(steps, shape).expect("the shape fits the values");
    let noise = s.range(shape, 0.0, 0.2);
    steps.to_dtype(s.dtype()).and_then(|t| t.add(&noise)).expect("numbers add").detach_quietly()
}

fn samples_of_all(s: &Sampler) -> Vec<Sample> {
    let transposed = distinct(s, &[3, 2]).t().expect("two dimensions");
    [distinct(s, &[2, 5]), transposed, distinct(s, &[]), distinct(s, &[2, 2, 3])]
        .into_iter()
        .map(|x| Sample::new(vec![x.into()]))
        .collect()
}

/// Samples along one dimension; the arguments are the tensor, the dimension, and whether it stays.
pub(crate) fn samples_along(s: &Sampler, overload: usize) -> Vec<Sample> {
    let transposed = distinct(s, &[3, 2]).t().expect("two dimensions");
    let expanded = distinct(s, &[3, 1]).expand(&[3, 2]).expect("expands");
    [
        (distinct(s, &[2, 5]), -1, false),
        (transposed, 0, true),
        (expanded, 0, false),
        (distinct(s, &[2, 0]), 0, false),
        (distinct(s, &[]), 0, false),
    ]
    .into_iter()
    .map(|(x, dim, keep)| Sample::new(vec![x.into(), Value::Int(dim), Value::Bool(keep)]).overload(overload))
    .collect()
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = samples_of_all(s);
    samples.extend(samples_along(s, 1));
    let pair = vec![distinct(s, &[2, 3]).into(), s.range(&[3], 0.3, 0.4).into()];
    samples.push(Sample::new(pair).overload(2));
    samples
}

fn samples_over(s: &Sampler) -> Vec<Sample> {
    let dims = |x: Tensor, dims: &[i64], keep: bool| {
        Sample::new(vec![x.into(), Value::Ints(dims.to_vec()), Value::Bool(keep)])
    };
    let transposed = distinct(s, &[3, 2]).t().expect("two dimensions");
    let expanded = distinct(s, &[3, 1]).expand(&[3, 2]).expect("expands");
    vec![
        dims(distinct(s, &[2, 5]), &[], false),
        dims(distinct(s, &[2, 2, 3]), &[0, -1], false),
        dims(transposed, &[1], true),
        dims(expanded, &[0], false),
        dims(distinct(s, &[2, 0]), &[0], false),
        dims(distinct(s, &[]), &[0], false),
    ]
}

macro_rules! extremes {
    ($($name:literal, $which:ident, $other:ident, $example:expr;)*) => {
        &[$(Entry {
            name: $name,
            forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self) -> Tensor"),
                    call: |a| {
                        let x = a.tensor(0)?;
                        a.apply(peak(Extreme::$which, x.rank()), &[x])
                    },
                },
                Overload {
                    schema: concat!($name, "(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)"),
                    call: |a| call_along(a, Extreme::$which),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, Tensor other) -> Tensor"),
                    call: |a| a.finish(a.tensor(0)?.$other(a.tensor(1)?)?),
                },
            ],
            documentation: concat!(
                "The ", $name, "imum of all elements; or, with `dim`, the named tuple of the ", $name,
                "ima along it and of their places; or, with a second tensor, the ", $name,
                "imum of each pair of elements. A NaN is the extreme. Of equal elements, `dim` returns the first place."
            ),
            example: $example,
            samples,
            ..Entry::DEFAULT
        },)*]
    };
}

/// The rows of `max` and `min`.
pub static EXTREMES: &[Entry] = extremes! {
    "max", Max, maximum,
    ">>> torch.tensor([[1., 5.], [3., 2.]]).max(1)\ntorch.return_types.max(\nvalues=tensor([5., 3.]),\nindices=tensor([1, 0]))";
    "min", Min, minimum,
    ">>> torch.tensor([[1., 5.], [3., 2.]]).min()\ntensor(1.)";
};

/// The other rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "amax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "amax(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                a.apply(over(Extreme::Max, x, a.optional_ints(1)?.unwrap_or(&[]), a.bool(2)?)?, &[x])
            },
        }],
        documentation: "The largest elements over the dimensions `dim` (all if empty). Equal ones share the gradient.",
        example: ">>> torch.tensor([[1., 5.], [3., 2.]]).amax((0, 1))\ntensor(5.)",
        samples: samples_over,
        ..Entry::DEFAULT
    },
    Entry {
        name: "amin",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "amin(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                a.apply(over(Extreme::Min, x, a.optional_ints(1)?.unwrap_or(&[]), a.bool(2)?)?, &[x])
            },
        }],
        documentation: "The smallest elements over the dimensions `dim` (all if empty). Equal ones share the gradient.",
        example: ">>> torch.tensor([[1., 5.], [3., 2.]]).amin(0)\ntensor([1., 2.])",
        samples: samples_over,
        ..Entry::DEFAULT
    },
    Entry {
        name: "aminmax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "aminmax(Tensor self, *, int? dim=None, bool keepdim=False) -> (Tensor min, Tensor max)",
            call: |a| {
                let x = a.tensor(0)?;
                let dim = a.optional_int(1)?.map(|d| wrap_dim(d, x.rank())).transpose()?;
                let (reduced, named) = match dim {
                    Some(dim) => (one_of(dim, x.rank()), true),
                    None => (smallvec![true; x.rank()], false),
                };
                let results = apply_multi(AMinMax { reduced, keep: a.bool(2)?, named }, &[x])?;
                a.finish_named("aminmax", &["min", "max"], results.into_vec())
            },
        }],
        documentation: "The smallest and the largest of all elements, or along the dimension `dim`, as a named tuple.",
        example: ">>> torch.tensor([1., 5., 3.]).aminmax()\ntorch.return_types.aminmax(\nmin=tensor(1.),\nmax=tensor(5.))",
        samples: |s| {
            let mut samples =
                vec![Sample::new(vec![distinct(s, &[2, 5]).into(), Value::None, Value::Bool(false)])];
            samples.extend(samples_along(s, 0));
            samples
        },
        ..Entry::DEFAULT
    },
];
