//! `cargo xtask test --long`: checks that take longer than CI may, and their outcome in `docs/long-runs.md`.
//!
//! A check is a row of [`CHECKS`]. The page keeps the last outcome of each, so a run of some leaves the others' lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::failure::{Failure, Result};
use crate::process::{cargo, target_directory};
use crate::{python, test};

const PAGE: &str = "docs/long-runs.md";

struct Check {
    name: &'static str,
    /// What a reader learns from it.
    shows: &'static str,
    run: fn() -> Result<String>,
}

const CHECKS: [Check; 5] = [
    Check {
        name: "clean-build",
        shows: "the crate builds from nothing, default features, release, in under 150 s on two cores",
        run: clean_build,
    },
    Check {
        name: "rust-ignored",
        shows: "the Rust tests marked `#[ignore]` because of their length, optimised",
        run: rust_ignored,
    },
    Check { name: "pytest-long", shows: "the Python tests marked `long`", run: pytest_long },
    Check {
        name: "cpu-baseline",
        shows: "all Rust and Python tests with the kernels for the oldest processors (RUSHLIGHT_CPU=baseline)",
        run: || cpu_level("baseline"),
    },
    Check {
        name: "cpu-v3",
        shows: "the same with the AVX2 kernels (RUSHLIGHT_CPU=v3)",
        run: || cpu_level("v3"),
    },
];

/// Runs the named checks, or all.
pub(crate) fn run(names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| CHECKS.iter().all(|check| check.name != name.as_str())) {
        let known: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
        return Err(Failure::new(format!("there is no long check `{unknown}`"), known.join(", ")));
    }
    println!("{}", python::prepare()?);
    println!("{}", python::install_wheel("wheel")?);
    let mut outcomes = read_outcomes(&std::fs::read_to_string(PAGE).unwrap_or_default());
    let mut failures = Vec::new();
    for check in CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name))
    {
        println!("\n{}: {} …", check.name, check.shows);
        let begin = Instant::now();
        let result = (check.run)();
        let word = match &result {
            Ok(text) => format!("passed: {text}"),
            Err(failure) => {
                eprintln!("{failure}");
                failures.push(check.name);
                format!("**failed**: {}", failure.summary())
            }
        };
        let line =
            format!("{} | {:.0} s | {}", word.replace('|', "/"), begin.elapsed().as_secs_f64(), provenance());
        println!("{}: {line}", check.name);
        outcomes.insert(check.name.to_owned(), line);
        // Written after each: a run of hours that is stopped keeps what it found.
        write_page(&outcomes)?;
    }
    if failures.is_empty() {
        println!("\nall passed; outcomes in {PAGE}");
        return Ok(());
    }
    Err(Failure::new(
        format!("long checks failed: {}", failures.join(", ")),
        format!("cargo xtask test --long {}", failures[0]),
    ))
}

fn clean_build() -> Result<String> {
    let directory = target_directory().join("long-clean-build");
    let clear = || match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(format!("cannot clear {}: {error}", directory.display()), "remove it"))
        }
        _ => Ok(()),
    };
    clear()?;
    let begin = Instant::now();
    cargo().arguments(["build", "--release"]).environment("CARGO_TARGET_DIR", &directory).run()?;
    let seconds = begin.elapsed().as_secs_f64();
    clear()?;
    if seconds < 150.0 {
        return Ok(format!("{seconds:.0} s"));
    }
    Err(Failure::new(
        format!("the clean build took {seconds:.0} s, not under 150"),
        "cargo build --release --timings shows where it goes (on a busy machine, measure again)",
    ))
}

fn rust_ignored() -> Result<String> {
    let all = ["--workspace", "--all-features", "--release"];
    if test::has_nextest() {
        cargo()
            .arguments(["nextest", "run", "--run-ignored", "only", "--no-tests", "pass"])
            .arguments(all)
            .run()?;
    } else {
        cargo().arguments(["test"]).arguments(all).arguments(["--", "--ignored"]).run()?;
    }
    Ok(String::new())
}

fn pytest_long() -> Result<String> {
    test::pytest(&["-m", "long"]).run().map(|()| String::new())
}

fn cpu_level(level: &'static str) -> Result<String> {
    let rust = cargo().arguments(["test", "--workspace", "--all-features", "--quiet"]);
    rust.environment("RUSHLIGHT_CPU", level).run()?;
    test::pytest(&[]).environment("RUSHLIGHT_CPU", level).run().map(|()| String::new())
}

/// Date and commit, so that a reader can tell how old an outcome is.
fn provenance() -> String {
    let ask = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.map_or_else(
            |_| "?".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    format!("{} | {}", ask("date", &["-u", "+%F"]), ask("git", &["rev-parse", "--short", "HEAD"]))
}

/// The outcomes on the page, by name: what follows the first two columns.
fn read_outcomes(page: &str) -> BTreeMap<String, String> {
    let mut outcomes = BTreeMap::new();
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [name, _, rest @ ..] = cells.as_slice()
            && CHECKS.iter().any(|check| check.name == *name)
        {
            outcomes.insert((*name).to_owned(), rest.join(" | "));
        }
    }
    outcomes
}

fn page(outcomes: &BTreeMap<String, String>) -> String {
    let mut page = String::from(
        "# Long runs\n\nWritten by `cargo xtask test --long`: what takes longer than CI may, and how it last ended.\n\n\
         | check | what it shows | outcome | time | date | commit |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for check in &CHECKS {
        let outcome = outcomes.get(check.name).map_or("not run yet | | |", String::as_str);
        page.extend(["| ", check.name, " | ", check.shows, " | ", outcome, " |\n"]);
    }
    page
}

fn write_page(outcomes: &BTreeMap<String, String>) -> Result<()> {
    std::fs::write(Path::new(PAGE), page(outcomes))
        .map_err(|error| Failure::new(format!("cannot write {PAGE}: {error}"), "check the disk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_keeps_the_outcomes_of_checks_that_did_not_run() {
        let mut outcomes = BTreeMap::new();
        outcomes.insert("cpu-v3".to_owned(), "passed: all | 12 s | 2026-11-22 | abc".to_owned());
        let again = read_outcomes(&page(&outcomes));
        assert_eq!(again["cpu-v3"], "passed: all | 12 s | 2026-11-22 | abc");
        assert!(again["clean-build"].starts_with("not run yet"));
        assert_eq!(page(&again), page(&read_outcomes(&page(&again))));
    }
}
