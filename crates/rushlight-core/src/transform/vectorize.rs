//! The layer that vectorises: `vmap`.

use super::{Kind, Layer, LayerGuard, level_of, lowered};
use crate::dispatch::{Aliasing, BatchedInput, Operation};
use crate::error::{Error, Result, bail};
use crate::layout::Layout;
use crate::storage::Storage;
use crate::tensor::{Meta, Special, Tensor, TensorVec, flag};
use smallvec::SmallVec;

/// Hides a dimension of a tensor at a level.
fn hide(inner: Tensor, dim: usize, level: usize) -> Result<Tensor> {
    let meta = inner.meta();
    let mut shape: SmallVec<[usize; 4]> = SmallVec::from_slice(meta.shape());
    shape.remove(dim);
    let mut strides: SmallVec<[isize; 4]> = SmallVec::from_slice(meta.layout.strides());
    strides.remove(dim);
    let layout = Layout::new(&shape, &strides, meta.layout.offset());
    let tensor = Tensor::from_parts(Meta::new(layout, meta.dtype), Storage::allocate(0)?);
    tensor.with_extra(|e| e.special = Some(Special::Batched { level, dim, inner }));
    tensor.set_flag(flag::SPECIAL, true);
    Ok(tensor)
}

fn reveal(tensor: &Tensor, level: usize) -> BatchedInput {
    match tensor.special() {
        Some(Special::Batched { level: l, dim, inner }) if l == level => {
            BatchedInput { tensor: inner, dim: Some(dim) }
        }
        _ => BatchedInput { tensor: tensor.clone(), dim: None },
    }
}

pub(super) fn apply(
    operation: &dyn Operation,
    inputs: &[&Tensor],
    layer: &Layer,
    size: usize,
) -> Result<TensorVec> {
    let inputs: Vec<BatchedInput> = inputs.iter().map(|t| reveal(t, layer.level)).collect();
    let results = lowered(layer, || batched(operation, &inputs, size))?;
    results
        .into_iter()
        .map(|(result, dim)| match dim {
            Some(dim) => hide(result, dim, layer.level),
            None => Ok(result),
        })
        .collect()
}

pub(super) fn apply_in_place(
    operation: &dyn Operation,
    target: &Tensor,
    inputs: &[&Tensor],
    layer: &Layer,
    size: usize,
) -> Result<()> {
    let revealed: Vec<BatchedInput> = inputs.iter().map(|t| reveal(t, layer.level)).collect();
    let BatchedInput { tensor: inner, dim: Some(target_dim) } = reveal(target, layer.level) else {
        bail!(Runtime, "vmap: the target of an in-place change does not belong to this vmap");
    };
    lowered(layer, || {
        let mut results = batched(operation, &revealed, size)?;
        let Some((result, dim)) = results.pop() else {
            bail!(Runtime, "vmap: {} has no result", operation.name());
        };
        let result = match dim {
            Some(dim) => result.movedim(&[dim as i64], &[target_dim as i64])?,
            None => result.unsqueeze(target_dim as i64)?,
        };
        if result.shape() != inner.shape() {
            bail!(
                Runtime,
                "output with shape {} doesn't match the broadcast shape {}",
                crate::layout::int_list(inner.shape()),
                crate::layout::int_list(result.shape())
            );
        }
        inner.copy_(&result)?;
        Ok(())
    })
}

/// The operation's own rule, else the rule of elementwise operations, else a loop.
fn batched(
    operation: &dyn Operation,
    inputs: &[BatchedInput],
    size: usize,
) -> Result<Vec<(Tensor, Option<usize>)>> {
    if let Some(results) = operation.batch(inputs, size)? {
        return Ok(results);
    }
    if operation.aliasing() == Aliasing::Elementwise
        && let Some(aligned) = align(inputs)?
    {
        let references: SmallVec<[&Tensor; 3]> = aligned.iter().collect();
        let results = crate::dispatch::run(operation, &references)?;
        return Ok(results.into_iter().map(|r| (r, Some(0))).collect());
    }
    by_loop(operation, inputs, size)
}

/// Brings the hidden dimension to the front of each input and fills up ranks, so that broadcasting does the rest.
/// `None` where that would change the promotion of dtypes.
fn align(inputs: &[BatchedInput]) -> Result<Option<Vec<Tensor>>> {
    let rank = |i: &BatchedInput| i.tensor.rank() - usize::from(i.dim.is_some());
    let logical = inputs.iter().map(rank).max().unwrap_or(0);
    let same_dtype = inputs.iter().all(|i| i.tensor.dtype() == inputs[0].tensor.dtype());
    if !same_dtype && inputs.iter().any(|i| rank(i) == 0 && i.dim.is_some()) {
        return Ok(None);
    }
    let mut aligned = Vec::with_capacity(inputs.len());
    for input in inputs {
        let Some(dim) = input.dim else {
            aligned.push(input.tensor.clone());
            continue;
        };
        let mut tensor = input.tensor.movedim(&[dim as i64], &[0])?;
        for _ in rank(input)..logical {
            tensor = tensor.unsqueeze(1)?;
        }
        aligned.push(tensor);
    }
    Ok(Some(aligned))
}

/// One by one: never wrong, where there is no rule.
fn by_loop(
    operation: &dyn Operation,
    inputs: &[BatchedInput],
    size: usize,
) -> Result<Vec<(Tensor, Option<usize>)>> {
    if operation.is_view() {
        // A loop would give copies, and a change of a copy would be lost.
        bail!(NotImplemented, "vmap: there is no batching rule for the view {}", operation.name());
    }
    if size == 0 {
        bail!(NotImplemented, "vmap over a dimension of size 0 is not supported for {}", operation.name());
    }
    let mut columns: Vec<Vec<Tensor>> = Vec::new();
    for i in 0..size {
        let slices: SmallVec<[Tensor; 3]> = inputs
            .iter()
            .map(|input| match input.dim {
                Some(dim) => input.tensor.select(dim as i64, i as i64),
                None => Ok(input.tensor.clone()),
            })
            .collect::<Result<_>>()?;
        let references: SmallVec<[&Tensor; 3]> = slices.iter().collect();
        for (output, result) in crate::dispatch::run(operation, &references)?.into_iter().enumerate() {
            if columns.len() <= output {
                columns.push(Vec::with_capacity(size));
            }
            columns[output].push(result);
        }
    }
    columns.into_iter().map(|column| Ok((Tensor::stack(&column, 0)?, Some(0)))).collect()
}

/// A vectorising layer, for callers that cannot use closures (the binding).
pub struct Vectorization {
    guard: LayerGuard,
    size: usize,
}

impl Vectorization {
    /// Enters a new level for a hidden dimension of the given size.
    pub fn enter(size: usize) -> Self {
        Self { guard: LayerGuard::enter(Kind::Vectorize { size }), size }
    }

    /// The number of the level.
    pub fn level(&self) -> usize {
        self.guard.level
    }

    /// An input with one dimension hidden.
    ///
    /// # Errors
    /// If the dimension is out of range, or of another size.
    pub fn input(&self, tensor: &Tensor, dim: i64) -> Result<Tensor> {
        if tensor.rank() == 0 {
            bail!(Value, "vmap: in_dims is {dim} but the input has no dimensions");
        }
        let dim = tensor.layout().dim(dim)?;
        if tensor.shape()[dim] != self.size {
            bail!(
                Value,
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [{}, {}] for the mapped dimension",
                self.size,
                tensor.shape()[dim]
            );
        }
        hide(tensor.clone(), dim, self.guard.level)
    }

    /// A result with its hidden dimension visible at the given place. Must be called after leaving the layer.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn output(self_level: usize, size: usize, tensor: &Tensor, dim: i64) -> Result<Tensor> {
        match reveal(tensor, self_level) {
            BatchedInput { tensor, dim: Some(at) } => tensor.movedim(&[at as i64], &[dim]),
            BatchedInput { tensor, dim: None } => {
                let mut shape = vec![size];
                shape.extend_from_slice(tensor.shape());
                tensor.expand(&shape)?.movedim(&[0], &[dim])
            }
        }
    }
}

/// Maps a function over a dimension of its input (`torch.func.vmap`).
///
/// ```
/// use rushlight_core::{Tensor, transform::vmap};
/// let x = Tensor::from_vec([1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
/// let sums = vmap(|row| row.sum(), &x, 0, 0)?;
/// assert_eq!(sums.to_vec::<f32>()?, [3.0, 7.0]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// If a dimension is out of range, and whatever the function raises.
pub fn vmap(
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
    x: &Tensor,
    in_dim: i64,
    out_dim: i64,
) -> Result<Tensor> {
    if x.rank() == 0 {
        return Err(Error::value(format!("vmap: in_dims is {in_dim} but the input has no dimensions")));
    }
    let size = x.shape()[x.layout().dim(in_dim)?];
    let layer = Vectorization::enter(size);
    let input = layer.input(x, in_dim)?;
    let output = f(&input)?;
    let level = layer.level();
    debug_assert!(level_of(&input) == Some(level));
    drop(layer);
    Vectorization::output(level, size, &output, out_dim)
}
