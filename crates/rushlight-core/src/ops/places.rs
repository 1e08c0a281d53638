//! Reading and writing along one dimension at places that an index tensor names.
//!
//! Three primitives serve `gather`, `scatter`, `scatter_add`, `index_select`, `index_add`, `index_copy` and
//! `index_fill` (`gather.rs`): [`Pick`] reads, [`Put`] writes or adds a tensor, [`PutNumber`] writes a number. Each has
//! two patterns, and their derivatives are each other. PyTorch's names of nodes and texts of errors are fields.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Aliasing, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::error::{Error, Result, bail};
use crate::layout::{Layout, Shape, Strides};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, index::Index as IndexArray, index::IndexError};
use smallvec::{SmallVec, smallvec};

/// What an index tensor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// One place for each element (`gather`): the index has the shape of the elements.
    Elements,
    /// One place for each slice (`index_select`): the index has one dimension.
    Slices,
}

/// What is said of an index that is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// `gather` and `scatter`.
    Runtime,
    /// `index_fill`, where negative indices count from the end.
    FromEitherEnd,
    /// `index_select`.
    Select,
    /// `index_add`.
    Add,
    /// `index_copy`.
    Copy,
}

/// The error for an index that the kernel has refused.
#[cold]
pub(crate) fn bounds_error(error: IndexError, dim: usize) -> Error {
    Error::index(format!(
        "index {} is out of bounds for dimension {dim} with size {}",
        error.index, error.size
    ))
}

impl Bounds {
    #[cold]
    fn error(self, error: IndexError, dim: usize, x: &Meta) -> Error {
        let text = bounds_error(error, dim).to_string();
        match self {
            Self::FromEitherEnd => Error::index(text),
            Self::Copy => Error::index(format!("index_copy_(): {text}")),
            Self::Select if x.rank() > 1 && (dim > 0 || x.elements() == 0) && error.index >= 0 => {
                Error::runtime(format!(
                    "INDICES element is out of DATA bounds, id={} axis_dim={}",
                    error.index, error.size
                ))
            }
            Self::Select => Error::index("index out of range in self"),
            Self::Add if x.rank() < 2 => Error::index("index out of range in self"),
            Self::Add | Self::Runtime => Error::runtime(text),
        }
    }
}

/// An operand that shares no memory with the output: a view, or a copy.
pub(crate) struct Apart<'a> {
    view: View<'a>,
    copy: Option<(Meta, Storage)>,
}

impl Apart<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        match &self.copy {
            Some((meta, storage)) => View { pointer: storage.pointer(), meta },
            None => self.view,
        }
    }
}

/// Copies an operand if it shares memory with the output: an operation that writes at computed places would read what
/// it has written.
pub(crate) fn apart<'a>(view: &View<'a>, output: &ViewMut<'_>) -> Result<Apart<'a>> {
    let bytes = |pointer: *const u8, meta: &Meta| {
        let (low, high) = meta.layout.span();
        let (offset, size) = (meta.layout.offset(), meta.dtype.size());
        let start = pointer as usize - (offset - low) * size;
        (start, start + (high - low) * size)
    };
    let (a, b) = (bytes(view.pointer, view.meta), bytes(output.pointer, output.meta));
    if a.0 >= b.1 || b.0 >= a.1 {
        return Ok(Apart { view: *view, copy: None });
    }
    let meta = Meta::contiguous(view.shape(), view.meta.dtype);
    let storage = Storage::allocate(meta.elements() * meta.dtype.size())?;
    super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &meta }, view);
    Ok(Apart { view: *view, copy: Some((meta, storage)) })
}

/// A tensor without dimensions is one with a dimension of size 1 here.
fn padded(layout: &Layout) -> (Shape, Strides) {
    if layout.rank() == 0 {
        (smallvec![1], smallvec![1])
    } else {
        (Shape::from_slice(layout.shape()), Strides::from_slice(layout.strides()))
    }
}

/// Dimension, pattern and messages: what the three primitives share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) pattern: Pattern,
    pub(crate) dim: usize,
    pub(crate) bounds: Bounds,
}

/// The walk over the places: its shape, the strides of the indexed operand and of the index.
struct Walk {
    shape: Shape,
    indexed: Strides,
    index: Strides,
    size: usize,
    stride: isize,
}

impl Places {
    /// The shape of what is picked out of `x`, or put into it.
    fn shape(self, x: &Meta, index: &Meta) -> Shape {
        match self.pattern {
            Pattern::Elements => Shape::from_slice(index.shape()),
            Pattern::Slices => {
                let mut shape = Shape::from_slice(x.shape());
                if let Some(size) = shape.get_mut(self.dim) {
                    *size = index.elements();
                }
                shape
            }
        }
    }

    fn walk(self, x: &Meta, index: &Meta) -> Walk {
        let (mut shape, mut indexed) = padded(&x.layout);
        let (count, along) = padded(&index.layout);
        let (size, stride) = (shape[self.dim], indexed[self.dim]);
        indexed[self.dim] = 0;
        let index = match self.pattern {
            Pattern::Elements => {
                shape = count;
                along
            }
            Pattern::Slices => {
                let mut over: Strides = SmallVec::from_elem(0, shape.len());
                over[self.dim] = along[0];
                shape[self.dim] = count[0];
                over
            }
        };
        Walk { shape, indexed, index, size, stride }
    }

    fn array<'a>(self, walk: &'a Walk, index: &View<'_>) -> IndexArray<'a> {
        IndexArray {
            ptr: index.pointer.cast(),
            strides: &walk.index,
            size: walk.size,
            stride: walk.stride,
            negative: self.bounds == Bounds::FromEitherEnd,
        }
    }

    /// Writes (or combines) a source, which broadcasts, into the output.
    fn scatter(self, source: &View<'_>, index: &View<'_>, output: &mut ViewMut<'_>, add: bool) -> Result<()> {
        if index.meta.elements() == 0 {
            return Ok(());
        }
        let dtype = output.meta.dtype;
        let walk = self.walk(output.meta, index.meta);
        let combine = if add {
            let row = kernels::binary::ADD.row(dtype);
            Some(row.ok_or_else(|| super::elementwise::no_kernel("scatter_add", dtype))?)
        } else {
            None
        };
        // The source may be larger than the index (`scatter`), or stand for all elements.
        let strides = if source.meta.rank() == 0 {
            SmallVec::from_elem(0, walk.shape.len())
        } else {
            Strides::from_slice(source.strides())
        };
        let to = kernels::Operand::new(output.pointer, &walk.indexed, dtype.size());
        let from = kernels::Operand::input(source.pointer, &strides, dtype.size());
        // SAFETY: views are claimed and in bounds over the walk's shape (checked before the operation was applied);
        // source and index do not share memory with the output; the kernel checks the indices, which are `i64`.
        unsafe { kernels::index::scatter(&walk.shape, to, from, &[self.array(&walk, index)], combine) }
            .map_err(|e| self.bounds.error(e, self.dim, output.meta))
    }
}

/// Reads elements or slices. Inputs: the tensor, the index.
#[derive(Clone)]
pub(crate) struct Pick {
    pub(crate) places: Places,
    pub(crate) node: &'static str,
    /// Whether the node keeps the tensor, as PyTorch's does, or its shape.
    pub(crate) keeps: bool,
}

impl Primitive for Pick {
    fn name(&self) -> &'static str {
        self.node
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.places.shape(inputs[0], inputs[1]), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, index, output) = (&inputs[0], &inputs[1], &mut outputs[0]);
        if index.meta.elements() == 0 {
            return Ok(());
        }
        let (walk, size) = (self.places.walk(x.meta, index.meta), x.meta.dtype.size());
        let (_, strides) = padded(&output.meta.layout);
        let to = kernels::Operand::new(output.pointer, &strides, size);
        let from = kernels::Operand::input(x.pointer, &walk.indexed, size);
        // SAFETY: views are claimed and in bounds over the walk's shape, the output is fresh, and the kernel checks the
        // indices, which are `i64` (`gather.rs` converts them).
        unsafe { kernels::index::gather(&walk.shape, to, from, &[self.places.array(&walk, index)]) }
            .map_err(|e| self.places.bounds.error(e, self.places.dim, x.meta))
    }
    fn saves(&self, _: Needs) -> Saves {
        let saves = Saves::NONE.input(1);
        if self.keeps { saves.input(0) } else { saves.shape(0) }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (shape, _) = context.saved_shape(0)?;
        let node = match self.places.pattern {
            Pattern::Elements => "ScatterAddBackward0",
            Pattern::Slices => "IndexAddBackward0",
        };
        let back = Put { places: self.places, add: true, alpha: Scalar::Int(1), node };
        let zeros = Tensor::zeros(&shape, g.dtype())?;
        Ok(smallvec![Some(apply(back, &[&zeros, g, &context.input(1)?])?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "{}: no tangent", self.node) };
        apply(self.clone(), &[t, context.input(1)])
    }
}

/// Writes or adds a tensor. Inputs: the tensor, the source (of no dimensions: one value for all places), the index.
#[derive(Clone)]
pub(crate) struct Put {
    pub(crate) places: Places,
    pub(crate) add: bool,
    /// By what the source is multiplied before it is added.
    pub(crate) alpha: Scalar,
    pub(crate) node: &'static str,
}

impl Put {
    fn zero(&self) -> PutNumber {
        let node = match self.places.pattern {
            Pattern::Elements => "ScatterBackward1",
            Pattern::Slices => "IndexFillBackward0",
        };
        PutNumber { places: self.places, value: Scalar::Int(0), node }
    }
}

impl Primitive for Put {
    fn name(&self) -> &'static str {
        self.node
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::FirstInput
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(inputs[0].layout.fresh_like(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let (mut source, index) = (apart(&inputs[1], output)?, apart(&inputs[2], output)?);
        if !self.alpha.equals(1.0) {
            let (meta, dtype) =
                (Meta::contiguous(inputs[1].shape(), inputs[1].meta.dtype), inputs[1].meta.dtype);
            let storage = Storage::allocate(meta.elements() * dtype.size())?;
            let mut scaled = ViewMut { pointer: storage.pointer(), meta: &meta };
            let kernel = &kernels::binary::MUL;
            let alpha = Some(self.alpha);
            super::elementwise::run_kernel(
                "mul",
                kernel,
                dtype,
                &[source.view()],
                alpha,
                &[],
                1.0,
                &mut scaled,
            )?;
            source = Apart { view: inputs[1], copy: Some((meta, storage)) };
        }
        if inputs[0].pointer != output.pointer.cast_const() {
            super::copy::copy_view(output, &inputs[0]);
        }
        self.places.scatter(&source.view(), &index.view(), output, self.add)
    }
    fn saves(&self, needs: Needs) -> Saves {
        let reads = needs.input(1) || needs.input(0) && !self.add;
        Saves::NONE.shape(1).input_if(reads, 2)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = match (context.needs_input(0), self.add) {
            (false, _) => None,
            (true, true) => Some(g.clone()),
            (true, false) => Some(apply(self.zero(), &[g, &context.input(2)?])?),
        };
        if !context.needs_input(1) {
            return Ok(smallvec![first, None]);
        }
        let (index, (shape, _)) = (context.input(2)?, context.saved_shape(1)?);
        let second = if shape.is_empty() && self.places.pattern == Pattern::Slices && !self.add {
            // One value for all places, of which some may be named twice: what is no longer there without them.
            g.sub(&apply(self.zero(), &[g, &index])?)?.sum()?
        } else {
            let node = match self.places.pattern {
                Pattern::Elements => "GatherBackward0",
                Pattern::Slices => "IndexSelectBackward0",
            };
            let picked = apply(Pick { places: self.places, node, keeps: false }, &[g, &index])?;
            let picked = if self.alpha.equals(1.0) { picked } else { picked.mul(self.alpha)? };
            grown(picked, &shape)?
        };
        Ok(smallvec![first, Some(second)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let tangent = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => context.input(i).zeros_like(),
        };
        apply(self.clone(), &[&tangent(0)?, &tangent(1)?, context.input(2)])
    }
}

/// The gradient of a source of which only a part was read: the rest is zero.
fn grown(part: Tensor, shape: &[usize]) -> Result<Tensor> {
    if part.shape() == shape {
        return Ok(part);
    }
    if part.numel() == 1 && shape.len() <= 1 && shape.iter().product::<usize>() == 1 {
        return part.reshape_to(shape);
    }
    let mut whole = part;
    for (dim, &size) in shape.iter().enumerate() {
        let missing = size - whole.shape()[dim];
        if missing > 0 {
            let mut rest = Shape::from_slice(whole.shape());
            rest[dim] = missing;
            let rest = Tensor::zeros(&rest, whole.dtype())?;
            whole = Tensor::cat(&[whole, rest], dim as i64)?;
        }
    }
    Ok(whole)
}

/// Writes a number. Inputs: the tensor, the index.
#[derive(Clone)]
pub(crate) struct PutNumber {
    pub(crate) places: Places,
    pub(crate) value: Scalar,
    pub(crate) node: &'static str,
}

impl Primitive for PutNumber {
    fn name(&self) -> &'static str {
        self.node
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::FirstInput
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(inputs[0].layout.fresh_like(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let index = apart(&inputs[1], output)?;
        if inputs[0].pointer != output.pointer.cast_const() {
            super::copy::copy_view(output, &inputs[0]);
        }
        let meta = Meta::contiguous(&[], output.meta.dtype);
        let mut element = [0u64; 1];
        let pointer = element.as_mut_ptr().cast::<u8>();
        kernels::dispatch_all!(meta.dtype, T => {
            let value: T = crate::tensor::element_from(self.value);
            // SAFETY: eight bytes, aligned to eight, hold an element of any dtype.
            unsafe { pointer.cast::<T>().write(value) };
        });
        self.places.scatter(&View { pointer, meta: &meta }, &index.view(), output, false)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let zero = Self { value: Scalar::Int(0), ..self.clone() };
        Ok(smallvec![Some(apply(zero, &[g, &context.input(1)?])?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "{}: no tangent", self.node) };
        apply(Self { value: Scalar::Int(0), ..self.clone() }, &[t, context.input(1)])
    }
}
