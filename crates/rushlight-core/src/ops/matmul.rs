//! Products of matrices: the primitives `mm` and `bmm`. Those with vectors are in `vectors`, what is composed of them
//! (`matmul`, `linear`) in `linear`; products that are added to something are in `matmul_add`.
//!
//! Transposed operands are read through their strides, so no rule copies. Note [Gradient of a transposed operand]: the
//! weight of a layer reaches the product as `w.t()`. Its gradient is computed as `(gᵀ a)ᵀ`, not as `aᵀ g`, so that
//! after the transposition's rule it is row-major like the weight, and can become `.grad` without a copy.

use super::choose::in_front;
use super::elementwise::kernel_scalar;
use super::reduce::only;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Attribute, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::int_list;
use crate::registry::{Entry, Form, Overload, Sample, Sampler};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Operand, gemm};
use smallvec::smallvec;

/// The name of a dtype's type in C++, as PyTorch's messages on products have it.
pub(crate) fn native_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short int",
        DType::I32 => "int",
        DType::I64 => "long int",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
    }
}

/// Fails unless the operands of `mm` (or `addmm`) are matrices that can be multiplied.
pub(crate) fn check_matrices(name: &str, a: &Meta, b: &Meta) -> Result<()> {
    for (operand, meta) in [("self", a), ("mat2", b)] {
        if meta.rank() != 2 {
            bail!(Runtime, "{name}: {operand} must be a matrix, got {}-D tensor", meta.rank());
        }
    }
    let (x, y) = (a.shape(), b.shape());
    if x[1] != y[0] {
        bail!(
            Runtime,
            "{name}: mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})",
            x[0],
            x[1],
            y[0],
            y[1]
        );
    }
    Ok(())
}

/// `output = beta output + alpha a b`, of matrices.
pub(crate) fn multiply(
    name: &str,
    output: &mut ViewMut<'_>,
    a: &View<'_>,
    b: &View<'_>,
    alpha: Scalar,
    beta: Scalar,
) -> Result<()> {
    let dtype = output.meta.dtype;
    let (m, k, n) = (a.shape()[0], a.shape()[1], b.shape()[1]);
    let matrix = |v: &View<'_>| gemm::Matrix::input(v.pointer, v.strides()[0], v.strides()[1]);
    let to = gemm::Matrix::new(output.pointer, output.strides()[0], output.strides()[1]);
    let (alpha, beta) = (kernel_scalar(alpha), kernel_scalar(beta));
    // SAFETY: claimed and in bounds, of one dtype and of shapes that fit (`infer`); the output is fresh.
    let defined = unsafe { gemm::matmul(dtype, m, n, k, to, matrix(a), matrix(b), alpha, beta) };
    if defined { Ok(()) } else { Err(undefined(name, dtype)) }
}

pub(crate) fn undefined(name: &str, dtype: DType) -> Error {
    Error::not_implemented(format!("\"{name}\" not implemented for '{}'", dtype.scalar_name()))
}

/// Whether a matrix is laid out column after column, without being row-major too.
fn is_column_major(x: &Tensor) -> bool {
    let layout = x.layout();
    layout.rank() == 2
        && !layout.is_contiguous()
        && layout.strides()[0] == 1
        && layout.strides()[1] == layout.shape()[0] as isize
}

/// The product of two matrices.
#[derive(Clone)]
pub struct Mm {
    /// Which operands are laid out by columns. See Note [Gradient of a transposed operand].
    pub by_columns: [bool; 2],
}

impl Mm {
    /// The product of these two.
    pub fn of(a: &Tensor, b: &Tensor) -> Self {
        Self { by_columns: [is_column_major(a), is_column_major(b)] }
    }

    /// The gradient of the first operand, `g bᵀ`.
    pub(crate) fn first(&self, g: &Tensor, b: &Tensor) -> Result<Tensor> {
        if self.by_columns[0] { b.mm(&g.t()?)?.t() } else { g.mm(&b.t()?) }
    }

    /// The gradient of the second operand, `aᵀ g`.
    pub(crate) fn second(&self, g: &Tensor, a: &Tensor) -> Result<Tensor> {
        if self.by_columns[1] { g.t()?.mm(a)?.t() } else { a.t()?.mm(g) }
    }
}

impl Primitive for Mm {
    fn name(&self) -> &'static str {
        "MmBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (a, b) = (inputs[0], inputs[1]);
        check_matrices("mm", a, b)?;
        if a.dtype != b.dtype {
            bail!(
                Runtime,
                "expected m1 and m2 to have the same dtype, but got: {} != {}",
                native_name(a.dtype),
                native_name(b.dtype)
            );
        }
        outputs.push(Meta::contiguous(&[a.shape()[0], b.shape()[1]], a.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (one, zero) = (Scalar::Int(1), Scalar::Int(0));
        multiply("addmm_impl_cpu_", &mut outputs[0], &inputs[0], &inputs[1], one, zero)
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(0)), ("mat2", Attribute::Input(1))]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = if context.needs_input(0) { Some(self.first(g, &context.input(1)?)?) } else { None };
        let second = if context.needs_input(1) { Some(self.second(g, &context.input(0)?)?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        bilinear(context, t, Tensor::mm)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [a, b] = in_front(inputs, size)?;
        Ok(Some(vec![(a.bmm(&b)?, Some(0))]))
    }
}

/// The tangent of a product: `ta b + a tb`.
pub(crate) fn bilinear(
    context: &ForwardContext<'_>,
    t: &[Option<Tensor>],
    product: fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let first = t[0].as_ref().map(|t| product(t, context.input(1))).transpose()?;
    let second = t[1].as_ref().map(|t| product(context.input(0), t)).transpose()?;
    match (first, second) {
        (Some(a), Some(b)) => a.add(&b),
        (a, b) => Ok(only(&[a, b])?.clone()),
    }
}

/// Products of the matrices of two batches.
#[derive(Clone)]
pub struct Bmm;

/// Fails unless the operands are batches of matrices that can be multiplied.
pub(crate) fn check_batches(a: &Meta, b: &Meta) -> Result<()> {
    for (name, meta) in [("batch1", a), ("batch2", b)] {
        if meta.rank() != 3 {
            bail!(Runtime, "{name} must be a 3D tensor");
        }
    }
    let expected = [a.shape()[0], a.shape()[2]];
    if b.shape()[..2] != expected {
        bail!(
            Runtime,
            "Expected size for first two dimensions of batch2 tensor to be: {} but got: {}.",
            int_list(&expected),
            int_list(&b.shape()[..2])
        );
    }
    Ok(())
}

/// `output = beta output + alpha a b`, for each index of the first dimension.
pub(crate) fn multiply_batches(
    name: &str,
    output: &mut ViewMut<'_>,
    a: &View<'_>,
    b: &View<'_>,
    alpha: Scalar,
    beta: Scalar,
) -> Result<()> {
    let dtype = output.meta.dtype;
    let size = dtype.size();
    let (m, k, n) = (a.shape()[1], a.shape()[2], b.shape()[2]);
    let operand = |v: &View<'_>| (v.pointer, [v.strides()[0]], v.strides()[1], v.strides()[2]);
    let (x, y, z) = (operand(a), operand(b), output.strides());
    // SAFETY: claimed and in bounds, of one dtype and of shapes that fit (`infer`); the output is fresh.
    let defined = unsafe {
        gemm::batched_matmul(
            dtype,
            &a.shape()[..1],
            m,
            n,
            k,
            (Operand::new(output.pointer, &z[..1], size), z[1], z[2]),
            (Operand::input(x.0, &x.1, size), x.2, x.3),
            (Operand::input(y.0, &y.1, size), y.2, y.3),
            kernel_scalar(alpha),
            kernel_scalar(beta),
        )
    };
    if defined { Ok(()) } else { Err(undefined(name, dtype)) }
}

impl Primitive for Bmm {
    fn name(&self) -> &'static str {
        "BmmBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (a, b) = (inputs[0], inputs[1]);
        check_batches(a, b)?;
        if a.dtype != b.dtype {
            bail!(
                Runtime,
                "expected scalar type {} but found {}",
                a.dtype.scalar_name(),
                b.dtype.scalar_name()
            );
        }
        outputs.push(Meta::contiguous(&[a.shape()[0], a.shape()[1], b.shape()[2]], a.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (one, zero) = (Scalar::Int(1), Scalar::Int(0));
        multiply_batches("bmm", &mut outputs[0], &inputs[0], &inputs[1], one, zero)
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(0)), ("mat2", Attribute::Input(1))]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first =
            if context.needs_input(0) { Some(g.bmm(&context.input(1)?.transpose(1, 2)?)?) } else { None };
        let second =
            if context.needs_input(1) { Some(context.input(0)?.transpose(1, 2)?.bmm(g)?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        bilinear(context, t, Tensor::bmm)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [a, b] = in_front(inputs, size)?;
        let merged = |x: &Tensor| x.reshape_to(&[x.shape()[0] * x.shape()[1], x.shape()[2], x.shape()[3]]);
        let product = merged(&a)?.bmm(&merged(&b)?)?;
        let shape = [size, a.shape()[1], a.shape()[2], b.shape()[3]];
        Ok(Some(vec![(product.reshape_to(&shape)?, Some(0))]))
    }
}

impl Tensor {
    /// The product of two matrices.
    ///
    /// ```
    /// let a = rushlight_core::Tensor::from_vec([1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// assert_eq!(a.mm(&a)?.to_vec::<f32>()?, [7.0, 10.0, 15.0, 22.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If they are not matrices, cannot be multiplied, or differ in dtype.
    pub fn mm(&self, other: &Tensor) -> Result<Tensor> {
        apply(Mm::of(self, other), &[self, other])
    }

    /// The products of the matrices of two batches.
    ///
    /// # Errors
    /// If they are not batches of matrices, cannot be multiplied, or differ in dtype.
    pub fn bmm(&self, other: &Tensor) -> Result<Tensor> {
        apply(Bmm, &[self, other])
    }
}

/// Pairs of operands: as they are, transposed in memory, and without elements.
pub(crate) fn pairs(s: &Sampler, first: &[usize], second: &[usize]) -> Vec<Sample> {
    let by_columns = |shape: &[usize]| {
        let mut swapped = shape.to_vec();
        let n = swapped.len();
        if n < 2 {
            return s.tensor(shape);
        }
        swapped.swap(n - 1, n - 2);
        s.tensor(&swapped).transpose(-1, -2).expect("two dimensions")
    };
    let repeated = |shape: &[usize]| {
        let mut one = shape.to_vec();
        one[0] = 1;
        s.tensor(&one).expand(shape).expect("expands")
    };
    let mut samples = vec![
        Sample::new(vec![s.tensor(first).into(), s.tensor(second).into()]),
        Sample::new(vec![by_columns(first).into(), by_columns(second).into()]),
        Sample::new(vec![by_columns(first).into(), s.tensor(second).into()]),
        Sample::new(vec![repeated(first).into(), repeated(second).into()]),
    ];
    for (sample, note) in samples.iter_mut().zip(["contiguous", "transposed", "mixed", "expanded"]) {
        sample.note = note;
    }
    samples
}

pub(crate) fn empty(s: &Sampler, first: &[usize], second: &[usize]) -> Sample {
    let mut sample = Sample::new(vec![s.tensor(first).into(), s.tensor(second).into()]);
    sample.note = "empty";
    sample
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "mm",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "mm(Tensor self, Tensor mat2) -> Tensor",
            call: |a| {
                let (x, y) = (a.tensor(0)?, a.tensor(1)?);
                a.apply(Mm::of(x, y), &[x, y])
            },
        }],
        documentation: "The product of an n × m and an m × p matrix, n × p. Both have one dtype. `matmul` broadcasts.",
        example: ">>> torch.mm(torch.eye(2), torch.tensor([[1., 2.], [3., 4.]]))\ntensor([[1., 2.],\n        [3., 4.]])",
        samples: |s| {
            let mut samples = pairs(s, &[2, 3], &[3, 4]);
            samples.extend([empty(s, &[0, 3], &[3, 2]), empty(s, &[2, 0], &[0, 3])]);
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "bmm",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "bmm(Tensor self, Tensor mat2) -> Tensor",
            call: |a| a.apply(Bmm, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        documentation: "The products of the matrices of two batches: b × n × m by b × m × p gives b × n × p.",
        example: ">>> torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).shape\ntorch.Size([2, 1, 1])",
        samples: |s| {
            let mut samples = pairs(s, &[2, 2, 3], &[2, 3, 2]);
            samples.push(empty(s, &[0, 2, 3], &[0, 3, 2]));
            samples
        },
        ..Entry::DEFAULT
    },
];
