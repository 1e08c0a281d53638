//! Products too small for packing to pay, and the packing of thin operands.
//!
//! A few rows of the result times a few vectors of columns are kept in registers while the inner dimension runs (a
//! *tile*), which wants a row of `b` to be contiguous; a product whose transpose fits is computed so, and a small operand
//! that fits neither way is copied first.
//!
//! Measured against the `gemm` crate (one thread, f32, microseconds, ours first): 100×1×2 0.19 and 0.35; 16×16×16 0.28
//! and 0.36; 64×1×100 1.3 and 0.5; 10×100×64 3.9 and 2.5; 64×100×10 3.7 and 2.7. So ours stop at 16³, or where the inner
//! dimension is below 4. The crate is slow where `b` is thin and its columns are contiguous (64×10×100: 11.0, of a copy
//! with contiguous rows 3.1), so that one is copied for it.

use super::{Matrix, Real};
use crate::alloc;
use crate::level::{Level, level};
use crate::pool;
use std::ptr::NonNull;

/// A side below this is thin.
const THIN: usize = 16;
/// An inner dimension below this is short.
const SHORT: usize = 4;
/// A product of at most this many multiply-adds is small.
const SMALL: usize = 4096;
/// Elements of an operand that may be packed.
const PACKED: usize = 1 << 18;

/// Computes the product if it is one for these loops; says whether it was.
#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
pub(super) unsafe fn product<T: Real>(
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: T,
    beta: T,
) -> bool {
    if m * n * k > SMALL && k >= SHORT {
        return false;
    }
    let task = Task { m, n, k, dst, a, b, alpha, beta };
    // From here on `b` is the smaller operand.
    let mut task = if n > m { task.transposed() } else { task };
    let mut packed = None;
    let kind = if k == 0 || m * n * k < 32 || task.n == 1 && task.a.row_stride != 1 {
        Kind::Plain
    } else if task.a.row_stride == 1 {
        // Columns of `a` are contiguous: rows of its transpose, which is what tiles want of their right operand.
        task = task.transposed();
        Kind::Tiles
    } else {
        if task.b.column_stride != 1 {
            let Some(block) = Packed::new::<T>(task.b, task.k, task.n) else { return false };
            task.b = block.matrix(task.n);
            packed = Some(block);
        }
        Kind::Tiles
    };
    // SAFETY: the caller's promise is passed on; a packed operand lives until the end of this function.
    unsafe { task.run(kind) };
    drop(packed);
    true
}

/// A copy of `b`, of k × n, where it is thin, its columns are contiguous and its rows are not.
pub(super) fn pack_thin<T: Real>(b: Matrix, n: usize, k: usize) -> Option<Packed> {
    if n >= THIN || n == 1 || b.column_stride == 1 {
        return None;
    }
    Packed::new::<T>(b, k, n)
}

/// A contiguous, row-major copy of an operand.
pub(super) struct Packed {
    block: NonNull<u8>,
    bytes: usize,
}

impl Packed {
    /// `None` where the matrix is too large.
    fn new<T: Real>(matrix: Matrix, rows: usize, columns: usize) -> Option<Self> {
        let elements = rows * columns;
        if elements > PACKED {
            return None;
        }
        let bytes = elements * size_of::<T>();
        let packed = Self { block: alloc::allocate(bytes), bytes };
        let target = packed.block.as_ptr().cast::<T>();
        let source = matrix.ptr.cast::<T>();
        // Along whichever direction of the source is contiguous.
        let by_rows = matrix.row_stride.unsigned_abs() >= matrix.column_stride.unsigned_abs();
        let (outer, inner) = if by_rows { (rows, columns) } else { (columns, rows) };
        for x in 0..outer {
            for y in 0..inner {
                let (i, j) = if by_rows { (x, y) } else { (y, x) };
                // SAFETY: within the matrix and its copy.
                unsafe {
                    let offset = i as isize * matrix.row_stride + j as isize * matrix.column_stride;
                    target.add(i * columns + j).write(source.offset(offset).read());
                }
            }
        }
        Some(packed)
    }

    pub(super) fn matrix(&self, columns: usize) -> Matrix {
        Matrix::new(self.block.as_ptr(), columns as isize, 1)
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        // SAFETY: allocated with this size, freed once.
        unsafe { alloc::deallocate(self.block, self.bytes) };
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Tiles,
    Plain,
}

#[derive(Clone, Copy)]
struct Task<T> {
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: T,
    beta: T,
}
// SAFETY: threads compute disjoint rows or columns of the result.
unsafe impl<T> Sync for Task<T> {}

impl<T: Real> Task<T> {
    fn transposed(self) -> Self {
        Self {
            m: self.n,
            n: self.m,
            dst: self.dst.transposed(),
            a: self.b.transposed(),
            b: self.a.transposed(),
            ..self
        }
    }

    fn rows(self, start: usize, end: usize) -> Self {
        Self {
            m: end - start,
            dst: self.dst.offset(start as isize * self.dst.row_stride, size_of::<T>()),
            a: self.a.offset(start as isize * self.a.row_stride, size_of::<T>()),
            ..self
        }
    }

    fn columns(self, start: usize, end: usize) -> Self {
        Self {
            n: end - start,
            dst: self.dst.offset(start as isize * self.dst.column_stride, size_of::<T>()),
            b: self.b.offset(start as isize * self.b.column_stride, size_of::<T>()),
            ..self
        }
    }

    unsafe fn run(self, kind: Kind) {
        // A short inner dimension, so bound by memory: as many outputs as an elementwise loop would give to a thread.
        let chunks = (self.m * self.n / 32_768).min(4 * pool::num_threads());
        if chunks <= 1 {
            // SAFETY: the caller's promise is passed on.
            unsafe { self.serial(kind) };
            return;
        }
        let by_rows = self.m >= self.n;
        let units = if by_rows { self.m } else { self.n }.div_ceil(64);
        let chunks = chunks.min(units);
        pool::parallel(chunks, &|chunk| {
            let (start, end) = (units * chunk / chunks * 64, units * (chunk + 1) / chunks * 64);
            let part = if by_rows {
                self.rows(start, end.min(self.m))
            } else {
                self.columns(start, end.min(self.n))
            };
            // SAFETY: a part of what the caller promised.
            unsafe { part.serial(kind) };
        });
    }

    unsafe fn serial(self, kind: Kind) {
        #[cfg(target_arch = "x86_64")]
        if level() == Level::V3 {
            // SAFETY: the level says that the machine has these instructions.
            return unsafe { serial_v3(self, kind) };
        }
        // Without the instruction a fused multiply-add is a library call; aarch64 always has it.
        // SAFETY: the caller's promise is passed on.
        unsafe {
            if cfg!(target_arch = "aarch64") {
                self.body::<true>(kind);
            } else {
                self.body::<false>(kind);
            }
        }
    }

    #[inline(always)]
    unsafe fn body<const FUSED: bool>(self, kind: Kind) {
        // SAFETY: the caller's promise is passed on.
        unsafe {
            match kind {
                Kind::Tiles => self.tiles::<FUSED>(),
                Kind::Plain => {
                    for i in 0..self.m {
                        for j in 0..self.n {
                            self.plain::<FUSED>(i, j);
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn a(&self, i: usize, p: usize) -> T {
        // SAFETY: indices within the matrix, which the caller promises.
        unsafe {
            let offset = i as isize * self.a.row_stride + p as isize * self.a.column_stride;
            self.a.ptr.cast::<T>().offset(offset).read()
        }
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, j: usize, sum: T) {
        // SAFETY: indices within the matrix, which the caller promises.
        unsafe {
            let offset = i as isize * self.dst.row_stride + j as isize * self.dst.column_stride;
            let target = self.dst.ptr.cast::<T>().offset(offset);
            let sum = if self.alpha == T::ONE { sum } else { self.alpha * sum };
            target.write(if self.beta == T::ZERO { sum } else { self.beta * target.read() + sum });
        }
    }

    #[inline(always)]
    unsafe fn plain<const FUSED: bool>(&self, i: usize, j: usize) {
        let mut sum = T::ZERO;
        for p in 0..self.k {
            // SAFETY: indices within the matrices.
            unsafe {
                let offset = p as isize * self.b.row_stride + j as isize * self.b.column_stride;
                sum =
                    multiply_add::<T, FUSED>(self.a(i, p), self.b.ptr.cast::<T>().offset(offset).read(), sum);
            }
        }
        // SAFETY: as above.
        unsafe { self.store(i, j, sum) };
    }

    /// Four rows by two vectors of columns, then narrower tiles for what is left.
    #[inline(always)]
    unsafe fn tiles<const FUSED: bool>(&self) {
        let mut j = 0;
        // SAFETY: tiles stay within the matrices.
        unsafe {
            if size_of::<T>() == 4 {
                while j + 16 <= self.n {
                    self.column_of_tiles::<16, FUSED>(j);
                    j += 16;
                }
            }
            while j + 8 <= self.n {
                self.column_of_tiles::<8, FUSED>(j);
                j += 8;
            }
            if j + 4 <= self.n {
                self.column_of_tiles::<4, FUSED>(j);
                j += 4;
            }
            while j < self.n {
                self.column_of_tiles::<1, FUSED>(j);
                j += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn column_of_tiles<const COLUMNS: usize, const FUSED: bool>(&self, j: usize) {
        let mut i = 0;
        // SAFETY: tiles stay within the matrices.
        unsafe {
            while i + 4 <= self.m {
                self.tile::<4, COLUMNS, FUSED>(i, j);
                i += 4;
            }
            while i < self.m {
                self.tile::<1, COLUMNS, FUSED>(i, j);
                i += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<const ROWS: usize, const COLUMNS: usize, const FUSED: bool>(&self, i: usize, j: usize) {
        let mut sums = [[T::ZERO; COLUMNS]; ROWS];
        for p in 0..self.k {
            // SAFETY: the tile's rows and columns are within the matrices; rows of `b` are contiguous.
            unsafe {
                let row = self.b.ptr.cast::<T>().offset(p as isize * self.b.row_stride).add(j);
                let row = row.cast::<[T; COLUMNS]>().read_unaligned();
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = self.a(i + r, p);
                    for (sum, &y) in sums.iter_mut().zip(&row) {
                        *sum = multiply_add::<T, FUSED>(x, y, *sum);
                    }
                }
            }
        }
        let whole = self.dst.column_stride == 1 && self.alpha == T::ONE && self.beta == T::ZERO;
        for (r, sums) in sums.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                if whole {
                    let row = self.dst.ptr.cast::<T>().offset((i + r) as isize * self.dst.row_stride).add(j);
                    row.cast::<[T; COLUMNS]>().write_unaligned(*sums);
                } else {
                    for (c, &sum) in sums.iter().enumerate() {
                        self.store(i + r, j + c, sum);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn multiply_add<T: Real, const FUSED: bool>(x: T, y: T, z: T) -> T {
    if FUSED { x.mul_add(y, z) } else { x * y + z }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn serial_v3<T: Real>(task: Task<T>, kind: Kind) {
    // SAFETY: the caller's promise is passed on.
    unsafe { task.body::<true>(kind) };
}
