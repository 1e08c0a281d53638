//! Methods of the class `Tensor` that give its data in other forms: numbers, lists, arrays, other dtypes, new tensors.

use super::class::{Any, Object, PyTensor, This};
use super::{convert, index, legacy, numpy, scalar};
use crate::error::OrRaise;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rushlight_core as core;

#[pymethods]
impl PyTensor {
    // Numbers, lists, arrays.

    /// The value of a tensor with one element, as a Python number.
    fn item(&self, py: Python<'_>) -> Object {
        scalar::object(py, self.tensor.item().or_raise()?)
    }

    /// The elements as nested lists.
    fn tolist(&self, py: Python<'_>) -> Object {
        scalar::to_list(py, &self.tensor)
    }

    /// A NumPy array over the same memory.
    #[pyo3(signature = (*, force = false))]
    fn numpy(slf: This<'_, '_>, force: bool) -> Object {
        numpy::to_array(slf, force)
    }

    #[pyo3(signature = (dtype = None, copy = None))]
    fn __array__(slf: This<'_, '_>, dtype: Option<&Any<'_>>, copy: Option<bool>) -> Object {
        numpy::array_protocol(slf, dtype, copy)
    }

    #[pyo3(signature = (array, context = None))]
    fn __array_wrap__<'py>(
        &self,
        array: &Bound<'py, PyAny>,
        context: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = context;
        numpy::array_wrap(array)
    }

    /// Above an array's, so that NumPy's operators leave mixed operands to the tensor.
    #[classattr]
    #[pyo3(name = "__array_priority__")]
    const ARRAY_PRIORITY: i64 = 1000;

    #[getter(__cuda_array_interface__)]
    fn cuda_array_interface(&self) -> PyResult<()> {
        use core::DTypeNames;
        Err(pyo3::exceptions::PyAttributeError::new_err(format!(
            "Can't get __cuda_array_interface__ on non-CUDA tensor type: {} If CUDA data is required use tensor.cuda() to copy tensor to device memory.",
            self.tensor.dtype().tensor_type()
        )))
    }

    #[pyo3(signature = (*, stream = None, max_version = None, dl_device = None, copy = None))]
    fn __dlpack__(
        slf: This<'_, '_>,
        stream: Option<&Any<'_>>,
        max_version: Option<&Any<'_>>,
        dl_device: Option<&Any<'_>>,
        copy: Option<bool>,
    ) -> Object {
        let _ = (stream, max_version, dl_device);
        super::dlpack::capsule(slf, copy)
    }

    fn __dlpack_device__(&self) -> (i32, i32) {
        (1, 0)
    }

    fn __len__(&self) -> PyResult<usize> {
        self.tensor
            .shape()
            .first()
            .copied()
            .ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("len() of a 0-d tensor"))
    }

    fn __iter__(slf: This<'_, '_>) -> Object {
        convert::iterate(slf)
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        scalar::truth(py, &self.tensor)
    }

    fn __int__(&self, py: Python<'_>) -> Object {
        scalar::to_int(py, &self.tensor)
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        scalar::to_float(py, &self.tensor)
    }

    fn __complex__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyComplex>> {
        let real = scalar::to_float(py, &self.tensor)?;
        Ok(pyo3::types::PyComplex::from_doubles(py, real, 0.0))
    }

    fn __index__(&self, py: Python<'_>) -> Object {
        scalar::to_index(py, &self.tensor)
    }

    fn __contains__(slf: This<'_, '_>, element: &Any<'_>) -> PyResult<bool> {
        convert::contains(slf, element)
    }

    fn __format__(slf: This<'_, '_>, spec: &Any<'_>) -> Object {
        convert::format(slf, spec)
    }

    fn __repr__(slf: This<'_, '_>) -> PyResult<String> {
        convert::show(slf)
    }

    fn __hash__(slf: This<'_, '_>) -> usize {
        slf.as_ptr() as usize
    }

    fn __getitem__(slf: This<'_, '_>, index: &Any<'_>) -> Object {
        index::get(slf, index)
    }

    fn __setitem__(slf: This<'_, '_>, index: &Any<'_>, value: &Any<'_>) -> PyResult<()> {
        index::set(&slf.get().tensor, index, value)
    }

    fn __delitem__(&self, index: &Any<'_>) -> PyResult<()> {
        let _ = index;
        Err(pyo3::exceptions::PyTypeError::new_err("Tensor does not support deleting items"))
    }

    // Conversion.

    /// The tensor in another dtype or on another device; itself, where nothing changes.
    #[pyo3(signature = (*args, **kwargs))]
    fn to(slf: This<'_, '_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
        convert::to(slf, args, kwargs)
    }

    /// The type's name, or the tensor in another type, named by a dtype, a class or a text.
    #[pyo3(signature = (dtype = None, non_blocking = false))]
    fn r#type(slf: This<'_, '_>, dtype: Option<&Any<'_>>, non_blocking: bool) -> Object {
        let _ = non_blocking;
        convert::r#type(slf, dtype)
    }

    /// The tensor in the type of another.
    fn type_as(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        convert::type_as(slf, other)
    }

    #[pyo3(signature = (memory_format = None))]
    fn bool(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::Bool)
    }

    #[pyo3(signature = (memory_format = None))]
    fn byte(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::U8)
    }

    #[pyo3(signature = (memory_format = None))]
    fn char(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::I8)
    }

    #[pyo3(signature = (memory_format = None))]
    fn short(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::I16)
    }

    #[pyo3(signature = (memory_format = None))]
    fn int(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::I32)
    }

    #[pyo3(signature = (memory_format = None))]
    fn long(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::I64)
    }

    #[pyo3(signature = (memory_format = None))]
    fn half(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::F16)
    }

    #[pyo3(signature = (memory_format = None))]
    fn bfloat16(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::BF16)
    }

    #[pyo3(signature = (memory_format = None))]
    fn float(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::F32)
    }

    #[pyo3(signature = (memory_format = None))]
    fn double(slf: This<'_, '_>, memory_format: Option<&Any<'_>>) -> Object {
        let _ = memory_format;
        convert::to_dtype(slf, core::DType::F64)
    }

    /// The tensor itself: it is on the CPU.
    #[pyo3(signature = (memory_format = None))]
    fn cpu<'py>(slf: Bound<'py, Self>, memory_format: Option<&Any<'_>>) -> Bound<'py, Self> {
        let _ = memory_format;
        slf
    }

    /// Raises: there is no CUDA.
    #[pyo3(signature = (*args, **kwargs))]
    fn cuda(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        let _ = (args, kwargs);
        Err(pyo3::exceptions::PyAssertionError::new_err("Torch not compiled with CUDA enabled"))
    }

    // New tensors of the same kind.

    #[expect(clippy::new_ret_no_self, reason = "`tensor.new(...)` is PyTorch's name of a method")]
    #[pyo3(signature = (*args, **kwargs))]
    fn new(slf: This<'_, '_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
        legacy::construct(&slf.py().get_type::<PyTensor>(), Some(slf.get().tensor.dtype()), args, kwargs)
    }

    /// A tensor of the given data, by default of this tensor's dtype.
    #[pyo3(signature = (data, *, dtype = None, device = None, requires_grad = false, layout = None, pin_memory = None))]
    fn new_tensor(
        slf: This<'_, '_>,
        data: &Any<'_>,
        dtype: Option<&Any<'_>>,
        device: Option<&Any<'_>>,
        requires_grad: bool,
        layout: Option<&Any<'_>>,
        pin_memory: Option<bool>,
    ) -> Object {
        let _ = (layout, pin_memory);
        super::create::new_tensor(&slf.get().tensor, data, dtype, device, requires_grad)
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn new_zeros(slf: This<'_, '_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
        super::create::new_filled(&slf.get().tensor, "new_zeros", Some(core::Scalar::Int(0)), args, kwargs)
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn new_ones(slf: This<'_, '_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
        super::create::new_filled(&slf.get().tensor, "new_ones", Some(core::Scalar::Int(1)), args, kwargs)
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn new_empty(slf: This<'_, '_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> Object {
        super::create::new_filled(&slf.get().tensor, "new_empty", None, args, kwargs)
    }

    #[pyo3(signature = (size, fill_value, **kwargs))]
    fn new_full(
        slf: This<'_, '_>,
        size: &Any<'_>,
        fill_value: &Any<'_>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> Object {
        let value = scalar::from_object(fill_value)?;
        let args = PyTuple::new(slf.py(), [size])?;
        super::create::new_filled(&slf.get().tensor, "new_full", Some(value), &args, kwargs)
    }
}
