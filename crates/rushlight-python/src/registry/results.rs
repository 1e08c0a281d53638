//! `torch.return_types`: results with names, such as `torch.max(x, 0).values`.

use crate::tensor::wrap;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use rushlight_core::Tensor;
use std::ffi::CString;
use std::ptr;

/// The module `return_types`, whose names are the types made so far.
static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// The result of an operation whose results have names.
pub(super) fn named(
    py: Python<'_>,
    name: &'static str,
    fields: &'static [&'static str],
    tensors: Vec<Tensor>,
) -> PyResult<Py<PyAny>> {
    let class = class(py, name, fields)?;
    // SAFETY: the class was made by `PyStructSequence_NewType` with as many fields as there are tensors; each field is
    // set once, with a reference that it takes over.
    unsafe {
        let result = Bound::from_owned_ptr_or_err(py, ffi::PyStructSequence_New(class.as_type_ptr()))?;
        for (i, tensor) in tensors.into_iter().enumerate() {
            ffi::PyStructSequence_SetItem(
                result.as_ptr(),
                i as ffi::Py_ssize_t,
                wrap(py, tensor)?.into_ptr(),
            );
        }
        Ok(result.unbind())
    }
}

/// The type of an operation's results; made at the first use.
pub(super) fn class<'py>(py: Python<'py>, name: &str, fields: &[&str]) -> PyResult<Bound<'py, PyType>> {
    let module = MODULE.get(py).expect("the module is initialised").bind(py);
    // A type is known by its module, `max` by `torch.max`: both spellings of a name are one type.
    let name = name.rsplit('.').next().unwrap_or(name);
    if let Ok(known) = module.getattr(name) {
        return Ok(known.cast_into::<PyType>()?);
    }
    // The type keeps pointers to its names: they live as long as it does, for ever.
    let forever = |text: &str| -> PyResult<*const std::ffi::c_char> {
        Ok(Box::leak(CString::new(text)?.into_boxed_c_str()).as_ptr())
    };
    let mut described = Vec::with_capacity(fields.len() + 1);
    for field in fields {
        described.push(ffi::PyStructSequence_Field { name: forever(field)?, doc: ptr::null() });
    }
    described.push(ffi::PyStructSequence_Field { name: ptr::null(), doc: ptr::null() });
    let mut description = ffi::PyStructSequence_Desc {
        name: forever(&format!("torch.return_types.{name}"))?,
        doc: ptr::null(),
        fields: Box::leak(described.into_boxed_slice()).as_mut_ptr(),
        n_in_sequence: fields.len() as std::ffi::c_int,
    };
    // SAFETY: the description is well formed and what it points to is never freed.
    let class = unsafe {
        let class = ffi::PyStructSequence_NewType(&raw mut description);
        Bound::from_owned_ptr_or_err(py, class.cast())?
    };
    let class = class.cast_into::<PyType>()?;
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"__repr__".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: repr },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: ptr::null(),
    }));
    // SAFETY: the type is live and the definition is never freed.
    let method =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))? };
    class.setattr("__repr__", method)?;
    module.setattr(name, &class)?;
    Ok(class)
}

unsafe extern "C" fn repr(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    Python::attach(|py| {
        // SAFETY: a live object of a type made above.
        let slf = unsafe { Bound::from_borrowed_ptr(py, slf) };
        match text(&slf) {
            Ok(text) => text.into_ptr(),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    })
}

fn text(slf: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let class = slf.get_type();
    let names: Vec<String> = class.getattr("__match_args__")?.extract()?;
    let mut lines = Vec::with_capacity(names.len());
    for (name, value) in names.iter().zip(slf.cast::<PyTuple>()?.iter()) {
        lines.push(format!("{name}={}", value.repr()?));
    }
    let name = class.name()?;
    let text = format!("torch.return_types.{name}(\n{})", lines.join(",\n"));
    Ok(text.into_pyobject(slf.py())?.into_any().unbind())
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let module = PyModule::new(py, "rushlight.return_types")?;
    module.setattr("__doc__", "Types of results that have names.")?;
    let modules = py.import("sys")?.getattr("modules")?;
    modules.cast::<PyDict>()?.set_item("rushlight.return_types", &module)?;
    MODULE
        .set(py, module.clone().unbind())
        .map_err(|_| PyRuntimeError::new_err("the module was initialised twice"))?;
    m.add("return_types", module)
}
