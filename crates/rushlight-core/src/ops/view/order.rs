//! Dimensions in another order: `permute`, `transpose`, `t`, `movedim`.

use super::{Alias, Dims, ints};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View as Operand, ViewMut, apply,
};
use crate::error::{Result, bail};
use crate::layout::{Layout, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::{SmallVec, smallvec};

view! {
    /// `permute(dims)`: dimensions in another order.
    Permute { dims: Dims } "PermuteBackward0",
    layout |s, input| Some(input.permuted(&s.dims)),
    vjp |s, _context, g| {
        let mut inverse: Dims = smallvec![0; s.dims.len()];
        for (i, &d) in s.dims.iter().enumerate() {
            inverse[d] = i;
        }
        apply(Permute { dims: inverse }, &[g])?
    },
    behind |s, size| Permute { dims: std::iter::once(0).chain(s.dims.iter().map(|d| d + 1)).collect() };

    /// `transpose(dim0, dim1)`: two dimensions exchanged.
    Transpose { first: usize, second: usize } "TransposeBackward0",
    layout |s, input| Some(exchanged(input, s.first, s.second)),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |s, size| Transpose { first: s.first + 1, second: s.second + 1 };

    /// `t()`: a matrix transposed.
    T {} "TBackward0",
    layout |_s, input| Some(if input.rank() < 2 { input.clone() } else { exchanged(input, 0, 1) }),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |_s, size| TBehind {};

    /// `t()` behind a leading dimension.
    TBehind {} "TBackward0",
    layout |_s, input| Some(if input.rank() < 3 { input.clone() } else { exchanged(input, 1, 2) }),
    vjp |s, _context, g| apply(s.clone(), &[g])?,
    behind |_s, size| Transpose { first: 2, second: 3 };
}

fn exchanged(input: &Layout, first: usize, second: usize) -> Layout {
    let mut order: Dims = (0..input.rank()).collect();
    if first != second {
        order.swap(first, second);
    }
    input.permuted(&order)
}

impl Tensor {
    /// Dimensions in another order.
    ///
    /// # Errors
    /// If the dimensions are not each named once.
    pub fn permute(&self, dims: &[i64]) -> Result<Tensor> {
        if dims.len() != self.rank() {
            bail!(
                Runtime,
                "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {} is not equal to len(dims) = {}",
                self.rank(),
                dims.len()
            );
        }
        let order = dims.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        for (i, d) in order.iter().enumerate() {
            if order[..i].contains(d) {
                bail!(Runtime, "permute(): duplicate dims are not allowed.");
            }
        }
        apply(Permute { dims: order }, &[self])
    }

    /// Two dimensions exchanged.
    ///
    /// # Errors
    /// If a dimension is out of range.
    pub fn transpose(&self, first: i64, second: i64) -> Result<Tensor> {
        let (first, second) = (self.layout().dim(first)?, self.layout().dim(second)?);
        if self.rank() == 0 {
            return apply(Alias {}, &[self]);
        }
        apply(Transpose { first, second }, &[self])
    }

    /// A matrix transposed.
    ///
    /// # Errors
    /// For tensors of more than two dimensions.
    pub fn t(&self) -> Result<Tensor> {
        if self.rank() > 2 {
            bail!(Runtime, "t() expects a tensor with <= 2 dimensions, but self is {}D", self.rank());
        }
        apply(T {}, &[self])
    }

    /// Dimensions moved to other places; the others keep their order.
    ///
    /// # Errors
    /// If dimensions are out of range, repeated, or not as many as places.
    pub fn movedim(&self, from: &[i64], to: &[i64]) -> Result<Tensor> {
        if from.len() != to.len() {
            bail!(
                Runtime,
                "movedim: Invalid source or destination dims: source ({} dims) should contain the same number of dims as destination ({} dims)",
                int_list(from),
                int_list(to)
            );
        }
        let from = from.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        let to = to.iter().map(|&d| self.layout().dim(d)).collect::<Result<Dims>>()?;
        for (i, d) in from.iter().enumerate() {
            if from[..i].contains(d) {
                bail!(Runtime, "movedim: repeated dim in `source` ({})", int_list(&from));
            }
            if to[..i].contains(&to[i]) {
                bail!(Runtime, "movedim: repeated dim in `destination` ({})", int_list(&to));
            }
        }
        if from == to {
            return Ok(self.clone());
        }
        let mut order: SmallVec<[Option<usize>; 4]> = smallvec![None; self.rank()];
        for (&f, &t) in from.iter().zip(&to) {
            order[t] = Some(f);
        }
        let mut rest = (0..self.rank()).filter(|d| !from.contains(d));
        let dims: Dims = order.into_iter().filter_map(|d| d.or_else(|| rest.next())).collect();
        apply(Permute { dims }, &[self])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "permute",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "permute(Tensor(a) self, int[] dims) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.permute(a.ints(1)?)?.into()),
        }],
        documentation: "Dimensions in another order.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), ints(&[2, 0, 1])]),
                Sample::new(vec![s.tensor(&[2, 0]).into(), ints(&[1, 0])]),
                Sample::new(vec![s.tensor(&[]).into(), ints(&[])]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "transpose",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "transpose(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.transpose(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "Two dimensions exchanged.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), Value::Int(0), Value::Int(-1)]),
                Sample::new(vec![s.tensor(&[0, 3]).into(), Value::Int(0), Value::Int(1)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "t",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "t(Tensor(a) self) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.t()?.into()),
        }],
        documentation: "A matrix transposed; vectors and scalars as they are.",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "movedim",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "movedim(Tensor(a) self, int source, int destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
            Overload {
                schema: "movedim(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)",
                call: |a| Ok(a.tensor(0)?.movedim(a.ints(1)?, a.ints(2)?)?.into()),
            },
        ],
        documentation: "Dimensions moved to other places; the others keep their order.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), Value::Int(0), Value::Int(2)]),
                Sample::new(vec![s.tensor(&[2, 3, 4]).into(), ints(&[0, 1]), ints(&[1, 0])]).overload(1),
            ]
        },
        ..Entry::DEFAULT
    },
];
