//! Memory for elements.
//!
//! Two problems, two caches. A small operation spends most of its time in `malloc` (15 ns for 128 bytes at alignment
//! 16, 75 to 94 at alignment 64), so blocks up to [`SMALL`] bytes are 16-byte aligned and kept in free lists of the
//! thread, without a lock. A large operation spends most of its time in page faults (16M additions: 37 ms with fresh
//! memory against 15), so larger blocks are 64-byte aligned and kept by the process, in order of their freeing, up to
//! [`CACHE_LIMIT`] bytes; the oldest go first.
//!
//! A block carries no header: whoever frees it says its size again, and the size determines its class. Blocks are plain
//! blocks of the system's allocator, so a block may be freed on any thread, and a thread that ends frees its lists.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::Mutex;

/// Blocks up to this many bytes are small.
pub const SMALL: usize = 1024;
/// Bytes of large blocks that are kept for reuse.
pub const CACHE_LIMIT: usize = 256 << 20;

const SMALL_STEP: usize = 16;
const SMALL_CLASSES: usize = SMALL / SMALL_STEP;
/// Blocks kept per small class and thread (at most 64 × 64 blocks of half a kilobyte on average: 2 MiB).
const SMALL_DEPTH: u32 = 64;
/// Entries of the large cache; the search is linear, a few nanoseconds against at least hundreds of the operation.
const LARGE_ENTRIES: usize = 128;
/// Blocks of at least this size ask for huge pages: a fresh gigabyte then costs 512 page faults and not 262,144.
const HUGE: usize = 4 << 20;

/// Allocates at least `bytes` bytes, uninitialised; zero bytes are allowed.
///
/// Aborts as Rust's allocations do where the system has no memory; see [`try_allocate`].
#[inline]
pub fn allocate(bytes: usize) -> NonNull<u8> {
    try_allocate(bytes)
        .unwrap_or_else(|| std::alloc::handle_alloc_error(layout(bytes).unwrap_or(Layout::new::<u8>())))
}

/// As [`allocate`], but returns `None` where the system has no memory.
#[inline]
pub fn try_allocate(bytes: usize) -> Option<NonNull<u8>> {
    if bytes <= SMALL { small_allocate(small_class(bytes)) } else { large_allocate(bytes, false) }
}

/// As [`try_allocate`], filled with zeros.
pub fn try_allocate_zeroed(bytes: usize) -> Option<NonNull<u8>> {
    if bytes <= SMALL {
        let block = try_allocate(bytes)?;
        // SAFETY: the block has at least this many bytes.
        unsafe { block.write_bytes(0, bytes) };
        Some(block)
    } else {
        large_allocate(bytes, true)
    }
}

/// As [`allocate`], filled with zeros.
pub fn allocate_zeroed(bytes: usize) -> NonNull<u8> {
    try_allocate_zeroed(bytes)
        .unwrap_or_else(|| std::alloc::handle_alloc_error(layout(bytes).unwrap_or(Layout::new::<u8>())))
}

/// Gives a block back.
///
/// # Safety
/// `block` came from one of this module's functions with the same `bytes`, and is not used afterwards.
#[inline]
pub unsafe fn deallocate(block: NonNull<u8>, bytes: usize) {
    if bytes <= SMALL {
        // SAFETY: the caller's promise: a block of this class.
        unsafe { small_deallocate(block, small_class(bytes)) }
    } else {
        // SAFETY: the caller's promise: a block of this size.
        unsafe { large_deallocate(block, bytes) }
    }
}

/// Frees the process's cached blocks and the calling thread's.
pub fn empty_cache() {
    let entries = lock().map(|mut cache| std::mem::take(&mut cache.entries)).unwrap_or_default();
    for (block, size) in entries {
        // SAFETY: a cached block is used by nobody, and was allocated with this size.
        unsafe { system_deallocate(block.0, size) };
    }
    let _ = LISTS.try_with(|lists| {
        // SAFETY: the lists are this thread's, and nothing below calls back into this module.
        unsafe { (*lists.0.get()).clear() };
    });
}

/// Bytes that the process's cache of large blocks holds.
pub fn cached_bytes() -> usize {
    lock().map_or(0, |cache| cache.entries.iter().map(|&(_, size)| size).sum())
}

#[inline(always)]
fn small_class(bytes: usize) -> usize {
    bytes.saturating_sub(1) / SMALL_STEP
}

#[inline]
fn small_layout(class: usize) -> Layout {
    let size = (class + 1) * SMALL_STEP;
    // SAFETY: the alignment is a power of two and the size is at most SMALL.
    unsafe { Layout::from_size_align_unchecked(size, SMALL_STEP) }
}

/// A thread's free lists: the first word of a free block points to the next one.
struct Lists {
    heads: [*mut u8; SMALL_CLASSES],
    depths: [u32; SMALL_CLASSES],
}

struct ThreadLists(UnsafeCell<Lists>);

impl Lists {
    fn clear(&mut self) {
        for class in 0..SMALL_CLASSES {
            while let Some(block) = NonNull::new(self.heads[class]) {
                // SAFETY: a listed block is free, its first word is the link, and its class gives its layout.
                unsafe {
                    self.heads[class] = block.cast::<*mut u8>().read();
                    std::alloc::dealloc(block.as_ptr(), small_layout(class));
                }
            }
            self.depths[class] = 0;
        }
    }
}

impl Drop for ThreadLists {
    fn drop(&mut self) {
        self.0.get_mut().clear();
    }
}

thread_local! {
    static LISTS: ThreadLists = const {
        ThreadLists(UnsafeCell::new(Lists {
            heads: [std::ptr::null_mut(); SMALL_CLASSES],
            depths: [0; SMALL_CLASSES],
        }))
    };
}

#[inline]
fn small_allocate(class: usize) -> Option<NonNull<u8>> {
    let listed = LISTS.try_with(|lists| {
        // SAFETY: the lists are this thread's, and no reference to them outlives this closure.
        let lists = unsafe { &mut *lists.0.get() };
        let block = NonNull::new(lists.heads[class])?;
        // SAFETY: a free block's first word is the link.
        lists.heads[class] = unsafe { block.cast::<*mut u8>().read() };
        lists.depths[class] -= 1;
        Some(block)
    });
    match listed {
        Ok(Some(block)) => Some(block),
        // Empty list, or a thread that is ending and whose lists are gone.
        // SAFETY: the size is not zero.
        _ => NonNull::new(unsafe { std::alloc::alloc(small_layout(class)) }),
    }
}

#[inline]
unsafe fn small_deallocate(block: NonNull<u8>, class: usize) {
    let listed = LISTS.try_with(|lists| {
        // SAFETY: as in `small_allocate`.
        let lists = unsafe { &mut *lists.0.get() };
        if lists.depths[class] >= SMALL_DEPTH {
            return false;
        }
        // SAFETY: the block is free and has room for a pointer, at alignment 16.
        unsafe { block.cast::<*mut u8>().write(lists.heads[class]) };
        lists.heads[class] = block.as_ptr();
        lists.depths[class] += 1;
        true
    });
    if listed != Ok(true) {
        // SAFETY: the caller's promise: a block of this class.
        unsafe { std::alloc::dealloc(block.as_ptr(), small_layout(class)) };
    }
}

/// Rounds a large size up to its class: eight steps per power of two, so at most an eighth is wasted.
fn large_size(bytes: usize) -> Option<usize> {
    let step = (bytes.checked_next_power_of_two()? / 16).max(64);
    bytes.checked_next_multiple_of(step).filter(|&size| isize::try_from(size).is_ok())
}

fn large_layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, if size >= HUGE { 2 << 20 } else { 64 }).ok()
}

fn layout(bytes: usize) -> Option<Layout> {
    if bytes <= SMALL { Some(small_layout(small_class(bytes))) } else { large_layout(large_size(bytes)?) }
}

#[derive(Clone, Copy)]
struct Block(NonNull<u8>);
// SAFETY: a cached block is memory that nobody uses.
unsafe impl Send for Block {}

struct Cache {
    /// (block, size of its class), oldest first.
    entries: Vec<(Block, usize)>,
}

static CACHE: Mutex<Cache> = Mutex::new(Cache { entries: Vec::new() });

/// The cache, or `None` where it cannot be had for now: another thread may have held it when this process was forked,
/// and then nobody ever gives it back. It is held for nanoseconds, so a few yields wait for everything else.
fn lock() -> Option<std::sync::MutexGuard<'static, Cache>> {
    use std::sync::TryLockError;
    for _ in 0..1000 {
        match CACHE.try_lock() {
            Ok(guard) => return Some(guard),
            // Nothing panics while the lock is held.
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

fn large_allocate(bytes: usize, zeroed: bool) -> Option<NonNull<u8>> {
    let size = large_size(bytes)?;
    let cached = lock().and_then(|mut cache| {
        let index = cache.entries.iter().rposition(|entry| entry.1 == size)?;
        Some(cache.entries.remove(index).0.0)
    });
    if let Some(block) = cached {
        if zeroed {
            // SAFETY: the block has `size` bytes.
            unsafe { block.write_bytes(0, bytes) };
        }
        return Some(block);
    }
    system_allocate(size, zeroed).or_else(|| {
        // Perhaps what is kept here is what is missing.
        empty_cache();
        system_allocate(size, zeroed)
    })
}

unsafe fn large_deallocate(block: NonNull<u8>, bytes: usize) {
    // The size was valid when the block was allocated.
    let size = large_size(bytes).unwrap_or(bytes);
    let mut surplus: smallvec::SmallVec<[(Block, usize); 8]> = smallvec::SmallVec::new();
    match lock() {
        Some(mut cache) if size <= CACHE_LIMIT / 2 => {
            let entries = &mut cache.entries;
            let mut total: usize = entries.iter().map(|&(_, size)| size).sum();
            let mut count = 0;
            while count < entries.len()
                && (total + size > CACHE_LIMIT || entries.len() - count >= LARGE_ENTRIES)
            {
                total -= entries[count].1;
                count += 1;
            }
            surplus.extend(entries.drain(..count));
            entries.push((Block(block), size));
        }
        _ => surplus.push((Block(block), size)),
    }
    for (block, size) in surplus {
        // SAFETY: used by nobody any more, and allocated with this size.
        unsafe { system_deallocate(block.0, size) };
    }
}

fn system_allocate(size: usize, zeroed: bool) -> Option<NonNull<u8>> {
    let layout = large_layout(size)?;
    // SAFETY: the size is not zero.
    let block = NonNull::new(unsafe {
        // For an alignment beyond the system's, Rust's zeroing writes every byte; below HUGE that is cheap.
        if zeroed { std::alloc::alloc_zeroed(layout) } else { std::alloc::alloc(layout) }
    })?;
    if size >= HUGE && !zeroed {
        advise_huge(block, size);
    }
    Some(block)
}

unsafe fn system_deallocate(block: NonNull<u8>, size: usize) {
    if let Some(layout) = large_layout(size) {
        // SAFETY: the caller's promise: a block that `system_allocate` made with this size.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) };
    }
}

/// Asks the system to back a block with huge pages. Advice only: a refusal changes nothing.
#[cfg(target_os = "linux")]
fn advise_huge(block: NonNull<u8>, size: usize) {
    const MADV_HUGEPAGE: i32 = 14;
    unsafe extern "C" {
        fn madvise(address: *mut std::ffi::c_void, length: usize, advice: i32) -> i32;
    }
    // SAFETY: the range is the block's whole pages (it is aligned to 2 MiB); the advice does not change contents.
    unsafe { madvise(block.as_ptr().cast(), size & !0xfff, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_block: NonNull<u8>, _size: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_reused() {
        for bytes in [0, 1, 16, 17, 1000, 1024, 1025, 4096, 100_000, 5 << 20] {
            let block = allocate(bytes);
            let alignment = if bytes <= SMALL { 16 } else { 64 };
            assert_eq!(block.as_ptr() as usize % alignment, 0, "{bytes}");
            // SAFETY: the block has `bytes` bytes and is freed once.
            unsafe {
                block.write_bytes(0xa5, bytes);
                deallocate(block, bytes);
            }
            let zeroed = allocate_zeroed(bytes);
            // SAFETY: as above; the bytes are initialised.
            unsafe {
                assert!((0..bytes).all(|i| zeroed.add(i).read() == 0));
                deallocate(zeroed, bytes);
            }
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(try_allocate(usize::MAX).is_none());
        assert!(try_allocate(isize::MAX as usize - 100).is_none());
        assert!(try_allocate_zeroed(1 << 62).is_none());
    }

    #[test]
    fn classes_waste_little() {
        for bytes in (SMALL + 1)..100_000 {
            let size = large_size(bytes).unwrap();
            assert!(size >= bytes && size - bytes <= (bytes / 8).max(64));
        }
    }

    #[test]
    fn blocks_may_be_freed_on_another_thread() {
        let blocks: Vec<(usize, usize)> =
            (0..500).map(|i| (i * 7, allocate(i * 7).as_ptr() as usize)).collect();
        std::thread::spawn(move || {
            for (bytes, block) in blocks {
                // SAFETY: allocated above with this size, freed once.
                unsafe { deallocate(NonNull::new(block as *mut u8).unwrap(), bytes) };
            }
        })
        .join()
        .unwrap();
    }
}
