//! `matmul`, `linear` and `inner`: compositions of products, folded into nodes as PyTorch folds them.

use super::matmul_add::AddMm;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::error::{Result, bail};
use crate::layout::{Layout, Shape, broadcast_shapes, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

/// Another shape of a fresh result, which is not a view to the outside: `_unsafe_view`, and `squeeze_`.
#[derive(Clone)]
struct Reshaped {
    shape: Shape,
    node: &'static str,
}

impl Primitive for Reshaped {
    fn name(&self) -> &'static str {
        self.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let meta = Meta::contiguous(inputs[0].shape(), inputs[0].meta.dtype);
        super::copy::copy_view(&mut ViewMut { pointer: output.pointer, meta: &meta }, &inputs[0]);
        Ok(())
    }
    fn is_view(&self) -> bool {
        true
    }
    fn tracks_view(&self) -> bool {
        false
    }
    fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
        Ok(input.viewed(&self.shape).map(|layout| smallvec![layout]))
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.reshape_to(&context.shape(0)?)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        super::reduce::only(t)?.reshape_to(&self.shape)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let mut shape = Shape::from_slice(&[size]);
        shape.extend_from_slice(&self.shape);
        Ok(Some(vec![(x.reshape_to(&shape)?, Some(0))]))
    }
}

fn reshaped(x: &Tensor, shape: &[usize], node: &'static str) -> Result<Tensor> {
    apply(Reshaped { shape: shape.into(), node }, &[x])
}

pub(crate) fn unsafe_view(x: &Tensor, shape: &[usize]) -> Result<Tensor> {
    reshaped(x, shape, "UnsafeViewBackward0")
}

/// Whether the batch of the larger operand is folded into the rows of one matrix, so that one product does.
///
/// Always where the smaller operand needs a gradient, which otherwise would be computed for each index of the batch and
/// summed; else only where the folding does not copy.
fn folds(a: &Tensor, b: &Tensor) -> bool {
    let a_larger = a.rank() >= b.rank();
    let (large, small) = if a_larger { (a, b) } else { (b, a) };
    if large.rank() < 3 || small.rank() > 2 {
        return false;
    }
    if small.requires_grad() {
        return true;
    }
    if a.rank() == 2 {
        return false;
    }
    if large.numel() == 0 {
        return true;
    }
    let layout = large.layout();
    let mut shape = Shape::from_slice(layout.shape());
    let mut strides = crate::layout::Strides::from_slice(layout.strides());
    let rank = shape.len();
    if !a_larger {
        shape.swap(rank - 1, rank - 2);
        strides.swap(rank - 1, rank - 2);
    }
    (0..rank - 2).all(|d| strides[d] == strides[d + 1] * shape[d + 1] as isize)
}

/// One product of the folded operand.
fn folded(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let transposes = b.rank() > a.rank();
    let large = if transposes { b.transpose(-2, -1)? } else { a.clone() };
    let small = match (transposes, a.rank()) {
        (false, _) => b.clone(),
        (true, 2) => a.t()?,
        (true, _) => a.clone(),
    };
    let (inner, outer) = large.shape().split_last().expect("three dimensions or more");
    let mut shape = Shape::from_slice(outer);
    let rows: usize = outer.iter().product();
    let flat = large.reshape_to(&[rows, *inner])?;
    if small.rank() == 1 {
        return unsafe_view(&flat.mv(&small)?, &shape);
    }
    shape.push(small.shape()[1]);
    let product = unsafe_view(&flat.mm(&small)?, &shape)?;
    if transposes { product.transpose(-2, -1)?.contiguous() } else { Ok(product) }
}

/// A product for each index of the broadcast batch.
fn batched(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (x, y) = (a.shape(), b.shape());
    let batch_a = &x[..x.len().saturating_sub(2)];
    let batch_b = &y[..y.len().saturating_sub(2)];
    if a.rank() == 3 && b.rank() == 3 && batch_a != batch_b {
        // A batch of one is a matrix.
        if batch_a[0] == 1 && a.requires_grad() {
            return matmul(&a.squeeze_dim(0)?, b);
        }
        if batch_b[0] == 1 && b.requires_grad() {
            return matmul(a, &b.squeeze_dim(0)?);
        }
    }
    let rows = if x.len() > 1 { x[x.len() - 2] } else { 1 };
    let inner = x[x.len() - 1];
    let vector = y.len() == 1;
    let (depth, columns) = if vector { (y[0], 1) } else { (y[y.len() - 2], y[y.len() - 1]) };
    let mut shape = broadcast_shapes(batch_a, batch_b)?;
    let count: usize = shape.iter().product();
    let with = |tail: &[usize]| {
        let mut full = shape.clone();
        full.extend_from_slice(tail);
        full
    };
    let a = a.expand(&with(&[rows, inner]))?.reshape_to(&[count, rows, inner])?;
    let b = if vector {
        b.expand(&with(&[depth]))?.reshape_to(&[count, depth])?.unsqueeze(2)?
    } else {
        b.expand(&with(&[depth, columns]))?.reshape_to(&[count, depth, columns])?
    };
    let product = a.bmm(&b)?;
    if x.len() > 1 {
        shape.push(rows);
    }
    if vector {
        return unsafe_view(&product.squeeze_dim(-1)?, &shape);
    }
    shape.push(columns);
    unsafe_view(&product, &shape)
}

fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match (a.rank(), b.rank()) {
        (0, _) | (_, 0) => bail!(
            Runtime,
            "both arguments to matmul need to be at least 1D, but they are {}D and {}D",
            a.rank(),
            b.rank()
        ),
        (1, 1) => a.dot(b),
        (2, 1) => a.mv(b),
        (1, 2) => {
            let product = a.unsqueeze(0)?.mm(b)?;
            let columns = product.shape()[1];
            reshaped(&product, &[columns], "SqueezeBackward4")
        }
        (2, 2) => a.mm(b),
        _ if folds(a, b) => folded(a, b),
        _ => batched(a, b),
    }
}

/// `x wᵀ + bias`.
fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    if x.rank() == 0 || weight.rank() == 0 {
        bail!(
            Runtime,
            "both arguments to linear need to be at least 1D, but they are {}D and {}D",
            x.rank(),
            weight.rank()
        );
    }
    let transposed = weight.t()?;
    let Some(bias) = bias else { return matmul(x, &transposed) };
    if x.rank() == 2 {
        return bias.addmm(x, &transposed);
    }
    if x.is_contiguous() && bias.rank() > 0 && transposed.rank() == 2 {
        let (inner, outer) = x.shape().split_last().expect("one dimension or more");
        let flat = x.reshape_to(&[outer.iter().product(), *inner])?;
        let mut shape = Shape::from_slice(outer);
        let sum = apply(
            AddMm::of(&flat, &transposed, Scalar::Int(1), Scalar::Int(1)),
            &[bias, &flat, &transposed],
        )?;
        shape.push(sum.shape()[1]);
        return unsafe_view(&sum, &shape);
    }
    matmul(x, &transposed)?.add(bias)
}

/// The sums of products over the last dimension of both operands.
fn inner(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (Some((k, rows)), Some((l, columns))) = (a.shape().split_last(), b.shape().split_last()) else {
        return a.mul(b);
    };
    if k != l {
        bail!(
            Runtime,
            "inner() the last dimension must match on both input tensors but got shapes {} and {}",
            int_list(a.shape()),
            int_list(b.shape())
        );
    }
    let mut shape = Shape::from_slice(rows);
    shape.extend_from_slice(columns);
    // The summed dimension first, or last, as in PyTorch's `tensordot`.
    let identity: Vec<i64> = (0..a.rank() as i64).collect();
    let mut rotated: Vec<i64> = (0..b.rank() as i64 - 1).collect();
    rotated.insert(0, b.rank() as i64 - 1);
    let (x, y) = (a.permute(&identity)?, b.permute(&rotated)?);
    if a.rank() == 1 && b.rank() == 1 {
        return x.dot(&y)?.reshape_to(&shape);
    }
    let x = x.reshape_to(&[rows.iter().product(), *k])?;
    let y = y.reshape_to(&[*k, columns.iter().product()])?;
    x.mm(&y)?.reshape_to(&shape)
}

impl Tensor {
    /// The product of two tensors: of vectors the dot product, of matrices the matrix product, of more dimensions the
    /// products of the matrices in the last two, with broadcasting over the others.
    ///
    /// # Errors
    /// If the shapes do not fit, the dtypes differ, or one of them has no dimensions.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        matmul(self, other)
    }

    /// A layer: `self @ weight.t() + bias`, with the layer's inputs in the last dimension.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes differ.
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        linear(self, weight, bias)
    }

    /// The sums of products over the last dimension of both.
    ///
    /// # Errors
    /// If the last dimensions differ in size.
    pub fn inner(&self, other: &Tensor) -> Result<Tensor> {
        inner(self, other)
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "matmul",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "matmul(Tensor self, Tensor other) -> Tensor",
            call: |a| a.finish(matmul(a.tensor(0)?, a.tensor(1)?)?),
        }],
        documentation: "The product of two tensors. Of two vectors it is the dot product, of two matrices the matrix \
product; a vector is taken as a row on the left and as a column on the right, and that dimension is removed again; \
with more dimensions, the matrices in the last two are multiplied, and the others broadcast.",
        example: ">>> torch.matmul(torch.ones(2, 3), torch.ones(3))\ntensor([3., 3.])",
        samples: |s| {
            let mut samples: Vec<Sample> = [
                (&[3][..], &[3][..]),
                (&[2, 3], &[3]),
                (&[2], &[2, 3]),
                (&[2, 3], &[3, 2]),
                (&[2, 2, 3], &[3, 2]),
                (&[2, 3], &[2, 3, 2]),
                (&[2, 2, 3], &[3]),
                (&[3], &[2, 3, 2]),
                (&[2, 1, 2, 3], &[2, 3, 2]),
                (&[1, 2, 3], &[2, 3, 2]),
                (&[0, 3], &[3, 2]),
            ]
            .into_iter()
            .map(|(x, y)| Sample::new(vec![s.tensor(x).into(), s.tensor(y).into()]))
            .collect();
            samples.extend(super::matmul::pairs(s, &[2, 2, 3], &[2, 3, 2]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "linear",
        forms: Form::NN,
        overloads: &[Overload {
            schema: "linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor",
            call: |a| a.finish(linear(a.tensor(0)?, a.tensor(1)?, a.optional_tensor(2)?)?),
        }],
        documentation: "`input @ weight.t() + bias`: inputs in the last dimension of `input`, outputs × inputs in `weight`.",
        example: ">>> torch.nn.functional.linear(torch.ones(3), torch.ones(2, 3), torch.ones(2))\ntensor([4., 4.])",
        samples: |s| {
            let mut samples: Vec<Sample> = [&[2, 3][..], &[3], &[2, 2, 3], &[0, 3]]
                .into_iter()
                .flat_map(|x| {
                    [s.tensor(&[2]).into(), Value::None]
                        .map(|bias| Sample::new(vec![s.tensor(x).into(), s.tensor(&[2, 3]).into(), bias]))
                })
                .collect();
            let transposed = s.tensor(&[3, 2]).t().expect("two dimensions");
            samples.push(Sample::new(vec![
                transposed.into(),
                s.tensor(&[2, 3]).into(),
                s.tensor(&[2]).into(),
            ]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "inner",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "inner(Tensor self, Tensor other) -> Tensor",
            call: |a| a.finish(inner(a.tensor(0)?, a.tensor(1)?)?),
        }],
        documentation: "The sums of products over the last dimension of both tensors; of vectors the dot product. A tensor \
without dimensions is multiplied with every element of the other.",
        example: ">>> torch.inner(torch.tensor([1., 2.]), torch.tensor([3., 4.]))\ntensor(11.)",
        samples: |s| {
            [(&[3][..], &[3][..]), (&[2, 3], &[2, 3]), (&[2, 3], &[3]), (&[], &[3])]
                .into_iter()
                .map(|(x, y)| Sample::new(vec![s.tensor(x).into(), s.tensor(y).into()]))
                .collect()
        },
        ..Entry::DEFAULT
    },
];
