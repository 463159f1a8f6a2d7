//! The steps of many writes inside one PostgreSQL transaction, over what was read for all of them at once.
//!
//! [`Batch::begin`] opens the transaction and reads, in one trip, every note, lock and idempotency key the writes name, and in another
//! the bases of those that are behind, if any; the notes' rows are locked first, in the order of their keys, so that no two batches wait for each other. The writes then run one after the
//! other over that view, each seeing what the ones before it did. What they write is gathered, and [`super::flush`] sends it, with the
//! COMMIT, in a second trip. Places in the order of changes are given out as 1, 2, 3 of this batch; the database makes them final.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::{try_join, try_join_all};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::read;
use crate::domain::audit::Entry;
use crate::domain::note::{Note, NoteId, Seq, Time, Version};
use crate::server::memory;
use crate::server::store::{Base, BookmarkRow, Event, Job, LockRow, Space, StoreError, Who, Write};
use crate::server::tx::{Loaded, Step, Tx};

/// What a batch will write.
#[derive(Default)]
pub(super) struct Out {
    /// New versions, in order.
    pub(super) versions: Vec<(Space, Seq, Note)>,
    pub(super) audit: Vec<(Space, Seq, Entry)>,
    pub(super) memory: Vec<(Space, String, Uuid, [u8; 32], i64, String)>,
    pub(super) bookmarks: BTreeMap<(Space, String, Uuid), (Seq, BookmarkRow)>,
    /// With a new place in the order of changes, or none.
    pub(super) locks: BTreeMap<(Space, Uuid), (Option<Seq>, LockRow)>,
    pub(super) events: Vec<Event>,
    /// How many places each space gave out.
    pub(super) places: BTreeMap<Space, Seq>,
}

/// An open transaction with what its writes need.
pub(super) struct Batch<'a> {
    client: &'a deadpool_postgres::ClientWrapper,
    notes: HashMap<(Space, NoteId), Loaded>,
    /// Versions named as a base.
    versions: HashMap<(Space, NoteId), Vec<Note>>,
    memory: HashMap<(Space, String, Uuid), ([u8; 32], String)>,
    out: Out,
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The keys the writes of a batch name, column by column.
#[derive(Default)]
struct Named<'a> {
    notes: (Vec<Space>, Vec<Uuid>),
    bases: Vec<(Space, Uuid, Version)>,
    keys: (Vec<Space>, Vec<&'a str>, Vec<Uuid>),
}

impl<'a> Named<'a> {
    fn of(writes: impl Iterator<Item = &'a Write>) -> Self {
        let (mut out, mut notes) = (Self::default(), Vec::new());
        for write in writes {
            let space = write.who.space;
            if let Some((key, _)) = write.key {
                out.keys.0.push(space);
                out.keys.1.push(&*write.who.user);
                out.keys.2.push(key);
            }
            let note = match &write.job {
                Job::Create { id, .. } | Job::Save { id, .. } => id,
                Job::Bookmark { note, .. } | Job::Lock { note, .. } | Job::Unlock { note, .. } => note,
                Job::Settle { .. } => continue,
            };
            notes.push((space, note.0));
            if let Job::Save { bases: named, .. } = &write.job {
                out.bases.extend(named.iter().filter_map(|b| if let Base::Version(v) = b { Some((space, note.0, *v)) } else { None }));
            }
        }
        notes.sort_unstable();
        notes.dedup();
        out.bases.sort_unstable();
        out.bases.dedup();
        out.notes = notes.into_iter().unzip();
        out
    }
}

impl<'a> Batch<'a> {
    /// Opens the transaction and reads what the writes need.
    pub(super) async fn begin(client: &'a deadpool_postgres::ClientWrapper, writes: impl Iterator<Item = &Write>) -> Step<Self> {
        let named = Named::of(writes);
        let lock = client.prepare_cached(read::HOLD).await?;
        let keys = client.prepare_cached(read::KEYS).await?;
        let notes = client.prepare_cached(read::NOTES).await?;
        // One trip; each statement has its own view, so that what is read after the lock is what the lock holds.
        let on_notes: Params<'_> = &[&named.notes.0, &named.notes.1];
        let on_keys: Params<'_> = &[&named.keys.0, &named.keys.1, &named.keys.2];
        let mut asked = Vec::from([(&lock, on_notes), (&notes, on_notes)]);
        if !named.keys.0.is_empty() {
            asked.push((&keys, on_keys));
        }
        let begun = client.batch_execute("BEGIN");
        let read = try_join_all(asked.into_iter().map(|(statement, params)| client.query(statement, params)));
        let ((), read) = try_join(begun, read).await?;
        let mut read = read.into_iter().skip(1);
        let (notes, keys) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
        let mut out = Self { client, notes: HashMap::new(), versions: HashMap::new(), memory: HashMap::new(), out: Out::default() };
        for row in keys {
            out.memory.insert((row.get(0), row.get(1), row.get(2)), (read::hash(row.get(3))?, row.get(4)));
        }
        for row in notes {
            let note = read::note(&row)?;
            let lock = row.get::<_, Option<Uuid>>(12).map(|_| read::lock(&row, 12));
            out.notes.insert((row.get(11), note.id), Loaded { present: Some(note), lock });
        }
        out.read_bases(named.bases).await?;
        Ok(out)
    }

    /// Reads the bases that are not the present versions: most saves have none.
    async fn read_bases(&mut self, named: Vec<(Space, Uuid, Version)>) -> Step<()> {
        let present = |space, id| self.notes.get(&(space, NoteId(id))).and_then(|l| l.present.as_ref()).map(|n| n.version);
        let (mut spaces, mut ids, mut versions) = (Vec::new(), Vec::new(), Vec::new());
        for (space, id, version) in named {
            if present(space, id).is_some_and(|p| p != version) {
                spaces.push(space);
                ids.push(id);
                versions.push(version);
            }
        }
        if spaces.is_empty() {
            return Ok(());
        }
        let statement = self.client.prepare_cached(read::BASES).await?;
        for row in self.client.query(&statement, &[&spaces, &ids, &versions]).await? {
            let note = read::note(&row)?;
            self.versions.entry((row.get(11), note.id)).or_default().push(note);
        }
        Ok(())
    }

    /// What was gathered to be written.
    pub(super) fn end(self) -> Out {
        self.out
    }

    async fn one(&self, sql: &str, params: Params<'_>) -> Step<Option<Row>> {
        let statement = self.client.prepare_cached(sql).await?;
        Ok(self.client.query_opt(&statement, params).await?)
    }

    /// The versions of a note that are known here, those written by this batch first, newest first.
    fn kept(&self, space: Space, id: NoteId) -> impl Iterator<Item = &Note> {
        self.written(space, id).chain(self.versions.get(&(space, id)).into_iter().flatten())
    }

    fn written(&self, space: Space, id: NoteId) -> impl Iterator<Item = &Note> {
        self.out.versions.iter().rev().filter(move |(s, _, n)| (*s, n.id) == (space, id)).map(|(.., n)| n)
    }
}

impl Tx for Batch<'_> {
    async fn remembered(&mut self, who: &Who, key: Uuid) -> Step<Option<([u8; 32], String)>> {
        Ok(self.memory.get(&(who.space, who.user.to_string(), key)).cloned())
    }

    async fn remember(&mut self, who: &Who, key: Uuid, hash: [u8; 32], now: Time, memory: String) -> Step<()> {
        self.memory.insert((who.space, who.user.to_string(), key), (hash, memory.clone()));
        self.out.memory.push((who.space, who.user.to_string(), key, hash, now.0, memory));
        Ok(())
    }

    async fn load(&mut self, space: Space, id: NoteId) -> Step<Loaded> {
        Ok(self.notes.get(&(space, id)).cloned().unwrap_or_default())
    }

    async fn version(&mut self, space: Space, id: NoteId, base: Base) -> Step<Option<Note>> {
        let (sql, last): (_, i64) = match base {
            Base::Any => return Ok(self.load(space, id).await?.present),
            Base::Version(v) => {
                if let Some(note) = self.kept(space, id).find(|n| n.version == v) {
                    return Ok(Some(note.clone()));
                }
                (read::VERSION, v)
            }
            Base::NotAfter(t) => {
                if let Some(note) = self.written(space, id).find(|n| n.updated_at <= t) {
                    return Ok(Some(note.clone()));
                }
                (read::NOT_AFTER, t.0)
            }
        };
        self.one(sql, &[&space, &id.0, &last]).await?.as_ref().map(read::note).transpose()
    }

    async fn next_seq(&mut self, space: Space) -> Step<Seq> {
        let place = self.out.places.entry(space).or_default();
        *place += 1;
        Ok(*place)
    }

    async fn put_note(&mut self, space: Space, seq: Seq, note: &Note) -> Step<()> {
        self.notes.entry((space, note.id)).or_default().present = Some(note.clone());
        self.out.versions.push((space, seq, note.clone()));
        Ok(())
    }

    async fn put_audit(&mut self, space: Space, seq: Seq, entry: &Entry) -> Step<()> {
        self.out.audit.push((space, seq, entry.clone()));
        Ok(())
    }

    async fn audit_entry(&mut self, space: Space, id: Uuid) -> Step<Option<Entry>> {
        let text = id.to_string();
        if let Some((_, _, entry)) = self.out.audit.iter().find(|(s, _, e)| *s == space && e.id == text) {
            return Ok(Some(entry.clone()));
        }
        let row = self.one(read::ENTRY, &[&space, &id]).await?;
        Ok(row.as_ref().map(read::entry).transpose()?.map(|(_, e)| e))
    }

    async fn bookmark(&mut self, space: Space, user: &str, note: NoteId) -> Step<Option<BookmarkRow>> {
        if let Some((_, row)) = self.out.bookmarks.get(&(space, user.to_owned(), note.0)) {
            return Ok(Some(row.clone()));
        }
        let row = self.one(read::BOOKMARK, &[&space, &user, &note.0]).await?;
        Ok(row.map(|r| read::bookmark(&r, user, note)))
    }

    async fn put_bookmark(&mut self, space: Space, seq: Seq, row: &BookmarkRow) -> Step<()> {
        self.out.bookmarks.insert((space, row.user.clone(), row.note), (seq, row.clone()));
        Ok(())
    }

    async fn put_lock(&mut self, space: Space, event: Option<Seq>, row: &LockRow) -> Step<()> {
        let before = self.out.locks.get(&(space, row.note)).and_then(|(seq, _)| *seq);
        self.out.locks.insert((space, row.note), (event.or(before), row.clone()));
        self.notes.entry((space, NoteId(row.note))).or_default().lock = Some(row.clone());
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        self.out.events.push(event);
    }
}

/// An entry's fields and ids as the table keeps them; they are only ever made with UUIDs.
pub(super) fn entry_texts(entry: &Entry) -> Step<(Uuid, Uuid, String, Option<String>)> {
    let uuid = |text: &str| text.parse::<Uuid>().map_err(|e| StoreError::Database(format!("an entry has a bad id: {e}")));
    Ok((uuid(&entry.id)?, uuid(&entry.entity_id)?, memory::fields_to_text(entry)?, memory::settled_to_text(entry.settled.as_ref())))
}
