//! Products that are added to something: `addmm`, `addmv`, `addr`, `baddbmm`, `addbmm`.

use super::matmul::{Mm, check_batches, check_matrices, multiply, multiply_batches, native_name};
use super::reduce::again;
use super::vectors::{check_matrix_and_vector, multiply_vector};
use crate::autograd::{Context, ForwardContext};
use crate::dispatch::{Attribute, Gradients, Metas, Needs, Primitive, Saves, View, ViewMut, apply};
use crate::dtype::{DType, DTypeNames};
use crate::error::{Result, bail};
use crate::layout::int_list;
use crate::registry::{Arguments, Entry, Form, Overload, Sample, Sampler, Value};
use crate::scalar::Scalar;
use crate::tensor::{Meta, Tensor};
use smallvec::smallvec;

/// Fails unless what is added expands to the shape of the product.
fn check_added(added: &Meta, shape: &[usize]) -> Result<()> {
    if added.rank() > shape.len() {
        bail!(
            Runtime,
            "expand({}{{{}}}, size={}): the number of sizes provided ({}) must be greater or equal to the number of dimensions in the tensor ({})",
            added.dtype.tensor_type(),
            int_list(added.shape()),
            int_list(shape),
            shape.len(),
            added.rank()
        );
    }
    super::copy::check_expands(added.shape(), shape)
}

/// Fills the output with what is added, for the product to be added to; unless it is multiplied by zero, and then not
/// even a NaN in it counts.
fn fill(output: &mut ViewMut<'_>, added: &View<'_>, beta: Scalar) {
    if beta.to_bool() {
        let meta = Meta::new(added.meta.layout.expanded(output.shape()), added.meta.dtype);
        super::copy::copy_view(output, &View { pointer: added.pointer, meta: &meta });
    }
}

/// `x` times a number that mostly is one.
fn scaled(x: Tensor, factor: Scalar) -> Result<Tensor> {
    if factor.equals(1.0) { Ok(x) } else { x.mul(factor) }
}

/// The tangent of `beta c + alpha a b`.
fn tangent(
    context: &ForwardContext<'_>,
    t: &[Option<Tensor>],
    (alpha, beta): (Scalar, Scalar),
    product: fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let mut terms = Vec::with_capacity(3);
    if let Some(t) = &t[0] {
        terms.push(scaled(t.clone(), beta)?);
    }
    if let Some(t) = &t[1] {
        terms.push(scaled(product(t, context.input(2))?, alpha)?);
    }
    if let Some(t) = &t[2] {
        terms.push(scaled(product(context.input(1), t)?, alpha)?);
    }
    let mut terms = terms.into_iter();
    let Some(mut total) = terms.next() else { bail!(Runtime, "forward mode: no operand has a tangent") };
    for term in terms {
        total = total.add(&term)?;
    }
    Ok(total)
}

/// Matrices are kept for each other's gradients.
fn saves_pair(needs: Needs) -> Saves {
    Saves::NONE.input_if(needs.input(2), 1).input_if(needs.input(1), 2)
}

fn attributes(
    first: &'static str,
    second: &'static str,
    alpha: Scalar,
    beta: Scalar,
) -> Vec<(&'static str, Attribute)> {
    vec![
        (first, Attribute::Input(1)),
        (second, Attribute::Input(2)),
        ("alpha", Attribute::Value(Value::Scalar(alpha))),
        ("beta", Attribute::Value(Value::Scalar(beta))),
    ]
}

/// `beta c + alpha a b`, of matrices; `c` broadcasts.
#[derive(Clone)]
pub struct AddMm {
    product: Mm,
    alpha: Scalar,
    beta: Scalar,
}

impl AddMm {
    /// The product of these two, and the factors of product and addend.
    pub fn of(a: &Tensor, b: &Tensor, alpha: Scalar, beta: Scalar) -> Self {
        Self { product: Mm::of(a, b), alpha, beta }
    }
}

impl Primitive for AddMm {
    fn name(&self) -> &'static str {
        "AddmmBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (c, a, b) = (inputs[0], inputs[1], inputs[2]);
        check_matrices("addmm", a, b)?;
        let shape = [a.shape()[0], b.shape()[1]];
        check_added(c, &shape)?;
        for (name, x, y) in [("self", c, b), ("mat1", a, b)] {
            if x.dtype != y.dtype {
                bail!(
                    Runtime,
                    "{name} and mat2 must have the same dtype, but got {} and {}",
                    x.dtype.scalar_name(),
                    y.dtype.scalar_name()
                );
            }
        }
        outputs.push(Meta::contiguous(&shape, c.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        fill(&mut outputs[0], &inputs[0], self.beta);
        multiply("addmm_impl_cpu_", &mut outputs[0], &inputs[1], &inputs[2], self.alpha, self.beta)
    }
    fn saves(&self, needs: Needs) -> Saves {
        saves_pair(needs)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        attributes("mat1", "mat2", self.alpha, self.beta)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let added = if context.needs_input(0) { Some(scaled(g.clone(), self.beta)?) } else { None };
        let first = if context.needs_input(1) {
            Some(scaled(self.product.first(g, &context.input(2)?)?, self.alpha)?)
        } else {
            None
        };
        let second = if context.needs_input(2) {
            Some(scaled(self.product.second(g, &context.input(1)?)?, self.alpha)?)
        } else {
            None
        };
        Ok(smallvec![added, first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        tangent(context, t, (self.alpha, self.beta), Tensor::mm)
    }
}

/// `beta c + alpha a x`, of a matrix and a vector; `c` broadcasts.
#[derive(Clone)]
pub struct AddMv {
    alpha: Scalar,
    beta: Scalar,
}

impl Primitive for AddMv {
    fn name(&self) -> &'static str {
        "AddmvBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        check_matrix_and_vector(Some(inputs[0]), inputs[1], inputs[2])?;
        outputs.push(Meta::contiguous(&inputs[1].shape()[..1], inputs[0].dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        fill(&mut outputs[0], &inputs[0], self.beta);
        multiply_vector(&mut outputs[0], &inputs[1], &inputs[2], self.alpha, self.beta)
    }
    fn saves(&self, needs: Needs) -> Saves {
        saves_pair(needs)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        attributes("mat", "vec", self.alpha, self.beta)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let added = if context.needs_input(0) { Some(scaled(g.clone(), self.beta)?) } else { None };
        let first = if context.needs_input(1) {
            Some(scaled(g.outer(&context.input(2)?)?, self.alpha)?)
        } else {
            None
        };
        let second = if context.needs_input(2) {
            Some(scaled(context.input(1)?.t()?.mv(g)?, self.alpha)?)
        } else {
            None
        };
        Ok(smallvec![added, first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        tangent(context, t, (self.alpha, self.beta), Tensor::mv)
    }
}

/// `beta c + alpha a b`, for each pair of a batch of matrices; `c` broadcasts. With `sum`, the products are summed.
#[derive(Clone)]
pub struct AddBmm {
    alpha: Scalar,
    beta: Scalar,
    sum: bool,
}

impl Primitive for AddBmm {
    fn name(&self) -> &'static str {
        if self.sum { "AddbmmBackward0" } else { "BaddbmmBackward0" }
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        let (c, a, b) = (inputs[0], inputs[1], inputs[2]);
        if self.sum && a.rank() == 3 && b.rank() == 3 && a.shape()[0] != b.shape()[0] {
            bail!(
                Runtime,
                "batch1 and batch2 must have same number of batches, got {} and {}",
                a.shape()[0],
                b.shape()[0]
            );
        }
        check_batches(a, b)?;
        let shape = [a.shape()[0], a.shape()[1], b.shape()[2]];
        let shape = if self.sum { &shape[1..] } else { &shape[..] };
        check_added(c, shape)?;
        if a.dtype != b.dtype {
            bail!(
                Runtime,
                "expected scalar type {} but found {}",
                a.dtype.scalar_name(),
                b.dtype.scalar_name()
            );
        }
        if c.dtype != a.dtype {
            bail!(
                Runtime,
                "Input dtypes must be the same, got: input {}, batch1: {}, batch2: {}",
                native_name(c.dtype),
                native_name(a.dtype),
                native_name(b.dtype)
            );
        }
        outputs.push(Meta::contiguous(shape, c.dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        let (a, b, output) = (&inputs[1], &inputs[2], &mut outputs[0]);
        if !self.sum {
            fill(output, &inputs[0], self.beta);
            return multiply_batches("baddbmm", output, a, b, self.alpha, self.beta);
        }
        // Into a row-major batch aside, which is summed.
        let dtype = output.meta.dtype;
        let mut products = super::reduce::Aside::new(&[a.shape()[0], a.shape()[1], b.shape()[2]], dtype)?;
        multiply_batches("addbmm", &mut products.view_mut(), a, b, Scalar::Int(1), Scalar::Int(0))?;
        let wide = if dtype.is_floating_point() { dtype } else { DType::I64 };
        let mut total = super::reduce::Aside::new(output.shape(), wide)?;
        let sum = &rushlight_kernels::reduce::SUM;
        let first = [true, false, false];
        super::reduce::run_reduction(
            "sum",
            sum,
            dtype,
            &first,
            0.0,
            &products.view(),
            &mut total.view_mut(),
        )?;
        super::copy::copy_view(output, &total.view());
        let kernel = &rushlight_kernels::binary::MUL;
        let product = again(output);
        super::elementwise::run_kernel("mul", kernel, dtype, &[product], Some(self.alpha), &[], 1.0, output)?;
        if self.beta.to_bool() {
            let kernel = &rushlight_kernels::binary::ADD_SCALED;
            let factor = [super::elementwise::kernel_scalar(self.beta)];
            let product = again(output);
            super::elementwise::run_kernel(
                "add",
                kernel,
                dtype,
                &[product, inputs[0]],
                None,
                &factor,
                1.0,
                output,
            )?;
        }
        Ok(())
    }
    fn saves(&self, needs: Needs) -> Saves {
        saves_pair(needs).shape(1)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        attributes("batch1", "batch2", self.alpha, self.beta)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let added = if context.needs_input(0) { Some(scaled(g.clone(), self.beta)?) } else { None };
        let batches = if self.sum {
            let mut shape = crate::layout::Shape::from_slice(&context.shape(1)?[..1]);
            shape.extend_from_slice(g.shape());
            g.unsqueeze(0)?.expand(&shape)?
        } else {
            g.clone()
        };
        let first = if context.needs_input(1) {
            Some(scaled(batches.bmm(&context.input(2)?.transpose(1, 2)?)?, self.alpha)?)
        } else {
            None
        };
        let second = if context.needs_input(2) {
            Some(scaled(context.input(1)?.transpose(1, 2)?.bmm(&batches)?, self.alpha)?)
        } else {
            None
        };
        Ok(smallvec![added, first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        let product =
            if self.sum { |a: &Tensor, b: &Tensor| a.bmm(b)?.sum_dims(&[0], false) } else { Tensor::bmm };
        tangent(context, t, (self.alpha, self.beta), product)
    }
}

/// `beta c + alpha x yᵀ`, of two vectors; `c` broadcasts.
#[derive(Clone)]
pub struct AddR {
    alpha: Scalar,
    beta: Scalar,
}

impl Primitive for AddR {
    fn name(&self) -> &'static str {
        "AddrBackward0"
    }
    fn infer(&self, inputs: &[&Meta], outputs: &mut Metas) -> Result<()> {
        for (name, x) in [("vec1", inputs[1]), ("vec2", inputs[2])] {
            if x.rank() != 1 {
                bail!(Runtime, "addr: Expected 1-D argument {name}, but got {}-D", x.rank());
            }
        }
        let shape = [inputs[1].elements(), inputs[2].elements()];
        check_added(inputs[0], &shape)?;
        let dtype = super::elementwise::compute_dtype(inputs, None, super::elementwise::Promote::Common);
        outputs.push(Meta::contiguous(&shape, dtype));
        Ok(())
    }
    fn forward(&self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        use rushlight_kernels::binary as kernels;
        let output = &mut outputs[0];
        let dtype = output.meta.dtype;
        let column = Meta::new(
            crate::layout::Layout::new(&[output.shape()[0], 1], &[inputs[1].strides()[0], 0], 0),
            inputs[1].meta.dtype,
        );
        let x = View { pointer: inputs[1].pointer, meta: &column };
        let run = |kernel, operands: &[View<'_>], number, context: &[_], output: &mut ViewMut<'_>| {
            super::elementwise::run_kernel("addr", kernel, dtype, operands, number, context, 1.0, output)
        };
        run(&kernels::MUL, &[x, inputs[2]], None, &[], output)?;
        let product = again(output);
        run(&kernels::MUL, &[product], Some(self.alpha), &[], output)?;
        if self.beta.to_bool() {
            let factor = [super::elementwise::kernel_scalar(self.beta)];
            let product = again(output);
            run(&kernels::ADD_SCALED, &[product, inputs[0]], None, &factor, output)?;
        }
        Ok(())
    }
    fn saves(&self, needs: Needs) -> Saves {
        saves_pair(needs)
    }
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        attributes("vec1", "vec2", self.alpha, self.beta)
    }
    fn vjp(&self, context: &Context<'_>, g: &Tensor) -> Result<Gradients> {
        let added = if context.needs_input(0) { Some(scaled(g.clone(), self.beta)?) } else { None };
        let first =
            if context.needs_input(1) { Some(scaled(g.mv(&context.input(2)?)?, self.alpha)?) } else { None };
        let second = if context.needs_input(2) {
            Some(scaled(g.t()?.mv(&context.input(1)?)?, self.alpha)?)
        } else {
            None
        };
        Ok(smallvec![added, first, second])
    }
    fn jvp(&self, context: &ForwardContext<'_>, t: &[Option<Tensor>]) -> Result<Tensor> {
        tangent(context, t, (self.alpha, self.beta), Tensor::outer)
    }
}

impl Tensor {
    /// `self + a b`, of matrices; `self` broadcasts.
    ///
    /// # Errors
    /// If the shapes do not fit, or the dtypes differ.
    pub fn addmm(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        apply(AddMm::of(a, b, Scalar::Int(1), Scalar::Int(1)), &[self, a, b])
    }
}

/// The factors `beta` and `alpha`, the last two arguments.
fn factors(a: &Arguments<'_>) -> Result<(Scalar, Scalar)> {
    let one = Scalar::Int(1);
    Ok((a.optional_scalar(4)?.unwrap_or(one), a.optional_scalar(3)?.unwrap_or(one)))
}

/// Samples: what is added with its whole shape and broadcast, factors of one and others, operands transposed.
fn samples(s: &Sampler, added: &[&[usize]], first: &[usize], second: &[usize]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (i, shape) in added.iter().enumerate() {
        for (j, pair) in super::matmul::pairs(s, first, second).into_iter().enumerate() {
            let (beta, alpha) = if (i + j) % 2 == 0 { (1.0, 1.0) } else { (0.5, -1.5) };
            let mut arguments = vec![s.tensor(shape).into()];
            arguments.extend(pair.arguments);
            arguments.extend([Value::Float(beta), Value::Float(alpha)]);
            samples.push(Sample { overload: 0, arguments, note: pair.note });
        }
    }
    samples
}

macro_rules! rows {
    ($($name:literal, $first:literal, $second:literal, |$a:ident, $alpha:ident, $beta:ident| $operation:expr,
       $samples:expr, $documentation:literal, $example:literal;)*) => {
        /// The family's rows.
        pub static OPERATIONS: &[Entry] = &[$(Entry {
            name: $name,
            forms: Form::ALL,
            overloads: &[Overload {
                schema: concat!($name, "(Tensor self, Tensor ", $first, ", Tensor ", $second, ", *, Scalar beta=1, Scalar alpha=1) -> Tensor"),
                call: |$a| {
                    let ($alpha, $beta) = factors($a)?;
                    $a.apply($operation, &[$a.tensor(0)?, $a.tensor(1)?, $a.tensor(2)?])
                },
            }],
            documentation: $documentation,
            example: $example,
            samples: $samples,
            ..Entry::DEFAULT
        },)*];
    };
}

rows! {
    "addmm", "mat1", "mat2", |a, alpha, beta| AddMm::of(a.tensor(1)?, a.tensor(2)?, alpha, beta),
    |s| samples(s, &[&[2, 4], &[4], &[]], &[2, 3], &[3, 4]),
    "`beta * self + alpha * (mat1 @ mat2)`, of matrices; `self` broadcasts. With `beta` zero, `self` is not read.",
    ">>> torch.addmm(torch.ones(2), torch.eye(2), torch.eye(2))\ntensor([[2., 1.],\n        [1., 2.]])";

    "addmv", "mat", "vec", |a, alpha, beta| AddMv { alpha, beta },
    |s| samples(s, &[&[2], &[1]], &[2, 3], &[3]),
    "`beta * self + alpha * (mat @ vec)`; `self` broadcasts. With `beta` zero, `self` is not read.",
    ">>> torch.addmv(torch.ones(2), torch.eye(2), torch.ones(2))\ntensor([2., 2.])";

    "addr", "vec1", "vec2", |a, alpha, beta| AddR { alpha, beta },
    |s| samples(s, &[&[2, 3], &[3]], &[2], &[3]),
    "`beta * self + alpha * outer(vec1, vec2)`; `self` broadcasts. With `beta` zero, `self` is not read.",
    ">>> torch.addr(torch.zeros(2, 2), torch.ones(2), torch.ones(2))\ntensor([[1., 1.],\n        [1., 1.]])";

    "baddbmm", "batch1", "batch2", |a, alpha, beta| AddBmm { alpha, beta, sum: false },
    |s| samples(s, &[&[2, 2, 2], &[2, 1]], &[2, 2, 3], &[2, 3, 2]),
    "`beta * self + alpha * (batch1 @ batch2)`, for each pair of matrices; `self` broadcasts.",
    ">>> torch.baddbmm(torch.ones(1), torch.ones(1, 1, 2), torch.ones(1, 2, 1))\ntensor([[[3.]]])";

    "addbmm", "batch1", "batch2", |a, alpha, beta| AddBmm { alpha, beta, sum: true },
    |s| samples(s, &[&[2, 2], &[1]], &[2, 2, 3], &[2, 3, 2]),
    "`beta * self + alpha * sum(batch1 @ batch2)`, summed over the batch; `self` broadcasts.",
    ">>> torch.addbmm(torch.ones(1), torch.ones(2, 1, 2), torch.ones(2, 2, 1))\ntensor([[5.]])";
}
