//! A file that is damaged or not ours is kept aside whole, and what can be read of it goes into a new one.
//!
//! The new file is made beside the old and finished before anything is moved. Then it is written down where the old one goes, and only then
//! are the names changed; whoever opens the file next goes on where that broke off. So at every moment there is the old file, or both, and
//! a full disk or a power cut leaves nothing half taken over.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::file::{MARK, beside, io, try_open};
use super::{Disk, DiskError};
use crate::domain::note::Time;

/// The files that belong to a database, the main one last.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", ""];

/// What a move is written down as: where the old file goes, and what the person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    aside: String,
    told: String,
}

/// The changes of names that put the new file in the place of the old one, in order.
#[must_use]
pub fn moves(path: &Path, aside: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut out: Vec<_> = COMPANIONS.iter().map(|c| (beside(path, c), beside(aside, c))).collect();
    out.push((beside(path, ".new"), path.to_owned()));
    out
}

/// Makes a new file of what can be read of the one there, which is kept aside; tells the person.
pub(super) fn salvage(path: &Path, why: &str, now: Time) -> Result<String, DiskError> {
    let new = beside(path, ".new");
    for companion in COMPANIONS {
        remove(&beside(&new, companion))?;
    }
    let (saved, lost) = taken_over(path, &new)?;
    let aside = free_name(path, now)?;
    let taken = if lost { "All that could be read of it was taken over" } else { "All of it was taken over" };
    let told = format!(
        "The file of this device's notes could not be used: {why}. It is kept as {} and a new one was begun. {}What the server has comes back by \
         itself; for anything else look into the kept file.",
        aside.display(),
        if saved == 0 { String::new() } else { format!("{taken} ({saved} notes). ") }
    );
    let aside = aside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    write_down(path, &Note { aside, told: told.replace('\n', " ") })?;
    finish(path).map(|done| done.unwrap_or(told))
}

/// Goes on with what was begun and broke off; what the person is told of it, if there was something.
///
/// # Errors
/// A name could not be changed.
pub(super) fn finish(path: &Path) -> Result<Option<String>, DiskError> {
    let noted = beside(path, ".moving");
    let text = match std::fs::read_to_string(&noted) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io(&e)),
    };
    let Some(note) = read(&text) else {
        // It was not even written whole: nothing has been moved.
        return remove(&noted).map(|()| None);
    };
    if beside(path, ".new").exists() {
        for (from, to) in moves(path, &path.with_file_name(&note.aside)) {
            if from.exists() {
                std::fs::rename(&from, &to).map_err(|e| io(&e))?;
            }
        }
        sync_folder(path);
    }
    remove(&noted)?;
    Ok(Some(note.told))
}

/// Takes over what can be read, note by note, in one transaction: how many, and whether something could not be read.
fn taken_over(old: &Path, new: &Path) -> Result<(usize, bool), DiskError> {
    let db = try_open(new)?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    let done = copied(old, &db)?;
    // One file, with nothing beside it that a change of names could leave behind.
    db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")?;
    db.close().map_err(|(_, e)| DiskError::from(e))?;
    Ok(done)
}

fn copied(old: &Path, db: &Connection) -> Result<(usize, bool), DiskError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(from) = Connection::open_with_flags(old, flags) else { return Ok((0, true)) };
    if from.query_row("PRAGMA application_id", [], |r| r.get::<_, i64>(0)).ok() != Some(MARK) {
        return Ok((0, true));
    }
    let from = Disk { db: from, path: old.to_owned(), last: None };
    let (ids, mut lost) = from.ids();
    let mut saved = 0;
    for id in ids {
        match from.read(id) {
            Ok(record) => {
                super::write::put(db, &record)?;
                saved += 1;
            }
            Err(_) => lost = true,
        }
        match from.copies(id) {
            Ok(copies) => copies.iter().rev().try_for_each(|c| super::write::put_copy(db, id, &c.content, &c.why, c.at))?,
            Err(_) => lost = true,
        }
    }
    Ok((saved, lost))
}

fn free_name(path: &Path, now: Time) -> Result<PathBuf, DiskError> {
    (0..1000)
        .map(|n| beside(path, &format!(".aside-{}-{n}", now.0 / 1_000_000)))
        .find(|p| !p.exists())
        .ok_or_else(|| DiskError::Other("no free name for the damaged file".to_owned()))
}

fn write_down(path: &Path, note: &Note) -> Result<(), DiskError> {
    let write = || {
        let mut file = File::create(beside(path, ".moving"))?;
        file.write_all(format!("{}\n{}\n", note.aside, note.told).as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| io(&e))?;
    sync_folder(path);
    Ok(())
}

fn read(text: &str) -> Option<Note> {
    let (aside, told) = text.strip_suffix('\n')?.split_once('\n')?;
    let plain = !aside.is_empty() && !aside.contains(['/', '\\']);
    plain.then(|| Note { aside: aside.to_owned(), told: told.to_owned() })
}

/// The names of a folder on the disk. Where a system has no such call, it keeps them by itself.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

fn remove(path: &Path) -> Result<(), DiskError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io(&e)),
        _ => Ok(()),
    }
}
