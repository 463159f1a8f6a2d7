//! Everything this device knows, in one SQLite file: mirror, drafts, outbox, parked conflicts with their choices, copies kept aside.
//!
//! A step is one transaction (WAL, `synchronous=FULL`): what is said to be saved is on the disk. The file carries our mark; one that is
//! not ours or is damaged is set aside under another name, never overwritten. Calls block; the driver makes them on its own thread.

mod json;
mod open;
mod read;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::handle::{EntryState, State};
use super::record::{Entry, Lane, Record};
use crate::domain::note::{Content, NoteId, Seq, Time};
use json::{ContentJson, EditJson, MarkJson, ParkedJson, ReportJson};

pub use read::Pending;

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
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<rusqlite::Error> for DiskError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match e.sqlite_error_code() {
            Some(Code::DiskFull) => DiskError::Full,
            Some(Code::ReadOnly | Code::PermissionDenied) => DiskError::ReadOnly,
            Some(Code::NotADatabase | Code::DatabaseCorrupt) => DiskError::Damaged(e.to_string()),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => DiskError::Busy,
            _ => DiskError::Other(e.to_string()),
        }
    }
}

/// A copy to keep aside: of which note, what, why.
pub type CopyOf<'a> = (NoteId, &'a Content, &'a str);

/// The open file.
#[derive(Debug)]
pub struct Disk {
    db: Connection,
}

impl Disk {
    /// Opens the file, makes it where there is none, brings an older one up to date. The texts are notices for the person.
    ///
    /// # Errors
    /// The folder or file cannot be read or written, or is of a newer version.
    pub fn open(path: &Path, now: Time) -> Result<(Disk, Vec<String>), DiskError> {
        open::open(path, now).map(|(db, notices)| (Disk { db }, notices))
    }

    /// All that is known of a note; an empty record where nothing is.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn load(&self, id: NoteId) -> Result<Record, DiskError> {
        let mut record = Record::empty(id);
        let sql = "SELECT synced, saved, typed, sent, parked, mark, report FROM notes WHERE id = ?1";
        let parts: Option<[Option<String>; 7]> = self
            .db
            .prepare_cached(sql)?
            .query_row([id.0.as_bytes()], |r| Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?]))
            .optional()?;
        if let Some([synced, saved, typed, sent, parked, mark, report]) = parts {
            record.synced = json::get::<crate::wire::note::NoteJson>(synced)?.map(Into::into);
            record.saved = json::get::<EditJson>(saved)?.map(Into::into);
            record.typed = json::get::<EditJson>(typed)?.map(Into::into);
            record.sent = json::get::<EditJson>(sent)?.map(Into::into);
            record.parked = json::get::<ParkedJson>(parked)?.map(|p| p.parked(id));
            record.mark = json::get::<MarkJson>(mark)?.map(Into::into);
            record.report = json::get::<ReportJson>(report)?.map(Into::into);
        }
        record.entries = self.entries_of(id)?;
        Ok(record)
    }

    /// Stores records, keeps copies, and moves the mark of what was seen of the server, in one transaction.
    ///
    /// # Errors
    /// Nothing was stored.
    pub fn store(&mut self, records: &[&Record], copies: &[CopyOf<'_>], seq: Option<Seq>, now: Time) -> Result<(), DiskError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for record in records {
            if record.is_empty() {
                remove(&tx, record.id)?;
            } else {
                put_note(&tx, record)?;
            }
            put_entries(&tx, record)?;
        }
        for (id, content, why) in copies {
            let text = json::put(Some(ContentJson::from((*content).clone())))?;
            let sql = "INSERT INTO copies (note, at, why, content) VALUES (?1, ?2, ?3, ?4)";
            tx.prepare_cached(sql)?.execute(params![id.0.as_bytes(), now.0, why, text])?;
        }
        if let Some(seq) = seq {
            put_meta(&tx, "seq", &seq.to_string())?;
        }
        Ok(tx.commit()?)
    }

    /// Remembers a small fact.
    ///
    /// # Errors
    /// It was not stored.
    pub fn set_meta(&mut self, key: &str, value: &str) -> Result<(), DiskError> {
        put_meta(&self.db, key, value)
    }
}

fn put_meta(db: &Connection, key: &str, value: &str) -> Result<(), DiskError> {
    db.prepare_cached("INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?.execute([key, value])?;
    Ok(())
}

fn remove(db: &Connection, id: NoteId) -> Result<(), DiskError> {
    let n: Option<i64> =
        db.prepare_cached("DELETE FROM notes WHERE id = ?1 RETURNING n")?.query_row([id.0.as_bytes()], |r| r.get(0)).optional()?;
    if let Some(n) = n {
        db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([n])?;
    }
    Ok(())
}

const PUT_NOTE: &str = "INSERT INTO notes (id, title, tags, excerpt, state, updated_at, origin, version, marked, deleted, shown,
        synced, saved, typed, sent, parked, mark, report)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    ON CONFLICT (id) DO UPDATE SET title = ?2, tags = ?3, excerpt = ?4, state = ?5, updated_at = ?6, origin = ?7, version = ?8, marked = ?9,
        deleted = ?10, shown = ?11, synced = ?12, saved = ?13, typed = ?14, sent = ?15, parked = ?16, mark = ?17, report = ?18
    RETURNING n";

fn put_note(db: &Connection, record: &Record) -> Result<(), DiskError> {
    let row = record.row(None);
    let shown = row.is_some();
    let (title, excerpt) = row.as_ref().map(|r| (r.title.clone(), r.excerpt.clone())).unwrap_or_default();
    let tags = row.as_ref().map(|r| serde_json::Value::from(r.tags.clone()).to_string()).unwrap_or_default();
    let report = record.report.clone().map(ReportJson::from);
    let n: i64 = db.prepare_cached(PUT_NOTE)?.query_row(
        params![
            record.id.0.as_bytes(),
            title,
            tags,
            excerpt,
            state_no(record.state()),
            row.as_ref().map_or(0, |r| r.updated_at.0),
            row.as_ref().map(|r| r.origin.clone()).unwrap_or_default(),
            row.as_ref().map_or(0, |r| r.version),
            row.as_ref().is_some_and(|r| r.bookmarked),
            row.as_ref().is_some_and(|r| r.deleted),
            shown,
            json::put(record.synced.clone().map(crate::wire::note::NoteJson::from))?,
            json::put(record.saved.clone().map(EditJson::from))?,
            json::put(record.typed.clone().map(EditJson::from))?,
            json::put(record.sent.clone().map(EditJson::from))?,
            json::put(record.parked.clone().map(ParkedJson::from))?,
            json::put(record.mark.clone().map(MarkJson::from))?,
            json::put(report)?,
        ],
        |r| r.get(0),
    )?;
    db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([n])?;
    if let Some(content) = record.content().filter(|c| !c.deleted) {
        db.prepare_cached("INSERT INTO words (rowid, title, body) VALUES (?1, ?2, ?3)")?.execute(params![
            n,
            content.title,
            content.body
        ])?;
    }
    Ok(())
}

fn put_entries(db: &Connection, record: &Record) -> Result<(), DiskError> {
    db.prepare_cached("DELETE FROM outbox WHERE note = ?1")?.execute([record.id.0.as_bytes()])?;
    let sql = "INSERT INTO outbox (no, note, lane, state, attempts, due, last_error, refused) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    for (lane, e) in &record.entries {
        let state = entry_no(&e.state);
        db.prepare_cached(sql)?.execute(params![
            e.no,
            record.id.0.as_bytes(),
            lane_no(*lane),
            state,
            e.attempts,
            e.due.0,
            e.last_error,
            e.refused
        ])?;
    }
    Ok(())
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
