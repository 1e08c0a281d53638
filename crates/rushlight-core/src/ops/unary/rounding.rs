//! Sign, magnitude and rounding.

use super::super::backward::threshold_backward;
use super::super::elementwise::{self, Promote};
use super::{Reads, rule, unary};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Gradients, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::error::Result;
use crate::registry::{Entry, Form, Overload};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::unary as kernels;
use smallvec::smallvec;

unary! {
    /// The negative of each element, `-x`.
    Neg, neg, neg_, "neg" or "negative",
    forms ALL, node "NegBackward0", kernel NEG "neg_cpu" cost 1.0, dtype Common,
    refuses bool "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
    samples -2.0 .. 2.0,
    reads Nothing, |g| g.neg();
    >>> "torch.neg(torch.tensor([1., -2.]))", "tensor([-1.,  2.])";

    /// The absolute value of each element; its derivative at zero is taken as zero.
    Abs, abs, abs_, "abs" or "absolute",
    forms ALL, node "AbsBackward0", kernel ABS "abs_cpu" cost 1.0, dtype Common,
    refuses bool "\"abs_cpu\" not implemented for 'Bool'",
    samples 0.3 .. 2.0,
    reads X, |x, g| g.mul(x.sgn()?);
    >>> "torch.abs(torch.tensor([1., -2.]))", "tensor([1., 2.])";

    /// The sign of each element: -1, 0 or 1. Its derivative is zero.
    Sign, sign, sign_, "sign",
    forms ALL, node "SignBackward0", kernel SIGN "sign_cpu" cost 1.0, dtype Common,
    samples 0.3 .. 2.0,
    reads Nothing, |g| g.zeros_like();
    >>> "torch.sign(torch.tensor([3., 0., -2.]))", "tensor([ 1.,  0., -1.])";

    /// `max(x, 0)` of each element; its derivative at zero is taken as zero.
    Relu, relu, relu_, "relu",
    forms ALL, node "ReluBackward0", kernel RELU "clamp_min_scalar_cpu" cost 1.0, dtype Common,
    refuses bool "Boolean inputs not supported for relu",
    samples 0.3 .. 2.0,
    reads Y, |y, g| threshold_backward(g, y, Scalar::Int(0));
    >>> "torch.relu(torch.tensor([1., -2.]))", "tensor([1., 0.])";

    /// The largest integer not above each element. Its derivative is zero.
    Floor, floor, floor_, "floor",
    forms ALL, node "FloorBackward0", kernel FLOOR "floor_vml_cpu" cost 1.0, dtype Common,
    samples 0.1 .. 0.9,
    reads Nothing, |g| g.zeros_like();
    >>> "torch.floor(torch.tensor([1.5, -1.5]))", "tensor([ 1., -2.])";

    /// The smallest integer not below each element. Its derivative is zero.
    Ceil, ceil, ceil_, "ceil",
    forms ALL, node "CeilBackward0", kernel CEIL "ceil_vml_cpu" cost 1.0, dtype Common,
    samples 0.1 .. 0.9,
    reads Nothing, |g| g.zeros_like();
    >>> "torch.ceil(torch.tensor([1.5, -1.5]))", "tensor([ 2., -1.])";

    /// Each element without its fraction. Its derivative is zero.
    Trunc, trunc, trunc_, "trunc" or "fix",
    forms ALL, node "TruncBackward0", kernel TRUNC "trunc_vml_cpu" cost 1.0, dtype Common,
    samples 0.1 .. 0.9,
    reads Nothing, |g| g.zeros_like();
    >>> "torch.trunc(torch.tensor([1.5, -1.5]))", "tensor([ 1., -1.])";

    /// The fraction of each element, with its sign. Its derivative is one.
    Frac, frac, frac_, "frac",
    forms ALL, node "FracBackward0", kernel FRAC "frac_cpu" cost 1.0, dtype Common,
    samples 0.1 .. 0.9,
    reads Nothing, |g| Ok(g.clone());
    >>> "torch.frac(torch.tensor([1.5, -2.25]))", "tensor([ 0.5000, -0.2500])";
}
