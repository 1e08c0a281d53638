//! Progress while a command runs, and the table at its end.

use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};

/// How a step ended.
enum Outcome {
    /// It passed; the text says what it counted, where it counted something.
    Passed(String),
    Failed(Failure),
    /// A step that it needs did not pass.
    NotRun(String),
    /// The machine lacks what it needs; the table says so, and the run may pass all the same.
    NotChecked(String),
}

impl Outcome {
    fn is_fault(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::NotRun(_))
    }
}

struct Row {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// Runs named steps one after the other. A failed step does not end the run: one run should tell all that is wrong.
pub(crate) struct Report {
    started: Instant,
    only: Vec<String>,
    rows: Vec<Row>,
}

impl Report {
    /// `only` names the steps to run; when it is empty, all run.
    pub(crate) fn new(only: &[String]) -> Self {
        Self { started: Instant::now(), only: only.to_vec(), rows: Vec::new() }
    }

    /// Runs a step unless one that it `needs` failed. The step's text goes into the table.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        needs: &[&'static str],
        work: impl FnOnce() -> Result<String>,
    ) {
        if !self.is_wanted(name) {
            return;
        }
        let missing = needs
            .iter()
            .find(|need| self.rows.iter().any(|row| row.name == **need && row.outcome.is_fault()));
        let begin = Instant::now();
        let outcome = if let Some(missing) = missing {
            println!("\n[{:>6.1} s] {name}: not run, because `{missing}` did not pass", self.elapsed());
            Outcome::NotRun(format!("needs `{missing}`"))
        } else {
            println!("\n[{:>6.1} s] {name} …", self.elapsed());
            match work() {
                Ok(text) => Outcome::Passed(text),
                Err(failure) => {
                    eprintln!("{failure}");
                    Outcome::Failed(failure)
                }
            }
        };
        let time = begin.elapsed();
        println!("[{:>6.1} s] {name} took {:.1} s", self.elapsed(), time.as_secs_f64());
        self.rows.push(Row { name, outcome, time });
    }

    /// Notes a step that this machine cannot run, and why.
    pub(crate) fn not_checked(&mut self, name: &'static str, reason: &str) {
        if self.is_wanted(name) {
            println!("\n[{:>6.1} s] {name}: not checked, because {reason}", self.elapsed());
            self.rows.push(Row {
                name,
                outcome: Outcome::NotChecked(reason.to_owned()),
                time: Duration::ZERO,
            });
        }
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }

    fn elapsed(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Prints the table; an error where a step did not pass, or where none of that name exists.
    pub(crate) fn finish(self, command: &str) -> Result<()> {
        if let Some(unknown) =
            self.only.iter().find(|name| self.rows.iter().all(|row| row.name != name.as_str()))
        {
            return Err(Failure::new(
                format!("`{command}` has no step `{unknown}`"),
                format!("run `cargo xtask {command}` without steps to see their names"),
            ));
        }
        println!("\n{}", self.table(command));
        let failed: Vec<&Row> = self.rows.iter().filter(|row| row.outcome.is_fault()).collect();
        let Some(first) = failed.first() else { return Ok(()) };
        let next_step = format!("mend the first, then run it alone: cargo xtask {command} {}", first.name);
        Err(Failure::new(format!("{} of {} steps did not pass", failed.len(), self.rows.len()), next_step))
    }

    /// The closing table: a line a step, with seconds and what it counted.
    fn table(&self, command: &str) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for row in &self.rows {
            let (word, text) = match &row.outcome {
                Outcome::Passed(text) => ("ok         ", text.as_str()),
                Outcome::Failed(failure) => ("FAILED     ", failure.summary()),
                Outcome::NotRun(text) => ("not run    ", text.as_str()),
                Outcome::NotChecked(text) => ("not checked", text.as_str()),
            };
            let line = format!("{:<width$}  {word} {:>7.1} s  {text}", row.name, row.time.as_secs_f64());
            lines.push(line.trim_end().to_owned());
        }
        let passed = self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Passed(_))).count();
        let unchecked = self.rows.iter().filter(|row| matches!(row.outcome, Outcome::NotChecked(_))).count();
        let unchecked = if unchecked == 0 { String::new() } else { format!(", {unchecked} not checked") };
        let part = if self.only.is_empty() { "" } else { " (a part of the steps, as asked)" };
        let total = self.elapsed();
        format!(
            "cargo xtask {command}{part}\n{}\n{passed} of {} steps passed{unchecked}, in {total:.1} s",
            lines.join("\n"),
            self.rows.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_needs_a_failed_one_does_not_run() {
        let mut report = Report::new(&[]);
        report.step("first", &[], || Err(Failure::new("broken", "mend it")));
        report.step("second", &["first"], || panic!("must not run"));
        report.step("third", &[], || Ok("3 things".to_owned()));
        let table = report.table("test");
        assert!(table.contains("first   FAILED"), "{table}");
        assert!(table.contains("second  not run"), "{table}");
        assert!(table.contains("third   ok") && table.contains("3 things"), "{table}");
        assert!(table.contains("1 of 3 steps passed"), "{table}");
        assert!(report.finish("test").is_err());
    }

    #[test]
    fn what_the_machine_cannot_check_is_told_and_is_no_failure() {
        let mut report = Report::new(&[]);
        report.not_checked("instructions", "valgrind is not installed");
        let table = report.table("test");
        assert!(table.contains("instructions  not checked") && table.contains("1 not checked"), "{table}");
        assert!(report.finish("test").is_ok());
    }

    #[test]
    fn a_step_that_does_not_exist_is_an_error() {
        let mut report = Report::new(&["frm".to_owned()]);
        report.step("fmt", &[], || panic!("not asked for"));
        assert!(report.finish("test").unwrap_err().summary().contains("no step `frm`"));
    }
}
