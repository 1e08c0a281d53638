//! Plans: what a session does for one set of fetches and feed shapes.
//!
//! A plan is made by tracing the nodes that the fetches need with concrete shapes, derivatives included, and simplifying
//! the program that comes out. Feeds, variables and random numbers are the program's inputs, so a plan serves every run
//! with the same shapes.

use super::building::{Graph, Kind, NodeId, Record};
use super::gradient::Request;
use super::node::kernel_name;
use super::program::Program;
use super::rules::{Attributes, Call, Rule};
use super::static_shape::StaticShape;
use super::trace::Trace;
use crate::DType;
use crate::autograd::GradMode;
use crate::error::{ErrorKind, Result, SessionFailure, bail};
use crate::tensor::Tensor;
use std::collections::HashMap;
use std::sync::Arc;

/// What a plan is made for: the fetched nodes, and the fed nodes with the shapes of their values, by ascending number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) fetches: Vec<NodeId>,
    pub(super) feeds: Vec<(NodeId, Vec<usize>)>,
}

/// A program and what goes into and comes out of it.
pub(super) struct Plan {
    pub(super) program: Program,
    /// Where the program's inputs come from.
    pub(super) sources: Vec<Source>,
    /// For each fetch the program's output; `None` for an operation without a value.
    pub(super) fetches: Vec<Option<usize>>,
    /// Variables, and the outputs that they are set to at the end of the run.
    pub(super) assignments: Vec<(NodeId, usize)>,
}

/// Where an input of a program comes from.
pub(super) enum Source {
    Feed(NodeId),
    Variable(NodeId),
    Random(NodeId),
}

impl Plan {
    /// Traces what the fetches need.
    pub(super) fn make(graph: &Graph, key: &Key) -> Result<Self> {
        let records = graph.body().nodes.clone();
        let needed = needed(&records, key);
        let mut tracing = Tracing {
            records: &records,
            trace: Trace::new(),
            values: vec![None; records.len()],
            differentiated: differentiated(&records, &needed),
            requests: HashMap::new(),
            sources: Vec::new(),
            known: HashMap::new(),
        };
        let _mode = GradMode::set(tracing.differentiated.iter().any(|&d| d));
        for (id, record) in records.iter().enumerate() {
            if needed[id] {
                let fed = key.feeds.iter().find(|(node, _)| *node == id);
                tracing.values[id] = tracing.node(id, record, fed.map(|(_, shape)| &shape[..]))?;
            }
        }
        tracing.finish(key, &needed)
    }
}

/// The nodes that are computed: those that the fetches reach without passing through a fed node.
fn needed(records: &[Arc<Record>], key: &Key) -> Vec<bool> {
    let mut needed = vec![false; records.len()];
    let mut waiting = key.fetches.clone();
    while let Some(id) = waiting.pop() {
        let fed = key.feeds.iter().any(|(node, _)| *node == id);
        if !std::mem::replace(&mut needed[id], true) && !fed {
            waiting.extend(&records[id].inputs);
        }
    }
    needed
}

/// The nodes with respect to which a derivative is taken.
fn differentiated(records: &[Arc<Record>], needed: &[bool]) -> Vec<bool> {
    let mut differentiated = vec![false; records.len()];
    for (record, _) in records.iter().zip(needed).filter(|(_, needed)| **needed) {
        if let Kind::Gradient { request, .. } = &record.kind {
            for &input in &request.inputs {
                differentiated[input] = records[input].dtype.is_some_and(DType::is_floating_point);
            }
        }
    }
    differentiated
}

/// Two nodes with one identity compute the same.
#[derive(PartialEq, Eq, Hash)]
struct Identity<'a> {
    rule: *const Rule,
    attributes: &'a Attributes,
    inputs: Vec<usize>,
}

struct Tracing<'a> {
    records: &'a [Arc<Record>],
    trace: Trace,
    values: Vec<Option<Tensor>>,
    differentiated: Vec<bool>,
    /// The derivatives of the requests that were traced so far.
    requests: HashMap<*const Request, Vec<Tensor>>,
    sources: Vec<Source>,
    /// The nodes traced so far, by what they compute.
    known: HashMap<Identity<'a>, NodeId>,
}

impl<'a> Tracing<'a> {
    fn value(&self, id: NodeId) -> Result<Tensor> {
        self.values[id].clone().ok_or_else(|| crate::Error::runtime("a node was read before it was computed"))
    }

    /// The traced value of a node; `None` if it has none.
    fn node(&mut self, id: NodeId, record: &'a Record, fed: Option<&[usize]>) -> Result<Option<Tensor>> {
        let value = if let Some(shape) = fed {
            self.input(Source::Feed(id), shape, record)?
        } else {
            match &record.kind {
                Kind::Placeholder => return Err(missing_feed(record)),
                Kind::Constant { value, .. } => value.alias(value.meta().clone()),
                Kind::Variable => {
                    let shape = record.shape.to_known().unwrap_or_default();
                    self.input(Source::Variable(id), &shape, record)?
                }
                Kind::Random(draw) => self.input(Source::Random(id), &draw.shape, record)?,
                Kind::Assign { variable } => {
                    let value = self.value(record.inputs[0])?;
                    let wanted = &self.records[*variable].shape;
                    if !wanted.admits(value.shape()) {
                        bail!(
                            Value,
                            "Assign requires shapes of both tensors to match. lhs shape= {} rhs shape= {}",
                            wanted.in_brackets(),
                            StaticShape::known(value.shape()).in_brackets()
                        );
                    }
                    value
                }
                Kind::Operation(rule, attributes) => self.operation(id, record, rule, attributes)?,
                Kind::Gradient { request, index } => self.gradient(request, *index)?,
                Kind::Group => return Ok(None),
            }
        };
        if self.differentiated[id] && !value.requires_grad() {
            return value.requires_grad_(true).map(Some);
        }
        Ok(Some(value))
    }

    fn input(&mut self, source: Source, shape: &[usize], record: &Record) -> Result<Tensor> {
        let Some(dtype) = record.dtype else { bail!(Type, "an operation without a value cannot be fed") };
        self.sources.push(source);
        self.trace.input(shape, dtype)
    }

    fn operation(
        &mut self,
        id: NodeId,
        record: &'a Record,
        rule: &'static Rule,
        attributes: &'a Attributes,
    ) -> Result<Tensor> {
        // What computes the same as an earlier node is that node, unless one of them is differentiated with respect to:
        // d(a + b)/da is not 2 because b happens to equal a.
        let inputs: Vec<usize> =
            record.inputs.iter().map(|&i| self.values[i].as_ref().map_or(usize::MAX, Tensor::id)).collect();
        let identity = Identity { rule, attributes, inputs };
        if let Some(&same) = self.known.get(&identity)
            && !self.differentiated[id]
            && !self.differentiated[same]
        {
            return self.value(same);
        }
        self.known.insert(identity, id);
        let tensors = record.inputs.iter().map(|&i| self.value(i)).collect::<Result<Vec<_>>>()?;
        // A number that is differentiated with respect to must stay a tensor.
        let number = |&i: &NodeId| if self.differentiated[i] { None } else { self.records[i].number() };
        let numbers: Vec<_> = record.inputs.iter().map(number).collect();
        let call = Call { tensors: &tensors, numbers: &numbers, attributes };
        (rule.compute)(&call)
            .map_err(|error| error.with_help(format!("in the node '{}' (op: '{}')", record.name, rule.kind)))
    }

    fn gradient(&mut self, request: &Arc<Request>, index: usize) -> Result<Tensor> {
        let key = Arc::as_ptr(request);
        if !self.requests.contains_key(&key) {
            let gradients = request.trace(&|id| self.value(id))?;
            self.requests.insert(key, gradients);
        }
        Ok(self.requests[&key][index].clone())
    }

    /// The plan, when all nodes have been traced.
    fn finish(self, key: &Key, needed: &[bool]) -> Result<Plan> {
        let mut outputs: Vec<Tensor> = Vec::new();
        let mut output = |value: &Tensor| {
            outputs.push(value.clone());
            outputs.len() - 1
        };
        let fetches = key.fetches.iter().map(|&id| self.values[id].as_ref().map(&mut output)).collect();
        let mut assignments = Vec::new();
        for (id, record) in self.records.iter().enumerate() {
            let fed = key.feeds.iter().any(|(node, _)| *node == id);
            if let (Kind::Assign { variable }, true, false, Some(value)) =
                (&record.kind, needed[id], fed, &self.values[id])
            {
                assignments.push((*variable, output(value)));
            }
        }
        let mut program = self.trace.finish(&outputs)?;
        program.simplify()?;
        Ok(Plan { program, sources: self.sources, fetches, assignments })
    }
}

#[cold]
fn missing_feed(record: &Record) -> crate::Error {
    ErrorKind::Session {
        failure: SessionFailure::InvalidArgument,
        message: format!(
            "You must feed a value for placeholder tensor '{0}' with dtype {1} and shape {2}\n\t [[{{{{node {0}}}}}]]",
            record.name,
            record.dtype.map_or("", kernel_name),
            record.shape.in_brackets()
        ),
    }
    .into()
}
