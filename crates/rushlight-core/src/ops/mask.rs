//! Operations that select by the values of a tensor: `nonzero`, `argwhere`, `masked_select`, `masked_scatter`; and `take`,
//! whose indices count the elements in row-major order.

use super::places::apart;
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Differentiability, Gradients, Metas, Needs, Primitive, Produced, Saves, View, ViewMut, apply,
    apply_in_place,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::{Layout, Shape, Strides, broadcast_shapes};
use crate::registry::{Entry, Form, Overload, Sample, Value};
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels as kernels;
use smallvec::{SmallVec, smallvec};

/// `nonzero()`: for each element that is not zero, its index along every dimension.
#[derive(Clone)]
pub struct Nonzero;

impl Primitive for Nonzero {
    fn name(&self) -> &'static str {
        "NonzeroBackward0"
    }
    fn infer(&self, _: &[&Meta], _: &mut Metas) -> Result<()> {
        bail!(Runtime, "nonzero: the shape of the result depends on data, so it cannot be traced")
    }
    fn forward(&self, _: &[View<'_>], _: &mut [ViewMut<'_>]) -> Result<()> {
        bail!(Runtime, "nonzero makes its own output")
    }
    fn is_data_dependent(&self) -> bool {
        true
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn produce(&self, inputs: &[View<'_>]) -> Result<Produced> {
        let mask = Mask::of(&inputs[0])?;
        let rank = inputs[0].meta.rank();
        let rows = Meta::contiguous(&[mask.count, rank], DType::I64);
        let storage = Storage::allocate(rows.elements() * 8)?;
        let operand = kernels::Operand::input(mask.pointer(), mask.meta.layout.strides(), 1);
        // SAFETY: the mask is row-major memory of this shape with `count` ones, for which the output has rows.
        unsafe { kernels::index::nonzero(mask.meta.shape(), operand, storage.pointer().cast()) };
        if rank < 2 {
            return Ok(Produced(smallvec![(rows, storage)]));
        }
        // Columns are contiguous, as in PyTorch: they are what masks become in advanced indexing.
        let columns = Meta::new(Layout::new(&[mask.count, rank], &[1, mask.count as isize], 0), DType::I64);
        let transposed = Storage::allocate(columns.elements() * 8)?;
        let from = View { pointer: storage.pointer(), meta: &rows };
        super::copy::copy_view(&mut ViewMut { pointer: transposed.pointer(), meta: &columns }, &from);
        Ok(Produced(smallvec![(columns, transposed)]))
    }
}

/// A row-major mask and the number of its ones.
struct Mask {
    meta: Meta,
    storage: Storage,
    count: usize,
}

impl Mask {
    fn of(view: &View<'_>) -> Result<Self> {
        let meta = Meta::contiguous(view.shape(), DType::Bool);
        let storage = Storage::allocate(meta.elements())?;
        super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &meta }, view);
        // SAFETY: the storage holds this many bytes, written above.
        let bytes = unsafe { std::slice::from_raw_parts(storage.pointer(), meta.elements()) };
        // Sums of bytes vectorise; a block of 255 ones at most does not overflow.
        let count = bytes.chunks(255).map(|block| block.iter().sum::<u8>() as usize).sum();
        Ok(Self { meta, storage, count })
    }

    fn pointer(&self) -> *const u8 {
        self.storage.pointer()
    }
}

/// `masked_select(mask)`: the elements where a mask is true, in row-major order. Inputs: the tensor, the mask.
#[derive(Clone)]
struct MaskedSelect;

impl Primitive for MaskedSelect {
    fn name(&self) -> &'static str {
        "MaskedSelectBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, _: &[&Meta], _: &mut Metas) -> Result<()> {
        bail!(Runtime, "masked_select: the shape of the result depends on data, so it cannot be traced")
    }
    fn forward(&self, _: &[View<'_>], _: &mut [ViewMut<'_>]) -> Result<()> {
        bail!(Runtime, "masked_select makes its own output")
    }
    fn is_data_dependent(&self) -> bool {
        true
    }
    fn produce(&self, inputs: &[View<'_>]) -> Result<Produced> {
        let (x, mask) = (&inputs[0], Mask::of(&inputs[1])?);
        let shape = broadcast_shapes(mask.meta.shape(), x.shape())?;
        // Each element of the mask stands for as many as broadcasting makes of it.
        let over = mask.meta.layout.expanded(&shape);
        let count =
            mask.count * shape.iter().product::<usize>().checked_div(mask.meta.elements()).unwrap_or(0);
        let meta = Meta::contiguous(&[count], x.meta.dtype);
        let size = meta.dtype.size();
        let storage = Storage::allocate(count * size)?;
        let from = x.meta.layout.expanded(&shape);
        let from = kernels::Operand::input(x.pointer, from.strides(), size);
        let mask = kernels::Operand::input(mask.pointer(), over.strides(), 1);
        // SAFETY: both operands are in bounds over the shape, and the output has room for the mask's ones.
        unsafe { kernels::index::masked_select(meta.dtype, &shape, storage.pointer(), from, mask) };
        Ok(Produced(smallvec![(meta, storage)]))
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (shape, _) = context.saved_shape(0)?;
        let mask = context.input(1)?;
        let zeros = Tensor::zeros(&broadcast_shapes(&shape, mask.shape())?, g.dtype())?;
        Ok(smallvec![Some(zeros.masked_scatter(&mask, g)?.sum_to_size(&shape)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "masked_select: no tangent") };
        t.masked_select(context.input(1))
    }
}

/// `masked_scatter(mask, source)`: elements of the source, in order, where a mask is true. Inputs: the tensor, the source,
/// the mask.
#[derive(Clone)]
struct MaskedScatter;

impl Primitive for MaskedScatter {
    fn name(&self) -> &'static str {
        "MaskedScatterBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn aliasing(&self) -> Aliasing {
        Aliasing::FirstInput
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (x, source, mask) = (inputs[0], inputs[1], inputs[2]);
        if x.dtype != source.dtype {
            bail!(
                Runtime,
                "masked_scatter: expected self and source to have same dtypes but got{} and {}",
                x.dtype.scalar_name(),
                source.dtype.scalar_name()
            );
        }
        if mask.dtype != DType::Bool {
            bail!(
                Runtime,
                "masked_scatter_ only supports boolean masks, but got mask with dtype {}",
                mask.dtype.scalar_name()
            );
        }
        let shape = broadcast_shapes(mask.shape(), x.shape())?;
        let layout = if x.shape() == &shape[..] { x.layout.fresh_like() } else { Layout::contiguous(&shape) };
        outputs.push(Meta::new(layout, x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let (dtype, shape) = (output.meta.dtype, Shape::from_slice(output.shape()));
        let mask = Mask::of(&inputs[2])?;
        let times = shape.iter().product::<usize>().checked_div(mask.meta.elements()).unwrap_or(0);
        if mask.count * times > inputs[1].meta.elements() {
            bail!(Runtime, "Number of elements of source < number of ones in mask");
        }
        let source = apart(&inputs[1], output)?;
        let dense = Meta::contiguous(inputs[1].shape(), dtype);
        let storage = Storage::allocate(dense.elements() * dtype.size())?;
        let mut to = ViewMut { pointer: storage.pointer(), meta: &dense };
        super::copy::copy_view(&mut to, &source.view());
        if inputs[0].pointer != output.pointer.cast_const() {
            super::copy::copy_view(output, &inputs[0]);
        }
        let over = mask.meta.layout.expanded(&shape);
        let to = kernels::Operand::new(output.pointer, output.meta.layout.strides(), dtype.size());
        let mask = kernels::Operand::input(mask.pointer(), over.strides(), 1);
        // SAFETY: output and mask are in bounds over the shape, and the source has an element for each one in the mask.
        unsafe { kernels::index::masked_scatter(dtype, &shape, to, mask, storage.pointer()) };
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0).shape(1).input(2)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let mask = context.input(2)?;
        let first = if context.needs_input(0) {
            let (shape, _) = context.saved_shape(0)?;
            Some(g.masked_fill(&mask, 0.0)?.sum_to_size(&shape)?)
        } else {
            None
        };
        let second = if context.needs_input(1) {
            let (shape, _) = context.saved_shape(1)?;
            let picked = g.masked_select(&mask)?;
            let missing = shape.iter().product::<usize>() - picked.numel();
            let rest = Tensor::zeros(&[missing], g.dtype())?;
            Some(Tensor::cat(&[picked, rest], 0)?.reshape_to(&shape)?)
        } else {
            None
        };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let tangent = |i: usize| match &t[i] {
            Some(t) => Ok(t.clone()),
            None => context.input(i).zeros_like(),
        };
        apply(Self, &[&tangent(0)?, &tangent(1)?, context.input(2)])
    }
}

/// `take(index)`: elements by their number in row-major order. Inputs: the tensor, the index.
#[derive(Clone)]
struct Take;

impl Primitive for Take {
    fn name(&self) -> &'static str {
        "TakeBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (x, index) = (inputs[0], inputs[1]);
        if index.dtype != DType::I64 {
            bail!(Runtime, "take(): Expected a long tensor for index, but got {}", index.dtype.scalar_name());
        }
        if x.elements() == 0 && index.elements() != 0 {
            bail!(Index, "take(): tried to take from an empty tensor");
        }
        outputs.push(Meta::new(index.layout.fresh_like(), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, index, output) = (&inputs[0], &inputs[1], &mut outputs[0]);
        let size = x.meta.dtype.size();
        let dense = Meta::contiguous(x.shape(), x.meta.dtype);
        let mut scratch = None;
        let mut pointer = x.pointer;
        if !x.meta.layout.is_contiguous() {
            let storage = Storage::allocate(dense.elements() * size)?;
            super::copy::copy_view(&mut ViewMut { pointer: storage.pointer(), meta: &dense }, x);
            pointer = scratch.insert(storage).pointer();
        }
        let nowhere: Strides = SmallVec::from_elem(0, output.meta.rank());
        let array = kernels::index::Index {
            ptr: index.pointer.cast(),
            strides: index.strides(),
            size: dense.elements(),
            stride: 1,
            negative: true,
        };
        let to = kernels::Operand::new(output.pointer, output.meta.layout.strides(), size);
        let from = kernels::Operand::input(pointer, &nowhere, size);
        // SAFETY: the source is row-major memory of `size` elements, the index is `i64` and claimed, the output fresh;
        // the kernel checks the indices.
        unsafe { kernels::index::gather(index.shape(), to, from, &[array]) }.map_err(|e| {
            Error::index(format!(
                "out of range: tried to access index {} on a tensor of {} elements.",
                e.index, e.size
            ))
        })
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (shape, _) = context.saved_shape(0)?;
        let zeros = Tensor::zeros(&[shape.iter().product()], g.dtype())?;
        let index = context.input(1)?;
        if shape.contains(&0) {
            return Ok(smallvec![Some(zeros.reshape_to(&shape)?)]);
        }
        Ok(smallvec![Some(zeros.index_put(&[Some(index)], g, true)?.reshape_to(&shape)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let Some(t) = &t[0] else { bail!(Runtime, "take: no tangent") };
        apply(Self, &[t, context.input(1)])
    }
}

fn check_mask(mask: &Tensor) -> Result<()> {
    if mask.dtype() != DType::Bool {
        bail!(Runtime, "masked_select: expected BoolTensor for mask");
    }
    Ok(())
}

impl Tensor {
    /// The indices of the elements that are not zero, one row for each, in row-major order.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_vec([0.0f32, 1.0, 2.0, 0.0], &[2, 2])?;
    /// assert_eq!(x.nonzero()?.to_vec::<i64>()?, [0, 1, 1, 0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// For tensors that are being traced: the shape of the result depends on data.
    pub fn nonzero(&self) -> Result<Tensor> {
        apply(Nonzero, &[self])
    }

    /// The indices of the elements that are not zero, as one vector for each dimension (`nonzero(as_tuple=True)`); a
    /// tensor without dimensions counts as one of one element.
    ///
    /// # Errors
    /// As for [`Tensor::nonzero`].
    pub fn nonzero_tuple(&self) -> Result<Vec<Tensor>> {
        if self.rank() == 0 { self.unsqueeze(0)?.nonzero()?.unbind(1) } else { self.nonzero()?.unbind(1) }
    }

    /// The elements where a mask is true, in row-major order; tensor and mask broadcast.
    ///
    /// # Errors
    /// If the mask is not of `bool`, or the shapes do not broadcast.
    pub fn masked_select(&self, mask: &Tensor) -> Result<Tensor> {
        check_mask(mask)?;
        broadcast_shapes(mask.shape(), self.shape())?;
        apply(MaskedSelect, &[self, mask])
    }

    /// A copy with elements of `source`, in order, where a mask is true.
    ///
    /// # Errors
    /// If the mask has more ones than the source has elements, or dtypes or shapes do not fit.
    pub fn masked_scatter(&self, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
        apply(MaskedScatter, &[self, source, mask])
    }

    /// Writes elements of `source`, in order, where a mask is true.
    ///
    /// # Errors
    /// As for [`Tensor::masked_scatter`], and those of in-place changes.
    pub fn masked_scatter_(&self, mask: &Tensor, source: &Tensor) -> Result<Tensor> {
        apply_in_place(MaskedScatter, &[self, source, mask])
    }

    /// Elements by their number in row-major order; negative numbers count from the end.
    ///
    /// # Errors
    /// If a number is out of range.
    pub fn take(&self, index: &Tensor) -> Result<Tensor> {
        apply(Take, &[self, index])
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "nonzero",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "nonzero(Tensor self) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.nonzero()?),
        }],
        documentation: "The indices of the elements that are not zero: an `int64` tensor with one row for each, in \
                        row-major order, and one column for each dimension.",
        example: ">>> torch.nonzero(torch.tensor([[0, 1], [2, 0]]))\ntensor([[0, 1],\n        [1, 0]])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        differentiable: false,
        exempt: DATA,
    },
    Entry {
        name: "nonzero_numpy",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "nonzero_numpy(Tensor self) -> Tensor[]",
            call: |a| Ok(a.tensor(0)?.nonzero_tuple()?.into()),
        }],
        documentation: "The indices of the elements that are not zero, one vector for each dimension: what \
                        `nonzero(as_tuple=True)` gives.",
        example: ">>> torch.tensor([0, 1, 2]).nonzero_numpy()\n(tensor([1, 2]),)",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        differentiable: false,
        exempt: DATA,
    },
    Entry {
        name: "argwhere",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[Overload {
            schema: "argwhere(Tensor self) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.nonzero()?),
        }],
        documentation: "The same as `nonzero`.",
        example: ">>> torch.argwhere(torch.tensor([0, 1]))\ntensor([[1]])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        differentiable: false,
        exempt: DATA,
    },
    Entry {
        name: "masked_select",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "masked_select(Tensor self, Tensor mask) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.masked_select(a.tensor(1)?)?),
        }],
        documentation: "The elements where a mask of `bool` is true, as a vector in row-major order; both broadcast.",
        example: ">>> torch.tensor([1, 2, 3]).masked_select(torch.tensor([True, False, True]))\ntensor([1, 3])",
        samples: |s| {
            let mut samples = s.each_layout(|x| {
                let mask = s.mask(x.shape());
                vec![x.into(), mask.into()]
            });
            samples.push(Sample::new(vec![
                s.tensor(&[2, 3]).into(),
                Tensor::from_slice(&[true, false, true]).into(),
            ]));
            samples.push(Sample::new(vec![s.tensor(&[3]).into(), s.mask(&[2, 3]).into()]));
            samples
        },
        exempt: DATA,
        ..Entry::DEFAULT
    },
    Entry {
        name: "masked_scatter",
        forms: Form::FUNCTION_AND_METHOD.and(Form::IN_PLACE),
        overloads: &[Overload {
            schema: "masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor",
            call: |a| a.apply(MaskedScatter, &[a.tensor(0)?, a.tensor(2)?, a.tensor(1)?]),
        }],
        documentation: "The tensor with elements of `source`, in order, where a mask of `bool` is true.",
        example: ">>> torch.zeros(3).masked_scatter(torch.tensor([True, False, True]), torch.tensor([5., 7.]))\ntensor([5., 0., 7.])",
        samples: |s| {
            s.each_layout(|x| {
                let (mask, source) = (s.mask(x.shape()), s.tensor(&[7]));
                vec![x.into(), mask.into(), source.into()]
            })
        },
        exempt: DATA,
        ..Entry::DEFAULT
    },
    Entry {
        name: "take",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "take(Tensor self, Tensor index) -> Tensor",
            call: |a| a.apply(Take, &[a.tensor(0)?, a.tensor(1)?]),
        }],
        documentation: "Elements by their number in row-major order; negative numbers count from the end. The result has \
                        the shape of `index`.",
        example: ">>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([3, 0]))\ntensor([4, 1])",
        samples: |s| {
            let mut samples = s.each_layout(|x| {
                let last = x.numel() as i64 - 1;
                let index = if last < 0 { vec![] } else { vec![last, 0, -1, last / 2] };
                vec![x.into(), Value::Tensor(Tensor::from_slice(&index))]
            });
            samples.push(Sample::new(vec![s.tensor(&[2, 2]).into(), s.indices(&[2, 3], 4).into()]));
            samples
        },
        ..Entry::DEFAULT
    },
];

const DATA: &[(&str, &str)] = &[(
    "trace",
    "the shape of the result, or that of its derivative, depends on data, which a trace does not have",
)];
