//! Nodes that draw anew in each run.
//!
//! Every such node has a stream of its own, which begins with the session. Its seed comes from the graph's seed and the
//! node's (or, where none was given, the node's number), as in TensorFlow; the streams themselves are PyTorch's
//! generator, so they are not TensorFlow's bits.

use crate::DType;
use crate::error::{Result, bail};
use crate::tensor::Tensor;
use rushlight_kernels::random::Generator;

/// How a random node draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Distribution {
    Normal {
        mean: f64,
        deviation: f64,
    },
    /// Normal, drawn again where it is more than two deviations away.
    TruncatedNormal {
        mean: f64,
        deviation: f64,
    },
    /// In [low, high).
    Uniform {
        low: f64,
        high: f64,
    },
}

/// A random node.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    pub(super) distribution: Distribution,
    pub(super) shape: Vec<usize>,
    pub(super) dtype: DType,
    /// `None`: different in each session.
    pub(super) seed: Option<u64>,
}

impl Draw {
    /// The node's stream at the beginning of a session.
    pub(super) fn stream(&self) -> Generator {
        Generator::new(self.seed.unwrap_or_else(arbitrary_seed))
    }

    /// The next tensor of the stream.
    pub(super) fn draw(&self, stream: &mut Generator) -> Result<Tensor> {
        let count = self.shape.iter().product::<usize>();
        let values: Vec<f64> = (0..count).map(|_| self.distribution.number(stream)).collect();
        match self.dtype {
            DType::F64 => Tensor::from_vec(values, &self.shape),
            DType::F32 => Tensor::from_vec(
                values.iter().map(|&x| self.distribution.narrowed(x)).collect::<Vec<f32>>(),
                &self.shape,
            ),
            dtype if dtype.is_floating_point() => Tensor::from_vec(values, &self.shape)?.to_dtype(dtype),
            dtype => {
                bail!(Type, "random numbers of dtype {} cannot be drawn", super::node::tensorflow_name(dtype))
            }
        }
    }
}

impl Distribution {
    fn number(self, stream: &mut Generator) -> f64 {
        match self {
            Self::Normal { mean, deviation } => mean + deviation * stream.normal_f64(),
            Self::TruncatedNormal { mean, deviation } => loop {
                let x = stream.normal_f64();
                if x.abs() <= 2.0 {
                    return mean + deviation * x;
                }
            },
            Self::Uniform { low, high } => low + (high - low) * stream.uniform_f64(),
        }
    }

    /// The number in single precision; what rounds up to the excluded bound becomes the other one.
    fn narrowed(self, x: f64) -> f32 {
        match self {
            Self::Uniform { low, high } if x as f32 >= high as f32 => low as f32,
            _ => x as f32,
        }
    }
}

/// Mixes the graph's seed with the node's (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
pub(super) fn mixed_seed(graph: u64, node: u64) -> u64 {
    let mut z = graph.wrapping_add(node.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A seed that differs from call to call: the standard library's per-process randomness and a counter.
fn arbitrary_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::time::SystemTime::now())
}
