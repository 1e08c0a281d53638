//! The one strided loop: brings operands of any strides to row kernels.
//!
//! Elementwise work is done here for every operation and dtype: drop dimensions of size 1, sort the others so that the
//! smallest strides are innermost, merge those that are contiguous with each other, turn blocks around where an operand
//! is transposed against the output, split over threads, and call the row kernel. All of it is type-erased, so it is
//! compiled once.

use crate::pool;
use crate::row::{MAX_OPERANDS, Row};
use smallvec::SmallVec;
use std::mem::MaybeUninit;

/// An operand of [`for_each`]: the address of its first element, its strides in elements (one for each dimension of
/// the loop's shape; 0 broadcasts), and the bytes of an element.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// The first element.
    pub ptr: *mut u8,
    /// Strides, in elements.
    pub strides: &'a [isize],
    /// Bytes of an element.
    pub size: usize,
}

impl<'a> Operand<'a> {
    /// An operand that is written, or read.
    #[inline]
    pub fn new(ptr: *mut u8, strides: &'a [isize], size: usize) -> Self {
        Self { ptr, strides, size }
    }

    /// An operand that is only read.
    #[inline]
    pub fn input(ptr: *const u8, strides: &'a [isize], size: usize) -> Self {
        Self { ptr: ptr.cast_mut(), strides, size }
    }
}

/// Work in one parallel chunk at least, in the unit of `cost_per_element`. Waking the pool costs about 10 µs and an
/// element of cost 1 takes about 0.3 ns from the second-level cache; two chunks then take 10 µs each.
const GRAIN: f32 = 32_768.0;

/// Blocks of transposed operands: so many elements along the output's rows, and so many rows. A block is read along the
/// operand's cache lines, 16 elements (one line of `f32`) at a time, and turned around in scratch memory: a transposed
/// copy of 2048² `f32` took 14.9 ms by strided rows and takes 7 to 11 (a straight one 1.7; PyTorch 10), of which half is
/// waiting for those lines. Strips of 32 columns, downwards, were slower.
const TILE_COLUMNS: usize = 64;
const TILE_ROWS: usize = 16;
/// Operands of a loop that may be turned around; more are rare, and are read by strided rows.
const TURNED: usize = 2;

type Dims = SmallVec<[Dim; 6]>;

#[derive(Clone, Copy)]
struct Dim {
    size: usize,
    strides: [isize; MAX_OPERANDS],
}

/// Whether strides are those of a row-major contiguous array of this shape (sizes of 1 do not count).
#[inline]
pub fn is_contiguous(shape: &[usize], strides: &[isize]) -> bool {
    let mut expected = 1isize;
    for (&size, &stride) in shape.iter().zip(strides).rev() {
        if size != 1 {
            if stride != expected {
                return false;
            }
            expected *= size as isize;
        }
    }
    true
}

/// Calls `row` so that every element of `shape` is computed once.
///
/// `operands` are the output, then the inputs. `cost_per_element` is 1 for an addition and about 10 for a
/// transcendental function; it decides whether the work is worth a second thread. Results do not depend on the number
/// of threads.
///
/// # Safety
/// Every operand is valid for `shape` at its strides; `row` is a kernel for operands of these sizes; the output overlaps
/// no input except one that is exactly the output, and does not overlap itself; `context` is what the kernel wants, and
/// may be read from several threads.
#[inline]
pub unsafe fn for_each(
    shape: &[usize],
    operands: &[Operand<'_>],
    row: Row,
    context: *const u8,
    cost_per_element: f32,
) {
    const ONES: [isize; MAX_OPERANDS] = [1; MAX_OPERANDS];
    debug_assert!(operands.len() <= MAX_OPERANDS && operands.iter().all(|o| o.strides.len() == shape.len()));
    let count: usize = shape.iter().product();
    if count == 0 {
        return;
    }
    if count == 1
        || (count as f32 * cost_per_element < 2.0 * GRAIN
            && operands.iter().all(|operand| is_contiguous(shape, operand.strides)))
    {
        let mut pointers = [std::ptr::null_mut(); MAX_OPERANDS];
        for (pointer, operand) in pointers.iter_mut().zip(operands) {
            *pointer = operand.ptr;
        }
        // SAFETY: all operands are contiguous (or single elements), which the caller promises are valid.
        unsafe { row(count, pointers.as_ptr(), ONES.as_ptr(), context) };
        return;
    }
    // SAFETY: the caller's promise is passed on.
    unsafe { general(count, shape, operands, row, context, cost_per_element) }
}

#[inline(never)]
unsafe fn general(
    count: usize,
    shape: &[usize],
    operands: &[Operand<'_>],
    row: Row,
    context: *const u8,
    cost_per_element: f32,
) {
    let task = Task { operands: operands.len(), sizes: sizes(operands), row, context };
    let dims = plan(shape, operands);
    let mut pointers = [std::ptr::null_mut(); MAX_OPERANDS];
    for (pointer, operand) in pointers.iter_mut().zip(operands) {
        *pointer = operand.ptr;
    }
    let chunks = ((count as f32 * cost_per_element / GRAIN) as usize).min(4 * pool::num_threads());
    if chunks <= 1 {
        // SAFETY: the caller's promise is passed on.
        unsafe { walk(&task, &dims, pointers) };
        return;
    }
    // Split the outermost dimension that is long enough, or else the longest.
    let split = dims
        .iter()
        .position(|dim| dim.size >= chunks)
        .unwrap_or_else(|| (0..dims.len()).max_by_key(|&index| dims[index].size).unwrap_or(0));
    let whole = dims[split];
    // Pieces end at whole blocks and, along the innermost dimension, at cache lines, so that threads do not share them.
    let unit = if split + 1 == dims.len() {
        64
    } else if whole.size >= 8 * TILE_ROWS {
        TILE_ROWS
    } else {
        1
    };
    let units = whole.size.div_ceil(unit);
    let chunks = chunks.min(units);
    let shared = Shared { task, dims, pointers };
    pool::parallel(chunks, &|chunk| {
        let shared = &shared;
        let (start, end) =
            (units * chunk / chunks * unit, (units * (chunk + 1) / chunks * unit).min(whole.size));
        let mut dims = shared.dims.clone();
        dims[split].size = end - start;
        let mut pointers = shared.pointers;
        for operand in 0..shared.task.operands {
            let offset = start as isize * whole.strides[operand] * shared.task.sizes[operand];
            // SAFETY: `start` is below the dimension's size.
            pointers[operand] = unsafe { pointers[operand].offset(offset) };
        }
        // SAFETY: a part of what the caller promised; parts write disjoint elements.
        unsafe { walk(&shared.task, &dims, pointers) };
    });
}

#[derive(Clone, Copy)]
struct Task {
    operands: usize,
    sizes: [isize; MAX_OPERANDS],
    row: Row,
    context: *const u8,
}

struct Shared {
    task: Task,
    dims: Dims,
    pointers: [*mut u8; MAX_OPERANDS],
}
// SAFETY: threads write disjoint elements through these pointers, and only read the context.
unsafe impl Sync for Shared {}

fn sizes(operands: &[Operand<'_>]) -> [isize; MAX_OPERANDS] {
    let mut sizes = [0; MAX_OPERANDS];
    for (size, operand) in sizes.iter_mut().zip(operands) {
        *size = operand.size as isize;
    }
    sizes
}

/// The loop's dimensions, outermost first: without sizes of 1, sorted by stride, merged.
fn plan(shape: &[usize], operands: &[Operand<'_>]) -> Dims {
    let mut dims = Dims::new();
    for (index, &size) in shape.iter().enumerate() {
        if size != 1 {
            let mut strides = [0; MAX_OPERANDS];
            for (stride, operand) in strides.iter_mut().zip(operands) {
                *stride = operand.strides[index];
            }
            dims.push(Dim { size, strides });
        }
    }
    // Insertion sort: dimensions are few and mostly sorted, and "belongs inside" is no total order (broadcasts abstain).
    for index in 1..dims.len() {
        let mut at = index;
        while at > 0 && belongs_inside(&dims[at - 1], &dims[at], operands.len()) {
            dims.swap(at - 1, at);
            at -= 1;
        }
    }
    let mut merged = Dims::new();
    for dim in dims {
        if let Some(outer) = merged.last_mut()
            && (0..operands.len()).all(|o| outer.strides[o] == dim.strides[o] * dim.size as isize)
        {
            outer.size *= dim.size;
            outer.strides = dim.strides;
        } else {
            merged.push(dim);
        }
    }
    if merged.is_empty() {
        merged.push(Dim { size: 1, strides: [1; MAX_OPERANDS] });
    }
    merged
}

/// Whether `outer`, now the outer one, has the smaller strides. The first operand that tells decides: the output.
fn belongs_inside(outer: &Dim, inner: &Dim, operands: usize) -> bool {
    for operand in 0..operands {
        let (a, b) = (outer.strides[operand].unsigned_abs(), inner.strides[operand].unsigned_abs());
        if a != 0 && b != 0 && a != b {
            return a < b;
        }
    }
    false
}

/// Runs all rows of a plan on the calling thread.
unsafe fn walk(task: &Task, dims: &Dims, mut pointers: [*mut u8; MAX_OPERANDS]) {
    let Some((&inner, outer)) = dims.split_last() else { return };
    let (outer, rows) = match outer.split_last() {
        Some((&rows, outer)) => (outer, rows),
        None => (outer, Dim { size: 1, strides: [0; MAX_OPERANDS] }),
    };
    let turned: SmallVec<[usize; MAX_OPERANDS]> =
        (1..task.operands).filter(|&operand| is_transposed(&rows, &inner, operand)).take(TURNED).collect();
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, outer.len());
    loop {
        // SAFETY: the pointers stand at the first elements of rows within what the caller of `for_each` promised.
        unsafe {
            if turned.is_empty() {
                let mut row = pointers;
                for _ in 0..rows.size {
                    (task.row)(inner.size, row.as_ptr(), inner.strides.as_ptr(), task.context);
                    advance(task, &mut row, &rows, 1);
                }
            } else {
                walk_tiles(task, &rows, &inner, pointers, &turned);
            }
        }
        let mut at = outer.len();
        loop {
            if at == 0 {
                return;
            }
            at -= 1;
            let dim = &outer[at];
            index[at] += 1;
            if index[at] < dim.size {
                advance(task, &mut pointers, dim, 1);
                break;
            }
            index[at] = 0;
            advance(task, &mut pointers, dim, 1 - dim.size as isize);
        }
    }
}

/// Moves all pointers by steps along a dimension.
#[inline(always)]
fn advance(task: &Task, pointers: &mut [*mut u8; MAX_OPERANDS], dim: &Dim, steps: isize) {
    for operand in 0..task.operands {
        let offset = steps * dim.strides[operand] * task.sizes[operand];
        pointers[operand] = pointers[operand].wrapping_offset(offset);
    }
}

/// Whether an operand runs across cache lines along a row, but along them from row to row.
fn is_transposed(rows: &Dim, inner: &Dim, operand: usize) -> bool {
    let (across, along) = (inner.strides[operand].unsigned_abs(), rows.strides[operand].unsigned_abs());
    rows.size >= 4 && inner.size >= 8 && along != 0 && along <= 2 && across >= 8
}

/// A two-dimensional part with transposed operands, block by block.
unsafe fn walk_tiles(
    task: &Task,
    rows: &Dim,
    inner: &Dim,
    pointers: [*mut u8; MAX_OPERANDS],
    turned: &[usize],
) {
    let mut scratch = [const { MaybeUninit::<[u64; TILE_COLUMNS * TILE_ROWS]>::uninit() }; TURNED];
    let mut strides = inner.strides;
    for &operand in turned {
        strides[operand] = 1;
    }
    // Blocks of blocks: 128 rows and as many columns are pages enough for the translation buffer.
    const SIDE: usize = 128;
    let (down, right) = (rows.size.div_ceil(SIDE), inner.size.div_ceil(SIDE));
    for large in 0..down * right {
        let (top, left) = (large / right * SIDE, large % right * SIDE);
        let (bottom, end) = ((top + SIDE).min(rows.size), (left + SIDE).min(inner.size));
        let small = (top..bottom)
            .step_by(TILE_ROWS)
            .flat_map(|row| (left..end).step_by(TILE_COLUMNS).map(move |column| (row, column)));
        for (first_row, first_column) in small {
            let height = (bottom - first_row).min(TILE_ROWS);
            let width = (end - first_column).min(TILE_COLUMNS);
            let mut tile = pointers;
            advance(task, &mut tile, rows, first_row as isize);
            advance(task, &mut tile, inner, first_column as isize);
            for (scratch, &operand) in scratch.iter_mut().zip(turned) {
                let block = scratch.as_mut_ptr().cast::<u8>();
                // SAFETY: a block within the operand, and scratch for as many elements of at most 8 bytes.
                unsafe {
                    let steps = (inner.strides[operand], rows.strides[operand]);
                    turn(block, tile[operand], steps, (width, height), task.sizes[operand]);
                }
                tile[operand] = block;
            }
            for _ in 0..height {
                // SAFETY: a row of the block: of the operands themselves, or of their turned copies.
                unsafe { (task.row)(width, tile.as_ptr(), strides.as_ptr(), task.context) };
                let scratch_rows = tile;
                advance(task, &mut tile, rows, 1);
                for &operand in turned {
                    let row = TILE_COLUMNS * task.sizes[operand] as usize;
                    tile[operand] = scratch_rows[operand].wrapping_add(row);
                }
            }
        }
    }
}

#[inline(always)]
fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Copies a block so that its rows become contiguous, reading along columns.
unsafe fn turn(
    target: *mut u8,
    source: *const u8,
    (across, along): (isize, isize),
    (width, height): (usize, usize),
    size: isize,
) {
    #[inline(always)]
    unsafe fn copy<T: Copy>(
        target: *mut T,
        source: *const T,
        (across, along): (isize, isize),
        (width, height): (usize, usize),
    ) {
        for column in 0..width {
            // SAFETY: the caller's promise.
            unsafe {
                let source = source.offset(column as isize * across);
                let target = target.add(column);
                if height == TILE_ROWS && along == 1 {
                    // The block below is two blocks away; its lines are on pages that the processor's own prefetchers
                    // have lost sight of.
                    prefetch(source.wrapping_add(TILE_ROWS).cast());
                    let line = source.cast::<[T; TILE_ROWS]>().read_unaligned();
                    for row in 0..TILE_ROWS {
                        target.add(row * TILE_COLUMNS).write(line[row]);
                    }
                } else {
                    for row in 0..height {
                        target.add(row * TILE_COLUMNS).write(source.offset(row as isize * along).read());
                    }
                }
            }
        }
    }
    // SAFETY: the caller's promise; sizes are those of the dtypes.
    unsafe {
        match size {
            1 => copy(target, source, (across, along), (width, height)),
            2 => copy::<u16>(target.cast(), source.cast(), (across, along), (width, height)),
            4 => copy::<u32>(target.cast(), source.cast(), (across, along), (width, height)),
            _ => copy::<u64>(target.cast(), source.cast(), (across, along), (width, height)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::row::Scalar;

    fn add(shape: &[usize], output: (&mut [f32], &[isize]), x: (&[f32], &[isize]), y: (&[f32], &[isize])) {
        let operands = [
            Operand::new(output.0.as_mut_ptr().cast(), output.1, 4),
            Operand::input(x.0.as_ptr().cast(), x.1, 4),
            Operand::input(y.0.as_ptr().cast(), y.1, 4),
        ];
        let row = crate::binary::ADD.row(DType::F32).unwrap();
        // SAFETY: the tests' strides stay within their buffers.
        unsafe { for_each(shape, &operands, row, std::ptr::null(), 1.0) };
    }

    fn offset(index: usize, shape: &[usize], strides: &[isize]) -> usize {
        let (mut rest, mut offset) = (index, 0);
        for (&size, &stride) in shape.iter().zip(strides).rev() {
            offset += (rest % size) as isize * stride;
            rest /= size;
        }
        offset as usize
    }

    #[test]
    fn every_layout_gives_the_naive_result() {
        let buffer = |seed: usize| (0..70_000).map(|i| ((i * 37 + seed) % 101) as f32).collect::<Vec<f32>>();
        let (x, y) = (buffer(1), buffer(2));
        type Case<'a> = (&'a [usize], &'a [isize], &'a [isize], &'a [isize]);
        let cases: &[Case] = &[
            (&[], &[], &[], &[]),
            (&[1], &[7], &[3], &[0]),
            (&[5], &[1], &[1], &[0]),
            (&[1000], &[1], &[2], &[0]),
            (&[33, 17], &[17, 1], &[1, 33], &[17, 1]),
            (&[128, 128], &[128, 1], &[1, 128], &[0, 1]),
            (&[256, 256], &[256, 1], &[1, 256], &[1, 0]),
            (&[130, 96], &[1, 130], &[96, 1], &[96, 1]),
            (&[4, 1, 6, 5], &[30, 9, 5, 1], &[0, 3, 5, 1], &[30, 1, 1, 6]),
            (&[2, 3, 4, 5], &[60, 20, 5, 1], &[5, 10, 30, 1], &[0, 0, 0, 0]),
            (&[3, 70], &[140, 2], &[70, 1], &[1, 3]),
        ];
        for &(shape, so, sx, sy) in cases {
            let mut result = vec![-1.0; 70_000];
            add(shape, (&mut result, so), (&x, sx), (&y, sy));
            let count = shape.iter().product::<usize>();
            for index in 0..count {
                let expected = x[offset(index, shape, sx)] + y[offset(index, shape, sy)];
                assert_eq!(result[offset(index, shape, so)], expected, "{shape:?} at {index}");
            }
            assert_eq!(result.iter().filter(|&&value| value >= 0.0).count(), count, "{shape:?}");
        }
    }

    #[test]
    fn nothing_is_touched_where_there_is_nothing() {
        let mut result = [5.0f32];
        add(&[3, 0], (&mut result, &[0, 1]), (&[], &[0, 1]), (&[], &[0, 1]));
        assert_eq!(result, [5.0]);
    }

    #[test]
    fn the_output_may_be_an_input() {
        for count in [1usize, 5, 16, 1000] {
            let mut x: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let pointer = x.as_mut_ptr().cast::<u8>();
            let operands = [
                Operand::new(pointer, &[1], 4),
                Operand::new(pointer, &[1], 4),
                Operand::new(pointer, &[1], 4),
            ];
            // SAFETY: all operands are exactly the output.
            unsafe {
                for_each(
                    &[count],
                    &operands,
                    crate::binary::ADD.row(DType::F32).unwrap(),
                    std::ptr::null(),
                    1.0,
                );
            };
            assert!(x.iter().enumerate().all(|(i, &value)| value == 2.0 * i as f32));
        }
    }

    #[test]
    fn threads_do_not_change_results_and_all_elements_are_written() {
        let count = 300_000;
        let x: Vec<f32> = (0..count).map(|i| i as f32).collect();
        for shape in [vec![count], vec![300, 1000], vec![1000, 300]] {
            let strides: Vec<isize> = if shape.len() == 1 { vec![1] } else { vec![shape[1] as isize, 1] };
            let mut result = vec![-1.0f32; count];
            let operands = [
                Operand::new(result.as_mut_ptr().cast(), &strides, 4),
                Operand::input(x.as_ptr().cast(), &strides, 4),
            ];
            let scalar = Scalar::from(1.0);
            // SAFETY: contiguous operands of `count` elements.
            unsafe {
                let row = crate::binary::ADD_SCALAR.row(DType::F32).unwrap();
                for_each(&shape, &operands, row, std::ptr::from_ref(&scalar).cast(), 10.0);
            };
            assert!(result.iter().zip(&x).all(|(&value, &x)| value == x + 1.0));
        }
    }

    #[test]
    fn sixteen_bit_floats_go_through_f32() {
        use half::bf16;
        let x: Vec<bf16> = (0..600).map(|i| bf16::from_f32(i as f32 / 8.0)).collect();
        let mut result = vec![bf16::ZERO; 300];
        let operands = [
            Operand::new(result.as_mut_ptr().cast(), &[1], 2),
            Operand::input(x.as_ptr().cast(), &[2], 2),
            Operand::input(x.as_ptr().cast(), &[0], 2),
        ];
        // SAFETY: 300 elements at stride 2 of 600.
        unsafe {
            for_each(&[300], &operands, crate::binary::ADD.row(DType::BF16).unwrap(), std::ptr::null(), 1.0);
        };
        for i in 0..300 {
            assert_eq!(result[i], bf16::from_f32(x[2 * i].to_f32() + x[0].to_f32()));
        }
    }
}
