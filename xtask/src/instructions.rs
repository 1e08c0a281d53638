//! Budgets in instructions: what a small operation costs, counted under valgrind's callgrind.
//!
//! Seconds depend on the machine and its mood, instructions do not: the same program counts the same twice. Each row of
//! `benches/instructions.rs` runs at two lengths, and the difference over the added rounds leaves start and set-up out.
//! Valgrind knows no AVX-512, so the kernels run at their AVX2 level there; the counts are those of the overhead about
//! the kernels, which is what the budgets are for.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::process::{Program, cargo, target_directory};
use crate::python::read;

const PROGRAM: &str = "instructions";
const BUDGETS: &str = "benches/instructions.txt";
/// The two lengths of a run.
const ROUNDS: (u64, u64) = (1000, 3000);
/// Another compiler or allocator moves a count by a little.
const TOLERANCE: f64 = 1.03;

/// A line of the budgets' file: a row, and the most instructions that a round may take.
#[derive(Debug, PartialEq)]
struct Budget {
    row: String,
    most: f64,
}

pub(crate) fn is_possible() -> bool {
    Program::new("valgrind").arguments(["--version"]).succeeds()
}

/// Counts every row of the budgets' file and compares.
pub(crate) fn check() -> Result<String> {
    let budgets = parse(&read(Path::new(BUDGETS))?)?;
    cargo()
        .arguments(["build", "--quiet", "--release", "--package", "rushlight", "--example", PROGRAM])
        .run()?;
    let program = target_directory().join("release/examples").join(PROGRAM);
    let mut faults = Vec::new();
    let mut told = Vec::new();
    for Budget { row, most } in &budgets {
        let short = count(&program, row, ROUNDS.0)?;
        let long = count(&program, row, ROUNDS.1)?;
        let each = (long as f64 - short as f64) / (ROUNDS.1 - ROUNDS.0) as f64;
        println!("    {row}: {each:.0} instructions a round, budget {most:.0}");
        told.push(format!("{row} {each:.0}"));
        if each > most * TOLERANCE {
            faults.push(format!("{row} takes {each:.0} instructions, its budget is {most:.0}"));
        } else if each * 1.25 < *most {
            // A budget that is too wide lets the next loss pass.
            faults.push(format!("{row} takes only {each:.0} instructions: lower its budget of {most:.0}"));
        }
    }
    if faults.is_empty() {
        return Ok(told.join(", "));
    }
    let next_step = format!(
        "valgrind --tool=callgrind {} ROW 3000, then callgrind_annotate; budgets are in {BUDGETS}",
        program.display()
    );
    Err(Failure::new(faults.join("\n"), next_step))
}

fn parse(text: &str) -> Result<Vec<Budget>> {
    let fault = |line: &str| Failure::new(format!("{BUDGETS}: not `row: number`: {line}"), "mend that line");
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (row, most) = line.split_once(':').ok_or_else(|| fault(line))?;
            Ok(Budget { row: row.trim().to_owned(), most: most.trim().parse().map_err(|_| fault(line))? })
        })
        .collect()
}

/// Instructions of a whole run.
fn count(program: &Path, row: &str, rounds: u64) -> Result<u64> {
    let transcript = Program::new("valgrind")
        .arguments(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arguments([program.as_os_str(), row.as_ref(), rounds.to_string().as_ref()])
        .environment("RUSHLIGHT_CPU", "v3")
        .collect()?;
    collected(&transcript.error).ok_or_else(|| {
        Failure::new(
            format!("valgrind told no count for {row}:\n{}", transcript.error),
            "run the command by hand",
        )
    })
}

/// The number in `==123== Collected : 4567890`.
fn collected(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_read() {
        let budgets = parse("# what, and how many\n\nadd: 450\nadd recorded: 900\n").unwrap();
        assert_eq!(budgets[1], Budget { row: "add recorded".to_owned(), most: 900.0 });
        assert!(parse("add 450").is_err());
    }

    #[test]
    fn valgrinds_count_is_read() {
        assert_eq!(collected("==7== \n==7== Events    : Ir\n==7== Collected : 1234567\n"), Some(1_234_567));
        assert_eq!(collected("nothing"), None);
    }
}
