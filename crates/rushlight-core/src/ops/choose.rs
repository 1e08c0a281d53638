//! What the rules of reductions share: masks, and elements at given places along a dimension.

use super::elementwise::{self, Promote, kernel_scalar};
use super::reduce::{Aside, Reduced, run_reduction};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, BatchedInput, Differentiability, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut,
    apply,
};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::{Shape, Strides, broadcast_shapes};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, Kernel, Operand, index::Index};
use smallvec::smallvec;

/// Where something holds, as 1 and 0 in the dtype of `x`. Constant almost everywhere.
#[derive(Clone)]
enum Mask {
    /// `x` equals `y`; a NaN equals a NaN.
    Matches,
    /// `x` differs from a number.
    Differs(Scalar),
    /// `x` is not a NaN.
    Number,
}

fn compare(kernel: &Kernel, inputs: &[View<'_>], number: Option<Scalar>, shape: &[usize]) -> Result<Aside> {
    let mut result = Aside::new(shape, DType::Bool)?;
    let dtype = inputs[0].meta.dtype;
    elementwise::run_kernel("eq", kernel, dtype, inputs, number, &[], 1.0, &mut result.view_mut())?;
    Ok(result)
}

impl Primitive for Mask {
    fn name(&self) -> &'static str {
        "EqBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let shape = match inputs {
            [x] => Shape::from_slice(x.shape()),
            _ => broadcast_shapes(inputs[0].shape(), inputs[1].shape())?,
        };
        outputs.push(Meta::contiguous(&shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let shape = Shape::from_slice(outputs[0].shape());
        let simple = match self {
            Self::Matches => None,
            Self::Differs(number) => Some(compare(&kernels::compare::NE, inputs, Some(*number), &shape)?),
            Self::Number => Some(compare(&kernels::compare::EQ, &[inputs[0], inputs[0]], None, &shape)?),
        };
        if let Some(mask) = simple {
            super::copy::copy_view(&mut outputs[0], &mask.view());
            return Ok(());
        }
        let (x, y) = (inputs[0], inputs[1]);
        let mut mask = compare(&kernels::compare::EQ, inputs, None, &shape)?;
        if x.meta.dtype.is_floating_point() {
            let nan = compare(&kernels::compare::NE, &[y, y], None, y.shape())?;
            let mut any = Aside::new(&[], DType::Bool)?;
            let all: Reduced = smallvec![true; y.shape().len()];
            run_reduction(
                "any",
                &kernels::reduce::ANY,
                DType::Bool,
                &all,
                0.0,
                &nan.view(),
                &mut any.view_mut(),
            )?;
            // SAFETY: one element of `bool`, just written.
            if unsafe { any.view().pointer.read() } != 0 {
                let own = compare(&kernels::compare::NE, &[x, x], None, x.shape())?;
                let both = compare(&kernels::binary::LOGICAL_AND, &[own.view(), nan.view()], None, &shape)?;
                mask = compare(&kernels::binary::LOGICAL_OR, &[mask.view(), both.view()], None, &shape)?;
            }
        }
        super::copy::copy_view(&mut outputs[0], &mask.view());
        Ok(())
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

/// 1 where `x` equals `y`, 0 elsewhere; a NaN equals a NaN.
pub(crate) fn matches(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    apply(Mask::Matches, &[x, y])
}

/// 1 where `x` differs from a number, 0 elsewhere.
pub(crate) fn differs(x: &Tensor, number: f64) -> Result<Tensor> {
    apply(Mask::Differs(Scalar::Float(number)), &[x])
}

/// 0 where `x` is a NaN, 1 elsewhere.
pub(crate) fn is_number(x: &Tensor) -> Result<Tensor> {
    apply(Mask::Number, &[x])
}

/// `x` where a mask of ones and zeros is not zero, else 0, whatever `x` is there: a product would make a NaN of an
/// infinity.
#[derive(Clone)]
struct Choose;

impl Primitive for Choose {
    fn name(&self) -> &'static str {
        "MaskedFillBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let threshold = [kernel_scalar(Scalar::Float(0.5))];
        let kernel = &kernels::ternary::THRESHOLD_BACKWARD;
        elementwise::run_kernel("masked_fill", kernel, dtype, inputs, None, &threshold, 1.0, &mut outputs[0])
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(choose(g, &context.input(1)?)?), None])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        match &t[0] {
            Some(t) => choose(t, context.input(1)),
            None => context.output(0).zeros_like(),
        }
    }
}

/// `x` where a mask of ones and zeros is not zero, else 0.
pub(crate) fn choose(x: &Tensor, mask: &Tensor) -> Result<Tensor> {
    apply(Choose, &[x, mask])
}

/// The elements at given places along a dimension; the indices have the shape of the result.
#[derive(Clone)]
struct Take {
    dim: usize,
}

/// Zeros of a size along a dimension, with elements added at given places: the transpose of [`Take`].
#[derive(Clone)]
struct Put {
    dim: usize,
    size: usize,
}

/// Strides with that of one dimension set to zero.
fn without(strides: &[isize], dim: usize) -> Strides {
    let mut strides = Strides::from_slice(strides);
    strides[dim] = 0;
    strides
}

fn wrong_index(error: kernels::index::IndexError) -> Error {
    Error::index(format!("index {} is out of bounds for dimension with size {}", error.index, error.size))
}

/// Two inputs with the hidden dimension in front; where there is none, the input is repeated without a copy.
pub(crate) fn in_front(inputs: &[BatchedInput], size: usize) -> Result<[Tensor; 2]> {
    let one = |input: &BatchedInput| {
        if let Some(dim) = input.dim {
            return input.tensor.movedim(&[dim as i64], &[0]);
        }
        let mut shape = Shape::from_slice(&[size]);
        shape.extend_from_slice(input.tensor.shape());
        input.tensor.expand(&shape)
    };
    Ok([one(&inputs[0])?, one(&inputs[1])?])
}

impl Primitive for Take {
    fn name(&self) -> &'static str {
        "GatherBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(inputs[1].shape(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, index, output) = (&inputs[0], &inputs[1], &mut outputs[0]);
        if x.shape().is_empty() {
            super::copy::copy_view(output, x);
            return Ok(());
        }
        let size = x.meta.dtype.size();
        let fixed = without(x.strides(), self.dim);
        let places = Index {
            ptr: index.pointer.cast(),
            strides: index.strides(),
            size: x.shape()[self.dim],
            stride: x.strides()[self.dim],
            negative: false,
        };
        // SAFETY: claimed and in bounds; the output is fresh; the indices are `i64`, and the kernel checks them.
        unsafe {
            kernels::index::gather(
                index.shape(),
                Operand::new(output.pointer, output.strides(), size),
                Operand::input(x.pointer, &fixed, size),
                &[places],
            )
        }
        .map_err(wrong_index)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0).input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let size = context.shape(0)?.get(self.dim).copied().unwrap_or(1);
        Ok(smallvec![Some(put(g, self.dim, &context.input(1)?, size)?), None])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        take(super::reduce::only(t)?, self.dim, context.input(1))
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [x, index] = in_front(inputs, size)?;
        if x.rank() == 1 {
            return Ok(Some(vec![(x, Some(0))]));
        }
        Ok(Some(vec![(take(&x, self.dim + 1, &index)?, Some(0))]))
    }
}

impl Primitive for Put {
    fn name(&self) -> &'static str {
        "ScatterAddBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let mut shape = Shape::from_slice(inputs[0].shape());
        if !shape.is_empty() {
            shape[self.dim] = self.size;
        }
        outputs.push(Meta::contiguous(&shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, index, output) = (&inputs[0], &inputs[1], &mut outputs[0]);
        if x.shape().is_empty() {
            super::copy::copy_view(output, x);
            return Ok(());
        }
        let dtype = x.meta.dtype;
        let size = dtype.size();
        let fixed = without(output.strides(), self.dim);
        let places = Index {
            ptr: index.pointer.cast(),
            strides: index.strides(),
            size: self.size,
            stride: output.strides()[self.dim],
            negative: false,
        };
        // SAFETY: claimed and in bounds; the output is fresh, row-major and of this many bytes, and zero bytes are the
        // number zero in every dtype; the indices are `i64`, and the kernel checks them.
        unsafe {
            output.pointer.write_bytes(0, output.meta.elements() * size);
            kernels::index::scatter(
                index.shape(),
                Operand::new(output.pointer, &fixed, size),
                Operand::input(x.pointer, x.strides(), size),
                &[places],
                kernels::binary::ADD.row(dtype),
            )
        }
        .map_err(wrong_index)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(take(g, self.dim, &context.input(1)?)?), None])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        put(super::reduce::only(t)?, self.dim, context.input(1), self.size)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let [x, index] = in_front(inputs, size)?;
        if x.rank() == 1 {
            return Ok(Some(vec![(x, Some(0))]));
        }
        Ok(Some(vec![(put(&x, self.dim + 1, &index, self.size)?, Some(0))]))
    }
}

/// The elements of `x` at `index` along a dimension.
pub(crate) fn take(x: &Tensor, dim: usize, index: &Tensor) -> Result<Tensor> {
    apply(Take { dim }, &[x, index])
}

/// Zeros with `x` added at `index` along a dimension, whose size is given.
pub(crate) fn put(x: &Tensor, dim: usize, index: &Tensor, size: usize) -> Result<Tensor> {
    apply(Put { dim, size }, &[x, index])
}
