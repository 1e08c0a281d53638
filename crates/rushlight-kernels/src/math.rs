//! Transcendental functions, written without branches so that the loops over them vectorise.

#[inline(always)]
pub(crate) fn exp_f32(x: f32) -> f32 {
    x.exp()
}
