//! Sorting along one dimension: `sort`, `topk`, `kthvalue` and what is made of them.
//!
//! An element is mapped to an unsigned key of the same order, and its place is put below the key in one integer; such
//! pairs are all different, so a fast unstable sort of them is a stable sort of the elements, the same for every number
//! of threads. NaNs are equal to each other and above all numbers; -0 equals 0.

use crate::dispatch_all;
use crate::dtype::DType;
use crate::loops::Operand;
use crate::pool;
use rayon::slice::ParallelSliceMut;

/// Lines at least this long are sorted by several threads.
const PARALLEL: usize = 1 << 16;

/// An element type with keys of 32 bits (pairs of 64) or of 64 (pairs of 128).
trait Key: Copy + Send + Sync {
    type Pair: Copy + Ord + Send;
    fn pair(self, place: usize, descending: bool) -> Self::Pair;
    fn place(pair: Self::Pair) -> usize;
}

macro_rules! key {
    ($($type:ident, $unsigned:ident, $pair:ident, $bits:expr, |$x:ident| $key:expr);+ $(;)?) => {$(
        impl Key for $type {
            type Pair = $pair;
            #[inline(always)]
            fn pair(self, place: usize, descending: bool) -> $pair {
                let $x = self;
                let key: $unsigned = $key;
                let key = if descending { !key } else { key };
                (key as $pair) << $bits | place as $pair
            }
            #[inline(always)]
            fn place(pair: $pair) -> usize { (pair & ((1 << $bits) - 1)) as usize }
        }
    )+};
}

key! {
    bool, u32, u64, 32, |x| x as u32;
    u8, u32, u64, 32, |x| x as u32;
    i8, u32, u64, 32, |x| (x as i32 as u32) ^ 0x8000_0000;
    i16, u32, u64, 32, |x| (x as i32 as u32) ^ 0x8000_0000;
    i32, u32, u64, 32, |x| x as u32 ^ 0x8000_0000;
    i64, u64, u128, 64, |x| x as u64 ^ 0x8000_0000_0000_0000;
    f32, u32, u64, 32, |x| float_key_32(x);
    f64, u64, u128, 64, |x| {
        // Adding zero makes -0 the same as 0.
        let bits = (x + 0.0).to_bits();
        let mask = ((bits as i64 >> 63) as u64) | 0x8000_0000_0000_0000;
        if x.is_nan() { u64::MAX } else { bits ^ mask }
    };
}

#[inline(always)]
fn float_key_32(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    let mask = ((bits as i32 >> 31) as u32) | 0x8000_0000;
    if x.is_nan() { u32::MAX } else { bits ^ mask }
}

macro_rules! half_key {
    ($($type:ty),+) => {$(
        impl Key for $type {
            type Pair = u64;
            #[inline(always)]
            fn pair(self, place: usize, descending: bool) -> u64 { self.to_f32().pair(place, descending) }
            #[inline(always)]
            fn place(pair: u64) -> usize { f32::place(pair) }
        }
    )+};
}
half_key!(half::f16, half::bf16);

/// Sorts along `dim`, stably, and writes the first `take` elements of each line and their places (`i64`).
///
/// With `take` the length of the dimension this is `sort`; with fewer it is `topk` (descending: the largest), for which
/// only the part that is wanted is sorted. The outputs' strides are for all of the shape's dimensions; along `dim` they
/// have `take` elements.
///
/// Returns `false`, and writes nothing, where the dimension is too long for the dtype's pairs (2³² elements).
///
/// # Safety
/// The operands are valid at these strides, the outputs do not overlap the input; `take` is at most the dimension's
/// length.
#[expect(clippy::too_many_arguments, reason = "an operation with two results")]
pub unsafe fn sort(
    dtype: DType,
    shape: &[usize],
    input: Operand<'_>,
    values: Operand<'_>,
    places: Operand<'_>,
    dim: usize,
    take: usize,
    descending: bool,
) -> bool {
    if shape[dim] > u32::MAX as usize {
        return false;
    }
    dispatch_all!(dtype, T => {
        let job = Job::<T> { shape, input, values, places, dim, take, descending, marker: std::marker::PhantomData };
        // SAFETY: the caller's promise is passed on.
        unsafe { job.run() };
    });
    true
}

/// For every line along `dim`, the element that `rank` others precede in ascending order, and its place.
///
/// # Safety
/// As for [`sort`]; `rank` is below the dimension's length; along `dim` the outputs have one element.
pub unsafe fn select(
    dtype: DType,
    shape: &[usize],
    input: Operand<'_>,
    values: Operand<'_>,
    places: Operand<'_>,
    dim: usize,
    rank: usize,
) -> bool {
    if shape[dim] > u32::MAX as usize {
        return false;
    }
    dispatch_all!(dtype, T => {
        let job =
            Job::<T> { shape, input, values, places, dim, take: 1, descending: false, marker: std::marker::PhantomData };
        for line in 0..job.lines() {
            // SAFETY: the caller's promise is passed on.
            unsafe {
                let mut pairs = job.pairs(line);
                let (_, &mut pair, _) = pairs.select_nth_unstable(rank);
                job.write(line, &[pair]);
            }
        }
    });
    true
}

struct Job<'a, T> {
    shape: &'a [usize],
    input: Operand<'a>,
    values: Operand<'a>,
    places: Operand<'a>,
    dim: usize,
    take: usize,
    descending: bool,
    marker: std::marker::PhantomData<T>,
}
// SAFETY: threads read the input and write disjoint lines of the outputs.
unsafe impl<T> Sync for Job<'_, T> {}

impl<T: Key> Job<'_, T> {
    fn lines(&self) -> usize {
        self.shape.iter().enumerate().map(|(index, &size)| if index == self.dim { 1 } else { size }).product()
    }

    fn offset(&self, line: usize, strides: &[isize]) -> isize {
        let (mut rest, mut offset) = (line, 0);
        for (index, &size) in self.shape.iter().enumerate().rev() {
            if index != self.dim {
                offset += (rest % size) as isize * strides[index];
                rest /= size;
            }
        }
        offset
    }

    unsafe fn run(&self) {
        let (lines, length) = (self.lines(), self.shape[self.dim]);
        if lines == 0 || length == 0 || self.take == 0 {
            return;
        }
        let sort = |line: usize, alone: bool| {
            // SAFETY: the promise of `sort`'s caller.
            unsafe {
                let mut pairs = self.pairs(line);
                if self.take < length {
                    pairs.select_nth_unstable(self.take - 1);
                    pairs.truncate(self.take);
                }
                if alone && pairs.len() >= PARALLEL {
                    pool::install(|_| pairs.par_sort_unstable());
                } else {
                    pairs.sort_unstable();
                }
                self.write(line, &pairs);
            }
        };
        if lines == 1 || length >= PARALLEL {
            (0..lines).for_each(|line| sort(line, true));
            return;
        }
        let chunks = (lines * length / 2048).min(4 * pool::num_threads()).clamp(1, lines);
        pool::parallel(chunks, &|chunk| {
            (lines * chunk / chunks..lines * (chunk + 1) / chunks).for_each(|line| sort(line, false));
        });
    }

    unsafe fn pairs(&self, line: usize) -> Vec<T::Pair> {
        let first = self.offset(line, self.input.strides);
        let stride = self.input.strides[self.dim];
        (0..self.shape[self.dim])
            .map(|place| {
                // SAFETY: within the line.
                let x = unsafe { self.input.ptr.cast::<T>().offset(first + place as isize * stride).read() };
                x.pair(place, self.descending)
            })
            .collect()
    }

    unsafe fn write(&self, line: usize, pairs: &[T::Pair]) {
        let from = self.offset(line, self.input.strides);
        let (value, place) = (self.offset(line, self.values.strides), self.offset(line, self.places.strides));
        for (i, &pair) in (0isize..).zip(pairs) {
            let at = T::place(pair);
            // SAFETY: places are within the line; the outputs have room for `take` elements.
            unsafe {
                let x = self
                    .input
                    .ptr
                    .cast::<T>()
                    .offset(from + at as isize * self.input.strides[self.dim])
                    .read();
                self.values.ptr.cast::<T>().offset(value + i * self.values.strides[self.dim]).write(x);
                self.places
                    .ptr
                    .cast::<i64>()
                    .offset(place + i * self.places.strides[self.dim])
                    .write(at as i64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_is_stable_and_puts_nan_last() {
        let x = [3.0f32, f32::NAN, -0.0, 0.0, -1.0, f32::INFINITY, 3.0, f32::NAN];
        let mut values = [0.0f32; 8];
        let mut places = [0i64; 8];
        let mut run = |descending| {
            // SAFETY: contiguous arrays.
            assert!(unsafe {
                sort(
                    DType::F32,
                    &[8],
                    Operand::input(x.as_ptr().cast(), &[1], 4),
                    Operand::new(values.as_mut_ptr().cast(), &[1], 4),
                    Operand::new(places.as_mut_ptr().cast(), &[1], 8),
                    0,
                    8,
                    descending,
                )
            });
            (values.map(f32::to_bits), places)
        };
        let (values, places) = run(false);
        assert_eq!(places, [4, 2, 3, 0, 6, 5, 1, 7]);
        assert_eq!(values[1], (-0.0f32).to_bits());
        assert_eq!(run(true).1, [1, 7, 5, 0, 6, 2, 3, 4]);
    }

    #[test]
    fn top_and_ranks_agree_with_sorting() {
        let x: Vec<i64> = (0..60).map(|i| (i * 37 % 23 - 11) << 40).collect();
        // Columns of a 20 × 3 array.
        for column in 0..3 {
            let mut sorted: Vec<i64> = x.iter().copied().skip(column).step_by(3).collect();
            sorted.sort_unstable();
            let mut values = [0i64; 15];
            let mut places = [0i64; 15];
            let input = Operand::input(x.as_ptr().cast(), &[3, 1], 8);
            // SAFETY: strides of whole arrays.
            unsafe {
                let (v, p) = (values.as_mut_ptr().cast(), places.as_mut_ptr().cast());
                let (v, p) = (Operand::new(v, &[3, 1], 8), Operand::new(p, &[3, 1], 8));
                assert!(sort(DType::I64, &[20, 3], input, v, p, 0, 5, true));
                for i in 0..5 {
                    assert_eq!(values[3 * i + column], sorted[19 - i]);
                    assert_eq!(x[places[3 * i + column] as usize * 3 + column], sorted[19 - i]);
                }
                let (v, p) = (values.as_mut_ptr().cast(), places.as_mut_ptr().cast());
                let (v, p) = (Operand::new(v, &[3, 1], 8), Operand::new(p, &[3, 1], 8));
                assert!(select(DType::I64, &[20, 3], input, v, p, 0, 7));
                assert_eq!(values[column], sorted[7]);
            }
        }
    }
}
