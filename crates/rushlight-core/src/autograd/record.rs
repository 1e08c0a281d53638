//! Making nodes.

use super::view::RebasePlan;
use super::{Edge, GradFn, NodeRef, SavedValues};
use crate::dispatch::{Needs, Operation, Saves};
use crate::error::Result;
use crate::state::ThreadState;
use crate::tensor::{Tensor, TensorVec, flag};
use smallvec::SmallVec;

/// Where the gradients of an operation's inputs go, and which are needed.
#[inline]
pub(crate) fn edges_of(operation: &dyn Operation, inputs: &[&Tensor]) -> (SmallVec<[Edge; 2]>, Needs) {
    let mut edges: SmallVec<[Edge; 2]> = SmallVec::new();
    for input in inputs {
        edges.push(input.gradient_edge());
    }
    operation.arrange_edges(&mut edges);
    let mut needs = 0;
    for (i, edge) in edges.iter().enumerate().take(64) {
        if !matches!(edge, Edge::None) {
            needs |= 1 << i;
        }
    }
    (edges, Needs(needs))
}

/// Records an operation: its results become outputs of a new node.
#[inline]
pub(crate) fn record(
    operation: &dyn Operation,
    edges: SmallVec<[Edge; 2]>,
    saves: Saves,
    inputs: &[&Tensor],
    originals: Option<&Tensor>,
    results: &mut TensorVec,
    thread: &ThreadState,
) -> Option<NodeRef> {
    if !results.iter().any(|r| r.dtype().is_floating_point()) {
        return None;
    }
    let saved = SavedValues::collect(saves, inputs, originals);
    let node = operation.node(crate::dispatch::header(edges, results, saved, thread));
    for (output, result) in results.iter_mut().enumerate() {
        if !result.dtype().is_floating_point() {
            continue;
        }
        let grad_fn = Some(GradFn { node: node.clone(), output: output as u32 });
        match result.state_mut() {
            Some(state) => state.grad_fn = grad_fn,
            None => result.lock().grad_fn = grad_fn,
        }
        result.set_flag(flag::HAS_GRAD_FN, true);
    }
    Some(node)
}

/// Saves results for the rule. This comes after tangents were propagated, which the saved copies keep; and tangents
/// come after recording, because a rule for forward mode may read a result, and what it computes must lead back.
pub(crate) fn save_outputs(node: &NodeRef, saves: Saves, results: &[Tensor]) {
    if saves.outputs == 0 {
        return;
    }
    for (output, result) in results.iter().enumerate().take(32) {
        if saves.outputs >> output & 1 == 1 {
            node.saved.lock().push_output(output, result);
        }
    }
}

/// Records an in-place change: the tensor becomes the output of a new node, and if it is a view its base follows.
pub(crate) fn record_in_place(
    operation: &dyn Operation,
    edges: SmallVec<[Edge; 2]>,
    saved: SavedValues,
    target: &Tensor,
    plan: Option<RebasePlan>,
) -> Result<NodeRef> {
    let outputs = std::slice::from_ref(target);
    let node =
        operation.node(crate::state::with(|thread| crate::dispatch::header(edges, outputs, saved, thread)));
    match plan {
        Some(plan) => plan.rebase(target, node.clone())?,
        None => target.set_grad_fn(Some(GradFn { node: node.clone(), output: 0 })),
    }
    Ok(node)
}
