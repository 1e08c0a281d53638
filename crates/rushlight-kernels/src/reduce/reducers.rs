//! The reducers.

use super::reducer::{LANES, Of, Reducer, Reduction, in_lanes};
use crate::dtype::Element;
use crate::math;

macro_rules! reductions {
    ($($(#[$meta:meta])* $name:ident { $($type:ident),+ })*) => {$(
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the static it belongs to")]
        pub(crate) enum $name {}
        $(#[$meta])*
        pub static $name: Reduction = Reduction::new()$(.with::<Of<$name, $type>>())+;
    )*};
}

reductions! {
    /// The sum. Integers and `bool` give `i64`; floats their own dtype.
    SUM { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// The product. Integers and `bool` give `i64`; floats their own dtype.
    PROD { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// The largest element, of the input's dtype; NaN wins. Of nothing: the dtype's smallest value.
    MAX { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// The smallest element, of the input's dtype; NaN wins. Of nothing: the dtype's largest value.
    MIN { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// Whether all elements differ from zero, as `bool`.
    ALL { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// Whether any element differs from zero, as `bool`.
    ANY { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// The number of elements that differ from zero, as `i64`.
    COUNT_NONZERO { bool, u8, i8, i16, i32, i64, f32, f64 }
    /// `(Σ |x|^p)^(1/p)`; context: p, neither 0 nor infinite (those are [`COUNT_NONZERO`] and [`NORM_INFINITY`]).
    NORM { f32, f64 }
    /// `Σ |x|`.
    NORM_1 { f32, f64 }
    /// `sqrt(Σ x²)`.
    NORM_2 { f32, f64 }
    /// `max |x|`; NaN wins.
    NORM_INFINITY { f32, f64 }
    /// The variance, in two passes; context: the correction (1 divides by n - 1). The divisor is at least 0.
    VAR { f32, f64 }
    /// `log Σ e^x`, computed from the largest element.
    LOGSUMEXP { f32, f64 }
}

macro_rules! simple {
    ($name:ident, [$($type:ident),+], $accumulator:ty, $output:ty, $identity:expr, |$a:ident, $x:ident, $p:ident| $step:expr, |$b:ident, $c:ident| $merge:expr, |$r:ident, $q:ident| $finish:expr) => {$(
        impl Reducer for Of<$name, $type> {
            type Input = $type;
            type Output = $output;
            type Accumulator = $accumulator;
            #[inline(always)]
            fn identity() -> $accumulator { $identity }
            #[inline(always)]
            fn step($a: $accumulator, $x: $type, _pass: usize, $p: f64) -> $accumulator { let _ = $p; $step }
            #[inline(always)]
            fn merge($b: $accumulator, $c: $accumulator, _pass: usize) -> $accumulator { $merge }
            #[inline(always)]
            fn finish($r: $accumulator, _count: usize, $q: f64) -> $output { let _ = $q; $finish }
        }
    )+};
}

simple!(
    SUM,
    [bool, u8, i8, i16, i32, i64],
    i64,
    i64,
    0,
    |a, x, p| a.wrapping_add(x as i64),
    |a, b| a.wrapping_add(b),
    |a, p| a
);
simple!(SUM, [f32], f64, f32, 0.0, |a, x, p| a + x as f64, |a, b| a + b, |a, p| a as f32);
simple!(SUM, [f64], f64, f64, 0.0, |a, x, p| a + x, |a, b| a + b, |a, p| a);
simple!(
    PROD,
    [bool, u8, i8, i16, i32, i64],
    i64,
    i64,
    1,
    |a, x, p| a.wrapping_mul(x as i64),
    |a, b| a.wrapping_mul(b),
    |a, p| a
);
simple!(PROD, [f32], f64, f32, 1.0, |a, x, p| a * x as f64, |a, b| a * b, |a, p| a as f32);
simple!(PROD, [f64], f64, f64, 1.0, |a, x, p| a * x, |a, b| a * b, |a, p| a);
simple!(ALL, [bool], bool, bool, true, |a, x, p| a & x, |a, b| a & b, |a, p| a);
simple!(ANY, [bool], bool, bool, false, |a, x, p| a | x, |a, b| a | b, |a, p| a);
simple!(ALL, [u8, i8, i16, i32, i64], bool, bool, true, |a, x, p| a & (x != 0), |a, b| a & b, |a, p| a);
simple!(ANY, [u8, i8, i16, i32, i64], bool, bool, false, |a, x, p| a | (x != 0), |a, b| a | b, |a, p| a);
simple!(ALL, [f32, f64], bool, bool, true, |a, x, p| a & (x != 0.0), |a, b| a & b, |a, p| a);
simple!(ANY, [f32, f64], bool, bool, false, |a, x, p| a | (x != 0.0), |a, b| a | b, |a, p| a);
simple!(
    COUNT_NONZERO,
    [bool, u8, i8, i16, i32, i64],
    i64,
    i64,
    0,
    |a, x, p| a + (x as i64 != 0) as i64,
    |a, b| a + b,
    |a, p| a
);
simple!(COUNT_NONZERO, [f32, f64], i64, i64, 0, |a, x, p| a + (x != 0.0) as i64, |a, b| a + b, |a, p| a);
simple!(NORM, [f32], f64, f32, 0.0, |a, x, p| a + (x.abs() as f64).powf(p), |a, b| a + b, |a, p| a
    .powf(1.0 / p)
    as f32);
simple!(NORM, [f64], f64, f64, 0.0, |a, x, p| a + x.abs().powf(p), |a, b| a + b, |a, p| a.powf(1.0 / p));
simple!(NORM_1, [f32], f64, f32, 0.0, |a, x, p| a + x.abs() as f64, |a, b| a + b, |a, p| a as f32);
simple!(NORM_1, [f64], f64, f64, 0.0, |a, x, p| a + x.abs(), |a, b| a + b, |a, p| a);
simple!(NORM_2, [f32], f64, f32, 0.0, |a, x, p| a + x as f64 * x as f64, |a, b| a + b, |a, p| a.sqrt()
    as f32);
simple!(NORM_2, [f64], f64, f64, 0.0, |a, x, p| a + x * x, |a, b| a + b, |a, p| a.sqrt());

/// The larger; NaN wins.
#[inline(always)]
fn larger<T: Element>(a: T, x: T) -> T {
    if (x > a) | x.is_nan() { x } else { a }
}

/// The smaller; NaN wins.
#[inline(always)]
fn smaller<T: Element>(a: T, x: T) -> T {
    if (x < a) | x.is_nan() { x } else { a }
}

// "x > a" is false for every x once a is NaN, so a NaN stays.
simple!(MAX, [u8], u8, u8, u8::MIN, |a, x, p| a.max(x), |a, b| a.max(b), |a, p| a);
simple!(MAX, [i8], i8, i8, i8::MIN, |a, x, p| a.max(x), |a, b| a.max(b), |a, p| a);
simple!(MAX, [i16], i16, i16, i16::MIN, |a, x, p| a.max(x), |a, b| a.max(b), |a, p| a);
simple!(MAX, [i32], i32, i32, i32::MIN, |a, x, p| a.max(x), |a, b| a.max(b), |a, p| a);
simple!(MAX, [i64], i64, i64, i64::MIN, |a, x, p| a.max(x), |a, b| a.max(b), |a, p| a);
simple!(MAX, [bool], bool, bool, false, |a, x, p| a | x, |a, b| a | b, |a, p| a);
simple!(MAX, [f32], f32, f32, f32::NEG_INFINITY, |a, x, p| larger(a, x), |a, b| larger(a, b), |a, p| a);
simple!(MAX, [f64], f64, f64, f64::NEG_INFINITY, |a, x, p| larger(a, x), |a, b| larger(a, b), |a, p| a);
simple!(MIN, [u8], u8, u8, u8::MAX, |a, x, p| a.min(x), |a, b| a.min(b), |a, p| a);
simple!(MIN, [i8], i8, i8, i8::MAX, |a, x, p| a.min(x), |a, b| a.min(b), |a, p| a);
simple!(MIN, [i16], i16, i16, i16::MAX, |a, x, p| a.min(x), |a, b| a.min(b), |a, p| a);
simple!(MIN, [i32], i32, i32, i32::MAX, |a, x, p| a.min(x), |a, b| a.min(b), |a, p| a);
simple!(MIN, [i64], i64, i64, i64::MAX, |a, x, p| a.min(x), |a, b| a.min(b), |a, p| a);
simple!(MIN, [bool], bool, bool, true, |a, x, p| a & x, |a, b| a & b, |a, p| a);
simple!(MIN, [f32], f32, f32, f32::INFINITY, |a, x, p| smaller(a, x), |a, b| smaller(a, b), |a, p| a);
simple!(MIN, [f64], f64, f64, f64::INFINITY, |a, x, p| smaller(a, x), |a, b| smaller(a, b), |a, p| a);
simple!(NORM_INFINITY, [f32], f32, f32, 0.0, |a, x, p| larger(a, x.abs()), |a, b| larger(a, b), |a, p| a);
simple!(NORM_INFINITY, [f64], f64, f64, 0.0, |a, x, p| larger(a, x.abs()), |a, b| larger(a, b), |a, p| a);

macro_rules! variance {
    ($($type:ident),+) => {$(
        // (mean, sum of this pass): the first pass finds the mean, the second sums squared distances from it.
        impl Reducer for Of<VAR, $type> {
            type Input = $type;
            type Output = $type;
            type Accumulator = (f64, f64);
            const PASSES: usize = 2;
            #[inline(always)]
            fn identity() -> (f64, f64) { (0.0, 0.0) }
            #[inline(always)]
            fn fresh((mean, _): (f64, f64), _pass: usize) -> (f64, f64) { (mean, 0.0) }
            #[inline(always)]
            fn step((mean, sum): (f64, f64), x: $type, pass: usize, _context: f64) -> (f64, f64) {
                let distance = x as f64 - mean;
                (mean, sum + if pass == 0 { x as f64 } else { distance * distance })
            }
            #[inline(always)]
            fn block((mean, sum): (f64, f64), x: &[$type], pass: usize, context: f64) -> (f64, f64) {
                let step = |lane: f64, x: $type| Self::step((mean, lane), x, pass, context).1;
                (mean, sum + in_lanes(x, 0.0, step, |a, b| a + b))
            }
            #[inline(always)]
            fn columns(
                lanes: &mut [Self::Accumulator; LANES],
                rows: usize,
                row: impl Fn(usize) -> [$type; LANES],
                pass: usize,
                context: f64,
            ) {
                // The parts of the accumulators in arrays of their own, so that the loop vectorises.
                let (mut first, mut sums) = (lanes.map(|lane| lane.0), lanes.map(|lane| lane.1));
                for index in 0..rows {
                    let x = row(index);
                    for lane in 0..LANES {
                        (first[lane], sums[lane]) = Self::step((first[lane], sums[lane]), x[lane], pass, context);
                    }
                }
                for (lane, parts) in lanes.iter_mut().zip(first.into_iter().zip(sums)) {
                    *lane = parts;
                }
            }
            #[inline(always)]
            fn merge(a: (f64, f64), b: (f64, f64), _pass: usize) -> (f64, f64) { (a.0, a.1 + b.1) }
            #[inline(always)]
            fn between((_, sum): (f64, f64), count: usize) -> (f64, f64) { (sum / count as f64, 0.0) }
            #[inline(always)]
            fn finish((_, sum): (f64, f64), count: usize, correction: f64) -> $type {
                (sum / (count as f64 - correction).max(0.0)) as $type
            }
        }
    )+};
}
variance!(f32, f64);

macro_rules! log_sum_exp {
    ($($type:ident, $exp:path);+) => {$(
        // (largest element, sum of this pass).
        impl Reducer for Of<LOGSUMEXP, $type> {
            type Input = $type;
            type Output = $type;
            type Accumulator = ($type, f64);
            const PASSES: usize = 2;
            #[inline(always)]
            fn identity() -> ($type, f64) { ($type::NEG_INFINITY, 0.0) }
            #[inline(always)]
            fn fresh((largest, _): ($type, f64), pass: usize) -> ($type, f64) {
                (if pass == 0 { $type::NEG_INFINITY } else { largest }, 0.0)
            }
            #[inline(always)]
            fn step((largest, sum): ($type, f64), x: $type, pass: usize, _context: f64) -> ($type, f64) {
                if pass == 0 { (larger(largest, x), sum) } else { (largest, sum + $exp(x - largest) as f64) }
            }
            #[inline(always)]
            fn block((largest, sum): ($type, f64), x: &[$type], pass: usize, _context: f64) -> ($type, f64) {
                if pass == 0 {
                    (larger(largest, in_lanes(x, $type::NEG_INFINITY, larger, larger)), sum)
                } else {
                    (largest, sum + in_lanes(x, 0.0, |lane, x| lane + $exp(x - largest) as f64, |a, b| a + b))
                }
            }
            #[inline(always)]
            fn columns(
                lanes: &mut [Self::Accumulator; LANES],
                rows: usize,
                row: impl Fn(usize) -> [$type; LANES],
                pass: usize,
                context: f64,
            ) {
                // The parts of the accumulators in arrays of their own, so that the loop vectorises.
                let (mut first, mut sums) = (lanes.map(|lane| lane.0), lanes.map(|lane| lane.1));
                for index in 0..rows {
                    let x = row(index);
                    for lane in 0..LANES {
                        (first[lane], sums[lane]) = Self::step((first[lane], sums[lane]), x[lane], pass, context);
                    }
                }
                for (lane, parts) in lanes.iter_mut().zip(first.into_iter().zip(sums)) {
                    *lane = parts;
                }
            }
            #[inline(always)]
            fn merge(a: ($type, f64), b: ($type, f64), _pass: usize) -> ($type, f64) {
                (larger(a.0, b.0), a.1 + b.1)
            }
            #[inline(always)]
            fn between((largest, _): ($type, f64), _count: usize) -> ($type, f64) {
                // Infinite extremes are taken out of the exponent, so that inf - inf does not make a NaN.
                (if largest.is_infinite() { 0.0 } else { largest }, 0.0)
            }
            #[inline(always)]
            fn finish((largest, sum): ($type, f64), count: usize, _context: f64) -> $type {
                if count == 0 { $type::NEG_INFINITY } else { (largest as f64 + sum.ln()) as $type }
            }
        }
    )+};
}
log_sum_exp!(f32, math::exp_f32; f64, math::exp_f64);
