//! Choosing between elements: `where`, `masked_fill`, `nan_to_num`.

use super::elementwise::{self, Diagonal, Operand, Promote, Values, compute_dtype, diagonal};
use crate::dispatch::{Attribute, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::unary as kernels;

/// `condition ? x : y`, with the operands `x`, `y`, condition: what has no gradient comes last.
#[derive(Clone)]
pub struct Where;

impl Diagonal for Where {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let condition = values.input(2)?;
        if i == 0 { Tensor::where_(&condition, g, 0) } else { Tensor::where_(&condition, 0, g) }
    }
}

impl Primitive for Where {
    fn name(&self) -> &'static str {
        "WhereBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Compare, outputs)?;
        outputs[0].dtype = compute_dtype(&inputs[..2], None, Promote::Common);
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        elementwise::run_where(&[inputs[2], inputs[0], inputs[1]], None, &mut outputs[0])
    }
    fn edges(&self, _: usize) -> usize {
        2
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(2)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("condition", Attribute::Input(2))]
    }
    diagonal!();
}

/// `x` with a value where the mask is true: the operands are `x`, the value if it is a tensor, the mask.
#[derive(Clone)]
pub struct MaskedFill {
    /// The value, if it is a number.
    pub value: Option<Scalar>,
}

impl MaskedFill {
    fn mask(&self) -> usize {
        if self.value.is_some() { 1 } else { 2 }
    }
}

impl Diagonal for MaskedFill {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        let mask = values.input(self.mask())?;
        if i == 0 { g.masked_fill(&mask, 0) } else { Tensor::where_(&mask, g, 0) }
    }
}

impl Primitive for MaskedFill {
    fn name(&self) -> &'static str {
        if self.value.is_some() { "MaskedFillBackward0" } else { "MaskedFillBackward1" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let mask = inputs[self.mask()];
        if mask.dtype != DType::Bool {
            bail!(
                Runtime,
                "masked_fill_ only supports boolean masks, but got mask with dtype {}",
                elementwise::c_name(mask.dtype)
            );
        }
        if self.value.is_none() && inputs[1].rank() != 0 {
            bail!(
                Runtime,
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {} dimension(s).",
                inputs[1].rank()
            );
        }
        elementwise::infer(&[inputs[0], mask], None, Promote::Compare, outputs)?;
        outputs[0].dtype = inputs[0].dtype;
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        match self.value {
            Some(_) => elementwise::run_where(&[inputs[1], inputs[0]], self.value, &mut outputs[0]),
            None => elementwise::run_where(&[inputs[2], inputs[1], inputs[0]], None, &mut outputs[0]),
        }
    }
    fn edges(&self, _: usize) -> usize {
        self.mask()
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(self.mask())
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("mask", Attribute::Input(self.mask()))]
    }
    diagonal!();
}

/// `x` with numbers in place of NaN and the infinities.
#[derive(Clone)]
pub struct NanToNum {
    /// In place of NaN.
    pub nan: f64,
    /// In place of infinity; the dtype's largest number if none is given.
    pub positive: Option<f64>,
    /// In place of negative infinity; the dtype's smallest number if none is given.
    pub negative: Option<f64>,
}

impl Diagonal for NanToNum {
    fn rule(&self, _: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        g.mul(values.input(0)?.isfinite()?)
    }
}

/// The largest finite number of a floating-point dtype.
fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        DType::F64 => f64::MAX,
        _ => f64::from(f32::MAX),
    }
}

impl Primitive for NanToNum {
    fn name(&self) -> &'static str {
        "NanToNumBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let dtype = output.meta.dtype;
        if !dtype.is_floating_point() {
            super::copy::copy_view(output, &inputs[0]);
            return Ok(());
        }
        let limit = largest(dtype);
        let infinities = [self.positive.unwrap_or(limit).into(), self.negative.unwrap_or(-limit).into()];
        let name = "nan_to_num";
        elementwise::run_kernel(
            name,
            &kernels::REPLACE_NAN,
            dtype,
            inputs,
            None,
            &[self.nan.into()],
            1.0,
            output,
        )?;
        elementwise::run_over(name, &kernels::REPLACE_INFINITY, &infinities, output)
    }
    fn saves(&self, _: Needs) -> Saves {
        Saves::NONE.input(0)
    }
    diagonal!();
}

/// The condition of `where` as a mask.
fn as_condition(condition: &Tensor) -> Result<Tensor> {
    match condition.dtype() {
        DType::Bool => Ok(condition.clone()),
        DType::U8 => {
            crate::warning::warn(
                crate::warning::Category::User,
                "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of PyTorch. Use a boolean condition instead.".to_string(),
            );
            condition.to_dtype(DType::Bool)
        }
        other => bail!(
            Runtime,
            "where expected condition to be a boolean tensor, but got a tensor with dtype {}",
            other.scalar_name()
        ),
    }
}

/// An operand as a tensor: a number becomes one without dimensions.
fn as_tensor(operand: Operand<'_>) -> Result<Tensor> {
    match operand {
        Operand::Ref(t) => Ok(t.clone()),
        Operand::Owned(t) => Ok(t),
        Operand::Scalar(s) => Tensor::wrapped_number(s),
    }
}

impl Tensor {
    /// The elements of `x` where the condition is true, else those of `y`, with broadcasting and promotion.
    ///
    /// ```
    /// use rushlight_core::Tensor;
    /// let x = Tensor::from_slice(&[-1.0f32, 2.0]);
    /// assert_eq!(Tensor::where_(&x.gt(0)?, &x, 0)?.to_vec::<f32>()?, [0.0, 2.0]);
    /// # Ok::<(), rushlight_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the condition is not of `bool`, or the shapes do not broadcast.
    pub fn where_<'a, 'b>(
        condition: &Tensor,
        x: impl Into<Operand<'a>>,
        y: impl Into<Operand<'b>>,
    ) -> Result<Tensor> {
        let condition = as_condition(condition)?;
        apply(Where, &[&as_tensor(x.into())?, &as_tensor(y.into())?, &condition])
    }

    /// This tensor with a value (a number, or a tensor without dimensions) where the mask is true.
    ///
    /// # Errors
    /// If the mask is not of `bool`, or the shapes do not broadcast.
    pub fn masked_fill<'a>(&self, mask: &Tensor, value: impl Into<Operand<'a>>) -> Result<Tensor> {
        match value.into() {
            Operand::Scalar(value) => apply(MaskedFill { value: Some(value) }, &[self, mask]),
            Operand::Ref(value) => apply(MaskedFill { value: None }, &[self, value, mask]),
            Operand::Owned(value) => apply(MaskedFill { value: None }, &[self, &value, mask]),
        }
    }

    /// [`Tensor::masked_fill`] written over this tensor.
    ///
    /// # Errors
    /// Those of `masked_fill` and of in-place changes.
    pub fn masked_fill_<'a>(&self, mask: &Tensor, value: impl Into<Operand<'a>>) -> Result<Tensor> {
        match value.into() {
            Operand::Scalar(value) => apply_in_place(MaskedFill { value: Some(value) }, &[self, mask]),
            Operand::Ref(value) => apply_in_place(MaskedFill { value: None }, &[self, value, mask]),
            Operand::Owned(value) => apply_in_place(MaskedFill { value: None }, &[self, &value, mask]),
        }
    }

    /// This tensor with numbers in place of NaN and the infinities; the dtype's extremes where none are given.
    ///
    /// # Errors
    /// None for dense tensors.
    pub fn nan_to_num(&self, nan: f64, positive: Option<f64>, negative: Option<f64>) -> Result<Tensor> {
        apply(NanToNum { nan, positive, negative }, &[self])
    }
}

fn where_call(a: &Arguments<'_>) -> Result<Value> {
    let condition = as_condition(a.tensor(0)?)?;
    let (mut x, mut y) = (as_tensor(a.operand(1)?)?, as_tensor(a.operand(2)?)?);
    if let (Operand::Scalar(first), Operand::Scalar(second)) = (a.operand(1)?, a.operand(2)?) {
        // Two numbers: the result has the dtype that a tensor made of them would have.
        (x, y) = (Tensor::scalar(first), Tensor::scalar(second));
    }
    a.apply(Where, &[&x, &y, &condition])
}

fn masked_fill(a: &Arguments<'_>) -> Result<Value> {
    if !a.is_in_place() {
        // PyTorch names the mask first where the shapes do not fit.
        crate::layout::broadcast_shapes(a.tensor(1)?.shape(), a.tensor(0)?.shape())?;
    }
    match a.operand(2)? {
        Operand::Scalar(value) => a.apply(MaskedFill { value: Some(value) }, &[a.tensor(0)?, a.tensor(1)?]),
        _ => a.apply(MaskedFill { value: None }, &[a.tensor(0)?, a.tensor(2)?, a.tensor(1)?]),
    }
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "where",
        forms: Form::FUNCTION.and(Form::OUT),
        overloads: &[
            Overload {
                schema: "where(Tensor condition, Tensor self, Tensor other) -> Tensor",
                call: where_call,
            },
            Overload {
                schema: "where(Tensor condition, Scalar self, Tensor other) -> Tensor",
                call: where_call,
            },
            Overload {
                schema: "where(Tensor condition, Tensor self, Scalar other) -> Tensor",
                call: where_call,
            },
            Overload {
                schema: "where(Tensor condition, Scalar self, Scalar other) -> Tensor",
                call: where_call,
            },
        ],
        documentation: "The elements of `self` where the condition is true, else those of `other`, with broadcasting and promotion. The condition is of `bool`.",
        example: ">>> x = torch.tensor([-1., 2.])\n>>> torch.where(x > 0, x, 0.)\ntensor([0., 2.])",
        samples: |s| {
            let mut all =
                s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| vec![s.mask(&[2, 3]).into(), x.into(), y.into()]);
            // A mask of two by three does not broadcast with the empty sample.
            all.retain(|sample| sample.note != "empty");
            all.push(Sample::new(vec![s.mask(&[0]).into(), s.tensor(&[0]).into(), s.tensor(&[0]).into()]));
            let number = Value::Scalar(Scalar::Float(0.5));
            all.push(
                Sample::new(vec![s.mask(&[3]).into(), number.clone(), s.tensor(&[2, 3]).into()]).overload(1),
            );
            all.push(Sample::new(vec![s.mask(&[3]).into(), s.tensor(&[2, 3]).into(), number]).overload(2));
            all
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "masked_fill",
        forms: Form::METHOD.and(Form::IN_PLACE).and(Form::FUNCTION),
        overloads: &[
            Overload {
                schema: "masked_fill(Tensor self, Tensor mask, Scalar value) -> Tensor",
                call: masked_fill,
            },
            Overload {
                schema: "masked_fill(Tensor self, Tensor mask, Tensor value) -> Tensor",
                call: masked_fill,
            },
        ],
        documentation: "`self` with a value where the mask is true. The mask is of `bool` and broadcasts; the value is a number or a tensor without dimensions.",
        example: ">>> torch.tensor([1., 2.]).masked_fill(torch.tensor([True, False]), 0.)\ntensor([0., 2.])",
        samples: |s| {
            let mut all = s.each_layout(|x| {
                let shape = x.shape().to_vec();
                vec![x.into(), s.mask(&shape).into(), Scalar::Float(0.5).into()]
            });
            all.push(
                Sample::new(vec![s.tensor(&[2, 3]).into(), s.mask(&[3]).into(), s.tensor(&[]).into()])
                    .overload(1),
            );
            all
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "nan_to_num",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor",
            call: |a| {
                let nan = a.optional_float(1)?.unwrap_or(0.0);
                let (positive, negative) = (a.optional_float(2)?, a.optional_float(3)?);
                a.apply(NanToNum { nan, positive, negative }, &[a.tensor(0)?])
            },
        }],
        documentation: "`self` with numbers in place of NaN (0 by default) and the infinities (the dtype's extremes by default).",
        example: ">>> torch.nan_to_num(torch.tensor([float('nan'), 1.]))\ntensor([0., 1.])",
        samples: |s| s.each_layout(|x| vec![x.into()]),
        ..Entry::DEFAULT
    },
];
