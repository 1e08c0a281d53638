//! The class `Tensor` itself: each method is one line here and a function of its topic elsewhere in this folder.
//! Operations are not here; the registry attaches them.

use super::{attribute, convert, legacy, object};
use crate::autograd::{self, hooks};
use crate::error::OrRaise;
use crate::registry::operators;
use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use rushlight_core as core;

/// A multi-dimensional array that can record how it was computed.
///
/// Tensors are made by `torch.tensor`, `torch.zeros`, `torch.randn` and the like, by `torch.from_numpy`, and by
/// operations on other tensors. A tensor with `requires_grad=True` records what is computed from it; `backward()` of the
/// result then fills its `grad`.
#[pyclass(name = "Tensor", subclass, frozen, dict, weakref)]
pub(crate) struct PyTensor {
    pub(super) tensor: core::Tensor,
}

impl PyTensor {
    pub(super) fn holding(tensor: core::Tensor) -> Self {
        Self { tensor }
    }

    #[inline]
    pub(crate) fn tensor(&self) -> &core::Tensor {
        &self.tensor
    }
}

impl Drop for PyTensor {
    fn drop(&mut self) {
        object::released(self);
    }
}

pub(super) type Object = PyResult<Py<PyAny>>;
pub(super) type Any<'py> = Bound<'py, PyAny>;
pub(super) type This<'a, 'py> = &'a Bound<'py, PyTensor>;

#[pymethods]
impl PyTensor {
    #[new]
    #[classmethod]
    #[pyo3(signature = (*args, **kwargs))]
    fn __new__<'py>(
        cls: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> Object {
        legacy::construct(cls, None, args, kwargs)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        object::traverse(&self.tensor, &visit)
    }

    fn __clear__(&self) {
        if self.tensor.handles() == 1 {
            self.tensor.clear_hooks();
            if let Some(grad_fn) = self.tensor.grad_fn() {
                autograd::clear_node(&grad_fn.node);
            }
        }
    }

    // Data and gradient.

    /// The same data outside of the graph, with a version counter of its own. Assigning gives the tensor other data.
    #[getter]
    fn data(slf: This<'_, '_>) -> Object {
        let data = slf.get().tensor.data();
        object::wrap_like(slf, data)
    }

    #[setter]
    fn set_data(&self, value: &Any<'_>) -> PyResult<()> {
        attribute::set_data(&self.tensor, value)
    }

    /// The accumulated gradient, `None` until `backward()` has filled it.
    #[getter]
    fn grad(&self, py: Python<'_>) -> Object {
        let gradient = self.tensor.grad();
        crate::warning::check()?;
        object::wrap_option(py, gradient)
    }

    #[setter]
    fn set_grad(&self, value: &Any<'_>) -> PyResult<()> {
        attribute::set_grad(&self.tensor, value)
    }

    #[deleter]
    fn delete_grad(&self) -> PyResult<()> {
        self.tensor.set_grad(None).or_raise()
    }

    #[getter]
    fn _grad(&self, py: Python<'_>) -> Object {
        object::wrap_option(py, self.tensor.grad_quietly())
    }

    #[setter(_grad)]
    fn set_grad_quietly(&self, value: &Any<'_>) -> PyResult<()> {
        attribute::set_grad(&self.tensor, value)
    }

    /// Whether what is computed from this tensor is recorded.
    #[getter]
    fn requires_grad(&self) -> bool {
        self.tensor.requires_grad()
    }

    #[setter]
    fn set_requires_grad(&self, value: &Any<'_>) -> PyResult<()> {
        attribute::set_requires_grad(&self.tensor, value)
    }

    /// Whether the tensor was not computed by a recorded operation.
    #[getter]
    fn is_leaf(&self) -> bool {
        self.tensor.is_leaf()
    }

    /// The node that computed the tensor.
    #[getter]
    fn grad_fn(&self, py: Python<'_>) -> Object {
        match self.tensor.grad_fn() {
            Some(grad_fn) => autograd::node_object(py, &grad_fn.node),
            None => Ok(py.None()),
        }
    }

    /// Which output of `grad_fn` the tensor is.
    #[getter]
    fn output_nr(&self) -> u32 {
        self.tensor.grad_fn().map_or(0, |g| g.output)
    }

    /// The number of in-place changes so far.
    #[getter]
    fn _version(&self) -> u32 {
        self.tensor.version()
    }

    /// The tensor that this one is a view of.
    #[getter]
    fn _base(&self, py: Python<'_>) -> Object {
        object::wrap_option(py, self.tensor.base())
    }

    fn _is_view(&self) -> bool {
        self.tensor.is_view()
    }

    /// Whether this non-leaf keeps its gradient.
    #[getter]
    fn retains_grad(&self) -> bool {
        self.tensor.retains_grad()
    }

    /// Sets whether what is computed from this tensor is recorded, and returns it.
    #[pyo3(signature = (requires_grad = true))]
    fn requires_grad_(slf: Bound<'_, Self>, requires_grad: bool) -> PyResult<Bound<'_, Self>> {
        slf.get().tensor.requires_grad_(requires_grad).or_raise()?;
        Ok(slf)
    }

    /// Makes this non-leaf keep its gradient in `grad`.
    fn retain_grad(&self) -> PyResult<()> {
        self.tensor.retain_grad().or_raise()
    }

    /// Adds the gradients of this tensor to `grad` of the leaves that it was computed from.
    #[pyo3(signature = (gradient = None, retain_graph = None, create_graph = false, inputs = None))]
    fn backward(
        slf: This<'_, '_>,
        gradient: Option<&Any<'_>>,
        retain_graph: Option<&Any<'_>>,
        create_graph: bool,
        inputs: Option<&Any<'_>>,
    ) -> PyResult<()> {
        autograd::engine::backward(slf, gradient, retain_graph, create_graph, inputs)
    }

    /// Calls `hook(grad)` each time a gradient of this tensor is computed; what it returns replaces the gradient.
    fn register_hook(slf: This<'_, '_>, hook: &Any<'_>) -> Object {
        hooks::register_tensor_hook(slf.as_any(), &slf.get().tensor, hook)
    }

    /// Calls `hook(tensor)` after the gradient of this leaf was accumulated.
    fn register_post_accumulate_grad_hook(slf: This<'_, '_>, hook: &Any<'_>) -> Object {
        hooks::register_post_accumulate(slf.py(), &slf.get().tensor, hook)
    }

    // Shape and kind.

    /// The sizes of the dimensions, a `torch.Size`.
    #[getter]
    fn shape(&self, py: Python<'_>) -> Object {
        attribute::shape(py, &self.tensor)
    }

    /// The type of the elements.
    #[getter]
    fn dtype(&self, py: Python<'_>) -> Object {
        crate::types::dtype_object(py, self.tensor.dtype())
    }

    /// Where the data is.
    #[getter]
    fn device(&self, py: Python<'_>) -> Object {
        crate::types::device_object(py, self.tensor.device())
    }

    /// How the data lies in memory: `torch.strided`.
    #[getter]
    fn layout(&self, py: Python<'_>) -> Object {
        crate::types::strided(py)
    }

    /// The number of dimensions.
    #[getter]
    fn ndim(&self) -> usize {
        self.tensor.rank()
    }

    /// The number of bytes of an element.
    #[getter]
    fn itemsize(&self) -> usize {
        self.tensor.dtype().size()
    }

    /// The number of bytes of all elements.
    #[getter]
    fn nbytes(&self) -> usize {
        self.tensor.numel() * self.tensor.dtype().size()
    }

    /// The dimensions in reverse order.
    #[getter(T)]
    fn reversed_dimensions(slf: This<'_, '_>) -> Object {
        attribute::numpy_t(slf)
    }

    /// The last two dimensions exchanged.
    #[getter(mT)]
    fn matrix_transpose(slf: This<'_, '_>) -> Object {
        attribute::matrix_transpose(slf, "mT")
    }

    /// The conjugate transpose of a matrix.
    #[getter(H)]
    fn adjoint_matrix(slf: This<'_, '_>) -> Object {
        attribute::adjoint(slf)
    }

    /// The conjugate transpose of the last two dimensions.
    #[getter(mH)]
    fn adjoint_matrices(slf: This<'_, '_>) -> Object {
        attribute::matrix_transpose(slf, "mH")
    }

    /// The real part: the tensor itself.
    #[getter]
    fn real(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[getter]
    fn imag(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyTypeError::new_err(
            "imag is not implemented for tensors with non-complex dtypes.",
        ))
    }

    #[getter]
    fn name(&self) -> Option<String> {
        None
    }

    #[getter]
    fn volatile(&self, py: Python<'_>) -> PyResult<bool> {
        attribute::warn_user(py, "volatile was removed (Variable.volatile is always False)")?;
        Ok(false)
    }

    #[getter]
    fn grad_dtype(&self, py: Python<'_>) -> Object {
        crate::types::dtype_object(py, self.tensor.dtype())
    }

    /// The sizes of the dimensions, or of one.
    #[pyo3(signature = (dim = None))]
    fn size(&self, py: Python<'_>, dim: Option<i64>) -> Object {
        attribute::size(py, &self.tensor, dim)
    }

    /// The steps between elements, in elements, of all dimensions or of one.
    #[pyo3(signature = (dim = None))]
    fn stride(&self, py: Python<'_>, dim: Option<i64>) -> Object {
        attribute::stride(py, &self.tensor, dim)
    }

    /// The number of dimensions.
    fn dim(&self) -> usize {
        self.tensor.rank()
    }

    /// The number of dimensions.
    fn ndimension(&self) -> usize {
        self.tensor.rank()
    }

    /// The number of elements.
    fn numel(&self) -> usize {
        self.tensor.numel()
    }

    /// The number of elements.
    fn nelement(&self) -> usize {
        self.tensor.numel()
    }

    /// The place of the first element in the storage.
    fn storage_offset(&self) -> usize {
        self.tensor.storage_offset()
    }

    /// The address of the first element.
    fn data_ptr(&self) -> usize {
        self.tensor.data_ptr()
    }

    /// The number of bytes of an element.
    fn element_size(&self) -> usize {
        self.tensor.dtype().size()
    }

    /// Whether the elements lie in row-major order without gaps.
    #[pyo3(signature = (memory_format = None))]
    fn is_contiguous(&self, memory_format: Option<&Any<'_>>) -> bool {
        attribute::is_contiguous(&self.tensor, memory_format)
    }

    fn is_floating_point(&self) -> bool {
        self.tensor.dtype().is_floating_point()
    }

    fn is_complex(&self) -> bool {
        false
    }

    fn is_signed(&self) -> bool {
        !matches!(self.tensor.dtype(), core::DType::U8 | core::DType::Bool)
    }

    fn is_conj(&self) -> bool {
        false
    }

    fn is_neg(&self) -> bool {
        false
    }

    fn is_inference(&self) -> bool {
        self.tensor.is_inference()
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn is_pinned(&self) -> bool {
        false
    }

    /// Not supported: storages are the process's own.
    fn share_memory_(&self) -> PyResult<()> {
        Err(pyo3::exceptions::PyNotImplementedError::new_err(
            "share_memory_() is not supported: Rushlight's storages belong to one process; send tensors by pickle instead",
        ))
    }

    /// The bytes of the tensor.
    fn untyped_storage(&self, py: Python<'_>) -> Object {
        super::storage::of(py, &self.tensor)
    }

    /// Gives the tensor the bytes of a storage, or the data of another tensor.
    #[pyo3(signature = (source = None, storage_offset = 0, size = None, stride = None))]
    fn set_<'py>(
        slf: Bound<'py, Self>,
        source: Option<&Bound<'py, PyAny>>,
        storage_offset: usize,
        size: Option<Vec<usize>>,
        stride: Option<Vec<isize>>,
    ) -> PyResult<Bound<'py, Self>> {
        super::storage::set(&slf.get().tensor, source, storage_offset, size, stride)?;
        Ok(slf)
    }

    // Classes.

    #[staticmethod]
    #[pyo3(signature = (cls, data, require_grad = false))]
    fn _make_subclass(cls: &Bound<'_, PyType>, data: &Any<'_>, require_grad: bool) -> Object {
        convert::make_subclass(cls, data, require_grad)
    }

    /// A view of this tensor as an instance of a subclass.
    fn as_subclass(slf: This<'_, '_>, cls: &Bound<'_, PyType>) -> Object {
        let alias = core::dispatch::apply(core::ops::view::Alias {}, &[&slf.get().tensor]).or_raise()?;
        object::wrap_as(cls, alias)
    }

    // Operators.

    fn __richcmp__(slf: This<'_, '_>, other: &Any<'_>, op: CompareOp) -> Object {
        let compare = match op {
            CompareOp::Lt => operators::lt,
            CompareOp::Le => operators::le,
            CompareOp::Eq => operators::eq,
            CompareOp::Ne => operators::ne,
            CompareOp::Gt => operators::gt,
            CompareOp::Ge => operators::ge,
        };
        compare(slf.py(), slf.as_any(), other)
    }

    fn __add__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::add(slf.py(), slf.as_any(), other)
    }

    fn __radd__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::radd(slf.py(), slf.as_any(), other)
    }

    fn __sub__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::sub(slf.py(), slf.as_any(), other)
    }

    fn __rsub__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rsub(slf.py(), slf.as_any(), other)
    }

    fn __mul__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::mul(slf.py(), slf.as_any(), other)
    }

    fn __rmul__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rmul(slf.py(), slf.as_any(), other)
    }

    fn __truediv__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::truediv(slf.py(), slf.as_any(), other)
    }

    fn __rtruediv__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rtruediv(slf.py(), slf.as_any(), other)
    }

    fn __floordiv__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::floordiv(slf.py(), slf.as_any(), other)
    }

    fn __rfloordiv__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rfloordiv(slf.py(), slf.as_any(), other)
    }

    fn __mod__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::remainder(slf.py(), slf.as_any(), other)
    }

    fn __rmod__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rremainder(slf.py(), slf.as_any(), other)
    }

    fn __matmul__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::matmul(slf.py(), slf.as_any(), other)
    }

    fn __rmatmul__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rmatmul(slf.py(), slf.as_any(), other)
    }

    fn __and__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::and(slf.py(), slf.as_any(), other)
    }

    fn __rand__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rand(slf.py(), slf.as_any(), other)
    }

    fn __or__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::or(slf.py(), slf.as_any(), other)
    }

    fn __ror__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::ror(slf.py(), slf.as_any(), other)
    }

    fn __xor__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::xor(slf.py(), slf.as_any(), other)
    }

    fn __rxor__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rxor(slf.py(), slf.as_any(), other)
    }

    fn __lshift__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::lshift(slf.py(), slf.as_any(), other)
    }

    fn __rlshift__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rlshift(slf.py(), slf.as_any(), other)
    }

    fn __rshift__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rshift(slf.py(), slf.as_any(), other)
    }

    fn __rrshift__(slf: This<'_, '_>, other: &Any<'_>) -> Object {
        operators::rrshift(slf.py(), slf.as_any(), other)
    }

    fn __pow__(slf: This<'_, '_>, other: &Any<'_>, modulo: &Any<'_>) -> Object {
        if !modulo.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        operators::pow(slf.py(), slf.as_any(), other)
    }

    fn __rpow__(slf: This<'_, '_>, other: &Any<'_>, modulo: &Any<'_>) -> Object {
        if !modulo.is_none() {
            return Ok(slf.py().NotImplemented());
        }
        operators::rpow(slf.py(), slf.as_any(), other)
    }

    fn __neg__(slf: This<'_, '_>) -> Object {
        operators::neg(slf.py(), slf.as_any())
    }

    fn __pos__(slf: This<'_, '_>) -> Object {
        operators::pos(slf.py(), slf.as_any())
    }

    fn __invert__(slf: This<'_, '_>) -> Object {
        operators::invert(slf.py(), slf.as_any())
    }

    fn __abs__(slf: This<'_, '_>) -> Object {
        operators::abs(slf.py(), slf.as_any())
    }
}
