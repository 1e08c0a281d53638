//! Products with vectors: `mv`, `dot`, `vdot`, `outer`.

use super::choose::in_front;
use super::elementwise::{kernel_scalar, no_kernel};
use super::matmul::{bilinear, empty, pairs, undefined};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Attribute, BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::DTypeNames;
use crate::error::{Result, bail};
use crate::registry::{Entry, Form, Overload};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::gemm;
use smallvec::smallvec;

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

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
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
