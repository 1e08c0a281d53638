//! Joining tensors: `cat`, `stack`.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::promote_types;
use crate::error::{Error, Result, bail};
use crate::layout::{Shape, int_list, wrap_dim};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};

/// `cat(tensors, dim)`: tensors side by side along a dimension.
#[derive(Clone)]
pub struct Cat {
    /// The dimension.
    pub dim: usize,
}

/// PyTorch lets one-dimensional tensors without elements join anything.
fn is_skipped(meta: &Meta) -> bool {
    meta.shape() == [0]
}

impl Primitive for Cat {
    fn name(&self) -> &'static str {
        "CatBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let mut dtype = inputs[0].dtype;
        for input in &inputs[1..] {
            dtype = promote_types(dtype, input.dtype);
        }
        let Some((number, first)) = inputs.iter().enumerate().find(|(_, m)| !is_skipped(m)) else {
            outputs.push(Meta::contiguous(&[0], dtype));
            return Ok(());
        };
        let mut shape = Shape::from_slice(first.shape());
        shape[self.dim] = 0;
        for (i, input) in inputs.iter().enumerate() {
            if is_skipped(input) {
                continue;
            }
            if input.rank() != first.rank() {
                bail!(
                    Runtime,
                    "Tensors must have same number of dimensions: got {} and {}",
                    first.rank(),
                    input.rank()
                );
            }
            for d in 0..input.rank() {
                if d != self.dim && input.shape()[d] != first.shape()[d] {
                    let _ = number;
                    bail!(
                        Runtime,
                        "Sizes of tensors must match except in dimension {}. Expected size {} but got size {} for tensor number {i} in the list.",
                        self.dim,
                        first.shape()[d],
                        input.shape()[d]
                    );
                }
            }
            shape[self.dim] += input.shape()[self.dim];
        }
        outputs.push(Meta::contiguous(&shape, dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let size = output.meta.dtype.size();
        let mut start = 0;
        for input in inputs {
            if is_skipped(input.meta) {
                continue;
            }
            let length = input.shape()[self.dim];
            let meta = Meta::new(output.meta.layout.narrowed(self.dim, start, length, 1), output.meta.dtype);
            let pointer =
                output.pointer.wrapping_add((meta.layout.offset() - output.meta.layout.offset()) * size);
            super::copy::copy_view(&mut ViewMut { pointer, meta: &meta }, input);
            start += length;
        }
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves { shapes: u64::MAX, ..Saves::NONE }
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let mut gradients = Gradients::new();
        let mut start = 0;
        for i in 0..context.edges() {
            let shape = context.shape(i)?;
            if shape[..] == [0] {
                gradients.push(if context.needs_input(i) {
                    Some(Tensor::zeros(&shape, g.dtype())?)
                } else {
                    None
                });
                continue;
            }
            let length = shape[self.dim];
            gradients.push(if context.needs_input(i) {
                Some(g.narrow(self.dim as i64, start, length as i64)?)
            } else {
                None
            });
            start += length as i64;
        }
        Ok(gradients)
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let tangents = t
            .iter()
            .enumerate()
            .map(|(i, t)| match t {
                Some(t) => Ok(t.clone()),
                None => context.input(i).zeros_like(),
            })
            .collect::<Result<Vec<_>>>()?;
        Tensor::cat(&tangents, self.dim as i64)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        Ok(Some(vec![(
            apply_over_batch(inputs, size, |all| Tensor::cat(all, self.dim as i64 + 1))?,
            Some(0),
        )]))
    }
}

/// Brings the hidden dimension of every input to the front, repeating inputs that have none.
pub(crate) fn apply_over_batch(
    inputs: &[BatchedInput],
    size: usize,
    f: impl FnOnce(&[Tensor]) -> Result<Tensor>,
) -> Result<Tensor> {
    let all = inputs
        .iter()
        .map(|input| {
            if let Some(dim) = input.dim {
                input.tensor.movedim(&[dim as i64], &[0])
            } else {
                let mut shape = Shape::from_slice(&[size]);
                shape.extend_from_slice(input.tensor.shape());
                input.tensor.expand(&shape)
            }
        })
        .collect::<Result<Vec<_>>>()?;
    f(&all)
}

/// `stack(tensors, dim)`: tensors of one shape along a new dimension.
#[derive(Clone)]
pub struct Stack {
    /// The place of the new dimension.
    pub dim: usize,
}

impl Primitive for Stack {
    fn name(&self) -> &'static str {
        "StackBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let mut dtype = inputs[0].dtype;
        for (i, input) in inputs.iter().enumerate() {
            dtype = promote_types(dtype, input.dtype);
            if input.shape() != inputs[0].shape() {
                bail!(
                    Runtime,
                    "stack expects each tensor to be equal size, but got {} at entry 0 and {} at entry {i}",
                    int_list(inputs[0].shape()),
                    int_list(input.shape())
                );
            }
        }
        let mut shape = Shape::from_slice(inputs[0].shape());
        shape.insert(self.dim, inputs.len());
        outputs.push(Meta::contiguous(&shape, dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let size = output.meta.dtype.size();
        for (i, input) in inputs.iter().enumerate() {
            let meta = Meta::new(output.meta.layout.selected(self.dim, i), output.meta.dtype);
            let pointer =
                output.pointer.wrapping_add((meta.layout.offset() - output.meta.layout.offset()) * size);
            super::copy::copy_view(&mut ViewMut { pointer, meta: &meta }, input);
        }
        Ok(())
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        (0..context.edges())
            .map(|i| context.needs_input(i).then(|| g.select(self.dim as i64, i as i64)).transpose())
            .collect()
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let tangents = t
            .iter()
            .enumerate()
            .map(|(i, t)| match t {
                Some(t) => Ok(t.clone()),
                None => context.input(i).zeros_like(),
            })
            .collect::<Result<Vec<_>>>()?;
        Tensor::stack(&tangents, self.dim as i64)
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        Ok(Some(vec![(
            apply_over_batch(inputs, size, |all| Tensor::stack(all, self.dim as i64 + 1))?,
            Some(0),
        )]))
    }
}

impl Tensor {
    /// Tensors side by side along a dimension.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_slice(&[1.0f32, 2.0]);
    /// assert_eq!(Tensor::cat(&[x.clone(), x], 0)?.shape(), [4]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are no tensors, or their sizes differ in another dimension.
    pub fn cat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
        let Some(first) = tensors.iter().find(|t| t.shape() != [0]).or(tensors.first()) else {
            return Err(Error::value("torch.cat(): expected a non-empty list of Tensors"));
        };
        if let Some(at) = tensors.iter().position(|t| t.rank() == 0) {
            bail!(Runtime, "zero-dimensional tensor (at position {at}) cannot be concatenated");
        }
        let dim = first.layout().dim(dim)?;
        let references: Vec<&Tensor> = tensors.iter().collect();
        apply(Cat { dim }, &references)
    }

    /// Tensors of one shape along a new dimension.
    ///
    /// # Errors
    /// If there are no tensors, or their shapes differ.
    pub fn stack(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
        let Some(first) = tensors.first() else {
            return Err(Error::runtime("stack expects a non-empty TensorList"));
        };
        let dim = wrap_dim(dim, first.rank() + 1)?;
        let references: Vec<&Tensor> = tensors.iter().collect();
        apply(Stack { dim }, &references)
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "cat",
        forms: Form::FUNCTION.and(Form::OUT),
        overloads: &[Overload {
            schema: "cat(Tensor[] tensors, int dim=0) -> Tensor",
            call: |a| a.finish(Tensor::cat(a.tensors(0)?, a.int(1)?)?),
        }],
        documentation: "Tensors side by side along a dimension; their other sizes must agree.",
        samples: |s| {
            vec![
                Sample::new(vec![Value::Tensors(vec![s.tensor(&[2, 3]), s.tensor(&[1, 3])]), Value::Int(0)]),
                Sample::new(vec![Value::Tensors(vec![s.tensor(&[2, 1]), s.tensor(&[2, 0])]), Value::Int(-1)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "stack",
        forms: Form::FUNCTION.and(Form::OUT),
        overloads: &[Overload {
            schema: "stack(Tensor[] tensors, int dim=0) -> Tensor",
            call: |a| a.finish(Tensor::stack(a.tensors(0)?, a.int(1)?)?),
        }],
        documentation: "Tensors of one shape along a new dimension.",
        samples: |s| {
            vec![
                Sample::new(vec![Value::Tensors(vec![s.tensor(&[2, 3]), s.tensor(&[2, 3])]), Value::Int(1)]),
                Sample::new(vec![Value::Tensors(vec![s.tensor(&[]), s.tensor(&[])]), Value::Int(0)]),
            ]
        },
        ..Entry::DEFAULT
    },
];
