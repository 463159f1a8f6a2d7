//! Locks this device holds or knows of, and the exchanges about them.
//!
//! There is one exchange about a note's lock at a time: a release that overtook a renewal, or came before the answer to the taking, would
//! leave the note locked with nobody there. What is asked for meanwhile is done when the answer is here.

use std::collections::HashMap;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Driver, In, say};
use crate::client::handle::{Holder, News};
use crate::client::http::{Fault, Locked};
use crate::domain::note::{NoteId, Time};

/// No lock is taken to last longer without a renewal, in milliseconds.
const LONGEST_LEASE_MS: i64 = 3_600_000;
/// How long the lock of another is shown where only an event told of it, in milliseconds.
const USUAL_LEASE_MS: i64 = 300_000;
/// How long the end of the program waits for locks to be given back.
const LEAVING: std::time::Duration = std::time::Duration::from_secs(2);

/// A lock this device holds, or one that it knows of.
struct Held {
    token: Option<String>,
    holder: Holder,
    /// For how many milliseconds it holds without a renewal.
    lease: i64,
    /// Something was typed since it was taken or renewed.
    wanted: bool,
}

/// What to do about a lock once the exchange under way is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    Take,
    Release,
}

/// The locks known of, by note.
#[derive(Default)]
pub(super) struct Locks {
    held: HashMap<NoteId, Held>,
    under_way: HashMap<NoteId, Then>,
}

impl Locks {
    /// Something was typed: the lock of that note, if it is ours, is renewed in time.
    pub(super) fn typed(&mut self, id: NoteId) {
        if let Some(lock) = self.held.get_mut(&id).filter(|l| l.holder.me) {
            lock.wanted = true;
        }
    }

    /// Counts what is held from now on anew.
    pub(super) fn clock_set_back(&mut self, now: Time) {
        self.held.values_mut().for_each(|l| l.holder.expires_at = now.plus_ms(l.lease));
    }

    fn mine(&self, id: NoteId) -> bool {
        self.held.get(&id).is_some_and(|l| l.holder.me)
    }

    fn token(&self, id: NoteId) -> Option<String> {
        self.held.get(&id).and_then(|l| l.token.clone())
    }

    /// Begins an exchange; where one is under way, `then` follows it, and `false` says so.
    fn begin(&mut self, id: NoteId, then: Then) -> bool {
        match self.under_way.get_mut(&id) {
            Some(next) => {
                *next = then;
                false
            }
            None => {
                self.under_way.insert(id, Then::Nothing);
                true
            }
        }
    }

    fn end(&mut self, id: NoteId) -> Then {
        self.under_way.remove(&id).unwrap_or(Then::Nothing)
    }
}

impl Driver {
    pub(super) fn lock_of(&self, id: NoteId) -> Option<Holder> {
        self.locks.held.get(&id).filter(|l| l.holder.expires_at > self.now()).map(|l| l.holder.clone())
    }

    pub(super) fn lock_token(&self, id: NoteId) -> Option<String> {
        self.locks.token(id)
    }

    /// An event told that a lock was taken or renewed somewhere, or released.
    pub(super) fn lock_seen(&mut self, id: NoteId, from: String, released: bool) {
        if self.locks.mine(id) {
            // Late news of before ours, or ours ran out and another has it: the server says which, and our token is not forgotten before.
            if !released && from != self.me {
                self.ask_lock(id);
            }
            return;
        }
        if released {
            self.locks.held.remove(&id);
            return self.tell(News::LockIs(id, None));
        }
        let holder = Holder { user: String::new(), client: from, expires_at: self.now().plus_ms(USUAL_LEASE_MS), me: false };
        self.hold(id, None, holder, USUAL_LEASE_MS);
    }

    fn hold(&mut self, id: NoteId, token: Option<String>, holder: Holder, lease: i64) {
        self.locks.held.insert(id, Held { token, holder: holder.clone(), lease, wanted: false });
        self.tell(News::LockIs(id, Some(holder)));
    }

    /// Takes a lock, or renews it.
    pub(super) fn ask_lock(&mut self, id: NoteId) {
        if self.locks.begin(id, Then::Take) {
            let (http, token) = (self.http.clone(), self.locks.token(id));
            self.spawn(async move { In::Lock(id, http.lock(id, token).await) });
        }
    }

    /// The answer to a taking or renewing.
    pub(super) fn lock_told(&mut self, id: NoteId, locked: Result<Locked, Fault>) {
        let then = self.locks.end(id);
        if then == Then::Release {
            // Given up meanwhile.
            let token = if let Ok(Locked::Ours(token, _)) = locked { Some(token) } else { self.locks.token(id) };
            self.locks.held.remove(&id);
            return token.into_iter().for_each(|token| self.give_back(id, token));
        }
        match locked {
            Ok(Locked::Ours(token, ms)) => {
                // Renewed, it counts from its first taking; how long one lasts is what it was then.
                let known = self.locks.held.get(&id).filter(|l| l.token.as_ref() == Some(&token)).map(|l| l.lease);
                let lease = known.unwrap_or(ms).clamp(1_000, LONGEST_LEASE_MS);
                let holder = Holder { user: String::new(), client: self.me.clone(), expires_at: self.now().plus_ms(lease), me: true };
                self.hold(id, Some(token), holder, lease);
            }
            Ok(Locked::Theirs(user, client, ms)) => {
                let lease = ms.clamp(1_000, LONGEST_LEASE_MS);
                if self.locks.mine(id) {
                    self.tell(News::Notice(say::lock_lost(&client)));
                }
                let holder = Holder { user, client, expires_at: self.now().plus_ms(lease), me: false };
                self.hold(id, None, holder, lease);
            }
            Err(fault) => {
                // Ours may hold still, whatever the answer would have been: it is renewed as long as it has not run out.
                let holds = self.lock_of(id).filter(|h| h.me);
                if holds.is_none() {
                    self.locks.held.remove(&id);
                }
                self.tell(News::LockIs(id, holds));
                self.tell(News::Failed(Some(id), say::not_fetched("lock", &fault)));
            }
        }
        if then == Then::Take {
            self.ask_lock(id);
        }
    }

    /// Renews the locks of notes that are typed in.
    pub(super) fn renew_locks(&mut self) {
        let now = self.now();
        let late: Vec<NoteId> = self
            .locks
            .held
            .iter_mut()
            .filter(|(_, l)| l.holder.me && l.wanted && l.holder.expires_at.ms_since(now) < l.lease * 3 / 5)
            .map(|(id, l)| {
                l.wanted = false; // asked for once; typing asks for more
                *id
            })
            .collect();
        late.into_iter().for_each(|id| self.ask_lock(id));
    }

    /// Gives a lock back.
    pub(super) fn unlock(&mut self, id: NoteId) {
        if let Some(then) = self.locks.under_way.get_mut(&id) {
            // Its token stays known until the answer is here.
            *then = Then::Release;
        } else if let Some(token) = self.locks.held.remove(&id).and_then(|l| l.token) {
            self.give_back(id, token);
        } else {
            return;
        }
        self.tell(News::LockIs(id, None));
    }

    fn give_back(&mut self, id: NoteId, token: String) {
        self.locks.begin(id, Then::Release);
        let http = self.http.clone();
        self.spawn(async move { In::Unlocked(id, http.unlock(id, token).await) });
    }

    /// The answer to a release.
    pub(super) fn unlocked(&mut self, id: NoteId, released: Result<(), Fault>) {
        let then = self.locks.end(id);
        match released {
            Ok(()) | Err(Fault::Missing | Fault::Refused(..)) => self.tell(News::LockIs(id, None)),
            Err(fault) => self.not_fetched(Some(id), &fault, "release of the lock"),
        }
        if then == Then::Take {
            self.ask_lock(id);
        }
    }

    /// Releases all locks at the end, without keeping the person waiting for a server that is away.
    pub(super) async fn release_locks(&mut self, inbox: &mut UnboundedReceiver<In>) {
        let ids: Vec<NoteId> = self.locks.held.keys().chain(self.locks.under_way.keys()).copied().collect();
        ids.into_iter().for_each(|id| self.unlock(id));
        let answers = async {
            while !self.locks.under_way.is_empty()
                && let Some(happened) = inbox.recv().await
            {
                match happened {
                    In::Lock(id, locked) => self.lock_told(id, locked),
                    In::Unlocked(id, released) => self.unlocked(id, released),
                    // It is learnt anew by the next run.
                    _ => {}
                }
            }
        };
        // A lock ends by itself if this does not arrive.
        let _ = tokio::time::timeout(LEAVING, answers).await;
    }
}
