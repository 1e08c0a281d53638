//! Where the extreme is: `max(dim)`, `min(dim)`, `argmax`, `argmin`.
//!
//! The extreme of a run is found first, by loops that vectorise, and then its first place, in the one block that holds
//! it; tracking the index of each element, as PyTorch does, was measured five to ten times slower there. A NaN counts
//! as the extreme, the first NaN is the place.

use crate::dispatch_all;
use crate::dtype::{DType, Element};
use crate::level::multiversion;
use crate::loops::Operand;
use crate::pool;
use smallvec::SmallVec;

/// Which extreme.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extreme {
    /// The largest.
    Max,
    /// The smallest.
    Min,
}

/// Elements of a block within which the place is searched.
const BLOCK: usize = 512;
/// Columns that are compared side by side.
const COLUMNS: usize = 256;

/// Finds the extreme along `dim`: values (of the input's dtype) and places along it (`i64`), either of which may be
/// left out. The outputs' strides are given for all of the input's dimensions; the one along `dim` is ignored. For all
/// dimensions at once, give the contiguous input as one dimension.
///
/// Returns `false`, and writes nothing, where `dim` has no elements but results are wanted.
///
/// # Safety
/// The operands are valid at these strides and do not overlap.
pub unsafe fn extreme(
    which: Extreme,
    dtype: DType,
    shape: &[usize],
    input: Operand<'_>,
    values: Option<Operand<'_>>,
    places: Option<Operand<'_>>,
    dim: usize,
) -> bool {
    let outputs: usize =
        shape.iter().enumerate().map(|(index, &size)| if index == dim { 1 } else { size }).product();
    if outputs == 0 {
        return true;
    }
    if shape[dim] == 0 {
        return false;
    }
    dispatch_all!(dtype, T => {
        let job = Job::<T>::new(which, shape, input, values, places, dim, outputs);
        // SAFETY: the caller's promise is passed on.
        unsafe { job.run() };
    });
    true
}

struct Outer {
    size: usize,
    input: isize,
    value: isize,
    place: isize,
}

struct Job<T> {
    which: Extreme,
    input: *const T,
    values: *mut T,
    places: *mut i64,
    count: usize,
    stride: isize,
    outputs: usize,
    outer: SmallVec<[Outer; 6]>,
}
// SAFETY: threads read the input and write disjoint outputs.
unsafe impl<T> Sync for Job<T> {}

impl<T: Element> Job<T> {
    fn new(
        which: Extreme,
        shape: &[usize],
        input: Operand<'_>,
        values: Option<Operand<'_>>,
        places: Option<Operand<'_>>,
        dim: usize,
        outputs: usize,
    ) -> Self {
        let mut outer: SmallVec<[Outer; 6]> = (0..shape.len())
            .filter(|&index| index != dim && shape[index] != 1)
            .map(|index| Outer {
                size: shape[index],
                input: input.strides[index],
                value: values.map_or(0, |values| values.strides[index]),
                place: places.map_or(0, |places| places.strides[index]),
            })
            .collect();
        outer.sort_by_key(|outer| std::cmp::Reverse(outer.input.unsigned_abs()));
        Self {
            which,
            input: input.ptr.cast::<T>().cast_const(),
            values: values.map_or(std::ptr::null_mut(), |values| values.ptr.cast()),
            places: places.map_or(std::ptr::null_mut(), |places| places.ptr.cast()),
            count: shape[dim],
            stride: input.strides[dim],
            outputs,
            outer,
        }
    }

    /// Offsets of the input and both outputs at one output index.
    fn at(&self, index: usize) -> (isize, isize, isize) {
        let (mut rest, mut offsets) = (index, (0, 0, 0));
        for outer in self.outer.iter().rev() {
            let position = (rest % outer.size) as isize;
            rest /= outer.size;
            offsets.0 += position * outer.input;
            offsets.1 += position * outer.value;
            offsets.2 += position * outer.place;
        }
        offsets
    }

    unsafe fn run(&self) {
        let columns = self.outer.last().map_or(1, |outer| outer.size);
        let contiguous_columns = self.outer.last().is_some_and(|outer| outer.input == 1);
        let by_columns = contiguous_columns && columns >= 8 && self.stride != 1;
        let blocks = if by_columns { columns.div_ceil(COLUMNS) } else { 1 };
        let tasks = if by_columns { self.outputs / columns * blocks } else { self.outputs };
        let chunks = (self.outputs * self.count / 32_768).min(4 * pool::num_threads()).clamp(1, tasks);
        pool::parallel(chunks, &|chunk| {
            for task in tasks * chunk / chunks..tasks * (chunk + 1) / chunks {
                // SAFETY: the promise of `extreme`'s caller; tasks write disjoint outputs.
                unsafe {
                    if by_columns {
                        let first = task % blocks * COLUMNS;
                        let index = task / blocks * columns + first;
                        self.columns(index, (columns - first).min(COLUMNS));
                    } else {
                        self.row(task);
                    }
                }
            }
        });
    }

    unsafe fn row(&self, index: usize) {
        let (input, value, place) = self.at(index);
        let mut gathered = [T::default(); BLOCK];
        let mut best = T::default();
        let mut best_block = 0;
        let mut start = 0;
        // SAFETY: the run's elements, which the caller promises.
        unsafe {
            let run = self.input.offset(input);
            while start < self.count && !(start > 0 && best.is_nan()) {
                let length = (self.count - start).min(BLOCK);
                let block = self.block(run, start, length, &mut gathered);
                let extreme = match self.which {
                    Extreme::Max => block_extreme::<T, Larger>(block, length),
                    Extreme::Min => block_extreme::<T, Smaller>(block, length),
                };
                if start == 0 || self.beats(extreme, best) {
                    best = extreme;
                    best_block = start;
                }
                start += length;
            }
            if !self.values.is_null() {
                self.values.offset(value).write(best);
            }
            if !self.places.is_null() {
                let length = (self.count - best_block).min(BLOCK);
                let block = self.block(run, best_block, length, &mut gathered);
                let elements = std::slice::from_raw_parts(block, length);
                let within =
                    elements.iter().position(|&x| if best.is_nan() { x.is_nan() } else { x == best });
                self.places.offset(place).write((best_block + within.unwrap_or(0)) as i64);
            }
        }
    }

    /// Part of a run as contiguous memory.
    unsafe fn block(
        &self,
        run: *const T,
        start: usize,
        length: usize,
        gathered: &mut [T; BLOCK],
    ) -> *const T {
        // SAFETY: within the run.
        unsafe {
            let first = run.offset(start as isize * self.stride);
            if self.stride == 1 {
                return first;
            }
            for (i, element) in gathered.iter_mut().enumerate().take(length) {
                *element = first.offset(i as isize * self.stride).read();
            }
            gathered.as_ptr()
        }
    }

    fn beats(&self, x: T, best: T) -> bool {
        x.is_nan() || if self.which == Extreme::Max { x > best } else { x < best }
    }

    /// A block of contiguous columns; indices advance along the innermost outer dimension, whose stride is 1.
    unsafe fn columns(&self, index: usize, columns: usize) {
        let (input, value, place) = self.at(index);
        let last = self.outer.last().map_or((0, 0), |outer| (outer.value, outer.place));
        let mut best = [T::default(); COLUMNS];
        let mut places = [0i64; COLUMNS];
        // SAFETY: the columns' elements, which the caller promises.
        unsafe {
            let first = self.input.offset(input);
            std::ptr::copy_nonoverlapping(first, best.as_mut_ptr(), columns);
            for row in 1..self.count {
                let x = first.offset(row as isize * self.stride);
                let (best, places) = (best.as_mut_ptr(), places.as_mut_ptr());
                match self.which {
                    Extreme::Max => update::<T, Larger>(best, places, x, columns, row as i64),
                    Extreme::Min => update::<T, Smaller>(best, places, x, columns, row as i64),
                }
            }
            for column in 0..columns {
                if !self.values.is_null() {
                    self.values.offset(value + column as isize * last.0).write(best[column]);
                }
                if !self.places.is_null() {
                    self.places.offset(place + column as isize * last.1).write(places[column]);
                }
            }
        }
    }
}

trait Order<T> {
    /// Whether `x` displaces `best`.
    fn beats(x: T, best: T) -> bool;
}
struct Larger;
struct Smaller;
impl<T: Element> Order<T> for Larger {
    #[inline(always)]
    fn beats(x: T, best: T) -> bool {
        (x > best) | (x.is_nan() & !best.is_nan())
    }
}
impl<T: Element> Order<T> for Smaller {
    #[inline(always)]
    fn beats(x: T, best: T) -> bool {
        (x < best) | (x.is_nan() & !best.is_nan())
    }
}

multiversion! {
    unsafe fn block_extreme<T: Element, O: Order<T>>(x: *const T, count: usize) -> T {
        const LANES: usize = 32;
        // SAFETY: the caller promises `count` elements, at least one.
        let x = unsafe { std::slice::from_raw_parts(x, count) };
        let mut lanes = [x[0]; LANES];
        let mut groups = x.chunks_exact(LANES);
        for group in &mut groups {
            for (lane, &x) in lanes.iter_mut().zip(group) {
                *lane = if O::beats(x, *lane) { x } else { *lane };
            }
        }
        for &x in groups.remainder() {
            lanes[0] = if O::beats(x, lanes[0]) { x } else { lanes[0] };
        }
        let mut best = lanes[0];
        for &lane in &lanes[1..] {
            best = if O::beats(lane, best) { lane } else { best };
        }
        best
    }
}

multiversion! {
    unsafe fn update<T: Element, O: Order<T>>(best: *mut T, places: *mut i64, x: *const T, count: usize, row: i64) {
        // SAFETY: the caller promises `count` of each, which do not overlap.
        unsafe {
            let best = std::slice::from_raw_parts_mut(best, count);
            let places = std::slice::from_raw_parts_mut(places, count);
            let x = std::slice::from_raw_parts(x, count);
            for ((best, place), &x) in best.iter_mut().zip(places).zip(x) {
                let beats = O::beats(x, *best);
                *best = if beats { x } else { *best };
                *place = if beats { row } else { *place };
            }
        }
    }
}
