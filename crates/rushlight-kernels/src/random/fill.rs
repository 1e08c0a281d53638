//! Filling arrays: how PyTorch's distributions draw from the generator.
//!
//! All functions write contiguous memory, element after element in the order of the stream.

use super::box_muller::{transform, transform_f64};
use super::mersenne::{Generator, unit_f32, unit_f64};
use crate::dtype::{DType, Element};
use crate::level::multiversion;
use crate::{dispatch_all, dispatch_float};
use half::{bf16, f16};

/// At this many elements `normal` goes over to groups of 16.
const GROUPED: usize = 16;

impl Generator {
    /// Uniform numbers in [from, to). Returns whether `dtype` is a floating-point one.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn uniform(
        &mut self,
        dtype: DType,
        target: *mut u8,
        count: usize,
        from: f64,
        to: f64,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::F64 => {
                    for x in slice::<f64>(target, count) {
                        let drawn = self.uniform_f64().mul_add(to - from, from);
                        *x = if drawn == to { from } else { drawn };
                    }
                }
                DType::F32 => self.uniform_narrow(slice::<f32>(target, count), from as f32, to as f32),
                DType::F16 => self.uniform_narrow(slice::<f16>(target, count), from as f32, to as f32),
                DType::BF16 => self.uniform_narrow(slice::<bf16>(target, count), from as f32, to as f32),
                _ => return false,
            }
        }
        true
    }

    /// Uniform numbers of at most 32 bits. What rounds up to the excluded bound becomes the other one.
    fn uniform_narrow<T: Element>(&mut self, target: &mut [T], from: f32, to: f32) {
        let mut bits = [0u32; 512];
        for block in target.chunks_mut(bits.len()) {
            let bits = &mut bits[..block.len()];
            self.fill_random(bits);
            // SAFETY: as many outputs as elements.
            unsafe { uniform_block::<T>(block.as_mut_ptr(), bits.as_ptr(), block.len(), from, to) };
        }
    }

    /// Draws one output for each element, in blocks.
    fn uniform_bits<T>(&mut self, target: &mut [T], make: impl Fn(u32) -> T) {
        let mut bits = [0u32; 512];
        for block in target.chunks_mut(bits.len()) {
            let bits = &mut bits[..block.len()];
            self.fill_random(bits);
            for (x, &bits) in block.iter_mut().zip(&*bits) {
                *x = make(bits);
            }
        }
    }

    /// Normal numbers. Returns whether `dtype` is a floating-point one.
    ///
    /// PyTorch fills 16 contiguous elements or more by groups; fewer, or (`serial`) elements that are not contiguous,
    /// one after the other.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn normal(
        &mut self,
        dtype: DType,
        target: *mut u8,
        count: usize,
        mean: f64,
        deviation: f64,
        serial: bool,
    ) -> bool {
        if count < GROUPED || serial {
            return dispatch_float!(dtype, T => {
                // SAFETY: the caller's promise.
                for x in unsafe { slice::<T>(target, count) } {
                    *x = <T as Element>::from_f64(self.normal_f64().mul_add(deviation, mean));
                }
                true
            }, else false);
        }
        // SAFETY: the caller's promise.
        unsafe {
            match dtype {
                DType::F32 => self.normal_f32(slice(target, count), mean as f32, deviation as f32),
                DType::F64 => {
                    let x = slice::<f64>(target, count);
                    for x in &mut *x {
                        *x = self.uniform_f64();
                    }
                    let whole = count / 16 * 16;
                    for group in x[..whole].chunks_exact_mut(16) {
                        transform_f64(group, mean, deviation);
                    }
                    if whole < count {
                        let last = &mut x[count - 16..];
                        for x in &mut *last {
                            *x = self.uniform_f64();
                        }
                        transform_f64(last, mean, deviation);
                    }
                }
                DType::F16 => self.normal_half(slice::<f16>(target, count), mean, deviation),
                DType::BF16 => self.normal_half(slice::<bf16>(target, count), mean, deviation),
                _ => return false,
            }
        }
        true
    }

    fn normal_f32(&mut self, x: &mut [f32], mean: f32, deviation: f32) {
        self.uniform_bits(x, unit_f32);
        let groups = x.len() / 16;
        // SAFETY: so many whole groups, of uniform numbers.
        unsafe { transform(x.as_mut_ptr(), groups, mean, deviation) };
        if !x.len().is_multiple_of(16) {
            let start = x.len() - 16;
            let last = &mut x[start..];
            self.uniform_bits(last, unit_f32);
            // SAFETY: one group.
            unsafe { transform(last.as_mut_ptr(), 1, mean, deviation) };
        }
    }

    fn normal_half<T: Element>(&mut self, x: &mut [T], mean: f64, deviation: f64) {
        // Unlike in single precision, what the whole groups leave over is not drawn for before the last group is.
        let whole = x.len() / 16 * 16;
        let start = x.len() - 16;
        let mut wide = [0.0f32; 512];
        for (first, end) in [(0, whole), (if whole < x.len() { start } else { x.len() }, x.len())] {
            for block in x[first..end].chunks_mut(wide.len()) {
                let wide = &mut wide[..block.len()];
                self.normal_f32(wide, mean as f32, deviation as f32);
                for (x, &mut wide) in block.iter_mut().zip(wide) {
                    *x = T::from_f32(wide);
                }
            }
        }
    }

    /// Integers `from + r` with r uniform below `range`; a range of 0 stands for 2^64.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn integers(&mut self, dtype: DType, target: *mut u8, count: usize, from: i64, range: u64) {
        dispatch_all!(dtype, T => {
            // SAFETY: the caller's promise.
            for x in unsafe { slice::<T>(target, count) } {
                let drawn = if range == 0 {
                    self.random64()
                } else if range >= 1 << 32 {
                    self.random64() % range
                } else {
                    self.random() as u64 % range
                };
                *x = T::from_i64((drawn as i64).wrapping_add(from));
            }
        });
    }

    /// The integers that a dtype can hold exactly, from 0: PyTorch's `random_()` without arguments.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn any_integers(&mut self, dtype: DType, target: *mut u8, count: usize) {
        dispatch_all!(dtype, T => {
            // SAFETY: the caller's promise.
            for x in unsafe { slice::<T>(target, count) } {
                *x = match dtype {
                    DType::Bool => T::from_i64((self.random() & 1) as i64),
                    DType::F64 => T::from_i64((self.random64() % ((1 << 53) + 1)) as i64),
                    DType::F32 => T::from_i64((self.random() % ((1 << 24) + 1)) as i64),
                    DType::F16 => T::from_i64((self.random() % ((1 << 11) + 1)) as i64),
                    DType::BF16 => T::from_i64((self.random() % ((1 << 8) + 1)) as i64),
                    DType::I64 => T::from_i64((self.random64() & i64::MAX as u64) as i64),
                    DType::U8 => T::from_i64((self.random() & 0xff) as i64),
                    DType::I8 => T::from_i64((self.random() % (1 << 7)) as i64),
                    DType::I16 => T::from_i64((self.random() % (1 << 15)) as i64),
                    DType::I32 => T::from_i64((self.random() % (1 << 31)) as i64),
                };
            }
        });
    }

    /// A permutation of 0 .. target.len().
    pub fn permutation(&mut self, target: &mut [i64]) {
        let count = target.len();
        for (value, x) in (0..).zip(&mut *target) {
            *x = value;
        }
        for i in 0..count.saturating_sub(1) {
            let other = if (count as u64) < u32::MAX as u64 / 20 {
                self.random() as usize % (count - i)
            } else {
                (self.random64() % (count - i) as u64) as usize
            };
            target.swap(i, i + other);
        }
    }

    /// Ones with the probability `p`, else zeros.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn bernoulli(&mut self, dtype: DType, target: *mut u8, count: usize, p: f64) {
        let mut bits = [0u32; 512];
        dispatch_all!(dtype, T => {
            // SAFETY: the caller's promise.
            for block in unsafe { slice::<T>(target, count) }.chunks_mut(bits.len() / 2) {
                let bits = &mut bits[..2 * block.len()];
                self.fill_random(bits);
                for (x, pair) in block.iter_mut().zip(bits.chunks_exact(2)) {
                    let drawn = unit_f64((pair[0] as u64) << 32 | pair[1] as u64);
                    *x = T::from_i64((drawn < p) as i64);
                }
            }
        });
    }

    /// Ones with a probability for each element, else zeros. Returns whether `probability_dtype` is a floating-point
    /// one.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`; `probabilities` has as many of `probability_dtype`.
    pub unsafe fn bernoulli_each(
        &mut self,
        dtype: DType,
        target: *mut u8,
        probability_dtype: DType,
        probabilities: *const u8,
        count: usize,
    ) -> bool {
        dispatch_float!(probability_dtype, P => {
            // SAFETY: the caller's promise.
            let probabilities = unsafe { std::slice::from_raw_parts(probabilities.cast::<P>(), count) };
            for (i, p) in probabilities.iter().enumerate() {
                let one = if probability_dtype == DType::F64 {
                    self.uniform_f64() < p.to_f64()
                } else {
                    self.uniform_f32() < p.to_f32()
                };
                dispatch_all!(dtype, T => {
                    // SAFETY: the caller's promise.
                    unsafe { target.cast::<T>().add(i).write(T::from_i64(one as i64)) }
                });
            }
            true
        }, else false)
    }

    /// Exponential numbers: `-log(1 - u) / rate`. Returns whether `dtype` is a floating-point one.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn exponential(&mut self, dtype: DType, target: *mut u8, count: usize, rate: f64) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            self.each(dtype, target, count, |generator| -1.0 / rate * (-generator.uniform_f64()).ln_1p())
        }
    }

    /// Numbers of Cauchy's distribution. Returns whether `dtype` is a floating-point one.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn cauchy(
        &mut self,
        dtype: DType,
        target: *mut u8,
        count: usize,
        median: f64,
        sigma: f64,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            self.each(dtype, target, count, |generator| {
                median + sigma * (std::f64::consts::PI * (generator.uniform_f64() - 0.5)).tan()
            })
        }
    }

    /// Numbers whose logarithm is normal. Returns whether `dtype` is a floating-point one.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn log_normal(
        &mut self,
        dtype: DType,
        target: *mut u8,
        count: usize,
        mean: f64,
        deviation: f64,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            self.each(dtype, target, count, |generator| (generator.normal_f64() * deviation + mean).exp())
        }
    }

    /// Numbers of trials up to the first success of probability `p`.
    ///
    /// # Safety
    /// `target` has room for `count` elements of `dtype`.
    pub unsafe fn geometric(&mut self, dtype: DType, target: *mut u8, count: usize, p: f64) {
        dispatch_all!(dtype, T => {
            // SAFETY: the caller's promise.
            for x in unsafe { slice::<T>(target, count) } {
                *x = <T as Element>::from_f64((self.uniform_f64().ln() / (-p).ln_1p()).ceil());
            }
        });
    }

    unsafe fn each(
        &mut self,
        dtype: DType,
        target: *mut u8,
        count: usize,
        mut draw: impl FnMut(&mut Self) -> f64,
    ) -> bool {
        dispatch_float!(dtype, T => {
            // SAFETY: the caller's promise.
            for x in unsafe { slice::<T>(target, count) } {
                *x = <T as Element>::from_f64(draw(self));
            }
            true
        }, else false)
    }
}

/// The caller's memory as elements. It need not be initialised: every element is written before it is read.
unsafe fn slice<'a, T: Element>(target: *mut u8, count: usize) -> &'a mut [T] {
    if count == 0 {
        return &mut [];
    }
    // SAFETY: the caller promises room for `count` elements.
    unsafe { std::slice::from_raw_parts_mut(target.cast(), count) }
}

multiversion! {
    /// Uniform numbers from random bits: fused, as PyTorch's vectorised loop is.
    unsafe fn uniform_block<T: Element>(target: *mut T, bits: *const u32, count: usize, from: f32, to: f32) {
        let (first, excluded) = (T::from_f32(from), T::from_f32(to));
        for i in 0..count {
            // SAFETY: the caller promises `count` of both, which do not overlap.
            unsafe {
                let drawn = T::from_f32(unit_f32(bits.add(i).read()).mul_add(to - from, from));
                target.add(i).write(if drawn == excluded { first } else { drawn });
            }
        }
    }
}
