//! Inverse trigonometric and hyperbolic functions. `f32` is computed in `f64`; `f64` is the system library's.

use super::{log1p_f64, polynomial};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

// (atan t - t) / t³ in t², for |t| <= sqrt(2) - 1; error 2e-11.
const ATAN: [f64; 7] = [
    -0.333333333314283565,
    0.199999989112964118,
    -0.14285612049555614,
    0.111074822988596847,
    -0.090288240155762113,
    0.0713442020121825068,
    -0.0404131402647062582,
];
// (asin t - t) / t³ in t², for |t| <= 1/2; error 2e-11.
const ASIN: [f64; 8] = [
    0.166666666654908384,
    0.0750000060075921513,
    0.0446423570793913427,
    0.0303976719535116726,
    0.0221319645553766309,
    0.0193093461897726351,
    0.00543340988723157117,
    0.0293173256048055269,
];

/// The angle whose tangent is `over / under`, for both at least 0 and not both 0 or infinite.
#[inline(always)]
fn angle(over: f64, under: f64) -> f64 {
    // Turned by -pi/4 or -pi/2 where that brings the tangent below sqrt(2) - 1.
    let steep = over > (std::f64::consts::SQRT_2 + 1.0) * under;
    let middle = over > (std::f64::consts::SQRT_2 - 1.0) * under;
    let (a, b, base) = if steep {
        (-under, over, FRAC_PI_2)
    } else if middle {
        (over - under, over + under, FRAC_PI_4)
    } else {
        (over, under, 0.0)
    };
    let t = a / b;
    let z = t * t;
    base + (t * z).mul_add(polynomial!(z, ATAN), t)
}

#[inline(always)]
pub(crate) fn atan_f32(x: f32) -> f32 {
    let magnitude = x.abs() as f64;
    let bounded = if magnitude > 1e30 { 1e30 } else { magnitude };
    angle(bounded, 1.0).copysign(x as f64) as f32
}

#[inline(always)]
pub(crate) fn atan2_f32(y: f32, x: f32) -> f32 {
    let infinite = (y.abs() == f32::INFINITY) & (x.abs() == f32::INFINITY);
    let (over, under) = if infinite { (1.0, 1.0) } else { (y.abs() as f64, x.abs() as f64) };
    let nothing = over + under == 0.0;
    let turned = angle(over, if nothing { 1.0 } else { under });
    let turned = if over == f64::INFINITY { FRAC_PI_2 } else { turned };
    let turned = if under == f64::INFINITY { 0.0 } else { turned };
    let turned = if x.is_sign_negative() { PI - turned } else { turned };
    let result = turned.copysign(y as f64) as f32;
    if x.is_nan() || y.is_nan() { f32::NAN } else { result }
}

/// (arc sine of |x| or of the complement's half, whether it is the latter).
#[inline(always)]
fn arc(magnitude: f64) -> (f64, bool) {
    let beyond = magnitude > 0.5;
    let complement = 0.5 * (1.0 - magnitude);
    let z = if beyond { complement } else { magnitude * magnitude };
    let t = if beyond { complement.sqrt() } else { magnitude };
    ((t * z).mul_add(polynomial!(z, ASIN), t), beyond)
}

#[inline(always)]
pub(crate) fn asin_f32(x: f32) -> f32 {
    let (arc, beyond) = arc(x.abs() as f64);
    let result = if beyond { FRAC_PI_2 - 2.0 * arc } else { arc };
    result.copysign(x as f64) as f32
}

#[inline(always)]
pub(crate) fn acos_f32(x: f32) -> f32 {
    let (arc, beyond) = arc(x.abs() as f64);
    let positive = if beyond { 2.0 * arc } else { FRAC_PI_2 - arc };
    (if x < 0.0 { PI - positive } else { positive }) as f32
}

#[inline(always)]
pub(crate) fn asinh_f32(x: f32) -> f32 {
    let magnitude = x.abs() as f64;
    let z = magnitude * magnitude;
    let result = log1p_f64(magnitude + z / (1.0 + (1.0 + z).sqrt()));
    let result = if magnitude == f64::INFINITY { magnitude } else { result };
    result.copysign(x as f64) as f32
}

#[inline(always)]
pub(crate) fn acosh_f32(x: f32) -> f32 {
    let t = x as f64 - 1.0;
    let result = log1p_f64(t + (t * (t + 2.0)).sqrt());
    (if t < 0.0 { f64::NAN } else { result }) as f32
}

#[inline(always)]
pub(crate) fn atanh_f32(x: f32) -> f32 {
    let magnitude = x.abs() as f64;
    (0.5 * log1p_f64(2.0 * magnitude / (1.0 - magnitude))).copysign(x as f64) as f32
}

/// `sqrt(x² + y²)`; infinite where either is, even beside a NaN.
#[inline(always)]
pub(crate) fn hypot_f32(x: f32, y: f32) -> f32 {
    let (a, b) = (x as f64, y as f64);
    let result = (a * a + b * b).sqrt() as f32;
    if x.abs() == f32::INFINITY || y.abs() == f32::INFINITY { f32::INFINITY } else { result }
}

macro_rules! system {
    ($($name:ident $method:ident),+) => {$(
        #[inline(always)]
        pub(crate) fn $name(x: f64) -> f64 { x.$method() }
    )+};
}
system!(asin_f64 asin, acos_f64 acos, atan_f64 atan, asinh_f64 asinh, acosh_f64 acosh, atanh_f64 atanh);
