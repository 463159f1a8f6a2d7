//! The one way a file is written: whole or not at all.

use std::collections::BTreeSet;
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
    std::fs::File::open(put(path, bytes, new)?)?.sync_all()
}

/// Files that are written at once: a disk makes several durable in the time it takes for one.
const AT_ONCE: usize = 16;

/// Writes many files, each as [`write()`] does.
///
/// # Errors
/// The first that failed, and its path. The others may be written, and each is whole.
pub fn write_all(files: &[(PathBuf, Vec<u8>)], new: New) -> Result<(), (PathBuf, io::Error)> {
    let some = |files: &[(PathBuf, Vec<u8>)]| -> Result<BTreeSet<PathBuf>, (PathBuf, io::Error)> {
        files.iter().map(|(path, bytes)| put(path, bytes, new).map_err(|e| (path.clone(), e))).collect()
    };
    let folders = std::thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(AT_ONCE).max(1));
        let tasks: Vec<_> = parts.map(|part| scope.spawn(|| some(part))).collect();
        let ended = |task: std::thread::ScopedJoinHandle<'_, _>| {
            task.join().unwrap_or_else(|_| Err((PathBuf::new(), io::Error::other("a writer ended before its time"))))
        };
        tasks.into_iter().map(ended).collect::<Result<Vec<_>, _>>()
    })?;
    let folders: BTreeSet<PathBuf> = folders.into_iter().flatten().collect();
    folders.into_iter().try_for_each(|folder| std::fs::File::open(&folder).and_then(|f| f.sync_all()).map_err(|e| (folder, e)))
}

/// Puts a durable file in its place, and gives the folder in which that is to be made durable too.
fn put(path: &Path, bytes: &[u8], new: New) -> io::Result<PathBuf> {
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
    Ok(folder.to_owned())
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
    fn many_files_are_each_written_whole_and_what_failed_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = |n: usize| (dir.path().join(format!("{n}")), vec![b'x'; n]);
        let files: Vec<_> = (0..100).map(file).collect();
        write_all(&files, New::Shared).unwrap();
        write_all(&[], New::Shared).unwrap();
        assert!(files.iter().all(|(path, bytes)| std::fs::read(path).unwrap() == *bytes));
        let (bad, e) = write_all(&[file(1), (dir.path().join("no/such"), Vec::new()), file(2)], New::Shared).unwrap_err();
        assert_eq!((bad, e.kind()), (dir.path().join("no/such"), io::ErrorKind::NotFound));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 100, "nothing is left beside");
    }

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
