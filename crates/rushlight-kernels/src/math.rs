//! Transcendental functions, written without branches so that the loops over them vectorise.

macro_rules! by_std {
    ($($name32:ident $name64:ident $method:ident),*) => {$(
        #[inline(always)]
        pub(crate) fn $name32(x: f32) -> f32 { (x as f64).$method() as f32 }
        #[inline(always)]
        pub(crate) fn $name64(x: f64) -> f64 { x.$method() }
    )*};
}
by_std!(exp_f32 exp_f64 exp, exp2_f32 exp2_f64 exp2, expm1_f32 expm1_f64 exp_m1, log_f32 log_f64 ln, log2_f32 log2_f64 log2,
    log10_f32 log10_f64 log10, log1p_f32 log1p_f64 ln_1p, sin_f32 sin_f64 sin, cos_f32 cos_f64 cos, tan_f32 tan_f64 tan,
    asin_f32 asin_f64 asin, acos_f32 acos_f64 acos, atan_f32 atan_f64 atan, sinh_f32 sinh_f64 sinh,
    cosh_f32 cosh_f64 cosh, tanh_f32 tanh_f64 tanh, asinh_f32 asinh_f64 asinh, acosh_f32 acosh_f64 acosh, atanh_f32 atanh_f64 atanh);

#[inline(always)]
pub(crate) fn sigmoid_f32(x: f32) -> f32 {
    1.0 / (1.0 + exp_f32(-x))
}
#[inline(always)]
pub(crate) fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + exp_f64(-x))
}
#[inline(always)]
pub(crate) fn pow_f32(x: f32, y: f32) -> f32 {
    (x as f64).powf(y as f64) as f32
}
#[inline(always)]
pub(crate) fn atan2_f32(y: f32, x: f32) -> f32 {
    (y as f64).atan2(x as f64) as f32
}
#[inline(always)]
pub(crate) fn hypot_f32(x: f32, y: f32) -> f32 {
    ((x as f64) * (x as f64) + (y as f64) * (y as f64)).sqrt() as f32
}

mod system {
    unsafe extern "C" {
        pub(super) safe fn erf(x: f64) -> f64;
        pub(super) safe fn erfc(x: f64) -> f64;
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
#[inline(always)]
pub(crate) fn erf_f32(x: f32) -> f32 {
    system::erf(x as f64) as f32
}
#[inline(always)]
pub(crate) fn erfc_f32(x: f32) -> f32 {
    system::erfc(x as f64) as f32
}
