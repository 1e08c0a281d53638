//! Ranges of numbers: `arange`, `linspace`, `logspace`, bit for bit those of PyTorch on CPU.
//!
//! PyTorch's results depend on how its loops are vectorised. What is written here was found by comparing with PyTorch
//! 2.15 on x86 with AVX2; it does not depend on the number of threads, while PyTorch's `arange` restarts its blocks
//! wherever a thread's part begins (from 32,768 elements on).

use super::create::{made, number, options, tensor_options};
use crate::dtype::{DType, default_dtype};
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Value};
use crate::scalar::Scalar;
use crate::tensor::{Element, Tensor};
use rushlight_kernels as kernels;

fn show(value: f64) -> String {
    if value.is_nan() {
        "nan".into()
    } else if value.is_infinite() {
        if value > 0.0 { "inf".into() } else { "-inf".into() }
    } else {
        format!("{value}")
    }
}

/// Number of elements of `arange`.
fn length(start: Scalar, end: Scalar, step: Scalar, dtype: DType) -> Result<usize> {
    let (first, last, by) = (start.to_f64(), end.to_f64(), step.to_f64());
    if by == 0.0 {
        bail!(Runtime, "step must be nonzero");
    }
    if !first.is_finite() || !last.is_finite() {
        bail!(Runtime, "unsupported range: {} -> {}", show(first), show(last));
    }
    if !(by > 0.0 && last >= first || by < 0.0 && last <= first) {
        bail!(Runtime, "upper bound and lower bound inconsistent with step sign");
    }
    let too_large = || Error::runtime("invalid size, possible overflow?");
    if dtype == DType::I64 {
        let (start, end, step) = (start.to_i64(), end.to_i64(), step.to_i64());
        if step == 0 {
            // A fractional step in an integer range: PyTorch counts in floating point.
            return Ok(((last - first) / by).ceil() as usize);
        }
        let count = end
            .checked_sub(start)
            .and_then(|n| n.checked_add(step))
            .and_then(|n| n.checked_sub(step.signum()))
            .ok_or_else(too_large)?;
        return Ok((count / step).max(0) as usize);
    }
    let count = ((last - first) / by).ceil();
    if (0.0..9.2e18).contains(&count) { Ok(count as usize) } else { Err(too_large()) }
}

/// `start + i * step` in floating point: blocks start from a rounded element and go on from it.
fn floats<T: Element>(start: f64, step: f64, count: usize, width: usize, narrow: bool) -> Vec<T> {
    // 16-bit dtypes count in `f32`, the others in `f64`.
    let fused = |a: f64, b: f64, c: f64| -> f64 {
        if narrow { f64::from((a as f32).mul_add(b as f32, c as f32)) } else { a.mul_add(b, c) }
    };
    let mut values: Vec<T> = Vec::with_capacity(count);
    while count - values.len() >= 2 * width {
        for _ in 0..2 {
            let base = T::from_f64(fused(step, values.len() as f64, start)).to_f64();
            values.extend((0..width).map(|k| T::from_f64(fused(step, k as f64, base))));
        }
    }
    values
        .extend((values.len()..count).map(|i| T::from_f64(fused(step, i as f64, start))).collect::<Vec<_>>());
    values
}

impl Tensor {
    /// `start, start + step, …` up to but not including `end`.
    ///
    /// ```
    /// use rushlight_core::{DType, Tensor};
    /// assert_eq!(Tensor::arange(0, 5, 2, DType::I64)?.to_vec::<i64>()?, [0, 2, 4]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the step is zero or leads away from the end, or a bound is not finite.
    pub fn arange(
        start: impl Into<Scalar>,
        end: impl Into<Scalar>,
        step: impl Into<Scalar>,
        dtype: DType,
    ) -> Result<Tensor> {
        let (start, end, step) = (start.into(), end.into(), step.into());
        let count = length(start, end, step, dtype)?;
        let (first, by) = (start.to_f64(), step.to_f64());
        match dtype {
            DType::Bool => Err(super::elementwise::no_kernel("arange", dtype)),
            DType::F64 => Tensor::from_vec(floats::<f64>(first, by, count, 4, false), &[count]),
            DType::F32 => Tensor::from_vec(floats::<f32>(first, by, count, 8, false), &[count]),
            DType::F16 => Tensor::from_vec(floats::<kernels::f16>(first, by, count, 16, true), &[count]),
            DType::BF16 => Tensor::from_vec(floats::<kernels::bf16>(first, by, count, 16, true), &[count]),
            _ => kernels::dispatch_all!(dtype, T => {
                let (start, step) = (start.to_i64(), step.to_i64());
                let values: Vec<T> = (0..count as i64)
                    .map(|i| T::from_i64(start.wrapping_add(step.wrapping_mul(i))))
                    .collect();
                Tensor::from_vec(values, &[count])
            }),
        }
    }

    /// `steps` numbers from `start` to `end`, both included, at equal distances; from both ends to the middle.
    ///
    /// # Errors
    /// For `bool`.
    pub fn linspace(start: f64, end: f64, steps: usize, dtype: DType) -> Result<Tensor> {
        let half = steps / 2;
        let distance = |steps: usize| if steps > 1 { steps - 1 } else { 1 } as f64;
        match dtype {
            DType::Bool => Err(super::elementwise::no_kernel("linspace", dtype)),
            DType::F64 => {
                let step = (end - start) / distance(steps);
                let at = |i: usize| {
                    if i < half {
                        step.mul_add(i as f64, start)
                    } else {
                        (-step).mul_add((steps - i - 1) as f64, end)
                    }
                };
                Tensor::from_vec(spaced(steps, start, at), &[steps])
            }
            DType::F32 | DType::F16 | DType::BF16 => {
                let (start, end) = (start as f32, end as f32);
                let step = (end - start) / distance(steps) as f32;
                let at = |i: usize| {
                    if i < half {
                        step.mul_add(i as f32, start)
                    } else {
                        (-step).mul_add((steps - i - 1) as f32, end)
                    }
                };
                Tensor::from_vec(spaced(steps, start, at), &[steps])?.to_dtype(dtype)
            }
            _ => {
                let (start, end) = (start.trunc(), end.trunc());
                let step = (end - start) / distance(steps);
                let at = |i: usize| {
                    if i < half { start + step * i as f64 } else { end - step * (steps - i - 1) as f64 }
                };
                Tensor::from_vec(spaced(steps, start, at), &[steps])?.to_dtype(dtype)
            }
        }
    }

    /// `base` to the power of `steps` exponents from `start` to `end`, both included, at equal distances.
    ///
    /// # Errors
    /// For `bool`.
    pub fn logspace(start: f64, end: f64, steps: usize, base: f64, dtype: DType) -> Result<Tensor> {
        if dtype == DType::Bool {
            return Err(super::elementwise::no_kernel("logspace", dtype));
        }
        let step = (end - start) / if steps > 1 { (steps - 1) as f64 } else { 1.0 };
        let at = |i: usize| {
            base.powf(if i < steps / 2 {
                start + step * i as f64
            } else {
                end - step * (steps - i - 1) as f64
            })
        };
        Tensor::from_vec(spaced(steps, base.powf(start), at), &[steps])?.to_dtype(dtype)
    }
}

/// One number is the start, not the end.
fn spaced<T: Element>(steps: usize, start: T, at: impl Fn(usize) -> T) -> Vec<T> {
    if steps == 1 { vec![start] } else { (0..steps).map(at).collect() }
}

fn arange(a: &Arguments<'_>, start: Scalar, end: Scalar, step: Scalar, i: usize) -> Result<Value> {
    let whole = |s: Scalar| !s.is_floating_point();
    let dtype = options(a, i)?.unwrap_or_else(|| {
        if whole(start) && whole(end) && whole(step) { DType::I64 } else { default_dtype() }
    });
    a.finish(Tensor::arange(start, end, step, dtype)?)
}

/// Bounds of `linspace`: numbers, or tensors without dimensions.
fn bounds(a: &Arguments<'_>, name: &str) -> Result<(f64, f64, usize)> {
    let rank = |i: usize| if let Value::Tensor(t) = a.value(i) { t.rank() } else { 0 };
    if rank(0) != 0 || rank(1) != 0 {
        bail!(
            Runtime,
            "{name} only supports 0-dimensional start and end tensors, but got start with {} dimension(s) and end with {} dimension(s).",
            rank(0),
            rank(1)
        );
    }
    let Ok(steps) = usize::try_from(a.int(2)?) else {
        bail!(Runtime, "number of steps must be non-negative");
    };
    Ok((number(a, 0)?.to_f64(), number(a, 1)?.to_f64(), steps))
}

fn linspace(a: &Arguments<'_>) -> Result<Value> {
    let (start, end, steps) = bounds(a, "linspace")?;
    a.finish(Tensor::linspace(start, end, steps, options(a, 3)?.unwrap_or_else(default_dtype))?)
}

fn logspace(a: &Arguments<'_>) -> Result<Value> {
    let (start, end, steps) = bounds(a, "logspace")?;
    let dtype = options(a, 4)?.unwrap_or_else(default_dtype);
    a.finish(Tensor::logspace(start, end, steps, a.float(3)?, dtype)?)
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    made!(
        "arange",
        Form::FUNCTION.and(Form::OUT),
        [
            (concat!("arange(Scalar end, *, ", tensor_options!(), ") -> Tensor"), |a| {
                arange(a, Scalar::Int(0), number(a, 0)?, Scalar::Int(1), 1)
            }),
            (
                concat!(
                    "arange(Scalar start, Scalar end, Scalar step=1, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                |a| { arange(a, number(a, 0)?, number(a, 1)?, number(a, 2)?, 3) }
            ),
        ],
        "Numbers from `start` (0) up to but not including `end`, `step` (1) apart: `int64` if all are integers, else of \
         the default dtype. The step must not be zero and must lead to the end.",
        ">>> torch.arange(1, 2.5, 0.5)\ntensor([1.0000, 1.5000, 2.0000])",
    ),
    made!(
        "linspace",
        Form::FUNCTION.and(Form::OUT),
        [
            (
                concat!(
                    "linspace(Scalar start, Scalar end, int steps, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                linspace
            ),
            (
                concat!(
                    "linspace(Tensor start, Tensor end, int steps, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                linspace
            ),
            (
                concat!(
                    "linspace(Tensor start, Scalar end, int steps, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                linspace
            ),
            (
                concat!(
                    "linspace(Scalar start, Tensor end, int steps, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                linspace
            ),
        ],
        "`steps` numbers from `start` to `end`, both included, at equal distances.",
        ">>> torch.linspace(0, 1, 5)\ntensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])",
    ),
    made!(
        "logspace",
        Form::FUNCTION.and(Form::OUT),
        [
            (
                concat!(
                    "logspace(Scalar start, Scalar end, int steps, float base=10.0, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                logspace
            ),
            (
                concat!(
                    "logspace(Tensor start, Tensor end, int steps, float base=10.0, *, ",
                    tensor_options!(),
                    ") -> Tensor"
                ),
                logspace
            ),
        ],
        "`base` to the power of `steps` exponents from `start` to `end`, both included, at equal distances.",
        ">>> torch.logspace(0, 2, 3)\ntensor([  1.,  10., 100.])",
    ),
];
