//! Operations along one dimension whose result is as long as their input: softmax, running sums and products.
//!
//! A *line* is one run along the dimension. Lines are brought to contiguous memory (where they are not, or where their
//! elements have 16 bits), computed by a kernel that only knows contiguous slices, and put back.

use crate::dtype::DType;
use crate::level::multiversion;
use crate::loops::Operand;
use crate::math;
use crate::pool;
use crate::row::{Conversion, Half};
use half::{bf16, f16};
use smallvec::SmallVec;

/// At most this many operands.
const OPERANDS: usize = 3;

/// Adjacent lines that are brought together: where lines run across memory, a cache line is shared by so many of them.
const GROUP: usize = 16;

/// Calls `kernel(line pointers, length)` for every line along `dim`, on contiguous memory. The first operand is written.
unsafe fn for_each_line(
    shape: &[usize],
    dim: usize,
    operands: &[Operand<'_>],
    conversion: Option<&Conversion>,
    cost: usize,
    kernel: &(dyn Fn([*mut u8; OPERANDS], usize) + Sync),
) {
    let length = shape[dim];
    let lines: usize =
        shape.iter().enumerate().map(|(index, &size)| if index == dim { 1 } else { size }).product();
    if lines == 0 || length == 0 {
        return;
    }
    let shared = Shared(operands);
    // Groups run along the last other dimension, the innermost one of most arrays.
    let across = (0..shape.len()).rev().find(|&index| index != dim && shape[index] != 1);
    let row = across.map_or(1, |across| shape[across]);
    let direct = |operand: &Operand<'_>| conversion.is_none() && (operand.strides[dim] == 1 || length == 1);
    let group = if operands.iter().all(direct) { 1 } else { GROUP.min(row) };
    let (outer, groups) = (lines / row, row.div_ceil(group));
    let tasks = outer * groups;
    let chunks = (lines * length * cost / 32_768).min(4 * pool::num_threads()).clamp(1, tasks);
    pool::parallel(chunks, &|chunk| {
        let operands = shared.get();
        let wide = if conversion.is_some() { 4 } else { operands[0].size };
        // Words of eight bytes keep every dtype aligned.
        // A line more of cache between lines, so that those of a group do not all fall on the same places of the cache.
        let words = (length * wide).div_ceil(64) * 8 + 8;
        let mut buffers: SmallVec<[Vec<u64>; OPERANDS]> =
            operands.iter().map(|operand| vec![0; if direct(operand) { 0 } else { words * group }]).collect();
        let mut narrow = vec![0u16; if conversion.is_some() { length * group } else { 0 }];
        for task in tasks * chunk / chunks..tasks * (chunk + 1) / chunks {
            let start = task % groups * group;
            let count = group.min(row - start);
            let mut first = [std::ptr::null_mut::<u8>(); OPERANDS];
            for (index, operand) in operands.iter().enumerate() {
                let (mut rest, mut offset) = (task / groups * row + start, 0);
                for (d, &size) in shape.iter().enumerate().rev() {
                    if d != dim {
                        offset += (rest % size) as isize * operand.strides[d];
                        rest /= size;
                    }
                }
                first[index] = operand.ptr.wrapping_offset(offset * operand.size as isize);
                if index == 0 || direct(operand) {
                    continue;
                }
                let strides = (operand.strides[dim], across.map_or(0, |across| operand.strides[across]));
                // SAFETY: whole lines of the operand, and room for them.
                unsafe {
                    let buffer = buffers[index].as_mut_ptr();
                    if let Some(conversion) = conversion {
                        let (from, to) = (first[index], narrow.as_mut_ptr().cast());
                        move_lines::<u16>((to, (1, length as isize)), (from, strides), length, count);
                        for line in 0..count {
                            let narrow = narrow.as_ptr().add(line * length);
                            (conversion.widen)(buffer.add(line * words).cast(), narrow, length);
                        }
                    } else {
                        let pitch = (words * 8 / wide) as isize;
                        move_sized((buffer.cast(), (1, pitch)), (first[index], strides), length, count, wide);
                    }
                }
            }
            for line in 0..count {
                let mut pointers = [std::ptr::null_mut::<u8>(); OPERANDS];
                for (index, operand) in operands.iter().enumerate() {
                    let step = across.map_or(0, |across| operand.strides[across]) * operand.size as isize;
                    pointers[index] = if direct(operand) {
                        first[index].wrapping_offset(line as isize * step)
                    } else {
                        buffers[index].as_mut_ptr().wrapping_add(line * words).cast()
                    };
                }
                kernel(pointers, length);
            }
            let output = &operands[0];
            if !direct(output) {
                let strides = (output.strides[dim], across.map_or(0, |across| output.strides[across]));
                let buffer = buffers[0].as_mut_ptr();
                // SAFETY: whole lines of the output.
                unsafe {
                    if let Some(conversion) = conversion {
                        for line in 0..count {
                            let narrow = narrow.as_mut_ptr().add(line * length);
                            (conversion.narrow)(narrow, buffer.add(line * words).cast(), length);
                        }
                        let from = narrow.as_mut_ptr().cast();
                        move_lines::<u16>((first[0], strides), (from, (1, length as isize)), length, count);
                    } else {
                        let pitch = (words * 8 / wide) as isize;
                        move_sized((first[0], strides), (buffer.cast(), (1, pitch)), length, count, wide);
                    }
                }
            }
        }
    });
}

/// Moves lines: (pointer, (stride along a line, stride from line to line)) each, along the lines' elements outermost.
unsafe fn move_lines<T: Copy>(
    target: (*mut u8, (isize, isize)),
    source: (*mut u8, (isize, isize)),
    length: usize,
    count: usize,
) {
    let ((to, (to_along, to_across)), (from, (from_along, from_across))) = (target, source);
    let (to, from) = (to.cast::<T>(), from.cast::<T>());
    for i in 0..length as isize {
        for line in 0..count as isize {
            // SAFETY: the caller promises `count` lines of `length` of both.
            unsafe {
                let x = from.offset(i * from_along + line * from_across).read();
                to.offset(i * to_along + line * to_across).write(x);
            }
        }
    }
}

unsafe fn move_sized(
    target: (*mut u8, (isize, isize)),
    source: (*mut u8, (isize, isize)),
    length: usize,
    count: usize,
    size: usize,
) {
    // SAFETY: the caller's promise is passed on; sizes are those of the dtypes.
    unsafe {
        match size {
            1 => move_lines::<u8>(target, source, length, count),
            2 => move_lines::<u16>(target, source, length, count),
            4 => move_lines::<u32>(target, source, length, count),
            _ => move_lines::<u64>(target, source, length, count),
        }
    }
}

struct Shared<'a>(&'a [Operand<'a>]);
// SAFETY: threads read the inputs and write disjoint lines of the output.
unsafe impl Sync for Shared<'_> {}
impl<'a> Shared<'a> {
    fn get(&self) -> &'a [Operand<'a>] {
        self.0
    }
}

fn conversion_of(dtype: DType) -> Option<&'static Conversion> {
    match dtype {
        DType::F16 => Some(&f16::CONVERSION),
        DType::BF16 => Some(&bf16::CONVERSION),
        _ => None,
    }
}

/// Lanes of the sums below: their number, not the machine's, decides the order. See Note [Same bits at every level].
const LANES: usize = 16;

macro_rules! softmax_kernels {
    ($type:ident, $exp:path, $largest:ident, $sum:ident, $plain:ident, $log:ident, $plain_backward:ident, $log_backward:ident) => {
        #[inline(always)]
        fn $largest(x: &[$type]) -> $type {
            let mut lanes = [$type::NEG_INFINITY; LANES];
            let mut groups = x.chunks_exact(LANES);
            for group in &mut groups {
                for (lane, &x) in lanes.iter_mut().zip(group) {
                    *lane = if x > *lane || x.is_nan() { x } else { *lane };
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(groups.remainder()) {
                *lane = if x > *lane || x.is_nan() { x } else { *lane };
            }
            lanes
                .into_iter()
                .fold($type::NEG_INFINITY, |best, x| if x > best || x.is_nan() { x } else { best })
        }

        /// The sum of `term(i)`, in f64.
        #[inline(always)]
        fn $sum(count: usize, mut term: impl FnMut(usize) -> $type) -> f64 {
            let mut lanes = [0.0f64; LANES];
            let whole = count / LANES * LANES;
            for start in (0..whole).step_by(LANES) {
                for lane in 0..LANES {
                    lanes[lane] += term(start + lane) as f64;
                }
            }
            for i in whole..count {
                lanes[i - whole] += term(i) as f64;
            }
            lanes.into_iter().sum()
        }

        multiversion! {
            unsafe fn $plain(output: *mut $type, x: *const $type, count: usize) {
                // SAFETY: a line of both, which are the same or do not overlap; each element is read before it is
                // written.
                unsafe {
                    let largest = $largest(std::slice::from_raw_parts(x, count));
                    for i in 0..count {
                        output.add(i).write($exp(x.add(i).read() - largest));
                    }
                    let scale = $sum(count, |i| output.add(i).read());
                    let scale = (1.0 / scale) as $type;
                    for i in 0..count {
                        output.add(i).write(output.add(i).read() * scale);
                    }
                }
            }
        }

        multiversion! {
            unsafe fn $log(output: *mut $type, x: *const $type, count: usize) {
                // SAFETY: as above.
                unsafe {
                    let largest = $largest(std::slice::from_raw_parts(x, count));
                    let sum = $sum(count, |i| $exp(x.add(i).read() - largest));
                    let shift = sum.ln() as $type;
                    for i in 0..count {
                        output.add(i).write(x.add(i).read() - largest - shift);
                    }
                }
            }
        }

        multiversion! {
            unsafe fn $plain_backward(output: *mut $type, g: *const $type, y: *const $type, count: usize) {
                // SAFETY: as above.
                unsafe {
                    let sum = $sum(count, |i| g.add(i).read() * y.add(i).read()) as $type;
                    for i in 0..count {
                        output.add(i).write((g.add(i).read() - sum) * y.add(i).read());
                    }
                }
            }
        }

        multiversion! {
            unsafe fn $log_backward(output: *mut $type, g: *const $type, y: *const $type, count: usize) {
                // SAFETY: as above.
                unsafe {
                    let sum = $sum(count, |i| g.add(i).read()) as $type;
                    for i in 0..count {
                        output.add(i).write(g.add(i).read() - $exp(y.add(i).read()) * sum);
                    }
                }
            }
        }
    };
}
softmax_kernels!(
    f32,
    math::exp_f32,
    largest_f32,
    sum_f32,
    plain_f32,
    log_f32,
    plain_backward_f32,
    log_backward_f32
);
softmax_kernels!(
    f64,
    math::exp_f64,
    largest_f64,
    sum_f64,
    plain_f64,
    log_f64,
    plain_backward_f64,
    log_backward_f64
);

/// `softmax` along `dim`, or (`log`) its logarithm. Returns whether `dtype` is a floating-point one.
///
/// # Safety
/// The operands are valid at these strides; the output is exactly the input or does not overlap it.
pub unsafe fn softmax(
    log: bool,
    dtype: DType,
    shape: &[usize],
    output: Operand<'_>,
    input: Operand<'_>,
    dim: usize,
) -> bool {
    if !dtype.is_floating_point() {
        return false;
    }
    let kernel = |[output, x, _]: [*mut u8; OPERANDS], count: usize| {
        // SAFETY: contiguous lines of the dtype at hand, 16-bit ones widened.
        unsafe {
            match (dtype, log) {
                (DType::F64, false) => plain_f64(output.cast(), x.cast(), count),
                (DType::F64, true) => log_f64(output.cast(), x.cast(), count),
                (_, false) => plain_f32(output.cast(), x.cast(), count),
                (_, true) => log_f32(output.cast(), x.cast(), count),
            }
        }
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { for_each_line(shape, dim, &[output, input], conversion_of(dtype), 4, &kernel) };
    true
}

/// The gradient of [`softmax`] with respect to its input, from the gradient `g` and the result `y`. Returns whether
/// `dtype` is a floating-point one.
///
/// # Safety
/// As for [`softmax`].
pub unsafe fn softmax_backward(
    log: bool,
    dtype: DType,
    shape: &[usize],
    output: Operand<'_>,
    g: Operand<'_>,
    y: Operand<'_>,
    dim: usize,
) -> bool {
    if !dtype.is_floating_point() {
        return false;
    }
    let kernel = |[output, g, y]: [*mut u8; OPERANDS], count: usize| {
        // SAFETY: as in `softmax`.
        unsafe {
            match (dtype, log) {
                (DType::F64, false) => plain_backward_f64(output.cast(), g.cast(), y.cast(), count),
                (DType::F64, true) => log_backward_f64(output.cast(), g.cast(), y.cast(), count),
                (_, false) => plain_backward_f32(output.cast(), g.cast(), y.cast(), count),
                (_, true) => log_backward_f32(output.cast(), g.cast(), y.cast(), count),
            }
        }
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { for_each_line(shape, dim, &[output, g, y], conversion_of(dtype), 4, &kernel) };
    true
}

/// What a running total does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scan {
    /// `cumsum`.
    Sum,
    /// `cumprod`.
    Product,
    /// `cummax`'s values; NaN wins.
    Max,
    /// `cummin`'s values; NaN wins.
    Min,
}

macro_rules! scan_line {
    ($type:ident, $wide:ident, $scan:expr, $output:expr, $x:expr, $count:expr, $add:expr, $multiply:expr) => {{
        let (output, x) = ($output.cast::<$type>(), $x.cast::<$type>());
        let mut total: $wide = if $scan == Scan::Product { 1 as $wide } else { 0 as $wide };
        for i in 0..$count {
            // SAFETY: contiguous lines; each element is read before it is written.
            unsafe {
                let x = x.add(i).read();
                total = match $scan {
                    Scan::Sum => $add(total, x as $wide),
                    Scan::Product => $multiply(total, x as $wide),
                    #[allow(clippy::eq_op, reason = "NaN differs from itself; integers share the formula")]
                    Scan::Max if i == 0 || x as $wide > total || x != x => x as $wide,
                    #[allow(clippy::eq_op, reason = "NaN differs from itself; integers share the formula")]
                    Scan::Min if i == 0 || (x as $wide) < total || x != x => x as $wide,
                    Scan::Max | Scan::Min => total,
                };
                output.add(i).write(total as $type);
            }
        }
    }};
}

/// A running total along `dim`, of the input's dtype; integers wrap, floats are kept in `f64`. Returns whether it is
/// defined for `dtype` (for all but `bool`).
///
/// # Safety
/// The operands are valid at these strides; the output is exactly the input or does not overlap it.
pub unsafe fn scan(
    scan: Scan,
    dtype: DType,
    shape: &[usize],
    output: Operand<'_>,
    input: Operand<'_>,
    dim: usize,
) -> bool {
    if dtype == DType::Bool {
        return false;
    }
    let kernel = |[output, x, _]: [*mut u8; OPERANDS], count: usize| {
        let (add, multiply) = (|a: f64, b: f64| a + b, |a: f64, b: f64| a * b);
        match dtype {
            DType::F64 => scan_line!(f64, f64, scan, output, x, count, add, multiply),
            DType::F32 | DType::F16 | DType::BF16 => {
                scan_line!(f32, f64, scan, output, x, count, add, multiply);
            }
            DType::I64 => scan_line!(i64, i64, scan, output, x, count, i64::wrapping_add, i64::wrapping_mul),
            DType::I32 => scan_line!(i32, i64, scan, output, x, count, i64::wrapping_add, i64::wrapping_mul),
            DType::I16 => scan_line!(i16, i64, scan, output, x, count, i64::wrapping_add, i64::wrapping_mul),
            DType::I8 => scan_line!(i8, i64, scan, output, x, count, i64::wrapping_add, i64::wrapping_mul),
            DType::U8 => scan_line!(u8, i64, scan, output, x, count, i64::wrapping_add, i64::wrapping_mul),
            DType::Bool => {}
        }
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { for_each_line(shape, dim, &[output, input], conversion_of(dtype), 1, &kernel) };
    true
}

/// [`scan`] with [`Scan::Max`] or [`Scan::Min`], and the places (`i64`) of the running extremes: the latest of equals.
///
/// # Safety
/// As for [`scan`]; `places` has strides for all of the shape's dimensions.
pub unsafe fn scan_places(
    scan: Scan,
    dtype: DType,
    shape: &[usize],
    places: Operand<'_>,
    input: Operand<'_>,
    dim: usize,
) {
    crate::dispatch_all!(dtype, T => {
        let stride = (places.strides[dim], input.strides[dim]);
        let lines: usize = shape.iter().enumerate().map(|(index, &size)| if index == dim { 1 } else { size }).product();
        for line in 0..lines {
            let (mut rest, mut to, mut from) = (line, 0, 0);
            for (d, &size) in shape.iter().enumerate().rev() {
                if d != dim {
                    let position = (rest % size) as isize;
                    rest /= size;
                    to += position * places.strides[d];
                    from += position * input.strides[d];
                }
            }
            let mut best: Option<(T, i64)> = None;
            for i in 0..shape[dim] as isize {
                // SAFETY: the caller's promise.
                unsafe {
                    let x = input.ptr.cast::<T>().offset(from + i * stride.1).read();
                    let wins = best.is_none_or(|(best, _)| {
                        let best_is_nan = crate::Element::is_nan(best);
                        crate::Element::is_nan(x)
                            || !best_is_nan && if scan == Scan::Max { x >= best } else { x <= best }
                    });
                    if wins {
                        best = Some((x, i as i64));
                    }
                    let place = best.map_or(0, |(_, place)| place);
                    places.ptr.cast::<i64>().offset(to + i * stride.0).write(place);
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operand(x: &mut [f32], strides: &'static [isize]) -> Operand<'static> {
        Operand::new(x.as_mut_ptr().cast(), strides, 4)
    }

    #[test]
    fn softmax_and_its_gradient_along_both_dimensions() {
        let x: Vec<f32> = (0..60).map(|i| ((i * 7919) % 83) as f32 / 8.0 - 4.0).collect();
        let g: Vec<f32> = (0..60).map(|i| ((i * 31) % 17) as f32 / 4.0 - 2.0).collect();
        for dim in 0..2 {
            for log in [false, true] {
                let (mut x, mut g, mut y, mut dx) =
                    (x.clone(), g.clone(), vec![0.0f32; 60], vec![0.0f32; 60]);
                // SAFETY: 3 × 20 arrays.
                unsafe {
                    let strides: &'static [isize] = &[20, 1];
                    let (y, x) = (operand(&mut y, strides), operand(&mut x, strides));
                    assert!(softmax(log, DType::F32, &[3, 20], y, x, dim));
                    let (dx, g) = (operand(&mut dx, strides), operand(&mut g, strides));
                    assert!(softmax_backward(log, DType::F32, &[3, 20], dx, g, y, dim));
                }
                let (lines, length, across, along) = if dim == 1 { (3, 20, 20, 1) } else { (20, 3, 1, 20) };
                for line in 0..lines {
                    let at = |i: usize| line * across + i * along;
                    let sum: f64 = (0..length).map(|i| (x[at(i)] as f64).exp()).sum();
                    let p = |i: usize| (x[at(i)] as f64).exp() / sum;
                    let dot: f64 = (0..length).map(|i| g[at(i)] as f64 * if log { 1.0 } else { p(i) }).sum();
                    for i in 0..length {
                        let expected = if log { p(i).ln() } else { p(i) };
                        assert!((y[at(i)] as f64 - expected).abs() < 2e-6 * (1.0 + expected.abs()));
                        let g = g[at(i)] as f64;
                        let expected = if log { g - p(i) * dot } else { (g - dot) * p(i) };
                        assert!((dx[at(i)] as f64 - expected).abs() < 4e-6, "{dim} {log}");
                    }
                }
            }
        }
    }

    #[test]
    fn softmax_of_infinities_and_nan() {
        let mut x = [f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY, f32::NAN, 1.0, 2.0];
        let mut y = [0.0f32; 6];
        // SAFETY: 2 × 3 arrays.
        unsafe { softmax(false, DType::F32, &[2, 3], operand(&mut y, &[3, 1]), operand(&mut x, &[3, 1]), 1) };
        assert_eq!(y[..3], [0.0, 1.0, 0.0]);
        assert!(y[3..].iter().all(|y| y.is_nan()));
    }

    #[test]
    fn running_totals() {
        let x = [3i32, -1, 4, 1, -5, 9];
        let run = |kind, dim| {
            let mut y = [0i32; 6];
            // SAFETY: 2 × 3 arrays.
            unsafe {
                let input = Operand::input(x.as_ptr().cast(), &[3, 1], 4);
                let output = Operand::new(y.as_mut_ptr().cast(), &[3, 1], 4);
                assert!(scan(kind, DType::I32, &[2, 3], output, input, dim));
            }
            y
        };
        assert_eq!(run(Scan::Sum, 1), [3, 2, 6, 1, -4, 5]);
        assert_eq!(run(Scan::Sum, 0), [3, -1, 4, 4, -6, 13]);
        assert_eq!(run(Scan::Product, 1), [3, -3, -12, 1, -5, -45]);
        assert_eq!(run(Scan::Max, 1), [3, 3, 4, 1, 1, 9]);
        assert_eq!(run(Scan::Min, 1), [3, -1, -1, 1, -5, -5]);
        let mut places = [0i64; 6];
        // SAFETY: as above.
        unsafe {
            let input = Operand::input(x.as_ptr().cast(), &[3, 1], 4);
            let output = Operand::new(places.as_mut_ptr().cast(), &[3, 1], 8);
            scan_places(Scan::Max, DType::I32, &[2, 3], output, input, 1);
        }
        assert_eq!(places, [0, 0, 2, 0, 0, 2]);
    }
}
