//! Shapes of which some sizes are known only when the graph runs.
//!
//! Note \[Stand-ins\]: no operation has a second, symbolic shape rule. The shape of a node follows from running the
//! operation's own rule under a tracer with two different sizes in place of each unknown one: sizes of the result that
//! differ between the two are unknown, the others are known. Where the stand-ins do not fit beside known sizes
//! (`(?) + (5)` means that `?` is 1 or 5), other combinations are tried, and what all that fit agree on is known.

use super::rules::{Attributes, Call, Rule};
use super::trace::Trace;
use crate::DType;
use crate::autograd::GradMode;
use crate::error::Result;
use crate::scalar::Scalar;
use std::fmt;

/// The sizes of a node's dimensions; `None` is known only when the graph runs, and prints as `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticShape(Vec<Option<usize>>);

impl StaticShape {
    /// A shape from sizes.
    pub fn new(sizes: impl Into<Vec<Option<usize>>>) -> Self {
        Self(sizes.into())
    }

    /// A shape of which every size is known.
    pub fn known(sizes: &[usize]) -> Self {
        Self(sizes.iter().copied().map(Some).collect())
    }

    /// The sizes.
    pub fn sizes(&self) -> &[Option<usize>] {
        &self.0
    }

    /// The sizes, if all are known.
    pub fn to_known(&self) -> Option<Vec<usize>> {
        self.0.iter().copied().collect()
    }

    /// Whether a tensor of this shape may have that one.
    pub fn admits(&self, shape: &[usize]) -> bool {
        self.0.len() == shape.len()
            && self.0.iter().zip(shape).all(|(own, size)| own.is_none_or(|o| o == *size))
    }

    /// Whether some shape fits both.
    pub fn is_compatible_with(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.is_none() || b.is_none() || a == b)
    }

    /// `[?,10]`, as TensorFlow's kernels write shapes.
    pub fn in_brackets(&self) -> String {
        format!("[{}]", self.words().join(","))
    }

    fn words(&self) -> Vec<String> {
        self.0.iter().map(|size| size.map_or_else(|| "?".to_owned(), |s| s.to_string())).collect()
    }

    fn unknown(&self) -> usize {
        self.0.iter().filter(|size| size.is_none()).count()
    }

    /// The shape with its unknown sizes taken from an iterator.
    fn filled(&self, sizes: &mut impl Iterator<Item = usize>) -> Vec<usize> {
        self.0.iter().map(|size| size.or_else(|| sizes.next()).unwrap_or(1)).collect()
    }
}

impl fmt::Display for StaticShape {
    /// `(?, 10)`, as Python writes a tuple.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.words();
        match &words[..] {
            [only] => write!(f, "({only},)"),
            _ => write!(f, "({})", words.join(", ")),
        }
    }
}

/// What inference knows of an input.
pub(super) struct Operand<'a> {
    pub(super) shape: &'a StaticShape,
    pub(super) dtype: DType,
    /// The value of a constant number.
    pub(super) number: Option<Scalar>,
}

/// More combinations of sizes than this are not tried.
const MOST_COMBINATIONS: usize = 4096;

/// The shape and dtype of a rule's result. See Note [Stand-ins].
pub(super) fn infer(
    rule: &Rule,
    operands: &[Operand<'_>],
    attributes: &Attributes,
) -> Result<(StaticShape, DType)> {
    let unknown: usize = operands.iter().map(|o| o.shape.unknown()).sum();
    let attempt = |sizes: &mut dyn Iterator<Item = usize>| attempt(rule, operands, attributes, sizes);
    if unknown == 0 {
        let (shape, dtype) = attempt(&mut std::iter::empty())?;
        return Ok((StaticShape::known(&shape), dtype));
    }
    let known: Vec<usize> = operands.iter().flat_map(|o| o.shape.sizes()).copied().flatten().collect();
    // Multiples of 60 divide well, for rules that split or fold a dimension.
    let mut stand_ins = (1..).map(|k| 60 * k).filter(|size| !known.contains(size));
    let (first, second) = (stand_ins.next().unwrap_or(60), stand_ins.next().unwrap_or(120));
    let results = [attempt(&mut std::iter::repeat(first)), attempt(&mut std::iter::repeat(second))];
    let error = match results {
        [Ok((a, dtype)), Ok((b, _))] if a.len() == b.len() => return Ok((agreed(&[a, b]), dtype)),
        [Err(error), _] | [_, Err(error)] => Some(error),
        _ => None,
    };
    let mut candidates = vec![first, second, 1];
    candidates.extend(attributes.sizes_to_try(&known));
    candidates.extend(known);
    candidates.sort_unstable();
    candidates.dedup();
    let combinations = candidates.len().checked_pow(unknown as u32).filter(|&n| n <= MOST_COMBINATIONS);
    let mut shapes = Vec::new();
    let mut found = None;
    for combination in 0..combinations.unwrap_or(candidates.len()) {
        let mut rest = combination;
        let mut sizes = std::iter::from_fn(|| {
            let size = candidates[rest % candidates.len()];
            // With too many unknown sizes to try all, they are all taken to be the same.
            if combinations.is_some() {
                rest /= candidates.len();
            }
            Some(size)
        });
        if let Ok((shape, dtype)) = attempt(&mut sizes) {
            shapes.push(shape);
            found = Some(dtype);
        }
    }
    match (found, error) {
        (Some(dtype), _) if shapes.iter().all(|s| s.len() == shapes[0].len()) => Ok((agreed(&shapes), dtype)),
        (_, Some(error)) => Err(error),
        _ => Err(crate::Error::value(
            "the number of dimensions of the result depends on sizes that are unknown",
        )),
    }
}

fn attempt(
    rule: &Rule,
    operands: &[Operand<'_>],
    attributes: &Attributes,
    mut sizes: &mut dyn Iterator<Item = usize>,
) -> Result<(Vec<usize>, DType)> {
    let _mode = GradMode::set(false);
    let trace = Trace::new();
    let tensors = operands
        .iter()
        .map(|o| trace.input(&o.shape.filled(&mut sizes), o.dtype))
        .collect::<Result<Vec<_>>>()?;
    let numbers: Vec<Option<Scalar>> = operands.iter().map(|o| o.number).collect();
    let result = (rule.compute)(&Call { tensors: &tensors, numbers: &numbers, attributes })?;
    Ok((result.shape().to_vec(), result.dtype()))
}

/// The sizes that all shapes have in common.
fn agreed(shapes: &[Vec<usize>]) -> StaticShape {
    let (first, rest) = (&shapes[0], &shapes[1..]);
    let size = |d: usize| rest.iter().all(|shape| shape[d] == first[d]).then_some(first[d]);
    StaticShape((0..first.len()).map(size).collect())
}
