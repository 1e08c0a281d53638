//! What a line cannot tell apart and two layers can: people who are either under- or overweight.

mod common;

use nn::Reduction;
use nn::functional::binary_cross_entropy_with_logits;
use rushlight::autograd::{BackwardOptions, grad};
use rushlight::prelude::*;

/// A truth value as the Python program prints it.
fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A network whose weights are thought out, and what its gradients say to right and to wrong answers.
fn network_by_hand() -> Result<()> {
    let w1 = tensor!([[-120.0, 0.0, 1.0], [40.0, -45.0, 0.0], [-1.0, 1.0, 0.0]], DType::F64)
        .requires_grad_(true)?;
    let w2 = tensor!([[1.0], [1.0], [-1.0]], DType::F64).requires_grad_(true)?;
    let answer_to = |person: Tensor| -> Result<Tensor> {
        let hidden = w1.t()?.mv(&person)?.clamp_min(0.0)?;
        w2.t()?.mv(&hidden)
    };
    for (height, mass) in [(6.6, 120.0), (5.0, 250.0), (6.0, 200.0)] {
        let evidence = answer_to(tensor!([1.0, height, mass], DType::F64))?.item()?.to_f64();
        println!(
            "height {height:?}, mass {mass:?}: evidence {evidence:.1}, ill {}",
            python_bool(evidence > 0.0)
        );
    }
    println!("gradients of the last person's first weights:");
    let evidence = answer_to(tensor!([1.0, 6.0, 200.0], DType::F64))?;
    for answer in [0.0, 1.0] {
        let target = tensor!([answer], DType::F64);
        let loss = binary_cross_entropy_with_logits(&evidence, &target, None, None, Reduction::Mean)?;
        let gradient = &grad(
            std::slice::from_ref(&loss),
            std::slice::from_ref(&w1),
            &[],
            BackwardOptions::retain_graph(),
        )?[0];
        let sum = gradient.abs()?.sum()?;
        println!("  answer {answer:.0}: loss {:.4}, sum {:.4}", loss.item()?.to_f64(), sum.item()?.to_f64());
    }
    Ok(())
}

/// Heights and masses, standardised, (count, 2); and who is ill, (count, 1).
fn people(count: usize) -> Result<(Tensor, Tensor)> {
    let height = Tensor::randint(40, 71, &[count], DType::I64)? / 10;
    let mass = Tensor::randint(100, 301, &[count], DType::I64)?.to_dtype(DType::F32)?;
    let underweight = (40 * &height - &mass - 120).gt(0)?;
    let overweight = (&mass - 45 * &height).gt(0)?;
    let features = Tensor::stack(&[(&height - 5.5) / 0.9, (&mass - 200) / 58], 1)?;
    let ill = underweight.logical_or(&overweight)?.to_dtype(DType::F32)?.unsqueeze(1)?;
    Ok((features, ill))
}

/// Trains on 1000 people, tests on 1000 others.
fn train(name: &str, model: &dyn Forward) -> Result<()> {
    let (features, ill) = people(1000)?;
    let loss_fn = nn::BCEWithLogitsLoss::new();
    let mut optimizer = optim::Adagrad::new(model.parameters(), optim::AdagradOptions::new(0.1))?;
    for step in 0..400 {
        optimizer.zero_grad();
        let loss = loss_fn.forward(&model.forward(&features)?, &ill)?;
        loss.backward()?;
        optimizer.step()?;
        common::progress(&format!("{name}: step {step}, loss {:.4}", loss.item()?.to_f64()));
    }
    common::progress_done();
    let (features, ill) = people(1000)?;
    let right = no_grad(|| {
        let predicted = model.forward(&features)?.gt(0)?.to_dtype(DType::F32)?;
        predicted.eq(&ill)?.to_dtype(DType::F32)?.mean()
    })?;
    println!("{name}: accuracy {:.3}", right.item()?.to_f64());
    Ok(())
}

fn main() -> Result<()> {
    manual_seed(1);
    network_by_hand()?;
    train("a line", &nn::Linear::new(2, 1)?)?;
    train(
        "two layers",
        &nn::Sequential::new().then(nn::Linear::new(2, 8)?).then(nn::ReLU).then(nn::Linear::new(8, 1)?),
    )
}
