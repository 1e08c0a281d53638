//! Commands that hand on to a Python program which stands beside the data that it makes or checks.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::process::Program;
use crate::python;

const GOLDEN_USAGE: &str = "cargo xtask golden --python PYTHON, where PYTHON can import torch 2.15 (CPU)";
const DOCUMENTS_USAGE: &str = "cargo xtask documents --seeds DIR [--record --python PYTHON]";

/// `cargo xtask golden --python PYTHON`: the golden files, made anew by real PyTorch.
pub(crate) fn golden(arguments: &[String]) -> Result<()> {
    let [flag, interpreter] = arguments else {
        return Err(Failure::new("`golden` needs the Python that has PyTorch", GOLDEN_USAGE));
    };
    if flag != "--python" {
        return Err(Failure::new(format!("`golden` has no flag {flag}"), GOLDEN_USAGE));
    }
    check_torch(interpreter)?;
    script("tests/golden/make_golden.py", Program::new(interpreter))?.run()
}

/// `cargo xtask documents`: with `--record` real PyTorch's outcome is written down; otherwise Rushlight's is compared
/// with it.
pub(crate) fn documents(arguments: &[String]) -> Result<()> {
    let mut seeds = None;
    let mut interpreter = None;
    let mut record = false;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seeds" => seeds = words.next(),
            "--python" => interpreter = words.next(),
            "--record" => record = true,
            other => {
                return Err(Failure::new(format!("`documents` has no argument {other}"), DOCUMENTS_USAGE));
            }
        }
    }
    let Some(seeds) = seeds else {
        return Err(Failure::new("`documents` needs the directory of the four documents", DOCUMENTS_USAGE));
    };
    if !Path::new(seeds).is_dir() {
        return Err(Failure::new(format!("{seeds} is no directory"), DOCUMENTS_USAGE));
    }
    let program = match (record, interpreter) {
        (true, Some(interpreter)) => {
            check_torch(interpreter)?;
            Program::new(interpreter).environment("MPLBACKEND", "Agg")
        }
        (true, None) => {
            return Err(Failure::new("`--record` needs the Python that has PyTorch", DOCUMENTS_USAGE));
        }
        (false, Some(_)) => {
            return Err(Failure::new(
                "`--python` goes with `--record`; otherwise .venv runs them",
                DOCUMENTS_USAGE,
            ));
        }
        (false, None) => {
            python::prepare()?;
            python::python::<_, &str>([])
        }
    };
    let program = script("tests/documents/run_documents.py", program)?.arguments(["--seeds", seeds.as_str()]);
    if record { program.arguments(["--record"]).run() } else { program.run() }
}

fn script(path: &str, program: Program) -> Result<Program> {
    if !Path::new(path).is_file() {
        return Err(Failure::new(
            format!("{path} does not exist"),
            "it belongs to the repository: check the clone",
        ));
    }
    Ok(program.arguments([path]))
}

/// The golden files' reference is one version: another's differences would look like faults of ours.
fn check_torch(interpreter: &str) -> Result<()> {
    let version = Program::new(interpreter)
        .arguments(["-c", "import torch; print(torch.__version__)"])
        .on_failure("install PyTorch there: pip install torch==2.15.0")
        .output()?;
    if version.starts_with("2.15.") {
        return Ok(());
    }
    Err(Failure::new(
        format!("{interpreter} has torch {}, not 2.15", version.trim()),
        "pip install torch==2.15.0",
    ))
}
