//! The engine: walks a graph backwards.
//!
//! Note \[Order\]: of the nodes that are ready, gradient accumulation runs first, then the node recorded latest. A node
//! is ready when every gradient that will reach it has; gradients that meet are summed in the order of arrival. Both
//! are PyTorch's order, which users see through hooks and through the last bits of sums.
//!
//! The walk is iterative: its bookkeeping is one table of entries, found by the address of node or leaf. Nothing is
//! kept in the nodes, so several threads may walk one graph, and a hook may call `backward` again.

use super::accumulate::accumulate;
use super::node::{Edge, GradFn, NodeRef};
use super::{GradMode, Hooks};
use crate::dispatch::Gradients;
use crate::error::{Error, Result, bail};
use crate::layout::int_list;
use crate::tensor::{Tensor, flag};
use smallvec::{SmallVec, smallvec};
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// A place in the graph: what `torch.autograd.graph.get_gradient_edge` gives.
pub type GradientEdge = Edge;

/// How to go backwards.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackwardOptions {
    /// Keep saved values, so that the graph can be used again.
    pub retain_graph: bool,
    /// Record the backward pass itself, for higher derivatives.
    pub create_graph: bool,
}

impl BackwardOptions {
    /// Keeps the graph.
    pub fn retain_graph() -> Self {
        Self { retain_graph: true, create_graph: false }
    }

    /// Records the backward pass (and keeps the graph).
    pub fn create_graph() -> Self {
        Self { retain_graph: true, create_graph: true }
    }
}

/// Addresses are spread well enough by one multiplication.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only addresses are hashed");
    }
    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64 >> 4).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}

enum Place {
    Node(NodeRef),
    Leaf(Tensor),
}

struct Entry {
    place: Place,
    /// How many edges still have to deliver.
    waiting: u32,
    needed: bool,
    captured: bool,
    buffer: SmallVec<[Option<Tensor>; 1]>,
}

struct Walk {
    entries: Vec<Entry>,
    index: HashMap<usize, u32, BuildHasherDefault<AddressHasher>>,
    ready: BinaryHeap<(u64, u32)>,
}

fn address(edge: &Edge) -> Option<usize> {
    match edge {
        Edge::None => None,
        Edge::Node(g) => Some(std::sync::Arc::as_ptr(&g.node).cast::<()>() as usize),
        Edge::Leaf(leaf) => Some(leaf.id()),
    }
}

fn output_of(edge: &Edge) -> usize {
    match edge {
        Edge::Node(g) => g.output as usize,
        _ => 0,
    }
}

/// `AccumulateGrad` nodes that somebody has looked at stand for their leaf.
fn resolve(edge: &Edge) -> Edge {
    if let Edge::Node(g) = edge
        && let Some(leaf) = g.node.variable()
    {
        return Edge::Leaf(leaf);
    }
    edge.clone()
}

impl Walk {
    /// The entry of an edge's target, made where it is new (`true`).
    fn entry(&mut self, edge: &Edge) -> Option<(u32, bool)> {
        let address = address(edge)?;
        let next = self.entries.len() as u32;
        match self.index.entry(address) {
            std::collections::hash_map::Entry::Occupied(found) => Some((*found.get(), false)),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(next);
                let (place, slots) = match edge {
                    Edge::Node(g) => (Place::Node(g.node.clone()), g.node.outputs.len().max(1)),
                    Edge::Leaf(leaf) => (Place::Leaf(leaf.clone()), 1),
                    Edge::None => unreachable!("an edge to nowhere has no address"),
                };
                self.entries.push(Entry {
                    place,
                    waiting: 0,
                    needed: true,
                    captured: false,
                    buffer: smallvec![None; slots],
                });
                Some((next, true))
            }
        }
    }

    /// Finds everything that the roots lead to, and counts the deliveries that each entry will get.
    fn discover(roots: &[Edge]) -> Self {
        let mut walk = Self { entries: Vec::new(), index: HashMap::default(), ready: BinaryHeap::new() };
        let mut stack: Vec<u32> = Vec::new();
        for root in roots {
            if let Some((at, new)) = walk.entry(root) {
                walk.entries[at as usize].waiting += 1;
                if new {
                    stack.push(at);
                }
            }
        }
        while let Some(at) = stack.pop() {
            let Place::Node(node) = &walk.entries[at as usize].place else { continue };
            let node = node.clone();
            for edge in &node.edges {
                if let Some((next, new)) = walk.entry(edge) {
                    walk.entries[next as usize].waiting += 1;
                    if new {
                        stack.push(next);
                    }
                }
            }
        }
        walk
    }

    /// Marks what leads to one of the inputs; everything else is not run.
    fn restrict(&mut self, roots: &[Edge], inputs: &[Edge], accumulates: bool) {
        for entry in &mut self.entries {
            entry.needed = false;
        }
        for input in inputs {
            if let Some(&at) = address(input).and_then(|a| self.index.get(&a)) {
                let entry = &mut self.entries[at as usize];
                entry.captured = !accumulates;
                entry.needed = true;
            }
        }
        // Depth first, iteratively; an entry is needed if it is an input or leads to one.
        let mut done = vec![false; self.entries.len()];
        for root in roots {
            let Some(&start) = address(root).and_then(|a| self.index.get(&a)) else { continue };
            let mut stack = vec![(start, 0usize)];
            done[start as usize] = true;
            while let Some(top) = stack.last_mut() {
                let (at, position) = *top;
                let next = match &self.entries[at as usize].place {
                    Place::Node(node) => node.edges.get(position).map(address),
                    Place::Leaf(_) => None,
                };
                if let Some(target) = next {
                    top.1 += 1;
                    let Some(&child) = target.and_then(|a| self.index.get(&a)) else { continue };
                    if done[child as usize] {
                        if self.entries[child as usize].needed {
                            self.entries[at as usize].needed = true;
                        }
                    } else {
                        done[child as usize] = true;
                        stack.push((child, 0));
                    }
                } else {
                    stack.pop();
                    if self.entries[at as usize].needed
                        && let Some(&(parent, _)) = stack.last()
                    {
                        self.entries[parent as usize].needed = true;
                    }
                }
            }
        }
    }

    fn queue(&mut self, at: u32) {
        let entry = &self.entries[at as usize];
        let priority = match &entry.place {
            Place::Leaf(_) => u64::MAX,
            Place::Node(node) => node.sequence,
        };
        self.ready.push((priority, at));
    }

    /// Delivers a gradient along an edge.
    fn deliver(&mut self, edge: &Edge, gradient: Option<Tensor>) -> Result<()> {
        let Some(&at) = address(edge).and_then(|a| self.index.get(&a)) else { return Ok(()) };
        let entry = &mut self.entries[at as usize];
        if let (Some(gradient), true) = (gradient, entry.needed) {
            let slot = &mut entry.buffer[output_of(edge)];
            *slot = Some(match slot.take() {
                None => gradient,
                Some(sum) => add_up(sum, gradient)?,
            });
        }
        entry.waiting -= 1;
        if entry.waiting == 0 {
            self.queue(at);
        }
        Ok(())
    }
}

/// Sums gradients that meet. One that nobody else holds is added to in place.
fn add_up(sum: Tensor, gradient: Tensor) -> Result<Tensor> {
    const OTHERS: u32 = flag::SPECIAL | flag::TANGENT | flag::VIEW | flag::NEEDS_GRAD;
    if !super::is_grad_enabled()
        && (sum.flags() | gradient.flags()) & OTHERS == 0
        && sum.is_unshared()
        && sum.layout().is_non_overlapping_and_dense()
        && sum.dtype() == gradient.dtype()
        && sum.shape() == gradient.shape()
    {
        return sum.add_(&gradient);
    }
    sum.add(&gradient)
}

/// Makes a gradient fit the value it belongs to: summed over broadcast dimensions, in the value's dtype.
fn fit(gradient: Tensor, target: &Edge, source: &NodeRef, i: usize) -> Result<Tensor> {
    let (shape, dtype) = match target {
        Edge::None => return Ok(gradient),
        Edge::Node(g) => {
            let meta = &g.node.outputs[g.output as usize];
            (meta.shape(), meta.dtype)
        }
        Edge::Leaf(leaf) => (leaf.shape(), leaf.dtype()),
    };
    let mut gradient = gradient;
    if gradient.shape() != shape {
        if !expands_to(shape, gradient.shape()) {
            bail!(
                Runtime,
                "Function {} returned an invalid gradient at index {i} - got {} but expected shape compatible with {}",
                source.name(),
                int_list(gradient.shape()),
                int_list(shape)
            );
        }
        gradient = gradient.sum_to_size(shape)?;
    }
    if gradient.dtype() != dtype {
        gradient = gradient.to_dtype(dtype)?;
    }
    Ok(gradient)
}

/// Whether a tensor of shape `small` could be expanded to `large`.
fn expands_to(small: &[usize], large: &[usize]) -> bool {
    small.len() <= large.len() && small.iter().rev().zip(large.iter().rev()).all(|(&s, &l)| s == l || s == 1)
}

/// Walks the graph from `roots`, whose gradients are given.
///
/// With `inputs`, the gradients of exactly those places are returned (or, if `accumulate`, accumulated into their
/// `.grad`), and nothing else is run. Without, every leaf accumulates.
///
/// # Errors
/// Whatever a derivative or a hook raises; the graph and every `.grad` stay usable.
pub fn run_backward(
    roots: &[Edge],
    gradients: Vec<Option<Tensor>>,
    options: BackwardOptions,
    inputs: &[Edge],
    accumulate_grad: bool,
) -> Result<Vec<Option<Tensor>>> {
    let roots: Vec<Edge> = roots.iter().map(resolve).collect();
    let inputs: Vec<Edge> = inputs.iter().map(resolve).collect();
    let _mode = GradMode::set(options.create_graph);
    let mut walk = Walk::discover(&roots);
    if !inputs.is_empty() {
        walk.restrict(&roots, &inputs, accumulate_grad);
    }
    let mut results: Vec<Option<Tensor>> = vec![None; inputs.len()];
    for (root, gradient) in roots.iter().zip(gradients) {
        walk.deliver(root, gradient)?;
    }
    while let Some((_, at)) = walk.ready.pop() {
        let entry = &mut walk.entries[at as usize];
        if !entry.needed {
            // Nothing is wanted from here on, but others may wait for its deliveries.
            if let Place::Node(node) = &entry.place {
                let node = node.clone();
                for edge in &node.edges {
                    walk.deliver(edge, None)?;
                }
            }
            continue;
        }
        let mut buffer = std::mem::take(&mut entry.buffer);
        let captured = entry.captured;
        match &entry.place {
            Place::Leaf(leaf) => {
                let leaf = leaf.clone();
                run_leaf(&leaf, buffer, captured, &inputs, &mut results)?;
            }
            Place::Node(node) => {
                let node = node.clone();
                let hooks = node.hooks();
                if let Some(hooks) = &hooks {
                    run_tensor_hooks(hooks, &mut buffer)?;
                }
                if captured {
                    capture(
                        &Edge::Node(GradFn { node: node.clone(), output: 0 }),
                        &buffer,
                        &inputs,
                        &mut results,
                    );
                }
                let wanted = node.edges.iter().any(|edge| {
                    address(edge)
                        .and_then(|a| walk.index.get(&a))
                        .is_some_and(|&next| walk.entries[next as usize].needed)
                });
                // A node that nothing is wanted from (only captured) is left alone: its saved values stay.
                let delivered = if wanted || inputs.is_empty() {
                    run_node(&node, hooks.as_ref(), buffer, options)?
                } else {
                    Gradients::new()
                };
                let mut delivered = delivered.into_iter();
                for edge in &node.edges {
                    walk.deliver(edge, delivered.next().flatten())?;
                }
            }
        }
    }
    Ok(results)
}

fn capture(place: &Edge, buffer: &[Option<Tensor>], inputs: &[Edge], results: &mut [Option<Tensor>]) {
    let here = address(place);
    for (input, result) in inputs.iter().zip(results) {
        if address(input) == here {
            result.clone_from(&buffer[output_of(input)]);
        }
    }
}

fn run_leaf(
    leaf: &Tensor,
    mut buffer: SmallVec<[Option<Tensor>; 1]>,
    captured: bool,
    inputs: &[Edge],
    results: &mut [Option<Tensor>],
) -> Result<()> {
    let Some(mut gradient) = buffer[0].take() else { return Ok(()) };
    if leaf.flags() & flag::HOOKS != 0 {
        for (_, hook) in leaf.with_extra(|e| e.hooks.clone()) {
            if let Some(other) = call_tensor_hook(&hook, &gradient)? {
                gradient = other;
            }
        }
    }
    let accumulator =
        leaf.peek_extra(|e| e.accumulator.as_ref().and_then(std::sync::Weak::upgrade)).flatten();
    let hooks = accumulator.as_ref().and_then(|node| node.hooks());
    if captured {
        capture(&Edge::Leaf(leaf.clone()), &[Some(gradient)], inputs, results);
        return Ok(());
    }
    let Some(hooks) = hooks else { return accumulate(leaf, gradient) };
    let mut incoming = vec![Some(gradient)];
    for (_, hook) in &hooks.pre {
        if let Some(other) = (hook.function)(&incoming)? {
            incoming = other;
        }
    }
    if let Some(Some(gradient)) = incoming.first() {
        accumulate(leaf, gradient.clone())?;
    }
    for (_, hook) in &hooks.post {
        (hook.function)(&[], &incoming)?;
    }
    Ok(())
}

/// A hook must return a gradient that can take the other's place.
fn call_tensor_hook(hook: &super::TensorHook, gradient: &Tensor) -> Result<Option<Tensor>> {
    let Some(other) = (hook.function)(gradient)? else { return Ok(None) };
    if other.shape() != gradient.shape() {
        bail!(Runtime, "hook '<hook>' has changed the size of value");
    }
    if other.dtype() != gradient.dtype() {
        use crate::dtype::DTypeNames;
        bail!(
            Runtime,
            "hook '<hook>' has changed the type of value (was {} got {})",
            gradient.dtype().tensor_type(),
            other.dtype().tensor_type()
        );
    }
    Ok(Some(other))
}

fn run_tensor_hooks(hooks: &Hooks, buffer: &mut SmallVec<[Option<Tensor>; 1]>) -> Result<()> {
    for (output, _, hook) in &hooks.tensor {
        let slot = &mut buffer[*output as usize];
        if let Some(gradient) = slot
            && let Some(other) = call_tensor_hook(hook, gradient)?
        {
            *slot = Some(other);
        }
    }
    for (output, tensor) in &hooks.retains {
        let (Some(tensor), Some(gradient)) = (tensor.upgrade(), &buffer[*output as usize]) else { continue };
        let sum = match tensor.grad_quietly() {
            None => gradient.clone(),
            Some(old) => old.add(gradient)?,
        };
        let sum =
            if super::is_grad_enabled() || tensor.grad_quietly().is_some() { sum } else { sum.clone_data()? };
        tensor.replace_grad(Some(sum));
    }
    Ok(())
}

fn run_node(
    node: &NodeRef,
    hooks: Option<&Hooks>,
    buffer: SmallVec<[Option<Tensor>; 1]>,
    options: BackwardOptions,
) -> Result<Gradients> {
    let mut buffer = buffer;
    if let Some(hooks) = hooks {
        for (_, hook) in &hooks.pre {
            if let Some(other) = (hook.function)(&buffer)? {
                buffer = other.into();
            }
        }
    }
    let defined = buffer.iter().any(Option::is_some);
    let mut gradients = if defined || node.function.runs_without_gradients() {
        node.function.run(node, &buffer).map_err(|error| locate(error, node))?
    } else {
        Gradients::new()
    };
    if !options.retain_graph && !options.create_graph {
        node.release_saved();
    }
    for (i, slot) in gradients.iter_mut().enumerate() {
        let Some(edge) = node.edges.get(i) else { break };
        if matches!(edge, Edge::None) {
            *slot = None;
        } else if let Some(gradient) = slot.take() {
            *slot = Some(fit(gradient, edge, node, i)?);
        }
    }
    if let Some(hooks) = hooks {
        while gradients.len() < node.edges.len() {
            gradients.push(None);
        }
        for (_, hook) in &hooks.post {
            if let Some(other) = (hook.function)(&gradients, &buffer)? {
                gradients = other.into();
            }
        }
    }
    Ok(gradients)
}

#[cold]
fn locate(error: Error, node: &NodeRef) -> Error {
    error.with_help(format!("raised by the derivative of {}", node.name()))
}
