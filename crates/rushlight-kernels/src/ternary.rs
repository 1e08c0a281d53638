//! Operations of three inputs: (output, x, y, z).

use crate::dtype::{DType, Element};
use crate::map::{chunked, operations};
use crate::math;
use crate::row::{Body, Kernel};
use std::marker::PhantomData;

/// The larger; a NaN on the left stays.
macro_rules! larger {
    ($x:expr, $y:expr) => {{
        let x = $x;
        if x < $y { $y } else { x }
    }};
}

struct Select<A>(PhantomData<A>);

impl<A: Element> Body for Select<A> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] = &[size_of::<A>(), 1, size_of::<A>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, _context: *const u8) {
        // SAFETY: four contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<A>();
            let condition = (*pointers.add(1)).cast_const();
            let x = (*pointers.add(2)).cast::<A>().cast_const();
            let y = (*pointers.add(3)).cast::<A>().cast_const();
            chunked!(count, output: A, [condition: u8, x: A, y: A], |i| if condition == 0 { y } else { x });
        }
    }
}

/// `condition ? x : y`: (output, condition of `bool`, x, y); the dtype is that of `x` and `y`. It moves elements without
/// looking at them, so dtypes of one size share a kernel.
pub static WHERE: Kernel = {
    let kernel =
        Kernel::new().with::<Select<u8>>().with::<Select<i16>>().with::<Select<i32>>().with::<Select<i64>>();
    kernel
        .share(DType::U8, DType::Bool)
        .share(DType::U8, DType::I8)
        .share(DType::I16, DType::F16)
        .share(DType::I16, DType::BF16)
        .share(DType::I32, DType::F32)
        .share(DType::I64, DType::F64)
};

operations! {
    /// `x + weight * (end - x)`, from the nearer end as PyTorch does: (output, x, end, weight).
    LERP[Ternary/Map3](x, end, weight) {
        f32, f64 => if weight.abs() < 0.5 { x + weight * (end - x) } else { end - (end - x) * (1.0 - weight) }
    }
    /// [`LERP`] with one weight: (output, x, end). Context: weight.
    LERP_SCALAR[Binary/Map2](x, end; weight) {
        f32, f64 => if weight.abs() < 0.5 { x + weight * (end - x) } else { end - (end - x) * (1.0 - weight) }
    }
    /// `min(max(x, low), high)`; a NaN in any gives NaN: (output, x, low, high).
    CLAMP[Ternary/Map3](x, low, high) {
        f32, f64 => {
            let raised = if (x > low) | x.is_nan() { x } else { low };
            if (raised < high) | raised.is_nan() { raised } else { high }
        };
        u8, i8, i16, i32, i64 => x.max(low).min(high);
    }
    /// [`CLAMP`] with numbers for bounds: (output, x). Context: low, high. The dtype's extremes leave a side open.
    CLAMP_SCALAR[Unary/Map1](x; low, high) {
        f32, f64 => {
            let raised = if x < low { low } else { x };
            if raised > high { high } else { raised }
        };
        u8, i8, i16, i32, i64 => x.max(low).min(high);
    }
    /// `x + value * y * z`: (output, x, y, z). Context: value.
    ADDCMUL[Ternary/Map3](x, y, z; value) {
        f32, f64 => x + value * y * z;
        u8, i8, i16, i32, i64 => x.wrapping_add(value.wrapping_mul(y).wrapping_mul(z));
    }
    /// `x + value * y / z`: (output, x, y, z). Context: value.
    ADDCDIV[Ternary/Map3](x, y, z; value) { f32, f64 => x + value * y / z }
    /// The gradient of the sigmoid from its output: `g * (1 - y) * y`: (output, g, y).
    SIGMOID_BACKWARD[Binary/Map2](g, y) { f32, f64 => g * (1.0 - y) * y }
    /// The gradient of tanh from its output: `g * (1 - y²)`: (output, g, y).
    TANH_BACKWARD[Binary/Map2](g, y) { f32, f64 => g * (1.0 - y * y) }
    /// `g` where `x` exceeds a threshold, else 0: (output, g, x). Context: threshold. A NaN in `x` lets `g` pass.
    THRESHOLD_BACKWARD[Binary/Map2](g, x; threshold) {
        f32, f64 => if x <= threshold { 0.0 } else { g };
        u8, i8, i16, i32, i64 => if x <= threshold { 0 } else { g };
    }
    /// Binary cross entropy, `-(y log x + (1 - y) log(1 - x))` with logarithms not below -100: (output, x, y).
    BINARY_CROSS_ENTROPY[Binary/Map2](x, y) {
        f32 => (y - 1.0) * larger!(math::log1p_f32(-x), -100.0) - y * larger!(math::log_f32(x), -100.0);
        f64 => (y - 1.0) * larger!(math::log1p_f64(-x), -100.0) - y * larger!(math::log_f64(x), -100.0);
    }
    /// Its gradient, `g (x - y) / max((1 - x) x, 1e-12)`: (output, g, x, y).
    BINARY_CROSS_ENTROPY_BACKWARD[Ternary/Map3](g, x, y) {
        f32, f64 => g * (x - y) / larger!((1.0 - x) * x, 1e-12)
    }
}
