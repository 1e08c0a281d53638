//! Values kept for the backward pass.
//!
//! Note \[Saved values\]: an input is kept as the tensor itself, with the version it had. An output is kept without its
//! node (a node that held its own output would never die) and is given its node again when it is read under recording.
//! A value is read only if its version is the one it was saved at; a value that was freed says so.

use super::node::{GradFn, NodeRef, OutputMeta};
use crate::dispatch::{Attribute, Needs, Saves};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::{Shape, int_list};
use crate::registry::Value;
use crate::state;
use crate::tensor::{Meta, Tensor, flag};
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[derive(Clone)]
pub(crate) struct SavedTensor {
    tensor: Tensor,
    version: u32,
}

#[derive(Clone)]
pub(crate) enum Saved {
    Input { index: usize, value: SavedTensor },
    Output { index: usize, value: SavedTensor },
    Meta { index: usize, meta: Arc<Meta> },
}

#[derive(Default)]
pub(crate) struct SavedValues {
    values: SmallVec<[Saved; 2]>,
    released: bool,
}

impl SavedValues {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn collect(saves: Saves, inputs: &[&Tensor], originals: Option<&Tensor>) -> Self {
        let mut values = SmallVec::new();
        if saves == Saves::NONE {
            return Self { values, released: false };
        }
        for (index, &input) in inputs.iter().enumerate().take(64) {
            if saves.inputs >> index & 1 == 1 {
                // An in-place operation saves a copy of what it is about to change.
                let tensor = if index == 0 { originals.unwrap_or(input) } else { input };
                let value = SavedTensor { tensor: tensor.clone(), version: tensor.version() };
                values.push(Saved::Input { index, value });
            } else if saves.shapes >> index & 1 == 1 {
                values.push(Saved::Meta { index, meta: input.meta_ref() });
            }
        }
        Self { values, released: false }
    }

    pub(crate) fn push_output(&mut self, index: usize, output: &Tensor) {
        let value = SavedTensor { tensor: output.without_node(), version: output.version() };
        self.values.push(Saved::Output { index, value });
    }

    /// Takes the tensors out; shapes stay, as in PyTorch.
    pub(crate) fn release(&mut self) -> SmallVec<[Saved; 2]> {
        if self.values.is_empty() {
            return SmallVec::new();
        }
        self.released = true;
        let (shapes, tensors): (SmallVec<[Saved; 2]>, SmallVec<[Saved; 2]>) =
            std::mem::take(&mut self.values).into_iter().partition(|v| matches!(v, Saved::Meta { .. }));
        self.values = shapes;
        tensors
    }
}

/// What a rule for the backward pass may ask: saved values, and which gradients are wanted.
pub struct Context<'a> {
    node: &'a NodeRef,
}

impl<'a> Context<'a> {
    pub(crate) fn new(node: &'a NodeRef) -> Self {
        Self { node }
    }

    /// Which inputs need a gradient.
    pub fn needs(&self) -> Needs {
        self.node.needs()
    }

    /// Whether input `i` needs a gradient.
    pub fn needs_input(&self, i: usize) -> bool {
        self.node.edges.get(i).is_some_and(|e| !matches!(e, super::Edge::None))
    }

    /// Number of edges: of inputs, mostly.
    pub fn edges(&self) -> usize {
        self.node.edges.len()
    }

    /// Shape and dtype of output `i`.
    pub fn output_meta(&self, i: usize) -> &OutputMeta {
        &self.node.outputs[i]
    }

    /// A saved input.
    ///
    /// # Errors
    /// If the graph was freed, or the value changed since.
    pub fn input(&self, i: usize) -> Result<Tensor> {
        let value = {
            let saved = self.node.saved.lock();
            let found = saved.values.iter().find_map(|v| match v {
                Saved::Input { index, value } if *index == i => Some(value.clone()),
                _ => None,
            });
            match found {
                Some(value) => value,
                None => return Err(self.missing(saved.released, "input", i)),
            }
        };
        self.check_version(&value, None)?;
        Ok(value.tensor)
    }

    /// A saved output.
    ///
    /// # Errors
    /// If the graph was freed, or the value changed since.
    pub fn output(&self, i: usize) -> Result<Tensor> {
        let value = {
            let saved = self.node.saved.lock();
            let found = saved.values.iter().find_map(|v| match v {
                Saved::Output { index, value } if *index == i => Some(value.clone()),
                _ => None,
            });
            match found {
                Some(value) => value,
                None => return Err(self.missing(saved.released, "output", i)),
            }
        };
        self.check_version(&value, Some(i))?;
        if !state::with(|thread| thread.grad_enabled.get()) && value.tensor.flags() & flag::SPECIAL == 0 {
            return Ok(value.tensor);
        }
        let grad_fn = GradFn { node: self.node.clone(), output: i as u32 };
        Ok(value.tensor.with_node(grad_fn))
    }

    /// Shape of an input of which the shape was saved.
    pub fn shape(&self, i: usize) -> Result<Shape> {
        self.saved_shape(i).map(|(shape, _)| shape)
    }

    /// Shape and dtype of an input of which the shape or the value was saved.
    pub fn saved_shape(&self, i: usize) -> Result<(Shape, DType)> {
        let saved = self.node.saved.lock();
        saved
            .values
            .iter()
            .find_map(|v| match v {
                Saved::Meta { index, meta } if *index == i => {
                    Some((Shape::from_slice(meta.shape()), meta.dtype))
                }
                Saved::Input { index, value } if *index == i => {
                    let meta: &Meta = value.tensor.meta();
                    Some((Shape::from_slice(meta.shape()), meta.dtype))
                }
                _ => None,
            })
            .ok_or_else(|| self.missing(saved.released, "shape of input", i))
    }

    /// What PyTorch shows of a node as `_saved_{name}`; nothing where the node has no such attribute.
    ///
    /// # Errors
    /// If the graph was freed, or the value changed since.
    pub fn attribute(node: &'a NodeRef, name: &str) -> Result<Option<Value>> {
        let Some((_, attribute)) = node.function.attributes().into_iter().find(|(n, _)| *n == name) else {
            return Ok(None);
        };
        let context = Self::new(node);
        let kept = |wanted: &Attribute| {
            let saved = node.saved.lock();
            saved.released
                || saved.values.iter().any(|v| match (v, wanted) {
                    (Saved::Input { index, .. }, Attribute::Input(i))
                    | (Saved::Output { index, .. }, Attribute::Output(i)) => index == i,
                    _ => false,
                })
        };
        Ok(Some(match attribute {
            Attribute::Value(value) => value,
            ref wanted if !kept(wanted) => Value::None,
            Attribute::Input(i) => context.input(i)?.into(),
            Attribute::Output(i) => context.output(i)?.into(),
        }))
    }

    fn missing(&self, released: bool, what: &str, i: usize) -> Error {
        if released {
            Error::new(ErrorKind::GraphFreed).with_help(format!("the graph was freed at {}", self.describe()))
        } else {
            Error::runtime(format!(
                "{}: {what} {i} is read by the derivative but was not saved",
                self.node.name()
            ))
        }
    }

    fn describe(&self) -> String {
        let shapes: Vec<String> = self.node.outputs.iter().map(|o| int_list(o.shape())).collect();
        format!("{}, whose output has the shape {}", self.node.name(), shapes.join(", "))
    }

    fn check_version(&self, value: &SavedTensor, own_output: Option<usize>) -> Result<()> {
        let found = value.tensor.lock().version_counter().load(Ordering::Relaxed);
        if found == value.version {
            return Ok(());
        }
        let origin = match own_output {
            Some(i) => format!(", which is output {i} of {},", self.node.operation()),
            None => match value.tensor.grad_fn() {
                Some(g) => format!(", which is output {} of {},", g.output, g.node.operation()),
                None => String::new(),
            },
        };
        Err(Error::new(ErrorKind::SavedValueModified {
            description: value.tensor.meta().describe(),
            origin,
            expected: value.version,
            found,
        })
        .with_help(format!("the value was saved by {}", self.describe()))
        .with_help("change a copy instead (`x = x + 1`, or `x.clone()` before the change), or do the change after backward()"))
    }
}

impl Tensor {
    /// The same data and version counter without the node (Note [Saved values]); the tangent is kept.
    pub(crate) fn without_node(&self) -> Tensor {
        let plain = self.alias(self.meta_ref());
        if self.flags() & (flag::TANGENT | flag::SPECIAL) != 0 {
            let (tangent, special) =
                self.peek_extra(|e| (e.tangent.clone(), e.special.clone())).unwrap_or_default();
            plain.set_flag(flag::TANGENT, tangent.is_some());
            plain.set_flag(flag::SPECIAL, special.is_some());
            plain.with_extra(|e| {
                e.tangent = tangent;
                e.special = special;
            });
        }
        plain
    }

    /// The same data as an output of a node.
    pub(crate) fn with_node(&self, grad_fn: GradFn) -> Tensor {
        let tensor = self.without_node();
        tensor.lock().grad_fn = Some(grad_fn);
        tensor.set_flag(flag::HAS_GRAD_FN, true);
        tensor
    }
}
