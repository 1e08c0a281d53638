//! What elementwise operations share: operands, promotion, broadcasting, and bringing views to row kernels.

use crate::autograd::{Context, ForwardContext};
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

/// `"sum_cpu" not implemented for 'Bool'`.
#[cold]
pub fn no_kernel(name: &str, dtype: DType) -> Error {
    undefined(&format!("{name}_cpu"), dtype)
}

/// `"digamma" not implemented for 'Bool'`, by PyTorch's whole name of the kernel.
#[cold]
pub fn undefined(name: &str, dtype: DType) -> Error {
    Error::not_implemented(format!("\"{name}\" not implemented for '{}'", dtype.scalar_name()))
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
/// A number takes the last place among the operands; `context` is what the kernel's documentation says; `name` is
/// PyTorch's name of the kernel, which its errors cite.
///
/// # Errors
/// `"name" not implemented for …` where the kernel is not defined for the dtype.
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
    run(name, kernel, dtype, 0, inputs, scalar.map(|s| (inputs.len(), s)), context, cost, output)
}

/// `condition ? x : y`: the operands are the condition, and `x` and `y` in the dtype of the output; a number stands for
/// the `x` that is missing.
///
/// # Errors
/// Those of [`run_kernel`].
pub fn run_where(inputs: &[View<'_>], x: Option<Scalar>, output: &mut ViewMut<'_>) -> Result<()> {
    let (kernel, dtype) = (&kernels::ternary::WHERE, output.meta.dtype);
    run("where_cpu", kernel, dtype, 1, inputs, x.map(|x| (1, x)), &[], 1.0, output)
}

/// Runs a kernel with a number as its second operand: from the context where there is a kernel for that, which reads
/// one row instead of two.
///
/// # Errors
/// Those of [`run_kernel`].
pub fn run_binary(
    name: &str,
    kernel: &Kernel,
    with_number: &Kernel,
    inputs: &[View<'_>],
    scalar: Option<Scalar>,
    cost: f32,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let dtype = output.meta.dtype;
    match scalar {
        None => run(name, kernel, dtype, 0, inputs, None, &[], cost, output),
        Some(s) => run(name, with_number, dtype, 0, inputs, None, &[kernel_scalar(s)], cost, output),
    }
}

/// Runs a kernel of one operand over a result.
pub(crate) fn run_over(
    name: &str,
    kernel: &Kernel,
    context: &[kernels::Scalar],
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let input = [View { pointer: output.pointer, meta: output.meta }];
    run(name, kernel, output.meta.dtype, 0, &input, None, context, 1.0, output)
}

/// The first `masks` operands are of `bool`; a number is an operand at the place that it names.
#[expect(
    clippy::too_many_arguments,
    reason = "an operation's whole call: splitting it would only name a struct for it"
)]
fn run(
    name: &str,
    kernel: &Kernel,
    dtype: DType,
    masks: usize,
    inputs: &[View<'_>],
    number: Option<(usize, Scalar)>,
    context: &[kernels::Scalar],
    cost: f32,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    let Some(row) = kernel.row(dtype) else { return Err(undefined(name, dtype)) };
    let shape = output.meta.shape();
    if number.is_none() && masks == 0 && is_plain(inputs, dtype, output) {
        // SAFETY: as below; all operands are row-major and of one shape.
        unsafe { run_plain(row, inputs, context, output) };
        return Ok(());
    }
    let wanted = |i: usize| if i < masks { DType::Bool } else { dtype };
    // Conversions live until the kernel has run.
    let mut converted: SmallVec<[Converted; 2]> = SmallVec::new();
    for (i, view) in inputs.iter().enumerate() {
        if view.meta.dtype != wanted(i) {
            converted.push(convert(view, wanted(i))?);
        }
    }
    let mut next = converted.iter();
    let mut strides: SmallVec<[Strides; 3]> = SmallVec::new();
    let mut pointers: SmallVec<[*const u8; 3]> = SmallVec::new();
    for (i, view) in inputs.iter().enumerate() {
        let view = if view.meta.dtype == wanted(i) {
            *view
        } else {
            let c = next.next().expect("one conversion for each operand of another dtype");
            View { pointer: c.storage.pointer(), meta: &c.meta }
        };
        strides.push(strides_over(&view, shape));
        pointers.push(view.pointer);
    }
    // A number is an operand that is repeated over the whole shape.
    let mut place = [0u64; 1];
    if let Some((at, scalar)) = number {
        let bytes = place.as_mut_ptr().cast::<u8>();
        kernels::dispatch_all!(dtype, T => {
            let element: T = crate::tensor::element_from(scalar);
            // SAFETY: eight bytes, aligned to eight, hold an element of any dtype.
            unsafe { bytes.cast::<T>().write(element) };
        });
        strides.insert(at, SmallVec::from_elem(0, shape.len()));
        pointers.insert(at, bytes);
    }
    let mut operands: SmallVec<[kernels::Operand<'_>; 4]> = SmallVec::new();
    operands.push(kernels::Operand::new(
        output.pointer,
        output.meta.layout.strides(),
        output.meta.dtype.size(),
    ));
    for (i, (pointer, strides)) in pointers.iter().zip(&strides).enumerate() {
        operands.push(kernels::Operand::input(*pointer, strides, wanted(i).size()));
    }
    // SAFETY: views are claimed and checked against their storage; the output overlaps no input except one that is
    // exactly the output (`dispatch::in_place` sees to it); the context is the kernel's.
    unsafe { for_each(shape, &operands, row, context.as_ptr().cast(), cost) };
    Ok(())
}

/// What a rule reads: saved values on the way back, values at hand in forward mode.
pub(crate) trait Values {
    /// An input.
    fn input(&self, i: usize) -> Result<Tensor>;
    /// The result.
    fn output(&self) -> Result<Tensor>;
}

impl Values for Context<'_> {
    fn input(&self, i: usize) -> Result<Tensor> {
        self.input(i)
    }
    fn output(&self) -> Result<Tensor> {
        self.output(0)
    }
}

impl Values for ForwardContext<'_> {
    fn input(&self, i: usize) -> Result<Tensor> {
        Ok(self.input(i).clone())
    }
    fn output(&self) -> Result<Tensor> {
        Ok(self.output(0).clone())
    }
}

/// The derivative of an operation that works element by element. Its Jacobian is diagonal, so that one rule serves both
/// modes; `diagonal!()` in the operation's `impl Primitive` makes both of it.
pub(crate) trait Diagonal {
    /// The derivative by input `i` times `g`, in the shape of the result: the engine sums gradients to the shapes of
    /// the operands.
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor>;
}

/// See [`Diagonal`].
macro_rules! diagonal {
    () => {
        fn aliasing(&self) -> crate::dispatch::Aliasing {
            crate::dispatch::Aliasing::Elementwise
        }
        fn vjp(
            &self,
            context: &crate::autograd::Context<'_>,
            g: &crate::tensor::Tensor,
        ) -> crate::error::Result<crate::dispatch::Gradients> {
            (0..context.edges())
                .map(|i| context.needs_input(i).then(|| self.rule(i, context, g)).transpose())
                .collect()
        }
        fn jvp(
            &self,
            context: &crate::autograd::ForwardContext<'_>,
            tangents: &[Option<crate::tensor::Tensor>],
        ) -> crate::error::Result<crate::tensor::Tensor> {
            crate::ops::elementwise::sum_tangents(tangents, |i, t| self.rule(i, context, t))
        }
    };
}
pub(crate) use diagonal;

/// The sum over the operands that have a tangent.
pub(crate) fn sum_tangents(
    tangents: &[Option<Tensor>],
    rule: impl Fn(usize, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let mut sum: Option<Tensor> = None;
    for (i, tangent) in tangents.iter().enumerate() {
        let Some(tangent) = tangent else { continue };
        let part = rule(i, tangent)?;
        sum = Some(match sum {
            Some(sum) => sum.add(part)?,
            None => part,
        });
    }
    sum.ok_or_else(|| Error::runtime("forward mode: no operand has a tangent"))
}

/// A scalar as kernels take it.
pub fn kernel_scalar(scalar: Scalar) -> kernels::Scalar {
    match scalar {
        Scalar::Float(f) => f.into(),
        Scalar::Int(i) => i.into(),
        Scalar::Bool(b) => b.into(),
    }
}

/// Fills a result with a number.
pub(crate) fn fill(output: &mut ViewMut<'_>, value: Scalar) -> Result<()> {
    let dtype = output.meta.dtype;
    run("fill_cpu", &kernels::copy::FILL, dtype, 0, &[], None, &[kernel_scalar(value)], 0.5, output)
}

/// The name of a dtype in C++, which some messages of PyTorch's show.
pub(crate) fn c_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short",
        DType::I32 => "int",
        DType::I64 => "long int",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
    }
}

/// Runs a kernel of two operands with a number as the first.
pub(crate) fn run_number_first(
    name: &str,
    kernel: &Kernel,
    inputs: &[View<'_>],
    number: Scalar,
    cost: f32,
    output: &mut ViewMut<'_>,
) -> Result<()> {
    run(name, kernel, output.meta.dtype, 0, inputs, Some((0, number)), &[], cost, output)
}
