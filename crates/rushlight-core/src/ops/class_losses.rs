//! Losses of classes: negative log-likelihood and cross entropy.

use super::losses::{Reduction, reduction};
use super::reduce::{again, only};
use super::scalar_nodes::{add_number, div_number, mul_number};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Attribute, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_multi,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result, bail};
use crate::layout::{Shape, Strides, int_list};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::{self as kernels, loss};
use smallvec::smallvec;

/// The negative log-likelihood of the target's classes. The inputs are log-probabilities, target, and perhaps a weight
/// for each class; the results are the loss and the sum of the weights that counted.
#[derive(Clone)]
pub struct NllLoss {
    /// What becomes of the losses.
    pub reduction: Reduction,
    /// A class that does not count.
    pub ignore: i64,
    /// Whether there is a weight.
    pub weight: bool,
    /// Whether it is of pictures (samples × classes × height × width).
    pub spatial: bool,
}

/// The dimension of the classes.
fn class_dim(rank: usize) -> usize {
    usize::from(rank > 1)
}

/// Sizes or strides without the classes' dimension.
fn without_classes<T: Copy>(of: &[T]) -> impl Iterator<Item = T> + '_ {
    let dim = class_dim(of.len());
    of.iter().enumerate().filter(move |(d, _)| *d != dim).map(|(_, x)| *x)
}

impl NllLoss {
    fn check(&self, x: &Meta, target: &Meta, weight: Option<&Meta>) -> Result<()> {
        let expected: Shape = without_classes(x.shape()).collect();
        let (rank, target_rank) = (x.rank(), target.rank());
        if self.spatial {
            if target_rank != 3 {
                bail!(
                    Runtime,
                    "only batches of spatial targets supported (3D tensors) but got targets of dimension: {target_rank}"
                );
            }
            if rank != 4 {
                bail!(
                    Runtime,
                    "only batches of spatial inputs supported (4D tensors), but got input of dimension: {rank}"
                );
            }
            if expected.as_slice() != target.shape() {
                bail!(
                    Runtime,
                    "size mismatch (got input: {} , target: {}",
                    int_list(x.shape()),
                    int_list(target.shape())
                );
            }
        } else {
            if rank == 0 || rank > 2 {
                bail!(Runtime, "input tensor should be 1D or 2D");
            }
            if target_rank > 1 {
                bail!(Runtime, "0D or 1D target tensor expected, multi-target not supported");
            }
            if rank == 1 && target_rank == 1 && target.elements() != 1 {
                bail!(
                    Value,
                    "For 1D input, 1D target must have size 1, but got target size: {}",
                    target.elements()
                );
            }
            if rank == 2 && expected.as_slice() != target.shape() && x.shape()[0] != target.elements() {
                bail!(
                    Runtime,
                    "size mismatch (got input: {}, target: {})",
                    int_list(x.shape()),
                    int_list(target.shape())
                );
            }
        }
        let classes = x.shape()[class_dim(rank)];
        if let Some(weight) = weight
            && weight.shape() != [classes]
        {
            bail!(
                Runtime,
                "weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: {}",
                int_list(weight.shape())
            );
        }
        if !matches!(target.dtype, DType::I64 | DType::U8) {
            bail!(
                Runtime,
                "expected target dtype to be Long or Byte, but got {}",
                target.dtype.scalar_name()
            );
        }
        if let Some(weight) = weight
            && weight.dtype != x.dtype
        {
            bail!(
                Runtime,
                "expected scalar type {} but found {}",
                x.dtype.scalar_name(),
                weight.dtype.scalar_name()
            );
        }
        if !x.dtype.is_floating_point() {
            bail!(
                NotImplemented,
                "\"nll_loss{}_out_frame\" not implemented for '{}'",
                if self.spatial { "2d_forward" } else { "" },
                x.dtype.scalar_name()
            );
        }
        Ok(())
    }
}

/// Strides of a target or of losses over the places of the predictions.
fn place_strides(strides: &[isize], places: usize) -> Strides {
    // A number for one sample without a dimension for samples.
    if strides.len() < places { smallvec![0; places] } else { Strides::from_slice(strides) }
}

impl Primitive for NllLoss {
    fn name(&self) -> &'static str {
        if self.spatial { "NllLoss2DBackward0" } else { "NllLossBackward0" }
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let x = inputs[0];
        self.check(x, inputs[1], inputs.get(2).copied())?;
        let each = self.reduction == Reduction::None && x.rank() > 1;
        let shape: Shape = if each { without_classes(x.shape()).collect() } else { Shape::new() };
        outputs.push(Meta::contiguous(&shape, x.dtype));
        outputs.push(Meta::contiguous(&[], x.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (x, target) = (&inputs[0], &inputs[1]);
        let dtype = x.meta.dtype;
        let dim = class_dim(x.shape().len());
        let shape: Shape = without_classes(x.shape()).collect();
        let strides: Strides = without_classes(x.strides()).collect();
        let targets = place_strides(target.strides(), shape.len());
        let over = |pointer: *const u8, strides, class_stride| loss::Over {
            pointer: pointer.cast_mut(),
            strides,
            class_stride,
        };
        let sizes = loss::Classes { shape: &shape, classes: x.shape()[dim], ignore: self.ignore };
        let classes = over(target.pointer, &targets, 0);
        let target_dtype = target.meta.dtype;
        // SAFETY: claimed and in bounds, over the predictions' places (`infer`).
        if let Some(class) = unsafe { loss::wrong_class(&sizes, &classes, target_dtype) } {
            return Err(Error::index(format!("Target {class} is out of bounds.")));
        }
        let weight = inputs
            .get(2)
            .map_or((std::ptr::null(), 0), |w| (w.pointer, w.strides().first().copied().unwrap_or(0)));
        let [output, weights] = outputs else { bail!(Runtime, "nll_loss: two results are wanted") };
        let each_strides = place_strides(output.strides(), shape.len());
        let each = over(output.pointer, &each_strides, 0);
        let each = (self.reduction == Reduction::None).then_some(&each);
        let from = over(x.pointer, &strides, x.strides()[dim]);
        let (total, counted) = (output.pointer, weights.pointer);
        // SAFETY: claimed and in bounds; the outputs are fresh; the classes were checked.
        unsafe { loss::nll(dtype, &sizes, &from, &classes, target_dtype, weight, each, total, counted) };
        if self.reduction == Reduction::Mean {
            let sum = again(output);
            let divisor = weights.as_view();
            let div = &kernels::binary::DIV;
            super::elementwise::run_kernel("nll_loss", div, dtype, &[sum, divisor], None, &[], 1.0, output)?;
        }
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.shape(0).input(1).input(2).output(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let weight = if self.weight { Attribute::Input(2) } else { Attribute::Value(Value::None) };
        vec![
            ("target", Attribute::Input(1)),
            ("weight", weight),
            ("total_weight", Attribute::Output(1)),
            ("reduction", Attribute::Value(Value::Int(self.reduction.to_int()))),
            ("ignore_index", Attribute::Value(Value::Int(self.ignore))),
        ]
    }
    fn vjp_all(&self, context: &Context<'_>, gradients: &[Option<Tensor>]) -> Result<Gradients> {
        let Some(g) = &gradients[0] else { return Ok(Gradients::new()) };
        let back = NllBack { forward: self.clone(), shape: context.shape(0)? };
        // The sum of weights does not depend on the predictions.
        let counted = context.output(1)?.detach()?;
        let target = context.input(1)?;
        let weight = if self.weight { Some(context.input(2)?) } else { None };
        let mut inputs = vec![g, &target, &counted];
        inputs.extend(weight.as_ref());
        Ok(smallvec![Some(apply(back, &inputs)?)])
    }
    fn jvp_all(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Gradients> {
        let mut inputs = vec![only(&t[..1])?, context.input(1)];
        if self.weight {
            inputs.push(context.input(2));
        }
        Ok(smallvec![apply_multi(self.clone(), &inputs)?.into_iter().next(), None])
    }
}

/// The transpose of [`NllLoss`]. The inputs are the gradient, the target, the sum of weights, and perhaps a weight.
#[derive(Clone)]
struct NllBack {
    forward: NllLoss,
    /// The predictions' shape.
    shape: Shape,
}

impl Primitive for NllBack {
    fn name(&self) -> &'static str {
        if self.forward.spatial { "NllLoss2DBackwardBackward0" } else { "NllLossBackwardBackward0" }
    }
    fn edges(&self, _: usize) -> usize {
        1
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        outputs.push(Meta::contiguous(&self.shape, inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (g, target, counted, output) = (&inputs[0], &inputs[1], &inputs[2], &mut outputs[0]);
        let dtype = g.meta.dtype;
        let dim = class_dim(self.shape.len());
        let shape: Shape = without_classes(&self.shape).collect();
        let strides: Strides = without_classes(output.strides()).collect();
        let targets = place_strides(target.strides(), shape.len());
        let gradients = place_strides(g.strides(), shape.len());
        let over = |pointer: *const u8, strides, class_stride| loss::Over {
            pointer: pointer.cast_mut(),
            strides,
            class_stride,
        };
        let factor = if self.forward.reduction == Reduction::Mean {
            // SAFETY: one element, claimed.
            1.0 / kernels::dispatch_all!(dtype, T => kernels::Element::to_f64(unsafe { counted.pointer.cast::<T>().read() }))
        } else {
            1.0
        };
        let weight = inputs
            .get(3)
            .map_or((std::ptr::null(), 0), |w| (w.pointer, w.strides().first().copied().unwrap_or(0)));
        let sizes = loss::Classes { shape: &shape, classes: self.shape[dim], ignore: self.forward.ignore };
        let classes = over(target.pointer, &targets, 0);
        // SAFETY: claimed and in bounds, over the predictions' places.
        if let Some(class) = unsafe { loss::wrong_class(&sizes, &classes, target.meta.dtype) } {
            return Err(Error::index(format!("Target {class} is out of bounds.")));
        }
        let to = over(output.pointer, &strides, output.strides()[dim]);
        let from = over(g.pointer, &gradients, 0);
        // SAFETY: claimed and in bounds; the output is fresh, row-major and of this many bytes, and zero bytes are zero;
        // the classes were checked.
        unsafe {
            output.pointer.write_bytes(0, output.meta.elements() * dtype.size());
            loss::nll_backward(dtype, &sizes, &to, &classes, target.meta.dtype, weight, &from, factor);
        }
        Ok(())
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(1).input(3)
    }
    fn vjp(&self, context: &Context<'_>, h: &Tensor) -> Result<Gradients> {
        let target = context.input(1)?;
        let weight = if self.forward.weight { Some(context.input(3)?) } else { None };
        let mut inputs = vec![h, &target];
        inputs.extend(weight.as_ref());
        Ok(smallvec![apply_multi(self.forward.clone(), &inputs)?.into_iter().next()])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let mut inputs = vec![only(&t[..1])?];
        inputs.extend((1..context.inputs()).map(|i| context.input(i)));
        apply(self.clone(), &inputs)
    }
}

/// Arguments that all losses of classes share.
struct Options<'a> {
    weight: Option<&'a Tensor>,
    reduction: Reduction,
    ignore: i64,
}

impl<'a> Options<'a> {
    /// Arguments 2 (weight), 3 (reduction), 4 (ignored class).
    fn of(a: &Arguments<'a>) -> Result<Self> {
        let ignore = a.optional_int(4)?.unwrap_or(-100);
        Ok(Self { weight: a.optional_tensor(2)?, reduction: reduction(a, 3)?, ignore })
    }

    fn nll(&self, x: &Tensor, target: &Tensor, spatial: bool) -> Result<Tensor> {
        let weight = self.weight.is_some();
        let operation = NllLoss { reduction: self.reduction, ignore: self.ignore, weight, spatial };
        let mut inputs = vec![x, target];
        inputs.extend(self.weight);
        match apply_multi(operation, &inputs)?.into_iter().next() {
            Some(loss) => Ok(loss),
            None => bail!(Runtime, "nll_loss has no result"),
        }
    }

    /// Of any number of dimensions: samples × classes × places.
    fn nll_nd(&self, x: &Tensor, target: &Tensor) -> Result<Tensor> {
        let rank = x.rank();
        if rank == 0 {
            bail!(Value, "Expected 1 or more dimensions (got 0)");
        }
        let samples = x.shape()[0];
        if rank != 1 && (target.rank() == 0 || target.shape()[0] != samples) {
            bail!(
                Value,
                "Expected input batch_size ({samples}) to match target batch_size ({}).",
                target.shape().first().copied().unwrap_or(1)
            );
        }
        if rank < 3 {
            return self.nll(x, target, false);
        }
        if rank == 4 {
            return self.nll(x, target, true);
        }
        let mut expected = Shape::from_slice(&[samples]);
        expected.extend_from_slice(&x.shape()[2..]);
        if target.shape() != expected.as_slice() {
            bail!(Runtime, "Expected target size {}, got {}", int_list(&expected), int_list(target.shape()));
        }
        let places: usize = x.shape()[2..].iter().product();
        let flat = x.contiguous()?.view(&[samples as i64, x.shape()[1] as i64, 1, places as i64])?;
        let target = target.contiguous()?.view(&[samples as i64, 1, places as i64])?;
        let losses = self.nll(&flat, &target, true)?;
        if self.reduction == Reduction::None {
            let shape: Vec<i64> = expected.iter().map(|&s| s as i64).collect();
            return losses.view(&shape);
        }
        Ok(losses)
    }

    /// The cross entropy of class probabilities.
    fn of_probabilities(&self, x: &Tensor, target: &Tensor, smoothing: f64) -> Result<Tensor> {
        if !target.dtype().is_floating_point() {
            bail!(
                Runtime,
                "Expected floating point type for target with class probabilities, got {}",
                target.dtype().scalar_name()
            );
        }
        if self.ignore >= 0 {
            bail!(Runtime, "ignore_index is not supported for floating point target");
        }
        let dim = class_dim(x.rank()) as i64;
        let classes = if x.rank() == 0 { 1 } else { x.shape()[dim as usize] };
        self.check_weight(classes)?;
        let mut loss = x.log_softmax(dim)?;
        let mut target = target.clone();
        if smoothing > 0.0 {
            target = add_number(&mul_number(&target, 1.0 - smoothing)?, smoothing / classes as f64)?;
        }
        loss = loss.mul(&target)?;
        if let Some(weight) = self.weight {
            loss = loss.mul(&Self::spread_weight(weight, x.rank())?)?;
        }
        match self.reduction {
            Reduction::None => loss.sum_dims(&[dim], false)?.neg(),
            Reduction::Sum => loss.sum()?.neg(),
            Reduction::Mean if x.numel() == 0 => loss.sum()?.neg()?.mul(f64::NAN),
            Reduction::Mean => div_number(&loss.sum()?.neg()?, (x.numel() / classes) as i64),
        }
    }

    fn check_weight(&self, classes: usize) -> Result<()> {
        match self.weight {
            Some(weight) if weight.shape() != [classes] => bail!(
                Runtime,
                "cross_entropy: weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: {}",
                int_list(weight.shape())
            ),
            _ => Ok(()),
        }
    }

    /// A weight for each class, over the dimensions of the predictions.
    fn spread_weight(weight: &Tensor, rank: usize) -> Result<Tensor> {
        if rank < 2 {
            return Ok(weight.clone());
        }
        let mut shape: Shape = smallvec![1; rank];
        shape[class_dim(rank)] = weight.numel();
        weight.reshape_to(&shape)
    }

    /// The cross entropy of classes, of which some of the probability is spread over all.
    fn smoothed(&self, x: &Tensor, target: &Tensor, smoothing: f64) -> Result<Tensor> {
        let rank = x.rank();
        let dim = class_dim(rank);
        let classes = if rank == 0 { 1 } else { x.shape()[dim] };
        self.check_weight(classes)?;
        let log = x.log_softmax(dim as i64)?;
        let likelihood = self.nll_nd(&log, target)?;
        let weighted = match self.weight {
            Some(weight) => log.mul(&Self::spread_weight(weight, rank)?)?,
            None => log.clone(),
        };
        let smooth = weighted.sum_dims(&[dim as i64], false)?.neg()?;
        // The places that do not count.
        let ignored = super::choose::differs(&target.to_dtype(x.dtype())?, self.ignore as f64)?;
        let smooth = super::choose::choose(&smooth, &ignored.reshape_to(smooth.shape())?)?;
        let smooth = match self.reduction {
            Reduction::None => smooth,
            Reduction::Sum => smooth.sum()?,
            Reduction::Mean => {
                let counted = if self.weight.is_some() {
                    // The weights of the targets that count: the loss of minus one for every class.
                    let ones = Tensor::full(x.shape(), Scalar::Int(-1), x.dtype())?;
                    Options { reduction: Reduction::Sum, ..*self }.nll_nd(&ones, target)?
                } else {
                    ignored.sum()?
                };
                smooth.sum()?.div(&counted)?
            }
        };
        mul_number(&likelihood, 1.0 - smoothing)?.add(&mul_number(&smooth, smoothing / classes as f64)?)
    }

    fn cross_entropy(&self, x: &Tensor, target: &Tensor, smoothing: f64) -> Result<Tensor> {
        if !(0.0..=1.0).contains(&smoothing) {
            bail!(Runtime, "label_smoothing must be between 0.0 and 1.0. Got: {smoothing}");
        }
        if x.shape() == target.shape() {
            return self.of_probabilities(x, target, smoothing);
        }
        if smoothing > 0.0 {
            return self.smoothed(x, target, smoothing);
        }
        self.nll_nd(&x.log_softmax(class_dim(x.rank()) as i64)?, target)
    }
}

impl Tensor {
    /// The negative log-likelihood of classes, of predictions that are log-probabilities: samples × classes × places.
    ///
    /// # Errors
    /// If shapes or dtypes do not fit, and for classes that do not exist.
    pub fn nll_loss(
        &self,
        target: &Tensor,
        weight: Option<&Tensor>,
        reduction: Reduction,
        ignore: i64,
    ) -> Result<Tensor> {
        Options { weight, reduction, ignore }.nll_nd(self, target)
    }

    /// The cross entropy of classes (a target of `i64`), or of class probabilities (a target in the shape of the logits).
    ///
    /// # Errors
    /// If shapes or dtypes do not fit, and for classes that do not exist.
    pub fn cross_entropy_loss(
        &self,
        target: &Tensor,
        weight: Option<&Tensor>,
        reduction: Reduction,
        ignore: i64,
        smoothing: f64,
    ) -> Result<Tensor> {
        Options { weight, reduction, ignore }.cross_entropy(self, target, smoothing)
    }
}

/// Predictions, classes, no weight, a reduction, an ignored class.
fn sample(s: &Sampler, shape: &[usize], target: &[usize], reduction: i64, ignore: i64) -> Sample {
    let classes = shape[class_dim(shape.len())];
    Sample::new(vec![
        s.tensor(shape).into(),
        s.indices(target, classes).into(),
        Value::None,
        Value::Int(reduction),
        Value::Int(ignore),
    ])
}

fn samples(s: &Sampler) -> Vec<Sample> {
    let mut transposed = sample(s, &[2, 3], &[2], 1, -100);
    transposed.arguments[0] = s.tensor(&[3, 2]).t().expect("two dimensions").into();
    transposed.note = "transposed";
    let mut empty = sample(s, &[0, 3], &[0], 2, -100);
    empty.note = "empty";
    vec![
        sample(s, &[4, 3], &[4], 1, -100),
        sample(s, &[4, 3], &[4], 0, -100),
        sample(s, &[4, 3], &[4], 2, 1),
        sample(s, &[3], &[], 1, -100),
        transposed,
        empty,
    ]
}

fn spatial_samples(s: &Sampler) -> Vec<Sample> {
    vec![sample(s, &[2, 3, 2, 2], &[2, 2, 2], 1, -100), sample(s, &[2, 3, 2, 1], &[2, 2, 1], 0, -100)]
}

/// What the rows of the negative log-likelihood share.
const NLL: Entry = Entry {
    forms: Form::NN,
    // The classes are checked when the loss is computed; over a hidden dimension, one by one.
    documentation: "The negative log-likelihood of the target's classes, of predictions that are log-probabilities \
(samples × classes, and places behind). `weight` has a number for each class; `ignore_index` is a class that does not \
count. With `reduction` 1, the sum of losses is divided by the sum of the weights that counted.",
    example: ">>> torch.nn.functional.nll_loss(torch.tensor([[-1., -2.]]), torch.tensor([1]))\ntensor(2.)",
    ..Entry::DEFAULT
};

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "nll_loss",
        overloads: &[Overload {
            schema: "nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor",
            call: |a| a.finish(Options::of(a)?.nll(a.tensor(0)?, a.tensor(1)?, false)?),
        }],
        samples,
        ..NLL
    },
    Entry {
        name: "nll_loss2d",
        overloads: &[Overload {
            schema: "nll_loss2d(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor",
            call: |a| a.finish(Options::of(a)?.nll(a.tensor(0)?, a.tensor(1)?, true)?),
        }],
        samples: spatial_samples,
        ..NLL
    },
    Entry {
        name: "nll_loss_nd",
        overloads: &[Overload {
            schema: "nll_loss_nd(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor",
            call: |a| a.finish(Options::of(a)?.nll_nd(a.tensor(0)?, a.tensor(1)?)?),
        }],
        samples: |s| {
            let mut samples = samples(s);
            samples.extend(spatial_samples(s));
            samples.push(sample(s, &[2, 3, 2], &[2, 2], 0, -100));
            samples
        },
        ..NLL
    },
    Entry {
        name: "cross_entropy_loss",
        overloads: &[Overload {
            schema: "cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100, float label_smoothing=0.) -> Tensor",
            call: |a| {
                let smoothing = a.optional_float(5)?.unwrap_or(0.0);
                a.finish(Options::of(a)?.cross_entropy(a.tensor(0)?, a.tensor(1)?, smoothing)?)
            },
        }],
        documentation: "The cross entropy of logits (samples × classes, and places behind) and classes, or, with a target in \
the shape of the logits, class probabilities. `label_smoothing` spreads that part of the target's probability over all \
classes.",
        example: ">>> torch.nn.functional.cross_entropy(torch.zeros(1, 2), torch.tensor([1]))\ntensor(0.6931)",
        samples: |s| {
            let mut samples = samples(s);
            samples.push(sample(s, &[2, 3, 2], &[2, 2], 1, -100));
            for (i, sample) in samples.iter_mut().enumerate() {
                sample.arguments.push(Value::Float(if i == 0 || i == 2 { 0.1 } else { 0.0 }));
            }
            for (reduction, smoothing) in [(1, 0.0), (0, 0.2), (2, 0.0)] {
                samples.push(Sample::new(vec![
                    s.tensor(&[2, 3]).into(),
                    s.range(&[2, 3], 0.1, 0.9).into(),
                    Value::None,
                    Value::Int(reduction),
                    Value::Int(-100),
                    Value::Float(smoothing),
                ]));
            }
            samples
        },
        ..NLL
    },
];
