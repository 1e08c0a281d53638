//! Values, shapes, nodes and errors of reductions, products and losses against PyTorch 2.15 (`fixtures/products_and_losses.py`
//! makes the cases; derivatives are checked by `registry.rs`).

use rushlight_core::autograd::{Edge, NodeRef};
use rushlight_core::registry::{Arguments, Value, entries};
use rushlight_core::{DType, Error, Exception, Result, Tensor};

fn tensor(text: &str) -> (Vec<usize>, Vec<f64>) {
    let (shape, values) = text.split_once(':').unwrap();
    let shape = shape.split(',').filter(|s| !s.is_empty()).map(|s| s.parse().unwrap()).collect();
    (shape, values.split_whitespace().map(|x| x.parse().unwrap()).collect())
}

fn floats(text: &str, leaf: bool) -> Tensor {
    let (shape, values) = tensor(text);
    let x = Tensor::from_vec(values, &shape).unwrap();
    if leaf { x.requires_grad_(true).unwrap() } else { x }
}

fn argument(text: &str) -> Value {
    let rest = &text[1..];
    match &text[..1] {
        "N" => Value::None,
        "B" => Value::Bool(rest == "1"),
        "I" => Value::Int(rest.parse().unwrap()),
        "F" => Value::Float(rest.parse().unwrap()),
        "L" => Value::Ints(rest.split(',').filter(|s| !s.is_empty()).map(|s| s.parse().unwrap()).collect()),
        "M" => Value::Tensors(rest.split('&').map(|t| floats(t, true)).collect()),
        "J" => {
            let (shape, values) = tensor(rest);
            let values: Vec<i64> = values.into_iter().map(|x| x as i64).collect();
            Value::Tensor(Tensor::from_vec(values, &shape).unwrap())
        }
        "D" => {
            let (dtype, rest) = rest.split_once('/').unwrap();
            let dtype = match dtype {
                "float32" => DType::F32,
                "float16" => DType::F16,
                "int32" => DType::I32,
                "bool" => DType::Bool,
                other => panic!("{other}"),
            };
            Value::Tensor(floats(rest, false).to_dtype(dtype).unwrap())
        }
        kind => Value::Tensor(floats(rest, kind == "T")),
    }
}

fn tree(node: &NodeRef, depth: usize) -> String {
    let name = node.name().into_owned();
    if depth == 0 {
        return name;
    }
    let next: Vec<String> = node
        .next_edges()
        .iter()
        .map(|edge| match edge {
            Edge::None => "-".to_owned(),
            Edge::Leaf(_) => "AccumulateGrad".to_owned(),
            Edge::Node(g) => tree(&g.node, depth - 1),
        })
        .collect();
    format!("{name}({})", next.join(", "))
}

fn differs(error: &Error, kind: &str, message: &str) -> Option<String> {
    let class = match error.exception() {
        Exception::Runtime => "RuntimeError",
        Exception::Index => "IndexError",
        Exception::Value => "ValueError",
        Exception::NotImplemented => "NotImplementedError",
        Exception::Type => "TypeError",
        _ => "another",
    };
    let same = class == kind && error.to_string() == message;
    (!same).then(|| format!("{class}: {error}\n  {kind}: {message}"))
}

fn check(line: &str) -> Result<Option<String>> {
    let fields: Vec<&str> = line.split('|').collect();
    let [name, overload, arguments, trees, results] = fields[..] else { panic!("{line}") };
    let entry = entries().find(|e| e.name == name).unwrap_or_else(|| panic!("{name} is not in the registry"));
    let values: Vec<Value> = arguments.split(';').map(argument).collect();
    let call = entry.overloads[overload.parse::<usize>().unwrap()].call;
    if let Some(kind) = trees.strip_prefix('!') {
        return Ok(match call(&Arguments::new(&values)) {
            Ok(_) => Some(format!("no error, but PyTorch's {kind}: {results}")),
            Err(error) => differs(&error, kind, results),
        });
    }
    let got = match call(&Arguments::new(&values))? {
        Value::Tensor(t) => vec![t],
        Value::Tensors(ts) | Value::Named(_, _, ts) => ts,
        _ => panic!("{name}: no tensors"),
    };
    for ((got, nodes), expected) in got.iter().zip(trees.split('&')).zip(results.split('&')) {
        let (shape, values) = tensor(expected);
        if got.shape() != shape {
            return Ok(Some(format!("shape {:?} against {shape:?}", got.shape())));
        }
        for (a, b) in got.to_f64_vec()?.into_iter().zip(values) {
            // Sums of a few numbers in another order, and transcendental functions to an ulp or two.
            let close = (a - b).abs() <= 1e-14 * b.abs().max(1.0) * 8.0;
            if !(close || a == b || a.is_nan() && b.is_nan()) {
                return Ok(Some(format!("{a} against {b}")));
            }
        }
        let mine = got.grad_fn().map_or("-".to_owned(), |g| tree(&g.node, 3));
        if mine != nodes {
            return Ok(Some(format!("nodes\n  {mine}\n  {nodes}")));
        }
    }
    Ok(None)
}

#[test]
fn values_nodes_and_errors_are_pytorchs() {
    let text = include_str!("fixtures/products_and_losses.txt");
    let mut wrong = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let name = line.split('|').next().unwrap();
        match check(line) {
            Ok(None) => {}
            Ok(Some(what)) => wrong.push(format!("line {}: {name}: {what}", number + 1)),
            Err(error) => wrong.push(format!("line {}: {name}: {error:#}", number + 1)),
        }
    }
    println!("{} cases", text.lines().count());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
