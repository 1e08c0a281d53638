//! `cargo xtask stubs`: `python/rushlight/_C.pyi` and `docs/operations.md`, written from the registry of the installed
//! wheel by `tools/stubgen`.

use crate::failure::{Failure, Result};
use crate::process::{Program, root};
use crate::python;

const FILES: [&str; 4] = ["--stub", "python/rushlight/_C.pyi", "--table", "docs/operations.md"];

/// `cargo xtask stubs [--check]`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let done = match arguments {
        [] => generator().output(),
        [flag] if flag == "--check" => check(),
        _ => {
            return Err(Failure::new("`stubs` takes no argument but --check", "cargo xtask stubs [--check]"));
        }
    };
    println!("{}", done?.trim());
    Ok(())
}

/// Compares the checked-in files with what the installed module gives.
pub(crate) fn check() -> Result<String> {
    let output = generator().arguments(["--check"]).on_failure("cargo xtask wheel && cargo xtask stubs");
    Ok(output.output()?.trim().to_owned())
}

fn generator() -> Program {
    python::python(["-m", "stubgen"])
        .arguments(FILES)
        .environment("PYTHONPATH", root().join("tools"))
        .on_failure("if the wheel is older than the sources: cargo xtask wheel")
}
