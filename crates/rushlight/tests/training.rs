//! Optimizers take PyTorch's steps; training converges and leaves nothing behind.
//!
//! One test at a time counts tensors and nodes, so the counting is in a file, that is a process, of its own kind of
//! tests, which take turns.

use std::sync::{Mutex, MutexGuard, PoisonError};

use optim::{Adagrad, AdagradOptions, Adam, AdamOptions, AdamW, SGD, SGDOptions};
use rushlight::prelude::*;
use rushlight::{live_nodes, live_tensors};

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Five steps on a function of two parameters, in f64.
fn trajectory<O: Optimizer>(make: impl FnOnce([&Tensor; 2]) -> Result<O>) -> Result<Vec<f64>> {
    let w = tensor!([1.0, -2.0, 0.5], DType::F64).requires_grad_(true)?;
    let v = tensor!([[3.0]], DType::F64).requires_grad_(true)?;
    let mut optimizer = make([&w, &v])?;
    for _ in 0..5 {
        optimizer.zero_grad();
        let loss = (&w * &w * &w).sum()? + w.sum()? * v.squeeze()? + v.pow(4)?.sum()?;
        loss.backward()?;
        optimizer.step()?;
    }
    Ok([w.to_f64_vec()?, v.to_f64_vec()?].concat())
}

fn compare(name: &str, found: Result<Vec<f64>>, expected: [f64; 4]) {
    let found = found.unwrap();
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{name}: {found} against {expected}");
    }
}

/// Golden: printed by PyTorch 2.15.
#[test]
fn steps_are_pytorchs() {
    let _turn = turn();
    compare(
        "SGD",
        trajectory(|p| SGD::new(p, SGDOptions::new(0.01))),
        [0.783488357770017, -2.913854455896021, 0.37641256913982934, 1.2749814390323049],
    );
    let options = SGDOptions::new(0.01).momentum(0.9).dampening(0.1).weight_decay(0.05);
    compare(
        "SGD with momentum",
        trajectory(|p| SGD::new(p, options)),
        [0.5194284162510849, -4.244369113229639, 0.24605035401231928, -2.1257502366697945],
    );
    let options = SGDOptions::new(0.001).momentum(0.9).nesterov().maximize();
    compare(
        "SGD of Nesterov",
        trajectory(|p| SGD::new(p, options)),
        [1.1127615662990233, -1.7503020435731573, 0.5730975559321554, 6.258267409853457],
    );
    let options = AdagradOptions::new(0.1).lr_decay(0.1).weight_decay(0.01).initial_accumulator_value(0.5);
    compare(
        "Adagrad",
        trajectory(|p| Adagrad::new(p, options)),
        [0.7346106166520102, -2.2926495884532017, 0.2336310926421563, 2.73185802538444],
    );
    compare(
        "Adam",
        trajectory(|p| Adam::new(p, AdamOptions::new(0.1))),
        [0.508084789322563, -2.5020239044180936, 0.005822525970264086, 2.5071173081894464],
    );
    let options = AdamOptions::new(0.1).betas(0.8, 0.9).eps(1e-6).weight_decay(0.1).amsgrad();
    compare(
        "Adam with amsgrad",
        trajectory(|p| Adam::new(p, options)),
        [0.5087164976143298, -2.5023464876004606, 0.006417454304420089, 2.5076712697672883],
    );
    compare(
        "AdamW",
        trajectory(|p| AdamW::new(p, AdamOptions::new(0.1))),
        [0.5042287009235333, -2.491019376166126, 0.00441710085309259, 2.4934195638880015],
    );
    let options = AdamOptions::new(0.1).weight_decay(0.2).maximize().amsgrad();
    compare(
        "AdamW with amsgrad",
        trajectory(|p| AdamW::new(p, options)),
        [1.3864348201560368, -1.3347134181755564, 0.9345134799259784, 3.193561785786763],
    );
}

#[test]
fn wrong_options_are_refused_in_pytorchs_words() -> Result<()> {
    let _turn = turn();
    let w = tensor!([1.0]).requires_grad_(true)?;
    let text = |result: Result<SGD>| result.err().unwrap().to_string();
    assert_eq!(text(SGD::new([&w], SGDOptions::new(-1.0))), "Invalid learning rate: -1.0");
    assert_eq!(text(SGD::new([&w], SGDOptions::new(f64::NAN))), "Invalid learning rate: nan");
    assert_eq!(
        text(SGD::new([&w], SGDOptions::new(1.0).nesterov())),
        "Nesterov momentum requires a momentum and zero dampening"
    );
    assert_eq!(
        text(SGD::new(Vec::<Tensor>::new(), SGDOptions::new(1.0))),
        "optimizer got an empty parameter list"
    );
    assert_eq!(text(SGD::new([&w * 2], SGDOptions::new(1.0))), "can't optimize a non-leaf Tensor");
    let error = Adam::new([&w], AdamOptions::new(1.0).betas(1.0, 0.9)).err().unwrap();
    assert_eq!(error.to_string(), "Invalid beta parameter at index 0: 1.0");
    let mut optimizer = SGD::new([&w], SGDOptions::new(1.0))?;
    let error = optimizer.add_group([&w], SGDOptions::new(0.5)).unwrap_err();
    assert_eq!(error.to_string(), "some parameters appear in more than one parameter group");
    Ok(())
}

#[test]
fn groups_have_their_own_options() -> Result<()> {
    let _turn = turn();
    let slow = tensor!([1.0]).requires_grad_(true)?;
    let quick = tensor!([1.0]).requires_grad_(true)?;
    let idle = tensor!([1.0]).requires_grad_(true)?;
    let mut optimizer = SGD::new([&slow], SGDOptions::new(0.25))?;
    optimizer.add_group([&quick, &idle], SGDOptions::new(0.5))?;
    (&slow + &quick).backward()?;
    optimizer.step()?;
    assert_eq!((slow.item()?.to_f64(), quick.item()?.to_f64()), (0.75, 0.5));
    optimizer.groups_mut()[0].options.lr = 0.5;
    optimizer.step()?;
    assert_eq!((slow.item()?.to_f64(), quick.item()?.to_f64()), (0.25, 0.0));
    optimizer.set_learning_rate(0.0);
    optimizer.step()?;
    assert_eq!((slow.item()?.to_f64(), idle.item()?.to_f64()), (0.25, 1.0));
    Ok(())
}

/// Golden: the same program in PyTorch 2.15 has these losses in steps 0, 10 and 29.
#[test]
fn a_classifier_trains_as_in_pytorch() -> Result<()> {
    let _turn = turn();
    manual_seed(2);
    let x = Tensor::randn(&[4, 3], DType::F32)?;
    let target = tensor!([0, 1, 2, 1]);
    let net = nn::Sequential::new().then(nn::Linear::new(3, 5)?).then(nn::ReLU).then(nn::Linear::new(5, 3)?);
    let mut optimizer = Adam::new(net.parameters(), AdamOptions::new(0.05))?;
    let loss_fn = nn::CrossEntropyLoss::new();
    let mut losses = Vec::new();
    for _ in 0..30 {
        optimizer.zero_grad();
        let loss = loss_fn.forward(&net.forward(&x)?, &target)?;
        loss.backward()?;
        optimizer.step()?;
        losses.push(loss.item()?.to_f64());
    }
    for (step, expected) in [(0, 1.139209508895874), (10, 0.6421552896499634), (29, 0.058202557265758514)] {
        assert!((losses[step] - expected).abs() < 1e-5, "step {step}: {} against {expected}", losses[step]);
    }
    Ok(())
}

#[test]
fn a_training_loop_leaves_nothing_behind() -> Result<()> {
    let _turn = turn();
    let net = nn::Sequential::new().then(nn::Linear::new(2, 8)?).then(nn::Tanh).then(nn::Linear::new(8, 1)?);
    let x = tensor!([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = tensor!([[0.0], [1.0], [1.0], [0.0]]);
    let mut adam = Adam::new(net.parameters(), AdamOptions::new(0.05))?;
    let mut sgd = SGD::new(net.parameters(), SGDOptions::new(0.01).momentum(0.9))?;
    let loss_fn = nn::BCEWithLogitsLoss::new();
    let mut step = || -> Result<f64> {
        let loss = loss_fn.forward(&net.forward(&x)?, &y)?;
        loss.backward()?;
        adam.step()?;
        sgd.step()?;
        sgd.zero_grad();
        loss.item().map(Scalar::to_f64)
    };
    // The first steps make what is remembered of the parameters.
    step()?;
    step()?;
    let before = (live_tensors(), live_nodes());
    let mut last = f64::INFINITY;
    for _ in 0..300 {
        last = step()?;
    }
    assert_eq!((live_tensors(), live_nodes()), before);
    assert!(last < 0.05, "the loss is {last}");
    Ok(())
}

#[test]
fn a_recurrent_cell_learns_to_remember() -> Result<()> {
    let _turn = turn();
    manual_seed(0);
    // The first of five bits has to be told at the end.
    let bits = Tensor::randint(0, 2, &[64, 5, 1], DType::I64)?.to_dtype(DType::F32)?;
    let target = bits.select(1, 0)?;
    let (cell, output) = (nn::LSTMCell::new(1, 8)?, nn::Linear::new(8, 1)?);
    let parameters = [cell.parameters(), output.parameters()].concat();
    let mut optimizer = Adam::new(parameters, AdamOptions::new(0.05))?;
    let loss_fn = nn::BCEWithLogitsLoss::new();
    let mut last = f64::INFINITY;
    for _ in 0..150 {
        let (mut hidden, mut memory) = cell.forward(&bits.select(1, 0)?, None)?;
        for step in 1..5 {
            (hidden, memory) = cell.forward(&bits.select(1, step)?, Some((&hidden, &memory)))?;
        }
        let loss = loss_fn.forward(&output.forward(&hidden)?, &target)?;
        optimizer.zero_grad();
        loss.backward()?;
        optimizer.step()?;
        last = loss.item()?.to_f64();
    }
    assert!(last < 0.05, "the loss is {last}");
    Ok(())
}
