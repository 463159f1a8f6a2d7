//! The one small trait of all stores, and the rows that pass through it.
//!
//! A write is a value ([`Write`]); the store runs [`super::work::perform`] on it inside a transaction of its own, so that what is
//! decided, what is logged and what is answered are one. Spaces are kept apart here: every call names its space.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

use crate::domain::audit::Entry;
use crate::domain::note::{Content, Note, NoteId, Patch, Seq, Time, Version};
use crate::domain::policy::Policies;
use crate::wire::note::Owned;

pub use super::events::{Event, Heard, Kind};
pub use super::fresh::Fresh;

/// What a call to a store gives, some time later.
pub type Fut<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store could not do its work. None of these is the request's fault.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(String),
    /// Another write was quicker; the same again will do.
    #[error("the database was busy: {0}")]
    Again(String),
    /// The store has stopped, or cannot be reached; worth another try later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        StoreError::Database(e.to_string())
    }
}

/// Number of a space, given by the store.
pub type Space = i64;

/// On whose behalf a call is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The space it is confined to.
    pub space: Space,
    /// The user.
    pub user: Arc<str>,
    /// The origin.
    pub origin: String,
}

/// One way to name the version a save started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// That version.
    Version(Version),
    /// The newest version not newer than that time.
    NotAfter(Time),
    /// Whatever stands there.
    Any,
}

/// What a write does.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// Creates a note.
    Create {
        /// Its id.
        id: NoteId,
        /// What it says.
        content: Content,
    },
    /// Saves, deletes or undeletes a note.
    Save {
        /// Which note.
        id: NoteId,
        /// The base, in one or more ways; they must agree.
        bases: Vec<Base>,
        /// When the base was saved, where the request says so.
        base_at: Option<Time>,
        /// The change.
        patch: Patch,
        /// What the request says of members only the server sets.
        owned: Owned,
        /// The lock token it carries.
        lock: Option<Uuid>,
        /// The time the client named.
        client_ts: Option<Time>,
    },
    /// Writes a bookmark.
    Bookmark {
        /// The note.
        note: NoteId,
        /// Whether it is marked; `None` leaves it.
        marked: Option<bool>,
        /// Why; `None` leaves it.
        why: Option<String>,
        /// Takes the row away.
        gone: bool,
        /// The time the client last saw the row.
        client_ts: Option<Time>,
        /// What the request says of `updated_at`.
        owned: Option<Time>,
    },
    /// Takes or renews a lock.
    Lock {
        /// The note.
        note: NoteId,
        /// The token of the lock to renew.
        token: Option<Uuid>,
    },
    /// Releases a lock.
    Unlock {
        /// The note.
        note: NoteId,
        /// Its token.
        token: Uuid,
    },
    /// Tells how a refused save was settled.
    Settle {
        /// The entry of the refusal.
        conflict: Uuid,
        /// `mine`, `theirs` or `merged`.
        outcome: &'static str,
        /// Hunks settled as mine, theirs, both, edited.
        hunks: [u32; 4],
        /// Seconds the person took.
        seconds: u32,
    },
}

/// A write with all it needs to be decided.
#[derive(Clone, Debug)]
pub struct Write {
    /// On whose behalf.
    pub who: Who,
    /// What.
    pub job: Job,
    /// The idempotency key and a hash of the request.
    pub key: Option<(Uuid, [u8; 32])>,
    /// When it came in.
    pub now: Time,
    /// For an audit entry or a lock token.
    pub fresh: Fresh,
    /// The policies in force.
    pub policies: Arc<Policies>,
    /// How long an idle lock holds, in milliseconds.
    pub lock_ms: i64,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// The note as it is now.
    Saved {
        /// The note.
        note: Box<Note>,
        /// Fields a policy combined.
        merged: Vec<String>,
        /// Fields in which one side lost.
        overruled: Vec<String>,
        /// What its policy called the conflict, if there was one; for the metrics.
        action: Option<&'static str>,
    },
    /// Refused: the note has moved on.
    Conflict {
        /// The present note.
        present: Box<Note>,
        /// The base; `None` when both created it.
        base: Option<Box<Note>>,
        /// What a person must settle.
        conflicts: Vec<String>,
        /// The audit entry.
        id: Uuid,
    },
    /// There is no such record in this space.
    Missing,
    /// A base the server never had.
    UnknownBase,
    /// The ways to name the base do not agree.
    BasesDisagree,
    /// It sets what only the server sets; why, by field.
    Owned(std::collections::BTreeMap<String, String>),
    /// It breaks a limit; why, by field.
    Invalid(std::collections::BTreeMap<String, String>),
    /// Someone else holds the note's lock (a save: 423).
    Locked(LockRow),
    /// Someone else holds the lock asked for (409).
    LockRefused(LockRow),
    /// The lock, taken or renewed.
    LockTaken(LockRow),
    /// The lock is released, or was free.
    Released,
    /// The bookmark as it is now.
    Bookmark(BookmarkRow),
    /// The entry that tells how a conflict was settled.
    Settled(Box<Entry>),
    /// The key was used with another request.
    KeyReused,
}

/// What came of a write, and whether it is the first answer again.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What.
    pub done: Done,
    /// Whether an earlier request with this key had this answer.
    pub replayed: bool,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LockRow {
    /// The note.
    pub note: Uuid,
    /// The holder's user.
    pub user: String,
    /// The holder's origin.
    pub origin: String,
    /// Proves it.
    pub token: Uuid,
    /// Since when, in microseconds.
    pub acquired: i64,
    /// When it ends unless renewed, in microseconds.
    pub expires: i64,
}

/// A bookmark.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BookmarkRow {
    /// The note.
    pub note: Uuid,
    /// The user.
    pub user: String,
    /// Whether it is marked.
    pub marked: bool,
    /// Why.
    pub why: String,
    /// Whether the row was taken away (it stays as a tombstone, so that a late write is noticed).
    pub gone: bool,
    /// When it was last written, in microseconds.
    pub updated: i64,
    /// From where.
    pub origin: String,
}

/// Some notes with their place in the order of changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The notes.
    pub notes: Vec<(Seq, Note)>,
    /// Whether there are more, or in a search: may be.
    pub more: bool,
    /// Where a search goes on, if there may be more: not always at the last note, for a page may be short.
    pub after: Option<Seq>,
    /// The space's newest change when the page was read.
    pub seq: Seq,
}

/// Where a space's order of changes stands, and whether a place in it that a reader remembers is still part of it.
///
/// Each process that writes opens an epoch with its first change. A store set back to an older copy goes on in an epoch of its own, so
/// that a place of the lost changes is known as such, however many new changes have come since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// The newest epoch; `None` in a space without any change.
    pub id: Option<Uuid>,
    /// Whether the place asked about leads to where the space is now.
    pub leads_here: bool,
}

/// What to search for among live notes, newest change first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// A text that title or body holds, whatever its case.
    pub q: Option<String>,
    /// A tag the note has.
    pub tag: Option<String>,
    /// Only notes changed before this place.
    pub after: Option<Seq>,
    /// At most so many.
    pub limit: usize,
    /// Notes to look at, at most: a page is short, or empty, rather than late.
    pub look: usize,
}

/// Which audit entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
    /// `note` or `bookmark`.
    pub entity: Option<String>,
    /// The note.
    pub entity_id: Option<Uuid>,
    /// The action; `conflict` stands for every conflict.
    pub action: Option<String>,
    /// The origin of the request.
    pub origin: Option<String>,
    /// Only entries older than this place.
    pub after: Option<Seq>,
    /// At most so many.
    pub limit: usize,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its number.
    pub id: i64,
    /// Its space.
    pub space: Space,
    /// The space's name.
    pub space_name: String,
    /// Its user.
    pub user: String,
    /// What it is called.
    pub name: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// When it was made.
    pub created: Time,
    /// When it was revoked.
    pub revoked: Option<Time>,
}

/// A place that keeps everything. Cheap calls; all of them may be made at once.
pub trait Store: Send + Sync + 'static {
    /// Performs a write and everything that belongs to it in one transaction; answers when it is durable.
    fn write(&self, write: Write) -> Fut<'_, Answer>;
    /// A note as it is, or as it was at a version.
    fn note(&self, space: Space, id: NoteId, version: Option<Version>) -> Fut<'_, Option<Note>>;
    /// The versions of a note without their content, newest first; empty if there is no such note.
    fn versions(&self, space: Space, id: NoteId) -> Fut<'_, Vec<Note>>;
    /// Notes changed after `seq`, in order of change.
    fn since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, Page>;
    /// The space's newest epoch, and whether a place (an epoch and a `seq` seen in it) leads to now.
    fn epoch(&self, space: Space, place: Option<(Uuid, Seq)>) -> Fut<'_, Epoch>;
    /// Live notes, the one changed last first.
    fn search(&self, space: Space, search: Search) -> Fut<'_, Page>;
    /// A user's bookmark on a note.
    fn bookmark(&self, space: Space, user: String, note: NoteId) -> Fut<'_, Option<BookmarkRow>>;
    /// Audit entries, newest first, with their places.
    fn audit(&self, space: Space, query: AuditQuery) -> Fut<'_, Vec<(Seq, Entry)>>;
    /// How many saves were accepted since a time, by day (days since 1970, UTC); days without one are left out.
    fn saves_per_day(&self, space: Space, since: Time) -> Fut<'_, Vec<(i64, u64)>>;
    /// The versions saved in a span of time, newest first, without their texts but for the title; those after a save of that time and
    /// note, for several may be of one microsecond.
    fn saves(&self, space: Space, span: Range<Time>, after: Option<(Time, NoteId)>, limit: usize) -> Fut<'_, Vec<Note>>;
    /// Changes after `seq`, oldest first, at most `limit`; and the space's newest change.
    fn events_since(&self, space: Space, seq: Seq, limit: usize) -> Fut<'_, (Vec<Event>, Seq)>;
    /// Locks held at that time, each with its place, at most `limit`.
    fn locks(&self, space: Space, now: Time, limit: usize) -> Fut<'_, Vec<(Seq, LockRow)>>;
    /// Hears of changes from now on.
    fn listen(&self, space: Space) -> broadcast::Receiver<Heard>;
    /// The token with that hash, revoked or not.
    fn token(&self, hash: [u8; 32]) -> Fut<'_, Option<TokenRow>>;
    /// Keeps a token; makes its space if there is none of that name.
    fn add_token(&self, space: String, user: String, name: String, hash: [u8; 32], now: Time) -> Fut<'_, TokenRow>;
    /// Every token.
    fn tokens(&self) -> Fut<'_, Vec<TokenRow>>;
    /// Revokes a token; `false` if there is none or it was revoked before.
    fn revoke_token(&self, id: i64, now: Time) -> Fut<'_, bool>;
    /// Whether it can serve.
    fn ready(&self) -> Fut<'_, ()>;
    /// How many writes wait.
    fn queued(&self) -> usize;
}

/// Any store.
pub type DynStore = dyn Store;
