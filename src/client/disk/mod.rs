//! Everything this device knows, in one SQLite file: mirror, drafts, outbox, parked conflicts with their choices, copies kept aside.
//!
//! A step is one transaction (WAL, `synchronous=FULL`), reading included: what is said to be saved is on the disk, and another program
//! that writes at the same time is neither overwritten nor overwrites. The file carries our mark; one that is not ours or is damaged is
//! set aside under another name, never overwritten ([`salvage`]). Calls block; the driver makes them on its own thread.

mod file;
mod json;
mod open;
mod read;
pub mod salvage;
mod typing;
mod write;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::handle::{EntryState, State};
use super::record::{Entry, Lane, Record};
use crate::domain::note::{Content, NoteId, Seq, Time, Uuid};
use json::{EditJson, MarkJson, ParkedJson, ReportJson};

pub use read::{Kept, Pending};

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// No space is left.
    #[error("the disk is full")]
    Full,
    /// The file or its folder may not be written.
    #[error("the file may not be written")]
    ReadOnly,
    /// What is in the file makes no sense.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Another program writes to it for too long.
    #[error("another program holds the file")]
    Busy,
    /// The file was written by a newer version of this program.
    #[error("a newer version of diptych wrote the file (format {0})")]
    Newer(i64),
    /// A write failed: no space within a limit, or a failing disk.
    #[error("the disk takes no more, or fails ({0})")]
    Failing(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<rusqlite::Error> for DiskError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match e.sqlite_error_code() {
            Some(Code::DiskFull) => DiskError::Full,
            Some(Code::SystemIoFailure) => DiskError::Failing(e.to_string()),
            Some(Code::ReadOnly | Code::PermissionDenied) => DiskError::ReadOnly,
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => DiskError::Damaged(e.to_string()),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => DiskError::Busy,
            _ => DiskError::Other(e.to_string()),
        }
    }
}

/// The open file.
#[derive(Debug)]
pub struct Disk {
    db: Connection,
    path: std::path::PathBuf,
    /// The note that is being typed in, as the file has it, and the state of the file for which that is so.
    last: Option<(i64, Record)>,
}

impl Disk {
    /// Opens the file, makes it where there is none, brings an older one up to date. The texts are notices for the person.
    ///
    /// # Errors
    /// The folder or file cannot be read or written, or is of a newer version.
    pub fn open(path: &Path, now: Time) -> Result<(Disk, Vec<String>), DiskError> {
        open::open(path, now).map(|(db, notices)| (Disk { db, path: path.to_owned(), last: None }, notices))
    }

    /// All that is known of a note; an empty record where nothing is.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load(&self, id: NoteId) -> Result<Record, DiskError> {
        self.read(id).inspect_err(|e| self.suspect(e))
    }

    fn read(&self, id: NoteId) -> Result<Record, DiskError> {
        let mut record = Record::empty(id);
        if let Some(n) = self.n_of(id)? {
            let mut statement = self.db.prepare_cached("SELECT at & 7, text FROM parts WHERE at BETWEEN ?1 AND ?1 + 7")?;
            let mut rows = statement.query([n * 8])?;
            while let Some(row) = rows.next()? {
                let text: Option<String> = row.get(1)?;
                match row.get::<_, i64>(0)? {
                    0 => record.synced = json::get::<crate::wire::note::NoteJson>(text)?.map(Into::into),
                    1 => record.saved = json::get::<EditJson>(text)?.map(Into::into),
                    2 => record.typed = json::get::<EditJson>(text)?.map(Into::into),
                    3 => record.sent = json::get::<EditJson>(text)?.map(Into::into),
                    4 => record.parked = json::get::<ParkedJson>(text)?.map(|p| p.parked(id)),
                    5 => record.mark = json::get::<MarkJson>(text)?.map(Into::into),
                    6 => record.report = json::get::<ReportJson>(text)?.map(Into::into),
                    _ => record.aside = json::get::<EditJson>(text)?.map(Into::into),
                }
            }
            typing::play(&self.db, n, &mut record)?;
        }
        record.entries = self.entries_of(id)?;
        Ok(record)
    }

    /// Changes the file in one transaction: what `change` reads and what it stores belong together.
    ///
    /// # Errors
    /// Nothing was stored.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Disk) -> Result<T, DiskError>) -> Result<T, DiskError> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let done = change(self).and_then(|out| self.db.execute_batch("COMMIT").map(|()| out).map_err(DiskError::from));
        if let Err(e) = &done {
            self.last = None;
            self.suspect(e);
            // Some failures end the transaction by themselves.
            if !self.db.is_autocommit() {
                self.db.execute_batch("ROLLBACK")?;
            }
        }
        done
    }

    /// Takes one step of one note, within [`Disk::change`]: what `step` makes of the record is stored; `typing` says that it is typed text.
    ///
    /// # Errors
    /// It cannot be read or stored.
    pub fn turn<T>(&mut self, id: NoteId, typing: bool, step: impl FnOnce(&mut Record) -> T) -> Result<(Record, T), DiskError> {
        let stamp = self.data_version()?;
        let before = match self.last.take_if(|(_, last)| last.id == id) {
            Some((then, last)) if typing && then == stamp => last,
            _ => self.load(id)?,
        };
        let mut after = before.clone();
        let out = step(&mut after);
        if typing::same_texts(&before, &after) && !after.is_empty() {
            // What is only counted (tries, times) leaves texts, journal and search alone.
            write::put_row(&self.db, &after)?;
            write::put_entries(&self.db, &after)?;
        } else if !(typing && self.keep(&before, &after)?) {
            write::put(&self.db, &after)?;
        }
        if typing {
            self.last = Some((stamp, after.clone()));
        }
        Ok((after, out))
    }

    /// Stores a note whole, with what its journal of typing holds.
    fn fold(&mut self, id: NoteId) -> Result<(), DiskError> {
        let record = self.load(id)?;
        write::put(&self.db, &record)
    }

    /// Keeps a copy of a text aside, within [`Disk::change`].
    ///
    /// # Errors
    /// It was not stored.
    pub fn copy(&mut self, id: NoteId, content: &Content, why: &str, now: Time) -> Result<(), DiskError> {
        write::put_copy(&self.db, id, content, why, now)
    }

    /// Remembers what has been seen of the server's changes, and the store whose changes they are.
    ///
    /// # Errors
    /// It was not stored.
    pub fn set_place(&mut self, seq: Seq, store: Option<Uuid>) -> Result<(), DiskError> {
        self.set_meta("store", &store.map(|s| s.to_string()).unwrap_or_default())?;
        self.set_meta("seq", &seq.to_string())
    }

    /// Remembers a small fact.
    ///
    /// # Errors
    /// It was not stored.
    pub fn set_meta(&mut self, key: &str, value: &str) -> Result<(), DiskError> {
        let sql = "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
        self.db.prepare_cached(sql)?.execute([key, value])?;
        Ok(())
    }

    /// Leaves a mark beside a file that was found damaged, so that it is looked through when it is opened next.
    fn suspect(&self, e: &DiskError) {
        if matches!(e, DiskError::Damaged(_)) {
            // Where not even that can be written, there is nothing to be done.
            let _ = std::fs::write(file::beside(&self.path, ".damaged"), b"");
        }
    }

    /// The number of a note's row.
    fn n_of(&self, id: NoteId) -> Result<Option<i64>, DiskError> {
        Ok(self.db.prepare_cached("SELECT n FROM notes WHERE id = ?1")?.query_row([id.0.as_bytes()], |r| r.get(0)).optional()?)
    }
}

fn state_no(state: State) -> i64 {
    match state {
        State::Synced => 0,
        State::SavedHere => 1,
        State::Typed => 2,
        State::NeedsYou => 3,
    }
}

fn state_of(no: i64) -> State {
    match no {
        0 => State::Synced,
        1 => State::SavedHere,
        2 => State::Typed,
        _ => State::NeedsYou,
    }
}

fn lane_no(lane: Lane) -> i64 {
    match lane {
        Lane::Note => 0,
        Lane::Mark => 1,
        Lane::Report => 2,
    }
}

fn lane_of(no: i64) -> Lane {
    match no {
        0 => Lane::Note,
        1 => Lane::Mark,
        _ => Lane::Report,
    }
}

fn entry_no(state: &EntryState) -> i64 {
    match state {
        // Whether something is under way is known only while the program runs.
        EntryState::Waiting | EntryState::Sending => 0,
        EntryState::Paused => 1,
        EntryState::Refused => 2,
    }
}

fn entry_of(no: i64) -> EntryState {
    match no {
        1 => EntryState::Paused,
        2 => EntryState::Refused,
        _ => EntryState::Waiting,
    }
}

fn entry_from(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<(Lane, Entry)> {
    let entry = Entry {
        no: row.get(at)?,
        state: entry_of(row.get(at + 2)?),
        attempts: row.get(at + 3)?,
        due: Time(row.get(at + 4)?),
        last_error: row.get(at + 5)?,
        refused: row.get(at + 6)?,
    };
    Ok((lane_of(row.get(at + 1)?), entry))
}
