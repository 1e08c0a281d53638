//! Shape, strides and offset, and what can be asked of them. Knows nothing of data.

use crate::error::{Error, ErrorKind, Result, bail};
use smallvec::SmallVec;

/// Sizes of the dimensions; up to four are kept without an allocation.
pub type Shape = SmallVec<[usize; 4]>;
/// Strides in elements.
pub type Strides = SmallVec<[isize; 4]>;

/// Where each element of a tensor is in its storage. Strides are in elements; a stride of zero repeats an element.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    strides: Strides,
    offset: usize,
    elements: usize,
    contiguous: bool,
}

impl Clone for Layout {
    /// `SmallVec`'s own clone goes through an iterator: 330 instructions an add went there.
    #[inline]
    fn clone(&self) -> Self {
        Self {
            shape: Shape::from_slice(&self.shape),
            strides: Strides::from_slice(&self.strides),
            offset: self.offset,
            elements: self.elements,
            contiguous: self.contiguous,
        }
    }
}

/// Row-major strides of a shape. A dimension of size zero counts as one, as in PyTorch.
pub fn contiguous_strides(shape: &[usize]) -> Strides {
    let mut strides: Strides = SmallVec::from_elem(1, shape.len());
    let mut step = 1isize;
    for dim in (0..shape.len()).rev() {
        strides[dim] = step;
        step = step.saturating_mul(shape[dim].max(1) as isize);
    }
    strides
}

impl Layout {
    /// A row-major layout at offset zero.
    #[inline]
    pub fn contiguous(shape: &[usize]) -> Self {
        Self {
            strides: contiguous_strides(shape),
            elements: shape.iter().product(),
            shape: Shape::from_slice(shape),
            offset: 0,
            contiguous: true,
        }
    }

    /// A layout of no dimensions: one element.
    #[inline]
    pub fn scalar() -> Self {
        Self { shape: Shape::new(), strides: Strides::new(), offset: 0, elements: 1, contiguous: true }
    }

    /// Any layout. The caller vouches for the bounds of the storage.
    pub fn new(shape: &[usize], strides: &[isize], offset: usize) -> Self {
        debug_assert_eq!(shape.len(), strides.len());
        let elements = shape.iter().product();
        let mut contiguous = true;
        let mut expected = 1isize;
        for (&size, &stride) in shape.iter().zip(strides).rev() {
            if size != 1 {
                if stride != expected {
                    contiguous = false;
                    break;
                }
                expected *= size as isize;
            }
        }
        Self {
            shape: Shape::from_slice(shape),
            strides: Strides::from_slice(strides),
            offset,
            elements,
            contiguous: contiguous || elements == 0,
        }
    }

    /// The same shape, laid out at offset zero; for a result of the same shape as an operand.
    #[inline]
    pub fn fresh_like(&self) -> Self {
        if self.contiguous && self.elements != 0 {
            let mut layout = self.clone();
            layout.offset = 0;
            layout
        } else if self.contiguous {
            Self::contiguous(&self.shape)
        } else {
            self.dense_like()
        }
    }

    /// A dense layout that keeps the order of the strides, as PyTorch's `preserve_format` does.
    pub fn dense_like(&self) -> Self {
        if self.contiguous || !self.is_non_overlapping_and_dense() {
            return elementwise(&[self], &self.shape);
        }
        let mut layout = self.clone();
        layout.offset = 0;
        layout
    }

    /// Sizes of the dimensions.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Strides, in elements.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// Index of the first element in the storage.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Number of dimensions.
    #[inline]
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    #[inline]
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Whether the elements are in row-major order without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.contiguous
    }

    /// Whether every element of a gapless block is used once, in some order of the dimensions.
    pub fn is_non_overlapping_and_dense(&self) -> bool {
        if self.contiguous {
            return true;
        }
        let mut dims: SmallVec<[usize; 6]> = (0..self.rank()).filter(|&d| self.shape[d] != 1).collect();
        dims.sort_by_key(|&d| self.strides[d]);
        let mut expected = 1isize;
        for d in dims {
            if self.strides[d] != expected {
                return false;
            }
            expected *= self.shape[d] as isize;
        }
        true
    }

    /// Whether two indices may lead to the same element. As in PyTorch, a definite answer is given where it is cheap:
    /// `Some(true)` for a stride of zero, `Some(false)` for dense layouts and nested strides, otherwise `None`.
    pub fn overlaps_itself(&self) -> Option<bool> {
        if self.elements < 2 || self.contiguous || self.is_non_overlapping_and_dense() {
            return Some(false);
        }
        if (0..self.rank()).any(|d| self.shape[d] > 1 && self.strides[d] == 0) {
            return Some(true);
        }
        let mut dims: SmallVec<[usize; 6]> = (0..self.rank()).filter(|&d| self.shape[d] != 1).collect();
        dims.sort_by_key(|&d| self.strides[d].abs());
        let mut reach = 0isize;
        for d in dims {
            if self.strides[d].abs() <= reach {
                return None;
            }
            reach += (self.shape[d] as isize - 1) * self.strides[d].abs();
        }
        Some(false)
    }

    /// The half-open range of storage indices that the elements lie in.
    pub fn span(&self) -> (usize, usize) {
        if self.elements == 0 {
            return (self.offset, self.offset);
        }
        let (mut low, mut high) = (self.offset as isize, self.offset as isize);
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (size as isize - 1) * stride;
            if reach < 0 {
                low += reach;
            } else {
                high += reach;
            }
        }
        (low as usize, high as usize + 1)
    }

    /// Resolves a dimension given from either end.
    pub fn dim(&self, dim: i64) -> Result<usize> {
        wrap_dim(dim, self.rank())
    }

    /// The layout with one dimension restricted to `length` elements from `start`, `step` apart.
    #[must_use]
    pub fn narrowed(&self, dim: usize, start: usize, length: usize, step: usize) -> Self {
        let mut shape = self.shape.clone();
        let mut strides = self.strides.clone();
        shape[dim] = length;
        let offset = if length == 0 && start >= self.shape[dim] {
            // An empty slice at the end points nowhere; PyTorch still moves the offset.
            self.offset as isize + start as isize * strides[dim]
        } else {
            self.offset as isize + start as isize * strides[dim]
        };
        strides[dim] *= step as isize;
        Self::new(&shape, &strides, offset as usize)
    }

    /// The layout without one dimension, at one index of it.
    #[must_use]
    pub fn selected(&self, dim: usize, index: usize) -> Self {
        let mut shape = self.shape.clone();
        let mut strides = self.strides.clone();
        let offset = self.offset as isize + index as isize * strides[dim];
        shape.remove(dim);
        strides.remove(dim);
        Self::new(&shape, &strides, offset as usize)
    }

    /// The dimensions in another order: `order[i]` is the old place of the new dimension `i`.
    #[must_use]
    pub fn permuted(&self, order: &[usize]) -> Self {
        let shape: Shape = order.iter().map(|&d| self.shape[d]).collect();
        let strides: Strides = order.iter().map(|&d| self.strides[d]).collect();
        Self::new(&shape, &strides, self.offset)
    }

    /// The layout repeated over the given shape (`expand`), whose trailing dimensions are this layout's.
    pub fn expanded(&self, shape: &[usize]) -> Self {
        let extra = shape.len() - self.rank();
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        for d in 0..self.rank() {
            strides[extra + d] =
                if self.shape[d] == 1 && shape[extra + d] != 1 { 0 } else { self.strides[d] };
        }
        // New leading dimensions of size one get the stride that keeps the layout row-major where it was.
        for d in (0..extra).rev() {
            strides[d] =
                if shape[d] == 1 && d + 1 < shape.len() { strides[d + 1] * shape[d + 1] as isize } else { 0 };
        }
        Self::new(shape, &strides, self.offset)
    }

    /// The strides under which the same elements can be seen with another shape, if there are any (`view`).
    pub fn viewed(&self, shape: &[usize]) -> Option<Self> {
        if self.contiguous {
            return Some(Self { offset: self.offset, ..Self::contiguous(shape) });
        }
        if self.elements == 0 {
            return Some(Self { offset: self.offset, ..Self::contiguous(shape) });
        }
        let mut strides: Strides = SmallVec::from_elem(0, shape.len());
        let mut view_dim = shape.len();
        let mut chunk_stride = *self.strides.last().unwrap_or(&1);
        let (mut tensor_elements, mut view_elements) = (1usize, 1usize);
        for d in (0..self.rank()).rev() {
            tensor_elements *= self.shape[d];
            // The end of a run of dimensions that lie behind one another.
            if d == 0
                || (self.shape[d - 1] != 1 && self.strides[d - 1] != tensor_elements as isize * chunk_stride)
            {
                while view_dim > 0 && (view_elements < tensor_elements || shape[view_dim - 1] == 1) {
                    view_dim -= 1;
                    strides[view_dim] = view_elements as isize * chunk_stride;
                    view_elements *= shape[view_dim];
                }
                if view_elements != tensor_elements {
                    return None;
                }
                if d > 0 {
                    chunk_stride = self.strides[d - 1];
                    tensor_elements = 1;
                    view_elements = 1;
                }
            }
        }
        (view_dim == 0).then(|| Self::new(shape, &strides, self.offset))
    }
}

/// Whether two shapes are equal, without a call of `memcmp` for the few numbers that they are.
#[inline]
pub fn same_shape(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}

/// Resolves a dimension given from either end; a tensor without dimensions takes 0 and -1.
#[inline]
pub fn wrap_dim(dim: i64, rank: usize) -> Result<usize> {
    let n = rank.max(1) as i64;
    if dim < -n || dim >= n {
        return Err(ErrorKind::Dimension { low: -n, high: n - 1, got: dim }.into());
    }
    Ok((if dim < 0 { dim + n } else { dim }) as usize)
}

/// The shape to which two shapes broadcast.
pub fn broadcast_shapes(a: &[usize], b: &[usize]) -> Result<Shape> {
    if a == b {
        return Ok(Shape::from_slice(a));
    }
    let rank = a.len().max(b.len());
    let mut shape: Shape = SmallVec::from_elem(1, rank);
    for i in 0..rank {
        let dim = rank - 1 - i;
        let x = if i < a.len() { a[a.len() - 1 - i] } else { 1 };
        let y = if i < b.len() { b[b.len() - 1 - i] } else { 1 };
        shape[dim] = match (x, y) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            (x, y) => return Err(Error::new(ErrorKind::Broadcast { a: x, b: y, dim })),
        };
    }
    Ok(shape)
}

/// The layout of an elementwise result: dense, in the order of dimensions of the operands' strides.
///
/// Source: PyTorch's documented behaviour of `TensorIterator`: if every operand is row-major so is the result;
/// otherwise dimensions are ordered by the strides of the first operand that tells two of them apart.
pub fn elementwise(operands: &[&Layout], shape: &[usize]) -> Layout {
    if operands.iter().all(|o| o.contiguous || o.rank() < 2) || shape.len() < 2 {
        return Layout::contiguous(shape);
    }
    let rank = shape.len();
    // Operands of exactly this shape that are dense keep their strides if all of them agree.
    let full: SmallVec<[&Layout; 4]> = operands.iter().copied().filter(|o| o.shape() == shape).collect();
    if full.len() == operands.len()
        && full[0].is_non_overlapping_and_dense()
        && full.iter().all(|o| o.strides == full[0].strides)
    {
        let mut layout = full[0].clone();
        layout.offset = 0;
        return layout;
    }
    let stride = |o: &Layout, d: usize| -> isize {
        let extra = rank - o.rank();
        if d < extra || o.shape[d - extra] == 1 && shape[d] != 1 { 0 } else { o.strides[d - extra] }
    };
    // 1: a must come before (be inside of) b; -1: the reverse; 0: the operands do not tell.
    let compare = |a: usize, b: usize| -> i32 {
        for o in operands {
            let (x, y) = (stride(o, a), stride(o, b));
            if x == 0 || y == 0 {
                continue;
            }
            if x < y {
                return -1;
            }
            if x > y || shape[a] > shape[b] {
                return 1;
            }
        }
        0
    };
    // An insertion sort, innermost first, because the comparison is not a total order.
    let mut order: SmallVec<[usize; 6]> = (0..rank).rev().collect();
    for i in 1..rank {
        let mut target = i;
        for j in (0..i).rev() {
            match compare(order[j], order[target]) {
                c if c > 0 => {
                    order.swap(j, target);
                    target = j;
                }
                c if c < 0 => break,
                _ => {}
            }
        }
    }
    let mut strides: Strides = SmallVec::from_elem(0, rank);
    let mut step = 1isize;
    for &d in &order {
        strides[d] = step;
        step *= shape[d].max(1) as isize;
    }
    Layout::new(shape, &strides, 0)
}

/// Fills in the one `-1` of a requested shape (`view`, `reshape`).
pub fn infer_size(requested: &[i64], elements: usize) -> Result<Shape> {
    let mut known = 1usize;
    let mut unknown = None;
    for (i, &size) in requested.iter().enumerate() {
        match size {
            -1 if unknown.is_some() => bail!(Runtime, "only one dimension can be inferred"),
            -1 => unknown = Some(i),
            s if s < 0 => bail!(Runtime, "invalid shape dimension {s}"),
            s => known *= s as usize,
        }
    }
    let invalid =
        || Error::runtime(format!("shape '{}' is invalid for input of size {elements}", int_list(requested)));
    let mut shape: Shape = requested.iter().map(|&s| s.max(0) as usize).collect();
    match unknown {
        Some(i) => {
            if known == 0 {
                bail!(
                    Runtime,
                    "cannot reshape tensor of 0 elements into shape {} because the unspecified dimension size -1 can be any value and is ambiguous",
                    int_list(requested)
                );
            }
            if !elements.is_multiple_of(known) {
                return Err(invalid());
            }
            shape[i] = elements / known;
        }
        None if known != elements => return Err(invalid()),
        None => {}
    }
    Ok(shape)
}

/// A list of integers as PyTorch prints it in messages: `[2, 3]`.
pub fn int_list<T: std::fmt::Display>(values: &[T]) -> String {
    let inner: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("[{}]", inner.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn view_of_a_transposed_layout_needs_a_copy() {
        let t = Layout::contiguous(&[2, 3]).permuted(&[1, 0]);
        assert!(t.viewed(&[6]).is_none());
        assert_eq!(t.viewed(&[3, 2, 1]).unwrap().strides(), &[1, 3, 3]);
    }

    #[test]
    fn elementwise_keeps_the_order_of_strides() {
        let t = Layout::contiguous(&[2, 3]).permuted(&[1, 0]);
        assert_eq!(elementwise(&[&t, &t], &[3, 2]).strides(), &[1, 3]);
        let row = Layout::contiguous(&[2]);
        assert_eq!(elementwise(&[&t, &row], &[3, 2]).strides(), &[1, 3]);
    }

    #[test]
    fn broadcasting_names_the_dimension() {
        let e = broadcast_shapes(&[2, 3], &[4]).unwrap_err();
        assert_eq!(
            e.to_string(),
            "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"
        );
    }

    #[test]
    fn overlap_is_found_where_it_is_certain() {
        let e = Layout::contiguous(&[1, 3]).expanded(&[2, 3]);
        assert_eq!(e.overlaps_itself(), Some(true));
        assert_eq!(Layout::contiguous(&[4, 3]).narrowed(0, 0, 2, 2).overlaps_itself(), Some(false));
    }
}
