//! `.venv`: made with a Python 3.11 or later found on PATH, filled with the pinned tools, and given the wheel.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::process::{Program, root, target_directory};

/// Names under which a usable Python is looked for; the unversioned one first, because it is the user's choice.
const CANDIDATES: [&str; 6] = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];
const IS_USABLE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
const REQUIREMENTS: &str = "requirements-dev.txt";

/// The interpreter of `.venv`.
pub(crate) fn interpreter() -> PathBuf {
    if cfg!(windows) { root().join(".venv/Scripts/python.exe") } else { root().join(".venv/bin/python") }
}

/// A run of `.venv`'s interpreter.
pub(crate) fn python<I, S>(arguments: I) -> Program
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    Program::new(interpreter())
        .arguments(arguments)
        // A caller's PYTHONPATH could shadow the installed wheel; pictures need no display.
        .environment("PYTHONPATH", "")
        .environment("MPLBACKEND", "Agg")
}

/// Makes `.venv` and installs the pinned tools, unless both are there already. Gives a line for the table.
pub(crate) fn prepare() -> Result<String> {
    let wanted = read(Path::new(REQUIREMENTS))?;
    let stamp = root().join(".venv/rushlight-requirements.txt");
    let works = python(["-c", IS_USABLE]).succeeds();
    if !works {
        let found = CANDIDATES.iter().find(|name| Program::new(name).arguments(["-c", IS_USABLE]).succeeds());
        let Some(found) = found else {
            return Err(Failure::new(
                format!("no Python 3.11 or later with its venv module among {}", CANDIDATES.join(", ")),
                "install one (on Debian: apt-get install python3 python3-venv) and see that it is on PATH",
            ));
        };
        Program::new(found).arguments(["-m", "venv", "--clear", ".venv"]).run()?;
    }
    if !works || std::fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        python(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS])
            .on_failure("pip needs PyPI: check the network, then run it again")
            .run()?;
        std::fs::write(&stamp, wanted).map_err(|error| {
            Failure::new(format!("cannot write {}: {error}", stamp.display()), "check the disk")
        })?;
    }
    Ok(python(["--version"]).output()?.trim().to_owned())
}

/// Builds the wheel with the named cargo profile and installs it into `.venv`. Gives a line for the table.
pub(crate) fn install_wheel(profile: &str) -> Result<String> {
    let wheels = target_directory().join(format!("wheels-{profile}"));
    // Old versions would otherwise be found beside the new one.
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels).map_err(|error| {
            Failure::new(format!("cannot clear {}: {error}", wheels.display()), "remove it")
        })?;
    }
    python(["-m", "maturin", "build", "--profile", profile, "--interpreter"])
        .arguments([interpreter().as_os_str(), "--out".as_ref(), wheels.as_os_str()])
        .run()?;
    let wheel = single_wheel(&wheels)?;
    python([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--force-reinstall",
    ])
    .arguments([&wheel])
    .run()?;
    // Started elsewhere than the root, so that only the installed package can be found.
    python(["-P", "-c", "import rushlight; print(rushlight.__version__, rushlight.__file__)"])
        .on_failure("the wheel was built, but cannot be imported")
        .run()?;
    let bytes = std::fs::metadata(&wheel).map_or(0, |metadata| metadata.len());
    Ok(format!("{} ({:.2} MB)", file_name(&wheel), bytes as f64 / 1e6))
}

/// The size in bytes of the wheel built with the profile `wheel`.
pub(crate) fn built_wheel() -> Result<PathBuf> {
    single_wheel(&target_directory().join("wheels-wheel"))
}

fn single_wheel(directory: &Path) -> Result<PathBuf> {
    let found = files_with_extension(directory, "whl");
    match found.as_slice() {
        [wheel] => Ok(wheel.clone()),
        _ => Err(Failure::new(
            format!("{} holds {} wheels, not one", directory.display(), found.len()),
            "run `cargo xtask wheel`",
        )),
    }
}

/// `cargo xtask wheel [--dev]`.
pub(crate) fn wheel_command(arguments: &[String]) -> Result<()> {
    let profile = match arguments {
        [] => "wheel",
        [flag] if flag == "--dev" => "dev",
        _ => return Err(Failure::new("`wheel` takes no argument but --dev", "cargo xtask wheel [--dev]")),
    };
    println!("{}", prepare()?);
    println!("{}", install_wheel(profile)?);
    Ok(())
}

/// The files of a directory with an extension, sorted; empty where the directory does not exist.
pub(crate) fn files_with_extension(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    found.retain(|path| path.is_file() && path.extension().is_some_and(|found| found == extension));
    found.sort();
    found
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display()), "check the clone"))
}
