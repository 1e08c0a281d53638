//! To be written.

#[cfg(feature = "viz")]
pub mod viz;
