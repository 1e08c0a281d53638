//! `as_strided`: any strides over the same storage.

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{BatchedInput, Gradients, Layouts, Metas, Primitive, View, ViewMut, apply};
use crate::error::{Result, bail};
use crate::layout::{Layout, Shape, Strides, int_list};
use crate::registry::{Entry, Form, Overload, Value};
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

/// `as_strided(size, stride, storage_offset)`.
#[derive(Clone)]
pub struct AsStrided {
    shape: Shape,
    strides: Strides,
    /// Absolute index of the first element in the storage.
    offset: usize,
    /// The layout of the input, for the derivative.
    source: Layout,
}

impl AsStrided {
    /// The view that selects `view`'s elements out of `base`'s storage.
    pub(crate) fn of(view: &Layout, base: &Layout) -> Self {
        Self {
            shape: Shape::from_slice(view.shape()),
            strides: Strides::from_slice(view.strides()),
            offset: view.offset(),
            source: base.clone(),
        }
    }
}

impl AsStrided {
    /// Elements that several indices of the result share add up; an element that several indices of the input share is
    /// divided among them.
    fn overlapping_vjp(&self, g: &Tensor, low: usize, high: usize) -> Result<Gradients> {
        let result = Layout::new(&self.shape, &self.strides, self.offset);
        let flat = Tensor::zeros(&[high - low], g.dtype())?;
        let flat = flat.index_add(0, &storage_indices(&result, low)?, &g.reshape(&[-1])?)?;
        let mut gradient =
            flat.as_strided(self.source.shape(), self.source.strides(), self.source.offset() - low)?;
        if self.source.overlaps_itself() != Some(false) {
            let index = storage_indices(&self.source, low)?;
            let ones = Tensor::ones(&[self.source.elements()], g.dtype())?;
            let counts = Tensor::zeros(&[high - low], g.dtype())?.index_add(0, &index, &ones)?;
            let counts =
                counts.as_strided(self.source.shape(), self.source.strides(), self.source.offset() - low)?;
            gradient = gradient.div(&counts)?;
        }
        Ok(smallvec![Some(gradient)])
    }
}

impl Primitive for AsStrided {
    fn name(&self) -> &'static str {
        "AsStridedBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(Layout::new(&self.shape, &self.strides, self.offset), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, _: &[View<'_>], _: &mut [ViewMut<'_>]) -> Result<()> {
        bail!(Runtime, "as_strided is a view")
    }
    fn is_view(&self) -> bool {
        true
    }
    fn view(&self, _: &Layout) -> Result<Option<Layouts>> {
        Ok(Some(smallvec![Layout::new(&self.shape, &self.strides, self.offset)]))
    }
    /// The gradient is laid out over the part of the storage that either layout covers: elements that several indices
    /// of the result share add up, and an element that several indices of the input share is divided among them.
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let result = Layout::new(&self.shape, &self.strides, self.offset);
        let (a, b) = (self.source.span(), result.span());
        let (low, high) = (a.0.min(b.0), a.1.max(b.1));
        if result.overlaps_itself() != Some(false) || self.source.overlaps_itself() != Some(false) {
            return self.overlapping_vjp(g, low, high);
        }
        let flat = Tensor::zeros(&[high - low], g.dtype())?;
        let place = Layout::new(&self.shape, &self.strides, self.offset - low);
        let flat = flat.as_strided_scatter(g, &place)?;
        let offset = flat.storage_offset() + self.source.offset() - low;
        let gradient = flat.as_strided(self.source.shape(), self.source.strides(), offset)?;
        Ok(smallvec![Some(gradient)])
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        // The strides are those of a slice; the hidden dimension keeps its own.
        let (Some(dim), x) = (inputs[0].dim, &inputs[0].tensor) else { return Ok(None) };
        let mut shape = Shape::from_slice(&[size]);
        shape.extend_from_slice(&self.shape);
        let mut strides = Strides::from_slice(&[x.strides()[dim]]);
        strides.extend_from_slice(&self.strides);
        Ok(Some(vec![(x.as_strided(&shape, &strides, self.offset)?, Some(0))]))
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "as_strided: no tangent") };
        // A tangent has the shape of its primal, but maybe not its strides.
        let t = if t.strides() == self.source.strides() && t.storage_offset() == self.source.offset() {
            t.clone()
        } else {
            t.clone_as(&Layout::new(self.source.shape(), self.source.strides(), 0))?
        };
        let offset = self.offset as isize - self.source.offset() as isize + t.storage_offset() as isize;
        t.as_strided(&self.shape, &self.strides, offset as usize)
    }
}

/// The input with other values where a view of it selects.
#[derive(Clone)]
struct AsStridedScatter {
    /// The layout of the input.
    base: Layout,
    view: Layout,
}

impl Primitive for AsStridedScatter {
    fn name(&self) -> &'static str {
        "AsStridedScatterBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(self.base.clone(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        super::copy::copy_view(&mut outputs[0], &inputs[0]);
        let meta = Meta::new(self.view.clone(), outputs[0].meta.dtype);
        let pointer = outputs[0].pointer.wrapping_add(self.view.offset() * meta.dtype.size());
        super::copy::copy_view(&mut ViewMut { pointer, meta: &meta }, &inputs[1]);
        Ok(())
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let g = g.clone_as(&self.base)?;
        let part = g.as_strided(self.view.shape(), self.view.strides(), self.view.offset())?;
        let first = if context.needs_input(0) {
            Some(apply(self.clone(), &[&g, &part.zeros_like()?])?)
        } else {
            None
        };
        Ok(smallvec![first, Some(part)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let or_zero = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => context.input(i).zeros_like(),
        };
        apply(self.clone(), &[&or_zero(0)?, &or_zero(1)?])
    }
}

impl Tensor {
    /// This tensor, which is laid out densely at offset zero, with `part` where `view` selects.
    pub(crate) fn as_strided_scatter(&self, part: &Tensor, view: &Layout) -> Result<Tensor> {
        let base = Layout::new(self.shape(), self.strides(), 0);
        apply(AsStridedScatter { base, view: view.clone() }, &[self, part])
    }
}

/// For each element of a layout, its index in the storage relative to `low`.
fn storage_indices(layout: &Layout, low: usize) -> Result<Tensor> {
    let mut indices = Vec::with_capacity(layout.elements());
    let shape = layout.shape();
    let mut index: Shape = smallvec![0; shape.len()];
    for _ in 0..layout.elements() {
        let at: isize = index.iter().zip(layout.strides()).map(|(&i, &s)| i as isize * s).sum();
        indices.push(at as i64 + layout.offset() as i64 - low as i64);
        for d in (0..shape.len()).rev() {
            index[d] += 1;
            if index[d] < shape[d] {
                break;
            }
            index[d] = 0;
        }
    }
    Tensor::from_vec(indices, &[layout.elements()])
}

impl Tensor {
    /// A view with any strides over the same storage. `offset` counts from the start of the storage.
    ///
    /// # Errors
    /// If the view would reach beyond the storage.
    pub fn as_strided(&self, shape: &[usize], strides: &[isize], offset: usize) -> Result<Tensor> {
        if shape.len() != strides.len() {
            bail!(
                Runtime,
                "mismatch in length of strides and shape: got {} and {}",
                int_list(strides),
                int_list(shape)
            );
        }
        if strides.iter().any(|&s| s < 0) {
            bail!(
                Runtime,
                "as_strided: Negative strides are not supported at the moment, got strides: {}",
                int_list(strides)
            );
        }
        let layout = Layout::new(shape, strides, offset);
        let size = self.dtype().size();
        let (low, high) = layout.span();
        let needed = if low == high { 0 } else { high * size };
        if self.special().is_none() {
            let bytes = self.lock().storage.bytes();
            if needed > bytes {
                bail!(
                    Runtime,
                    "setStorage: sizes {}, strides {}, storage offset {offset}, and itemsize {size} requiring a storage size of {needed} are out of bounds for storage of size {bytes}",
                    int_list(shape),
                    int_list(strides)
                );
            }
        }
        apply(AsStrided::of(&layout, self.layout()), &[self])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[Entry {
    name: "as_strided",
    forms: Form::FUNCTION_AND_METHOD,
    overloads: &[Overload {
        schema: "as_strided(Tensor(a) self, int[] size, int[] stride, int? storage_offset=None) -> Tensor(a)",
        call: |a| {
            let x = a.tensor(0)?;
            let strides: Strides = a.ints(2)?.iter().map(|&s| s as isize).collect();
            let offset = match a.optional_int(3)? {
                Some(offset) if offset < 0 => {
                    bail!(Runtime, "Tensor: invalid storage offset {offset}")
                }
                Some(offset) => offset as usize,
                None => x.storage_offset(),
            };
            Ok(x.as_strided(&a.shape(1)?, &strides, offset)?.into())
        },
    }],
    documentation: "A view with any strides over the same storage. `storage_offset` counts from the start of the storage.",
    samples: |s| {
        let view = |x: Tensor, shape: &[i64], strides: &[i64], offset: i64| {
            crate::registry::Sample::new(vec![
                x.into(),
                Value::Ints(shape.to_vec()),
                Value::Ints(strides.to_vec()),
                Value::Int(offset),
            ])
        };
        vec![
            view(s.tensor(&[3, 4]), &[2, 2], &[4, 1], 1),
            view(s.tensor(&[6]), &[2, 3], &[1, 2], 0),
            view(s.tensor(&[5]), &[3, 3], &[1, 1], 0),
        ]
    },
    exempt: &[(
        "vmap",
        "it selects by the strides of the storage, which are others where a dimension is hidden",
    )],
    ..Entry::DEFAULT
}];
