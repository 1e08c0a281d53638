//! `cargo xtask`: every command that a developer or CI needs, on a machine with only cargo and Python 3.11 or later.
//!
//! A command is one module. [`process`] runs programs, [`failure`] says what went wrong and what to do next,
//! [`report`] prints progress and the closing table, [`python`] keeps `.venv`. There is no shell script to keep in
//! step beside them: `.ci/run` calls `cargo xtask test` and nothing else.

mod bench;
mod conventions;
mod demo;
mod examples;
mod failure;
mod instructions;
mod long;
mod process;
mod python;
mod relay;
mod report;
mod stubs;
mod test;

use std::process::ExitCode;

use failure::{Failure, Result};

const USAGE: &str = "\
cargo xtask COMMAND

  test [STEP …] [--long]     everything CI checks; with steps named, those alone; --long runs what takes longer
                             and writes docs/long-runs.md
  demo                       trains the logistic regression in Rust and in Python, leaves pictures in demo/
  bench [--python PYTHON] [--threads N] [--pairs N] [--only WORD] [--json FILE]
                             compares with PyTorch (in PYTHON, which can import torch) in one run, interleaved
  wheel [--dev]              builds the wheel and installs it into .venv (--dev: quick to build, slow to run)
  stubs [--check]            writes python/rushlight/_C.pyi from the registry of the installed wheel, or checks it
  golden --python PYTHON     makes tests/golden anew with the PyTorch in PYTHON
  documents --seeds DIR [--record --python PYTHON]
                             runs the programs of the four documents and compares with what PyTorch gave
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::new("no command was given", USAGE));
    };
    // Every path in these modules is relative to the root of the repository.
    std::env::set_current_dir(process::root()).map_err(|error| {
        Failure::new(format!("cannot enter the repository's root: {error}"), "run it in a clone")
    })?;
    match command.as_str() {
        "test" => test::run(rest),
        "demo" => demo::run(rest),
        "bench" => bench::run(rest),
        "wheel" => python::wheel_command(rest),
        "stubs" => stubs::run(rest),
        "golden" => relay::golden(rest),
        "documents" => relay::documents(rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::new(format!("there is no command `{other}`"), USAGE)),
    }
}
