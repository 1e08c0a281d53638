//! What the examples share: the option `--pictures DIRECTORY`, and progress on standard error.

#![allow(dead_code, reason = "every example is a program of its own and uses a part of this")]

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// What an example returns: the errors of the library, of pictures and of the system.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The directory that `--pictures` names, made if it is not there; nothing is drawn without the option.
pub(crate) fn picture_directory() -> std::io::Result<Option<PathBuf>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = match arguments.as_slice() {
        [] => return Ok(None),
        [option, directory] if option == "--pictures" => PathBuf::from(directory),
        _ => {
            eprintln!("usage: PROGRAM [--pictures DIRECTORY]");
            std::process::exit(2);
        }
    };
    if cfg!(not(feature = "viz")) {
        eprintln!("no pictures: this program was built without the feature `viz`");
        return Ok(None);
    }
    std::fs::create_dir_all(&directory)?;
    Ok(Some(directory))
}

/// Says how far the program is, over what was said before.
pub(crate) fn progress(text: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(stderr, "\r\u{1b}[K{text}").and_then(|()| stderr.flush());
    }
}

/// Clears the line of progress.
pub(crate) fn progress_done() {
    progress("");
}

/// Says where a picture is.
pub(crate) fn saved(path: &Path) {
    eprintln!("picture: {}", path.display());
}
