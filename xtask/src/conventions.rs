//! The conventions that no other tool checks: sizes of files and of golden data, and that lints are inherited.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::process::Program;
use crate::python::read;

/// DESIGN 2 says about 600 lines; the margin spares a split in the middle of a change.
const MOST_LINES: usize = 660;
/// DESIGN 2: golden data is compressed and stays under 30 MB.
const MOST_GOLDEN_BYTES: u64 = 30_000_000;

pub(crate) fn check() -> Result<String> {
    let files = tracked_files()?;
    let mut faults = Vec::new();
    let mut sources = 0;
    for path in &files {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if matches!(extension, "rs" | "py") {
            sources += 1;
            let lines = read(path)?.lines().count();
            if lines > MOST_LINES {
                faults.push(format!(
                    "{} has {lines} lines; split it by topic (about 600 at most)",
                    path.display()
                ));
            }
        }
        if path.ends_with("Cargo.toml") && path != Path::new("Cargo.toml") && !inherits_lints(&read(path)?) {
            faults.push(format!("{} does not inherit the workspace's lints", path.display()));
        }
    }
    let golden = files.iter().filter(|path| path.starts_with("tests/golden"));
    let bytes: u64 =
        golden.filter_map(|path| std::fs::metadata(path).ok()).map(|metadata| metadata.len()).sum();
    if bytes > MOST_GOLDEN_BYTES {
        faults.push(format!(
            "tests/golden holds {bytes} bytes; at most {MOST_GOLDEN_BYTES}: compress or thin out"
        ));
    }
    if faults.is_empty() {
        return Ok(format!("{sources} sources; golden data {:.1} MB", bytes as f64 / 1e6));
    }
    Err(Failure::new(faults.join("\n"), "mend each; DESIGN 2 gives the reasons"))
}

/// `[lints] workspace = true`; a fuzz package stands outside of the workspace and cannot.
fn inherits_lints(manifest: &str) -> bool {
    let after = manifest.split_once("[lints]").map_or("", |(_, after)| after);
    after.trim_start().starts_with("workspace = true") || manifest.contains("cargo-fuzz = true")
}

/// The files of the commit and those about to be added. Where git is not there (an unpacked archive), all files count.
fn tracked_files() -> Result<Vec<PathBuf>> {
    let listed = Program::new("git")
        .arguments(["ls-files", "--cached", "--others", "--exclude-standard"])
        .on_failure("run it in a clone of the repository")
        .output()?;
    // A file that is deleted but not yet committed is listed, too.
    Ok(listed.lines().map(PathBuf::from).filter(|path| path.is_file()).collect())
}
