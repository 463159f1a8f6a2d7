//! Reading three files and writing one: bytes as they are, whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::Failure;

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

/// The file that a path leads to, through links, so that a link stays one.
#[must_use]
pub fn target(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Writes a file beside its place, makes it durable and renames it; the mode of what was there is kept. A new one is for this person alone if
/// it is `private`.
///
/// # Errors
/// If that fails; what was there is then as it was.
pub fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), Failure> {
    let path = target(path);
    let done = || -> io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        match std::fs::metadata(&path) {
            Ok(meta) => file.as_file().set_permissions(meta.permissions())?,
            Err(_) if !private => readable(file.as_file())?,
            Err(_) => {}
        }
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|e| e.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    done().map_err(|e| {
        Failure::data(format!("{} could not be written.", path.display()), e, "Make room or choose another place; nothing was changed.")
    })
}

/// Makes a new file one that others may read, as the shell would.
///
/// # Errors
/// If the mode cannot be set.
#[cfg(unix)]
pub fn readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
/// Nothing to do here.
///
/// # Errors
/// Never.
pub fn readable(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}
