//! Copies: `clone`, `copy_`, `to`, `contiguous`, `fill_`, `zero_`, `detach`.

use crate::autograd::Context;
use crate::autograd::ForwardContext;
use crate::dispatch::{
    Aliasing, BatchedInput, Differentiability, Gradients, Layouts, Metas, Needs, Primitive, Saves, View,
    ViewMut, apply, apply_in_place,
};
use crate::dtype::DType;
use crate::error::{Result, bail};
use crate::layout::{Layout, int_list};
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, for_each};
use smallvec::smallvec;

/// Copies one view into another of the same shape (or one that broadcasts to it), converting the dtype.
pub(crate) fn copy_view(to: &mut ViewMut<'_>, from: &View<'_>) {
    let shape = to.meta.shape();
    let expanded;
    let strides = if from.shape() == shape {
        from.strides()
    } else {
        expanded = from.meta.layout.expanded(shape);
        expanded.strides()
    };
    let row = kernels::copy::cast(from.meta.dtype, to.meta.dtype);
    let operands = [
        kernels::Operand::new(to.pointer, to.meta.layout.strides(), to.meta.dtype.size()),
        kernels::Operand::input(from.pointer, strides, from.meta.dtype.size()),
    ];
    // SAFETY: both views are claimed and in bounds, and of one shape.
    unsafe { for_each(shape, &operands, row, std::ptr::null(), 1.0) };
}

/// `clone()`: a copy of the data.
#[derive(Clone)]
pub struct CloneData {
    /// Row-major, or in the order of the source's strides.
    pub contiguous: bool,
}

/// A copy of the data in a given layout of the same shape.
#[derive(Clone)]
pub struct CloneAs {
    layout: Layout,
}

impl Primitive for CloneAs {
    fn name(&self) -> &'static str {
        "CloneBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(self.layout.clone(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_view(&mut outputs[0], &inputs[0]);
        Ok(())
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.clone())])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "clone: no tangent") };
        apply(self.clone(), &[t])
    }
    fn batch(&self, inputs: &[BatchedInput], size: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        // The copies of the slices lie one behind the other.
        let (_, span) = self.layout.span();
        let mut shape = crate::layout::Shape::from_slice(&[size]);
        shape.extend_from_slice(self.layout.shape());
        let mut strides = crate::layout::Strides::from_slice(&[span as isize]);
        strides.extend_from_slice(self.layout.strides());
        Ok(Some(vec![(x.clone_as(&Layout::new(&shape, &strides, 0))?, Some(0))]))
    }
}

impl Primitive for CloneData {
    fn name(&self) -> &'static str {
        "CloneBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let layout = if self.contiguous {
            Layout::contiguous(inputs[0].shape())
        } else {
            inputs[0].layout.fresh_like()
        };
        outputs.push(Meta::new(layout, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_view(&mut outputs[0], &inputs[0]);
        Ok(())
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.clone())])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "clone: no tangent") };
        apply(self.clone(), &[t])
    }
}

/// `to(dtype)`: a copy in another dtype.
#[derive(Clone)]
pub struct ToDType {
    /// The dtype of the result.
    pub dtype: DType,
}

impl Primitive for ToDType {
    fn name(&self) -> &'static str {
        "ToCopyBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(inputs[0].layout.fresh_like(), self.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_view(&mut outputs[0], &inputs[0]);
        Ok(())
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let _ = context;
        // The engine brings the gradient to the dtype of the input.
        Ok(smallvec![Some(g.clone())])
    }
    fn jvp(&self, _: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "to: no tangent") };
        apply(self.clone(), &[t])
    }
}

/// `copy_(source)`: writes another tensor over this one.
#[derive(Clone)]
pub struct Copy;

impl Primitive for Copy {
    fn name(&self) -> &'static str {
        "CopyBackwards"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (to, from) = (inputs[0], inputs[1]);
        if from.shape() != to.shape() {
            check_expands(from.shape(), to.shape())?;
        }
        outputs.push(Meta::new(to.layout.fresh_like(), to.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_view(&mut outputs[0], &inputs[1]);
        Ok(())
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let first = if context.needs_input(0) { Some(g.zeros_like()?) } else { None };
        Ok(smallvec![first, Some(g.clone())])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        match &t[1] {
            Some(t) => Ok(t.clone()),
            None => context.input(0).zeros_like(),
        }
    }
}

/// `expand`'s error, for sources that do not broadcast to the target.
pub(crate) fn check_expands(from: &[usize], to: &[usize]) -> Result<()> {
    if from.len() > to.len() {
        bail!(
            Runtime,
            "expand(torch.FloatTensor{{{}}}, size={}): the number of sizes provided ({}) must be greater or equal to the number of dimensions in the tensor ({})",
            int_list(from),
            int_list(to),
            to.len(),
            from.len()
        );
    }
    for i in 1..=from.len() {
        let (f, t) = (from[from.len() - i], to[to.len() - i]);
        if f != t && f != 1 {
            bail!(
                Runtime,
                "The expanded size of the tensor ({t}) must match the existing size ({f}) at non-singleton dimension {}.  Target sizes: {}.  Tensor sizes: {}",
                to.len() - i,
                int_list(to),
                int_list(from)
            );
        }
    }
    Ok(())
}

/// `fill_(value)` and `zero_()`.
#[derive(Clone)]
pub struct Fill {
    /// What every element becomes.
    pub value: Scalar,
    /// `ZeroBackward0` or `FillBackward0`.
    pub zero: bool,
}

impl Primitive for Fill {
    fn name(&self) -> &'static str {
        if self.zero { "ZeroBackward0" } else { "FillBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::new(inputs[0].layout.fresh_like(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, _: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let meta = outputs[0].meta;
        let Some(row) = kernels::copy::FILL.row(meta.dtype) else {
            return Err(super::elementwise::no_kernel("fill", meta.dtype));
        };
        let value = [super::elementwise::kernel_scalar(self.value)];
        let operands = [kernels::Operand::new(outputs[0].pointer, meta.layout.strides(), meta.dtype.size())];
        // SAFETY: the output is claimed for writing and in bounds; the context is one scalar.
        unsafe { for_each(meta.shape(), &operands, row, value.as_ptr().cast(), 0.5) };
        Ok(())
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::Elementwise
    }
    fn vjp(&self, _: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        Ok(smallvec![Some(g.zeros_like()?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.input(0).zeros_like()
    }
}

/// `detach()`: the same data outside of the graph.
#[derive(Clone)]
pub struct Detach;

impl Primitive for Detach {
    fn name(&self) -> &'static str {
        "DetachBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(inputs[0].clone());
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        copy_view(&mut outputs[0], &inputs[0]);
        Ok(())
    }
    fn is_view(&self) -> bool {
        true
    }
    fn tracks_view(&self) -> bool {
        false
    }
    fn view(&self, input: &Layout) -> Result<Option<Layouts>> {
        Ok(Some(smallvec![input.clone()]))
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        Ok(Some(vec![(inputs[0].tensor.detach()?, inputs[0].dim)]))
    }
}

impl Tensor {
    /// A copy of the data (PyTorch's `clone()`), differentiable, in the order of this tensor's strides.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn clone_data(&self) -> Result<Tensor> {
        apply(CloneData { contiguous: false }, &[self])
    }

    /// A copy of the data in a given layout of the same shape, at offset zero.
    pub(crate) fn clone_as(&self, layout: &Layout) -> Result<Tensor> {
        apply(CloneAs { layout: layout.clone() }, &[self])
    }

    /// This tensor if it is row-major, else a row-major copy.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn contiguous(&self) -> Result<Tensor> {
        if self.is_contiguous() { Ok(self.clone()) } else { apply(CloneData { contiguous: true }, &[self]) }
    }

    /// This tensor if it has the dtype, else a copy in it.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn to_dtype(&self, dtype: DType) -> Result<Tensor> {
        if self.dtype() == dtype { Ok(self.clone()) } else { apply(ToDType { dtype }, &[self]) }
    }

    /// Writes another tensor over this one, converting dtype and broadcasting.
    ///
    /// # Errors
    /// If the shapes do not fit, and those of in-place changes.
    pub fn copy_(&self, source: &Tensor) -> Result<Tensor> {
        apply_in_place(Copy, &[self, source])
    }

    /// Sets every element.
    ///
    /// # Errors
    /// Those of in-place changes.
    pub fn fill_(&self, value: impl Into<Scalar>) -> Result<Tensor> {
        apply_in_place(Fill { value: value.into(), zero: false }, &[self])
    }

    /// Sets every element to zero.
    ///
    /// # Errors
    /// Those of in-place changes.
    pub fn zero_(&self) -> Result<Tensor> {
        apply_in_place(Fill { value: Scalar::Int(0), zero: true }, &[self])
    }

    /// The same data outside of the graph; it shares memory and version counter with this tensor.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn detach(&self) -> Result<Tensor> {
        apply(Detach, &[self])
    }

    pub(crate) fn detach_quietly(&self) -> Tensor {
        self.alias(self.meta_ref())
    }

    /// Takes this tensor itself out of the graph.
    ///
    /// # Errors
    /// For views, which share their history with their base.
    pub fn detach_(&self) -> Result<Tensor> {
        if self.is_view() {
            bail!(
                Runtime,
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
            );
        }
        self.set_grad_fn(None);
        self.set_flag(crate::tensor::flag::REQUIRES_GRAD | crate::tensor::flag::RETAINS_GRAD, false);
        Ok(self.clone())
    }

    /// The same data with a version counter of its own, outside of the graph (`x.data`).
    pub fn data(&self) -> Tensor {
        let plain = self.detach_quietly();
        plain.lock().version = Some(std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0)));
        plain
    }

    /// Gives this tensor other data, of any shape and of a floating-point dtype if it requires a gradient (`x.data = other`).
    ///
    /// # Errors
    /// If the tensor requires a gradient and the data's dtype has none.
    pub fn set_data(&self, other: &Tensor) -> Result<()> {
        self.require_data("assigning .data")?;
        other.require_data("assigning .data")?;
        if self.requires_grad() && !other.dtype().is_floating_point() {
            bail!(
                Runtime,
                "data set to a tensor that requires gradients must be floating point or complex dtype"
            );
        }
        let meta = Meta { wrapped_number: false, ..other.meta().clone() };
        let storage = other.lock().storage.clone();
        let mut state = self.lock();
        if state.version.is_none() {
            let version = state.version_counter().load(std::sync::atomic::Ordering::Relaxed);
            state.version = Some(std::sync::Arc::new(std::sync::atomic::AtomicU32::new(version)));
        }
        let old = std::mem::replace(&mut state.storage, storage);
        self.swap_meta(&mut state, meta);
        drop(state);
        drop(old);
        Ok(())
    }

    /// Gives this tensor another shape, row-major, keeping the elements that still fit in storage order.
    ///
    /// # Errors
    /// If the tensor requires a gradient, or the memory cannot be had.
    pub fn resize_(&self, shape: &[usize]) -> Result<Tensor> {
        if self.requires_grad() {
            bail!(Runtime, "cannot resize variables that require grad");
        }
        self.require_data("resize_")?;
        let meta = Meta::contiguous(shape, self.dtype());
        let Some(needed) = meta
            .elements()
            .checked_add(self.storage_offset())
            .and_then(|n| n.checked_mul(self.dtype().size()))
        else {
            bail!(Runtime, "Storage size calculation overflowed with sizes={}", int_list(shape));
        };
        let meta = Meta::new(Layout::new(shape, meta.layout.strides(), self.storage_offset()), self.dtype());
        let current = self.lock().storage.clone();
        let bytes = current.bytes();
        if bytes >= needed {
            let mut state = self.lock();
            self.swap_meta(&mut state, meta);
            return Ok(self.clone());
        }
        let grown = crate::storage::Storage::zeroed(needed)?;
        current.claim_read();
        // SAFETY: the old storage is claimed and holds `bytes`; the new one is fresh and larger.
        unsafe { std::ptr::copy_nonoverlapping(current.pointer(), grown.pointer(), bytes) };
        current.release_read();
        let mut state = self.lock();
        grown.version().store(
            state.version_counter().load(std::sync::atomic::Ordering::Relaxed),
            std::sync::atomic::Ordering::Relaxed,
        );
        let old = std::mem::replace(&mut state.storage, grown);
        self.swap_meta(&mut state, meta);
        drop(state);
        drop((old, current));
        Ok(self.clone())
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "clone",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
            call: |a| Ok(a.tensor(0)?.clone_data()?.into()),
        }],
        documentation: "A copy of the data, differentiable: the gradient goes to the source.",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "contiguous",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "contiguous(Tensor self, *, MemoryFormat memory_format=contiguous_format) -> Tensor",
            call: |a| Ok(a.tensor(0)?.contiguous()?.into()),
        }],
        documentation: "The tensor itself if it is row-major, else a row-major copy.",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "detach",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "detach(Tensor self) -> Tensor",
            call: |a| Ok(a.tensor(0)?.detach()?.into()),
        }],
        documentation: "The same data outside of the graph. Shares memory with the source.",
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "detach_",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "detach_(Tensor(a!) self) -> Tensor(a!)",
            call: |a| Ok(a.tensor(0)?.detach_()?.into()),
        }],
        documentation: "Takes the tensor itself out of the graph.",
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "copy_",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)",
            call: |a| Ok(a.tensor(0)?.copy_(a.tensor(1)?)?.into()),
        }],
        documentation: "Writes another tensor over this one, converting the dtype and broadcasting.",
        exempt: &[("samples", "it writes over its argument; tests/autograd.rs checks values and gradients")],
        ..Entry::DEFAULT
    },
    Entry {
        name: "fill_",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "fill_(Tensor(a!) self, Tensor value) -> Tensor(a!)",
                call: |a| {
                    let value = a.tensor(1)?;
                    if value.rank() != 0 {
                        bail!(
                            Runtime,
                            "fill_ only supports 0-dimension value tensor but got tensor with {} dimensions.",
                            value.rank()
                        );
                    }
                    Ok(a.tensor(0)?.copy_(value)?.into())
                },
            },
            Overload {
                schema: "fill_(Tensor(a!) self, Scalar value) -> Tensor(a!)",
                call: |a| Ok(a.tensor(0)?.fill_(a.scalar(1)?)?.into()),
            },
        ],
        documentation: "Sets every element.",
        exempt: &[("samples", "it writes over its argument; tests/autograd.rs checks values and gradients")],
        ..Entry::DEFAULT
    },
    Entry {
        name: "zero_",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "zero_(Tensor(a!) self) -> Tensor(a!)",
            call: |a| Ok(a.tensor(0)?.zero_()?.into()),
        }],
        documentation: "Sets every element to zero.",
        exempt: &[("samples", "it writes over its argument; tests/autograd.rs checks values and gradients")],
        ..Entry::DEFAULT
    },
    Entry {
        name: "resize_",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "resize_(Tensor(a!) self, int[] size, *, MemoryFormat? memory_format=None) -> Tensor(a!)",
            call: resize,
        }],
        documentation: "Gives the tensor another shape, keeping the elements that still fit in storage order.",
        differentiable: false,
        ..Entry::DEFAULT
    },
];

fn resize(a: &Arguments<'_>) -> Result<Value> {
    let shape = a.shape(1)?;
    Ok(a.tensor(0)?.resize_(&shape)?.into())
}
