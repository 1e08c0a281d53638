//! Random operations, bit for bit those of PyTorch's CPU generator.
//!
//! The streams are the kernels' (`rushlight_kernels::random`); here is in which order the elements of a tensor draw from
//! them: in the order of memory, also where that is not the order of indices. [`Draw`] fills a tensor from one
//! distribution and is the primitive behind all in-place forms; functions that make tensors draw into fresh ones.
//! `rows.rs` has the registry's rows, `sample.rs` what draws more than once (`normal` of tensors, `multinomial`,
//! `dropout`).

mod rows;
mod sample;

pub use rows::OPERATIONS;
pub(crate) use sample::{alpha_dropout, dropout, feature_dropout, multinomial, normal};

use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Aliasing, Gradients, Metas, Primitive, View, ViewMut, apply_in_place, compute_over};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::layout::Layout;
use crate::random::{self, Generator};
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use crate::warning::{Category, warn};
use smallvec::{SmallVec, smallvec};

/// What a tensor is filled from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform between two bounds, the second excluded.
    Uniform(f64, f64),
    /// Normal with a mean and a standard deviation.
    Normal(f64, f64),
    /// One with a probability, else zero.
    Bernoulli(f64),
    /// Exponential with a rate.
    Exponential(f64),
    /// Cauchy's with median and scale.
    Cauchy(f64, f64),
    /// Numbers whose logarithm is normal with a mean and a standard deviation.
    LogNormal(f64, f64),
    /// The number of trials up to the first success of a probability.
    Geometric(f64),
    /// Integers from the first number on, as many as the second says; 0 stands for 2^64.
    Integers(i64, u64),
    /// All integers that the dtype holds exactly, from 0.
    AnyInteger,
}

/// C++'s name of a dtype, which PyTorch's messages have.
fn native_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::U8 => "unsigned char",
        DType::I8 => "signed char",
        DType::I16 => "short",
        DType::I32 => "int",
        DType::I64 => "long",
        DType::F16 => "c10::Half",
        DType::BF16 => "c10::BFloat16",
        DType::F32 => "float",
        DType::F64 => "double",
    }
}

/// The largest finite number of a floating-point dtype.
fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 65504.0,
        DType::BF16 => 3.389_531_389_251_535e38,
        DType::F32 => f64::from(f32::MAX),
        _ => f64::MAX,
    }
}

/// A number as C++ streams print it.
fn show(x: f64) -> String {
    if x.is_nan() {
        return if x.is_sign_negative() { "-nan".into() } else { "nan".into() };
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let (magnitude, mut text) = (x.abs(), format!("{x:.5e}"));
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if magnitude != 0.0 && !(-4..6).contains(&exponent) {
        let mantissa =
            text.split_once('e').map_or("", |(m, _)| m).trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    text = format!("{x:.*}", (5 - exponent).max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

impl Distribution {
    /// Refuses parameters that make no distribution, and dtypes that cannot hold it.
    fn check(self, dtype: DType) -> Result<()> {
        let floating = dtype.is_floating_point();
        let continuous = |name: &str| {
            if floating {
                return Ok(());
            }
            bail!(
                Runtime,
                "{name} distribution is a continuous probability distribution. dtype must be a floating point but you specified {}",
                dtype.scalar_name()
            )
        };
        match self {
            Self::Uniform(from, to) => {
                if !floating {
                    bail!(
                        NotImplemented,
                        "\"check_uniform_bounds\" not implemented for '{}'",
                        dtype.scalar_name()
                    );
                }
                let max = largest(dtype);
                for (name, bound) in [("from", from), ("to", to)] {
                    if !(-max..=max).contains(&bound) {
                        bail!(Runtime, "{name} is out of bounds for {}", native_name(dtype));
                    }
                }
                if from > to {
                    bail!(
                        Runtime,
                        "uniform_ expects to return a [from, to) range, but found from={} > to={}",
                        show(from),
                        show(to)
                    );
                }
                if to - from > max {
                    bail!(
                        Runtime,
                        "uniform_ expects to-from <= std::numeric_limits<{}>::max(), but found to={} and from={} which result in to-from to exceed the limit",
                        dtype.scalar_name(),
                        show(to),
                        show(from)
                    );
                }
                Ok(())
            }
            Self::Normal(_, deviation) => {
                if deviation.is_nan() || deviation < 0.0 {
                    bail!(Runtime, "normal expects std >= 0.0, but found std {}", show(deviation));
                }
                if !floating {
                    bail!(
                        NotImplemented,
                        "\"normal_kernel_cpu\" not implemented for '{}'",
                        dtype.scalar_name()
                    );
                }
                Ok(())
            }
            Self::Bernoulli(p) => {
                if !(0.0..=1.0).contains(&p) {
                    bail!(Runtime, "bernoulli_ expects p to be in [0, 1], but got p={}", show(p));
                }
                Ok(())
            }
            Self::Exponential(rate) => {
                continuous("Exponential")?;
                if rate.is_nan() || rate <= 0.0 {
                    bail!(Runtime, "exponential_ expects lambda > 0.0, but found lambda={}", show(rate));
                }
                Ok(())
            }
            Self::Cauchy(_, sigma) => {
                continuous("Cauchy")?;
                if sigma.is_nan() || sigma <= 0.0 {
                    bail!(Runtime, "cauchy_ expects sigma > 0.0, but found sigma={}", show(sigma));
                }
                Ok(())
            }
            Self::LogNormal(_, deviation) => {
                if deviation.is_nan() || deviation <= 0.0 {
                    bail!(Runtime, "log_normal_ expects std > 0.0, but found std={}", show(deviation));
                }
                if !floating {
                    bail!(NotImplemented, "\"log_normal_cpu\" not implemented for '{}'", dtype.scalar_name());
                }
                Ok(())
            }
            Self::Geometric(p) => {
                if !(p > 0.0 && p < 1.0) {
                    bail!(Runtime, "geometric_ expects p to be in (0, 1), but got p={}", show(p));
                }
                Ok(())
            }
            Self::Integers(..) | Self::AnyInteger => Ok(()),
        }
    }

    /// Integers from `from` up to but not including `to`; without `to`, up to the largest of the dtype.
    fn integers(from: i64, to: Option<i64>, dtype: DType) -> Result<Self> {
        let (low, high) = match dtype {
            DType::Bool => (0, 1),
            DType::U8 => (0, 255),
            DType::I8 => (-128, 127),
            DType::I16 => (-32768, 32767),
            DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            DType::F16 => (-65504, 65504),
            _ => (i64::MIN, i64::MAX),
        };
        // Above this power of two a floating-point dtype has gaps between integers.
        let digits = match dtype {
            DType::F16 => Some(11),
            DType::BF16 => Some(8),
            DType::F32 => Some(24),
            DType::F64 => Some(53),
            _ => None,
        };
        let last = match to {
            Some(to) => {
                if from >= to {
                    bail!(
                        Runtime,
                        "random_ expects 'from' to be less than 'to', but got from={from} >= to={to}"
                    );
                }
                to - 1
            }
            None => digits.map_or(high, |d| 1i64 << d),
        };
        for (name, bound) in [("from", from), ("to - 1", last)] {
            if !(low..=high).contains(&bound) {
                bail!(Runtime, "{name} is out of bounds for {}", native_name(dtype));
            }
            if let Some(digits) = digits
                && bound.unsigned_abs() > 1 << digits
            {
                warn(
                    Category::User,
                    format!(
                        "{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {} can support discrete uniform distribution only within this range. This warning will become an error in version 1.7 release, please fix the code in advance",
                        native_name(dtype)
                    ),
                );
            }
        }
        if from >= last && to.is_none() {
            bail!(
                Runtime,
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got from={from} > to_inc={last}"
            );
        }
        Ok(Self::Integers(from, (last as u64).wrapping_sub(from as u64).wrapping_add(1)))
    }
}

/// The dimensions in the order of memory: largest stride first.
fn memory_order(layout: &Layout) -> SmallVec<[usize; 6]> {
    let mut order: SmallVec<[usize; 6]> = (0..layout.rank()).collect();
    order.sort_by_key(|&d| std::cmp::Reverse(layout.strides()[d]));
    order
}

/// Lets `write` fill row-major memory, and brings it to where the output has it, in the order of memory.
fn in_memory_order(
    output: &mut ViewMut<'_>,
    write: impl FnOnce(*mut u8, &[usize]) -> Result<()>,
) -> Result<()> {
    let order = memory_order(&output.meta.layout);
    if output.meta.layout.is_contiguous() {
        let identity: SmallVec<[usize; 6]> = (0..output.meta.rank()).collect();
        return write(output.pointer, &identity);
    }
    let layout = output.meta.layout.permuted(&order);
    let dense = Meta::contiguous(layout.shape(), output.meta.dtype);
    let storage = Storage::allocate(dense.elements() * dense.dtype.size())?;
    write(storage.pointer(), &order)?;
    let target = Meta::new(layout, output.meta.dtype);
    let from = View { pointer: storage.pointer(), meta: &dense };
    super::copy::copy_view(&mut ViewMut { pointer: output.pointer, meta: &target }, &from);
    Ok(())
}

/// Fills a tensor from a distribution. Its derivative is zero: nothing of the input is left.
#[derive(Clone)]
pub struct Draw {
    /// What is drawn.
    pub distribution: Distribution,
    /// Where it is drawn from.
    pub generator: Generator,
    /// PyTorch's name of the node.
    pub node: &'static str,
}

impl Primitive for Draw {
    fn name(&self) -> &'static str {
        self.node
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        self.distribution.check(inputs[0].dtype)?;
        outputs.push(Meta::new(inputs[0].layout.fresh_like(), inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, _: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let (dtype, count) = (output.meta.dtype, output.meta.elements());
        let serial = !output.meta.layout.is_contiguous();
        let mut stream = random::lock(&self.generator);
        in_memory_order(output, |target, _| {
            // SAFETY: `target` is contiguous memory for `count` elements of the dtype.
            let done = unsafe {
                match self.distribution {
                    Distribution::Uniform(from, to) => stream.uniform(dtype, target, count, from, to),
                    Distribution::Normal(mean, deviation) => {
                        stream.normal(dtype, target, count, mean, deviation, serial)
                    }
                    Distribution::Exponential(rate) => stream.exponential(dtype, target, count, rate),
                    Distribution::Cauchy(median, sigma) => stream.cauchy(dtype, target, count, median, sigma),
                    Distribution::LogNormal(mean, deviation) => {
                        stream.log_normal(dtype, target, count, mean, deviation)
                    }
                    Distribution::Bernoulli(p) => {
                        stream.bernoulli(dtype, target, count, p);
                        true
                    }
                    Distribution::Geometric(p) => {
                        stream.geometric(dtype, target, count, p);
                        true
                    }
                    Distribution::Integers(from, range) => {
                        stream.integers(dtype, target, count, from, range);
                        true
                    }
                    Distribution::AnyInteger => {
                        stream.any_integers(dtype, target, count);
                        true
                    }
                }
            };
            if done { Ok(()) } else { Err(super::elementwise::no_kernel("random", dtype)) }
        })
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

/// Zeros and ones with a probability for each element. Inputs: the tensor that is filled, the probabilities.
#[derive(Clone)]
pub struct BernoulliEach {
    /// Where it is drawn from.
    pub generator: Generator,
}

impl Primitive for BernoulliEach {
    fn name(&self) -> &'static str {
        "BernoulliBackward1"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (x, p) = (inputs[0], inputs[1]);
        super::copy::check_expands(p.shape(), x.shape())?;
        if !p.dtype.is_floating_point() {
            bail!(
                NotImplemented,
                "\"bernoulli_tensor_cpu_p_\" not implemented for '{}'",
                p.dtype.scalar_name()
            );
        }
        outputs.push(Meta::new(x.layout.fresh_like(), x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (p, output) = (&inputs[1], &mut outputs[0]);
        let (dtype, count) = (output.meta.dtype, output.meta.elements());
        let wide = p.meta.dtype;
        let expanded = p.meta.layout.expanded(output.shape());
        let mut stream = random::lock(&self.generator);
        in_memory_order(output, |target, order| {
            let from = Meta::new(expanded.permuted(order), p.meta.dtype);
            let dense = Meta::contiguous(from.shape(), wide);
            let storage = Storage::allocate(count * wide.size())?;
            let mut to = ViewMut { pointer: storage.pointer(), meta: &dense };
            super::copy::copy_view(&mut to, &View { pointer: p.pointer, meta: &from });
            // SAFETY: both are contiguous memory for `count` elements.
            let possible = unsafe { probabilities_are_possible(wide, storage.pointer(), count) };
            if !possible {
                bail!(
                    Runtime,
                    "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
                );
            }
            // SAFETY: as above.
            unsafe { stream.bernoulli_each(dtype, target, wide, storage.pointer(), count) };
            Ok(())
        })
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let second = if context.needs_input(1) { Some(g.zeros_like()?) } else { None };
        Ok(smallvec![Some(g.zeros_like()?), second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, _: &[Option<Tensor>]) -> Result<Tensor> {
        context.input(0).zeros_like()
    }
}

/// # Safety
/// `pointer` must be readable for `count` elements of a floating-point dtype.
unsafe fn probabilities_are_possible(dtype: DType, pointer: *const u8, count: usize) -> bool {
    rushlight_kernels::dispatch_float!(dtype, T => {
        // SAFETY: the caller's promise.
        (0..count).all(|i| (0.0..=1.0).contains(&crate::tensor::Element::to_f64(unsafe { pointer.cast::<T>().add(i).read() })))
    }, else false)
}

/// Fills a tensor that nobody has seen yet: nothing is recorded, and its version stays 0.
pub(crate) fn fill_fresh(tensor: &Tensor, distribution: Distribution, generator: &Generator) -> Result<()> {
    let draw = Draw { distribution, generator: generator.clone(), node: "" };
    compute_over(&draw, tensor, &[tensor])
}

/// A new tensor from a distribution.
pub(crate) fn fresh(
    shape: &[usize],
    dtype: DType,
    distribution: Distribution,
    generator: &Generator,
) -> Result<Tensor> {
    let tensor = Tensor::empty(shape, dtype)?;
    fill_fresh(&tensor, distribution, generator)?;
    Ok(tensor)
}

/// A permutation of the integers below `count`.
pub(crate) fn permutation(count: usize, dtype: DType, generator: &Generator) -> Result<Tensor> {
    let limit: Option<(i64, &str)> = match dtype {
        DType::F16 => Some((2049, "Half")),
        DType::BF16 => Some((257, "BFloat16")),
        DType::F32 => Some((16_777_217, "Float")),
        DType::F64 => Some((9_007_199_254_740_993, "Double")),
        _ => None,
    };
    match limit {
        Some((limit, name)) if count as i64 > limit => {
            bail!(Runtime, "n cannot be greater than {limit} for {name} type.")
        }
        Some(_) => {}
        None => super::create::check_fits((count as i64).into(), dtype)?,
    }
    let mut values = vec![0i64; count];
    random::lock(generator).permutation(&mut values);
    Tensor::from_vec(values, &[count])?.to_dtype(dtype)
}

impl Tensor {
    /// Uniform numbers in `[0, 1)`, from the default generator.
    ///
    /// ```
    /// use rushlight_core::{DType, Tensor, random};
    /// random::manual_seed(0);
    /// assert_eq!(Tensor::rand(&[2], DType::F32)?.to_vec::<f32>()?, [0.496_256_6, 0.768_221_8]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the dtype is not a floating-point one.
    pub fn rand(shape: &[usize], dtype: DType) -> Result<Tensor> {
        fresh(shape, dtype, Distribution::Uniform(0.0, 1.0), random::default_generator())
    }

    /// Standard normal numbers, from the default generator.
    ///
    /// # Errors
    /// If the dtype is not a floating-point one.
    pub fn randn(shape: &[usize], dtype: DType) -> Result<Tensor> {
        fresh(shape, dtype, Distribution::Normal(0.0, 1.0), random::default_generator())
    }

    /// Uniform integers from `low` up to but not including `high`, from the default generator.
    ///
    /// # Errors
    /// If there are none, or the dtype cannot hold them.
    pub fn randint(low: i64, high: i64, shape: &[usize], dtype: DType) -> Result<Tensor> {
        let distribution = Distribution::integers(low, Some(high), dtype)?;
        fresh(shape, dtype, distribution, random::default_generator())
    }

    /// A permutation of the integers below `count`, from the default generator.
    ///
    /// # Errors
    /// If the memory cannot be had.
    pub fn randperm(count: usize) -> Result<Tensor> {
        permutation(count, DType::I64, random::default_generator())
    }

    /// Fills with uniform numbers in `[from, to)`, from the default generator.
    ///
    /// # Errors
    /// If the bounds are in the wrong order, the dtype is not a floating-point one, and those of in-place changes.
    pub fn uniform_(&self, from: f64, to: f64) -> Result<Tensor> {
        self.draw_(Distribution::Uniform(from, to), random::default_generator(), "UniformBackward0")
    }

    /// Fills with normal numbers, from the default generator.
    ///
    /// # Errors
    /// If the deviation is negative, the dtype is not a floating-point one, and those of in-place changes.
    pub fn normal_(&self, mean: f64, deviation: f64) -> Result<Tensor> {
        self.draw_(Distribution::Normal(mean, deviation), random::default_generator(), "NormalBackward0")
    }

    /// Fills with ones with a probability, else zeros, from the default generator.
    ///
    /// # Errors
    /// If the probability is not one, and those of in-place changes.
    pub fn bernoulli_(&self, p: f64) -> Result<Tensor> {
        self.draw_(Distribution::Bernoulli(p), random::default_generator(), "BernoulliBackward2")
    }

    /// Fills from a distribution.
    ///
    /// # Errors
    /// If the parameters make no distribution or the dtype cannot hold it, and those of in-place changes.
    pub fn draw_(
        &self,
        distribution: Distribution,
        generator: &Generator,
        node: &'static str,
    ) -> Result<Tensor> {
        distribution.check(self.dtype())?;
        apply_in_place(Draw { distribution, generator: generator.clone(), node }, &[self])
    }

    /// Zeroes elements with probability `p` and scales the others by `1 / (1 - p)`, if `train`.
    ///
    /// # Errors
    /// If `p` is not a probability.
    pub fn dropout(&self, p: f64, train: bool) -> Result<Tensor> {
        dropout(self, p, train)
    }
}
