//! Small operations for counting their instructions: `instructions ROW ROUNDS`, run under callgrind by
//! `cargo xtask test instructions`, against the budgets of `instructions.txt`.
//!
//! A row's set-up must not depend on the number of rounds: two runs of different lengths are subtracted.

use rushlight_core::{DType, Result, Tensor};

/// More nodes than any run asks for, so that building them costs every run the same.
const CHAIN: usize = 4000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let (Some(row), Some(rounds)) = (arguments.get(1), arguments.get(2).and_then(|text| text.parse().ok()))
    else {
        panic!("usage: instructions ROW ROUNDS");
    };
    match row.as_str() {
        "add" => add(rounds, false),
        "add recorded" => add(rounds, true),
        "backward node" => backward(rounds),
        other => panic!("there is no row {other:?}"),
    }
}

/// One-element adds, each result dropped.
fn add(rounds: usize, recorded: bool) -> Result<()> {
    let x = Tensor::ones(&[1], DType::F32)?.requires_grad_(recorded)?;
    let y = Tensor::ones(&[1], DType::F32)?;
    for _ in 0..rounds {
        std::hint::black_box(x.add(&y)?);
    }
    Ok(())
}

/// Backward through as many nodes of a chain of adds.
fn backward(rounds: usize) -> Result<()> {
    assert!(rounds < CHAIN, "the chain has {CHAIN} nodes");
    let x = Tensor::ones(&[1], DType::F32)?.requires_grad_(true)?;
    let one = Tensor::ones(&[1], DType::F32)?;
    let mut chain = vec![x];
    for index in 0..CHAIN {
        chain.push(chain[index].add(&one)?);
    }
    chain[rounds].backward()
}
