//! Operations of one input: (output, x). Transcendental functions are in `math`.

use crate::map::operations;
use crate::math;

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
    EXP[Unary/Map1](x) { f32 => math::exp_f32(x); f64 => x.exp() }
    /// The natural logarithm.
    LOG[Unary/Map1](x) { f32 => x.ln(); f64 => x.ln() }
}
