//! `torch.Tensor(…)`, `torch.FloatTensor(…)` and their like: constructors from before there were dtypes.
//!
//! Integers are sizes, a sequence is data, a tensor is aliased. In PyTorch `torch.FloatTensor` is a class by its
//! metaclass only; here it is an object that can be called, and that answers `isinstance`.

use super::class::PyTensor;
use super::{create, object};
use crate::error::OrRaise;
use crate::types;
use crate::types::type_name;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString, PyTuple, PyType};
use rushlight_core::{self as core, DType, DTypeNames};

type Object = PyResult<Py<PyAny>>;

const DTYPES: [DType; 10] = [
    DType::F32,
    DType::F64,
    DType::F16,
    DType::BF16,
    DType::U8,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::Bool,
];

/// A tensor type by its old name, such as `torch.FloatTensor`.
#[pyclass(name = "tensortype", module = "torch", frozen)]
pub(super) struct TensorType {
    dtype: DType,
}

#[pymethods]
impl TensorType {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(
        &self,
        py: Python<'_>,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Object {
        construct(&py.get_type::<PyTensor>(), Some(self.dtype), args, kwargs)
    }

    fn __instancecheck__(&self, instance: &Bound<'_, PyAny>) -> bool {
        super::unwrap_exact(instance).is_some_and(|tensor| tensor.dtype() == self.dtype)
    }

    fn __subclasscheck__(&self, class: &Bound<'_, PyAny>) -> bool {
        dtype_of_class(class) == Some(self.dtype)
    }

    fn __repr__(&self) -> String {
        format!("<class '{}'>", self.dtype.tensor_type())
    }

    fn __reduce__(&self) -> &'static str {
        self.short_name()
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.short_name()
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.short_name()
    }

    #[getter]
    fn __module__(&self) -> &'static str {
        "torch"
    }

    #[getter]
    fn dtype(&self, py: Python<'_>) -> Object {
        types::dtype_object(py, self.dtype)
    }

    #[getter]
    fn layout(&self, py: Python<'_>) -> Object {
        types::strided(py)
    }

    #[classattr]
    #[pyo3(name = "is_cuda")]
    const IS_CUDA: bool = false;
    #[classattr]
    #[pyo3(name = "is_sparse")]
    const IS_SPARSE: bool = false;
}

impl TensorType {
    fn short_name(&self) -> &'static str {
        self.dtype.tensor_type().trim_start_matches("torch.")
    }
}

pub(super) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    for dtype in DTYPES {
        let class = TensorType { dtype };
        m.add(class.short_name(), class)?;
    }
    Ok(())
}

/// The dtype of `torch.FloatTensor` and its like.
pub(super) fn dtype_of_class(object: &Bound<'_, PyAny>) -> Option<DType> {
    object.cast::<TensorType>().ok().map(|class| class.get().dtype)
}

/// The dtype of `"torch.FloatTensor"` and its like.
pub(super) fn dtype_of_name(name: &str) -> Option<DType> {
    if name == "torch.Tensor" {
        return Some(core::default_dtype());
    }
    DTYPES.into_iter().find(|dtype| dtype.tensor_type() == name)
}

/// Makes a tensor by the old rules. `dtype` is that of the class; `torch.Tensor` has none and takes the default.
pub(super) fn construct(
    cls: &Bound<'_, PyType>,
    dtype: Option<DType>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> Object {
    let mut named = None;
    if let Some(kwargs) = kwargs {
        for (name, value) in kwargs.iter() {
            match name.to_string().as_str() {
                "device" => drop(types::device_of(&value)?),
                "data" | "size" | "other" if args.is_empty() && named.is_none() => named = Some(value),
                name => return Err(invalid(args, kwargs, name)),
            }
        }
    }
    let args = match named {
        Some(value) => PyTuple::new(cls.py(), [value])?,
        None => args.clone(),
    };
    object::wrap_as(cls, build(dtype, &args)?)
}

fn build(dtype: Option<DType>, args: &Bound<'_, PyTuple>) -> PyResult<core::Tensor> {
    let filled = dtype.unwrap_or_else(core::default_dtype);
    if args.is_empty() {
        return core::Tensor::empty(&[0], filled).or_raise();
    }
    let first = args.get_item(0)?;
    if args.len() == 1
        && let Some(tensor) = super::unwrap_exact(&first)
    {
        if let Some(dtype) = dtype.filter(|&d| d != tensor.dtype()) {
            return Err(PyTypeError::new_err(format!(
                "expected {} (got {})",
                options(dtype),
                options(tensor.dtype())
            )));
        }
        return core::dispatch::apply(core::ops::view::Alias {}, &[tensor]).or_raise();
    }
    let is_size =
        |value: &Bound<'_, PyAny>| value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>();
    if is_size(&first) || (args.len() == 1 && types::is_size(&first)) {
        let sizes = if is_size(&first) { args.clone() } else { first.cast_into::<PyTuple>()? };
        let mut shape = Vec::with_capacity(sizes.len());
        for (i, size) in sizes.iter().enumerate() {
            if !is_size(&size) {
                return Err(PyTypeError::new_err(format!(
                    "new(): argument 'size' failed to unpack the object at pos {} with error \"type must be tuple of ints,but got {}\"",
                    i + 1,
                    type_name(&size)
                )));
            }
            shape.push(size.extract::<i64>()?);
        }
        return core::Tensor::empty(&create::checked_shape(&shape)?, filled).or_raise();
    }
    if args.len() > 1 {
        return Err(invalid(args, &PyDict::new(args.py()), ""));
    }
    if first.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err(format!("new(): invalid data type '{}'", type_name(&first))));
    }
    if !create::is_sequence(&first) {
        return Err(PyTypeError::new_err(format!(
            "new(): data must be a sequence (got {})",
            type_name(&first)
        )));
    }
    create::from_data(&first, Some(filled), true)
}

fn options(dtype: DType) -> String {
    let name = dtype.c_name();
    format!(
        "TensorOptions(dtype={name}, device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt))"
    )
}

#[cold]
fn invalid(args: &Bound<'_, PyTuple>, kwargs: &Bound<'_, PyDict>, wrong: &str) -> PyErr {
    let mut got: Vec<String> = args.iter().map(|a| type_name(&a)).collect();
    got.extend(kwargs.iter().map(|(name, value)| {
        let name_of = types::dtype_of(&value).filter(|_| !value.is_instance_of::<PyType>());
        let kind = if name_of.is_some() { "torch.dtype".to_owned() } else { type_name(&value) };
        format!("{name}={kind}")
    }));
    let why = if wrong.is_empty() {
        String::new()
    } else {
        format!("      didn't match because some of the keywords were incorrect: {wrong}\n")
    };
    PyTypeError::new_err(format!(
        "new() received an invalid combination of arguments - got ({}), but expected one of:\n * (*, torch.device device = None)\n{why} * (torch.Storage storage)\n * (Tensor other)\n * (tuple of ints size, *, torch.device device = None)\n * (object data, *, torch.device device = None)\n",
        got.join(", ")
    ))
}
