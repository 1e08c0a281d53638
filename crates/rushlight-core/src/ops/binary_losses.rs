//! Binary cross entropies, of probabilities and of logits. `reduction` is what it is in `losses`.

use super::elementwise::{self, Promote, run_kernel};
use super::losses::{Reduction, pair_attributes, pairs, reduction};
use super::reduce::{Reduced, again, only, run_reduction};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Attribute, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::{DTypeNames, can_cast};
use crate::error::{Result, bail};
use crate::layout::{Shape, broadcast_shapes, int_list};
use crate::registry::{Entry, Form, Overload, Value};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, loss};
use smallvec::smallvec;

/// `binary_cross_entropy`: of probabilities and targets in `[0, 1]`; the inputs are prediction, target and perhaps a
/// weight.
#[derive(Clone)]
pub struct BinaryCrossEntropy {
    /// Whether there is a weight.
    pub weight: bool,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

/// Fails unless every element is in `[0, 1]`.
fn check_unit(what: &str, x: &View<'_>) -> Result<()> {
    let dtype = x.meta.dtype;
    let all: Reduced = smallvec![true; x.shape().len()];
    let meta = Meta::contiguous(&[], dtype);
    let mut bounds = [0u64; 2];
    for (bound, kernel) in bounds.iter_mut().zip([&kernels::reduce::MIN, &kernels::reduce::MAX]) {
        let mut to = ViewMut { pointer: (&raw mut *bound).cast(), meta: &meta };
        run_reduction("binary_cross_entropy", kernel, dtype, &all, 0.0, x, &mut to)?;
    }
    let [low, high] = bounds.map(|bits| {
        kernels::dispatch_all!(dtype, T => {
            // SAFETY: eight bytes hold an element of any dtype, just written.
            kernels::Element::to_f64(unsafe { (&raw const bits).cast::<T>().read() })
        })
    });
    if x.meta.elements() != 0 && !(low >= 0.0 && high <= 1.0) {
        bail!(Runtime, "all elements of {what} should be between 0 and 1");
    }
    Ok(())
}

impl BinaryCrossEntropy {
    /// What each loss's gradient is multiplied by.
    fn factor(&self, shape: &[usize]) -> f64 {
        self.reduction.factor(shape.iter().product())
    }
}

impl Primitive for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "BinaryCrossEntropyBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = inputs[0].dtype;
        if !dtype.is_floating_point() {
            bail!(NotImplemented, "\"binary_cross_entropy\" not implemented for '{}'", dtype.scalar_name());
        }
        for other in &inputs[1..] {
            if other.dtype != dtype {
                bail!(
                    Runtime,
                    "Found dtype {} but expected {}",
                    other.dtype.scalar_name(),
                    dtype.scalar_name()
                );
            }
        }
        let mut shape = Shape::from_slice(inputs[0].shape());
        for other in &inputs[1..] {
            shape = broadcast_shapes(&shape, other.shape())?;
        }
        outputs.push(Meta::contiguous(&self.reduction.shape(&shape), dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        check_unit("input", &inputs[0])?;
        check_unit("target", &inputs[1])?;
        let mut shape = broadcast_shapes(inputs[0].shape(), inputs[1].shape())?;
        if let Some(weight) = inputs.get(2) {
            shape = broadcast_shapes(&shape, weight.shape())?;
        }
        self.reduction.write(&shape, &mut outputs[0], |losses| {
            let kernel = &kernels::ternary::BINARY_CROSS_ENTROPY;
            run_kernel("binary_cross_entropy", kernel, dtype, &inputs[..2], None, &[], 20.0, losses)?;
            weigh(inputs.get(2), losses)
        })
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1).input(2)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = pair_attributes(self.reduction);
        let absent = Attribute::Value(Value::None);
        attributes.push(("weight", if self.weight { Attribute::Input(2) } else { absent }));
        attributes
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (x, y) = (context.input(0)?, context.input(1)?);
        let weight = if self.weight { Some(context.input(2)?) } else { None };
        let mut shape = broadcast_shapes(x.shape(), y.shape())?;
        if let Some(weight) = &weight {
            shape = broadcast_shapes(&shape, weight.shape())?;
        }
        let mut g = g.clone();
        let factor = self.factor(&shape);
        if factor != 1.0 {
            g = g.mul(factor)?;
        }
        if let Some(weight) = &weight {
            g = g.mul(weight)?;
        }
        let first = if context.needs_input(0) { Some(apply(ProbabilityBack, &[&g, &x, &y])?) } else { None };
        let second = if context.needs_input(1) { Some(g.mul(&log_odds(&x)?)?.neg()?) } else { None };
        Ok(smallvec![first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let (x, y) = (context.input(0), context.input(1));
        let mut change: Option<Tensor> = None;
        if let Some(t) = &t[0] {
            change = Some(apply(ProbabilityBack, &[t, x, y])?);
        }
        if let Some(t) = &t[1] {
            let part = t.mul(&log_odds(x)?)?.neg()?;
            change = Some(match change {
                Some(change) => change.add(&part)?,
                None => part,
            });
        }
        let mut change = only(&[change])?.clone();
        if context.inputs() > 2 {
            change = change.mul(context.input(2))?;
        }
        self.reduction.apply(change)
    }
}

/// Multiplies losses by their weights, if there are any.
fn weigh(weight: Option<&View<'_>>, losses: &mut ViewMut<'_>) -> Result<()> {
    let Some(weight) = weight else { return Ok(()) };
    let unweighted = again(losses);
    let dtype = losses.meta.dtype;
    run_kernel("mul", &kernels::binary::MUL, dtype, &[unweighted, *weight], None, &[], 1.0, losses)
}

/// `log x - log(1 - x)`: what a target's unit costs less.
fn log_odds(x: &Tensor) -> Result<Tensor> {
    x.log()?.sub(x.neg()?.add(1.0)?.log()?)
}

/// `g (x - y) / ((1 - x) x)` in one pass: the derivative of the binary cross entropy.
#[derive(Clone)]
struct ProbabilityBack;

impl Primitive for ProbabilityBack {
    fn name(&self) -> &'static str {
        "BinaryCrossEntropyBackwardBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let kernel = &kernels::ternary::BINARY_CROSS_ENTROPY_BACKWARD;
        run_kernel("binary_cross_entropy_backward", kernel, dtype, inputs, None, &[], 4.0, &mut outputs[0])
    }
    fn aliasing(&self) -> crate::dispatch::Aliasing {
        crate::dispatch::Aliasing::Elementwise
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1).input(2)
    }
    fn vjp(&self, context: &Context<'_>, h: &Tensor) -> Result<Gradients> {
        let (g, x, y) = (context.input(0)?, context.input(1)?, context.input(2)?);
        let by_g = if context.needs_input(0) { Some(apply(Self, &[h, &x, &y])?) } else { None };
        let by_x = if context.needs_input(1) { Some(h.mul(&g)?.mul(&second_slope(&x, &y)?)?) } else { None };
        let by_y = if context.needs_input(2) { Some(h.mul(&g)?.div(&spread_of(&x)?)?.neg()?) } else { None };
        Ok(smallvec![by_g, by_x, by_y])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let (g, x, y) = (context.input(0), context.input(1), context.input(2));
        let mut total = context.output(0).zeros_like()?;
        if let Some(t) = &t[0] {
            total = total.add(apply(Self, &[t, x, y])?)?;
        }
        if let Some(t) = &t[1] {
            total = total.add(t.mul(g)?.mul(&second_slope(x, y)?)?)?;
        }
        if let Some(t) = &t[2] {
            total = total.sub(t.mul(g)?.div(&spread_of(x)?)?)?;
        }
        Ok(total)
    }
}

/// `(1 - x) x`.
fn spread_of(x: &Tensor) -> Result<Tensor> {
    x.neg()?.add(1.0)?.mul(x)
}

/// `(x² - 2 x y + y) / ((1 - x) x)²`: the second derivative of the binary cross entropy.
fn second_slope(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let spread = spread_of(x)?;
    let above = x.mul(x)?.sub(x.mul(y)?.mul(2.0)?)?.add(y)?;
    above.div(&spread)?.div(&spread)
}

/// `binary_cross_entropy_with_logits`: the inputs are logits, target, and perhaps a weight and a weight of the positive
/// class, in that order.
#[derive(Clone)]
pub struct LogitsCrossEntropy {
    /// Whether there is a weight.
    pub weight: bool,
    /// Whether there is a weight of the positive class.
    pub positive: bool,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl LogitsCrossEntropy {
    /// The place of the weight of the positive class among the inputs.
    fn positive_at(&self) -> usize {
        2 + usize::from(self.weight)
    }

    /// The derivatives by logits and by target, before weights and reduction.
    fn slopes(x: &Tensor, y: &Tensor, positive: Option<&Tensor>) -> Result<(Tensor, Tensor)> {
        let sigmoid = x.sigmoid()?;
        let Some(p) = positive else { return Ok((sigmoid.sub(y)?, x.neg()?)) };
        // (1 - y) - ((p - 1) y + 1) (1 - sigmoid x), and -x + (p - 1) log(1 + e^-x).
        let extra = p.sub(1.0)?;
        let log_weight = extra.mul(y)?.add(1.0)?;
        let rest = sigmoid.neg()?.add(1.0)?;
        let by_x = y.neg()?.add(1.0)?.sub(log_weight.mul(&rest)?)?;
        let by_y = extra.mul(sigmoid.log()?)?.neg()?.sub(x)?;
        Ok((by_x, by_y))
    }
}

impl Primitive for LogitsCrossEntropy {
    fn name(&self) -> &'static str {
        "BinaryCrossEntropyWithLogitsBackward0"
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        // PyTorch computes over `1 - target`, which gives shape and dtype.
        let (x, y) = (inputs[0], inputs[1]);
        let common = elementwise::compute_dtype(inputs, None, Promote::Common);
        if !can_cast(common, y.dtype) {
            bail!(
                Runtime,
                "result type {} can't be cast to the desired output type {}",
                common.scalar_name(),
                y.dtype.scalar_name()
            );
        }
        let mut shape = broadcast_shapes(x.shape(), y.shape())?;
        if shape.as_slice() != y.shape() {
            bail!(
                Runtime,
                "output with shape {} doesn't match the broadcast shape {}",
                int_list(y.shape()),
                int_list(&shape)
            );
        }
        for weight in &inputs[2..] {
            shape = broadcast_shapes(&shape, weight.shape())?;
        }
        outputs.push(Meta::contiguous(&self.reduction.shape(&shape), y.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        let mut shape = broadcast_shapes(inputs[0].shape(), inputs[1].shape())?;
        for weight in &inputs[2..] {
            shape = broadcast_shapes(&shape, weight.shape())?;
        }
        let name = "binary_cross_entropy_with_logits";
        self.reduction.write(&shape, &mut outputs[0], |losses| {
            if self.positive {
                let operands = [inputs[0], inputs[1], inputs[self.positive_at()]];
                let kernel = &loss::LOGITS_CROSS_ENTROPY_WEIGHTED;
                run_kernel(name, kernel, dtype, &operands, None, &[], 20.0, losses)?;
            } else {
                let kernel = &loss::LOGITS_CROSS_ENTROPY;
                run_kernel(name, kernel, dtype, &inputs[..2], None, &[], 20.0, losses)?;
            }
            weigh(inputs.get(2).filter(|_| self.weight), losses)
        })
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).input(1).input(2).input(3)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let mut attributes = pair_attributes(self.reduction);
        let absent = || Attribute::Value(Value::None);
        attributes.push(("weight", if self.weight { Attribute::Input(2) } else { absent() }));
        let positive = if self.positive { Attribute::Input(self.positive_at()) } else { absent() };
        attributes.push(("pos_weight", positive));
        attributes
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let (x, y) = (context.input(0)?, context.input(1)?);
        let positive = if self.positive { Some(context.input(self.positive_at())?) } else { None };
        let (by_x, by_y) = Self::slopes(&x, &y, positive.as_ref())?;
        let mut shape = broadcast_shapes(by_x.shape(), by_y.shape())?;
        let weight = if self.weight { Some(context.input(2)?) } else { None };
        if let Some(weight) = &weight {
            shape = broadcast_shapes(&shape, weight.shape())?;
        }
        let mut g = g.mul(self.reduction.factor(shape.iter().product()))?;
        if let Some(weight) = &weight {
            g = g.mul(weight)?;
        }
        let second = if context.needs_input(1) { Some(g.mul(&by_y)?) } else { None };
        Ok(smallvec![Some(g.mul(&by_x)?), second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let positive = self.positive.then(|| context.input(self.positive_at()));
        let (by_x, by_y) = Self::slopes(context.input(0), context.input(1), positive)?;
        let first = t[0].as_ref().map(|t| t.mul(&by_x)).transpose()?;
        let second = t[1].as_ref().map(|t| t.mul(&by_y)).transpose()?;
        let mut change = match (first, second) {
            (Some(a), Some(b)) => a.add(&b)?,
            (a, b) => only(&[a, b])?.clone(),
        };
        if self.weight {
            change = change.mul(context.input(2))?;
        }
        self.reduction.apply(change)
    }
}

impl Tensor {
    /// The binary cross entropy of probabilities and a target in `[0, 1]`.
    ///
    /// # Errors
    /// If shapes or dtypes differ, and if there are elements outside of `[0, 1]`.
    pub fn binary_cross_entropy(
        &self,
        target: &Tensor,
        weight: Option<&Tensor>,
        reduction: Reduction,
    ) -> Result<Tensor> {
        let mut inputs = vec![self, target];
        inputs.extend(weight);
        apply(BinaryCrossEntropy { weight: weight.is_some(), reduction }, &inputs)
    }

    /// The binary cross entropy of logits: of `sigmoid(self)`, without its loss of digits.
    ///
    /// # Errors
    /// If shapes or dtypes do not fit.
    pub fn binary_cross_entropy_with_logits(
        &self,
        target: &Tensor,
        weight: Option<&Tensor>,
        positive: Option<&Tensor>,
        reduction: Reduction,
    ) -> Result<Tensor> {
        let mut inputs = vec![self, target];
        inputs.extend(weight);
        inputs.extend(positive);
        let operation =
            LogitsCrossEntropy { weight: weight.is_some(), positive: positive.is_some(), reduction };
        apply(operation, &inputs)
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "binary_cross_entropy",
        forms: Form::NN.and(Form::OUT),
        overloads: &[Overload {
            schema: "binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, int reduction=1) -> Tensor",
            call: |a| {
                let mut inputs = vec![a.tensor(0)?, a.tensor(1)?];
                inputs.extend(a.optional_tensor(2)?);
                a.apply(BinaryCrossEntropy { weight: inputs.len() > 2, reduction: reduction(a, 3)? }, &inputs)
            },
        }],
        documentation: "`-(y log x + (1 - y) log(1 - x))` of probabilities x and targets y, with logarithms not below -100, \
times `weight`; with `reduction` 1 their mean, with 2 their sum. Prediction and target must be in [0, 1].",
        example: ">>> torch.nn.functional.binary_cross_entropy(torch.tensor([0.5, 0.5]), torch.tensor([0., 1.]))\ntensor(0.6931)",
        samples: |s| {
            // The weight has no derivative, as in PyTorch: tests/losses.rs covers it.
            pairs(s, true, |reduction| vec![Value::None, Value::Int(reduction)])
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "binary_cross_entropy_with_logits",
        forms: Form::FUNCTION,
        overloads: &[Overload {
            schema: "binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=1) -> Tensor",
            call: |a| {
                let (weight, positive) = (a.optional_tensor(2)?, a.optional_tensor(3)?);
                let (x, y) = (a.tensor(0)?, a.tensor(1)?);
                a.finish(x.binary_cross_entropy_with_logits(y, weight, positive, reduction(a, 4)?)?)
            },
        }],
        documentation: "The binary cross entropy of `sigmoid(self)`, computed without its loss of digits; times `weight`, \
with the positive class times `pos_weight`; with `reduction` 1 their mean, with 2 their sum.",
        example: ">>> torch.nn.functional.binary_cross_entropy_with_logits(torch.zeros(2), torch.tensor([0., 1.]))\ntensor(0.6931)",
        samples: |s| pairs(s, false, |reduction| vec![Value::None, Value::None, Value::Int(reduction)]),
        ..Entry::DEFAULT
    },
];
