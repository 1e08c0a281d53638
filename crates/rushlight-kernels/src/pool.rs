//! The thread pool: our own, never rayon's global one, which a forked child hangs on and which cannot be resized.
//!
//! The pool is built at its first use, is remembered together with the process id, and is built anew in a forked child
//! and by [`set_num_threads`]. Work is handed out in chunks whose number depends on the work only, never on the number
//! of threads, wherever the split could show in the result.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

struct Entry {
    process: u32,
    threads: usize,
    pool: Arc<rayon::ThreadPool>,
}

// A plain mutex: it is taken for nanoseconds, by operations that take tens of microseconds. A fork may copy it locked,
// which only a fork during another thread's first parallel operation can do; the child then falls back to one thread.
static POOL: Mutex<Option<Entry>> = Mutex::new(None);
static WISHED: AtomicUsize = AtomicUsize::new(0);

/// Number of threads that an operation may use: what [`set_num_threads`] said, or else `RUSHLIGHT_NUM_THREADS`,
/// `OMP_NUM_THREADS`, or the number of cores that this process may use (its cgroup's quota counted).
#[inline]
pub fn num_threads() -> usize {
    match WISHED.load(Ordering::Relaxed) {
        0 => default_threads(),
        threads => threads,
    }
}

fn default_threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    *DEFAULT.get_or_init(|| {
        let from =
            |name| std::env::var(name).ok()?.trim().parse::<usize>().ok().filter(|&threads| threads > 0);
        // `available_parallelism` reads the affinity mask and the cgroup quota.
        from("RUSHLIGHT_NUM_THREADS")
            .or_else(|| from("OMP_NUM_THREADS"))
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    })
}

/// Sets the number of threads. The results of operations do not depend on it.
pub fn set_num_threads(threads: usize) {
    WISHED.store(threads.max(1), Ordering::Relaxed);
}

/// The pool of this process, or `None` where work must stay on the calling thread.
fn pool() -> Option<Arc<rayon::ThreadPool>> {
    let threads = num_threads();
    if threads == 1 {
        return None;
    }
    let process = std::process::id();
    let mut entry = POOL.try_lock().ok()?;
    if let Some(entry) = entry.as_ref()
        && entry.process == process
        && entry.threads == threads
    {
        return Some(Arc::clone(&entry.pool));
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("rushlight-{index}"))
        .build()
        .ok()?;
    let pool = Arc::new(pool);
    let previous = entry.replace(Entry { process, threads, pool: Arc::clone(&pool) });
    if let Some(previous) = previous
        && previous.process != process
    {
        // The parent's pool: its threads do not exist here, and dropping it would wake them.
        std::mem::forget(previous);
    }
    Some(pool)
}

/// Whether the calling thread works for the pool; nested parallel work runs in place.
#[inline]
pub fn in_parallel_region() -> bool {
    rayon::current_thread_index().is_some()
}

/// Calls `work(chunk)` for every chunk below `chunks`, on the pool where there is one. A panic in `work` reaches the
/// caller.
pub fn parallel(chunks: usize, work: &(dyn Fn(usize) + Sync)) {
    if chunks > 1
        && !in_parallel_region()
        && let Some(pool) = pool()
    {
        pool.install(|| split(0, chunks, work));
        return;
    }
    for chunk in 0..chunks {
        work(chunk);
    }
}

fn split(start: usize, end: usize, work: &(dyn Fn(usize) + Sync)) {
    if end - start <= 1 {
        if start < end {
            work(start);
        }
        return;
    }
    let middle = start + (end - start) / 2;
    rayon::join(|| split(start, middle, work), || split(middle, end, work));
}

/// Runs `work` inside the pool, for libraries that are parallel by rayon themselves. `work` gets the number of threads.
pub fn install<R: Send>(work: impl FnOnce(usize) -> R + Send) -> R {
    if !in_parallel_region()
        && let Some(pool) = pool()
    {
        let threads = pool.current_num_threads();
        return pool.install(|| work(threads));
    }
    work(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_runs_once() {
        let seen: Vec<AtomicUsize> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        parallel(100, &|chunk| {
            seen[chunk].fetch_add(1, Ordering::Relaxed);
        });
        assert!(seen.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        parallel(0, &|_| unreachable!());
    }

    #[test]
    fn nested_work_runs_in_place() {
        let total = AtomicUsize::new(0);
        parallel(4, &|_| {
            parallel(4, &|_| {
                total.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(total.load(Ordering::Relaxed), 16);
    }
}
