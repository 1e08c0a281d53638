//! Copies, casts and fills: (output, x), or (output) alone.

use crate::dtype::{DType, Element};
use crate::map::chunked;
use crate::row::{Body, Kernel, Row, Scalar, gather, scatter};
use std::marker::PhantomData;

/// Row of a plain copy of elements of `size` bytes: no scratch, as a strided load can go straight to its place.
unsafe fn copy_row<const SIZE: usize>(
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    _context: *const u8,
) {
    // SAFETY: two operands of `count` elements at their strides, which the caller promises.
    unsafe {
        let (target, source) = (*pointers, *pointers.add(1));
        let (across, along) = (*strides, *strides.add(1));
        if across == 1 && (along != 1 || target != source) {
            gather(target, source, along, count, SIZE);
        } else if along == 1 && across != 1 {
            scatter(target, across, source, count, SIZE);
        } else if target != source {
            for i in 0..count as isize {
                let (to, from) =
                    (target.offset(i * across * SIZE as isize), source.offset(i * along * SIZE as isize));
                std::ptr::copy_nonoverlapping(from, to, SIZE);
            }
        }
    }
}

/// Copies elements as they are: (output, x) of one dtype.
pub static COPY: Kernel = Kernel::new()
    .set(DType::Bool, copy_row::<1>, copy_row::<1>)
    .set(DType::U8, copy_row::<1>, copy_row::<1>)
    .set(DType::I8, copy_row::<1>, copy_row::<1>)
    .set(DType::I16, copy_row::<2>, copy_row::<2>)
    .set(DType::F16, copy_row::<2>, copy_row::<2>)
    .set(DType::BF16, copy_row::<2>, copy_row::<2>)
    .set(DType::I32, copy_row::<4>, copy_row::<4>)
    .set(DType::F32, copy_row::<4>, copy_row::<4>)
    .set(DType::I64, copy_row::<8>, copy_row::<8>)
    .set(DType::F64, copy_row::<8>, copy_row::<8>);

struct Cast<A, B>(PhantomData<(A, B)>);

impl<A: Element, B: Element> Body for Cast<A, B> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] = &[size_of::<B>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, _context: *const u8) {
        // SAFETY: two contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<B>();
            let x = (*pointers.add(1)).cast::<A>().cast_const();
            chunked!(count, output: B, [x: A], |i| convert::<A, B>(x));
        }
    }
}

#[inline(always)]
fn convert<A: Element, B: Element>(x: A) -> B {
    if A::DTYPE.is_floating_point() { B::from_f64(x.to_f64()) } else { B::from_i64(x.to_i64()) }
}

macro_rules! casts_to {
    ($($target:ty),*) => {
        [$(Kernel::new()
            .with_only::<Cast<bool, $target>>()
            .with_only::<Cast<u8, $target>>()
            .with_only::<Cast<i8, $target>>()
            .with_only::<Cast<i16, $target>>()
            .with_only::<Cast<i32, $target>>()
            .with_only::<Cast<i64, $target>>()
            .with_only::<Cast<half::f16, $target>>()
            .with_only::<Cast<half::bf16, $target>>()
            .with_only::<Cast<f32, $target>>()
            .with_only::<Cast<f64, $target>>()),*]
    };
}

static CASTS: [Kernel; DType::COUNT] =
    casts_to!(bool, u8, i8, i16, i32, i64, half::f16, half::bf16, f32, f64);

/// The row kernel that converts `from` to `to` as PyTorch's `.to` does: (output, x). Of one dtype it is [`COPY`]'s.
#[inline]
pub fn cast(from: DType, to: DType) -> Row {
    let kernel = if from == to { &COPY } else { &CASTS[to as usize] };
    match kernel.row(from) {
        Some(row) => row,
        None => unreachable!("every dtype can be copied and cast"),
    }
}

unsafe fn fill_row<A: Element>(
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
) {
    // SAFETY: one operand of `count` elements and one scalar, which the caller promises.
    unsafe {
        let value: A = context.cast::<Scalar>().read_unaligned().get();
        let (target, stride) = ((*pointers).cast::<A>(), *strides);
        if stride == 1 {
            for i in 0..count {
                target.add(i).write(value);
            }
        } else {
            for i in 0..count {
                target.offset(i as isize * stride).write(value);
            }
        }
    }
}

/// Writes one number everywhere: (output). Context: the number.
pub static FILL: Kernel = Kernel::new()
    .set(DType::Bool, fill_row::<bool>, fill_row::<bool>)
    .set(DType::U8, fill_row::<u8>, fill_row::<u8>)
    .set(DType::I8, fill_row::<i8>, fill_row::<i8>)
    .set(DType::I16, fill_row::<i16>, fill_row::<i16>)
    .set(DType::I32, fill_row::<i32>, fill_row::<i32>)
    .set(DType::I64, fill_row::<i64>, fill_row::<i64>)
    .set(DType::F16, fill_row::<half::f16>, fill_row::<half::f16>)
    .set(DType::BF16, fill_row::<half::bf16>, fill_row::<half::bf16>)
    .set(DType::F32, fill_row::<f32>, fill_row::<f32>)
    .set(DType::F64, fill_row::<f64>, fill_row::<f64>);

/// Copies `count` elements of `size` bytes from one stride to another: (pointer, stride in elements) each.
pub(crate) unsafe fn copy_strided(
    size: usize,
    count: usize,
    target: (*mut u8, isize),
    source: (*mut u8, isize),
) {
    let (pointers, strides) = ([target.0, source.0], [target.1, source.1]);
    // SAFETY: the caller promises `count` valid elements of both.
    unsafe {
        match size {
            1 => copy_row::<1>(count, pointers.as_ptr(), strides.as_ptr(), std::ptr::null()),
            2 => copy_row::<2>(count, pointers.as_ptr(), strides.as_ptr(), std::ptr::null()),
            4 => copy_row::<4>(count, pointers.as_ptr(), strides.as_ptr(), std::ptr::null()),
            _ => copy_row::<8>(count, pointers.as_ptr(), strides.as_ptr(), std::ptr::null()),
        }
    }
}
