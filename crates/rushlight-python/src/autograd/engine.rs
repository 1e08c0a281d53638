//! The way into the engine.

use super::node::node_of;
use crate::error::OrRaise;
use crate::tensor::{PyTensor, unwrap_exact, wrap_option};
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rushlight_core::autograd::{BackwardOptions, Edge, GradFn, run_backward};
use rushlight_core::{Error, ErrorKind, Tensor, warning};
use std::cell::Cell;

thread_local! {
    /// The running pass, as `_current_graph_task_id` numbers it; -1 outside of one.
    static TASK: Cell<i64> = const { Cell::new(-1) };
    static NEXT_TASK: Cell<i64> = const { Cell::new(0) };
}

/// The number of a pass while it runs.
struct Task(i64);

impl Task {
    fn enter() -> Self {
        let number = NEXT_TASK.get();
        NEXT_TASK.set(number + 1);
        Self(TASK.replace(number))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        TASK.set(self.0);
    }
}

/// Where the gradient of a tensor, or of a `GradientEdge`, is computed.
fn edge_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Edge>> {
    if let Some(tensor) = unwrap_exact(object) {
        return Ok(Some(tensor.edge()));
    }
    let py = object.py();
    let Ok(node) = object.getattr(intern!(py, "node")) else { return Ok(None) };
    let output: u32 = object.getattr(intern!(py, "output_nr"))?.extract()?;
    Ok(node_of(&node).map(|node| Edge::Node(GradFn { node, output })))
}

#[cold]
fn warn_create_graph() -> PyResult<()> {
    warning::warn(
        warning::Category::User,
        "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid the leak.",
    );
    crate::warning::check()
}

/// Runs the engine. The arguments have been checked by `rushlight.autograd`.
#[pyfunction]
#[pyo3(signature = (tensors, grad_tensors, keep_graph, create_graph, inputs, *, allow_unreachable = false, accumulate_grad = false))]
#[expect(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "the signature is PyTorch's"
)]
fn _run_backward<'py>(
    py: Python<'py>,
    tensors: &Bound<'py, PyAny>,
    grad_tensors: &Bound<'py, PyAny>,
    keep_graph: bool,
    create_graph: bool,
    inputs: &Bound<'py, PyAny>,
    allow_unreachable: bool,
    accumulate_grad: bool,
) -> PyResult<Bound<'py, PyTuple>> {
    if create_graph && accumulate_grad {
        warn_create_graph()?;
    }
    let mut roots = Vec::new();
    for (i, object) in tensors.try_iter()?.enumerate() {
        let object = object?;
        match edge_of(&object)? {
            Some(Edge::None) => return Err(PyRuntimeError::new_err(no_grad(i))),
            Some(edge) => roots.push(edge),
            None => {
                return Err(PyTypeError::new_err(format!(
                    "element {i} of tensors argument is not a Tensor, but a {}",
                    type_name(&object)
                )));
            }
        }
    }
    let mut gradients = Vec::with_capacity(roots.len());
    for gradient in grad_tensors.try_iter()? {
        let gradient = gradient?;
        gradients.push(unwrap_exact(&gradient).cloned());
    }
    if gradients.len() != roots.len() {
        return Err(PyRuntimeError::new_err(format!(
            "got {} tensors and {} gradients",
            roots.len(),
            gradients.len()
        )));
    }
    let mut places = Vec::new();
    for object in inputs.try_iter()? {
        let object = object?;
        if accumulate_grad && let Some(tensor) = unwrap_exact(&object) {
            tensor.retain_grad().or_raise()?;
        }
        match edge_of(&object)? {
            Some(Edge::None) => {
                return Err(PyRuntimeError::new_err(
                    "One of the differentiated Tensors does not require grad",
                ));
            }
            Some(edge) => places.push(edge),
            None => {
                return Err(PyTypeError::new_err(
                    "all inputs have to be Tensors or GradientEdges, but got something else",
                ));
            }
        }
    }
    let options = BackwardOptions { retain_graph: keep_graph, create_graph };
    let results = run(&roots, gradients, options, &places, accumulate_grad)?;
    if accumulate_grad {
        return Ok(PyTuple::empty(py));
    }
    let mut objects = Vec::with_capacity(results.len());
    for (i, result) in results.into_iter().enumerate() {
        if result.is_none() && !allow_unreachable {
            return Err(PyRuntimeError::new_err(format!(
                "The differentiated Tensor at index {i} appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior."
            )));
        }
        objects.push(wrap_option(py, result)?);
    }
    PyTuple::new(py, objects)
}

fn no_grad(i: usize) -> String {
    Error::new(ErrorKind::NoGrad { index: i }).to_string()
}

fn run(
    roots: &[Edge],
    gradients: Vec<Option<Tensor>>,
    options: BackwardOptions,
    inputs: &[Edge],
    accumulate: bool,
) -> PyResult<Vec<Option<Tensor>>> {
    let _task = Task::enter();
    let results = run_backward(roots, gradients, options, inputs, accumulate).or_raise();
    crate::warning::check()?;
    results
}

/// `tensor.backward(…)`: by itself where nothing unusual is asked for, else through `rushlight.autograd.backward`.
pub(crate) fn backward(
    slf: &Bound<'_, PyTensor>,
    gradient: Option<&Bound<'_, PyAny>>,
    retain_graph: Option<&Bound<'_, PyAny>>,
    create_graph: bool,
    inputs: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let py = slf.py();
    let plain = |value: Option<&Bound<'_, PyAny>>| value.is_none_or(pyo3::types::PyAnyMethods::is_none);
    if plain(gradient) && plain(inputs) && !create_graph {
        let tensor = slf.get().tensor();
        let root = tensor.edge();
        if matches!(root, Edge::None) {
            return Err(crate::error::raise(&Error::new(ErrorKind::NoGrad { index: 0 }).with_help(
                "no tensor that it was computed from has requires_grad=True, or it was computed under no_grad()",
            )));
        }
        if tensor.numel() != 1 {
            return Err(crate::error::raise(&Error::new(ErrorKind::NonScalarBackward).with_help(format!(
                "the output has the shape {:?}; reduce it to one number (`.sum()`, `.mean()`), or pass a gradient of that shape",
                tensor.shape()
            ))));
        }
        let retain_graph = match retain_graph {
            Some(value) if !value.is_none() => value.is_truthy()?,
            _ => false,
        };
        let start = tensor.ones_like().or_raise()?;
        let options = BackwardOptions { retain_graph, create_graph: false };
        run(&[root], vec![Some(start)], options, &[], true)?;
        return Ok(());
    }
    let none = py.None().into_bound(py);
    let keywords = PyDict::new(py);
    keywords.set_item(intern!(py, "inputs"), inputs.unwrap_or(&none))?;
    py.import(intern!(py, "rushlight.autograd"))?.getattr(intern!(py, "backward"))?.call(
        (slf, gradient.unwrap_or(&none), retain_graph.unwrap_or(&none), create_graph),
        Some(&keywords),
    )?;
    Ok(())
}

/// The number of the pass that is running on this thread, or -1.
#[pyfunction]
fn _current_graph_task_id() -> i64 {
    TASK.get()
}

/// Says that tensors' data was changed without the library's knowledge.
#[pyfunction]
fn _increment_version(tensors: &Bound<'_, PyAny>) -> PyResult<()> {
    for object in tensors.try_iter()? {
        let object = object?;
        match unwrap_exact(&object) {
            Some(tensor) => tensor.increment_version(),
            None => {
                return Err(PyTypeError::new_err(format!(
                    "increment_version expects each element of the iterable to be a tensor, but got {}",
                    type_name(&object)
                )));
            }
        }
    }
    Ok(())
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(_run_backward, m)?)?;
    m.add_function(wrap_pyfunction!(_current_graph_task_id, m)?)?;
    m.add_function(wrap_pyfunction!(_increment_version, m)?)
}
