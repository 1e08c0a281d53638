//! The walk of a reduction: see the module's Note [Order of a reduction].

use super::reducer::{BLOCK, Erased, Reduction};
use crate::dtype::DType;
use crate::loops::{Operand, is_contiguous};
use crate::pool;
use crate::row::{gather, scatter};
use smallvec::SmallVec;
use std::mem::MaybeUninit;

/// Elements of one output's share that one task takes where outputs are few.
const PART: usize = 65_536;
/// Columns that are reduced side by side: their accumulators (at most 16 bytes) stay in the first-level cache.
const COLUMNS: usize = 512;
/// Rows after which column accumulators are folded into the totals, which bounds the error of long sums.
const FOLD: usize = 64;
/// A reduced run shorter than this goes column by column if there are columns.
const SHORT: usize = 32;

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
    let Some(erased) = reduction.erased(dtype) else { return false };
    if erased.conversion.is_none()
        && reduced.iter().all(|&reduced| reduced)
        && is_contiguous(shape, input.strides)
    {
        let elements: usize = shape.iter().product();
        if elements <= PART {
            // What a loss is made of: nothing to plan.
            let job = Job { erased, input: input.ptr, output: output.ptr, elements, context };
            let mut total = Accumulator::new();
            // SAFETY: a contiguous input and one output.
            unsafe {
                (erased.initialise)(total.pointer(), 1);
                for pass in 0..erased.passes {
                    (erased.run)(total.pointer(), input.ptr, elements, pass, context);
                    if pass + 1 < erased.passes {
                        (erased.between)(total.pointer(), 1, elements);
                    }
                }
                write(&job, total.pointer(), 0, 1, 1);
            }
            return true;
        }
    }
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
