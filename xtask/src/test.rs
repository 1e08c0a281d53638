//! `cargo xtask test`: all that CI checks, in steps that can be run alone by their names.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::process::{Program, Transcript, cargo};
use crate::report::Report;
use crate::{conventions, examples, instructions, long, python, stubs};

/// The profile of the wheel that is tested: the one that users get.
const WHEEL_PROFILE: &str = "wheel";
/// The directories of Python sources; one that does not exist has nothing to check yet.
const PYTHON_SOURCES: [&str; 6] = ["python", "tests", "tools", "benches", "examples/python", "docs"];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (long_flag, steps): (Vec<String>, Vec<String>) =
        arguments.iter().cloned().partition(|word| word == "--long");
    if let Some(flag) = steps.iter().find(|word| word.starts_with('-')) {
        return Err(Failure::new(format!("`test` has no flag {flag}"), "cargo xtask test [STEP …] [--long]"));
    }
    if !long_flag.is_empty() {
        return long::run(&steps);
    }
    let mut report = Report::new(&steps);
    let mut lines = Closing::default();
    report.step("fmt", &[], || {
        cargo()
            .arguments(["fmt", "--all", "--check"])
            .on_failure("cargo fmt --all")
            .run()
            .map(|()| String::new())
    });
    report.step("conventions", &[], conventions::check);
    report.step("python", &[], python::prepare);
    report.step("clippy", &[], clippy);
    report.step("rust tests", &[], || rust_tests(&mut lines));
    report.step("doctests", &[], || doctests(&mut lines));
    report.step("rustdoc", &[], rustdoc);
    report.step("ruff", &["python"], ruff);
    report.step("wheel", &["python"], || python::install_wheel(WHEEL_PROFILE));
    report.step("stubs", &["wheel"], stubs::check);
    report.step("mypy", &["python"], mypy);
    report.step("python tests", &["wheel"], || python_tests(&mut lines));
    report.step("examples", &["wheel"], examples::run_all);
    if instructions::is_possible() {
        report.step("instructions", &[], instructions::check);
    } else {
        report.not_checked("instructions", "valgrind, which counts them, is not installed");
    }
    lines.print();
    report.finish("test")
}

/// The runners' own closing lines, repeated above the table, so that the end of a long log tells what was counted.
#[derive(Default)]
struct Closing(Vec<(&'static str, String)>);

impl Closing {
    /// Keeps the lines of a runner's output that sum it up.
    fn keep(&mut self, runner: &'static str, output: &Transcript, is_closing: impl Fn(&str) -> bool) {
        // cargo test and pytest report on standard output, nextest on standard error.
        for stream in [&output.standard, &output.error] {
            let plain = without_colours(stream);
            let closing = plain.lines().filter(|line| is_closing(line));
            self.0.extend(closing.map(|line| (runner, line.trim().to_owned())));
        }
    }

    fn print(&self) {
        if !self.0.is_empty() {
            println!("\nthe runners' closing lines");
        }
        for (runner, line) in &self.0 {
            println!("  {runner}: {line}");
        }
    }

    fn last(&self) -> String {
        self.0.last().map_or_else(String::new, |(_, line)| line.trim_matches(['=', ' ']).to_owned())
    }
}

/// A terminal's colour codes would hide the words that are looked for.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A code is ESC [ numbers letter.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

fn clippy() -> Result<String> {
    let next_step = "mend what clippy names; an exception is `#[expect(lint, reason = \"…\")]`";
    let lint = |scope: &[&str]| {
        cargo()
            .arguments(["clippy", "--quiet"])
            .arguments(scope)
            .arguments(["--", "-D", "warnings"])
            .on_failure(next_step)
            .run()
    };
    lint(&["--workspace", "--all-targets", "--all-features"])?;
    // What users get by default has to be clean by itself, too: features hide unused code.
    lint(&["--package", "rushlight"])?;
    Ok(String::new())
}

/// All Rust tests: with nextest where it is installed, with `cargo test` otherwise.
fn rust_tests(lines: &mut Closing) -> Result<String> {
    let scope = ["--workspace", "--all-features"];
    if has_nextest() {
        let runner = cargo().arguments(["nextest", "run", "--no-tests", "pass", "--no-fail-fast"]);
        let output = runner
            .arguments(scope)
            .arguments(["--status-level", "fail", "--final-status-level", "fail"])
            .on_failure("run the failed test alone: cargo nextest run NAME")
            .tee()?;
        lines.keep("nextest", &output, |line| line.trim_start().starts_with("Summary ["));
    } else {
        let runner = cargo().arguments(["test", "--quiet", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        let output =
            runner.arguments(scope).on_failure("run the failed test alone: cargo test NAME").tee()?;
        lines.keep("cargo test", &output, |line| line.starts_with("test result:"));
    }
    Ok(lines.last())
}

pub(crate) fn has_nextest() -> bool {
    cargo().arguments(["nextest", "--version"]).succeeds()
}

fn doctests(lines: &mut Closing) -> Result<String> {
    let runner = cargo().arguments(["test", "--doc", "--workspace", "--all-features", "--no-fail-fast"]);
    let output = runner.on_failure("run one crate's: cargo test --doc -p CRATE").tee()?;
    lines.keep("doctests", &output, |line| line.starts_with("test result:"));
    let passed: u32 = output.standard.lines().filter_map(passed_count).sum();
    Ok(format!("{passed} passed"))
}

/// The count in `test result: ok. 12 passed; …`.
fn passed_count(line: &str) -> Option<u32> {
    let rest = line.strip_prefix("test result: ")?;
    let (before, _) = rest.split_once(" passed")?;
    before.rsplit(' ').next()?.parse().ok()
}

fn rustdoc() -> Result<String> {
    cargo()
        .arguments(["doc", "--quiet", "--workspace", "--no-deps", "--all-features", "--exclude", "xtask"])
        .environment("RUSTDOCFLAGS", "-D warnings")
        .on_failure("mend the documentation: a link that leads nowhere is the usual cause")
        .run()
        .map(|()| String::new())
}

/// The directories of [`PYTHON_SOURCES`] that exist.
fn python_sources() -> Vec<&'static str> {
    PYTHON_SOURCES.into_iter().filter(|path| Path::new(path).is_dir()).collect()
}

fn ruff() -> Result<String> {
    let run = |arguments: &[&str], next_step: &str| {
        python::python(["-m", "ruff"])
            .arguments(arguments)
            .arguments(python_sources())
            .on_failure(next_step)
            .run()
    };
    run(&["format", "--check"], ".venv/bin/python -m ruff format")?;
    run(&["check"], ".venv/bin/python -m ruff check --fix")?;
    Ok(python_sources().join(" "))
}

/// Strict types. The sources are checked where they lie, with the generated stub beside them.
fn mypy() -> Result<String> {
    let check = |paths: &[&str]| -> Result<usize> {
        let present: Vec<&str> = paths.iter().copied().filter(|path| holds_python(Path::new(path))).collect();
        if present.is_empty() {
            return Ok(0);
        }
        let mypy = python::python(["-m", "mypy", "--strict"]).arguments(&present);
        mypy.on_failure("mend the types; `Any` needs a reason").run()?;
        Ok(present.len())
    };
    let mut checked = check(&["python/rushlight", "tools", "tests/python"])?;
    // Each script is a `__main__` of its own: in one run, two of a name would collide.
    for directory in ["benches", "tests/golden", "tests/documents", "examples/python"] {
        checked += check(&[directory])?;
    }
    Ok(format!("{checked} directories"))
}

fn holds_python(directory: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).any(|path| {
        path.extension().is_some_and(|found| found == "py") || (path.is_dir() && holds_python(&path))
    })
}

fn python_tests(lines: &mut Closing) -> Result<String> {
    let tests = Path::new("tests/python");
    if !holds_python(tests) {
        return Err(Failure::new(
            "tests/python holds no test",
            "the Python package is not tested: write tests",
        ));
    }
    let output =
        pytest(&[]).on_failure("run the failed test alone: .venv/bin/python -m pytest -k NAME").tee()?;
    lines.keep("pytest", &output, |line| {
        let line = line.trim_matches(['=', ' ']);
        (line.contains(" passed") || line.contains(" failed")) && line.contains(" in ")
    });
    Ok(lines.last())
}

/// pytest on `tests/python`, in `.venv`.
pub(crate) fn pytest(more: &[&str]) -> Program {
    python::python(["-m", "pytest", "-q", "tests/python"]).arguments(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_cargos_closing_line() {
        assert_eq!(passed_count("test result: ok. 12 passed; 0 failed; 0 ignored"), Some(12));
        assert_eq!(passed_count("test result: FAILED. 3 passed; 1 failed"), Some(3));
        assert_eq!(passed_count("running 12 tests"), None);
    }

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("\u{1b}[32;1m     Summary\u{1b}[0m [ 1 s]"), "     Summary [ 1 s]");
    }
}
