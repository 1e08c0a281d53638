//! The conventions that no other tool checks: sizes of files and of golden data, that lints are inherited, and that
//! the documentation's links lead to files that are there.

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
        if extension == "md" {
            let broken = broken_links(path, &read(path)?);
            faults.extend(
                broken.iter().map(|link| format!("{} links to {link}, which does not exist", path.display())),
            );
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

/// The relative links `[text](path)` of a page that lead to no file; a part `#heading` is not looked up.
fn broken_links(page: &Path, text: &str) -> Vec<String> {
    let directory = page.parent().unwrap_or(Path::new(""));
    let mut broken = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // After `](` up to the closing bracket stands a link, whatever its text was.
        for rest in line.split("](").skip(1) {
            let link = rest.split([')', '#']).next().unwrap_or_default();
            let elsewhere = link.is_empty() || link.contains("://") || link.starts_with("mailto:");
            if !elsewhere && !directory.join(link).exists() {
                broken.push(link.to_owned());
            }
        }
    }
    broken
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_links_are_found_outside_of_code() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("page.md");
        let text = "[a](src/main.rs) [b](src/nowhere.rs#part) [c](https://example.org)\n```\n[d](nothing)\n```\n[e](#here)";
        assert_eq!(broken_links(&page, text), ["src/nowhere.rs"]);
    }

    #[test]
    fn lints_are_inherited_or_the_package_stands_outside() {
        assert!(inherits_lints("[package]\n[lints]\nworkspace = true\n"));
        assert!(!inherits_lints("[package]\nname = \"x\"\n"));
        assert!(inherits_lints("[package.metadata]\ncargo-fuzz = true\n"));
    }
}
