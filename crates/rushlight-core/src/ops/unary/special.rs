//! Special functions.

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
use std::f64::consts::{FRAC_2_SQRT_PI, PI};

unary! {
    /// The error function of each element.
    Erf, erf, erf_, "erf",
    forms WITH_SPECIAL, node "ErfBackward0", kernel ERF "erf_vml_cpu" cost 20.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| x.pow(2)?.neg()?.exp()?.mul(FRAC_2_SQRT_PI)?.mul(g);
    >>> "torch.erf(torch.tensor([0., 1.]))", "tensor([0.0000, 0.8427])";

    /// `1 - erf(x)` of each element, exact for large `x` too.
    Erfc, erfc, erfc_, "erfc",
    forms WITH_SPECIAL, node "ErfcBackward0", kernel ERFC "erfc_vml_cpu" cost 20.0, dtype Float,
    samples -2.0 .. 2.0,
    reads X, |x, g| x.pow(2)?.neg()?.exp()?.mul(-FRAC_2_SQRT_PI)?.mul(g);
    >>> "torch.erfc(torch.tensor([0., 1.]))", "tensor([1.0000, 0.1573])";

    /// The inverse of the error function of each element, on `[-1, 1]`.
    Erfinv, erfinv, erfinv_, "erfinv",
    forms WITH_SPECIAL, node "ErfinvBackward0", kernel ERFINV "erfinv_vml_cpu" cost 20.0, dtype Float,
    samples -0.8 .. 0.8,
    reads X, |x, g| x.erfinv()?.pow(2)?.exp()?.mul(0.5 * PI.sqrt())?.mul(g);
    >>> "torch.erfinv(torch.tensor([0., 0.5]))", "tensor([0.0000, 0.4769])";

    /// The logarithm of the magnitude of the gamma function of each element.
    Lgamma, lgamma, lgamma_, "lgamma",
    forms ALL, special "gammaln", node "LgammaBackward0", kernel LGAMMA "lgamma_vml_cpu" cost 30.0, dtype Float,
    samples 0.5 .. 3.0,
    reads X, |x, g| g.mul(x.digamma()?);
    >>> "torch.lgamma(torch.tensor([1., 4.]))", "tensor([0.0000, 1.7918])";

    /// The logarithmic derivative of the gamma function of each element.
    Digamma, digamma, digamma_, "digamma",
    forms WITH_SPECIAL, special "psi", node "DigammaBackward0", kernel DIGAMMA "digamma" cost 30.0, dtype Float,
    samples 0.5 .. 3.0,
    reads X, |x, g| g.mul(x.polygamma(1)?);
    >>> "torch.digamma(torch.tensor([1., 2.]))", "tensor([-0.5772,  0.4228])";
}
