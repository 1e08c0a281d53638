//! The graph: its nodes, their names, and how nodes are made.

use super::gradient::Request;
use super::node::{Argument, Node, tensorflow_name};
use super::random::{Distribution, Draw, mixed_seed};
use super::rules::{self, Attributes, Rule};
use super::static_shape::{Operand, StaticShape, infer};
use crate::DType;
use crate::error::{Error, ErrorKind, Result, bail};
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of a node. A node's inputs have lower numbers, so ascending numbers are an order of computation.
pub(super) type NodeId = usize;

/// What is known of a node; it never changes.
pub(super) struct Record {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) inputs: Vec<NodeId>,
    pub(super) shape: StaticShape,
    /// `None` for an operation without a value.
    pub(super) dtype: Option<DType>,
}

/// What a node is.
pub(super) enum Kind {
    Placeholder,
    Constant {
        value: Tensor,
        /// The value again where it is a number: operations take it cheaper than as a tensor.
        number: Option<Scalar>,
    },
    Variable,
    /// Sets a variable to the input; its value is what it is set to.
    Assign {
        variable: NodeId,
    },
    Random(Draw),
    Operation(&'static Rule, Attributes),
    /// One of the gradients that were requested together.
    Gradient {
        request: Arc<Request>,
        index: usize,
    },
    /// Runs its inputs and has no value.
    Group,
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Placeholder => "Placeholder",
            Self::Constant { .. } => "Const",
            Self::Variable => "VariableV2",
            Self::Assign { .. } => "Assign",
            Self::Random(draw) => match draw.distribution {
                Distribution::Normal { .. } => "RandomStandardNormal",
                Distribution::TruncatedNormal { .. } => "TruncatedNormal",
                Distribution::Uniform { .. } => "RandomUniform",
            },
            Self::Operation(rule, _) => rule.kind,
            Self::Gradient { .. } => "Gradient",
            Self::Group => "NoOp",
        }
    }
}

#[derive(Default)]
pub(super) struct Body {
    pub(super) nodes: Vec<Arc<Record>>,
    /// Names in use, in lower case, and how often each was asked for.
    names: HashMap<String, usize>,
    /// What names begin with, its slash included.
    scope: String,
    seed: Option<u64>,
    /// The nodes that set each variable to its initial value.
    initial: Vec<NodeId>,
}

/// A static graph: built first, in TensorFlow 1's words, and run later by a [`Session`](super::Session).
///
/// ```
/// use rushlight_core::graph::{Graph, Session};
/// use rushlight_core::{DType, Tensor};
/// let graph = Graph::new();
/// let x = graph.placeholder(DType::F32, &[None, Some(2)])?;
/// let y = x.square()?.sum()?;
/// let slope = graph.gradients(&[&y], &[&x])?.remove(0).expect("y depends on x");
/// assert_eq!(slope.shape().to_string(), "(?, 2)");
///
/// let rows = Tensor::from_vec([1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
/// let results = Session::new(&graph).run(&[&y, &slope], &[(&x, rows)])?;
/// assert_eq!(results[0].item()?.to_f64(), 30.0);
/// assert_eq!(results[1].to_vec::<f32>()?, [2.0, 4.0, 6.0, 8.0]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Graph(Arc<Mutex<Body>>);

/// The seed of a graph that has none, for nodes that have one (TensorFlow's number).
const DEFAULT_SEED: u64 = 87_654_321;

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether two handles are to one graph.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// All nodes so far, in the order in which they were made.
    pub fn nodes(&self) -> Vec<Node> {
        let records = self.body().nodes.clone();
        let node = |(id, record)| Node { graph: self.clone(), id, record };
        records.into_iter().enumerate().map(node).collect()
    }

    pub(super) fn node(&self, id: NodeId) -> Node {
        Node { graph: self.clone(), id, record: self.body().nodes[id].clone() }
    }

    /// The node of that name (`Mul_1`).
    pub fn find(&self, name: &str) -> Option<Node> {
        let id = self.body().nodes.iter().position(|record| record.name == name)?;
        Some(self.node(id))
    }

    pub(super) fn push(&self, record: Record) -> Node {
        let record = Arc::new(record);
        let mut body = self.body();
        body.nodes.push(record.clone());
        Node { graph: self.clone(), id: body.nodes.len() - 1, record }
    }

    /// A name that no node has yet, within the current scope: `Mul`, then `Mul_1` …, without regard to case.
    pub fn unique_name(&self, base: &str) -> String {
        let mut body = self.body();
        let wanted = format!("{}{base}", body.scope);
        let key = wanted.to_lowercase();
        let mut count = body.names.get(&key).copied().unwrap_or(0);
        body.names.insert(key.clone(), count + 1);
        if count == 0 {
            return wanted;
        }
        let mut name = wanted.clone();
        while body.names.contains_key(&name.to_lowercase()) {
            name = format!("{wanted}_{count}");
            count += 1;
        }
        body.names.insert(name.to_lowercase(), 1);
        name
    }

    /// Enters a scope: names made from now on begin with it (`layer/`). Returns the scope that was left; give it to
    /// [`Graph::leave_scope`].
    pub fn enter_scope(&self, base: &str) -> String {
        let scope = format!("{}/", self.unique_name(base));
        std::mem::replace(&mut self.body().scope, scope)
    }

    /// Returns to a scope.
    pub fn leave_scope(&self, outer: String) {
        self.body().scope = outer;
    }

    /// The scope that names begin with now: empty, or with a slash at its end.
    pub fn scope(&self) -> String {
        self.body().scope.clone()
    }

    /// Fixes what random nodes that are made from now on draw (`tf.set_random_seed`); `None` lets it differ from
    /// session to session. The streams are not TensorFlow's.
    pub fn set_seed(&self, seed: Option<u64>) {
        self.body().seed = seed;
    }

    /// A value that is given to each run.
    ///
    /// # Errors
    /// None today.
    pub fn placeholder(&self, dtype: DType, shape: &[Option<usize>]) -> Result<Node> {
        self.placeholder_named(dtype, shape, "Placeholder")
    }

    /// [`Graph::placeholder`] under another name.
    ///
    /// # Errors
    /// None today.
    pub fn placeholder_named(&self, dtype: DType, shape: &[Option<usize>], name: &str) -> Result<Node> {
        Ok(self.push(Record {
            name: self.unique_name(name),
            kind: Kind::Placeholder,
            inputs: Vec::new(),
            shape: StaticShape::new(shape),
            dtype: Some(dtype),
        }))
    }

    /// A constant: a tensor, or a number, which becomes `float32`, `int32` or `bool`.
    ///
    /// # Errors
    /// If an integer does not fit.
    pub fn constant(&self, value: impl Into<Argument>) -> Result<Node> {
        self.constant_named(value, "Const")
    }

    /// [`Graph::constant`] under another name.
    ///
    /// # Errors
    /// If an integer does not fit.
    pub fn constant_named(&self, value: impl Into<Argument>, name: &str) -> Result<Node> {
        match value.into() {
            Argument::Node(node) => Ok(node),
            Argument::Tensor(tensor) => self.push_constant(tensor, self.unique_name(name)),
            Argument::Number(number) => {
                let tensor = number_tensor(number, natural_dtype(number))?;
                self.push_constant(tensor, self.unique_name(name))
            }
        }
    }

    fn push_constant(&self, tensor: Tensor, name: String) -> Result<Node> {
        let value = tensor.detach()?.contiguous()?;
        let number = if value.rank() == 0 { Some(value.item()?) } else { None };
        Ok(self.push(Record {
            name,
            inputs: Vec::new(),
            shape: StaticShape::known(value.shape()),
            dtype: Some(value.dtype()),
            kind: Kind::Constant { value, number },
        }))
    }

    /// A variable; the initializer sets it to the given node's value.
    ///
    /// # Errors
    /// If a size of the initial value is unknown.
    pub fn variable(&self, initial: &Node) -> Result<Node> {
        self.variable_named(initial, "Variable")
    }

    /// [`Graph::variable`] under another name.
    ///
    /// # Errors
    /// If a size of the initial value is unknown.
    pub fn variable_named(&self, initial: &Node, name: &str) -> Result<Node> {
        self.own(initial)?;
        let (Some(_), Some(dtype)) = (initial.shape().to_known(), initial.dtype()) else {
            bail!(Value, "initial_value must have a shape specified: {initial}");
        };
        let name = self.unique_name(name);
        let variable = self.push(Record {
            name: name.clone(),
            kind: Kind::Variable,
            inputs: Vec::new(),
            shape: initial.shape().clone(),
            dtype: Some(dtype),
        });
        let assign = self.push_assign(&variable, initial, format!("{name}/Assign"));
        self.body().initial.push(assign.id);
        Ok(variable)
    }

    fn push_assign(&self, variable: &Node, value: &Node, name: String) -> Node {
        self.push(Record {
            name,
            kind: Kind::Assign { variable: variable.id },
            inputs: vec![value.id],
            shape: variable.shape().clone(),
            dtype: variable.dtype(),
        })
    }

    /// A node that sets a variable. See [`Node::assign`].
    ///
    /// # Errors
    /// If the node is no variable, or if shape or dtype differ.
    pub fn assign(&self, variable: &Node, value: impl Into<Argument>, name: Option<&str>) -> Result<Node> {
        self.own(variable)?;
        if !variable.is_variable() {
            bail!(Type, "only a variable can be assigned to, not {variable}");
        }
        let name = self.unique_name(name.unwrap_or("Assign"));
        let value = self.converted(value.into(), variable.dtype(), || format!("{name}/value"))?;
        check_same_dtype("Assign", "value", &value, "ref", variable)?;
        if !variable.shape().is_compatible_with(value.shape()) {
            let shapes = [variable.shape(), value.shape()].map(StaticShape::in_brackets);
            let reason = if variable.shape().sizes().len() == value.shape().sizes().len() {
                let differs =
                    |(a, b): &(&Option<usize>, &Option<usize>)| a.is_some() && b.is_some() && a != b;
                let pairs = || variable.shape().sizes().iter().zip(value.shape().sizes());
                let at = pairs().position(|pair| differs(&pair)).unwrap_or(0);
                let size = |node: &Node| node.shape().sizes()[at].unwrap_or(0);
                format!(
                    "Dimension {at} in both shapes must be equal, but are {} and {}",
                    size(variable),
                    size(&value)
                )
            } else {
                "Shapes must be equal rank".to_owned()
            };
            bail!(
                Value,
                "{reason}. Shapes are {} and {}. for '{name}' (op: 'Assign') with input shapes: {}, {}.",
                shapes[0],
                shapes[1],
                shapes[0],
                shapes[1]
            );
        }
        Ok(self.push_assign(variable, &value, name))
    }

    /// Normal random numbers, drawn anew in each run.
    ///
    /// # Errors
    /// None today.
    pub fn random_normal(&self, shape: &[usize], mean: f64, deviation: f64, dtype: DType) -> Result<Node> {
        self.random("random_normal", Distribution::Normal { mean, deviation }, shape, dtype, None, None)
    }

    /// Uniform random numbers in [low, high), drawn anew in each run.
    ///
    /// # Errors
    /// None today.
    pub fn random_uniform(&self, shape: &[usize], low: f64, high: f64, dtype: DType) -> Result<Node> {
        self.random("random_uniform", Distribution::Uniform { low, high }, shape, dtype, None, None)
    }

    /// A random node by TensorFlow's name of its distribution: `random_normal` and `truncated_normal` with mean and
    /// deviation, `random_uniform` with its bounds.
    ///
    /// # Errors
    /// For other names, and for dtypes that are not floating-point.
    pub fn random_named(
        &self,
        distribution: &str,
        (first, second): (f64, f64),
        shape: &[usize],
        dtype: DType,
        seed: Option<u64>,
        name: Option<&str>,
    ) -> Result<Node> {
        let kind = match distribution {
            "random_normal" => Distribution::Normal { mean: first, deviation: second },
            "truncated_normal" => Distribution::TruncatedNormal { mean: first, deviation: second },
            "random_uniform" => Distribution::Uniform { low: first, high: second },
            other => bail!(Value, "there is no random distribution '{other}'"),
        };
        self.random(name.unwrap_or(distribution), kind, shape, dtype, seed, name)
    }

    fn random(
        &self,
        base: &str,
        distribution: Distribution,
        shape: &[usize],
        dtype: DType,
        seed: Option<u64>,
        name: Option<&str>,
    ) -> Result<Node> {
        if !dtype.is_floating_point() {
            bail!(Type, "random numbers of dtype {} cannot be drawn", tensorflow_name(dtype));
        }
        let name = self.unique_name(name.unwrap_or(base));
        let seed = {
            let body = self.body();
            match (body.seed, seed) {
                (None, None) => None,
                (Some(graph), None) => Some(mixed_seed(graph, body.nodes.len() as u64)),
                (graph, Some(node)) => Some(mixed_seed(graph.unwrap_or(DEFAULT_SEED), node)),
            }
        };
        Ok(self.push(Record {
            name,
            kind: Kind::Random(Draw { distribution, shape: shape.to_vec(), dtype, seed }),
            inputs: Vec::new(),
            shape: StaticShape::known(shape),
            dtype: Some(dtype),
        }))
    }

    /// An operation by TensorFlow's name (`MatMul`), for what [`Node`] has no method for.
    ///
    /// # Errors
    /// For unknown names, and if shapes or dtypes do not fit.
    pub fn operation(
        &self,
        kind: &str,
        arguments: Vec<Argument>,
        attributes: &Attributes,
        name: Option<&str>,
    ) -> Result<Node> {
        let rule = rules::find(kind)?;
        if arguments.len() != rule.inputs.len() {
            bail!(Type, "{kind} takes {} inputs, got {}", rule.inputs.len(), arguments.len());
        }
        let name = self.unique_name(name.unwrap_or(default_name(rule.kind)));
        // Numbers and plain values take the dtype of the first node.
        let dtype = arguments.iter().find_map(|argument| match argument {
            Argument::Node(node) => node.dtype(),
            _ => None,
        });
        let mut dtype = dtype;
        let mut nodes: Vec<Node> = Vec::with_capacity(arguments.len());
        for (argument, input) in arguments.into_iter().zip(rule.inputs) {
            let node = self.converted(argument, dtype, || format!("{name}/{input}"))?;
            dtype = dtype.or(node.dtype());
            nodes.push(node);
        }
        for (node, input) in nodes.iter().zip(rule.inputs).skip(1) {
            check_same_dtype(kind, input, node, rule.inputs[0], &nodes[0])?;
        }
        let mut operands = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let Some(dtype) = node.dtype() else { return Err(no_value(node)) };
            operands.push(Operand { shape: node.shape(), dtype, number: node.record.number() });
        }
        let (shape, dtype) =
            infer(rule, &operands, attributes).map_err(|error| misfit(error, &name, kind, &nodes))?;
        let inputs = nodes.iter().map(|node| node.id).collect();
        let kind = Kind::Operation(rule, attributes.clone());
        Ok(self.push(Record { name, kind, inputs, shape, dtype: Some(dtype) }))
    }

    /// An argument as a node of this graph; a number takes the dtype.
    pub(super) fn converted(
        &self,
        argument: Argument,
        dtype: Option<DType>,
        name: impl FnOnce() -> String,
    ) -> Result<Node> {
        match argument {
            Argument::Node(node) => {
                self.own(&node)?;
                Ok(node)
            }
            Argument::Tensor(tensor) => self.push_constant(tensor, name()),
            Argument::Number(number) => {
                self.push_constant(number_tensor(number, dtype.unwrap_or(natural_dtype(number)))?, name())
            }
        }
    }

    /// Checks that a node belongs to this graph.
    pub(super) fn own(&self, node: &Node) -> Result<()> {
        if self.is_same(&node.graph) {
            return Ok(());
        }
        Err(Error::value(format!("Tensor {node} is not an element of this graph.")))
    }

    /// An operation without a value that runs all of the given nodes.
    ///
    /// # Errors
    /// If a node belongs to another graph.
    pub fn group(&self, nodes: &[&Node], name: &str) -> Result<Node> {
        for node in nodes {
            self.own(node)?;
        }
        let inputs = nodes.iter().map(|node| node.id).collect();
        let name = self.unique_name(name);
        Ok(self.push(Record { name, kind: Kind::Group, inputs, shape: StaticShape::known(&[]), dtype: None }))
    }

    /// The operation that sets every variable so far to its initial value.
    ///
    /// # Errors
    /// None today.
    pub fn initializer(&self) -> Result<Node> {
        let inputs = self.body().initial.clone();
        let name = self.unique_name("init");
        Ok(self.push(Record { name, kind: Kind::Group, inputs, shape: StaticShape::known(&[]), dtype: None }))
    }
}

impl Record {
    /// The value of a constant number.
    pub(super) fn number(&self) -> Option<Scalar> {
        match &self.kind {
            Kind::Constant { number, .. } => *number,
            _ => None,
        }
    }
}

/// The name of a node of that kind.
fn default_name(kind: &'static str) -> &'static str {
    match kind {
        "RealDiv" => "truediv",
        "Transpose" => "transpose",
        "ZerosLike" => "zeros_like",
        "OnesLike" => "ones_like",
        other => other,
    }
}

/// The dtype of a number that nothing else decides.
fn natural_dtype(number: Scalar) -> DType {
    match number {
        Scalar::Float(_) => DType::F32,
        Scalar::Int(_) => DType::I32,
        Scalar::Bool(_) => DType::Bool,
    }
}

/// A number in a dtype that can hold it.
fn number_tensor(number: Scalar, dtype: DType) -> Result<Tensor> {
    let fits = match number {
        Scalar::Float(_) => dtype.is_floating_point(),
        Scalar::Int(value) => dtype != DType::I32 || i32::try_from(value).is_ok(),
        Scalar::Bool(_) => dtype == DType::Bool,
    };
    if !fits {
        let (text, kind) = match number {
            Scalar::Float(value) => (format!("{value:?}"), "float"),
            Scalar::Int(value) => (value.to_string(), "int"),
            Scalar::Bool(value) => (if value { "True" } else { "False" }.to_owned(), "bool"),
        };
        bail!(Type, "Expected {}, got {text} of type '{kind}' instead.", tensorflow_name(dtype));
    }
    Tensor::full(&[], number, dtype)
}

#[cold]
pub(super) fn no_value(node: &Node) -> Error {
    Error::type_error(format!("Can't convert Operation '{}' to Tensor", node.name()))
}

/// There is no promotion in TensorFlow.
fn check_same_dtype(kind: &str, input: &str, node: &Node, first_input: &str, first: &Node) -> Result<()> {
    match (node.dtype(), first.dtype()) {
        (Some(own), Some(wanted)) if own != wanted => {
            let (own, wanted) = (tensorflow_name(own), tensorflow_name(wanted));
            Err(Error::type_error(format!(
                "Input '{input}' of '{kind}' Op has type {own} that does not match type {wanted} of argument '{first_input}'."
            ))
            .with_help(format!("convert one of them with tf.cast(x, tf.{wanted})")))
        }
        _ => Ok(()),
    }
}

/// An error of an operation's own rule, in TensorFlow's words.
#[cold]
fn misfit(error: Error, name: &str, kind: &str, nodes: &[Node]) -> Error {
    let reason = match error.kind() {
        ErrorKind::Broadcast { a, b, .. } => format!("Dimensions must be equal, but are {a} and {b}"),
        other => other.to_string().trim_end_matches('.').to_owned(),
    };
    let shapes: Vec<String> = nodes.iter().map(|node| node.shape().in_brackets()).collect();
    let mut misfit = Error::message(
        match error.exception() {
            crate::Exception::NotImplemented | crate::Exception::Type => error.exception(),
            _ => crate::Exception::Value,
        },
        format!("{reason} for '{name}' (op: '{kind}') with input shapes: {}.", shapes.join(", ")),
    );
    for line in error.help() {
        misfit = misfit.with_help(line.clone());
    }
    misfit
}
