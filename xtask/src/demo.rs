//! `cargo xtask demo`: from a fresh clone to a trained model and its pictures, in both languages.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::examples::{Build, compare, python_twin, rust};
use crate::failure::{Failure, Result};
use crate::process::root;
use crate::python;

/// Where the pictures go, by language.
const PICTURES: [&str; 2] = ["demo/rust", "demo/python"];
/// The programs that the demo runs; each takes `--pictures DIRECTORY` and prints the same text in both languages.
const PROGRAMS: [(&str, &str); 2] = [
    ("logistic_regression", "logistic regression on 200 points: decision boundary and loss"),
    ("computation_graph", "the computation graph of y = (x + w)(w + 1) and its gradients"),
];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!("`demo` takes no argument `{unknown}`"), "cargo xtask demo"));
    }
    let started = Instant::now();
    let say = |text: &str| println!("\n[{:>6.1} s] {text}", started.elapsed().as_secs_f64());
    say("Python: .venv with what the demo needs …");
    println!("{}", python::prepare()?);
    say("building the wheel and installing it into .venv (the first time, some minutes) …");
    println!("{}", python::install_wheel("wheel")?);
    for directory in PICTURES {
        std::fs::create_dir_all(directory)
            .map_err(|error| Failure::new(format!("cannot make {directory}: {error}"), "check the disk"))?;
    }
    for (name, title) in PROGRAMS {
        say(&format!("{title}, in Rust …"));
        let rust_text = rust(name, Build::Release, &["--pictures", PICTURES[0]]).tee()?.standard;
        say(&format!("{title}, in Python …"));
        let python_text = python_twin(name, &["--pictures", PICTURES[1]]).tee()?.standard;
        compare(name, &rust_text, &python_text)?;
        println!("\nboth languages printed the same {} lines", rust_text.lines().count());
    }
    say("pictures");
    let pictures: Vec<PathBuf> =
        PICTURES.iter().flat_map(|directory| pictures_of(Path::new(directory))).collect();
    if pictures.is_empty() {
        return Err(Failure::new("the programs left no picture in demo/", "see their option --pictures"));
    }
    for picture in pictures {
        println!("  {}", root().join(picture).display());
    }
    Ok(())
}

fn pictures_of(directory: &Path) -> Vec<PathBuf> {
    ["png", "svg", "gif"]
        .iter()
        .flat_map(|extension| python::files_with_extension(directory, extension))
        .collect()
}
