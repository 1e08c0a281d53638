//! `gather`, `scatter`, `index_select` and their kin: arguments checked, then handed to the primitives of `places.rs`.

mod check;

use check::{check_add, check_copy, check_fill, check_gather, check_scatter, check_select, size};

use super::places::{Bounds, Pattern, Pick, Places, Put, PutNumber};
use crate::dispatch::{apply, apply_in_place};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::Tensor;

fn elements(dim: usize) -> Places {
    Places { pattern: Pattern::Elements, dim, bounds: Bounds::Runtime }
}

fn slices(dim: usize, bounds: Bounds) -> Places {
    Places { pattern: Pattern::Slices, dim, bounds }
}

fn gather(x: &Tensor, dim: i64, index: &Tensor) -> Result<(Pick, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_gather(x, dim, index)?;
    let pick = Pick { places: elements(dim), node: "GatherBackward0", keeps: true };
    Ok((pick, index.to_dtype(DType::I64)?))
}

fn scatter(x: &Tensor, dim: i64, index: &Tensor, source: &Tensor, add: bool) -> Result<(Put, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_scatter(x, dim, index, Some(source))?;
    let node = if add { "ScatterAddBackward0" } else { "ScatterBackward0" };
    Ok((Put { places: elements(dim), add, alpha: Scalar::Int(1), node }, index.to_dtype(DType::I64)?))
}

fn scatter_number(x: &Tensor, dim: i64, index: &Tensor, value: Scalar) -> Result<(PutNumber, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_scatter(x, dim, index, None)?;
    Ok((PutNumber { places: elements(dim), value, node: "ScatterBackward1" }, index.to_dtype(DType::I64)?))
}

fn index_select(x: &Tensor, dim: i64, index: &Tensor) -> Result<(Pick, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_select(x, dim, index)?;
    let pick = Pick { places: slices(dim, Bounds::Select), node: "IndexSelectBackward0", keeps: false };
    Ok((pick, index.to_dtype(DType::I64)?))
}

fn index_add(x: &Tensor, dim: i64, index: &Tensor, source: &Tensor, alpha: Scalar) -> Result<(Put, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_add(x, dim, index, source)?;
    let put = Put { places: slices(dim, Bounds::Add), add: true, alpha, node: "IndexAddBackward0" };
    Ok((put, index.to_dtype(DType::I64)?))
}

fn index_copy(x: &Tensor, dim: i64, index: &Tensor, source: &Tensor) -> Result<(Put, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_copy(x, dim, index, source)?;
    let places = slices(dim, Bounds::Copy);
    Ok((Put { places, add: false, alpha: Scalar::Int(1), node: "IndexCopyBackward0" }, index.clone()))
}

fn index_fill(x: &Tensor, dim: i64, index: &Tensor, value: Scalar) -> Result<PutNumber> {
    let dim = x.layout().dim(dim)?;
    check_fill(index)?;
    Ok(PutNumber { places: slices(dim, Bounds::FromEitherEnd), value, node: "IndexFillBackward0" })
}

fn index_fill_tensor(x: &Tensor, dim: i64, index: &Tensor, value: &Tensor) -> Result<(Put, Tensor)> {
    let dim = x.layout().dim(dim)?;
    check_fill(index)?;
    if value.rank() != 0 {
        bail!(
            Runtime,
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
            value.rank()
        );
    }
    let places = slices(dim, Bounds::FromEitherEnd);
    let put = Put { places, add: false, alpha: Scalar::Int(1), node: "IndexFillBackward1" };
    Ok((put, value.to_dtype(x.dtype())?))
}

impl Tensor {
    /// Elements along a dimension at the places that `index` names, one for each element of the result:
    /// `y[i, j] = x[index[i, j], j]` along dimension 0.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_vec([1.0f32, 2.0, 3.0, 4.0], &[2, 2])?;
    /// let index = Tensor::from_vec([1i64, 0], &[1, 2])?;
    /// assert_eq!(x.gather(0, &index)?.to_vec::<f32>()?, [3.0, 2.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an index is out of bounds, the index has another rank, or is larger in another dimension.
    pub fn gather(&self, dim: i64, index: &Tensor) -> Result<Tensor> {
        let (pick, index) = gather(self, dim, index)?;
        apply(pick, &[self, &index])
    }

    /// A copy with elements of `source` written along a dimension at the places that `index` names: the reverse of
    /// [`Tensor::gather`].
    ///
    /// # Errors
    /// If an index is out of bounds, or shapes or dtypes do not fit.
    pub fn scatter(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (put, index) = scatter(self, dim, index, source, false)?;
        apply(put, &[self, source, &index])
    }

    /// A copy with elements of `source` added along a dimension at the places that `index` names.
    ///
    /// # Errors
    /// If an index is out of bounds, or shapes or dtypes do not fit.
    pub fn scatter_add(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (put, index) = scatter(self, dim, index, source, true)?;
        apply(put, &[self, source, &index])
    }

    /// Adds elements of `source` along a dimension at the places that `index` names.
    ///
    /// # Errors
    /// As for [`Tensor::scatter_add`], and those of in-place changes.
    pub fn scatter_add_(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (put, index) = scatter(self, dim, index, source, true)?;
        apply_in_place(put, &[self, source, &index])
    }

    /// Slices of a dimension, in the order of a vector of indices.
    ///
    /// # Errors
    /// If an index is out of bounds.
    pub fn index_select(&self, dim: i64, index: &Tensor) -> Result<Tensor> {
        let (pick, index) = index_select(self, dim, index)?;
        apply(pick, &[self, &index])
    }

    /// A copy with slices of `source` added along a dimension at the places that a vector of indices names.
    ///
    /// # Errors
    /// If an index is out of bounds, or shapes or dtypes do not fit.
    pub fn index_add(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (put, index) = index_add(self, dim, index, source, Scalar::Int(1))?;
        apply(put, &[self, source, &index])
    }

    /// A copy with slices of `source` written along a dimension at the places that a vector of indices names.
    ///
    /// # Errors
    /// If an index is out of bounds, or shapes or dtypes do not fit.
    pub fn index_copy(&self, dim: i64, index: &Tensor, source: &Tensor) -> Result<Tensor> {
        let (put, index) = index_copy(self, dim, index, source)?;
        apply(put, &[self, source, &index])
    }

    /// A copy with one number in the slices along a dimension that a vector of indices names.
    ///
    /// # Errors
    /// If an index is out of bounds.
    pub fn index_fill(&self, dim: i64, index: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        apply(index_fill(self, dim, index, value.into())?, &[self, index])
    }

    /// [`Tensor::gather`] where tensor and index broadcast, except along the dimension; without one, of the elements in
    /// row-major order.
    ///
    /// # Errors
    /// As for [`Tensor::gather`].
    pub fn take_along_dim(&self, index: &Tensor, dim: Option<i64>) -> Result<Tensor> {
        if index.dtype() != DType::I64 {
            bail!(
                Runtime,
                "torch.take_along_dim(): dtype of indices should be Long but got {}",
                index.dtype().scalar_name()
            );
        }
        let Some(dim) = dim else { return self.reshape(&[-1])?.gather(0, &index.reshape(&[-1])?) };
        if self.rank() != index.rank() {
            bail!(
                Runtime,
                "torch.take_along_dim(): input and indices should have the same number of dimensions, but got {} dimensions for input, and {} dimensions for indices",
                self.rank(),
                index.rank()
            );
        }
        let dim = self.layout().dim(dim)?;
        let shape_with = |along: usize, sizes: &[usize]| {
            let mut shape = crate::layout::Shape::from_slice(sizes);
            if let Some(size) = shape.get_mut(dim) {
                *size = along;
            }
            shape
        };
        let common =
            crate::layout::broadcast_shapes(&shape_with(1, self.shape()), &shape_with(1, index.shape()))?;
        let x = self.expand(&shape_with(size(self, dim)?, &common))?;
        x.gather(dim as i64, &index.expand(&shape_with(size(index, dim)?, &common))?)
    }
}

fn scatter_call(a: &Arguments<'_>, add: bool) -> Result<Value> {
    let (x, source) = (a.tensor(0)?, a.tensor(3)?);
    let (put, index) = scatter(x, a.int(1)?, a.tensor(2)?, source, add)?;
    a.apply(put, &[x, source, &index])
}

/// `scatter(..., reduce=)`: the old form, which has no derivative.
fn scatter_reduced(a: &Arguments<'_>, source: &Tensor) -> Result<Value> {
    let (x, reduce) = (a.tensor(0)?, a.text(4)?);
    match reduce {
        "add" => {
            let (put, index) = scatter(x, a.int(1)?, a.tensor(2)?, source, true)?;
            a.apply(put, &[x, source, &index])
        }
        "multiply" => bail!(NotImplemented, "scatter with reduce='multiply' is not supported yet"),
        _ => bail!(Runtime, "reduce argument must be either add or multiply."),
    }
}

fn samples_with(s: &crate::registry::Sampler, f: impl Fn(Tensor, i64, Tensor) -> Vec<Value>) -> Vec<Sample> {
    let t = |rows: usize, columns: usize| s.tensor(&[rows, columns]);
    let index = |values: &[i64], shape: &[usize]| Tensor::from_vec(values, shape).expect("the shape fits");
    [
        ("rows", t(3, 2), 0, index(&[2, 0, 1, 1], &[2, 2])),
        ("columns", t(2, 4), 1, index(&[0, 3, 2, 1], &[2, 2])),
        ("transposed", t(2, 3).t().expect("two dimensions"), -1, index(&[1, 0, 0], &[3, 1])),
        ("vector", s.tensor(&[4]), 0, index(&[3, 1], &[2])),
        ("0-d", s.tensor(&[]), 0, index(&[0], &[])),
        ("empty", t(3, 2), 0, index(&[], &[0, 2])),
    ]
    .into_iter()
    .map(|(note, x, dim, index)| Sample { overload: 0, arguments: f(x, dim, index), note })
    .collect()
}

/// Arguments of operations on slices: a tensor, a dimension, a vector of indices, the shape of a source.
fn slice_samples(
    s: &crate::registry::Sampler,
    f: impl Fn(Tensor, i64, Tensor, &[usize]) -> Vec<Value>,
) -> Vec<Sample> {
    let index = |values: &[i64]| Tensor::from_slice(values);
    [
        ("rows", s.tensor(&[3, 2]), 0, index(&[2, 0]), vec![2, 2]),
        ("columns", s.tensor(&[2, 4]), 1, index(&[0, 3, 1]), vec![2, 3]),
        ("transposed", s.tensor(&[2, 3]).t().expect("two dimensions"), -1, index(&[1]), vec![3, 1]),
        ("vector", s.tensor(&[4]), 0, index(&[3, 1]), vec![2]),
        ("0-d", s.tensor(&[]), 0, index(&[0]), vec![]),
        ("empty", s.tensor(&[2, 0]), 0, index(&[1]), vec![1, 0]),
    ]
    .into_iter()
    .map(|(note, x, dim, index, shape)| Sample { overload: 0, arguments: f(x, dim, index, &shape), note })
    .collect()
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "gather",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                let (pick, index) = gather(x, a.int(1)?, a.tensor(2)?)?;
                a.apply(pick, &[x, &index])
            },
        }],
        documentation: "Elements along a dimension, one place for each element of the result: \
                        `y[i, j] = x[index[i, j], j]` along dimension 0. The result has the shape of `index`.",
        example: ">>> torch.tensor([[1, 2], [3, 4]]).gather(1, torch.tensor([[0], [1]]))\ntensor([[1],\n        [4]])",
        samples: |s| samples_with(s, |x, dim, index| vec![x.into(), dim.into(), index.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "scatter",
        forms: Form::ALL,
        overloads: &[
            Overload {
                schema: "scatter(Tensor self, int dim, Tensor index, Tensor src) -> Tensor",
                call: |a| scatter_call(a, false),
            },
            Overload {
                schema: "scatter(Tensor self, int dim, Tensor index, Tensor src, *, str reduce) -> Tensor",
                call: |a| scatter_reduced(a, a.tensor(3)?),
            },
            Overload {
                schema: "scatter(Tensor self, int dim, Tensor index, Scalar value) -> Tensor",
                call: |a| {
                    let (put, index) = scatter_number(a.tensor(0)?, a.int(1)?, a.tensor(2)?, a.scalar(3)?)?;
                    a.apply(put, &[a.tensor(0)?, &index])
                },
            },
            Overload {
                schema: "scatter(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor",
                call: |a| {
                    let x = a.tensor(0)?;
                    scatter_reduced(a, &Tensor::full(a.tensor(2)?.shape(), a.scalar(3)?, x.dtype())?)
                },
            },
        ],
        documentation: "The tensor with elements of `src`, or a number, written along a dimension: \
                        `x[index[i, j], j] = src[i, j]` along dimension 0. Where an index repeats, which of the values \
                        stays is not defined.",
        example: ">>> torch.zeros(3).scatter(0, torch.tensor([2, 0]), torch.tensor([5., 7.]))\ntensor([7., 0., 5.])",
        samples: |s| {
            let mut samples = samples_with(s, |x, dim, index| {
                let source = s.tensor(index.shape());
                vec![x.into(), dim.into(), index.into(), source.into()]
            });
            samples.extend(
                samples_with(s, |x, dim, index| {
                    vec![x.into(), dim.into(), index.into(), Value::Scalar(1.5.into())]
                })
                .into_iter()
                .map(|sample| sample.overload(2)),
            );
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "scatter_add",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "scatter_add(Tensor self, int dim, Tensor index, Tensor src) -> Tensor",
            call: |a| scatter_call(a, true),
        }],
        documentation: "The tensor with elements of `src` added along a dimension: `x[index[i, j], j] += src[i, j]` along \
                        dimension 0.",
        example: ">>> torch.zeros(2).scatter_add(0, torch.tensor([1, 1]), torch.ones(2))\ntensor([0., 2.])",
        samples: |s| {
            samples_with(s, |x, dim, index| {
                let source = s.tensor(index.shape());
                vec![x.into(), dim.into(), index.into(), source.into()]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "index_select",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "index_select(Tensor self, int dim, Tensor index) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                let (pick, index) = index_select(x, a.int(1)?, a.tensor(2)?)?;
                a.apply(pick, &[x, &index])
            },
        }],
        documentation: "Slices of a dimension, in the order of a vector of indices.",
        example: ">>> torch.tensor([10, 20, 30]).index_select(0, torch.tensor([2, 0]))\ntensor([30, 10])",
        samples: |s| slice_samples(s, |x, dim, index, _| vec![x.into(), dim.into(), index.into()]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "index_add",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor",
            call: |a| {
                let (x, source) = (a.tensor(0)?, a.tensor(3)?);
                let alpha = if a.is_none(4) { Scalar::Int(1) } else { a.scalar(4)? };
                let (put, index) = index_add(x, a.int(1)?, a.tensor(2)?, source, alpha)?;
                a.apply(put, &[x, source, &index])
            },
        }],
        documentation: "The tensor with slices of `alpha * source` added at the places that a vector of indices names.",
        example: ">>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.ones(2), alpha=3)\ntensor([0., 6.])",
        samples: |s| {
            slice_samples(s, |x, dim, index, shape| {
                vec![x.into(), dim.into(), index.into(), s.tensor(shape).into(), Value::Scalar(1.5.into())]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "index_copy",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor",
            call: |a| {
                let (x, source) = (a.tensor(0)?, a.tensor(3)?);
                let (put, index) = index_copy(x, a.int(1)?, a.tensor(2)?, source)?;
                a.apply(put, &[x, source, &index])
            },
        }],
        documentation: DUPLICATES_OF_COPY,
        example: ">>> torch.zeros(3).index_copy(0, torch.tensor([2]), torch.ones(1))\ntensor([0., 0., 1.])",
        samples: |s| {
            slice_samples(s, |x, dim, index, shape| {
                vec![x.into(), dim.into(), index.into(), s.tensor(shape).into()]
            })
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "index_fill",
        forms: Form::FUNCTION_AND_METHOD.and(Form::IN_PLACE),
        overloads: &[
            Overload {
                schema: "index_fill(Tensor self, int dim, Tensor index, Tensor value) -> Tensor",
                call: |a| {
                    let x = a.tensor(0)?;
                    let (put, value) = index_fill_tensor(x, a.int(1)?, a.tensor(2)?, a.tensor(3)?)?;
                    a.apply(put, &[x, &value, a.tensor(2)?])
                },
            },
            Overload {
                schema: "index_fill(Tensor self, int dim, Tensor index, Scalar value) -> Tensor",
                call: |a| {
                    let x = a.tensor(0)?;
                    let put = index_fill(x, a.int(1)?, a.tensor(2)?, a.scalar(3)?)?;
                    a.apply(put, &[x, a.tensor(2)?])
                },
            },
        ],
        documentation: "The tensor with one value in the slices that a vector of indices names. Negative indices count \
                        from the end.",
        example: ">>> torch.zeros(3).index_fill(0, torch.tensor([0, -1]), 7)\ntensor([7., 0., 7.])",
        samples: |s| {
            let mut samples = slice_samples(s, |x, dim, index, _| {
                vec![x.into(), dim.into(), index.into(), s.tensor(&[]).into()]
            });
            samples.extend(
                slice_samples(s, |x, dim, index, _| {
                    vec![x.into(), dim.into(), index.into(), Value::Scalar(1.5.into())]
                })
                .into_iter()
                .map(|sample| sample.overload(1)),
            );
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "take_along_dim",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.take_along_dim(a.tensor(1)?, a.optional_int(2)?)?),
        }],
        documentation: "`gather` where tensor and indices broadcast, except along the dimension; without a dimension, of \
                        the elements in row-major order.",
        example: ">>> x = torch.tensor([[3, 1, 2]])\n>>> x.take_along_dim(x.argsort(dim=1), dim=1)\ntensor([[1, 2, 3]])",
        samples: |s| {
            let index = |values: &[i64], shape: &[usize]| Tensor::from_vec(values, shape).expect("fits");
            vec![
                Sample::new(vec![s.tensor(&[3, 2]).into(), index(&[2, 0], &[1, 2]).into(), Value::Int(0)]),
                Sample::new(vec![
                    s.tensor(&[1, 3]).into(),
                    index(&[2, 0, 1, 1], &[2, 2]).into(),
                    Value::Int(1),
                ]),
                Sample::new(vec![s.tensor(&[3, 2]).into(), index(&[5, 0, 1], &[3]).into(), Value::None]),
            ]
        },
        ..Entry::DEFAULT
    },
];

const DUPLICATES_OF_COPY: &str = "The tensor with slices of `source` written at the places that a vector of indices \
                                  names. Where an index repeats, which of the slices stays is not defined.";
