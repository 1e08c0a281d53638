//! Row kernels: what computes one strided row of elements, and the tables in which they are found.
//!
//! A [`Row`] takes any strides. Only its contiguous loop is compiled per operation, dtype and level; a row that is not
//! contiguous goes in blocks through scratch memory (`blocked`), and 16-bit floats go in blocks through the `f32`
//! kernel (`half_blocks`). Both are shared by all operations: instantiating strided loops for each was measured at a
//! quarter of a second of compile time per operation and dtype.
//!
//! Note \[Aliasing of rows\]: the output may be exactly one of the inputs (same address, same strides), or else overlaps
//! none. A contiguous loop reads a chunk of its inputs before it writes that chunk, which makes aliasing correct.

use crate::dtype::{DType, Element};
use crate::level::{Level, level};
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use std::mem::MaybeUninit;

/// Computes `count` elements. `pointers` are the operands' first elements, the output first; `strides` are in elements
/// of each operand; `context` is what the kernel's documentation says, usually null or an array of [`Scalar`].
///
/// Safety: the operands are valid at these strides, and see Note [Aliasing of rows].
pub type Row = unsafe fn(count: usize, pointers: *const *mut u8, strides: *const isize, context: *const u8);

/// At most this many operands, the output included.
pub const MAX_OPERANDS: usize = 6;

/// Elements in a block of scratch memory: six operands of 8 bytes then take 12 KiB of stack and of first-level cache.
const BLOCK: usize = 256;

/// A number passed through a kernel's context, in both readings: floating-point kernels take the first, integer
/// kernels the second.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scalar {
    /// The number as a float.
    pub float: f64,
    /// The number as an integer.
    pub integer: i64,
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self { float: value, integer: i64::from_f64(value) }
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self { float: value as f64, integer: value }
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::from(value as i64)
    }
}

impl Scalar {
    /// The number as an element.
    #[inline(always)]
    pub fn get<T: Element>(self) -> T {
        if T::DTYPE.is_floating_point() { T::from_f64(self.float) } else { T::from_i64(self.integer) }
    }
}

/// An operation's row kernels: by level and by dtype.
pub struct Kernel {
    rows: [[Option<Row>; DType::COUNT]; Level::COUNT],
}

/// A kernel with the operands (output, input).
pub type UnaryKernel = Kernel;
/// A kernel with the operands (output, left, right).
pub type BinaryKernel = Kernel;
/// A kernel with the operands (output of `bool`, left, right).
pub type CompareKernel = Kernel;
/// A kernel with the operands (output, first, second, third).
pub type TernaryKernel = Kernel;

impl Kernel {
    /// The row kernel for inputs of `dtype`, or `None` where the operation is not defined for it.
    #[inline(always)]
    pub fn row(&self, dtype: DType) -> Option<Row> {
        self.rows[level() as usize][dtype as usize]
    }

    pub(crate) const fn new() -> Self {
        Self { rows: [[None; DType::COUNT]; Level::COUNT] }
    }

    /// Adds a body under its dtype, and a body on `f32` under the 16-bit floats too.
    pub(crate) const fn with<B: Body>(mut self) -> Self {
        self = self.with_only::<B>();
        if matches!(B::DTYPE, DType::F32) {
            self = self.set(DType::F16, half_baseline::<B, f16>, half_v3::<B, f16>);
            self = self.set(DType::BF16, half_baseline::<B, bf16>, half_v3::<B, bf16>);
        }
        self
    }

    /// Adds a body under its dtype only.
    pub(crate) const fn with_only<B: Body>(self) -> Self {
        // Narrow integers are rare and bound by memory: one variant serves them, which is a fifth of all instantiations.
        let v3: Row = if is_narrow(B::DTYPE) { row_baseline::<B> } else { row_v3::<B> };
        self.set(B::DTYPE, row_baseline::<B>, v3)
    }

    /// Adds one row under a dtype, for both levels.
    pub(crate) const fn set(mut self, dtype: DType, baseline: Row, v3: Row) -> Self {
        self.rows[Level::Baseline as usize][dtype as usize] = Some(baseline);
        self.rows[Level::V3 as usize][dtype as usize] = Some(v3);
        self
    }

    /// Lets another dtype use the rows of one.
    pub(crate) const fn share(mut self, from: DType, to: DType) -> Self {
        let mut level = 0;
        while level < Level::COUNT {
            self.rows[level][to as usize] = self.rows[level][from as usize];
            level += 1;
        }
        self
    }
}

/// Whether a dtype is an integer of at most 16 bits.
pub(crate) const fn is_narrow(dtype: DType) -> bool {
    dtype.is_integral(true) && dtype.size() <= 2
}

/// The contiguous loop of one operation on one dtype.
pub(crate) trait Body {
    /// The dtype under which the kernel is found: that of the inputs.
    const DTYPE: DType;
    /// Bytes of an element of each operand, the output first.
    const SIZES: &'static [usize];
    /// Computes `count` elements of operands that are all contiguous.
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, context: *const u8);
}

#[inline(always)]
unsafe fn run<B: Body>(
    this: Row,
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
) {
    let mut contiguous = true;
    for operand in 0..B::SIZES.len() {
        // SAFETY: a stride for each operand, which the caller promises.
        contiguous &= unsafe { *strides.add(operand) } == 1;
    }
    let direct = contiguous || count == 1;
    if direct {
        // SAFETY: contiguous, or a single element.
        unsafe { B::contiguous(count, pointers, context) }
    } else {
        // SAFETY: the caller's promise is passed on; `this` is the row kernel of these sizes.
        unsafe { blocked(this, count, pointers, strides, context, B::SIZES) }
    }
}

unsafe fn row_baseline<B: Body>(
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run::<B>(row_baseline::<B>, count, pointers, strides, context) }
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"))]
unsafe fn row_v3<B: Body>(count: usize, pointers: *const *mut u8, strides: *const isize, context: *const u8) {
    // SAFETY: the caller's promise is passed on.
    unsafe { run::<B>(row_v3::<B>, count, pointers, strides, context) }
}

unsafe fn half_baseline<B: Body, H: Half>(
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
) {
    // SAFETY: the caller's promise is passed on; operands of four bytes are the converted ones.
    unsafe { half_blocks(row_baseline::<B>, count, pointers, strides, context, B::SIZES, &H::CONVERSION) }
}

unsafe fn half_v3<B: Body, H: Half>(
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
) {
    // SAFETY: as above; this row is only in the table's v3 part.
    unsafe { half_blocks(row_v3::<B>, count, pointers, strides, context, B::SIZES, &H::CONVERSION) }
}

type Scratch = [MaybeUninit<[u64; BLOCK]>; MAX_OPERANDS];

/// Runs a row block by block: what is not contiguous is gathered into scratch memory first, and the output scattered from
/// it. An operand of stride 0 is spread once.
unsafe fn blocked(
    row: Row,
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
    sizes: &[usize],
) {
    const CONTIGUOUS: [isize; MAX_OPERANDS] = [1; MAX_OPERANDS];
    let mut scratch: Scratch = [const { MaybeUninit::uninit() }; MAX_OPERANDS];
    let mut block = [std::ptr::null_mut::<u8>(); MAX_OPERANDS];
    let mut start = 0;
    while start < count {
        let length = (count - start).min(BLOCK);
        for (operand, &size) in sizes.iter().enumerate() {
            // SAFETY: every operand has a pointer and a stride; elements below `count` are valid, and a scratch block
            // holds BLOCK elements of at most 8 bytes.
            unsafe {
                let (first, stride) = (*pointers.add(operand), *strides.add(operand));
                let here = first.offset(start as isize * stride * size as isize);
                if stride == 1 {
                    block[operand] = here;
                    continue;
                }
                block[operand] = scratch[operand].as_mut_ptr().cast();
                if operand > 0 && (stride != 0 || start == 0) {
                    gather(block[operand], here, stride, length, size);
                }
            }
        }
        // SAFETY: the blocks are contiguous, and an input is the output's or does not overlap it.
        unsafe { row(length, block.as_ptr(), CONTIGUOUS.as_ptr(), context) };
        // SAFETY: as above; the output's elements are the caller's to write.
        unsafe {
            let stride = *strides;
            if stride != 1 {
                let here = (*pointers).offset(start as isize * stride * sizes[0] as isize);
                scatter(here, stride, block[0], length, sizes[0]);
            }
        }
        start += length;
    }
}

/// Copies `count` elements at a stride to contiguous memory. When everything is one element (stride 0), spreads it.
///
/// Safety: both are valid for `count` elements of `size` bytes (1, 2, 4 or 8) and do not overlap.
pub(crate) unsafe fn gather(target: *mut u8, source: *const u8, stride: isize, count: usize, size: usize) {
    #[inline(always)]
    unsafe fn copy<T: Copy>(target: *mut u8, source: *const u8, stride: isize, count: usize) {
        let (target, source) = (target.cast::<T>(), source.cast::<T>());
        // SAFETY: the caller's promise.
        unsafe {
            if stride == 0 {
                let value = source.read();
                for i in 0..count {
                    target.add(i).write(value);
                }
            } else if stride == 1 {
                std::ptr::copy_nonoverlapping(source, target, count);
            } else {
                for i in 0..count {
                    target.add(i).write(source.offset(i as isize * stride).read());
                }
            }
        }
    }
    // SAFETY: the caller's promise; sizes are those of the dtypes.
    unsafe {
        match size {
            1 => copy::<u8>(target, source, stride, count),
            2 => copy::<u16>(target, source, stride, count),
            4 => copy::<u32>(target, source, stride, count),
            _ => copy::<u64>(target, source, stride, count),
        }
    }
}

/// Copies `count` contiguous elements to memory at a stride.
///
/// Safety: both are valid for `count` elements of `size` bytes (1, 2, 4 or 8) and do not overlap.
pub(crate) unsafe fn scatter(target: *mut u8, stride: isize, source: *const u8, count: usize, size: usize) {
    #[inline(always)]
    unsafe fn copy<T: Copy>(target: *mut u8, stride: isize, source: *const u8, count: usize) {
        let (target, source) = (target.cast::<T>(), source.cast::<T>());
        for i in 0..count {
            // SAFETY: the caller's promise.
            unsafe { target.offset(i as isize * stride).write(source.add(i).read()) };
        }
    }
    // SAFETY: the caller's promise; sizes are those of the dtypes.
    unsafe {
        match size {
            1 => copy::<u8>(target, stride, source, count),
            2 => copy::<u16>(target, stride, source, count),
            4 => copy::<u32>(target, stride, source, count),
            _ => copy::<u64>(target, stride, source, count),
        }
    }
}

/// A 16-bit float and its conversions of contiguous blocks.
pub(crate) trait Half: Element {
    const CONVERSION: Conversion;
}

/// Conversions of contiguous blocks between a 16-bit float and `f32`.
pub(crate) struct Conversion {
    /// (target of `f32`, source of 16 bits, count)
    pub(crate) widen: unsafe fn(*mut f32, *const u16, usize),
    /// (target of 16 bits, source of `f32`, count)
    pub(crate) narrow: unsafe fn(*mut u16, *const f32, usize),
}

impl Half for f16 {
    const CONVERSION: Conversion = Conversion { widen: widen_f16, narrow: narrow_f16 };
}

impl Half for bf16 {
    const CONVERSION: Conversion = Conversion { widen: widen_bf16, narrow: narrow_bf16 };
}

unsafe fn widen_f16(target: *mut f32, source: *const u16, count: usize) {
    // SAFETY: the caller promises `count` elements of both, which do not overlap.
    let (target, source) = unsafe {
        (
            std::slice::from_raw_parts_mut(target, count),
            std::slice::from_raw_parts(source.cast::<f16>(), count),
        )
    };
    source.convert_to_f32_slice(target);
}

unsafe fn narrow_f16(target: *mut u16, source: *const f32, count: usize) {
    // SAFETY: the caller promises `count` elements of both, which do not overlap.
    let (target, source) = unsafe {
        (
            std::slice::from_raw_parts_mut(target.cast::<f16>(), count),
            std::slice::from_raw_parts(source, count),
        )
    };
    target.convert_from_f32_slice(source);
}

unsafe fn widen_bf16(target: *mut f32, source: *const u16, count: usize) {
    for i in 0..count {
        // SAFETY: the caller promises `count` elements of both.
        unsafe { target.add(i).write(f32::from_bits((source.add(i).read() as u32) << 16)) };
    }
}

unsafe fn narrow_bf16(target: *mut u16, source: *const f32, count: usize) {
    for i in 0..count {
        // SAFETY: the caller promises `count` elements of both.
        unsafe {
            let value = source.add(i).read();
            let bits = value.to_bits();
            // Rounds to nearest, ties to even; a NaN stays one.
            let rounded = (bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16) as u16;
            target.add(i).write(if value.is_nan() { 0x7fc0 } else { rounded });
        }
    }
}

/// Runs an `f32` row kernel on operands of 16-bit floats, block by block. Operands of four bytes in the `f32` kernel
/// are the converted ones; others (a condition, a `bool` result) are handed through.
unsafe fn half_blocks(
    row: Row,
    count: usize,
    pointers: *const *mut u8,
    strides: *const isize,
    context: *const u8,
    sizes: &[usize],
    conversion: &Conversion,
) {
    let mut scratch: Scratch = [const { MaybeUninit::uninit() }; MAX_OPERANDS];
    let mut gathered: MaybeUninit<[u16; BLOCK]> = MaybeUninit::uninit();
    let gathered = gathered.as_mut_ptr().cast::<u16>();
    let mut block = [std::ptr::null_mut::<u8>(); MAX_OPERANDS];
    let mut block_strides = [1isize; MAX_OPERANDS];
    let mut start = 0;
    while start < count {
        let length = (count - start).min(BLOCK);
        for (operand, &size) in sizes.iter().enumerate() {
            // SAFETY: every operand has a pointer and a stride; elements below `count` are valid, and a scratch block
            // holds BLOCK elements.
            unsafe {
                let (first, stride) = (*pointers.add(operand), *strides.add(operand));
                if size != 4 {
                    block[operand] = first.offset(start as isize * stride * size as isize);
                    block_strides[operand] = stride;
                    continue;
                }
                block[operand] = scratch[operand].as_mut_ptr().cast();
                if operand == 0 || (stride == 0 && start > 0) {
                    continue;
                }
                let mut here: *const u16 = first.cast::<u16>().offset(start as isize * stride);
                if stride != 1 {
                    gather(gathered.cast(), here.cast(), stride, length, 2);
                    here = gathered;
                }
                (conversion.widen)(block[operand].cast(), here, length);
            }
        }
        // SAFETY: converted operands are contiguous blocks, the others are as the caller gave them.
        unsafe { row(length, block.as_ptr(), block_strides.as_ptr(), context) };
        if sizes[0] == 4 {
            // SAFETY: the output's elements are the caller's to write.
            unsafe {
                let stride = *strides;
                let here = (*pointers).cast::<u16>().offset(start as isize * stride);
                if stride == 1 {
                    (conversion.narrow)(here, block[0].cast(), length);
                } else {
                    (conversion.narrow)(gathered, block[0].cast(), length);
                    scatter(here.cast(), stride, gathered.cast(), length, 2);
                }
            }
        }
        start += length;
    }
}
