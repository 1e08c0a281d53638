//! The funnel's entrance and the layer that differentiates.

use super::{Differentiability, Needs, Operation, Primitive, compute};
use crate::autograd::{ForwardContext, NodeHeader, edges_of, record, save_outputs};
use crate::error::Result;
use crate::state::{self, ThreadState};
use crate::tensor::{Tensor, TensorVec, flag};
use crate::transform;
use smallvec::SmallVec;

/// Applies an operation with one result.
///
/// ```
/// use rushlight_core::{Tensor, dispatch::apply, ops::unary::Sin};
/// let x = Tensor::from_slice(&[0.0f32]);
/// assert_eq!(apply(Sin, &[&x])?.to_vec::<f32>()?, [0.0]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
#[inline]
pub fn apply<P: Primitive + Clone>(operation: P, inputs: &[&Tensor]) -> Result<Tensor> {
    let mut results = run(&operation, inputs)?;
    Ok(results.pop().expect("an operation has a result"))
}

/// Applies an operation with any number of results.
#[inline]
pub fn apply_multi<P: Primitive + Clone>(operation: P, inputs: &[&Tensor]) -> Result<TensorVec> {
    run(&operation, inputs)
}

/// The funnel.
pub(crate) fn run(operation: &dyn Operation, inputs: &[&Tensor]) -> Result<TensorVec> {
    let mut flags = 0;
    for input in inputs {
        flags |= input.flags();
    }
    state::with(|thread| {
        if thread.depth.get() != 0 || flags & flag::SPECIAL != 0 {
            transform::dispatch(operation, inputs, flags)
        } else {
            difference(operation, inputs, flags, thread, |inputs| compute(operation, inputs))
        }
    })
    .map_err(|error| explain(error, operation, inputs))
}

/// Adds what the operation was applied to, unless a nested operation has said so already.
#[cold]
fn explain(error: crate::Error, operation: &dyn Operation, inputs: &[&Tensor]) -> crate::Error {
    if !error.help().is_empty() {
        return error;
    }
    let name = operation.name().split("Backward").next().unwrap_or_default();
    let operands: Vec<String> = inputs.iter().map(|t| t.meta().describe()).collect();
    error.with_help(format!("in {name}({})", operands.join(", ")))
}

/// The layer that differentiates: computes by what is below it, then propagates tangents and records a node.
#[inline]
pub(crate) fn difference(
    operation: &dyn Operation,
    inputs: &[&Tensor],
    mut flags: u32,
    thread: &ThreadState,
    below: impl FnOnce(&[&Tensor]) -> Result<TensorVec>,
) -> Result<TensorVec> {
    if flags & flag::VIEW != 0 {
        flags |= crate::autograd::refresh_views(inputs)?;
    }
    let records = flags & flag::NEEDS_GRAD != 0 && thread.grad_enabled.get();
    let mut results = below(inputs)?;
    if operation.tracks_view() {
        crate::autograd::track_views(inputs[0], &results, thread);
    }
    let forward = flags & flag::TANGENT != 0 && thread.forward_grad_enabled.get();
    if records && operation.differentiability() == Differentiability::Differentiable {
        let (edges, needs) = edges_of(operation, inputs);
        let saves = operation.saves(needs);
        let node = record(operation, edges, saves, inputs, None, &mut results, thread);
        if forward {
            propagate_tangents(operation, inputs, &results)?;
        }
        if let Some(node) = node {
            save_outputs(&node, saves, &results);
        }
    } else if forward {
        propagate_tangents(operation, inputs, &results)?;
    }
    Ok(results)
}

/// Forward mode: the tangents of the results.
#[cold]
pub(crate) fn propagate_tangents(
    operation: &dyn Operation,
    inputs: &[&Tensor],
    results: &TensorVec,
) -> Result<()> {
    if let Some(tangents) = tangents_of(operation, inputs, results)? {
        for (result, tangent) in results.iter().zip(tangents) {
            result.set_tangent(tangent);
        }
    }
    Ok(())
}

/// Computes the tangents of results, fitted to their shapes and dtypes.
pub(crate) fn tangents_of(
    operation: &dyn Operation,
    inputs: &[&Tensor],
    results: &[Tensor],
) -> Result<Option<Vec<Option<Tensor>>>> {
    if operation.differentiability() != Differentiability::Differentiable {
        return Ok(None);
    }
    let tangents: SmallVec<[Option<Tensor>; 3]> = inputs.iter().map(|t| t.tangent()).collect();
    if tangents.iter().all(Option::is_none) {
        return Ok(None);
    }
    let context = ForwardContext::new(inputs, results);
    let _guard = crate::autograd::ForwardGradGuard::disable();
    let raw = operation.jvp_all(&context, &tangents)?;
    let mut fitted = Vec::with_capacity(results.len());
    for (tangent, result) in raw.into_iter().zip(results) {
        fitted.push(match tangent {
            Some(t) if result.dtype().is_floating_point() => Some(fit(&t, result)?),
            _ => None,
        });
    }
    Ok(Some(fitted))
}

/// A tangent has shape and dtype of its primal.
fn fit(tangent: &Tensor, primal: &Tensor) -> Result<Tensor> {
    let mut tangent = tangent.clone();
    if tangent.dtype() != primal.dtype() {
        tangent = tangent.to_dtype(primal.dtype())?;
    }
    if tangent.shape() != primal.shape() {
        tangent = tangent.expand(primal.shape())?;
    }
    Ok(tangent)
}

/// What the recorder needs to know of an operation.
pub(crate) fn header(
    edges: SmallVec<[crate::autograd::Edge; 2]>,
    outputs: &[Tensor],
    saved: crate::autograd::SavedValues,
    thread: &ThreadState,
) -> NodeHeader {
    let sequence = thread.sequence.get();
    thread.sequence.set(sequence + 1);
    let mut metas = SmallVec::new();
    for output in outputs {
        metas.push(crate::autograd::OutputMeta::of(output));
    }
    NodeHeader { edges, outputs: metas, saved, sequence }
}

/// Which inputs an operation differentiates.
pub(crate) fn needs_of(inputs: &[&Tensor]) -> Needs {
    let mut bits = 0;
    for (i, input) in inputs.iter().enumerate().take(64) {
        if input.flags() & flag::NEEDS_GRAD != 0 {
            bits |= 1 << i;
        }
    }
    Needs(bits)
}
