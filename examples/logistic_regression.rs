//! Logistic regression on 200 points of two classes, trained by gradient descent with momentum.

mod common;

use rushlight::prelude::*;

/// The probability of class 1: a line's side and distance, squeezed between 0 and 1.
#[derive(Module)]
struct LogisticRegression {
    features: nn::Linear,
    sigmoid: nn::Sigmoid,
}

impl LogisticRegression {
    fn new() -> Result<Self> {
        Ok(Self { features: nn::Linear::new(2, 1)?, sigmoid: nn::Sigmoid })
    }
}

impl Forward for LogisticRegression {
    /// Probabilities, (N, 1), of points, (N, 2).
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.sigmoid.forward(&self.features.forward(x)?)
    }
}

/// The model's line at an iteration: where w0 x0 + w1 x1 + b is zero.
struct Line {
    iteration: usize,
    w0: f64,
    w1: f64,
    b: f64,
}

/// A cloud of points, (count, 2), about (centre, centre).
fn cloud(count: usize, centre: f64) -> Result<Tensor> {
    Ok(Tensor::randn(&[count, 2], DType::F32)? + centre)
}

fn main() -> common::Outcome {
    let pictures = common::picture_directory()?;
    manual_seed(1);

    // Two clouds of 100 points about (2.7, 2.7) and (-0.7, -0.7).
    let count = 100;
    let x0 = cloud(count, 1.7)? + 1;
    let x1 = cloud(count, -1.7)? + 1;
    let train_x = Tensor::cat(&[x0.clone(), x1.clone()], 0)?;
    let train_y =
        Tensor::cat(&[Tensor::zeros(&[count], DType::F32)?, Tensor::ones(&[count], DType::F32)?], 0)?;

    // The same model as layers one after the other. It draws its first parameters too, so the struct below starts
    // elsewhere than it would without this line.
    println!("{}", nn::Sequential::new().then(nn::Linear::new(2, 1)?).then(nn::Sigmoid));
    let model = LogisticRegression::new()?;
    println!("{model}");

    let loss_fn = nn::BCELoss::new();
    let mut optimizer = optim::SGD::new(model.parameters(), optim::SGDOptions::new(0.01).momentum(0.9))?;
    let mut lines = Vec::new();
    let mut losses = Vec::new();
    for iteration in 0..1000 {
        let probabilities = model.forward(&train_x)?.squeeze()?;
        let loss = loss_fn.forward(&probabilities, &train_y)?;
        loss.backward()?;
        optimizer.step()?;
        optimizer.zero_grad();
        let loss = loss.item()?.to_f64();
        losses.push(loss);
        if iteration % 20 == 0 {
            let predicted = probabilities.ge(0.5)?.to_dtype(DType::F32)?;
            let correct = predicted.eq(&train_y)?.sum()?.item()?.to_f64();
            let accuracy = correct / train_y.numel() as f64;
            let weights = model.features.weight.to_f64_vec()?;
            let b = model.features.bias.as_ref().map_or(Ok(0.0), |bias| bias.item().map(Scalar::to_f64))?;
            let line = Line { iteration, w0: weights[0], w1: weights[1], b };
            common::progress_done();
            println!("Iteration: {iteration}");
            println!(
                "w0:{:.2} w1:{:.2} b: {:.2} accuracy:{:.2}% loss:{loss:.4}",
                line.w0,
                line.w1,
                line.b,
                accuracy * 100.0
            );
            lines.push(line);
            if accuracy > 0.99 {
                break;
            }
        }
        common::progress(&format!("iteration {iteration}, loss {loss:.4}"));
    }

    #[cfg(feature = "viz")]
    if let Some(directory) = pictures {
        draw(&directory, [&x0, &x1], &lines, &losses)?;
    }
    #[cfg(not(feature = "viz"))]
    let _ = (pictures, lines.iter().map(|line| (line.iteration, line.w0, line.w1, line.b)).last());
    Ok(())
}

/// Draws the boundary through the iterations, and the loss.
#[cfg(feature = "viz")]
fn draw(
    directory: &std::path::Path,
    classes: [&Tensor; 2],
    lines: &[Line],
    losses: &[f64],
) -> common::Outcome {
    use rushlight::viz::{LinePlot, ScatterBoundary};

    let mut plot = ScatterBoundary::new("Logistic regression: decision boundary through the iterations")
        .axes("x₀", "x₁");
    for (index, points) in classes.into_iter().enumerate() {
        let values = points.to_f64_vec()?;
        plot = plot.class(format!("class {index}"), values.chunks(2).map(|point| (point[0], point[1])));
    }
    if let Some(&Line { w0, w1, b, .. }) = lines.last() {
        plot = plot.field(move |x0, x1| 1.0 / (1.0 + (-(w0 * x0 + w1 * x1 + b)).exp()));
    }
    // The line moves ever more slowly, so a few iterations, ever farther apart, show it best.
    let last = lines.len().saturating_sub(1);
    for (index, &Line { iteration, w0, w1, b }) in lines.iter().enumerate() {
        if matches!(index, 0 | 1 | 3 | 8) || index == last {
            plot = plot.boundary(format!("iteration {iteration}"), move |x0, x1| w0 * x0 + w1 * x1 + b);
        }
    }
    let path = directory.join("logistic_regression_boundary.png");
    plot.save(&path)?;
    common::saved(&path);

    let path = directory.join("logistic_regression_loss.png");
    LinePlot::new("Logistic regression: loss")
        .axes("iteration", "binary cross-entropy")
        .line("training", losses.iter().enumerate().map(|(iteration, &loss)| (iteration as f64, loss)))
        .save(&path)?;
    common::saved(&path);
    Ok(())
}
