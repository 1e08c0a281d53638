//! What elementwise operations share: operands, promotion, broadcasting, and bringing views to row kernels.

use crate::dispatch::{Like, Metas, View, ViewMut};
use crate::dtype::{DType, DTypeNames, Promotion, default_dtype};
use crate::error::{Error, Result};
use crate::layout::{self, Strides, broadcast_shapes};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, Kernel, for_each};
use smallvec::SmallVec;

/// The second operand of an operation: a tensor or a number. Anything that converts is taken:
/// `x.mul(&y)`, `x.mul(y.cos()?)`, `x.mul(2.0)`.
pub enum Operand<'a> {
    /// A tensor.
    Ref(&'a Tensor),
    /// A tensor, by value.
    Owned(Tensor),
    /// A number.
    Scalar(Scalar),
}

impl<'a> From<&'a Tensor> for Operand<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        Self::Ref(tensor)
    }
}

impl From<Tensor> for Operand<'_> {
    fn from(tensor: Tensor) -> Self {
        Self::Owned(tensor)
    }
}

macro_rules! from_number {
    ($($t:ty),*) => {$(
        impl From<$t> for Operand<'_> {
            fn from(value: $t) -> Self { Self::Scalar(value.into()) }
        }
    )*};
}
from_number!(bool, u8, i8, i16, i32, i64, usize, f32, f64);

impl From<Scalar> for Operand<'_> {
    fn from(value: Scalar) -> Self {
        Self::Scalar(value)
    }
}

impl Operand<'_> {
    /// The tensor, if it is one.
    pub fn tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Ref(t) => Some(t),
            Self::Owned(t) => Some(t),
            Self::Scalar(_) => None,
        }
    }
}

/// How the dtype of a result follows from those of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promote {
    /// The operands' common dtype.
    Common,
    /// The common dtype; integers become the default floating-point dtype.
    Float,
    /// Computed in the common dtype, the result is `bool`.
    Compare,
}

/// The dtype in which an operation computes.
pub fn compute_dtype(inputs: &[&Meta], scalar: Option<Scalar>, promote: Promote) -> DType {
    // The common case: one dtype, no number.
    let first = inputs[0].dtype;
    let common = if scalar.is_none() && inputs.iter().all(|m| m.dtype == first) {
        first
    } else {
        let mut promotion = Promotion::default();
        for meta in inputs {
            promotion.tensor(meta.dtype, meta.rank(), meta.wrapped_number);
        }
        if let Some(scalar) = scalar {
            promotion.scalar(scalar);
        }
        promotion.result()
    };
    if promote == Promote::Float && !common.is_floating_point() { default_dtype() } else { common }
}

/// Shape and dtype of an elementwise result.
#[inline]
pub fn infer(inputs: &[&Meta], scalar: Option<Scalar>, promote: Promote, outputs: &mut Metas) -> Result<()> {
    let dtype = match compute_dtype(inputs, scalar, promote) {
        _ if promote == Promote::Compare => DType::Bool,
        dtype => dtype,
    };
    let first = &inputs[0].layout;
    let layout = match inputs {
        [_] => first.fresh_like(),
        [_, second]
            if second.layout.shape() == first.shape()
                && first.is_contiguous()
                && second.layout.is_contiguous() =>
        {
            first.fresh_like()
        }
        _ => {
            let mut shape = layout::Shape::from_slice(first.shape());
            for meta in &inputs[1..] {
                shape = broadcast_shapes(&shape, meta.shape())?;
            }
            let layouts: SmallVec<[&layout::Layout; 3]> = inputs.iter().map(|m| &m.layout).collect();
            layout::elementwise(&layouts, &shape)
        }
    };
    outputs.push(Meta::new(layout, dtype));
    Ok(())
}

/// The shortcut for operands of one shape and dtype, row-major, at offset zero. The kernel is only for operations
/// without a number; operations with one name theirs themselves.
#[inline]
pub fn like(
    inputs: &[&Meta],
    scalar: Option<Scalar>,
    promote: Promote,
    kernel: Option<&Kernel>,
) -> Option<Like> {
    let first = inputs[0];
    let plain = |m: &Meta| {
        m.layout.is_contiguous() && m.layout.offset() == 0 && m.elements() != 0 && !m.wrapped_number
    };
    let dtype = first.dtype;
    let stays = match scalar {
        None => promote == Promote::Common || promote == Promote::Float && dtype.is_floating_point(),
        Some(_) => promote != Promote::Compare && dtype.is_floating_point(),
    };
    if !stays || !plain(first) {
        return None;
    }
    for other in &inputs[1..] {
        let shares = std::ptr::eq(*other, first)
            || other.dtype == dtype && plain(other) && layout::same_shape(other.shape(), first.shape());
        if !shares {
            return None;
        }
    }
    let row = match kernel {
        Some(kernel) if first.elements() <= PLAIN => kernel.row(dtype),
        _ => None,
    };
    Some(Like { input: 0, row })
}

/// `"sin_cpu" not implemented for 'Bool'`.
#[cold]
pub fn no_kernel(name: &str, dtype: DType) -> Error {
    Error::not_implemented(format!("\"{name}_cpu\" not implemented for '{}'", dtype.scalar_name()))
}

/// The strides under which an operand is read over the shape of the result.
#[inline]
fn strides_over(view: &View<'_>, shape: &[usize]) -> Strides {
    if view.shape() == shape {
        return Strides::from_slice(view.strides());
    }
    let extra = shape.len() - view.shape().len();
    let mut strides: Strides = SmallVec::from_elem(0, shape.len());
    for (d, (&size, &stride)) in view.shape().iter().zip(view.strides()).enumerate() {
        if size != 1 {
            strides[extra + d] = stride;
        }
    }
    strides
}

/// A copy of a view in another dtype, row-major.
struct Converted {
    storage: Storage,
    meta: Meta,
}

fn convert(view: &View<'_>, dtype: DType) -> Result<Converted> {
    let meta = Meta::contiguous(view.shape(), dtype);
    let storage = Storage::allocate(meta.elements() * dtype.size())?;
    let mut to = ViewMut { pointer: storage.pointer(), meta: &meta };
    super::copy::copy_view(&mut to, view);
    Ok(Converted { storage, meta })
}

/// Operands below this many elements are not worth planning a loop for; one call of the row kernel does it.
const PLAIN: usize = 2048;

/// Whether all operands are row-major, of the result's shape and of one dtype, and few enough for one call.
#[inline]
fn is_plain(inputs: &[View<'_>], dtype: DType, output: &ViewMut<'_>) -> bool {
    let to = &output.meta.layout;
    to.elements() <= PLAIN
        && to.elements() != 0
        && to.is_contiguous()
        && inputs.len() < 4
        && inputs.iter().all(|v| {
            let from = &v.meta.layout;
            v.meta.dtype == dtype
                && from.is_contiguous()
                && (layout::same_shape(from.shape(), to.shape())
                    || from.elements() == 1 && to.elements() == 1)
        })
}

/// # Safety
/// As `for_each`, with operands for which `is_plain` holds.
#[inline]
unsafe fn run_plain(
    row: kernels::Row,
    inputs: &[View<'_>],
    context: &[kernels::Scalar],
    output: &mut ViewMut<'_>,
) {
    const ONES: [isize; 4] = [1; 4];
    let mut pointers = [output.pointer; 4];
    for (pointer, view) in pointers[1..].iter_mut().zip(inputs) {
        *pointer = view.pointer.cast_mut();
    }
    // SAFETY: contiguous operands of this many elements, as the caller promises.
    unsafe { row(output.meta.elements(), pointers.as_ptr(), ONES.as_ptr(), context.as_ptr().cast()) };
}

/// Runs a row kernel over views, broadcasting them, in a given dtype.
///
/// A number takes the last place among the operands; `context` is what the kernel's documentation says.
///
/// # Errors
/// `"name_cpu" not implemented for …` where the kernel is not defined for the dtype.
#[expect(
    clippy::too_many_arguments,
    reason = "an operation's whole call: splitting it would only name a struct for it"
)]
pub fn run_kernel(
    name: &str,
    kernel: &Kernel,
    dtype: DType,
    inputs: &[View<'_>],
    scalar: Option<Scalar>,
    context: &[kernels::Scalar],
    cost: f32,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let Some(row) = kernel.row(dtype) else { return Err(no_kernel(name, dtype)) };
    let shape = output.meta.shape();
    if scalar.is_none() && is_plain(inputs, dtype, output) {
        // SAFETY: as below; all operands are row-major and of one shape.
        unsafe { run_plain(row, inputs, context, output) };
        return Ok(());
    }
    // Conversions live until the kernel has run.
    let mut converted: SmallVec<[Converted; 2]> = SmallVec::new();
    if inputs.iter().any(|v| v.meta.dtype != dtype) {
        for view in inputs {
            if view.meta.dtype != dtype {
                converted.push(convert(view, dtype)?);
            }
        }
    }
    let mut next = converted.iter();
    let mut strides: SmallVec<[Strides; 3]> = SmallVec::new();
    let mut pointers: SmallVec<[*const u8; 3]> = SmallVec::new();
    for view in inputs {
        let view = if view.meta.dtype == dtype {
            *view
        } else {
            let c = next.next().expect("one conversion for each operand of another dtype");
            View { pointer: c.storage.pointer(), meta: &c.meta }
        };
        strides.push(strides_over(&view, shape));
        pointers.push(view.pointer);
    }
    // A number is an operand that is repeated over the whole shape.
    let mut number = [0u64; 1];
    if let Some(scalar) = scalar {
        let bytes = number.as_mut_ptr().cast::<u8>();
        kernels::dispatch_all!(dtype, T => {
            let element: T = crate::tensor::element_from(scalar);
            // SAFETY: eight bytes, aligned to eight, hold an element of any dtype.
            unsafe { bytes.cast::<T>().write(element) };
        });
        strides.push(SmallVec::from_elem(0, shape.len()));
        pointers.push(bytes);
    }
    let size = dtype.size();
    let mut operands: SmallVec<[kernels::Operand<'_>; 4]> = SmallVec::new();
    operands.push(kernels::Operand::new(
        output.pointer,
        output.meta.layout.strides(),
        output.meta.dtype.size(),
    ));
    for (pointer, strides) in pointers.iter().zip(&strides) {
        operands.push(kernels::Operand::input(*pointer, strides, size));
    }
    // SAFETY: views are claimed and checked against their storage; the output overlaps no input except one that is
    // exactly the output (`dispatch::in_place` sees to it); the context is the kernel's.
    unsafe { for_each(shape, &operands, row, context.as_ptr().cast(), cost) };
    Ok(())
}

/// A scalar as kernels take it.
pub fn kernel_scalar(scalar: Scalar) -> kernels::Scalar {
    match scalar {
        Scalar::Float(f) => f.into(),
        Scalar::Int(i) => i.into(),
        Scalar::Bool(b) => b.into(),
    }
}
