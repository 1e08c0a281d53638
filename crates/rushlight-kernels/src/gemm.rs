//! Matrix products: `dst = beta * dst + alpha * a * b`, of any strides.
//!
//! Large products of `f32` and `f64` are the `gemm` crate's, inside our own pool. It packs its operands, which costs
//! more than it gains for the smallest; those go to the loops in `small`. 16-bit floats are widened to `f32`; integers wrap and have plain loops, as in PyTorch.
//!
//! Unlike the other kernels, products are not the same bits at every level (the crate has kernels per instruction set);
//! they are the same for every number of threads.

mod small;

use crate::alloc;
use crate::dtype::{DType, Element};
use crate::loops::Operand;
use crate::pool;
use crate::row::{Conversion, Half, Scalar};
use half::{bf16, f16};

/// A matrix in memory: first element, and strides in elements.
#[derive(Clone, Copy, Debug)]
pub struct Matrix {
    /// The first element.
    pub ptr: *mut u8,
    /// Distance between rows.
    pub row_stride: isize,
    /// Distance between columns.
    pub column_stride: isize,
}

impl Matrix {
    /// A matrix that is written.
    #[inline]
    pub fn new(ptr: *mut u8, row_stride: isize, column_stride: isize) -> Self {
        Self { ptr, row_stride, column_stride }
    }

    /// A matrix that is only read.
    #[inline]
    pub fn input(ptr: *const u8, row_stride: isize, column_stride: isize) -> Self {
        Self { ptr: ptr.cast_mut(), row_stride, column_stride }
    }

    fn transposed(self) -> Self {
        Self { row_stride: self.column_stride, column_stride: self.row_stride, ..self }
    }

    fn offset(self, elements: isize, size: usize) -> Self {
        Self { ptr: self.ptr.wrapping_offset(elements * size as isize), ..self }
    }
}

/// Multiply-adds above which a product goes to a second thread: about 160³. One thread takes some 70 µs for as many.
const PARALLEL: usize = 1 << 22;

/// `dst = beta * dst + alpha * a * b` for `a` of m × k and `b` of k × n. With beta 0, `dst` is not read.
///
/// Returns whether products of `dtype` are defined (of all but `bool`); if not, nothing is written.
///
/// # Safety
/// The matrices are valid at their strides; `dst` overlaps neither input nor itself.
#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
pub unsafe fn matmul(
    dtype: DType,
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: Scalar,
    beta: Scalar,
) -> bool {
    // SAFETY: the caller's promise is passed on, under the native type of `dtype`.
    unsafe {
        match dtype {
            DType::F32 => product::<f32>(m, n, k, dst, a, b, alpha.get(), beta.get()),
            DType::F64 => product::<f64>(m, n, k, dst, a, b, alpha.get(), beta.get()),
            DType::F16 => widened(&f16::CONVERSION, m, n, k, dst, a, b, alpha.get(), beta.get()),
            DType::BF16 => widened(&bf16::CONVERSION, m, n, k, dst, a, b, alpha.get(), beta.get()),
            DType::U8 => integers::<u8>(m, n, k, dst, a, b, alpha.integer, beta.integer),
            DType::I8 => integers::<i8>(m, n, k, dst, a, b, alpha.integer, beta.integer),
            DType::I16 => integers::<i16>(m, n, k, dst, a, b, alpha.integer, beta.integer),
            DType::I32 => integers::<i32>(m, n, k, dst, a, b, alpha.integer, beta.integer),
            DType::I64 => integers::<i64>(m, n, k, dst, a, b, alpha.integer, beta.integer),
            DType::Bool => return false,
        }
    }
    true
}

/// [`matmul`] for every index of a batch. The operands' `strides` are those of the batch's dimensions (0 broadcasts);
/// the matrices' own strides are given beside them.
///
/// # Safety
/// As for [`matmul`], for every index of the batch; results of different indices do not overlap.
#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
pub unsafe fn batched_matmul(
    dtype: DType,
    batch: &[usize],
    m: usize,
    n: usize,
    k: usize,
    dst: (Operand<'_>, isize, isize),
    a: (Operand<'_>, isize, isize),
    b: (Operand<'_>, isize, isize),
    alpha: Scalar,
    beta: Scalar,
) -> bool {
    if dtype == DType::Bool {
        return false;
    }
    let count: usize = batch.iter().product();
    let operands =
        Batch { strides: [dst.0.strides, a.0.strides, b.0.strides], pointers: [dst.0.ptr, a.0.ptr, b.0.ptr] };
    let one = |index: usize| {
        let operands = &operands;
        let [d, x, y] = operands.at(batch, index, dtype.size());
        // SAFETY: the caller's promise, for this index.
        unsafe {
            matmul(
                dtype,
                m,
                n,
                k,
                Matrix::new(d, dst.1, dst.2),
                Matrix::new(x, a.1, a.2),
                Matrix::new(y, b.1, b.2),
                alpha,
                beta,
            );
        }
    };
    let work = m * n * k;
    if count > 1 && work < PARALLEL && work * count >= 1 << 18 {
        let chunks = count.min(4 * pool::num_threads());
        pool::parallel(chunks, &|chunk| (count * chunk / chunks..count * (chunk + 1) / chunks).for_each(one));
    } else {
        (0..count).for_each(one);
    }
    true
}

struct Batch<'a> {
    strides: [&'a [isize]; 3],
    pointers: [*mut u8; 3],
}
// SAFETY: threads work on different indices, whose results do not overlap.
unsafe impl Sync for Batch<'_> {}

impl Batch<'_> {
    fn at(&self, shape: &[usize], index: usize, size: usize) -> [*mut u8; 3] {
        let mut pointers = self.pointers;
        let mut rest = index;
        for (dim, &extent) in shape.iter().enumerate().rev() {
            let position = (rest % extent) as isize;
            rest /= extent;
            for (pointer, strides) in pointers.iter_mut().zip(self.strides) {
                *pointer = pointer.wrapping_offset(position * strides[dim] * size as isize);
            }
        }
        pointers
    }
}

/// The dot product of two vectors of `count` elements, written to `dst`. Returns whether it is defined for `dtype`.
///
/// # Safety
/// The vectors are valid at their strides (in elements); `dst` is one element.
pub unsafe fn dot(
    dtype: DType,
    count: usize,
    dst: *mut u8,
    x: (*const u8, isize),
    y: (*const u8, isize),
) -> bool {
    let (one, zero) = (Scalar::from(1i64), Scalar::from(0i64));
    let (x, y) = (Matrix::input(x.0, 0, x.1), Matrix::input(y.0, y.1, 0));
    // SAFETY: a product of 1 × count by count × 1.
    unsafe { matmul(dtype, 1, 1, count, Matrix::new(dst, 0, 0), x, y, one, zero) }
}

/// A float that products are computed in.
pub(crate) trait Real: Element + std::ops::Mul<Output = Self> + std::ops::Add<Output = Self> {
    const ZERO: Self;
    const ONE: Self;
    fn mul_add(self, x: Self, y: Self) -> Self;
}
macro_rules! real {
    ($($type:ident),+) => {$(
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn mul_add(self, x: Self, y: Self) -> Self { $type::mul_add(self, x, y) }
        }
    )+};
}
real!(f32, f64);

#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
unsafe fn product<T: Real>(
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: T,
    beta: T,
) {
    if m == 0 || n == 0 {
        return;
    }
    // SAFETY: the caller's promise is passed on.
    unsafe {
        if small::product(m, n, k, dst, a, b, alpha, beta) {
            return;
        }
        // The thin operand, whichever side it is on: the right one of the product or of its transpose.
        let (right, left) = (small::pack_thin::<T>(b, n, k), small::pack_thin::<T>(a.transposed(), m, k));
        let b = right.as_ref().map_or(b, |packed| packed.matrix(n));
        let a = left.as_ref().map_or(a, |packed| packed.matrix(m).transposed());
        let shared = Triple(dst, a, b);
        let call = |parallelism| {
            let Triple(dst, a, b) = shared;
            gemm::gemm(
                m,
                n,
                k,
                dst.ptr.cast::<T>(),
                dst.column_stride,
                dst.row_stride,
                beta != T::ZERO,
                a.ptr.cast::<T>().cast_const(),
                a.column_stride,
                a.row_stride,
                b.ptr.cast::<T>().cast_const(),
                b.column_stride,
                b.row_stride,
                beta,
                alpha,
                false,
                false,
                false,
                parallelism,
            );
        };
        if m * n * k >= PARALLEL {
            let call = SendCall(call);
            pool::install(move |threads| {
                let call = call;
                (call.0)(if threads > 1 {
                    gemm::Parallelism::Rayon(threads)
                } else {
                    gemm::Parallelism::None
                });
            });
        } else {
            call(gemm::Parallelism::None);
        }
    }
}

#[derive(Clone, Copy)]
struct Triple(Matrix, Matrix, Matrix);
struct SendCall<F>(F);
// SAFETY: the call is moved to a pool thread while the caller waits for it.
unsafe impl<F> Send for SendCall<F> {}

/// A temporary buffer of `f32`.
struct Temporary {
    block: std::ptr::NonNull<u8>,
    bytes: usize,
}

impl Temporary {
    fn new(elements: usize) -> Self {
        let bytes = elements * size_of::<f32>();
        Self { block: alloc::allocate(bytes), bytes }
    }

    fn pointer(&self) -> *mut f32 {
        self.block.as_ptr().cast()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // SAFETY: allocated with this size, freed once.
        unsafe { alloc::deallocate(self.block, self.bytes) };
    }
}

/// A product of 16-bit floats: row-major copies in `f32`, and the result rounded once.
#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
unsafe fn widened(
    conversion: &Conversion,
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: f32,
    beta: f32,
) {
    let (wide_a, wide_b, wide) = (Temporary::new(m * k), Temporary::new(k * n), Temporary::new(m * n));
    // SAFETY: the caller's promise; the temporaries have room for the matrices, row-major.
    unsafe {
        widen_matrix(conversion, wide_a.pointer(), m, k, a);
        widen_matrix(conversion, wide_b.pointer(), k, n, b);
        if beta != 0.0 {
            widen_matrix(conversion, wide.pointer(), m, n, dst);
        }
        let row_major = |temporary: &Temporary, columns: usize| {
            Matrix::new(temporary.pointer().cast(), columns as isize, 1)
        };
        product::<f32>(
            m,
            n,
            k,
            row_major(&wide, n),
            row_major(&wide_a, k),
            row_major(&wide_b, n),
            alpha,
            beta,
        );
        let mut narrow = vec![0u16; n];
        for i in 0..m {
            (conversion.narrow)(narrow.as_mut_ptr(), wide.pointer().add(i * n), n);
            let row = dst.offset(i as isize * dst.row_stride, 2).ptr;
            crate::row::scatter(row, dst.column_stride, narrow.as_ptr().cast(), n, 2);
        }
    }
}

unsafe fn widen_matrix(
    conversion: &Conversion,
    target: *mut f32,
    rows: usize,
    columns: usize,
    source: Matrix,
) {
    let mut gathered = vec![0u16; columns];
    for i in 0..rows {
        // SAFETY: the caller's promise: a valid matrix and room for it.
        unsafe {
            let row = source.offset(i as isize * source.row_stride, 2).ptr;
            crate::row::gather(gathered.as_mut_ptr().cast(), row, source.column_stride, columns, 2);
            (conversion.widen)(target.add(i * columns), gathered.as_ptr(), columns);
        }
    }
}

/// A wrapping product of integers. The sum is kept in `i64`: its low bits are those of a sum in `T`.
#[expect(clippy::too_many_arguments, reason = "BLAS's signature")]
unsafe fn integers<T: Element>(
    m: usize,
    n: usize,
    k: usize,
    dst: Matrix,
    a: Matrix,
    b: Matrix,
    alpha: i64,
    beta: i64,
) {
    let mut sums = vec![0i64; n];
    for i in 0..m as isize {
        sums.fill(0);
        for p in 0..k as isize {
            // SAFETY: the caller's promise: valid matrices.
            unsafe {
                let x = a.ptr.cast::<T>().offset(i * a.row_stride + p * a.column_stride).read().to_i64();
                let row = b.ptr.cast::<T>().offset(p * b.row_stride);
                for (j, sum) in sums.iter_mut().enumerate() {
                    let y = row.offset(j as isize * b.column_stride).read().to_i64();
                    *sum = sum.wrapping_add(x.wrapping_mul(y));
                }
            }
        }
        for (j, sum) in sums.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                let target = dst.ptr.cast::<T>().offset(i * dst.row_stride + j as isize * dst.column_stride);
                let before = if beta == 0 { 0 } else { target.read().to_i64().wrapping_mul(beta) };
                target.write(T::from_i64(before.wrapping_add(sum.wrapping_mul(alpha))));
            }
        }
    }
}

#[cfg(test)]
mod tests;
