//! Views: other shapes and orders of the same elements, without a copy.
//!
//! A row of the table is: documentation, fields, PyTorch's node, the layout of the result, the gradient, and the same
//! view behind a leading hidden dimension (`vmap`). The tangent of a view is the same view of the tangent.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View as Operand, ViewMut, apply,
    apply_multi,
};
use crate::error::{Error, Result, bail};
use crate::layout::{self, Layout, Shape, infer_size, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::{SmallVec, smallvec};

/// Dimensions.
pub type Dims = SmallVec<[usize; 4]>;

macro_rules! view {
    ($(
        $(#[doc = $doc:literal])*
        $type:ident { $($field:ident: $field_type:ty),* $(,)? } $node:literal,
        layout |$s:ident, $input:ident| $layout:expr,
        vjp |$vs:ident, $context:ident, $g:ident| $vjp:expr,
        behind |$bs:ident, $size:ident| $behind:expr;
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone)]
        pub struct $type {
            $(#[allow(missing_docs, reason = "the fields are the arguments of the operation, documented with it")] pub $field: $field_type,)*
        }

        impl Primitive for $type {
            fn name(&self) -> &'static str { $node }
            fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                infer_view(self, inputs, outputs)
            }
            fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                copy_instead(self, inputs, outputs)
            }
            fn is_view(&self) -> bool { true }
            fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
                let ($s, $input) = (self, input);
                let layout: Option<Layout> = $layout;
                Ok(layout.map(|l| smallvec![l]))
            }
            fn saves(&self, _: Needs) -> Saves { Saves::NONE.shape(0) }
            fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
                let ($vs, $context, $g) = (self, context, g);
                Ok(smallvec![Some($vjp)])
            }
            fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
                let Some(t) = &t[0] else { bail!(Runtime, "{}: no tangent", self.name()) };
                apply(self.clone(), &[t])
            }
            fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
                let Some(dim) = inputs[0].dim else { return Ok(None) };
                let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
                let ($bs, $size) = (self, size);
                let _ = $size;
                let behind = $behind;
                Ok(Some(vec![(apply(behind, &[&x])?, Some(0))]))
            }
        }
    )*};
}

/// A view's metadata is its layout; where there is none (a traced value of unknown strides), a row-major copy's.
fn infer_view(view: &dyn Primitive, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
    let input = inputs[0];
    let layouts = match view.view(&input.layout)? {
        Some(layouts) => layouts,
        None => view.view(&Layout::contiguous(input.shape()))?.unwrap_or_default(),
    };
    outputs.extend(layouts.into_iter().map(|l| Meta::new(Layout::contiguous(l.shape()), input.dtype)));
    Ok(())
}

/// Where strides do not allow the view (in a traced program), its elements are copied in row-major order.
fn copy_instead(view: &dyn Primitive, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
    let input = inputs[0].meta;
    let row_major = Meta::contiguous(input.shape(), input.dtype);
    let storage = crate::storage::Storage::allocate(input.elements() * input.dtype.size())?;
    let mut to = ViewMut { pointer: storage.pointer(), meta: &row_major };
    super::copy::copy_view(&mut to, &inputs[0]);
    let layouts = view.view(&row_major.layout)?.unwrap_or_default();
    for (output, layout) in outputs.iter_mut().zip(layouts) {
        let meta = Meta::new(layout, input.dtype);
        let offset = meta.layout.offset() * input.dtype.size();
        let from = Operand { pointer: storage.pointer().wrapping_add(offset), meta: &meta };
        super::copy::copy_view(output, &from);
    }
    Ok(())
}

fn prepend(size: usize, shape: &[usize]) -> Shape {
    let mut all = Shape::with_capacity(shape.len() + 1);
    all.push(size);
    all.extend_from_slice(shape);
    all
}

view! {
    /// `view(shape)`: the same elements in another shape.
    View { shape: Shape } "ViewBackward0",
    layout |s, input| input.viewed(&s.shape),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| View { shape: prepend(size, &s.shape) };

    /// The view inside of `reshape` and `matmul`, on a copy that nobody else sees.
    UnsafeView { shape: Shape } "UnsafeViewBackward0",
    layout |s, input| input.viewed(&s.shape),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| UnsafeView { shape: prepend(size, &s.shape) };

    /// `expand(shape)`: dimensions of size one repeated.
    Expand { shape: Shape } "ExpandBackward0",
    layout |s, input| Some(input.expanded(&s.shape)),
    vjp |_s, context, g| g.sum_to_size(&context.shape(0)?)?,
    behind |s, size| ExpandBehind { shape: prepend(size, &s.shape) };

    /// `expand` behind a leading dimension, which new dimensions come after.
    ExpandBehind { shape: Shape } "ExpandBackward0",
    layout |s, input| {
        let mut layout = input.clone();
        for _ in input.rank()..s.shape.len() {
            layout = unsqueezed(&layout, 1);
        }
        Some(layout.expanded(&s.shape))
    },
    vjp |_s, context, g| {
        let shape = context.shape(0)?;
        let mut full = Shape::from_slice(&shape[..1]);
        full.extend(std::iter::repeat_n(1, g.rank() - shape.len()));
        full.extend_from_slice(&shape[1..]);
        g.sum_to_size(&full)?.reshape_to(&shape)?
    },
    behind |s, size| Expand { shape: prepend(size, &s.shape) };

    /// `permute(dims)`: dimensions in another order.
    Permute { dims: Dims } "PermuteBackward0",
    layout |s, input| Some(input.permuted(&s.dims)),
    vjp |s, _context, g| {
        let mut inverse: Dims = smallvec![0; s.dims.len()];
        for (i, &d) in s.dims.iter().enumerate() {
            inverse[d] = i;
        }
        apply(Permute { dims: inverse }, &[g])?
    },
    behind |s, size| Permute { dims: std::iter::once(0).chain(s.dims.iter().map(|d| d + 1)).collect() };

    /// `transpose(dim0, dim1)`: two dimensions exchanged.
    Transpose { first: usize, second: usize } "TransposeBackward0",
    layout |s, input| Some(exchanged(input, s.first, s.second)),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |s, size| Transpose { first: s.first + 1, second: s.second + 1 };

    /// `t()`: a matrix transposed.
    T {} "TBackward0",
    layout |_s, input| Some(if input.rank() < 2 { input.clone() } else { exchanged(input, 0, 1) }),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |_s, size| TBehind {};

    /// `t()` behind a leading dimension.
    TBehind {} "TBackward0",
    layout |_s, input| Some(if input.rank() < 3 { input.clone() } else { exchanged(input, 1, 2) }),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |_s, size| Transpose { first: 2, second: 3 };

    /// `squeeze()`: all dimensions of size one removed.
    SqueezeAll {} "SqueezeBackward0",
    layout |_s, input| Some(without_ones(input, None)),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |_s, size| SqueezeAllBehind {};

    /// `squeeze()` behind a leading dimension.
    SqueezeAllBehind {} "SqueezeBackward0",
    layout |_s, input| {
        let dims: Dims = (1..input.rank()).collect();
        Some(without_ones(input, Some(&dims)))
    },
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |_s, size| SqueezeAllBehind {};

    /// `squeeze(dim)`: a dimension of size one removed.
    SqueezeDim { dim: usize } "SqueezeBackward1",
    layout |s, input| Some(without_ones(input, Some(&[s.dim]))),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| SqueezeDim { dim: s.dim + 1 };

    /// `squeeze(dims)`: dimensions of size one removed.
    SqueezeDims { dims: Dims } "SqueezeBackward2",
    layout |s, input| Some(without_ones(input, Some(&s.dims))),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| SqueezeDims { dims: s.dims.iter().map(|d| d + 1).collect() };

    /// `unsqueeze(dim)`: a dimension of size one inserted.
    Unsqueeze { dim: usize } "UnsqueezeBackward0",
    layout |s, input| Some(unsqueezed(input, s.dim)),
    vjp |s, _context, g| apply(SqueezeDim { dim: s.dim }, &[g])?,
    behind |s, size| Unsqueeze { dim: s.dim + 1 };

    /// `select(dim, index)`: one index of a dimension, which is removed.
    Select { dim: usize, index: usize } "SelectBackward0",
    layout |s, input| Some(input.selected(s.dim, s.index)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Select { dim: s.dim + 1, index: s.index };

    /// `x[start:end:step]` along one dimension.
    Slice { dim: usize, start: usize, length: usize, step: usize } "SliceBackward0",
    layout |s, input| Some(input.narrowed(s.dim, s.start, s.length, s.step)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Slice { dim: s.dim + 1, ..s.clone() };

    /// `diagonal(offset, dim1, dim2)`: the diagonal of two dimensions, as a last dimension.
    Diagonal { offset: i64, first: usize, second: usize } "DiagonalBackward0",
    layout |s, input| Some(diagonal(input, s.offset, s.first, s.second)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Diagonal { offset: s.offset, first: s.first + 1, second: s.second + 1 };

    /// The tensor itself as a view.
    Alias {} "AliasBackward0",
    layout |_s, input| Some(input.clone()),
    vjp |_s, _context, g| g.clone(),
    behind |s, size| s.clone();
}

/// The gradient of a selection: zeros, with the gradient where the elements were selected.
fn scatter_back(g: &Tensor, shape: &[usize], part: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    apply(
        ScatterView { shape: Shape::from_slice(shape), part: std::sync::Arc::new(probe(shape, part)?) },
        &[g],
    )
}

/// Where a view's elements are in a row-major tensor of the given shape.
fn probe(shape: &[usize], part: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Layout> {
    let _mode = crate::autograd::GradMode::set(false);
    let trace = crate::graph::Trace::new();
    let _ = trace;
    let stand_in = Tensor::from_parts(
        Meta::contiguous(shape, crate::DType::Bool),
        crate::storage::Storage::allocate(0)?,
    );
    Ok(part(&stand_in)?.layout().clone())
}

/// Zeros of a shape with the input written where a view of them selects: the reverse of a selecting view.
#[derive(Clone)]
struct ScatterView {
    shape: Shape,
    part: std::sync::Arc<Layout>,
}

impl Primitive for ScatterView {
    fn name(&self) -> &'static str {
        "SliceBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let size = output.meta.dtype.size();
        // SAFETY: the output is fresh, row-major and holds this many bytes; all-zero bytes are zero in every dtype.
        unsafe { output.pointer.write_bytes(0, output.meta.elements() * size) };
        let meta = Meta::new((*self.part).clone(), output.meta.dtype);
        let pointer = output.pointer.wrapping_add(self.part.offset() * size);
        super::copy::copy_view(&mut ViewMut { pointer, meta: &meta }, &inputs[0]);
        Ok(())
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let g = g.contiguous()?;
        let offset = g.storage_offset() + self.part.offset();
        Ok(smallvec![Some(g.as_strided(self.part.shape(), self.part.strides(), offset)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "no tangent") };
        apply(self.clone(), &[t])
    }
}

fn exchanged(input: &Layout, first: usize, second: usize) -> Layout {
    let mut order: Dims = (0..input.rank()).collect();
    if first != second {
        order.swap(first, second);
    }
    input.permuted(&order)
}

fn unsqueezed(input: &Layout, dim: usize) -> Layout {
    let mut shape = Shape::from_slice(input.shape());
    let mut strides = layout::Strides::from_slice(input.strides());
    let stride = if dim < input.rank() { shape[dim] as isize * strides[dim] } else { 1 };
    shape.insert(dim, 1);
    strides.insert(dim, stride);
    Layout::new(&shape, &strides, input.offset())
}

fn without_ones(input: &Layout, dims: Option<&[usize]>) -> Layout {
    let keep = |d: &usize| input.shape()[*d] != 1 || dims.is_some_and(|dims| !dims.contains(d));
    let kept: Dims = (0..input.rank()).filter(keep).collect();
    let shape: Shape = kept.iter().map(|&d| input.shape()[d]).collect();
    let strides: layout::Strides = kept.iter().map(|&d| input.strides()[d]).collect();
    Layout::new(&shape, &strides, input.offset())
}

fn diagonal(input: &Layout, offset: i64, first: usize, second: usize) -> Layout {
    let (rows, columns) = (input.shape()[first] as i64, input.shape()[second] as i64);
    let length = if offset >= 0 { rows.min(columns - offset) } else { (rows + offset).min(columns) }.max(0);
    let mut start = input.offset() as isize;
    if length > 0 {
        start += if offset >= 0 {
            offset as isize * input.strides()[second]
        } else {
            -offset as isize * input.strides()[first]
        };
    }
    let kept: Dims = (0..input.rank()).filter(|d| *d != first && *d != second).collect();
    let mut shape: Shape = kept.iter().map(|&d| input.shape()[d]).collect();
    let mut strides: layout::Strides = kept.iter().map(|&d| input.strides()[d]).collect();
    shape.push(length as usize);
    strides.push(input.strides()[first] + input.strides()[second]);
    Layout::new(&shape, &strides, start as usize)
}

/// `unbind(dim)` and `split(sizes, dim)`: several views, side by side along a dimension.
#[derive(Clone)]
pub struct Pieces {
    /// The dimension that is cut.
    pub dim: usize,
    /// Sizes of the pieces; `None` for single indices without the dimension (`unbind`).
    pub sizes: Option<std::sync::Arc<[usize]>>,
    /// `UnbindBackward0`, `SplitBackward0` or `SplitWithSizesBackward0`.
    pub node: &'static str,
}

impl Primitive for Pieces {
    fn name(&self) -> &'static str {
        self.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        infer_view(self, inputs, outputs)
    }
    fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_instead(self, inputs, outputs)
    }
    fn is_view(&self) -> bool {
        true
    }
    fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
        let Some(sizes) = &self.sizes else {
            return Ok(Some((0..input.shape()[self.dim]).map(|i| input.selected(self.dim, i)).collect()));
        };
        let mut start = 0;
        let mut layouts = Layouts::new();
        for &size in sizes.iter() {
            layouts.push(input.narrowed(self.dim, start, size, 1));
            start += size;
        }
        Ok(Some(layouts))
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let filled = gradients
            .iter()
            .enumerate()
            .map(|(i, g)| match g {
                Some(g) => Ok(g.clone()),
                None => {
                    let meta = context.output_meta(i);
                    Tensor::zeros(meta.shape(), meta.dtype)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let whole = if self.sizes.is_some() {
            Tensor::cat(&filled, self.dim as i64)?
        } else {
            Tensor::stack(&filled, self.dim as i64)?
        };
        Ok(smallvec![Some(whole)])
    }
    fn jvp_all(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(t) = &t[0] else { bail!(Runtime, "no tangent") };
        Ok(apply_multi(self.clone(), &[t])?.into_iter().map(Some).collect())
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let pieces = apply_multi(Self { dim: self.dim + 1, ..self.clone() }, &[&x])?;
        Ok(Some(pieces.into_iter().map(|p| (p, Some(0))).collect()))
    }
}

impl Tensor {
    /// The same elements in another shape, without a copy; one size may be -1.
    ///
    /// # Errors
    /// If the sizes do not multiply to the number of elements, or the strides do not allow it.
    pub fn view(&self, shape: &[i64]) -> Result<Tensor> {
        let shape = infer_size(shape, self.numel())?;
        if self.special().is_none() && self.layout().viewed(&shape).is_none() {
            return Err(Error::runtime(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
            )
            .with_help(format!("the shape is {}, the strides are {}", int_list(self.shape()), int_list(self.strides()))));
        }
        apply(View { shape }, &[self])
    }

    pub(crate) fn view_as_self(&self) -> Result<Tensor> {
        apply(View { shape: Shape::from_slice(self.shape()) }, &[self])
    }

    /// The same elements in another shape; a view where the strides allow it, else a copy. One size may be -1.
    ///
    /// # Errors
    /// If the sizes do not multiply to the number of elements.
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        self.reshape_to(&infer_size(shape, self.numel())?)
    }

    pub(crate) fn reshape_to(&self, shape: &[usize]) -> Result<Tensor> {
        if shape.iter().product::<usize>() != self.numel() {
            bail!(Runtime, "shape '{}' is invalid for input of size {}", int_list(shape), self.numel());
        }
        let shape = Shape::from_slice(shape);
        if self.special().is_some() || self.layout().viewed(&shape).is_some() {
            return apply(View { shape }, &[self]);
        }
        let copy = apply(super::copy::CloneData { contiguous: true }, &[self])?;
        apply(UnsafeView { shape }, &[&copy])
    }

    /// Dimensions of size one repeated; new leading dimensions may be added. No copy.
    ///
    /// # Errors
    /// If a dimension of another size would have to be repeated.
    pub fn expand(&self, shape: &[usize]) -> Result<Tensor> {
        super::copy::check_expands(self.shape(), shape)?;
        apply(Expand { shape: Shape::from_slice(shape) }, &[self])
    }

    /// Dimensions in another order.
    ///
    /// # Errors
    /// If the dimensions are not each named once.
    pub fn permute(&self, dims: &[i64]) -> Result<Tensor> {
        if dims.len() != self.rank() {
            bail!(
                Runtime,
                "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {} is not equal to len(dims) = {}",
                self.rank(),
                dims.len()
            );
        }
        let order = dims.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        for (i, d) in order.iter().enumerate() {
            if order[..i].contains(d) {
                bail!(Runtime, "permute(): duplicate dims are not allowed.");
            }
        }
        apply(Permute { dims: order }, &[self])
    }

    /// Two dimensions exchanged.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn transpose(&self, first: i64, second: i64) -> Result<Tensor> {
        let (first, second) = (self.layout().dim(first)?, self.layout().dim(second)?);
        if self.rank() == 0 {
            return apply(Alias {}, &[self]);
        }
        apply(Transpose { first, second }, &[self])
    }

    /// A matrix transposed.
    ///
    /// # Errors
    /// For tensors of more than two dimensions.
    pub fn t(&self) -> Result<Tensor> {
        if self.rank() > 2 {
            bail!(Runtime, "t() expects a tensor with <= 2 dimensions, but self is {}D", self.rank());
        }
        apply(T {}, &[self])
    }

    /// All dimensions of size one removed.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn squeeze(&self) -> Result<Tensor> {
        apply(SqueezeAll {}, &[self])
    }

    /// One dimension removed, if its size is one.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn squeeze_dim(&self, dim: i64) -> Result<Tensor> {
        apply(SqueezeDim { dim: self.layout().dim(dim)? }, &[self])
    }

    /// Several dimensions removed, where their size is one.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn squeeze_dims(&self, dims: &[i64]) -> Result<Tensor> {
        let dims = dims.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        apply(SqueezeDims { dims }, &[self])
    }

    /// A dimension of size one inserted.
    ///
    /// # Errors
    /// If the place is out of range.
    pub fn unsqueeze(&self, dim: i64) -> Result<Tensor> {
        apply(Unsqueeze { dim: layout::wrap_dim(dim, self.rank() + 1)? }, &[self])
    }

    /// One index of a dimension, which is removed.
    ///
    /// # Errors
    /// If dimension or index are out of range.
    pub fn select(&self, dim: i64, index: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Index, "select() cannot be applied to a 0-dim tensor.");
        }
        let d = self.layout().dim(dim)?;
        let size = self.shape()[d] as i64;
        if index < -size || index >= size {
            bail!(
                Index,
                "select(): index {index} out of range for tensor of size {} at dimension {d}",
                int_list(self.shape())
            );
        }
        let index = if index < 0 { index + size } else { index } as usize;
        apply(Select { dim: d, index }, &[self])
    }

    /// `x[start:end:step]` along a dimension; bounds are clipped as Python's are.
    ///
    /// # Errors
    /// If the dimension is out of range, or the step is not positive.
    pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Runtime, "slice() cannot be applied to a 0-dim tensor.");
        }
        let dim = self.layout().dim(dim)?;
        if step <= 0 {
            bail!(Runtime, "slice step must be positive");
        }
        let size = self.shape()[dim] as i64;
        let clip = |bound: i64| (if bound < 0 { bound + size } else { bound }).clamp(0, size);
        let start = clip(start.unwrap_or(0));
        let end = clip(end.unwrap_or(size)).max(start);
        let length = ((end - start) + step - 1) / step;
        let operation = Slice { dim, start: start as usize, length: length as usize, step: step as usize };
        apply(operation, &[self])
    }

    /// `length` indices of a dimension, from `start`.
    ///
    /// # Errors
    /// If the range is out of bounds.
    pub fn narrow(&self, dim: i64, start: i64, length: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Runtime, "narrow() cannot be applied to a 0-dim tensor.");
        }
        if length < 0 {
            bail!(Runtime, "narrow(): length must be non-negative.");
        }
        let d = self.layout().dim(dim)?;
        let size = self.shape()[d] as i64;
        if start < -size || start > size {
            bail!(
                Index,
                "start out of range (expected to be in range of [{}, {size}], but got {start})",
                -size
            );
        }
        let start = if start < 0 { start + size } else { start };
        if start + length > size {
            bail!(Runtime, "start ({start}) + length ({length}) exceeds dimension size ({size}).");
        }
        self.slice(dim, Some(start), Some(start + length), 1)
    }

    /// The diagonal of two dimensions, as a last dimension.
    ///
    /// # Errors
    /// If a dimension is out of range, or both are the same.
    pub fn diagonal(&self, offset: i64, first: i64, second: i64) -> Result<Tensor> {
        let (a, b) = (self.layout().dim(first)?, self.layout().dim(second)?);
        if a == b {
            bail!(Runtime, "diagonal dimensions cannot be identical {first}, {second}");
        }
        apply(Diagonal { offset, first: a, second: b }, &[self])
    }

    /// Dimensions moved to other places; the others keep their order.
    ///
    /// # Errors
    /// If dimensions are out of range, repeated, or not as many as places.
    pub fn movedim(&self, from: &[i64], to: &[i64]) -> Result<Tensor> {
        if from.len() != to.len() {
            bail!(
                Runtime,
                "movedim: Invalid source or destination dims: source ({} dims) should contain the same number of dims as destination ({} dims)",
                int_list(from),
                int_list(to)
            );
        }
        let from = from.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        let to = to.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        for (i, d) in from.iter().enumerate() {
            if from[..i].contains(d) {
                bail!(Runtime, "movedim: repeated dim in `source` ({})", int_list(&from));
            }
            if to[..i].contains(&to[i]) {
                bail!(Runtime, "movedim: repeated dim in `destination` ({})", int_list(&to));
            }
        }
        if from == to {
            return Ok(self.clone());
        }
        let mut order: SmallVec<[Option<usize>; 4]> = smallvec![None; self.rank()];
        for (&f, &t) in from.iter().zip(&to) {
            order[t] = Some(f);
        }
        let mut rest = (0..self.rank()).filter(|d| !from.contains(d));
        let dims: Dims = order.into_iter().filter_map(|d| d.or_else(|| rest.next())).collect();
        apply(Permute { dims }, &[self])
    }

    /// The slices along a dimension, without it.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            return Err(crate::error::ErrorKind::Dimension { low: -1, high: 0, got: dim }.into()).map_err(
                |_: Error| Error::runtime("unbind: Dimension specified as 0 but tensor has no dimensions"),
            );
        }
        let dim = self.layout().dim(dim)?;
        if self.shape()[dim] == 0 {
            return Ok(Vec::new());
        }
        Ok(apply_multi(Pieces { dim, sizes: None, node: "UnbindBackward0" }, &[self])?.into_vec())
    }

    /// Pieces of one size along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// If the size is negative, or the dimension out of range.
    pub fn split(&self, size: i64, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "split expects at least a 1-dimensional tensor");
        }
        if size < 0 {
            bail!(Runtime, "split expects split_size be non-negative, but got split_size={size}");
        }
        let d = self.layout().dim(dim)?;
        let total = self.shape()[d];
        if size == 0 && total != 0 {
            bail!(
                Runtime,
                "split_size can only be 0 if dimension size is 0, but got dimension size of {total}"
            );
        }
        let mut sizes = Vec::new();
        let mut left = total;
        while left > 0 {
            let piece = left.min(size as usize);
            sizes.push(piece);
            left -= piece;
        }
        if sizes.is_empty() {
            sizes.push(0);
        }
        let pieces = Pieces { dim: d, sizes: Some(sizes.into()), node: "SplitBackward0" };
        Ok(apply_multi(pieces, &[self])?.into_vec())
    }

    /// Pieces of given sizes along a dimension.
    ///
    /// # Errors
    /// If the sizes do not sum to the dimension's.
    pub fn split_with_sizes(&self, sizes: &[i64], dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "split expects at least a 1-dimensional tensor");
        }
        let d = self.layout().dim(dim)?;
        if sizes.iter().any(|&s| s < 0) {
            bail!(
                Runtime,
                "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={}",
                int_list(sizes)
            );
        }
        if sizes.iter().sum::<i64>() != self.shape()[d] as i64 {
            bail!(
                Runtime,
                "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {d}), but got split_sizes={}",
                self.shape()[d],
                int_list(sizes)
            );
        }
        let sizes: Vec<usize> = sizes.iter().map(|&s| s as usize).collect();
        let pieces = Pieces { dim: d, sizes: Some(sizes.into()), node: "SplitWithSizesBackward0" };
        Ok(apply_multi(pieces, &[self])?.into_vec())
    }

    /// About equal pieces along a dimension.
    ///
    /// # Errors
    /// If the number is not positive, or the dimension out of range.
    pub fn chunk(&self, chunks: i64, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "chunk expects at least a 1-dimensional tensor");
        }
        if chunks <= 0 {
            bail!(Runtime, "chunk expects `chunks` to be greater than 0, got: {chunks}");
        }
        let d = self.layout().dim(dim)?;
        let size = (self.shape()[d] as i64 + chunks - 1) / chunks;
        if size == 0 {
            return self.split_with_sizes(&vec![0; chunks as usize], dim);
        }
        self.split(size, dim)
    }

    /// Several dimensions merged into one.
    ///
    /// # Errors
    /// If a dimension is out of range, or the first comes after the last.
    pub fn flatten(&self, first: i64, last: i64) -> Result<Tensor> {
        let (a, b) = (self.layout().dim(first)?, self.layout().dim(last)?);
        if a > b {
            bail!(Runtime, "flatten() has invalid args: start_dim cannot come after end_dim");
        }
        if self.rank() == 0 {
            return self.reshape(&[1]);
        }
        if a == b {
            return Ok(self.clone());
        }
        let shape = self.shape();
        let mut flat = Shape::from_slice(&shape[..a]);
        flat.push(shape[a..=b].iter().product());
        flat.extend_from_slice(&shape[b + 1..]);
        self.reshape_to(&flat)
    }
}

fn ints(values: &[usize]) -> Value {
    Value::Ints(values.iter().map(|&v| v as i64).collect())
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "view",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "view(Tensor(a) self, int[] size) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.view(a.ints(1)?)?.into()),
        }],
        documentation: "The same elements in another shape, without a copy; one size may be -1.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 6]).into(), ints(&[3, 4])]),
                Sample::new(vec![s.tensor(&[0, 2]).into(), ints(&[2, 0])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[1, 1])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "reshape",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "reshape(Tensor(a) self, int[] shape) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.reshape(a.ints(1)?)?.into()),
        }],
        documentation: "The same elements in another shape; a view where the strides allow it, else a copy. One size may be -1.",
        samples: |s| {
            s.each_layout(|x| {
                let n = x.numel() as i64;
                vec![x.into(), Value::Ints(vec![n, 1])]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "expand",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)",
            call: |a| {
                let x = a.tensor(0)?;
                let sizes = a.ints(1)?;
                let lead = sizes.len().saturating_sub(x.rank());
                let shape = sizes
                    .iter()
                    .enumerate()
                    .map(|(i, &s)| match s {
                        -1 if i >= lead => Ok(x.shape()[i - lead]),
                        s if s < 0 => Err(Error::runtime(format!(
                            "The expanded size of the tensor ({s}) isn't allowed in a leading, non-existing dimension {i}"
                        ))),
                        s => Ok(s as usize),
                    })
                    .collect::<Result<Shape>>()?;
                Ok(x.expand(&shape)?.into())
            },
        }],
        documentation: "Dimensions of size one repeated, without a copy; -1 keeps a size.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 1]).into(), ints(&[2, 3])]),
                Sample::new(vec![s.tensor(&[3]).into(), ints(&[2, 3])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[2])]),
                Sample::new(vec![s.tensor(&[0, 1]).into(), ints(&[0, 3])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "permute",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "permute(Tensor(a) self, int[] dims) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.permute(a.ints(1)?)?.into()),
        }],
        documentation: "Dimensions in another order.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), ints(&[2, 0, 1])]),
                Sample::new(vec![s.tensor(&[2, 0]).into(), ints(&[1, 0])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "transpose",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "transpose(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.transpose(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "Two dimensions exchanged.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), Value::Int(0), Value::Int(-1)]),
                Sample::new(vec![s.tensor(&[0, 3]).into(), Value::Int(0), Value::Int(1)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "t",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "t(Tensor(a) self) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.t()?.into()),
        }],
        documentation: "A matrix transposed; vectors and scalars as they are.",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "squeeze",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "squeeze(Tensor(a) self) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze()?.into()),
            },
            Overload {
                schema: "squeeze(Tensor(a) self, int dim) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze_dim(a.int(1)?)?.into()),
            },
            Overload {
                schema: "squeeze(Tensor(a) self, int[] dim) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze_dims(a.ints(1)?)?.into()),
            },
        ],
        documentation: "Dimensions of size one removed: all, one, or several.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[1, 2, 1]).into()]),
                Sample::new(vec![s.tensor(&[2, 1]).into(), Value::Int(1)]).overload(1),
                Sample::new(vec![s.tensor(&[1, 2, 1]).into(), ints(&[0, 2])]).overload(2),
                Sample::new(vec![s.tensor(&[0, 1]).into()]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "unsqueeze",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "unsqueeze(Tensor(a) self, int dim) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.unsqueeze(a.int(1)?)?.into()),
        }],
        documentation: "A dimension of size one inserted.",
        samples: |s| s.each_layout(|x| vec![x.into(), Value::Int(0)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "select",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "select(Tensor(a) self, int dim, int index) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.select(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "One index of a dimension, which is removed.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(1), Value::Int(-1)]),
                Sample::new(vec![s.tensor(&[3, 0]).into(), Value::Int(0), Value::Int(1)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "narrow",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.narrow(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "`length` indices of a dimension, from `start`.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(1), Value::Int(1), Value::Int(2)]),
                Sample::new(vec![s.tensor(&[3]).into(), Value::Int(0), Value::Int(3), Value::Int(0)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "diagonal",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.diagonal(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "The diagonal of two dimensions, as a last dimension.",
        samples: |s| {
            [0, 1, -1]
                .map(|k| {
                    Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(k), Value::Int(0), Value::Int(1)])
                })
                .into()
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "movedim",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "movedim(Tensor(a) self, int source, int destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
            Overload {
                schema: "movedim(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
        ],
        documentation: "Dimensions moved to other places; the others keep their order.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), Value::Int(0), Value::Int(2)]),
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), ints(&[0, 1]), ints(&[1, 0])]).overload(1),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "unbind",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "unbind(Tensor(a) self, int dim=0) -> Tensor(a)[]",
            call: |a| Ok(a.tensor(0)?.unbind(a.int(1)?)?.into()),
        }],
        documentation: "The slices along a dimension, without it.",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(1)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "split",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "split(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.split(a.int(1)?, a.int(2)?)?.into()),
            },
            Overload {
                schema: "split(Tensor(a) self, int[] split_size, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.split_with_sizes(a.ints(1)?, a.int(2)?)?.into()),
            },
        ],
        documentation: "Pieces along a dimension: of one size (the last may be smaller), or of given sizes.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[5, 2]).into(), Value::Int(2), Value::Int(0)]),
                Sample::new(vec![s.tensor(&[2, 4]).into(), ints(&[1, 3]), Value::Int(1)]).overload(1),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "chunk",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]",
            call: |a| Ok(a.tensor(0)?.chunk(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "About equal pieces along a dimension.",
        samples: |s| vec![Sample::new(vec![s.tensor(&[5, 2]).into(), Value::Int(3), Value::Int(0)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "flatten",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "flatten(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.flatten(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "Several dimensions merged into one.",
        samples: |s| s.each_layout(|x| vec![x.into(), Value::Int(0), Value::Int(-1)]),
        ..Entry::DEFAULT
    },
];
