//! Functions with derivatives of our own: saved values, several outputs, gradients of gradients, and a check of them.

use rushlight::autograd::{
    BackwardOptions, CheckOptions, Function, FunctionContext, apply_function, grad, gradcheck,
};
use rushlight::prelude::*;

/// x³, whose derivative is written by hand.
struct Cube;

impl Function for Cube {
    fn forward(&self, context: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        context.save_for_backward(inputs);
        let x = &inputs[0];
        Ok(vec![x * x * x])
    }

    /// 3 x², in tensor operations, so that it can be differentiated again.
    fn backward(&self, context: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let x = &context.saved_tensors()?[0];
        Ok(vec![Some(&gradients[0] * 3 * x * x)])
    }
}

/// x + y and x - y at once.
struct SumAndDifference;

impl Function for SumAndDifference {
    fn forward(&self, _: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let (x, y) = (&inputs[0], &inputs[1]);
        Ok(vec![x + y, x - y])
    }

    /// One gradient for each input.
    fn backward(&self, _: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let (total, difference) = (&gradients[0], &gradients[1]);
        Ok(vec![Some(total + difference), Some(total - difference)])
    }
}

/// The identity, through which no gradient beyond ±1 passes.
struct ClippedGradient;

impl Function for ClippedGradient {
    fn forward(&self, _: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(vec![inputs[0].clone_data()?])
    }

    fn backward(&self, _: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(gradients[0].clamp(Some(-1.0), Some(1.0))?)])
    }
}

/// Applies a function of one tensor with one result.
fn apply(function: impl Function, x: &Tensor) -> Result<Tensor> {
    Ok(apply_function(function, std::slice::from_ref(x))?.remove(0))
}

fn gradient(x: &Tensor) -> String {
    x.grad().map_or_else(|| "None".to_owned(), |gradient| gradient.to_string())
}

fn main() -> Result<()> {
    let x = tensor!([1.0, 2.0, 3.0]).requires_grad_(true)?;
    let y = apply(Cube, &x)?;
    println!("x³ = {y}");
    y.sum()?.backward()?;
    println!("3 x² = {}", gradient(&x));

    let first =
        grad(&[apply(Cube, &x)?.sum()?], std::slice::from_ref(&x), &[], BackwardOptions::create_graph())?;
    let second = grad(&[first[0].sum()?], &[x], &[], BackwardOptions::default())?;
    println!("6 x = {}", second[0]);

    let a = tensor!([5.0]).requires_grad_(true)?;
    let b = tensor!([3.0]).requires_grad_(true)?;
    let both = apply_function(SumAndDifference, &[a.clone(), b.clone()])?;
    println!("{:?} {:?}", both[0].item()?.to_f64(), both[1].item()?.to_f64());
    (&both[0] * &both[1]).backward()?;
    println!("d (a² - b²): {} {}", gradient(&a), gradient(&b));

    let x = tensor!([0.1, 10.0]).requires_grad_(true)?;
    apply(ClippedGradient, &x)?.pow(2)?.sum()?.backward()?;
    println!("clipped: {}", gradient(&x));

    // A derivative written by hand is checked against differences of the values.
    let sample = tensor!([0.3, -1.2], DType::F64);
    let right = gradcheck(&|x| Ok(vec![apply(Cube, &x[0])?]), &[sample], CheckOptions::default()).is_ok();
    println!("the derivative of Cube is right: {}", if right { "True" } else { "False" });
    Ok(())
}
