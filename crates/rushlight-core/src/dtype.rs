//! Data types, their PyTorch names, and promotion.

use std::sync::atomic::{AtomicU8, Ordering};

pub use rushlight_kernels::DType;

use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// PyTorch's names of a dtype.
pub trait DTypeNames {
    /// `torch.float32`.
    fn torch_name(self) -> &'static str;
    /// `Float`, as error messages say it.
    fn scalar_name(self) -> &'static str;
    /// `torch.FloatTensor`.
    fn tensor_type(self) -> &'static str;
    /// `float`: the C++ type, as some messages say it.
    fn c_name(self) -> &'static str;
}

impl DTypeNames for DType {
    fn torch_name(self) -> &'static str {
        match self {
            Self::Bool => "torch.bool",
            Self::U8 => "torch.uint8",
            Self::I8 => "torch.int8",
            Self::I16 => "torch.int16",
            Self::I32 => "torch.int32",
            Self::I64 => "torch.int64",
            Self::F16 => "torch.float16",
            Self::BF16 => "torch.bfloat16",
            Self::F32 => "torch.float32",
            Self::F64 => "torch.float64",
        }
    }

    fn scalar_name(self) -> &'static str {
        match self {
            Self::Bool => "Bool",
            Self::U8 => "Byte",
            Self::I8 => "Char",
            Self::I16 => "Short",
            Self::I32 => "Int",
            Self::I64 => "Long",
            Self::F16 => "Half",
            Self::BF16 => "BFloat16",
            Self::F32 => "Float",
            Self::F64 => "Double",
        }
    }

    fn tensor_type(self) -> &'static str {
        match self {
            Self::Bool => "torch.BoolTensor",
            Self::U8 => "torch.ByteTensor",
            Self::I8 => "torch.CharTensor",
            Self::I16 => "torch.ShortTensor",
            Self::I32 => "torch.IntTensor",
            Self::I64 => "torch.LongTensor",
            Self::F16 => "torch.HalfTensor",
            Self::BF16 => "torch.BFloat16Tensor",
            Self::F32 => "torch.FloatTensor",
            Self::F64 => "torch.DoubleTensor",
        }
    }

    fn c_name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "unsigned char",
            Self::I8 => "signed char",
            Self::I16 => "short int",
            Self::I32 => "int",
            Self::I64 => "long int",
            Self::F16 => "c10::Half",
            Self::BF16 => "c10::BFloat16",
            Self::F32 => "float",
            Self::F64 => "double",
        }
    }
}

static DEFAULT: AtomicU8 = AtomicU8::new(DType::F32 as u8);

/// The dtype of new floating-point tensors (`torch.get_default_dtype()`).
pub fn default_dtype() -> DType {
    match DEFAULT.load(Ordering::Relaxed) {
        x if x == DType::F64 as u8 => DType::F64,
        x if x == DType::F16 as u8 => DType::F16,
        x if x == DType::BF16 as u8 => DType::BF16,
        _ => DType::F32,
    }
}

/// Sets the dtype of new floating-point tensors.
pub fn set_default_dtype(dtype: DType) -> Result<()> {
    if !dtype.is_floating_point() {
        return Err(Error::type_error(
            "only floating-point types are supported as the default type".to_string(),
        ));
    }
    DEFAULT.store(dtype as u8, Ordering::Relaxed);
    Ok(())
}

/// The smallest dtype to which both can be converted (`torch.promote_types`).
pub fn promote_types(a: DType, b: DType) -> DType {
    use DType::{BF16, Bool, F16, F32, F64, I8, I16, U8};
    if a == b {
        return a;
    }
    match (a.is_floating_point(), b.is_floating_point()) {
        (true, false) => a,
        (false, true) => b,
        (true, true) => match (a, b) {
            (F64, _) | (_, F64) => F64,
            (F32, _) | (_, F32) | (F16, BF16) | (BF16, F16) => F32,
            _ => a,
        },
        (false, false) => match (a, b) {
            (Bool, other) | (other, Bool) => other,
            (U8, I8 | I16) | (I8, U8 | I16) | (I16, U8 | I8) => I16,
            _ if a.size() >= b.size() => a,
            _ => b,
        },
    }
}

/// Whether a value of the first dtype may be stored in the second (`torch.can_cast`).
pub fn can_cast(from: DType, to: DType) -> bool {
    if from.is_floating_point() && !to.is_floating_point() {
        return false;
    }
    !(from != DType::Bool && to == DType::Bool)
}

/// One operand's part in promotion, in the order of priority: a tensor with dimensions, a tensor without, a number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promotion {
    dimensioned: Option<DType>,
    zero_dim: Option<DType>,
    number: Option<DType>,
}

fn join(slot: &mut Option<DType>, dtype: DType) {
    *slot = Some(slot.map_or(dtype, |old| promote_types(old, dtype)));
}

fn category(dtype: DType) -> u8 {
    if dtype.is_floating_point() { 2 } else { u8::from(dtype != DType::Bool) }
}

/// A higher category of lower priority wins over a lower category of higher priority.
fn combine(higher: DType, lower: Option<DType>) -> DType {
    match lower {
        Some(lower) if category(lower) > category(higher) => promote_types(higher, lower),
        _ => higher,
    }
}

impl Promotion {
    /// Adds a tensor operand.
    pub fn tensor(&mut self, dtype: DType, rank: usize, wrapped_number: bool) -> &mut Self {
        if rank > 0 {
            join(&mut self.dimensioned, dtype);
        } else if wrapped_number {
            // A Python float is of the default dtype, whatever its tensor holds.
            join(&mut self.number, if dtype.is_floating_point() { default_dtype() } else { dtype });
        } else {
            join(&mut self.zero_dim, dtype);
        }
        self
    }

    /// Adds a Python number.
    pub fn scalar(&mut self, scalar: Scalar) -> &mut Self {
        join(&mut self.number, scalar.dtype());
        self
    }

    /// The dtype of the result (`torch.result_type`).
    pub fn result(&self) -> DType {
        match (self.dimensioned, self.zero_dim, self.number) {
            (None, None, None) => default_dtype(),
            (None, None, Some(n)) => n,
            (None, Some(z), n) => combine(z, n),
            (Some(d), z, n) => {
                let low = match (z, n) {
                    (None, n) => n,
                    (Some(z), n) => Some(combine(z, n)),
                };
                combine(d, low)
            }
        }
    }
}
