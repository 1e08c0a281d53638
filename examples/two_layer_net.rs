//! A network of two layers, trained by hand: every step is written out, and the rectifier is a function of our own.

mod common;

use rushlight::autograd::{Function, FunctionContext, apply_function};
use rushlight::prelude::*;

/// max(0, x), with a derivative of our own.
struct MyReLU;

impl Function for MyReLU {
    fn forward(&self, context: &mut FunctionContext, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        context.save_for_backward(inputs);
        Ok(vec![inputs[0].clamp_min(0.0)?])
    }

    /// Lets gradients through where the input was not negative.
    fn backward(&self, context: &FunctionContext, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let input = &context.saved_tensors()?[0];
        Ok(vec![Some(gradients[0].masked_fill(&input.lt(0.0)?, 0.0)?)])
    }
}

fn relu(x: &Tensor) -> Result<Tensor> {
    Ok(apply_function(MyReLU, std::slice::from_ref(x))?.remove(0))
}

fn main() -> Result<()> {
    manual_seed(0);
    let (samples, inputs, hidden, outputs) = (64, 1000, 100, 10);
    let x = Tensor::randn(&[samples, inputs], DType::F32)?;
    let y = Tensor::randn(&[samples, outputs], DType::F32)?;
    let w1 = Tensor::randn(&[inputs, hidden], DType::F32)?.requires_grad_(true)?;
    let w2 = Tensor::randn(&[hidden, outputs], DType::F32)?.requires_grad_(true)?;

    let learning_rate = 1e-6;
    let mut last = f64::INFINITY;
    for step in 0..500 {
        let y_pred = relu(&x.mm(&w1)?)?.mm(&w2)?;
        let loss = (y_pred - &y).pow(2)?.sum()?;
        last = loss.item()?.to_f64();
        common::progress(&format!("step {step}, loss {last:.4}"));
        if step % 100 == 0 {
            common::progress_done();
            println!("step {step}: loss {last:.4}");
        }
        loss.backward()?;
        for weight in [&w1, &w2] {
            let gradient = weight.grad().expect("backward has left a gradient");
            // `data` is the same memory outside of the graph: the update is no part of what is differentiated.
            weight.data().sub_(&gradient * learning_rate)?;
            gradient.zero_()?;
        }
    }
    common::progress_done();
    println!("fits: {}", if last < 1e-3 { "True" } else { "False" });
    Ok(())
}
