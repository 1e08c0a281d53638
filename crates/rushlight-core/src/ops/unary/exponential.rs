//! Exponentials, logarithms, powers and roots.

use super::super::backward::sigmoid_backward;
use super::super::elementwise::{self, Promote};
use super::{Reads, rule, unary};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{
    Aliasing, Gradients, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::error::Result;
use crate::registry::{Entry, Form, Overload};
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::unary as kernels;
use smallvec::smallvec;
use std::f64::consts::{LN_2, LN_10};

unary! {
    /// The exponential of each element, `e^x`.
    Exp, exp, exp_, "exp",
    forms ALL, node "ExpBackward0", kernel EXP "exp_vml_cpu" cost 10.0, dtype Float,
    samples -2.0 .. 2.0,
    reads Y, |y, g| g.mul(y);
    >>> "torch.exp(torch.tensor([0., 1.]))", "tensor([1.0000, 2.7183])";

    /// Two to the power of each element, `2^x`.
    Exp2, exp2, exp2_, "exp2",
    forms WITH_SPECIAL, node "Exp2Backward0", kernel EXP2 "exp2_vml_cpu" cost 10.0, dtype Float,
    samples -2.0 .. 2.0,
    reads Y, |y, g| g.mul(y)?.mul(LN_2);
    >>> "torch.exp2(torch.tensor([0., 3.]))", "tensor([1., 8.])";

    /// `e^x - 1` of each element, exact for small `x` too.
    Expm1, expm1, expm1_, "expm1",
    forms WITH_SPECIAL, node "Expm1Backward0", kernel EXPM1 "expm1_vml_cpu" cost 12.0, dtype Float,
    samples -2.0 .. 2.0,
    reads Y, |y, g| g.mul(y.add(1)?);
    >>> "torch.expm1(torch.tensor([0., 1.]))", "tensor([0.0000, 1.7183])";

    /// The natural logarithm of each element; `-inf` at zero, `nan` below.
    Log, log, log_, "log",
    forms ALL, node "LogBackward0", kernel LOG "log_vml_cpu" cost 10.0, dtype Float,
    samples 0.3 .. 3.0,
    reads X, |x, g| g.div(x);
    >>> "torch.log(torch.tensor([1., 2.]))", "tensor([0.0000, 0.6931])";

    /// The logarithm to base 2 of each element.
    Log2, log2, log2_, "log2",
    forms ALL, node "Log2Backward0", kernel LOG2 "log2_vml_cpu" cost 10.0, dtype Float,
    samples 0.3 .. 3.0,
    reads X, |x, g| g.div(x.mul(LN_2)?);
    >>> "torch.log2(torch.tensor([1., 8.]))", "tensor([0., 3.])";

    /// The logarithm to base 10 of each element.
    Log10, log10, log10_, "log10",
    forms ALL, node "Log10Backward0", kernel LOG10 "log10_vml_cpu" cost 10.0, dtype Float,
    samples 0.3 .. 3.0,
    reads X, |x, g| g.div(x.mul(LN_10)?);
    >>> "torch.log10(torch.tensor([1., 100.]))", "tensor([0., 2.])";

    /// `log(1 + x)` of each element, exact for small `x` too.
    Log1p, log1p, log1p_, "log1p",
    forms WITH_SPECIAL, node "Log1PBackward0", kernel LOG1P "log1p_vml_cpu" cost 12.0, dtype Float,
    samples -0.5 .. 2.0,
    reads X, |x, g| g.div(x.add(1)?);
    >>> "torch.log1p(torch.tensor([0., 1.]))", "tensor([0.0000, 0.6931])";

    /// The square root of each element; `nan` below zero. Its derivative at zero is infinite.
    Sqrt, sqrt, sqrt_, "sqrt",
    forms ALL, node "SqrtBackward0", kernel SQRT "sqrt_vml_cpu" cost 4.0, dtype Float,
    samples 0.3 .. 3.0,
    reads Y, |y, g| g.div(y.mul(2)?);
    >>> "torch.sqrt(torch.tensor([4., 2.]))", "tensor([2.0000, 1.4142])";

    /// `1 / sqrt(x)` of each element.
    Rsqrt, rsqrt, rsqrt_, "rsqrt",
    forms ALL, node "RsqrtBackward0", kernel RSQRT "rsqrt_cpu" cost 5.0, dtype Float,
    samples 0.3 .. 3.0,
    reads Y, |y, g| g.mul(-0.5)?.mul(y.pow(3)?);
    >>> "torch.rsqrt(torch.tensor([4., 2.]))", "tensor([0.5000, 0.7071])";

    /// `1 / x` of each element.
    Reciprocal, reciprocal, reciprocal_, "reciprocal",
    forms ALL, node "ReciprocalBackward0", kernel RECIPROCAL "reciprocal_cpu" cost 2.0, dtype Float,
    samples 0.4 .. 2.5,
    reads Y, |y, g| g.neg()?.mul(y.mul(y)?);
    >>> "torch.reciprocal(torch.tensor([2., 4.]))", "tensor([0.5000, 0.2500])";

    /// The logistic function of each element, `1 / (1 + e^-x)`.
    Sigmoid, sigmoid, sigmoid_, "sigmoid",
    forms ALL, special "expit", node "SigmoidBackward0", kernel SIGMOID "sigmoid_cpu" cost 12.0, dtype Float,
    samples -3.0 .. 3.0,
    reads Y, |y, g| sigmoid_backward(g, y);
    >>> "torch.sigmoid(torch.tensor([0., 2.]))", "tensor([0.5000, 0.8808])";
}
