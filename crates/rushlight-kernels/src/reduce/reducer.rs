//! What a reduction is made of: a [`Reducer`] is one operation on one dtype; [`Reduction`] is the table of them, without
//! their types.

use crate::dtype::{DType, Element};
use crate::level::{Level, level};
use crate::row::{Conversion, Half, is_narrow};
use half::{bf16, f16};
use std::marker::PhantomData;

/// Elements of a block: what is accumulated in lanes before it is added to the total.
pub(super) const BLOCK: usize = 1024;
/// Accumulators side by side. Their number, not the machine's vectors, decides the order of a sum.
pub(super) const LANES: usize = 32;

/// One operation on one dtype: how an element meets an accumulator.
pub(crate) trait Reducer {
    type Input: Element;
    type Output: Element;
    type Accumulator: Copy;
    /// Passes over the input: a later one sees what the earlier ones found.
    const PASSES: usize = 1;
    fn identity() -> Self::Accumulator;
    /// An empty accumulator for the same pass as `accumulator`.
    #[inline(always)]
    fn fresh(_accumulator: Self::Accumulator, _pass: usize) -> Self::Accumulator {
        Self::identity()
    }
    fn step(accumulator: Self::Accumulator, x: Self::Input, pass: usize, context: f64) -> Self::Accumulator;
    /// Accumulates a block of one output's elements, at least [`LANES`]. Reducers whose accumulators have several parts
    /// put one that vectorises in the place of this.
    #[inline(always)]
    fn block(total: Self::Accumulator, x: &[Self::Input], pass: usize, context: f64) -> Self::Accumulator {
        let lanes = in_lanes(
            x,
            Self::fresh(total, pass),
            |lane, x| Self::step(lane, x, pass, context),
            |a, b| Self::merge(a, b, pass),
        );
        Self::merge(total, lanes, pass)
    }
    /// Accumulates rows of neighbouring columns, each into its own accumulator; as for `block`.
    #[inline(always)]
    fn columns(
        lanes: &mut [Self::Accumulator; LANES],
        rows: usize,
        row: impl Fn(usize) -> [Self::Input; LANES],
        pass: usize,
        context: f64,
    ) {
        let mut totals = *lanes;
        for index in 0..rows {
            let x = row(index);
            for lane in 0..LANES {
                totals[lane] = Self::step(totals[lane], x[lane], pass, context);
            }
        }
        *lanes = totals;
    }
    fn merge(a: Self::Accumulator, b: Self::Accumulator, pass: usize) -> Self::Accumulator;
    /// Prepares the next pass, after `count` elements.
    #[inline(always)]
    fn between(accumulator: Self::Accumulator, _count: usize) -> Self::Accumulator {
        accumulator
    }
    fn finish(accumulator: Self::Accumulator, count: usize, context: f64) -> Self::Output;
}

/// Accumulates elements in lanes, which are folded pairwise.
#[inline(always)]
pub(super) fn in_lanes<T: Copy, L: Copy>(
    x: &[T],
    empty: L,
    step: impl Fn(L, T) -> L,
    merge: impl Fn(L, L) -> L,
) -> L {
    let mut lanes = [empty; LANES];
    let mut groups = x.chunks_exact(LANES);
    for group in &mut groups {
        for (lane, &x) in lanes.iter_mut().zip(group) {
            *lane = step(*lane, x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(groups.remainder()) {
        *lane = step(*lane, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = merge(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    lanes[0]
}

type Run = unsafe fn(*mut u8, *const u8, usize, usize, f64);
type Columns = unsafe fn(*mut u8, *const u8, usize, usize, isize, usize, f64);

/// A reducer without its types.
#[derive(Clone, Copy)]
pub(crate) struct Erased {
    pub(super) input_size: usize,
    pub(super) output_size: usize,
    pub(super) passes: usize,
    pub(super) conversion: Option<&'static Conversion>,
    pub(super) narrows: bool,
    pub(super) initialise: unsafe fn(*mut u8, usize),
    /// (target, model, count, pass)
    pub(super) fresh: unsafe fn(*mut u8, *const u8, usize, usize),
    /// (accumulator, contiguous elements, count, pass, context)
    pub(super) run: Run,
    /// (accumulators, rows of contiguous elements, columns, rows, bytes between rows, pass, context)
    pub(super) columns: Columns,
    /// (targets, others, count, pass)
    pub(super) merge: unsafe fn(*mut u8, *const u8, usize, usize),
    pub(super) between: unsafe fn(*mut u8, usize, usize),
    /// (accumulators, contiguous outputs, outputs, elements of each, context)
    pub(super) finish: unsafe fn(*const u8, *mut u8, usize, usize, f64),
}

/// A reduction: its reducers by level and dtype of the input.
pub struct Reduction {
    table: [[Option<Erased>; DType::COUNT]; Level::COUNT],
}

impl Reduction {
    /// Whether the reduction is defined for inputs of `dtype`.
    pub fn supports(&self, dtype: DType) -> bool {
        self.table[0][dtype as usize].is_some()
    }

    #[inline]
    pub(super) fn erased(&self, dtype: DType) -> Option<Erased> {
        self.table[level() as usize][dtype as usize]
    }

    pub(crate) const fn new() -> Self {
        Self { table: [[None; DType::COUNT]; Level::COUNT] }
    }

    /// Adds a reducer; one of `f32` also serves the 16-bit floats.
    pub(crate) const fn with<R: Reducer>(mut self) -> Self {
        let index = <R::Input as Element>::DTYPE as usize;
        let (baseline, v3) = (erase::<R>(run::<R>, columns::<R>), erase::<R>(run_v3::<R>, columns_v3::<R>));
        let v3 = if is_narrow(<R::Input as Element>::DTYPE) { baseline } else { v3 };
        self.table[0][index] = Some(baseline);
        self.table[1][index] = Some(v3);
        if matches!(<R::Input as Element>::DTYPE, DType::F32) {
            self.table[0][DType::F16 as usize] = Some(half_of::<f16>(baseline));
            self.table[1][DType::F16 as usize] = Some(half_of::<f16>(v3));
            self.table[0][DType::BF16 as usize] = Some(half_of::<bf16>(baseline));
            self.table[1][DType::BF16 as usize] = Some(half_of::<bf16>(v3));
        }
        self
    }
}

const fn half_of<H: Half>(mut erased: Erased) -> Erased {
    erased.conversion = Some(&H::CONVERSION);
    erased.input_size = 2;
    if erased.output_size == 4 {
        erased.output_size = 2;
        erased.narrows = true;
    }
    erased
}

const fn erase<R: Reducer>(run: Run, columns: Columns) -> Erased {
    assert!(size_of::<R::Accumulator>() <= 16, "the driver's buffers hold accumulators of 16 bytes");
    Erased {
        input_size: size_of::<R::Input>(),
        output_size: size_of::<R::Output>(),
        passes: R::PASSES,
        conversion: None,
        narrows: false,
        initialise: initialise::<R>,
        fresh: fresh::<R>,
        run,
        columns,
        merge: merge::<R>,
        between: between::<R>,
        finish: finish::<R>,
    }
}

unsafe fn initialise<R: Reducer>(accumulators: *mut u8, count: usize) {
    for i in 0..count {
        // SAFETY: the driver gives room for `count` accumulators, aligned.
        unsafe { accumulators.cast::<R::Accumulator>().add(i).write(R::identity()) };
    }
}

unsafe fn fresh<R: Reducer>(target: *mut u8, model: *const u8, count: usize, pass: usize) {
    for i in 0..count {
        // SAFETY: as above; the models are initialised.
        unsafe {
            let model = model.cast::<R::Accumulator>().add(i).read();
            target.cast::<R::Accumulator>().add(i).write(R::fresh(model, pass));
        }
    }
}

unsafe fn merge<R: Reducer>(targets: *mut u8, others: *const u8, count: usize, pass: usize) {
    for i in 0..count {
        // SAFETY: as above, both initialised.
        unsafe {
            let target = targets.cast::<R::Accumulator>().add(i);
            target.write(R::merge(target.read(), others.cast::<R::Accumulator>().add(i).read(), pass));
        }
    }
}

unsafe fn between<R: Reducer>(accumulators: *mut u8, count: usize, elements: usize) {
    for i in 0..count {
        // SAFETY: as above.
        unsafe {
            let accumulator = accumulators.cast::<R::Accumulator>().add(i);
            accumulator.write(R::between(accumulator.read(), elements));
        }
    }
}

unsafe fn finish<R: Reducer>(
    accumulators: *const u8,
    outputs: *mut u8,
    count: usize,
    elements: usize,
    context: f64,
) {
    for i in 0..count {
        // SAFETY: as above; `count` contiguous outputs.
        unsafe {
            let accumulator = accumulators.cast::<R::Accumulator>().add(i).read();
            outputs.cast::<R::Output>().add(i).write(R::finish(accumulator, elements, context));
        }
    }
}

#[inline(always)]
unsafe fn run_body<R: Reducer>(accumulator: *mut u8, x: *const u8, count: usize, pass: usize, context: f64) {
    let accumulator = accumulator.cast::<R::Accumulator>();
    // SAFETY: one accumulator and `count` contiguous elements, which the driver promises.
    let (mut total, x) =
        unsafe { (accumulator.read(), std::slice::from_raw_parts(x.cast::<R::Input>(), count)) };
    if count < LANES {
        for &x in x {
            total = R::step(total, x, pass, context);
        }
    } else {
        for block in x.chunks(BLOCK) {
            total = R::block(total, block, pass, context);
        }
    }
    // SAFETY: as above.
    unsafe { accumulator.write(total) };
}

unsafe fn run<R: Reducer>(accumulator: *mut u8, x: *const u8, count: usize, pass: usize, context: f64) {
    // A constant pass lets the compiler drop the other one's formulas.
    // SAFETY: the driver's promise is passed on.
    unsafe {
        if R::PASSES == 1 || pass == 0 {
            run_body::<R>(accumulator, x, count, 0, context);
        } else {
            run_body::<R>(accumulator, x, count, 1, context);
        }
    }
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"))]
unsafe fn run_v3<R: Reducer>(accumulator: *mut u8, x: *const u8, count: usize, pass: usize, context: f64) {
    // SAFETY: the driver's promise is passed on.
    unsafe {
        if R::PASSES == 1 || pass == 0 {
            run_body::<R>(accumulator, x, count, 0, context);
        } else {
            run_body::<R>(accumulator, x, count, 1, context);
        }
    }
}

#[inline(always)]
unsafe fn columns_body<R: Reducer>(
    accumulators: *mut u8,
    x: *const u8,
    columns: usize,
    rows: usize,
    step: isize,
    pass: usize,
    context: f64,
) {
    // SAFETY: `columns` accumulators, and rows of as many contiguous elements, which the driver promises.
    unsafe {
        let accumulators = accumulators.cast::<R::Accumulator>();
        let mut start = 0;
        // A few columns at a time keep their accumulators in registers.
        while start + LANES <= columns {
            let lanes = &mut *accumulators.add(start).cast::<[R::Accumulator; LANES]>();
            let row = |row: usize| {
                let x = x.offset(row as isize * step).cast::<R::Input>().add(start);
                x.cast::<[R::Input; LANES]>().read()
            };
            R::columns(lanes, rows, row, pass, context);
            start += LANES;
        }
        for column in start..columns {
            let mut total = accumulators.add(column).read();
            for row in 0..rows {
                let x = x.offset(row as isize * step).cast::<R::Input>().add(column).read();
                total = R::step(total, x, pass, context);
            }
            accumulators.add(column).write(total);
        }
    }
}

unsafe fn columns<R: Reducer>(
    accumulators: *mut u8,
    x: *const u8,
    columns: usize,
    rows: usize,
    step: isize,
    pass: usize,
    context: f64,
) {
    // SAFETY: the driver's promise is passed on.
    unsafe { columns_body::<R>(accumulators, x, columns, rows, step, pass, context) }
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"))]
unsafe fn columns_v3<R: Reducer>(
    accumulators: *mut u8,
    x: *const u8,
    columns: usize,
    rows: usize,
    step: isize,
    pass: usize,
    context: f64,
) {
    // SAFETY: the driver's promise is passed on.
    unsafe {
        if R::PASSES == 1 || pass == 0 {
            columns_body::<R>(accumulators, x, columns, rows, step, 0, context);
        } else {
            columns_body::<R>(accumulators, x, columns, rows, step, 1, context);
        }
    }
}

/// Lets reducers be types without values.
pub(crate) struct Of<Op, A>(PhantomData<(Op, A)>);
