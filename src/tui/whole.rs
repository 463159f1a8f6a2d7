//! The one way a file is written: whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a file that was not there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New {
    /// Others too, as of a file a shell makes.
    Shared,
    /// Its owner alone.
    Private,
}

/// The file that a path leads to, through links, so that a link stays one.
#[must_use]
pub fn target(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Writes a file beside its place, makes it durable and renames it. A file that was there keeps its mode, and a link stays a link.
///
/// # Errors
/// If that fails; what was there is then as it was.
pub fn write(path: &Path, bytes: &[u8], new: New) -> io::Result<()> {
    let path = target(path);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    match std::fs::metadata(&path) {
        Ok(meta) => file.as_file().set_permissions(meta.permissions())?,
        Err(_) if new == New::Shared => shared(file.as_file())?,
        Err(_) => {}
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|e| e.error)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn shared(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn shared(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_keeps_its_mode_a_link_stays_one_and_a_failure_leaves_what_was() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, private) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write(&file, b"one", New::Shared).unwrap();
        write(&private, b"x", New::Private).unwrap();
        assert_eq!((mode(&file), mode(&private)), (0o644, 0o600));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"two", New::Private).unwrap();
        assert_eq!((std::fs::read(&file).unwrap(), mode(&file)), (b"two".to_vec(), 0o640));
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(write(&dir.path().join("no/such"), b"x", New::Shared).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left beside");
    }
}
