//! Arguments and results of operations as the registry passes them.

use crate::device::Device;
use crate::dispatch::{Primitive, apply, apply_in_place, apply_out};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::layout::Shape;
use crate::ops::Operand;
use crate::scalar::Scalar;
use crate::tensor::Tensor;
use std::borrow::Cow;

pub use crate::random::Generator;

/// An argument or a result.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// Not given, or nothing.
    #[default]
    None,
    /// A tensor.
    Tensor(Tensor),
    /// Tensors, returned as a tuple or taken as a list.
    Tensors(Vec<Tensor>),
    /// Tensors of which some are missing (indices).
    OptionalTensors(Vec<Option<Tensor>>),
    /// Tensors with field names (`torch.return_types.max`): the type's name, the fields.
    Named(&'static str, &'static [&'static str], Vec<Tensor>),
    /// A number.
    Scalar(Scalar),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Integers: a shape, dimensions.
    Ints(Vec<i64>),
    /// A dtype.
    DType(DType),
    /// A device.
    Device(Device),
    /// A text.
    Text(Cow<'static, str>),
    /// A random generator.
    Generator(Generator),
    /// Several values, returned as a tuple.
    Tuple(Vec<Value>),
}

macro_rules! into_value {
    ($($t:ty => $variant:ident),* $(,)?) => {
        $(impl From<$t> for Value {
            fn from(value: $t) -> Self { Self::$variant(value) }
        })*
    };
}
into_value!(Tensor => Tensor, Vec<Tensor> => Tensors, Scalar => Scalar, bool => Bool, i64 => Int, f64 => Float,
            Vec<i64> => Ints, DType => DType);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

/// Where the registry's caller wants the result.
#[derive(Clone, Copy, Default)]
pub(super) enum Destination<'a> {
    /// A new tensor.
    #[default]
    Fresh,
    /// The first argument (`x.add_(y)`).
    InPlace,
    /// The `out=` argument.
    Out(&'a Tensor),
    /// The `out=` arguments of an operation with several results.
    Outs(&'a [Tensor]),
}

/// Parsed arguments of a call.
pub struct Arguments<'a> {
    values: &'a [Value],
    destination: Destination<'a>,
}

impl<'a> Arguments<'a> {
    /// Arguments in the order of the schema, with defaults filled in.
    pub fn new(values: &'a [Value]) -> Self {
        Self { values, destination: Destination::Fresh }
    }

    /// Arguments of a call that writes over its first argument.
    pub fn in_place(values: &'a [Value]) -> Self {
        Self { values, destination: Destination::InPlace }
    }

    /// Arguments of a call with `out=`.
    pub fn out(values: &'a [Value], out: &'a Tensor) -> Self {
        Self { values, destination: Destination::Out(out) }
    }

    /// Arguments of a call with several tensors as `out=`.
    pub fn outs(values: &'a [Value], outs: &'a [Tensor]) -> Self {
        Self { values, destination: Destination::Outs(outs) }
    }

    /// Whether the result is to be written over the first argument.
    pub fn is_in_place(&self) -> bool {
        matches!(self.destination, Destination::InPlace)
    }

    /// The dtype of the `out=` tensor, which functions that make tensors take where none is named.
    pub fn out_dtype(&self) -> Option<DType> {
        match self.destination {
            Destination::Out(out) => Some(out.dtype()),
            Destination::Outs(outs) => outs.first().map(Tensor::dtype),
            Destination::Fresh | Destination::InPlace => None,
        }
    }

    /// Argument `i`.
    pub fn value(&self, i: usize) -> &'a Value {
        static NONE: Value = Value::None;
        self.values.get(i).unwrap_or(&NONE)
    }

    /// Number of arguments.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether argument `i` is missing.
    pub fn is_none(&self, i: usize) -> bool {
        matches!(self.value(i), Value::None)
    }

    #[cold]
    fn wrong(i: usize, expected: &str) -> Error {
        Error::type_error(format!("argument {i} must be {expected}"))
    }

    /// A tensor.
    pub fn tensor(&self, i: usize) -> Result<&'a Tensor> {
        match self.value(i) {
            Value::Tensor(t) => Ok(t),
            _ => Err(Self::wrong(i, "Tensor")),
        }
    }

    /// A tensor, if given.
    pub fn optional_tensor(&self, i: usize) -> Result<Option<&'a Tensor>> {
        match self.value(i) {
            Value::None => Ok(None),
            Value::Tensor(t) => Ok(Some(t)),
            _ => Err(Self::wrong(i, "Tensor")),
        }
    }

    /// A list of tensors.
    pub fn tensors(&self, i: usize) -> Result<&'a [Tensor]> {
        match self.value(i) {
            Value::Tensors(t) => Ok(t),
            Value::Tensor(t) => Ok(std::slice::from_ref(t)),
            _ => Err(Self::wrong(i, "tuple of Tensors")),
        }
    }

    /// A tensor or a number.
    pub fn operand(&self, i: usize) -> Result<Operand<'a>> {
        match self.value(i) {
            Value::Tensor(t) => Ok(Operand::Ref(t)),
            _ => Ok(Operand::Scalar(self.scalar(i)?)),
        }
    }

    /// A number.
    pub fn scalar(&self, i: usize) -> Result<Scalar> {
        match self.value(i) {
            Value::Scalar(s) => Ok(*s),
            Value::Int(x) => Ok(Scalar::Int(*x)),
            Value::Float(x) => Ok(Scalar::Float(*x)),
            Value::Bool(x) => Ok(Scalar::Bool(*x)),
            _ => Err(Self::wrong(i, "Number")),
        }
    }

    /// A number, if given.
    pub fn optional_scalar(&self, i: usize) -> Result<Option<Scalar>> {
        if self.is_none(i) { Ok(None) } else { self.scalar(i).map(Some) }
    }

    /// A truth value; missing is false.
    pub fn bool(&self, i: usize) -> Result<bool> {
        match self.value(i) {
            Value::None => Ok(false),
            Value::Bool(b) => Ok(*b),
            Value::Scalar(s) => Ok(s.to_bool()),
            Value::Int(x) => Ok(*x != 0),
            _ => Err(Self::wrong(i, "bool")),
        }
    }

    /// An integer.
    pub fn int(&self, i: usize) -> Result<i64> {
        match self.value(i) {
            Value::Int(x) => Ok(*x),
            Value::Scalar(s) => Ok(s.to_i64()),
            Value::Ints(v) if v.len() == 1 => Ok(v[0]),
            _ => Err(Self::wrong(i, "int")),
        }
    }

    /// An integer, if given.
    pub fn optional_int(&self, i: usize) -> Result<Option<i64>> {
        if self.is_none(i) { Ok(None) } else { self.int(i).map(Some) }
    }

    /// A floating-point number.
    pub fn float(&self, i: usize) -> Result<f64> {
        self.scalar(i).map(Scalar::to_f64)
    }

    /// A floating-point number, if given.
    pub fn optional_float(&self, i: usize) -> Result<Option<f64>> {
        if self.is_none(i) { Ok(None) } else { self.float(i).map(Some) }
    }

    /// Integers.
    pub fn ints(&self, i: usize) -> Result<&'a [i64]> {
        match self.value(i) {
            Value::Ints(v) => Ok(v),
            Value::Int(x) => Ok(std::slice::from_ref(x)),
            _ => Err(Self::wrong(i, "tuple of ints")),
        }
    }

    /// Integers, if given.
    pub fn optional_ints(&self, i: usize) -> Result<Option<&'a [i64]>> {
        if self.is_none(i) { Ok(None) } else { self.ints(i).map(Some) }
    }

    /// A shape: integers that must not be negative.
    pub fn shape(&self, i: usize) -> Result<Shape> {
        let sizes = self.ints(i)?;
        sizes
            .iter()
            .map(|&s| {
                usize::try_from(s).map_err(|_| {
                    Error::runtime(format!(
                        "Trying to create tensor with negative dimension {s}: {}",
                        crate::layout::int_list(sizes)
                    ))
                })
            })
            .collect()
    }

    /// A dtype, if given.
    pub fn optional_dtype(&self, i: usize) -> Result<Option<DType>> {
        match self.value(i) {
            Value::None => Ok(None),
            Value::DType(d) => Ok(Some(*d)),
            _ => Err(Self::wrong(i, "torch.dtype")),
        }
    }

    /// A text.
    pub fn text(&self, i: usize) -> Result<&'a str> {
        match self.value(i) {
            Value::Text(t) => Ok(t),
            _ => Err(Self::wrong(i, "str")),
        }
    }

    /// A text, if given.
    pub fn optional_text(&self, i: usize) -> Result<Option<&'a str>> {
        if self.is_none(i) { Ok(None) } else { self.text(i).map(Some) }
    }

    /// A generator, if given.
    pub fn optional_generator(&self, i: usize) -> Result<Option<&'a Generator>> {
        match self.value(i) {
            Value::None => Ok(None),
            Value::Generator(g) => Ok(Some(g)),
            _ => Err(Self::wrong(i, "torch.Generator")),
        }
    }

    /// Applies a primitive, and puts its result where the caller wants it.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn apply<P: Primitive + Clone>(&self, operation: P, inputs: &[&Tensor]) -> Result<Value> {
        Ok(match self.destination {
            Destination::Fresh => apply(operation, inputs)?.into(),
            Destination::InPlace => apply_in_place(operation, inputs)?.into(),
            Destination::Out(out) => apply_out(operation, inputs, out)?.into(),
            Destination::Outs(outs) => apply_out(operation, inputs, &outs[0])?.into(),
        })
    }

    /// Puts the result of a composition where the caller wants it.
    ///
    /// # Errors
    /// If the destination cannot take it.
    pub fn finish(&self, result: Tensor) -> Result<Value> {
        let out = match self.destination {
            Destination::Fresh => return Ok(result.into()),
            Destination::InPlace => return Ok(self.tensor(0)?.copy_(&result)?.into()),
            Destination::Out(out) => out,
            Destination::Outs(outs) => &outs[0],
        };
        self.check_out(out)?;
        crate::dispatch::write_out(&result, out)?;
        Ok(out.clone().into())
    }

    /// Puts several results where the caller wants them.
    ///
    /// # Errors
    /// If a destination cannot take its result.
    pub fn finish_named(
        &self,
        name: &'static str,
        fields: &'static [&'static str],
        results: Vec<Tensor>,
    ) -> Result<Value> {
        if let Destination::Outs(outs) = self.destination {
            for (result, out) in results.iter().zip(outs) {
                self.check_out(out)?;
                crate::dispatch::write_out(result, out)?;
            }
            return Ok(Value::Named(name, fields, outs.to_vec()));
        }
        Ok(Value::Named(name, fields, results))
    }

    fn check_out(&self, out: &Tensor) -> Result<()> {
        let needs = |v: &Value| match v {
            Value::Tensor(t) => t.requires_grad(),
            Value::Tensors(ts) => ts.iter().any(Tensor::requires_grad),
            _ => false,
        };
        if crate::autograd::is_grad_enabled() && (self.values.iter().any(needs) || out.requires_grad()) {
            return Err(Error::runtime(
                "functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.",
            ));
        }
        Ok(())
    }
}
