//! `cargo xtask bench`: Rushlight and, where a Python with torch is named, PyTorch, in the same run and interleaved.
//!
//! The measuring is `benches/compare.py`; here are only what it needs: a fresh wheel, and a check of the other Python.

use crate::failure::{Failure, Result};
use crate::process::Program;
use crate::python;

const USAGE: &str =
    "cargo xtask bench [--python PYTHON] [--threads N] [--pairs N] [--only WORD] [--json FILE]";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut passed_on: Vec<&str> = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let flag = match word.as_str() {
            "--python" => "--torch",
            "--threads" | "--pairs" | "--only" | "--json" => word.as_str(),
            other => return Err(Failure::new(format!("`bench` has no argument {other}"), USAGE)),
        };
        let value = words.next().ok_or_else(|| Failure::new(format!("{word} needs a value"), USAGE))?;
        if flag == "--torch" {
            check_torch(value)?;
        }
        passed_on.extend([flag, value]);
    }
    println!("{}", python::prepare()?);
    println!("{}", python::install_wheel("wheel")?);
    let wheel = python::built_wheel()?;
    python::python(["benches/compare.py", "--wheel"])
        .arguments([wheel.as_os_str()])
        .arguments(passed_on)
        .on_failure("a worker's error stands above; a row alone: cargo xtask bench --only WORD")
        .run()
}

fn check_torch(interpreter: &str) -> Result<()> {
    if Program::new(interpreter).arguments(["-c", "import torch"]).succeeds() {
        return Ok(());
    }
    Err(Failure::new(
        format!("{interpreter} cannot import torch"),
        "name a Python that can, or leave --python out",
    ))
}
