//! Reading three files and writing one: bytes as they are, whole or not at all.

use std::io;
use std::path::Path;

use crate::cli::Failure;
use crate::tui::whole::{self, New};

/// Bytes looked at to tell text from what is none, as git does.
const LOOK: usize = 8_000;

/// Reads a side. A missing base is an empty one: both sides made the file.
///
/// # Errors
/// If it cannot be read, or is no text.
pub fn read(path: &Path, may_miss: bool) -> Result<Vec<u8>, Failure> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound && may_miss => Vec::new(),
        Err(e) => return Err(Failure::data(format!("{} cannot be read.", path.display()), e, "Check the path and try again.")),
    };
    if bytes[..bytes.len().min(LOOK)].contains(&0) {
        let what = format!("{} is binary.", path.display());
        return Err(Failure::data(
            what,
            "It holds NUL bytes, so that it has no lines to merge.",
            "Take one side whole: git checkout --ours or --theirs.",
        ));
    }
    Ok(bytes)
}

/// Writes a file whole; a new one is for this person alone if it is `private`.
///
/// # Errors
/// If that fails; what was there is then as it was.
pub fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), Failure> {
    whole::write(path, bytes, if private { New::Private } else { New::Shared }).map_err(|e| {
        Failure::data(format!("{} could not be written.", path.display()), e, "Make room or choose another place; nothing was changed.")
    })
}
