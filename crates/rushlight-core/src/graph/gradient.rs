//! Derivatives in graphs: a request that is recorded, and traced when a plan for concrete shapes is made.

use super::building::{Graph, Kind, NodeId, Record, no_value};
use super::node::Node;
use crate::autograd::{self, BackwardOptions};
use crate::error::{Result, bail};
use crate::tensor::Tensor;
use std::sync::Arc;

/// Derivatives of the sum of `outputs` with respect to `inputs`, asked for together.
pub(super) struct Request {
    pub(super) outputs: Vec<NodeId>,
    pub(super) inputs: Vec<NodeId>,
    /// What to multiply each output with; `None` is ones.
    pub(super) weights: Vec<Option<NodeId>>,
}

impl Graph {
    /// The derivatives of the sum of all elements of `outputs` with respect to each of `inputs`; `None` where the
    /// outputs do not depend on an input (`tf.gradients`). Derivatives can be differentiated again.
    ///
    /// Rules of differentiation are PyTorch's: where `maximum` meets two equal numbers, each gets half of the gradient.
    ///
    /// # Errors
    /// If a node belongs to another graph, or has no value.
    pub fn gradients(&self, outputs: &[&Node], inputs: &[&Node]) -> Result<Vec<Option<Node>>> {
        self.gradients_weighted(outputs, inputs, &[], "gradients")
    }

    /// [`Graph::gradients`] with tensors that the outputs are multiplied with (`grad_ys`), and another scope of names.
    ///
    /// # Errors
    /// As [`Graph::gradients`], and if a weight has another shape than its output.
    pub fn gradients_weighted(
        &self,
        outputs: &[&Node],
        inputs: &[&Node],
        weights: &[Option<&Node>],
        scope: &str,
    ) -> Result<Vec<Option<Node>>> {
        for node in outputs.iter().chain(inputs).chain(weights.iter().flatten()) {
            self.own(node)?;
            if node.dtype().is_none() {
                return Err(no_value(node));
            }
        }
        for (output, weight) in outputs.iter().zip(weights) {
            let Some(weight) = weight else { continue };
            if weight.dtype() != output.dtype() || !weight.shape().is_compatible_with(output.shape()) {
                bail!(Value, "the gradient {weight} does not fit the output {output}");
            }
        }
        // Only what is connected is part of the request: a session must not ask for anything else to be fed.
        let connected = |a: &Node, b: &Node| self.depends(a.id, b.id);
        let reached: Vec<bool> =
            inputs.iter().map(|input| outputs.iter().any(|output| connected(output, input))).collect();
        let (mut used, mut given) = (Vec::new(), Vec::new());
        for (i, output) in outputs.iter().enumerate() {
            if inputs.iter().any(|input| connected(output, input)) {
                used.push(output.id);
                given.push(weights.get(i).copied().flatten().map(|node| node.id));
            }
        }
        let request = Arc::new(Request {
            outputs: used,
            inputs: inputs
                .iter()
                .zip(&reached)
                .filter(|(_, reached)| **reached)
                .map(|(node, _)| node.id)
                .collect(),
            weights: given,
        });
        let mut reads: Vec<NodeId> = request.outputs.clone();
        reads.extend(&request.inputs);
        reads.extend(request.weights.iter().flatten());
        let outer = self.enter_scope(scope);
        let mut index = 0;
        let mut made = Vec::with_capacity(inputs.len());
        for (input, reached) in inputs.iter().zip(reached) {
            made.push(reached.then(|| {
                index += 1;
                self.push(Record {
                    name: self.unique_name(&format!("{}_grad", input.name())),
                    kind: Kind::Gradient { request: request.clone(), index: index - 1 },
                    inputs: reads.clone(),
                    shape: input.shape().clone(),
                    dtype: input.dtype(),
                })
            }));
        }
        self.leave_scope(outer);
        Ok(made)
    }

    /// Whether a gradient can flow from `output` to `input`.
    fn depends(&self, output: NodeId, input: NodeId) -> bool {
        let body = self.body();
        let mut seen = vec![false; output + 1];
        let mut waiting = vec![output];
        while let Some(id) = waiting.pop() {
            // Inputs have lower numbers: what is below the wanted node cannot reach it.
            if id < input || std::mem::replace(&mut seen[id], true) {
                continue;
            }
            let record = &body.nodes[id];
            if !record.dtype.is_some_and(crate::DType::is_floating_point) {
                continue;
            }
            if id == input {
                return true;
            }
            if !matches!(&record.kind, Kind::Operation(rule, _) if !rule.differentiable) {
                waiting.extend(&record.inputs);
            }
        }
        false
    }
}

impl Request {
    /// Traces the derivatives, given the traced values of nodes. The gradient of an input that the outputs turn out not
    /// to depend on is zero.
    pub(super) fn trace(&self, value: &dyn Fn(NodeId) -> Result<Tensor>) -> Result<Vec<Tensor>> {
        let inputs = self.inputs.iter().map(|&id| value(id)).collect::<Result<Vec<_>>>()?;
        let mut outputs = Vec::new();
        let mut weights = Vec::new();
        for (&output, weight) in self.outputs.iter().zip(&self.weights) {
            let output = value(output)?;
            if output.requires_grad() {
                weights.push(Some(match weight {
                    Some(weight) => value(*weight)?,
                    None => output.ones_like()?,
                }));
                outputs.push(output);
            }
        }
        // Inputs that are no floating-point numbers have no gradient, and nobody can have asked for it.
        let wanted: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].requires_grad()).collect();
        let mut gradients: Vec<Option<Tensor>> = vec![None; inputs.len()];
        if !outputs.is_empty() && !wanted.is_empty() {
            let places: Vec<Tensor> = wanted.iter().map(|&i| inputs[i].clone()).collect();
            // Another request may differentiate the result, or use the same graph again.
            let found = autograd::grad_with(&outputs, &places, &weights, BackwardOptions::create_graph())?;
            for (place, gradient) in wanted.into_iter().zip(found) {
                gradients[place] = gradient;
            }
        }
        inputs
            .iter()
            .zip(gradients)
            .map(|(input, gradient)| gradient.map_or_else(|| input.zeros_like(), Ok))
            .collect()
    }
}
