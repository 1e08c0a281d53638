//! Tensors that belong to a module: [`Parameter`]s, which are trained, and [`Buffer`]s, which are not.

use std::fmt;
use std::ops::{Add, Deref, Div, Mul, Neg, Sub};

use rushlight_core::ops::Operand;
use rushlight_core::printing::Class;
use rushlight_core::{Result, Tensor};

/// A leaf that is trained: a tensor that requires a gradient and that modules list among their parameters.
///
/// It is used as the tensor that it is, by reference: `x.mul(&self.scale)`, `&self.scale * &x`. A clone is another
/// handle to the same parameter, which is how weights are shared between layers.
///
/// ```
/// use rushlight::nn::Parameter;
/// use rushlight::tensor;
///
/// let scale = Parameter::new(&tensor!([2.0]))?;
/// (&scale * 3.0).backward()?;
/// assert_eq!(scale.grad().unwrap().to_string(), "tensor([3.])");
/// assert_eq!(scale.to_string(), "Parameter containing:\ntensor([2.], requires_grad=True)");
/// # Ok::<(), rushlight::Error>(())
/// ```
#[derive(Clone)]
pub struct Parameter(Tensor);

impl Parameter {
    /// A parameter over a tensor's data, which it shares; the tensor's history stays behind.
    ///
    /// # Errors
    /// For dtypes that have no derivatives.
    pub fn new(data: &Tensor) -> Result<Self> {
        data.detach()?.requires_grad_(true).map(Self)
    }

    /// A parameter that is not trained (`requires_grad=False`); of any dtype.
    ///
    /// # Errors
    /// If the data cannot be detached.
    pub fn frozen(data: &Tensor) -> Result<Self> {
        data.detach().map(Self)
    }

    /// The parameter as a tensor.
    pub fn tensor(&self) -> &Tensor {
        &self.0
    }
}

impl Deref for Parameter {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.0
    }
}

impl AsRef<Tensor> for Parameter {
    fn as_ref(&self) -> &Tensor {
        &self.0
    }
}

impl From<Parameter> for Tensor {
    fn from(parameter: Parameter) -> Self {
        parameter.0
    }
}

impl From<&Parameter> for Tensor {
    fn from(parameter: &Parameter) -> Self {
        parameter.0.clone()
    }
}

impl<'a> From<&'a Parameter> for Operand<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        Operand::Ref(&parameter.0)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.show(Class::Parameter))
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

macro_rules! operators {
    ($($trait:ident $function:ident),*) => {$(
        operators!(@left $trait, $function, &Tensor, Tensor, i64, f64);
        operators!(@right $trait, $function, &Tensor, Tensor);
        impl $trait<&Parameter> for &Parameter {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, other: &Parameter) -> Tensor {
                $trait::$function(&self.0, &other.0)
            }
        }
    )*};
    (@left $trait:ident, $function:ident, $($right:ty),*) => {$(
        impl $trait<$right> for &Parameter {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, other: $right) -> Tensor {
                $trait::$function(&self.0, other)
            }
        }
    )*};
    (@right $trait:ident, $function:ident, $($left:ty),*) => {$(
        impl $trait<&Parameter> for $left {
            type Output = Tensor;
            #[track_caller]
            fn $function(self, other: &Parameter) -> Tensor {
                $trait::$function(self, &other.0)
            }
        }
    )*};
}
operators!(Add add, Sub sub, Mul mul, Div div);

impl Neg for &Parameter {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        Neg::neg(&self.0)
    }
}

/// A tensor that belongs to a module's state but is not trained: running statistics, tables.
///
/// ```
/// use rushlight::nn::Buffer;
/// use rushlight::tensor;
///
/// let mean = Buffer::new(&tensor!([0.0, 0.0]))?;
/// mean.add_(&tensor!([1.0, 2.0]))?;
/// assert_eq!(mean.to_vec::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), rushlight::Error>(())
/// ```
#[derive(Clone)]
pub struct Buffer {
    tensor: Tensor,
    persistent: bool,
}

impl Buffer {
    /// A buffer over a tensor's data, which it shares.
    ///
    /// # Errors
    /// If the data cannot be detached.
    pub fn new(data: &Tensor) -> Result<Self> {
        Ok(Self { tensor: data.detach()?, persistent: true })
    }

    /// The buffer, left out of `state_dict`.
    #[must_use]
    pub fn not_persistent(mut self) -> Self {
        self.persistent = false;
        self
    }

    /// Whether it is part of `state_dict`.
    pub fn is_persistent(&self) -> bool {
        self.persistent
    }

    /// The buffer as a tensor.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }
}

impl Deref for Buffer {
    type Target = Tensor;
    fn deref(&self) -> &Tensor {
        &self.tensor
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.tensor, formatter)
    }
}
