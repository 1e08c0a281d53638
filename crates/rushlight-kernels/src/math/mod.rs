//! Transcendental functions, written without branches so that the loops over them vectorise.
//!
//! Coefficients were computed for this project (interpolation at Chebyshev nodes in 60 digits, near to minimax);
//! reductions and reconstructions are the textbook ones (W. Cody and W. Waite; fdlibm's papers by K. C. Ng), evaluated
//! with fused multiply-adds. See Note [Same bits at every level].
//!
//! `f32` functions that matter most are computed in `f32`; the others are evaluated in `f64` and rounded, which makes
//! them exact to 0.51 ulp. In `f64` the functions of the list in `tests` are ours; the remaining ones are the system
//! library's, and their last bit is the platform's. Measured errors stand beside the bounds in `tests`.

#![expect(clippy::excessive_precision, reason = "coefficients are written with a digit to spare")]

mod activation;
mod exponential;
mod inverse;
mod logarithm;
mod special;
#[cfg(test)]
mod tests;
mod trigonometric;

pub(crate) use activation::*;
pub(crate) use exponential::*;
pub(crate) use inverse::*;
pub(crate) use logarithm::*;
pub(crate) use special::*;
pub(crate) use trigonometric::*;

/// A polynomial, lowest coefficient first, by Horner's rule with fused steps.
macro_rules! polynomial {
    ($x:expr, $coefficients:expr) => {{
        let (x, coefficients) = ($x, &$coefficients);
        let mut sum = coefficients[coefficients.len() - 1];
        let mut index = coefficients.len() - 1;
        while index > 0 {
            index -= 1;
            sum = sum.mul_add(x, coefficients[index]);
        }
        sum
    }};
}
pub(crate) use polynomial;

/// Adding this rounds an `f32` below 2^22 to an integer, which then is in the low bits.
const ROUND_F32: f32 = 12_582_912.0;
/// The same for an `f64` below 2^51.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;
