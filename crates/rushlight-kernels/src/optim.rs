//! Steps of optimizers: one pass over a parameter, its gradient and its state, without temporaries.
//!
//! The order of operations, and which of them are fused, is that of PyTorch's single-tensor implementations (its
//! documented update formulas, evaluated operation by operation), so that `f64` trajectories agree to the last digits.

use crate::dtype::DType;
use crate::level::multiversion;
use crate::pool;

/// Numbers of stochastic gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate.
    pub lr: f64,
    /// The factor of the running sum of gradients; 0 for none.
    pub momentum: f64,
    /// What of a gradient does not enter the running sum.
    pub dampening: f64,
    /// The factor with which the parameter is added to its gradient.
    pub weight_decay: f64,
    /// Whether the step looks ahead along the running sum.
    pub nesterov: bool,
    /// Whether the objective is maximised.
    pub maximize: bool,
}

/// Numbers of Adam and AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate.
    pub lr: f64,
    /// The decay of the running means of gradients and of their squares.
    pub betas: (f64, f64),
    /// What is added to the root in the divisor.
    pub eps: f64,
    /// The factor of the parameter in its gradient, or of its shrinking.
    pub weight_decay: f64,
    /// Whether weight decay shrinks the parameter instead of changing its gradient (AdamW).
    pub decoupled: bool,
    /// Whether the objective is maximised.
    pub maximize: bool,
}

/// Numbers of Adagrad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// The learning rate.
    pub lr: f64,
    /// The decay of the learning rate by step.
    pub lr_decay: f64,
    /// The factor with which the parameter is added to its gradient.
    pub weight_decay: f64,
    /// What is added to the root in the divisor.
    pub eps: f64,
    /// Whether the objective is maximised.
    pub maximize: bool,
}

/// Elements of a chunk for one thread.
const CHUNK: usize = 1 << 15;

/// Runs a step over chunks of the elements, on several threads where that pays.
fn in_chunks(count: usize, step: &(dyn Fn(usize, usize) + Sync)) {
    let chunks = count.div_ceil(CHUNK);
    if chunks < 2 {
        step(0, count);
    } else {
        pool::parallel(chunks, &|chunk| step(chunk * CHUNK, CHUNK.min(count - chunk * CHUNK)));
    }
}

/// A pointer that threads share; they work on different elements.
#[derive(Clone, Copy)]
struct Shared(*mut u8);
// SAFETY: every thread touches the elements of its own chunk only.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// The element at an index.
    unsafe fn at<T>(self, index: usize) -> *mut T {
        // SAFETY: the caller's promise: the index is within the array.
        unsafe { self.0.cast::<T>().add(index) }
    }
}

macro_rules! steps {
    ($type:ident, $sgd:ident, $adam:ident, $adagrad:ident) => {
        multiversion! {
            unsafe fn $sgd(count: usize, p: *mut $type, g: *const $type, sum: *mut $type, o: &Sgd, first: bool) {
                let (lr, momentum, decay) = (-o.lr as $type, o.momentum as $type, o.weight_decay as $type);
                let fresh = (1.0 - o.dampening) as $type;
                for i in 0..count {
                    // SAFETY: the caller's promise: arrays of `count` elements.
                    unsafe {
                        let x = p.add(i).read();
                        let mut d = g.add(i).read();
                        if o.maximize {
                            d = -d;
                        }
                        if o.weight_decay != 0.0 {
                            d = x.mul_add(decay, d);
                        }
                        if o.momentum != 0.0 {
                            let total = if first { d } else { d.mul_add(fresh, sum.add(i).read() * momentum) };
                            sum.add(i).write(total);
                            d = if o.nesterov { total.mul_add(momentum, d) } else { total };
                        }
                        p.add(i).write(d.mul_add(lr, x));
                    }
                }
            }
        }
        multiversion! {
            unsafe fn $adam(count: usize, pair: (*mut $type, *const $type), state: [*mut $type; 3], o: &Adam, step: f64) {
                let ((p, g), [mean, square, largest]) = (pair, state);
                let (beta1, beta2) = o.betas;
                let weight = 1.0 - beta1;
                // The nearer end is the base, as in `lerp`.
                let (near, coefficient) = (weight.abs() < 0.5, if weight.abs() < 0.5 { weight } else { weight - 1.0 } as $type);
                let size = -(o.lr / (1.0 - beta1.powf(step))) as $type;
                let root = (1.0 - beta2.powf(step)).sqrt() as $type;
                let (keep, fresh) = (beta2 as $type, (1.0 - beta2) as $type);
                let (eps, decay) = (o.eps as $type, o.weight_decay as $type);
                let shrink = (1.0 - o.lr * o.weight_decay) as $type;
                for i in 0..count {
                    // SAFETY: the caller's promise: arrays of `count` elements.
                    unsafe {
                        let mut x = p.add(i).read();
                        let mut d = g.add(i).read();
                        if o.maximize {
                            d = -d;
                        }
                        if o.weight_decay != 0.0 {
                            if o.decoupled {
                                x *= shrink;
                            } else {
                                d = x.mul_add(decay, d);
                            }
                        }
                        let m = mean.add(i).read();
                        let m = (d - m).mul_add(coefficient, if near { m } else { d });
                        mean.add(i).write(m);
                        let v = (fresh * d).mul_add(d, square.add(i).read() * keep);
                        square.add(i).write(v);
                        let mut v = v;
                        if !largest.is_null() {
                            let old = largest.add(i).read();
                            v = if old > v || old.is_nan() { old } else { v };
                            largest.add(i).write(v);
                        }
                        let divisor = v.sqrt() / root + eps;
                        p.add(i).write(x + size * m / divisor);
                    }
                }
            }
        }
        multiversion! {
            unsafe fn $adagrad(count: usize, p: *mut $type, g: *const $type, sum: *mut $type, o: &Adagrad, step: f64) {
                let rate = -(o.lr / (1.0 + (step - 1.0) * o.lr_decay)) as $type;
                let (eps, decay) = (o.eps as $type, o.weight_decay as $type);
                for i in 0..count {
                    // SAFETY: the caller's promise: arrays of `count` elements.
                    unsafe {
                        let x = p.add(i).read();
                        let mut d = g.add(i).read();
                        if o.maximize {
                            d = -d;
                        }
                        if o.weight_decay != 0.0 {
                            d = x.mul_add(decay, d);
                        }
                        let total = d.mul_add(d, sum.add(i).read());
                        sum.add(i).write(total);
                        p.add(i).write(x + rate * d / (total.sqrt() + eps));
                    }
                }
            }
        }
    };
}
steps!(f32, sgd_f32, adam_f32, adagrad_f32);
steps!(f64, sgd_f64, adam_f64, adagrad_f64);

/// A step of stochastic gradient descent; `sum` (null without momentum) is made by the `first` step.
///
/// Returns whether steps of `dtype` are defined (`f32`, `f64`); if not, nothing is written.
///
/// # Safety
/// All are dense arrays of `count` elements that do not overlap, with elements in one order.
pub unsafe fn sgd(
    dtype: DType,
    count: usize,
    p: *mut u8,
    g: *const u8,
    sum: *mut u8,
    options: &Sgd,
    first: bool,
) -> bool {
    let (p, g, sum) = (Shared(p), Shared(g.cast_mut()), Shared(sum));
    macro_rules! run {
        ($type:ident, $step:ident) => {
            in_chunks(count, &|from, n| {
                let (p, g, sum) = (p, g, sum);
                // SAFETY: the caller's promise, for the elements of this chunk; a null array is not touched.
                unsafe {
                    let sum = if sum.0.is_null() { std::ptr::null_mut() } else { sum.at::<$type>(from) };
                    $step(n, p.at(from), g.at::<$type>(from).cast_const(), sum, options, first);
                }
            })
        };
    }
    match dtype {
        DType::F32 => run!(f32, sgd_f32),
        DType::F64 => run!(f64, sgd_f64),
        _ => return false,
    }
    true
}

/// The arrays of a step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct AdamArrays {
    /// The parameter.
    pub parameter: *mut u8,
    /// Its gradient.
    pub gradient: *const u8,
    /// The running mean of gradients.
    pub mean: *mut u8,
    /// The running mean of their squares.
    pub square: *mut u8,
    /// The largest such mean so far (AMSGrad), or null.
    pub largest: *mut u8,
}

/// A step of Adam or AdamW, counted from 1.
///
/// Returns whether steps of `dtype` are defined (`f32`, `f64`); if not, nothing is written.
///
/// # Safety
/// As for [`sgd`].
pub unsafe fn adam(dtype: DType, count: usize, arrays: AdamArrays, options: &Adam, step: f64) -> bool {
    let (p, g) = (Shared(arrays.parameter), Shared(arrays.gradient.cast_mut()));
    let (mean, square, largest) = (Shared(arrays.mean), Shared(arrays.square), Shared(arrays.largest));
    macro_rules! run {
        ($type:ident, $step:ident) => {
            in_chunks(count, &|from, n| {
                let (p, g, mean, square, largest) = (p, g, mean, square, largest);
                // SAFETY: the caller's promise, for the elements of this chunk; a null array is not touched.
                unsafe {
                    let largest =
                        if largest.0.is_null() { std::ptr::null_mut() } else { largest.at::<$type>(from) };
                    let g = g.at::<$type>(from).cast_const();
                    $step(n, (p.at(from), g), [mean.at(from), square.at(from), largest], options, step);
                }
            })
        };
    }
    match dtype {
        DType::F32 => run!(f32, adam_f32),
        DType::F64 => run!(f64, adam_f64),
        _ => return false,
    }
    true
}

/// A step of Adagrad, counted from 1; `sum` is the running sum of squared gradients.
///
/// Returns whether steps of `dtype` are defined (`f32`, `f64`); if not, nothing is written.
///
/// # Safety
/// As for [`sgd`].
pub unsafe fn adagrad(
    dtype: DType,
    count: usize,
    p: *mut u8,
    g: *const u8,
    sum: *mut u8,
    options: &Adagrad,
    step: f64,
) -> bool {
    let (p, g, sum) = (Shared(p), Shared(g.cast_mut()), Shared(sum));
    macro_rules! run {
        ($type:ident, $step:ident) => {
            in_chunks(count, &|from, n| {
                let (p, g, sum) = (p, g, sum);
                // SAFETY: the caller's promise, for the elements of this chunk.
                unsafe {
                    $step(n, p.at(from), g.at::<$type>(from).cast_const(), sum.at(from), options, step);
                }
            })
        };
    }
    match dtype {
        DType::F32 => run!(f32, adagrad_f32),
        DType::F64 => run!(f64, adagrad_f64),
        _ => return false,
    }
    true
}
