//! Reductions.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::layout::{Shape, Strides};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
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
    // The output's strides, with a place for every dimension of the input.
    let keeps = output.meta.rank() == view.meta.rank();
    let mut next = 0;
    let strides: Strides = reduced
        .iter()
        .map(|&r| {
            if r && !keeps {
                return 0;
            }
            next += 1;
            if r { 0 } else { output.strides()[next - 1] }
        })
        .collect();
    let from = kernels::Operand::input(view.pointer, view.strides(), dtype.size());
    let to = kernels::Operand::new(output.pointer, &strides, output.meta.dtype.size());
    // SAFETY: both views are claimed and in bounds, and the output is fresh.
    let defined = unsafe { kernels::reduce::reduce(kernel, dtype, view.shape(), from, to, reduced, context) };
    if defined { Ok(()) } else { Err(super::elementwise::no_kernel(name, dtype)) }
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
        let to = outputs[0].meta.dtype;
        let integral = to == DType::I64 && !inputs[0].meta.dtype.is_floating_point();
        let dtype = if integral { inputs[0].meta.dtype } else { to };
        if !to.is_floating_point() && to != DType::I64 {
            // The sum of integers is an `i64`, which is then cast.
            let wide = Meta::contiguous(outputs[0].shape(), DType::I64);
            let storage = crate::storage::Storage::allocate(wide.elements() * 8)?;
            let mut aside = ViewMut { pointer: storage.pointer(), meta: &wide };
            let from =
                if inputs[0].meta.dtype.is_floating_point() { DType::I64 } else { inputs[0].meta.dtype };
            run_reduction("sum", &kernels::reduce::SUM, from, &self.reduced, 0.0, &inputs[0], &mut aside)?;
            super::copy::copy_view(&mut outputs[0], &aside.as_view());
            return Ok(());
        }
        run_reduction("sum", &kernels::reduce::SUM, dtype, &self.reduced, 0.0, &inputs[0], &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(spread(g, &context.shape(0)?, &self.reduced, self.keep)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "sum: no tangent") };
        apply(self.clone(), &[t])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let reduced = std::iter::once(false).chain(self.reduced.iter().copied()).collect();
        Ok(Some(vec![(apply(Self { reduced, named: true, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

/// Spreads the gradient of a reduction over what was reduced.
///
/// # Errors
/// If the shapes do not fit.
pub fn spread(g: &Tensor, shape: &[usize], reduced: &[bool], keep: bool) -> Result<Tensor> {
    let mut g = g.clone();
    if !keep {
        for (d, &r) in reduced.iter().enumerate() {
            if r && g.rank() != 0 || r && shape.len() > 1 && !reduced.iter().all(|&r| r) {
                g = g.unsqueeze(d as i64)?;
            }
        }
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

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[Entry {
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
    documentation: "The sum of all elements, or over some dimensions. Integers are summed as `int64`.",
    samples: |s| {
        let mut samples = s.each_layout(|x| vec![x.into(), Value::None]);
        samples.push(
            Sample::new(vec![
                s.tensor(&[2, 3, 2]).into(),
                Value::Ints(vec![0, -1]),
                Value::Bool(false),
                Value::None,
            ])
            .overload(1),
        );
        samples.push(
            Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Ints(vec![1]), Value::Bool(true), Value::None])
                .overload(1),
        );
        samples
    },
    ..Entry::DEFAULT
}];
