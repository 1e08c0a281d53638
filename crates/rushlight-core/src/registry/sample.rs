//! Sample arguments for the tests of the registry.

use super::Value;
use crate::dtype::DType;
use crate::tensor::Tensor;
use std::cell::Cell;

/// Arguments of one call, for tests.
pub struct Sample {
    /// Which overload they are for.
    pub overload: usize,
    /// The arguments, in the order of the schema.
    pub arguments: Vec<Value>,
    /// What is special about them: `transposed`, `empty`.
    pub note: &'static str,
}

impl Sample {
    /// Arguments for the first overload.
    pub fn new(arguments: Vec<Value>) -> Self {
        Self { overload: 0, arguments, note: "" }
    }

    /// Arguments for another overload.
    #[must_use]
    pub fn overload(mut self, overload: usize) -> Self {
        self.overload = overload;
        self
    }
}

/// Makes sample tensors: the same ones in every run.
pub struct Sampler {
    dtype: DType,
    state: Cell<u64>,
}

impl Sampler {
    /// A sampler for a dtype.
    pub fn new(dtype: DType) -> Self {
        Self { dtype, state: Cell::new(0x9E37_79B9_7F4A_7C15) }
    }

    /// The dtype of the samples.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// A number in `[0, 1)`.
    fn uniform(&self) -> f64 {
        // xorshift64*, Vigna 2016.
        let mut x = self.state.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.state.set(x);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A row-major tensor with values in a range; integers where the dtype is integral.
    pub fn range(&self, shape: &[usize], low: f64, high: f64) -> Tensor {
        let values: Vec<f64> =
            (0..shape.iter().product()).map(|_| low + (high - low) * self.uniform()).collect();
        let tensor = Tensor::from_vec(values, shape).expect("the shape fits the values");
        tensor.to_dtype(self.dtype).expect("every dtype can be converted to").detach_quietly()
    }

    /// A row-major tensor with values in `[-2, 2)`.
    pub fn tensor(&self, shape: &[usize]) -> Tensor {
        self.range(shape, -2.0, 2.0)
    }

    /// A row-major tensor with positive values away from zero.
    pub fn positive(&self, shape: &[usize]) -> Tensor {
        self.range(shape, 0.5, 2.5)
    }

    /// Indices below a bound.
    pub fn indices(&self, shape: &[usize], bound: usize) -> Tensor {
        let values: Vec<i64> =
            (0..shape.iter().product()).map(|_| (self.uniform() * bound as f64) as i64).collect();
        Tensor::from_vec(values, shape).expect("the shape fits the values")
    }

    /// Truth values.
    pub fn mask(&self, shape: &[usize]) -> Tensor {
        let values: Vec<bool> = (0..shape.iter().product()).map(|_| self.uniform() < 0.5).collect();
        Tensor::from_vec(values, shape).expect("the shape fits the values")
    }

    /// Samples over a contiguous, a transposed, an expanded, an empty and a 0-d tensor with values in a range.
    pub fn each_layout_in(&self, low: f64, high: f64, f: impl Fn(Tensor) -> Vec<Value>) -> Vec<Sample> {
        let transposed = self.range(&[3, 2], low, high).t().expect("two dimensions");
        let expanded = self.range(&[3, 1], low, high).expand(&[3, 2]).expect("expands");
        [
            ("contiguous", self.range(&[2, 3], low, high)),
            ("transposed", transposed),
            ("expanded", expanded),
            ("empty", self.range(&[0, 2], low, high)),
            ("0-d", self.range(&[], low, high)),
        ]
        .into_iter()
        .map(|(note, x)| Sample { overload: 0, arguments: f(x), note })
        .collect()
    }

    /// Samples over the five layouts with values in `[-2, 2)`.
    pub fn each_layout(&self, f: impl Fn(Tensor) -> Vec<Value>) -> Vec<Sample> {
        self.each_layout_in(-2.0, 2.0, f)
    }

    /// Samples over pairs of tensors: equal shapes in five layouts, and broadcasting ones.
    pub fn pairs_in(
        &self,
        first: (f64, f64),
        second: (f64, f64),
        f: impl Fn(Tensor, Tensor) -> Vec<Value>,
    ) -> Vec<Sample> {
        let x = |shape: &[usize]| self.range(shape, first.0, first.1);
        let y = |shape: &[usize]| self.range(shape, second.0, second.1);
        [
            ("contiguous", x(&[2, 3]), y(&[2, 3])),
            ("transposed", x(&[3, 2]).t().expect("two dimensions"), y(&[2, 3])),
            ("expanded", x(&[2, 1]).expand(&[2, 3]).expect("expands"), y(&[2, 3])),
            ("broadcast", x(&[3]), y(&[2, 1])),
            ("empty", x(&[0, 3]), y(&[3])),
            ("0-d", x(&[]), y(&[])),
        ]
        .into_iter()
        .map(|(note, x, y)| Sample { overload: 0, arguments: f(x, y), note })
        .collect()
    }
}
