//! Powers of e and 2, and hyperbolic functions.

use super::{ROUND_F32, ROUND_F64, log_f64, polynomial};
use std::f32::consts::LOG2_E as LOG2_E_F32;
use std::f64::consts::{LN_2, LOG2_E};

// (e^r - 1 - r) / r² for |r| <= log(2) / 2; error 7e-8, of which r² takes all but an eighth.
const EXP_F32: [f32; 5] = [0.5, 0.166665734, 0.04166655, 0.008363774, 0.0013926927];
// The same to 1.6e-18.
const EXP_F64: [f64; 11] = [
    0.5,
    0.166666666666666714,
    0.0416666666666666701,
    0.0083333333333255447,
    0.00138888888888833267,
    1.98412698768643549e-4,
    2.48015873270071867e-5,
    2.75572528335169097e-6,
    2.75572718102197996e-7,
    2.51062747335732947e-8,
    2.09154422977801152e-9,
];

// log(2) in two parts, of which the first has so few bits that its products with small integers are exact.
const LN2_HIGH_F32: f32 = 0.693359375;
const LN2_LOW_F32: f32 = -2.12194440e-4;
const LN2_HIGH_F64: f64 = 6.93147180369123816490e-01;
const LN2_LOW_F64: f64 = 1.90821492927058770002e-10;

/// `x = n log 2 + r`: (n, n's bits, r), for |x| below 2^20.
#[inline(always)]
fn reduce_f32(x: f32) -> (f32, i32, f32) {
    let shifted = x.mul_add(LOG2_E_F32, ROUND_F32);
    let n = shifted - ROUND_F32;
    let bits = (shifted.to_bits() as i32).wrapping_sub(ROUND_F32.to_bits() as i32);
    let r = n.mul_add(-LN2_LOW_F32, n.mul_add(-LN2_HIGH_F32, x));
    (n, bits, r)
}

#[inline(always)]
fn reduce_f64(x: f64) -> (f64, i64, f64) {
    let shifted = x.mul_add(LOG2_E, ROUND_F64);
    let n = shifted - ROUND_F64;
    let bits = (shifted.to_bits() as i64).wrapping_sub(ROUND_F64.to_bits() as i64);
    let r = n.mul_add(-LN2_LOW_F64, n.mul_add(-LN2_HIGH_F64, x));
    (n, bits, r)
}

/// `y * 2^n`, rounded once: two factors, so that results below the normal range are right.
#[inline(always)]
fn scale_f32(y: f32, n: i32) -> f32 {
    let first = n >> 1;
    let second = n.wrapping_sub(first);
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    y * power(first) * power(second)
}

#[inline(always)]
fn scale_f64(y: f64, n: i64) -> f64 {
    // An arithmetic shift of 64 bits is no AVX2 instruction; a logical one of a positive number is.
    let first = ((n.wrapping_add(4096) as u64) >> 1).wrapping_sub(2048) as i64;
    let second = n.wrapping_sub(first);
    let power = |n: i64| f64::from_bits((n.wrapping_add(1023) as u64) << 52);
    y * power(first) * power(second)
}

/// Bounds an argument; a NaN stays.
macro_rules! bound {
    ($x:expr, $low:expr, $high:expr) => {{
        let x = $x;
        let x = if x < $low { $low } else { x };
        if x > $high { $high } else { x }
    }};
}
pub(super) use bound;

#[inline(always)]
pub(crate) fn exp_f32(x: f32) -> f32 {
    let (_, n, r) = reduce_f32(bound!(x, -105.0, 90.0));
    let y = (r * r).mul_add(polynomial!(r, EXP_F32), r) + 1.0;
    scale_f32(y, n)
}

#[inline(always)]
pub(crate) fn exp_f64(x: f64) -> f64 {
    let (_, n, r) = reduce_f64(bound!(x, -750.0, 711.0));
    let y = (r * r).mul_add(polynomial!(r, EXP_F64), r) + 1.0;
    scale_f64(y, n)
}

#[inline(always)]
pub(crate) fn exp2_f32(x: f32) -> f32 {
    let x = bound!(x, -152.0, 129.0);
    let shifted = x + ROUND_F32;
    let n = (shifted.to_bits() as i32).wrapping_sub(ROUND_F32.to_bits() as i32);
    let r = (x - (shifted - ROUND_F32)) * std::f32::consts::LN_2;
    let y = (r * r).mul_add(polynomial!(r, EXP_F32), r) + 1.0;
    scale_f32(y, n)
}

#[inline(always)]
pub(crate) fn exp2_f64(x: f64) -> f64 {
    let x = bound!(x, -1080.0, 1025.0);
    let shifted = x + ROUND_F64;
    let n = (shifted.to_bits() as i64).wrapping_sub(ROUND_F64.to_bits() as i64);
    let r = (x - (shifted - ROUND_F64)) * LN_2;
    let y = (r * r).mul_add(polynomial!(r, EXP_F64), r) + 1.0;
    scale_f64(y, n)
}

#[inline(always)]
pub(crate) fn expm1_f32(x: f32) -> f32 {
    let (_, n, r) = reduce_f32(bound!(x, -20.0, 89.0));
    let y = (r * r).mul_add(polynomial!(r, EXP_F32), r);
    // 2^n y + (2^n - 1), all halved so that 2^n does not overflow before the result does.
    let half = f32::from_bits((n.wrapping_add(126) as u32) << 23);
    let result = 2.0 * half.mul_add(y, half - 0.5);
    if x.abs() < 5e-8 { x } else { result }
}

#[inline(always)]
pub(crate) fn expm1_f64(x: f64) -> f64 {
    let (_, n, r) = reduce_f64(bound!(x, -40.0, 710.0));
    let y = (r * r).mul_add(polynomial!(r, EXP_F64), r);
    let half = f64::from_bits((n.wrapping_add(1022) as u64) << 52);
    let result = 2.0 * half.mul_add(y, half - 0.5);
    if x.abs() < 1e-16 { x } else { result }
}

#[inline(always)]
pub(crate) fn sigmoid_f32(x: f32) -> f32 {
    1.0 / (1.0 + exp_f32(-x))
}

#[inline(always)]
pub(crate) fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + exp_f64(-x))
}

/// `(e^2x - 1) / (e^2x + 1)`, from `expm1`, which keeps the digits of small arguments.
#[inline(always)]
pub(crate) fn tanh_f32(x: f32) -> f32 {
    let twice = 2.0 * x.abs();
    let t = expm1_f32(if twice > 40.0 { 40.0 } else { twice });
    (t / (t + 2.0)).copysign(x)
}

#[inline(always)]
pub(crate) fn tanh_f64(x: f64) -> f64 {
    let twice = 2.0 * x.abs();
    let t = expm1_f64(if twice > 80.0 { 80.0 } else { twice });
    (t / (t + 2.0)).copysign(x)
}

#[inline(always)]
pub(crate) fn sinh_f32(x: f32) -> f32 {
    let t = expm1_f64(x.abs() as f64);
    // Beyond 700 the quotient is infinity by infinity; the result is infinite in f32 from 90 on.
    let t = if t > 1e300 { 1e300 } else { t };
    (0.5 * (t + t / (t + 1.0))).copysign(x as f64) as f32
}

#[inline(always)]
pub(crate) fn sinh_f64(x: f64) -> f64 {
    x.sinh()
}

#[inline(always)]
pub(crate) fn cosh_f32(x: f32) -> f32 {
    let e = exp_f64(x.abs() as f64);
    (0.5 * (e + 1.0 / e)) as f32
}

#[inline(always)]
pub(crate) fn cosh_f64(x: f64) -> f64 {
    x.cosh()
}

/// `x^y` as C's `pow` defines it, by way of `f64`: exact to 0.51 ulp.
#[inline(always)]
pub(crate) fn pow_f32(x: f32, y: f32) -> f32 {
    let magnitude = x.abs() as f64;
    let wide = y as f64;
    let power = exp_f64(wide * log_f64(magnitude));
    // `0 * inf` in the product above stands for a power of 1.
    let power = if magnitude == 1.0 || wide == 0.0 { 1.0 } else { power };
    let integral = wide.trunc() == wide;
    let odd = integral & ((0.5 * wide).trunc() != 0.5 * wide);
    let power = if odd { power.copysign(x as f64) } else { power };
    let undefined = (x < 0.0) & !integral & (magnitude < f64::INFINITY);
    // 1^y and x^0 are 1 even where the other is NaN.
    if undefined {
        f32::NAN
    } else if x == 1.0 || y == 0.0 {
        1.0
    } else if x.is_nan() || y.is_nan() {
        x + y
    } else {
        power as f32
    }
}
