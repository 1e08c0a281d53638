//! The proof that the funnel carries every transform: a traced program, nested differentiation, vectorisation, forward
//! mode and their combinations, on the first operations, with nothing written for them.

use rushlight_core::autograd::{self, BackwardOptions, DualLevel};
use rushlight_core::graph::Trace;
use rushlight_core::transform::{grad, jvp, vjp, vmap};
use rushlight_core::{DType, Result, Tensor};

fn scalar(x: f64) -> Tensor {
    Tensor::full(&[], x, DType::F64).unwrap()
}

fn value(t: &Tensor) -> f64 {
    t.item().unwrap().to_f64()
}

/// exp(x²)
fn f(x: &Tensor) -> Result<Tensor> {
    x.mul(x)?.exp()
}

fn first(x: f64) -> f64 {
    2.0 * x * (x * x).exp()
}

fn second(x: f64) -> f64 {
    (2.0 + 4.0 * x * x) * (x * x).exp()
}

fn third(x: f64) -> f64 {
    (12.0 * x + 8.0 * x * x * x) * (x * x).exp()
}

fn close(a: f64, b: f64) {
    // Products of a few correctly rounded operations and one exponential.
    assert!((a - b).abs() <= 1e-13 * b.abs().max(1.0), "{a} against {b}");
}

#[test]
fn nested_reverse_mode() {
    let x = scalar(0.7);
    close(value(&grad(f, &x).unwrap()), first(0.7));
    close(value(&grad(|x| grad(f, x), &x).unwrap()), second(0.7));
    close(value(&grad(|x| grad(|x| grad(f, x), x), &x).unwrap()), third(0.7));
}

#[test]
fn forward_over_reverse_and_reverse_over_forward() {
    let (x, one) = (scalar(0.7), scalar(1.0));
    close(value(&jvp(f, &x, &one).unwrap().1), first(0.7));
    close(value(&jvp(|x| grad(f, x), &x, &one).unwrap().1), second(0.7));
    close(value(&grad(|x| Ok(jvp(f, x, &scalar(1.0))?.1), &x).unwrap()), second(0.7));
    close(value(&jvp(|x| Ok(jvp(f, x, &scalar(1.0))?.1), &x, &one).unwrap().1), second(0.7));
}

#[test]
fn vmap_of_grad_and_grad_of_vmap() {
    let x = Tensor::from_slice(&[0.1, 0.5, 0.9]);
    let each = vmap(|x| grad(f, x), &x, 0, 0).unwrap().to_vec::<f64>().unwrap();
    for (got, x) in each.iter().zip([0.1, 0.5, 0.9]) {
        close(*got, first(x));
    }
    let total = grad(|x| vmap(f, x, 0, 0)?.sum(), &x).unwrap().to_vec::<f64>().unwrap();
    for (got, x) in total.iter().zip([0.1, 0.5, 0.9]) {
        close(*got, first(x));
    }
    // A Hessian: vmap over rows of the identity of a vjp of a gradient.
    let eye = Tensor::from_vec([1.0, 0.0, 0.0, 1.0], &[2, 2]).unwrap();
    let at = Tensor::from_slice(&[0.3, 0.4]);
    let energy = |x: &Tensor| x.mul(x)?.sum()?.exp();
    let hessian = vmap(|v| Ok(vjp(|x| grad(energy, x), &at, v)?.1), &eye, 0, 0).unwrap();
    let e = (0.25f64).exp();
    let expected = [e * (2.0 + 4.0 * 0.09), e * 4.0 * 0.12, e * 4.0 * 0.12, e * (2.0 + 4.0 * 0.16)];
    for (got, want) in hessian.to_vec::<f64>().unwrap().iter().zip(expected) {
        close(*got, want);
    }
}

#[test]
fn a_traced_program_and_its_traced_derivative() {
    let trace = Trace::new();
    let x = trace.input(&[], DType::F64).unwrap().requires_grad_(true).unwrap();
    let y = f(&x).unwrap();
    let dy = autograd::grad(
        std::slice::from_ref(&y),
        std::slice::from_ref(&x),
        &[],
        BackwardOptions::create_graph(),
    )
    .unwrap();
    let ddy = autograd::grad(&dy, &[x], &[], BackwardOptions::default()).unwrap();
    let program = trace.finish(&[y, dy[0].clone(), ddy[0].clone()]).unwrap();
    assert!(program.instructions().len() < 24, "dead code stays out:\n{program}");
    for at in [0.2, 0.7] {
        let results = program.run(&[scalar(at)]).unwrap();
        close(value(&results[0]), (at * at).exp());
        close(value(&results[1]), first(at));
        close(value(&results[2]), second(at));
    }
}

#[test]
fn a_traced_program_carries_gradients_and_vectorises() {
    let trace = Trace::new();
    let x = trace.input(&[], DType::F64).unwrap();
    let program = trace.finish(&[f(&x).unwrap()]).unwrap();
    let x = scalar(0.7).requires_grad_(true).unwrap();
    program.run(std::slice::from_ref(&x)).unwrap()[0].backward().unwrap();
    close(value(&x.grad().unwrap()), first(0.7));
    let many =
        vmap(|x| Ok(program.run(std::slice::from_ref(x))?.remove(0)), &Tensor::from_slice(&[0.1, 0.2]), 0, 0)
            .unwrap();
    close(many.to_vec::<f64>().unwrap()[1], (0.04f64).exp());
}

#[test]
fn dual_numbers_meet_the_base_level() {
    let level = DualLevel::enter().unwrap();
    let x = scalar(0.7).requires_grad_(true).unwrap();
    let dual = Tensor::make_dual(&x, &scalar(1.0)).unwrap();
    let y = f(&dual).unwrap();
    let tangent = y.tangent().unwrap();
    close(value(&tangent), first(0.7));
    // Reverse over forward: the tangent was recorded.
    let second_order =
        autograd::grad(&[tangent], std::slice::from_ref(&x), &[], BackwardOptions::default()).unwrap();
    close(value(&second_order[0]), second(0.7));
    // Forward over reverse: saved values keep their tangents.
    let dual = Tensor::make_dual(&x, &scalar(1.0)).unwrap();
    let y = f(&dual).unwrap();
    let g = autograd::grad(&[y], &[dual], &[], BackwardOptions::create_graph()).unwrap();
    close(value(&g[0].tangent().unwrap()), second(0.7));
    level.exit().unwrap();
}

#[test]
fn in_place_changes_pass_through_transforms() {
    let g = |x: &Tensor| {
        let y = x.mul(2.0)?;
        y.mul_(&y.clone_data()?)?;
        y.sum()
    };
    // (2x)² = 4x², so 8x
    let x = Tensor::from_slice(&[1.0, 3.0]);
    assert_eq!(grad(g, &x).unwrap().to_vec::<f64>().unwrap(), [8.0, 24.0]);
    let (_, t) = jvp(g, &x, &Tensor::from_slice(&[1.0, 1.0])).unwrap();
    assert_eq!(value(&t), 32.0);
    let rows = vmap(g, &Tensor::from_vec([1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap(), 0, 0).unwrap();
    assert_eq!(rows.to_vec::<f64>().unwrap(), [20.0, 100.0]);
}

#[test]
fn a_change_of_a_view_reaches_its_base() {
    let x = Tensor::from_slice(&[1.0, 2.0, 3.0]).requires_grad_(true).unwrap();
    let base = x.mul(1.0).unwrap();
    let view = base.select(0, 1).unwrap();
    view.mul_(10.0).unwrap();
    assert_eq!(base.grad_fn().unwrap().node.name(), "CopySlices");
    assert_eq!(view.grad_fn().unwrap().node.name(), "AsStridedBackward0");
    base.sum().unwrap().backward().unwrap();
    assert_eq!(x.grad().unwrap().to_vec::<f64>().unwrap(), [1.0, 10.0, 1.0]);
    // Inside of a transform as well.
    let g = |x: &Tensor| {
        let y = x.mul(1.0)?;
        y.select(0, 0)?.mul_(5.0)?;
        y.sum()
    };
    let got = grad(g, &Tensor::from_slice(&[1.0, 2.0])).unwrap();
    assert_eq!(got.to_vec::<f64>().unwrap(), [5.0, 1.0]);
}

#[test]
fn an_escaped_tensor_is_an_error() {
    let mut escaped = None;
    grad(
        |x| {
            escaped = Some(x.clone());
            x.sum()
        },
        &scalar(1.0),
    )
    .unwrap();
    let error = escaped.unwrap().mul(2.0).unwrap_err();
    assert!(error.to_string().contains("escaped"), "{error}");
}
