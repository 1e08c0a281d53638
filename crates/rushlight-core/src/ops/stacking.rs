//! Compositions that join, part and broadcast tensors: `hstack` and its kin, `atleast_1d` and its kin, `meshgrid`,
//! `broadcast_tensors`, `tensor_split`, `repeat_interleave`.

use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::{Shape, broadcast_shapes};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::Tensor;

/// At least one dimension.
fn one(x: &Tensor) -> Result<Tensor> {
    if x.rank() == 0 { x.reshape(&[1]) } else { Ok(x.clone()) }
}

/// At least two dimensions: a vector is a row.
fn two(x: &Tensor) -> Result<Tensor> {
    match x.rank() {
        0 => x.reshape(&[1, 1]),
        1 => x.unsqueeze(0),
        _ => Ok(x.clone()),
    }
}

/// At least three dimensions: a vector is a row, a matrix gets a last dimension.
fn three(x: &Tensor) -> Result<Tensor> {
    match x.rank() {
        0 => x.reshape(&[1, 1, 1]),
        1 => x.unsqueeze(0)?.unsqueeze(-1),
        2 => x.unsqueeze(-1),
        _ => Ok(x.clone()),
    }
}

fn each(tensors: &[Tensor], f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    tensors.iter().map(f).collect()
}

fn not_empty(tensors: &[Tensor], name: &str) -> Result<()> {
    if tensors.is_empty() {
        bail!(Runtime, "{name} expects a non-empty TensorList");
    }
    Ok(())
}

fn hstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty(tensors, "hstack")?;
    let all = each(tensors, one)?;
    Tensor::cat(&all, i64::from(all[0].rank() != 1))
}

fn vstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty(tensors, "vstack")?;
    Tensor::cat(&each(tensors, two)?, 0)
}

fn dstack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty(tensors, "dstack")?;
    Tensor::cat(&each(tensors, three)?, 2)
}

fn column_stack(tensors: &[Tensor]) -> Result<Tensor> {
    not_empty(tensors, "column_stack")?;
    let columns = |x: &Tensor| if x.rank() <= 1 { x.reshape(&[x.numel() as i64, 1]) } else { Ok(x.clone()) };
    hstack(&each(tensors, columns)?)
}

/// Tensors expanded to their common shape.
///
/// # Errors
/// If there is none.
pub fn broadcast_tensors(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    let mut shape = Shape::new();
    for x in tensors {
        shape = broadcast_shapes(&shape, x.shape())?;
    }
    each(tensors, |x| x.expand(&shape))
}

/// Grids of coordinates: `indexing` is `ij` or `xy`.
///
/// # Errors
/// If a tensor has more than one dimension, or dtypes differ.
pub fn meshgrid(tensors: &[Tensor], indexing: &str) -> Result<Vec<Tensor>> {
    not_empty(tensors, "meshgrid")?;
    for x in tensors {
        if x.rank() > 1 {
            bail!(Runtime, "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}");
        }
        if x.dtype() != tensors[0].dtype() {
            bail!(Runtime, "torch.meshgrid: all tensors must have the same dtype");
        }
    }
    let swaps = match indexing {
        "ij" => false,
        "xy" => tensors.len() >= 2,
        other => {
            bail!(Runtime, "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {other}")
        }
    };
    let mut order: Vec<usize> = (0..tensors.len()).collect();
    if swaps {
        order.swap(0, 1);
    }
    let shape: Shape = order.iter().map(|&i| tensors[i].numel()).collect();
    let mut grids = Vec::with_capacity(tensors.len());
    for (place, &i) in order.iter().enumerate() {
        let mut sizes = vec![1i64; tensors.len()];
        sizes[place] = -1;
        grids.push((i, tensors[i].view(&sizes)?.expand(&shape)?));
    }
    grids.sort_by_key(|&(i, _)| i);
    // With `xy`, PyTorch makes the grid of the exchanged tensors and transposes it back.
    Ok(grids.into_iter().map(|(_, grid)| grid).collect())
}

impl Tensor {
    /// Pieces along a dimension, cut before each of some indices; bounds are clipped as Python's are.
    ///
    /// # Errors
    /// If the dimension is out of range.
    pub fn tensor_split_at(&self, indices: &[i64], dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            bail!(
                Runtime,
                "tensor_split expected at least a 1-dimensional tensor, but got a tensor with {} dims",
                self.rank()
            );
        }
        let mut start = 0;
        let mut pieces = Vec::with_capacity(indices.len() + 1);
        for &end in indices {
            pieces.push(self.slice(dim, Some(start), Some(end), 1)?);
            start = end;
        }
        pieces.push(self.slice(dim, Some(start), None, 1)?);
        Ok(pieces)
    }

    /// So many pieces along a dimension, the first ones one longer where the size does not divide.
    ///
    /// # Errors
    /// If the number is not positive, or the dimension out of range.
    pub fn tensor_split(&self, sections: i64, dim: i64) -> Result<Vec<Tensor>> {
        if self.rank() == 0 {
            return self.tensor_split_at(&[], dim);
        }
        let d = self.layout().dim(dim)?;
        if sections <= 0 {
            bail!(Runtime, "number of sections must be larger than 0, got {sections}");
        }
        let size = self.shape()[d] as i64;
        let mut at = 0;
        (0..sections)
            .map(|i| {
                let start = at;
                at += size / sections + i64::from(i < size % sections);
                self.slice(dim, Some(start), Some(at), 1)
            })
            .collect()
    }

    /// Each element, or each slice along a dimension, repeated; without a dimension, of the elements in row-major order.
    ///
    /// # Errors
    /// If the number is negative, or the dimension out of range.
    pub fn repeat_interleave(&self, repeats: i64, dim: Option<i64>) -> Result<Tensor> {
        let Some(dim) = dim else { return self.flatten(0, -1)?.repeat_interleave(repeats, Some(0)) };
        if repeats < 0 {
            bail!(Runtime, "Repeats must be non-negative");
        }
        let x = one(self)?;
        let d = x.layout().dim(dim)?;
        let mut expanded = Shape::from_slice(x.shape());
        expanded.insert(d + 1, repeats as usize);
        let copies = x.unsqueeze(d as i64 + 1)?.expand(&expanded)?.clone_contiguous()?;
        copies.flatten(d as i64, d as i64 + 1)
    }

    /// Each slice along a dimension repeated as often as a vector of numbers says.
    ///
    /// # Errors
    /// If there are not as many numbers as slices, or one is negative.
    pub fn repeat_interleave_each(&self, repeats: &Tensor, dim: Option<i64>) -> Result<Tensor> {
        let (x, dim) = match dim {
            Some(dim) => (one(self)?, dim),
            None => (self.reshape(&[-1])?, 0),
        };
        let d = x.layout().dim(dim)?;
        if repeats.rank() > 1 {
            bail!(Runtime, "repeats must be 0-dim or 1-dim tensor");
        }
        let size = x.shape()[d];
        let repeats = if repeats.rank() == 0 || repeats.numel() == 1 {
            repeats.reshape(&[1])?.expand(&[size])?
        } else if repeats.numel() != size {
            bail!(
                Runtime,
                "repeats must have the same size as input along dim, but got repeats.size(0) = {} and input.size({d}) = {size}",
                repeats.numel()
            );
        } else {
            repeats.clone()
        };
        x.index_select(d as i64, &places_repeated(&repeats)?)
    }

    /// A row-major copy, also of a row-major tensor.
    fn clone_contiguous(&self) -> Result<Tensor> {
        crate::dispatch::apply(super::copy::CloneData { contiguous: true }, &[self])
    }
}

/// `0` as often as the first number says, `1` as often as the second, and so on.
fn places_repeated(repeats: &Tensor) -> Result<Tensor> {
    if !matches!(repeats.dtype(), DType::I64 | DType::I32) {
        bail!(
            NotImplemented,
            "\"repeat_interleave_cpu\" not implemented for '{}'",
            repeats.dtype().scalar_name()
        );
    }
    if repeats.rank() != 1 {
        bail!(Runtime, "repeat_interleave only accept 1D vector as repeat");
    }
    let counts = repeats.to_i64_vec()?;
    if counts.iter().any(|&n| n < 0) {
        bail!(Runtime, "repeats can not be negative");
    }
    let places: Vec<i64> =
        counts.iter().enumerate().flat_map(|(i, &n)| std::iter::repeat_n(i as i64, n as usize)).collect();
    Tensor::from_slice(&places).to_dtype(repeats.dtype())
}

/// `hsplit`, `vsplit`, `dsplit`: the name, the dimension, the fewest dimensions.
fn split_along(a: &Arguments<'_>, name: &str, dim: i64, least: usize) -> Result<Value> {
    let x = a.tensor(0)?;
    if x.rank() < least {
        bail!(
            Runtime,
            "torch.{name} requires a tensor with at least {least} dimension{}, but got a tensor with {} dimensions!",
            if least > 1 { "s" } else { "" },
            x.rank()
        );
    }
    let dim = if name == "hsplit" && x.rank() == 1 { 0 } else { dim };
    if let Value::Ints(indices) = a.value(1) {
        return Ok(x.tensor_split_at(indices, dim)?.into());
    }
    let (sections, size) = (a.int(1)?, x.shape()[dim as usize] as i64);
    if sections == 0 || size % sections != 0 {
        bail!(
            Runtime,
            "torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} is not divisible by the split_size {sections}!"
        );
    }
    Ok(x.tensor_split(sections, dim)?.into())
}

/// Checks that `output_size=` is what the repeats give.
fn check_size(a: &Arguments<'_>, i: usize, result: &Tensor, dim: i64) -> Result<()> {
    let Some(wanted) = a.optional_int(i)? else { return Ok(()) };
    let size = result.shape()[result.layout().dim(dim)?] as i64;
    if wanted != size {
        return Err(Error::runtime("allocated size does not match required size"));
    }
    Ok(())
}

fn pair(s: &Sampler, a: &[usize], b: &[usize]) -> Sample {
    Sample::new(vec![Value::Tensors(vec![s.tensor(a), s.tensor(b)])])
}

fn stack_samples(s: &Sampler) -> Vec<Sample> {
    vec![pair(s, &[2, 3], &[2, 3]), pair(s, &[3], &[3]), pair(s, &[], &[])]
}

macro_rules! joining {
    ($name:literal, $function:expr, $documentation:expr, $example:expr) => {
        Entry {
            name: $name,
            forms: Form::FUNCTION.and(Form::OUT),
            overloads: &[Overload {
                schema: concat!($name, "(Tensor[] tensors) -> Tensor"),
                call: |a| a.finish($function(a.tensors(0)?)?),
            }],
            documentation: $documentation,
            example: $example,
            samples: stack_samples,
            ..Entry::DEFAULT
        }
    };
}

macro_rules! at_least {
    ($name:literal, $function:expr, $documentation:expr, $example:expr) => {
        Entry {
            name: $name,
            forms: Form::FUNCTION,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self) -> Tensor"),
                    call: |a| Ok($function(a.tensor(0)?)?.into()),
                },
                Overload {
                    schema: concat!($name, "(Tensor[] tensors) -> Tensor[]"),
                    call: |a| Ok(each(a.tensors(0)?, $function)?.into()),
                },
            ],
            documentation: $documentation,
            example: $example,
            samples: |s| s.each_layout(|x| vec![x.into()]),
            ..Entry::DEFAULT
        }
    };
}

macro_rules! splitting {
    ($name:literal, $dim:literal, $least:literal, $shape:expr, $example:expr) => {
        Entry {
            name: $name,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor(a) self, int sections) -> Tensor(a)[]"),
                    call: |a| split_along(a, $name, $dim, $least),
                },
                Overload {
                    schema: concat!($name, "(Tensor(a) self, int[] indices) -> Tensor(a)[]"),
                    call: |a| split_along(a, $name, $dim, $least),
                },
            ],
            documentation: "Pieces along a dimension: so many equal ones, or cut before each of some indices.",
            example: $example,
            samples: |s| {
                vec![
                    Sample::new(vec![s.tensor(&$shape).into(), Value::Int(2)]),
                    Sample::new(vec![s.tensor(&$shape).into(), Value::Ints(vec![1])]).overload(1),
                ]
            },
            ..Entry::DEFAULT
        }
    };
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    joining!(
        "hstack",
        hstack,
        "Tensors side by side along the second dimension (vectors: the first).",
        ">>> torch.hstack([torch.tensor([1]), torch.tensor([2, 3])])\ntensor([1, 2, 3])"
    ),
    joining!(
        "vstack",
        vstack,
        "Tensors one below the other; vectors are rows.",
        ">>> torch.vstack([torch.tensor([1, 2]), torch.tensor([3, 4])])\ntensor([[1, 2],\n        [3, 4]])"
    ),
    joining!(
        "row_stack",
        vstack,
        "Tensors one below the other; vectors are rows.",
        ">>> torch.row_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])\ntensor([[1, 2],\n        [3, 4]])"
    ),
    joining!(
        "dstack",
        dstack,
        "Tensors one behind the other, along the third dimension.",
        ">>> torch.dstack([torch.tensor([1, 2]), torch.tensor([3, 4])])\ntensor([[[1, 3],\n         [2, 4]]])"
    ),
    joining!(
        "column_stack",
        column_stack,
        "Tensors side by side; vectors are columns.",
        ">>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])\ntensor([[1, 3],\n        [2, 4]])"
    ),
    at_least!(
        "atleast_1d",
        one,
        "The tensor, or tensors, with at least one dimension.",
        ">>> torch.atleast_1d(torch.tensor(1))\ntensor([1])"
    ),
    at_least!(
        "atleast_2d",
        two,
        "The tensor, or tensors, with at least two dimensions; a vector is a row.",
        ">>> torch.atleast_2d(torch.tensor([1, 2]))\ntensor([[1, 2]])"
    ),
    at_least!(
        "atleast_3d",
        three,
        "The tensor, or tensors, with at least three dimensions.",
        ">>> torch.atleast_3d(torch.tensor([1, 2])).shape\ntorch.Size([1, 2, 1])"
    ),
    Entry {
        name: "broadcast_tensors",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "broadcast_tensors(Tensor[] tensors) -> Tensor[]",
            call: |a| Ok(broadcast_tensors(a.tensors(0)?)?.into()),
        }],
        documentation: "Tensors expanded to their common shape.",
        example: ">>> [x.shape for x in torch.broadcast_tensors(torch.zeros(2, 1), torch.zeros(3))]\n[torch.Size([2, 3]), torch.Size([2, 3])]",
        samples: |s| vec![pair(s, &[2, 1], &[3])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "meshgrid",
        forms: Form::FUNCTION,
        overloads: &[
            Overload {
                schema: "meshgrid(Tensor[] tensors) -> Tensor[]",
                call: |a| {
                    crate::warn_once!(
                        User,
                        "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
                    );
                    Ok(meshgrid(a.tensors(0)?, "ij")?.into())
                },
            },
            Overload {
                schema: "meshgrid(Tensor[] tensors, *, str indexing) -> Tensor[]",
                call: |a| Ok(meshgrid(a.tensors(0)?, a.text(1)?)?.into()),
            },
        ],
        documentation: "Grids of coordinates from vectors: the first along the first dimension (`ij`) or along the second \
                        (`xy`).",
        example: ">>> torch.meshgrid([torch.tensor([1, 2]), torch.tensor([3])], indexing='ij')\n(tensor([[1],\n        [2]]), tensor([[3],\n        [3]]))",
        samples: |s| {
            ["ij", "xy"]
                .map(|indexing| {
                    let tensors = Value::Tensors(vec![s.tensor(&[2]), s.tensor(&[3])]);
                    Sample::new(vec![tensors, Value::Text(indexing.into())]).overload(1)
                })
                .into()
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "tensor_split",
        overloads: &[
            Overload {
                schema: "tensor_split(Tensor(a) self, Tensor tensor_indices_or_sections, int dim=0) -> Tensor(a)[]",
                call: |a| {
                    let (x, at) = (a.tensor(0)?, a.tensor(1)?);
                    if at.dtype() != DType::I64 {
                        bail!(
                            Runtime,
                            "tensor_split expected tensor_indices_or_sections to have dtype of long, but got {}",
                            at.dtype().scalar_name()
                        );
                    }
                    match at.rank() {
                        0 => Ok(x.tensor_split(at.item()?.to_i64(), a.int(2)?)?.into()),
                        1 => Ok(x.tensor_split_at(&at.to_i64_vec()?, a.int(2)?)?.into()),
                        n => bail!(
                            Runtime,
                            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor with {n} dims"
                        ),
                    }
                },
            },
            Overload {
                schema: "tensor_split(Tensor(a) self, SymInt sections, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.tensor_split(a.int(1)?, a.int(2)?)?.into()),
            },
            Overload {
                schema: "tensor_split(Tensor(a) self, SymInt[] indices, int dim=0) -> Tensor(a)[]",
                call: |a| Ok(a.tensor(0)?.tensor_split_at(a.ints(1)?, a.int(2)?)?.into()),
            },
        ],
        documentation: "Pieces along a dimension: so many about equal ones, or cut before each of some indices.",
        example: ">>> torch.arange(5).tensor_split(2)\n(tensor([0, 1, 2]), tensor([3, 4]))",
        samples: |s| {
            vec![
                Sample::new(vec![s.tensor(&[5, 2]).into(), Value::Int(3), Value::Int(0)]).overload(1),
                Sample::new(vec![s.tensor(&[2, 4]).into(), Value::Ints(vec![1, 3]), Value::Int(1)])
                    .overload(2),
            ]
        },
        ..Entry::DEFAULT
    },
    splitting!("hsplit", 1, 1, [2, 4], ">>> torch.arange(4).hsplit(2)\n(tensor([0, 1]), tensor([2, 3]))"),
    splitting!("vsplit", 0, 2, [4, 2], ">>> len(torch.zeros(4, 2).vsplit(2))\n2"),
    splitting!("dsplit", 2, 3, [1, 2, 4], ">>> len(torch.zeros(1, 2, 4).dsplit(2))\n2"),
    Entry {
        name: "repeat_interleave",
        overloads: &[
            Overload {
                schema: "repeat_interleave(Tensor self, Tensor repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor",
                call: |a| {
                    let (dim, at) = (a.optional_int(2)?, a.optional_int(2)?.unwrap_or(0));
                    let result = a.tensor(0)?.repeat_interleave_each(a.tensor(1)?, dim)?;
                    check_size(a, 3, &result, at)?;
                    Ok(result.into())
                },
            },
            Overload {
                schema: "repeat_interleave(Tensor repeats, *, SymInt? output_size=None) -> Tensor",
                call: |a| {
                    let result = places_repeated(a.tensor(0)?)?;
                    check_size(a, 1, &result, 0)?;
                    Ok(result.into())
                },
            },
            Overload {
                schema: "repeat_interleave(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor",
                call: |a| {
                    let (dim, at) = (a.optional_int(2)?, a.optional_int(2)?.unwrap_or(0));
                    let result = a.tensor(0)?.repeat_interleave(a.int(1)?, dim)?;
                    check_size(a, 3, &result, at)?;
                    Ok(result.into())
                },
            },
        ],
        documentation: "Each element, or each slice along a dimension, repeated: all as often, or each as often as a \
                        vector of numbers says. Of numbers alone: the places that they would repeat.",
        example: ">>> torch.tensor([1, 2]).repeat_interleave(2)\ntensor([1, 1, 2, 2])",
        samples: |s| {
            let mut samples: Vec<Sample> = s
                .each_layout(|x| vec![x.into(), Value::Int(2), Value::None, Value::None])
                .into_iter()
                .map(|sample| sample.overload(2))
                .collect();
            samples.push(
                Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(2), Value::Int(1), Value::None])
                    .overload(2),
            );
            samples.push(Sample::new(vec![
                s.tensor(&[3, 2]).into(),
                Tensor::from_slice(&[1i64, 0, 2]).into(),
                Value::Int(0),
                Value::None,
            ]));
            samples
        },
        exempt: &[
            ("vmap", "numbers of repeats that are hidden have no common shape"),
            ("trace", "the shape of its result depends on the values of `repeats`"),
        ],
        ..Entry::DEFAULT
    },
];
