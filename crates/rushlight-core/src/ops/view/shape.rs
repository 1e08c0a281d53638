//! Other shapes of the same elements: `view`, `reshape`, `expand`, `squeeze`, `unsqueeze`, `flatten`.

use super::{Dims, ints, prepend};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View as Operand, ViewMut, apply,
};
use crate::error::{Error, Result, bail};
use crate::layout::{self, Layout, Shape, infer_size, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

view! {
    /// `view(shape)`: the same elements in another shape.
    View { shape: Shape } "ViewBackward0",
    layout |s, input| input.viewed(&s.shape),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| View { shape: prepend(size, &s.shape) };

    /// The view inside of `reshape`, of an operand that is not contiguous.
    ReshapeAlias { shape: Shape } "ReshapeAliasBackward0",
    layout |s, input| input.viewed(&s.shape),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| ReshapeAlias { shape: prepend(size, &s.shape) };

    /// `expand(shape)`: dimensions of size one repeated.
    Expand { shape: Shape } "ExpandBackward0",
    layout |s, input| Some(input.expanded(&s.shape)),
    vjp |_s, context, g| g.sum_to_size(&context.shape(0)?)?,
    behind |s, size| ExpandBehind { shape: prepend(size, &s.shape) };

    /// `expand` behind a leading dimension, which new dimensions come after.
    ExpandBehind { shape: Shape } "ExpandBackward0",
    layout |s, input| {
        let mut layout = input.clone();
        for _ in input.rank()..s.shape.len() {
            layout = unsqueezed(&layout, 1);
        }
        Some(layout.expanded(&s.shape))
    },
    vjp |_s, context, g| {
        let shape = context.shape(0)?;
        let mut full = Shape::from_slice(&shape[..1]);
        full.extend(std::iter::repeat_n(1, g.rank() - shape.len()));
        full.extend_from_slice(&shape[1..]);
        g.sum_to_size(&full)?.reshape_to(&shape)?
    },
    behind |s, size| Expand { shape: prepend(size, &s.shape) };

    /// `squeeze()`: all dimensions of size one removed.
    SqueezeAll {} "SqueezeBackward0",
    layout |_s, input| Some(without_ones(input, None)),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |_s, size| SqueezeAllBehind {};

    /// `squeeze()` behind a leading dimension.
    SqueezeAllBehind {} "SqueezeBackward0",
    layout |_s, input| {
        let dims: Dims = (1..input.rank()).collect();
        Some(without_ones(input, Some(&dims)))
    },
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |_s, size| SqueezeAllBehind {};

    /// `squeeze(dim)`: a dimension of size one removed.
    SqueezeDim { dim: usize } "SqueezeBackward1",
    layout |s, input| Some(without_ones(input, Some(&[s.dim]))),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| SqueezeDim { dim: s.dim + 1 };

    /// `squeeze(dims)`: dimensions of size one removed.
    SqueezeDims { dims: Dims } "SqueezeBackward2",
    layout |s, input| Some(without_ones(input, Some(&s.dims))),
    vjp |_s, context, g| g.reshape_to(&context.shape(0)?)?,
    behind |s, size| SqueezeDims { dims: s.dims.iter().map(|d| d + 1).collect() };

    /// `unsqueeze(dim)`: a dimension of size one inserted.
    Unsqueeze { dim: usize } "UnsqueezeBackward0",
    layout |s, input| Some(unsqueezed(input, s.dim)),
    vjp |s, _context, g| apply(SqueezeDim { dim: s.dim }, &[g])?,
    behind |s, size| Unsqueeze { dim: s.dim + 1 };

    /// The tensor itself as a view.
    Alias {} "AliasBackward0",
    layout |_s, input| Some(input.clone()),
    vjp |_s, _context, g| g.clone(),
    behind |s, size| s.clone();
}

fn unsqueezed(input: &Layout, dim: usize) -> Layout {
    let mut shape = Shape::from_slice(input.shape());
    let mut strides = layout::Strides::from_slice(input.strides());
    let stride = if dim < input.rank() { shape[dim] as isize * strides[dim] } else { 1 };
    shape.insert(dim, 1);
    strides.insert(dim, stride);
    Layout::new(&shape, &strides, input.offset())
}

fn without_ones(input: &Layout, dims: Option<&[usize]>) -> Layout {
    let keep = |d: &usize| input.shape()[*d] != 1 || dims.is_some_and(|dims| !dims.contains(d));
    let kept: Dims = (0..input.rank()).filter(keep).collect();
    let shape: Shape = kept.iter().map(|&d| input.shape()[d]).collect();
    let strides: layout::Strides = kept.iter().map(|&d| input.strides()[d]).collect();
    Layout::new(&shape, &strides, input.offset())
}

impl Tensor {
    /// The same elements in another shape, without a copy; one size may be -1.
    ///
    /// # Errors
    /// If the sizes do not multiply to the number of elements, or the strides do not allow it.
    pub fn view(&self, shape: &[i64]) -> Result<Tensor> {
        let shape = infer_size(shape, self.numel())?;
        if self.special().is_none() && self.layout().viewed(&shape).is_none() {
            return Err(Error::runtime(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
            )
            .with_help(format!("the shape is {}, the strides are {}", int_list(self.shape()), int_list(self.strides()))));
        }
        apply(View { shape }, &[self])
    }

    pub(crate) fn view_as_self(&self) -> Result<Tensor> {
        apply(View { shape: Shape::from_slice(self.shape()) }, &[self])
    }

    /// The same elements in another shape; a view where the strides allow it, else a copy. One size may be -1.
    ///
    /// # Errors
    /// If the sizes do not multiply to the number of elements.
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        self.reshape_to(&infer_size(shape, self.numel())?)
    }

    pub(crate) fn reshape_to(&self, shape: &[usize]) -> Result<Tensor> {
        if shape.iter().product::<usize>() != self.numel() {
            bail!(Runtime, "shape '{}' is invalid for input of size {}", int_list(shape), self.numel());
        }
        let shape = Shape::from_slice(shape);
        if self.special().is_some() || self.is_contiguous() {
            return apply(View { shape }, &[self]);
        }
        if self.layout().viewed(&shape).is_some() {
            return apply(ReshapeAlias { shape }, &[self]);
        }
        let copy = apply(crate::ops::copy::CloneData { contiguous: true }, &[self])?;
        crate::ops::linear::unsafe_view(&copy, &shape)
    }

    /// Dimensions of size one repeated; new leading dimensions may be added. No copy.
    ///
    /// # Errors
    /// If a dimension of another size would have to be repeated.
    pub fn expand(&self, shape: &[usize]) -> Result<Tensor> {
        crate::ops::copy::check_expands(self.shape(), shape)?;
        apply(Expand { shape: Shape::from_slice(shape) }, &[self])
    }

    /// All dimensions of size one removed.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn squeeze(&self) -> Result<Tensor> {
        apply(SqueezeAll {}, &[self])
    }

    /// One dimension removed, if its size is one.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn squeeze_dim(&self, dim: i64) -> Result<Tensor> {
        apply(SqueezeDim { dim: self.layout().dim(dim)? }, &[self])
    }

    /// Several dimensions removed, where their size is one.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn squeeze_dims(&self, dims: &[i64]) -> Result<Tensor> {
        let dims = dims.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        apply(SqueezeDims { dims }, &[self])
    }

    /// A dimension of size one inserted.
    ///
    /// # Errors
    /// If the place is out of range.
    pub fn unsqueeze(&self, dim: i64) -> Result<Tensor> {
        apply(Unsqueeze { dim: layout::wrap_dim(dim, self.rank() + 1)? }, &[self])
    }

    /// Several dimensions merged into one.
    ///
    /// # Errors
    /// If a dimension is out of range, or the first comes after the last.
    pub fn flatten(&self, first: i64, last: i64) -> Result<Tensor> {
        let (a, b) = (self.layout().dim(first)?, self.layout().dim(last)?);
        if a > b {
            bail!(Runtime, "flatten() has invalid args: start_dim cannot come after end_dim");
        }
        if self.rank() == 0 {
            return self.reshape(&[1]);
        }
        if a == b {
            return Ok(self.clone());
        }
        let shape = self.shape();
        let mut flat = Shape::from_slice(&shape[..a]);
        flat.push(shape[a..=b].iter().product());
        flat.extend_from_slice(&shape[b + 1..]);
        self.reshape_to(&flat)
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "view",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "view(Tensor(a) self, int[] size) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.view(a.ints(1)?)?.into()),
        }],
        documentation: "The same elements in another shape, without a copy; one size may be -1.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 6]).into(), ints(&[3, 4])]),
                Sample::new(vec![s.tensor(&[0, 2]).into(), ints(&[2, 0])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[1, 1])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "reshape",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "reshape(Tensor(a) self, int[] shape) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.reshape(a.ints(1)?)?.into()),
        }],
        documentation: "The same elements in another shape; a view where the strides allow it, else a copy. One size may be -1.",
        samples: |s| {
            s.each_layout(|x| {
                let n = x.numel() as i64;
                vec![x.into(), Value::Ints(vec![n, 1])]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "expand",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "expand(Tensor(a) self, int[] size, *, bool implicit=False) -> Tensor(a)",
            call: |a| {
                let x = a.tensor(0)?;
                let sizes = a.ints(1)?;
                let lead = sizes.len().saturating_sub(x.rank());
                let shape = sizes
                    .iter()
                    .enumerate()
                    .map(|(i, &s)| match s {
                        -1 if i >= lead => Ok(x.shape()[i - lead]),
                        s if s < 0 => Err(Error::runtime(format!(
                            "The expanded size of the tensor ({s}) isn't allowed in a leading, non-existing dimension {i}"
                        ))),
                        s => Ok(s as usize),
                    })
                    .collect::<Result<Shape>>()?;
                Ok(x.expand(&shape)?.into())
            },
        }],
        documentation: "Dimensions of size one repeated, without a copy; -1 keeps a size.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 1]).into(), ints(&[2, 3])]),
                Sample::new(vec![s.tensor(&[3]).into(), ints(&[2, 3])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[2])]),
                Sample::new(vec![s.tensor(&[0, 1]).into(), ints(&[0, 3])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "squeeze",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "squeeze(Tensor(a) self) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze()?.into()),
            },
            Overload {
                schema: "squeeze(Tensor(a) self, int dim) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze_dim(a.int(1)?)?.into()),
            },
            Overload {
                schema: "squeeze(Tensor(a) self, int[] dim) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.squeeze_dims(a.ints(1)?)?.into()),
            },
        ],
        documentation: "Dimensions of size one removed: all, one, or several.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[1, 2, 1]).into()]),
                Sample::new(vec![s.tensor(&[2, 1]).into(), Value::Int(1)]).overload(1),
                Sample::new(vec![s.tensor(&[1, 2, 1]).into(), ints(&[0, 2])]).overload(2),
                Sample::new(vec![s.tensor(&[0, 1]).into()]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "unsqueeze",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "unsqueeze(Tensor(a) self, int dim) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.unsqueeze(a.int(1)?)?.into()),
        }],
        documentation: "A dimension of size one inserted.",
        samples: |s| s.each_layout(|x| vec![x.into(), Value::Int(0)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "flatten",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "flatten(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.flatten(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "Several dimensions merged into one.",
        samples: |s| s.each_layout(|x| vec![x.into(), Value::Int(0), Value::Int(-1)]),
        ..Entry::DEFAULT
    },
];
