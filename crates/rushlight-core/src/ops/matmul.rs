//! Products of matrices and vectors: the primitives `mm`, `bmm`, `mv`, `dot`. What is composed of them (`matmul`,
//! `linear`) is in `linear`; products that are added to something are in `matmul_add`.
//!
//! Transposed operands are read through their strides, so no rule copies. Note [Gradient of a transposed operand]: the
//! weight of a layer reaches the product as `w.t()`. Its gradient is computed as `(gᵀ a)ᵀ`, not as `aᵀ g`, so that
//! after the transposition's rule it is row-major like the weight, and can become `.grad` without a copy.

use super::choose::in_front;
use super::elementwise::{kernel_scalar, no_kernel};
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

fn undefined(name: &str, dtype: DType) -> Error {
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
fn bilinear(
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

/// The product of a matrix and a vector.
#[derive(Clone)]
pub struct Mv;

/// Fails unless a matrix, a vector, and what is added to their product fit.
pub(crate) fn check_matrix_and_vector(added: Option<&Meta>, matrix: &Meta, vector: &Meta) -> Result<()> {
    let added_rank = added.map_or(1, Meta::rank);
    if matrix.rank() != 2 || vector.rank() != 1 || added_rank > 1 {
        bail!(
            Runtime,
            "vector + matrix @ vector expected, got {added_rank}, {}, {}",
            matrix.rank(),
            vector.rank()
        );
    }
    let (m, n) = (matrix.shape()[0], matrix.shape()[1]);
    let vec = vector.elements();
    let given = added.map_or(m, Meta::elements);
    if n != vec || given != m && given != 1 {
        // PyTorch takes the vector itself as what is added where nothing is.
        let input = if added.is_some() { given } else { vec };
        bail!(Runtime, "size mismatch, got input ({input}), mat ({m}x{n}), vec ({vec})");
    }
    let first = added.map_or(vector.dtype, |a| a.dtype);
    if matrix.dtype != vector.dtype || first != vector.dtype {
        bail!(
            Runtime,
            "addmv input tensors must have the same dtype, but got {}, {}, and {}",
            first.scalar_name(),
            matrix.dtype.scalar_name(),
            vector.dtype.scalar_name()
        );
    }
    Ok(())
}

/// `output = beta output + alpha a x`, of a matrix and a vector.
pub(crate) fn multiply_vector(
    output: &mut ViewMut<'_>,
    a: &View<'_>,
    x: &View<'_>,
    alpha: Scalar,
    beta: Scalar,
) -> Result<()> {
    let dtype = output.meta.dtype;
    let from = gemm::Matrix::input(a.pointer, a.strides()[0], a.strides()[1]);
    let vector = gemm::Matrix::input(x.pointer, x.strides()[0], 0);
    let to = gemm::Matrix::new(output.pointer, output.strides()[0], 0);
    let (m, k) = (a.shape()[0], a.shape()[1]);
    // SAFETY: claimed and in bounds, of one dtype and of shapes that fit (`infer`); the output is fresh.
    let defined =
        unsafe { gemm::matmul(dtype, m, 1, k, to, from, vector, kernel_scalar(alpha), kernel_scalar(beta)) };
    if defined { Ok(()) } else { Err(no_kernel("addmv_impl", dtype)) }
}

impl Primitive for Mv {
    fn name(&self) -> &'static str {
        "MvBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        check_matrix_and_vector(None, inputs[0], inputs[1])?;
        outputs.push(Meta::contiguous(&inputs[0].shape()[..1], inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        multiply_vector(&mut outputs[0], &inputs[0], &inputs[1], Scalar::Int(1), Scalar::Int(0))
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(0)), ("vec", Attribute::Input(1))]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = if context.needs_input(0) { Some(g.outer(&context.input(1)?)?) } else { None };
        let second = if context.needs_input(1) { Some(context.input(0)?.t()?.mv(g)?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        bilinear(context, t, Tensor::mv)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        if let (None, Some(dim)) = (inputs[0].dim, inputs[1].dim) {
            // One matrix and many vectors: one product.
            let vectors = inputs[1].tensor.movedim(&[dim as i64], &[0])?;
            return Ok(Some(vec![(vectors.mm(&inputs[0].tensor.t()?)?, Some(0))]));
        }
        let [a, x] = in_front(inputs, size)?;
        Ok(Some(vec![(a.bmm(&x.unsqueeze(2)?)?.squeeze_dim(2)?, Some(0))]))
    }
}

/// The product of two vectors, a number.
#[derive(Clone)]
pub struct Dot {
    /// Whether it is `vdot`, which has a node of its own.
    pub conjugate: bool,
}

impl Primitive for Dot {
    fn name(&self) -> &'static str {
        if self.conjugate { "VdotBackward0" } else { "DotBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (x, y) = (inputs[0], inputs[1]);
        if x.rank() != 1 || y.rank() != 1 {
            bail!(Runtime, "1D tensors expected, but got {}D and {}D tensors", x.rank(), y.rank());
        }
        if x.dtype != y.dtype {
            bail!(
                Runtime,
                "dot : expected both vectors to have same dtype, but found {} and {}",
                x.dtype.scalar_name(),
                y.dtype.scalar_name()
            );
        }
        let (n, m) = (x.elements(), y.elements());
        if n != m {
            bail!(
                Runtime,
                "inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of elements, but got {n} and {m} elements respectively"
            );
        }
        outputs.push(Meta::contiguous(&[], x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, y) = (&inputs[0], &inputs[1]);
        let dtype = x.meta.dtype;
        let (a, b) = ((x.pointer, x.strides()[0]), (y.pointer, y.strides()[0]));
        // SAFETY: claimed and in bounds, of one dtype and one length (`infer`); the output is fresh.
        let defined = unsafe { gemm::dot(dtype, x.meta.elements(), outputs[0].pointer, a, b) };
        if defined { Ok(()) } else { Err(undefined("dot", dtype)) }
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(1), 0).input_if(needs.input(0), 1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let second = if self.conjugate { "other" } else { "tensor" };
        vec![("self", Attribute::Input(0)), (second, Attribute::Input(1))]
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = if context.needs_input(0) { Some(g.mul(&context.input(1)?)?) } else { None };
        let second = if context.needs_input(1) { Some(g.mul(&context.input(0)?)?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        bilinear(context, t, Tensor::dot)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [x, y] = in_front(inputs, size)?;
        let product = x.unsqueeze(1)?.bmm(&y.unsqueeze(2)?)?;
        Ok(Some(vec![(product.reshape_to(&[size])?, Some(0))]))
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

    /// The product of a matrix and a vector.
    ///
    /// # Errors
    /// If they are not a matrix and a vector that fit, or differ in dtype.
    pub fn mv(&self, vector: &Tensor) -> Result<Tensor> {
        apply(Mv, &[self, vector])
    }

    /// The product of two vectors, a number.
    ///
    /// # Errors
    /// If they are not vectors of one length and dtype.
    pub fn dot(&self, other: &Tensor) -> Result<Tensor> {
        apply(Dot { conjugate: false }, &[self, other])
    }

    /// The matrix of products of the elements of two vectors.
    ///
    /// # Errors
    /// If they are not vectors.
    pub fn outer(&self, other: &Tensor) -> Result<Tensor> {
        for (name, x) in [("self", self), ("vec2", other)] {
            if x.rank() != 1 {
                bail!(Runtime, "outer: Expected 1-D argument {name}, but got {}-D", x.rank());
            }
        }
        self.reshape_to(&[self.numel(), 1])?.mul(other)
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

fn empty(s: &Sampler, first: &[usize], second: &[usize]) -> Sample {
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
    Entry {
        name: "mv",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "mv(Tensor self, Tensor vec) -> Tensor",
            call: |a| a.apply(Mv, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        documentation: "The product of an n × m matrix and a vector of m elements, a vector of n.",
        example: ">>> torch.mv(torch.eye(2), torch.tensor([1., 2.]))\ntensor([1., 2.])",
        samples: |s| {
            let mut samples = pairs(s, &[2, 3], &[3]);
            samples.push(empty(s, &[2, 0], &[0]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "dot",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "dot(Tensor self, Tensor tensor) -> Tensor",
            call: |a| a.apply(Dot { conjugate: false }, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        documentation: "The sum of the products of the elements of two vectors of one length.",
        example: ">>> torch.dot(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor(11.)",
        samples: |s| {
            let mut samples = pairs(s, &[3], &[3]);
            samples.push(empty(s, &[0], &[0]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "vdot",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "vdot(Tensor self, Tensor other) -> Tensor",
            call: |a| a.apply(Dot { conjugate: true }, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        documentation: "The dot product, with the first vector conjugated: of real vectors the same as `dot`.",
        example: ">>> torch.vdot(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor(11.)",
        samples: |s| pairs(s, &[3], &[3]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "outer",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "outer(Tensor self, Tensor vec2) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.outer(a.tensor(1)?)?),
        }],
        documentation: "The matrix of the products of each element of one vector with each of another.",
        example: ">>> torch.outer(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor([[3., 4.],\n        [6., 8.]])",
        samples: |s| {
            let mut samples = pairs(s, &[2], &[3]);
            samples.push(empty(s, &[0], &[2]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "ger",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "ger(Tensor self, Tensor vec2) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.outer(a.tensor(1)?)?),
        }],
        documentation: "Another name of `outer`.",
        example: ">>> torch.ger(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor([[3., 4.],\n        [6., 8.]])",
        samples: |s| pairs(s, &[2], &[3]),
        ..Entry::DEFAULT
    },
];
