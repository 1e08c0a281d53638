//! Reading and writing at computed places: gather, scatter, advanced indexing, masks.
//!
//! One pair of functions, [`gather`] and [`scatter`], serves `gather`, `scatter_add`, `index_select`, `index_add`,
//! `take`, `x[i, j]` and `x[i, j] = y`: an element's place is the sum of a strided part and of one term for each index
//! array. Every index is checked before it is used; a wrong one is returned as [`IndexError`].

use crate::dtype::DType;
use crate::loops::Operand;
use crate::pool;
use crate::row::Row;
use smallvec::SmallVec;
use std::sync::Mutex;

/// An index outside its dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexError {
    /// The index as it was given.
    pub index: i64,
    /// The size of the dimension.
    pub size: usize,
    /// Which of the index arrays it came from.
    pub array: usize,
}

/// An array of `i64` indices into one dimension of the indexed operand.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    /// The first index.
    pub ptr: *const i64,
    /// Strides of the array over the loop's shape, in elements (0 broadcasts).
    pub strides: &'a [isize],
    /// Size of the indexed dimension.
    pub size: usize,
    /// Stride of the indexed dimension, in elements of the indexed operand.
    pub stride: isize,
    /// Whether indices from -size on count from the end.
    pub negative: bool,
}

impl Index<'_> {
    #[inline(always)]
    fn offset(&self, index: i64, array: usize) -> Result<isize, IndexError> {
        let size = self.size as i64;
        let place = if index < 0 && self.negative { index + size } else { index };
        if (0..size).contains(&place) {
            Ok(place as isize * self.stride)
        } else {
            Err(IndexError { index, size: self.size, array })
        }
    }
}

/// `output[p] = input[p's strided part + Σ index_k[p] * stride_k]` for every place p of `shape`.
///
/// `input`'s strides over the indexed dimensions' places in `shape` are 0. Elements are moved, not looked at.
///
/// # Errors
/// The first wrong index. The output then holds unspecified elements.
///
/// # Safety
/// All operands are valid at these strides, for indices within their sizes; the output does not overlap the others.
pub unsafe fn gather(
    shape: &[usize],
    output: Operand<'_>,
    input: Operand<'_>,
    indices: &[Index<'_>],
) -> Result<(), IndexError> {
    let job = Job { shape, fixed: output, indexed: input, indices, combine: None };
    // SAFETY: the caller's promise is passed on.
    unsafe { job.run(true, false) }
}

/// `output[p's strided part + Σ index_k[p] * stride_k] = source[p]` for every place p of `shape`, in row-major order of
/// the places, so that the last of several writes wins. With `combine`, a row of a [`crate::row::BinaryKernel`] for the
/// dtype, the element becomes `combine(output, source)` instead (`ADD` accumulates).
///
/// # Errors
/// The first wrong index; the output is then unchanged.
///
/// # Safety
/// As for [`gather`], with the roles of the operands exchanged.
pub unsafe fn scatter(
    shape: &[usize],
    output: Operand<'_>,
    source: Operand<'_>,
    indices: &[Index<'_>],
    combine: Option<Row>,
) -> Result<(), IndexError> {
    let job = Job { shape, fixed: source, indexed: output, indices, combine };
    // SAFETY: the caller's promise is passed on.
    unsafe { job.run(false, true) }
}

struct Job<'a> {
    shape: &'a [usize],
    /// The operand that is walked.
    fixed: Operand<'a>,
    /// The operand that is indexed.
    indexed: Operand<'a>,
    indices: &'a [Index<'a>],
    combine: Option<Row>,
}
// SAFETY: only a gather is run by several threads, which write disjoint elements of its output.
unsafe impl Sync for Job<'_> {}

impl Job<'_> {
    unsafe fn run(&self, reads: bool, check_first: bool) -> Result<(), IndexError> {
        let count: usize = self.shape.iter().product();
        if count == 0 {
            return Ok(());
        }
        if check_first {
            self.check()?;
        }
        let inner = self.shape.last().copied().unwrap_or(1);
        let rows = count / inner;
        let chunks = if reads { (count / 32_768).min(4 * pool::num_threads()).clamp(1, rows) } else { 1 };
        let failure: Mutex<Option<(usize, IndexError)>> = Mutex::new(None);
        pool::parallel(chunks, &|chunk| {
            for row in rows * chunk / chunks..rows * (chunk + 1) / chunks {
                // SAFETY: the caller's promise is passed on.
                if let Err(error) = unsafe { self.row(row, inner, reads) } {
                    let mut failure = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if failure.is_none_or(|(before, _)| row < before) {
                        *failure = Some((row, error));
                    }
                    return;
                }
            }
        });
        match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Checks every index, each once: broadcast dimensions of an index array are not walked.
    fn check(&self) -> Result<(), IndexError> {
        for (array, index) in self.indices.iter().enumerate() {
            let dims: SmallVec<[(usize, isize); 6]> = (self.shape.iter().zip(index.strides))
                .filter(|&(_, &stride)| stride != 0)
                .map(|(&size, &stride)| (size, stride))
                .collect();
            for place in 0..dims.iter().map(|dim| dim.0).product() {
                let (mut rest, mut offset) = (place, 0);
                for &(size, stride) in dims.iter().rev() {
                    offset += (rest % size) as isize * stride;
                    rest /= size;
                }
                // SAFETY: within the index array.
                index.offset(unsafe { index.ptr.offset(offset).read() }, array)?;
            }
        }
        Ok(())
    }

    /// One row along the innermost dimension.
    unsafe fn row(&self, row: usize, inner: usize, reads: bool) -> Result<(), IndexError> {
        let last = self.shape.len().wrapping_sub(1);
        let (mut rest, mut fixed, mut indexed) = (row, 0, 0);
        let mut starts: SmallVec<[isize; 4]> = SmallVec::from_elem(0, self.indices.len());
        for (dim, &size) in self.shape.iter().enumerate().rev().skip(1) {
            let position = (rest % size) as isize;
            rest /= size;
            fixed += position * self.fixed.strides[dim];
            indexed += position * self.indexed.strides[dim];
            for (start, index) in starts.iter_mut().zip(self.indices) {
                *start += position * index.strides[dim];
            }
        }
        let stride_of = |strides: &[isize]| strides.get(last).copied().unwrap_or(0);
        let (along_fixed, along_indexed) = (stride_of(self.fixed.strides), stride_of(self.indexed.strides));
        let size = self.fixed.size as isize;
        let fixed = self.fixed.ptr.wrapping_offset(fixed * size);
        // A row that accumulates into one element must go element by element.
        let one_element = self.combine.is_some() && along_indexed == 0;
        if inner == 1 || !one_element && self.indices.iter().all(|index| stride_of(index.strides) == 0) {
            // One place for the whole row: rows of an embedding.
            for (array, (index, &start)) in self.indices.iter().zip(&starts).enumerate() {
                // SAFETY: within the index array.
                indexed += index.offset(unsafe { index.ptr.offset(start).read() }, array)?;
            }
            let indexed = self.indexed.ptr.wrapping_offset(indexed * size);
            // SAFETY: both rows are valid: the indices were checked.
            unsafe { self.transfer(inner, (fixed, along_fixed), (indexed, along_indexed), reads) };
            return Ok(());
        }
        for i in 0..inner as isize {
            let mut place = indexed + i * along_indexed;
            for (array, (index, &start)) in self.indices.iter().zip(&starts).enumerate() {
                let offset = start + i * stride_of(index.strides);
                // SAFETY: within the index array.
                place += index.offset(unsafe { index.ptr.offset(offset).read() }, array)?;
            }
            let fixed = fixed.wrapping_offset(i * along_fixed * size);
            let indexed = self.indexed.ptr.wrapping_offset(place * size);
            // SAFETY: both elements are valid: the indices were checked.
            unsafe { self.transfer(1, (fixed, 1), (indexed, 1), reads) };
        }
        Ok(())
    }

    #[inline(always)]
    unsafe fn transfer(&self, count: usize, fixed: (*mut u8, isize), indexed: (*mut u8, isize), reads: bool) {
        let (target, source) = if reads { (fixed, indexed) } else { (indexed, fixed) };
        // SAFETY: the caller promises `count` valid elements of both.
        unsafe {
            if let Some(combine) = self.combine {
                let pointers = [target.0, target.0, source.0];
                let strides = [target.1, target.1, source.1];
                combine(count, pointers.as_ptr(), strides.as_ptr(), std::ptr::null());
            } else if count == 1 {
                match self.fixed.size {
                    1 => target.0.write(source.0.read()),
                    2 => target.0.cast::<u16>().write(source.0.cast::<u16>().read()),
                    4 => target.0.cast::<u32>().write(source.0.cast::<u32>().read()),
                    _ => target.0.cast::<u64>().write(source.0.cast::<u64>().read()),
                }
            } else {
                crate::copy::copy_strided(self.fixed.size, count, target, source);
            }
        }
    }
}

/// Walks two operands over `shape` in row-major order: `visit(offset of the first, offset of the second)`.
fn walk(shape: &[usize], first: &[isize], second: &[isize], mut visit: impl FnMut(isize, isize)) {
    let count: usize = shape.iter().product();
    let inner = shape.last().copied().unwrap_or(1);
    let last = shape.len().wrapping_sub(1);
    let stride_of = |strides: &[isize]| strides.get(last).copied().unwrap_or(0);
    let (along_first, along_second) = (stride_of(first), stride_of(second));
    for row in 0..count.checked_div(inner).unwrap_or(0) {
        let (mut rest, mut a, mut b) = (row, 0, 0);
        for (dim, &size) in shape.iter().enumerate().rev().skip(1) {
            let position = (rest % size) as isize;
            rest /= size;
            a += position * first[dim];
            b += position * second[dim];
        }
        for _ in 0..inner {
            visit(a, b);
            a += along_first;
            b += along_second;
        }
    }
}

/// Moves the elements of `input` where `mask` (of `bool`) is true to contiguous memory, in row-major order. Returns how
/// many there were.
///
/// # Safety
/// The operands are valid at these strides; `output` has room for as many elements as the mask has ones, as counted by
/// `reduce` with [`crate::reduce::COUNT_NONZERO`].
pub unsafe fn masked_select(
    dtype: DType,
    shape: &[usize],
    output: *mut u8,
    input: Operand<'_>,
    mask: Operand<'_>,
) -> usize {
    unsafe fn select<T: Copy>(
        shape: &[usize],
        output: *mut T,
        input: Operand<'_>,
        mask: Operand<'_>,
    ) -> usize {
        let mut count = 0;
        let source = input.ptr.cast::<T>();
        walk(shape, input.strides, mask.strides, |from, at| {
            // SAFETY: the caller's promise.
            unsafe {
                if mask.ptr.offset(at).read() != 0 {
                    output.add(count).write(source.offset(from).read());
                    count += 1;
                }
            }
        });
        count
    }
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match dtype.size() {
            1 => select::<u8>(shape, output.cast(), input, mask),
            2 => select::<u16>(shape, output.cast(), input, mask),
            4 => select::<u32>(shape, output.cast(), input, mask),
            _ => select::<u64>(shape, output.cast(), input, mask),
        }
    }
}

/// The reverse: takes elements of contiguous memory, in order, for the places where `mask` is true. Returns how many.
///
/// # Safety
/// The operands are valid at these strides; `source` has as many elements as the mask has ones.
pub unsafe fn masked_scatter(
    dtype: DType,
    shape: &[usize],
    output: Operand<'_>,
    mask: Operand<'_>,
    source: *const u8,
) -> usize {
    let mut count = 0;
    let size = dtype.size();
    walk(shape, output.strides, mask.strides, |to, at| {
        // SAFETY: the caller's promise.
        unsafe {
            if mask.ptr.offset(at).read() != 0 {
                let target = output.ptr.offset(to * size as isize);
                std::ptr::copy_nonoverlapping(source.add(count * size), target, size);
                count += 1;
            }
        }
    });
    count
}

/// Writes the places where `mask` (of `bool`) is true: for each, its index along every dimension, as rows of `output`.
///
/// # Safety
/// The mask is valid at its strides; `output` has room for as many rows of `shape.len()` as the mask has ones.
pub unsafe fn nonzero(shape: &[usize], mask: Operand<'_>, output: *mut i64) {
    let (mut place, mut written) = (0usize, 0);
    walk(shape, mask.strides, mask.strides, |at, _| {
        // SAFETY: the caller's promise.
        unsafe {
            if mask.ptr.offset(at).read() != 0 {
                let mut rest = place;
                for (dim, &size) in shape.iter().enumerate().rev() {
                    output.add(written + dim).write((rest % size) as i64);
                    rest /= size;
                }
                written += shape.len();
            }
        }
        place += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_is_checked_and_follows_strides() {
        let input: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let index = [2i64, 0, 1, 1, 2, 0];
        let mut output = [0.0f32; 6];
        let run = |index: &[i64], output: &mut [f32], negative| {
            let array = Index { ptr: index.as_ptr(), strides: &[2, 1], size: 3, stride: 4, negative };
            // `torch.gather(x, 0, index)` for x of 3 × 4 and an index of 3 × 2.
            // SAFETY: strides of whole arrays.
            unsafe {
                gather(
                    &[3, 2],
                    Operand::new(output.as_mut_ptr().cast(), &[2, 1], 4),
                    Operand::input(input.as_ptr().cast(), &[0, 1], 4),
                    &[array],
                )
            }
        };
        assert_eq!(run(&index, &mut output, false), Ok(()));
        assert_eq!(output, [8.0, 1.0, 4.0, 5.0, 8.0, 1.0]);
        let wrong = [0, -1, 0, 0, 3, 0];
        assert_eq!(run(&wrong, &mut output, false), Err(IndexError { index: -1, size: 3, array: 0 }));
        assert_eq!(run(&wrong, &mut output, true), Err(IndexError { index: 3, size: 3, array: 0 }));
    }

    #[test]
    fn rows_of_an_embedding_are_gathered_and_accumulated() {
        let table: Vec<f64> = (0..40).map(f64::from).collect();
        let index = [3i64, 0, 3];
        let mut output = [0.0f64; 30];
        let mut gradient = [0.0f64; 40];
        let array = Index { ptr: index.as_ptr(), strides: &[1, 0], size: 4, stride: 10, negative: false };
        // SAFETY: strides of whole arrays.
        unsafe {
            gather(
                &[3, 10],
                Operand::new(output.as_mut_ptr().cast(), &[10, 1], 8),
                Operand::input(table.as_ptr().cast(), &[0, 1], 8),
                &[array],
            )
            .unwrap();
            scatter(
                &[3, 10],
                Operand::new(gradient.as_mut_ptr().cast(), &[0, 1], 8),
                Operand::input(output.as_ptr().cast(), &[10, 1], 8),
                &[array],
                crate::binary::ADD.row(DType::F64),
            )
            .unwrap();
        }
        assert_eq!(output[..10], table[30..]);
        assert_eq!(gradient[30], 60.0);
        assert_eq!(gradient[5], 5.0);
        assert_eq!(gradient[15], 0.0);
    }

    #[test]
    fn a_wrong_index_leaves_the_target_alone() {
        let mut target = [0i32; 3];
        let index = [0i64, 5];
        let array = Index { ptr: index.as_ptr(), strides: &[1], size: 3, stride: 1, negative: true };
        // SAFETY: strides of whole arrays.
        let outcome = unsafe {
            scatter(
                &[2],
                Operand::new(target.as_mut_ptr().cast(), &[0], 4),
                Operand::input([7i32, 8].as_ptr().cast(), &[1], 4),
                &[array],
                None,
            )
        };
        assert_eq!(outcome, Err(IndexError { index: 5, size: 3, array: 0 }));
        assert_eq!(target, [0; 3]);
    }

    #[test]
    fn masks_select_in_order() {
        let input = [1i16, 2, 3, 4, 5, 6];
        let mask = [1u8, 0, 1, 0, 1, 1];
        let mut output = [0i16; 4];
        // The transpose of a 2 × 3 array, with its mask transposed too.
        // SAFETY: strides of whole arrays.
        unsafe {
            let x = Operand::input(input.as_ptr().cast(), &[1, 3], 2);
            let m = Operand::input(mask.as_ptr(), &[1, 3], 1);
            assert_eq!(masked_select(DType::I16, &[3, 2], output.as_mut_ptr().cast(), x, m), 4);
            assert_eq!(output, [1, 5, 3, 6]);
            let mut places = [0i64; 8];
            nonzero(&[3, 2], m, places.as_mut_ptr());
            assert_eq!(places, [0, 0, 1, 1, 2, 0, 2, 1]);
            let mut target = [0i16; 6];
            let t = Operand::new(target.as_mut_ptr().cast(), &[1, 3], 2);
            assert_eq!(masked_scatter(DType::I16, &[3, 2], t, m, output.as_ptr().cast()), 4);
            assert_eq!(target, [1, 0, 3, 0, 5, 6]);
        }
    }
}
