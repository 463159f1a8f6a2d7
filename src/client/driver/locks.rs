//! Carries out what [`Locks`](crate::client::locks::Locks) wants done.

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Driver, In, say};
use crate::client::handle::{Holder, News};
use crate::client::http::Fault;
use crate::client::locks::{Locked, Todo};
use crate::domain::note::NoteId;

/// How long the end of the program waits for locks to be given back.
const LEAVING: std::time::Duration = std::time::Duration::from_secs(2);

impl Driver {
    pub(super) fn lock_of(&self, id: NoteId) -> Option<Holder> {
        self.locks.holder(id, self.now()).cloned()
    }

    pub(super) fn about_lock(&mut self, id: NoteId, todos: Vec<Todo>) {
        for todo in todos {
            let http = self.http.clone();
            match todo {
                Todo::Ask(token) => self.spawn(async move { In::Lock(id, http.lock(id, token).await) }),
                Todo::Release(token) => self.spawn(async move { In::Unlocked(id, http.unlock(id, token).await) }),
                Todo::Tell(holder) => self.tell(News::LockIs(id, holder)),
                Todo::Lost(client) => self.tell(News::Notice(say::lock_lost(&client))),
            }
        }
    }

    pub(super) fn take_lock(&mut self, id: NoteId) {
        let todos = self.locks.take(id);
        self.about_lock(id, todos);
    }

    pub(super) fn release_lock(&mut self, id: NoteId) {
        let todos = self.locks.release(id);
        self.about_lock(id, todos);
    }

    pub(super) fn lock_seen(&mut self, id: NoteId, from: String, released: bool) {
        let todos = self.locks.seen(id, from, released, self.now());
        self.about_lock(id, todos);
    }

    pub(super) fn lock_told(&mut self, id: NoteId, locked: Result<Locked, Fault>) {
        let (locked, fault) = match locked {
            Ok(locked) => (Some(locked), None),
            Err(fault) => (None, Some(fault)),
        };
        let todos = self.locks.told(id, locked, self.now());
        self.about_lock(id, todos);
        fault.into_iter().for_each(|fault| self.tell(News::Failed(Some(id), say::not_fetched("lock", &fault))));
    }

    pub(super) fn lock_released(&mut self, id: NoteId, done: Result<(), Fault>) {
        let todos = self.locks.released(id);
        self.about_lock(id, todos);
        match done {
            Ok(()) | Err(Fault::Missing | Fault::Refused(..)) => {}
            Err(fault) => self.not_fetched(Some(id), &fault, "release of the lock"),
        }
    }

    pub(super) fn renew_locks(&mut self) {
        let now = self.now();
        let mut todos = self.locks.renew(now);
        todos.extend(self.locks.ran_out(now));
        todos.into_iter().for_each(|(id, todo)| self.about_lock(id, vec![todo]));
    }

    /// Gives all locks back at the end, without keeping the person waiting for a server that is away.
    pub(super) async fn release_locks(&mut self, inbox: &mut UnboundedReceiver<In>) {
        self.locks.ours().into_iter().for_each(|id| self.release_lock(id));
        let answers = async {
            while self.locks.waits()
                && let Some(happened) = inbox.recv().await
            {
                match happened {
                    In::Lock(id, locked) => self.lock_told(id, locked),
                    In::Unlocked(id, done) => self.lock_released(id, done),
                    // It is learnt anew by the next run.
                    _ => {}
                }
            }
        };
        // A lock ends by itself if this does not arrive.
        let _ = tokio::time::timeout(LEAVING, answers).await;
    }
}
