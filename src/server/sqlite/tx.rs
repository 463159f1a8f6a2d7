//! The steps of a write over one SQLite connection inside an open transaction. They wait for nothing.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::chain::{self, Link};
use super::read;
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time};
use crate::server::memory;
use crate::server::store::{Base, BookmarkRow, Event, LockRow, Space, StoreError, Who};
use crate::server::tx::{Loaded, Step, Tx};

/// The transaction the writer thread has open.
pub(super) struct SqliteTx<'a> {
    pub(super) conn: &'a mut Connection,
    pub(super) events: &'a mut Vec<Event>,
    /// Spaces in which this process has opened its epoch.
    pub(super) opened: &'a mut HashSet<Space>,
    /// The newest change of each space, as far as it is known.
    pub(super) seqs: &'a mut HashMap<Space, Seq>,
    /// The note looked at last, and the place of its present version, if it has one.
    pub(super) last: Option<(Space, NoteId, Option<Link>)>,
}

fn micros(time: Option<Time>) -> Option<i64> {
    time.map(|t| t.0)
}

/// An id kept as text in the domain; entries are only ever made with UUIDs.
fn uuid(text: &str) -> Uuid {
    text.parse().unwrap_or_default()
}

impl SqliteTx<'_> {
    /// The place of the version that a new one follows.
    fn present(&self, space: Space, new: &Note) -> Step<Option<Link>> {
        let last = match self.last {
            Some((s, id, link)) if (s, id) == (space, new.id) => link,
            _ => chain::present(self.conn, space, new.id)?,
        };
        match last.map_or(0, |link| link.version) + 1 == new.version {
            true => Ok(last),
            false => Err(StoreError::Database("a version would not follow the one before it".to_owned())),
        }
    }
}

impl Tx for SqliteTx<'_> {
    async fn remembered(&mut self, who: &Who, key: Uuid) -> Step<Option<([u8; 32], String)>> {
        let mut find = self.conn.prepare_cached("SELECT hash, memory FROM memory WHERE space = ? AND user = ? AND key = ?")?;
        let row = find.query_row(params![who.space, &*who.user, key.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)));
        Ok(row.optional()?)
    }

    async fn remember(&mut self, who: &Who, key: Uuid, hash: [u8; 32], now: Time, memory: String) -> Step<()> {
        let mut put = self.conn.prepare_cached("INSERT INTO memory (space, user, key, hash, at, memory) VALUES (?, ?, ?, ?, ?, ?)")?;
        put.execute(params![who.space, &*who.user, key.as_bytes(), hash, now.0, memory])?;
        Ok(())
    }

    async fn load(&mut self, space: Space, id: NoteId) -> Step<Loaded> {
        let (loaded, link) = read::held(self.conn, space, id)?;
        self.last = Some((space, id, link));
        Ok(loaded)
    }

    async fn version(&mut self, space: Space, id: NoteId, base: Base) -> Step<Option<Note>> {
        read::version(self.conn, space, id, base)
    }

    async fn next_seq(&mut self, space: Space) -> Step<Seq> {
        let last: Seq = match self.seqs.get(&space) {
            Some(last) => *last,
            None => read::newest(self.conn, space)?,
        };
        let seq = last + 1;
        self.seqs.insert(space, seq);
        if !self.opened.contains(&space) {
            let sql = "INSERT INTO epochs (space, first, id) VALUES (?, ?, randomblob(16))";
            self.conn.prepare_cached(sql)?.execute([space, seq])?;
            self.opened.insert(space);
        }
        Ok(seq)
    }

    async fn put_note(&mut self, space: Space, seq: Seq, n: &Note) -> Step<()> {
        let (tags, fields) = (memory::tags_to_text(&n.content.tags)?, memory::values_to_text(&n.content.fields)?);
        let last = self.present(space, n)?;
        let further = last.map(|link| chain::further(self.conn, link)).transpose()?.flatten();
        let sql =
            "INSERT INTO versions (space, id, version, before, further, title, body, tags, fields, deleted, created, updated, user, origin)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let (id, c) = (n.id.0.as_bytes(), &n.content);
        self.conn.prepare_cached(sql)?.execute(params![
            space,
            id,
            n.version,
            last.map(|link| link.row),
            further,
            c.title,
            c.body,
            tags,
            fields,
            c.deleted,
            n.created_at.0,
            n.updated_at.0,
            n.updated_by,
            n.updated_from
        ])?;
        let row = self.conn.last_insert_rowid();
        let sql = match n.version {
            1 => "INSERT INTO notes (space, id, row, seq, deleted) VALUES (?1, ?2, ?3, ?4, ?5)",
            _ => "UPDATE notes SET row = ?3, seq = ?4, deleted = ?5 WHERE space = ?1 AND id = ?2",
        };
        self.last = None;
        let changed = self.conn.prepare_cached(sql)?.execute(params![space, id, row, seq, c.deleted])?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Database("a note has versions and no row of its own".to_owned())) }
    }

    async fn put_audit(&mut self, space: Space, seq: Seq, e: &Entry) -> Step<()> {
        let sql = "INSERT INTO audit (space, seq, id, at, entity, entity_id, action, user, client_origin, server_origin, server_ts,
                                      client_ts, server_version, base_version, fields, outcome, settled)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let (id, about, fields) = (uuid(&e.id), uuid(&e.entity_id), memory::fields_to_text(e)?);
        self.conn.prepare_cached(sql)?.execute(params![
            space,
            seq,
            id.as_bytes(),
            e.at.0,
            e.entity,
            about.as_bytes(),
            e.action,
            e.user_id,
            e.client_origin,
            e.server_origin,
            micros(e.server_ts),
            micros(e.client_ts),
            e.server_version,
            e.base_version,
            fields,
            e.outcome,
            memory::settled_to_text(e.settled.as_ref())
        ])?;
        Ok(())
    }

    async fn audit_entry(&mut self, space: Space, id: Uuid) -> Step<Option<Entry>> {
        read::audit_entry(self.conn, space, id)
    }

    async fn bookmark(&mut self, space: Space, user: &str, note: NoteId) -> Step<Option<BookmarkRow>> {
        read::bookmark(self.conn, space, user, note)
    }

    async fn put_bookmark(&mut self, space: Space, seq: Seq, r: &BookmarkRow) -> Step<()> {
        let sql = "INSERT OR REPLACE INTO bookmarks (space, user, note, seq, marked, why, gone, updated, origin)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let row = params![space, r.user, r.note.as_bytes(), seq, r.marked, r.why, r.gone, r.updated, r.origin];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    async fn put_lock(&mut self, space: Space, event: Option<Seq>, r: &LockRow) -> Step<()> {
        let sql = "INSERT INTO locks (space, note, seq, user, origin, token, acquired, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (space, note) DO UPDATE
                   SET seq = max(seq, ?3), user = ?4, origin = ?5, token = ?6, acquired = ?7, expires = ?8";
        let note = r.note.as_bytes();
        let row = params![space, note, event.unwrap_or(0), r.user, r.origin, r.token.as_bytes(), r.acquired, r.expires];
        self.conn.prepare_cached(sql)?.execute(row)?;
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        self.events.push(event);
    }
}
