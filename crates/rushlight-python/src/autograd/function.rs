//! Custom functions written in Python: `autograd.Function`.
//!
//! The object that `forward` gets as `ctx` is the Python object of the node: `y.grad_fn` is it. The node owns the object,
//! and the object knows its node weakly, so that a graph is freed when its last tensor goes, without the garbage
//! collector. What is saved for backward lies with the object, guarded by versions as the core's saved values are.

use super::hooks;
use super::node::{input_metadata, next_functions};
use crate::error::{OrRaise, raise, user};
use crate::tensor::{unwrap_exact, wrap, wrap_option};
use crate::types::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use rushlight_core::autograd::{
    Creation, Edge, ForwardGradGuard, GradMode, InPlaceChange, Node, NodeFunction, NodeHeader, NodeRef,
    OutputMeta, SavedVariable, is_forward_grad_enabled, is_grad_enabled,
};
use rushlight_core::dispatch::{Gradients, apply};
use rushlight_core::ops::view::Alias;
use rushlight_core::{self as core, Error, ErrorKind, Tensor};
use std::any::Any;
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

type Object = PyResult<Py<PyAny>>;

#[derive(Default)]
struct State {
    node: Option<Weak<Node>>,
    saved: Vec<Option<SavedVariable>>,
    released: bool,
    needs: Option<Vec<bool>>,
    saved_for_forward: Option<Vec<Option<Tensor>>>,
    metadata: Option<Py<PyDict>>,
}

/// What `forward` leaves for `backward`, and the node of the graph in one.
#[pyclass(name = "_FunctionBase", module = "torch._C", subclass, frozen, dict, weakref)]
pub(crate) struct FunctionBase {
    /// Never held while Python runs.
    state: Mutex<State>,
}

impl FunctionBase {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self) -> Option<NodeRef> {
        self.state().node.as_ref().and_then(Weak::upgrade)
    }

    /// The node, where an answer without it would be wrong.
    fn required_node(&self, attribute: &str) -> PyResult<NodeRef> {
        self.node().ok_or_else(|| {
            PyRuntimeError::new_err(format!(
                "Attribute '{attribute}' is invalid for this instance of _C._FunctionBase. Accessing this attribute directly on an instance of autograd.Function is a legacy access pattern that is no longer supported. For examples on how to use new-style autograd functions, see https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function "
            ))
        })
    }
}

#[pymethods]
impl FunctionBase {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self { state: Mutex::default() }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Held by this thread only between calls of Python; a collection from within sees nothing, which is safe.
        let Ok(state) = self.state.try_lock() else { return Ok(()) };
        if let Some(metadata) = &state.metadata {
            visit.call(metadata)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            let saved = std::mem::take(&mut state.saved);
            drop(state);
            drop(saved);
        }
    }

    /// The tensors that `save_for_backward` kept.
    #[getter]
    fn saved_tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let (saved, node) = {
            let state = self.state();
            if let Some(tensors) = &state.saved_for_forward {
                let tensors = tensors.clone();
                drop(state);
                let objects =
                    tensors.into_iter().map(|t| wrap_option(py, t)).collect::<PyResult<Vec<_>>>()?;
                return PyTuple::new(py, objects);
            }
            if state.released {
                return Err(raise(&Error::new(ErrorKind::GraphFreed)));
            }
            (state.saved.clone(), state.node.as_ref().and_then(Weak::upgrade))
        };
        let mut objects = Vec::with_capacity(saved.len());
        for value in saved {
            objects.push(match value {
                Some(value) => wrap(py, value.unpack(node.as_ref()).or_raise()?)?,
                None => py.None(),
            });
        }
        PyTuple::new(py, objects)
    }

    /// For each argument of `forward`, whether it needs a gradient.
    #[getter]
    fn needs_input_grad(&self, py: Python<'_>) -> Object {
        match self.state().needs.clone() {
            Some(needs) => Ok(PyTuple::new(py, needs)?.into_any().unbind()),
            None => Ok(py.None()),
        }
    }

    /// The name of the node.
    fn name(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(slf.get_type().name()?.to_string())
    }

    /// Where gradients go from here: pairs of a node and the number of its output.
    #[getter]
    fn next_functions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        if self.state().needs.is_none() {
            return Ok(PyTuple::empty(py));
        }
        next_functions(py, &self.required_node("next_functions")?)
    }

    /// A dictionary for the user's own notes.
    #[getter]
    fn metadata(&self, py: Python<'_>) -> Py<PyDict> {
        let fresh = PyDict::new(py).unbind();
        self.state().metadata.get_or_insert(fresh).clone_ref(py)
    }

    #[getter]
    fn _input_metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        input_metadata(py, &self.required_node("_input_metadata")?)
    }

    fn _sequence_nr(&self) -> PyResult<u64> {
        Ok(self.required_node("_sequence_nr")?.sequence())
    }

    /// Calls `fn(grad_inputs, grad_outputs)` after the node has run.
    fn register_hook(&self, py: Python<'_>, r#fn: &Bound<'_, PyAny>) -> Object {
        hooks::register_node_hook(py, &self.required_node("register_hook")?, r#fn)
    }

    /// Calls `fn(grad_outputs)` before the node runs.
    fn register_prehook(&self, py: Python<'_>, r#fn: &Bound<'_, PyAny>) -> Object {
        hooks::register_node_prehook(py, &self.required_node("register_prehook")?, r#fn)
    }
}

/// What the node of a custom function does: it calls Python.
struct PythonFunction {
    context: Py<FunctionBase>,
    name: String,
    /// For each argument of `forward`, whether it was a tensor (and so has an edge).
    tensors: Vec<bool>,
    materialize: bool,
}

impl NodeFunction for PythonFunction {
    fn name(&self) -> Cow<'static, str> {
        Cow::Owned(self.name.clone())
    }

    fn run(&self, node: &NodeRef, gradients: &[Option<Tensor>]) -> core::Result<Gradients> {
        Python::attach(|py| self.backward(py, node, gradients)).map_err(user)
    }

    fn runs_without_gradients(&self) -> bool {
        true
    }

    fn release(&self) {
        Python::attach(|_| {
            let mut state = self.context.get().state();
            if state.saved.is_empty() {
                return;
            }
            state.released = true;
            let saved = std::mem::take(&mut state.saved);
            drop(state);
            drop(saved);
        });
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl PythonFunction {
    fn backward(&self, py: Python<'_>, node: &NodeRef, gradients: &[Option<Tensor>]) -> PyResult<Gradients> {
        let mut arguments = Vec::with_capacity(gradients.len());
        for (gradient, meta) in gradients.iter().zip(node.outputs()) {
            arguments.push(match gradient {
                Some(gradient) => wrap(py, gradient.clone())?,
                None if self.materialize && meta.dtype.is_floating_point() => {
                    wrap(py, Tensor::zeros(meta.shape(), meta.dtype).or_raise()?)?
                }
                None => py.None(),
            });
        }
        let result =
            self.context.bind(py).getattr(intern!(py, "apply"))?.call1(PyTuple::new(py, arguments)?)?;
        let results = match result.cast::<PyTuple>() {
            Ok(tuple) => tuple.clone(),
            Err(_) => PyTuple::new(py, [result])?,
        };
        let expected = self.tensors.len();
        let got = results.len();
        // More are taken if they are `None`: functions with optional arguments return for all of them.
        let excess_is_none = results.iter().skip(expected).all(|value| value.is_none());
        if got < expected || !excess_is_none {
            return Err(PyRuntimeError::new_err(format!(
                "function {} returned an incorrect number of gradients (expected {expected}, got {got})",
                self.name
            )));
        }
        let mut edges = Gradients::new();
        for (i, (value, &is_tensor)) in results.iter().zip(&self.tensors).enumerate() {
            if !is_tensor {
                if !value.is_none() {
                    return Err(PyRuntimeError::new_err(format!(
                        "function {} returned a gradient different than None at position {}, but the corresponding forward input was not a Variable",
                        self.name,
                        i + 1
                    )));
                }
                continue;
            }
            edges.push(match unwrap_exact(&value) {
                Some(tensor) => Some(tensor.clone()),
                None if value.is_none() => None,
                None => {
                    return Err(PyRuntimeError::new_err(format!(
                        "expected Variable or None (got {})",
                        type_name(&value)
                    )));
                }
            });
        }
        Ok(edges)
    }
}

/// The `ctx` of a custom function's node.
pub(crate) fn context_of(node: &NodeRef) -> Option<&Py<PyAny>> {
    node.function()
        .as_any()
        .and_then(|any| any.downcast_ref::<PythonFunction>())
        .map(|function| function.context.as_any())
}

/// The node of a `ctx`.
pub(super) fn node_of_context(object: &Bound<'_, PyAny>) -> Option<NodeRef> {
    object.cast::<FunctionBase>().ok().and_then(|context| context.get().node())
}

/// A tuple that `forward` left on `ctx`, taken away from it.
fn take_tuple<'py>(
    context: &Bound<'py, FunctionBase>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let Some(value) = context.getattr_opt(name)? else { return Ok(Vec::new()) };
    if value.is_none() {
        return Ok(Vec::new());
    }
    let Ok(tuple) = value.cast::<PyTuple>() else {
        return Err(PyTypeError::new_err(format!(
            "{name} attribute is expected to be a tuple but is {}",
            type_name(&value)
        )));
    };
    let items = tuple.iter().collect();
    // What was saved belongs to the node from now on, so that it can be freed.
    context.setattr(name, context.py().None())?;
    Ok(items)
}

/// Tensors that must be given by a method of `ctx`.
fn tensors_of(method: &str, items: &[Bound<'_, PyAny>]) -> PyResult<Vec<Option<Tensor>>> {
    items
        .iter()
        .enumerate()
        .map(|(i, item)| match unwrap_exact(item) {
            Some(tensor) => Ok(Some(tensor.clone())),
            None if item.is_none() && method.starts_with("save") => Ok(None),
            None => Err(PyTypeError::new_err(format!(
                "{method} can only {} variables, but argument {i} is of type {}",
                if method.starts_with("save") { "save" } else { "accept" },
                type_name(item)
            ))),
        })
        .collect()
}

/// One call of a custom function.
struct Call<'py> {
    context: Bound<'py, FunctionBase>,
    inputs: Vec<Tensor>,
    dirty: Vec<Tensor>,
    non_differentiable: Vec<Tensor>,
    /// The outputs, of which some are tensors.
    outputs: Vec<(Bound<'py, PyAny>, Option<Tensor>)>,
}

fn holds(tensors: &[Tensor], tensor: &Tensor) -> bool {
    tensors.iter().any(|t| t.is_same(tensor))
}

impl Call<'_> {
    /// An input that is returned unchanged becomes a tensor of its own: a view of it.
    fn as_view(input: &Tensor) -> PyResult<Tensor> {
        let view = apply(Alias {}, &[input]).or_raise()?;
        view.set_creation(Creation::CustomFunction);
        Ok(view)
    }

    fn is_dirty(&self, output: &Tensor) -> bool {
        holds(&self.dirty, output)
    }

    /// Outputs of a call that is not recorded.
    fn finish_unrecorded(&mut self) -> PyResult<()> {
        for i in 0..self.outputs.len() {
            let Some(output) = self.outputs[i].1.clone() else { continue };
            if holds(&self.inputs, &output) && !self.is_dirty(&output) {
                let _mode = GradMode::set(false);
                self.outputs[i].1 = Some(Self::as_view(&output)?);
            }
        }
        Ok(())
    }

    /// Makes the outputs those of a node.
    fn record(&mut self, edges: Vec<Edge>, tensors: Vec<bool>) -> PyResult<NodeRef> {
        let py = self.context.py();
        let name = self.context.get_type().name()?.to_string();
        let materialize = match self.context.getattr_opt(intern!(py, "materialize_grads"))? {
            Some(value) => value.is_truthy()?,
            None => true,
        };
        let count = self.outputs.len();
        // An output that is no tensor still has a number, as in PyTorch; nothing ever arrives there.
        let placeholder = Tensor::empty(&[0], core::DType::Bool).or_raise()?;
        let metas = self.outputs.iter().map(|(_, t)| OutputMeta::of(t.as_ref().unwrap_or(&placeholder)));
        let header = NodeHeader::new(edges.into_iter().collect(), metas.collect());
        let function = PythonFunction { context: self.context.clone().unbind(), name, tensors, materialize };
        let node = header.into_node(function);
        self.context.get().state().node = Some(std::sync::Arc::downgrade(&node));
        for i in 0..count {
            let Some(output) = self.outputs[i].1.clone() else { continue };
            let is_input = holds(&self.inputs, &output);
            let dirty = self.is_dirty(&output);
            let differentiable =
                output.dtype().is_floating_point() && !holds(&self.non_differentiable, &output);
            let _mode = GradMode::set(false);
            if !differentiable {
                if is_input && !dirty {
                    self.outputs[i].1 = Some(output.detached_alias());
                } else if output.requires_grad() {
                    output.detach_().or_raise()?;
                }
            } else if dirty {
                self.record_change(&output, &node, i, count)?;
            } else if is_input {
                let view = Self::as_view(&output)?;
                view.set_history(node.clone(), i as u32);
                self.outputs[i].1 = Some(view);
            } else {
                if output.is_view() {
                    output.set_creation(if count > 1 {
                        Creation::MultiOutput
                    } else {
                        Creation::CustomFunction
                    });
                }
                output.set_history(node.clone(), i as u32);
            }
        }
        Ok(node)
    }

    /// The history of an input that `forward` changed in place.
    fn record_change(&self, output: &Tensor, node: &NodeRef, i: usize, count: usize) -> PyResult<()> {
        if output.is_leaf() && output.requires_grad() {
            return Err(PyRuntimeError::new_err(
                "a leaf Variable that requires grad has been used in an in-place operation.",
            ));
        }
        if !output.is_view() {
            output.set_history(node.clone(), i as u32);
            return Ok(());
        }
        if count > 1 {
            return Err(PyRuntimeError::new_err(
                "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view (using .clone() for example) or make your Function only return one Tensor (potentially splitting it into two Functions: one doing the inplace that returns a single Tensor and a second one that does the other operations). You can ask on the forum https://discuss.pytorch.org/ if you need help to do this change.",
            ));
        }
        if !self.inputs.first().is_some_and(|first| first.is_same(output)) {
            return Err(pyo3::exceptions::PyNotImplementedError::new_err(
                "a custom function that changes a view in place must take it as its first tensor",
            ));
        }
        let change = InPlaceChange::before(output).or_raise()?;
        change.record(output, node.clone()).or_raise()
    }

    /// Keeps what `save_for_backward` was given.
    fn save(&self, recorded: bool) -> PyResult<()> {
        let py = self.context.py();
        let items = take_tuple(&self.context, intern!(py, "to_save"))?;
        let tensors = tensors_of("save_for_backward", &items)?;
        if !recorded {
            return Ok(());
        }
        let output_of = |tensor: &Tensor| {
            self.outputs.iter().position(|(_, t)| t.as_ref().is_some_and(|t| t.is_same(tensor)))
        };
        let saved = tensors
            .iter()
            .map(|tensor| {
                tensor.as_ref().map(|tensor| match output_of(tensor) {
                    Some(output) => SavedVariable::output(tensor, output as u32),
                    None => SavedVariable::input(tensor),
                })
            })
            .collect();
        self.context.get().state().saved = saved;
        Ok(())
    }

    /// Forward mode: the tangents of the outputs, by the function's `jvp`.
    fn propagate(&self, arguments: &Bound<'_, PyTuple>) -> PyResult<()> {
        let py = self.context.py();
        let kept = take_tuple(&self.context, intern!(py, "saved_for_forward"))?;
        if !kept.is_empty() {
            self.context.get().state().saved_for_forward = Some(tensors_of("save_for_forward", &kept)?);
        }
        let mut tangents = Vec::with_capacity(arguments.len());
        for argument in arguments.iter() {
            tangents.push(match unwrap_exact(&argument) {
                None => py.None(),
                Some(tensor) => match tensor.tangent() {
                    Some(tangent) => wrap(py, tangent)?,
                    None if tensor.dtype().is_floating_point() => wrap(py, tensor.zeros_like().or_raise()?)?,
                    None => py.None(),
                },
            });
        }
        let result = {
            let _guard = ForwardGradGuard::disable();
            self.context.getattr(intern!(py, "apply_jvp"))?.call1(PyTuple::new(py, tangents)?)?
        };
        self.context.get().state().saved_for_forward = None;
        let results = match result.cast::<PyTuple>() {
            Ok(tuple) => tuple.clone(),
            Err(_) => PyTuple::new(py, [result])?,
        };
        if results.len() != self.outputs.len() {
            return Err(PyRuntimeError::new_err(format!(
                "{}: jvp returned {} values, but forward returned {}",
                self.context.get_type().name()?,
                results.len(),
                self.outputs.len()
            )));
        }
        for (tangent, (_, output)) in results.iter().zip(&self.outputs) {
            let Some(output) = output else { continue };
            match unwrap_exact(&tangent) {
                Some(tangent) if tangent.shape() != output.shape() => {
                    return Err(PyRuntimeError::new_err(format!(
                        "jvp: the tangent has the shape {:?} and the output {:?}",
                        tangent.shape(),
                        output.shape()
                    )));
                }
                Some(tangent) => output.set_forward_tangent(Some(tangent.clone())),
                None => output.set_forward_tangent(None),
            }
        }
        Ok(())
    }
}

/// Applies a custom function: runs `forward`, and records it as one node if an argument requires a gradient.
#[pyfunction]
#[pyo3(signature = (cls, *arguments))]
fn _apply_function<'py>(
    cls: &Bound<'py, PyType>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = cls.py();
    let context = cls
        .getattr(intern!(py, "_backward_cls"))?
        .call0()?
        .cast_into::<FunctionBase>()
        .map_err(|_| PyTypeError::new_err("_backward_cls must be a subclass of _FunctionBase"))?;
    let mut inputs = Vec::with_capacity(arguments.len());
    let mut tensors = Vec::with_capacity(arguments.len());
    let mut needs = Vec::with_capacity(arguments.len());
    let mut edges = Vec::with_capacity(arguments.len());
    let mut dual = false;
    for argument in arguments.iter() {
        let tensor = unwrap_exact(&argument);
        tensors.push(tensor.is_some());
        needs.push(tensor.is_some_and(Tensor::requires_grad));
        if let Some(tensor) = tensor {
            // Taken before `forward` may change it: see Note [In-place order] of the core.
            edges.push(tensor.edge());
            dual |= tensor.tangent().is_some();
            inputs.push(tensor.clone());
        }
    }
    let records = is_grad_enabled() && needs.iter().any(|&need| need);
    dual &= is_forward_grad_enabled();
    context.get().state().needs = Some(needs);

    let has_setup = cls.getattr(intern!(py, "_has_setup_context"))?.cast::<PyBool>()?.is_true();
    let raw = {
        let _mode = GradMode::set(false);
        let _forward = ForwardGradGuard::disable();
        let forward = cls.getattr(intern!(py, "forward"))?;
        if has_setup {
            let output = forward.call1(arguments)?;
            cls.call_method1(intern!(py, "setup_context"), (&context, arguments, &output))?;
            output
        } else {
            let mut all = Vec::with_capacity(arguments.len() + 1);
            all.push(context.clone().into_any());
            all.extend(arguments.iter());
            forward.call1(PyTuple::new(py, all)?)?
        }
    };
    let (several, items) = match raw.cast::<PyTuple>() {
        Ok(tuple) => (true, tuple.iter().collect()),
        Err(_) => (false, vec![raw]),
    };
    let outputs: Vec<_> = items
        .into_iter()
        .map(|object| {
            let tensor = unwrap_exact(&object).cloned();
            (object, tensor)
        })
        .collect();
    let dirty = take_tuple(&context, intern!(py, "dirty_tensors"))?;
    let dirty: Vec<Tensor> = tensors_of("mark_dirty", &dirty)?.into_iter().flatten().collect();
    let fixed = take_tuple(&context, intern!(py, "non_differentiable"))?;
    let fixed: Vec<Tensor> = tensors_of("mark_non_differentiable", &fixed)?.into_iter().flatten().collect();
    let mut call = Call { context, inputs, dirty, non_differentiable: fixed, outputs };
    for changed in &call.dirty {
        changed.increment_version();
        if !call.outputs.iter().any(|(_, t)| t.as_ref().is_some_and(|t| t.is_same(changed))) {
            return Err(PyRuntimeError::new_err(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified inplace must all be outputs of the Function.",
            ));
        }
    }
    // The node must outlive `save`, which gives saved outputs their number.
    let node = if records { Some(call.record(edges, tensors)?) } else { None };
    if node.is_none() {
        call.finish_unrecorded()?;
    }
    if dual {
        call.propagate(arguments)?;
    }
    call.save(records)?;
    let mut results = Vec::with_capacity(call.outputs.len());
    for (object, tensor) in call.outputs {
        results.push(match tensor {
            Some(tensor) => wrap(py, tensor)?.into_bound(py),
            None => object,
        });
    }
    if several {
        return Ok(PyTuple::new(py, results)?.into_any());
    }
    results.pop().ok_or_else(|| PyRuntimeError::new_err("a custom function has no output"))
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FunctionBase>()?;
    m.add_function(wrap_pyfunction!(_apply_function, m)?)
}
