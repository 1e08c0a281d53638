//! What every command reports when it cannot go on: the reason, and the next step for the reader.

use std::fmt;

/// The result of a command or of one of its steps.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A reason and a next step; both are always there, because a message without the second costs the reader a search.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    reason: String,
    next_step: String,
}

impl Failure {
    pub(crate) fn new(reason: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { reason: reason.into(), next_step: next_step.into() }
    }

    /// The reason on one line, for tables.
    pub(crate) fn summary(&self) -> &str {
        self.reason.lines().next().unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "error: {}\nnext:  {}",
            self.reason,
            self.next_step.replace('\n', "\n       ").trim_end()
        )
    }
}
