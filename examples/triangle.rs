//! How the area of a right triangle changes with its angle, by hand and by autograd.

use rushlight::autograd::{BackwardOptions, grad};
use rushlight::prelude::*;

/// The area is base² tan(angle) / 2.
fn derivative_by_hand(base: f64, angle: f64) -> f64 {
    base.powi(2) / 2.0 / angle.cos().powi(2)
}

fn main() -> Result<()> {
    // The base stays as it is, so it requires no gradient: hypotenuse, height and area follow from the angle.
    let mut last = Vec::new();
    for degrees in [15, 30, 45, 60] {
        let theta = tensor!(f64::from(degrees).to_radians(), DType::F64).requires_grad_(true)?;
        let base = tensor!(4.0, DType::F64);
        let hypotenuse = &base / theta.cos()?;
        let height = &hypotenuse * theta.sin()?;
        let area = &base * height / 2;
        area.backward()?;
        println!(
            "{degrees} degrees: area {:.4}, change by hand {:.4}, by autograd {:.4}",
            area.item()?.to_f64(),
            derivative_by_hand(4.0, theta.item()?.to_f64()),
            theta.grad().expect("backward has left a gradient").item()?.to_f64()
        );
        last = vec![("theta", theta), ("base", base), ("hypotenuse", hypotenuse), ("area", area)];
    }

    println!("requires_grad follows from the operands:");
    for (name, value) in last {
        println!("  {name}: {}", if value.requires_grad() { "True" } else { "False" });
    }

    // Where the area is 10, by Newton's method on the derivative that autograd gives.
    let mut theta = tensor!(0.5, DType::F64).requires_grad_(true)?;
    for _ in 0..8 {
        let area = 16.0 * theta.tan()? / 2.0;
        let slope =
            grad(std::slice::from_ref(&area), std::slice::from_ref(&theta), &[], BackwardOptions::default())?
                .remove(0);
        theta = (&theta - (area - 10.0) / slope).detach()?.requires_grad_(true)?;
    }
    println!("the area is 10 at {:.6} degrees", theta.item()?.to_f64().to_degrees());
    Ok(())
}
