//! Variance and standard deviation.

use super::choose::{choose, differs};
use super::reduce::{
    Mean, Reduced, behind, only, reduced_count, reduced_dims, reduced_shape, restore, run_reduction,
};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    BatchedInput, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_multi,
};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, reduce::VAR};
use smallvec::smallvec;

/// The variance, or its root; and with `mean` the mean beside it.
#[derive(Clone)]
pub struct Variance {
    /// Which dimensions are reduced.
    pub reduced: Reduced,
    /// Whether they stay, with size one.
    pub keep: bool,
    /// What is subtracted from the number of elements in the divisor.
    pub correction: f64,
    /// Whether the root is taken: the standard deviation.
    pub root: bool,
    /// Whether the mean is a second result.
    pub mean: bool,
}

impl Variance {
    fn mean_of(&self, x: &Tensor, keep: bool) -> Result<Tensor> {
        apply(Mean { reduced: self.reduced.clone(), keep, dtype: None, named: true }, &[x])
    }

    /// `2 (x - mean x) / (n - correction)`: the derivative of the variance.
    fn slope(&self, x: &Tensor) -> Result<Tensor> {
        let degrees = reduced_count(x.shape(), &self.reduced) as f64 - self.correction;
        x.sub(self.mean_of(x, true)?)?.mul(2.0 / degrees.max(0.0))
    }

    /// `g / (2 y)`, and 0 where `y` is 0: from the gradient of the root to that of the variance.
    fn through_root(&self, g: &Tensor, y: &Tensor) -> Result<Tensor> {
        if !self.root {
            return Ok(g.clone());
        }
        choose(&g.div(&y.mul(2.0)?)?, &differs(y, 0.0)?)
    }

    fn vjp_variance(&self, x: &Tensor, g: &Tensor, y: Option<&Tensor>) -> Result<Tensor> {
        let g = match y {
            Some(y) => self.through_root(g, y)?,
            None => g.clone(),
        };
        self.slope(x)?.mul(&restore(&g, &self.reduced, self.keep)?)
    }

    fn jvp_variance(&self, x: &Tensor, t: &Tensor, y: &Tensor) -> Result<Tensor> {
        let kept = self.slope(x)?.mul(t)?;
        let sum =
            super::reduce::Sum { reduced: self.reduced.clone(), keep: self.keep, dtype: None, named: true };
        self.through_root(&apply(sum, &[&kept])?, y)
    }
}

impl Primitive for Variance {
    fn name(&self) -> &'static str {
        match (self.root, self.mean) {
            (false, false) => "VarBackward0",
            (true, false) => "StdBackward0",
            (false, true) => "VarMeanBackward0",
            (true, true) => "StdMeanBackward0",
        }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = inputs[0].dtype;
        let function = if self.root { "std" } else { "var" };
        if !dtype.is_floating_point() {
            if self.mean {
                bail!(NotImplemented, "{function}_mean only support floating point and complex dtypes");
            }
            bail!(NotImplemented, "std and var only support floating point and complex dtypes");
        }
        if reduced_count(inputs[0].shape(), &self.reduced) as f64 <= self.correction {
            crate::warning::warn(
                crate::warning::Category::User,
                format!(
                    "{function}{}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel divided by output numel).",
                    if self.mean { "_mean" } else { "" }
                ),
            );
        }
        let meta = Meta::contiguous(&reduced_shape(inputs[0].shape(), &self.reduced, self.keep), dtype);
        if self.mean {
            outputs.push(meta.clone());
        }
        outputs.push(meta);
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = inputs[0].meta.dtype;
        run_reduction("std", &VAR, dtype, &self.reduced, self.correction, &inputs[0], &mut outputs[0])?;
        if self.root {
            let variance = super::reduce::again(&outputs[0]);
            let kernel = &kernels::unary::SQRT;
            super::elementwise::run_kernel(
                "std",
                kernel,
                dtype,
                &[variance],
                None,
                &[],
                4.0,
                &mut outputs[0],
            )?;
        }
        if self.mean {
            let mean = Mean { reduced: self.reduced.clone(), keep: self.keep, dtype: None, named: true };
            mean.forward(inputs, &mut outputs[1..])?;
        }
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        if self.root { Saves::NONE.input(0).output(0) } else { Saves::NONE.input(0) }
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let x = context.input(0)?;
        let y = if self.root { Some(context.output(0)?) } else { None };
        let mut total = match &gradients[0] {
            Some(g) => Some(self.vjp_variance(&x, g, y.as_ref())?),
            None => None,
        };
        if let Some(Some(g)) = gradients.get(1) {
            let count = reduced_count(x.shape(), &self.reduced);
            let part = super::reduce::spread(&g.div(count)?, x.shape(), &self.reduced, self.keep)?;
            total = Some(match total {
                Some(total) => total.add(&part)?,
                None => part,
            });
        }
        Ok(smallvec![total])
    }
    fn jvp_all(&self, context: &ForwardContext<'_>, tangents: &[Option<Tensor>]) -> Result<Gradients> {
        let t = only(tangents)?;
        let mut results: Gradients =
            smallvec![Some(self.jvp_variance(context.input(0), t, context.output(0))?)];
        if self.mean {
            results.push(Some(self.mean_of(t, self.keep)?));
        }
        Ok(results)
    }
    fn batch(&self, inputs: &[BatchedInput], _: usize) -> Result<Option<Vec<(Tensor, Option<usize>)>>> {
        let Some((x, reduced)) = behind(&inputs[0], &self.reduced)? else { return Ok(None) };
        let results = apply_multi(Self { reduced, ..self.clone() }, &[&x])?;
        Ok(Some(results.into_iter().map(|r| (r, Some(0))).collect()))
    }
}

impl Tensor {
    /// The variance over some dimensions (an empty list means all), divided by `n - correction`.
    ///
    /// # Errors
    /// If a dimension is out of range, or named twice; for dtypes that are not floating-point ones.
    pub fn var(&self, dims: &[i64], correction: f64, keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(dims), self.rank())?;
        apply(Variance { reduced, keep, correction, root: false, mean: false }, &[self])
    }

    /// The standard deviation over some dimensions (an empty list means all): the root of [`Tensor::var`].
    ///
    /// # Errors
    /// Those of `var`.
    pub fn std(&self, dims: &[i64], correction: f64, keep: bool) -> Result<Tensor> {
        let reduced = reduced_dims(Some(dims), self.rank())?;
        apply(Variance { reduced, keep, correction, root: true, mean: false }, &[self])
    }
}

/// Calls with the arguments in their place: dimensions, divisor's correction, whether dimensions stay.
fn call(
    a: &Arguments<'_>,
    (root, mean): (bool, bool),
    dims: Option<&[i64]>,
    correction: f64,
    keep: bool,
) -> Result<Value> {
    let x = a.tensor(0)?;
    let operation = Variance { reduced: reduced_dims(dims, x.rank())?, keep, correction, root, mean };
    if !mean {
        return a.apply(operation, &[x]);
    }
    let results = apply_multi(operation, &[x])?;
    Ok(Value::Tensors(results.into_vec()))
}

/// `unbiased` is true where it is not given.
fn unbiased(a: &Arguments<'_>, i: usize) -> Result<f64> {
    Ok(if a.is_none(i) || a.bool(i)? { 1.0 } else { 0.0 })
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut samples = Vec::new();
    let transposed = s.tensor(&[3, 2]).t().expect("two dimensions");
    let expanded = s.tensor(&[3, 1]).expand(&[3, 2]).expect("expands");
    for x in [s.tensor(&[2, 3]), transposed.clone(), expanded] {
        samples.push(Sample::new(vec![x.into(), Value::Bool(true)]));
    }
    for (x, dims, unbiased, keep) in [
        (s.tensor(&[2, 3, 2]), vec![0, -1], true, false),
        (s.tensor(&[2, 3]), vec![1], false, true),
        (s.tensor(&[3, 0]), vec![0], true, false),
    ] {
        let arguments = vec![x.into(), Value::Ints(dims), Value::Bool(unbiased), Value::Bool(keep)];
        samples.push(Sample::new(arguments).overload(1));
    }
    let arguments = vec![transposed.into(), Value::None, Value::Float(0.5), Value::Bool(false)];
    samples.push(Sample::new(arguments).overload(2));
    samples
}

macro_rules! moments {
    ($($name:literal, $root:literal, $mean:literal, $result:literal, $forms:expr, $documentation:expr, $example:expr;)*) => {
        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[$(Entry {
            name: $name,
            forms: $forms,
            overloads: &[
                Overload {
                    schema: concat!($name, "(Tensor self, bool unbiased=True) -> ", $result),
                    call: |a| call(a, ($root, $mean), None, unbiased(a, 1)?, false),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> ", $result),
                    call: |a| call(a, ($root, $mean), a.optional_ints(1)?, unbiased(a, 2)?, a.bool(3)?),
                },
                Overload {
                    schema: concat!($name, "(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) -> ", $result),
                    call: |a| {
                        let correction = a.optional_float(2)?.unwrap_or(1.0);
                        call(a, ($root, $mean), a.optional_ints(1)?, correction, a.bool(3)?)
                    },
                },
            ],
            documentation: $documentation,
            example: $example,
            samples,
            ..Entry::DEFAULT
        },)*];
    };
}

moments! {
    "var", false, false, "Tensor", Form::FUNCTION_AND_METHOD.and(Form::OUT),
    "The variance of all elements, or over the dimensions `dim`: the sum of squared distances from the mean, divided by \
`n - correction`. `correction` is 1 unless given; `unbiased=False` is a correction of 0.",
    ">>> torch.tensor([1., 2., 3., 4.]).var()\ntensor(1.6667)";

    "std", true, false, "Tensor", Form::FUNCTION_AND_METHOD.and(Form::OUT),
    "The standard deviation of all elements, or over the dimensions `dim`: the root of `var`.",
    ">>> torch.tensor([1., 2., 3., 4.]).std(correction=0)\ntensor(1.1180)";

    "var_mean", false, true, "(Tensor, Tensor)", Form::FUNCTION,
    "The variance and the mean, as a tuple: see `var`.",
    ">>> torch.var_mean(torch.tensor([1., 2., 3., 4.]))\n(tensor(1.6667), tensor(2.5000))";

    "std_mean", true, true, "(Tensor, Tensor)", Form::FUNCTION,
    "The standard deviation and the mean, as a tuple: see `std`.",
    ">>> torch.std_mean(torch.tensor([1., 2., 3., 4.]))\n(tensor(1.2910), tensor(2.5000))";
}
