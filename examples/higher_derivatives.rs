//! Derivatives of derivatives, and gradients of several outputs with respect to several inputs.

use rushlight::autograd::{BackwardOptions, grad};
use rushlight::prelude::*;

fn main() -> Result<()> {
    let (once, keep, create) =
        (BackwardOptions::default(), BackwardOptions::retain_graph(), BackwardOptions::create_graph());

    // With create_graph, the gradient is itself computed by recorded operations, and can be differentiated.
    let x = tensor!([3.0]).requires_grad_(true)?;
    let y = x.pow(2)?;
    let first = grad(&[y], std::slice::from_ref(&x), &[], create)?;
    println!("d x²/dx   = {}", first[0]);
    let second = grad(&first, &[x], &[], once)?;
    println!("d²x²/dx²  = {}", second[0]);

    // Any order: the derivatives of sin go round in a circle.
    let x = tensor!(0.7, DType::F64).requires_grad_(true)?;
    let mut value = x.sin()?;
    for order in 0..5 {
        println!("derivative {order} of sin at 0.7: {:.12}", value.item()?.to_f64());
        value = grad(&[value], std::slice::from_ref(&x), &[], create)?.remove(0);
    }

    // Several inputs at once; and for several outputs, the gradients of their sum.
    let x1 = tensor!(1.0).requires_grad_(true)?;
    let x2 = tensor!(2.0).requires_grad_(true)?;
    let inputs = [x1.clone(), x2.clone()];
    let y1 = &x1 * &x2;
    let y2 = &x1 + &x2;
    let gradients = grad(std::slice::from_ref(&y1), &inputs, &[], keep)?;
    println!("gradients of y1:      {} {}", gradients[0], gradients[1]);
    let gradients = grad(&[y1, y2], &inputs, &[], once)?;
    println!("gradients of y1 + y2: {} {}", gradients[0], gradients[1]);

    // An output of several elements needs to be told how they count.
    let x = tensor!([1.0, 2.0, 3.0]).requires_grad_(true)?;
    let weights = tensor!([1.0, 0.1, 0.01]);
    let gradients = grad(&[x.exp()?.log()? * &x], &[x], &[Some(weights)], once)?;
    println!("weighted:             {}", gradients[0]);

    // The second derivatives of a function of three variables, row by row: f = x0² x1 + x1 x2.
    let x = tensor!([1.0, 2.0, 3.0]).requires_grad_(true)?;
    let parts = x.unbind(0)?;
    let f = &parts[0] * &parts[0] * &parts[1] + &parts[1] * &parts[2];
    let gradient = grad(&[f], std::slice::from_ref(&x), &[], create)?.remove(0);
    let mut rows = Vec::new();
    for element in gradient.unbind(0)? {
        rows.push(grad(&[element], std::slice::from_ref(&x), &[], keep)?.remove(0));
    }
    println!("{}", Tensor::stack(&rows, 0)?);

    // A derivative that was not asked for is not made up.
    let z = tensor!(1.0).requires_grad_(true)?;
    if let Err(error) = grad(&[x.select(0, 0)? * 2], &[z], &[], once) {
        println!("error: {error}");
    }
    Ok(())
}
