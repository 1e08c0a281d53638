//! What the operations of this family accept, in PyTorch's order of checks and with its messages.

use crate::dtype::{DType, DTypeNames};
use crate::error::{ErrorKind, Result, bail};
use crate::layout::int_list;
use crate::tensor::Tensor;

fn is_index(dtype: DType) -> bool {
    matches!(dtype, DType::I64 | DType::I32)
}

/// The rank, where a tensor without dimensions counts as one with one.
fn rank(x: &Tensor) -> usize {
    x.rank().max(1)
}

pub(super) fn size(x: &Tensor, dim: usize) -> Result<usize> {
    match x.shape() {
        [] if dim == 0 => Ok(1),
        shape => shape.get(dim).copied().ok_or_else(|| {
            let n = shape.len().max(1) as i64;
            ErrorKind::Dimension { low: -n, high: n - 1, got: dim as i64 }.into()
        }),
    }
}

pub(super) fn check_gather(x: &Tensor, dim: usize, index: &Tensor) -> Result<()> {
    if index.numel() == 0 {
        return Ok(());
    }
    if !is_index(index.dtype()) {
        bail!(Runtime, "gather(): Expected dtype int32/int64 for index");
    }
    if rank(x) != rank(index) {
        bail!(Runtime, "Index tensor must have the same number of dimensions as input tensor");
    }
    for d in (0..rank(x)).filter(|&d| d != dim) {
        if size(index, d)? > size(x, d)? {
            bail!(
                Runtime,
                "Size does not match at dimension {d} expected index {} to be no larger than self {} apart from dimension {dim}",
                int_list(index.shape()),
                int_list(x.shape())
            );
        }
    }
    Ok(())
}

/// Checks for `scatter`: of a tensor or, without `source`, of a number.
pub(super) fn check_scatter(x: &Tensor, dim: usize, index: &Tensor, source: Option<&Tensor>) -> Result<()> {
    if index.numel() == 0 {
        return Ok(());
    }
    if !is_index(index.dtype()) {
        bail!(Runtime, "scatter(): Expected dtype int32/int64 for index");
    }
    if let Some(source) = source
        && source.dtype() != x.dtype()
    {
        bail!(Runtime, "scatter(): Expected self.dtype to be equal to src.dtype");
    }
    if rank(x) != rank(index) {
        bail!(Runtime, "Index tensor must have the same number of dimensions as self tensor");
    }
    let mut wrong = false;
    for d in (0..rank(x)).filter(|&d| d != dim) {
        wrong |= size(index, d)? > size(x, d)?;
    }
    if let (Some(source), false) = (source, wrong) {
        for d in 0..rank(x) {
            wrong |= size(index, d)? > size(source, d)?;
        }
        if rank(source) != rank(index) {
            bail!(Runtime, "Index tensor must have the same number of dimensions as src tensor");
        }
    }
    if wrong {
        let more = source
            .map_or(String::new(), |s| format!(" and to be no larger size than src {}", int_list(s.shape())));
        bail!(
            Runtime,
            "Expected index {} to be no larger than self {} apart from dimension {dim}{more}",
            int_list(index.shape()),
            int_list(x.shape())
        );
    }
    Ok(())
}

pub(super) fn check_select(x: &Tensor, dim: usize, index: &Tensor) -> Result<()> {
    if index.rank() > 1 {
        bail!(Index, "index_select(): Index is supposed to be a vector");
    }
    if x.rank() == 0 && index.numel() != 1 {
        bail!(
            Runtime,
            "index_select(): Index to scalar can have only 1 value, got {} value(s)",
            index.numel()
        );
    }
    if !is_index(index.dtype()) {
        bail!(Runtime, "index_select(): Expected dtype int32 or int64 for index");
    }
    if size(x, dim)? == 0 && index.numel() > 0 {
        bail!(Runtime, "index_select(): self indexing axis dim should be positive");
    }
    Ok(())
}

pub(super) fn check_add(x: &Tensor, dim: usize, index: &Tensor, source: &Tensor) -> Result<()> {
    if index.rank() > 1 {
        bail!(
            Index,
            "index_add_(): Index is supposed to be a vector, but got dim: {} with type: {} and size: {}",
            index.rank(),
            index.dtype().scalar_name(),
            int_list(index.shape())
        );
    }
    if !is_index(index.dtype()) {
        bail!(
            Runtime,
            "index_add_(): Expected dtype int32/int64 for index but got: {}",
            index.dtype().scalar_name()
        );
    }
    if source.dtype() != x.dtype() {
        bail!(
            Runtime,
            "index_add_(): self ({}) and source ({}) must have the same scalar type",
            x.dtype().scalar_name(),
            source.dtype().scalar_name()
        );
    }
    let along = if source.rank() == 0 { 1 } else { size(source, dim)? };
    if index.numel() != along {
        bail!(
            Runtime,
            "index_add_(): Number of indices ({}) should be equal to source.size(dim): ({along}), for dim: {dim}",
            index.numel()
        );
    }
    let same =
        source.rank() == x.rank() && (0..x.rank()).all(|d| d == dim || x.shape()[d] == source.shape()[d]);
    if !same {
        bail!(
            Runtime,
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {} source.shape = {}",
            int_list(x.shape()),
            int_list(source.shape())
        );
    }
    Ok(())
}

pub(super) fn check_copy(x: &Tensor, dim: usize, index: &Tensor, source: &Tensor) -> Result<()> {
    if index.rank() > 1 {
        bail!(Index, "index_copy_(): Index should have dimension 1 or 0 (got {})", index.rank());
    }
    if source.rank() == 0 && index.numel() != 1 {
        bail!(
            Index,
            "index_copy_(): When source is scalar, index should have one element (got {})",
            index.numel()
        );
    }
    if source.rank() != x.rank() && source.rank() != 0 && x.rank() != 0 {
        bail!(
            Index,
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source dimensionality ({}), destination dimensionality ({})",
            source.rank(),
            x.rank()
        );
    }
    if index.dtype() != DType::I64 {
        bail!(
            Runtime,
            "index_copy_(): Expected a long tensor for index, but got {}",
            index.dtype().scalar_name()
        );
    }
    if x.dtype() != source.dtype() {
        bail!(
            Runtime,
            "index_copy_(): self and source expected to have the same dtype, but got (self) {} and (source) {}",
            x.dtype().scalar_name(),
            source.dtype().scalar_name()
        );
    }
    let slice = |t: &Tensor| -> Vec<usize> {
        t.shape().iter().enumerate().filter(|&(d, _)| d != dim).map(|(_, &n)| n).collect()
    };
    let (to, from) = (slice(x), slice(source));
    if to != from {
        let list = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        bail!(
            Runtime,
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: {} at dimension {dim} and source slice shape: {} at dimension 0.",
            list(&to),
            list(&from)
        );
    }
    if source.rank() > 0 && index.numel() != size(source, dim)? {
        bail!(
            Index,
            "index_copy_(): Number of indices ({}) should be equal to source.size(dim) ({})",
            index.numel(),
            size(source, dim)?
        );
    }
    Ok(())
}

pub(super) fn check_fill(index: &Tensor) -> Result<()> {
    if index.dtype() != DType::I64 {
        bail!(Index, "index_fill_(): Expected dtype int64 for index.");
    }
    if index.rank() > 1 {
        bail!(Runtime, "Index has to be a vector/scalar");
    }
    Ok(())
}
