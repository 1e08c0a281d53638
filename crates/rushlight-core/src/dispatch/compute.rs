//! The lowest layer: kernels for dense tensors, the recorder for traced ones.

use super::long::{run_kernel, work_of};
use super::{Like, Metas, Operation};
use crate::error::{Error, Result};
use crate::storage::Storage;
use crate::tensor::{Claims, Meta, Tensor, TensorVec, View, ViewMut, flag};
use smallvec::SmallVec;
use std::sync::Arc;

/// Computes an operation on tensors without looking at derivatives.
pub(crate) fn compute(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    if inputs.iter().any(|t| t.flags() & flag::SPECIAL != 0) {
        return compute_special(operation, inputs);
    }
    let mut input_metas: SmallVec<[&Meta; 3]> = SmallVec::new();
    for input in inputs {
        input_metas.push(input.meta());
    }
    let mut number = rushlight_kernels::Scalar::from(0.0);
    if let Some(Like { input, row }) = operation.like(&input_metas, &mut number) {
        // If the metadata was replaced in between, the check under the claims finds it.
        let meta = inputs[input].meta_ref();
        return match row {
            Some(row) => compute_row(inputs, &input_metas, meta, row, &number),
            None => compute_one(operation, inputs, &input_metas, meta),
        };
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
        let produced = run_kernel(work_of(operation, &input_metas, 0), || {
            let mut claims = Claims::default();
            let views = claims.read_all(inputs);
            operation.produce(&views)
        })?;
        return Ok(produced.0.into_iter().map(|(meta, storage)| Tensor::from_parts(meta, storage)).collect());
    }
    let mut metas = Metas::new();
    operation.infer(&input_metas, &mut metas)?;
    if metas.len() == 1
        && let Some(meta) = metas.pop()
    {
        return compute_one(operation, inputs, &input_metas, Arc::new(meta));
    }
    let mut storages: SmallVec<[Storage; 1]> = SmallVec::new();
    for meta in &metas {
        storages.push(storage_for(meta)?);
    }
    let elements = metas.iter().map(Meta::elements).sum();
    run_kernel(work_of(operation, &input_metas, elements), || {
        let mut claims = Claims::default();
        let views = claims.read_all(inputs);
        let mut outputs: SmallVec<[ViewMut<'_>; 1]> = metas
            .iter()
            .zip(&storages)
            .map(|(meta, storage)| ViewMut { pointer: storage.pointer(), meta })
            .collect();
        check_unchanged(&input_metas, &views)?;
        operation.forward(&views, &mut outputs)
    })?;
    Ok(metas.into_iter().zip(storages).map(|(meta, storage)| Tensor::from_parts(meta, storage)).collect())
}

/// The common case: one result, made without moving its metadata more than once.
#[inline]
fn compute_one(
    operation: &dyn Operation,
    inputs: &[&Tensor],
    seen: &[&Meta],
    meta: Arc<Meta>,
) -> Result<TensorVec> {
    let storage = storage_for(&meta)?;
    run_kernel(work_of(operation, seen, meta.elements()), || {
        let mut claims = Claims::default();
        let views = claims.read_all(inputs);
        check_unchanged(seen, &views)?;
        operation.forward(&views, &mut [ViewMut { pointer: storage.pointer(), meta: &meta }])
    })?;
    let mut results = TensorVec::new();
    results.push(Tensor::from_parts(meta, storage));
    Ok(results)
}

/// The shortest way: one call of a row kernel over operands that are all alike.
#[inline]
fn compute_row(
    inputs: &[&Tensor],
    seen: &[&Meta],
    meta: Arc<Meta>,
    row: rushlight_kernels::Row,
    number: &rushlight_kernels::Scalar,
) -> Result<TensorVec> {
    const ONES: [isize; 4] = [1; 4];
    let storage = Storage::allocate(meta.elements() * meta.dtype.size())?;
    {
        let mut claims = Claims::default();
        let mut pointers = [storage.pointer(); 4];
        for ((pointer, input), seen) in pointers[1..].iter_mut().zip(inputs).zip(seen) {
            let view = claims.read(input);
            if !std::ptr::eq(*seen, view.meta) {
                return Err(changed_meanwhile());
            }
            *pointer = view.pointer.cast_mut();
        }
        // SAFETY: the operation vouches that all operands are row-major, of the result's shape and of the kernel's
        // dtype; they are claimed, and the result is fresh.
        unsafe { row(meta.elements(), pointers.as_ptr(), ONES.as_ptr(), std::ptr::from_ref(number).cast()) };
    }
    let mut results = TensorVec::new();
    results.push(Tensor::from_parts(meta, storage));
    Ok(results)
}

#[cold]
fn changed_meanwhile() -> Error {
    Error::runtime("a tensor was given other data by another thread while it was being used")
}

/// Fresh memory for a result.
#[inline]
fn storage_for(meta: &Meta) -> Result<Storage> {
    let elements = if meta.layout.is_contiguous() { meta.elements() } else { meta.layout.span().1 };
    let bytes = elements.checked_mul(meta.dtype.size()).filter(|&b| isize::try_from(b).is_ok());
    let Some(bytes) = bytes else {
        return Err(Error::runtime(format!(
            "Storage size calculation overflowed with sizes={}",
            crate::layout::int_list(meta.shape())
        )));
    };
    // Gaps of a layout are never read as uninitialised memory.
    let gapless = meta.layout.is_contiguous() || elements == meta.elements();
    if gapless { Storage::allocate(bytes) } else { Storage::zeroed(bytes) }
}

/// The shape rule saw the metadata before the claims were taken; it must still be in force.
#[inline]
pub(crate) fn check_unchanged(seen: &[&Meta], views: &[View<'_>]) -> Result<()> {
    for (seen, view) in seen.iter().zip(views) {
        if !std::ptr::eq(*seen, view.meta) {
            return Err(Error::runtime(
                "a tensor was given other data by another thread while it was being used",
            ));
        }
    }
    Ok(())
}

#[cold]
fn compute_special(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    crate::graph::record(operation, inputs)
}
