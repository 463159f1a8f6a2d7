//! The store for many: PostgreSQL, any number of server processes on one database.
//!
//! Writes go through a queue and are committed in groups (see [`writer`]). Notes of one space are put in order by the space's own row, held
//! until the commit, so groups of one space take turns; spaces do not wait for each other. A note's row is locked first, the space's
//! last, always in that order. A lost connection is made again through every host of the address, and what was under way tried again.

mod batch;
mod connect;
mod flush;
mod index;
mod listen;
mod read;
mod search;
mod writer;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use futures_util::future::try_join_all;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::events::Hub;
use super::store::{
    Answer, AuditQuery, BookmarkRow, Epoch, Event, Fut, Heard, LockRow, Page, Search, Space, Store, StoreError, TokenRow, Write,
};
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time, Uuid, Version};
pub(crate) use connect::Way;
use writer::{Queue, Waiting};

/// Every step of the schema, oldest first.
const MIGRATIONS: [&str; 6] = [
    include_str!("../../../assets/migrations/postgres/1.sql"),
    include_str!("../../../assets/migrations/postgres/2.sql"),
    include_str!("../../../assets/migrations/postgres/3.sql"),
    include_str!("../../../assets/migrations/postgres/4.sql"),
    include_str!("../../../assets/migrations/postgres/5.sql"),
    include_str!("../../../assets/migrations/postgres/6.sql"),
];
/// Connections that read, at most.
const READERS: usize = 12;
/// Writes that may wait before a request has to.
const QUEUE: usize = 8192;
/// How often a read is tried where the database cannot be reached: some twenty seconds in all.
const TRIES: u32 = 20;

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    pool: Pool,
    writes: mpsc::Sender<Waiting>,
    queued: Arc<AtomicUsize>,
    hub: Arc<Hub>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl PostgresStore {
    /// Connects (several hosts may be named; with `target_session_attrs=read-write` the one that writes is found) and brings the schema up
    /// to date; an empty database is set up.
    ///
    /// # Errors
    /// If the address makes no sense, the database cannot be reached, or was set up by a newer program.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        let way = Way::of(address)?;
        let pool = way.pool(READERS, "")?;
        let mut client = pool.get().await?;
        encoded(&client).await?;
        migrate(&mut client).await?;
        drop(client);
        let hub = Arc::new(Hub::default());
        let (ready, listening) = oneshot::channel();
        let mut tasks = vec![tokio::spawn(listen::listen(way.clone(), Arc::clone(&hub), ready))];
        if !matches!(tokio::time::timeout(Duration::from_secs(10), listening).await, Ok(Ok(()))) {
            tasks.iter().for_each(tokio::task::JoinHandle::abort);
            return Err(StoreError::Unavailable("the database does not tell of changes".to_owned()));
        }
        let (writes, waiting) = mpsc::channel(QUEUE);
        let queued = Arc::new(AtomicUsize::new(0));
        let changes = Arc::new(index::Changes::default());
        tasks.push(tokio::spawn(index::keep(pool.clone(), Arc::clone(&changes))));
        let queue = Queue::new(way.pool(1, writer::HELLO)?, Arc::clone(&queued), changes);
        tasks.push(tokio::spawn(queue.work(waiting)));
        Ok(Self { pool, writes, queued, hub, tasks })
    }

    async fn rows(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        Ok(self.read([(sql, params)]).await?.pop().unwrap_or_default())
    }

    /// Several queries in one trip, each with its own view, in order.
    async fn read<const N: usize>(&self, asked: [(&str, &[&(dyn ToSql + Sync)]); N]) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut tries = 0;
        loop {
            let read = async {
                let client = self.pool.get().await?;
                let rows = together(&client, asked).await;
                rows.map_err(|e| lost(client, e))
            };
            match read.await {
                Ok(rows) => return Ok(rows),
                Err(e) => again(&mut tries, e).await?,
            }
        }
    }
}

async fn together<const N: usize>(client: &Object, asked: [(&str, &[&(dyn ToSql + Sync)]); N]) -> Result<Vec<Vec<Row>>, StoreError> {
    let mut ready = Vec::with_capacity(N);
    for (sql, params) in asked {
        ready.push((client.prepare_cached(sql).await?, params));
    }
    Ok(try_join_all(ready.iter().map(|(statement, params)| client.query(statement, params))).await?)
}

/// After a failed read: a lost connection leaves the pool, also one that lives, but stands at a host that is no longer the one that writes.
fn lost(client: Object, error: StoreError) -> StoreError {
    if matches!(error, StoreError::Unavailable(_)) {
        drop(Object::take(client));
    }
    error
}

/// Waits before another try where one may help; else gives the error back.
async fn again(tries: &mut u32, error: StoreError) -> Result<(), StoreError> {
    *tries += 1;
    if !matches!(error, StoreError::Unavailable(_)) || *tries >= TRIES {
        return Err(error);
    }
    tokio::time::sleep(Duration::from_millis(u64::from(100 * *tries).min(1500))).await;
    Ok(())
}

fn newest(rows: &[Row]) -> Seq {
    rows.first().map_or(0, |r| r.get(0))
}

/// Where texts are kept as bytes of no known kind, or of a kind that lacks most characters, notes could not be kept as they are.
async fn encoded(client: &Object) -> Result<(), StoreError> {
    let encoding: String = client.query_one("SHOW server_encoding", &[]).await?.get(0);
    if encoding == "UTF8" {
        return Ok(());
    }
    let what = format!("the database keeps text as {encoding}, and notes need UTF8; make it anew with ENCODING 'UTF8' TEMPLATE template0");
    Err(StoreError::Database(what))
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
            let stopped = || StoreError::Unavailable("the store has stopped".to_owned());
            let (back, answer) = oneshot::channel();
            self.queued.fetch_add(1, Ordering::Relaxed);
            if self.writes.send(Waiting { write: Box::new(write), back }).await.is_err() {
                self.queued.fetch_sub(1, Ordering::Relaxed);
                return Err(stopped());
            }
            answer.await.unwrap_or_else(|_| Err(stopped()))
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
            let mut read = self.read([(read::NEWEST, &[&space]), (read::SINCE, &[&space, &seq, &one_more])]).await?;
            let mut rows = read.pop().unwrap_or_default();
            let more = rows.len() > limit;
            rows.truncate(limit);
            let notes = rows.iter().map(|r| Ok((r.get(11), read::note(r)?))).collect::<Result<_, StoreError>>()?;
            Ok(Page { notes, more, after: None, seq: newest(&read.pop().unwrap_or_default()) })
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
            let mut tries = 0;
            loop {
                let read = async {
                    let mut client = self.pool.get().await?;
                    let page = search::search(&mut client, space, &search).await;
                    page.map_err(|e| lost(client, e))
                };
                match read.await {
                    Ok(page) => return Ok(page),
                    Err(e) => again(&mut tries, e).await?,
                }
            }
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

    fn saves_per_day(&self, space: Space, since: Time) -> Fut<'_, Vec<(i64, u64)>> {
        Box::pin(async move {
            let rows = self.rows(read::SAVES_PER_DAY, &[&space, &since.0]).await?;
            Ok(rows.iter().map(|r| (r.get(0), u64::try_from(r.get::<_, i64>(1)).unwrap_or(0))).collect())
        })
    }

    fn saves(&self, space: Space, span: Range<Time>, after: Option<(Time, NoteId)>, limit: usize) -> Fut<'_, Vec<Note>> {
        Box::pin(async move {
            let (at, id) = after.map_or((i64::MAX, Uuid::nil()), |(at, id)| (at.0, id.0));
            let rows = self.rows(read::SAVES, &[&space, &span.start.0, &span.end.0, &at, &id, &limit_of(limit)]).await?;
            Ok(rows.iter().map(read::save).collect())
        })
    }

    fn events_since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, (Vec<Event>, Seq)> {
        Box::pin(async move {
            let limit = limit_of(limit);
            let mut read = self.read([(read::NEWEST, &[&space]), (read::EVENTS, &[&space, &seq, &limit])]).await?;
            let rows = read.pop().unwrap_or_default();
            let top = newest(&read.pop().unwrap_or_default());
            Ok((rows.iter().map(|r| read::event(r, space)).collect(), top))
        })
    }

    fn locks(&self, space: Space, now: Time, limit: usize) -> Fut<'_, Vec<(Seq, LockRow)>> {
        Box::pin(async move {
            let rows = self.rows(read::LOCKS, &[&space, &now.0, &limit_of(limit)]).await?;
            Ok(rows.iter().map(|r| (r.get(6), read::lock(r, 0))).collect())
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
            Ok(!self.rows(sql, &[&id, &now.0]).await?.is_empty())
        })
    }

    fn ready(&self) -> Fut<'_, ()> {
        Box::pin(async move { self.rows("SELECT 1", &[]).await.map(|_| ()) })
    }

    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}
