//! Nodes of the graph: what computed a tensor, and how to go back.

use super::saved::{Saved, SavedValues};
use super::{Context, Hooks};
use crate::dispatch::{Attribute, Gradients, Needs, Primitive};
use crate::error::Result;
use crate::state;
use crate::sync::{Counter, SpinLock};
use crate::tensor::{Meta, Tensor};
use smallvec::SmallVec;
use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// A handle to a node.
pub type NodeRef = Arc<Node>;

/// The node that computed a tensor, and which of its outputs the tensor is.
#[derive(Clone)]
pub struct GradFn {
    /// The node.
    pub node: NodeRef,
    /// Which output.
    pub output: u32,
}

/// Where a gradient goes next.
#[derive(Clone, Default)]
pub enum Edge {
    /// Nowhere: the input needs no gradient.
    #[default]
    None,
    /// To the node that computed the input.
    Node(GradFn),
    /// Into the `.grad` of a leaf. PyTorch has an `AccumulateGrad` node here; it is made when somebody looks.
    Leaf(Tensor),
}

/// Shape and dtype of an output: its gradient is made to fit them.
#[derive(Clone, Debug)]
pub struct OutputMeta(Arc<Meta>);

impl OutputMeta {
    /// Of a tensor.
    pub fn of(tensor: &Tensor) -> Self {
        Self(tensor.meta_ref())
    }
}

impl std::ops::Deref for OutputMeta {
    type Target = Meta;
    fn deref(&self) -> &Meta {
        &self.0
    }
}

/// What a node does on the way back.
pub trait NodeFunction: Send + Sync {
    /// PyTorch's name: `AddBackward0`.
    fn name(&self) -> Cow<'static, str>;

    /// Gradients for the edges, given those of the outputs.
    fn run(&self, node: &NodeRef, gradients: &[Option<Tensor>]) -> Result<Gradients>;

    /// Whether `run` is called even if no gradient has arrived (custom functions materialise zeros).
    fn runs_without_gradients(&self) -> bool {
        false
    }

    /// Frees what is saved outside of the node's own saved values.
    fn release(&self) {}

    /// What PyTorch shows of the node as `_saved_…`, by name.
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }

    /// For the binding: the function itself.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// A primitive in a node.
pub struct PrimitiveNode<P>(pub P);

impl<P: Primitive> NodeFunction for PrimitiveNode<P> {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.0.name())
    }

    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        self.0.attributes()
    }

    fn run(&self, node: &NodeRef, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let context = Context::new(node);
        self.0.vjp_all(&context, gradients)
    }
}

/// Everything of a node but its function.
pub struct NodeHeader {
    pub(crate) edges: SmallVec<[Edge; 2]>,
    pub(crate) outputs: SmallVec<[OutputMeta; 1]>,
    pub(crate) saved: SavedValues,
    pub(crate) sequence: u64,
}

impl NodeHeader {
    /// A header for a custom node: where gradients go, and what the outputs are.
    pub fn new(edges: SmallVec<[Edge; 2]>, outputs: SmallVec<[OutputMeta; 1]>) -> Self {
        let sequence = state::with(|thread| {
            let n = thread.sequence.get();
            thread.sequence.set(n + 1);
            n
        });
        Self { edges, outputs, saved: SavedValues::new(), sequence }
    }

    /// The node, in one allocation with its function.
    pub fn into_node<F: NodeFunction + 'static>(self, function: F) -> NodeRef {
        state::with(|thread| LIVE.add(thread, 1));
        Arc::new(Node {
            edges: self.edges,
            outputs: self.outputs,
            sequence: self.sequence,
            saved: SpinLock::new(self.saved),
            has_hooks: AtomicBool::new(false),
            extra: SpinLock::new(None),
            binding: AtomicPtr::new(std::ptr::null_mut()),
            function,
        })
    }
}

/// What few nodes have.
#[derive(Default)]
pub(crate) struct NodeExtra {
    pub(crate) hooks: Hooks,
    /// The binding's data: `metadata`, a custom function's context.
    pub(crate) binding: Option<Arc<dyn Any + Send + Sync>>,
}

/// A node of the graph that `backward` walks.
pub struct Node<F: ?Sized = dyn NodeFunction> {
    pub(crate) edges: SmallVec<[Edge; 2]>,
    pub(crate) outputs: SmallVec<[OutputMeta; 1]>,
    pub(crate) sequence: u64,
    pub(crate) saved: SpinLock<SavedValues>,
    pub(crate) has_hooks: AtomicBool,
    pub(crate) extra: SpinLock<Option<Box<NodeExtra>>>,
    binding: AtomicPtr<c_void>,
    pub(crate) function: F,
}

static LIVE: Counter = Counter::new();

/// Number of graph nodes alive in the process. For tests.
pub fn live_nodes() -> usize {
    LIVE.total().max(0) as usize
}

impl Node {
    /// PyTorch's name: `AddBackward0`.
    pub fn name(&self) -> Cow<'static, str> {
        self.function.name()
    }

    /// The node's name in full, as `name()` gives it in Python: some have a namespace that their classes lack.
    pub fn full_name(&self) -> Cow<'static, str> {
        match self.name() {
            name if matches!(&*name, "AccumulateGrad" | "CopySlices" | "CopyBackwards") => {
                Cow::Owned(format!("torch::autograd::{name}"))
            }
            name => name,
        }
    }

    /// What the node is the derivative of, as error messages say it: `Add` for `AddBackward0`.
    pub fn operation(&self) -> String {
        let name = self.full_name();
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.strip_suffix("Backward").unwrap_or(&name).to_owned()
    }

    /// Where the gradients of the inputs go.
    pub fn next_edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Shape and dtype of the outputs.
    pub fn outputs(&self) -> &[OutputMeta] {
        &self.outputs
    }

    /// The number of the node in its thread's order of recording.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The function of the node.
    pub fn function(&self) -> &dyn NodeFunction {
        &self.function
    }

    /// Which edges lead somewhere.
    pub fn needs(&self) -> Needs {
        let mut bits = 0;
        for (i, edge) in self.edges.iter().enumerate() {
            if i < 64 && !matches!(edge, Edge::None) {
                bits |= 1 << i;
            }
        }
        Needs(bits)
    }

    /// Frees saved values; using them afterwards is an error.
    pub fn release_saved(&self) {
        let values = self.saved.lock().release();
        drop(values);
        self.function.release();
    }

    /// The binding's slot for the live wrapper of this node.
    pub fn binding_slot(&self) -> &AtomicPtr<c_void> {
        &self.binding
    }

    /// What the binding keeps with the node.
    pub fn binding_data(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.extra.lock().as_ref().and_then(|e| e.binding.clone())
    }

    /// Sets what the binding keeps with the node.
    pub fn set_binding_data(&self, data: Option<Arc<dyn Any + Send + Sync>>) {
        let old = std::mem::replace(&mut self.extra.lock().get_or_insert_default().binding, data);
        drop(old);
    }

    /// Calls `f` on the node's hooks.
    pub(crate) fn with_hooks<R>(&self, f: impl FnOnce(&mut Hooks) -> R) -> R {
        let mut extra = self.extra.lock();
        let hooks = &mut extra.get_or_insert_default().hooks;
        let result = f(hooks);
        let any = !hooks.is_empty();
        self.has_hooks.store(any, Ordering::Release);
        result
    }

    /// A copy of the node's hooks, if there are any.
    pub(crate) fn hooks(&self) -> Option<Hooks> {
        if !self.has_hooks.load(Ordering::Acquire) {
            return None;
        }
        self.extra.lock().as_ref().map(|e| e.hooks.clone())
    }
}

// Note [Iterative drop]: a graph is a chain of `Arc`s, and dropping it node by node through `Drop` would use the call
// stack in proportion to its length. Instead the first node to die becomes the drain: nodes that die below it put what
// they own into a thread-local list, which the drain empties. The depth is two frames however long the chain.
enum Remains {
    Edges { _edges: SmallVec<[Edge; 2]> },
    Saved { _saved: SmallVec<[Saved; 2]> },
}

struct Drain {
    active: bool,
    pending: Vec<Remains>,
}

thread_local! {
    static DRAIN: RefCell<Drain> = const { RefCell::new(Drain { active: false, pending: Vec::new() }) };
}

impl<F: ?Sized> Drop for Node<F> {
    fn drop(&mut self) {
        state::with(|thread| LIVE.add(thread, -1));
        let edges = std::mem::take(&mut self.edges);
        let saved = self.saved.get_mut().release();
        let simple = saved.is_empty() && edges.iter().all(|e| !matches!(e, Edge::Node(_)));
        if simple {
            return;
        }
        let drains = DRAIN.try_with(|drain| {
            let mut drain = drain.borrow_mut();
            drain.pending.push(Remains::Edges { _edges: edges });
            if !saved.is_empty() {
                drain.pending.push(Remains::Saved { _saved: saved });
            }
            !std::mem::replace(&mut drain.active, true)
        });
        // `Err`: the thread is ending and its list is gone; what is left has been dropped in place.
        if drains != Ok(true) {
            return;
        }
        loop {
            let next = DRAIN.with(|drain| {
                let mut drain = drain.borrow_mut();
                let next = drain.pending.pop();
                if next.is_none() {
                    drain.active = false;
                }
                next
            });
            // Dropped here, outside of the borrow: nodes that die now add to the list.
            if next.is_none() {
                break;
            }
        }
    }
}
