//! Random generators as tensors' operations share them: the streams are the kernels', the sharing is here.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

pub use rushlight_kernels::random::{Generator as Stream, State};

/// A random generator that several owners share.
pub type Generator = Arc<Mutex<Stream>>;

static DEFAULT: LazyLock<Generator> = LazyLock::new(Generator::default);

/// The generator of every operation that is given none (`torch.default_generator`).
pub fn default_generator() -> &'static Generator {
    &DEFAULT
}

/// The stream of a generator, for as long as the guard lives.
pub fn lock(generator: &Generator) -> MutexGuard<'_, Stream> {
    // A stream is valid at every moment: a panic elsewhere cannot have left it half changed.
    generator.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the default generator's stream anew (`torch.manual_seed`).
///
/// ```
/// use rushlight_core::random;
/// random::manual_seed(0);
/// assert_eq!(random::lock(random::default_generator()).initial_seed(), 0);
/// ```
pub fn manual_seed(seed: u64) {
    lock(&DEFAULT).manual_seed(seed);
}
