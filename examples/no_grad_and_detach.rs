//! What is recorded and what is not: requires_grad, no_grad, enable_grad, detach.

use rushlight::prelude::*;

/// Twice the values.
fn double(values: &Tensor) -> Result<Tensor> {
    values.mul(2)
}

/// Twice the values, unrecorded.
fn double_unrecorded(values: &Tensor) -> Result<Tensor> {
    no_grad(|| values.mul(2))
}

/// A truth value as the Python program prints it.
fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn gradient(x: &Tensor) -> String {
    x.grad().map_or_else(|| "None".to_owned(), |gradient| gradient.to_string())
}

fn main() -> Result<()> {
    let tensor_1 = tensor!([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let tensor_2 = tensor!([[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]);
    println!("requires_grad: {}", python_bool(tensor_1.requires_grad()));
    tensor_1.requires_grad_(true)?;
    println!("requires_grad: {}", python_bool(tensor_1.requires_grad()));
    println!("{tensor_1}");

    // What is computed from a tensor that requires a gradient requires one too.
    let output = (&tensor_1 * &tensor_2).mean()?;
    println!("output: {output}");
    output.backward()?;
    println!("gradient:\n{}", gradient(&tensor_1));

    println!("recorded:\n{}", double(&tensor_1)?);
    println!("not recorded:\n{}", double_unrecorded(&tensor_1)?);
    let recorded = || python_bool((&tensor_1 * 3).requires_grad());
    no_grad(|| {
        println!("inside no_grad: {}", recorded());
        enable_grad(|| println!("inside enable_grad: {}", recorded()));
    });
    println!("outside: {}", recorded());

    // A detached tensor has the same memory and no history: no gradient flows through it.
    tensor_1.set_grad(None)?;
    let detached = tensor_1.detach()?;
    (&tensor_1 + &detached).mean()?.backward()?;
    println!("through one of two operands:\n{}", gradient(&tensor_1));
    println!("gradient of the detached one: {}", gradient(&detached));
    detached.select(0, 0)?.select(0, 0)?.fill_(100.0)?;
    println!("the memory is shared: {:?}", tensor_1.select(0, 0)?.select(0, 0)?.item()?.to_f64());

    // A clone is recorded; to start anew from its values, it is detached and made a leaf. (In Rust `clone` is another
    // handle to the same tensor, so PyTorch's `clone()` is `clone_data`.)
    let a = tensor!(4.0).requires_grad_(true)?;
    a.clone_data()?.pow(2)?.backward()?;
    println!("through a clone: {}", gradient(&a));
    a.set_grad(None)?;
    let fresh = a.clone_data()?.detach()?.requires_grad_(true)?;
    fresh.pow(2)?.backward()?;
    println!("a fresh leaf: {}, and the original: {}", gradient(&fresh), gradient(&a));

    // Without anything that requires a gradient there is nothing to go back to.
    if let Err(error) = tensor!(1.0).mul(2)?.backward() {
        println!("error: {error}");
    }
    Ok(())
}
