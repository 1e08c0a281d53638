//! The two small locks that every operation meets, and the per-thread state.
//!
//! A `std::sync::Mutex` costs 23 ns uncontended here (FACTS); what tensors guard are critical sections of a few
//! instructions (clone an `Arc`, read a pointer), so a one-byte spin lock serves and costs one atomic exchange.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// A lock for critical sections of a few instructions that run no users' code and take no other lock.
pub(crate) struct SpinLock<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only reachable through a guard, and `locked` admits one guard at a time.
unsafe impl<T: Send> Sync for SpinLock<T> {}
// SAFETY: moving the lock moves the value.
unsafe impl<T: Send> Send for SpinLock<T> {}

impl<T> SpinLock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> SpinGuard<'_, T> {
        if self.locked.swap(true, Ordering::Acquire) {
            self.wait();
        }
        SpinGuard { lock: self }
    }

    #[cold]
    fn wait(&self) {
        let mut spins = 0u32;
        while self.locked.swap(true, Ordering::Acquire) {
            spins += 1;
            if spins < 64 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

pub(crate) struct SpinGuard<'a, T> {
    lock: &'a SpinLock<T>,
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard exists, so this thread holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard exists and is borrowed mutably, so this thread alone holds the lock.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.locked.store(false, Ordering::Release);
    }
}

/// A counter spread over threads, so that counting every tensor costs a load and a store and no contended line.
pub(crate) struct Counter {
    slots: [Slot; SLOTS],
}

const SLOTS: usize = 64;

#[repr(align(64))]
struct Slot(AtomicIsize);

static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

impl Counter {
    pub(crate) const fn new() -> Self {
        Self { slots: [const { Slot(AtomicIsize::new(0)) }; SLOTS] }
    }

    #[inline]
    pub(crate) fn add(&self, thread: &crate::state::ThreadState, by: isize) {
        let index = thread.counter_slot.get();
        if index < SLOTS - 1 {
            // Only this thread writes the slot: no read-modify-write is needed.
            let slot = &self.slots[index].0;
            slot.store(slot.load(Ordering::Relaxed) + by, Ordering::Relaxed);
        } else {
            self.add_slowly(thread, by);
        }
    }

    #[cold]
    fn add_slowly(&self, thread: &crate::state::ThreadState, by: isize) {
        if thread.counter_slot.get() == usize::MAX {
            // The first 63 threads get a slot of their own; the rest share the last one atomically.
            thread.counter_slot.set(NEXT_THREAD.fetch_add(1, Ordering::Relaxed).min(SLOTS - 1));
            self.add(thread, by);
        } else {
            self.slots[SLOTS - 1].0.fetch_add(by, Ordering::Relaxed);
        }
    }

    pub(crate) fn total(&self) -> isize {
        self.slots.iter().map(|s| s.0.load(Ordering::Relaxed)).sum()
    }
}
