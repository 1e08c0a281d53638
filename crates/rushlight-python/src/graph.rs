//! Static graphs (`rushlight.graph`): handles to the core's graphs, nodes and sessions, which the Python front dresses in
//! TensorFlow's classes. Nothing is decided here.

use crate::error::raise;
use crate::tensor::{unwrap_exact, wrap};
use crate::types::{dtype_object, dtype_of};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyTuple};
use rushlight_core::graph::{Argument, Attributes, Graph, Node, Session};
use rushlight_core::{DType, Error, ErrorKind, Result, Scalar, SessionFailure};

/// A node of a static graph.
#[pyclass(name = "_GraphNode", module = "rushlight", frozen)]
struct PyNode(Node);

/// A static graph.
#[pyclass(name = "_Graph", module = "rushlight", frozen)]
struct PyGraph(Graph);

/// What runs a static graph and holds its variables.
#[pyclass(name = "_GraphSession", module = "rushlight", frozen)]
struct PySession(Session);

/// A session's failures are TensorFlow's exceptions; all others are as everywhere.
#[cold]
fn raise_for_graph(error: &Error) -> PyErr {
    let ErrorKind::Session { failure, message } = error.kind() else { return raise(error) };
    let class = match failure {
        SessionFailure::FailedPrecondition => "FailedPreconditionError",
        _ => "InvalidArgumentError",
    };
    Python::attach(|py| {
        let make = || -> PyResult<PyErr> {
            let raised = py.import("rushlight.graph.errors")?.getattr(class)?.call1((message,))?;
            for line in error.help() {
                raised.call_method1("add_note", (line,))?;
            }
            Ok(PyErr::from_value(raised))
        };
        make().unwrap_or_else(|other| other)
    })
}

fn checked<T>(result: Result<T>) -> PyResult<T> {
    result.map_err(|error| raise_for_graph(&error))
}

fn node(result: Result<Node>) -> PyResult<PyNode> {
    checked(result).map(PyNode)
}

/// A node, a number or a tensor.
fn argument(object: &Bound<'_, PyAny>) -> PyResult<Argument> {
    if let Ok(node) = object.cast::<PyNode>() {
        return Ok((&node.get().0).into());
    }
    if let Some(tensor) = unwrap_exact(object) {
        return Ok(tensor.into());
    }
    if object.is_instance_of::<PyBool>() {
        return Ok(object.extract::<bool>()?.into());
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(Scalar::Int(object.extract()?).into());
    }
    if object.is_instance_of::<PyFloat>() {
        return Ok(Scalar::Float(object.extract()?).into());
    }
    Err(PyTypeError::new_err(format!("{} is no node, number or tensor", object.get_type().name()?)))
}

fn dtype(object: &Bound<'_, PyAny>) -> PyResult<DType> {
    dtype_of(object).ok_or_else(|| PyTypeError::new_err("a dtype is expected"))
}

#[pymethods]
impl PyNode {
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    #[getter]
    fn id(&self) -> usize {
        self.0.id()
    }

    #[getter]
    fn is_variable(&self) -> bool {
        self.0.is_variable()
    }

    /// `torch.float32`; `None` for an operation without a value.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.0.dtype().map(|dtype| dtype_object(py, dtype)).transpose()
    }

    /// The sizes; `None` where one is unknown.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.shape().sizes())
    }

    #[getter]
    fn inputs(&self) -> Vec<PyNode> {
        self.0.inputs().into_iter().map(PyNode).collect()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}

#[pymethods]
impl PyGraph {
    #[new]
    fn new() -> Self {
        Self(Graph::new())
    }

    /// The node of that name, or `None`.
    fn find(&self, name: &str) -> Option<PyNode> {
        self.0.find(name).map(PyNode)
    }

    fn nodes(&self) -> Vec<PyNode> {
        self.0.nodes().into_iter().map(PyNode).collect()
    }

    fn unique_name(&self, base: &str) -> String {
        self.0.unique_name(base)
    }

    /// Begins a scope of names, and returns the one before.
    fn enter_scope(&self, base: &str) -> String {
        self.0.enter_scope(base)
    }

    fn leave_scope(&self, outer: String) {
        self.0.leave_scope(outer);
    }

    fn scope(&self) -> String {
        self.0.scope()
    }

    fn set_seed(&self, seed: Option<u64>) {
        self.0.set_seed(seed);
    }

    fn constant(&self, value: &Bound<'_, PyAny>, name: &str) -> PyResult<PyNode> {
        node(self.0.constant_named(argument(value)?, name))
    }

    #[pyo3(name = "placeholder")]
    fn placeholder(&self, of: &Bound<'_, PyAny>, shape: Vec<Option<usize>>, name: &str) -> PyResult<PyNode> {
        node(self.0.placeholder_named(dtype(of)?, &shape, name))
    }

    fn variable(&self, initial: PyRef<'_, PyNode>, name: &str) -> PyResult<PyNode> {
        node(self.0.variable_named(&initial.0, name))
    }

    #[pyo3(signature = (variable, value, name=None))]
    fn assign(
        &self,
        variable: PyRef<'_, PyNode>,
        value: &Bound<'_, PyAny>,
        name: Option<&str>,
    ) -> PyResult<PyNode> {
        node(self.0.assign(&variable.0, argument(value)?, name))
    }

    #[pyo3(signature = (distribution, first, second, shape, of, seed=None, name=None))]
    #[expect(clippy::too_many_arguments, reason = "the arguments of TensorFlow's random operations")]
    fn random(
        &self,
        distribution: &str,
        first: f64,
        second: f64,
        shape: Vec<usize>,
        of: &Bound<'_, PyAny>,
        seed: Option<u64>,
        name: Option<&str>,
    ) -> PyResult<PyNode> {
        node(self.0.random_named(distribution, (first, second), &shape, dtype(of)?, seed, name))
    }

    #[pyo3(signature = (kind, inputs, integers=None, flags=(false, false), of=None, name=None))]
    fn operation(
        &self,
        kind: &str,
        inputs: Vec<Bound<'_, PyAny>>,
        integers: Option<Vec<i64>>,
        flags: (bool, bool),
        of: Option<&Bound<'_, PyAny>>,
        name: Option<&str>,
    ) -> PyResult<PyNode> {
        let inputs = inputs.iter().map(argument).collect::<PyResult<Vec<_>>>()?;
        let attributes =
            Attributes { integers, flags: [flags.0, flags.1], dtype: of.map(dtype).transpose()? };
        node(self.0.operation(kind, inputs, &attributes, name))
    }

    fn gradients(
        &self,
        outputs: Vec<PyRef<'_, PyNode>>,
        inputs: Vec<PyRef<'_, PyNode>>,
        weights: Vec<Option<PyRef<'_, PyNode>>>,
        scope: &str,
    ) -> PyResult<Vec<Option<PyNode>>> {
        let outputs: Vec<&Node> = outputs.iter().map(|node| &node.0).collect();
        let inputs: Vec<&Node> = inputs.iter().map(|node| &node.0).collect();
        let weights: Vec<Option<&Node>> = weights.iter().map(|w| w.as_ref().map(|node| &node.0)).collect();
        let made = checked(self.0.gradients_weighted(&outputs, &inputs, &weights, scope))?;
        Ok(made.into_iter().map(|node| node.map(PyNode)).collect())
    }

    fn group(&self, nodes: Vec<PyRef<'_, PyNode>>, name: &str) -> PyResult<PyNode> {
        let nodes: Vec<&Node> = nodes.iter().map(|node| &node.0).collect();
        node(self.0.group(&nodes, name))
    }
}

#[pymethods]
impl PySession {
    #[new]
    fn new(graph: PyRef<'_, PyGraph>) -> Self {
        Self(Session::new(&graph.0))
    }

    /// Plans made, and runs that found theirs ready.
    #[getter]
    fn plans(&self) -> (usize, usize) {
        (self.0.plans_made(), self.0.plans_reused())
    }

    /// The values of nodes; `None` for operations without one.
    fn run(
        &self,
        py: Python<'_>,
        fetches: Vec<PyRef<'_, PyNode>>,
        feeds: Vec<(PyRef<'_, PyNode>, Bound<'_, PyAny>)>,
    ) -> PyResult<Vec<Option<Py<PyAny>>>> {
        let fetches: Vec<Node> = fetches.iter().map(|node| node.0.clone()).collect();
        let mut values = Vec::with_capacity(feeds.len());
        for (node, value) in &feeds {
            let Some(tensor) = unwrap_exact(value) else {
                return Err(PyTypeError::new_err("a feed must be a tensor"));
            };
            values.push((node.0.clone(), tensor.clone()));
        }
        let results = py.detach(|| {
            let fetches: Vec<&Node> = fetches.iter().collect();
            let feeds: Vec<_> = values.iter().map(|(node, value)| (node, value.clone())).collect();
            self.0.evaluate(&fetches, &feeds)
        });
        checked(results)?.into_iter().map(|value| value.map(|tensor| wrap(py, tensor)).transpose()).collect()
    }
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyNode>()?;
    m.add_class::<PyGraph>()?;
    m.add_class::<PySession>()
}
