//! Logarithms.

use super::polynomial;
use std::f64::consts::LOG10_E;

// (log(1 + f) - f + f² / 2) / f³ for sqrt(1/2) - 1 <= f <= sqrt(2) - 1; error 3e-8, of which f³ takes most.
const LOG_F32: [f32; 9] = [
    0.33333331,
    -0.24999997,
    0.2000073,
    -0.16667851,
    0.14248551,
    -0.12424038,
    0.11689071,
    -0.11494547,
    0.06980702,
];
// (log((1 + s) / (1 - s)) / s - 2) / s², in s², for |s| <= 0.172; error 3e-16, of which s² takes most.
const LOG_F64: [f64; 7] = [
    0.666666666666666977,
    0.399999999998971358,
    0.285714286270478324,
    0.222222109600800068,
    0.181829018304616285,
    0.153313000885068201,
    0.146216498066179282,
];

const LN2_HIGH_F32: f32 = 0.693359375;
const LN2_LOW_F32: f32 = -2.12194440e-4;
const LN2_HIGH_F64: f64 = 6.93147180369123816490e-01;
const LN2_LOW_F64: f64 = 1.90821492927058770002e-10;

/// `x = 2^k m` with m between sqrt(1/2) and sqrt(2), for normal positive x: (k, m).
#[inline(always)]
fn split_f32(x: f32) -> (f32, f32) {
    const ROOT: u32 = 0x3f35_04f3;
    let bits = x.to_bits().wrapping_add(0x3f80_0000 - ROOT);
    let k = (bits >> 23) as i32 - 127;
    (k as f32, f32::from_bits((bits & 0x007f_ffff) + ROOT))
}

#[inline(always)]
fn split_f64(x: f64) -> (f64, f64) {
    const ROOT: u64 = 0x3fe6_a09e_0000_0000;
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - ROOT);
    // 64-bit integers to floats by way of the bits of 2^52 + k: AVX2 has no conversion.
    let k = f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    (k, f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT))
}

/// `log(1 + f) + k log 2 + correction`.
#[inline(always)]
fn combine_f32(k: f32, f: f32, correction: f32) -> f32 {
    let z = f * f;
    // Even and odd parts side by side: half the length of Horner's chain.
    let c = &LOG_F32;
    let even = polynomial!(z, [c[0], c[2], c[4], c[6], c[8]]);
    let odd = polynomial!(z, [c[1], c[3], c[5], c[7]]);
    let tail = (z * f).mul_add(odd.mul_add(f, even), k.mul_add(LN2_LOW_F32, correction));
    k.mul_add(LN2_HIGH_F32, z.mul_add(-0.5, tail) + f)
}

#[inline(always)]
fn combine_f64(k: f64, f: f64, correction: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let half = 0.5 * f * f;
    let tail = s.mul_add(half + z * polynomial!(z, LOG_F64), k.mul_add(LN2_LOW_F64, correction));
    k.mul_add(LN2_HIGH_F64, f - (half - tail))
}

#[inline(always)]
pub(crate) fn log_f32(x: f32) -> f32 {
    let small = x < f32::MIN_POSITIVE;
    let normal = if small { x * 8_388_608.0 } else { x };
    let (k, m) = split_f32(normal);
    let result = combine_f32(if small { k - 23.0 } else { k }, m - 1.0, 0.0);
    special_f32(x, result)
}

/// The logarithm's values at the ends of its domain and outside it.
#[inline(always)]
fn special_f32(x: f32, result: f32) -> f32 {
    let result = if x == f32::INFINITY { x } else { result };
    let result = if x == 0.0 { f32::NEG_INFINITY } else { result };
    if x < 0.0 || x.is_nan() { f32::NAN } else { result }
}

#[inline(always)]
fn special_f64(x: f64, result: f64) -> f64 {
    let result = if x == f64::INFINITY { x } else { result };
    let result = if x == 0.0 { f64::NEG_INFINITY } else { result };
    if x < 0.0 || x.is_nan() { f64::NAN } else { result }
}

#[inline(always)]
pub(crate) fn log_f64(x: f64) -> f64 {
    let small = x < f64::MIN_POSITIVE;
    let normal = if small { x * 18_014_398_509_481_984.0 } else { x };
    let (k, m) = split_f64(normal);
    let result = combine_f64(if small { k - 54.0 } else { k }, m - 1.0, 0.0);
    special_f64(x, result)
}

#[inline(always)]
pub(crate) fn log1p_f32(x: f32) -> f32 {
    let u = 1.0 + x;
    let (k, m) = split_f32(u);
    // What rounding 1 + x lost.
    let lost = if x < 1.0 { x - (u - 1.0) } else { 1.0 - (u - x) };
    let near = k == 0.0;
    let result = combine_f32(k, if near { x } else { m - 1.0 }, if near { 0.0 } else { lost / u });
    let result = special_f32(u, result);
    if x.abs() < 5e-8 { x } else { result }
}

#[inline(always)]
pub(crate) fn log1p_f64(x: f64) -> f64 {
    let u = 1.0 + x;
    let (k, m) = split_f64(u);
    let lost = if x < 1.0 { x - (u - 1.0) } else { 1.0 - (u - x) };
    let near = k == 0.0;
    let result = combine_f64(k, if near { x } else { m - 1.0 }, if near { 0.0 } else { lost / u });
    let result = special_f64(u, result);
    if x.abs() < 1e-16 { x } else { result }
}

#[inline(always)]
pub(crate) fn log2_f32(x: f32) -> f32 {
    let small = x < f32::MIN_POSITIVE;
    let normal = if small { x * 8_388_608.0 } else { x };
    let (k, m) = split_f32(normal);
    let result =
        combine_f32(0.0, m - 1.0, 0.0).mul_add(std::f32::consts::LOG2_E, if small { k - 23.0 } else { k });
    special_f32(x, result)
}

#[inline(always)]
pub(crate) fn log2_f64(x: f64) -> f64 {
    x.log2()
}

#[inline(always)]
pub(crate) fn log10_f32(x: f32) -> f32 {
    (log_f64(x as f64) * LOG10_E) as f32
}

#[inline(always)]
pub(crate) fn log10_f64(x: f64) -> f64 {
    x.log10()
}
