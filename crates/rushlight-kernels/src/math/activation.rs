//! Activations that PyTorch computes in one kernel.

use super::{erf_f32, erf_f64, exp_f32, exp_f64, log1p_f32, log1p_f64, tanh_f32, tanh_f64};

macro_rules! activations {
    ($type:ident, $exp:ident, $log1p:ident, $tanh:ident, $erf:ident,
     $silu:ident, $gelu:ident, $gelu_tanh:ident, $log_sigmoid:ident, $softplus:ident, $mish:ident) => {
        #[inline(always)]
        pub(crate) fn $silu(x: $type) -> $type {
            x / (1.0 + $exp(-x))
        }

        #[inline(always)]
        pub(crate) fn $gelu(x: $type) -> $type {
            x * 0.5 * (1.0 + $erf(x * std::$type::consts::FRAC_1_SQRT_2))
        }

        #[inline(always)]
        pub(crate) fn $gelu_tanh(x: $type) -> $type {
            // sqrt(2 / pi)
            let inner = 0.5 * std::$type::consts::FRAC_2_SQRT_PI * std::$type::consts::SQRT_2;
            0.5 * x * (1.0 + $tanh(inner * (x + 0.044715 * x * x * x)))
        }

        #[inline(always)]
        pub(crate) fn $log_sigmoid(x: $type) -> $type {
            (if x > 0.0 { 0.0 } else { x }) - $log1p($exp(-x.abs()))
        }

        #[inline(always)]
        pub(crate) fn $softplus(x: $type, beta: $type, threshold: $type) -> $type {
            let scaled = x * beta;
            if scaled > threshold { x } else { $log1p($exp(scaled)) / beta }
        }

        #[inline(always)]
        pub(crate) fn $mish(x: $type) -> $type {
            x * $tanh($log1p($exp(x)))
        }
    };
}
activations!(
    f32,
    exp_f32,
    log1p_f32,
    tanh_f32,
    erf_f32,
    silu_f32,
    gelu_f32,
    gelu_tanh_f32,
    log_sigmoid_f32,
    softplus_f32,
    mish_f32
);
activations!(
    f64,
    exp_f64,
    log1p_f64,
    tanh_f64,
    erf_f64,
    silu_f64,
    gelu_f64,
    gelu_tanh_f64,
    log_sigmoid_f64,
    softplus_f64,
    mish_f64
);
