//! Custom functions: users' own operations with their own derivatives.

use super::node::{Edge, GradFn, NodeFunction, NodeHeader, NodeRef, OutputMeta};
use super::{GradMode, SavedValues};
use crate::dispatch::{Gradients, Needs, Saves};
use crate::error::{Error, Result};
use crate::tensor::{Tensor, flag};
use smallvec::SmallVec;
use std::borrow::Cow;

/// A custom operation with its own derivative: PyTorch's `autograd.Function`.
///
/// ```
/// use rushlight_core::{Result, Tensor, autograd::{Function, FunctionContext, apply_function}};
///
/// struct Cube;
/// impl Function for Cube {
///     fn forward(&self, context: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
///         context.save_for_backward(inputs);
///         Ok(vec![inputs[0].mul(&inputs[0])?.mul(&inputs[0])?])
///     }
///     fn backward(&self, context: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
///         let x = &context.saved_tensors()?[0];
///         Ok(vec![Some(gradients[0].mul(&x.mul(x)?)?.mul(3.0)?)])
///     }
/// }
///
/// let x = Tensor::scalar(2.0).requires_grad_(true)?;
/// apply_function(Cube, &[x.clone()])?[0].backward()?;
/// assert_eq!(x.grad().unwrap().item()?.to_f64(), 12.0);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
pub trait Function: Send + Sync + 'static {
    /// Computes the outputs; recording is off.
    ///
    /// # Errors
    /// Whatever the function raises.
    fn forward(&self, context: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>>;

    /// Gradients of the inputs, given those of the outputs (zeros where there is none).
    ///
    /// # Errors
    /// Whatever the function raises.
    fn backward(&self, context: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>>;

    /// The name of the node.
    fn name(&self) -> Cow<'static, str> {
        let name = std::any::type_name::<Self>();
        Cow::Owned(format!("{}Backward", name.rsplit("::").next().unwrap_or(name)))
    }
}

/// What `forward` leaves for `backward`.
pub struct FunctionContext {
    to_save: Vec<Tensor>,
    node: Option<NodeRef>,
    needs: Needs,
}

impl FunctionContext {
    /// Keeps inputs or outputs for the backward pass, guarded by their versions.
    pub fn save_for_backward(&mut self, tensors: &[Tensor]) {
        self.to_save = tensors.to_vec();
    }

    /// Whether input `i` needs a gradient.
    pub fn needs_input_grad(&self, i: usize) -> bool {
        self.needs.input(i)
    }

    /// What `forward` kept.
    ///
    /// # Errors
    /// If the graph was freed, or a value changed since.
    pub fn saved_tensors(&self) -> Result<Vec<Tensor>> {
        let Some(node) = &self.node else { return Ok(self.to_save.clone()) };
        let context = super::Context::new(node);
        let kept = node.function.as_any().and_then(|any| any.downcast_ref::<Kept>());
        let Some(kept) = kept else { return Ok(Vec::new()) };
        kept.0
            .iter()
            .enumerate()
            .map(|(i, output)| match output {
                Some(output) => context.output(*output),
                None => context.input(i),
            })
            .collect()
    }
}

/// For each saved tensor, which output it is, if it is one.
struct Kept(Vec<Option<usize>>);

/// A node of a custom function written in Rust.
pub struct CustomNode<F> {
    function: F,
    kept: Kept,
    needs: Needs,
}

impl<F: Function> NodeFunction for CustomNode<F> {
    fn name(&self) -> Cow<'static, str> {
        self.function.name()
    }

    fn run(&self, node: &NodeRef, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let context = FunctionContext { to_save: Vec::new(), node: Some(node.clone()), needs: self.needs };
        let given = gradients
            .iter()
            .zip(&node.outputs)
            .map(|(g, meta)| match g {
                Some(g) => Ok(g.clone()),
                None => Tensor::zeros(meta.shape(), meta.dtype),
            })
            .collect::<Result<Vec<_>>>()?;
        let returned = self.function.backward(&context, &given)?;
        if returned.len() != node.edges.len() {
            return Err(Error::runtime(format!(
                "function {} returned an incorrect number of gradients (expected {}, got {})",
                self.name(),
                node.edges.len(),
                returned.len()
            )));
        }
        Ok(returned.into())
    }

    fn runs_without_gradients(&self) -> bool {
        true
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(&self.kept)
    }
}

/// Applies a custom function, recording it if an input requires a gradient.
///
/// # Errors
/// Whatever the function raises.
pub fn apply_function<F: Function>(function: F, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
    let references: Vec<&Tensor> = inputs.iter().collect();
    if references.iter().any(|t| t.flags() & flag::VIEW != 0) {
        super::refresh_views(&references)?;
    }
    let needs = crate::dispatch::needs_of(&references);
    let records = super::is_grad_enabled() && needs.0 != 0;
    let mut context = FunctionContext { to_save: Vec::new(), node: None, needs };
    let outputs = {
        let _mode = GradMode::set(false);
        function.forward(&mut context, inputs)?
    };
    if !records {
        return Ok(outputs);
    }
    // An input returned as it is becomes a new tensor, so that it can have the function as its history.
    let outputs: Vec<Tensor> = outputs
        .into_iter()
        .map(|o| if inputs.iter().any(|i| i.is_same(&o)) { o.without_node() } else { o })
        .collect();
    let edges: SmallVec<[Edge; 2]> = inputs.iter().map(Tensor::gradient_edge).collect();
    let metas: SmallVec<[OutputMeta; 1]> = outputs.iter().map(OutputMeta::of).collect();
    let kept: Vec<Option<usize>> =
        context.to_save.iter().map(|t| outputs.iter().position(|o| o.is_same(t))).collect();
    let saved_inputs: Vec<&Tensor> = context.to_save.iter().collect();
    let mut saves = Saves::NONE;
    for (i, output) in kept.iter().enumerate().take(64) {
        if output.is_none() {
            saves = saves.input(i);
        }
    }
    let mut header = NodeHeader::new(edges, metas);
    header.saved = SavedValues::collect(saves, &saved_inputs, None);
    let needed: Vec<usize> = kept.iter().flatten().copied().collect();
    let node = header.into_node(CustomNode { function, kept: Kept(kept), needs });
    for (i, output) in outputs.iter().enumerate() {
        if output.dtype().is_floating_point() {
            output.set_grad_fn(Some(GradFn { node: node.clone(), output: i as u32 }));
        }
    }
    for output in needed {
        node.saved.lock().push_output(output, &outputs[output]);
    }
    Ok(outputs)
}
