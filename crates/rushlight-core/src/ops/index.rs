//! Advanced indexing: `x[i, j]` and `x[i, j] = y` with tensors of indices.
//!
//! Index tensors broadcast with each other. Their common shape takes the place of the dimensions that they index if
//! those are adjacent, and comes first if they are not (NumPy's rule). Masks become the indices of their true elements
//! before the operation, so that the operation itself has a shape rule and can be traced. Every index is checked by the
//! kernel before it is used.

use super::places::{Apart, apart, bounds_error};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::{self, Layout, Shape, Strides, broadcast_shapes, int_list};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use crate::warning::{Category, warn};
use rushlight_kernels::{self as kernels, index::Index as IndexArray};
use smallvec::{SmallVec, smallvec};

/// Dimensions that are indexed, in ascending order: one for each index tensor.
pub type Indexed = SmallVec<[usize; 4]>;

/// Where the dimensions of an indexing result come from.
struct Placement {
    /// The shape of the result.
    shape: Shape,
    /// The shape of the index tensors together.
    broadcast: Shape,
    /// Where that shape stands in the result.
    first: usize,
}

impl Placement {
    fn of(source: &[usize], dims: &[usize], indices: &[&Meta]) -> Result<Self> {
        let mut broadcast = Shape::new();
        for index in indices {
            broadcast = broadcast_shapes(&broadcast, index.shape()).map_err(|_| {
                let shapes: Vec<String> = indices.iter().map(|i| int_list(i.shape())).collect();
                Error::index(format!(
                    "shape mismatch: indexing tensors could not be broadcast together with shapes {}",
                    shapes.join(", ")
                ))
            })?;
        }
        if dims.iter().any(|&d| source[d] == 0) && !broadcast.contains(&0) {
            bail!(Index, "index is out of bounds for dimension with size 0");
        }
        let adjacent = dims.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let first = if adjacent { dims.first().copied().unwrap_or(0) } else { 0 };
        let rest = (0..source.len()).filter(|d| !dims.contains(d)).map(|d| source[d]);
        let mut shape: Shape = rest.collect();
        shape.insert_many(first, broadcast.iter().copied());
        Ok(Self { shape, broadcast, first })
    }

    /// The strides of the indexed tensor over the result: zero where the index tensors decide.
    fn source_strides(&self, strides: &[isize], dims: &[usize]) -> Strides {
        let mut over: Strides =
            (0..strides.len()).filter(|d| !dims.contains(d)).map(|d| strides[d]).collect();
        over.insert_many(self.first, std::iter::repeat_n(0, self.broadcast.len()));
        over
    }

    /// The strides of an index tensor over the result.
    fn index_strides(&self, index: &Meta) -> Strides {
        let mut over: Strides = SmallVec::from_elem(0, self.shape.len());
        let start = self.first + self.broadcast.len() - index.rank();
        for (d, (&size, &stride)) in index.shape().iter().zip(index.layout.strides()).enumerate() {
            over[start + d] = if size == 1 { 0 } else { stride };
        }
        over
    }
}

/// The index arrays as the kernels take them: pointers and strides over the result, in the indexed operand's layout.
fn index_arrays<'a>(
    indices: &[View<'_>],
    strides: &'a [Strides],
    operand: &Layout,
    dims: &[usize],
) -> SmallVec<[IndexArray<'a>; 4]> {
    let arrays = indices.iter().zip(strides).zip(dims);
    arrays
        .map(|((view, strides), &d)| IndexArray {
            ptr: view.pointer.cast(),
            strides,
            size: operand.shape()[d],
            stride: operand.strides()[d],
            negative: true,
        })
        .collect()
}

/// `x[indices]`: the elements at computed places. Inputs: `x`, then one `i64` tensor for each indexed dimension.
#[derive(Clone)]
pub struct Index {
    /// The indexed dimensions.
    pub dims: Indexed,
}

impl Primitive for Index {
    fn name(&self) -> &'static str {
        "IndexBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        let place = Placement::of(x.shape(), &self.dims, &inputs[1..])?;
        // The order of strides is that of an elementwise operation on the tensor and its indices.
        let source = Layout::new(&place.shape, &place.source_strides(x.layout.strides(), &self.dims), 0);
        let indices: Vec<Layout> = (inputs[1..].iter())
            .map(|index| Layout::new(&place.shape, &place.index_strides(index), 0))
            .collect();
        let operands: SmallVec<[&Layout; 4]> = std::iter::once(&source).chain(&indices).collect();
        outputs.push(Meta::new(layout::elementwise(&operands, &place.shape), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, output) = (&inputs[0], &mut outputs[0]);
        let metas: SmallVec<[&Meta; 4]> = inputs[1..].iter().map(|v| v.meta).collect();
        let place = Placement::of(x.shape(), &self.dims, &metas)?;
        let over: SmallVec<[Strides; 4]> = metas.iter().map(|m| place.index_strides(m)).collect();
        let arrays = index_arrays(&inputs[1..], &over, &x.meta.layout, &self.dims);
        let strides = place.source_strides(x.strides(), &self.dims);
        let size = x.meta.dtype.size();
        let from = kernels::Operand::input(x.pointer, &strides, size);
        let to = kernels::Operand::new(output.pointer, output.meta.layout.strides(), size);
        // SAFETY: both views are claimed and in bounds over the result's shape, and the output is fresh; the kernel
        // checks the indices, which are `i64` (`indices_of`).
        unsafe { kernels::index::gather(&place.shape, to, from, &arrays) }
            .map_err(|e| bounds_error(e, self.dims[e.array]))
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves { inputs: u64::MAX << 1, ..Saves::NONE.shape(0) }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let indices = saved_indices(context, 1, self.dims.len())?;
        let operation = IndexBack { shape: context.shape(0)?, dims: self.dims.clone() };
        Ok(smallvec![Some(apply(operation, &with_indices(&[g], &indices))?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "index: no tangent") };
        let indices: Vec<Tensor> = (0..self.dims.len()).map(|i| context.input(i + 1).clone()).collect();
        apply(self.clone(), &with_indices(&[t], &indices))
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let (Some(dim), true) = (inputs[0].dim, inputs[1..].iter().all(|i| i.dim.is_none())) else {
            return Ok(None);
        };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let dims: Indexed = self.dims.iter().map(|d| d + 1).collect();
        let adjacent = dims.windows(2).all(|pair| pair[1] == pair[0] + 1);
        let indices: Vec<Tensor> = inputs[1..].iter().map(|i| i.tensor.clone()).collect();
        let hidden = if adjacent { 0 } else { indices.iter().map(Tensor::rank).max().unwrap_or(0) };
        Ok(Some(vec![(apply(Self { dims }, &with_indices(&[&x], &indices))?, Some(hidden))]))
    }
}

fn saved_indices(context: &Context<'_>, first: usize, count: usize) -> Result<Vec<Tensor>> {
    (first..first + count).map(|i| context.input(i)).collect()
}

fn with_indices<'a>(operands: &[&'a Tensor], indices: &'a [Tensor]) -> SmallVec<[&'a Tensor; 4]> {
    operands.iter().copied().chain(indices).collect()
}

/// The derivative of [`Index`]: zeros, with the input added up where the indices point. Inputs: the gradient, indices.
#[derive(Clone)]
struct IndexBack {
    shape: Shape,
    dims: Indexed,
}

impl Primitive for IndexBack {
    fn name(&self) -> &'static str {
        "IndexPutImplBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let bytes = output.meta.elements() * output.meta.dtype.size();
        // SAFETY: the output is fresh, row-major and holds this many bytes; all-zero bytes are zero in every dtype.
        unsafe { output.pointer.write_bytes(0, bytes) };
        put(&self.dims, true, &inputs[0], &inputs[1..], output)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves { inputs: u64::MAX << 1, ..Saves::NONE }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let indices = saved_indices(context, 1, self.dims.len())?;
        Ok(smallvec![Some(apply(Index { dims: self.dims.clone() }, &with_indices(&[g], &indices))?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "index: no tangent") };
        let indices: Vec<Tensor> = (0..self.dims.len()).map(|i| context.input(i + 1).clone()).collect();
        apply(self.clone(), &with_indices(&[t], &indices))
    }
}

/// Writes or adds `values`, which broadcast to the indexing result, into `output`.
fn put(
    dims: &[usize],
    accumulate: bool,
    values: &View<'_>,
    indices: &[View<'_>],
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let metas: SmallVec<[&Meta; 4]> = indices.iter().map(|v| v.meta).collect();
    let place = Placement::of(output.shape(), dims, &metas)?;
    let over: SmallVec<[Strides; 4]> = metas.iter().map(|m| place.index_strides(m)).collect();
    let arrays = index_arrays(indices, &over, &output.meta.layout, dims);
    let strides = place.source_strides(output.strides(), dims);
    let dtype = output.meta.dtype;
    let combine = if accumulate {
        let row = kernels::binary::ADD.row(dtype);
        Some(row.ok_or_else(|| super::elementwise::no_kernel("index_put", dtype))?)
    } else {
        None
    };
    let expanded = values.meta.layout.expanded(&place.shape);
    let to = kernels::Operand::new(output.pointer, &strides, dtype.size());
    let from = kernels::Operand::input(values.pointer, expanded.strides(), dtype.size());
    // SAFETY: views are claimed and in bounds over the result's shape, values and indices do not share memory with the
    // output (`apart`, or it is fresh), and the kernel checks the indices, which are `i64` (`indices_of`).
    unsafe { kernels::index::scatter(&place.shape, to, from, &arrays, combine) }
        .map_err(|e| bounds_error(e, dims[e.array]))
}

/// `index_put(indices, values)`. Inputs: the tensor, the values, then one `i64` tensor for each indexed dimension.
#[derive(Clone)]
pub struct IndexPut {
    /// The indexed dimensions.
    pub dims: Indexed,
    /// Whether values are added to what is there.
    pub accumulate: bool,
}

impl Primitive for IndexPut {
    fn name(&self) -> &'static str {
        "IndexPutBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::FirstInput
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (x, values) = (inputs[0], inputs[1]);
        if values.dtype != x.dtype {
            bail!(
                Runtime,
                "Index put requires the source and destination dtypes match, got {} for the destination and {} for the source.",
                x.dtype.scalar_name(),
                values.dtype.scalar_name()
            );
        }
        let place = Placement::of(x.shape(), &self.dims, &inputs[2..])?;
        if super::copy::check_expands(values.shape(), &place.shape).is_err() {
            bail!(
                Runtime,
                "shape mismatch: value tensor of shape {} cannot be broadcast to indexing result of shape {}",
                int_list(values.shape()),
                int_list(&place.shape)
            );
        }
        outputs.push(Meta::new(x.layout.fresh_like(), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let rest: SmallVec<[Apart<'_>; 4]> =
            inputs[1..].iter().map(|v| apart(v, output)).collect::<Result<_>>()?;
        if inputs[0].pointer != output.pointer.cast_const() {
            super::copy::copy_view(output, &inputs[0]);
        }
        let indices: SmallVec<[View<'_>; 4]> = rest[1..].iter().map(Apart::view).collect();
        put(&self.dims, self.accumulate, &rest[0].view(), &indices, output)
    }
    fn saves(&self, needs: Needs) -> Saves {
        let reads = needs.input(1) || needs.input(0) && !self.accumulate;
        Saves { inputs: if reads { u64::MAX << 2 } else { 0 }, ..Saves::NONE.shape(1) }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (shape, dtype) = context.saved_shape(1)?;
        let first = match (context.needs_input(0), self.accumulate) {
            (false, _) => None,
            (true, true) => Some(g.clone()),
            (true, false) => {
                let indices = saved_indices(context, 2, self.dims.len())?;
                let zeros = Tensor::zeros(&shape, dtype)?;
                Some(apply(self.clone(), &with_indices(&[g, &zeros], &indices))?)
            }
        };
        let second = if context.needs_input(1) {
            let indices = saved_indices(context, 2, self.dims.len())?;
            let picked = apply(Index { dims: self.dims.clone() }, &with_indices(&[g], &indices))?;
            Some(picked.sum_to_size(&shape)?)
        } else {
            None
        };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let tangent = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => context.input(i).zeros_like(),
        };
        let indices: Vec<Tensor> = (0..self.dims.len()).map(|i| context.input(i + 2).clone()).collect();
        apply(self.clone(), &with_indices(&[&tangent(0)?, &tangent(1)?], &indices))
    }
}

/// Checks index tensors and brings them to `i64`, one for each indexed dimension; masks become indices.
fn indices_of(x: &Tensor, indices: &[Option<Tensor>]) -> Result<(Indexed, Vec<Tensor>)> {
    let (mut dims, mut found) = (Indexed::new(), Vec::new());
    let mut dim = 0;
    for index in indices {
        let Some(index) = index else {
            dim += 1;
            continue;
        };
        match index.dtype() {
            DType::I64 | DType::I32 => {
                dims.push(dim);
                found.push(index.to_dtype(DType::I64)?);
                dim += 1;
            }
            DType::Bool | DType::U8 => {
                if index.dtype() == DType::U8 {
                    warn(
                        Category::User,
                        "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.",
                    );
                }
                for (d, &size) in index.shape().iter().enumerate() {
                    if x.shape().get(dim + d) != Some(&size) {
                        bail!(
                            Index,
                            "The shape of the mask {} at index {d} does not match the shape of the indexed tensor {} at index {}",
                            int_list(index.shape()),
                            int_list(x.shape()),
                            dim + d
                        );
                    }
                }
                let places = index.nonzero()?;
                for d in 0..index.rank() {
                    dims.push(dim);
                    found.push(places.select(1, d as i64)?);
                    dim += 1;
                }
            }
            _ => bail!(Index, "tensors used as indices must be long, int, byte or bool tensors"),
        }
    }
    if dim > x.rank() {
        bail!(Index, "too many indices for tensor of dimension {} (got {dim})", x.rank());
    }
    if found.is_empty() {
        bail!(Index, "at least one index must be provided");
    }
    Ok((dims, found))
}

impl Tensor {
    /// `x[i, j, …]`: the elements at the places that index tensors name; `None` takes a dimension whole.
    ///
    /// Index tensors of integers broadcast with each other, and negative ones count from the end. A mask of `bool`
    /// stands for the indices of its true elements along as many dimensions as it has. The result has the index
    /// tensors' common shape in place of the indexed dimensions if those are adjacent, else in front.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_vec([1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])?;
    /// let columns = Tensor::from_slice(&[2i64, 0]);
    /// assert_eq!(x.index(&[None, Some(columns)])?.to_vec::<f32>()?, [3.0, 1.0, 6.0, 4.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an index is out of bounds, the shapes of masks or indices do not fit, or there are too many.
    pub fn index(&self, indices: &[Option<Tensor>]) -> Result<Tensor> {
        let (dims, indices) = indices_of(self, indices)?;
        apply(Index { dims }, &with_indices(&[self], &indices))
    }

    /// `x[i, j, …] = values` on a copy; with `accumulate`, values are added, also where an index repeats.
    ///
    /// # Errors
    /// As for [`Tensor::index`], and if the values do not broadcast to the indexing result or have another dtype.
    pub fn index_put(&self, indices: &[Option<Tensor>], values: &Tensor, accumulate: bool) -> Result<Tensor> {
        let (dims, indices) = indices_of(self, indices)?;
        apply(IndexPut { dims, accumulate }, &with_indices(&[self, values], &indices))
    }

    /// `x[i, j, …] = values`; with `accumulate`, values are added, also where an index repeats.
    ///
    /// # Errors
    /// As for [`Tensor::index_put`], and those of in-place changes.
    pub fn index_put_(
        &self,
        indices: &[Option<Tensor>],
        values: &Tensor,
        accumulate: bool,
    ) -> Result<Tensor> {
        let (dims, indices) = indices_of(self, indices)?;
        apply_in_place(IndexPut { dims, accumulate }, &with_indices(&[self, values], &indices))
    }
}

/// Index tensors as arguments of a call.
fn index_arguments(a: &Arguments<'_>, i: usize) -> Result<Vec<Option<Tensor>>> {
    Ok(match a.value(i) {
        Value::OptionalTensors(indices) => indices.clone(),
        _ => a.tensors(i)?.iter().cloned().map(Some).collect(),
    })
}

fn index_samples(s: &Sampler) -> Vec<(&'static str, Tensor, Vec<Option<Tensor>>)> {
    let mask = || Tensor::from_slice(&[true, false, true]);
    vec![
        ("rows", s.tensor(&[3, 4]), vec![Some(s.indices(&[4], 3))]),
        ("columns", s.tensor(&[3, 4]), vec![None, Some(s.indices(&[2, 2], 4))]),
        ("broadcast", s.tensor(&[3, 4]), vec![Some(s.indices(&[2, 1], 3)), Some(s.indices(&[3], 4))]),
        ("separated", s.tensor(&[3, 2, 4]), vec![Some(s.indices(&[2], 3)), None, Some(s.indices(&[2], 4))]),
        ("mask", s.tensor(&[2, 3]), vec![None, Some(mask())]),
        ("empty", s.tensor(&[0, 3]), vec![None, Some(s.indices(&[2], 3))]),
        ("transposed", s.tensor(&[4, 3]).t().expect("two dimensions"), vec![Some(s.indices(&[2], 3))]),
        ("expanded", s.tensor(&[1, 2]).expand(&[3, 2]).expect("expands"), vec![Some(s.indices(&[4], 3))]),
    ]
}

fn put_samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = Vec::new();
    for accumulate in [true, false] {
        for (note, x, indices) in index_samples(s) {
            // Without accumulation a repeated index has no derivative, so each index is named once.
            let indices = if accumulate || note == "mask" {
                indices
            } else if note == "broadcast" {
                vec![
                    Some(Tensor::from_vec([2i64, 0], &[2, 1]).expect("fits")),
                    Some(Tensor::from_slice(&[1i64, 3])),
                ]
            } else {
                indices.into_iter().map(|i| i.map(|_| Tensor::from_slice(&[-1i64, 0]))).collect()
            };
            let values = s.tensor(x.index(&indices).expect("the indices are in bounds").shape());
            samples.push(Sample {
                overload: 0,
                arguments: vec![
                    x.into(),
                    Value::OptionalTensors(indices),
                    values.into(),
                    Value::Bool(accumulate),
                ],
                note,
            });
        }
    }
    samples.push(Sample::new(vec![
        s.tensor(&[3, 2]).into(),
        Value::OptionalTensors(vec![Some(Tensor::from_slice(&[1i64, 1]))]),
        s.tensor(&[]).into(),
        Value::Bool(true),
    ]));
    samples
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "index_put",
        forms: Form::FUNCTION_AND_METHOD.and(Form::IN_PLACE),
        overloads: &[Overload {
            schema: "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
            call: |a| {
                let (dims, indices) = indices_of(a.tensor(0)?, &index_arguments(a, 1)?)?;
                let inputs = with_indices(&[a.tensor(0)?, a.tensor(2)?], &indices);
                a.apply(IndexPut { dims, accumulate: a.bool(3)? }, &inputs)
            },
        }],
        documentation: "The tensor with `values` at the places that index tensors name, as in `x[indices] = values`. \
                        Values broadcast to the indexing result and have the tensor's dtype. With `accumulate` they are \
                        added, also where an index repeats; without it, which of several values stays is not defined.",
        example: ">>> x = torch.zeros(3)\n>>> x.index_put_((torch.tensor([0, 2, 2]),), torch.ones(3), accumulate=True)\ntensor([1., 0., 2.])",
        samples: put_samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "_index",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "_index(Tensor self, Tensor?[] indices) -> Tensor",
            call: |a| Ok(a.tensor(0)?.index(&index_arguments(a, 1)?)?.into()),
        }],
        documentation: "The elements at the places that index tensors name, as in `x[indices]`; `None` takes a dimension \
                        whole. PyTorch has this as `torch.ops.aten.index`.",
        samples: |s| {
            let samples = index_samples(s).into_iter();
            samples
                .map(|(note, x, indices)| Sample {
                    overload: 0,
                    arguments: vec![x.into(), Value::OptionalTensors(indices)],
                    note,
                })
                .collect()
        },
        ..Entry::DEFAULT
    },
];
