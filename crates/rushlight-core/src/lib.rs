//! To be written.

pub mod printing;
