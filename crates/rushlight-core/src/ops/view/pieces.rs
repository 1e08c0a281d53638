//! Several views side by side along a dimension: `unbind`, `split`, `chunk`.

use super::ints;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Primitive, View as Operand, ViewMut, apply_multi,
};
use crate::error::{Error, Result, bail};
use crate::layout::{Layout, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

/// `unbind(dim)` and `split(sizes, dim)`: several views, side by side along a dimension.
#[derive(Clone)]
pub struct Pieces {
    /// The dimension that is cut.
    pub dim: usize,
    /// Sizes of the pieces; `None` for single indices without the dimension (`unbind`).
    pub sizes: Option<std::sync::Arc<[usize]>>,
    /// `UnbindBackward0`, `SplitBackward0` or `SplitWithSizesBackward0`.
    pub node: &'static str,
}

impl Primitive for Pieces {
    fn name(&self) -> &'static str {
        self.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        crate::ops::view::infer_view(self, inputs, outputs)
    }
    fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        crate::ops::view::copy_instead(self, inputs, outputs)
    }
    fn is_view(&self) -> bool {
        true
    }
    fn tracks_view(&self) -> bool {
        // The parts of a fresh result, which nobody else sees, are results of their own.
        self.node != "UnsafeSplitBackward0"
    }
    fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
        let Some(sizes) = &self.sizes else {
            return Ok(Some((0..input.shape()[self.dim]).map(|i| input.selected(self.dim, i)).collect()));
        };
        let mut start = 0;
        let mut layouts = Layouts::new();
        for &size in sizes.iter() {
            layouts.push(input.narrowed(self.dim, start, size, 1));
            start += size;
        }
        Ok(Some(layouts))
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let filled = gradients
            .iter()
            .enumerate()
            .map(|(i, g)| {
                if let Some(g) = g {
                    Ok(g.clone())
                } else {
                    let meta = context.output_meta(i);
                    Tensor::zeros(meta.shape(), meta.dtype)
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let whole = if self.sizes.is_some() {
            Tensor::cat(&filled, self.dim as i64)?
        } else {
            Tensor::stack(&filled, self.dim as i64)?
        };
        Ok(smallvec![Some(whole)])
    }
    fn jvp_all(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(t) = &t[0] else { bail!(Runtime, "no tangent") };
        Ok(apply_multi(self.clone(), &[t])?.into_iter().map(Some).collect())
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let pieces = apply_multi(Self { dim: self.dim + 1, ..self.clone() }, &[&x])?;
        Ok(Some(pieces.into_iter().map(|p| (p, Some(0))).collect()))
    }
}

impl Tensor {
    /// The slices along a dimension, without it.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            return Err(crate::error::ErrorKind::Dimension { low: -1, high: 0, got: dim }.into()).map_err(
                |_: Error| Error::runtime("unbind: Dimension specified as 0 but tensor has no dimensions"),
            );
        }
        let dim = self.layout().dim(dim)?;
        if self.shape()[dim] == 0 {
            return Ok(Vec::new());
        }
        Ok(apply_multi(Pieces { dim, sizes: None, node: "UnbindBackward0" }, &[self])?.into_vec())
    }

    /// Pieces of one size along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// If the size is negative, or the dimension out of range.
    pub fn split(&self, size: i64, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "split expects at least a 1-dimensional tensor");
        }
        if size < 0 {
            bail!(Runtime, "split expects split_size be non-negative, but got split_size={size}");
        }
        let d = self.layout().dim(dim)?;
        let total = self.shape()[d];
        if size == 0 && total != 0 {
            bail!(
                Runtime,
                "split_size can only be 0 if dimension size is 0, but got dimension size of {total}"
            );
        }
        let mut sizes = Vec::new();
        let mut left = total;
        while left > 0 {
            let piece = left.min(size as usize);
            sizes.push(piece);
            left -= piece;
        }
        if sizes.is_empty() {
            sizes.push(0);
        }
        let pieces = Pieces { dim: d, sizes: Some(sizes.into()), node: "SplitBackward0" };
        Ok(apply_multi(pieces, &[self])?.into_vec())
    }

    /// Pieces of given sizes along a dimension.
    ///
    /// # Errors
    /// If the sizes do not sum to the dimension's.
    pub fn split_with_sizes(&self, sizes: &[i64], dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "split expects at least a 1-dimensional tensor");
        }
        let d = self.layout().dim(dim)?;
        if sizes.iter().any(|&s| s < 0) {
            bail!(
                Runtime,
                "split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={}",
                int_list(sizes)
            );
        }
        if sizes.iter().sum::<i64>() != self.shape()[d] as i64 {
            bail!(
                Runtime,
                "split_with_sizes expects split_sizes to sum exactly to {} (input tensor's size at dimension {d}), but got split_sizes={}",
                self.shape()[d],
                int_list(sizes)
            );
        }
        let sizes: Vec<usize> = sizes.iter().map(|&s| s as usize).collect();
        let pieces = Pieces { dim: d, sizes: Some(sizes.into()), node: "SplitWithSizesBackward0" };
        Ok(apply_multi(pieces, &[self])?.into_vec())
    }

    /// About equal pieces along a dimension.
    ///
    /// # Errors
    /// If the number is not positive, or the dimension out of range.
    pub fn chunk(&self, chunks: i64, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(Runtime, "chunk expects at least a 1-dimensional tensor");
        }
        if chunks <= 0 {
            bail!(Runtime, "chunk expects `chunks` to be greater than 0, got: {chunks}");
        }
        let d = self.layout().dim(dim)?;
        let size = (self.shape()[d] as i64 + chunks - 1) / chunks;
        if size == 0 {
            return self.split_with_sizes(&vec![0; chunks as usize], dim);
        }
        self.split(size, dim)
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "unbind",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "unbind(Tensor(a) self, int dim=0) -> Tensor(a)[]",
            call: |a| Ok(a.tensor(0)?.unbind(a.int(1)?)?.into()),
        }],
        documentation: "The slices along a dimension, without it.",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(1)])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "split",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "split(Tensor(a) self, int split_size, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.split(a.int(1)?, a.int(2)?)?.into()),
            },
            Overload {
                schema: "split(Tensor(a) self, int[] split_size, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.split_with_sizes(a.ints(1)?, a.int(2)?)?.into()),
            },
        ],
        documentation: "Pieces along a dimension: of one size (the last may be smaller), or of given sizes.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[5, 2]).into(), Value::Int(2), Value::Int(0)]),
                Sample::new(vec![s.tensor(&[2, 4]).into(), ints(&[1, 3]), Value::Int(1)]).overload(1),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "chunk",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "chunk(Tensor(a) self, int chunks, int dim=0) -> Tensor(a)[]",
            call: |a| Ok(a.tensor(0)?.chunk(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "About equal pieces along a dimension.",
        samples: |s| vec![Sample::new(vec![s.tensor(&[5, 2]).into(), Value::Int(3), Value::Int(0)])],
        ..Entry::DEFAULT
    },
];
