//! Functions of three tensors: `lerp`, `addcmul`, `addcdiv`.

use super::elementwise::{self, Diagonal, Operand, Promote, Values, c_name, diagonal, kernel_scalar};
use crate::dispatch::{Attribute, Metas, Needs, Primitive, Saves, View, ViewMut, apply, apply_in_place};
use crate::error::{Result, bail};
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use rushlight_kernels::ternary as kernels;

/// `x + weight (end - x)`.
#[derive(Clone)]
pub struct Lerp {
    /// The number in place of a weight for each element.
    pub weight: Option<Scalar>,
}

impl Diagonal for Lerp {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if let Some(weight) = self.weight {
            return g.mul(if i == 0 { 1.0 - weight.to_f64() } else { weight.to_f64() });
        }
        match i {
            0 => g.mul(values.input(2)?.rsub(1)?),
            1 => g.mul(values.input(2)?),
            _ => g.mul(values.input(1)?.sub(values.input(0)?)?),
        }
    }
}

impl Primitive for Lerp {
    fn name(&self) -> &'static str {
        if self.weight.is_some() { "LerpBackward0" } else { "LerpBackward1" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let dtype = inputs[0].dtype;
        for (input, name) in inputs[1..].iter().zip(["end", "weight"]) {
            if input.dtype != dtype {
                bail!(
                    Runtime,
                    "expected dtype {} for `{name}` but got dtype {}",
                    c_name(dtype),
                    c_name(input.dtype)
                );
            }
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let output = &mut outputs[0];
        let dtype = output.meta.dtype;
        if let Some(weight) = self.weight {
            let (name, context) = ("lerp_kernel_scalar", [kernel_scalar(weight)]);
            return elementwise::run_kernel(
                name,
                &kernels::LERP_SCALAR,
                dtype,
                inputs,
                None,
                &context,
                2.0,
                output,
            );
        }
        let name = "lerp_kernel_tensor";
        elementwise::run_kernel(name, &kernels::LERP, dtype, inputs, None, &[], 2.0, output)
    }
    fn saves(&self, needs: Needs) -> Saves {
        if self.weight.is_some() {
            return Saves::NONE;
        }
        Saves::NONE.input_if(needs.input(2), 0).input_if(needs.input(2), 1).input(2)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        match self.weight {
            Some(weight) => vec![("weight", Attribute::Value(weight.into()))],
            None => vec![
                ("end", Attribute::Input(1)),
                ("self", Attribute::Input(0)),
                ("weight", Attribute::Input(2)),
            ],
        }
    }
    diagonal!();
}

/// `x + value y z`.
#[derive(Clone)]
pub struct Addcmul {
    /// The factor.
    pub value: Scalar,
}

impl Diagonal for Addcmul {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        if i == 0 { Ok(g.clone()) } else { g.mul(values.input(3 - i)?.mul(self.value)?) }
    }
}

impl Primitive for Addcmul {
    fn name(&self) -> &'static str {
        "AddcmulBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (dtype, context) = (outputs[0].meta.dtype, [kernel_scalar(self.value)]);
        let (name, kernel) = ("addcmul_cpu_out", &kernels::ADDCMUL);
        elementwise::run_kernel(name, kernel, dtype, inputs, None, &context, 1.5, &mut outputs[0])
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(2), 1).input_if(needs.input(1), 2)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("tensor1", Attribute::Input(1)),
            ("tensor2", Attribute::Input(2)),
            ("value", Attribute::Value(self.value.into())),
        ]
    }
    diagonal!();
}

/// `x + value y / z`.
#[derive(Clone)]
pub struct Addcdiv {
    /// The factor.
    pub value: Scalar,
}

impl Diagonal for Addcdiv {
    fn rule(&self, i: usize, values: &dyn Values, g: &Tensor) -> Result<Tensor> {
        match i {
            0 => Ok(g.clone()),
            1 => g.mul(values.input(2)?.reciprocal()?.mul(self.value)?),
            _ => {
                let (y, z) = (values.input(1)?, values.input(2)?);
                g.neg()?.mul(y.mul(self.value)?.div(z.mul(&z)?)?)
            }
        }
    }
}

impl Primitive for Addcdiv {
    fn name(&self) -> &'static str {
        "AddcdivBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        if inputs[1..].iter().all(|m| !m.dtype.is_floating_point()) {
            bail!(
                Runtime,
                "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes."
            );
        }
        elementwise::infer(inputs, None, Promote::Common, outputs)
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (dtype, context) = (outputs[0].meta.dtype, [kernel_scalar(self.value)]);
        let (name, kernel) = ("addcdiv_cpu_out", &kernels::ADDCDIV);
        elementwise::run_kernel(name, kernel, dtype, inputs, None, &context, 2.0, &mut outputs[0])
    }
    fn saves(&self, needs: Needs) -> Saves {
        Saves::NONE.input_if(needs.input(2), 1).input_if(needs.input(1) || needs.input(2), 2)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![
            ("tensor1", Attribute::Input(1)),
            ("tensor2", Attribute::Input(2)),
            ("value", Attribute::Value(self.value.into())),
        ]
    }
    diagonal!();
}

impl Tensor {
    /// `self + weight * (end - self)`, the weight a number or a tensor.
    ///
    /// # Errors
    /// If the dtypes differ, or the shapes do not broadcast.
    pub fn lerp<'a>(&self, end: &Tensor, weight: impl Into<Operand<'a>>) -> Result<Tensor> {
        match weight.into() {
            Operand::Scalar(weight) => apply(Lerp { weight: Some(weight) }, &[self, end]),
            Operand::Ref(weight) => apply(Lerp { weight: None }, &[self, end, weight]),
            Operand::Owned(weight) => apply(Lerp { weight: None }, &[self, end, &weight]),
        }
    }

    /// [`Tensor::lerp`] with a number for weight, written over this tensor.
    ///
    /// # Errors
    /// Those of `lerp` and of in-place changes.
    pub fn lerp_(&self, end: &Tensor, weight: impl Into<Scalar>) -> Result<Tensor> {
        apply_in_place(Lerp { weight: Some(weight.into()) }, &[self, end])
    }

    /// `self + value * first * second`.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn addcmul(&self, first: &Tensor, second: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        apply(Addcmul { value: value.into() }, &[self, first, second])
    }

    /// [`Tensor::addcmul`] written over this tensor.
    ///
    /// # Errors
    /// Those of `addcmul` and of in-place changes.
    pub fn addcmul_(&self, first: &Tensor, second: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        apply_in_place(Addcmul { value: value.into() }, &[self, first, second])
    }

    /// `self + value * first / second`.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or the quotient would be of integers.
    pub fn addcdiv(&self, first: &Tensor, second: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        apply(Addcdiv { value: value.into() }, &[self, first, second])
    }

    /// [`Tensor::addcdiv`] written over this tensor.
    ///
    /// # Errors
    /// Those of `addcdiv` and of in-place changes.
    pub fn addcdiv_(&self, first: &Tensor, second: &Tensor, value: impl Into<Scalar>) -> Result<Tensor> {
        apply_in_place(Addcdiv { value: value.into() }, &[self, first, second])
    }
}

fn operands<'a>(a: &Arguments<'a>) -> Result<[&'a Tensor; 3]> {
    Ok([a.tensor(0)?, a.tensor(1)?, a.tensor(2)?])
}

fn lerp(a: &Arguments<'_>) -> Result<Value> {
    match a.operand(2)? {
        Operand::Scalar(weight) => a.apply(Lerp { weight: Some(weight) }, &[a.tensor(0)?, a.tensor(1)?]),
        _ => a.apply(Lerp { weight: None }, &operands(a)?),
    }
}

fn value_of(a: &Arguments<'_>) -> Result<Scalar> {
    Ok(a.optional_scalar(3)?.unwrap_or(Scalar::Int(1)))
}

fn triples(s: &Sampler, third: (f64, f64)) -> Vec<Sample> {
    let value = || Value::Scalar(Scalar::Float(0.5));
    let mut all = s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| {
        // The third operand has the second's shape, so that samples broadcast as pairs do.
        let z = s.range(y.shape(), third.0, third.1);
        vec![x.into(), y.into(), z.into(), value()]
    });
    for sample in &mut all {
        sample.overload = 0;
    }
    all
}

/// The family's rows.
pub static OPERATIONS: &[Entry] = &[
    Entry {
        name: "lerp",
        forms: Form::ALL,
        overloads: &[
            Overload { schema: "lerp(Tensor self, Tensor end, Tensor weight) -> Tensor", call: lerp },
            Overload { schema: "lerp(Tensor self, Tensor end, Scalar weight) -> Tensor", call: lerp },
        ],
        documentation: "`self + weight * (end - self)`, with broadcasting. All of one floating-point dtype.",
        example: ">>> torch.lerp(torch.tensor([1., 2.]), torch.tensor([3., 6.]), 0.5)\ntensor([2., 4.])",
        samples: |s| {
            let mut all = triples(s, (0.1, 0.9));
            for sample in &mut all {
                sample.arguments.truncate(3);
            }
            let numbers = s.pairs_in((-2.0, 2.0), (-2.0, 2.0), |x, y| {
                vec![x.into(), y.into(), Scalar::Float(0.25).into()]
            });
            all.extend(numbers.into_iter().map(|sample| sample.overload(1)));
            all
        },
        ..Entry::DEFAULT
    },
    Entry {
        name: "addcmul",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor",
            call: |a| a.apply(Addcmul { value: value_of(a)? }, &operands(a)?),
        }],
        documentation: "`self + value * tensor1 * tensor2`, with broadcasting and promotion.",
        example: ">>> torch.addcmul(torch.tensor([1., 2.]), torch.tensor([3., 4.]), torch.tensor([5., 6.]), value=0.5)\ntensor([ 8.5000, 14.0000])",
        samples: |s| triples(s, (-2.0, 2.0)),
        ..Entry::DEFAULT
    },
    Entry {
        name: "addcdiv",
        forms: Form::ALL,
        overloads: &[Overload {
            schema: "addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor",
            call: |a| a.apply(Addcdiv { value: value_of(a)? }, &operands(a)?),
        }],
        documentation: "`self + value * tensor1 / tensor2`, with broadcasting and promotion. Not for quotients of integers.",
        example: ">>> torch.addcdiv(torch.tensor([1., 2.]), torch.tensor([3., 4.]), torch.tensor([2., 8.]))\ntensor([2.5000, 2.5000])",
        samples: |s| triples(s, (0.5, 2.0)),
        ..Entry::DEFAULT
    },
];
