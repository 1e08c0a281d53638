//! Which instruction set the kernels use: decided once, at the first use, and readable for the price of one load.
//!
//! Kernels are compiled for the baseline of the target and, on x86-64, for x86-64-v3 (AVX2, FMA, F16C). There is no v4
//! variant yet: the project measures before it adds instantiations, and the machine that this was written on has no
//! AVX-512; on a v4 machine the v3 kernels run (matrix products do use AVX-512, see `gemm`).
//!
//! Note \[Same bits at every level\]: a kernel computes the same bits at every level. Fused multiply-adds are written as
//! `mul_add`, which is exact everywhere (a library call where the instruction is missing: slow, never different), sums
//! have a fixed number of lanes that does not depend on the vector's width, and Rust never contracts by itself.

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction-set level, in ascending order. The discriminant indexes the kernels' tables.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Level {
    /// What the target guarantees (SSE2 on x86-64, NEON on aarch64).
    Baseline,
    /// x86-64-v3: AVX2, FMA, F16C, BMI.
    V3,
}

impl Level {
    pub(crate) const COUNT: usize = 2;
}

const UNDECIDED: u8 = u8::MAX;
static LEVEL: AtomicU8 = AtomicU8::new(UNDECIDED);

/// The level in use.
#[inline(always)]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        0 => Level::Baseline,
        1 => Level::V3,
        _ => decide(),
    }
}

#[cold]
fn decide() -> Level {
    let best = detect();
    // Asking for more than the machine has would be undefined behaviour, so a wish is only ever a ceiling.
    let wished = match std::env::var("RUSHLIGHT_CPU").as_deref() {
        Ok("baseline") => Level::Baseline,
        _ => Level::V3,
    };
    let level = best.min(wished);
    LEVEL.store(level as u8, Ordering::Relaxed);
    level
}

fn detect() -> Level {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
    {
        return Level::V3;
    }
    Level::Baseline
}

/// Defines a function compiled once per level and called through the level in use.
///
/// The body is an `#[inline(always)]` function, so that it is compiled anew, with the level's instructions, in each
/// shell. On other architectures there is one shell.
macro_rules! multiversion {
    ($(#[$meta:meta])* $visibility:vis unsafe fn $name:ident $(<$($generic:ident : $bound:path),+>)? ($($argument:ident : $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        #[inline]
        $visibility unsafe fn $name $(<$($generic: $bound),+>)? ($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            unsafe fn body $(<$($generic: $bound),+>)? ($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
                unsafe fn v3 $(<$($generic: $bound),+>)? ($($argument: $type),*) $(-> $result)? {
                    // SAFETY: the caller's promise is passed on.
                    unsafe { body $(::<$($generic),+>)? ($($argument),*) }
                }
                if $crate::level::level() == $crate::level::Level::V3 {
                    // SAFETY: the level says that the machine has these instructions.
                    return unsafe { v3 $(::<$($generic),+>)? ($($argument),*) };
                }
            }
            // SAFETY: the caller's promise is passed on.
            unsafe { body $(::<$($generic),+>)? ($($argument),*) }
        }
    };
}
pub(crate) use multiversion;
