//! Copies in another arrangement: `flip`, `roll`, `rot90`, `repeat`, `tril`, `triu`, `diag_embed`, `diag`.
//!
//! All are linear and move elements without computing, so each is a row: node, layout of the result, how it is filled,
//! the gradient, and the same behind a leading hidden dimension (`vmap`). The tangent is the same arrangement of the
//! tangent.

mod rows;

pub use rows::OPERATIONS;

use super::copy::copy_view;
use super::view::{Diagonal, Dims};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::error::{Result, bail};
use crate::layout::{Layout, Shape, Strides, int_list};
use crate::tensor::{Meta, Tensor};
use smallvec::{SmallVec, smallvec};

macro_rules! arrangement {
    ($(
        $(#[doc = $doc:literal])*
        $type:ident { $($field:ident: $field_type:ty),* $(,)? } $node:expr,
        layout |$ls:ident, $input:ident| $layout:expr,
        fill |$fs:ident, $x:ident, $output:ident| $fill:expr,
        vjp |$vs:ident, $shape:ident, $g:ident| $vjp:expr,
        behind |$bs:ident| $behind:expr;
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone)]
        pub(crate) struct $type { $(pub(crate) $field: $field_type,)* }

        impl Primitive for $type {
            fn name(&self) -> &'static str {
                let node: fn(&Self) -> &'static str = $node;
                node(self)
            }
            fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                let ($ls, $input) = (self, &inputs[0].layout);
                outputs.push(Meta::new($layout, inputs[0].dtype));
                Ok(())
            }
            fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                let ($fs, $x, $output) = (self, &inputs[0], &mut outputs[0]);
                $fill;
                Ok(())
            }
            fn saves(&self, _: Needs) -> Saves { Saves::NONE.shape(0) }
            fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
                let ($vs, $shape, $g) = (self, context.shape(0)?, g);
                Ok(smallvec![Some($vjp)])
            }
            fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
                let Some(t) = &t[0] else { bail!(Runtime, "{}: no tangent", self.name()) };
                apply(self.clone(), &[t])
            }
            fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
                let Some(dim) = inputs[0].dim else { return Ok(None) };
                let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
                let $bs = self;
                let behind: Option<$type> = $behind;
                match behind {
                    Some(behind) => Ok(Some(vec![(apply(behind, &[&x])?, Some(0))])),
                    None => Ok(None),
                }
            }
        }
    )*};
}

/// A part of an operand: another layout over the same memory.
fn part<'a>(x: &View<'_>, meta: &'a Meta) -> View<'a> {
    let size = meta.dtype.size() as isize;
    let offset = meta.layout.offset() as isize - x.meta.layout.offset() as isize;
    View { pointer: x.pointer.wrapping_offset(offset * size), meta }
}

/// The same for what is written.
fn part_mut<'a>(output: &ViewMut<'_>, meta: &'a Meta) -> ViewMut<'a> {
    let size = meta.dtype.size() as isize;
    let offset = meta.layout.offset() as isize - output.meta.layout.offset() as isize;
    ViewMut { pointer: output.pointer.wrapping_offset(offset * size), meta }
}

/// A layout with some dimensions read backwards.
fn flipped(layout: &Layout, dims: &[usize]) -> Layout {
    let mut strides = Strides::from_slice(layout.strides());
    let mut offset = layout.offset() as isize;
    for &d in dims {
        offset += (layout.shape()[d] as isize - 1) * strides[d];
        strides[d] = -strides[d];
    }
    Layout::new(layout.shape(), &strides, offset as usize)
}

fn copy_from(x: &View<'_>, layout: Layout, output: &mut ViewMut<'_>) {
    if output.meta.elements() == 0 {
        return;
    }
    let meta = Meta::new(layout, x.meta.dtype);
    copy_view(output, &part(x, &meta));
}

fn exchanged(layout: &Layout, first: usize, second: usize) -> Layout {
    let mut order: Dims = (0..layout.rank()).collect();
    order.swap(first, second);
    layout.permuted(&order)
}

/// `rot90` is an exchange of two dimensions after a flip.
fn rotated(layout: &Layout, turns: u8, first: usize, second: usize) -> Layout {
    match turns {
        1 => exchanged(&flipped(layout, &[second]), first, second),
        2 => flipped(layout, &[first, second]),
        3 => exchanged(&flipped(layout, &[first]), first, second),
        _ => layout.clone(),
    }
}

/// Copies with each `(dim, shift)` in turn: two parts for each that is not zero.
fn rolled(x: &View<'_>, from: &Layout, to: &Layout, output: &ViewMut<'_>, shifts: &[(usize, usize)]) {
    let Some((&(dim, shift), rest)) = shifts.split_first() else {
        let (source, target) =
            (Meta::new(from.clone(), x.meta.dtype), Meta::new(to.clone(), output.meta.dtype));
        copy_view(&mut part_mut(output, &target), &part(x, &source));
        return;
    };
    let size = from.shape()[dim];
    for (source, target, length) in [(0, shift, size - shift), (size - shift, 0, shift)] {
        if length > 0 {
            let (from, to) = (from.narrowed(dim, source, length, 1), to.narrowed(dim, target, length, 1));
            rolled(x, &from, &to, output, rest);
        }
    }
}

/// Sets row-major memory to zero outside of a triangle.
fn clear(output: &mut ViewMut<'_>, upper: bool, diagonal: i64) {
    let rank = output.meta.rank();
    let (rows, columns) = (output.shape()[rank - 2], output.shape()[rank - 1]);
    let size = output.meta.dtype.size();
    let matrices = output.meta.elements().checked_div(rows * columns).unwrap_or(0);
    for row in 0..matrices * rows {
        // The first column above the diagonal, or on it.
        let edge = |more: i64| {
            ((row % rows) as i64).saturating_add(diagonal).saturating_add(more).clamp(0, columns as i64)
                as usize
        };
        let (start, end) = if upper { (0, edge(0)) } else { (edge(1), columns) };
        // SAFETY: the columns are inside of this row of the fresh row-major output; zero bytes are zero in every dtype.
        unsafe { output.pointer.add((row * columns + start) * size).write_bytes(0, (end - start) * size) };
    }
}

/// The shape that `repeat` gives, and the tensor's shape with as many dimensions.
fn repeated(shape: &[usize], repeats: &[usize]) -> (Shape, Shape) {
    let mut whole: Shape = SmallVec::from_elem(1, repeats.len() - shape.len());
    whole.extend_from_slice(shape);
    (whole.iter().zip(repeats).map(|(&n, &r)| n * r).collect(), whole)
}

/// The shape of `diag_embed`: the last dimension becomes two.
fn embedded(shape: &[usize], offset: i64, first: usize, second: usize) -> Shape {
    let mut all = Shape::from_slice(shape);
    let length = all.pop().unwrap_or(1) + offset.unsigned_abs() as usize;
    let (low, high) = (first.min(second), first.max(second));
    all.insert(low, length);
    all.insert(high, length);
    all
}

arrangement! {
    /// `flip(dims)`: dimensions read backwards.
    Flip { dims: Dims } |_: &Self| "FlipBackward0",
    layout |_s, input| input.fresh_like(),
    fill |s, x, output| copy_from(x, flipped(&x.meta.layout, &s.dims), output),
    vjp |s, _shape, g| apply(s.clone(), &[g])?,
    behind |s| Some(Flip { dims: s.dims.iter().map(|d| d + 1).collect() });

    /// `rot90(k, dims)`: a plane turned by `turns` quarters.
    Rot90 { turns: u8, first: usize, second: usize } |_: &Self| "Rot90Backward0",
    layout |s, input| if s.turns % 2 == 1 {
        exchanged(&input.fresh_like(), s.first, s.second)
    } else {
        input.fresh_like()
    },
    fill |s, x, output| copy_from(x, rotated(&x.meta.layout, s.turns, s.first, s.second), output),
    vjp |s, _shape, g| apply(Rot90 { turns: (4 - s.turns) % 4, ..s.clone() }, &[g])?,
    behind |s| Some(Rot90 { first: s.first + 1, second: s.second + 1, ..s.clone() });

    /// `roll(shifts, dims)`; `flat` rolls the elements in row-major order.
    Roll { shifts: SmallVec<[(usize, i64); 2]>, flat: bool } |_: &Self| "RollBackward0",
    layout |_s, input| Layout::contiguous(input.shape()),
    fill |s, x, output| fill_rolled(s, x, output)?,
    vjp |s, _shape, g| apply(Roll { shifts: s.shifts.iter().map(|&(d, n)| (d, -n)).collect(), flat: s.flat }, &[g])?,
    behind |s| (!s.flat).then(|| Roll { shifts: s.shifts.iter().map(|&(d, n)| (d + 1, n)).collect(), flat: false });

    /// `repeat(repeats)`: copies of the tensor side by side.
    Repeat { repeats: Dims } |_: &Self| "RepeatBackward0",
    layout |s, input| Layout::contiguous(&repeated(input.shape(), &s.repeats).0),
    fill |s, x, output| fill_repeated(s, x, output),
    vjp |s, shape, g| repeat_back(s, &shape, g)?,
    behind |_s| None;

    /// `tril(diagonal)` or, with `upper`, `triu(diagonal)`: zeros outside of a triangle.
    Triangle { upper: bool, diagonal: i64 } |s: &Self| if s.upper { "TriuBackward0" } else { "TrilBackward0" },
    layout |_s, input| Layout::contiguous(input.shape()),
    fill |s, x, output| {
        copy_view(output, x);
        clear(output, s.upper, s.diagonal);
    },
    vjp |s, _shape, g| apply(s.clone(), &[g])?,
    behind |s| Some(s.clone());

    /// `diag_embed(offset, dim1, dim2)`: zeros with the last dimension on a diagonal of two.
    DiagEmbed { offset: i64, first: usize, second: usize } |_: &Self| "DiagEmbedBackward0",
    layout |s, input| Layout::contiguous(&embedded(input.shape(), s.offset, s.first, s.second)),
    fill |s, x, output| fill_diagonal(s.offset, s.first, s.second, x, output)?,
    vjp |s, _shape, g| g.diagonal(s.offset, s.first as i64, s.second as i64)?,
    behind |s| Some(DiagEmbed { offset: s.offset, first: s.first + 1, second: s.second + 1 });

    /// `diag` of a matrix: a copy of a diagonal.
    DiagonalCopy { offset: i64, first: usize, second: usize } |_: &Self| "DiagonalBackward0_copy",
    layout |s, input| {
        let view = Diagonal { offset: s.offset, first: s.first, second: s.second }.view(input)?.unwrap_or_default();
        Layout::contiguous(view[0].shape())
    },
    fill |s, x, output| {
        let view = Diagonal { offset: s.offset, first: s.first, second: s.second };
        let layouts = view.view(&x.meta.layout)?.unwrap_or_default();
        copy_from(x, layouts[0].clone(), output);
    },
    vjp |s, shape, g| apply(
        DiagonalBack { shape: shape.clone(), offset: s.offset, first: s.first, second: s.second },
        &[g],
    )?,
    behind |s| Some(DiagonalCopy { offset: s.offset, first: s.first + 1, second: s.second + 1 });

    /// The derivative of [`DiagonalCopy`]: zeros of a shape with the input on a diagonal.
    DiagonalBack { shape: Shape, offset: i64, first: usize, second: usize } |_: &Self| "DiagonalBackwardBackward0",
    layout |s, _input| Layout::contiguous(&s.shape),
    fill |s, x, output| fill_diagonal(s.offset, s.first, s.second, x, output)?,
    vjp |s, _shape, g| apply(DiagonalCopy { offset: s.offset, first: s.first, second: s.second }, &[g])?,
    behind |_s| None;
}

/// Zeros, with `x` on a diagonal.
fn fill_diagonal(
    offset: i64,
    first: usize,
    second: usize,
    x: &View<'_>,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let bytes = output.meta.elements() * output.meta.dtype.size();
    // SAFETY: the output is fresh, row-major and holds this many bytes; all-zero bytes are zero in every dtype.
    unsafe { output.pointer.write_bytes(0, bytes) };
    let layouts = Diagonal { offset, first, second }.view(&output.meta.layout)?.unwrap_or_default();
    let meta = Meta::new(layouts[0].clone(), output.meta.dtype);
    if meta.elements() > 0 {
        copy_view(&mut part_mut(output, &meta), x);
    }
    Ok(())
}

fn fill_repeated(s: &Repeat, x: &View<'_>, output: &mut ViewMut<'_>) {
    if output.meta.elements() == 0 {
        return;
    }
    // Each dimension of the result is one of repeats and one of the tensor.
    let lead = s.repeats.len() - x.meta.rank();
    let (mut shape, mut from) = (Shape::new(), Strides::new());
    for (d, &repeats) in s.repeats.iter().enumerate() {
        shape.push(repeats);
        from.push(0);
        shape.push(if d < lead { 1 } else { x.shape()[d - lead] });
        from.push(if d < lead { 0 } else { x.strides()[d - lead] });
    }
    let source = Meta::new(Layout::new(&shape, &from, x.meta.layout.offset()), x.meta.dtype);
    let target = Meta::contiguous(&shape, x.meta.dtype);
    copy_view(
        &mut ViewMut { pointer: output.pointer, meta: &target },
        &View { pointer: x.pointer, meta: &source },
    );
}

fn repeat_back(s: &Repeat, shape: &[usize], g: &Tensor) -> Result<Tensor> {
    if g.numel() == 0 {
        return Tensor::zeros(shape, g.dtype());
    }
    let (_, whole) = repeated(shape, &s.repeats);
    let parted: Shape = s.repeats.iter().zip(&whole).flat_map(|(&r, &n)| [r, n]).collect();
    let dims: Vec<i64> = (0..s.repeats.len() as i64).map(|d| 2 * d).collect();
    if dims.is_empty() {
        return Ok(g.clone());
    }
    g.reshape_to(&parted)?.sum_dims(&dims, false)?.reshape_to(shape)
}

fn fill_rolled(s: &Roll, x: &View<'_>, output: &mut ViewMut<'_>) -> Result<()> {
    if output.meta.elements() == 0 {
        return Ok(());
    }
    let wrapped = |size: usize, shift: i64| shift.rem_euclid(size as i64) as usize;
    if !s.flat {
        // Shifts of one dimension add up.
        let mut shifts: SmallVec<[(usize, usize); 2]> = SmallVec::new();
        for d in 0..x.meta.rank() {
            let total: i64 = s.shifts.iter().filter(|&&(dim, _)| dim == d).map(|&(_, n)| n).sum();
            let shift = wrapped(x.shape()[d], total);
            if shift != 0 {
                shifts.push((d, shift));
            }
        }
        rolled(x, &x.meta.layout, &output.meta.layout, output, &shifts);
        return Ok(());
    }
    let count = x.meta.elements();
    let dense = Meta::contiguous(x.shape(), x.meta.dtype);
    let storage = crate::storage::Storage::allocate(count * x.meta.dtype.size())?;
    copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &dense }, x);
    let flat = Meta::contiguous(&[count], x.meta.dtype);
    let (from, to) =
        (View { pointer: storage.pointer(), meta: &flat }, ViewMut { pointer: output.pointer, meta: &flat });
    let shift = wrapped(count, s.shifts.first().map_or(0, |&(_, n)| n));
    rolled(&from, &flat.layout, &flat.layout, &to, &[(0, shift)]);
    Ok(())
}

impl Tensor {
    fn distinct(&self, dims: &[i64]) -> Result<Dims> {
        let mut distinct = Dims::new();
        for &dim in dims {
            let d = self.layout().dim(dim)?;
            if distinct.contains(&d) {
                bail!(Runtime, "dim {d} appears multiple times in the list of dims");
            }
            if self.rank() > 0 {
                distinct.push(d);
            }
        }
        Ok(distinct)
    }

    /// A copy with dimensions read backwards.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0]);
    /// assert_eq!(x.flip(&[0])?.to_vec::<f32>()?, [3.0, 2.0, 1.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice.
    pub fn flip(&self, dims: &[i64]) -> Result<Tensor> {
        apply(Flip { dims: self.distinct(dims)? }, &[self])
    }

    /// A copy whose elements are shifted along dimensions, around the end; without dimensions, in row-major order.
    ///
    /// # Errors
    /// If there are not as many shifts as dimensions, or one is out of range.
    pub fn roll(&self, shifts: &[i64], dims: &[i64]) -> Result<Tensor> {
        if shifts.is_empty() {
            bail!(Runtime, "`shifts` required");
        }
        if dims.is_empty() && shifts.len() == 1 {
            return apply(Roll { shifts: smallvec![(0, shifts[0])], flat: true }, &[self]);
        }
        if shifts.len() != dims.len() {
            bail!(Runtime, "shifts and dimensions must align. shifts: {}, dims:{}", shifts.len(), dims.len());
        }
        let dims = dims.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        if self.rank() == 0 {
            return apply(Roll { shifts: SmallVec::new(), flat: true }, &[self]);
        }
        apply(Roll { shifts: dims.into_iter().zip(shifts.iter().copied()).collect(), flat: false }, &[self])
    }

    /// A copy with the plane of two dimensions turned by `turns` quarters.
    ///
    /// # Errors
    /// If the tensor has no plane, or the dimensions are the same.
    pub fn rot90(&self, turns: i64, dims: &[i64]) -> Result<Tensor> {
        let &[a, b] = dims else {
            bail!(Runtime, "expected total rotation dims == 2, but got dims = {}", dims.len());
        };
        if self.rank() < 2 {
            bail!(Runtime, "expected total dims >= 2, but got total dims = {}", self.rank());
        }
        if a == b || (a - b).unsigned_abs() as usize == self.rank() {
            bail!(Runtime, "expected rotation dims to be different, but got dim0 = {a} and dim1 = {b}");
        }
        let n = self.rank() as i64;
        for (name, dim) in [("dim0", a), ("dim1", b)] {
            if dim < -n || dim >= n {
                bail!(Runtime, "Rotation {name} out of range, {name} = {dim}");
            }
        }
        let (first, second) = (self.layout().dim(a)?, self.layout().dim(b)?);
        apply(Rot90 { turns: turns.rem_euclid(4) as u8, first, second }, &[self])
    }

    /// Copies of the tensor side by side: so many times along each dimension.
    ///
    /// # Errors
    /// If there are fewer numbers than dimensions, or a negative one.
    pub fn repeat(&self, repeats: &[i64]) -> Result<Tensor> {
        if repeats.len() < self.rank() {
            bail!(
                Runtime,
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
            );
        }
        let lead = repeats.len() - self.rank();
        let target: Vec<i64> = (repeats.iter().enumerate())
            .map(|(d, &r)| r * if d < lead { 1 } else { self.shape()[d - lead] as i64 })
            .collect();
        if let Some((_, &size)) = repeats.iter().zip(&target).find(|&(&r, _)| r < 0) {
            bail!(Runtime, "Trying to create tensor with negative dimension {size}: {}", int_list(&target));
        }
        apply(Repeat { repeats: repeats.iter().map(|&r| r as usize).collect() }, &[self])
    }

    /// Copies of the tensor side by side; missing numbers count as one.
    ///
    /// # Errors
    /// If a number is negative.
    pub fn tile(&self, repeats: &[i64]) -> Result<Tensor> {
        let missing = self.rank().saturating_sub(repeats.len());
        let repeats: Vec<i64> = std::iter::repeat_n(1, missing).chain(repeats.iter().copied()).collect();
        self.repeat(&repeats)
    }

    /// Matrices with zeros above a diagonal.
    ///
    /// # Errors
    /// If the tensor has fewer than two dimensions.
    pub fn tril(&self, diagonal: i64) -> Result<Tensor> {
        apply(self.triangle(false, diagonal)?, &[self])
    }

    /// Matrices with zeros below a diagonal.
    ///
    /// # Errors
    /// If the tensor has fewer than two dimensions.
    pub fn triu(&self, diagonal: i64) -> Result<Tensor> {
        apply(self.triangle(true, diagonal)?, &[self])
    }

    pub(crate) fn triangle(&self, upper: bool, diagonal: i64) -> Result<Triangle> {
        if self.rank() < 2 {
            let name = if upper { "triu" } else { "tril" };
            bail!(Runtime, "{name}: input tensor must have at least 2 dimensions");
        }
        Ok(Triangle { upper, diagonal })
    }

    /// Zeros with the last dimension on a diagonal of two new ones.
    ///
    /// # Errors
    /// If a dimension is out of range, or both are the same.
    pub fn diag_embed(&self, offset: i64, first: i64, second: i64) -> Result<Tensor> {
        let rank = self.rank() + 1;
        let (a, b) = (crate::layout::wrap_dim(first, rank)?, crate::layout::wrap_dim(second, rank)?);
        if a == b {
            bail!(Runtime, "diagonal dimensions cannot be identical {first}, {second}");
        }
        apply(DiagEmbed { offset, first: a, second: b }, &[self])
    }

    /// The diagonal of a matrix, as a copy; of a vector, a matrix with it on the diagonal.
    ///
    /// # Errors
    /// For other numbers of dimensions.
    pub fn diag(&self, offset: i64) -> Result<Tensor> {
        match self.rank() {
            1 => self.diag_embed(offset, 0, 1),
            2 => apply(DiagonalCopy { offset, first: 0, second: 1 }, &[self]),
            n => bail!(Runtime, "diag(): Supports 1D or 2D tensors. Got {n}D"),
        }
    }

    /// A matrix with the elements, in row-major order, on a diagonal.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn diagflat(&self, offset: i64) -> Result<Tensor> {
        self.reshape(&[-1])?.diag_embed(offset, 0, 1)
    }
}
