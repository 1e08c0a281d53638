//! The computation graph of y = (x + w)(w + 1): values, gradients, leaves, nodes, and a picture of it.

mod common;

use rushlight::autograd::NodeRef;
use rushlight::prelude::*;

fn main() -> common::Outcome {
    let pictures = common::picture_directory()?;

    // w is used twice, so its gradient is the sum over both ways from y to w: dy/dw = b + a = 2 w + x + 1.
    let x = tensor!([2.0]).requires_grad_(true)?;
    let w = tensor!([1.0]).requires_grad_(true)?;
    let a = &x + &w;
    let b = &w + 1;
    let y = &a * &b;
    println!("a = {a}");
    println!("b = {b}");
    println!("y = {y}");

    println!("\nleaves were made by the program, everything else by an operation:");
    for (name, value) in [("x", &x), ("w", &w), ("a", &a), ("b", &b), ("y", &y)] {
        let (is_leaf, requires_grad) = (python_bool(value.is_leaf()), python_bool(value.requires_grad()));
        let node = value.grad_fn().map_or_else(|| "None".into(), |grad_fn| grad_fn.node.name());
        println!("  {name}: is_leaf {is_leaf}, requires_grad {requires_grad}, grad_fn {node}");
    }

    println!("\nthe graph, from y down:");
    if let Some(grad_fn) = y.grad_fn() {
        show(&grad_fn.node, 0);
    }

    // Gradients of values in between are not kept, unless one asks for them.
    a.retain_grad()?;
    y.backward()?;
    println!("\nafter y.backward():");
    for (name, value) in [("x", &x), ("w", &w), ("a", &a)] {
        println!("  d y / d {name} = {}", gradient(value));
    }

    #[cfg(feature = "viz")]
    if let Some(directory) = &pictures {
        draw(directory, [&x, &w, &a, &b, &y])?;
    }
    #[cfg(not(feature = "viz"))]
    let _ = pictures;

    // The graph is freed by the first backward, because most programs need it once.
    if let Err(error) = y.backward() {
        let text = error.to_string();
        println!("\nagain: {}.", text.split('.').next().unwrap_or(&text));
    }

    // Gradients accumulate: a training loop has to set them to zero.
    x.set_grad(None)?;
    w.set_grad(None)?;
    for number in 1..=3 {
        ((&x + &w) * (&w + 1)).backward()?;
        println!("backward number {number}: w.grad = {}", gradient(&w));
    }
    Ok(())
}

/// Prints a node and those that it leads to.
fn show(node: &NodeRef, depth: usize) {
    println!("  {}{}", "  ".repeat(depth), node.name());
    for edge in node.next_edges() {
        if let Some((below, _)) = edge.node() {
            show(&below, depth + 1);
        }
    }
}

fn gradient(value: &Tensor) -> String {
    value.grad().map_or_else(|| "None".to_owned(), |gradient| gradient.to_string())
}

/// A truth value as the Python program prints it.
fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Draws the graph, with values, gradients and what each operation multiplies them by.
#[cfg(feature = "viz")]
fn draw(directory: &std::path::Path, [x, w, a, b, y]: [&Tensor; 5]) -> common::Outcome {
    use rushlight::viz::{Graph, NodeKind};

    let value = |tensor: &Tensor| tensor.item().map_or(f64::NAN, Scalar::to_f64);
    let leaf = |name: &str, tensor: &Tensor| {
        let gradient = tensor.grad().map_or(f64::NAN, |gradient| value(&gradient));
        format!("{name}\n{:?}, grad {gradient:?}", value(tensor))
    };
    let operation = |name: &str, formula: &str, tensor: &Tensor| {
        let node = tensor.grad_fn().map(|grad_fn| grad_fn.node.name()).unwrap_or_default();
        format!("{name} = {node}\n{formula} = {:?}", value(tensor))
    };
    let mut graph = Graph::new("y = (x + w)(w + 1)");
    let x_node = graph.node(NodeKind::Parameter, &leaf("x", x));
    let w_node = graph.node(NodeKind::Parameter, &leaf("w", w));
    let one = graph.node(NodeKind::Constant, "1");
    let a_node = graph.node(NodeKind::Operation, &operation("a", "x + w", a));
    let b_node = graph.node(NodeKind::Operation, &operation("b", "w + 1", b));
    let y_node = graph.node(NodeKind::Output, &operation("y", "a · b", y));
    graph.edge(x_node, a_node, "∂a/∂x = 1");
    graph.edge(w_node, a_node, "∂a/∂w = 1");
    graph.edge(w_node, b_node, "∂b/∂w = 1");
    graph.edge(one, b_node, "");
    graph.edge(a_node, y_node, format!("∂y/∂a = b = {:?}", value(b)));
    graph.edge(b_node, y_node, format!("∂y/∂b = a = {:?}", value(a)));
    let path = directory.join("computation_graph.png");
    graph.save(&path)?;
    common::saved(&path);
    Ok(())
}
