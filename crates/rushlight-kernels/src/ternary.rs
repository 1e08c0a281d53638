//! Operations of three inputs: (output, x, y, z).

use crate::dtype::{DType, Element};
use crate::map::operations;
use crate::row::{Body, Kernel};
use std::marker::PhantomData;

struct Select<A>(PhantomData<A>);

impl<A: Element> Body for Select<A> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] = &[size_of::<A>(), 1, size_of::<A>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, _context: *const u8) {
        // SAFETY: four contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<A>();
            let condition = (*pointers.add(1)).cast_const();
            let x = (*pointers.add(2)).cast::<A>().cast_const();
            let y = (*pointers.add(3)).cast::<A>().cast_const();
            for i in 0..count {
                let (x, y) = (x.add(i).read(), y.add(i).read());
                output.add(i).write(if condition.add(i).read() == 0 { y } else { x });
            }
        }
    }
}

/// `condition ? x : y`: (output, condition of `bool`, x, y); the dtype is that of `x` and `y`. It moves elements without
/// looking at them, so dtypes of one size share a kernel.
pub static WHERE: Kernel = {
    let kernel =
        Kernel::new().with::<Select<u8>>().with::<Select<i16>>().with::<Select<i32>>().with::<Select<i64>>();
    kernel
        .share(DType::U8, DType::Bool)
        .share(DType::U8, DType::I8)
        .share(DType::I16, DType::F16)
        .share(DType::I16, DType::BF16)
        .share(DType::I32, DType::F32)
        .share(DType::I64, DType::F64)
};

operations! {
    /// `x + weight * (end - x)`, from the nearer end as PyTorch does: (output, x, end, weight).
    LERP[Ternary/Map3](x, end, weight) {
        f32, f64 => if weight.abs() < 0.5 { x + weight * (end - x) } else { end - (end - x) * (1.0 - weight) }
    }
}
