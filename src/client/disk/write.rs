//! Writing a record: its row for lists, its parts, its outbox entries, and what the search finds. Only what changed is written.

use rusqlite::{Connection, OptionalExtension, params};

use super::json::{self, ContentJson, EditJson, MarkJson, ParkedJson, ReportJson};
use super::{DiskError, entry_no, lane_no, state_no};
use crate::client::record::Record;
use crate::domain::note::{Content, NoteId, Time};

/// Stores a record whole; an empty one is forgotten.
pub(super) fn put(db: &Connection, record: &Record) -> Result<(), DiskError> {
    if record.is_empty() {
        remove(db, record.id)?;
    } else {
        let n = put_row(db, record)?;
        put_parts(db, n, record)?;
        clear_typing(db, n)?;
        put_words(db, n, record)?;
    }
    put_entries(db, record)
}

fn remove(db: &Connection, id: NoteId) -> Result<(), DiskError> {
    let n: Option<i64> =
        db.prepare_cached("DELETE FROM notes WHERE id = ?1 RETURNING n")?.query_row([id.0.as_bytes()], |r| r.get(0)).optional()?;
    if let Some(n) = n {
        db.prepare_cached("DELETE FROM parts WHERE at BETWEEN ?1 AND ?1 + 7")?.execute([n * 8])?;
        clear_typing(db, n)?;
        db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([n])?;
    }
    Ok(())
}

const PUT_ROW: &str = "INSERT INTO notes (id, title, tags, excerpt, state, updated_at, origin, version, marked, deleted, shown)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT (id) DO UPDATE SET title = ?2, tags = ?3, excerpt = ?4, state = ?5, updated_at = ?6, origin = ?7, version = ?8, marked = ?9,
        deleted = ?10, shown = ?11
    RETURNING n";

/// Stores what a list shows of a record; gives the number of its row.
pub(super) fn put_row(db: &Connection, record: &Record) -> Result<i64, DiskError> {
    let row = record.row(None);
    let tags = row.as_ref().map(|r| serde_json::Value::from(r.tags.clone()).to_string()).unwrap_or_default();
    let n = db.prepare_cached(PUT_ROW)?.query_row(
        params![
            record.id.0.as_bytes(),
            row.as_ref().map_or("", |r| &r.title),
            tags,
            row.as_ref().map_or("", |r| &r.excerpt),
            state_no(record.state()),
            row.as_ref().map_or(0, |r| r.updated_at.0),
            row.as_ref().map_or("", |r| &r.origin),
            row.as_ref().map_or(0, |r| r.version),
            row.as_ref().is_some_and(|r| r.bookmarked),
            row.as_ref().is_some_and(|r| r.deleted),
            row.is_some(),
        ],
        |r| r.get(0),
    )?;
    Ok(n)
}

fn put_parts(db: &Connection, n: i64, record: &Record) -> Result<(), DiskError> {
    let parts = [
        json::put(record.synced.clone().map(crate::wire::note::NoteJson::from))?,
        json::put(record.saved.clone().map(EditJson::from))?,
        json::put(record.typed.clone().map(EditJson::from))?,
        json::put(record.sent.clone().map(EditJson::from))?,
        json::put(record.parked.clone().map(ParkedJson::from))?,
        json::put(record.mark.clone().map(MarkJson::from))?,
        json::put(record.report.clone().map(ReportJson::from))?,
        json::put(record.aside.clone().map(EditJson::from))?,
    ];
    let sql = "INSERT INTO parts VALUES (?1, ?2) ON CONFLICT (at) DO UPDATE SET text = ?2 WHERE text <> ?2";
    for (at, text) in (n * 8..).zip(parts) {
        match text {
            Some(text) => db.prepare_cached(sql)?.execute(params![at, text])?,
            None => db.prepare_cached("DELETE FROM parts WHERE at = ?1")?.execute([at])?,
        };
    }
    Ok(())
}

/// Brings what the search finds up to date. Reading it again is a small part of the cost of making it anew.
fn put_words(db: &Connection, n: i64, record: &Record) -> Result<(), DiskError> {
    let wanted = record.content().filter(|c| !c.deleted).map(|c| (&c.title, &c.body));
    let found: Option<(String, String)> =
        db.prepare_cached("SELECT title, body FROM words WHERE rowid = ?1")?.query_row([n], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    if wanted == found.as_ref().map(|(title, body)| (title, body)) {
        return Ok(());
    }
    if found.is_some() {
        db.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([n])?;
    }
    if let Some((title, body)) = wanted {
        db.prepare_cached("INSERT INTO words (rowid, title, body) VALUES (?1, ?2, ?3)")?.execute(params![n, title, body])?;
    }
    Ok(())
}

/// Keeps a copy of a text aside.
pub(super) fn put_copy(db: &Connection, id: NoteId, content: &Content, why: &str, at: Time) -> Result<(), DiskError> {
    let text = json::put(Some(ContentJson::from(content.clone())))?;
    let sql = "INSERT INTO copies (note, at, why, content) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute(params![id.0.as_bytes(), at.0, why, text])?;
    Ok(())
}

pub(super) fn put_entries(db: &Connection, record: &Record) -> Result<(), DiskError> {
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

/// Takes a note's rows out of the journal of typing: its parts say it all.
fn clear_typing(db: &Connection, n: i64) -> Result<(), DiskError> {
    db.prepare_cached("DELETE FROM typing WHERE n = ?1")?.execute([n])?;
    Ok(())
}
