//! The steps of a write inside one PostgreSQL transaction. The note's row is locked first, the space's row last, always in that order.

use deadpool_postgres::Transaction;
use futures_util::future::try_join3;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::read;
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time};
use crate::server::memory;
use crate::server::store::{Base, BookmarkRow, Event, LockRow, Space, StoreError, Who};
use crate::server::work::{Loaded, Step, Tx};

/// The channel on which processes tell each other of changes.
pub(super) const CHANNEL: &str = "diptych";

/// One write's transaction.
pub(super) struct PgTx<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) events: Vec<Event>,
    /// Whether the next change is this process's first in its space.
    pub(super) opens: bool,
}

/// How an epoch begins.
const OPEN: &str = "INSERT INTO epochs (space, first, id) VALUES ($1, $2, gen_random_uuid())";

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl PgTx<'_> {
    async fn run(&self, sql: &str, params: Params<'_>) -> Result<(), StoreError> {
        let statement = self.tx.prepare_cached(sql).await?;
        self.tx.execute(&statement, params).await?;
        Ok(())
    }

    async fn one(&self, sql: &str, params: Params<'_>) -> Result<Option<tokio_postgres::Row>, StoreError> {
        let statement = self.tx.prepare_cached(sql).await?;
        Ok(self.tx.query_opt(&statement, params).await?)
    }

    /// Puts what was told into the transaction, so that other processes hear of it when it is durable.
    pub(super) async fn notify(&mut self) -> Result<(), StoreError> {
        for event in std::mem::take(&mut self.events) {
            let payload = super::listen::to_payload(&event);
            self.run("SELECT pg_notify($1, $2)", &[&CHANNEL, &payload]).await?;
        }
        Ok(())
    }
}

fn uuid(text: &str) -> Uuid {
    text.parse().unwrap_or_default()
}

impl Tx for PgTx<'_> {
    async fn remembered(&mut self, who: &Who, key: Uuid) -> Step<Option<([u8; 32], String)>> {
        let sql = "SELECT hash, memory FROM memory WHERE space = $1 AND \"user\" = $2 AND key = $3";
        let row = self.one(sql, &[&who.space, &&*who.user, &key]).await?;
        row.map(|r| Ok((read::hash(r.get(0))?, r.get(1)))).transpose()
    }

    async fn remember(&mut self, who: &Who, key: Uuid, hash: [u8; 32], now: Time, memory: String) -> Step<()> {
        let sql = "INSERT INTO memory (space, \"user\", key, hash, at, memory) VALUES ($1, $2, $3, $4, $5, $6)";
        self.run(sql, &[&who.space, &&*who.user, &key, &&hash[..], &now.0, &memory]).await
    }

    async fn load(&mut self, space: Space, id: NoteId) -> Step<Loaded> {
        // Three statements, each with its own view: what is read after the lock is what the lock holds.
        let held = self.tx.prepare_cached("SELECT 1 FROM notes WHERE space = $1 AND id = $2 FOR UPDATE").await?;
        let present = self.tx.prepare_cached(read::PRESENT).await?;
        let lock = "SELECT note, \"user\", origin, token, acquired, expires FROM locks WHERE space = $1 AND note = $2";
        let lock = self.tx.prepare_cached(lock).await?;
        let params: Params<'_> = &[&space, &id.0];
        let (_, note, lock) =
            try_join3(self.tx.query_opt(&held, params), self.tx.query_opt(&present, params), self.tx.query_opt(&lock, params)).await?;
        Ok(Loaded { present: note.as_ref().map(read::note).transpose()?, lock: lock.as_ref().map(read::lock) })
    }

    async fn version(&mut self, space: Space, id: NoteId, base: Base) -> Step<Option<Note>> {
        let (sql, last): (_, i64) = match base {
            Base::Any => {
                let row = self.one(read::PRESENT, &[&space, &id.0]).await?;
                return row.as_ref().map(read::note).transpose();
            }
            Base::Version(v) => (read::VERSION, v),
            Base::NotAfter(t) => (read::NOT_AFTER, t.0),
        };
        self.one(sql, &[&space, &id.0, &last]).await?.as_ref().map(read::note).transpose()
    }

    async fn next_seq(&mut self, space: Space) -> Step<Seq> {
        let row = self.one("UPDATE spaces SET seq = seq + 1 WHERE id = $1 RETURNING seq", &[&space]).await?;
        let seq: Seq = row.map(|r| r.get(0)).ok_or_else(|| StoreError::Database("the space is missing".to_owned()))?;
        if std::mem::take(&mut self.opens) {
            self.run(OPEN, &[&space, &seq]).await?;
        }
        Ok(seq)
    }

    async fn put_note(&mut self, space: Space, seq: Seq, n: &Note) -> Step<()> {
        let (tags, fields) = (memory::tags_to_text(&n.content.tags)?, memory::values_to_text(&n.content.fields)?);
        let c = &n.content;
        let sql = "WITH v AS (INSERT INTO versions
                     (space, id, version, title, body, tags, fields, deleted, created, updated, \"user\", origin)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))
                   INSERT INTO notes (space, id, version, seq, deleted) VALUES ($1, $2, $3, $13, $8)
                   ON CONFLICT (space, id) DO UPDATE SET version = $3, seq = $13, deleted = $8";
        let (created, updated) = (n.created_at.0, n.updated_at.0);
        let params: Params<'_> = &[
            &space,
            &n.id.0,
            &n.version,
            &c.title,
            &c.body,
            &tags,
            &fields,
            &c.deleted,
            &created,
            &updated,
            &n.updated_by,
            &n.updated_from,
            &seq,
        ];
        self.run(sql, params).await
    }

    async fn put_audit(&mut self, space: Space, seq: Seq, e: &Entry) -> Step<()> {
        let sql = "INSERT INTO audit (space, seq, id, at, entity, entity_id, action, \"user\", client_origin, server_origin, server_ts,
                                      client_ts, server_version, base_version, fields, outcome, settled)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
        let (id, about, fields) = (uuid(&e.id), uuid(&e.entity_id), memory::fields_to_text(e)?);
        let (server_ts, client_ts) = (e.server_ts.map(|t| t.0), e.client_ts.map(|t| t.0));
        let settled = memory::settled_to_text(e.settled.as_ref());
        let params: Params<'_> = &[
            &space,
            &seq,
            &id,
            &e.at.0,
            &e.entity,
            &about,
            &e.action,
            &e.user_id,
            &e.client_origin,
            &e.server_origin,
            &server_ts,
            &client_ts,
            &e.server_version,
            &e.base_version,
            &fields,
            &e.outcome,
            &settled,
        ];
        self.run(sql, params).await
    }

    async fn audit_entry(&mut self, space: Space, id: Uuid) -> Step<Option<Entry>> {
        let row = self.one(read::ENTRY, &[&space, &id]).await?;
        Ok(row.as_ref().map(read::entry).transpose()?.map(|(_, e)| e))
    }

    async fn bookmark(&mut self, space: Space, user: &str, note: NoteId) -> Step<Option<BookmarkRow>> {
        let row = self.one(read::BOOKMARK, &[&space, &user, &note.0]).await?;
        Ok(row.map(|r| read::bookmark(&r, user, note)))
    }

    async fn put_bookmark(&mut self, space: Space, seq: Seq, r: &BookmarkRow) -> Step<()> {
        let sql = "INSERT INTO bookmarks (space, \"user\", note, seq, marked, why, gone, updated, origin)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (space, \"user\", note) DO UPDATE
                   SET seq = $4, marked = $5, why = $6, gone = $7, updated = $8, origin = $9";
        self.run(sql, &[&space, &r.user, &r.note, &seq, &r.marked, &r.why, &r.gone, &r.updated, &r.origin]).await
    }

    async fn put_lock(&mut self, space: Space, event: Option<Seq>, r: &LockRow) -> Step<()> {
        let sql = "INSERT INTO locks (space, note, seq, \"user\", origin, token, acquired, expires)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (space, note) DO UPDATE
                   SET seq = greatest(locks.seq, $3), \"user\" = $4, origin = $5, token = $6, acquired = $7, expires = $8";
        let seq = event.unwrap_or(0);
        self.run(sql, &[&space, &r.note, &seq, &r.user, &r.origin, &r.token, &r.acquired, &r.expires]).await
    }

    fn tell(&mut self, event: Event) {
        self.events.push(event);
    }
}
