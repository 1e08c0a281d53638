//! Products with a thin side or a short inner dimension, without packing.
//!
//! Two shapes of loop cover them. *Tiles*: where a row of `b` is contiguous, a few rows of the result times a few
//! vectors of columns are kept in registers while the inner dimension runs. *Dots*: where both operands are contiguous
//! along the inner dimension, a few dot products run side by side. A product whose *transpose* fits is computed so.

use super::{Matrix, PARALLEL, Real};
use crate::level::{Level, level};
use crate::pool;

/// A side below this is thin: measured, see the crate's FACTS ("below about 16 columns … a plain loop of our own").
const THIN: usize = 16;
/// An inner dimension below this is short: packing is then as much work as the product.
const SHORT: usize = 12;
/// A product below this many multiply-adds (about 24³) is small altogether.
const SMALL: usize = 1 << 14;
/// Multiply-adds above which a thin product, bound by memory, goes to a second thread.
const THIN_PARALLEL: usize = 1 << 18;

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
    let thin = m.min(n) < THIN;
    if !(thin || k < SHORT || m * n * k < SMALL) {
        return false;
    }
    let task = Task { m, n, k, dst, a, b, alpha, beta };
    let inner = k == 1 || a.column_stride == 1 && b.row_stride == 1;
    // Dots want a long inner dimension; tiles want the contiguous side to be the long one.
    let (task, kind) = if inner && k >= 8 {
        (if n > m { task.transposed() } else { task }, Kind::Dots)
    } else if b.column_stride == 1 && (n >= m || a.row_stride != 1) {
        (task, Kind::Tiles)
    } else if a.row_stride == 1 {
        (task.transposed(), Kind::Tiles)
    } else if m * n * k < SMALL || m == 1 || n == 1 {
        // No contiguous direction: a vector at a stride, or something small.
        (task, Kind::Plain)
    } else {
        return false;
    };
    // SAFETY: the caller's promise is passed on.
    unsafe { task.run(kind) };
    true
}

#[derive(Clone, Copy)]
enum Kind {
    Tiles,
    Dots,
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
        let work = self.m * self.n * self.k;
        if work < THIN_PARALLEL.min(PARALLEL) {
            // SAFETY: the caller's promise is passed on.
            unsafe { self.serial(kind) };
            return;
        }
        // Pieces of at least 64 rows or columns, multiples of every tile: the result does not depend on the split.
        let by_rows = self.m >= self.n;
        let units = if by_rows { self.m } else { self.n }.div_ceil(64);
        let chunks = units.min(work / (THIN_PARALLEL / 2)).min(4 * pool::num_threads()).max(1);
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
                Kind::Dots => self.dots::<FUSED>(),
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

    /// Four rows by 16 columns, then narrower tiles for what is left.
    #[inline(always)]
    unsafe fn tiles<const FUSED: bool>(&self) {
        let mut j = 0;
        // SAFETY: tiles stay within the matrices.
        unsafe {
            while j + 16 <= self.n {
                self.column_of_tiles::<16, FUSED>(j);
                j += 16;
            }
            while j + 4 <= self.n {
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
        for (r, sums) in sums.iter().enumerate() {
            for (c, &sum) in sums.iter().enumerate() {
                // SAFETY: as above.
                unsafe { self.store(i + r, j + c, sum) };
            }
        }
    }

    #[inline(always)]
    unsafe fn dots<const FUSED: bool>(&self) {
        // SAFETY: groups of columns stay within the matrices.
        unsafe {
            for i in 0..self.m {
                let mut j = 0;
                while j + 4 <= self.n {
                    self.dot_group::<4, 16, FUSED>(i, j);
                    j += 4;
                }
                while j < self.n {
                    self.dot_group::<1, 64, FUSED>(i, j);
                    j += 1;
                }
            }
        }
    }

    /// Dot products of one row with a few columns, each in `LANES` partial sums.
    #[inline(always)]
    unsafe fn dot_group<const COLUMNS: usize, const LANES: usize, const FUSED: bool>(
        &self,
        i: usize,
        j: usize,
    ) {
        let mut sums = [[T::ZERO; LANES]; COLUMNS];
        let mut p = 0;
        // SAFETY: row i of `a` and columns j.. of `b` are contiguous along the inner dimension.
        unsafe {
            let x = self.a.ptr.cast::<T>().offset(i as isize * self.a.row_stride);
            let column = |c: usize| self.b.ptr.cast::<T>().offset((j + c) as isize * self.b.column_stride);
            while p + LANES <= self.k {
                let x = x.add(p).cast::<[T; LANES]>().read_unaligned();
                for (c, sums) in sums.iter_mut().enumerate() {
                    let y = column(c).add(p).cast::<[T; LANES]>().read_unaligned();
                    for lane in 0..LANES {
                        sums[lane] = multiply_add::<T, FUSED>(x[lane], y[lane], sums[lane]);
                    }
                }
                p += LANES;
            }
            for (c, sums) in sums.iter_mut().enumerate() {
                let mut width = LANES / 2;
                while width > 0 {
                    for lane in 0..width {
                        sums[lane] = sums[lane] + sums[lane + width];
                    }
                    width /= 2;
                }
                let mut sum = sums[0];
                for p in p..self.k {
                    sum = multiply_add::<T, FUSED>(x.add(p).read(), column(c).add(p).read(), sum);
                }
                self.store(i, j + c, sum);
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
