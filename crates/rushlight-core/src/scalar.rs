//! A number without a tensor: what Python's scalars become.

use crate::dtype::DType;

/// A bool, an integer or a floating-point number, with PyTorch's promotion as a "wrapped number": its category counts,
/// its width does not.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar {
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
}

impl Scalar {
    /// The value as `f64`.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Bool(b) => f64::from(u8::from(b)),
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }

    /// The value as `i64`, truncated towards zero.
    pub fn to_i64(self) -> i64 {
        match self {
            Self::Bool(b) => i64::from(b),
            Self::Int(i) => i,
            Self::Float(f) => f as i64,
        }
    }

    /// Whether the value is not zero.
    pub fn to_bool(self) -> bool {
        match self {
            Self::Bool(b) => b,
            Self::Int(i) => i != 0,
            Self::Float(f) => f != 0.0,
        }
    }

    /// Whether this is a floating-point number.
    pub fn is_floating_point(self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// Whether this is a bool.
    pub fn is_bool(self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// The dtype a tensor made from this number has (`torch.tensor(number).dtype`).
    pub fn dtype(self) -> DType {
        match self {
            Self::Bool(_) => DType::Bool,
            Self::Int(_) => DType::I64,
            Self::Float(_) => crate::dtype::default_dtype(),
        }
    }

    /// Whether the value equals the given number.
    pub fn equals(self, other: f64) -> bool {
        self.to_f64() == other
    }
}

macro_rules! from {
    ($($t:ty => $variant:ident as $as:ty),* $(,)?) => {
        $(impl From<$t> for Scalar {
            fn from(value: $t) -> Self { Self::$variant(value as $as) }
        })*
    };
}
from!(bool => Bool as bool, i8 => Int as i64, u8 => Int as i64, i16 => Int as i64, i32 => Int as i64, i64 => Int as i64,
      usize => Int as i64, f32 => Float as f64, f64 => Float as f64);
