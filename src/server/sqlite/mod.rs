//! The default store: one SQLite file.
//!
//! One thread owns the writing connection and commits whatever has queued while it was busy as one transaction (see [`writer`]); readers
//! stand beside it. WAL with `synchronous = FULL`: an answer means that the disk has it. What need not be done before the answer follows
//! behind: the log is moved into the file (see [`checkpoint`]), and changes are taken into the index for searches (see [`index`]).

mod chain;
mod checkpoint;
mod index;
mod read;
mod tx;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::events::Hub;
use super::store::{
    Answer, AuditQuery, Base, BookmarkRow, Epoch, Event, Fut, Heard, LockRow, Page, Search, Space, Store, StoreError, TokenRow, Write,
};
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time, Uuid, Version};
use checkpoint::Checkpoints;
use writer::Message;

/// Every step of the schema, oldest first; the file's `user_version` counts those taken.
const MIGRATIONS: [&str; 7] = [
    include_str!("../../../assets/migrations/sqlite/1.sql"),
    include_str!("../../../assets/migrations/sqlite/2.sql"),
    include_str!("../../../assets/migrations/sqlite/3.sql"),
    include_str!("../../../assets/migrations/sqlite/4.sql"),
    include_str!("../../../assets/migrations/sqlite/5.sql"),
    include_str!("../../../assets/migrations/sqlite/6.sql"),
    include_str!("../../../assets/migrations/sqlite/7.sql"),
];
/// Writes that may wait before a request has to.
const QUEUE: usize = 8192;
/// Reading connections kept open.
const READERS: usize = 8;
/// Bytes of a page of a new file; one that is there keeps its own. Of notes of two kilobytes three fit in, where of half a page's size none
/// but one did: fewer pages are written for many saves at once.
const PAGE: u32 = 8192;
/// Pages the writer keeps at hand, in KiB.
const WRITER_CACHE: i64 = 4 * 1024;
/// Pages each reader keeps at hand, in KiB; the rest is the system's to keep.
const READER_CACHE: i64 = 2 * 1024;

/// How an SQLite file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit waits for the disk.
    Full,
    /// A commit waits for nothing: for files that nobody will miss.
    Off,
}

/// A store in one SQLite file.
pub struct SqliteStore {
    writes: mpsc::Sender<Message>,
    queued: Arc<AtomicUsize>,
    idle: Arc<AtomicBool>,
    readers: Arc<Readers>,
    hub: Arc<Hub>,
    _folder: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.readers.path).finish_non_exhaustive()
    }
}

struct Readers {
    path: PathBuf,
    durability: Durability,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => connect(&self.path, self.durability)?,
        };
        let out = read(&conn);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS {
            idle.push(conn);
        }
        out
    }
}

fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    conn.pragma_update(None, "page_size", PAGE)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", if durability == Durability::Full { "FULL" } else { "OFF" })?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE)?;
    conn.set_prepared_statement_cache_capacity(64);
    // Else each value bound beside an index on a part of a table has the statement prepared anew: half of the time of the thread that writes.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let taken: i64 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if taken > known {
        return Err(StoreError::Database(format!("the file has schema {taken}, this program knows {known}; use a newer program")));
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(taken).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    Ok(tx.commit()?)
}

impl SqliteStore {
    /// Opens the file, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// If the file cannot be opened, is no database, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Durability::Full, None)
    }

    /// A store that is gone when it is dropped: for demos and tests. It does not wait for the disk.
    ///
    /// # Errors
    /// If no temporary folder can be made.
    pub fn temporary() -> Result<Self, StoreError> {
        let folder = tempfile::tempdir().map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let path = folder.path().join("notes.db");
        Self::open_with(&path, Durability::Off, Some(folder))
    }

    fn open_with(path: &Path, durability: Durability, folder: Option<tempfile::TempDir>) -> Result<Self, StoreError> {
        let mut conn = connect(path, durability)?;
        migrate(&mut conn)?;
        conn.pragma_update(None, "cache_size", -WRITER_CACHE)?;
        let checkpoints = Checkpoints::of(&mut conn, path, durability)?;
        let (writes, waiting) = mpsc::channel(QUEUE);
        let (queued, idle, hub) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)), Arc::new(Hub::default()));
        let indexing = index::Indexing::start(writes.downgrade(), Arc::clone(&queued));
        let writer =
            writer::Writer::new(conn, (checkpoints, indexing), waiting, Arc::clone(&hub), (Arc::clone(&queued), Arc::clone(&idle)));
        std::thread::Builder::new()
            .name("diptych-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let readers = Arc::new(Readers { path: path.to_owned(), durability, idle: Mutex::new(Vec::new()) });
        Ok(Self { writes, queued, idle, readers, hub, _folder: folder })
    }

    fn read<T, F>(&self, read: F) -> Fut<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || readers.with(read)).await;
            done.unwrap_or_else(|e| Err(StoreError::Unavailable(e.to_string())))
        })
    }

    fn change<T, F>(&self, change: F) -> Fut<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (back, answer) = oneshot::channel();
        let call: writer::Call = Box::new(move |conn| {
            let _ = back.send(change(conn)); // nobody waits for it any more
        });
        self.ask(Message::Call(call), answer)
    }

    fn ask<T: Send + 'static>(&self, message: Message, answer: oneshot::Receiver<Result<T, StoreError>>) -> Fut<'_, T> {
        Box::pin(async move {
            let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
            self.queued.fetch_add(1, Ordering::Relaxed);
            if self.writes.send(message).await.is_err() {
                self.queued.fetch_sub(1, Ordering::Relaxed);
                return Err(stopped());
            }
            answer.await.unwrap_or_else(|_| Err(stopped()))
        })
    }
}

impl Store for SqliteStore {
    fn write(&self, write: Write) -> Fut<'_, Answer> {
        Box::pin(async move {
            if self.idle.load(Ordering::Relaxed) {
                // What else has come in at the same time is read first, so that it goes into the same transaction.
                tokio::task::yield_now().await;
            }
            let (back, answer) = oneshot::channel();
            let waiting = writer::Waiting { back, runtime: tokio::runtime::Handle::try_current().ok() };
            self.ask(Message::Write(Box::new(write), waiting), answer).await
        })
    }

    fn note(&self, space: Space, id: NoteId, version: Option<Version>) -> Fut<'_, Option<Note>> {
        self.read(move |c| read::version(c, space, id, version.map_or(Base::Any, Base::Version)))
    }

    fn versions(&self, space: Space, id: NoteId) -> Fut<'_, Vec<Note>> {
        self.read(move |c| read::versions(c, space, id))
    }

    fn since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, Page> {
        self.read(move |c| read::since(c, space, seq, limit))
    }

    fn epoch(&self, space: Space, place: Option<(Uuid, Seq)>) -> Fut<'_, Epoch> {
        self.read(move |c| read::epoch(c, space, place))
    }

    fn search(&self, space: Space, search: Search) -> Fut<'_, Page> {
        self.read(move |c| read::search(c, space, &search))
    }

    fn bookmark(&self, space: Space, user: String, note: NoteId) -> Fut<'_, Option<BookmarkRow>> {
        self.read(move |c| read::bookmark(c, space, &user, note))
    }

    fn audit(&self, space: Space, query: AuditQuery) -> Fut<'_, Vec<(Seq, Entry)>> {
        self.read(move |c| read::audit(c, space, &query))
    }

    fn saves_per_day(&self, space: Space, since: Time) -> Fut<'_, Vec<(i64, u64)>> {
        self.read(move |c| read::saves_per_day(c, space, since))
    }

    fn saves(&self, space: Space, span: Range<Time>, after: Option<(Time, NoteId)>, limit: usize) -> Fut<'_, Vec<Note>> {
        self.read(move |c| read::saves(c, space, &span, after, limit))
    }

    fn events_since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, (Vec<Event>, Seq)> {
        self.read(move |c| read::events_since(c, space, seq, limit))
    }

    fn locks(&self, space: Space, now: Time, limit: usize) -> Fut<'_, Vec<(Seq, LockRow)>> {
        self.read(move |c| read::locks(c, space, now, limit))
    }

    fn listen(&self, space: Space) -> broadcast::Receiver<Heard> {
        self.hub.listen(space)
    }

    fn token(&self, hash: [u8; 32]) -> Fut<'_, Option<TokenRow>> {
        self.read(move |c| Ok(read::tokens(c, Some(hash))?.into_iter().next()))
    }

    fn add_token(&self, space: String, user: String, name: String, hash: [u8; 32], now: Time) -> Fut<'_, TokenRow> {
        self.change(move |c| {
            let tx = c.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            tx.execute("INSERT INTO spaces (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [&space])?;
            let sql = "INSERT INTO tokens (space, user, name, hash, created) SELECT id, ?, ?, ?, ? FROM spaces WHERE name = ?";
            tx.execute(sql, params![user, name, hash, now.0, space])?;
            tx.commit()?;
            let made = read::tokens(c, Some(hash))?.into_iter().next();
            made.ok_or_else(|| StoreError::Database("the token was not kept".to_owned()))
        })
    }

    fn tokens(&self) -> Fut<'_, Vec<TokenRow>> {
        self.read(|c| read::tokens(c, None))
    }

    fn revoke_token(&self, id: i64, now: Time) -> Fut<'_, bool> {
        self.change(move |c| Ok(c.execute("UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL", params![now.0, id])? == 1))
    }

    fn ready(&self) -> Fut<'_, ()> {
        self.change(|c| Ok(c.query_row("SELECT 1", [], |_| Ok(()))?))
    }

    fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}
