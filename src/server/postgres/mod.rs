//! The store for many: PostgreSQL, one row lock per note, any number of server processes.
//!
//! Notes of one space are put in order by the space's own row, so writers of one space take turns at commit; spaces do not wait for each
//! other. A lost connection or a lost race is tried again before the request hears of it, but never after a COMMIT whose fate is unknown.
//! TLS to the database is not offered: put it on the same host, a private network, or behind a tunnel.

mod listen;
mod read;
mod tx;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::sync::{broadcast, oneshot};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

use super::events::Hub;
use super::store::{Answer, AuditQuery, BookmarkRow, Epoch, Event, Fut, Heard, Page, Search, Space, Store, StoreError, TokenRow, Write};
use super::work;
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time, Uuid, Version};
use tx::PgTx;

/// Every step of the schema, oldest first.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../../assets/migrations/postgres/1.sql"), include_str!("../../../assets/migrations/postgres/2.sql")];
/// Connections kept at most.
const CONNECTIONS: usize = 16;
/// How often a write is tried.
const TRIES: u32 = 12;
/// How long an idempotency key is kept, in microseconds: a day and an hour.
const KEPT: i64 = 25 * 3600 * 1_000_000;

impl From<tokio_postgres::Error> for StoreError {
    fn from(e: tokio_postgres::Error) -> Self {
        let Some(db) = e.as_db_error() else { return StoreError::Unavailable(e.to_string()) };
        let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
        let code = db.code();
        let away = code.code().starts_with("57P") || code.code().starts_with("08") || *code == SqlState::READ_ONLY_SQL_TRANSACTION;
        if again.contains(code) {
            StoreError::Again(db.to_string())
        } else if away {
            StoreError::Unavailable(db.to_string())
        } else {
            StoreError::Database(db.to_string())
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(e: deadpool_postgres::PoolError) -> Self {
        StoreError::Unavailable(e.to_string())
    }
}

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    pool: Pool,
    hub: Arc<Hub>,
    under_way: AtomicUsize,
    /// Spaces in which this process has opened its epoch.
    opened: Mutex<HashSet<Space>>,
    listener: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl PostgresStore {
    /// Connects (several hosts may be named; with `target_session_attrs=read-write` the one that writes is found) and brings the schema up
    /// to date; an empty database is set up.
    ///
    /// # Errors
    /// If the address makes no sense, the database cannot be reached, or was set up by a newer program.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let mut config: tokio_postgres::Config = address.parse().map_err(|e| StoreError::Unavailable(format!("bad address: {e}")))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        let manager = Manager::from_config(config.clone(), NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(10)))
            .create_timeout(Some(Duration::from_secs(10)))
            .build()
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        migrate(&mut pool.get().await?).await?;
        let hub = Arc::new(Hub::default());
        let (ready, listening) = oneshot::channel();
        let listener = tokio::spawn(listen::listen(config, Arc::clone(&hub), ready));
        if !matches!(tokio::time::timeout(Duration::from_secs(10), listening).await, Ok(Ok(()))) {
            listener.abort();
            return Err(StoreError::Unavailable("the database does not tell of changes".to_owned()));
        }
        Ok(Self { pool, hub, under_way: AtomicUsize::new(0), opened: Mutex::default(), listener })
    }

    async fn try_write(&self, write: &Write, committing: &mut bool) -> Result<Answer, StoreError> {
        let opens = !self.opened().contains(&write.who.space);
        let mut client = self.pool.get().await?;
        let tx = client.transaction().await?;
        let mut steps = PgTx { tx, events: Vec::new(), opens };
        let answer = work::perform(&mut steps, write).await?;
        steps.notify().await?;
        *committing = true;
        let opened = opens && !steps.opens;
        steps.tx.commit().await?;
        if opened {
            self.opened().insert(write.who.space);
        }
        Ok(answer)
    }

    fn opened(&self) -> MutexGuard<'_, HashSet<Space>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_again(&self, write: Write) -> Result<Answer, StoreError> {
        let mut tries = 0;
        loop {
            let mut committing = false;
            let done = self.try_write(&write, &mut committing).await;
            tries += 1;
            match done {
                Err(StoreError::Again(_)) if tries < TRIES => {}
                // With a key the fate of an earlier try is found out by the next.
                Err(StoreError::Unavailable(_)) if tries < TRIES && (!committing || write.key.is_some()) => {
                    tokio::time::sleep(Duration::from_millis(100 * u64::from(tries))).await;
                }
                done => return done,
            }
        }
    }

    async fn rows(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let read = async {
                let client: Object = self.pool.get().await?;
                let statement = client.prepare_cached(sql).await?;
                Ok::<_, StoreError>(client.query(&statement, params).await?)
            };
            match read.await {
                Err(StoreError::Unavailable(_)) if tries < 4 => tokio::time::sleep(Duration::from_millis(100)).await,
                done => return done,
            }
        }
    }

    async fn newest(&self, space: Space) -> Result<Seq, StoreError> {
        let rows = self.rows("SELECT seq FROM spaces WHERE id = $1", &[&space]).await?;
        Ok(rows.first().map_or(0, |r| r.get(0)))
    }

    async fn page(&self, space: Space, sql: &str, params: &[&(dyn ToSql + Sync)], limit: usize) -> Result<Page, StoreError> {
        let seq = self.newest(space).await?;
        let mut rows = self.rows(sql, params).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let notes = rows.iter().map(|r| Ok((r.get(11), read::note(r)?))).collect::<Result<_, StoreError>>()?;
        Ok(Page { notes, more, seq })
    }
}

async fn migrate(client: &mut Object) -> Result<(), StoreError> {
    let tx = client.transaction().await?;
    let ready = "SELECT pg_advisory_xact_lock(7231878406); CREATE TABLE IF NOT EXISTS schema_version (taken BIGINT NOT NULL)";
    tx.batch_execute(ready).await?; // several processes may start at once
    let taken: i64 =
        tx.query_opt("SELECT max(taken) FROM schema_version", &[]).await?.and_then(|r| r.get::<_, Option<i64>>(0)).unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if taken > known {
        return Err(StoreError::Database(format!("the database has schema {taken}, this program knows {known}; use a newer program")));
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(taken).unwrap_or(0)) {
        tx.batch_execute(step).await?;
    }
    if taken < known {
        tx.execute("INSERT INTO schema_version VALUES ($1)", &[&known]).await?;
    }
    Ok(tx.commit().await?)
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Store for PostgresStore {
    fn write(&self, write: Write) -> Fut<'_, Answer> {
        Box::pin(async move {
            self.under_way.fetch_add(1, Ordering::Relaxed);
            let done = self.write_again(write).await;
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            done
        })
    }

    fn note(&self, space: Space, id: NoteId, version: Option<Version>) -> Fut<'_, Option<Note>> {
        Box::pin(async move {
            let rows = match version {
                None => self.rows(read::PRESENT, &[&space, &id.0]).await?,
                Some(v) => self.rows(read::VERSION, &[&space, &id.0, &v]).await?,
            };
            rows.first().map(read::note).transpose()
        })
    }

    fn versions(&self, space: Space, id: NoteId) -> Fut<'_, Vec<Note>> {
        Box::pin(async move {
            let rows = self.rows(read::VERSIONS, &[&space, &id.0]).await?;
            Ok(rows.iter().map(|r| read::version_row(r, id)).collect())
        })
    }

    fn since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, Page> {
        Box::pin(async move {
            let one_more = limit_of(limit).saturating_add(1);
            self.page(space, read::SINCE, &[&space, &seq, &one_more], limit).await
        })
    }

    fn epoch(&self, space: Space, place: Option<(Uuid, Seq)>) -> Fut<'_, Epoch> {
        Box::pin(async move {
            let (known, seq) = place.unzip();
            let rows = self.rows(read::EPOCH, &[&space, &known]).await?;
            let (id, last) = rows.first().map_or((None, None), |r| (r.get::<_, Option<Uuid>>(0), r.get::<_, Option<Seq>>(1)));
            Ok(Epoch { id, leads_here: seq.is_none_or(|seq| last.is_some_and(|last| seq <= last)) })
        })
    }

    fn search(&self, space: Space, search: Search) -> Fut<'_, Page> {
        Box::pin(async move {
            let (q, after) = (search.q.map(|q| q.to_lowercase()), search.after.unwrap_or(i64::MAX));
            let one_more = limit_of(search.limit).saturating_add(1);
            self.page(space, read::SEARCH, &[&space, &after, &q, &search.tag, &one_more], search.limit).await
        })
    }

    fn bookmark(&self, space: Space, user: String, note: NoteId) -> Fut<'_, Option<BookmarkRow>> {
        Box::pin(async move {
            let rows = self.rows(read::BOOKMARK, &[&space, &user, &note.0]).await?;
            Ok(rows.first().map(|r| read::bookmark(r, &user, note)))
        })
    }

    fn audit(&self, space: Space, q: AuditQuery) -> Fut<'_, Vec<(Seq, Entry)>> {
        Box::pin(async move {
            let (after, limit) = (q.after.unwrap_or(i64::MAX), limit_of(q.limit));
            let (since, until) = (q.since.map_or(i64::MIN, |t| t.0), q.until.map_or(i64::MAX, |t| t.0));
            let params: &[&(dyn ToSql + Sync)] = &[&space, &after, &since, &until, &q.entity, &q.entity_id, &q.action, &q.origin, &limit];
            self.rows(read::AUDIT, params).await?.iter().map(read::entry).collect()
        })
    }

    fn saves_since(&self, space: Space, since: Time) -> Fut<'_, u64> {
        Box::pin(async move {
            let rows = self.rows("SELECT count(*) FROM versions WHERE space = $1 AND updated >= $2", &[&space, &since.0]).await?;
            Ok(rows.first().map_or(0, |r| u64::try_from(r.get::<_, i64>(0)).unwrap_or(0)))
        })
    }

    fn events_since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, (Vec<Event>, Seq)> {
        Box::pin(async move {
            let top = self.newest(space).await?;
            let rows = self.rows(read::EVENTS, &[&space, &seq, &limit_of(limit)]).await?;
            Ok((rows.iter().map(|r| read::event(r, space)).collect(), top))
        })
    }

    fn listen(&self, space: Space) -> broadcast::Receiver<Heard> {
        self.hub.listen(space)
    }

    fn token(&self, hash: [u8; 32]) -> Fut<'_, Option<TokenRow>> {
        Box::pin(async move { self.rows(read::TOKENS, &[&Some(&hash[..])]).await?.first().map(read::token).transpose() })
    }

    fn add_token(&self, space: String, user: String, name: String, hash: [u8; 32], now: Time) -> Fut<'_, TokenRow> {
        Box::pin(async move {
            let sql = "WITH made AS (INSERT INTO spaces (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING id)
                       INSERT INTO tokens (space, \"user\", name, hash, created) SELECT id, $2, $3, $4, $5 FROM made";
            self.rows(sql, &[&space, &user, &name, &&hash[..], &now.0]).await?;
            let made = self.token(hash).await?;
            made.ok_or_else(|| StoreError::Database("the token was not kept".to_owned()))
        })
    }

    fn tokens(&self) -> Fut<'_, Vec<TokenRow>> {
        Box::pin(async move { self.rows(read::TOKENS, &[&None::<&[u8]>]).await?.iter().map(read::token).collect() })
    }

    fn revoke_token(&self, id: i64, now: Time) -> Fut<'_, bool> {
        Box::pin(async move {
            let sql = "UPDATE tokens SET revoked = $2 WHERE id = $1 AND revoked IS NULL RETURNING id";
            let done = !self.rows(sql, &[&id, &now.0]).await?.is_empty();
            self.rows("DELETE FROM memory WHERE at < $1", &[&(now.0 - KEPT)]).await?;
            Ok(done)
        })
    }

    fn ready(&self) -> Fut<'_, ()> {
        Box::pin(async move { self.rows("SELECT 1", &[]).await.map(|_| ()) })
    }

    fn queued(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }
}
