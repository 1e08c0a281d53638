//! Views: other shapes and orders of the same elements, without a copy.
//!
//! A row of a table is: documentation, fields, PyTorch's node, the layout of the result, the gradient, and the same
//! view behind a leading hidden dimension (`vmap`). The tangent of a view is the same view of the tangent. The table's
//! macro and what all views share stand here; the files are its families.

use crate::dispatch::{Metas, Primitive, View as Operand, ViewMut};
use crate::error::Result;
use crate::layout::{Layout, Shape};
use crate::registry::Value;
use crate::tensor::Meta;
use smallvec::SmallVec;

/// Dimensions.
pub type Dims = SmallVec<[usize; 4]>;

macro_rules! view {
    ($(
        $(#[doc = $doc:literal])*
        $type:ident { $($field:ident: $field_type:ty),* $(,)? } $node:literal,
        layout |$s:ident, $input:ident| $layout:expr,
        vjp |$vs:ident, $context:ident, $g:ident| $vjp:expr,
        behind |$bs:ident, $size:ident| $behind:expr;
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone)]
        pub struct $type {
            $(#[allow(missing_docs, reason = "the fields are the arguments of the operation, documented with it")] pub $field: $field_type,)*
        }

        impl Primitive for $type {
            fn name(&self) -> &'static str { $node }
            fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                crate::ops::view::infer_view(self, inputs, outputs)
            }
            fn forward(&self, inputs: &[Operand<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                crate::ops::view::copy_instead(self, inputs, outputs)
            }
            fn is_view(&self) -> bool { true }
            fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
                let ($s, $input) = (self, input);
                let layout: Option<Layout> = $layout;
                Ok(layout.map(|l| smallvec![l]))
            }
            fn saves(&self, _: Needs) -> Saves { Saves::NONE.shape(0) }
            fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
                let ($vs, $context, $g) = (self, context, g);
                Ok(smallvec![Some($vjp)])
            }
            fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
                let Some(t) = &t[0] else { bail!(Runtime, "{}: no tangent", self.name()) };
                apply(self.clone(), &[t])
            }
            fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
                let Some(dim) = inputs[0].dim else { return Ok(None) };
                let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
                let ($bs, $size) = (self, size);
                let _ = $size;
                let behind = $behind;
                Ok(Some(vec![(apply(behind, &[&x])?, Some(0))]))
            }
        }
    )*};
}

/// A view's metadata is its layout; where there is none (a traced value of unknown strides), a row-major copy's.
pub(crate) fn infer_view(view: &dyn Primitive, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
    let input = inputs[0];
    let layouts = match view.view(&input.layout)? {
        Some(layouts) => layouts,
        None => view.view(&Layout::contiguous(input.shape()))?.unwrap_or_default(),
    };
    outputs.extend(layouts.into_iter().map(|l| Meta::new(Layout::contiguous(l.shape()), input.dtype)));
    Ok(())
}

/// Where strides do not allow the view (in a traced program), its elements are copied in row-major order.
pub(crate) fn copy_instead(
    view: &dyn Primitive,
    inputs: &[Operand<'_>],
    outputs: &mut [ViewMut<'_>],
) -> Result<()> {
    let input = inputs[0].meta;
    let row_major = Meta::contiguous(input.shape(), input.dtype);
    let storage = crate::storage::Storage::allocate(input.elements() * input.dtype.size())?;
    let mut to = ViewMut { pointer: storage.pointer(), meta: &row_major };
    crate::ops::copy::copy_view(&mut to, &inputs[0]);
    let layouts = view.view(&row_major.layout)?.unwrap_or_default();
    for (output, layout) in outputs.iter_mut().zip(layouts) {
        let meta = Meta::new(layout, input.dtype);
        let offset = meta.layout.offset() * input.dtype.size();
        let from = Operand { pointer: storage.pointer().wrapping_add(offset), meta: &meta };
        crate::ops::copy::copy_view(output, &from);
    }
    Ok(())
}

pub mod order;
pub mod part;
pub mod pieces;
pub mod shape;
pub mod unfold;

pub use order::{Permute, T, TBehind, Transpose};
pub use part::{Diagonal, Select, Slice};
pub use pieces::Pieces;
pub use shape::{
    Alias, Expand, ExpandBehind, ReshapeAlias, SqueezeAll, SqueezeAllBehind, SqueezeDim, SqueezeDims,
    Unsqueeze, View,
};

pub(crate) fn prepend(size: usize, shape: &[usize]) -> Shape {
    let mut all = Shape::with_capacity(shape.len() + 1);
    all.push(size);
    all.extend_from_slice(shape);
    all
}

pub(crate) fn ints(values: &[usize]) -> Value {
    Value::Ints(values.iter().map(|&v| v as i64).collect())
}
