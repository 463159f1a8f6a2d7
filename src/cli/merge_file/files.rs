//! Reads the three files, and puts the result in mine's place.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::args::Asked;
use super::git;
use super::trouble::{Trouble, plain};

/// The size above which git does not merge.
const MAX: usize = 1024 * 1024 * 1023;
/// How far git looks for a zero byte, which makes a file binary.
const SNIFF: usize = 8000;

/// Reads mine (0), base (1) or theirs (2).
pub(super) fn read(asked: &Asked, which: usize) -> Result<Vec<u8>, Trouble> {
    let name = &asked.files[which];
    let shown = name.to_string_lossy();
    let text = if asked.object_id {
        git::object(name)?
    } else {
        fs::read(name).map_err(|e| Trouble::new(format!("Could not open {shown}: {}", plain(&e))))?
    };
    if text.len() > MAX || memchr::memchr(0, &text[..text.len().min(SNIFF)]).is_some() {
        return Err(Trouble::new(format!("Cannot merge binary files: {shown}")));
    }
    Ok(text)
}

/// Writes to standard output.
pub(super) fn to_stdout(parts: &[Cow<'_, [u8]>]) -> Result<(), Trouble> {
    let write = || -> io::Result<()> { all(File::from(io::stdout().as_fd().try_clone_to_owned()?), parts).map(drop) };
    write().map_err(|e| Trouble::new(format!("Could not write to standard output: {}", plain(&e))))
}

/// Puts the result in a file's place: written beside it, synced and renamed, so that the file is whole at any moment. Mode and symbolic
/// links are kept. A file that a rename would part from its other names or its owner, or that cannot have another one beside it, is
/// written where it is.
pub(super) fn replace(name: &OsStr, parts: &[Cow<'_, [u8]>]) -> Result<(), Trouble> {
    let failed = |what: &str, e: &io::Error| Trouble::new(format!("{what} {}: {}", name.to_string_lossy(), plain(e)));
    let path = fs::canonicalize(name).map_err(|e| failed("Could not open", &e))?;
    if let Some(beside) = beside(&path) {
        let mode = fs::metadata(&path).map_err(|e| failed("Could not stat", &e))?.permissions();
        let (file, place) = beside.into_parts();
        file.set_permissions(mode).map_err(|e| failed("Could not write to", &e))?;
        let file = all(file, parts).map_err(|e| failed("Could not write to", &e))?;
        file.sync_all().map_err(|e| failed("Could not write to", &e))?;
        return place.persist(&path).map_err(|e| failed("Could not write to", &e.error));
    }
    let file = File::create(&path).map_err(|e| failed("Could not open", &e))?;
    all(file, parts).map(drop).map_err(|e| failed("Could not write to", &e))
}

/// A new file beside a plain file with one name, if there can be one.
fn beside(path: &Path) -> Option<tempfile::NamedTempFile> {
    let meta = fs::metadata(path).ok()?;
    let single = meta.is_file() && meta.nlink() == 1 && !meta.permissions().readonly();
    let new = tempfile::Builder::new().prefix(".merge-").tempfile_in(path.parent()?).ok()?;
    let owner = new.as_file().metadata().ok()?;
    (single && owner.uid() == meta.uid() && owner.gid() == meta.gid()).then_some(new)
}

fn all(file: File, parts: &[Cow<'_, [u8]>]) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    for part in parts {
        out.write_all(part)?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)
}
