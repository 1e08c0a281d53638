//! The one error type.
//!
//! An [`Error`] is a boxed, typed [`ErrorKind`] whose `Display` is PyTorch's message, whole, so that programs which
//! compare messages keep working. What Rushlight can add (the operation, the shapes, the likely mend) is kept apart in
//! [`Error::help`]: `{:#}` shows it in Rust, and Python attaches it with `add_note`. Rejected: a `String` error, which
//! cannot be matched on; and help inside the message, which would change what programs compare.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Result of every fallible operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The Python exception type that an error corresponds to; in Rust, the coarse class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exception {
    /// `RuntimeError`: shapes, autograd, devices.
    Runtime,
    /// `TypeError`: wrong kinds of arguments.
    Type,
    /// `ValueError`: right kind, wrong value.
    Value,
    /// `IndexError`: dimensions and indices out of range.
    Index,
    /// `NotImplementedError`: what does not exist, or not yet.
    NotImplemented,
    /// `ZeroDivisionError`: integer division by zero.
    ZeroDivision,
    /// `AssertionError`: internal checks that PyTorch spells so.
    Assertion,
    /// `AttributeError`.
    Attribute,
    /// `KeyError`.
    Key,
    /// `BufferError`: DLPack and buffer protocol.
    Buffer,
    /// `OverflowError`: a number does not fit its dtype.
    Overflow,
    /// `torch.OutOfMemoryError`, a `RuntimeError`.
    OutOfMemory,
}

/// What went wrong. Every variant prints as PyTorch's message.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Two shapes do not broadcast together.
    #[error(
        "The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension {dim}"
    )]
    Broadcast {
        /// Size of the first operand at `dim`.
        a: usize,
        /// Size of the second operand at `dim`.
        b: usize,
        /// The dimension of the result.
        dim: usize,
    },
    /// A dimension is outside `[-rank, rank)`.
    #[error("Dimension out of range (expected to be in range of [{low}, {high}], but got {got})")]
    Dimension {
        /// Smallest legal value.
        low: i64,
        /// Largest legal value.
        high: i64,
        /// The dimension that was given.
        got: i64,
    },
    /// A graph whose saved values were freed is used again.
    #[error(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward."
    )]
    GraphFreed,
    /// A saved value was changed in place before it was used.
    #[error(
        "one of the variables needed for gradient computation has been modified by an inplace operation: [{description}]{origin} is at version {found}; expected version {expected} instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )]
    SavedValueModified {
        /// Type and shape, as in `torch.FloatTensor [2]`.
        description: String,
        /// `, which is output 0 of Mul,` or a comma-less empty text.
        origin: String,
        /// The version when it was saved.
        expected: u32,
        /// The version now.
        found: u32,
    },
    /// `backward()` of a tensor with more than one element and no gradient given.
    #[error("grad can be implicitly created only for scalar outputs")]
    NonScalarBackward,
    /// `backward()` where nothing requires a gradient.
    #[error("element {index} of tensors does not require grad and does not have a grad_fn")]
    NoGrad {
        /// Which of the outputs.
        index: usize,
    },
    /// The derivative of an operation is not there.
    #[error("derivative for {operation} is not implemented")]
    NoDerivative {
        /// The operation, by PyTorch's name.
        operation: Cow<'static, str>,
    },
    /// Any other message of PyTorch's.
    #[error("{message}")]
    Message {
        /// The class of the error.
        exception: Exception,
        /// PyTorch's text.
        message: Cow<'static, str>,
    },
    /// A session could not run its graph. Prints as TensorFlow's message.
    #[error("{message}")]
    Session {
        /// Which of TensorFlow's errors it is.
        failure: SessionFailure,
        /// TensorFlow's text.
        message: String,
    },
    /// An error that users' code raised (in a hook or a custom function); the binding passes the same object through.
    #[error("{message}")]
    User {
        /// How the error prints.
        message: String,
        /// The error itself.
        payload: Arc<dyn Any + Send + Sync>,
    },
}

/// The class of a session's failure, by TensorFlow's name (`tf.errors`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionFailure {
    /// `FailedPreconditionError`: a variable has no value yet.
    FailedPrecondition,
    /// `InvalidArgumentError`: a placeholder was not fed.
    InvalidArgument,
}

impl ErrorKind {
    /// The class of exception that this kind is in Python.
    pub fn exception(&self) -> Exception {
        match self {
            Self::Dimension { .. } => Exception::Index,
            Self::Message { exception, .. } => *exception,
            Self::NoDerivative { .. } => Exception::NotImplemented,
            _ => Exception::Runtime,
        }
    }
}

struct Inner {
    kind: ErrorKind,
    help: Vec<String>,
}

/// An error: a kind, and what helps to mend it.
pub struct Error(Box<Inner>);

impl Error {
    /// An error of the given kind, without help.
    #[cold]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, help: Vec::new() }))
    }

    /// An error that is a message of PyTorch's.
    #[cold]
    pub fn message(exception: Exception, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Message { exception, message: message.into() })
    }

    /// A `RuntimeError` with the given message.
    #[cold]
    pub fn runtime(message: impl Into<Cow<'static, str>>) -> Self {
        Self::message(Exception::Runtime, message)
    }

    /// A `TypeError` with the given message.
    #[cold]
    pub fn type_error(message: impl Into<Cow<'static, str>>) -> Self {
        Self::message(Exception::Type, message)
    }

    /// A `ValueError` with the given message.
    #[cold]
    pub fn value(message: impl Into<Cow<'static, str>>) -> Self {
        Self::message(Exception::Value, message)
    }

    /// An `IndexError` with the given message.
    #[cold]
    pub fn index(message: impl Into<Cow<'static, str>>) -> Self {
        Self::message(Exception::Index, message)
    }

    /// A `NotImplementedError` with the given message.
    #[cold]
    pub fn not_implemented(message: impl Into<Cow<'static, str>>) -> Self {
        Self::message(Exception::NotImplemented, message)
    }

    /// Passes on an error of users' code, to come out as the same object.
    #[cold]
    pub fn user(message: impl Into<String>, payload: Arc<dyn Any + Send + Sync>) -> Self {
        Self::new(ErrorKind::User { message: message.into(), payload })
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The class of exception that this is in Python.
    pub fn exception(&self) -> Exception {
        self.0.kind.exception()
    }

    /// What helps: the operation, the shapes, the likely mend. Empty where nothing is known.
    pub fn help(&self) -> &[String] {
        &self.0.help
    }

    /// Adds a line of help.
    #[cold]
    #[must_use]
    pub fn with_help(mut self, line: impl Into<String>) -> Self {
        let line = line.into();
        if !matches!(self.0.kind, ErrorKind::User { .. }) && !self.0.help.contains(&line) {
            self.0.help.push(line);
        }
        self
    }
}

impl From<ErrorKind> for Error {
    #[cold]
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.kind, f)?;
        if f.alternate() {
            for line in &self.0.help {
                write!(f, "\n  help: {line}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.exception())
    }
}

impl std::error::Error for Error {}

/// Returns early with a PyTorch message: `bail!(Runtime, "…")`.
#[macro_export]
macro_rules! bail {
    ($exception:ident, $($format:tt)*) => {
        return Err($crate::Error::message($crate::Exception::$exception, format!($($format)*)))
    };
}

pub use crate::bail;
