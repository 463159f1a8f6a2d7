//! The steps a store offers inside one transaction: what [`super::work`] is written over, once for all stores.

use std::future::Future;

use uuid::Uuid;

use super::store::{Base, BookmarkRow, Event, LockRow, Space, StoreError, Who};
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time};

/// What a step gives.
pub(crate) type Step<T> = Result<T, StoreError>;

/// A note as a write finds it, held fast until the transaction ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    /// The note as it is.
    pub(crate) present: Option<Note>,
    /// Its lock, expired or not.
    pub(crate) lock: Option<LockRow>,
}

/// The steps a store offers inside one transaction.
pub(crate) trait Tx: Send {
    /// The hash and the memory kept under an idempotency key.
    fn remembered(&mut self, who: &Who, key: Uuid) -> impl Future<Output = Step<Option<([u8; 32], String)>>> + Send;
    /// Keeps a memory under a key.
    fn remember(&mut self, who: &Who, key: Uuid, hash: [u8; 32], now: Time, memory: String) -> impl Future<Output = Step<()>> + Send;
    /// A note with its lock; no other write sees or changes it meanwhile.
    fn load(&mut self, space: Space, id: NoteId) -> impl Future<Output = Step<Loaded>> + Send;
    /// A version of a note.
    fn version(&mut self, space: Space, id: NoteId, base: Base) -> impl Future<Output = Step<Option<Note>>> + Send;
    /// The next place in the space's order of changes.
    fn next_seq(&mut self, space: Space) -> impl Future<Output = Step<Seq>> + Send;
    /// Writes a version and makes it the present one.
    fn put_note(&mut self, space: Space, seq: Seq, note: &Note) -> impl Future<Output = Step<()>> + Send;
    /// Writes an audit entry.
    fn put_audit(&mut self, space: Space, seq: Seq, entry: &Entry) -> impl Future<Output = Step<()>> + Send;
    /// The entry with that id.
    fn audit_entry(&mut self, space: Space, id: Uuid) -> impl Future<Output = Step<Option<Entry>>> + Send;
    /// A user's bookmark, tombstones included.
    fn bookmark(&mut self, space: Space, user: &str, note: NoteId) -> impl Future<Output = Step<Option<BookmarkRow>>> + Send;
    /// Writes a bookmark.
    fn put_bookmark(&mut self, space: Space, seq: Seq, row: &BookmarkRow) -> impl Future<Output = Step<()>> + Send;
    /// Writes a lock; one that has expired counts as released. `event` gives it a new place in the order of changes.
    fn put_lock(&mut self, space: Space, event: Option<Seq>, row: &LockRow) -> impl Future<Output = Step<()>> + Send;
    /// Tells of a change once the transaction is durable.
    fn tell(&mut self, event: Event);
}
