//! What is read from SQLite, by readers beside the writer and by the writer itself.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::chain::{self, Link};
use super::index;
use crate::domain::audit::Entry;
use crate::domain::note::{Content, Note, NoteId, Seq, Time, Version};
use crate::server::memory;
use crate::server::search::{Found, Wanted};
use crate::server::store::{AuditQuery, Base, BookmarkRow, Epoch, Event, Kind, LockRow, Page, Search, Space, StoreError, TokenRow};
use crate::server::tx::{Loaded, Step};

/// The columns [`note`] reads.
macro_rules! columns {
    ($rest:literal) => {
        concat!("SELECT v.id, v.version, v.title, v.body, v.tags, v.fields, v.deleted, v.created, v.updated, v.user, v.origin", $rest)
    };
}

/// A column of text, where it lies.
fn text<'a>(row: &'a Row<'_>, column: usize) -> Step<&'a str> {
    row.get_ref(column)?.as_str().map_err(|e| StoreError::Database(e.to_string()))
}

fn note(row: &Row<'_>) -> Result<Note, StoreError> {
    let (tags, fields) = (memory::tags_from_text(text(row, 4)?)?, memory::values_from_text(text(row, 5)?)?);
    Ok(Note {
        id: NoteId(Uuid::from_bytes(row.get(0)?)),
        version: row.get(1)?,
        content: Content { title: row.get(2)?, body: row.get(3)?, tags, fields, deleted: row.get(6)? },
        created_at: Time(row.get(7)?),
        updated_at: Time(row.get(8)?),
        updated_by: row.get(9)?,
        updated_from: row.get(10)?,
    })
}

fn first(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Step<Option<Note>> {
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params)?;
    rows.next()?.map(note).transpose()
}

/// A note as it is, with its lock, expired or not, and the place of its version.
pub(super) fn held(conn: &Connection, space: Space, id: NoteId) -> Step<(Loaded, Option<Link>)> {
    let sql = columns!(
        ", l.note, l.user, l.origin, l.token, l.acquired, l.expires, v.row, v.before, v.further FROM notes n
         JOIN versions v ON v.row = n.row LEFT JOIN locks l ON l.space = n.space AND l.note = n.id WHERE n.space = ? AND n.id = ?"
    );
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params![space, id.0.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok((Loaded::default(), None)) };
    let note = note(row)?;
    let link = Link { row: row.get(17)?, version: note.version, updated: note.updated_at.0, before: row.get(18)?, further: row.get(19)? };
    Ok((Loaded { present: Some(note), lock: lock(row, 11)? }, Some(link)))
}

/// A note as it is, or as it was.
pub(super) fn version(conn: &Connection, space: Space, id: NoteId, base: Base) -> Step<Option<Note>> {
    if base == Base::Any {
        let sql = columns!(" FROM notes n JOIN versions v ON v.row = n.row WHERE n.space = ? AND n.id = ?");
        return first(conn, sql, params![space, id.0.as_bytes()]);
    }
    let Some(row) = chain::find(conn, space, id, base)? else { return Ok(None) };
    first(conn, columns!(" FROM versions v WHERE v.row = ?"), [row])
}

/// The versions of a note without their content.
pub(super) fn versions(conn: &Connection, space: Space, id: NoteId) -> Step<Vec<Note>> {
    let mut find = conn.prepare_cached("SELECT version, created, updated, user, origin, deleted, before FROM versions WHERE row = ?")?;
    let (mut out, mut next) = (Vec::new(), chain::present(conn, space, id)?.map(|link| link.row));
    while let Some(row) = next {
        let (version, before) = find.query_row([row], |r| Ok((version_row(r, id)?, r.get(6)?)))?;
        out.push(version);
        next = before;
    }
    Ok(out)
}

/// Reads `version, created, updated, user, origin, deleted`.
fn version_row(r: &Row<'_>, id: NoteId) -> rusqlite::Result<Note> {
    Ok(Note {
        id,
        version: r.get::<_, Version>(0)?,
        content: Content { deleted: r.get(5)?, ..Content::default() },
        created_at: Time(r.get(1)?),
        updated_at: Time(r.get(2)?),
        updated_by: r.get(3)?,
        updated_from: r.get(4)?,
    })
}

/// Where a space's order of changes stands.
pub(super) fn newest(conn: &Connection, space: Space) -> Step<Seq> {
    Ok(conn.prepare_cached("SELECT seq FROM places WHERE space = ?")?.query_row([space], |r| r.get(0)).optional()?.unwrap_or(0))
}

/// Notes changed after `seq`, in order of change.
pub(super) fn since(conn: &Connection, space: Space, seq: Seq, limit: usize) -> Step<Page> {
    let newest = newest(conn, space)?;
    let sql = columns!(
        ", n.seq FROM notes n JOIN versions v ON v.row = n.row
         WHERE n.space = ? AND n.seq > ? ORDER BY n.seq LIMIT ?"
    );
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params![space, seq, i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)])?;
    let mut page = Page { notes: Vec::with_capacity(limit.min(256)), seq: newest, ..Page::default() };
    while let Some(row) = rows.next()? {
        if page.notes.len() == limit {
            page.more = true;
            break;
        }
        page.notes.push((row.get(11)?, note(row)?));
    }
    Ok(page)
}

/// The newest epoch, and whether a place leads to now: its epoch is known, and ended no earlier.
pub(super) fn epoch(conn: &Connection, space: Space, place: Option<(Uuid, Seq)>) -> Step<Epoch> {
    let sql = "SELECT id FROM epochs WHERE space = ? ORDER BY first DESC LIMIT 1";
    let id: Option<[u8; 16]> = conn.prepare_cached(sql)?.query_row([space], |r| r.get(0)).optional()?;
    let leads_here = match place {
        None => true,
        Some((id, seq)) => {
            let sql = "SELECT coalesce((SELECT min(n.first) - 1 FROM epochs n WHERE n.space = e.space AND n.first > e.first), p.seq)
                       FROM epochs e JOIN places p ON p.space = e.space WHERE e.space = ? AND e.id = ?";
            let last: Option<Seq> = conn.prepare_cached(sql)?.query_row(params![space, id.as_bytes()], |r| r.get(0)).optional()?;
            last.is_some_and(|last| seq <= last)
        }
    };
    Ok(Epoch { id: id.map(Uuid::from_bytes), leads_here })
}

/// Live notes, the one changed last first.
pub(super) fn search(conn: &Connection, space: Space, search: &Search) -> Step<Page> {
    let (wanted, mut found) = (Wanted::of(search), Found::of(search));
    let tx = conn.unchecked_transaction()?; // one view of the notes and of how far they are indexed
    let asked = wanted.needle().and_then(index::asked);
    let reached = match asked.as_ref().and(index::row(space, 0)) {
        Some(_) => index::reached(&tx, space)?,
        None => 0,
    };
    let before = search.after.unwrap_or(i64::MAX);
    let sql = columns!(
        ", n.seq FROM notes n JOIN versions v ON v.row = n.row
         WHERE n.space = ? AND n.deleted = 0 AND n.seq < ? AND n.seq > ? ORDER BY n.seq DESC"
    );
    look(&tx, sql, params![space, before, reached], &wanted, &mut found)?;
    let range = index::row(space, 0).zip(index::row(space, reached.min(before.saturating_sub(1)).max(0)));
    if let (Some(asked), Some((first, last))) = (asked.filter(|_| reached > 0), range) {
        let sql = columns!(
            ", n.seq FROM search s CROSS JOIN notes n CROSS JOIN versions v
             WHERE s.search MATCH ?1 AND s.rowid > ?2 AND s.rowid <= ?3 AND n.space = ?4 AND n.seq = s.rowid - ?2 AND v.row = n.row
               AND n.deleted = 0 ORDER BY s.rowid DESC"
        );
        look(&tx, sql, params![asked, first, last, space], &wanted, &mut found)?;
    }
    let newest = newest(&tx, space)?;
    Ok(found.page(newest))
}

/// Looks at notes as they come, until the page is done.
fn look(conn: &Connection, sql: &str, params: impl rusqlite::Params, wanted: &Wanted, found: &mut Found) -> Step<()> {
    if found.is_done() {
        return Ok(());
    }
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params)?;
    while !found.is_done() {
        let Some(row) = rows.next()? else { break };
        let seq = row.get(11)?;
        if wanted.fits(text(row, 2)?, text(row, 3)?, text(row, 4)?)? {
            found.take(seq, note(row)?);
        }
        found.passed(1, seq);
    }
    Ok(())
}

/// A user's bookmark, tombstones included.
pub(super) fn bookmark(conn: &Connection, space: Space, user: &str, id: NoteId) -> Step<Option<BookmarkRow>> {
    let sql = "SELECT marked, why, gone, updated, origin FROM bookmarks WHERE space = ? AND user = ? AND note = ?";
    let row = conn.prepare_cached(sql)?.query_row(params![space, user, id.0.as_bytes()], |r| {
        Ok(BookmarkRow {
            note: id.0,
            user: user.to_owned(),
            marked: r.get(0)?,
            why: r.get(1)?,
            gone: r.get(2)?,
            updated: r.get(3)?,
            origin: r.get(4)?,
        })
    });
    Ok(row.optional()?)
}

/// A lock, or none, as `note, user, origin, token, acquired, expires` from that column on.
fn lock(r: &Row<'_>, at: usize) -> rusqlite::Result<Option<LockRow>> {
    let Some(note) = r.get::<_, Option<[u8; 16]>>(at)? else { return Ok(None) };
    Ok(Some(LockRow {
        note: Uuid::from_bytes(note),
        user: r.get(at + 1)?,
        origin: r.get(at + 2)?,
        token: Uuid::from_bytes(r.get(at + 3)?),
        acquired: r.get(at + 4)?,
        expires: r.get(at + 5)?,
    }))
}

/// Locks held now.
pub(super) fn locks(conn: &Connection, space: Space, now: Time, limit: usize) -> Step<Vec<(Seq, LockRow)>> {
    let sql = "SELECT note, user, origin, token, acquired, expires, seq FROM locks
               WHERE space = ? AND expires > ? ORDER BY expires DESC LIMIT ?";
    let mut find = conn.prepare_cached(sql)?;
    let rows = find.query_map(params![space, now.0, i64::try_from(limit).unwrap_or(i64::MAX)], |r| Ok((r.get(6)?, lock(r, 0)?)))?;
    let held = rows.map(|row| row.map(|(seq, lock)| lock.map(|lock| (seq, lock))));
    Ok(held.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

macro_rules! audit_columns {
    ($rest:literal) => {
        concat!(
            "SELECT a.seq, a.id, a.at, a.entity, a.entity_id, a.action, a.user, a.client_origin, a.server_origin, a.server_ts, a.client_ts,
                    a.server_version, a.base_version, a.fields, a.outcome, a.settled FROM audit a ",
            $rest
        )
    };
}

fn entry(conn: &Connection, space: Space, r: &Row<'_>) -> Result<(Seq, Entry), StoreError> {
    let time = |i| -> rusqlite::Result<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time)) };
    let (note, fields) = (Uuid::from_bytes(r.get(4)?), text(r, 13)?);
    let (server_version, base_version) = (r.get(11)?, r.get(12)?);
    let body = |version: Option<Version>| match version {
        Some(version) if memory::names_body(fields) => body_of(conn, space, NoteId(note), version),
        _ => Ok(None),
    };
    let entry = Entry {
        id: Uuid::from_bytes(r.get(1)?).to_string(),
        at: Time(r.get(2)?),
        entity: r.get(3)?,
        entity_id: note.to_string(),
        action: r.get(5)?,
        user_id: r.get(6)?,
        client_origin: r.get(7)?,
        server_origin: r.get(8)?,
        server_ts: time(9)?,
        client_ts: time(10)?,
        server_version,
        base_version,
        fields: memory::fields_from_text(fields, body(base_version)?, body(server_version)?)?,
        outcome: r.get(14)?,
        settled: memory::settled_from_text(r.get(15)?),
    };
    Ok((r.get(0)?, entry))
}

fn body_of(conn: &Connection, space: Space, id: NoteId, version: Version) -> Step<Option<String>> {
    let Some(row) = chain::find(conn, space, id, Base::Version(version))? else { return Ok(None) };
    Ok(conn.prepare_cached("SELECT body FROM versions WHERE row = ?")?.query_row([row], |r| r.get(0)).optional()?)
}

/// One audit entry.
pub(super) fn audit_entry(conn: &Connection, space: Space, id: Uuid) -> Step<Option<Entry>> {
    let mut find = conn.prepare_cached(audit_columns!("WHERE a.space = ? AND a.id = ?"))?;
    let mut rows = find.query(params![space, id.as_bytes()])?;
    Ok(rows.next()?.map(|r| entry(conn, space, r)).transpose()?.map(|(_, e)| e))
}

/// Audit entries, newest first.
pub(super) fn audit(conn: &Connection, space: Space, q: &AuditQuery) -> Step<Vec<(Seq, Entry)>> {
    let sql = audit_columns!(
        "WHERE a.space = ?1 AND a.seq < ?2 AND a.at >= ?3 AND a.at < ?4
           AND (?5 IS NULL OR a.entity = ?5) AND (?6 IS NULL OR a.entity_id = ?6)
           AND (?7 IS NULL OR a.action = ?7 OR (?7 = 'conflict' AND substr(a.action, 1, 9) = 'conflict_'))
           AND (?8 IS NULL OR a.client_origin = ?8)
         ORDER BY a.seq DESC LIMIT ?9"
    );
    let mut find = conn.prepare_cached(sql)?;
    let mut rows = find.query(params![
        space,
        q.after.unwrap_or(i64::MAX),
        q.since.map_or(i64::MIN, |t| t.0),
        q.until.map_or(i64::MAX, |t| t.0),
        q.entity,
        q.entity_id.map(|id| id.into_bytes()),
        q.action,
        q.origin,
        i64::try_from(q.limit).unwrap_or(i64::MAX)
    ])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(entry(conn, space, row)?);
    }
    Ok(out)
}

/// How many saves were accepted since a time, by day.
pub(super) fn saves_per_day(conn: &Connection, space: Space, since: Time) -> Step<Vec<(i64, u64)>> {
    let sql = "SELECT updated / 86400000000, count(*) FROM versions WHERE space = ? AND updated >= ? GROUP BY 1";
    let mut count = conn.prepare_cached(sql)?;
    let rows = count.query_map([space, since.0], |r| Ok((r.get(0)?, u64::try_from(r.get::<_, i64>(1)?).unwrap_or(0))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The versions saved in a span of time, newest first.
pub(super) fn saves(conn: &Connection, space: Space, span: &Range<Time>, after: Option<(Time, NoteId)>, limit: usize) -> Step<Vec<Note>> {
    let sql = "SELECT version, created, updated, user, origin, deleted, id, title FROM versions
               WHERE space = ?1 AND updated >= ?2 AND updated < ?3 AND updated <= ?4 AND (updated, id) < (?4, ?5)
               ORDER BY updated DESC, id DESC LIMIT ?6";
    let mut find = conn.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (at, id) = after.map_or((i64::MAX, [0; 16]), |(at, id)| (at.0, id.0.into_bytes()));
    let rows = find.query_map(params![space, span.start.0, span.end.0, at, id, limit], |r| {
        let mut note = version_row(r, NoteId(Uuid::from_bytes(r.get(6)?)))?;
        note.content.title = r.get(7)?;
        Ok(note)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Changes after `seq`, oldest first: of each record its last.
pub(super) fn events_since(conn: &Connection, space: Space, seq: Seq, limit: usize) -> Step<(Vec<Event>, Seq)> {
    let top = newest(conn, space)?;
    let sql = "SELECT n.seq, 'note', n.id, v.version, v.origin, n.deleted
                 FROM notes n JOIN versions v ON v.row = n.row WHERE n.space = ?1 AND n.seq > ?2
               UNION ALL SELECT seq, 'bookmark', note, NULL, origin, gone OR NOT marked FROM bookmarks WHERE space = ?1 AND seq > ?2
               UNION ALL SELECT seq, 'lock', note, NULL, origin, expires = 0 FROM locks WHERE space = ?1 AND seq > ?2
               UNION ALL SELECT seq, 'audit', id, server_version, client_origin, 0 FROM audit WHERE space = ?1 AND seq > ?2
               ORDER BY 1 LIMIT ?3";
    let mut find = conn.prepare_cached(sql)?;
    let rows = find.query_map(params![space, seq, i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
        Ok(Event {
            space,
            seq: r.get(0)?,
            kind: Kind::of(&r.get::<_, String>(1)?).unwrap_or(Kind::Note),
            id: Uuid::from_bytes(r.get(2)?),
            version: r.get(3)?,
            origin: r.get(4)?,
            deleted: r.get(5)?,
        })
    })?;
    Ok((rows.collect::<Result<_, _>>()?, top))
}

/// Tokens: one by its hash, or all.
pub(super) fn tokens(conn: &Connection, hash: Option<[u8; 32]>) -> Step<Vec<TokenRow>> {
    let sql = "SELECT t.id, t.space, s.name, t.user, t.name, t.hash, t.created, t.revoked
               FROM tokens t JOIN spaces s ON s.id = t.space WHERE ?1 IS NULL OR t.hash = ?1 ORDER BY t.id";
    let mut find = conn.prepare_cached(sql)?;
    let rows = find.query_map([hash], |r| {
        Ok(TokenRow {
            id: r.get(0)?,
            space: r.get(1)?,
            space_name: r.get(2)?,
            user: r.get(3)?,
            name: r.get(4)?,
            hash: r.get(5)?,
            created: Time(r.get(6)?),
            revoked: r.get::<_, Option<i64>>(7)?.map(Time),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
