//! Settings of the process (default dtype, printing, threads) and of the thread (grad mode, inference mode), and
//! questions about dtypes.

use super::{dtype_object, dtype_of, type_name};
use crate::error::OrRaise;
use crate::tensor::unwrap_exact;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};
use rushlight_core::autograd;
use rushlight_core::dtype::{Promotion, can_cast as may_cast, promote_types as common_dtype};
use rushlight_core::printing::{PrintOptions, Profile, print_options, set_print_options};
use rushlight_core::{DType, Level, Scalar, default_dtype, set_default_dtype as set_default};
use std::cell::RefCell;

/// The dtype of new floating-point tensors.
#[pyfunction]
fn get_default_dtype(py: Python<'_>) -> PyResult<Py<PyAny>> {
    dtype_object(py, default_dtype())
}

/// Set the dtype of new floating-point tensors.
///
/// Raises:
///     TypeError: for anything but a floating-point dtype.
#[pyfunction]
fn set_default_dtype(d: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(dtype) = d.cast::<super::PyDType>().ok().and_then(|_| dtype_of(d)) else {
        return Err(PyTypeError::new_err(
            "invalid dtype object: only floating-point types are supported as the default type",
        ));
    };
    set_default(dtype).or_raise()
}

fn dtype_argument(function: &str, name: &str, position: usize, object: &Bound<'_, PyAny>) -> PyResult<DType> {
    dtype_of(object).ok_or_else(|| {
        PyTypeError::new_err(format!(
            "{function}(): argument '{name}' (position {position}) must be torch.dtype, not {}",
            type_name(object)
        ))
    })
}

/// The smallest dtype to which both can be converted.
///
/// Example:
///     >>> import rushlight as torch
///     >>> torch.promote_types(torch.int32, torch.float32)
///     torch.float32
#[pyfunction]
fn promote_types(type1: &Bound<'_, PyAny>, type2: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let a = dtype_argument("promote_types", "type1", 1, type1)?;
    let b = dtype_argument("promote_types", "type2", 2, type2)?;
    dtype_object(type1.py(), common_dtype(a, b))
}

/// Whether a value of the first dtype may be stored in the second.
#[pyfunction]
fn can_cast(from_: &Bound<'_, PyAny>, to: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(may_cast(dtype_argument("can_cast", "from_", 1, from_)?, dtype_argument("can_cast", "to", 2, to)?))
}

/// The dtype of an arithmetic operation on two tensors or numbers.
#[pyfunction]
fn result_type(tensor: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let mut promotion = Promotion::default();
    for object in [tensor, other] {
        if let Some(tensor) = unwrap_exact(object) {
            promotion.tensor(tensor.dtype(), tensor.rank(), tensor.meta().wrapped_number);
        } else if let Ok(truth) = object.cast::<PyBool>() {
            promotion.scalar(Scalar::Bool(truth.is_true()));
        } else if object.is_instance_of::<PyInt>() {
            promotion.scalar(Scalar::Int(0));
        } else if object.is_instance_of::<PyFloat>() {
            promotion.scalar(Scalar::Float(0.0));
        } else {
            return Err(wrong_operands(tensor, other));
        }
    }
    dtype_object(tensor.py(), promotion.result())
}

fn wrong_operands(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyErr {
    let (first, second) = (type_name(a), type_name(b));
    let marked = |name: &str| if name == "Tensor" { name.to_owned() } else { format!("!{name}!") };
    let tensors = format!("({}, {})", marked(&first), marked(&second));
    // Numbers never count as right in this text, because it compares names of types.
    let with_number = format!("({}, !{second}!)", marked(&first));
    let number_first = format!("(!{first}!, {})", marked(&second));
    let numbers = format!("(!{first}!, !{second}!)");
    let mut text = format!(
        "result_type() received an invalid combination of arguments - got ({first}, {second}), but expected one of:\n"
    );
    for (signature, marks) in [
        ("(Tensor tensor, Tensor other)", tensors),
        ("(Number scalar, Tensor tensor)", number_first),
        ("(Tensor tensor, Number other)", with_number),
        ("(Number scalar1, Number scalar2)", numbers),
    ] {
        text += &format!(
            " * {signature}\n      didn't match because some of the arguments have invalid types: {marks}\n"
        );
    }
    PyTypeError::new_err(text)
}

/// Whether operations are recorded on this thread.
#[pyfunction]
fn is_grad_enabled() -> bool {
    autograd::is_grad_enabled()
}

#[pyfunction]
#[pyo3(name = "_set_grad_enabled")]
fn set_grad_enabled(enabled: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(on) = enabled.cast::<PyBool>() else {
        return Err(PyTypeError::new_err(format!(
            "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not {}",
            type_name(enabled)
        )));
    };
    autograd::set_grad_enabled(on.is_true());
    Ok(())
}

/// Whether this thread is in inference mode.
#[pyfunction]
fn is_inference_mode_enabled() -> bool {
    autograd::is_inference_mode_enabled()
}

thread_local! {
    /// Guards belong to their thread and cannot live in a Python object: the innermost is last.
    static INFERENCE: RefCell<Vec<autograd::InferenceMode>> = const { RefCell::new(Vec::new()) };
}

/// Inference mode as a context; `torch.inference_mode` is built on it.
#[pyclass(name = "_InferenceMode", module = "rushlight._C", frozen)]
struct PyInferenceMode {
    mode: bool,
}

#[pymethods]
impl PyInferenceMode {
    #[new]
    #[pyo3(signature = (mode = true))]
    fn new(mode: bool) -> Self {
        Self { mode }
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        let guard = autograd::InferenceMode::set(slf.get().mode);
        INFERENCE.with_borrow_mut(|guards| guards.push(guard));
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        let guard = INFERENCE.with_borrow_mut(Vec::pop);
        drop(guard);
    }
}

/// The number of threads that large operations use.
#[pyfunction]
fn get_num_threads() -> usize {
    rushlight_core::num_threads()
}

/// Set the number of threads that large operations use.
#[pyfunction]
fn set_num_threads(threads: &Bound<'_, PyAny>) -> PyResult<()> {
    if !threads.is_instance_of::<PyInt>() || threads.is_instance_of::<PyBool>() {
        return Err(PyRuntimeError::new_err(format!(
            "set_num_threads expects an int, but got {}",
            type_name(threads)
        )));
    }
    match threads.extract::<i64>() {
        Ok(count) if count > 0 => {
            rushlight_core::set_num_threads(count as usize);
            Ok(())
        }
        _ => Err(PyRuntimeError::new_err("set_num_threads expects a positive integer")),
    }
}

/// The instruction set that the kernels use.
#[pyfunction]
#[pyo3(name = "_get_cpu_capability")]
fn cpu_capability() -> &'static str {
    match rushlight_core::level() {
        Level::Baseline => "DEFAULT",
        Level::V3 => "AVX2",
    }
}

/// Set how tensors are printed. What is not given stays, but `sci_mode`, which is automatic where it is not given.
///
/// Args:
///     precision: digits after the decimal point.
///     threshold: tensors of more elements are shown by their edges; `inf` shows all.
///     edgeitems: how many elements an edge has.
///     linewidth: characters in a line.
///     profile: `"default"`, `"short"` or `"full"`.
///     sci_mode: scientific notation always (`True`), never (`False`), or as the values demand (`None`).
#[pyfunction]
#[pyo3(signature = (precision = None, threshold = None, edgeitems = None, linewidth = None, profile = None, sci_mode = None))]
fn set_printoptions(
    precision: Option<usize>,
    threshold: Option<f64>,
    edgeitems: Option<usize>,
    linewidth: Option<usize>,
    profile: Option<&str>,
    sci_mode: Option<bool>,
) {
    let mut options = print_options();
    if let Some(profile) = profile.and_then(|p| Profile::from_name(&p.to_lowercase())) {
        options.apply_profile(profile);
    }
    if let Some(precision) = precision {
        options.precision = precision;
    }
    if let Some(threshold) = threshold {
        options.threshold =
            if threshold.is_infinite() { PrintOptions::UNLIMITED } else { threshold as usize };
    }
    if let Some(edgeitems) = edgeitems {
        options.edgeitems = edgeitems;
    }
    if let Some(linewidth) = linewidth {
        options.linewidth = linewidth;
    }
    options.sci_mode = sci_mode;
    set_print_options(options);
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(get_default_dtype, m)?)?;
    m.add_function(wrap_pyfunction!(set_default_dtype, m)?)?;
    m.add_function(wrap_pyfunction!(promote_types, m)?)?;
    m.add_function(wrap_pyfunction!(can_cast, m)?)?;
    m.add_function(wrap_pyfunction!(result_type, m)?)?;
    m.add_function(wrap_pyfunction!(is_grad_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(set_grad_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(is_inference_mode_enabled, m)?)?;
    m.add_function(wrap_pyfunction!(get_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(cpu_capability, m)?)?;
    m.add_function(wrap_pyfunction!(set_printoptions, m)?)?;
    m.add_class::<PyInferenceMode>()
}
