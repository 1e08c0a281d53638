//! `torch.Size`: a tuple of integers with the number of elements.
//!
//! A subclass of a built-in type cannot be a `#[pyclass]` in the stable ABI before Python 3.12, so the type is made from
//! slots here. It costs what a tuple costs: `x.shape` is read very often.

use super::type_name;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyTuple, PyType};
use pyo3::{PyTypeInfo, ffi};
use std::ffi::{c_int, c_uint, c_void};
use std::ptr;

static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The class.
fn class(py: Python<'_>) -> &Bound<'_, PyType> {
    TYPE.get(py).expect("the module is initialised").bind(py)
}

/// Whether an object is a `torch.Size`.
pub(crate) fn is_size(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance(class(object.py())).unwrap_or(false)
}

/// The `torch.Size` of a shape.
pub(crate) fn size_object(py: Python<'_>, shape: &[usize]) -> PyResult<Py<PyAny>> {
    let class = class(py).as_type_ptr();
    // SAFETY: the class is a live heap type whose `tp_alloc` makes a tuple with room for that many items; each is set
    // once, while nobody else has the tuple.
    unsafe {
        let slot = ffi::PyType_GetSlot(class, ffi::Py_tp_alloc);
        let allocate: ffi::allocfunc = std::mem::transmute(slot);
        let tuple = Bound::from_owned_ptr_or_err(py, allocate(class, shape.len() as ffi::Py_ssize_t))?;
        for (i, &size) in shape.iter().enumerate() {
            let number = ffi::PyLong_FromSize_t(size);
            if number.is_null() || ffi::PyTuple_SetItem(tuple.as_ptr(), i as ffi::Py_ssize_t, number) < 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(tuple.unbind())
    }
}

fn from_tuple(py: Python<'_>, tuple: &Bound<'_, PyTuple>) -> PyResult<Py<PyAny>> {
    let class = class(py).as_type_ptr();
    // SAFETY: as in `size_object`; `PyTuple_SetItem` takes over the reference that is made for it.
    unsafe {
        let slot = ffi::PyType_GetSlot(class, ffi::Py_tp_alloc);
        let allocate: ffi::allocfunc = std::mem::transmute(slot);
        let size = Bound::from_owned_ptr_or_err(py, allocate(class, tuple.len() as ffi::Py_ssize_t))?;
        for (i, item) in tuple.iter().enumerate() {
            if ffi::PyTuple_SetItem(size.as_ptr(), i as ffi::Py_ssize_t, item.into_ptr()) < 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(size.unbind())
    }
}

/// Runs `body` for a slot; an error becomes Python's, a panic too.
fn guarded(body: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>) -> *mut ffi::PyObject {
    Python::attach(|py| {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(py))) {
            Ok(Ok(object)) => return object.into_ptr(),
            Ok(Err(error)) => error.restore(py),
            Err(_) => PyRuntimeError::new_err("a bug in torch.Size").restore(py),
        }
        ptr::null_mut()
    })
}

unsafe extern "C" fn new(
    _class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    guarded(|py| {
        // SAFETY: Python passes a tuple and, perhaps, a dict.
        let (args, kwargs) =
            unsafe { (Bound::from_borrowed_ptr(py, args), Bound::from_borrowed_ptr_or_opt(py, kwargs)) };
        let kwargs = kwargs.map(Bound::cast_into::<pyo3::types::PyDict>).transpose()?;
        let tuple = PyTuple::type_object(py).call(args.cast::<PyTuple>()?.clone(), kwargs.as_ref())?;
        let tuple = tuple.cast_into::<PyTuple>()?;
        let mut items: Vec<Bound<'_, PyAny>> = Vec::with_capacity(tuple.len());
        for (i, item) in tuple.iter().enumerate() {
            // SAFETY: live objects.
            if unsafe { ffi::PyLong_Check(item.as_ptr()) } != 0 {
                items.push(item);
                continue;
            }
            // SAFETY: a live object.
            let index = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyNumber_Index(item.as_ptr())) };
            let Some(index) = index else {
                let _ = PyErr::take(py);
                return Err(PyTypeError::new_err(format!(
                    "torch.Size() takes an iterable of 'int' (item {i} is '{}')",
                    type_name(&item)
                )));
            };
            items.push(index);
        }
        from_tuple(py, &PyTuple::new(py, items)?)
    })
}

unsafe extern "C" fn repr(slf: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guarded(|py| {
        // SAFETY: a live object of this class.
        let slf = unsafe { Bound::from_borrowed_ptr(py, slf) };
        let items = slf.cast::<PyTuple>()?.iter().map(|i| Ok(i.str()?.to_string()));
        let text = items.collect::<PyResult<Vec<_>>>()?.join(", ");
        Ok(format!("torch.Size([{text}])").into_pyobject(py)?.into_any().unbind())
    })
}

/// Calls a slot of `tuple` and gives its result this class.
fn through_tuple(slot: c_int, call: impl FnOnce(*mut c_void) -> *mut ffi::PyObject) -> *mut ffi::PyObject {
    guarded(|py| {
        // SAFETY: `tuple` is a live type and has every slot that is asked for here; what it returns is owned.
        let result = unsafe {
            let function = ffi::PyType_GetSlot(ptr::addr_of_mut!(ffi::PyTuple_Type), slot);
            Bound::from_owned_ptr_or_err(py, call(function))?
        };
        match result.cast::<PyTuple>() {
            Ok(tuple) => from_tuple(py, tuple),
            Err(_) => Ok(result.unbind()),
        }
    })
}

unsafe extern "C" fn concatenate(a: *mut ffi::PyObject, b: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: live objects.
    if unsafe { ffi::PyTuple_Check(a) } == 0 || unsafe { ffi::PyTuple_Check(b) } == 0 {
        return guarded(|py| {
            // SAFETY: live objects; at least one is of this class.
            let (a, b) = unsafe { (Bound::from_borrowed_ptr(py, a), Bound::from_borrowed_ptr(py, b)) };
            if a.is_instance_of::<PyTuple>() {
                return Err(PyTypeError::new_err(format!(
                    "can only concatenate tuple (not {}) to torch.Size",
                    type_name(&b)
                )));
            }
            Ok(py.NotImplemented())
        });
    }
    through_tuple(ffi::Py_sq_concat, |function| {
        // SAFETY: the slot of `tuple` for concatenation; both are tuples.
        unsafe { std::mem::transmute::<*mut c_void, ffi::binaryfunc>(function)(a, b) }
    })
}

unsafe extern "C" fn repeat(a: *mut ffi::PyObject, times: ffi::Py_ssize_t) -> *mut ffi::PyObject {
    through_tuple(ffi::Py_sq_repeat, |function| {
        // SAFETY: the slot of `tuple` for repetition.
        unsafe { std::mem::transmute::<*mut c_void, ffi::ssizeargfunc>(function)(a, times) }
    })
}

unsafe extern "C" fn subscript(a: *mut ffi::PyObject, key: *mut ffi::PyObject) -> *mut ffi::PyObject {
    through_tuple(ffi::Py_mp_subscript, |function| {
        // SAFETY: the slot of `tuple` for subscripts.
        unsafe { std::mem::transmute::<*mut c_void, ffi::binaryfunc>(function)(a, key) }
    })
}

unsafe extern "C" fn numel(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guarded(|py| {
        // SAFETY: a live object of this class.
        let slf = unsafe { Bound::from_borrowed_ptr(py, slf) };
        let mut product: i64 = 1;
        for item in slf.cast::<PyTuple>()?.iter() {
            product = product.wrapping_mul(item.extract()?);
        }
        Ok(product.into_pyobject(py)?.into_any().unbind())
    })
}

unsafe extern "C" fn reduce(slf: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    guarded(|py| {
        // SAFETY: a live object of this class.
        let slf = unsafe { Bound::from_borrowed_ptr(py, slf) };
        let plain = PyTuple::new(py, slf.cast::<PyTuple>()?.iter())?;
        Ok((slf.get_type(), (plain,)).into_pyobject(py)?.into_any().unbind())
    })
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    // Method tables live as long as the type: for ever.
    let methods = Box::leak(Box::new([
        ffi::PyMethodDef {
            ml_name: c"numel".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: numel },
            ml_flags: ffi::METH_NOARGS,
            ml_doc: c"numel($self, /)\n--\n\nThe number of elements of a tensor of this size.".as_ptr(),
        },
        ffi::PyMethodDef {
            ml_name: c"__reduce__".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: reduce },
            ml_flags: ffi::METH_NOARGS,
            ml_doc: c"__reduce__($self, /)\n--\n\nWhat pickle keeps.".as_ptr(),
        },
        ffi::PyMethodDef::zeroed(),
    ]));
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_new, new as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_nb_add, concatenate as *mut c_void),
        slot(ffi::Py_sq_concat, concatenate as *mut c_void),
        slot(ffi::Py_sq_repeat, repeat as *mut c_void),
        slot(ffi::Py_mp_subscript, subscript as *mut c_void),
        slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
        slot(ffi::Py_tp_doc, c"Sizes of a tensor's dimensions: a tuple of integers.".as_ptr() as *mut c_void),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"rushlight.Size".as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE) as c_uint,
        slots: slots.as_mut_ptr(),
    };
    let base = PyTuple::type_object(py);
    // SAFETY: the spec and its slots are well formed; basic and item size 0 mean those of the base.
    let class = unsafe {
        let class = ffi::PyType_FromSpecWithBases(&raw mut spec, base.as_ptr());
        Bound::from_owned_ptr_or_err(py, class)?
    };
    let class = class.cast_into::<PyType>()?;
    TYPE.get_or_init(py, || class.clone().unbind());
    m.add("Size", class)
}
