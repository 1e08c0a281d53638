//! Where PyTorch's signatures follow no rule: the lists, each with what it is for. Taken from the messages of
//! PyTorch 2.15.

/// Operations whose second overload (a number in place of the tensor) PyTorch does not show: the overload with the tensor
/// takes the number.
pub(super) const NUMBERS_AS_TENSORS: &[&str] = &["add", "sub", "mul", "div"];

/// Functions that take their tensors one by one: `broadcast_tensors(x, y)`.
pub(super) const VARIADIC_TENSORS: &[&str] = &[
    "broadcast_tensors",
    "meshgrid",
    "block_diag",
    "cartesian_prod",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
];

/// Overloads without `out=` of operations that have it otherwise: names, printed signature.
const WITHOUT_OUT: &[(&[&str], &str)] = &[
    (&["argsort"], "(Tensor input, int dim = -1, bool descending = False)"),
    (&["bernoulli"], "(Tensor input, float p, *, torch.Generator generator = None)"),
    (
        &[
            "bitwise_and",
            "bitwise_left_shift",
            "bitwise_or",
            "bitwise_right_shift",
            "bitwise_xor",
            "remainder",
        ],
        "(Number self, Tensor other)",
    ),
    (&["div", "divide"], "(Tensor input, Number other, *, str rounding_mode)"),
    (&["divide", "floor_divide", "multiply", "true_divide"], "(Tensor input, Number other)"),
    (&["median", "nanmedian"], "(Tensor input)"),
    (&["norm"], "(Tensor input, Number p = 2)"),
    (&["norm"], "(Tensor input, Number p, *, torch.dtype dtype)"),
    (&["prod", "sum"], "(Tensor input, *, torch.dtype dtype = None)"),
    (&["std", "var"], "(Tensor input, bool unbiased = True)"),
    (&["subtract"], "(Tensor input, Number other, Number alpha = 1)"),
    (&["where"], "(Tensor condition)"),
    (&["where"], "(Tensor condition, Number self, Tensor other)"),
    (&["where"], "(Tensor condition, Tensor input, Number other)"),
    (&["where"], "(Tensor condition, Number self, Number other)"),
];

/// Whether PyTorch's overload has no `out=`.
pub(super) fn is_without_out(name: &str, signature: &str) -> bool {
    WITHOUT_OUT.iter().any(|(names, text)| names.contains(&name) && *text == signature)
}

/// A signature from before arguments had one order: the numbers stand before the tensors. PyTorch accepts it, warns, and
/// shows it nowhere.
pub(super) struct Deprecated {
    pub(super) name: &'static str,
    pub(super) schema: &'static str,
    /// The places of the first overload's arguments in this schema; what is left over has its default.
    pub(super) order: &'static [usize],
}

pub(super) const DEPRECATED: &[Deprecated] = &[
    Deprecated {
        name: "add",
        schema: "add(Tensor self, Scalar alpha, Tensor other) -> Tensor",
        order: &[0, 2, 1],
    },
    Deprecated {
        name: "sub",
        schema: "sub(Tensor self, Scalar alpha, Tensor other) -> Tensor",
        order: &[0, 2, 1],
    },
    Deprecated {
        name: "addcdiv",
        schema: "addcdiv(Tensor self, Scalar value, Tensor tensor1, Tensor tensor2) -> Tensor",
        order: &[0, 2, 3, 1],
    },
    Deprecated {
        name: "addcmul",
        schema: "addcmul(Tensor self, Scalar value, Tensor tensor1, Tensor tensor2) -> Tensor",
        order: &[0, 2, 3, 1],
    },
    Deprecated {
        name: "addmm",
        schema: "addmm(Scalar beta, Tensor self, Scalar alpha, Tensor mat1, Tensor mat2) -> Tensor",
        order: &[1, 3, 4, 0, 2],
    },
    Deprecated {
        name: "addmm",
        schema: "addmm(Scalar beta, Tensor self, Tensor mat1, Tensor mat2) -> Tensor",
        order: &[1, 2, 3, 0],
    },
    Deprecated {
        name: "addmv",
        schema: "addmv(Scalar beta, Tensor self, Scalar alpha, Tensor mat, Tensor vec) -> Tensor",
        order: &[1, 3, 4, 0, 2],
    },
    Deprecated {
        name: "addmv",
        schema: "addmv(Scalar beta, Tensor self, Tensor mat, Tensor vec) -> Tensor",
        order: &[1, 2, 3, 0],
    },
    Deprecated {
        name: "addr",
        schema: "addr(Scalar beta, Tensor self, Scalar alpha, Tensor vec1, Tensor vec2) -> Tensor",
        order: &[1, 3, 4, 0, 2],
    },
    Deprecated {
        name: "addr",
        schema: "addr(Scalar beta, Tensor self, Tensor vec1, Tensor vec2) -> Tensor",
        order: &[1, 2, 3, 0],
    },
    Deprecated {
        name: "baddbmm",
        schema: "baddbmm(Scalar beta, Tensor self, Scalar alpha, Tensor batch1, Tensor batch2) -> Tensor",
        order: &[1, 3, 4, 0, 2],
    },
    Deprecated {
        name: "baddbmm",
        schema: "baddbmm(Scalar beta, Tensor self, Tensor batch1, Tensor batch2) -> Tensor",
        order: &[1, 2, 3, 0],
    },
    Deprecated {
        name: "addbmm",
        schema: "addbmm(Scalar beta, Tensor self, Scalar alpha, Tensor batch1, Tensor batch2) -> Tensor",
        order: &[1, 3, 4, 0, 2],
    },
    Deprecated {
        name: "addbmm",
        schema: "addbmm(Scalar beta, Tensor self, Tensor batch1, Tensor batch2) -> Tensor",
        order: &[1, 2, 3, 0],
    },
];
