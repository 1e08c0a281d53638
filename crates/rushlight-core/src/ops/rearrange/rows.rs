//! The registry's rows of the copies in another arrangement.

use super::Triangle;
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::tensor::Tensor;

fn triangle(a: &Arguments<'_>, upper: bool) -> Result<Value> {
    let x = a.tensor(0)?;
    let operation: Triangle = x.triangle(upper, a.int(1)?)?;
    a.apply(operation, &[x])
}

/// `fliplr` and `flipud`.
fn flip_one(a: &Arguments<'_>, dim: i64) -> Result<Value> {
    let x = a.tensor(0)?;
    if (x.rank() as i64) <= dim {
        bail!(Runtime, "Input must be >= {}-d.", dim + 1);
    }
    Ok(x.flip(&[dim])?.into())
}

fn ints(values: &[i64]) -> Value {
    Value::Ints(values.to_vec())
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "flip",
        overloads: &[Overload {
            schema: "flip(Tensor self, int[] dims) -> Tensor",
            call: |a| Ok(a.tensor(0)?.flip(a.ints(1)?)?.into()),
        }],
        documentation: "A copy with dimensions read backwards.",
        example: ">>> torch.tensor([1, 2, 3]).flip(0)\ntensor([3, 2, 1])",
        samples: |s| {
            let mut samples = s.each_layout(|x| vec![x.into(), ints(&[0])]);
            samples.push(Sample::new(vec![s.tensor(&[2, 3, 2]).into(), ints(&[0, -1])]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "fliplr",
        overloads: &[Overload { schema: "fliplr(Tensor self) -> Tensor", call: |a| flip_one(a, 1) }],
        documentation: "The second dimension read backwards.",
        example: ">>> torch.tensor([[1, 2]]).fliplr()\ntensor([[2, 1]])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "flipud",
        overloads: &[Overload { schema: "flipud(Tensor self) -> Tensor", call: |a| flip_one(a, 0) }],
        documentation: "The first dimension read backwards.",
        example: ">>> torch.tensor([1, 2]).flipud()\ntensor([2, 1])",
        samples: |s| vec![Sample::new(vec![s.tensor(&[2, 3]).into()])],
        ..Entry::DEFAULT
    },
    Entry {
        name: "roll",
        overloads: &[Overload {
            schema: "roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor",
            call: |a| Ok(a.tensor(0)?.roll(a.ints(1)?, a.optional_ints(2)?.unwrap_or(&[]))?.into()),
        }],
        documentation: "A copy whose elements are shifted along dimensions, around the end; without dimensions, in \
                        row-major order.",
        example: ">>> torch.tensor([1, 2, 3]).roll(1)\ntensor([3, 1, 2])",
        samples: |s| {
            let mut samples = s.each_layout(|x| vec![x.into(), ints(&[1]), ints(&[])]);
            samples.push(Sample::new(vec![s.tensor(&[3, 4]).into(), ints(&[1, -2]), ints(&[0, 1])]));
            samples.push(Sample::new(vec![s.tensor(&[3, 4]).into(), ints(&[5]), ints(&[-1])]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "rot90",
        overloads: &[Overload {
            schema: "rot90(Tensor self, int k=1, int[] dims=[0, 1]) -> Tensor",
            call: |a| {
                let dims = if a.is_none(2) { &[0, 1] } else { a.ints(2)? };
                Ok(a.tensor(0)?.rot90(if a.is_none(1) { 1 } else { a.int(1)? }, dims)?.into())
            },
        }],
        documentation: "A copy with the plane of two dimensions turned by `k` quarters.",
        example: ">>> torch.tensor([[1, 2], [3, 4]]).rot90()\ntensor([[2, 4],\n        [1, 3]])",
        samples: |s| {
            (0..4)
                .map(|k| Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(k), ints(&[0, 1])]))
                .chain([Sample::new(vec![s.tensor(&[2, 3, 2]).into(), Value::Int(-1), ints(&[2, 1])])])
                .collect()
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "repeat",
        forms: Form::METHOD,
        overloads: &[Overload {
            schema: "repeat(Tensor self, SymInt[] repeats) -> Tensor",
            call: |a| Ok(a.tensor(0)?.repeat(a.ints(1)?)?.into()),
        }],
        documentation: "Copies of the tensor side by side: so many times along each dimension; more numbers than \
                        dimensions add leading ones.",
        example: ">>> torch.tensor([1, 2]).repeat(2)\ntensor([1, 2, 1, 2])",
        samples: |s| {
            let mut samples = s.each_layout(|x| vec![x.into(), ints(&[2, 1, 3])]);
            samples.push(Sample::new(vec![s.tensor(&[2]).into(), ints(&[3])]));
            samples.push(Sample::new(vec![s.tensor(&[2]).into(), ints(&[0])]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "tile",
        overloads: &[Overload {
            schema: "tile(Tensor self, SymInt[] dims) -> Tensor",
            call: |a| Ok(a.tensor(0)?.tile(a.ints(1)?)?.into()),
        }],
        documentation: "Copies of the tensor side by side; missing numbers count as one.",
        example: ">>> torch.tensor([[1, 2]]).tile(2)\ntensor([[1, 2, 1, 2]])",
        samples: |s| s.each_layout(|x| vec![x.into(), ints(&[2])]),
        ..Entry::DEFAULT
    },
    Entry {
        name: "tril",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "tril(Tensor self, SymInt diagonal=0) -> Tensor",
            call: |a| triangle(a, false),
        }],
        documentation: "Matrices (the last two dimensions) with zeros above a diagonal.",
        example: ">>> torch.ones(2, 2).tril()\ntensor([[1., 0.],\n        [1., 1.]])",
        samples: triangle_samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "triu",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "triu(Tensor self, SymInt diagonal=0) -> Tensor",
            call: |a| triangle(a, true),
        }],
        documentation: "Matrices (the last two dimensions) with zeros below a diagonal.",
        example: ">>> torch.ones(2, 2).triu()\ntensor([[1., 1.],\n        [0., 1.]])",
        samples: triangle_samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "diag",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "diag(Tensor self, int diagonal=0) -> Tensor",
            call: |a| a.finish(a.tensor(0)?.diag(a.int(1)?)?),
        }],
        documentation: "A diagonal of a matrix, as a copy; of a vector, the matrix with it on a diagonal.",
        example: ">>> torch.tensor([1, 2]).diag()\ntensor([[1, 0],\n        [0, 2]])",
        samples: |s| {
            let mut samples = Vec::new();
            for k in [0, 1, -2] {
                samples.push(Sample::new(vec![s.tensor(&[3, 4]).into(), Value::Int(k)]));
                samples.push(Sample::new(vec![s.tensor(&[3]).into(), Value::Int(k)]));
            }
            samples.push(Sample::new(vec![s.tensor(&[2, 2]).into(), Value::Int(5)]));
            samples
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "diag_embed",
        overloads: &[Overload {
            schema: "diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor",
            call: |a| Ok(a.tensor(0)?.diag_embed(a.int(1)?, a.int(2)?, a.int(3)?)?.into()),
        }],
        documentation: "Zeros with the last dimension on a diagonal of two new ones.",
        example: ">>> torch.tensor([1, 2]).diag_embed()\ntensor([[1, 0],\n        [0, 2]])",
        samples: |s| {
            let sample = |shape: &[usize], offset, first, second| {
                Sample::new(vec![
                    s.tensor(shape).into(),
                    Value::Int(offset),
                    Value::Int(first),
                    Value::Int(second),
                ])
            };
            vec![
                sample(&[3], 0, -2, -1),
                sample(&[2, 3], 1, -2, -1),
                sample(&[2, 3], -1, 0, 2),
                sample(&[2, 3], 1, 2, 0),
                sample(&[0], 0, -2, -1),
            ]
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "diagflat",
        overloads: &[Overload {
            schema: "diagflat(Tensor self, int offset=0) -> Tensor",
            call: |a| Ok(a.tensor(0)?.diagflat(a.int(1)?)?.into()),
        }],
        documentation: "A matrix with the elements, in row-major order, on a diagonal.",
        example: ">>> torch.tensor([1, 2]).diagflat()\ntensor([[1, 0],\n        [0, 2]])",
        samples: |s| s.each_layout(|x| vec![x.into(), Value::Int(1)]),
        ..Entry::DEFAULT
    },
];

fn triangle_samples(s: &crate::registry::Sampler) -> Vec<Sample> {
    let sample = |x: Tensor, k: i64| Sample::new(vec![x.into(), Value::Int(k)]);
    vec![
        sample(s.tensor(&[3, 4]), 0),
        sample(s.tensor(&[2, 3, 3]), 1),
        sample(s.tensor(&[4, 2]), -1),
        sample(s.tensor(&[3, 4]), 7),
        sample(s.tensor(&[3, 2]).t().expect("two dimensions"), 0),
        sample(s.tensor(&[1, 3]).expand(&[3, 3]).expect("expands"), 0),
        sample(s.tensor(&[0, 3]), 0),
    ]
}
