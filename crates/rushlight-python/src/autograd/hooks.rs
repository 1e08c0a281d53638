//! Hooks: users' functions that see gradients pass. What they raise comes out as the same object; what they return is
//! checked in PyTorch's words.

use crate::error::{OrRaise, user};
use crate::tensor::{unwrap_exact, wrap, wrap_option};
use crate::types::type_name;
use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};
use rushlight_core::autograd::{
    HookHandle, NodePostHook, NodePreHook, NodeRef, PostAccumulateHook, TensorHook,
};
use rushlight_core::{self as core, DTypeNames, Tensor};
use std::sync::Arc;

type Object = PyResult<Py<PyAny>>;

/// The Python function of a hook: what the garbage collector sees of it.
pub(crate) struct Payload(pub(crate) Py<PyAny>);

/// What a handle removes. It looks like the dictionary of hooks that PyTorch's handle refers to.
#[pyclass(name = "_HookEntry", module = "rushlight", frozen)]
struct HookEntry(HookHandle, u64);

#[pymethods]
impl HookEntry {
    /// A handle holds a weak reference in PyTorch, which it calls.
    fn __call__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __contains__(&self, id: u64) -> bool {
        id == self.1
    }

    fn __delitem__(&self, id: u64) -> PyResult<()> {
        if id != self.1 {
            return Err(PyKeyError::new_err(id));
        }
        self.0.remove();
        Ok(())
    }
}

/// `torch.utils.hooks.RemovableHandle` for a hook of the core.
fn handle(py: Python<'_>, hook: HookHandle) -> Object {
    let class = py
        .import(intern!(py, "rushlight.utils.hooks"))?
        .getattr(intern!(py, "RemovableHandle"))?
        .cast_into::<PyType>()?;
    let id: u64 = class.getattr(intern!(py, "next_id"))?.extract()?;
    class.setattr(intern!(py, "next_id"), id + 1)?;
    let handle = class.call_method1(intern!(py, "__new__"), (&class,))?;
    handle.setattr(intern!(py, "id"), id)?;
    handle.setattr(intern!(py, "hooks_dict_ref"), Bound::new(py, HookEntry(hook, id))?)?;
    handle.setattr(intern!(py, "extra_dict_ref"), PyTuple::empty(py))?;
    Ok(handle.unbind())
}

fn hook_name(hook: &Bound<'_, PyAny>) -> String {
    hook.getattr(intern!(hook.py(), "__name__"))
        .map_or_else(|_| "<unknown>".to_owned(), |name| name.to_string())
}

/// Checks what a hook gives in the place of a gradient.
fn replacement(
    original: Option<&Tensor>,
    result: &Bound<'_, PyAny>,
    hook: &Bound<'_, PyAny>,
) -> PyResult<Option<Tensor>> {
    if result.is_none() {
        return Ok(None);
    }
    let Some(original) = original else {
        return Err(PyRuntimeError::new_err("can't replace a None gradient with a non-None value"));
    };
    let Some(tensor) = unwrap_exact(result) else {
        return Err(PyTypeError::new_err(format!(
            "expected Variable, but hook returned '{}'",
            type_name(result)
        )));
    };
    if tensor.dtype() != original.dtype() {
        return Err(PyRuntimeError::new_err(format!(
            "hook '{}' has changed the type of value (was {} got {})",
            hook_name(hook),
            original.dtype().tensor_type(),
            tensor.dtype().tensor_type()
        )));
    }
    if tensor.shape() != original.shape() {
        return Err(PyRuntimeError::new_err(format!(
            "hook '{}' has changed the size of value",
            hook_name(hook)
        )));
    }
    Ok(Some(tensor.clone()))
}

pub(crate) fn register_tensor_hook(
    _object: &Bound<'_, PyAny>,
    tensor: &Tensor,
    hook: &Bound<'_, PyAny>,
) -> Object {
    let payload = Arc::new(Payload(hook.clone().unbind()));
    let called = payload.clone();
    let function = move |gradient: &Tensor| -> core::Result<Option<Tensor>> {
        Python::attach(|py| {
            let hook = called.0.bind(py);
            let result = hook.call1((wrap(py, gradient.clone())?,))?;
            replacement(Some(gradient), &result, hook)
        })
        .map_err(user)
    };
    let registered =
        tensor.register_hook(TensorHook::with_payload(Arc::new(function), payload)).or_raise()?;
    handle(hook.py(), registered)
}

pub(crate) fn register_post_accumulate(py: Python<'_>, tensor: &Tensor, hook: &Bound<'_, PyAny>) -> Object {
    let payload = Arc::new(Payload(hook.clone().unbind()));
    let called = payload.clone();
    let function = move |leaf: &Tensor| -> core::Result<()> {
        Python::attach(|py| {
            let result = called.0.bind(py).call1((wrap(py, leaf.clone())?,))?;
            if result.is_none() {
                return Ok(());
            }
            Err(if unwrap_exact(&result).is_some() {
                PyRuntimeError::new_err("Tensor post accumulate grad hooks should return None.")
            } else {
                PyTypeError::new_err(format!("expected Variable, but hook returned '{}'", type_name(&result)))
            })
        })
        .map_err(user)
    };
    let registered = tensor
        .register_post_accumulate_grad_hook(PostAccumulateHook::with_payload(Arc::new(function), payload))
        .or_raise()?;
    handle(py, registered)
}

fn gradients_tuple<'py>(py: Python<'py>, gradients: &[Option<Tensor>]) -> PyResult<Bound<'py, PyTuple>> {
    let objects = gradients.iter().map(|g| wrap_option(py, g.clone())).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, objects)
}

/// What a node's hook gives in the place of gradients: nothing, or as many.
fn replacements(
    originals: &[Option<Tensor>],
    result: &Bound<'_, PyAny>,
    hook: &Bound<'_, PyAny>,
) -> PyResult<Option<Vec<Option<Tensor>>>> {
    if result.is_none() {
        return Ok(None);
    }
    let Ok(tuple) = result.cast::<PyTuple>() else {
        return Err(PyTypeError::new_err(format!(
            "expected tuple, but hook returned '{}'",
            type_name(result)
        )));
    };
    if tuple.len() != originals.len() {
        return Err(PyRuntimeError::new_err(format!(
            "hook '{}' has returned an incorrect number of values (got {}, but expected {})",
            hook_name(hook),
            tuple.len(),
            originals.len()
        )));
    }
    let replaced = originals
        .iter()
        .zip(tuple.iter())
        .map(|(original, result)| replacement(original.as_ref(), &result, hook))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(Some(replaced))
}

pub(super) fn register_node_hook(py: Python<'_>, node: &NodeRef, hook: &Bound<'_, PyAny>) -> Object {
    let payload = Arc::new(Payload(hook.clone().unbind()));
    let called = payload.clone();
    let function = move |inputs: &[Option<Tensor>], outputs: &[Option<Tensor>]| {
        Python::attach(|py| {
            let hook = called.0.bind(py);
            let result = hook.call1((gradients_tuple(py, inputs)?, gradients_tuple(py, outputs)?))?;
            replacements(inputs, &result, hook)
        })
        .map_err(user)
    };
    handle(py, node.register_hook(NodePostHook::with_payload(Arc::new(function), payload)))
}

pub(super) fn register_node_prehook(py: Python<'_>, node: &NodeRef, hook: &Bound<'_, PyAny>) -> Object {
    let payload = Arc::new(Payload(hook.clone().unbind()));
    let called = payload.clone();
    let function = move |outputs: &[Option<Tensor>]| {
        Python::attach(|py| {
            let hook = called.0.bind(py);
            let result = hook.call1((gradients_tuple(py, outputs)?,))?;
            replacements(outputs, &result, hook)
        })
        .map_err(user)
    };
    handle(py, node.register_prehook(NodePreHook::with_payload(Arc::new(function), payload)))
}
