//! Constants that have a type of their own: layouts, memory formats, and the mark of classes that opt out of
//! `__torch_function__`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

macro_rules! constants {
    ($(#[doc = $doc:literal])* $type:ident, $python:literal, $($name:literal),*) => {
        $(#[doc = $doc])*
        #[pyclass(name = $python, module = "rushlight", frozen)]
        pub(crate) struct $type {
            pub(crate) name: &'static str,
        }

        #[pymethods]
        impl $type {
            fn __repr__(&self) -> String {
                format!("torch.{}", self.name)
            }

            /// Copies are the object itself: there is one for each name.
            fn __copy__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
                slf
            }

            /// Pickles name the constant, which a module has under its name.
            fn __reduce__(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, (Py<PyAny>, &'static str))> {
                let getattr = py.import("builtins")?.getattr("getattr")?;
                Ok((getattr.unbind(), (py.import("rushlight")?.into_any().unbind(), self.name)))
            }
        }

        impl $type {
            const NAMES: &[&str] = &[$($name),*];
        }
    };
}

constants!(
    /// How elements are kept: `torch.strided` for every tensor there is.
    PyLayout, "layout", "strided"
);
constants!(
    /// The order of strides that a result shall have.
    PyMemoryFormat, "memory_format", "contiguous_format", "preserve_format", "channels_last", "channels_last_3d"
);

static STRIDED: PyOnceLock<Py<PyLayout>> = PyOnceLock::new();
static DISABLED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// `torch.strided`.
pub(crate) fn strided(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let strided = STRIDED.get_or_try_init(py, || Py::new(py, PyLayout { name: "strided" }))?;
    Ok(strided.clone_ref(py).into_any())
}

/// The name of a memory format, if the object is one.
pub(crate) fn memory_format_name(object: &Bound<'_, PyAny>) -> Option<&'static str> {
    object.cast::<PyMemoryFormat>().ok().map(|format| format.get().name)
}

/// Calls the function itself: a class whose `__torch_function__` this is takes no part in dispatch to subclasses.
#[pyfunction(name = "_disabled_torch_function_impl")]
#[pyo3(signature = (func, types, args = None, kwargs = None))]
fn disabled_torch_function_impl(
    func: &Bound<'_, PyAny>,
    types: &Bound<'_, PyAny>,
    args: Option<&Bound<'_, PyTuple>>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let _ = types;
    let none = PyTuple::empty(func.py());
    crate::registry::overrides::without_overrides(|| {
        func.call(args.unwrap_or(&none), kwargs).map(Bound::unbind)
    })
}

/// `_disabled_torch_function_impl`.
pub(crate) fn disabled_torch_function(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let function = DISABLED.get_or_try_init(py, || {
        PyResult::Ok(pyo3::wrap_pyfunction!(disabled_torch_function_impl, py)?.into_any().unbind())
    })?;
    Ok(function.clone_ref(py))
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    m.add_class::<PyLayout>()?;
    m.add_class::<PyMemoryFormat>()?;
    debug_assert_eq!(PyLayout::NAMES, ["strided"]);
    m.add("strided", strided(py)?)?;
    for name in PyMemoryFormat::NAMES {
        m.add(*name, Py::new(py, PyMemoryFormat { name })?)?;
    }
    m.add("_disabled_torch_function_impl", disabled_torch_function(py)?)
}
