//! Circular and hyperbolic functions and their inverses.

use super::super::backward::tanh_backward;
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

unary! {
    /// The sine of each element, in radians.
    Sin, sin, sin_, "sin",
    forms ALL, node "SinBackward0", kernel SIN "sin_vml_cpu" cost 10.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.mul(x.cos()?);
    >>> "torch.sin(torch.tensor([0., 1.]))", "tensor([0.0000, 0.8415])";

    /// The cosine of each element, in radians.
    Cos, cos, cos_, "cos",
    forms ALL, node "CosBackward0", kernel COS "cos_vml_cpu" cost 10.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.mul(x.sin()?.neg()?);
    >>> "torch.cos(torch.tensor([0., 1.]))", "tensor([1.0000, 0.5403])";

    /// The tangent of each element, in radians.
    Tan, tan, tan_, "tan",
    forms ALL, node "TanBackward0", kernel TAN "tan_vml_cpu" cost 14.0, dtype Float,
    samples -1.2 .. 1.2,
    reads Y, |y, g| g.mul(y.pow(2)?.add(1)?);
    >>> "torch.tan(torch.tensor([0., 1.]))", "tensor([0.0000, 1.5574])";

    /// The inverse sine of each element, in radians; `nan` outside of `[-1, 1]`.
    Asin, asin, asin_, "asin" or "arcsin",
    forms ALL, node "AsinBackward0", kernel ASIN "asin_vml_cpu" cost 14.0, dtype Float,
    samples -0.8 .. 0.8,
    reads X, |x, g| g.mul(x.neg()?.mul(x)?.add(1)?.rsqrt()?);
    >>> "torch.asin(torch.tensor([0., 1.]))", "tensor([0.0000, 1.5708])";

    /// The inverse cosine of each element, in radians; `nan` outside of `[-1, 1]`.
    Acos, acos, acos_, "acos" or "arccos",
    forms ALL, node "AcosBackward0", kernel ACOS "acos_vml_cpu" cost 14.0, dtype Float,
    samples -0.8 .. 0.8,
    reads X, |x, g| g.mul(x.neg()?.mul(x)?.add(1)?.rsqrt()?.neg()?);
    >>> "torch.acos(torch.tensor([0., 1.]))", "tensor([1.5708, 0.0000])";

    /// The inverse tangent of each element, in radians.
    Atan, atan, atan_, "atan" or "arctan",
    forms ALL, node "AtanBackward0", kernel ATAN "atan_vml_cpu" cost 14.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.div(x.mul(x)?.add(1)?);
    >>> "torch.atan(torch.tensor([0., 1.]))", "tensor([0.0000, 0.7854])";

    /// The hyperbolic sine of each element.
    Sinh, sinh, sinh_, "sinh",
    forms ALL, node "SinhBackward0", kernel SINH "sinh_vml_cpu" cost 14.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.mul(x.cosh()?);
    >>> "torch.sinh(torch.tensor([0., 1.]))", "tensor([0.0000, 1.1752])";

    /// The hyperbolic cosine of each element.
    Cosh, cosh, cosh_, "cosh",
    forms ALL, node "CoshBackward0", kernel COSH "cosh_vml_cpu" cost 14.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.mul(x.sinh()?);
    >>> "torch.cosh(torch.tensor([0., 1.]))", "tensor([1.0000, 1.5431])";

    /// The hyperbolic tangent of each element.
    Tanh, tanh, tanh_, "tanh",
    forms ALL, node "TanhBackward0", kernel TANH "tanh_vml_cpu" cost 12.0, dtype Float,
    samples -2.0 .. 2.0,
    reads Y, |y, g| tanh_backward(g, y);
    >>> "torch.tanh(torch.tensor([0., 1.]))", "tensor([0.0000, 0.7616])";

    /// The inverse hyperbolic sine of each element.
    Asinh, asinh, asinh_, "asinh" or "arcsinh",
    forms ALL, node "AsinhBackward0", kernel ASINH "asinh_vml_cpu" cost 16.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| g.mul(x.pow(2)?.add(1)?.rsqrt()?);
    >>> "torch.asinh(torch.tensor([0., 1.]))", "tensor([0.0000, 0.8814])";

    /// The inverse hyperbolic cosine of each element; `nan` below 1.
    Acosh, acosh, acosh_, "acosh" or "arccosh",
    forms ALL, node "AcoshBackward0", kernel ACOSH "acosh_vml_cpu" cost 16.0, dtype Float,
    samples 1.5 .. 3.0,
    reads X, |x, g| g.mul(x.pow(2)?.sub(1)?.rsqrt()?);
    >>> "torch.acosh(torch.tensor([1., 2.]))", "tensor([0.0000, 1.3170])";

    /// The inverse hyperbolic tangent of each element; `nan` outside of `[-1, 1]`.
    Atanh, atanh, atanh_, "atanh" or "arctanh",
    forms ALL, node "AtanhBackward0", kernel ATANH "atanh_vml_cpu" cost 16.0, dtype Float,
    samples -0.8 .. 0.8,
    reads X, |x, g| g.mul(x.pow(2)?.rsub(1)?.reciprocal()?);
    >>> "torch.atanh(torch.tensor([0., 0.5]))", "tensor([0.0000, 0.5493])";
}
