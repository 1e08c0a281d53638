//! The registry's rows of the random operations.

use super::sample::{Bernoulli, Parameter, dropout_noise};
use super::{
    BernoulliEach, Distribution, alpha_dropout, dropout, feature_dropout, fresh, multinomial, normal,
    permutation,
};
use crate::dispatch::{apply, apply_in_place};
use crate::dtype::{DType, default_dtype};
use crate::error::{Result, bail};
use crate::ops::create::{number, options as dtype_option, tensor_options};
use crate::random::{self, Generator};
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::tensor::{Meta, Tensor};

const RANDOM: &[(&str, &str)] =
    &[("samples", "its result is random: it is compared with PyTorch's streams instead")];

fn generator<'a>(a: &Arguments<'a>, i: usize) -> Result<&'a Generator> {
    Ok(a.optional_generator(i)?.unwrap_or_else(|| random::default_generator()))
}

/// `rand(size, *, generator, dtype…)` and the like.
fn made(a: &Arguments<'_>, distribution: Distribution) -> Result<Value> {
    let dtype = dtype_option(a, 2)?.unwrap_or_else(default_dtype);
    a.finish(fresh(&a.shape(0)?, dtype, distribution, generator(a, 1)?)?)
}

/// A random tensor in the shape of the first argument; the options start at argument `i`, after the generator.
fn like(
    a: &Arguments<'_>,
    i: usize,
    distribution: impl FnOnce(DType) -> Result<Distribution>,
) -> Result<Value> {
    let x = a.tensor(0)?;
    let dtype = dtype_option(a, i)?.unwrap_or(x.dtype());
    let contiguous = a.optional_text(i + 4)?.is_some_and(|f| f.ends_with("contiguous_format"));
    let layout =
        if contiguous { crate::layout::Layout::contiguous(x.shape()) } else { x.layout().fresh_like() };
    let result = Tensor::empty_with(Meta::new(layout, dtype))?;
    super::fill_fresh(&result, distribution(dtype)?, generator(a, i - 1)?)?;
    a.finish(result)
}

fn randint(a: &Arguments<'_>, low: i64, high: i64, size: usize) -> Result<Value> {
    let dtype = dtype_option(a, size + 2)?.unwrap_or(DType::I64);
    let shape = a.shape(size)?;
    let distribution = Distribution::integers(low, Some(high), dtype)?;
    a.finish(fresh(&shape, dtype, distribution, generator(a, size + 1)?)?)
}

fn draw(a: &Arguments<'_>, distribution: Distribution, i: usize, node: &'static str) -> Result<Value> {
    Ok(a.tensor(0)?.draw_(distribution, generator(a, i)?, node)?.into())
}

fn parameter<'a>(a: &Arguments<'a>, i: usize) -> Result<Parameter<'a>> {
    match a.value(i) {
        Value::Tensor(t) => Ok(Parameter::Tensor(t)),
        _ => Ok(Parameter::Number(a.float(i)?)),
    }
}

fn normal_of(a: &Arguments<'_>) -> Result<Value> {
    a.finish(normal(&parameter(a, 0)?, &parameter(a, 1)?, generator(a, 2)?)?)
}

/// `random_`: the integers from one number to another.
fn integers(a: &Arguments<'_>, from: i64, to: Option<i64>, i: usize, node: &'static str) -> Result<Value> {
    let x = a.tensor(0)?;
    let distribution = Distribution::integers(from, to, x.dtype())?;
    Ok(x.draw_(distribution, generator(a, i)?, node)?.into())
}

macro_rules! random {
    ($name:literal, $forms:expr, $differentiable:expr, [$(($schema:expr, $call:expr)),+ $(,)?], $documentation:expr, $example:expr $(,)?) => {
        Entry {
            name: $name,
            forms: $forms,
            overloads: &[$(Overload { schema: $schema, call: $call }),+],
            documentation: $documentation,
            example: $example,
            differentiable: $differentiable,
            exempt: RANDOM,
            ..Entry::DEFAULT
        }
    };
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    random!(
        "rand",
        Form::FUNCTION.and(Form::OUT),
        false,
        [(
            concat!("rand(SymInt[] size, *, Generator? generator=None, ", tensor_options!(), ") -> Tensor"),
            |a| made(a, Distribution::Uniform(0.0, 1.0))
        )],
        "Uniform numbers in [0, 1).",
        ">>> torch.manual_seed(0)\n>>> torch.rand(2)\ntensor([0.4963, 0.7682])",
    ),
    random!(
        "randn",
        Form::FUNCTION.and(Form::OUT),
        false,
        [(
            concat!("randn(SymInt[] size, *, Generator? generator=None, ", tensor_options!(), ") -> Tensor"),
            |a| made(a, Distribution::Normal(0.0, 1.0))
        )],
        "Standard normal numbers.",
        ">>> torch.manual_seed(0)\n>>> torch.randn(2)\ntensor([ 1.5410, -0.2934])",
    ),
    random!(
        "randint",
        Form::FUNCTION.and(Form::OUT),
        false,
        [
            (
                concat!(
                    "randint(SymInt high, SymInt[] size, *, Generator? generator=None, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                |a| randint(a, 0, a.int(0)?, 1)
            ),
            (
                concat!(
                    "randint(SymInt low, SymInt high, SymInt[] size, *, Generator? generator=None, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                |a| randint(a, a.int(0)?, a.int(1)?, 2)
            ),
        ],
        "Uniform integers from `low` (0) up to but not including `high`; `int64` unless another dtype is named.",
        ">>> torch.manual_seed(0)\n>>> torch.randint(10, (3,))\ntensor([4, 9, 3])",
    ),
    random!(
        "randperm",
        Form::FUNCTION.and(Form::OUT),
        false,
        [(
            concat!("randperm(SymInt n, *, Generator? generator=None, ", tensor_options!(), ") -> Tensor"),
            |a| {
                let n = a.int(0)?;
                let Ok(count) = usize::try_from(n) else {
                    bail!(Runtime, "Trying to create tensor with negative dimension {n}: [{n}]");
                };
                let dtype = dtype_option(a, 2)?.unwrap_or(DType::I64);
                a.finish(permutation(count, dtype, generator(a, 1)?)?)
            }
        )],
        "A permutation of the integers below `n`.",
        ">>> torch.manual_seed(0)\n>>> torch.randperm(4)\ntensor([2, 0, 1, 3])",
    ),
    random!(
        "rand_like",
        Form::FUNCTION,
        false,
        [(
            concat!(
                "rand_like(Tensor self, *, Generator? generator=None, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            |a| like(a, 2, |_| Ok(Distribution::Uniform(0.0, 1.0)))
        )],
        "Uniform numbers in [0, 1), in the shape, dtype and order of strides of a tensor.",
        ">>> torch.rand_like(torch.zeros(2, 3)).shape\ntorch.Size([2, 3])",
    ),
    random!(
        "randn_like",
        Form::FUNCTION,
        false,
        [(
            concat!(
                "randn_like(Tensor self, *, Generator? generator=None, ",
                tensor_options!(),
                ", MemoryFormat? memory_format=None) -> Tensor"
            ),
            |a| like(a, 2, |_| Ok(Distribution::Normal(0.0, 1.0)))
        )],
        "Standard normal numbers, in the shape, dtype and order of strides of a tensor.",
        ">>> torch.randn_like(torch.zeros(2, 3)).shape\ntorch.Size([2, 3])",
    ),
    random!(
        "randint_like",
        Form::FUNCTION,
        false,
        [
            (
                concat!(
                    "randint_like(Tensor self, SymInt high, *, Generator? generator=None, ",
                    tensor_options!(),
                    ", MemoryFormat? memory_format=None) -> Tensor"
                ),
                |a| {
                    let high = number(a, 1)?.to_i64();
                    like(a, 3, |dtype| Distribution::integers(0, Some(high), dtype))
                }
            ),
            (
                concat!(
                    "randint_like(Tensor self, SymInt low, SymInt high, *, Generator? generator=None, ",
                    tensor_options!(),
                    ", MemoryFormat? memory_format=None) -> Tensor"
                ),
                |a| {
                    let (low, high) = (a.int(1)?, a.int(2)?);
                    like(a, 4, |dtype| Distribution::integers(low, Some(high), dtype))
                }
            ),
        ],
        "Uniform integers from `low` (0) up to but not including `high`, in the shape, dtype and order of strides of a \
         tensor.",
        ">>> torch.randint_like(torch.zeros(2, 3), 1)\ntensor([[0., 0., 0.],\n        [0., 0., 0.]])",
    ),
    random!(
        "normal",
        Form::FUNCTION.and(Form::OUT),
        true,
        [
            ("normal(Tensor mean, Tensor std, *, Generator? generator=None) -> Tensor", normal_of),
            ("normal(Tensor mean, float std=1.0, *, Generator? generator=None) -> Tensor", normal_of),
            ("normal(float mean, Tensor std, *, Generator? generator=None) -> Tensor", normal_of),
            (
                concat!(
                    "normal(float mean, float std, SymInt[] size, *, Generator? generator=None, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                |a| {
                    let dtype = dtype_option(a, 4)?.unwrap_or_else(default_dtype);
                    let distribution = Distribution::Normal(a.float(0)?, a.float(1)?);
                    a.finish(fresh(&a.shape(2)?, dtype, distribution, generator(a, 3)?)?)
                }
            ),
        ],
        "Normal numbers with a mean and a standard deviation: numbers for all elements, or tensors. The gradient of both \
         is zero.",
        ">>> torch.manual_seed(0)\n>>> torch.normal(2.0, 0.5, (2,))\ntensor([2.7705, 1.8533])",
    ),
    random!(
        "bernoulli",
        Form::FUNCTION_AND_METHOD.and(Form::OUT),
        true,
        [
            ("bernoulli(Tensor self, *, Generator? generator=None) -> Tensor", |a| {
                let generator = generator(a, 1)?.clone();
                a.finish(apply(Bernoulli { generator }, &[a.tensor(0)?])?)
            }),
            ("bernoulli(Tensor self, float p, *, Generator? generator=None) -> Tensor", |a| {
                let result = a.tensor(0)?.empty_like()?;
                Distribution::Bernoulli(a.float(1)?).check(result.dtype())?;
                super::fill_fresh(&result, Distribution::Bernoulli(a.float(1)?), generator(a, 2)?)?;
                a.finish(result)
            }),
        ],
        "Ones with the probabilities that the tensor has (or with probability `p`, in its shape), else zeros.",
        ">>> torch.bernoulli(torch.tensor([0.0, 1.0]))\ntensor([0., 1.])",
    ),
    random!(
        "multinomial",
        Form::FUNCTION_AND_METHOD.and(Form::OUT),
        false,
        [(
            "multinomial(Tensor self, SymInt num_samples, bool replacement=False, *, Generator? generator=None) -> Tensor",
            |a| a.finish(multinomial(a.tensor(0)?, a.int(1)?, a.bool(2)?, generator(a, 3)?)?)
        )],
        "Indices drawn in proportion to the weights in each row of a vector or matrix.",
        ">>> torch.multinomial(torch.tensor([0.0, 1.0]), 1)\ntensor([1])",
    ),
    random!(
        "uniform_",
        Form::METHOD,
        true,
        [(
            "uniform_(Tensor(a!) self, float from=0.0, float to=1.0, *, Generator? generator=None) -> Tensor(a!)",
            |a| { draw(a, Distribution::Uniform(a.float(1)?, a.float(2)?), 3, "UniformBackward0") }
        )],
        "Fills with uniform numbers in [from, to).",
        ">>> torch.manual_seed(0)\n>>> torch.zeros(2).uniform_(1, 2)\ntensor([1.4963, 1.7682])",
    ),
    random!(
        "normal_",
        Form::METHOD,
        true,
        [(
            "normal_(Tensor(a!) self, float mean=0.0, float std=1.0, *, Generator? generator=None) -> Tensor(a!)",
            |a| { draw(a, Distribution::Normal(a.float(1)?, a.float(2)?), 3, "NormalBackward0") }
        )],
        "Fills with normal numbers.",
        ">>> torch.manual_seed(0)\n>>> torch.zeros(2).normal_()\ntensor([ 1.5410, -0.2934])",
    ),
    random!(
        "bernoulli_",
        Form::METHOD,
        true,
        [
            ("bernoulli_(Tensor(a!) self, Tensor p, *, Generator? generator=None) -> Tensor(a!)", |a| {
                let operation = BernoulliEach { generator: generator(a, 2)?.clone() };
                Ok(apply_in_place(operation, &[a.tensor(0)?, a.tensor(1)?])?.into())
            }),
            ("bernoulli_(Tensor(a!) self, float p=0.5, *, Generator? generator=None) -> Tensor(a!)", |a| {
                draw(a, Distribution::Bernoulli(a.float(1)?), 2, "BernoulliBackward2")
            }),
        ],
        "Fills with ones with probability `p`, else zeros; `p` may be a tensor.",
        ">>> torch.zeros(2).bernoulli_(1.0)\ntensor([1., 1.])",
    ),
    random!(
        "exponential_",
        Form::METHOD,
        true,
        [(
            "exponential_(Tensor(a!) self, float lambd=1.0, *, Generator? generator=None) -> Tensor(a!)",
            |a| { draw(a, Distribution::Exponential(a.float(1)?), 2, "ExponentialBackward0") }
        )],
        "Fills with exponential numbers of a rate.",
        ">>> bool((torch.zeros(2).exponential_() > 0).all())\nTrue",
    ),
    random!(
        "cauchy_",
        Form::METHOD,
        true,
        [(
            "cauchy_(Tensor(a!) self, float median=0.0, float sigma=1.0, *, Generator? generator=None) -> Tensor(a!)",
            |a| { draw(a, Distribution::Cauchy(a.float(1)?, a.float(2)?), 3, "CauchyBackward0") }
        )],
        "Fills with numbers of Cauchy's distribution.",
        ">>> torch.zeros(2).cauchy_().shape\ntorch.Size([2])",
    ),
    random!(
        "log_normal_",
        Form::METHOD,
        true,
        [(
            "log_normal_(Tensor(a!) self, float mean=1.0, float std=2.0, *, Generator? generator=None) -> Tensor(a!)",
            |a| { draw(a, Distribution::LogNormal(a.float(1)?, a.float(2)?), 3, "LogNormalBackward0") }
        )],
        "Fills with numbers whose logarithm is normal.",
        ">>> bool((torch.zeros(2).log_normal_() > 0).all())\nTrue",
    ),
    random!(
        "geometric_",
        Form::METHOD,
        true,
        [("geometric_(Tensor(a!) self, float p, *, Generator? generator=None) -> Tensor(a!)", |a| {
            draw(a, Distribution::Geometric(a.float(1)?), 2, "GeometricBackward0")
        })],
        "Fills with numbers of trials up to the first success of probability `p`.",
        ">>> bool((torch.zeros(2).geometric_(0.5) >= 1).all())\nTrue",
    ),
    random!(
        "random_",
        Form::METHOD,
        true,
        [
            ("random_(Tensor(a!) self, *, Generator? generator=None) -> Tensor(a!)", |a| {
                draw(a, Distribution::AnyInteger, 1, "RandomBackward2")
            }),
            ("random_(Tensor(a!) self, int to, *, Generator? generator=None) -> Tensor(a!)", |a| {
                integers(a, 0, Some(a.int(1)?), 2, "RandomBackward1")
            }),
            (
                "random_(Tensor(a!) self, int from, int? to, *, Generator? generator=None) -> Tensor(a!)",
                |a| { integers(a, a.int(1)?, a.optional_int(2)?, 3, "RandomBackward0") }
            ),
        ],
        "Fills with uniform integers: from `from` up to but not including `to`, or those that the dtype holds exactly.",
        ">>> torch.zeros(2).random_(3, 4)\ntensor([3., 3.])",
    ),
    random!(
        "dropout",
        Form::FUNCTION,
        true,
        [("dropout(Tensor input, float p, bool train) -> Tensor", |a| {
            Ok(dropout(a.tensor(0)?, a.float(1)?, a.bool(2)?)?.into())
        })],
        "Zeroes elements with probability `p` and scales the others by 1 / (1 - p), if `train`.",
        ">>> torch.dropout(torch.ones(2), 0.5, False)\ntensor([1., 1.])",
    ),
    random!(
        "dropout_",
        Form::FUNCTION,
        true,
        [("dropout_(Tensor(a!) self, float p, bool train) -> Tensor(a!)", |a| {
            let x = a.tensor(0)?;
            match dropout_noise(x, a.float(1)?, a.bool(2)?, false)? {
                Some(noise) => Ok(x.mul_(&noise)?.into()),
                None => Ok(x.clone().into()),
            }
        })],
        "Dropout of the tensor itself.",
        ">>> torch.dropout_(torch.ones(2), 0.5, False)\ntensor([1., 1.])",
    ),
    random!(
        "feature_dropout",
        Form::FUNCTION,
        true,
        [("feature_dropout(Tensor input, float p, bool train) -> Tensor", |a| {
            Ok(feature_dropout(a.tensor(0)?, a.float(1)?, a.bool(2)?)?.into())
        })],
        "Dropout of whole channels of `[N, C, …]`.",
        ">>> torch.feature_dropout(torch.ones(1, 2, 1), 0.5, False)\ntensor([[[1.],\n         [1.]]])",
    ),
    random!(
        "alpha_dropout",
        Form::FUNCTION,
        true,
        [("alpha_dropout(Tensor input, float p, bool train) -> Tensor", |a| {
            Ok(alpha_dropout(a.tensor(0)?, a.float(1)?, a.bool(2)?, false)?.into())
        })],
        "Dropout for SELU, which keeps mean and variance.",
        ">>> torch.alpha_dropout(torch.ones(2), 0.5, False)\ntensor([1., 1.])",
    ),
    random!(
        "feature_alpha_dropout",
        Form::FUNCTION,
        true,
        [("feature_alpha_dropout(Tensor input, float p, bool train) -> Tensor", |a| {
            Ok(alpha_dropout(a.tensor(0)?, a.float(1)?, a.bool(2)?, true)?.into())
        })],
        "Dropout for SELU of whole channels of `[N, C, …]`.",
        ">>> torch.feature_alpha_dropout(torch.ones(1, 2), 0.5, False)\ntensor([[1., 1.]])",
    ),
];
