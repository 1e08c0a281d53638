//! Reductions: what all of them share, and `sum` and `mean`. The others are beside this file, by topic: `moments`
//! (variance and standard deviation), `extremes`, `logic`, `norms`, `products` (and running totals), `softmax`, `sorting`.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::layout::{Shape, Strides};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, reduce::Reduction};
use smallvec::{SmallVec, smallvec};

/// The dimensions of a reduction, as one flag for each; empty means all.
pub type Reduced = SmallVec<[bool; 6]>;

/// Resolves the dimensions of a reduction. `None` and an empty list mean all.
///
/// # Errors
/// If one is out of range, or named twice.
pub fn reduced_dims(dims: Option<&[i64]>, rank: usize) -> Result<Reduced> {
    let Some(dims) = dims.filter(|d| !d.is_empty()) else { return Ok(smallvec![true; rank]) };
    let mut reduced: Reduced = smallvec![false; rank];
    for &dim in dims {
        let d = crate::layout::wrap_dim(dim, rank)?;
        if rank == 0 {
            continue;
        }
        if reduced[d] {
            bail!(Runtime, "dim {d} appears multiple times in the list of dims");
        }
        reduced[d] = true;
    }
    Ok(reduced)
}

/// The shape that is left after a reduction.
pub fn reduced_shape(shape: &[usize], reduced: &[bool], keep: bool) -> Shape {
    shape
        .iter()
        .zip(reduced)
        .filter_map(|(&s, &r)| match (r, keep) {
            (false, _) => Some(s),
            (true, true) => Some(1),
            (true, false) => None,
        })
        .collect()
}

/// The strides of a reduction's output, with a place for every dimension of its input.
pub fn strides_over(output: &[isize], reduced: &[bool]) -> Strides {
    let keeps = output.len() == reduced.len();
    let mut next = 0;
    reduced
        .iter()
        .map(|&r| {
            if r && !keeps {
                return 0;
            }
            next += 1;
            if r { 0 } else { output[next - 1] }
        })
        .collect()
}

/// The number of elements that go into each result.
pub fn reduced_count(shape: &[usize], reduced: &[bool]) -> usize {
    shape.iter().zip(reduced).filter(|(_, r)| **r).map(|(s, _)| s).product()
}

/// A result in memory of its own, to be worked on before it is copied to where it belongs.
pub(crate) struct Aside {
    meta: Meta,
    storage: crate::storage::Storage,
}

impl Aside {
    /// Row-major memory of unspecified content.
    pub(crate) fn new(shape: &[usize], dtype: DType) -> Result<Self> {
        let meta = Meta::contiguous(shape, dtype);
        let storage = crate::storage::Storage::allocate(meta.elements() * dtype.size())?;
        Ok(Self { meta, storage })
    }

    /// To write.
    pub(crate) fn view_mut(&mut self) -> ViewMut<'_> {
        ViewMut { pointer: self.storage.pointer(), meta: &self.meta }
    }

    /// To read.
    pub(crate) fn view(&self) -> View<'_> {
        View { pointer: self.storage.pointer(), meta: &self.meta }
    }
}

/// What is in a result already, as an operand of the kernel that writes over it.
pub(crate) fn again<'a>(output: &ViewMut<'a>) -> View<'a> {
    View { pointer: output.pointer, meta: output.meta }
}

/// The tangent of an operation's only operand that has one.
pub(crate) fn only(tangents: &[Option<Tensor>]) -> Result<&Tensor> {
    match tangents.iter().flatten().next() {
        Some(tangent) => Ok(tangent),
        None => bail!(Runtime, "forward mode: no operand has a tangent"),
    }
}

/// A batch of inputs with the hidden dimension in front, and the flags of a reduction behind it.
pub(crate) fn behind(input: &BatchedInput, reduced: &[bool]) -> Result<Option<(Tensor, Reduced)>> {
    let Some(dim) = input.dim else { return Ok(None) };
    let x = input.tensor.movedim(&[dim as i64], &[0])?;
    Ok(Some((x, std::iter::once(false).chain(reduced.iter().copied()).collect())))
}

/// A result with its reduced dimensions back in place, with size one.
pub(crate) fn restore(y: &Tensor, reduced: &[bool], keep: bool) -> Result<Tensor> {
    if keep {
        return Ok(y.clone());
    }
    let mut sizes = y.shape().iter();
    let shape: Shape =
        reduced.iter().map(|&r| if r { 1 } else { sizes.next().copied().unwrap_or(1) }).collect();
    if shape.len() == y.rank() { Ok(y.clone()) } else { y.reshape_to(&shape) }
}

/// Runs a kernel that reduces.
///
/// # Errors
/// Where the kernel is not defined for the dtype.
pub fn run_reduction(
    name: &str,
    kernel: &Reduction,
    dtype: DType,
    reduced: &[bool],
    context: f64,
    input: &View<'_>,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let converted;
    let mut view = *input;
    if input.meta.dtype != dtype {
        let meta = Meta::contiguous(input.shape(), dtype);
        let storage = crate::storage::Storage::allocate(meta.elements() * dtype.size())?;
        super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &meta }, input);
        converted = (meta, storage);
        view = View { pointer: converted.1.pointer(), meta: &converted.0 };
    }
    let strides = strides_over(output.strides(), reduced);
    let from = kernels::Operand::input(view.pointer, view.strides(), dtype.size());
    let to = kernels::Operand::new(output.pointer, &strides, output.meta.dtype.size());
    // SAFETY: both views are claimed and in bounds, and the output is fresh.
    let defined = unsafe { kernels::reduce::reduce(kernel, dtype, view.shape(), from, to, reduced, context) };
    if defined { Ok(()) } else { Err(super::elementwise::no_kernel(name, dtype)) }
}

/// Runs a sum or a product: integers give an `i64`, which is then cast to the dtype of the output.
pub(crate) fn accumulate(
    name: &str,
    kernel: &Reduction,
    reduced: &[bool],
    input: &View<'_>,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let (from, to) = (input.meta.dtype, output.meta.dtype);
    if to.is_floating_point() {
        return run_reduction(name, kernel, to, reduced, 0.0, input, output);
    }
    let from = if from.is_floating_point() { DType::I64 } else { from };
    if to == DType::I64 {
        return run_reduction(name, kernel, from, reduced, 0.0, input, output);
    }
    let mut aside = Aside::new(output.shape(), DType::I64)?;
    run_reduction(name, kernel, from, reduced, 0.0, input, &mut aside.view_mut())?;
    super::copy::copy_view(output, &aside.view());
    Ok(())
}

/// `sum(dim, keepdim, dtype)`.
#[derive(Clone)]
pub struct Sum {
    /// Which dimensions are summed.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// The dtype in which is summed.
    pub dtype: Option<DType>,
    /// Whether the dimensions were named: PyTorch has a node for either.
    pub named: bool,
}

impl Primitive for Sum {
    fn name(&self) -> &'static str {
        if self.named { "SumBackward1" } else { "SumBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let from = inputs[0].dtype;
        let dtype = self.dtype.unwrap_or(if from.is_floating_point() { from } else { DType::I64 });
        outputs.push(Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        accumulate("sum", &kernels::reduce::SUM, &self.reduced, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(spread(g, &context.shape(0)?, &self.reduced, self.keep)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        apply(self.clone(), &[only(t)?])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

/// `mean(dim, keepdim, dtype)`.
#[derive(Clone)]
pub struct Mean {
    /// Which dimensions are averaged.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// The dtype in which is averaged.
    pub dtype: Option<DType>,
    /// Whether the dimensions were named: PyTorch has a node for either.
    pub named: bool,
}

impl Primitive for Mean {
    fn name(&self) -> &'static str {
        if self.named { "MeanBackward1" } else { "MeanBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = self.dtype.unwrap_or(inputs[0].dtype);
        if !dtype.is_floating_point() {
            let which = if self.dtype.is_some() { "Optional" } else { "Input" };
            bail!(
                NotImplemented,
                "mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. Got: {}",
                dtype.scalar_name()
            );
        }
        outputs.push(Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let count = reduced_count(inputs[0].shape(), &self.reduced) as f64;
        if dtype.size() == 2 {
            // A sum of 16-bit floats may overflow where their mean does not.
            let mut aside = Aside::new(outputs[0].shape(), DType::F32)?;
            self.run(DType::F32, count, &inputs[0], &mut aside.view_mut())?;
            super::copy::copy_view(&mut outputs[0], &aside.view());
            return Ok(());
        }
        self.run(dtype, count, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let shape = context.shape(0)?;
        let count = reduced_count(&shape, &self.reduced);
        // Divided before it is spread: the same numbers, fewer divisions.
        Ok(smallvec![Some(spread(&g.div(count)?, &shape, &self.reduced, self.keep)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        apply(self.clone(), &[only(t)?])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

impl Mean {
    fn run(&self, dtype: DType, count: f64, input: &View<'_>, output: &mut ViewMut<'_>) -> Result<()> {
        run_reduction("mean", &kernels::reduce::SUM, dtype, &self.reduced, 0.0, input, output)?;
        let sum = again(output);
        let number = Some(Scalar::Float(count));
        super::elementwise::run_kernel("mean", &kernels::binary::DIV, dtype, &[sum], number, &[], 1.0, output)
    }
}

/// Spreads the gradient of a reduction over what was reduced.
///
/// # Errors
/// If the shapes do not fit.
pub fn spread(g: &Tensor, shape: &[usize], reduced: &[bool], keep: bool) -> Result<Tensor> {
    if keep || g.rank() == 0 {
        return g.expand(shape);
    }
    let mut g = g.clone();
    for (d, _) in reduced.iter().enumerate().filter(|(_, r)| **r) {
        g = g.unsqueeze(d as i64)?;
    }
    g.expand(shape)
}

impl Tensor {
    /// The sum of all elements.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn sum(&self) -> Result<Tensor> {
        apply(Sum { reduced: smallvec![true; self.rank()], keep: false, dtype: None, named: false }, &[self])
    }

    /// The sum over some dimensions; an empty list means all.
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice.
    pub fn sum_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(dims), self.rank())?;
        apply(Sum { reduced, keep, dtype: None, named: true }, &[self])
    }

    /// The mean of all elements.
    ///
    /// # Errors
    /// For dtypes that are not floating-point ones.
    pub fn mean(&self) -> Result<Tensor> {
        apply(Mean { reduced: smallvec![true; self.rank()], keep: false, dtype: None, named: false }, &[self])
    }

    /// The mean over some dimensions; an empty list means all.
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice; for dtypes that are not floating-point ones.
    pub fn mean_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(dims), self.rank())?;
        apply(Mean { reduced, keep, dtype: None, named: true }, &[self])
    }

    /// The sum over the dimensions that broadcasting would have added to reach this tensor's shape.
    ///
    /// # Errors
    /// If this tensor's shape cannot be reached from the size.
    pub fn sum_to_size(&self, shape: &[usize]) -> Result<Tensor> {
        if self.shape() == shape {
            return Ok(self.clone());
        }
        let lead = self.rank().checked_sub(shape.len());
        let Some(lead) = lead.filter(|&lead| {
            self.shape()[lead..].iter().zip(shape).all(|(&large, &small)| large == small || small == 1)
        }) else {
            bail!(
                Runtime,
                "size {{{}}} is not expandable to size {{{}}}.",
                crate::layout::int_list(shape),
                crate::layout::int_list(self.shape())
            );
        };
        let reduced: Reduced =
            (0..self.rank()).map(|d| d < lead || shape[d - lead] == 1 && self.shape()[d] != 1).collect();
        let kept = apply(Sum { reduced, keep: true, dtype: None, named: true }, &[self])?;
        if lead > 0 { kept.reshape_to(shape) } else { Ok(kept) }
    }
}

fn sum(a: &Arguments<'_>, dims: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Value> {
    let x = a.tensor(0)?;
    let named = dims.is_some();
    let reduced = reduced_dims(dims, x.rank())?;
    a.apply(Sum { reduced, keep, dtype, named }, &[x])
}

fn mean(a: &Arguments<'_>, dims: Option<&[i64]>, keep: bool, dtype: Option<DType>) -> Result<Value> {
    let x = a.tensor(0)?;
    let named = dims.is_some();
    let reduced = reduced_dims(dims, x.rank())?;
    a.apply(Mean { reduced, keep, dtype, named }, &[x])
}

/// Samples of a reduction with two overloads: of all elements, and over named dimensions; both end in a dtype.
fn samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = s.each_layout(|x| vec![x.into(), Value::None]);
    for (x, dims, keep) in [
        (s.tensor(&[2, 3, 2]), vec![0, -1], false),
        (s.tensor(&[2, 3]), vec![1], true),
        (s.tensor(&[2, 3]).t().expect("two dimensions"), vec![0], false),
        (s.tensor(&[2, 1, 3]), vec![1], false),
        (s.tensor(&[]), vec![0], true),
    ] {
        let arguments = vec![x.into(), Value::Ints(dims), Value::Bool(keep), Value::None];
        samples.push(Sample::new(arguments).overload(1));
    }
    samples
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "sum",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "sum(Tensor self, *, ScalarType? dtype=None) -> Tensor",
                call: |a| sum(a, None, false, a.optional_dtype(1)?),
            },
            Overload {
                schema: "sum(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                call: |a| {
                    let dims = a.optional_ints(1)?.unwrap_or(&[]);
                    sum(a, Some(dims), a.bool(2)?, a.optional_dtype(3)?)
                },
            },
        ],
        documentation: "The sum of all elements, or over the dimensions `dim` (an empty list and `None` mean all), which \
are removed, or kept with size one if `keepdim`. Integers and truth values are summed as `int64`; `dtype` converts the \
elements before they are summed. The sum of nothing is 0.",
        example: ">>> torch.tensor([[1., 2.], [3., 4.]]).sum(0)\ntensor([4., 6.])",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "mean",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "mean(Tensor self, *, ScalarType? dtype=None) -> Tensor",
                call: |a| mean(a, None, false, a.optional_dtype(1)?),
            },
            Overload {
                schema: "mean(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
                call: |a| {
                    let dims = a.optional_ints(1)?.unwrap_or(&[]);
                    mean(a, Some(dims), a.bool(2)?, a.optional_dtype(3)?)
                },
            },
        ],
        documentation: "The mean of all elements, or over the dimensions `dim`. Integers have no mean: give `dtype`, or \
convert them. The mean of nothing is `nan`.",
        example: ">>> torch.tensor([[1., 2.], [3., 4.]]).mean(1, keepdim=True)\ntensor([[1.5000],\n        [3.5000]])",
        samples: |s| {
            // The mean of nothing is NaN, which has no derivative to compare.
            samples(s).into_iter().filter(|sample| sample.note != "empty").collect()
        },
        ..Entry::DEFAULT
    },
];
