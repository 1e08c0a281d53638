//! Layers that differentiate: `grad`, `vjp`, `jvp`, nested in any order.

use super::{Kind, Layer, LayerGuard, level_of, lowered};
use crate::autograd::{self, BackwardOptions};
use crate::dispatch::{Operation, difference, difference_in_place};
use crate::error::{Result, bail};
use crate::state;
use crate::storage::Storage;
use crate::tensor::{Special, Tensor, TensorVec, flag};
use smallvec::SmallVec;

/// Wraps a tensor as seen at a level.
fn lift(inner: Tensor, level: usize) -> Result<Tensor> {
    let meta = inner.meta().clone();
    let tensor = Tensor::from_parts(meta, Storage::allocate(0)?);
    tensor.with_extra(|e| e.special = Some(Special::Lifted { level, inner }));
    tensor.set_flag(flag::SPECIAL, true);
    Ok(tensor)
}

/// What a tensor is below a level: its inner tensor if it belongs to the level, else itself.
pub(super) fn unlift(tensor: &Tensor, level: usize) -> Tensor {
    match tensor.special() {
        Some(Special::Lifted { level: l, inner }) if l == level => inner,
        _ => tensor.clone(),
    }
}

/// All inputs at a level: those that are not there yet are constants.
fn lift_all(inputs: &[&Tensor], level: usize) -> Result<SmallVec<[Tensor; 3]>> {
    inputs
        .iter()
        .map(|&t| if level_of(t) == Some(level) { Ok(t.clone()) } else { lift(t.clone(), level) })
        .collect()
}

pub(super) fn apply(operation: &dyn Operation, inputs: &[&Tensor], layer: &Layer) -> Result<TensorVec> {
    let level = layer.level;
    let lifted = lift_all(inputs, level)?;
    let references: SmallVec<[&Tensor; 3]> = lifted.iter().collect();
    let flags = references.iter().fold(0, |flags, t| flags | t.flags());
    state::with(|thread| {
        difference(operation, &references, flags, thread, |inputs| {
            let inner: SmallVec<[Tensor; 3]> = inputs.iter().map(|t| unlift(t, level)).collect();
            let inner: SmallVec<[&Tensor; 3]> = inner.iter().collect();
            let results = lowered(layer, || crate::dispatch::run(operation, &inner))?;
            results
                .into_iter()
                .map(|result| {
                    let lifted = lift(result, level)?;
                    // A view shares the version counter of its source.
                    Ok(if operation.is_view() { share_counter(inputs[0], &lifted) } else { lifted })
                })
                .collect()
        })
    })
}

fn share_counter(source: &Tensor, view: &Tensor) -> Tensor {
    let shared = source.alias(view.meta().clone());
    let special = view.special();
    shared.with_extra(|e| e.special = special);
    shared.set_flag(flag::SPECIAL, true);
    shared
}

pub(super) fn apply_in_place(
    operation: &dyn Operation,
    target: &Tensor,
    inputs: &[&Tensor],
    layer: &Layer,
) -> Result<()> {
    let level = layer.level;
    let lifted = lift_all(inputs, level)?;
    let references: SmallVec<[&Tensor; 3]> = lifted.iter().collect();
    let flags = references.iter().fold(target.flags(), |flags, t| flags | t.flags());
    difference_in_place(operation, target, &references, flags, |inputs| {
        let inner_target = unlift(target, level);
        let inner: SmallVec<[Tensor; 3]> = inputs.iter().map(|t| unlift(t, level)).collect();
        let inner: SmallVec<[&Tensor; 3]> = inner.iter().collect();
        lowered(layer, || crate::dispatch::run_in_place(operation, &inner_target, &inner))
    })
}

/// A differentiating layer, for callers that cannot use closures (the binding).
pub struct Differentiation {
    guard: LayerGuard,
}

impl Differentiation {
    /// Enters a new level.
    pub fn enter() -> Self {
        Self { guard: LayerGuard::enter(Kind::Differentiate) }
    }

    /// The number of the level.
    pub fn level(&self) -> usize {
        self.guard.level
    }

    /// An input of the function at this level, to be differentiated in reverse.
    ///
    /// # Errors
    /// For dtypes that have no derivatives.
    pub fn input(&self, tensor: &Tensor) -> Result<Tensor> {
        lift(tensor.clone(), self.guard.level)?.requires_grad_(true)
    }

    /// An input of the function at this level, with a tangent.
    ///
    /// # Errors
    /// If shapes or dtypes differ.
    pub fn dual(&self, primal: &Tensor, tangent: &Tensor) -> Result<Tensor> {
        if primal.shape() != tangent.shape() || primal.dtype() != tangent.dtype() {
            bail!(
                Runtime,
                "jvp(f, primals, tangents): expected primal and tangent to have the same shape and dtype, got {} and {}",
                primal.meta().describe(),
                tangent.meta().describe()
            );
        }
        let dual = lift(primal.clone(), self.guard.level)?;
        dual.set_tangent(Some(tangent.clone()));
        Ok(dual)
    }

    /// What a result of the function is below this level.
    pub fn lower(&self, tensor: &Tensor) -> Tensor {
        unlift(tensor, self.guard.level)
    }

    /// The tangent of a result below this level; `None` is zero.
    pub fn tangent(&self, tensor: &Tensor) -> Option<Tensor> {
        tensor.tangent().map(|t| self.lower(&t))
    }

    /// Gradients of results with respect to inputs, all of this level; given and returned below it.
    ///
    /// # Errors
    /// As [`autograd::grad`].
    pub fn gradients(
        &self,
        outputs: &[Tensor],
        inputs: &[Tensor],
        cotangents: &[Option<Tensor>],
    ) -> Result<Vec<Option<Tensor>>> {
        let mut roots = Vec::new();
        let mut given = Vec::new();
        for (i, output) in outputs.iter().enumerate() {
            if level_of(output) == Some(self.guard.level) && output.requires_grad() {
                roots.push(output.clone());
                given.push(cotangents.get(i).cloned().flatten());
            }
        }
        if roots.is_empty() {
            return Ok(vec![None; inputs.len()]);
        }
        let _mode = autograd::GradMode::set(true);
        let gradients = autograd::grad_with(&roots, inputs, &given, BackwardOptions::create_graph())?;
        Ok(gradients.into_iter().map(|g| g.map(|g| self.lower(&g))).collect())
    }
}

/// The gradient of a function with one number as its result, and that number (`torch.func.grad_and_value`).
///
/// # Errors
/// If the result is not a scalar, and whatever the function raises.
pub fn grad_and_value(f: impl FnOnce(&Tensor) -> Result<Tensor>, x: &Tensor) -> Result<(Tensor, Tensor)> {
    let layer = Differentiation::enter();
    let input = layer.input(x)?;
    let output = f(&input)?;
    if output.rank() != 0 {
        bail!(
            Runtime,
            "grad_and_value(f)(*args): Expected f(*args) to return a scalar tensor, got tensor with {} dims. Maybe you wanted to use the vjp or jacrev APIs instead?",
            output.rank()
        );
    }
    let gradient = layer.gradients(std::slice::from_ref(&output), std::slice::from_ref(&input), &[])?;
    let value = layer.lower(&output);
    drop(layer);
    let gradient = match gradient.into_iter().next().flatten() {
        Some(gradient) => gradient,
        None => x.zeros_like()?,
    };
    Ok((gradient, value))
}

/// The gradient of a function with one number as its result (`torch.func.grad`); nests to any order.
///
/// ```
/// use rushlight_core::{Tensor, transform::grad};
/// let x = Tensor::scalar(2.0);
/// let third = grad(|x| grad(|x| grad(|x| x.mul(x)?.mul(x), x), x), &x)?;
/// assert_eq!(third.item()?.to_f64(), 6.0);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// If the result is not a scalar, and whatever the function raises.
pub fn grad(f: impl FnOnce(&Tensor) -> Result<Tensor>, x: &Tensor) -> Result<Tensor> {
    Ok(grad_and_value(f, x)?.0)
}

/// The result of a function, and the product of a cotangent with its Jacobian (`torch.func.vjp`).
///
/// # Errors
/// Whatever the function raises.
pub fn vjp(
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
    x: &Tensor,
    cotangent: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let layer = Differentiation::enter();
    let input = layer.input(x)?;
    let output = f(&input)?;
    let gradients = layer.gradients(
        std::slice::from_ref(&output),
        std::slice::from_ref(&input),
        &[Some(cotangent.clone())],
    )?;
    let value = layer.lower(&output);
    drop(layer);
    let gradient = match gradients.into_iter().next().flatten() {
        Some(gradient) => gradient,
        None => x.zeros_like()?,
    };
    Ok((value, gradient))
}

/// The result of a function, and the product of its Jacobian with a tangent (`torch.func.jvp`).
///
/// ```
/// use rushlight_core::{Tensor, transform::jvp};
/// let (y, dy) = jvp(|x| x.mul(x), &Tensor::scalar(3.0), &Tensor::scalar(1.0))?;
/// assert_eq!((y.item()?.to_f64(), dy.item()?.to_f64()), (9.0, 6.0));
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// Whatever the function raises.
pub fn jvp(
    f: impl FnOnce(&Tensor) -> Result<Tensor>,
    x: &Tensor,
    tangent: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let layer = Differentiation::enter();
    let input = layer.dual(x, tangent)?;
    let output = f(&input)?;
    let value = layer.lower(&output);
    let out_tangent = layer.tangent(&output);
    drop(layer);
    let out_tangent = match out_tangent {
        Some(tangent) => tangent,
        None => value.zeros_like()?,
    };
    Ok((value, out_tangent))
}
