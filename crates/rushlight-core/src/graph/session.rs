//! Sessions: the values of a graph's variables, and running.

use super::building::{Graph, Kind, NodeId, Record};
use super::node::Node;
use super::plan::{Key, Plan, Source};
use crate::autograd::GradMode;
use crate::error::{Error, ErrorKind, Result, SessionFailure, bail};
use crate::tensor::Tensor;
use rushlight_kernels::random::Generator;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Plans beyond this many make the session forget the others, so that feeds of ever new shapes do not fill the memory.
const MOST_PLANS: usize = 128;

/// What a session remembers from run to run.
#[derive(Default)]
struct State {
    variables: HashMap<NodeId, Tensor>,
    streams: HashMap<NodeId, Generator>,
    plans: HashMap<Key, Arc<Plan>>,
    made: usize,
    reused: usize,
}

/// Runs a [`Graph`], and holds the values of its variables (`tf.Session`).
///
/// In a run, every node is computed at most once. All variables are read at their values from the start of the run, and
/// assignments take effect at its end (TensorFlow leaves the order open); of two assignments to one variable the one
/// that was made later counts. Random nodes draw anew. A run that fails changes no variable.
///
/// ```
/// use rushlight_core::graph::{Graph, Session};
/// let graph = Graph::new();
/// let (w, x) = (graph.constant(1.0)?, graph.constant(2.0)?);
/// let y = (&w + &x) * (&w + 1.0);
/// let session = Session::new(&graph);
/// assert_eq!(session.run(&[&y], &[])?[0].item()?.to_f64(), 6.0);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
pub struct Session {
    graph: Graph,
    state: Mutex<State>,
}

impl Session {
    /// A session in which no variable has a value yet.
    pub fn new(graph: &Graph) -> Self {
        Self { graph: graph.clone(), state: Mutex::default() }
    }

    /// The graph that is run.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of plans that were made: one for each set of fetches and shapes of feeds.
    pub fn plans_made(&self) -> usize {
        self.state().made
    }

    /// Number of runs that found their plan ready.
    pub fn plans_reused(&self) -> usize {
        self.state().reused
    }

    /// The values of nodes, given values for placeholders (or, in place of what would be computed, for any node).
    ///
    /// # Errors
    /// If a placeholder lacks a value, a value does not fit its node's shape, a variable has no value yet, a node belongs
    /// to another graph or has no value (use [`Session::execute`]), and whatever an operation raises.
    pub fn run(&self, fetches: &[&Node], feeds: &[(&Node, Tensor)]) -> Result<Vec<Tensor>> {
        let values = self.evaluate(fetches, feeds)?;
        values
            .into_iter()
            .zip(fetches)
            .map(|(value, node)| value.ok_or_else(|| super::building::no_value(node)))
            .collect()
    }

    /// Runs nodes for their effect: initializers, assignments, groups.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn execute(&self, operations: &[&Node], feeds: &[(&Node, Tensor)]) -> Result<()> {
        self.evaluate(operations, feeds).map(drop)
    }

    /// [`Session::run`] for values and operations alike: an operation gives `None`.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub fn evaluate(&self, fetches: &[&Node], feeds: &[(&Node, Tensor)]) -> Result<Vec<Option<Tensor>>> {
        for node in fetches {
            self.graph.own(node).map_err(|error| {
                Error::value(format!("Fetch argument {node} cannot be interpreted as a Tensor. ({error})"))
            })?;
        }
        let feeds = self.checked_feeds(feeds)?;
        let key = Key {
            fetches: fetches.iter().map(|node| node.id()).collect(),
            feeds: feeds.iter().map(|(id, value)| (*id, value.shape().to_vec())).collect(),
        };
        let plan = self.plan(key)?;
        let _mode = GradMode::set(false);
        let inputs = self.inputs(&plan, &feeds)?;
        let results = plan.program.run(&inputs)?;
        let fetched = plan
            .fetches
            .iter()
            .map(|output| output.map(|output| unshared(output, &results, &inputs, &plan)).transpose())
            .collect::<Result<Vec<_>>>()?;
        let mut assigned = Vec::with_capacity(plan.assignments.len());
        for &(variable, output) in &plan.assignments {
            assigned.push((variable, results[output].contiguous()?));
        }
        self.state().variables.extend(assigned);
        Ok(fetched)
    }

    /// The values of feeds, in the dtypes of their nodes, by ascending number.
    fn checked_feeds(&self, feeds: &[(&Node, Tensor)]) -> Result<Vec<(NodeId, Tensor)>> {
        let mut checked: Vec<(NodeId, Tensor)> = Vec::with_capacity(feeds.len());
        for (node, value) in feeds {
            self.graph.own(node).map_err(|error| {
                Error::type_error(format!("Cannot interpret feed_dict key as Tensor: {error}"))
            })?;
            let Some(dtype) = node.dtype() else { return Err(super::building::no_value(node)) };
            if !node.shape().admits(value.shape()) {
                bail!(
                    Value,
                    "Cannot feed value of shape {} for Tensor '{}:0', which has shape '{}'",
                    super::StaticShape::known(value.shape()),
                    node.name(),
                    node.shape()
                );
            }
            let value = value.detach()?;
            checked.push((node.id(), if value.dtype() == dtype { value } else { value.to_dtype(dtype)? }));
        }
        checked.sort_by_key(|(id, _)| *id);
        Ok(checked)
    }

    /// The plan for a key, made on first use.
    fn plan(&self, key: Key) -> Result<Arc<Plan>> {
        {
            let mut state = self.state();
            if let Some(plan) = state.plans.get(&key).cloned() {
                state.reused += 1;
                return Ok(plan);
            }
        }
        let plan = Arc::new(Plan::make(&self.graph, &key)?);
        let mut state = self.state();
        if state.plans.len() >= MOST_PLANS {
            state.plans.clear();
        }
        state.made += 1;
        state.plans.insert(key, plan.clone());
        Ok(plan)
    }

    /// The program's inputs for this run.
    fn inputs(&self, plan: &Plan, feeds: &[(NodeId, Tensor)]) -> Result<Vec<Tensor>> {
        let mut state = self.state();
        let records = || self.graph.body();
        plan.sources
            .iter()
            .map(|source| match source {
                Source::Feed(id) => {
                    let fed = feeds.iter().find(|(node, _)| node == id);
                    fed.map(|(_, value)| value.clone()).ok_or_else(|| Error::runtime("a feed is missing"))
                }
                Source::Variable(id) => {
                    state.variables.get(id).cloned().ok_or_else(|| uninitialized(&records().nodes[*id]))
                }
                Source::Random(id) => {
                    let record = records().nodes[*id].clone();
                    let Kind::Random(draw) = &record.kind else {
                        bail!(Runtime, "'{}' is no random node", record.name)
                    };
                    draw.draw(state.streams.entry(*id).or_insert_with(|| draw.stream()))
                }
            })
            .collect()
    }
}

/// A result that the caller may write over without changing a variable, a feed, a constant or another result.
fn unshared(output: usize, results: &[Tensor], inputs: &[Tensor], plan: &Plan) -> Result<Tensor> {
    let result = &results[output];
    let shared = inputs.iter().any(|input| input.shares_storage(result))
        || plan.program.constants.iter().any(|(_, constant)| constant.shares_storage(result))
        || results.iter().enumerate().any(|(i, other)| i != output && other.shares_storage(result));
    if shared { result.clone_data() } else { Ok(result.clone()) }
}

#[cold]
fn uninitialized(record: &Record) -> Error {
    Error::from(ErrorKind::Session {
        failure: SessionFailure::FailedPrecondition,
        message: format!(
            "Attempting to use uninitialized value {0}\n\t [[{{{{node {0}/read}}}}]]",
            record.name
        ),
    })
    .with_help("run the operation of tf.global_variables_initializer() first")
}
