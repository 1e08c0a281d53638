//! The places of extremes: `argmax`, `argmin`.

use super::extremes::{check_not_empty, one_of, run_extreme, samples_along};
use super::reduce::reduced_shape;
use crate::dispatch::{Differentiability, Metas, Primitive, View, ViewMut, apply};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::layout::wrap_dim;
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::reduce::arg::Extreme;
use smallvec::smallvec;

/// The place of the extreme, of all elements or along one dimension: `argmax`, `argmin`.
#[derive(Clone)]
pub struct PeakPlace {
    /// Which extreme.
    pub which: Extreme,
    /// Along which dimension; of all elements in row-major order if none.
    pub dim: Option<usize>,
    /// Whether reduced dimensions stay, with size one.
    pub keep: bool,
}

impl Primitive for PeakPlace {
    fn name(&self) -> &'static str {
        if self.which == Extreme::Max { "ArgmaxBackward0" } else { "ArgminBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        let name = if self.which == Extreme::Max { "argmax" } else { "argmin" };
        if x.dtype == DType::Bool {
            bail!(NotImplemented, "{name}(): does not support bool input");
        }
        let reduced = match self.dim {
            Some(dim) => one_of(dim, x.rank()),
            None => smallvec![true; x.rank()],
        };
        if self.dim.is_none() && x.elements() == 0 {
            bail!(Index, "{name}(): Expected reduction dim to be specified for input.numel() == 0.");
        }
        check_not_empty(name, x.shape(), &reduced, true)?;
        outputs.push(Meta::contiguous(&reduced_shape(x.shape(), &reduced, self.keep), DType::I64));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let x = &inputs[0];
        if let Some(dim) = self.dim {
            run_extreme(self.which, x, None, &mut outputs[0], dim);
            return Ok(());
        }
        // All elements, in row-major order, as one line.
        let mut row_major = super::reduce::Aside::new(x.shape(), x.meta.dtype)?;
        let pointer = if x.meta.layout.is_contiguous() {
            x.pointer
        } else {
            super::copy::copy_view(&mut row_major.view_mut(), x);
            row_major.view().pointer
        };
        let line = Meta::contiguous(&[x.meta.elements()], x.meta.dtype);
        let place = Meta::contiguous(&[], DType::I64);
        let mut output = ViewMut { pointer: outputs[0].pointer, meta: &place };
        run_extreme(self.which, &View { pointer, meta: &line }, None, &mut output, 0);
        Ok(())
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
}

impl Tensor {
    /// The place of the largest element: in row-major order of all, or along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range or has no elements, and for `bool`.
    pub fn argmax(&self, dim: Option<i64>, keep: bool) -> Result<Tensor> {
        let dim = dim.map(|d| wrap_dim(d, self.rank())).transpose()?;
        apply(PeakPlace { which: Extreme::Max, dim, keep }, &[self])
    }

    /// The place of the smallest element: in row-major order of all, or along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range or has no elements, and for `bool`.
    pub fn argmin(&self, dim: Option<i64>, keep: bool) -> Result<Tensor> {
        let dim = dim.map(|d| wrap_dim(d, self.rank())).transpose()?;
        apply(PeakPlace { which: Extreme::Min, dim, keep }, &[self])
    }
}

fn call_place(a: &Arguments<'_>, which: Extreme) -> Result<Value> {
    let x = a.tensor(0)?;
    let dim = a.optional_int(1)?.map(|d| wrap_dim(d, x.rank())).transpose()?;
    a.apply(PeakPlace { which, dim, keep: a.bool(2)? }, &[x])
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "argmax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "argmax(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
            call: |a| call_place(a, Extreme::Max),
        }],
        documentation: "The place of the largest element, in row-major order of all or along the dimension `dim`, as \
`int64`; the first of equal ones.",
        example: ">>> torch.tensor([[1., 5.], [3., 2.]]).argmax(1)\ntensor([1, 0])",
        samples: |s| samples_along(s, 0),
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "argmin",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "argmin(Tensor self, int? dim=None, bool keepdim=False) -> Tensor",
            call: |a| call_place(a, Extreme::Min),
        }],
        documentation: "The place of the smallest element, in row-major order of all or along the dimension `dim`, as \
`int64`; the first of equal ones.",
        example: ">>> torch.tensor([[1., 5.], [3., 2.]]).argmin()\ntensor(0)",
        samples: |s| samples_along(s, 0),
        differentiable: false,
        ..Entry::DEFAULT
    },
];
