//! Operations of two inputs: (output, x, y), and of an input and a number from the context: (output, x).
//!
//! Integers wrap. An integer division by zero never traps: it gives 0, and the caller, who must raise
//! `ZeroDivisionError` as PyTorch does, looks for zeros in the divisor beforehand (`reduce` with `reduce::ALL`).

use crate::map::operations;
use crate::math;

/// `x / y` rounded towards minus infinity, by way of the exact remainder as Python and PyTorch do.
macro_rules! floor_quotient {
    ($x:expr, $y:expr) => {{
        let (x, y) = ($x, $y);
        let remainder = x % y;
        let quotient = (x - remainder) / y;
        let quotient =
            if remainder != 0.0 && (y < 0.0) != (remainder < 0.0) { quotient - 1.0 } else { quotient };
        let floor = quotient.floor();
        let rounded = if quotient == 0.0 {
            (quotient * 0.0).copysign(x / y)
        } else if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        };
        if y == 0.0 { x / y } else { rounded }
    }};
}

/// The remainder with the sign of the divisor.
macro_rules! python_remainder {
    ($x:expr, $y:expr) => {{
        let (x, y) = ($x, $y);
        let remainder = x % y;
        if remainder != 0.0 && (remainder < 0.0) != (y < 0.0) { remainder + y } else { remainder }
    }};
}

/// An integer quotient rounded towards minus infinity; 0 where the divisor is 0.
macro_rules! floor_integer {
    ($x:expr, $y:expr) => {{
        let (x, y) = ($x, $y);
        let (quotient, remainder) =
            (x.checked_div(y).unwrap_or(if y == 0 { 0 } else { x }), x.checked_rem(y).unwrap_or(0));
        if remainder != 0 && (remainder < 0) != (y < 0) { quotient - 1 } else { quotient }
    }};
}

/// An integer remainder with the sign of the divisor; 0 where the divisor is 0.
macro_rules! remainder_integer {
    ($x:expr, $y:expr) => {{
        let (x, y) = ($x, $y);
        let remainder = x.checked_rem(y).unwrap_or(0);
        if remainder != 0 && (remainder < 0) != (y < 0) { remainder + y } else { remainder }
    }};
}

/// An integer power, wrapping. A negative exponent gives 0, but for the bases 1 and -1.
macro_rules! integer_power {
    ($x:expr, $y:expr) => {{
        let (mut base, mut exponent) = ($x, $y);
        #[allow(
            unused_comparisons,
            clippy::absurd_extreme_comparisons,
            reason = "unsigned dtypes share the formula"
        )]
        if exponent < 0 {
            if base == 1 {
                1
            } else if base.wrapping_add(1) == 0 {
                if exponent & 1 == 0 { 1 } else { base }
            } else {
                0
            }
        } else {
            let mut power = 1;
            while exponent > 0 {
                if exponent & 1 == 1 {
                    power = base.wrapping_mul(power);
                }
                base = base.wrapping_mul(base);
                exponent >>= 1;
            }
            power
        }
    }};
}

operations! {
    /// `x + y`; of `bool`, or.
    ADD[Binary/Map2](x, y) { f32, f64 => x + y; u8, i8, i16, i32, i64 => x.wrapping_add(y); bool => x | y }
    /// `x - y`.
    SUB[Binary/Map2](x, y) { f32, f64 => x - y; u8, i8, i16, i32, i64 => x.wrapping_sub(y) }
    /// `x * y`; of `bool`, and.
    MUL[Binary/Map2](x, y) { f32, f64 => x * y; u8, i8, i16, i32, i64 => x.wrapping_mul(y); bool => x & y }
    /// `x / y`, of floats.
    DIV[Binary/Map2](x, y) { f32, f64 => x / y }
    /// `x / y` rounded towards minus infinity, as Python's `//`.
    DIV_FLOOR[Binary/Map2](x, y) {
        f32, f64 => floor_quotient!(x, y);
        i8, i16, i32, i64 => floor_integer!(x, y);
        u8 => x.checked_div(y).unwrap_or(0);
    }
    /// `x / y` rounded towards zero.
    DIV_TRUNC[Binary/Map2](x, y) {
        f32, f64 => (x / y).trunc();
        i8, i16, i32, i64 => if y == 0 { 0 } else { x.wrapping_div(y) };
        u8 => x.checked_div(y).unwrap_or(0);
    }
    /// The remainder with the sign of the divisor, as Python's `%`.
    REMAINDER[Binary/Map2](x, y) {
        f32, f64 => python_remainder!(x, y);
        i8, i16, i32, i64 => remainder_integer!(x, y);
        u8 => x.checked_rem(y).unwrap_or(0);
    }
    /// The remainder with the sign of the dividend, as C's `fmod`.
    FMOD[Binary/Map2](x, y) {
        f32, f64 => x % y;
        i8, i16, i32, i64 => x.checked_rem(y).unwrap_or(0);
        u8 => x.checked_rem(y).unwrap_or(0);
    }
    /// `x^y`. Integers wrap; a negative integer exponent gives 0, but for the bases 1 and -1.
    POW[Binary/Map2](x, y) {
        f32 => math::pow_f32(x, y);
        f64 => x.powf(y);
        u8, i8, i16, i32, i64 => integer_power!(x, y);
    }
    /// `x + alpha y`. Context: alpha.
    ADD_SCALED[Binary/Map2](x, y; alpha) {
        f32, f64 => alpha.mul_add(y, x);
        u8, i8, i16, i32, i64 => x.wrapping_add(alpha.wrapping_mul(y));
        bool => x | (alpha & y);
    }
    /// `x - alpha y`. Context: alpha.
    SUB_SCALED[Binary/Map2](x, y; alpha) {
        f32, f64 => (-alpha).mul_add(y, x);
        u8, i8, i16, i32, i64 => x.wrapping_sub(alpha.wrapping_mul(y));
    }
    /// The larger; a NaN in either gives NaN.
    MAXIMUM[Binary/Map2](x, y) {
        f32, f64 => if (x > y) | x.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.max(y);
    }
    /// The smaller; a NaN in either gives NaN.
    MINIMUM[Binary/Map2](x, y) {
        f32, f64 => if (x < y) | x.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.min(y);
    }
    /// The larger; a NaN loses to a number.
    FMAX[Binary/Map2](x, y) {
        f32, f64 => if (x > y) | y.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.max(y);
    }
    /// The smaller; a NaN loses to a number.
    FMIN[Binary/Map2](x, y) {
        f32, f64 => if (x < y) | y.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.min(y);
    }
    /// The angle of the point (y, x): `atan2(x, y)` in the operands' order.
    ATAN2[Binary/Map2](x, y) { f32 => math::atan2_f32(x, y); f64 => x.atan2(y) }
    /// `sqrt(x² + y²)`, without overflow.
    HYPOT[Binary/Map2](x, y) { f32 => math::hypot_f32(x, y); f64 => x.hypot(y) }
    /// The magnitude of `x` with the sign of `y`.
    COPYSIGN[Binary/Map2](x, y) { f32, f64 => x.copysign(y) }
    /// `x & y`.
    BITWISE_AND[Binary/Map2](x, y) { bool, u8, i8, i16, i32, i64 => x & y }
    /// `x | y`.
    BITWISE_OR[Binary/Map2](x, y) { bool, u8, i8, i16, i32, i64 => x | y }
    /// `x ^ y`.
    BITWISE_XOR[Binary/Map2](x, y) { bool, u8, i8, i16, i32, i64 => x ^ y }
    /// `x << y`; 0 where `y` is no count of bits of the type.
    SHL[Binary/Map2](x, y) {
        u8 => x.checked_shl(y as u32).unwrap_or(0);
        i8, i16, i32, i64 => if y < 0 { 0 } else { x.checked_shl(u32::try_from(y).unwrap_or(u32::MAX)).unwrap_or(0) };
    }
    /// `x >> y`, arithmetic; all sign bits where `y` is no count of bits of the type.
    SHR[Binary/Map2](x, y) {
        u8 => x.checked_shr(y as u32).unwrap_or(0);
        i8, i16, i32, i64 => {
            let bits = 8 * size_of_val(&x) as i64;
            x >> if (y as i64) < 0 || y as i64 >= bits { bits - 1 } else { y as i64 }
        };
    }
    /// Whether both differ from zero.
    LOGICAL_AND[Binary/Map2](x, y -> bool) {
        bool => x & y;
        u8, i8, i16, i32, i64 => (x != 0) & (y != 0);
        f32, f64 => (x != 0.0) & (y != 0.0);
    }
    /// Whether either differs from zero.
    LOGICAL_OR[Binary/Map2](x, y -> bool) {
        bool => x | y;
        u8, i8, i16, i32, i64 => (x != 0) | (y != 0);
        f32, f64 => (x != 0.0) | (y != 0.0);
    }
    /// Whether exactly one differs from zero.
    LOGICAL_XOR[Binary/Map2](x, y -> bool) {
        bool => x ^ y;
        u8, i8, i16, i32, i64 => (x != 0) ^ (y != 0);
        f32, f64 => (x != 0.0) ^ (y != 0.0);
    }
    /// `x log y`; 0 where `x` is 0, NaN where `y` is NaN.
    XLOGY[Binary/Map2](x, y) {
        f32 => if y.is_nan() { y } else if x == 0.0 { 0.0 } else { x * math::log_f32(y) };
        f64 => if y.is_nan() { y } else if x == 0.0 { 0.0 } else { x * math::log_f64(y) };
    }
    /// `x + s`. Context: s.
    ADD_SCALAR[Unary/Map1](x; s) { f32, f64 => x + s; u8, i8, i16, i32, i64 => x.wrapping_add(s); bool => x | s }
    /// `x - s`. Context: s.
    SUB_SCALAR[Unary/Map1](x; s) { f32, f64 => x - s; u8, i8, i16, i32, i64 => x.wrapping_sub(s) }
    /// `s - x`. Context: s.
    RSUB_SCALAR[Unary/Map1](x; s) { f32, f64 => s - x; u8, i8, i16, i32, i64 => s.wrapping_sub(x) }
    /// `x * s`. Context: s.
    MUL_SCALAR[Unary/Map1](x; s) { f32, f64 => x * s; u8, i8, i16, i32, i64 => x.wrapping_mul(s); bool => x & s }
    /// `x / s`, of floats. Context: s. It divides: multiplying by `1 / s` would round twice.
    DIV_SCALAR[Unary/Map1](x; s) { f32, f64 => x / s }
    /// `x^s`. Context: s. The exponents that have a shorter way are other kernels: see [`pow_scalar`].
    POW_SCALAR[Unary/Map1](x; s) {
        f32 => math::pow_f32(x, s);
        f64 => x.powf(s);
        u8, i8, i16, i32, i64 => integer_power!(x, s);
    }
    /// `s^x`. Context: s.
    RPOW_SCALAR[Unary/Map1](x; s) {
        f32 => math::pow_f32(s, x);
        f64 => s.powf(x);
        u8, i8, i16, i32, i64 => integer_power!(s, x);
    }
    /// `x * x * x`.
    CUBE[Unary/Map1](x) { f32, f64 => x * x * x; u8, i8, i16, i32, i64 => x.wrapping_mul(x).wrapping_mul(x) }
    /// `1 / (x * x)`.
    RECIPROCAL_SQUARE[Unary/Map1](x) { f32, f64 => 1.0 / (x * x) }
}

/// The kernel for `x^exponent` of floats: a product, root or reciprocal where PyTorch takes one (2, 3, 1/2, -1/2, -1,
/// -2), or else [`POW_SCALAR`] (with the exponent as its context).
pub fn pow_scalar(exponent: f64) -> &'static crate::row::UnaryKernel {
    use crate::unary;
    if exponent == 2.0 {
        &unary::SQUARE
    } else if exponent == 3.0 {
        &CUBE
    } else if exponent == 0.5 {
        &unary::SQRT
    } else if exponent == -0.5 {
        &unary::RSQRT
    } else if exponent == -1.0 {
        &unary::RECIPROCAL
    } else if exponent == -2.0 {
        &RECIPROCAL_SQUARE
    } else {
        &POW_SCALAR
    }
}
