//! `__torch_function__`: subclasses of `Tensor`, and objects that only behave like tensors, may take a call over.
//!
//! A call whose tensors are all plain `Tensor`s pays one comparison of types for each. `Parameter` and every other class
//! whose `__torch_function__` is `_disabled_torch_function_impl` takes no part.

use crate::tensor::{PyTensor, unwrap_exact};
use crate::types;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use rushlight_core::Tensor;
use smallvec::SmallVec;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

thread_local! {
    static DISABLED: Cell<bool> = const { Cell::new(false) };
}

static TENSOR: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());
/// A subclass that takes no part, found once: `Parameter`, which is in most calls of a training loop. It is kept alive,
/// so the address stays its own.
static PLAIN: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

/// Whether the object is a `Tensor` and of no subclass.
#[inline]
pub(crate) fn is_exact(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::Py_TYPE(object.as_ptr()) == TENSOR.load(Ordering::Relaxed) }
}

/// Whether the object is of a class that is known to take no calls over: `Tensor`, `Parameter`.
#[inline]
pub(crate) fn is_known_plain(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: a live object.
    let class = unsafe { ffi::Py_TYPE(object.as_ptr()) };
    class == TENSOR.load(Ordering::Relaxed) || class == PLAIN.load(Ordering::Relaxed)
}

/// The tensor of an object of such a class: one comparison or two, and no look at the class's ancestors.
#[inline]
pub(crate) fn plain_tensor<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Tensor> {
    if !is_known_plain(object) {
        return None;
    }
    // SAFETY: both classes are `PyTensor` or derived from it.
    Some(unsafe { object.cast_unchecked::<PyTensor>() }.get().tensor())
}

/// Runs `body` while no class takes calls over on this thread.
pub(crate) fn without_overrides<R>(body: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            DISABLED.set(self.0);
        }
    }
    let _restore = Restore(DISABLED.replace(true));
    body()
}

/// Whether the class is one of Python's own that stand beside tensors in calls: looking for an attribute that is not
/// there would cost ten times the parser.
#[inline]
fn is_builtin(class: *mut ffi::PyTypeObject) -> bool {
    class == ptr::addr_of_mut!(ffi::PyFloat_Type)
        || class == ptr::addr_of_mut!(ffi::PyLong_Type)
        || class == ptr::addr_of_mut!(ffi::PyBool_Type)
        || class == ptr::addr_of_mut!(ffi::PyUnicode_Type)
        || class == ptr::addr_of_mut!(ffi::PyTuple_Type)
        || class == ptr::addr_of_mut!(ffi::PyList_Type)
}

/// Whether the object's class takes calls over.
#[cold]
fn overrides(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    if DISABLED.get() {
        return Ok(false);
    }
    let py = object.py();
    let class = object.get_type();
    let Ok(handler) = class.getattr(pyo3::intern!(py, "__torch_function__")) else { return Ok(false) };
    if !handler.is(types::disabled_torch_function(py)?) {
        return Ok(true);
    }
    // `torch` after `rushlight.install()`.
    let ours = class.module().is_ok_and(|m| {
        let module = m.to_string();
        module.starts_with("rushlight") || module.starts_with("torch")
    });
    if ours && PLAIN.load(Ordering::Relaxed).is_null() && unwrap_exact(object).is_some() {
        PLAIN.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
    }
    Ok(false)
}

/// The arguments of a call whose classes may take it over, in the order in which they are asked.
#[derive(Default)]
pub(super) struct Overridden<'py>(SmallVec<[Bound<'py, PyAny>; 1]>);

impl<'py> Overridden<'py> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds an object whose class takes calls over, and says whether it does.
    #[inline]
    pub(super) fn consider(&mut self, object: &Bound<'py, PyAny>) -> PyResult<bool> {
        // SAFETY: a live object.
        let class = unsafe { ffi::Py_TYPE(object.as_ptr()) };
        if class == PLAIN.load(Ordering::Relaxed) || is_builtin(class) || !overrides(object)? {
            return Ok(false);
        }
        let class = object.get_type();
        if self.0.iter().any(|known| known.get_type().is(&class)) {
            return Ok(true);
        }
        // Subclasses are asked before the classes they come from.
        let mut place = self.0.len();
        for (i, known) in self.0.iter().enumerate() {
            if class.is_subclass(&known.get_type())? {
                place = i;
                break;
            }
        }
        self.0.insert(place, object.clone());
        Ok(true)
    }

    /// Hands the call to the classes, in turn.
    #[cold]
    pub(super) fn dispatch(
        &self,
        name: &str,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        let py = function.py();
        let classes: Vec<_> = self.0.iter().map(Bound::get_type).collect();
        let types = PyTuple::new(py, &classes)?;
        let kwargs = match kwargs {
            Some(kwargs) => kwargs.clone(),
            None => PyDict::new(py),
        };
        for class in &classes {
            let handler = class.getattr(pyo3::intern!(py, "__torch_function__"))?;
            let answer = handler.call1((function, &types, args, &kwargs))?;
            if !answer.is(py.NotImplemented()) {
                return Ok(answer.unbind());
            }
        }
        let names: Vec<String> =
            classes.iter().map(|c| c.repr().map(|r| r.to_string())).collect::<PyResult<_>>()?;
        Err(PyTypeError::new_err(format!(
            "Multiple dispatch failed for 'torch.{name}'; all __torch_function__ handlers returned NotImplemented:\n\n  - {}\n\nFor more information, try re-running with TORCH_LOGS=not_implemented",
            names.join("\n  - ")
        )))
    }
}

/// What `Tensor.__torch_function__` does: the call itself, and results that are of the subclass.
#[pyfunction(name = "__torch_function__")]
#[pyo3(signature = (cls, func, types, args = None, kwargs = None))]
fn default_torch_function(
    cls: &Bound<'_, PyType>,
    func: &Bound<'_, PyAny>,
    types: &Bound<'_, PyAny>,
    args: Option<&Bound<'_, PyTuple>>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let py = cls.py();
    for class in types.try_iter()? {
        if !cls.is_subclass(&class?)? {
            return Ok(py.NotImplemented());
        }
    }
    let none = PyTuple::empty(py);
    let result = without_overrides(|| func.call(args.unwrap_or(&none), kwargs))?;
    // Gradients and bases stay what they are.
    if let Ok(owner) = func.getattr("__self__")
        && let Ok(name) = owner.getattr("__name__")
        && matches!(name.to_string().as_str(), "_base" | "grad" | "_grad")
    {
        return Ok(result.unbind());
    }
    Ok(converted(&result, cls)?.unbind())
}

fn converted<'py>(result: &Bound<'py, PyAny>, cls: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    let py = cls.py();
    if cls.as_type_ptr() == TENSOR.load(Ordering::Relaxed) {
        return Ok(result.clone());
    }
    if unwrap_exact(result).is_some() {
        if result.is_instance(cls)? {
            return Ok(result.clone());
        }
        return result.call_method1(pyo3::intern!(py, "as_subclass"), (cls,));
    }
    let items = if let Ok(tuple) = result.cast::<PyTuple>() {
        tuple.iter().collect::<Vec<_>>()
    } else if let Ok(list) = result.cast::<PyList>() {
        list.iter().collect()
    } else {
        return Ok(result.clone());
    };
    let items: Vec<_> = items.iter().map(|item| converted(item, cls)).collect::<PyResult<_>>()?;
    if types::is_size(result) {
        return Ok(result.clone());
    }
    result.get_type().call1((PyList::new(py, items)?,))
}

/// A block in which `__torch_function__` of classes is not asked.
#[pyclass(name = "DisableTorchFunctionSubclass", module = "rushlight._C", frozen)]
#[derive(Default)]
struct DisableTorchFunctionSubclass {
    previous: std::sync::Mutex<Vec<bool>>,
}

#[pymethods]
impl DisableTorchFunctionSubclass {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn __enter__(&self) {
        let previous = DISABLED.replace(true);
        self.previous.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(previous);
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) {
        let previous = self.previous.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        DISABLED.set(previous.unwrap_or(false));
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let tensor = m.getattr("Tensor")?.cast_into::<PyType>()?;
    TENSOR.store(tensor.as_type_ptr(), Ordering::Relaxed);
    let function = wrap_pyfunction!(default_torch_function, m)?;
    let method = py.import("builtins")?.getattr("classmethod")?.call1((function,))?;
    tensor.setattr("__torch_function__", method)?;
    m.add_class::<DisableTorchFunctionSubclass>()
}
