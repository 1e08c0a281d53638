//! What an operation is: one trait, implemented once per operation.

use crate::autograd::{Context, Edge, ForwardContext, NodeHeader, NodeRef, PrimitiveNode};
use crate::error::{Error, ErrorKind, Result};
use crate::layout::Layout;
use crate::registry::Value;
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor, TensorVec};
use smallvec::SmallVec;
use std::any::TypeId;
use std::sync::Arc;

pub use crate::tensor::{View, ViewMut};

/// The metadata of an operation's results.
pub type Metas = SmallVec<[Meta; 1]>;
/// The gradients of an operation's inputs; `None` is zero, or not asked for.
pub type Gradients = SmallVec<[Option<Tensor>; 3]>;
/// The layouts of an operation's results over its input's storage.
pub type Layouts = SmallVec<[Layout; 1]>;

/// Which inputs need a gradient: bit `i` for input `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs(pub u64);

impl Needs {
    /// Whether input `i` needs a gradient.
    pub fn input(self, i: usize) -> bool {
        self.0 >> i.min(63) & 1 == 1
    }
}

/// What is kept for the backward pass, as bits per input and output. Whether a value is kept decides whether changing
/// it in place is an error, so a rule declares exactly what it reads, given which gradients are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saves {
    /// Inputs kept, with their values.
    pub inputs: u64,
    /// Outputs kept, with their values.
    pub outputs: u32,
    /// Inputs of which only shape and dtype are kept.
    pub shapes: u64,
}

impl Saves {
    /// Nothing is kept.
    pub const NONE: Self = Self { inputs: 0, outputs: 0, shapes: 0 };

    /// Keeps an input.
    #[must_use]
    pub const fn input(mut self, i: usize) -> Self {
        self.inputs |= 1 << i;
        self
    }

    /// Keeps an input if the condition holds.
    #[must_use]
    pub const fn input_if(self, condition: bool, i: usize) -> Self {
        if condition { self.input(i) } else { self }
    }

    /// Keeps an output.
    #[must_use]
    pub const fn output(mut self, i: usize) -> Self {
        self.outputs |= 1 << i;
        self
    }

    /// Keeps shape and dtype of an input.
    #[must_use]
    pub const fn shape(mut self, i: usize) -> Self {
        self.shapes |= 1 << i;
        self
    }
}

/// What is known of an operation's derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differentiability {
    /// It has one.
    Differentiable,
    /// Its result is piecewise constant or not a number: results never require a gradient.
    NotDifferentiable,
}

/// Where an operation may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aliasing {
    /// The result may be exactly one of the inputs: each element depends on the same element only.
    Elementwise,
    /// The result may be exactly the first input, which is changed at some places; it copies what else it shares memory
    /// with.
    FirstInput,
    /// The result must not share memory with an input.
    Forbidden,
}

/// Where a node's gradients go.
pub type Edges = SmallVec<[Edge; 2]>;

/// What PyTorch shows of a node under a name.
pub enum Attribute {
    /// An input; `None` where it was not needed and not kept.
    Input(usize),
    /// A result.
    Output(usize),
    /// An argument that is not a tensor.
    Value(Value),
}

/// The single result has exactly the metadata of an input (row-major, at offset zero), which it shares, and where
/// `row` is given one call of that kernel over all elements computes it. Most of a one-element operation's time would
/// go to making metadata and planning a loop: 1,500 instructions without this, 700 with it.
pub struct Like {
    /// The input.
    pub input: usize,
    /// The kernel, if all inputs are row-major, of one shape and dtype, and few elements.
    pub row: Option<rushlight_kernels::Row>,
}

/// An input of a batching rule: the tensor, and where its hidden dimension is.
pub struct BatchedInput {
    /// The tensor with its hidden dimension visible.
    pub tensor: Tensor,
    /// The place of the hidden dimension; `None` if the tensor is the same for all.
    pub dim: Option<usize>,
}

/// The results of a batching rule, each with the place of its hidden dimension.
pub type BatchedResults = Vec<(Tensor, Option<usize>)>;

/// One operation, whole: shape rule, computation, derivatives, what it saves.
///
/// A primitive is a small value whose fields are the arguments that are not tensors. Rules are written in public tensor
/// operations, so derivatives of derivatives need no further code.
pub trait Primitive: Send + Sync + 'static {
    /// The name of the node, digit included, as PyTorch has it: `AddBackward0`.
    fn name(&self) -> &'static str;

    /// Shape and dtype of the results.
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()>;

    /// A shortcut past `infer` and `forward` for operands that are all alike; see [`Like`]. A scalar that the row
    /// kernel takes is put into `context`.
    fn like(&self, _inputs: &[&Meta], _context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        None
    }

    /// Computes the results into memory that is already there.
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()>;

    /// The layouts of the results, if they alias the first input's storage; then `forward` is never called.
    fn view(&self, _input: &Layout) -> Result<Option<Layouts>> {
        Ok(None)
    }

    /// Whether this operation is a view (then `view` gives layouts).
    fn is_view(&self) -> bool {
        false
    }

    /// Whether autograd remembers the results as views of the input (all views but `detach`).
    fn tracks_view(&self) -> bool {
        self.is_view()
    }

    /// Whether the shape of the result depends on data; then `produce` is called, and a tracer refuses the operation.
    fn is_data_dependent(&self) -> bool {
        false
    }

    /// Makes results whose shape depends on data.
    fn produce(&self, _inputs: &[View<'_>]) -> Result<Produced> {
        Err(Error::runtime(format!("{} does not produce its own output", self.name())))
    }

    /// What is kept for the backward pass.
    fn saves(&self, _needs: Needs) -> Saves {
        Saves::NONE
    }

    /// Whether there is a derivative at all.
    fn differentiability(&self) -> Differentiability {
        Differentiability::Differentiable
    }

    /// Where the result may be written.
    fn aliasing(&self) -> Aliasing {
        Aliasing::Forbidden
    }

    /// Number of edges of the node, where PyTorch's has more than there are tensor inputs (`x + 2` has two), or fewer
    /// (the condition of `where` has none: inputs without an edge come last).
    fn edges(&self, inputs: usize) -> usize {
        inputs
    }

    /// Puts the edges where PyTorch has them, if an input that may be missing is not the last. Gradients are given in
    /// the order of the edges.
    fn arrange_edges(&self, edges: &mut Edges) {
        edges.resize_with(self.edges(edges.len()), Edge::default);
    }

    /// What PyTorch shows of the node as `_saved_…`: saved tensors and arguments, by name. By default, what is saved of
    /// the inputs is called `self` and `other`, and the output `result`.
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let saves = self.saves(Needs(u64::MAX));
        let mut attributes = Vec::new();
        for (i, name) in ["self", "other"].into_iter().enumerate() {
            if saves.inputs >> i & 1 == 1 {
                attributes.push((name, Attribute::Input(i)));
            }
        }
        if saves.outputs & 1 == 1 {
            attributes.push(("result", Attribute::Output(0)));
        }
        attributes
    }

    /// Gradients of the inputs, given the gradient of the single result.
    fn vjp(&self, _context: &Context<'_>, _gradient: &Tensor) -> Result<Gradients> {
        Err(ErrorKind::NoDerivative { operation: self.name().into() }.into())
    }

    /// Gradients of the inputs, given the gradients of several results; `None` is zero.
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        match gradients {
            [Some(gradient)] => self.vjp(context, gradient),
            [None] => Ok(Gradients::new()),
            _ => Err(ErrorKind::NoDerivative { operation: self.name().into() }.into()),
        }
    }

    /// The tangent of the single result, given the tangents of the inputs; `None` is zero.
    fn jvp(&self, _context: &ForwardContext<'_>, _tangents: &[Option<Tensor>]) -> Result<Tensor> {
        Err(Error::not_implemented(format!(
            "Trying to use forward AD with {} that does not support it because it has not been implemented yet.",
            self.name().trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches("Backward")
        )))
    }

    /// The tangents of several results.
    fn jvp_all(&self, context: &ForwardContext<'_>, tangents: &[Option<Tensor>]) -> Result<Gradients> {
        Ok(smallvec::smallvec![Some(self.jvp(context, tangents)?)])
    }

    /// The operation over a hidden dimension (`vmap`): the results, each with the place of that dimension. `None` asks
    /// for a loop over it.
    fn batch(&self, _inputs: &[BatchedInput], _size: usize) -> Result<Option<BatchedResults>> {
        Ok(None)
    }

    /// The operation as text, given the texts of its inputs: `x * sin(y)`.
    fn print(&self, inputs: &[String]) -> String {
        let name = self.name();
        let name = name.split("Backward").next().unwrap_or(name);
        format!("{}({})", name.to_lowercase(), inputs.join(", "))
    }
}

/// Results that an operation has made itself.
pub struct Produced(pub(crate) SmallVec<[(Meta, Storage); 1]>);

impl Produced {
    /// One row-major result from its elements.
    pub fn from_vec<T: crate::tensor::Element>(values: &[T], shape: &[usize]) -> Result<Self> {
        let tensor = Tensor::from_vec(values, shape)?;
        let storage = tensor.lock().storage.clone();
        Ok(Self(smallvec::smallvec![(tensor.meta().clone(), storage)]))
    }

    /// Results that are tensors already, dense and fresh.
    pub fn from_tensors(tensors: TensorVec) -> Self {
        Self(tensors.iter().map(|t| (t.meta().clone(), t.lock().storage.clone())).collect())
    }
}

/// A primitive as the funnel sees it: what every `Primitive + Clone` gets for free.
pub trait Operation: Primitive {
    /// Moves a copy of the operation into a node of the graph, in the node's own allocation.
    fn node(&self, header: NodeHeader) -> NodeRef;
    /// A copy to keep, for recorded programs.
    fn share(&self) -> Arc<dyn Operation>;
    /// What tells equal operations: the type, if the operation takes no arguments besides tensors.
    fn identity(&self) -> Option<TypeId>;
}

impl<P: Primitive + Clone> Operation for P {
    fn node(&self, header: NodeHeader) -> NodeRef {
        header.into_node(PrimitiveNode(self.clone()))
    }

    fn share(&self) -> Arc<dyn Operation> {
        Arc::new(self.clone())
    }

    fn identity(&self) -> Option<TypeId> {
        (size_of::<P>() == 0).then(TypeId::of::<P>)
    }
}
