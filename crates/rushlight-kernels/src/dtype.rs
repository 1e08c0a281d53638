//! Element types: the run-time [`DType`], the compile-time [`Element`], and the macros that lead from one to the
//! other.
//!
//! There is deliberately no "float or integer" dichotomy here: the questions that can be asked of a dtype are separate
//! predicates, so that complex dtypes can be added without meeting an `else` that means "integer".

use half::{bf16, f16};

/// The type of a tensor's elements. The discriminants index the kernels' tables and are contiguous from zero.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum DType {
    /// Truth values, one byte each, 0 or 1. Importers of foreign bytes normalise them.
    Bool,
    /// Unsigned 8-bit integers.
    U8,
    /// Signed 8-bit integers.
    I8,
    /// Signed 16-bit integers.
    I16,
    /// Signed 32-bit integers.
    I32,
    /// Signed 64-bit integers.
    I64,
    /// IEEE half precision.
    F16,
    /// The upper half of an `f32`.
    BF16,
    /// IEEE single precision.
    F32,
    /// IEEE double precision.
    F64,
}

impl DType {
    /// Number of dtypes: the length of tables indexed by `dtype as usize`.
    pub const COUNT: usize = 10;

    /// Every dtype, in the order of the discriminants.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Bool,
        Self::U8,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
    ];

    /// Bytes of one element.
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether elements are real floating-point numbers.
    #[inline]
    pub const fn is_floating_point(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Whether elements are integers; `include_bool` says whether truth values count.
    #[inline]
    pub const fn is_integral(self, include_bool: bool) -> bool {
        match self {
            Self::Bool => include_bool,
            Self::U8 | Self::I8 | Self::I16 | Self::I32 | Self::I64 => true,
            Self::F16 | Self::BF16 | Self::F32 | Self::F64 => false,
        }
    }

    /// Whether elements can be negative.
    #[inline]
    pub const fn is_signed(self) -> bool {
        !matches!(self, Self::Bool | Self::U8)
    }

    /// Whether elements are complex numbers (none yet; callers ask so that they need not change).
    #[inline]
    pub const fn is_complex(self) -> bool {
        false
    }

    /// Whether elements are 16-bit floating-point numbers, which are computed in `f32`.
    #[inline]
    pub const fn is_reduced_floating_point(self) -> bool {
        matches!(self, Self::F16 | Self::BF16)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A native element type. Conversions are PyTorch's casts: float to integer truncates, integer to integer wraps,
/// anything to `bool` is "differs from zero".
pub trait Element: sealed::Sealed + Copy + Send + Sync + PartialOrd + Default + 'static {
    /// The run-time name of this type.
    const DTYPE: DType;
    /// Converts from `f64`.
    fn from_f64(value: f64) -> Self;
    /// Converts to `f64`.
    fn to_f64(self) -> f64;
    /// Converts from `i64`, wrapping.
    fn from_i64(value: i64) -> Self;
    /// Converts to `i64`, truncating.
    fn to_i64(self) -> i64;
    /// Converts from `f32`.
    fn from_f32(value: f32) -> Self;
    /// Converts to `f32`.
    fn to_f32(self) -> f32;
    /// Whether the value is a NaN.
    fn is_nan(self) -> bool;
}

// Float to integer goes through `i64`, as compiled C++ does for the narrow types on x86: 300.0 becomes 44 as `u8`.
macro_rules! integer_element {
    ($($native:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $native {}
        impl Element for $native {
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn from_f64(value: f64) -> Self { float_to_i64(value) as $native }
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn from_i64(value: i64) -> Self { value as $native }
            #[inline(always)]
            fn to_i64(self) -> i64 { self as i64 }
            #[inline(always)]
            fn from_f32(value: f32) -> Self { float_to_i64(value as f64) as $native }
            #[inline(always)]
            fn to_f32(self) -> f32 { self as f32 }
            #[inline(always)]
            fn is_nan(self) -> bool { false }
        }
    )*};
}
integer_element!(u8 => U8, i8 => I8, i16 => I16, i32 => I32, i64 => I64);

/// x86's conversion: what does not fit, NaN included, becomes `i64::MIN`.
#[inline(always)]
fn float_to_i64(value: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

macro_rules! float_element {
    ($($native:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $native {}
        impl Element for $native {
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn from_f64(value: f64) -> Self { value as $native }
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn from_i64(value: i64) -> Self { value as $native }
            #[inline(always)]
            fn to_i64(self) -> i64 { float_to_i64(self as f64) }
            #[inline(always)]
            fn from_f32(value: f32) -> Self { value as $native }
            #[inline(always)]
            fn to_f32(self) -> f32 { self as f32 }
            #[inline(always)]
            fn is_nan(self) -> bool { self != self }
        }
    )*};
}
float_element!(f32 => F32, f64 => F64);

// PyTorch makes a 16-bit float from anything through `f32`, so a double is rounded twice; so do we.
macro_rules! half_element {
    ($($native:ty => $dtype:ident),*) => {$(
        impl sealed::Sealed for $native {}
        impl Element for $native {
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn from_f64(value: f64) -> Self { <$native>::from_f32(value as f32) }
            #[inline(always)]
            fn to_f64(self) -> f64 { <$native>::to_f32(self) as f64 }
            #[inline(always)]
            fn from_i64(value: i64) -> Self { <$native>::from_f32(value as f32) }
            #[inline(always)]
            fn to_i64(self) -> i64 { float_to_i64(<$native>::to_f32(self) as f64) }
            #[inline(always)]
            fn from_f32(value: f32) -> Self { <$native>::from_f32(value) }
            #[inline(always)]
            fn to_f32(self) -> f32 { <$native>::to_f32(self) }
            #[inline(always)]
            fn is_nan(self) -> bool { <$native>::is_nan(self) }
        }
    )*};
}
half_element!(f16 => F16, bf16 => BF16);

impl sealed::Sealed for bool {}
impl Element for bool {
    const DTYPE: DType = DType::Bool;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value != 0.0
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self as u8 as f64
    }
    #[inline(always)]
    fn from_i64(value: i64) -> Self {
        value != 0
    }
    #[inline(always)]
    fn to_i64(self) -> i64 {
        self as i64
    }
    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        value != 0.0
    }
    #[inline(always)]
    fn to_f32(self) -> f32 {
        self as u8 as f32
    }
    #[inline(always)]
    fn is_nan(self) -> bool {
        false
    }
}

/// Evaluates an expression with `$T` standing for the native type of a run-time dtype: any of the ten.
///
/// `$T` is a concrete type in each copy of the expression, so an inherent method goes before a trait's: write
/// `<T as Element>::from_f64(x)`, because half's own `from_f64` rounds otherwise than PyTorch does.
#[macro_export]
macro_rules! dispatch_all {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::DType::I16 => {
                type $T = i16;
                $body
            }
            $crate::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::DType::BF16 => {
                type $T = $crate::bf16;
                $body
            }
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}

/// As [`dispatch_all!`] for the four floating-point dtypes; for any other the expression after `else` is the result.
#[macro_export]
macro_rules! dispatch_float {
    ($dtype:expr, $T:ident => $body:expr, else $otherwise:expr) => {
        match $dtype {
            $crate::DType::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::DType::BF16 => {
                type $T = $crate::bf16;
                $body
            }
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            _ => $otherwise,
        }
    };
}

/// As [`dispatch_all!`] for the five integer dtypes, `bool` excluded; for any other the expression after `else` is the
/// result.
#[macro_export]
macro_rules! dispatch_integral {
    ($dtype:expr, $T:ident => $body:expr, else $otherwise:expr) => {
        match $dtype {
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::DType::I16 => {
                type $T = i16;
                $body
            }
            $crate::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            _ => $otherwise,
        }
    };
}

/// As [`dispatch_all!`] for every dtype but `bool`, for which the expression after `else` is the result.
#[macro_export]
macro_rules! dispatch_not_bool {
    ($dtype:expr, $T:ident => $body:expr, else $otherwise:expr) => {
        match $dtype {
            $crate::DType::Bool => $otherwise,
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::DType::I16 => {
                type $T = i16;
                $body
            }
            $crate::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::F16 => {
                type $T = $crate::f16;
                $body
            }
            $crate::DType::BF16 => {
                type $T = $crate::bf16;
                $body
            }
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_agree_with_the_native_types() {
        for dtype in DType::ALL {
            assert_eq!(dispatch_all!(dtype, T => size_of::<T>()), dtype.size());
            assert_eq!(dispatch_all!(dtype, T => <T as Element>::DTYPE), dtype);
            assert_eq!(DType::ALL[dtype as usize], dtype);
        }
    }

    #[test]
    fn casts_are_those_of_pytorch() {
        assert_eq!(u8::from_f64(300.0), 44);
        assert_eq!(u8::from_f64(-1.0), 255);
        assert_eq!(i32::from_f64(-2.9), -2);
        assert_eq!(i64::from_f64(f64::NAN), i64::MIN);
        assert_eq!(i8::from_i64(200), -56);
        assert!(bool::from_f64(0.5) && bool::from_f64(f64::NAN) && !bool::from_f64(-0.0));
    }
}
