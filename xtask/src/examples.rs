//! The examples: every Rust program of `examples/` and every Python program of `examples/python/` runs, and twins of
//! one name print the same text. What is not to be compared (paths, progress, times) they print on standard error.

use std::collections::BTreeSet;
use std::path::Path;

use crate::failure::{Failure, Result};
use crate::process::{Program, cargo};
use crate::python::{files_with_extension, python};

/// How a Rust example is built.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// As the tests are, so that nothing is compiled twice.
    Tests,
    /// As a user would, with pictures.
    Release,
}

/// The run of a Rust example.
pub(crate) fn rust(name: &str, build: Build, arguments: &[&str]) -> Program {
    let settings: &[&str] = match build {
        Build::Tests => &["--all-features"],
        Build::Release => &["--release", "--features", "viz"],
    };
    let run = cargo()
        .arguments(["run", "--quiet", "--package", "rushlight", "--example", name])
        .arguments(settings);
    run.arguments(["--"]).arguments(arguments).on_failure(format!("see examples/{name}.rs"))
}

/// The run of a Python example.
pub(crate) fn python_twin(name: &str, arguments: &[&str]) -> Program {
    let path = format!("examples/python/{name}.py");
    python([path.as_str()]).arguments(arguments).on_failure(format!("see {path}"))
}

/// Compares what two twins printed.
pub(crate) fn compare(name: &str, rust: &str, python: &str) -> Result<()> {
    if rust == python {
        return Ok(());
    }
    let different = rust.lines().zip(python.lines()).position(|(rust, python)| rust != python);
    let index = different.unwrap_or_else(|| rust.lines().count().min(python.lines().count()));
    let line =
        |text: &str| text.lines().nth(index).map_or_else(|| "(ended)".to_owned(), |line| format!("{line:?}"));
    Err(Failure::new(
        format!(
            "{name}: Rust and Python differ at line {}: {} against {}",
            index + 1,
            line(rust),
            line(python)
        ),
        format!("compare examples/{name}.rs with examples/python/{name}.py"),
    ))
}

pub(crate) fn run_all() -> Result<String> {
    let rust_names = names("examples", "rs");
    let python_names = names("examples/python", "py");
    check_declared(&rust_names)?;
    let mut twins = 0;
    let all: BTreeSet<&String> = rust_names.union(&python_names).collect();
    for name in all {
        let rust_text =
            rust_names.contains(name).then(|| rust(name, Build::Tests, &[]).output()).transpose()?;
        let python_text = python_names.contains(name).then(|| python_twin(name, &[]).output()).transpose()?;
        let both = if let (Some(rust_text), Some(python_text)) = (&rust_text, &python_text) {
            compare(name, rust_text, python_text)?;
            twins += 1;
            "Rust and Python print the same"
        } else if rust_text.is_some() {
            "Rust"
        } else {
            "Python"
        };
        println!("    {name}: {both}");
    }
    Ok(format!(
        "{} in Rust, {} in Python, {twins} twins print the same",
        rust_names.len(),
        python_names.len()
    ))
}

fn names(directory: &str, extension: &str) -> BTreeSet<String> {
    let files = files_with_extension(Path::new(directory), extension);
    files.iter().filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect()
}

/// The examples lie at the root, outside of the crate that they belong to, so its manifest has to name each; one that
/// is forgotten there would never be compiled.
fn check_declared(names: &BTreeSet<String>) -> Result<()> {
    let manifest = crate::python::read(Path::new("crates/rushlight/Cargo.toml"))?;
    match names.iter().find(|name| !manifest.contains(&format!("../../examples/{name}.rs"))) {
        None => Ok(()),
        Some(name) => Err(Failure::new(
            format!("examples/{name}.rs is not declared in crates/rushlight/Cargo.toml"),
            format!("add there: [[example]] name = \"{name}\", path = \"../../examples/{name}.rs\""),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn the_first_different_line_is_named() {
        assert!(compare("demo", "a\nb\n", "a\nb\n").is_ok());
        let failure = compare("demo", "a\nb\n", "a\nc\n").unwrap_err();
        assert!(failure.summary().contains(r#"line 2: "b" against "c""#), "{failure}");
        let failure = compare("demo", "a\n", "a\nc\n").unwrap_err();
        assert!(failure.summary().contains(r#"line 2: (ended) against "c""#), "{failure}");
    }
}
