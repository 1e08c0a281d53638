//! The registry: one row per operation, from which come the Python functions and methods with their overload
//! resolution, the stubs, the table of operations in the docs, and the tests of derivatives.
//!
//! A row stands beside its operation; this module only defines what a row is and lists the families. Schemas are in
//! PyTorch's notation, because users read them in error messages and `help()`.

mod sample;
mod value;

pub use sample::{Sample, Sampler};
pub use value::{Arguments, Generator, Value};

use crate::error::Result;

/// Which names an operation gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form(u8);

impl Form {
    /// `torch.name(...)`.
    pub const FUNCTION: Self = Self(1);
    /// `tensor.name(...)`.
    pub const METHOD: Self = Self(2);
    /// `tensor.name_(...)` and `torch.name_(...)`, writing over the first argument.
    pub const IN_PLACE: Self = Self(4);
    /// `torch.name(..., out=tensor)`.
    pub const OUT: Self = Self(8);
    /// `torch.nn.functional`'s private functions (`torch._C._nn.name`).
    pub const NN: Self = Self(16);
    /// `torch.special.name`.
    pub const SPECIAL: Self = Self(32);
    /// `torch.linalg.name`.
    pub const LINALG: Self = Self(64);
    /// A function and a method.
    pub const FUNCTION_AND_METHOD: Self = Self(1 | 2);
    /// A function (also with `out=`), a method, and an in-place method.
    pub const ALL: Self = Self(1 | 2 | 4 | 8);

    /// Both sets of names.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all names of `other` are among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One signature of an operation.
#[derive(Clone, Copy)]
pub struct Overload {
    /// PyTorch's notation: `sum(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor`.
    pub schema: &'static str,
    /// Calls the operation on parsed arguments, in the order of the schema.
    pub call: fn(&Arguments<'_>) -> Result<Value>,
}

/// A row of the registry.
pub struct Entry {
    /// The operation's name.
    pub name: &'static str,
    /// Which names it gets.
    pub forms: Form,
    /// Its signatures, in the order in which they are tried.
    pub overloads: &'static [Overload],
    /// What it computes: shapes, dtypes, formula, errors.
    pub documentation: &'static str,
    /// A Python example, as a doctest.
    pub example: &'static str,
    /// Sample arguments for the tests, in the dtype that the sampler names.
    pub samples: fn(&Sampler) -> Vec<Sample>,
    /// Whether its results can require a gradient.
    pub differentiable: bool,
    /// A reason for which a check of the registry does not apply: (check, reason).
    pub exempt: &'static [(&'static str, &'static str)],
}

impl Entry {
    /// What most rows share.
    pub const DEFAULT: Self = Self {
        name: "",
        forms: Form::FUNCTION_AND_METHOD,
        overloads: &[],
        documentation: "",
        example: "",
        samples: |_| Vec::new(),
        differentiable: true,
        exempt: &[],
    };

    /// The reason for which a check does not apply to this row.
    pub fn exempt_from(&self, check: &str) -> Option<&'static str> {
        self.exempt.iter().find(|(name, _)| *name == check).map(|(_, reason)| *reason)
    }
}

/// Every row.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

static FAMILIES: &[&[Entry]] = &[
    crate::ops::copy::OPERATIONS,
    crate::ops::unary::exponential::OPERATIONS,
    crate::ops::unary::trigonometric::OPERATIONS,
    crate::ops::unary::rounding::OPERATIONS,
    crate::ops::unary::special::OPERATIONS,
    crate::ops::unary::other::OPERATIONS,
    crate::ops::unary::predicate::OPERATIONS,
    crate::ops::binary::OPERATIONS,
    crate::ops::division::DIVISION,
    crate::ops::division::OPERATIONS,
    crate::ops::power::OPERATIONS,
    crate::ops::comparison::COMPARISONS,
    crate::ops::comparison::CLOSENESS,
    crate::ops::bitwise::BITWISE,
    crate::ops::bitwise::LOGICAL,
    crate::ops::bitwise::NOT,
    crate::ops::select::OPERATIONS,
    crate::ops::bounds::EXTREMA,
    crate::ops::bounds::CLAMPS,
    crate::ops::pairs::OPERATIONS,
    crate::ops::ternary::OPERATIONS,
    crate::ops::activation::OPERATIONS,
    crate::ops::reduce::OPERATIONS,
    crate::ops::moments::OPERATIONS,
    crate::ops::extremes::EXTREMES,
    crate::ops::extremes::OPERATIONS,
    crate::ops::extreme_places::OPERATIONS,
    crate::ops::logic::TRUTHS,
    crate::ops::logic::OPERATIONS,
    crate::ops::norms::OPERATIONS,
    crate::ops::products::OPERATIONS,
    crate::ops::sorting::OPERATIONS,
    crate::ops::softmax::OPERATIONS,
    crate::ops::losses::OPERATIONS,
    crate::ops::binary_losses::OPERATIONS,
    crate::ops::cells::OPERATIONS,
    crate::ops::class_losses::OPERATIONS,
    crate::ops::matmul::OPERATIONS,
    crate::ops::vectors::OPERATIONS,
    crate::ops::matmul_add::OPERATIONS,
    crate::ops::linear::OPERATIONS,
    crate::ops::join::OPERATIONS,
    crate::ops::strided::OPERATIONS,
    crate::ops::view::shape::OPERATIONS,
    crate::ops::view::order::OPERATIONS,
    crate::ops::view::part::OPERATIONS,
    crate::ops::view::pieces::OPERATIONS,
    crate::ops::view::unfold::OPERATIONS,
    crate::ops::rearrange::OPERATIONS,
    crate::ops::stacking::OPERATIONS,
    crate::ops::create::OPERATIONS,
    crate::ops::index::OPERATIONS,
    crate::ops::gather::OPERATIONS,
    crate::ops::mask::OPERATIONS,
    crate::ops::random::OPERATIONS,
    crate::ops::range::OPERATIONS,
];
