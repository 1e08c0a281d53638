//! The lowest layer: kernels for dense tensors, the recorder for traced ones.

use super::{Metas, Operation};
use crate::error::{Error, Result};
use crate::storage::Storage;
use crate::tensor::{Claims, Tensor, TensorVec, View, ViewMut, flag};
use smallvec::SmallVec;

/// Computes an operation on tensors without looking at derivatives.
pub(crate) fn compute(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    if inputs.iter().any(|t| t.flags() & flag::SPECIAL != 0) {
        return compute_special(operation, inputs);
    }
    if operation.is_view() {
        let input = inputs[0];
        let meta = input.meta();
        if let Some(layouts) = operation.view(&meta.layout)? {
            return Ok(layouts
                .into_iter()
                .map(|layout| {
                    input.alias(crate::tensor::Meta {
                        layout,
                        dtype: meta.dtype,
                        wrapped_number: meta.wrapped_number,
                    })
                })
                .collect());
        }
    }
    if operation.is_data_dependent() {
        let mut claims = Claims::default();
        let views = inputs.iter().map(|t| claims.read(t)).collect::<Result<SmallVec<[View<'_>; 3]>>>()?;
        let produced = operation.produce(&views)?;
        return Ok(produced.0.into_iter().map(|(meta, storage)| Tensor::from_parts(meta, storage)).collect());
    }
    let metas = infer(operation, inputs)?;
    let mut storages: SmallVec<[Storage; 1]> = SmallVec::new();
    for meta in &metas {
        let elements = if meta.layout.is_contiguous() { meta.elements() } else { meta.layout.span().1 };
        let bytes = elements.checked_mul(meta.dtype.size()).filter(|&b| b <= isize::MAX as usize);
        let Some(bytes) = bytes else {
            return Err(Error::runtime(format!(
                "Storage size calculation overflowed with sizes={}",
                crate::layout::int_list(meta.shape())
            )));
        };
        // Gaps of a layout are never read as uninitialised memory.
        let gapless = meta.layout.is_contiguous() || elements == meta.elements();
        storages.push(if gapless { Storage::allocate(bytes)? } else { Storage::zeroed(bytes)? });
    }
    {
        let mut claims = Claims::default();
        let views = inputs.iter().map(|t| claims.read(t)).collect::<Result<SmallVec<[View<'_>; 3]>>>()?;
        let mut outputs: SmallVec<[ViewMut<'_>; 1]> = metas
            .iter()
            .zip(&storages)
            .map(|(meta, storage)| ViewMut { pointer: storage.pointer(), meta })
            .collect();
        check_unchanged(inputs, &views)?;
        operation.forward(&views, &mut outputs)?;
    }
    Ok(metas.into_iter().zip(storages).map(|(meta, storage)| Tensor::from_parts(meta, storage)).collect())
}

/// The shape rule saw the metadata before the claims were taken; it must still be in force.
#[inline]
pub(crate) fn check_unchanged(inputs: &[&Tensor], views: &[View<'_>]) -> Result<()> {
    for (input, view) in inputs.iter().zip(views) {
        if !std::ptr::eq(input.meta(), view.meta) {
            return Err(Error::runtime(
                "a tensor was given other data by another thread while it was being used",
            ));
        }
    }
    Ok(())
}

pub(crate) fn infer(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<Metas> {
    let metas: SmallVec<[&crate::tensor::Meta; 3]> = inputs.iter().map(|t| t.meta()).collect();
    let mut outputs = Metas::new();
    operation.infer(&metas, &mut outputs)?;
    Ok(outputs)
}

#[cold]
fn compute_special(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    crate::graph::record(operation, inputs)
}
