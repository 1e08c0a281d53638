//! Parts of a tensor: `select`, slices, `narrow`, `diagonal`.

use super::Dims;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Layouts, Metas, Needs, Primitive, Saves, View as Operand, ViewMut, apply,
};
use crate::error::{Result, bail};
use crate::layout::{self, Layout, Shape, int_list};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

view! {
    /// `select(dim, index)`: one index of a dimension, which is removed.
    Select { dim: usize, index: usize } "SelectBackward0",
    layout |s, input| Some(input.selected(s.dim, s.index)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Select { dim: s.dim + 1, index: s.index };

    /// `x[start:end:step]` along one dimension.
    Slice { dim: usize, start: usize, length: usize, step: usize } "SliceBackward0",
    layout |s, input| Some(input.narrowed(s.dim, s.start, s.length, s.step)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Slice { dim: s.dim + 1, ..s.clone() };

    /// `diagonal(offset, dim1, dim2)`: the diagonal of two dimensions, as a last dimension.
    Diagonal { offset: i64, first: usize, second: usize } "DiagonalBackward0",
    layout |s, input| Some(diagonal(input, s.offset, s.first, s.second)),
    vjp |s, context, g| scatter_back(g, &context.shape(0)?, |zeros| apply(s.clone(), &[zeros]))?,
    behind |s, size| Diagonal { offset: s.offset, first: s.first + 1, second: s.second + 1 };
}

/// The gradient of a selection: zeros, with the gradient where the elements were selected.
fn scatter_back(g: &Tensor, shape: &[usize], part: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    apply(
        ScatterView { shape: Shape::from_slice(shape), part: std::sync::Arc::new(probe(shape, part)?) },
        &[g],
    )
}

/// Where a view's elements are in a row-major tensor of the given shape.
fn probe(shape: &[usize], part: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Layout> {
    let _mode = crate::autograd::GradMode::set(false);
    let trace = crate::graph::Trace::new();
    let _ = trace;
    let stand_in = Tensor::from_parts(
        Meta::contiguous(shape, crate::DType::Bool),
        crate::storage::Storage::allocate(0)?,
    );
    Ok(part(&stand_in)?.layout().clone())
}

/// Zeros of a shape with the input written where a view of them selects: the reverse of a selecting view.
#[derive(Clone)]
struct ScatterView {
    shape: Shape,
    part: std::sync::Arc<Layout>,
}

impl Primitive for ScatterView {
    fn name(&self) -> &'static str {
        "SliceBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let size = output.meta.dtype.size();
        // SAFETY: the output is fresh, row-major and holds this many bytes; all-zero bytes are zero in every dtype.
        unsafe { output.pointer.write_bytes(0, output.meta.elements() * size) };
        let meta = Meta::new((*self.part).clone(), output.meta.dtype);
        let pointer = output.pointer.wrapping_add(self.part.offset() * size);
        crate::ops::copy::copy_view(&mut ViewMut { pointer, meta: &meta }, &inputs[0]);
        Ok(())
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let g = g.contiguous()?;
        let offset = g.storage_offset() + self.part.offset();
        Ok(smallvec![Some(g.as_strided(self.part.shape(), self.part.strides(), offset)?)])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "no tangent") };
        apply(self.clone(), &[t])
    }
}

fn diagonal(input: &Layout, offset: i64, first: usize, second: usize) -> Layout {
    let (rows, columns) = (input.shape()[first] as i64, input.shape()[second] as i64);
    let length = if offset >= 0 { rows.min(columns - offset) } else { (rows + offset).min(columns) }.max(0);
    let mut start = input.offset() as isize;
    if length > 0 {
        start += if offset >= 0 {
            offset as isize * input.strides()[second]
        } else {
            -offset as isize * input.strides()[first]
        };
    }
    let kept: Dims = (0..input.rank()).filter(|d| *d != first && *d != second).collect();
    let mut shape: Shape = kept.iter().map(|&d| input.shape()[d]).collect();
    let mut strides: layout::Strides = kept.iter().map(|&d| input.strides()[d]).collect();
    shape.push(length as usize);
    strides.push(input.strides()[first] + input.strides()[second]);
    Layout::new(&shape, &strides, start as usize)
}

impl Tensor {
    /// One index of a dimension, which is removed.
    ///
    /// # Errors
    /// If dimension or index are out of range.
    pub fn select(&self, dim: i64, index: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Index, "select() cannot be applied to a 0-dim tensor.");
        }
        let d = self.layout().dim(dim)?;
        let size = self.shape()[d] as i64;
        if index < -size || index >= size {
            bail!(
                Index,
                "select(): index {index} out of range for tensor of size {} at dimension {d}",
                int_list(self.shape())
            );
        }
        let index = if index < 0 { index + size } else { index } as usize;
        apply(Select { dim: d, index }, &[self])
    }

    /// `x[start:end:step]` along a dimension; bounds are clipped as Python's are.
    ///
    /// # Errors
    /// If the dimension is out of range, or the step is not positive.
    pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Runtime, "slice() cannot be applied to a 0-dim tensor.");
        }
        let dim = self.layout().dim(dim)?;
        if step <= 0 {
            bail!(Runtime, "slice step must be positive");
        }
        let size = self.shape()[dim] as i64;
        let clip = |bound: i64| (if bound < 0 { bound + size } else { bound }).clamp(0, size);
        let start = clip(start.unwrap_or(0));
        let end = clip(end.unwrap_or(size)).max(start);
        let length = ((end - start) + step - 1) / step;
        let operation = Slice { dim, start: start as usize, length: length as usize, step: step as usize };
        apply(operation, &[self])
    }

    /// `length` indices of a dimension, from `start`.
    ///
    /// # Errors
    /// If the range is out of bounds.
    pub fn narrow(&self, dim: i64, start: i64, length: i64) -> Result<Tensor> {
        if self.rank() == 0 {
            bail!(Runtime, "narrow() cannot be applied to a 0-dim tensor.");
        }
        if length < 0 {
            bail!(Runtime, "narrow(): length must be non-negative.");
        }
        let d = self.layout().dim(dim)?;
        let size = self.shape()[d] as i64;
        if start < -size || start > size {
            bail!(
                Index,
                "start out of range (expected to be in range of [{}, {size}], but got {start})",
                -size
            );
        }
        let start = if start < 0 { start + size } else { start };
        if start + length > size {
            bail!(Runtime, "start ({start}) + length ({length}) exceeds dimension size ({size}).");
        }
        self.slice(dim, Some(start), Some(start + length), 1)
    }

    /// The diagonal of two dimensions, as a last dimension.
    ///
    /// # Errors
    /// If a dimension is out of range, or both are the same.
    pub fn diagonal(&self, offset: i64, first: i64, second: i64) -> Result<Tensor> {
        let (a, b) = (self.layout().dim(first)?, self.layout().dim(second)?);
        if a == b {
            bail!(Runtime, "diagonal dimensions cannot be identical {first}, {second}");
        }
        apply(Diagonal { offset, first: a, second: b }, &[self])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "select",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "select(Tensor(a) self, int dim, int index) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.select(a.int(1)?, a.int(2)?)?.into()),
        }],
        documentation: "One index of a dimension, which is removed.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(1), Value::Int(-1)]),
                Sample::new(vec![s.tensor(&[3, 0]).into(), Value::Int(0), Value::Int(1)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "narrow",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "narrow(Tensor(a) self, int dim, int start, int length) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.narrow(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "`length` indices of a dimension, from `start`.",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(1), Value::Int(1), Value::Int(2)]),
                Sample::new(vec![s.tensor(&[3]).into(), Value::Int(0), Value::Int(3), Value::Int(0)]),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "diagonal",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)",
            call: |a| Ok(a.tensor(0)?.diagonal(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "The diagonal of two dimensions, as a last dimension.",
        samples: |s| {
            [0, 1, -1]
                .map(|k| {
                    Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(k), Value::Int(0), Value::Int(1)])
                })
                .into()
        },
        ..Entry::DEFAULT
    },
];
