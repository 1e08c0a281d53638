//! Losses: elementwise ones as row kernels, and the negative log-likelihood of chosen classes.
//!
//! The binary cross entropy of probabilities is among the [`crate::ternary`] kernels.

use crate::dispatch_all;
use crate::dtype::{DType, Element};
use crate::map::operations;
use crate::math;

/// `log(1 + e^-x)`, without overflow.
macro_rules! softplus_of_negative {
    ($x:expr, $exp:path, $log1p:path) => {{
        let x = $x;
        $log1p($exp(-x.abs())) + if x < 0.0 { -x } else { 0.0 }
    }};
}

operations! {
    /// `(x - y)²`: (output, x, y).
    SQUARED_ERROR[Binary/Map2](x, y) { f32, f64 => (x - y) * (x - y) }
    /// `factor g (x - y)`: (output, g, x, y). Context: factor.
    SQUARED_ERROR_BACKWARD[Ternary/Map3](g, x, y; factor) { f32, f64 => factor * (x - y) * g }
    /// `d²/(2 beta)` for `d = |x - y|` below beta, else `d - beta/2`: (output, x, y). Context: beta.
    SMOOTH_L1[Binary/Map2](x, y; beta) {
        f32, f64 => {
            let d = (x - y).abs();
            if d < beta { 0.5 * d * d / beta } else { d - 0.5 * beta }
        }
    }
    /// `d²/2` for `d = |x - y|` up to delta, else `delta (d - delta/2)`: (output, x, y). Context: delta.
    HUBER[Binary/Map2](x, y; delta) {
        f32, f64 => {
            let d = (x - y).abs();
            if d <= delta { 0.5 * d * d } else { delta * (d - 0.5 * delta) }
        }
    }
    /// Binary cross entropy of `sigmoid(x)`, `(1 - y) x + log(1 + e^-x)`: (output, x, y).
    LOGITS_CROSS_ENTROPY[Binary/Map2](x, y) {
        f32 => (1.0 - y) * x + softplus_of_negative!(x, math::exp_f32, math::log1p_f32);
        f64 => (1.0 - y) * x + softplus_of_negative!(x, math::exp_f64, math::log1p_f64);
    }
    /// The same with a weight for the positive class: (output, x, y, weight).
    LOGITS_CROSS_ENTROPY_WEIGHTED[Ternary/Map3](x, y, w) {
        f32 => (1.0 - y) * x + ((w - 1.0) * y + 1.0) * softplus_of_negative!(x, math::exp_f32, math::log1p_f32);
        f64 => (1.0 - y) * x + ((w - 1.0) * y + 1.0) * softplus_of_negative!(x, math::exp_f64, math::log1p_f64);
    }
}

/// The strides of a batch of samples with classes: first dimensions in loops, classes apart.
#[derive(Clone, Copy, Debug)]
pub struct Classes<'a> {
    /// Sizes of the dimensions that are not the classes': samples, and places within a sample.
    pub shape: &'a [usize],
    /// Number of classes.
    pub classes: usize,
    /// A class that does not count.
    pub ignore: i64,
}

/// An operand over the shape of [`Classes`]: the first element, and strides in elements.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    /// The first element.
    pub pointer: *mut u8,
    /// Strides over the shape without the classes.
    pub strides: &'a [isize],
    /// The stride between classes (0 where there are none).
    pub class_stride: isize,
}

fn class_of(target: &Over<'_>, dtype: DType, at: isize) -> i64 {
    // SAFETY: the caller of the kernels promises a valid target of `i64` or `u8`.
    unsafe {
        match dtype {
            DType::U8 => target.pointer.offset(at).read() as i64,
            _ => target.pointer.cast::<i64>().offset(at).read(),
        }
    }
}

/// Calls `f` for every place: offsets in the operands, and the target's class.
fn walk<const N: usize>(shape: &[usize], strides: [&[isize]; N], mut f: impl FnMut([isize; N])) {
    let count: usize = shape.iter().product();
    for index in 0..count {
        let (mut rest, mut at) = (index, [0isize; N]);
        for (d, &size) in shape.iter().enumerate().rev() {
            let position = (rest % size) as isize;
            rest /= size;
            for (at, strides) in at.iter_mut().zip(strides) {
                *at += position * strides[d];
            }
        }
        f(at);
    }
}

/// The first class that is out of bounds, if there is one.
///
/// # Safety
/// `target` is valid at its strides over the shape.
pub unsafe fn wrong_class(sizes: &Classes<'_>, target: &Over<'_>, target_dtype: DType) -> Option<i64> {
    let mut wrong = None;
    walk(sizes.shape, [target.strides], |[at]| {
        let class = class_of(target, target_dtype, at);
        if class != sizes.ignore && !(0..sizes.classes as i64).contains(&class) && wrong.is_none() {
            wrong = Some(class);
        }
    });
    wrong
}

/// Negative log-likelihoods, `-weight[class] x[class]`; 0 for the ignored class. Written one by one to `each` or, if that
/// is missing, summed into `total`. The sum of weights is written to `weights`.
///
/// Returns whether losses of `dtype` are defined (of floats).
///
/// # Safety
/// The operands are valid at their strides, `weight` has a number for each class (or is null), `total` and `weights` are
/// one element; all classes are in bounds ([`wrong_class`]).
#[expect(clippy::too_many_arguments, reason = "an operation with five operands")]
pub unsafe fn nll(
    dtype: DType,
    sizes: &Classes<'_>,
    x: &Over<'_>,
    target: &Over<'_>,
    target_dtype: DType,
    weight: (*const u8, isize),
    each: Option<&Over<'_>>,
    total: *mut u8,
    weights: *mut u8,
) -> bool {
    if !dtype.is_floating_point() {
        return false;
    }
    dispatch_all!(dtype, T => {
        let (mut sum, mut weight_sum) = (0.0f64, 0.0f64);
        let strides = each.map_or(x.strides, |e| e.strides);
        walk(sizes.shape, [x.strides, target.strides, strides], |[at, place, to]| {
            let class = class_of(target, target_dtype, place);
            let mut loss = 0.0;
            if class != sizes.ignore {
                // SAFETY: the caller's promise: the class is in bounds.
                let (value, w) = unsafe {
                    let value = x.pointer.cast::<T>().offset(at + class as isize * x.class_stride).read();
                    let w = if weight.0.is_null() {
                        1.0
                    } else {
                        Element::to_f64(weight.0.cast::<T>().offset(class as isize * weight.1).read())
                    };
                    (Element::to_f64(value), w)
                };
                loss = -w * value;
                weight_sum += w;
            }
            sum += loss;
            if let Some(each) = each {
                // SAFETY: the caller's promise.
                unsafe { each.pointer.cast::<T>().offset(to).write(T::from_f64(loss)) };
            }
        });
        // SAFETY: the caller's promise: one element each.
        unsafe {
            if each.is_none() {
                total.cast::<T>().write(T::from_f64(sum));
            }
            weights.cast::<T>().write(T::from_f64(weight_sum));
        }
    });
    true
}

/// The gradient of [`nll`], `-weight[class] g` at each class and 0 elsewhere. `g` has a number for each place (a stride
/// of 0 repeats one), which is multiplied by `factor`.
///
/// # Safety
/// As for [`nll`]; the gradient `dx` is all zeros before.
#[expect(clippy::too_many_arguments, reason = "an operation with four operands")]
pub unsafe fn nll_backward(
    dtype: DType,
    sizes: &Classes<'_>,
    dx: &Over<'_>,
    target: &Over<'_>,
    target_dtype: DType,
    weight: (*const u8, isize),
    g: &Over<'_>,
    factor: f64,
) -> bool {
    if !dtype.is_floating_point() {
        return false;
    }
    dispatch_all!(dtype, T => {
        walk(sizes.shape, [dx.strides, target.strides, g.strides], |[at, place, from]| {
            let class = class_of(target, target_dtype, place);
            if class == sizes.ignore {
                return;
            }
            // SAFETY: the caller's promise: the class is in bounds.
            unsafe {
                let w = if weight.0.is_null() {
                    1.0
                } else {
                    Element::to_f64(weight.0.cast::<T>().offset(class as isize * weight.1).read())
                };
                let g = Element::to_f64(g.pointer.cast::<T>().offset(from).read());
                dx.pointer
                    .cast::<T>()
                    .offset(at + class as isize * dx.class_stride)
                    .write(T::from_f64(-w * g * factor));
            }
        });
    });
    true
}
