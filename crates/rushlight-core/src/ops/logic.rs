//! Reductions to truth values and counts: `all`, `any`, `count_nonzero`; and `nansum`.

use super::choose::{choose, is_number};
use super::reduce::{
    Aside, Reduced, accumulate, behind, only, reduced_dims, reduced_shape, run_reduction, spread,
};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Differentiability, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply,
};
use crate::dtype::DType;
use crate::error::Result;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels as kernels;
use smallvec::smallvec;

/// Which question is asked of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether all differ from zero.
    All,
    /// Whether any differs from zero.
    Any,
    /// How many differ from zero.
    Count,
}

/// `all`, `any`, `count_nonzero`.
#[derive(Clone)]
pub struct Truth {
    /// The question.
    pub question: Question,
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
}

impl Primitive for Truth {
    fn name(&self) -> &'static str {
        match self.question {
            Question::All => "AllBackward0",
            Question::Any => "AnyBackward0",
            Question::Count => "CountNonzeroBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = match (self.question, inputs[0].dtype) {
            (Question::Count, _) => DType::I64,
            // The dtype that stood for truth values before there was `bool`.
            (_, DType::U8) => DType::U8,
            _ => DType::Bool,
        };
        outputs.push(Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, kernel) = match self.question {
            Question::All => ("all", &kernels::reduce::ALL),
            Question::Any => ("any", &kernels::reduce::ANY),
            Question::Count => ("count_nonzero", &kernels::reduce::COUNT_NONZERO),
        };
        let dtype = inputs[0].meta.dtype;
        // A `bool` is a byte, 0 or 1, and so is what `uint8` gives.
        run_reduction(name, kernel, dtype, &self.reduced, 0.0, &inputs[0], &mut outputs[0])
    }
    fn differentiability(&self) -> Differentiability {
        Differentiability::NotDifferentiable
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

/// The sum of what is not a NaN.
#[derive(Clone)]
pub struct NanSum {
    /// Which dimensions are summed.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// The dtype in which is summed.
    pub dtype: Option<DType>,
}

impl Primitive for NanSum {
    fn name(&self) -> &'static str {
        "NansumBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let from = inputs[0].dtype;
        let dtype = self.dtype.unwrap_or(if from.is_floating_point() { from } else { DType::I64 });
        outputs.push(Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let x = &inputs[0];
        let dtype = x.meta.dtype;
        if !dtype.is_floating_point() {
            return accumulate("nansum", &kernels::reduce::SUM, &self.reduced, x, &mut outputs[0]);
        }
        let mut mask = Aside::new(x.shape(), DType::Bool)?;
        let equal = &kernels::compare::EQ;
        super::elementwise::run_kernel("eq", equal, dtype, &[*x, *x], None, &[], 1.0, &mut mask.view_mut())?;
        let mut numbers = Aside::new(x.shape(), dtype)?;
        super::copy::copy_view(&mut numbers.view_mut(), &mask.view());
        let ones = numbers.view().pointer;
        let half = [super::elementwise::kernel_scalar(Scalar::Float(0.5))];
        let pick = &kernels::ternary::THRESHOLD_BACKWARD;
        let mut kept = Aside::new(x.shape(), dtype)?;
        let mask = View { pointer: ones, meta: numbers.view().meta };
        super::elementwise::run_kernel(
            "where",
            pick,
            dtype,
            &[*x, mask],
            None,
            &half,
            1.0,
            &mut kept.view_mut(),
        )?;
        accumulate("nansum", &kernels::reduce::SUM, &self.reduced, &kept.view(), &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let x = context.input(0)?;
        let spread = spread(g, x.shape(), &self.reduced, self.keep)?.to_dtype(x.dtype())?;
        Ok(smallvec![Some(choose(&spread, &is_number(&x)?)?)])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let numbers = choose(only(t)?, &is_number(context.input(0))?)?;
        let sum = super::reduce::Sum {
            reduced: self.reduced.clone(),
            keep: self.keep,
            dtype: self.dtype,
            named: true,
        };
        apply(sum, &[&numbers])
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        Ok(Some(vec![(apply(Self { reduced, ..self.clone() }, &[&x])?, Some(0))]))
    }
}

impl Tensor {
    /// Whether all elements differ from zero.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn all(&self) -> Result<Tensor> {
        apply(Truth { question: Question::All, reduced: smallvec![true; self.rank()], keep: false }, &[self])
    }

    /// Whether any element differs from zero.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn any(&self) -> Result<Tensor> {
        apply(Truth { question: Question::Any, reduced: smallvec![true; self.rank()], keep: false }, &[self])
    }

    /// How many elements differ from zero.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn count_nonzero(&self) -> Result<Tensor> {
        apply(
            Truth { question: Question::Count, reduced: smallvec![true; self.rank()], keep: false },
            &[self],
        )
    }
}

fn truth(a: &Arguments<'_>, question: Question, dims: Option<&[i64]>, keep: bool) -> Result<Value> {
    let x = a.tensor(0)?;
    let reduced = match dims {
        // An empty list is no dimension here, except for `count_nonzero`.
        Some([]) if question != Question::Count => smallvec![false; x.rank()],
        dims => reduced_dims(dims, x.rank())?,
    };
    a.apply(Truth { question, reduced, keep }, &[x])
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = s.each_layout(|x| vec![x.into()]);
    samples.push(Sample::new(vec![s.mask(&[2, 3]).into()]));
    let along = vec![s.mask(&[2, 3]).into(), Value::Int(1), Value::Bool(true)];
    samples.push(Sample::new(along).overload(1));
    samples
}

macro_rules! truths {
    ($($name:literal, $question:ident, $documentation:literal, $example:literal;)*) => {
        &[$(Entry {
            name: $name,
            forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self) -> Tensor"),
                    call: |a| truth(a, Question::$question, None, false),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, int dim, bool keepdim=False) -> Tensor"),
                    call: |a| truth(a, Question::$question, Some(&[a.int(1)?]), a.bool(2)?),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, int[]? dim=None, bool keepdim=False) -> Tensor"),
                    call: |a| truth(a, Question::$question, a.optional_ints(1)?, a.bool(2)?),
                },
            ],
            documentation: $documentation,
            example: $example,
            samples,
            differentiable: false,
            ..Entry::DEFAULT
        },)*]
    };
}

/// The rows of `all` and `any`.
pub static TRUTHS: &[Entry] = truths! {
    "all", All,
    "Whether all elements differ from zero, or those along each of the dimensions `dim`; `bool`, but `uint8` for `uint8`.",
    ">>> torch.tensor([1, 0]).all()\ntensor(False)";
    "any", Any,
    "Whether any element differs from zero, or any along each of the dimensions `dim`; `bool`, but `uint8` for `uint8`.",
    ">>> torch.tensor([1, 0]).any()\ntensor(True)";
};

/// The other rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "count_nonzero",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "count_nonzero(Tensor self, int? dim=None) -> Tensor",
                call: |a| match a.optional_int(1)? {
                    Some(dim) => truth(a, Question::Count, Some(&[dim]), false),
                    None => truth(a, Question::Count, None, false),
                },
            },
            Overload {
                schema: "count_nonzero(Tensor self, int[] dim) -> Tensor",
                call: |a| truth(a, Question::Count, Some(a.ints(1)?), false),
            },
        ],
        documentation: "The number of elements that differ from zero, of all or over the dimensions `dim`, as `int64`.",
        example: ">>> torch.tensor([1, 0, 2]).count_nonzero()\ntensor(2)",
        samples: |s| {
            vec![
                Sample::new(vec![s.mask(&[2, 3]).into(), Value::None]),
                Sample::new(vec![s.tensor(&[2, 3]).into(), Value::Int(1)]),
            ]
        },
        differentiable: false,
        ..Entry::DEFAULT
    },
    Entry {
        name: "nansum",
        forms: Form::FUNCTION_AND_METHOD.and(Form::OUT),
        overloads: &[Overload {
            schema: "nansum(Tensor self, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
            call: |a| {
                let x = a.tensor(0)?;
                let reduced = reduced_dims(a.optional_ints(1)?, x.rank())?;
                a.apply(NanSum { reduced, keep: a.bool(2)?, dtype: a.optional_dtype(3)? }, &[x])
            },
        }],
        documentation: "The sum of all elements, or over the dimensions `dim`, with NaN taken as zero.",
        example: ">>> torch.tensor([1., float('nan'), 2.]).nansum()\ntensor(3.)",
        samples: |s| {
            let mut samples = s.each_layout(|x| vec![x.into(), Value::None, Value::Bool(false), Value::None]);
            let along = vec![s.tensor(&[2, 3]).into(), Value::Ints(vec![1]), Value::Bool(true), Value::None];
            samples.push(Sample::new(along));
            samples
        },
        ..Entry::DEFAULT
    },
];
