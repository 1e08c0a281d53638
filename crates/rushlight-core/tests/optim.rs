//! Twenty steps of every optimizer against PyTorch 2.15's single-tensor implementations (`fixtures/optim.txt`, made by
//! `fixtures/optim.py`), and what steps do to layouts and versions.

use rushlight_core::optim::{Adagrad, Adam, AdamState, Sgd, adagrad_step, adam_step, sgd_step};
use rushlight_core::{DType, Tensor};
use std::collections::HashMap;
use std::slice::from_ref;

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|x| x.parse().unwrap()).collect()
}

fn options(text: &str) -> HashMap<&str, &str> {
    text.split(';').map(|pair| pair.split_once('=').unwrap()).collect()
}

fn train(kind: &str, arguments: &str, p: &Tensor, gradients: &[Tensor]) {
    let o = options(arguments);
    let number = |name: &str, default: f64| o.get(name).map_or(default, |x| x.parse().unwrap());
    let flag = |name: &str| o.get(name) == Some(&"True");
    let p = from_ref(p);
    let like = |value: f64| Tensor::full(p[0].shape(), value, p[0].dtype()).unwrap();
    let (mut sums, sum) = ([None], [like(number("initial_accumulator_value", 0.0))]);
    let (means, squares, largest) = ([like(0.0)], [like(0.0)], [like(0.0)]);
    for (i, g) in gradients.iter().enumerate() {
        let (g, steps) = (from_ref(g), [(i + 1) as f64]);
        match kind {
            "sgd" => {
                let options = Sgd {
                    lr: number("lr", 0.0),
                    momentum: number("momentum", 0.0),
                    dampening: number("dampening", 0.0),
                    weight_decay: number("weight_decay", 0.0),
                    nesterov: flag("nesterov"),
                    maximize: flag("maximize"),
                };
                sgd_step(p, g, &mut sums, &options).unwrap();
            }
            "adam" | "adamw" => {
                let betas = o.get("betas").map_or((0.9, 0.999), |text| {
                    let (a, b) = text.split_once(',').unwrap();
                    (a.parse().unwrap(), b.parse().unwrap())
                });
                let options = Adam {
                    lr: number("lr", 0.0),
                    betas,
                    eps: number("eps", 1e-8),
                    weight_decay: number("weight_decay", 0.0),
                    decoupled: kind == "adamw",
                    maximize: flag("maximize"),
                };
                let largest = if flag("amsgrad") { &largest[..] } else { &[] };
                let state = AdamState { means: &means, squares: &squares, largest, steps: &steps };
                adam_step(p, g, state, &options).unwrap();
            }
            _ => {
                let options = Adagrad {
                    lr: number("lr", 0.0),
                    lr_decay: number("lr_decay", 0.0),
                    weight_decay: number("weight_decay", 0.0),
                    eps: 1e-10,
                    maximize: flag("maximize"),
                };
                adagrad_step(p, g, &sum, &steps, &options).unwrap();
            }
        }
    }
}

#[test]
fn twenty_steps_equal_pytorchs() {
    let text = include_str!("fixtures/optim.txt");
    let mut start = Vec::new();
    let mut gradients = Vec::new();
    let mut worst = [0.0f64; 2];
    let mut count = 0;
    for line in text.lines() {
        let mut fields = line.split('|');
        match fields.next().unwrap() {
            "start" => start = numbers(fields.next().unwrap()),
            "gradient" => gradients.push(numbers(fields.next().unwrap())),
            kind => {
                let single = fields.next() == Some("float32");
                let dtype = if single { DType::F32 } else { DType::F64 };
                let arguments = fields.next().unwrap();
                let expected = numbers(fields.next().unwrap());
                let make = |values: &[f64]| Tensor::from_slice(values).to_dtype(dtype).unwrap();
                let p = make(&start);
                let all: Vec<Tensor> = gradients.iter().map(|g| make(g)).collect();
                train(kind, arguments, &p, &all);
                for (got, want) in p.to_f64_vec().unwrap().iter().zip(expected) {
                    let error = (got - want).abs() / want.abs().max(1.0);
                    worst[usize::from(single)] = worst[usize::from(single)].max(error);
                    // f32: the rounding of twenty steps.
                    let allowed = if single { 1e-6 } else { 1e-13 };
                    assert!(error <= allowed, "{kind} {arguments} {dtype:?}: {got} against {want}");
                }
                count += 1;
            }
        }
    }
    println!("{count} runs; largest error {:e} in f64, {:e} in f32", worst[0], worst[1]);
    assert_eq!(count, 24);
}

#[test]
fn any_layout_steps_alike_and_versions_move() {
    let o =
        Sgd { lr: 0.5, momentum: 0.9, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false };
    let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let rows = Tensor::from_vec(values, &[2, 3]).unwrap();
    let columns = Tensor::from_vec([1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[3, 2]).unwrap().t().unwrap();
    let g = Tensor::from_vec([1.0, 2.0], &[2, 1]).unwrap().expand(&[2, 3]).unwrap();
    let (mut a, mut b) = ([None], [None]);
    for _ in 0..2 {
        sgd_step(from_ref(&rows), from_ref(&g), &mut a, &o).unwrap();
        sgd_step(from_ref(&columns), from_ref(&g), &mut b, &o).unwrap();
    }
    assert_eq!(rows.to_vec::<f64>().unwrap(), columns.to_vec::<f64>().unwrap());
    assert_eq!(rows.to_vec::<f64>().unwrap()[0], 1.0 - 0.5 - 0.5 * 1.9);
    assert!(rows.version() >= 2 && columns.version() >= 2);
    // A gradient that is its own parameter.
    let x = Tensor::from_slice(&[1.0, 2.0]);
    sgd_step(from_ref(&x), from_ref(&x), &mut [None], &Sgd { momentum: 0.0, ..o }).unwrap();
    assert_eq!(x.to_vec::<f64>().unwrap(), [0.5, 1.0]);
    let half = Tensor::from_slice(&[1.0, 2.0]).to_dtype(DType::F16).unwrap();
    sgd_step(from_ref(&half), from_ref(&half), &mut [None], &o).unwrap();
    assert_eq!(half.to_f64_vec().unwrap(), [0.5, 1.0]);
    let wrong = sgd_step(&[x], &[Tensor::from_slice(&[1.0])], &mut [None], &o);
    assert!(wrong.unwrap_err().to_string().contains("[1]"));
}
