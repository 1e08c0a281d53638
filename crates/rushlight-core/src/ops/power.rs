//! Powers: of a tensor by a number or a tensor, and of a number by a tensor.

use super::elementwise::{self, Diagonal, Operand, Promote, Values, diagonal, kernel_scalar};
use crate::dispatch::{
    Attribute, Like, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place,
};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Error, Result};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::binary as kernels;

/// `x^exponent`, the exponent a number.
#[derive(Clone)]
pub struct PowNumber {
    /// The exponent.
    pub exponent: Scalar,
}

impl Diagonal for PowNumber {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if self.exponent.equals(0.0) {
            return g.zeros_like();
        }
        let less = match self.exponent {
            Scalar::Float(f) => Scalar::Float(f - 1.0),
            other => Scalar::Int(other.to_i64() - 1),
        };
        g.mul(values.input(0)?.pow(less)?.mul(self.exponent)?)
    }
}

impl Primitive for PowNumber {
    fn name(&self) -> &'static str {
        "PowBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, Some(self.exponent), Promote::Common, outputs)?;
        let dtype = outputs[0].dtype;
        if dtype.is_floating_point() {
            return Ok(());
        }
        let exponent = self.exponent.to_i64();
        if exponent < 0 {
            return Err(Error::runtime("Integers to negative integer powers are not allowed."));
        }
        let (limit, name) = match dtype {
            DType::U8 => (i64::from(u8::MAX), "uint8_t"),
            DType::I8 => (i64::from(i8::MAX), "int8_t"),
            DType::I16 => (i64::from(i16::MAX), "int16_t"),
            DType::I32 => (i64::from(i32::MAX), "int"),
            _ => return Ok(()),
        };
        if exponent > limit {
            return Err(Error::runtime(format!("value cannot be converted to type {name} without overflow")));
        }
        Ok(())
    }
    fn like(&self, inputs: &[&Meta], context: &mut rushlight_kernels::Scalar) -> Option<Like> {
        let exponent = self.exponent.to_f64();
        if !inputs[0].dtype.is_floating_point() || exponent == 0.0 || exponent == 1.0 {
            return None;
        }
        *context = kernel_scalar(self.exponent);
        let kernel = Some(kernels::pow_scalar(exponent));
        elementwise::like(inputs, Some(self.exponent), Promote::Common, kernel)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let (dtype, exponent) = (output.meta.dtype, self.exponent.to_f64());
        if exponent == 0.0 {
            return elementwise::fill(output, Scalar::Int(1));
        }
        if exponent == 1.0 {
            super::copy::copy_view(output, &inputs[0]);
            return Ok(());
        }
        let context = [kernel_scalar(self.exponent)];
        let kernel =
            if dtype.is_floating_point() { kernels::pow_scalar(exponent) } else { &kernels::POW_SCALAR };
        let cost = if std::ptr::eq(kernel, &raw const kernels::POW_SCALAR) { 20.0 } else { 1.0 };
        elementwise::run_kernel("pow", kernel, dtype, inputs, None, &context, cost, output)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("self", Attribute::Input(0)), ("exponent", Attribute::Value(Value::Scalar(self.exponent)))]
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} ** {}", inputs[0], self.exponent.to_f64())
    }
    diagonal!();
}

/// `x^y`.
#[derive(Clone)]
pub struct Pow;

impl Diagonal for Pow {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let (x, y) = (values.input(0)?, values.input(1)?);
        if i == 0 {
            let product = g.mul(y.mul(x.pow(y.sub(1)?)?)?)?;
            return Tensor::where_(&y.eq(0)?, 0.0, product);
        }
        // 0^y is 0 for every y ≥ 0 but for y = 0, where it jumps: PyTorch takes the derivative as 0 there.
        let flat = x.eq(0)?.logical_and(&y.ge(0)?)?;
        g.mul(Tensor::where_(&flat, 0.0, values.output()?.mul(x.log()?)?)?)
    }
}

impl Primitive for Pow {
    fn name(&self) -> &'static str {
        "PowBackward1"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let dtype = outputs[0].meta.dtype;
        elementwise::run_kernel("pow", &kernels::POW, dtype, inputs, None, &[], 20.0, &mut outputs[0])
    }
    fn saves(&self, needs: Needs) -> Saves {
        let saves = Saves::NONE.input(0).input(1);
        if needs.input(1) { saves.output(0) } else { saves }
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("self", Attribute::Input(0)),
            ("exponent", Attribute::Input(1)),
            ("result", Attribute::Output(0)),
        ]
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} ** {}", inputs[0], inputs[1])
    }
    diagonal!();
}

/// `base^x`, the base a number.
#[derive(Clone)]
pub struct NumberPow {
    /// The base.
    pub base: Scalar,
}

impl Diagonal for NumberPow {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let base = self.base.to_f64();
        let slope = values.output()?.mul(base.ln())?;
        if base != 0.0 {
            return g.mul(slope);
        }
        g.mul(Tensor::where_(&values.input(0)?.ge(0)?, 0.0, slope)?)
    }
}

impl Primitive for NumberPow {
    fn name(&self) -> &'static str {
        "PowBackward2"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, Some(self.base), Promote::Common, outputs)?;
        if outputs[0].dtype == DType::Bool {
            return Err(elementwise::undefined("pow", DType::Bool));
        }
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        if self.base.equals(1.0) {
            return elementwise::fill(output, Scalar::Int(1));
        }
        let (context, dtype) = ([kernel_scalar(self.base)], output.meta.dtype);
        elementwise::run_kernel("pow", &kernels::RPOW_SCALAR, dtype, inputs, None, &context, 20.0, output)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0).output(0)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("self", Attribute::Value(Value::Scalar(self.base))),
            ("exponent", Attribute::Input(0)),
            ("result", Attribute::Output(0)),
        ]
    }
    fn print(&self, inputs: &[String]) -> String {
        format!("{} ** {}", self.base.to_f64(), inputs[0])
    }
    diagonal!();
}

impl Tensor {
    /// `self` to the power of a number or of a tensor, with broadcasting and promotion.
    ///
    /// ```
    /// let x = rushlight_core::Tensor::from_slice(&[2.0f32, 3.0]);
    /// assert_eq!(x.pow(2)?.to_vec::<f32>()?, [4.0, 9.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast, and for negative powers of integers.
    pub fn pow<'a>(&self, exponent: impl Into<Operand<'a>>) -> Result<Tensor> {
        match exponent.into() {
            Operand::Ref(y) => apply(Pow, &[self, y]),
            Operand::Owned(y) => apply(Pow, &[self, &y]),
            Operand::Scalar(exponent) => apply(PowNumber { exponent }, &[self]),
        }
    }

    /// [`Tensor::pow`] written over this tensor.
    ///
    /// # Errors
    /// Those of `pow` and of in-place changes.
    pub fn pow_<'a>(&self, exponent: impl Into<Operand<'a>>) -> Result<Tensor> {
        match exponent.into() {
            Operand::Ref(y) => apply_in_place(Pow, &[self, y]),
            Operand::Owned(y) => apply_in_place(Pow, &[self, &y]),
            Operand::Scalar(exponent) => apply_in_place(PowNumber { exponent }, &[self]),
        }
    }

    /// A number to the power of each element.
    ///
    /// # Errors
    /// For dtypes that have no powers.
    pub fn rpow(&self, base: impl Into<Scalar>) -> Result<Tensor> {
        apply(NumberPow { base: base.into() }, &[self])
    }

    /// The square of each element.
    ///
    /// # Errors
    /// For dtypes that have no powers.
    pub fn square(&self) -> Result<Tensor> {
        self.pow(2)
    }
}

fn pow(a: &Arguments<'_>) -> Result<Value> {
    match a.operand(1)? {
        Operand::Scalar(exponent) => a.apply(PowNumber { exponent }, &[a.tensor(0)?]),
        _ => a.apply(Pow, &[a.tensor(0)?, a.tensor(1)?]),
    }
}

/// Powers in `float64`.
fn float_power(a: &Arguments<'_>) -> Result<Value> {
    let wide = |i: usize| a.tensor(i)?.to_dtype(DType::F64);
    if let (true, Operand::Ref(base)) = (a.is_in_place(), a.operand(0)?)
        && base.dtype() != DType::F64
    {
        return Err(Error::runtime(format!(
            "the base given to float_power_ has dtype {} but the operation's result requires dtype Double",
            base.dtype().scalar_name()
        )));
    }
    match (a.operand(0)?, a.operand(1)?) {
        (Operand::Scalar(base), _) => a.apply(NumberPow { base }, &[&wide(1)?]),
        (_, Operand::Scalar(exponent)) => {
            let exponent = Scalar::Float(exponent.to_f64());
            a.apply(PowNumber { exponent }, &[&wide(0)?])
        }
        _ => a.apply(Pow, &[&wide(0)?, &wide(1)?]),
    }
}

/// Samples of the three overloads of `pow`.
fn samples(s: &crate::registry::Sampler) -> Vec<Sample> {
    let mut all = s.pairs_in((0.4, 2.0), (-1.5, 2.0), |x, y| vec![x.into(), y.into()]);
    for exponent in [2.0, 3.0, 0.5, -1.0, 2.5] {
        all.extend(
            s.each_layout_in(0.4, 2.0, |x| vec![x.into(), Scalar::Float(exponent).into()])
                .into_iter()
                .map(|x| x.overload(1)),
        );
    }
    all.extend(
        s.each_layout(|x| vec![Scalar::Float(2.0).into(), x.into()]).into_iter().map(|x| x.overload(2)),
    );
    all
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "pow",
        forms: Form::ALL,
        overloads: &[
            Overload { schema: "pow(Tensor self, Tensor exponent) -> Tensor", call: pow },
            Overload { schema: "pow(Tensor self, Scalar exponent) -> Tensor", call: pow },
            Overload {
                schema: "pow(Scalar self, Tensor exponent) -> Tensor",
                call: |a| a.apply(NumberPow { base: a.scalar(0)? }, &[a.tensor(1)?]),
            },
        ],
        documentation: "`self ** exponent`, with broadcasting and promotion. Integers wrap, and have no negative powers.",
        example: ">>> torch.pow(torch.tensor([2., 3.]), 2)\ntensor([4., 9.])",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "float_power",
        forms: Form::ALL,
        overloads: &[
            Overload { schema: "float_power(Tensor self, Tensor exponent) -> Tensor", call: float_power },
            Overload { schema: "float_power(Tensor self, Scalar exponent) -> Tensor", call: float_power },
            Overload { schema: "float_power(Scalar self, Tensor exponent) -> Tensor", call: float_power },
        ],
        documentation: "`self ** exponent` computed in `float64`, whatever the dtypes.",
        example: ">>> torch.float_power(torch.tensor([2, 3]), -1)\ntensor([0.5000, 0.3333], dtype=torch.float64)",
        samples,
        ..Entry::DEFAULT
    },
    Entry {
        name: "square",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "square(Tensor self) -> Tensor",
            call: |a| a.apply(PowNumber { exponent: Scalar::Int(2) }, &[a.tensor(0)?]),
        }],
        documentation: "The square of each element, `x * x`.",
        example: ">>> torch.square(torch.tensor([2., -3.]))\ntensor([4., 9.])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
];
