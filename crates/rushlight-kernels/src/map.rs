//! Elementwise operations as row kernels: one trait per number of inputs, the loop bodies over them, and the macro with
//! which a table of operations reads like a table of formulas.

use crate::dtype::{DType, Element};
use crate::row::{Body, Scalar};
use std::marker::PhantomData;

/// An operation of one input. `SCALARS` numbers come through the context.
pub(crate) trait Unary<A: Element> {
    type Output: Element;
    const SCALARS: usize = 0;
    /// Whether [`Unary::rare`] inputs exist, for which the vectorised formula does not hold.
    const HAS_RARE: bool = false;
    fn apply(x: A, scalars: [A; 2]) -> Self::Output;
    /// Whether this input needs [`Unary::slow`].
    #[inline(always)]
    fn rare(_x: A) -> bool {
        false
    }
    /// The result for a rare input.
    #[inline(always)]
    fn slow(x: A) -> Self::Output {
        Self::apply(x, [A::default(); 2])
    }
}

/// An operation of two inputs of one dtype.
pub(crate) trait Binary<A: Element> {
    type Output: Element;
    const SCALARS: usize = 0;
    fn apply(x: A, y: A, scalars: [A; 2]) -> Self::Output;
}

/// An operation of three inputs of one dtype.
pub(crate) trait Ternary<A: Element> {
    type Output: Element;
    const SCALARS: usize = 0;
    fn apply(x: A, y: A, z: A, scalars: [A; 2]) -> Self::Output;
}

/// Reads the numbers that an operation takes through its context.
#[inline(always)]
pub(crate) unsafe fn scalars<A: Element>(context: *const u8, count: usize) -> [A; 2] {
    let mut scalars = [A::default(); 2];
    for (index, scalar) in scalars.iter_mut().enumerate().take(count) {
        // SAFETY: the caller of the row kernel gives `count` scalars.
        *scalar = unsafe { context.cast::<Scalar>().add(index).read_unaligned() }.get();
    }
    scalars
}

/// Elements that a loop takes at a time: all are read before any is written, so the output may be an input and the
/// compiler needs neither an overlap check nor a second, scalar, loop for the case that they do overlap.
pub(crate) const CHUNK: usize = 16;

/// Writes an expression of the inputs' elements for all elements. `patch` may mend a whole chunk of results, with the
/// inputs in sight; `single` mends one result of those that make no chunk.
macro_rules! chunked {
    ($count:expr, $output:ident: $type:ty, [$($x:ident: $input:ty),+], |$i:ident| $one:expr
        $(, patch |$results:ident| $patch:expr, single |$result:ident| $single:expr)?) => {{
        let count = $count;
        let mut start = 0;
        while start + $crate::map::CHUNK <= count {
            $(let $x = $x.add(start).cast::<[$input; $crate::map::CHUNK]>().read_unaligned();)+
            let mut results = [const { std::mem::MaybeUninit::<$type>::uninit() }; $crate::map::CHUNK];
            for $i in 0..$crate::map::CHUNK {
                $(let $x = $x[$i];)+
                results[$i].write($one);
            }
            $({
                let $results = &mut results;
                $patch
            })?
            $output.add(start).cast::<[std::mem::MaybeUninit<$type>; $crate::map::CHUNK]>().write_unaligned(results);
            start += $crate::map::CHUNK;
        }
        // What is left is short: the early exit keeps the compiler from vectorising it once more.
        for $i in 0..$crate::map::CHUNK {
            if start == count {
                break;
            }
            let _ = $i;
            $(let $x = $x.add(start).read();)+
            let result = $one;
            $(
                let $result = result;
                let result = $single;
            )?
            $output.add(start).write(result);
            start += 1;
        }
    }};
}
pub(crate) use chunked;

/// The loop over a [`Unary`].
pub(crate) struct Map1<Op, A>(PhantomData<(Op, A)>);

impl<Op: Unary<A>, A: Element> Body for Map1<Op, A> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] = &[size_of::<Op::Output>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, context: *const u8) {
        // SAFETY: two contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<Op::Output>();
            let x = (*pointers.add(1)).cast::<A>().cast_const();
            let scalars = scalars::<A>(context, Op::SCALARS);
            chunked!(count, output: Op::Output, [x: A], |i| Op::apply(x, scalars),
                patch |results| if Op::HAS_RARE { patch_rare::<Op, A>(results, &x) },
                single |result| if Op::HAS_RARE && Op::rare(x) { Op::slow(x) } else { result });
        }
    }
}

/// Replaces the results of rare inputs.
#[inline(always)]
fn patch_rare<Op: Unary<A>, A: Element>(
    results: &mut [std::mem::MaybeUninit<Op::Output>; CHUNK],
    x: &[A; CHUNK],
) {
    let mut any = false;
    for &x in x {
        any |= Op::rare(x);
    }
    if any {
        for (result, &x) in results.iter_mut().zip(x) {
            if Op::rare(x) {
                result.write(Op::slow(x));
            }
        }
    }
}

/// The loop over a [`Binary`].
pub(crate) struct Map2<Op, A>(PhantomData<(Op, A)>);

impl<Op: Binary<A>, A: Element> Body for Map2<Op, A> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] = &[size_of::<Op::Output>(), size_of::<A>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, context: *const u8) {
        // SAFETY: three contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<Op::Output>();
            let x = (*pointers.add(1)).cast::<A>().cast_const();
            let y = (*pointers.add(2)).cast::<A>().cast_const();
            let scalars = scalars::<A>(context, Op::SCALARS);
            chunked!(count, output: Op::Output, [x: A, y: A], |i| Op::apply(x, y, scalars));
        }
    }
}

/// The loop over a [`Ternary`].
pub(crate) struct Map3<Op, A>(PhantomData<(Op, A)>);

impl<Op: Ternary<A>, A: Element> Body for Map3<Op, A> {
    const DTYPE: DType = A::DTYPE;
    const SIZES: &'static [usize] =
        &[size_of::<Op::Output>(), size_of::<A>(), size_of::<A>(), size_of::<A>()];

    #[inline(always)]
    unsafe fn contiguous(count: usize, pointers: *const *mut u8, context: *const u8) {
        // SAFETY: four contiguous operands of `count` elements, which the caller promises.
        unsafe {
            let output = (*pointers).cast::<Op::Output>();
            let x = (*pointers.add(1)).cast::<A>().cast_const();
            let y = (*pointers.add(2)).cast::<A>().cast_const();
            let z = (*pointers.add(3)).cast::<A>().cast_const();
            let scalars = scalars::<A>(context, Op::SCALARS);
            chunked!(count, output: Op::Output, [x: A, y: A, z: A], |i| Op::apply(x, y, z, scalars));
        }
    }
}

/// Defines operations: for each a `static` kernel and, under the same name in the type namespace, the (uninhabited)
/// type that carries its formulas.
///
/// `NAME[Unary/Map1](x; s, t -> bool) { types => formula; … }`: inputs, then, after a semicolon, numbers from the
/// context, then the result's type where it is not that of the inputs.
macro_rules! operations {
    ($($(#[$meta:meta])* $name:ident [$trait:ident / $map:ident] $arguments:tt {
        $($($type:ident),+ => $formula:expr);+ $(;)?
    })*) => {$(
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named as the static it belongs to")]
        pub(crate) enum $name {}
        $($(
            $crate::map::operations!(@impl $name $trait $type $arguments ($formula));
        )+)+
        $(#[$meta])*
        pub static $name: $crate::row::Kernel = $crate::row::Kernel::new()
            $($(.with::<$crate::map::$map<$name, $type>>())+)+;
    )*};
    (@impl $name:ident $trait:ident $type:ident ($($x:ident),+ $(; $($s:ident),+)? $(-> $result:ident)?) ($formula:expr)) => {
        impl $crate::map::$trait<$type> for $name {
            type Output = $crate::map::operations!(@result $type, $($result)?);
            const SCALARS: usize = 0 $($(+ { let _ = stringify!($s); 1 })+)?;
            #[inline(always)]
            fn apply($($x: $type),+, scalars: [$type; 2]) -> Self::Output {
                let [$($($s,)+)? ..] = scalars;
                $formula
            }
        }
    };
    (@result $type:ident, ) => { $type };
    (@result $type:ident, $result:ident) => { $result };
}
pub(crate) use operations;
