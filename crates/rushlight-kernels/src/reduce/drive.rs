//! The walk of a reduction: see the module's Note [Order of a reduction].

use crate::dtype::{DType, Element};
use crate::level::{Level, level};
use crate::loops::Operand;
use crate::pool;
use crate::row::{Conversion, Half, gather, scatter};
use half::{bf16, f16};
use smallvec::SmallVec;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Elements of one output's share that one task takes where outputs are few.
const PART: usize = 65_536;
/// Columns that are reduced side by side: their accumulators (at most 16 bytes) stay in the first-level cache.
const COLUMNS: usize = 512;
/// Elements of a gathered block.
const BLOCK: usize = 1024;
/// Rows after which column accumulators are folded into the totals, which bounds the error of long sums.
const FOLD: usize = 64;
/// A reduced run shorter than this goes column by column if there are columns.
const SHORT: usize = 32;
const LANES: usize = 32;

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
    fn merge(a: Self::Accumulator, b: Self::Accumulator, pass: usize) -> Self::Accumulator;
    /// Prepares the next pass, after `count` elements.
    #[inline(always)]
    fn between(accumulator: Self::Accumulator, _count: usize) -> Self::Accumulator {
        accumulator
    }
    fn finish(accumulator: Self::Accumulator, count: usize, context: f64) -> Self::Output;
}

type Run = unsafe fn(*mut u8, *const u8, usize, usize, f64);
type Columns = unsafe fn(*mut u8, *const u8, usize, usize, isize, usize, f64);

/// A reducer without its types.
#[derive(Clone, Copy)]
pub(crate) struct Erased {
    input_size: usize,
    output_size: usize,
    passes: usize,
    conversion: Option<&'static Conversion>,
    narrows: bool,
    initialise: unsafe fn(*mut u8, usize),
    /// (target, model, count, pass)
    fresh: unsafe fn(*mut u8, *const u8, usize, usize),
    /// (accumulator, contiguous elements, count, pass, context)
    run: Run,
    /// (accumulators, rows of contiguous elements, columns, rows, bytes between rows, pass, context)
    columns: Columns,
    /// (targets, others, count, pass)
    merge: unsafe fn(*mut u8, *const u8, usize, usize),
    between: unsafe fn(*mut u8, usize, usize),
    /// (accumulators, contiguous outputs, outputs, elements of each, context)
    finish: unsafe fn(*const u8, *mut u8, usize, usize, f64),
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

    pub(crate) const fn new() -> Self {
        Self { table: [[None; DType::COUNT]; Level::COUNT] }
    }

    /// Adds a reducer; one of `f32` also serves the 16-bit floats.
    pub(crate) const fn with<R: Reducer>(mut self) -> Self {
        let index = <R::Input as Element>::DTYPE as usize;
        let (baseline, v3) = (erase::<R>(run::<R>, columns::<R>), erase::<R>(run_v3::<R>, columns_v3::<R>));
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
            let mut lanes = [R::fresh(total, pass); LANES];
            let mut groups = block.chunks_exact(LANES);
            for group in &mut groups {
                for (lane, &x) in lanes.iter_mut().zip(group) {
                    *lane = R::step(*lane, x, pass, context);
                }
            }
            for (lane, &x) in lanes.iter_mut().zip(groups.remainder()) {
                *lane = R::step(*lane, x, pass, context);
            }
            let mut width = LANES / 2;
            while width > 0 {
                for lane in 0..width {
                    lanes[lane] = R::merge(lanes[lane], lanes[lane + width], pass);
                }
                width /= 2;
            }
            total = R::merge(total, lanes[0], pass);
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
        let accumulators = std::slice::from_raw_parts_mut(accumulators.cast::<R::Accumulator>(), columns);
        for row in 0..rows {
            let x = std::slice::from_raw_parts(x.offset(row as isize * step).cast::<R::Input>(), columns);
            for (accumulator, &x) in accumulators.iter_mut().zip(x) {
                *accumulator = R::step(*accumulator, x, pass, context);
            }
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

/// One dimension of the walk.
#[derive(Clone, Copy)]
struct Dim {
    size: usize,
    input: isize,
    output: isize,
}

type Dims = SmallVec<[Dim; 6]>;

/// Reduces `input` over the dimensions marked in `reduced` and writes the results to `output`.
///
/// `shape` is the input's; both operands have a stride for each of its dimensions, of which the output's are ignored
/// where they are reduced. `context` is a number that the reduction may take (see its documentation). The dtype of the
/// output is the reduction's: see its documentation. An empty run gives the reduction's identity.
///
/// Returns whether the reduction is defined for `dtype`; if not, nothing is written.
///
/// # Safety
/// Both operands are valid at these strides, of the right dtypes, and do not overlap.
pub unsafe fn reduce(
    reduction: &Reduction,
    dtype: DType,
    shape: &[usize],
    input: Operand<'_>,
    output: Operand<'_>,
    reduced: &[bool],
    context: f64,
) -> bool {
    let Some(erased) = reduction.table[level() as usize][dtype as usize] else { return false };
    let (mut kept, mut run) = (Dims::new(), Dims::new());
    for (index, &size) in shape.iter().enumerate() {
        let dim = Dim {
            size,
            input: input.strides[index],
            output: if reduced[index] { 0 } else { output.strides[index] },
        };
        if size != 1 {
            if reduced[index] { run.push(dim) } else { kept.push(dim) }
        }
    }
    let outputs: usize = kept.iter().map(|dim| dim.size).product();
    let elements: usize = run.iter().map(|dim| dim.size).product();
    if outputs == 0 {
        return true;
    }
    let (kept, run) = (simplify(kept), simplify(run));
    let job = Job { erased, input: input.ptr, output: output.ptr, elements, context };
    // SAFETY: the caller's promise is passed on.
    unsafe { drive(&job, &kept, &run, outputs) };
    true
}

/// Sorts dimensions by the input's strides, largest first, and merges what is contiguous.
fn simplify(mut dims: Dims) -> Dims {
    dims.sort_by_key(|dim| std::cmp::Reverse(dim.input.unsigned_abs()));
    let mut merged = Dims::new();
    for dim in dims {
        match merged.last_mut() {
            Some(outer)
                if outer.input == dim.input * dim.size as isize
                    && outer.output == dim.output * dim.size as isize =>
            {
                outer.size *= dim.size;
                outer.input = dim.input;
                outer.output = dim.output;
            }
            _ => merged.push(dim),
        }
    }
    if merged.is_empty() {
        merged.push(Dim { size: 1, input: 1, output: 1 });
    }
    merged
}

#[derive(Clone, Copy)]
struct Job {
    erased: Erased,
    input: *const u8,
    output: *mut u8,
    elements: usize,
    context: f64,
}
// SAFETY: threads read the input and write disjoint outputs.
unsafe impl Sync for Job {}

/// Calls `visit(input offset, output offset)` for the indices of `dims` from `start` to `end`, in order.
fn walk(dims: &[Dim], start: usize, end: usize, mut visit: impl FnMut(isize, isize)) {
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, dims.len());
    let (mut rest, mut input, mut output) = (start, 0, 0);
    for (at, dim) in dims.iter().enumerate().rev() {
        index[at] = rest % dim.size;
        rest /= dim.size;
        input += index[at] as isize * dim.input;
        output += index[at] as isize * dim.output;
    }
    for _ in start..end {
        visit(input, output);
        for (at, dim) in dims.iter().enumerate().rev() {
            index[at] += 1;
            input += dim.input;
            output += dim.output;
            if index[at] < dim.size {
                break;
            }
            index[at] = 0;
            input -= dim.size as isize * dim.input;
            output -= dim.size as isize * dim.output;
        }
    }
}

unsafe fn drive(job: &Job, kept: &Dims, run: &Dims, outputs: usize) {
    let (inner_run, inner_kept) = (run[run.len() - 1], kept[kept.len() - 1]);
    // Columns side by side where they are contiguous, or where the runs are too short to be worth a call each.
    let by_columns = inner_kept.size >= SHORT
        && (inner_run.size < SHORT || inner_kept.input.unsigned_abs() < inner_run.input.unsigned_abs());
    if by_columns {
        let outer = outputs / inner_kept.size;
        let blocks = inner_kept.size.div_ceil(COLUMNS);
        let tasks = outer * blocks;
        // Few columns and very many rows: parts of the rows are tasks of their own.
        let parts = if tasks < 8 {
            (job.elements * inner_kept.size.min(COLUMNS)).div_ceil(4 * PART).max(1)
        } else {
            1
        };
        if parts > 1 && job.erased.passes == 1 {
            for task in 0..tasks {
                // SAFETY: the promise of `reduce`'s caller.
                unsafe { column_parts(job, kept, run, task, blocks, parts.min(job.elements)) };
            }
            return;
        }
        let chunks = chunk_count(job.elements * outputs, tasks);
        pool::parallel(chunks, &|chunk| {
            for task in tasks * chunk / chunks..tasks * (chunk + 1) / chunks {
                let block = ColumnBlock::new(kept, task, blocks);
                let mut totals = Accumulators::new();
                // SAFETY: the promise of `reduce`'s caller; tasks write disjoint outputs.
                unsafe {
                    (job.erased.initialise)(totals.pointer(), block.count);
                    for pass in 0..job.erased.passes {
                        columns_pass(job, run, &block, (0, job.elements), totals.pointer(), pass);
                        if pass + 1 < job.erased.passes {
                            (job.erased.between)(totals.pointer(), block.count, job.elements);
                        }
                    }
                    write(job, totals.pointer(), block.output, block.stride_output, block.count);
                }
            }
        });
    } else if outputs < 8 && job.elements > PART {
        let mut index = 0;
        walk(kept, 0, outputs, |input, output| {
            index += 1;
            // SAFETY: as above.
            unsafe { one_large(job, run, input, output) };
        });
    } else {
        let chunks = chunk_count(job.elements * outputs, outputs);
        pool::parallel(chunks, &|chunk| {
            walk(kept, outputs * chunk / chunks, outputs * (chunk + 1) / chunks, |input, output| {
                let mut total = Accumulator::new();
                // SAFETY: as above.
                unsafe {
                    (job.erased.initialise)(total.pointer(), 1);
                    for pass in 0..job.erased.passes {
                        rows_pass(job, run, input, (0, job.elements), total.pointer(), pass);
                        if pass + 1 < job.erased.passes {
                            (job.erased.between)(total.pointer(), 1, job.elements);
                        }
                    }
                    write(job, total.pointer(), output, 1, 1);
                }
            });
        });
    }
}

/// Number of chunks for this much work: outputs are independent, so this may depend on the threads.
fn chunk_count(work: usize, tasks: usize) -> usize {
    (work / 32_768).min(4 * pool::num_threads()).clamp(1, tasks.max(1))
}

struct Accumulator(MaybeUninit<[u64; 4]>);
impl Accumulator {
    fn new() -> Self {
        Self(MaybeUninit::uninit())
    }
    fn pointer(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

struct Accumulators(MaybeUninit<[[u64; 2]; COLUMNS]>);
impl Accumulators {
    fn new() -> Self {
        Self(MaybeUninit::uninit())
    }
    fn pointer(&mut self) -> *mut u8 {
        self.0.as_mut_ptr().cast()
    }
}

/// One output of very many elements: parts of fixed size, merged in order.
unsafe fn one_large(job: &Job, run: &Dims, input: isize, output: isize) {
    let parts = job.elements.div_ceil(PART);
    let mut total = Accumulator::new();
    // SAFETY: the promise of `reduce`'s caller.
    unsafe {
        (job.erased.initialise)(total.pointer(), 1);
        for pass in 0..job.erased.passes {
            let mut partials: Vec<[u64; 4]> = vec![[0; 4]; parts];
            let shared = SharedPointer(partials.as_mut_ptr().cast());
            let model = SharedPointer(total.pointer());
            pool::parallel(parts, &|part| {
                let accumulator = shared.get().add(part * size_of::<[u64; 4]>());
                (job.erased.fresh)(accumulator, model.get(), 1, pass);
                rows_pass(
                    job,
                    run,
                    input,
                    (part * PART, job.elements.min((part + 1) * PART)),
                    accumulator,
                    pass,
                );
            });
            for partial in &partials {
                (job.erased.merge)(total.pointer(), partial.as_ptr().cast(), 1, pass);
            }
            if pass + 1 < job.erased.passes {
                (job.erased.between)(total.pointer(), 1, job.elements);
            }
        }
        write(job, total.pointer(), output, 1, 1);
    }
}

struct SharedPointer(*mut u8);
impl SharedPointer {
    fn get(&self) -> *mut u8 {
        self.0
    }
}
// SAFETY: tasks use disjoint parts of what it points to.
unsafe impl Sync for SharedPointer {}

struct ColumnBlock {
    input: isize,
    output: isize,
    stride_input: isize,
    stride_output: isize,
    count: usize,
}

impl ColumnBlock {
    fn new(kept: &Dims, task: usize, blocks: usize) -> Self {
        let (outer_dims, inner) = (&kept[..kept.len() - 1], kept[kept.len() - 1]);
        let (outer, block) = (task / blocks, task % blocks);
        let first = block * COLUMNS;
        let mut base = (0, 0);
        walk(outer_dims, outer, outer + 1, |input, output| base = (input, output));
        Self {
            input: base.0 + first as isize * inner.input,
            output: base.1 + first as isize * inner.output,
            stride_input: inner.input,
            stride_output: inner.output,
            count: (inner.size - first).min(COLUMNS),
        }
    }
}

/// A block of columns whose rows are split into parts.
unsafe fn column_parts(job: &Job, kept: &Dims, run: &Dims, task: usize, blocks: usize, parts: usize) {
    let block = ColumnBlock::new(kept, task, blocks);
    let mut partials: Vec<Accumulators> = (0..parts).map(|_| Accumulators::new()).collect();
    let shared = SharedPointer(partials.as_mut_ptr().cast());
    pool::parallel(parts, &|part| {
        let range = (job.elements * part / parts, job.elements * (part + 1) / parts);
        // SAFETY: the promise of `reduce`'s caller; each part has its own accumulators.
        unsafe {
            let accumulators = shared.get().add(part * size_of::<Accumulators>());
            (job.erased.initialise)(accumulators, block.count);
            columns_pass(job, run, &block, range, accumulators, 0);
        }
    });
    // SAFETY: as above; all parts are initialised now.
    unsafe {
        let total = shared.get();
        for part in 1..parts {
            (job.erased.merge)(total, total.add(part * size_of::<Accumulators>()), block.count, 0);
        }
        write(job, total, block.output, block.stride_output, block.count);
    }
}

/// One pass over some of the run's elements, for a block of columns.
unsafe fn columns_pass(
    job: &Job,
    run: &Dims,
    block: &ColumnBlock,
    range: (usize, usize),
    totals: *mut u8,
    pass: usize,
) {
    let erased = &job.erased;
    let size = erased.input_size as isize;
    let direct = block.stride_input == 1 && erased.conversion.is_none();
    let mut part = Accumulators::new();
    let mut scratch = MaybeUninit::<[u64; COLUMNS]>::uninit();
    let (outer, inner) = (&run[..run.len() - 1], run[run.len() - 1]);
    let mut at = range.0;
    while at < range.1 {
        // Rows up to the end of the innermost run, FOLD at a time.
        let rows = (inner.size - at % inner.size).min(range.1 - at).min(FOLD);
        let mut base = 0;
        walk(outer, at / inner.size, at / inner.size + 1, |input, _| base = input);
        base += (at % inner.size) as isize * inner.input;
        // SAFETY: within what the caller of `reduce` promised; the scratch holds a block of columns.
        unsafe {
            (erased.fresh)(part.pointer(), totals, block.count, pass);
            let first = job.input.offset((block.input + base) * size);
            if direct {
                (erased.columns)(
                    part.pointer(),
                    first,
                    block.count,
                    rows,
                    inner.input * size,
                    pass,
                    job.context,
                );
            } else {
                let scratch = scratch.as_mut_ptr().cast::<u8>();
                for row in 0..rows {
                    let source = first.offset(row as isize * inner.input * size);
                    load(erased, scratch, source, block.stride_input, block.count);
                    (erased.columns)(part.pointer(), scratch, block.count, 1, 0, pass, job.context);
                }
            }
            (erased.merge)(totals, part.pointer(), block.count, pass);
        }
        at += rows;
    }
}

/// One pass over some of the elements of one output.
unsafe fn rows_pass(job: &Job, run: &Dims, input: isize, range: (usize, usize), total: *mut u8, pass: usize) {
    let erased = &job.erased;
    let size = erased.input_size as isize;
    let inner = run[run.len() - 1];
    let direct = inner.input == 1 && erased.conversion.is_none();
    let mut scratch = MaybeUninit::<[u64; BLOCK]>::uninit();
    let mut at = range.0;
    while at < range.1 {
        let position = at % inner.size;
        let mut count = (inner.size - position).min(range.1 - at);
        let mut base = 0;
        if run.len() > 1 {
            walk(&run[..run.len() - 1], at / inner.size, at / inner.size + 1, |input, _| base = input);
        }
        base += position as isize * inner.input;
        // SAFETY: within what the caller of `reduce` promised; the scratch holds a block.
        unsafe {
            let source = job.input.offset((input + base) * size);
            if direct {
                (erased.run)(total, source, count, pass, job.context);
            } else {
                count = count.min(BLOCK);
                let scratch = scratch.as_mut_ptr().cast::<u8>();
                load(erased, scratch, source, inner.input, count);
                (erased.run)(total, scratch, count, pass, job.context);
            }
        }
        at += count;
    }
}

/// Brings strided or 16-bit elements to contiguous memory, as the reducer wants them.
unsafe fn load(erased: &Erased, target: *mut u8, source: *const u8, stride: isize, count: usize) {
    // SAFETY: the caller promises room for and validity of `count` elements.
    unsafe {
        if let Some(conversion) = erased.conversion {
            let mut narrow = MaybeUninit::<[u16; BLOCK]>::uninit();
            let mut source = source.cast::<u16>();
            if stride != 1 {
                gather(narrow.as_mut_ptr().cast(), source.cast(), stride, count, 2);
                source = narrow.as_ptr().cast();
            }
            (conversion.widen)(target.cast(), source, count);
        } else {
            gather(target, source, stride, count, erased.input_size);
        }
    }
}

/// Finishes accumulators and writes the outputs.
unsafe fn write(job: &Job, accumulators: *const u8, output: isize, stride: isize, count: usize) {
    let erased = &job.erased;
    let mut wide = MaybeUninit::<[u64; COLUMNS]>::uninit();
    let mut narrow = MaybeUninit::<[u16; COLUMNS]>::uninit();
    // SAFETY: `count` is at most COLUMNS; the outputs are the caller's to write.
    unsafe {
        let target = job.output.offset(output * erased.output_size as isize);
        let mut results = wide.as_mut_ptr().cast::<u8>();
        (erased.finish)(accumulators, results, count, job.elements, job.context);
        if erased.narrows
            && let Some(conversion) = erased.conversion
        {
            (conversion.narrow)(narrow.as_mut_ptr().cast(), results.cast(), count);
            results = narrow.as_mut_ptr().cast();
        }
        scatter(target, stride, results, count, erased.output_size);
    }
}

/// Lets reducers be types without values.
pub(crate) struct Of<Op, A>(PhantomData<(Op, A)>);
