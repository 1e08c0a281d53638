//! Steps of optimizers: the numerics that Rust's `optim` and the Python package share.
//!
//! Each step reads a parameter and its gradient once and writes the parameter and its state in place, in the order of
//! operations of PyTorch's single-tensor implementations. Steps do not record; they change versions as any in-place
//! change does, so a graph that saved a parameter before its step says so.
//!
//! Tensors that are laid out alike and densely are walked as they are. Others (a gradient in another order of strides,
//! an expanded one, 16-bit floats) are brought into row-major order first, and written back.

use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::tensor::{Claims, Tensor};
use rushlight_kernels::optim as kernels;
use smallvec::SmallVec;

pub use rushlight_kernels::optim::{Adagrad, Adam, Sgd};

/// Everything of one step on one parameter: written tensors first, the gradient last.
type Operands<'a> = SmallVec<[&'a Tensor; 5]>;

/// Calls a kernel with the addresses of written tensors and of a gradient; `false` where it is not defined.
type Kernel<'k> = &'k dyn Fn(DType, usize, &[*mut u8], *const u8) -> bool;

/// Whether all have the elements of the first in the same places of dense memory of their own.
fn alike(written: &[&Tensor], gradient: &Tensor) -> bool {
    let layout = written[0].layout();
    layout.is_non_overlapping_and_dense()
        && matches!(written[0].dtype(), DType::F32 | DType::F64)
        && written[1..].iter().copied().chain([gradient]).all(|t| {
            t.dtype() == written[0].dtype()
                && t.special().is_none()
                && (t.strides() == layout.strides() || t.is_contiguous() && layout.is_contiguous())
        })
}

/// Whether no two share their memory.
fn apart(tensors: &[&Tensor]) -> bool {
    tensors.iter().enumerate().all(|(i, t)| tensors[..i].iter().all(|other| !t.shares_storage(other)))
}

/// Runs one step on one parameter.
fn step(written: &[&Tensor], gradient: &Tensor, kernel: Kernel<'_>) -> Result<()> {
    let parameter = written[0];
    for other in written[1..].iter().copied().chain([gradient]) {
        if other.shape() != parameter.shape() {
            bail!(
                Runtime,
                "The size of an optimizer's state or of a gradient, {}, must be that of its parameter, {}",
                crate::layout::int_list(other.shape()),
                crate::layout::int_list(parameter.shape())
            );
        }
    }
    let _mode = crate::autograd::GradMode::set(false);
    let all: Operands<'_> = written.iter().copied().chain([gradient]).collect();
    if alike(written, gradient) && apart(&all) {
        return run(written, gradient, kernel);
    }
    // In row-major order, and in `f32` where the dtype is narrower.
    let dtype = match parameter.dtype() {
        DType::F64 => DType::F64,
        d if d.is_floating_point() => DType::F32,
        d => bail!(Runtime, "a parameter of {} cannot be optimized", d.torch_name()),
    };
    let copy = |t: &Tensor| -> Result<Tensor> {
        let fresh = Tensor::empty(t.shape(), dtype)?;
        fresh.copy_(&t.detach()?)?;
        Ok(fresh)
    };
    let copies = written.iter().map(|t| copy(t)).collect::<Result<Vec<_>>>()?;
    let references: Operands<'_> = copies.iter().collect();
    run(&references, &copy(gradient)?, kernel)?;
    for (tensor, copy) in written.iter().zip(&copies) {
        tensor.copy_(copy)?;
    }
    Ok(())
}

/// Claims all of a step's memory, in the order of addresses (Note [Claims] in `storage.rs`), and runs the kernel.
fn run(written: &[&Tensor], gradient: &Tensor, kernel: Kernel<'_>) -> Result<()> {
    let mut order: SmallVec<[(usize, usize); 5]> = written
        .iter()
        .copied()
        .chain([gradient])
        .enumerate()
        .map(|(i, t)| (t.lock().storage.address(), i))
        .collect();
    order.sort_unstable();
    let mut claims: SmallVec<[Claims; 5]> = order.iter().map(|_| Claims::default()).collect();
    let mut targets: SmallVec<[*mut u8; 4]> = smallvec::smallvec![std::ptr::null_mut(); written.len()];
    let mut source = std::ptr::null();
    for (claim, &(_, i)) in claims.iter_mut().zip(&order) {
        if i < written.len() {
            targets[i] = claim.write(written[i], &[])?.0.pointer;
        } else {
            source = claim.read(gradient).pointer;
        }
    }
    let (dtype, count) = (written[0].dtype(), written[0].numel());
    if !kernel(dtype, count, &targets, source) {
        bail!(Runtime, "a parameter of {} cannot be optimized", dtype.torch_name());
    }
    drop(claims);
    for tensor in written {
        tensor.bump_version();
    }
    Ok(())
}

/// Fails unless there is one of each for every parameter.
fn check_counts(parameters: &[Tensor], others: &[(&str, usize)]) -> Result<()> {
    for (name, count) in others {
        if *count != parameters.len() {
            bail!(Value, "{} parameters, but {count} {name}", parameters.len());
        }
    }
    Ok(())
}

/// A step of stochastic gradient descent on each parameter:
/// `b ← momentum b + (1 - dampening) g`, `p ← p - lr b` (or `p - lr (g + momentum b)` with Nesterov's momentum), where
/// the gradient includes `weight_decay p`. The running sums `b` are made, from the gradients, where they are missing.
///
/// ```
/// use rushlight_core::{Tensor, optim::{Sgd, sgd_step}};
/// let (p, g) = (Tensor::from_slice(&[1.0, 2.0]), Tensor::from_slice(&[0.5, -1.0]));
/// let o = Sgd { lr: 0.1, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
/// sgd_step(&[p.clone()], &[g], &mut [None], &o)?;
/// assert_eq!(p.to_vec::<f64>()?, [0.95, 2.1]);
/// # Ok::<(), rushlight_core::Error>(())
/// ```
///
/// # Errors
/// If counts or shapes differ, for dtypes that are not floating-point ones, and for read-only memory.
pub fn sgd_step(
    parameters: &[Tensor],
    gradients: &[Tensor],
    sums: &mut [Option<Tensor>],
    options: &Sgd,
) -> Result<()> {
    check_counts(parameters, &[("gradients", gradients.len()), ("running sums", sums.len())])?;
    for ((parameter, gradient), sum) in parameters.iter().zip(gradients).zip(sums) {
        if options.momentum == 0.0 {
            step(&[parameter], gradient, &|dtype, count, to, from| {
                // SAFETY: claimed, dense and alike (`step`), and apart from each other.
                unsafe { kernels::sgd(dtype, count, to[0], from, std::ptr::null_mut(), options, false) }
            })?;
            continue;
        }
        let first = sum.is_none();
        if first {
            *sum = Some(parameter.detach()?.zeros_like()?);
        }
        let Some(sum) = sum else { continue };
        step(&[parameter, sum], gradient, &|dtype, count, to, from| {
            // SAFETY: claimed, dense and alike (`step`), and apart from each other.
            unsafe { kernels::sgd(dtype, count, to[0], from, to[1], options, first) }
        })?;
    }
    Ok(())
}

/// The state of Adam: a running mean of gradients and one of their squares for each parameter, the number of steps so
/// far, and for AMSGrad the largest mean of squares.
#[derive(Clone, Copy, Debug)]
pub struct AdamState<'a> {
    /// Running means of the gradients.
    pub means: &'a [Tensor],
    /// Running means of their squares.
    pub squares: &'a [Tensor],
    /// The largest means of squares so far; empty without AMSGrad.
    pub largest: &'a [Tensor],
    /// The number of each parameter's step, counted from 1.
    pub steps: &'a [f64],
}

/// A step of Adam (Kingma and Ba 2015), or of AdamW (Loshchilov and Hutter 2019) with decoupled weight decay, on each
/// parameter: `m ← β₁ m + (1 - β₁) g`, `v ← β₂ v + (1 - β₂) g²`,
/// `p ← p - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)`.
///
/// # Errors
/// If counts or shapes differ, for dtypes that are not floating-point ones, and for read-only memory.
pub fn adam_step(
    parameters: &[Tensor],
    gradients: &[Tensor],
    state: AdamState<'_>,
    options: &Adam,
) -> Result<()> {
    let largest = if state.largest.is_empty() { parameters.len() } else { state.largest.len() };
    check_counts(
        parameters,
        &[
            ("gradients", gradients.len()),
            ("running means", state.means.len()),
            ("running means of squares", state.squares.len()),
            ("largest means", largest),
            ("steps", state.steps.len()),
        ],
    )?;
    for (i, (parameter, gradient)) in parameters.iter().zip(gradients).enumerate() {
        let mut written: Operands<'_> = [parameter, &state.means[i], &state.squares[i]].into_iter().collect();
        written.extend(state.largest.get(i));
        let number = state.steps[i];
        step(&written, gradient, &|dtype, count, to, from| {
            let arrays = kernels::AdamArrays {
                parameter: to[0],
                gradient: from,
                mean: to[1],
                square: to[2],
                largest: to.get(3).copied().unwrap_or(std::ptr::null_mut()),
            };
            // SAFETY: claimed, dense and alike (`step`), and apart from each other.
            unsafe { kernels::adam(dtype, count, arrays, options, number) }
        })?;
    }
    Ok(())
}

/// A step of Adagrad (Duchi, Hazan and Singer 2011) on each parameter: `s ← s + g²`,
/// `p ← p - lr / (1 + (t - 1) lr_decay) · g / (√s + eps)`, where the gradient includes `weight_decay p`.
///
/// # Errors
/// If counts or shapes differ, for dtypes that are not floating-point ones, and for read-only memory.
pub fn adagrad_step(
    parameters: &[Tensor],
    gradients: &[Tensor],
    sums: &[Tensor],
    steps: &[f64],
    options: &Adagrad,
) -> Result<()> {
    check_counts(
        parameters,
        &[("gradients", gradients.len()), ("sums of squares", sums.len()), ("steps", steps.len())],
    )?;
    for (i, (parameter, gradient)) in parameters.iter().zip(gradients).enumerate() {
        step(&[parameter, &sums[i]], gradient, &|dtype, count, to, from| {
            // SAFETY: claimed, dense and alike (`step`), and apart from each other.
            unsafe { kernels::adagrad(dtype, count, to[0], from, to[1], options, steps[i]) }
        })?;
    }
    Ok(())
}
