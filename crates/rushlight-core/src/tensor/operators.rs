//! Rust's operators on tensors: `&x + &y`, `x * 2.0`, `-x`, `x += &y`.
//!
//! They are the methods of the same meaning, for programs that would rather read as formulas than handle every `?`; so
//! they panic where the method returns an error, with the same text and the line of the operator. Every mix of handles,
//! references and numbers is taken. Numbers are `i64` and `f64`, Python's two kinds, and no others: so a literal has one
//! type that it can have, and `let y = &x + 1` needs no annotation. `+=` and its like change the tensor in place, as in PyTorch: every handle and view
//! of it sees the change.

use super::Tensor;
use crate::error::Result;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// The result, or the panic that an operator promises.
#[track_caller]
fn expect(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(tensor) => tensor,
        // The help is part of the text: whoever reads a panic can do with it.
        Err(error) => panic!("{error:#}"),
    }
}

/// One operator between tensors, and between a tensor and numbers on its right.
macro_rules! operator {
    ($trait:ident, $function:ident, $assign:ident, $assign_function:ident, $in_place:ident) => {
        operator!(@pair $trait, $function, &Tensor, &Tensor);
        operator!(@pair $trait, $function, &Tensor, Tensor);
        operator!(@pair $trait, $function, Tensor, &Tensor);
        operator!(@pair $trait, $function, Tensor, Tensor);
        operator!(@assign $assign, $assign_function, $in_place, &Tensor);
        operator!(@assign $assign, $assign_function, $in_place, Tensor);
        operator!(@numbers $trait, $function, $assign, $assign_function, $in_place, i64, f64);
    };
    (@numbers $trait:ident, $function:ident, $assign:ident, $assign_function:ident, $in_place:ident, $($number:ty),*) => {$(
        operator!(@pair $trait, $function, &Tensor, $number);
        operator!(@pair $trait, $function, Tensor, $number);
        operator!(@assign $assign, $assign_function, $in_place, $number);
    )*};
    (@pair $trait:ident, $function:ident, $left:ty, $right:ty) => {
        impl $trait<$right> for $left {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, other: $right) -> Tensor {
                expect(Tensor::$function(&self, other))
            }
        }
    };
    (@assign $trait:ident, $function:ident, $in_place:ident, $right:ty) => {
        impl $trait<$right> for Tensor {
            #[track_caller]
            fn $function(&mut self, other: $right) {
                expect(Tensor::$in_place(self, other));
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign, add_);
operator!(Sub, sub, SubAssign, sub_assign, sub_);
operator!(Mul, mul, MulAssign, mul_assign, mul_);
operator!(Div, div, DivAssign, div_assign, div_);

/// A number on the left of an operator: `$number op tensor` is `$rule(tensor, number)`.
macro_rules! number_on_the_left {
    ($trait:ident, $function:ident, $rule:expr; $($number:ty),*) => {$(
        impl $trait<&Tensor> for $number {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, tensor: &Tensor) -> Tensor {
                let rule: fn(&Tensor, $number) -> Result<Tensor> = $rule;
                expect(rule(tensor, self))
            }
        }
        impl $trait<Tensor> for $number {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, tensor: Tensor) -> Tensor {
                let rule: fn(&Tensor, $number) -> Result<Tensor> = $rule;
                expect(rule(&tensor, self))
            }
        }
    )*};
}

number_on_the_left!(Add, add, |x, number| x.add(number); i64, f64);
number_on_the_left!(Sub, sub, |x, number| x.rsub(number); i64, f64);
number_on_the_left!(Mul, mul, |x, number| x.mul(number); i64, f64);
// As PyTorch computes it, with a MulBackward0.
number_on_the_left!(Div, div, |x, number| Tensor::mul(&x.reciprocal()?, number); i64, f64);

impl Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        expect(Tensor::neg(self))
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        expect(Tensor::neg(&self))
    }
}

#[cfg(test)]
mod tests {
    use super::Tensor;

    fn values(x: &Tensor) -> Vec<f64> {
        x.to_f64_vec().expect("a dense tensor")
    }

    #[test]
    fn operators_take_handles_references_and_numbers() {
        let x = Tensor::from_slice(&[1.0f32, 2.0]);
        let y = Tensor::from_slice(&[3.0f32, 5.0]);
        assert_eq!(values(&(&x + &y)), [4.0, 7.0]);
        assert_eq!(values(&((&x * 2) - &y)), [-1.0, -1.0]);
        assert_eq!(values(&(2.0 * &x + 1.0)), [3.0, 5.0]);
        assert_eq!(values(&(-(&y / &x))), [-3.0, -2.5]);
        assert_eq!(values(&(1 - &x + 2.0 / &x)), [2.0, 0.0]);
    }

    #[test]
    fn assignment_changes_every_handle() {
        let mut x = Tensor::from_slice(&[1.0f32, 2.0]);
        let other = x.clone();
        x += 1;
        x *= &Tensor::from_slice(&[2.0f32, 3.0]);
        assert_eq!(values(&other), [4.0, 9.0]);
        assert_eq!(other.version(), 2);
    }

    #[test]
    #[should_panic(expected = "The size of tensor a (2) must match the size of tensor b (3)")]
    fn shapes_that_do_not_fit_panic_with_the_methods_text() {
        let _ = Tensor::from_slice(&[1.0f32; 2]) + Tensor::from_slice(&[1.0f32; 3]);
    }
}
