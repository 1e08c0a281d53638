//! Operations of two inputs: (output, x, y), and of an input and a number from the context: (output, x).
//!
//! Integers wrap. An integer division by zero never traps: it gives 0, and the caller, who must raise
//! `ZeroDivisionError` as PyTorch does, looks for zeros in the divisor beforehand (`crate::compare::any_zero`).

use crate::map::operations;

operations! {
    /// `x + y`; of `bool`, or.
    ADD[Binary/Map2](x, y) { f32, f64 => x + y; u8, i8, i16, i32, i64 => x.wrapping_add(y); bool => x | y }
    /// `x - y`.
    SUB[Binary/Map2](x, y) { f32, f64 => x - y; u8, i8, i16, i32, i64 => x.wrapping_sub(y) }
    /// `x * y`; of `bool`, and.
    MUL[Binary/Map2](x, y) { f32, f64 => x * y; u8, i8, i16, i32, i64 => x.wrapping_mul(y); bool => x & y }
    /// `x / y`, of floats.
    DIV[Binary/Map2](x, y) { f32, f64 => x / y }
    /// `x + alpha y`. Context: alpha.
    ADD_SCALED[Binary/Map2](x, y; alpha) {
        f32, f64 => x + alpha * y;
        u8, i8, i16, i32, i64 => x.wrapping_add(alpha.wrapping_mul(y));
        bool => x | (alpha & y);
    }
    /// `x - alpha y`. Context: alpha.
    SUB_SCALED[Binary/Map2](x, y; alpha) {
        f32, f64 => x - alpha * y;
        u8, i8, i16, i32, i64 => x.wrapping_sub(alpha.wrapping_mul(y));
    }
    /// The larger; a NaN in either gives NaN.
    MAXIMUM[Binary/Map2](x, y) {
        f32, f64 => if x > y || x.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.max(y);
    }
    /// The smaller; a NaN in either gives NaN.
    MINIMUM[Binary/Map2](x, y) {
        f32, f64 => if x < y || x.is_nan() { x } else { y };
        u8, i8, i16, i32, i64, bool => x.min(y);
    }
    /// `x + s`. Context: s.
    ADD_SCALAR[Unary/Map1](x; s) { f32, f64 => x + s; u8, i8, i16, i32, i64 => x.wrapping_add(s); bool => x | s }
    /// `x - s`. Context: s.
    SUB_SCALAR[Unary/Map1](x; s) { f32, f64 => x - s; u8, i8, i16, i32, i64 => x.wrapping_sub(s) }
    /// `s - x`. Context: s.
    RSUB_SCALAR[Unary/Map1](x; s) { f32, f64 => s - x; u8, i8, i16, i32, i64 => s.wrapping_sub(x) }
    /// `x * s`. Context: s.
    MUL_SCALAR[Unary/Map1](x; s) { f32, f64 => x * s; u8, i8, i16, i32, i64 => x.wrapping_mul(s); bool => x & s }
}
