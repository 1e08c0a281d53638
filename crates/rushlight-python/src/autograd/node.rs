//! The Python object of a node of the graph.
//!
//! Identity is as for tensors (Note \[Identity] in `tensor/object.rs`): one live object for a node, found by the node's
//! slot; `metadata` survives with the node. The class of an object is named after the node (`AddBackward0`); these
//! classes are made when they are first needed. The node of a custom function has no object of its own: its `ctx` is it.

use super::function::context_of;
use super::hooks;
use crate::error::{OrRaise, raise};
use crate::tensor::{live, number_object, traverse_node, unwrap_exact, wrap, wrap_option};
use crate::types;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit, ffi, intern};
use rushlight_core::autograd::{Context, NodeRef, OutputMeta};
use rushlight_core::registry::Value;
use rushlight_core::{self as core, Scalar};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

type Object = PyResult<Py<PyAny>>;

/// A node of the graph that `backward` walks.
#[pyclass(name = "Node", module = "torch.autograd.graph", subclass, frozen, weakref)]
pub(crate) struct PyNode {
    node: NodeRef,
    metadata: PyOnceLock<Py<PyDict>>,
}

/// What an object leaves with a node that outlives it.
struct Kept(Py<PyDict>);

/// Bytes from the start of an object to its [`PyNode`].
static CONTENTS: OnceLock<usize> = OnceLock::new();

/// The classes of nodes, by name.
static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

fn class_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    let classes = CLASSES.get_or_init(py, || PyDict::new(py).unbind()).bind(py);
    if let Some(class) = classes.get_item(name)? {
        return Ok(class.cast_into::<PyType>()?);
    }
    let attributes = PyDict::new(py);
    attributes.set_item("__slots__", PyTuple::empty(py))?;
    // So that it prints as PyTorch's: `<class 'AddBackward0'>`, `<AddBackward0 object at 0x…>`.
    attributes.set_item("__module__", "builtins")?;
    let bases = (py.get_type::<PyNode>(),);
    let class = py.get_type::<PyType>().call1((name, bases, attributes))?.cast_into::<PyType>()?;
    classes.set_item(name, &class)?;
    Ok(class)
}

/// The Python object of a node.
pub(crate) fn node_object(py: Python<'_>, node: &NodeRef) -> Object {
    if let Some(context) = context_of(node) {
        return Ok(context.clone_ref(py));
    }
    // SAFETY: objects of nodes clear the slot when they are dropped.
    if let Some(object) = unsafe { live(py, node.binding_slot()) } {
        return Ok(object);
    }
    let metadata = PyOnceLock::new();
    if let Some(kept) = node.binding_data() {
        if let Some(Kept(dict)) = kept.downcast_ref::<Kept>() {
            let _ = metadata.set(py, dict.clone_ref(py));
        }
        node.set_binding_data(None);
    }
    let class = class_of(py, &node.name())?;
    let contents = CONTENTS.get().copied().unwrap_or_default();
    // SAFETY: a heap type with the generic allocator, which zeroes; the value's place was learned from an object that
    // PyO3 made, and what PyO3 keeps beside it is right when zero (see `tensor/object.rs`).
    unsafe {
        let object = ffi::PyType_GenericAlloc(class.as_type_ptr(), 0);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        node.binding_slot().store(object.cast(), Ordering::Release);
        object.byte_add(contents).cast::<PyNode>().write(PyNode { node: node.clone(), metadata });
        Ok(Bound::from_owned_ptr(py, object).unbind())
    }
}

impl Drop for PyNode {
    fn drop(&mut self) {
        let Some(contents) = CONTENTS.get() else { return };
        let object = (std::ptr::from_ref(self) as usize - contents) as *mut std::ffi::c_void;
        let slot = self.node.binding_slot();
        if slot.load(Ordering::Acquire) != object {
            return;
        }
        slot.store(std::ptr::null_mut(), Ordering::Release);
        if Arc::strong_count(&self.node) == 1 {
            return;
        }
        // SAFETY: objects are dropped by Python, while the interpreter is held.
        let py = unsafe { Python::assume_attached() };
        if let Some(metadata) = self.metadata.get(py) {
            // Kept even if it is empty: somebody may hold the dictionary and fill it later.
            self.node.set_binding_data(Some(Arc::new(Kept(metadata.clone_ref(py)))));
        }
    }
}

/// The node that an object stands for: a node's, or the `ctx` of a custom function.
pub(super) fn node_of(object: &Bound<'_, PyAny>) -> Option<NodeRef> {
    match object.cast::<PyNode>() {
        Ok(node) => Some(node.get().node.clone()),
        Err(_) => super::function::node_of_context(object),
    }
}

/// Frees what a garbage cycle goes through.
pub(crate) fn clear_node(node: &NodeRef) {
    // Two: the tensor's, and the caller's.
    if Arc::strong_count(node) == 2 {
        node.release_saved();
    }
}

/// Where the gradients of a node go: pairs of a node and the number of its output.
pub(super) fn next_functions<'py>(py: Python<'py>, node: &NodeRef) -> PyResult<Bound<'py, PyTuple>> {
    let mut pairs = Vec::with_capacity(node.next_edges().len());
    for edge in node.next_edges() {
        let (object, output) = match edge.node() {
            Some((next, output)) => (node_object(py, &next)?, output),
            None => (py.None(), 0),
        };
        pairs.push((object, output));
    }
    PyTuple::new(py, pairs)
}

/// Shape and dtype of the gradient that a node takes.
#[pyclass(name = "_InputMetadata", module = "torch._C._autograd", frozen)]
struct InputMetadata(OutputMeta);

#[pymethods]
impl InputMetadata {
    #[getter]
    fn shape(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        types::size_object(py, self.0.shape())
    }

    #[getter]
    fn dtype(&self, py: Python<'_>) -> Object {
        types::dtype_object(py, self.0.dtype)
    }

    #[getter]
    fn device(&self, py: Python<'_>) -> Object {
        types::device_object(py, core::Device::Cpu)
    }

    #[getter]
    fn is_nested_tensor(&self) -> bool {
        false
    }

    #[getter]
    fn is_cpp_nested_tensor(&self) -> bool {
        false
    }
}

pub(super) fn input_metadata<'py>(py: Python<'py>, node: &NodeRef) -> PyResult<Bound<'py, PyTuple>> {
    let metadata = node
        .outputs()
        .iter()
        .map(|output| Bound::new(py, InputMetadata(output.clone())))
        .collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, metadata)
}

/// A value that the core shows of a node.
fn value_object(py: Python<'_>, value: Value) -> Object {
    Ok(match value {
        Value::None => py.None(),
        Value::Tensor(tensor) => wrap(py, tensor)?,
        Value::Tensors(tensors) => {
            let items = tensors.into_iter().map(|t| wrap(py, t)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any().unbind()
        }
        Value::OptionalTensors(tensors) => {
            let items = tensors.into_iter().map(|t| wrap_option(py, t)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any().unbind()
        }
        Value::Scalar(scalar) => number_object(py, scalar)?,
        Value::Bool(b) => number_object(py, Scalar::Bool(b))?,
        Value::Int(i) => number_object(py, Scalar::Int(i))?,
        Value::Float(f) => number_object(py, Scalar::Float(f))?,
        Value::Ints(ints) => PyTuple::new(py, ints)?.into_any().unbind(),
        Value::DType(dtype) => types::dtype_object(py, dtype)?,
        Value::Device(device) => types::device_object(py, device)?,
        Value::Text(text) => text.as_ref().into_pyobject(py)?.into_any().unbind(),
        Value::Tuple(values) => {
            let items = values.into_iter().map(|v| value_object(py, v)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any().unbind()
        }
        _ => return Err(PyTypeError::new_err("a saved value of a kind that Python has not")),
    })
}

#[pymethods]
impl PyNode {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        traverse_node(&self.node, 1, &visit)
    }

    /// The name of the node: that of the operation, and which of its forms.
    fn name(&self) -> String {
        self.node.full_name().into_owned()
    }

    /// Where gradients go from here: pairs of a node and the number of its output.
    #[getter]
    fn next_functions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        next_functions(py, &self.node)
    }

    /// A dictionary for the user's own notes, which lives as long as the node.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> Py<PyDict> {
        self.metadata.get_or_init(py, || PyDict::new(py).unbind()).clone_ref(py)
    }

    #[getter]
    fn _input_metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        input_metadata(py, &self.node)
    }

    #[getter]
    fn requires_grad(&self) -> bool {
        true
    }

    fn _sequence_nr(&self) -> u64 {
        self.node.sequence()
    }

    /// Calls `fn(grad_inputs, grad_outputs)` after the node has run; what it returns replaces the gradients of the inputs.
    fn register_hook(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> Object {
        hooks::register_node_hook(slf.py(), &slf.get().node, r#fn)
    }

    /// Calls `fn(grad_outputs)` before the node runs; what it returns replaces the gradients.
    fn register_prehook(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> Object {
        hooks::register_node_prehook(slf.py(), &slf.get().node, r#fn)
    }

    /// Runs the node on gradients of its outputs and returns those of its inputs.
    #[pyo3(signature = (*gradients))]
    fn __call__<'py>(&self, gradients: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyTuple>> {
        let expected = self.node.outputs().len();
        if gradients.len() != expected {
            return Err(PyTypeError::new_err(format!(
                "expected {expected} arguments, got {} instead",
                gradients.len()
            )));
        }
        let mut given = Vec::with_capacity(expected);
        for (i, gradient) in gradients.iter().enumerate() {
            given.push(match unwrap_exact(&gradient) {
                Some(tensor) => Some(tensor.clone()),
                None if gradient.is_none() => None,
                None => {
                    return Err(PyTypeError::new_err(format!(
                        "expected Variable or None (got {}) at position {i}",
                        types::type_name(&gradient)
                    )));
                }
            });
        }
        let result = self.node.function().run(&self.node, &given).or_raise()?;
        let mut objects = Vec::with_capacity(result.len());
        for gradient in result {
            objects.push(wrap_option(gradients.py(), gradient)?);
        }
        PyTuple::new(gradients.py(), objects)
    }

    /// `variable` of a leaf's node, and what the node has saved (`_saved_…`).
    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> Object {
        let py = slf.py();
        let node = &slf.get().node;
        if name == "variable"
            && let Some(leaf) = node.variable()
        {
            return wrap(py, leaf);
        }
        if let Some(saved) = name.strip_prefix("_saved_") {
            match Context::attribute(node, saved) {
                Ok(Some(value)) => return value_object(py, value),
                Ok(None) => {}
                Err(error) => return Err(raise(&error)),
            }
        }
        Err(PyAttributeError::new_err(format!(
            "'{}' object has no attribute '{name}'",
            slf.get_type().name()?
        )))
    }

    fn __dir__<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let py = slf.py();
        let base = py.get_type::<PyAny>().getattr(intern!(py, "__dir__"))?.call1((slf,))?;
        let mut names = base.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        let node = &slf.get().node;
        for (name, _) in node.function().attributes() {
            names.push(format!("_saved_{name}").into_pyobject(py)?.into_any());
        }
        if node.variable().is_some() {
            names.push("variable".into_pyobject(py)?.into_any());
        }
        Ok(names)
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add("_Node", py.get_type::<PyNode>())?;
    // Any node will do to learn where things lie in an object.
    let probe = core::Tensor::scalar(0.0f64).grad_accumulator();
    let object = Bound::new(py, PyNode { node: probe, metadata: PyOnceLock::new() })?;
    let contents = std::ptr::from_ref(object.get()) as usize - object.as_ptr() as usize;
    let _ = CONTENTS.set(contents);
    Ok(())
}
