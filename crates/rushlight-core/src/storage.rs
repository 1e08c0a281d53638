//! Storage: the bytes behind tensors, shared by views, and the claims that keep safe code from racing on them.
//!
//! A storage is one allocation: a header (reference count, claim word, version) followed, for small tensors, by the
//! bytes themselves, so that a one-element tensor costs one allocation for its data.
//!
//! Note \[Claims\]: safe Rust must not be able to race on a buffer. The funnel, not the kernels, claims every storage it
//! touches: any number of readers, or one writer, in one atomic word. Claims are taken in the order of addresses and
//! held only while a kernel runs (no users' code runs under a claim), so they cannot deadlock; a thread that meets a
//! conflicting claim waits. Rejected: an error on conflict (Hogwild-style programs work in PyTorch), and a
//! reader-writer lock per tensor (views share bytes, so the claim must live with the bytes).

use crate::error::{Error, Exception, Result};
use rushlight_kernels::alloc;
use std::any::Any;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

/// Bytes up to this size live behind the header in the same allocation.
const INLINE: usize = 128;
const WRITER: u32 = 1 << 31;

#[repr(C, align(16))]
struct Header {
    references: AtomicUsize,
    /// Number of readers, or [`WRITER`].
    claim: AtomicU32,
    /// The version counter of every tensor that has none of its own. See Note [Versions] in `tensor/mod.rs`.
    version: AtomicU32,
    pointer: NonNull<u8>,
    bytes: usize,
    owner: Owner,
}

enum Owner {
    /// The bytes follow the header.
    Inline,
    /// The bytes are an allocation of their own.
    Allocated,
    /// The bytes belong to somebody else; dropping the box releases them.
    Foreign { read_only: bool, release: Box<dyn Any + Send + Sync> },
}

/// A shared handle to bytes.
pub(crate) struct Storage(NonNull<Header>);

// SAFETY: the header is shared by atomics only, and the bytes are guarded by claims (Note [Claims]).
unsafe impl Send for Storage {}
// SAFETY: as above.
unsafe impl Sync for Storage {}

const HEADER: usize = size_of::<Header>();

impl Storage {
    /// Bytes of unspecified content, aligned to 16 (small) or 64.
    #[inline]
    pub(crate) fn allocate(bytes: usize) -> Result<Self> {
        if bytes <= INLINE {
            let block = alloc::allocate(HEADER + bytes);
            // SAFETY: the block holds HEADER + bytes bytes, so its end is in bounds.
            let pointer = unsafe { block.add(HEADER) };
            return Ok(Self::write_header(block.cast(), pointer, bytes, Owner::Inline));
        }
        let Some(pointer) = alloc::try_allocate(bytes) else {
            return Err(Error::message(
                Exception::Runtime,
                format!(
                    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate {bytes} bytes. Error code 12 (Cannot allocate memory)"
                ),
            ));
        };
        Ok(Self::write_header(alloc::allocate(HEADER).cast(), pointer, bytes, Owner::Allocated))
    }

    /// Bytes set to zero.
    pub(crate) fn zeroed(bytes: usize) -> Result<Self> {
        let storage = Self::allocate(bytes)?;
        // SAFETY: freshly allocated and unshared; the range is the allocation.
        unsafe { storage.pointer().write_bytes(0, bytes) };
        Ok(storage)
    }

    /// Bytes that belong to somebody else, released by dropping `release`.
    ///
    /// # Safety
    /// `pointer` must be valid for reads (and, unless `read_only`, writes) of `bytes` bytes until `release` is
    /// dropped, and nobody may write them while a tensor reads them.
    pub(crate) unsafe fn foreign(
        pointer: NonNull<u8>,
        bytes: usize,
        read_only: bool,
        release: Box<dyn Any + Send + Sync>,
    ) -> Self {
        let owner = Owner::Foreign { read_only, release };
        Self::write_header(alloc::allocate(HEADER).cast(), pointer, bytes, owner)
    }

    #[inline]
    fn write_header(block: NonNull<Header>, pointer: NonNull<u8>, bytes: usize, owner: Owner) -> Self {
        // SAFETY: the block is at least HEADER bytes at alignment 16, and unshared.
        unsafe {
            block.write(Header {
                references: AtomicUsize::new(1),
                claim: AtomicU32::new(0),
                version: AtomicU32::new(0),
                pointer,
                bytes,
                owner,
            });
        }
        Self(block)
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the header lives as long as any handle.
        unsafe { self.0.as_ref() }
    }

    /// The first byte. Reading or writing needs a claim.
    #[inline]
    pub(crate) fn pointer(&self) -> *mut u8 {
        self.header().pointer.as_ptr()
    }

    /// Number of bytes.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        self.header().bytes
    }

    /// Whether the bytes may not be written.
    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self.header().owner, Owner::Foreign { read_only: true, .. })
    }

    /// Whether nobody else holds this storage.
    #[inline]
    pub(crate) fn is_unique(&self) -> bool {
        self.header().references.load(Ordering::Acquire) == 1
    }

    /// Something to compare storages by.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }

    #[inline]
    pub(crate) fn version(&self) -> &AtomicU32 {
        &self.header().version
    }

    /// Claims the bytes for reading; waits for a writer.
    #[inline]
    pub(crate) fn claim_read(&self) {
        let claim = &self.header().claim;
        if claim.fetch_add(1, Ordering::Acquire) >= WRITER {
            claim.fetch_sub(1, Ordering::Relaxed);
            self.wait_read();
        }
    }

    #[cold]
    fn wait_read(&self) {
        let claim = &self.header().claim;
        loop {
            std::thread::yield_now();
            let now = claim.load(Ordering::Relaxed);
            if now < WRITER
                && claim.compare_exchange(now, now + 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return;
            }
        }
    }

    #[inline]
    pub(crate) fn release_read(&self) {
        self.header().claim.fetch_sub(1, Ordering::Release);
    }

    /// Claims the bytes for writing; waits for readers and writers.
    pub(crate) fn claim_write(&self) {
        let claim = &self.header().claim;
        while claim.compare_exchange_weak(0, WRITER, Ordering::Acquire, Ordering::Relaxed).is_err() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn release_write(&self) {
        // Readers that are about to find out that they must wait may have added themselves for a moment.
        self.header().claim.fetch_sub(WRITER, Ordering::Release);
    }
}

impl Clone for Storage {
    #[inline]
    fn clone(&self) -> Self {
        self.header().references.fetch_add(1, Ordering::Relaxed);
        Self(self.0)
    }
}

impl Drop for Storage {
    #[inline]
    fn drop(&mut self) {
        if self.header().references.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        // An operation claims under the tensor's lock without taking a reference (see `Tensor::claimed`); the last
        // reference therefore waits until no claim is left.
        while self.header().claim.load(Ordering::Acquire) != 0 {
            std::thread::yield_now();
        }
        // SAFETY: this was the last handle, and no claim is left: nobody else can reach header or bytes.
        unsafe {
            let Header { pointer, bytes, owner, .. } = self.0.as_ptr().read();
            match owner {
                Owner::Inline => alloc::deallocate(self.0.cast(), HEADER + bytes),
                Owner::Allocated => {
                    alloc::deallocate(pointer, bytes);
                    alloc::deallocate(self.0.cast(), HEADER);
                }
                Owner::Foreign { release, .. } => {
                    drop(release);
                    alloc::deallocate(self.0.cast(), HEADER);
                }
            }
        }
    }
}
