//! Order: `sort`, `argsort`, `topk`, `kthvalue`, `median`, `cummax`, `cummin`.
//!
//! All of them return elements of their input and the places that these came from; the gradient goes back to the places.

use super::extremes::{one_of, put_back, take_from};
use super::reduce::{Aside, only, reduced_shape, strides_over};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Differentiability, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
    apply_multi,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::{Shape, wrap_dim};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, Element, Operand, lines::Scan};
use smallvec::smallvec;

/// Which elements are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// All, sorted; and whether the caller asked for stability, which has a node of its own (every sort is stable).
    Sort(bool),
    /// The first few of the sorted ones.
    Top(usize),
    /// The one that so many others precede; the dimension is removed unless it is kept.
    Kth(usize, bool),
    /// The lower median; the dimension is removed unless it is kept.
    Median(bool),
    /// The largest so far.
    RunningMax,
    /// The smallest so far.
    RunningMin,
}

/// Elements along a dimension by their order, and their places.
#[derive(Clone)]
pub struct Ordered {
    /// Which.
    pub order: Order,
    /// Along which dimension.
    pub dim: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// The dimension and shape of an input, where a number is a line of one.
fn line_shape(x: &[usize]) -> Shape {
    if x.is_empty() { smallvec![1] } else { x.into() }
}

impl Ordered {
    /// Whether the dimension is removed.
    fn removes(&self) -> bool {
        matches!(self.order, Order::Kth(_, false) | Order::Median(false))
    }

    fn result_shape(&self, shape: &[usize]) -> Shape {
        let mut result = Shape::from_slice(shape);
        match self.order {
            _ if shape.is_empty() => {}
            Order::Top(k) => result[self.dim] = k,
            Order::Kth(_, keep) | Order::Median(keep) => {
                return reduced_shape(shape, &one_of(self.dim, shape.len()), keep);
            }
            _ => {}
        }
        result
    }

    fn check(&self, x: &Meta) -> Result<()> {
        let size = x.shape().get(self.dim).copied().unwrap_or(1);
        match self.order {
            Order::Top(k) if k > size => bail!(Runtime, "selected index k out of range"),
            Order::Kth(rank, _) if rank >= size => {
                bail!(Runtime, "kthvalue(): selected number k out of range for dimension {}", self.dim)
            }
            Order::Median(_) if x.dtype == DType::Bool => {
                Err(Error::not_implemented("\"median_out\" not implemented for 'Bool'"))
            }
            Order::Median(_) if size == 0 => {
                bail!(Index, "median(): Expected reduction dim {} to have non-zero size.", self.dim)
            }
            _ => Ok(()),
        }
    }
}

/// Writes the elements of a rank along a dimension, and their places.
fn select(x: &View<'_>, values: &ViewMut<'_>, places: &ViewMut<'_>, dim: usize, rank: usize) -> Result<()> {
    let dtype = x.meta.dtype;
    let shape = line_shape(x.shape());
    let reduced = one_of(dim, shape.len());
    let from =
        if x.shape().is_empty() { smallvec![1] } else { crate::layout::Strides::from_slice(x.strides()) };
    let over = |strides: &[isize]| {
        if x.shape().is_empty() { smallvec![0] } else { strides_over(strides, &reduced) }
    };
    let (to, at) = (over(values.strides()), over(places.strides()));
    // SAFETY: claimed and in bounds; the outputs are fresh; the rank was checked.
    let done = unsafe {
        kernels::sort::select(
            dtype,
            &shape,
            Operand::input(x.pointer, &from, dtype.size()),
            Operand::new(values.pointer, &to, dtype.size()),
            Operand::new(places.pointer, &at, 8),
            dim,
            rank,
        )
    };
    if done { Ok(()) } else { bail!(Runtime, "a dimension of more than 2^32 elements cannot be sorted") }
}

impl Primitive for Ordered {
    fn name(&self) -> &'static str {
        match self.order {
            Order::Sort(false) => "SortBackward0",
            Order::Sort(true) => "SortBackward1",
            Order::Top(_) => "TopkBackward0",
            Order::Kth(..) => "KthvalueBackward0",
            Order::Median(_) => "MedianBackward1",
            Order::RunningMax => "CummaxBackward0",
            Order::RunningMin => "CumminBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        self.check(x)?;
        let shape = self.result_shape(x.shape());
        outputs.push(Meta::contiguous(&shape, x.dtype));
        outputs.push(Meta::contiguous(&shape, DType::I64));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let [values, places] = outputs else { bail!(Runtime, "two results are wanted") };
        let x = &inputs[0];
        let dtype = x.meta.dtype;
        let shape = line_shape(x.shape());
        if values.meta.elements() == 0 {
            return Ok(());
        }
        let line = |strides: &[isize]| -> crate::layout::Strides {
            if strides.is_empty() { smallvec![1] } else { strides.into() }
        };
        match self.order {
            Order::Sort(_) | Order::Top(_) => {
                let count = if let Order::Top(k) = self.order { k } else { shape[self.dim] };
                let (from, to, at) = (line(x.strides()), line(values.strides()), line(places.strides()));
                // SAFETY: claimed and in bounds; the outputs are fresh; the count was checked.
                let done = unsafe {
                    kernels::sort::sort(
                        dtype,
                        &shape,
                        Operand::input(x.pointer, &from, dtype.size()),
                        Operand::new(values.pointer, &to, dtype.size()),
                        Operand::new(places.pointer, &at, 8),
                        self.dim,
                        count,
                        self.descending,
                    )
                };
                if !done {
                    bail!(Runtime, "a dimension of more than 2^32 elements cannot be sorted");
                }
                Ok(())
            }
            Order::Kth(rank, _) => select(x, values, places, self.dim, rank),
            Order::Median(_) => {
                let size = shape[self.dim];
                select(x, values, places, self.dim, (size - 1) / 2)?;
                if dtype.is_floating_point() {
                    propagate_nan(x, values, places, self.dim, size)?;
                }
                Ok(())
            }
            Order::RunningMax | Order::RunningMin => {
                let scan = if self.order == Order::RunningMax { Scan::Max } else { Scan::Min };
                let (from, to, at) = (line(x.strides()), line(values.strides()), line(places.strides()));
                let input = Operand::input(x.pointer, &from, dtype.size());
                // SAFETY: claimed and in bounds; the outputs are fresh.
                unsafe {
                    kernels::lines::scan_places(
                        scan,
                        dtype,
                        &shape,
                        Operand::new(places.pointer, &at, 8),
                        input,
                        self.dim,
                    );
                    let mut fixed = from.clone();
                    fixed[self.dim] = 0;
                    let index = kernels::index::Index {
                        ptr: places.pointer.cast_const().cast(),
                        strides: &at,
                        size: shape[self.dim],
                        stride: from[self.dim],
                        negative: false,
                    };
                    kernels::index::gather(
                        &shape,
                        Operand::new(values.pointer, &to, dtype.size()),
                        Operand::input(x.pointer, &fixed, dtype.size()),
                        &[index],
                    )
                }
                .map_err(|e| Error::index(format!("index {} is out of bounds", e.index)))
            }
        }
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0).output(1)
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(g) = &gradients[0] else { return Ok(Gradients::new()) };
        let shape = context.shape(0)?;
        let places = context.output(1)?;
        Ok(smallvec![Some(put_back(g, &places, self.dim, !self.removes(), &shape)?)])
    }
    fn jvp_all(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Gradients> {
        let (t, places) = (only(t)?, context.output(1));
        Ok(smallvec![Some(take_from(t, places, self.dim, !self.removes())?), None])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim.filter(|_| inputs[0].tensor.rank() > 1) else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let results = apply_multi(Self { dim: self.dim + 1, ..self.clone() }, &[&x])?;
        Ok(Some(results.into_iter().map(|r| (r, Some(0))).collect()))
    }
}

/// The median of numbers with a NaN among them is NaN: they come last in the order.
fn propagate_nan(
    x: &View<'_>,
    values: &mut ViewMut<'_>,
    places: &mut ViewMut<'_>,
    dim: usize,
    size: usize,
) -> Result<()> {
    let dtype = x.meta.dtype;
    let mut last = Aside::new(values.shape(), dtype)?;
    let mut last_places = Aside::new(values.shape(), DType::I64)?;
    select(x, &last.view_mut(), &last_places.view_mut(), dim, size - 1)?;
    let (from, at) = (last.view().pointer, last_places.view().pointer);
    kernels::dispatch_all!(dtype, T => {
        for i in 0..values.meta.elements() {
            // SAFETY: four row-major arrays of this many elements.
            unsafe {
                let value = from.cast::<T>().add(i).read();
                if Element::is_nan(value) {
                    values.pointer.cast::<T>().add(i).write(value);
                    places.pointer.cast::<i64>().add(i).write(at.cast::<i64>().add(i).read());
                }
            }
        }
    });
    Ok(())
}

/// The places alone, which have no derivative.
#[derive(Clone)]
struct Places(Ordered);

impl Primitive for Places {
    fn name(&self) -> &'static str {
        "ArgsortBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(inputs[0].shape(), DType::I64));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let mut values = Aside::new(inputs[0].shape(), inputs[0].meta.dtype)?;
        let places = ViewMut { pointer: outputs[0].pointer, meta: outputs[0].meta };
        self.0.forward(inputs, &mut [values.view_mut(), places])
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some(dim) = inputs[0].dim.filter(|_| inputs[0].tensor.rank() > 1) else { return Ok(None) };
        let x = inputs[0].tensor.movedim(&[dim as i64], &[0])?;
        let behind = Ordered { dim: self.0.dim + 1, ..self.0.clone() };
        Ok(Some(vec![(apply(Self(behind), &[&x])?, Some(0))]))
    }
}

/// Two results by name.
fn pair(x: &Tensor, order: Order, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
    let dim = wrap_dim(dim, x.rank())?;
    let mut results = apply_multi(Ordered { order, dim, descending }, &[x])?.into_iter();
    match (results.next(), results.next()) {
        (Some(values), Some(places)) => Ok((values, places)),
        _ => bail!(Runtime, "two results are wanted"),
    }
}

impl Tensor {
    /// The elements along a dimension in ascending or descending order, and their places; stable.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn sort(&self, dim: i64, descending: bool) -> Result<(Tensor, Tensor)> {
        pair(self, Order::Sort(false), dim, descending)
    }

    /// The places that would sort the elements along a dimension.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn argsort(&self, dim: i64, descending: bool) -> Result<Tensor> {
        let dim = wrap_dim(dim, self.rank())?;
        apply(Places(Ordered { order: Order::Sort(false), dim, descending }), &[self])
    }

    /// The k largest (or smallest) elements along a dimension in order, and their places.
    ///
    /// # Errors
    /// If the dimension is out of range, or has fewer elements.
    pub fn topk(&self, k: usize, dim: i64, largest: bool) -> Result<(Tensor, Tensor)> {
        pair(self, Order::Top(k), dim, largest)
    }

    /// The lower median of all elements; NaN if there is one, or if there are no elements.
    ///
    /// # Errors
    /// For `bool`.
    pub fn median(&self) -> Result<Tensor> {
        if self.dtype() == DType::Bool {
            bail!(NotImplemented, "\"median_cpu\" not implemented for '{}'", self.dtype().scalar_name());
        }
        apply(MedianOfAll, &[self])
    }
}

/// The lower median of all elements.
#[derive(Clone)]
struct MedianOfAll;

impl Primitive for MedianOfAll {
    fn name(&self) -> &'static str {
        "MedianBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&[], inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, output) = (&inputs[0], &mut outputs[0]);
        let dtype = x.meta.dtype;
        let count = x.meta.elements();
        if count == 0 {
            // PyTorch gives NaN, and of integers the smallest.
            kernels::dispatch_all!(dtype, T => {
                let nothing =
                    if dtype.is_floating_point() { Element::from_f64(f64::NAN) } else { Element::from_i64(i64::MIN) };
                // SAFETY: one element, fresh.
                unsafe { output.pointer.cast::<T>().write(nothing) };
            });
            return Ok(());
        }
        let mut flat = Aside::new(&[count], dtype)?;
        let rows = Meta::contiguous(x.shape(), dtype);
        super::copy::copy_view(&mut ViewMut { pointer: flat.view_mut().pointer, meta: &rows }, x);
        let mut place = Aside::new(&[], DType::I64)?;
        let operation = Ordered { order: Order::Median(false), dim: 0, descending: false };
        let value = ViewMut { pointer: output.pointer, meta: output.meta };
        operation.forward(&[flat.view()], &mut [value, place.view_mut()])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let x = context.input(0)?;
        let all: super::reduce::Reduced = smallvec![true; x.rank()];
        Ok(smallvec![Some(super::extremes::share(g, &x, &context.output(0)?, &all, false)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let x = context.input(0);
        let all: super::reduce::Reduced = smallvec![true; x.rank()];
        super::extremes::gather_share(only(t)?, x, context.output(0), &all, false)
    }
}

fn call(a: &Arguments<'_>, name: &'static str, order: Order, dim: i64, descending: bool) -> Result<Value> {
    let (values, places) = pair(a.tensor(0)?, order, dim, descending)?;
    a.finish_named(name, &["values", "indices"], vec![values, places])
}

/// The dimension, the last unless given.
fn dim_or_last(a: &Arguments<'_>, i: usize) -> Result<i64> {
    Ok(a.optional_int(i)?.unwrap_or(-1))
}

/// A size that is not negative.
fn size(a: &Arguments<'_>, i: usize, message: &'static str) -> Result<usize> {
    usize::try_from(a.int(i)?).map_err(|_| Error::runtime(message))
}

/// Samples of different numbers; `rest` gives the arguments after the tensor, for a dimension.
fn samples(s: &Sampler, rest: impl Fn(i64) -> Vec<Value>) -> Vec<Sample> {
    let distinct = |shape: &[usize]| super::extremes::distinct(s, shape);
    let transposed = distinct(&[3, 2]).t().expect("two dimensions");
    let expanded = distinct(&[3, 1]).expand(&[3, 2]).expect("expands");
    [(distinct(&[2, 5]), 1), (transposed, 0), (expanded, 0), (distinct(&[]), 0)]
        .into_iter()
        .map(|(x, dim)| {
            let mut arguments = vec![x.into()];
            arguments.extend(rest(dim));
            Sample::new(arguments)
        })
        .collect()
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "sort",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "sort(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
                call: |a| call(a, "sort", Order::Sort(true), dim_or_last(a, 2)?, a.bool(3)?),
            },
            Overload {
                schema: "sort(Tensor self, int dim=-1, bool descending=False) -> (Tensor values, Tensor indices)",
                call: |a| call(a, "sort", Order::Sort(false), dim_or_last(a, 1)?, a.bool(2)?),
            },
        ],
        documentation: "The elements along the dimension `dim` in ascending order (descending if asked), and their places, \
as a named tuple. Equal elements keep their order; NaN counts as the largest.",
        example: ">>> torch.tensor([3., 1., 2.]).sort().values\ntensor([1., 2., 3.])",
        samples: |s| {
            let mut samples = samples(s, |dim| vec![Value::Int(dim), Value::Bool(dim == 0)]);
            for sample in &mut samples {
                sample.overload = 1;
            }
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "argsort",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[
            Overload {
                schema: "argsort(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor",
                call: |a| Ok(a.tensor(0)?.argsort(dim_or_last(a, 2)?, a.bool(3)?)?.into()),
            },
            Overload {
                schema: "argsort(Tensor self, int dim=-1, bool descending=False) -> Tensor",
                call: |a| Ok(a.tensor(0)?.argsort(dim_or_last(a, 1)?, a.bool(2)?)?.into()),
            },
        ],
        documentation: "The places that would sort the elements along the dimension `dim`, as `int64`: see `sort`.",
        example: ">>> torch.tensor([3., 1., 2.]).argsort()\ntensor([1, 2, 0])",
        samples: |s| {
            let mut samples = samples(s, |dim| vec![Value::Int(dim), Value::Bool(false)]);
            for sample in &mut samples {
                sample.overload = 1;
            }
            samples
        },
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "topk",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor indices)",
            call: |a| {
                let k = size(a, 1, "selected index k out of range")?;
                let largest = a.is_none(3) || a.bool(3)?;
                call(a, "topk", Order::Top(k), dim_or_last(a, 2)?, largest)
            },
        }],
        documentation: "The `k` largest (or smallest) elements along the dimension `dim` in order, and their places, as a \
named tuple.",
        example: ">>> torch.tensor([3., 1., 2.]).topk(2).values\ntensor([3., 2.])",
        samples: |s| {
            samples(s, |dim| vec![Value::Int(1), Value::Int(dim), Value::Bool(dim == 0), Value::Bool(true)])
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "kthvalue",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "kthvalue(Tensor self, SymInt k, int dim=-1, bool keepdim=False) -> (Tensor values, Tensor indices)",
            call: |a| {
                let x = a.tensor(0)?;
                let dim = dim_or_last(a, 2)?;
                let wrapped = wrap_dim(dim, x.rank())?;
                let k = a.int(1)?;
                if k < 1 {
                    bail!(Runtime, "kthvalue(): selected number k out of range for dimension {wrapped}");
                }
                call(a, "kthvalue", Order::Kth(k as usize - 1, a.bool(3)?), dim, false)
            },
        }],
        documentation: "The `k`-th smallest element along the dimension `dim` (counted from 1), and its place, as a named \
tuple.",
        example: ">>> torch.tensor([3., 1., 2.]).kthvalue(2).values\ntensor(2.)",
        samples: |s| samples(s, |dim| vec![Value::Int(1), Value::Int(dim), Value::Bool(dim == 0)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "median",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload { schema: "median(Tensor self) -> Tensor", call: |a| a.finish(a.tensor(0)?.median()?) },
            Overload {
                schema: "median(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
                call: |a| call(a, "median", Order::Median(a.bool(2)?), a.int(1)?, false),
            },
        ],
        documentation: "The median of all elements (of an even number, the lower one), or along the dimension `dim` with \
its place, as a named tuple. NaN if there is a NaN.",
        example: ">>> torch.tensor([3., 1., 2., 4.]).median()\ntensor(2.)",
        samples: |s| {
            let mut all = samples(s, |_| Vec::new());
            // Equal elements share the gradient, which no difference shows.
            all.remove(2);
            let mut along = samples(s, |dim| vec![Value::Int(dim), Value::Bool(dim == 0)]);
            for sample in &mut along {
                sample.overload = 1;
            }
            all.extend(along);
            all
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "cummax",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "cummax(Tensor self, int dim) -> (Tensor values, Tensor indices)",
            call: |a| call(a, "cummax", Order::RunningMax, a.int(1)?, false),
        }],
        documentation: "The largest elements so far along the dimension `dim`, and their places, as a named tuple.",
        example: ">>> torch.tensor([1., 3., 2.]).cummax(0).values\ntensor([1., 3., 3.])",
        samples: |s| samples(s, |dim| vec![Value::Int(dim)]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "cummin",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "cummin(Tensor self, int dim) -> (Tensor values, Tensor indices)",
            call: |a| call(a, "cummin", Order::RunningMin, a.int(1)?, false),
        }],
        documentation: "The smallest elements so far along the dimension `dim`, and their places, as a named tuple.",
        example: ">>> torch.tensor([3., 1., 2.]).cummin(0).values\ntensor([3., 1., 1.])",
        samples: |s| samples(s, |dim| vec![Value::Int(dim)]),
        ..Entry::DEFAULT
    },
];
