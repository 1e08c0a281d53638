//! Running other programs: echoed before they start, with their output passed through or captured.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};

/// The repository's root: xtask is a package directly below it.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The directory into which cargo builds, which `CARGO_TARGET_DIR` may move.
pub(crate) fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// The cargo that runs xtask, so that `cargo +toolchain xtask` stays with its toolchain.
pub(crate) fn cargo() -> Program {
    Program::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// What a program printed.
pub(crate) struct Transcript {
    pub(crate) standard: String,
    pub(crate) error: String,
}

/// A program with arguments, and what to do when it fails.
pub(crate) struct Program {
    command: Command,
    next_step: String,
}

impl Program {
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(name);
        // CI has no standard input; a program that waits for some would wait for ever.
        command.stdin(Stdio::null());
        Self { command, next_step: "read the output above".to_owned() }
    }

    pub(crate) fn arguments<I, S>(mut self, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.command.args(arguments);
        self
    }

    pub(crate) fn environment(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// What the reader should do when this program fails.
    pub(crate) fn on_failure(mut self, next_step: impl Into<String>) -> Self {
        self.next_step = next_step.into();
        self
    }

    /// The command line, for echoing; the interpreter's and cargo's paths are shortened to what one would type.
    fn line(&self) -> String {
        let mut words = Vec::new();
        for (key, value) in self.command.get_envs() {
            // These two are set for every Python; see `python::python`.
            let usual = key == "PYTHONPATH" || key == "MPLBACKEND";
            if let (Some(value), false) = (value, usual) {
                words.push(format!("{}={}", key.to_string_lossy(), value.to_string_lossy()));
            }
        }
        let program = Path::new(self.command.get_program());
        let shown = program.strip_prefix(root()).unwrap_or(program);
        let is_cargo = program.file_stem().is_some_and(|stem| stem == "cargo");
        words.push(if is_cargo { "cargo".to_owned() } else { shown.display().to_string() });
        words.extend(self.command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
        words.join(" ")
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(
            format!("cannot start `{}`: {error}", self.line()),
            "check that it is installed and on PATH",
        )
    }

    /// Runs with the output passed through.
    pub(crate) fn run(mut self) -> Result<()> {
        println!("    $ {}", self.line());
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{}` failed ({status})", self.line()), self.next_step))
    }

    /// Runs and gives standard output; standard error is passed through.
    pub(crate) fn output(mut self) -> Result<String> {
        self.command.stderr(Stdio::inherit());
        let output = self.command.output().map_err(|error| self.not_started(&error))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(text);
        }
        let reason = format!("`{}` failed ({}); it printed:\n{text}", self.line(), output.status);
        Err(Failure::new(reason, self.next_step))
    }

    /// Runs with both outputs passed through as they come, and gives them as well.
    pub(crate) fn tee(mut self) -> Result<Transcript> {
        println!("    $ {}", self.line());
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| self.not_started(&error))?;
        let (error_output, standard_output) = (child.stderr.take(), child.stdout.take());
        // A thread for the second stream: a program that fills one pipe while we wait at the other would stand still.
        let transcript = std::thread::scope(|scope| {
            let error = scope.spawn(move || pass_on(error_output, |line| eprint!("{line}")));
            let standard = pass_on(standard_output, |line| print!("{line}"));
            Transcript { standard, error: error.join().unwrap_or_default() }
        });
        let status = child.wait().map_err(|error| self.not_started(&error))?;
        if !status.success() {
            return Err(Failure::new(format!("`{}` failed ({status})", self.line()), self.next_step));
        }
        Ok(transcript)
    }

    /// Runs in silence and gives both outputs.
    pub(crate) fn collect(mut self) -> Result<Transcript> {
        let output = self.command.output().map_err(|error| self.not_started(&error))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let transcript = Transcript { standard: text(&output.stdout), error: text(&output.stderr) };
        if output.status.success() {
            return Ok(transcript);
        }
        let reason = format!("`{}` failed ({}):\n{}", self.line(), output.status, transcript.error);
        Err(Failure::new(reason, self.next_step))
    }

    /// Whether it starts and succeeds, in silence.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

/// Shows and collects a stream's lines. Bytes that are no UTF-8 are shown replaced, never lost.
fn pass_on(stream: Option<impl Read>, show: impl Fn(&str)) -> String {
    let mut collected = String::new();
    let Some(stream) = stream else { return collected };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line);
        show(&text);
        collected.push_str(&text);
        line.clear();
    }
    collected
}
