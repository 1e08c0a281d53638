//! `unfold`, and other names of views.

use super::View;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View as Operand, ViewMut, apply,
};
use crate::error::{Result, bail};
use crate::layout::{Layout, Shape, Strides, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

view! {
    /// `unfold(dim, size, step)`: windows along a dimension, whose elements come last.
    Unfold { dim: usize, length: usize, step: usize } "UnfoldBackward0",
    layout |s, input| Some(unfolded(input, s.dim, s.length, s.step)),
    vjp |s, context, g| s.folded(g, &context.shape(0)?)?,
    behind |s, size| Unfold { dim: s.dim + 1, ..s.clone() };
}

fn unfolded(input: &Layout, dim: usize, length: usize, step: usize) -> Layout {
    let (mut shape, mut strides) = (Shape::from_slice(input.shape()), Strides::from_slice(input.strides()));
    let along = strides.get(dim).copied().unwrap_or(1);
    if let Some(size) = shape.get_mut(dim) {
        *size = (*size - length) / step + 1;
        strides[dim] = along * step as isize;
    }
    shape.push(length);
    strides.push(along);
    Layout::new(&shape, &strides, input.offset())
}

impl Unfold {
    /// The gradient: windows that overlap add up.
    fn folded(&self, g: &Tensor, shape: &[usize]) -> Result<Tensor> {
        if shape.is_empty() {
            return g.sum_dims(&[-1], false)?.reshape_to(shape);
        }
        let windows = g.shape()[self.dim];
        let places: Vec<i64> =
            (0..windows).flat_map(|w| (0..self.length).map(move |k| (w * self.step + k) as i64)).collect();
        let g = g.movedim(&[-1], &[self.dim as i64 + 1])?;
        let mut merged = Shape::from_slice(shape);
        merged[self.dim] = windows * self.length;
        let g = g.reshape_to(&merged)?;
        Tensor::zeros(shape, g.dtype())?.index_add(self.dim as i64, &Tensor::from_slice(&places), &g)
    }
}

impl Tensor {
    /// Windows of `size` elements along a dimension, `step` apart, as a view; a window's elements come last.
    ///
    /// # Errors
    /// If the dimension is out of range or smaller than a window, or the step is not positive.
    pub fn unfold(&self, dim: i64, size: i64, step: i64) -> Result<Tensor> {
        let dim = self.layout().dim(dim)?;
        let most = self.shape().get(dim).copied().unwrap_or(1);
        if size < 0 {
            bail!(Runtime, "size is {size} but must be >= 0");
        }
        if size as usize > most {
            bail!(Runtime, "maximum size for tensor at dimension {dim} is {most} but size is {size}");
        }
        if step <= 0 {
            bail!(Runtime, "step is {step} but must be > 0");
        }
        apply(Unfold { dim, length: size as usize, step: step as usize }, &[self])
    }

    /// The same elements in the shape of another tensor, without a copy.
    ///
    /// # Errors
    /// If the sizes do not multiply to the number of elements, or the strides do not allow it.
    pub fn view_as(&self, other: &Tensor) -> Result<Tensor> {
        self.view(&other.shape().iter().map(|&n| n as i64).collect::<Vec<_>>())
    }

    /// One dimension parted into several; one of their sizes may be -1.
    ///
    /// # Errors
    /// If the sizes do not multiply to the dimension's.
    pub fn unflatten(&self, dim: i64, sizes: &[i64]) -> Result<Tensor> {
        let dim = self.layout().dim(dim)?;
        if sizes.is_empty() {
            bail!(Runtime, "unflatten: sizes must be non-empty");
        }
        let size = self.shape().get(dim).copied().unwrap_or(1);
        let Ok(parts) = crate::layout::infer_size(sizes, size) else {
            bail!(
                Runtime,
                "unflatten: Provided sizes {} don't multiply up to the size of dim {dim} ({size}) in the input tensor",
                int_list(sizes)
            );
        };
        let mut shape = Shape::from_slice(self.shape());
        if !shape.is_empty() {
            shape.remove(dim);
        }
        shape.insert_many(dim, parts);
        let shape: Vec<i64> = shape.iter().map(|&n| n as i64).collect();
        self.view(&shape)
    }

    /// The elements in row-major order: a view where the strides allow it, else a copy.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn ravel(&self) -> Result<Tensor> {
        apply(View { shape: smallvec![self.numel()] }, &[&self.contiguous()?])
    }
}

fn swapped(a: &crate::registry::Arguments<'_>) -> Result<Value> {
    Ok(a.tensor(0)?.transpose(a.int(1)?, a.int(2)?)?.into())
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "unfold",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.unfold(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "Windows of `size` elements along a dimension, `step` apart, as a view; a window's elements come \
                        last.",
        example: ">>> torch.arange(4).unfold(0, 2, 1)\ntensor([[0, 1],\n        [1, 2],\n        [2, 3]])",
        samples: |s| {
            let sample = |x: Tensor, dim, size, step| {
                Sample::new(vec![x.into(), Value::Int(dim), Value::Int(size), Value::Int(step)])
            };
            vec![
                sample(s.tensor(&[5]), 0, 2, 1),
                sample(s.tensor(&[2, 6, 2]), 1, 3, 2),
                sample(s.tensor(&[3, 4]).t().expect("two dimensions"), -1, 2, 1),
                sample(s.tensor(&[]), 0, 1, 1),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "swapaxes",
        overloads: &[Overload {
            schema: "swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)",
            call: swapped,
        }],
        documentation: "Two dimensions exchanged: NumPy's name of `transpose`.",
        example: ">>> torch.zeros(2, 3).swapaxes(0, 1).shape\ntorch.Size([3, 2])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(0), Value::Int(1)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "swapdims",
        overloads: &[Overload {
            schema: "swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
            call: swapped,
        }],
        documentation: "Two dimensions exchanged: another name of `transpose`.",
        example: ">>> torch.zeros(2, 3).swapdims(0, 1).shape\ntorch.Size([3, 2])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(0), Value::Int(1)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "moveaxis",
        overloads: &[
            Overload {
                schema: "moveaxis(Tensor(a) self, int source, int destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
            Overload {
                schema: "moveaxis(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
        ],
        documentation: "Dimensions moved to other places: NumPy's name of `movedim`.",
        example: ">>> torch.zeros(2, 3, 4).moveaxis(0, 2).shape\ntorch.Size([3, 4, 2])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3, 4]).into(), Value::Int(0), Value::Int(2)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "unflatten",
        overloads: &[Overload {
            schema: "unflatten(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.unflatten(a.int(1)?, a.ints(2)?)?.into()),
        }],
        documentation: "One dimension parted into several; one of their sizes may be -1.",
        example: ">>> torch.zeros(2, 6).unflatten(1, (2, 3)).shape\ntorch.Size([2, 2, 3])",
        samples: |s| {
            vec![Sample::new(vec![s.tensor(&[2, 6]).into(), Value::Int(1), Value::Ints(vec![2, -1])])]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "ravel",
        overloads: &[Overload {
            schema: "ravel(Tensor(a) self) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.ravel()?.into()),
        }],
        documentation: "The elements in row-major order: a view where the strides allow it, else a copy.",
        example: ">>> torch.zeros(2, 3).ravel().shape\ntorch.Size([6])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "expand_as",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "expand_as(Tensor(a) self, Tensor other) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.expand(a.tensor(1)?.shape())?.into()),
        }],
        documentation: "The tensor expanded to the shape of another.",
        example: ">>> torch.tensor([1, 2]).expand_as(torch.zeros(2, 2))\ntensor([[1, 2],\n        [1, 2]])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[3]).into(), s.mask(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "broadcast_to",
        overloads: &[Overload {
            schema: "broadcast_to(Tensor(a) self, SymInt[] size) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.expand(&a.shape(1)?)?.into()),
        }],
        documentation: "The tensor expanded to a shape.",
        example: ">>> torch.tensor([1, 2]).broadcast_to(2, 2)\ntensor([[1, 2],\n        [1, 2]])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[3]).into(), Value::Ints(vec![2, 3])])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "view_as",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "view_as(Tensor(a) self, Tensor other) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.view_as(a.tensor(1)?)?.into()),
        }],
        documentation: "The same elements in the shape of another tensor, without a copy.",
        example: ">>> torch.zeros(6).view_as(torch.zeros(2, 3)).shape\ntorch.Size([2, 3])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[6]).into(), s.mask(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "reshape_as",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)",
            call: |a| {
                let shape: Vec<i64> = a.tensor(1)?.shape().iter().map(|&n| n as i64).collect();
                Ok(a.tensor(0)?.reshape(&shape)?.into())
            },
        }],
        documentation: "The same elements in the shape of another tensor; a view where the strides allow it, else a copy.",
        example: ">>> torch.zeros(6).reshape_as(torch.zeros(2, 3)).shape\ntorch.Size([2, 3])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[6]).into(), s.mask(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "split_with_sizes",
        overloads: &[Overload {
            schema: "split_with_sizes(Tensor(a) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]",
            call: |a| Ok(a.tensor(0)?.split_with_sizes(a.ints(1)?, a.int(2)?)?.into()),
        }],
        documentation: "Pieces of given sizes along a dimension.",
        example: ">>> torch.arange(3).split_with_sizes((1, 2))\n(tensor([0]), tensor([1, 2]))",
        samples: |s| {
            vec![Sample::new(vec![s.tensor(&[2, 4]).into(), Value::Ints(vec![1, 3]), Value::Int(1)])]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "adjoint",
        overloads: &[Overload {
            schema: "adjoint(Tensor(a) self) -> Tensor(a)",
            call: |a| {
                let x = a.tensor(0)?;
                if x.rank() == 1 {
                    bail!(
                        Runtime,
                        "tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor."
                    );
                }
                Ok(x.transpose(-2, -1)?.into())
            },
        }],
        documentation: "Matrices (the last two dimensions) transposed.",
        example: ">>> torch.zeros(2, 3).adjoint().shape\ntorch.Size([3, 2])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
];
