//! Sine, cosine, tangent.
//!
//! The argument is reduced by multiples of pi/2 in three parts with fused steps, which holds up to the limits below;
//! the loops look for larger arguments and give those few to the system library, whose reduction holds everywhere.

use super::{ROUND_F64, polynomial};

/// From here on an `f32` argument is rare.
pub(crate) const RARE_F32: f32 = 268_435_456.0;
/// From here on an `f64` argument is rare.
pub(crate) const RARE_F64: f64 = 1_048_576.0;

const HALF_PI: [f64; 3] = [
    std::f64::consts::FRAC_PI_2,
    6.123233995736766035868820147292e-17,
    -1.497384904859169777320797133937e-33,
];

// (sin r - r) / r³ in r², for |r| <= pi/4.
const SIN_F64: [f64; 7] = [
    -0.166666666666666667,
    0.00833333333333333147,
    -1.9841269841265017e-4,
    2.75573192193019187e-6,
    -2.50521062195218942e-8,
    1.60585295722678764e-10,
    -7.58657658817107236e-13,
];
// (cos r - 1 + r² / 2) / r⁴ in r².
const COS_F64: [f64; 7] = [
    0.0416666666666666667,
    -0.00138888888888888879,
    2.48015873015846198e-5,
    -2.75573192213821156e-7,
    2.08767557838940384e-9,
    -1.14704597496756061e-11,
    4.74580488976067363e-14,
];
// The same, to 3e-11.
const SIN_F32: [f64; 4] =
    [-0.166666666638327645, 0.00833333186595941404, -1.98400820127655365e-4, 2.72493140546988043e-6];
const COS_F32: [f64; 4] =
    [0.0416666666643024059, -0.00138888876647136197, 2.48005964356219968e-5, -2.73004486194883507e-7];

/// (quadrant in the low bits, remainder, and what was rounded off it).
#[inline(always)]
fn reduce(x: f64) -> (u64, f64, f64) {
    let shifted = x.mul_add(std::f64::consts::FRAC_2_PI, ROUND_F64);
    let n = shifted - ROUND_F64;
    let first = n.mul_add(-HALF_PI[0], x);
    let r = n.mul_add(-HALF_PI[1], first);
    let lost = n.mul_add(-HALF_PI[1], first - r);
    (shifted.to_bits(), r, n.mul_add(-HALF_PI[2], lost))
}

/// Sine and cosine of the remainder.
#[inline(always)]
fn both_f64(r: f64, lost: f64) -> (f64, f64) {
    let z = r * r;
    let sine = r + (r * z).mul_add(polynomial!(z, SIN_F64), lost * z.mul_add(-0.5, 1.0));
    let half = 0.5 * z;
    let near = 1.0 - half;
    let cosine = near + ((1.0 - near - half) + (z * z).mul_add(polynomial!(z, COS_F64), -(r * lost)));
    (sine, cosine)
}

#[inline(always)]
fn both_f32(r: f64) -> (f64, f64) {
    let z = r * r;
    let sine = (r * z).mul_add(polynomial!(z, SIN_F32), r);
    let cosine = (z * z).mul_add(polynomial!(z, COS_F32), z.mul_add(-0.5, 1.0));
    (sine, cosine)
}

/// Turns by quarters: the sine of the whole argument.
#[inline(always)]
fn turn(quadrant: u64, sine: f64, cosine: f64) -> f64 {
    let magnitude = if quadrant & 1 == 0 { sine } else { cosine };
    f64::from_bits(magnitude.to_bits() ^ (quadrant & 2) << 62)
}

#[inline(always)]
fn reduce_f32(x: f32) -> (u64, f64) {
    let x = x as f64;
    let shifted = x.mul_add(std::f64::consts::FRAC_2_PI, ROUND_F64);
    let n = shifted - ROUND_F64;
    (shifted.to_bits(), n.mul_add(-HALF_PI[1], n.mul_add(-HALF_PI[0], x)))
}

#[inline(always)]
pub(crate) fn sin_f32(x: f32) -> f32 {
    let (quadrant, r) = reduce_f32(x);
    let (sine, cosine) = both_f32(r);
    if x == 0.0 { x } else { turn(quadrant, sine, cosine) as f32 }
}

#[inline(always)]
pub(crate) fn cos_f32(x: f32) -> f32 {
    let (quadrant, r) = reduce_f32(x);
    let (sine, cosine) = both_f32(r);
    turn(quadrant.wrapping_add(1), sine, cosine) as f32
}

#[inline(always)]
pub(crate) fn tan_f32(x: f32) -> f32 {
    let (quadrant, r) = reduce_f32(x);
    let (sine, cosine) = both_f32(r);
    let odd = quadrant & 1 != 0;
    let (over, under) = if odd { (-cosine, sine) } else { (sine, cosine) };
    if x == 0.0 { x } else { (over / under) as f32 }
}

#[inline(always)]
pub(crate) fn sin_f64(x: f64) -> f64 {
    let (quadrant, r, lost) = reduce(x);
    let (sine, cosine) = both_f64(r, lost);
    if x == 0.0 { x } else { turn(quadrant, sine, cosine) }
}

#[inline(always)]
pub(crate) fn cos_f64(x: f64) -> f64 {
    let (quadrant, r, lost) = reduce(x);
    let (sine, cosine) = both_f64(r, lost);
    turn(quadrant.wrapping_add(1), sine, cosine)
}

#[inline(always)]
pub(crate) fn tan_f64(x: f64) -> f64 {
    let (quadrant, r, lost) = reduce(x);
    let (sine, cosine) = both_f64(r, lost);
    let odd = quadrant & 1 != 0;
    let (over, under) = if odd { (-cosine, sine) } else { (sine, cosine) };
    if x == 0.0 { x } else { over / under }
}
