//! `cargo xtask stubs`: `python/rushlight/_C.pyi`, written from the registry of the installed wheel (tools/stubgen).

use crate::failure::{Failure, Result};
use crate::process::{Program, root};
use crate::python;

const STUB: &str = "python/rushlight/_C.pyi";

/// `cargo xtask stubs [--check]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let done = match arguments {
        [] => generator().arguments(["--output", STUB]).output(),
        [flag] if flag == "--check" => check(),
        _ => {
            return Err(Failure::new("`stubs` takes no argument but --check", "cargo xtask stubs [--check]"));
        }
    };
    println!("{}", done?.trim());
    Ok(())
}

/// Compares the checked-in stub with what the installed module gives, and its names with those of the module.
pub(crate) fn check() -> Result<String> {
    let output =
        generator().arguments(["--check", STUB]).on_failure("cargo xtask wheel && cargo xtask stubs");
    Ok(output.output()?.trim().to_owned())
}

fn generator() -> Program {
    python::python(["-m", "stubgen"])
        .environment("PYTHONPATH", root().join("tools"))
        .on_failure("if the wheel is older than the sources: cargo xtask wheel")
}
