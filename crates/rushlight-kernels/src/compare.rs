//! Comparisons: (output of `bool`, x, y).

use crate::map::operations;

operations! {
    /// `x == y`.
    EQ[Binary/Map2](x, y -> bool) { bool, u8, i8, i16, i32, i64, f32, f64 => x == y }
    /// `x != y`.
    NE[Binary/Map2](x, y -> bool) { bool, u8, i8, i16, i32, i64, f32, f64 => x != y }
    /// `x < y`.
    LT[Binary/Map2](x, y -> bool) { bool => !x & y; u8, i8, i16, i32, i64, f32, f64 => x < y }
    /// `x <= y`.
    LE[Binary/Map2](x, y -> bool) { bool => !x | y; u8, i8, i16, i32, i64, f32, f64 => x <= y }
    /// `x > y`.
    GT[Binary/Map2](x, y -> bool) { bool => x & !y; u8, i8, i16, i32, i64, f32, f64 => x > y }
    /// `x >= y`.
    GE[Binary/Map2](x, y -> bool) { bool => x | !y; u8, i8, i16, i32, i64, f32, f64 => x >= y }
}
