//! What is read from the server, and locks.

use std::sync::atomic::Ordering;

use reqwest::Method;

use super::send::{checked, sound};
use super::sse::{Message, Reader};
use super::{Fault, Http, fault, unreachable};
use crate::client::handle::VersionRow;
use crate::client::locks::Locked;
use crate::client::rebase::Rules;
use crate::domain::audit::{Entry, Figures};
use crate::domain::note::{Note, NoteId, Seq, Time, Uuid, Version};
use crate::wire::Data;
use crate::wire::audit::{EntriesJson, StatsJson};
use crate::wire::error::{ErrorJson, HeldJson};
use crate::wire::note::{NoteJson, PageJson, VersionJson};
use crate::wire::side::{BookmarkJson, EventJson, LockJson, LockTokenJson, PoliciesJson};

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The notes, in order of change.
    pub notes: Vec<Note>,
    /// What has been seen with it.
    pub seq: Seq,
    /// What the server wants back with that place; `None` from one that has seen no change, or does not say.
    pub store: Option<Uuid>,
    /// The place asked about is not part of this server's past: the list is that of a reader who knows nothing.
    pub reset: bool,
    /// Whether there is more.
    pub more: bool,
}

/// Something changed on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// A note.
    Note,
    /// A bookmark of this note.
    Bookmark(NoteId),
    /// A lock: which note, from where, and whether it was released.
    Lock(NoteId, String, bool),
    /// Too much was missed: fetch.
    Resync,
    /// The stream is open.
    Open,
}

impl Http {
    /// The changes after a place: `seq`, and the `store` that came with it. A page that is too large to read is asked for again with fewer
    /// notes, down to one. A page whose `seq` is below the one asked for, as one that says so, comes from a server that was set back to
    /// an older state, or from another one.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn since(&self, seq: Seq, store: Option<Uuid>) -> Result<Page, Fault> {
        let store = store.map(|store| format!("&store={store}")).unwrap_or_default();
        let page: PageJson = loop {
            let limit = self.page.load(Ordering::Relaxed);
            match self.json(self.request(Method::GET, &format!("/api/notes?since={seq}{store}&limit={limit}"))).await {
                Err(Fault::TooLarge) if limit > 1 => self.page.store((limit / 8).max(1), Ordering::Relaxed),
                done => break done?,
            }
        };
        if page.seq < 0 || (page.more && !page.reset && page.seq <= seq) {
            return Err(Fault::Nonsense("The server's count of its changes makes no sense.".to_owned()));
        }
        let notes = page.data.into_iter().map(|n| sound(n.into())).collect::<Result<_, _>>()?;
        Ok(Page { notes, seq: page.seq, more: page.more, store: page.store, reset: page.reset })
    }

    /// One note as it is now.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn note(&self, id: NoteId) -> Result<Note, Fault> {
        let note: Data<NoteJson> = self.json(self.request(Method::GET, &format!("/api/notes/{id}"))).await?;
        checked(note.data.into(), id)
    }

    /// One note as it was.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn version(&self, id: NoteId, version: Version) -> Result<Note, Fault> {
        let note: Data<NoteJson> = self.json(self.request(Method::GET, &format!("/api/notes/{id}/versions/{version}"))).await?;
        checked(note.data.into(), id)
    }

    /// A note's versions, newest first.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn history(&self, id: NoteId) -> Result<Vec<VersionRow>, Fault> {
        let rows: Data<Vec<VersionJson>> = self.json(self.request(Method::GET, &format!("/api/notes/{id}/versions"))).await?;
        let row = |v: VersionJson| VersionRow { version: v.version, at: v.updated_at.0, by: v.updated_by, from: v.updated_from };
        Ok(rows.data.into_iter().map(row).collect())
    }

    /// The policies in force, as far as the client combines fields by them.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn rules(&self) -> Result<Rules, Fault> {
        let said: Data<PoliciesJson> = self.json(self.request(Method::GET, "/api/policies")).await?;
        let policies = said.data.notes.into_iter().filter_map(|(field, policy)| Some((field.parse().ok()?, policy))).collect();
        Ok(Rules { policies })
    }

    /// Whether this user has marked a note, and since when it says so.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn bookmark(&self, id: NoteId) -> Result<(bool, Time), Fault> {
        let said: Data<BookmarkJson> = self.json(self.request(Method::GET, &format!("/api/bookmarks/{id}"))).await?;
        Ok((said.data.marked, said.data.updated_at.0))
    }

    /// Conflict figures of so many days.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn figures(&self, days: u32) -> Result<Figures, Fault> {
        let said: Data<StatsJson> = self.json(self.request(Method::GET, &format!("/api/audit/stats?days={days}"))).await?;
        Ok(said.data.into())
    }

    /// The newest audit entries; `query` is added to the address (`&entity_id=…`).
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn audit(&self, limit: usize, query: &str) -> Result<Vec<Entry>, Fault> {
        let said: EntriesJson = self.json(self.request(Method::GET, &format!("/api/audit?limit={limit}{query}"))).await?;
        Ok(said.data.into_iter().map(Entry::from).collect())
    }

    /// Takes a note's lock, or renews it with its token. Only lengths of time are told: the server's clock is not ours.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn lock(&self, id: NoteId, token: Option<String>) -> Result<Locked, Fault> {
        let call = self.request(Method::POST, &format!("/api/notes/{id}/lock")).json(&LockTokenJson { token });
        let response = call.send().await.map_err(|e| unreachable(&e))?;
        if response.status() == reqwest::StatusCode::CONFLICT {
            let said: ErrorJson = super::parse(&super::body(response).await?)?;
            let held: HeldJson = said.lock.ok_or_else(|| Fault::Nonsense("The server does not say who holds the lock.".to_owned()))?;
            return Ok(Locked::Theirs(held.holder.user, held.holder.client, held.expires_at.0.ms_since(held.acquired_at.0)));
        }
        if !response.status().is_success() {
            return Err(fault(response).await);
        }
        let lock: Data<LockJson> = super::parse(&super::body(response).await?)?;
        Ok(Locked::Ours(lock.data.token, lock.data.expires_at.0.ms_since(lock.data.acquired_at.0)))
    }

    /// Releases a lock.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn unlock(&self, id: NoteId, token: String) -> Result<(), Fault> {
        let call = self.request(Method::DELETE, &format!("/api/notes/{id}/lock")).json(&LockTokenJson { token: Some(token) });
        let response = call.send().await.map_err(|e| unreachable(&e))?;
        if response.status().is_success() { Ok(()) } else { Err(fault(response).await) }
    }

    /// Listens for live changes after `seq` until the stream ends, handing each to `tell`; it stops when `tell` says `false`.
    ///
    /// # Errors
    /// Why the stream ended.
    pub async fn listen(&self, seq: Seq, mut tell: impl FnMut(LiveEvent) -> bool) -> Result<(), Fault> {
        let call = self.request(Method::GET, "/api/events").header("accept", "text/event-stream").header("last-event-id", seq.to_string());
        let mut response = call.send().await.map_err(|e| unreachable(&e))?;
        if !response.status().is_success() {
            return Err(fault(response).await);
        }
        if !tell(LiveEvent::Open) {
            return Ok(());
        }
        let mut reader = Reader::default();
        while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
            let messages = reader.push(&chunk).map_err(|e| Fault::Nonsense(e.to_owned()))?;
            for event in messages.iter().filter_map(live) {
                if !tell(event) {
                    return Ok(());
                }
            }
        }
        Err(Fault::Unreachable("The server ended the stream of changes.".to_owned()))
    }
}

fn live(message: &Message) -> Option<LiveEvent> {
    let said = || -> Option<(NoteId, EventJson)> {
        let said: EventJson = serde_json::from_str(&message.data).ok()?;
        Some((said.id.parse().ok()?, said))
    };
    match message.event.as_str() {
        "note" => Some(LiveEvent::Note),
        "bookmark" => said().map(|(id, _)| LiveEvent::Bookmark(id)),
        "lock" => said().map(|(id, e)| LiveEvent::Lock(id, e.updated_from, e.deleted)),
        "resync" => Some(LiveEvent::Resync),
        _ => None,
    }
}
