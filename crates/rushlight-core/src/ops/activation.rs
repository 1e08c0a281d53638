//! Activations that have nodes of their own: `silu`, `gelu`, `softplus`, `elu` and their like. (`relu`, `sigmoid` and
//! `tanh` are rows of the unary tables.) All keep their input.

use super::backward::threshold_backward;
use super::bounds::clamp_context;
use super::elementwise::{self, Diagonal, Promote, Values, diagonal, kernel_scalar};
use crate::dispatch::{Attribute, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::DType;
use crate::error::{Error, Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::storage::Storage;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{Kernel, Scalar as Number, binary, compare, ternary, unary as kernels};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};

/// Writes an activation that is one kernel: type and arguments, node, kernel, what the kernel's context is, what
/// PyTorch shows of the arguments, and the derivative.
macro_rules! activation {
    (
        $(
            $(#[doc = $doc:literal])*
            $type:ident { $($(#[doc = $field_doc:literal])* $field:ident: $field_type:ty),* },
            $node:literal, $kernel_name:literal cost $cost:literal, |$this:ident| $kernel:expr, context $context:expr,
            shows { $($shown:literal: $value:expr),* },
            |$x:ident, $g:ident| $rule:expr;
        )*
    ) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone)]
            pub struct $type {
                $($(#[doc = $field_doc])* pub $field: $field_type,)*
            }

            impl Diagonal for $type {
                fn rule(&self, _: usize, values: &dyn Values, $g: &Tensor) -> Result<Tensor> {
                    #[allow(unused_variables, reason = "not every activation has arguments")]
                    let $this = self;
                    let $x = &values.input(0)?;
                    $rule
                }
            }

            impl Primitive for $type {
                fn name(&self) -> &'static str { $node }
                fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
                    elementwise::infer(inputs, None, Promote::Common, outputs)
                }
                fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
                    #[allow(unused_variables, reason = "not every activation has arguments")]
                    let $this = self;
                    let (kernel, dtype): (&Kernel, DType) = ($kernel, outputs[0].meta.dtype);
                    let context: &[Number] = &$context;
                    elementwise::run_kernel($kernel_name, kernel, dtype, inputs, None, context, $cost, &mut outputs[0])
                }
                fn saves(&self, _: Needs) -> Saves { Saves::NONE.input(0) }
                fn attributes(&self) -> Vec<(&'static str, Attribute)> {
                    #[allow(unused_variables, reason = "not every activation has arguments")]
                    let $this = self;
                    vec![$(($shown, Attribute::Value($value.into())),)* ("self", Attribute::Input(0))]
                }
                diagonal!();
            }
        )*
    };
}

activation! {
    /// `x sigmoid(x)`.
    Silu {}, "SiluBackward0", "silu_cpu" cost 14.0, |op| &kernels::SILU, context [], shows {},
    |x, g| {
        let s = x.sigmoid()?;
        g.mul(&s)?.mul(x.mul(s.rsub(1)?)?.add(1)?)
    };

    /// `x tanh(softplus(x))`.
    Mish {}, "MishBackward0", "mish_cpu" cost 24.0, |op| &kernels::MISH, context [], shows {},
    |x, g| {
        let t = x.softplus(1.0, 20.0)?.tanh()?;
        g.mul(x.sigmoid()?.mul(x)?.mul(t.mul(&t)?.rsub(1)?)?.add(&t)?)
    };

    /// `x` times the normal distribution function of `x`, or its approximation by tanh.
    Gelu {
        /// Whether tanh approximates the distribution function.
        tanh: bool
    },
    "GeluBackward0", "GeluKernelImpl" cost 24.0, |op| if op.tanh { &kernels::GELU_TANH } else { &kernels::GELU },
    context [], shows { "approximate": Value::Text(if op.tanh { "tanh" } else { "none" }.into()) },
    |x, g| if op.tanh { gelu_tanh_rule(x, g) } else { gelu_rule(x, g) };

    /// `log(1 + e^(beta x)) / beta`, or `x` where `beta x` exceeds the threshold.
    Softplus {
        /// The steepness.
        beta: Scalar,
        /// Above it the function is taken as linear.
        threshold: Scalar
    },
    "SoftplusBackward0", "softplus_cpu" cost 20.0, |op| &kernels::SOFTPLUS,
    context [kernel_scalar(op.beta), kernel_scalar(op.threshold)],
    shows { "beta": op.beta, "threshold": op.threshold },
    |x, g| {
        let steep = x.mul(op.beta)?;
        Tensor::where_(&steep.gt(op.threshold)?, g, g.mul(steep.sigmoid()?)?)
    };

    /// `x` where it is positive, else `slope x`.
    LeakyRelu {
        /// The slope below zero.
        slope: Scalar
    },
    "LeakyReluBackward0", "leaky_relu_cpu" cost 1.0, |op| &kernels::LEAKY_RELU, context [kernel_scalar(op.slope)],
    shows { "negative_slope": op.slope },
    |x, g| Tensor::where_(&x.gt(0)?, g, g.mul(op.slope)?);

    /// `log(sigmoid(x))`.
    LogSigmoid {}, "LogSigmoidBackward0", "log_sigmoid_cpu" cost 20.0, |op| &kernels::LOG_SIGMOID, context [],
    shows { "buffer": Value::None },
    |x, g| g.mul(x.neg()?.sigmoid()?);
}

/// The derivative of `x Φ(x)`: `Φ(x) + x φ(x)`.
fn gelu_rule(x: &Tensor, g: &Tensor) -> Result<Tensor> {
    let distribution = x.mul(FRAC_1_SQRT_2)?.erf()?.add(1)?.mul(0.5)?;
    let density = x.mul(x)?.mul(-0.5)?.exp()?.mul(0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2)?;
    g.mul(distribution.add(x.mul(density)?)?)
}

/// The derivative of `x (1 + tanh(c (x + 0.044715 x³))) / 2` with `c = sqrt(2 / π)`.
fn gelu_tanh_rule(x: &Tensor, g: &Tensor) -> Result<Tensor> {
    const SCALE: f64 = SQRT_2 * FRAC_2_SQRT_PI * 0.5;
    const CUBE: f64 = 0.044715;
    let square = x.mul(x)?;
    let t = square.mul(CUBE)?.add(1)?.mul(x)?.mul(SCALE)?.tanh()?;
    let slope = square.mul(3.0 * CUBE)?.add(1)?.mul(SCALE)?;
    let inner = t.mul(&t)?.rsub(1)?.mul(slope)?.mul(x)?;
    g.mul(t.add(1)?.add(inner)?.mul(0.5)?)
}

/// `scale x` where `x` is positive, else `scale alpha (e^(input_scale x) - 1)`.
#[derive(Clone)]
pub struct Elu {
    /// The limit at minus infinity, times `scale`.
    pub alpha: Scalar,
    /// The factor of everything.
    pub scale: Scalar,
    /// The factor of the exponent.
    pub input_scale: Scalar,
    /// Whether this is `celu(alpha)`, which PyTorch records under its own name.
    pub celu: bool,
}

impl Diagonal for Elu {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let x = values.input(0)?;
        let (alpha, scale, inner) = (self.alpha.to_f64(), self.scale.to_f64(), self.input_scale.to_f64());
        // Where x is positive the exponential is not used, and must not overflow into the product.
        let below = x.mul(inner)?.clamp_max(0)?.exp()?.mul(alpha * scale * inner)?;
        Tensor::where_(&x.le(0)?, g.mul(below)?, g.mul(scale)?)
    }
}

impl Primitive for Elu {
    fn name(&self) -> &'static str {
        if self.celu { "CeluBackward0" } else { "EluBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let dtype = output.meta.dtype;
        let (alpha, scale, inner) = (self.alpha.to_f64(), self.scale.to_f64(), self.input_scale.to_f64());
        let context = [Number::from(alpha * inner), Number::from(scale / inner)];
        if inner == 1.0 || kernels::ELU.row(dtype).is_none() {
            return elementwise::run_kernel(
                "elu_cpu",
                &kernels::ELU,
                dtype,
                inputs,
                None,
                &context,
                12.0,
                output,
            );
        }
        let factor = [Number::from(inner)];
        elementwise::run_kernel("elu_cpu", &binary::MUL_SCALAR, dtype, inputs, None, &factor, 1.0, output)?;
        elementwise::run_over("elu_cpu", &kernels::ELU, &context, output)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = vec![("alpha", Attribute::Value(self.alpha.into()))];
        if !self.celu {
            attributes.push(("input_scale", Attribute::Value(self.input_scale.into())));
            attributes.push(("scale", Attribute::Value(self.scale.into())));
        }
        attributes.push(("self", Attribute::Input(0)));
        attributes
    }
    diagonal!();
}

/// `min(max(x, low), high)`, with a gradient of zero from the bounds on.
#[derive(Clone)]
pub struct Hardtanh {
    /// The lower bound.
    pub low: Scalar,
    /// The upper bound.
    pub high: Scalar,
}

impl Diagonal for Hardtanh {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let x = values.input(0)?;
        g.masked_fill(&x.le(self.low)?.logical_or(&x.ge(self.high)?)?, 0)
    }
}

impl Primitive for Hardtanh {
    fn name(&self) -> &'static str {
        "HardtanhBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if inputs[0].dtype == DType::Bool {
            return Err(Error::not_implemented("Bool inputs not supported for hardtanh"));
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (name, kernel, dtype) = ("clamp_scalar_cpu", &ternary::CLAMP_SCALAR, outputs[0].meta.dtype);
        let context = clamp_context(Some(self.low), Some(self.high), dtype);
        elementwise::run_kernel(name, kernel, dtype, inputs, None, &context, 1.0, &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("max_val", Attribute::Value(self.high.into())),
            ("min_val", Attribute::Value(self.low.into())),
            ("self", Attribute::Input(0)),
        ]
    }
    diagonal!();
}

/// `x` where it exceeds the threshold, else the value.
#[derive(Clone)]
pub struct Threshold {
    /// The threshold.
    pub threshold: Scalar,
    /// What stands below it.
    pub value: Scalar,
}

impl Diagonal for Threshold {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        threshold_backward(g, &values.input(0)?, self.threshold)
    }
}

impl Primitive for Threshold {
    fn name(&self) -> &'static str {
        "ThresholdBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if inputs[0].dtype == DType::Bool {
            return Err(elementwise::undefined("threshold_cpu", DType::Bool));
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let meta = Meta::contiguous(outputs[0].shape(), DType::Bool);
        let storage = Storage::allocate(meta.elements())?;
        let mut below = ViewMut { pointer: storage.pointer(), meta: &meta };
        let dtype = outputs[0].meta.dtype;
        let threshold = Some(self.threshold);
        elementwise::run_kernel(
            "threshold_cpu",
            &compare::LE,
            dtype,
            inputs,
            threshold,
            &[],
            1.0,
            &mut below,
        )?;
        elementwise::run_where(&[below.as_view(), inputs[0]], Some(self.value), &mut outputs[0])
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(0)), ("threshold", Attribute::Value(self.threshold.into()))]
    }
    diagonal!();
}

impl Tensor {
    /// `x sigmoid(x)` of each element.
    ///
    /// # Errors
    /// For integers.
    pub fn silu(&self) -> Result<Tensor> {
        apply(Silu {}, &[self])
    }

    /// `x Φ(x)` of each element, Φ the normal distribution function, or its approximation by tanh.
    ///
    /// # Errors
    /// For integers.
    pub fn gelu(&self, tanh: bool) -> Result<Tensor> {
        apply(Gelu { tanh }, &[self])
    }

    /// `log(1 + e^(beta x)) / beta` of each element, linear where `beta x` exceeds the threshold.
    ///
    /// # Errors
    /// For integers.
    pub fn softplus(&self, beta: impl Into<Scalar>, threshold: impl Into<Scalar>) -> Result<Tensor> {
        apply(Softplus { beta: beta.into(), threshold: threshold.into() }, &[self])
    }

    /// `x` where it is positive, else `alpha (e^x - 1)`.
    ///
    /// # Errors
    /// For integers.
    pub fn elu(&self, alpha: impl Into<Scalar>) -> Result<Tensor> {
        let (scale, input_scale) = (Scalar::Int(1), Scalar::Int(1));
        apply(Elu { alpha: alpha.into(), scale, input_scale, celu: false }, &[self])
    }

    /// `x` where it is positive, else `slope x`.
    ///
    /// # Errors
    /// For integers.
    pub fn leaky_relu(&self, slope: impl Into<Scalar>) -> Result<Tensor> {
        apply(LeakyRelu { slope: slope.into() }, &[self])
    }

    /// `log(sigmoid(x))` of each element.
    ///
    /// # Errors
    /// For integers.
    pub fn log_sigmoid(&self) -> Result<Tensor> {
        apply(LogSigmoid {}, &[self])
    }

    /// `min(max(x, low), high)` of each element.
    ///
    /// # Errors
    /// For `bool`.
    pub fn hardtanh(&self, low: impl Into<Scalar>, high: impl Into<Scalar>) -> Result<Tensor> {
        apply(Hardtanh { low: low.into(), high: high.into() }, &[self])
    }
}

/// Argument `i`, or its default.
fn number(a: &Arguments<'_>, i: usize, default: f64) -> Result<Scalar> {
    Ok(a.optional_scalar(i)?.unwrap_or(Scalar::Float(default)))
}

fn hardtanh(a: &Arguments<'_>) -> Result<Value> {
    a.apply(Hardtanh { low: number(a, 1, -1.0)?, high: number(a, 2, 1.0)? }, &[a.tensor(0)?])
}

fn elu(a: &Arguments<'_>) -> Result<Value> {
    let (alpha, scale, input_scale) = (number(a, 1, 1.0)?, number(a, 2, 1.0)?, number(a, 3, 1.0)?);
    a.apply(Elu { alpha, scale, input_scale, celu: false }, &[a.tensor(0)?])
}

fn celu(a: &Arguments<'_>) -> Result<Value> {
    let alpha = number(a, 1, 1.0)?;
    if alpha.equals(0.0) {
        bail!(Runtime, "ZeroDivisionError: alpha cannot be 0 for CELU");
    }
    let input_scale = Scalar::Float(1.0 / alpha.to_f64());
    a.apply(Elu { alpha, scale: Scalar::Float(1.0), input_scale, celu: true }, &[a.tensor(0)?])
}

fn selu(a: &Arguments<'_>) -> Result<Value> {
    // Klambauer et al. 2017, "Self-Normalizing Neural Networks".
    let (alpha, scale) = (1.6732632423543772, 1.0507009873554805);
    let (alpha, scale) = (Scalar::Float(alpha), Scalar::Float(scale));
    a.apply(Elu { alpha, scale, input_scale: Scalar::Float(1.0), celu: false }, &[a.tensor(0)?])
}

fn gelu(a: &Arguments<'_>) -> Result<Value> {
    let tanh = match a.optional_text(1)? {
        None | Some("none") => false,
        Some("tanh") => true,
        Some(_) => bail!(Runtime, "approximate argument must be either none or tanh."),
    };
    a.apply(Gelu { tanh }, &[a.tensor(0)?])
}

const NN: Form = Form::NN.and(Form::OUT);
const NN_IN_PLACE: Form = Form::NN.and(Form::IN_PLACE).and(Form::OUT);

macro_rules! rows {
    ($($name:literal, $forms:expr, $rest:literal, $call:expr, [$($argument:expr),*], $documentation:literal, $example:literal;)*) => {
        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[
            $(Entry {
                name: $name,
                forms: $forms,
                overloads: &[Overload { schema: concat!($name, "(Tensor self", $rest, ") -> Tensor"), call: $call }],
                documentation: $documentation,
                example: $example,
                samples: |s| {
                    let numbers = |x: Tensor| {
                        #[allow(unused_mut, reason = "not every activation has arguments")]
                        let mut values: Vec<Value> = vec![x.into()];
                        $(values.push($argument.into());)*
                        values
                    };
                    let mut all: Vec<Sample> = s.each_layout_in(0.1, 0.8, &numbers);
                    all.extend(s.each_layout_in(-0.8, -0.1, &numbers));
                    all
                },
                ..Entry::DEFAULT
            },)*
        ];
    };
}

rows! {
    "silu", NN_IN_PLACE, "", |a| a.apply(Silu {}, &[a.tensor(0)?]), [],
    "`x * sigmoid(x)` of each element.",
    ">>> torch.nn.functional.silu(torch.tensor([0., 1.]))\ntensor([0.0000, 0.7311])";

    "mish", NN_IN_PLACE, "", |a| a.apply(Mish {}, &[a.tensor(0)?]), [],
    "`x * tanh(softplus(x))` of each element.",
    ">>> torch.nn.functional.mish(torch.tensor([0., 1.]))\ntensor([0.0000, 0.8651])";

    "gelu", NN, ", *, str approximate='none'", gelu, [Value::Text("tanh".into())],
    "`x` times the normal distribution function of `x`; with `approximate='tanh'` its approximation by tanh.",
    ">>> torch.nn.functional.gelu(torch.tensor([0., 1.]))\ntensor([0.0000, 0.8413])";

    "softplus", NN, ", Scalar beta=1, Scalar threshold=20",
    |a| a.apply(Softplus { beta: number(a, 1, 1.0)?, threshold: number(a, 2, 20.0)? }, &[a.tensor(0)?]),
    [Scalar::Float(1.5), Scalar::Float(20.0)],
    "`log(1 + exp(beta * x)) / beta` of each element; `x` where `beta * x` exceeds the threshold.",
    ">>> torch.nn.functional.softplus(torch.tensor([0., 1.]))\ntensor([0.6931, 1.3133])";

    "elu", NN_IN_PLACE, ", Scalar alpha=1, Scalar scale=1, Scalar input_scale=1", elu,
    [Scalar::Float(1.5), Scalar::Float(1.25), Scalar::Float(0.75)],
    "`scale * x` where `x` is positive, else `scale * alpha * (exp(input_scale * x) - 1)`.",
    ">>> torch.nn.functional.elu(torch.tensor([1., -1.]))\ntensor([ 1.0000, -0.6321])";

    "celu", Form::FUNCTION.and(Form::IN_PLACE), ", Scalar alpha=1.0", celu, [Scalar::Float(1.5)],
    "`x` where it is positive, else `alpha * (exp(x / alpha) - 1)`.",
    ">>> torch.celu(torch.tensor([1., -1.]))\ntensor([ 1.0000, -0.6321])";

    "selu", Form::FUNCTION.and(Form::IN_PLACE), "", selu, [],
    "`elu` with the factors that keep mean and variance of a layer's values.",
    ">>> torch.selu(torch.tensor([1., -1.]))\ntensor([ 1.0507, -1.1113])";

    "leaky_relu", NN_IN_PLACE, ", Scalar negative_slope=0.01",
    |a| a.apply(LeakyRelu { slope: number(a, 1, 0.01)? }, &[a.tensor(0)?]), [Scalar::Float(0.1)],
    "`x` where it is positive, else `negative_slope * x`.",
    ">>> torch.nn.functional.leaky_relu(torch.tensor([1., -1.]))\ntensor([ 1.0000, -0.0100])";

    "log_sigmoid", NN, "", |a| a.apply(LogSigmoid {}, &[a.tensor(0)?]), [],
    "`log(sigmoid(x))` of each element.",
    ">>> torch.nn.functional.logsigmoid(torch.tensor([0., 1.]))\ntensor([-0.6931, -0.3133])";

    "hardtanh", NN_IN_PLACE, ", Scalar min_val=-1, Scalar max_val=1", hardtanh,
    [Scalar::Float(-0.5), Scalar::Float(0.5)],
    "`min(max(x, min_val), max_val)` of each element; the gradient is zero from the bounds on.",
    ">>> torch.nn.functional.hardtanh(torch.tensor([-2., 0.5, 2.]))\ntensor([-1.0000,  0.5000,  1.0000])";

    "relu6", NN_IN_PLACE, "",
    |a| a.apply(Hardtanh { low: Scalar::Int(0), high: Scalar::Int(6) }, &[a.tensor(0)?]), [],
    "`min(max(x, 0), 6)` of each element.",
    ">>> torch.nn.functional.relu6(torch.tensor([-2., 0.5, 8.]))\ntensor([0.0000, 0.5000, 6.0000])";

    "threshold", Form::FUNCTION.and(Form::IN_PLACE).and(Form::OUT), ", Scalar threshold, Scalar value",
    |a| a.apply(Threshold { threshold: a.scalar(1)?, value: a.scalar(2)? }, &[a.tensor(0)?]),
    [Scalar::Float(0.0), Scalar::Float(2.0)],
    "`x` where it exceeds the threshold, else the value.",
    ">>> torch.threshold(torch.tensor([-2., 0.5]), 0.1, 20)\ntensor([20.0000,  0.5000])";
}
