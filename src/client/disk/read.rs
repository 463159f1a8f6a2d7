//! What lists, searches and the outbox read; bodies are not touched where a row will do.

use rusqlite::{OptionalExtension, params};

use super::json::{self, ContentJson};
use super::{Disk, DiskError, entry_from, lane_no, state_of};
use crate::client::handle::{OutboxRow, Row};
use crate::client::record::{Entry, Lane};
use crate::domain::note::{Content, NoteId, Seq, Time, Uuid};

/// A text kept aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its number; it is shown as a version below zero.
    pub no: i64,
    /// When it was put aside.
    pub at: Time,
    /// Why, in a few words.
    pub why: String,
    /// The text and what belongs to it.
    pub content: Content,
}

/// An outbox entry with the note it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Which note.
    pub id: NoteId,
    /// Which lane of it.
    pub lane: Lane,
    /// The entry.
    pub entry: Entry,
}

impl Disk {
    pub(super) fn entries_of(&self, id: NoteId) -> Result<Vec<(Lane, Entry)>, DiskError> {
        let sql = "SELECT no, lane, state, attempts, due, last_error, refused FROM outbox WHERE note = ?1 ORDER BY no";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([id.0.as_bytes()], |r| entry_from(r, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// All outbox entries, in order of first saving.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn pending(&self) -> Result<Vec<Pending>, DiskError> {
        let sql = "SELECT no, lane, state, attempts, due, last_error, refused, note FROM outbox ORDER BY no";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |r| {
            let (lane, entry) = entry_from(r, 0)?;
            Ok(Pending { id: NoteId(Uuid::from_bytes(r.get(7)?)), lane, entry })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The outbox as a screen shows it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn outbox(&self) -> Result<Vec<OutboxRow>, DiskError> {
        let sql = "SELECT o.no, o.lane, o.state, o.attempts, o.due, o.last_error, o.refused, o.note, n.title, n.version, n.deleted
            FROM outbox o LEFT JOIN notes n ON n.id = o.note ORDER BY o.no";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |r| {
            let (lane, entry) = entry_from(r, 0)?;
            let (version, deleted) = (r.get::<_, Option<i64>>(9)?.unwrap_or(0), r.get::<_, Option<bool>>(10)?.unwrap_or(false));
            let what = match lane {
                Lane::Note if deleted => "delete",
                Lane::Note if version == 0 => "create",
                Lane::Note => "save",
                Lane::Mark => "bookmark",
                Lane::Report => "report",
            };
            let waits = entry.state == crate::client::handle::EntryState::Waiting;
            Ok(OutboxRow {
                entry: entry.no,
                id: NoteId(Uuid::from_bytes(r.get(7)?)),
                title: r.get::<_, Option<String>>(8)?.unwrap_or_default(),
                what: what.to_owned(),
                state: entry.state,
                attempts: entry.attempts,
                due: Some(entry.due).filter(|_| waits),
                last_error: entry.last_error,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The note and lane of an entry.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn entry(&self, no: i64) -> Result<Option<(NoteId, Lane)>, DiskError> {
        let mut statement = self.db.prepare_cached("SELECT note, lane FROM outbox WHERE no = ?1")?;
        let found = statement.query_row([no], |r| Ok((NoteId(Uuid::from_bytes(r.get(0)?)), super::lane_of(r.get(1)?)))).optional()?;
        Ok(found)
    }

    /// The rows of the list, newest first, deleted notes among them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn rows(&self) -> Result<Vec<Row>, DiskError> {
        let sql = "SELECT id, title, tags, excerpt, state, updated_at, origin, version, marked, deleted FROM notes
            WHERE shown ORDER BY updated_at DESC";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |r| {
            let tags: String = r.get(2)?;
            Ok(Row {
                id: NoteId(Uuid::from_bytes(r.get(0)?)),
                title: r.get(1)?,
                tags: serde_json::from_str(&tags).unwrap_or_default(),
                excerpt: r.get(3)?,
                state: state_of(r.get(4)?),
                updated_at: Time(r.get(5)?),
                origin: r.get(6)?,
                version: r.get(7)?,
                bookmarked: r.get(8)?,
                lock: None,
                deleted: r.get(9)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many notes the list shows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn count(&self) -> Result<usize, DiskError> {
        let n: i64 = self.db.query_row("SELECT count(*) FROM notes WHERE shown AND NOT deleted", [], |r| r.get(0))?;
        Ok(usize::try_from(n).unwrap_or(0))
    }

    /// Notes that hold all the words (the last may be a beginning), best first, each with the hit; at most `limit`. Typed text that is in
    /// the journal only is made known to the search first, where the disk takes it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn search(&mut self, text: &str, limit: usize) -> Result<Vec<(NoteId, String)>, DiskError> {
        let words: Vec<String> = text.split_whitespace().map(|w| format!("\"{}\"", w.replace('"', "\"\""))).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let typed = self.typing()?;
        if !typed.is_empty() {
            // On a full disk an older answer is better than none.
            let _ = self.change(|disk| typed.iter().try_for_each(|id| disk.fold(*id)));
        }
        let query = format!("{}*", words.join(" "));
        let sql = "SELECT n.id, snippet(words, -1, char(2), char(3), '…', 16) FROM words JOIN notes n ON n.n = words.rowid
            WHERE words MATCH ?1 ORDER BY rank LIMIT ?2";
        let mut statement = self.db.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![query, limit], |r| {
            let hit: String = r.get(1)?;
            Ok((NoteId(Uuid::from_bytes(r.get(0)?)), around(&hit)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The notes that rows or copies are of, as far as they can be read; and whether something could not be.
    pub(super) fn ids(&self) -> (Vec<NoteId>, bool) {
        let mut out = Vec::new();
        let mut whole = || -> rusqlite::Result<()> {
            for sql in ["SELECT id FROM notes", "SELECT note FROM copies"] {
                let mut statement = self.db.prepare(sql)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    out.push(NoteId(Uuid::from_bytes(row.get(0)?)));
                }
            }
            Ok(())
        };
        let lost = whole().is_err();
        out.sort_unstable();
        out.dedup();
        (out, lost)
    }

    /// The copies kept aside of a note, newest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn copies(&self, id: NoteId) -> Result<Vec<Kept>, DiskError> {
        let mut statement = self.db.prepare_cached("SELECT n, at, why, content FROM copies WHERE note = ?1 ORDER BY n DESC")?;
        let mut rows = statement.query([id.0.as_bytes()])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(content) = json::get::<ContentJson>(row.get(3)?)? {
                out.push(Kept { no: row.get(0)?, at: Time(row.get(1)?), why: row.get(2)?, content: content.into() });
            }
        }
        Ok(out)
    }

    /// A small fact, if it was remembered.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn meta(&self, key: &str) -> Result<Option<String>, DiskError> {
        let mut statement = self.db.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |r| r.get(0)).optional()?)
    }

    /// What has been seen of the server's changes.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn seq(&self) -> Result<Seq, DiskError> {
        Ok(self.meta("seq")?.and_then(|s| s.parse().ok()).unwrap_or(0))
    }

    /// The server's store that [`Disk::seq`] is a place in, as it calls it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn store(&self) -> Result<Option<Uuid>, DiskError> {
        Ok(self.meta("store")?.and_then(|s| s.parse().ok()))
    }

    /// The notes this device has from the server.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn synced(&self) -> Result<Vec<NoteId>, DiskError> {
        let mut statement = self.db.prepare_cached("SELECT id FROM notes WHERE EXISTS (SELECT 1 FROM parts WHERE at = n * 8)")?;
        let rows = statement.query_map([], |r| Ok(NoteId(Uuid::from_bytes(r.get(0)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A number that changes when another program has written to the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn data_version(&self) -> Result<i64, DiskError> {
        Ok(self.db.prepare_cached("PRAGMA data_version")?.query_row([], |r| r.get(0))?)
    }

    /// The next free number of an outbox entry.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_no(&self) -> Result<i64, DiskError> {
        Ok(self.db.query_row("SELECT coalesce(max(no), 0) + 1 FROM outbox", [], |r| r.get(0))?)
    }

    /// The notes that have an entry in a lane.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn with_entry(&self, lane: Lane) -> Result<Vec<NoteId>, DiskError> {
        let mut statement = self.db.prepare_cached("SELECT note FROM outbox WHERE lane = ?1 ORDER BY no")?;
        let rows = statement.query_map([lane_no(lane)], |r| Ok(NoteId(Uuid::from_bytes(r.get(0)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Bytes of a hit shown before what was found.
const BEFORE: usize = 60;

/// A stretch of a hit that holds what was found in it (between the two marks), without the marks.
fn around(hit: &str) -> String {
    let from = hit.floor_char_boundary(hit.find('\u{2}').unwrap_or(0).saturating_sub(BEFORE));
    let rest = hit[from..].replace(['\u{2}', '\u{3}'], "");
    let before = if from > 0 { "…" } else { "" };
    format!("{before}{}", crate::client::record::head(&rest, 200))
}
