//! Operations of one input: (output, x). Transcendental functions are in `math`.

use crate::map::{Map1, Unary, operations};
use crate::math;
use crate::row::Kernel;

operations! {
    /// `-x`.
    NEG[Unary/Map1](x) { f32, f64 => -x; u8, i8, i16, i32, i64 => x.wrapping_neg() }
    /// `|x|`; of an integer, wrapping.
    ABS[Unary/Map1](x) {
        f32, f64 => x.abs();
        i8, i16, i32, i64 => x.wrapping_abs();
        u8, bool => x;
    }
    /// -1, 0 or 1; NaN gives 0, as in PyTorch.
    SIGN[Unary/Map1](x) {
        f32 => (x > 0.0) as u8 as f32 - (x < 0.0) as u8 as f32;
        f64 => (x > 0.0) as u8 as f64 - (x < 0.0) as u8 as f64;
        i8, i16, i32, i64 => x.signum();
        u8 => (x > 0) as u8;
        bool => x;
    }
    /// `x * x`.
    SQUARE[Unary/Map1](x) { f32, f64 => x * x; u8, i8, i16, i32, i64 => x.wrapping_mul(x); bool => x }
    /// `max(x, 0)`; a NaN stays.
    RELU[Unary/Map1](x) { f32, f64 => if x < 0.0 { 0.0 } else { x }; u8 => x; i8, i16, i32, i64 => x.max(0) }
    /// `1 / x`.
    RECIPROCAL[Unary/Map1](x) { f32, f64 => 1.0 / x }
    /// The square root, correctly rounded.
    SQRT[Unary/Map1](x) { f32, f64 => x.sqrt() }
    /// `1 / sqrt(x)`.
    RSQRT[Unary/Map1](x) { f32, f64 => 1.0 / x.sqrt() }
    /// The largest integer not above `x`.
    FLOOR[Unary/Map1](x) { f32, f64 => x.floor(); u8, i8, i16, i32, i64 => x }
    /// The smallest integer not below `x`.
    CEIL[Unary/Map1](x) { f32, f64 => x.ceil(); u8, i8, i16, i32, i64 => x }
    /// The nearest integer; halves go to even ones.
    ROUND[Unary/Map1](x) { f32, f64 => x.round_ties_even(); u8, i8, i16, i32, i64 => x }
    /// `x` without its fraction.
    TRUNC[Unary/Map1](x) { f32, f64 => x.trunc(); u8, i8, i16, i32, i64 => x }
    /// The fraction, with the sign of `x`.
    FRAC[Unary/Map1](x) { f32, f64 => x - x.trunc() }
    /// Whether `x` is NaN.
    ISNAN[Unary/Map1](x -> bool) { f32, f64 => x.is_nan() }
    /// Whether `x` is infinite.
    ISINF[Unary/Map1](x -> bool) { f32, f64 => x.is_infinite() }
    /// Whether `x` is neither infinite nor NaN.
    ISFINITE[Unary/Map1](x -> bool) { f32, f64 => x.is_finite() }
    /// Whether the sign bit is set.
    SIGNBIT[Unary/Map1](x -> bool) {
        f32, f64 => x.is_sign_negative();
        i8, i16, i32, i64 => x < 0;
        u8, bool => { let _ = x; false };
    }
    /// `x == 0`.
    LOGICAL_NOT[Unary/Map1](x -> bool) { bool => !x; f32, f64 => x == 0.0; u8, i8, i16, i32, i64 => x == 0 }
    /// Every bit inverted; of `bool`, its negation.
    BITWISE_NOT[Unary/Map1](x) { bool, u8, i8, i16, i32, i64 => !x }
    /// `e^x`.
    EXP[Unary/Map1](x) { f32 => math::exp_f32(x); f64 => math::exp_f64(x) }
    /// `2^x`.
    EXP2[Unary/Map1](x) { f32 => math::exp2_f32(x); f64 => math::exp2_f64(x) }
    /// `e^x - 1`.
    EXPM1[Unary/Map1](x) { f32 => math::expm1_f32(x); f64 => math::expm1_f64(x) }
    /// The natural logarithm.
    LOG[Unary/Map1](x) { f32 => math::log_f32(x); f64 => math::log_f64(x) }
    /// The logarithm to base 2.
    LOG2[Unary/Map1](x) { f32 => math::log2_f32(x); f64 => math::log2_f64(x) }
    /// The logarithm to base 10.
    LOG10[Unary/Map1](x) { f32 => math::log10_f32(x); f64 => math::log10_f64(x) }
    /// `log(1 + x)`.
    LOG1P[Unary/Map1](x) { f32 => math::log1p_f32(x); f64 => math::log1p_f64(x) }
    /// The inverse sine.
    ASIN[Unary/Map1](x) { f32 => math::asin_f32(x); f64 => math::asin_f64(x) }
    /// The inverse cosine.
    ACOS[Unary/Map1](x) { f32 => math::acos_f32(x); f64 => math::acos_f64(x) }
    /// The inverse tangent.
    ATAN[Unary/Map1](x) { f32 => math::atan_f32(x); f64 => math::atan_f64(x) }
    /// The hyperbolic sine.
    SINH[Unary/Map1](x) { f32 => math::sinh_f32(x); f64 => math::sinh_f64(x) }
    /// The hyperbolic cosine.
    COSH[Unary/Map1](x) { f32 => math::cosh_f32(x); f64 => math::cosh_f64(x) }
    /// The hyperbolic tangent.
    TANH[Unary/Map1](x) { f32 => math::tanh_f32(x); f64 => math::tanh_f64(x) }
    /// The inverse hyperbolic sine.
    ASINH[Unary/Map1](x) { f32 => math::asinh_f32(x); f64 => math::asinh_f64(x) }
    /// The inverse hyperbolic cosine.
    ACOSH[Unary/Map1](x) { f32 => math::acosh_f32(x); f64 => math::acosh_f64(x) }
    /// The inverse hyperbolic tangent.
    ATANH[Unary/Map1](x) { f32 => math::atanh_f32(x); f64 => math::atanh_f64(x) }
    /// `1 / (1 + e^-x)`.
    SIGMOID[Unary/Map1](x) { f32 => math::sigmoid_f32(x); f64 => math::sigmoid_f64(x) }
    /// The error function.
    ERF[Unary/Map1](x) { f32 => math::erf_f32(x); f64 => math::erf_f64(x) }
    /// `1 - erf(x)`.
    ERFC[Unary/Map1](x) { f32 => math::erfc_f32(x); f64 => math::erfc_f64(x) }
    /// The logarithm of the gamma function's magnitude.
    LGAMMA[Unary/Map1](x) { f32 => math::lgamma_f32(x); f64 => math::lgamma_f64(x) }
    /// The logarithmic derivative of the gamma function.
    DIGAMMA[Unary/Map1](x) { f32 => math::digamma_f32(x); f64 => math::digamma_f64(x) }
    /// The derivative of digamma.
    TRIGAMMA[Unary/Map1](x) { f32 => math::trigamma_f32(x); f64 => math::trigamma_f64(x) }
    /// The derivative of digamma of order `n`, 2 or more. Context: n.
    POLYGAMMA[Unary/Map1](x; n) { f32 => math::polygamma_f32(x, n); f64 => math::polygamma_f64(x, n) }
    /// `x`, and a number in place of NaN. Context: the number.
    REPLACE_NAN[Unary/Map1](x; number) { f32, f64 => if x.is_nan() { number } else { x } }
    /// `x`, and numbers in place of the infinities. Context: in place of the positive one, of the negative one.
    REPLACE_INFINITY[Unary/Map1](x; positive, negative) {
        f32 => if x == f32::INFINITY { positive } else if x == f32::NEG_INFINITY { negative } else { x };
        f64 => if x == f64::INFINITY { positive } else if x == f64::NEG_INFINITY { negative } else { x };
    }
    /// The inverse of the error function.
    ERFINV[Unary/Map1](x) { f32 => math::erfinv_f32(x); f64 => math::erfinv_f64(x) }
    /// `x sigmoid(x)`.
    SILU[Unary/Map1](x) { f32 => math::silu_f32(x); f64 => math::silu_f64(x) }
    /// `x (1 + erf(x / sqrt 2)) / 2`.
    GELU[Unary/Map1](x) { f32 => math::gelu_f32(x); f64 => math::gelu_f64(x) }
    /// The approximation of [`GELU`] by tanh.
    GELU_TANH[Unary/Map1](x) { f32 => math::gelu_tanh_f32(x); f64 => math::gelu_tanh_f64(x) }
    /// `log(sigmoid(x))`.
    LOG_SIGMOID[Unary/Map1](x) { f32 => math::log_sigmoid_f32(x); f64 => math::log_sigmoid_f64(x) }
    /// `x tanh(softplus(x))`.
    MISH[Unary/Map1](x) { f32 => math::mish_f32(x); f64 => math::mish_f64(x) }
    /// `log(1 + e^(beta x)) / beta`, or `x` where `beta x` exceeds the threshold. Context: beta, threshold.
    SOFTPLUS[Unary/Map1](x; beta, threshold) {
        f32 => math::softplus_f32(x, beta, threshold);
        f64 => math::softplus_f64(x, beta, threshold);
    }
    /// `x` where it is positive, else `slope x`. Context: slope.
    LEAKY_RELU[Unary/Map1](x; slope) { f32, f64 => if x > 0.0 { x } else { x * slope } }
    /// `scale x` where it is positive, else `scale alpha (e^x - 1)`. Context: alpha, scale.
    ELU[Unary/Map1](x; alpha, scale) {
        f32 => if x > 0.0 { x * scale } else { math::expm1_f32(x) * (alpha * scale) };
        f64 => if x > 0.0 { x * scale } else { math::expm1_f64(x) * (alpha * scale) };
    }
}

/// Operations whose vectorised formula holds up to a limit.
macro_rules! periodic {
    ($($(#[$meta:meta])* $name:ident, $narrow:path, $wide:path, $method:ident);+ $(;)?) => {$(
        #[allow(clippy::upper_case_acronyms, reason = "named as the static it belongs to")]
        pub(crate) enum $name {}
        impl Unary<f32> for $name {
            type Output = f32;
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn apply(x: f32, _scalars: [f32; 2]) -> f32 { $narrow(x) }
            #[inline(always)]
            fn rare(x: f32) -> bool { x.abs() >= math::RARE_F32 }
            #[inline(always)]
            fn slow(x: f32) -> f32 { (x as f64).$method() as f32 }
        }
        impl Unary<f64> for $name {
            type Output = f64;
            const HAS_RARE: bool = true;
            #[inline(always)]
            fn apply(x: f64, _scalars: [f64; 2]) -> f64 { $wide(x) }
            #[inline(always)]
            fn rare(x: f64) -> bool { x.abs() >= math::RARE_F64 }
            #[inline(always)]
            fn slow(x: f64) -> f64 { x.$method() }
        }
        $(#[$meta])*
        pub static $name: Kernel = Kernel::new().with::<Map1<$name, f32>>().with::<Map1<$name, f64>>();
    )+};
}

periodic! {
    /// The sine.
    SIN, math::sin_f32, math::sin_f64, sin;
    /// The cosine.
    COS, math::cos_f32, math::cos_f64, cos;
    /// The tangent.
    TAN, math::tan_f32, math::tan_f64, tan;
}
