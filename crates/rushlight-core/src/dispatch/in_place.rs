//! The same operations, written over a tensor that exists.
//!
//! Note \[In-place order\]: take the edges from the tensor before the change; copy the input only if the rule saves it;
//! compute; bump the version; record. On a view, the base's history is rebased (`autograd::rebase`). A prototype that
//! took the edges afterwards lost gradients silently (FACTS).

use super::apply::tangents_of;
use super::compute::check_unchanged;
use super::long::{run_kernel, work_of};
use super::{Aliasing, Differentiability, Metas, Operation, Primitive};
use crate::autograd::{self, edges_of};
use crate::dtype::{DTypeNames, can_cast};
use crate::error::{Result, bail};
use crate::layout::int_list;
use crate::state;
use crate::tensor::{Claims, Meta, Tensor, TensorVec, flag};
use crate::transform;
use smallvec::SmallVec;

/// Applies an operation and writes its result over the first input (`x.add_(y)`).
///
/// # Errors
/// Those of the operation, and PyTorch's for leaves that require a gradient, for results that cannot be cast to the
/// tensor's dtype, for shapes that do not fit, and for memory that overlaps.
pub fn apply_in_place<P: Primitive + Clone>(operation: P, inputs: &[&Tensor]) -> Result<Tensor> {
    run_in_place(&operation, inputs[0], inputs)?;
    Ok(inputs[0].clone())
}

/// Applies an operation and writes its result into `out`, which is resized where its shape differs (`out=`).
///
/// # Errors
/// Those of the operation; `out=` does not record, so neither inputs nor `out` may require a gradient.
pub fn apply_out<P: Primitive + Clone>(operation: P, inputs: &[&Tensor], out: &Tensor) -> Result<Tensor> {
    let needs = |t: &Tensor| t.flags() & flag::NEEDS_GRAD != 0;
    if autograd::is_grad_enabled() && (inputs.iter().any(|t| needs(t)) || needs(out)) {
        let name = operation.name().split("Backward").next().unwrap_or_default().to_lowercase();
        bail!(
            Runtime,
            "{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad."
        );
    }
    let result = super::apply(operation, inputs)?;
    write_out(&result, out)?;
    Ok(out.clone())
}

/// Writes a result into `out`, with PyTorch's rules for `out=`.
pub(crate) fn write_out(result: &Tensor, out: &Tensor) -> Result<()> {
    if !can_cast(result.dtype(), out.dtype()) {
        bail!(
            Runtime,
            "result type {} can't be cast to the desired output type {}",
            result.dtype().scalar_name(),
            out.dtype().scalar_name()
        );
    }
    if out.shape() != result.shape() {
        if out.numel() != 0 {
            crate::warning::warn(
                crate::warning::Category::User,
                format!(
                    "An output with one or more elements was resized since it had shape {}, which does not match the required output shape {}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                    int_list(out.shape()),
                    int_list(result.shape())
                ),
            );
        }
        out.resize_(result.shape())?;
    }
    let _guard = autograd::GradMode::set(false);
    out.copy_(result)?;
    Ok(())
}

pub(crate) fn run_in_place(operation: &dyn Operation, target: &Tensor, inputs: &[&Tensor]) -> Result<()> {
    let mut flags = target.flags();
    for input in inputs {
        flags |= input.flags();
    }
    state::with(|thread| {
        if thread.depth.get() != 0 || flags & flag::SPECIAL != 0 {
            return transform::dispatch_in_place(operation, target, inputs, flags);
        }
        difference_in_place(operation, target, inputs, flags, |inputs| {
            compute_over(operation, target, inputs)
        })
    })
}

/// The layer that differentiates, for an in-place change; see Note [In-place order].
pub(crate) fn difference_in_place(
    operation: &dyn Operation,
    target: &Tensor,
    inputs: &[&Tensor],
    mut flags: u32,
    below: impl FnOnce(&[&Tensor]) -> Result<()>,
) -> Result<()> {
    if flags & flag::VIEW != 0 {
        flags |= autograd::refresh_views(inputs)? | autograd::refresh_views(&[target])?;
    }
    let thread_grad = autograd::is_grad_enabled();
    let needs_grad = flags & flag::NEEDS_GRAD != 0 && thread_grad;
    autograd::check_in_place(target, needs_grad)?;
    let differentiable = operation.differentiability() == Differentiability::Differentiable
        && target.dtype().is_floating_point();
    let records = needs_grad && differentiable;
    let forward = flags & flag::TANGENT != 0 && state::with(|t| t.forward_grad_enabled.get());

    let mut plan = None;
    let mut originals = None;
    if records || forward {
        let (edges, needs) = edges_of(operation, inputs);
        let saves = operation.saves(needs);
        let overwritten = inputs.first().is_some_and(|x| x.is_same(target));
        if overwritten && (saves.inputs & 1 == 1 && records || forward) {
            originals = Some(inputs[0].clone_data()?);
        }
        plan = Some((edges, saves));
    }
    let saved = match &plan {
        Some((_, saves)) if records => autograd::SavedValues::collect(*saves, inputs, originals.as_ref()),
        _ => autograd::SavedValues::new(),
    };
    let base_edges = records.then(|| autograd::RebasePlan::before(target)).transpose()?;

    below(inputs)?;
    target.bump_version();

    let mut node = None;
    if let (true, Some((edges, saves))) = (records, plan) {
        node = Some((autograd::record_in_place(operation, edges, saved, target, base_edges)?, saves));
    }
    if forward {
        let results: TensorVec = smallvec::smallvec![target.clone()];
        let mut originals_in: Vec<&Tensor> = inputs.to_vec();
        if let (Some(original), true) = (&originals, inputs[0].is_same(target)) {
            originals_in[0] = original;
        }
        let tangents = tangents_of(operation, &originals_in, &results)?;
        target.change_tangent(tangents.and_then(|mut t| t.pop()).flatten())?;
    }
    if let Some((node, saves)) = node {
        autograd::save_outputs(&node, saves, std::slice::from_ref(target));
    }
    Ok(())
}

/// Computes over the target's own storage.
pub(crate) fn compute_over(operation: &dyn Operation, target: &Tensor, inputs: &[&Tensor]) -> Result<()> {
    let mut seen: SmallVec<[&Meta; 3]> = SmallVec::new();
    for input in inputs {
        seen.push(input.meta());
    }
    let target_meta = target.meta();
    let mut metas = Metas::new();
    operation.infer(&seen, &mut metas)?;
    let result = &metas[0];
    if !can_cast(result.dtype, target.dtype()) {
        bail!(
            Runtime,
            "result type {} can't be cast to the desired output type {}",
            result.dtype.scalar_name(),
            target.dtype().scalar_name()
        );
    }
    if result.shape() != target.shape() {
        bail!(
            Runtime,
            "output with shape {} doesn't match the broadcast shape {}",
            int_list(target.shape()),
            int_list(result.shape())
        );
    }
    check_overlap(operation, target, inputs)?;
    let direct = result.dtype == target.dtype() && operation.aliasing() != Aliasing::Forbidden;
    if direct {
        return run_kernel(work_of(operation, &seen, target_meta.elements()), || {
            let mut claims = Claims::default();
            let (view, views) = claims.write(target, inputs)?;
            check_unchanged(&seen, &views)?;
            if !std::ptr::eq(target_meta, view.meta) {
                bail!(Runtime, "a tensor was given other data by another thread while it was being used");
            }
            operation.forward(&views, &mut [view])
        });
    }
    // The result has another dtype, or reads what it would overwrite: compute it aside, then copy.
    let aside = super::compute(operation, inputs)?;
    copy_over(target, &aside[0])
}

/// Copies a dense result into a dense target of the same shape.
pub(crate) fn copy_over(target: &Tensor, source: &Tensor) -> Result<()> {
    let mut claims = Claims::default();
    let (mut to, from) = claims.write(target, &[source])?;
    crate::ops::copy::copy_view(&mut to, &from[0]);
    Ok(())
}

/// PyTorch's two overlap errors.
fn check_overlap(operation: &dyn Operation, target: &Tensor, inputs: &[&Tensor]) -> Result<()> {
    let layout = target.layout();
    if layout.overlaps_itself() == Some(true) {
        bail!(
            Runtime,
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation."
        );
    }
    if operation.aliasing() == Aliasing::Forbidden {
        return Ok(());
    }
    for (number, input) in inputs.iter().enumerate() {
        if input.is_same(target) && number == 0 || !input.shares_storage(target) {
            continue;
        }
        let allowed = number == 0 || operation.aliasing() == Aliasing::Elementwise;
        if allowed && same_place(input.meta(), target.meta()) || input.numel() == 0 || target.numel() == 0 {
            continue;
        }
        let bytes = |m: &Meta| {
            let (low, high) = m.layout.span();
            (low * m.dtype.size(), high * m.dtype.size())
        };
        let (a, b) = (bytes(input.meta()), bytes(target.meta()));
        if a.0 < b.1
            && b.0 < a.1
            && input.layout().is_non_overlapping_and_dense()
            && layout.is_non_overlapping_and_dense()
        {
            bail!(
                Runtime,
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation."
            );
        }
    }
    Ok(())
}

/// Whether two tensors over one storage have every element in the same place.
fn same_place(a: &Meta, b: &Meta) -> bool {
    a.dtype == b.dtype
        && a.layout.offset() == b.layout.offset()
        && a.shape() == b.shape()
        && a.layout.strides() == b.layout.strides()
}
