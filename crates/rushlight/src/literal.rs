//! `tensor!`: tensors from nested literals, as `torch.tensor` makes them from nested lists.

use rushlight_core::{DType, Scalar, Tensor, default_dtype};

/// A number, or an array of literals: what [`tensor!`](macro@crate::tensor) takes.
///
/// Arrays of arrays have equal lengths by their type, so nothing can be ragged.
pub trait Literal {
    /// The dtype where none is given: Rust's default kinds of literals become PyTorch's, so that `1.0` (an `f64`) has
    /// the default dtype and `1` is an `i64`. A literal with another suffix keeps its dtype.
    fn dtype() -> DType;
    /// Appends the sizes of the dimensions.
    fn shape(shape: &mut Vec<usize>);
    /// Appends the numbers in row-major order.
    fn collect(&self, values: &mut Vec<Scalar>);
}

macro_rules! numbers {
    ($($number:ty => $dtype:expr),* $(,)?) => {$(
        impl Literal for $number {
            fn dtype() -> DType {
                $dtype
            }
            fn shape(_: &mut Vec<usize>) {}
            fn collect(&self, values: &mut Vec<Scalar>) {
                values.push((*self).into());
            }
        }
    )*};
}
numbers!(
    f64 => default_dtype(), f32 => DType::F32, i32 => DType::I64, i64 => DType::I64, i16 => DType::I16,
    i8 => DType::I8, u8 => DType::U8, bool => DType::Bool,
);

impl<L: Literal, const N: usize> Literal for [L; N] {
    fn dtype() -> DType {
        L::dtype()
    }
    fn shape(shape: &mut Vec<usize>) {
        shape.push(N);
        L::shape(shape);
    }
    fn collect(&self, values: &mut Vec<Scalar>) {
        for literal in self {
            literal.collect(values);
        }
    }
}

/// The tensor of a literal; what [`tensor!`](macro@crate::tensor) expands to.
pub fn from_literal<L: Literal>(literal: &L, dtype: Option<DType>) -> Tensor {
    let mut shape = Vec::new();
    L::shape(&mut shape);
    let mut values = Vec::with_capacity(shape.iter().product());
    literal.collect(&mut values);
    let dtype = dtype.unwrap_or_else(L::dtype);
    // The shape fits by the literal's type, it exists in memory already, and every dtype can be converted to.
    let tensor = match dtype {
        DType::F64 => {
            Tensor::from_vec(values.iter().map(|value| value.to_f64()).collect::<Vec<f64>>(), &shape)
        }
        DType::F32 => {
            Tensor::from_vec(values.iter().map(|value| value.to_f64() as f32).collect::<Vec<f32>>(), &shape)
        }
        DType::I64 => {
            Tensor::from_vec(values.iter().map(|value| value.to_i64()).collect::<Vec<i64>>(), &shape)
        }
        other if other.is_floating_point() => {
            Tensor::from_vec(values.iter().map(|value| value.to_f64()).collect::<Vec<f64>>(), &shape)
                .and_then(|tensor| tensor.to_dtype(other))
        }
        DType::Bool => {
            Tensor::from_vec(values.iter().map(|value| value.to_bool()).collect::<Vec<bool>>(), &shape)
        }
        other => Tensor::from_vec(values.iter().map(|value| value.to_i64()).collect::<Vec<i64>>(), &shape)
            .and_then(|tensor| tensor.to_dtype(other)),
    };
    tensor.expect("a literal is a tensor")
}

/// A tensor from a literal: a number, or nested arrays of numbers (`torch.tensor`).
///
/// Floating-point literals have the default dtype, integers are `i64`, as in Python; a literal with a suffix (`1.0_f32`,
/// `1_u8`) keeps its own, and a dtype after a comma decides.
///
/// ```
/// use rushlight::{DType, tensor};
///
/// assert_eq!(tensor!([[1.0, 2.0], [3.0, 4.0]]).to_string(), "tensor([[1., 2.],\n        [3., 4.]])");
/// assert_eq!(tensor!([1, 2]).dtype(), DType::I64);
/// assert_eq!(tensor!([1, 2], DType::F64).to_string(), "tensor([1., 2.], dtype=torch.float64)");
/// assert_eq!(tensor!(3.0).shape(), &[] as &[usize]);
/// ```
#[macro_export]
macro_rules! tensor {
    ($literal:expr $(,)?) => {
        $crate::literal::from_literal(&$literal, ::core::option::Option::None)
    };
    ($literal:expr, $dtype:expr $(,)?) => {
        $crate::literal::from_literal(&$literal, ::core::option::Option::Some($dtype))
    };
}
