//! Tensors that are made, not computed: filled ones, and in the shape of others. Ranges are in `range.rs`.

use crate::dispatch::apply;
use crate::dtype::{DType, default_dtype};
use crate::error::{Result, bail};
use crate::layout::Shape;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};

/// The keyword arguments that every function which makes tensors takes. `requires_grad=` is the binding's.
macro_rules! tensor_options {
    () => {
        "ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None"
    };
}
pub(crate) use tensor_options;

/// The dtype among the arguments of [`tensor_options!`], which start at `i`; a dense layout is the only one there is.
pub(crate) fn options(a: &Arguments<'_>, i: usize) -> Result<Option<DType>> {
    if let Some(layout) = a.optional_text(i + 1)?
        && !layout.ends_with("strided")
    {
        bail!(NotImplemented, "tensors of the layout {layout} are not supported: all tensors are strided");
    }
    Ok(a.optional_dtype(i)?.or_else(|| a.out_dtype()))
}

/// Whether a memory format asks for row-major order, instead of that of the source.
fn is_contiguous(a: &Arguments<'_>, i: usize) -> Result<bool> {
    match a.optional_text(i)? {
        None => Ok(false),
        Some(name) if name.ends_with("preserve_format") => Ok(false),
        Some(name) if name.ends_with("contiguous_format") => Ok(true),
        Some(name) => bail!(NotImplemented, "the memory format {name} is not supported"),
    }
}

/// The dtype of a tensor that is filled with a number.
fn dtype_of(value: Scalar) -> DType {
    match value {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(_) => DType::I64,
        Scalar::Float(_) => default_dtype(),
    }
}

/// Refuses a number that a dtype cannot hold, as PyTorch's `fill_` does. Negative numbers wrap in unsigned dtypes.
pub(crate) fn check_fits(value: Scalar, dtype: DType) -> Result<()> {
    let (name, low, high) = match dtype {
        DType::Bool | DType::F64 => return Ok(()),
        DType::U8 => ("uint8_t", -255.0, 255.0),
        DType::I8 => ("int8_t", -128.0, 127.0),
        DType::I16 => ("int16_t", -32768.0, 32767.0),
        DType::I32 => ("int", -2_147_483_648.0, 2_147_483_647.0),
        // The largest `f64` below 2^63.
        DType::I64 => ("int64_t", -9_223_372_036_854_775_808.0, 9_223_372_036_854_774_784.0),
        DType::F16 => ("at::Half", -65504.0, 65504.0),
        DType::BF16 => ("at::BFloat16", -3.389_531_389_251_535e38, 3.389_531_389_251_535e38),
        DType::F32 => ("float", -f64::from(f32::MAX), f64::from(f32::MAX)),
    };
    if let (Scalar::Int(_) | Scalar::Bool(_), DType::I64) = (value, dtype) {
        return Ok(());
    }
    let x = value.to_f64();
    let whole = !dtype.is_floating_point();
    let special = !x.is_finite();
    let fits = if special { !whole } else { (low..=high).contains(&(if whole { x.trunc() } else { x })) };
    if fits { Ok(()) } else { bail!(Runtime, "value cannot be converted to type {name} without overflow") }
}

impl Tensor {
    /// Zeros in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn zeros_like(&self) -> Result<Tensor> {
        self.full_like(Scalar::Int(0))
    }

    /// Ones in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn ones_like(&self) -> Result<Tensor> {
        self.full_like(Scalar::Int(1))
    }

    /// One value in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had, or the dtype cannot hold the value.
    pub fn full_like(&self, value: impl Into<Scalar>) -> Result<Tensor> {
        let value = value.into();
        check_fits(value, self.dtype())?;
        let _mode = crate::autograd::GradMode::set(false);
        let _tangents = crate::autograd::ForwardGradGuard::disable();
        apply(super::copy::Fill { value, zero: false }, &[self])
    }

    /// A tensor of unspecified content in the shape, dtype and order of strides of this tensor.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn empty_like(&self) -> Result<Tensor> {
        if self.special().is_some() {
            return self.zeros_like();
        }
        Tensor::empty_with(Meta::new(self.layout().fresh_like(), self.dtype()))
    }

    /// A matrix of zeros with ones on the diagonal.
    ///
    /// ```
    /// use rushlight_core::{DType, Tensor};
    /// assert_eq!(Tensor::eye(2, 2, DType::I64)?.to_vec::<i64>()?, [1, 0, 0, 1]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn eye(rows: usize, columns: usize, dtype: DType) -> Result<Tensor> {
        let eye = Tensor::zeros(&[rows, columns], dtype)?;
        let _mode = crate::autograd::GradMode::set(false);
        fill_fresh(&eye.diagonal(0, 0, 1)?, Scalar::Int(1))?;
        Ok(eye)
    }
}

/// The sizes among the arguments, for functions whose message names them.
fn sizes(a: &Arguments<'_>, i: usize, name: &str) -> Result<Shape> {
    if a.ints(i)?.iter().any(|&s| s < 0) {
        bail!(Runtime, "{name}: Dimension size must be non-negative.");
    }
    a.shape(i)
}

/// Fills a tensor that nobody has seen yet: its version stays 0.
fn fill_fresh(tensor: &Tensor, value: Scalar) -> Result<()> {
    crate::dispatch::compute_over(&super::copy::Fill { value, zero: false }, tensor, &[tensor])
}

/// A tensor in the shape of the first argument, with the options from argument `i` on.
fn like(a: &Arguments<'_>, i: usize, value: Option<Scalar>) -> Result<Value> {
    let (x, dtype) = (a.tensor(0)?, options(a, i)?.unwrap_or(a.tensor(0)?.dtype()));
    let contiguous = is_contiguous(a, i + 4)?;
    if let Some(value) = value {
        check_fits(value, dtype)?;
    }
    let result = if x.special().is_some() {
        x.zeros_like()?.to_dtype(dtype)?.full_like(value.unwrap_or(Scalar::Int(0)))?
    } else {
        let layout =
            if contiguous { crate::layout::Layout::contiguous(x.shape()) } else { x.layout().fresh_like() };
        let made = Tensor::empty_with(Meta::new(layout, dtype))?;
        if let Some(value) = value {
            fill_fresh(&made, value)?;
        }
        made
    };
    a.finish(result)
}

fn filled(a: &Arguments<'_>, shape: &[usize], value: Scalar, dtype: DType) -> Result<Value> {
    check_fits(value, dtype)?;
    a.finish(Tensor::full(shape, value, dtype)?)
}

/// A number among the arguments, or a tensor with one element.
pub(crate) fn number(a: &Arguments<'_>, i: usize) -> Result<Scalar> {
    match a.value(i) {
        Value::Tensor(t) => t.item(),
        _ => a.scalar(i),
    }
}

fn eye(a: &Arguments<'_>, columns: Option<usize>) -> Result<Value> {
    let n = a.int(0)?;
    let m = columns.map_or(Ok(n), |i| a.int(i))?;
    for (name, size) in [("n", n), ("m", m)] {
        if size < 0 {
            bail!(Runtime, "{name} must be greater or equal to 0, got {size}");
        }
    }
    let dtype = options(a, if columns.is_some() { 2 } else { 1 })?.unwrap_or_else(default_dtype);
    a.finish(Tensor::eye(n as usize, m as usize, dtype)?)
}

/// Lower and upper triangles' indices: two rows of `i64`, as `tril_indices` and `triu_indices` give them.
fn triangle(a: &Arguments<'_>, lower: bool) -> Result<Value> {
    let (rows, columns, offset) = (a.int(0)?, a.int(1)?, a.int(2)?);
    for (name, size) in [("row", rows), ("col", columns)] {
        if size < 0 {
            bail!(Runtime, "{name} must be non-negative, got{size}");
        }
    }
    let inside = |i: i64, j: i64| if lower { j <= i + offset } else { j >= i + offset };
    let mut places: Vec<i64> = Vec::new();
    for row in [true, false] {
        for i in 0..rows {
            places.extend((0..columns).filter(|&j| inside(i, j)).map(|j| if row { i } else { j }));
        }
    }
    let count = places.len() / 2;
    let dtype = options(a, 3)?.unwrap_or(DType::I64);
    a.finish(Tensor::from_vec(places, &[2, count])?.to_dtype(dtype)?)
}

pub(crate) const NOT_COMPUTED: &[(&str, &str)] = &[("samples", "it takes no tensor")];

/// A row of a function that makes a tensor.
macro_rules! made {
    ($name:literal, $forms:expr, [$(($schema:expr, $call:expr)),+ $(,)?], $documentation:expr, $example:expr $(,)?) => {
        Entry {
            name: $name,
            forms: $forms,
            overloads: &[$(Overload { schema: $schema, call: $call }),+],
            documentation: $documentation,
            example: $example,
            differentiable: false,
            exempt: crate::ops::create::NOT_COMPUTED,
            ..Entry::DEFAULT
        }
    };
}
pub(crate) use made;

fn like_samples(s: &crate::registry::Sampler) -> Vec<Sample> {
    s.each_layout(|x| vec![x.into()])
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    made!(
        "zeros",
        Form::FUNCTION.and(Form::OUT),
        [(concat!("zeros(SymInt[] size, *, ", tensor_options!(), ") -> Tensor"), |a| {
            a.finish(Tensor::zeros(&sizes(a, 0, "zeros")?, options(a, 1)?.unwrap_or_else(default_dtype))?)
        })],
        "A tensor of zeros.",
        ">>> torch.zeros(2, 3)\ntensor([[0., 0., 0.],\n        [0., 0., 0.]])",
    ),
    made!(
        "ones",
        Form::FUNCTION.and(Form::OUT),
        [(concat!("ones(SymInt[] size, *, ", tensor_options!(), ") -> Tensor"), |a| {
            a.finish(Tensor::ones(&a.shape(0)?, options(a, 1)?.unwrap_or_else(default_dtype))?)
        })],
        "A tensor of ones.",
        ">>> torch.ones(2)\ntensor([1., 1.])",
    ),
    made!(
        "full",
        Form::FUNCTION.and(Form::OUT),
        [(concat!("full(SymInt[] size, Scalar fill_value, *, ", tensor_options!(), ") -> Tensor"), |a| {
            let value = number(a, 1)?;
            let dtype = options(a, 2)?.unwrap_or_else(|| match a.value(1) {
                Value::Tensor(t) => t.dtype(),
                _ => dtype_of(value),
            });
            filled(a, &a.shape(0)?, value, dtype)
        })],
        "A tensor filled with one number, whose kind gives the dtype where none is named.",
        ">>> torch.full((2,), 7)\ntensor([7, 7])",
    ),
    made!(
        "empty",
        Form::FUNCTION.and(Form::OUT),
        [(
            concat!(
                "empty(SymInt[] size, *, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            |a| a.finish(Tensor::empty(&a.shape(0)?, options(a, 1)?.unwrap_or_else(default_dtype))?)
        )],
        "A tensor of unspecified content.",
        ">>> torch.empty(2, 3).shape\ntorch.Size([2, 3])",
    ),
    made!(
        "empty_strided",
        Form::FUNCTION,
        [(
            concat!("empty_strided(SymInt[] size, SymInt[] stride, *, ", tensor_options!(), ") -> Tensor"),
            |a| {
                let strides: Vec<isize> = a.ints(1)?.iter().map(|&s| s as isize).collect();
                let dtype = options(a, 2)?.unwrap_or_else(default_dtype);
                a.finish(Tensor::empty_strided(&a.shape(0)?, &strides, dtype)?)
            }
        )],
        "A tensor of unspecified content with given strides.",
        ">>> torch.empty_strided((2, 3), (1, 2)).stride()\n(1, 2)",
    ),
    made!(
        "scalar_tensor",
        Form::FUNCTION,
        [(concat!("scalar_tensor(Scalar s, *, ", tensor_options!(), ") -> Tensor"), |a| {
            filled(a, &[], a.scalar(0)?, options(a, 1)?.unwrap_or_else(default_dtype))
        })],
        "A tensor without dimensions from a number.",
        ">>> torch.scalar_tensor(3)\ntensor(3.)",
    ),
    made!(
        "eye",
        Form::FUNCTION.and(Form::OUT),
        [
            (concat!("eye(SymInt n, *, ", tensor_options!(), ") -> Tensor"), |a| eye(a, None)),
            (concat!("eye(SymInt n, SymInt m, *, ", tensor_options!(), ") -> Tensor"), |a| eye(a, Some(1))),
        ],
        "A matrix of `n` rows and `m` columns with ones on the diagonal and zeros elsewhere.",
        ">>> torch.eye(2)\ntensor([[1., 0.],\n        [0., 1.]])",
    ),
    made!(
        "tril_indices",
        Form::FUNCTION,
        [(
            concat!("tril_indices(int row, int col, int offset=0, *, ", tensor_options!(), ") -> Tensor"),
            |a| triangle(a, true)
        )],
        "Rows and columns of the elements on and below a diagonal of a matrix.",
        ">>> torch.tril_indices(2, 2)\ntensor([[0, 1, 1],\n        [0, 0, 1]])",
    ),
    made!(
        "triu_indices",
        Form::FUNCTION,
        [(
            concat!("triu_indices(int row, int col, int offset=0, *, ", tensor_options!(), ") -> Tensor"),
            |a| triangle(a, false)
        )],
        "Rows and columns of the elements on and above a diagonal of a matrix.",
        ">>> torch.triu_indices(2, 2)\ntensor([[0, 0, 1],\n        [0, 1, 1]])",
    ),
    Entry {
        name: "zeros_like",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: concat!(
                "zeros_like(Tensor self, *, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            call: |a| like(a, 1, Some(Scalar::Int(0))),
        }],
        documentation: "Zeros in the shape, dtype and order of strides of a tensor.",
        example: ">>> torch.zeros_like(torch.ones(2))\ntensor([0., 0.])",
        samples: like_samples,
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "ones_like",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: concat!(
                "ones_like(Tensor self, *, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            call: |a| like(a, 1, Some(Scalar::Int(1))),
        }],
        documentation: "Ones in the shape, dtype and order of strides of a tensor.",
        example: ">>> torch.ones_like(torch.zeros(2))\ntensor([1., 1.])",
        samples: like_samples,
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "full_like",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: concat!(
                "full_like(Tensor self, Scalar fill_value, *, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            call: |a| like(a, 2, Some(number(a, 1)?)),
        }],
        documentation: "One number in the shape, dtype and order of strides of a tensor.",
        example: ">>> torch.full_like(torch.zeros(2), 7)\ntensor([7., 7.])",
        samples: |s| s.each_layout(|x| vec![x.into(), Scalar::Float(1.5).into()]),
        differentiable: false,
        ..Entry::DEFAULT
    },
    made!(
        "empty_like",
        Form::FUNCTION,
        [(
            concat!(
                "empty_like(Tensor self, *, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            |a| like(a, 1, None)
        )],
        "A tensor of unspecified content in the shape, dtype and order of strides of a tensor.",
        ">>> torch.empty_like(torch.ones(2)).shape\ntorch.Size([2])",
    ),
    made!(
        "new_zeros",
        Form::METHOD,
        [(concat!("new_zeros(Tensor self, SymInt[] size, *, ", tensor_options!(), ") -> Tensor"), |a| {
            Ok(Tensor::zeros(&a.shape(1)?, options(a, 2)?.unwrap_or(a.tensor(0)?.dtype()))?.into())
        })],
        "Zeros of a given shape in the dtype of a tensor.",
        ">>> torch.tensor([1, 2]).new_zeros(2)\ntensor([0, 0])",
    ),
    made!(
        "new_ones",
        Form::METHOD,
        [(concat!("new_ones(Tensor self, SymInt[] size, *, ", tensor_options!(), ") -> Tensor"), |a| {
            Ok(Tensor::ones(&a.shape(1)?, options(a, 2)?.unwrap_or(a.tensor(0)?.dtype()))?.into())
        })],
        "Ones of a given shape in the dtype of a tensor.",
        ">>> torch.tensor([1, 2]).new_ones(2)\ntensor([1, 1])",
    ),
    made!(
        "new_full",
        Form::METHOD,
        [(
            concat!(
                "new_full(Tensor self, SymInt[] size, Scalar fill_value, *, ",
                tensor_options!(),
                ") -> Tensor"
            ),
            |a| filled(a, &a.shape(1)?, number(a, 2)?, options(a, 3)?.unwrap_or(a.tensor(0)?.dtype()))
        )],
        "One number in a given shape and the dtype of a tensor.",
        ">>> torch.tensor([1, 2]).new_full((2,), 7)\ntensor([7, 7])",
    ),
    made!(
        "new_empty",
        Form::METHOD,
        [(concat!("new_empty(Tensor self, SymInt[] size, *, ", tensor_options!(), ") -> Tensor"), |a| {
            Ok(Tensor::empty(&a.shape(1)?, options(a, 2)?.unwrap_or(a.tensor(0)?.dtype()))?.into())
        })],
        "A tensor of unspecified content of a given shape in the dtype of a tensor.",
        ">>> torch.tensor([1, 2]).new_empty(2).dtype\ntorch.int64",
    ),
    made!(
        "new_empty_strided",
        Form::METHOD,
        [(
            concat!(
                "new_empty_strided(Tensor self, SymInt[] size, SymInt[] stride, *, ",
                tensor_options!(),
                ") -> Tensor"
            ),
            |a| {
                let strides: Vec<isize> = a.ints(2)?.iter().map(|&s| s as isize).collect();
                let dtype = options(a, 3)?.unwrap_or(a.tensor(0)?.dtype());
                Ok(Tensor::empty_strided(&a.shape(1)?, &strides, dtype)?.into())
            }
        )],
        "A tensor of unspecified content with given strides in the dtype of a tensor.",
        ">>> torch.tensor([1, 2]).new_empty_strided((2, 2), (1, 2)).stride()\n(1, 2)",
    ),
];
