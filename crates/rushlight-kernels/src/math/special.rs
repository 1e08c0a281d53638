//! The error function, the gamma function's family.

use super::exponential::bound;
use super::{exp_f32, exp_f64, log_f64, polynomial};
use std::f64::consts::PI;

// erf(x) / x in x², for |x| <= 1; error 8e-13.
const ERF: [f64; 9] = [
    1.12837916709467673,
    -0.376126388896353068,
    0.112837913086045815,
    -0.0268661332350955916,
    0.00522378347718924811,
    -8.54263799708722959e-4,
    1.19565625682073292e-4,
    -1.39093400218745965e-5,
    1.05893806410750144e-6,
];
// erf(x) / x - 1 in x² for |x| <= 1, to 1.3e-9.
const ERF_NEAR_F32: [f32; 7] =
    [0.12837917, -0.376126267, 0.112835947, -0.026854212, 0.00518908742, -8.01686429e-4, 7.87587506e-5];
// log(erfc(x)) for 1 <= x <= 4, to 1.7e-8, of which erfc takes all but a sixth; from 4 on erf rounds to 1.
const ERF_FAR_F32: [f32; 9] = [
    3.20225692e-4,
    -1.1302338,
    -0.631825414,
    -0.110080691,
    0.0264214847,
    -0.00475971955,
    5.96831952e-4,
    -4.60611578e-5,
    1.6373082e-6,
];
// log(erfc(x) / t) + x² in t = 2 / (2 + x), for 0.95 <= x <= 10.5; error 3e-12.
const ERFC: [f64; 13] = [
    -1.26551114199961068,
    0.999962769163332772,
    0.375630056207335568,
    0.0770611096081493908,
    -0.0452192787304697789,
    -0.323843804178616307,
    0.455765244826020044,
    -1.08354655556295203,
    1.49647611869086618,
    -0.487965288689678704,
    -0.739091585637637142,
    0.749854226687959167,
    -0.209728879879876744,
];

/// (erf of x below 1, erfc of x from 1 on), for x at least 0.
#[inline(always)]
fn error_function(x: f64) -> (f64, f64) {
    let near = x * polynomial!(x * x, ERF);
    let t = 2.0 / (2.0 + x);
    let far = t * exp_f64(polynomial!(t, ERFC) - x * x);
    (near, far)
}

#[inline(always)]
pub(crate) fn erf_f32(x: f32) -> f32 {
    let magnitude = bound!(x.abs(), 0.0, 4.0);
    let near = magnitude.mul_add(polynomial!(magnitude * magnitude, ERF_NEAR_F32), magnitude);
    let far = 1.0 - exp_f32(polynomial!(magnitude, ERF_FAR_F32));
    (if magnitude < 1.0 { near } else { far }).copysign(x)
}

#[inline(always)]
pub(crate) fn erfc_f32(x: f32) -> f32 {
    let magnitude = bound!(x.abs() as f64, 0.0, 10.5);
    let (near, far) = error_function(magnitude);
    let negative = x < 0.0;
    let close = if negative { 1.0 + near } else { 1.0 - near };
    let distant = if negative { 2.0 - far } else { far };
    (if magnitude < 1.0 { close } else { distant }) as f32
}

mod system {
    // The C library's mathematics, which Rust's standard library links to anyway but exposes only in part.
    unsafe extern "C" {
        pub(super) safe fn erf(x: f64) -> f64;
        pub(super) safe fn erfc(x: f64) -> f64;
        // The plain `lgamma` writes a global sign; this one gives it to the caller.
        #[cfg(unix)]
        pub(super) fn lgamma_r(x: f64, sign: *mut i32) -> f64;
        #[cfg(not(unix))]
        pub(super) safe fn lgamma(x: f64) -> f64;
    }
}

#[inline(always)]
pub(crate) fn erf_f64(x: f64) -> f64 {
    system::erf(x)
}

#[inline(always)]
pub(crate) fn erfc_f64(x: f64) -> f64 {
    system::erfc(x)
}

/// The logarithm of the gamma function's magnitude.
#[inline(always)]
pub(crate) fn lgamma_f64(x: f64) -> f64 {
    #[cfg(unix)]
    {
        let mut sign = 0;
        // SAFETY: a valid place for the sign.
        unsafe { system::lgamma_r(x, &raw mut sign) }
    }
    #[cfg(not(unix))]
    system::lgamma(x)
}

#[inline(always)]
pub(crate) fn lgamma_f32(x: f32) -> f32 {
    lgamma_f64(x as f64) as f32
}

/// The logarithmic derivative of the gamma function: reflection, recurrence up to 10, then the asymptotic series
/// (Abramowitz and Stegun 6.3.7, 6.3.5, 6.3.18). At 0 it is infinite with the opposite sign, at negative integers NaN.
pub(crate) fn digamma_f64(x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY.copysign(-x);
    }
    let (mut x, mut result) = (x, 0.0);
    if x < 0.0 {
        if x == x.trunc() {
            return f64::NAN;
        }
        // The fraction first, so that large arguments keep their digits.
        result = -PI / (PI * (x - x.trunc())).tan();
        x = 1.0 - x;
    }
    while x < 10.0 {
        result -= 1.0 / x;
        x += 1.0;
    }
    const SERIES: [f64; 7] =
        [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0, 1.0 / 12.0];
    let z = 1.0 / (x * x);
    result + log_f64(x) - 0.5 / x - z * polynomial!(z, SERIES)
}

pub(crate) fn digamma_f32(x: f32) -> f32 {
    digamma_f64(x as f64) as f32
}

/// The derivative of digamma, in the same way (Abramowitz and Stegun 6.4.7, 6.4.6, 6.4.12).
pub(crate) fn trigamma_f64(x: f64) -> f64 {
    let (mut x, mut result, mut sign) = (x, 0.0, 1.0);
    if x < 0.5 {
        let sine = (PI * (x - x.trunc())).sin();
        result = -(PI * PI) / (sine * sine);
        sign = -1.0;
        x = 1.0 - x;
    }
    while x < 10.0 {
        result += 1.0 / (x * x);
        x += 1.0;
    }
    const SERIES: [f64; 7] =
        [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];
    let z = 1.0 / (x * x);
    sign * (result + (1.0 + 0.5 / x + z * polynomial!(z, SERIES)) / x)
}

pub(crate) fn trigamma_f32(x: f32) -> f32 {
    trigamma_f64(x as f64) as f32
}

/// The derivative of digamma of order `n` (2 or more): `(-1)^(n+1) n! zeta(n + 1, x)`, the Hurwitz zeta function by
/// the Euler-Maclaurin sum (Johansson 2013, "Rigorous high-precision computation of the Hurwitz zeta function").
pub(crate) fn polygamma_f64(x: f64, n: f64) -> f64 {
    let power = -(n as i32) - 1;
    let (mut a, mut zeta) = (x, 0.0);
    while a < 12.0 + n && zeta != f64::INFINITY {
        zeta += a.powi(power);
        a += 1.0;
    }
    let last = a.powi(power);
    zeta += last * a / n + 0.5 * last;
    /// The Bernoulli numbers of even index over the factorials of their indices.
    const SERIES: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30240.0,
        -1.0 / 1209600.0,
        1.0 / 47900160.0,
        -691.0 / 1307674368000.0,
        1.0 / 74724249600.0,
    ];
    let (mut term, mut factor) = ((n + 1.0) * last / a, n + 1.0);
    for coefficient in SERIES {
        zeta += coefficient * term;
        term *= (factor + 1.0) * (factor + 2.0) / (a * a);
        factor += 2.0;
    }
    let factorial: f64 = (1..=n as i64).map(|k| k as f64).product();
    if n as i64 % 2 == 0 { -factorial * zeta } else { factorial * zeta }
}

pub(crate) fn polygamma_f32(x: f32, n: f32) -> f32 {
    polygamma_f64(x as f64, n as f64) as f32
}

/// The inverse of the error function: S. Winitzki's approximation ("A handy approximation for the error function and
/// its inverse"), then three steps of Halley's method.
pub(crate) fn erfinv_f64(y: f64) -> f64 {
    let magnitude = y.abs();
    if magnitude >= 1.0 || y.is_nan() {
        return if magnitude == 1.0 { f64::INFINITY.copysign(y) } else { f64::NAN };
    }
    if magnitude < 1e-8 {
        return y * (0.5 * PI.sqrt());
    }
    // log(1 - y²) without cancellation near 1.
    let l = ((1.0 - magnitude) * (1.0 + magnitude)).ln();
    let a = 0.147;
    let b = 2.0 / (PI * a) + 0.5 * l;
    let mut x = ((b * b - l / a).sqrt() - b).sqrt();
    for _ in 0..3 {
        // Halley's step on erf(x) - y; in the tail on the complement, which keeps its digits.
        let error =
            if magnitude < 0.5 { system::erf(x) - magnitude } else { (1.0 - magnitude) - system::erfc(x) };
        let step = error / (2.0 / PI.sqrt() * (-x * x).exp());
        x -= step / (1.0 + x * step);
    }
    x.copysign(y)
}

pub(crate) fn erfinv_f32(y: f32) -> f32 {
    erfinv_f64(y as f64) as f32
}
