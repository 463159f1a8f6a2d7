//! The locks this device holds or knows of, and the exchanges about them, pure: what happens goes in, what is to be done comes out.
//!
//! There is one exchange about a note's lock at a time: a release that overtook a renewal, or came before the answer to the taking, would
//! leave the note locked with nobody there. What is asked for meanwhile is done when the answer is here. Only lengths of time come from
//! the server; when a lock ends is counted by this device's own clock.

use std::collections::BTreeMap;

use super::handle::Holder;
use crate::domain::note::{NoteId, Time};

/// No lock is taken to last longer without a renewal, in milliseconds.
const LONGEST_LEASE_MS: i64 = 3_600_000;
/// How long the lock of another is shown where only an event told of it, in milliseconds.
const USUAL_LEASE_MS: i64 = 300_000;

/// What became of asking for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It is ours: the token, and for how many milliseconds since it was taken.
    Ours(String, i64),
    /// Someone else holds it: user, device, and for how many milliseconds at most.
    Theirs(String, String, i64),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Ask the server for the lock; with the token, to renew it. [`Locks::told`] takes the answer.
    Ask(Option<String>),
    /// Give it back by its token. [`Locks::released`] takes the answer.
    Release(String),
    /// Tell the screens who holds it.
    Tell(Option<Holder>),
    /// Tell the person that it was ours and that this device has it now.
    Lost(String),
}

/// A lock this device holds, or one that it knows of.
#[derive(Clone, Debug)]
struct Held {
    token: Option<String>,
    holder: Holder,
    /// For how many milliseconds it holds without a renewal.
    lease: i64,
    /// Something was typed since it was taken or renewed.
    wanted: bool,
    /// It ran out, and that was told.
    over: bool,
}

/// What to do about a lock once the exchange under way is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    Take,
    Release,
}

/// The locks known of, by note.
#[derive(Clone, Debug)]
pub struct Locks {
    me: String,
    held: BTreeMap<NoteId, Held>,
    under_way: BTreeMap<NoteId, Then>,
}

impl Locks {
    /// None yet, for the device of that name.
    #[must_use]
    pub fn new(me: String) -> Locks {
        Locks { me, held: BTreeMap::new(), under_way: BTreeMap::new() }
    }

    /// Who holds a note's lock, as far as is known.
    #[must_use]
    pub fn holder(&self, id: NoteId, now: Time) -> Option<&Holder> {
        self.held.get(&id).map(|l| &l.holder).filter(|h| h.expires_at > now)
    }

    /// The token of a lock that is ours, or was.
    #[must_use]
    pub fn token(&self, id: NoteId) -> Option<&str> {
        self.held.get(&id).and_then(|l| l.token.as_deref())
    }

    /// Whether the answer to something asked of the server is not here yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The notes whose locks are ours, or may become so by an answer under way.
    #[must_use]
    pub fn ours(&self) -> Vec<NoteId> {
        let held = self.held.iter().filter(|(_, l)| l.token.is_some()).map(|(id, _)| *id);
        let asked = self.under_way.keys().copied().filter(|id| self.token(*id).is_none());
        held.chain(asked).collect()
    }

    /// Something was typed: the lock of that note, if it is ours, is renewed in time.
    pub fn typed(&mut self, id: NoteId) {
        if let Some(lock) = self.held.get_mut(&id).filter(|l| l.holder.me) {
            lock.wanted = true;
        }
    }

    /// The clock was set back: what is held counts from now on anew.
    pub fn clock_set_back(&mut self, now: Time) {
        self.held.values_mut().filter(|l| !l.over).for_each(|l| l.holder.expires_at = now.plus_ms(l.lease));
    }

    /// Takes a lock, or renews it.
    pub fn take(&mut self, id: NoteId) -> Vec<Todo> {
        match self.under_way.get_mut(&id) {
            Some(then) => {
                *then = Then::Take;
                Vec::new()
            }
            None => {
                self.under_way.insert(id, Then::Nothing);
                vec![Todo::Ask(self.token(id).map(str::to_owned))]
            }
        }
    }

    /// Gives a lock back.
    pub fn release(&mut self, id: NoteId) -> Vec<Todo> {
        if let Some(then) = self.under_way.get_mut(&id) {
            // Its token stays known until the answer is here.
            *then = Then::Release;
            return vec![Todo::Tell(None)];
        }
        let token = self.held.get_mut(&id).and_then(|l| l.token.take());
        token.map_or_else(Vec::new, |token| vec![Todo::Tell(None), self.give_back(id, token)])
    }

    fn give_back(&mut self, id: NoteId, token: String) -> Todo {
        self.held.remove(&id);
        self.under_way.insert(id, Then::Nothing);
        Todo::Release(token)
    }

    /// An event told that a lock was taken or renewed somewhere, or released.
    pub fn seen(&mut self, id: NoteId, from: String, released: bool, now: Time) -> Vec<Todo> {
        if self.held.get(&id).is_some_and(|l| l.holder.me) {
            // Late news of before ours, or ours ran out and another has it: the server says which, and our token is not forgotten before.
            return if released || from == self.me { Vec::new() } else { self.take(id) };
        }
        if released {
            self.held.remove(&id);
            return vec![Todo::Tell(None)];
        }
        vec![self.hold(id, None, (String::new(), from), USUAL_LEASE_MS, now)]
    }

    fn hold(&mut self, id: NoteId, token: Option<String>, (user, client): (String, String), lease: i64, now: Time) -> Todo {
        let holder = Holder { user, client, expires_at: now.plus_ms(lease), me: token.is_some() };
        self.held.insert(id, Held { token, holder: holder.clone(), lease, wanted: false, over: false });
        Todo::Tell(Some(holder))
    }

    /// The answer to a taking or renewing; `None`: there was none.
    pub fn told(&mut self, id: NoteId, locked: Option<Locked>, now: Time) -> Vec<Todo> {
        let then = self.under_way.remove(&id).unwrap_or(Then::Nothing);
        if then == Then::Release {
            // Given up meanwhile.
            let token = if let Some(Locked::Ours(token, _)) = locked { Some(token) } else { self.token(id).map(str::to_owned) };
            return match token {
                Some(token) => vec![self.give_back(id, token)],
                None => Vec::new(),
            };
        }
        let mut out = Vec::new();
        match locked {
            Some(Locked::Ours(token, ms)) => {
                // Renewed, it counts from its first taking; how long one lasts is what it was then.
                let known = self.held.get(&id).filter(|l| l.token.as_ref() == Some(&token)).map(|l| l.lease);
                let lease = known.unwrap_or(ms).clamp(1_000, LONGEST_LEASE_MS);
                out.push(self.hold(id, Some(token), (String::new(), self.me.clone()), lease, now));
            }
            Some(Locked::Theirs(user, client, ms)) => {
                if self.held.get(&id).is_some_and(|l| l.holder.me) {
                    out.push(Todo::Lost(client.clone()));
                }
                out.push(self.hold(id, None, (user, client), ms.clamp(1_000, LONGEST_LEASE_MS), now));
            }
            None => {
                // Ours holds still, as long as it has not run out.
                let holds = self.holder(id, now).filter(|h| h.me).cloned();
                if holds.is_none() {
                    self.held.remove(&id);
                }
                out.push(Todo::Tell(holds));
            }
        }
        if then == Then::Take {
            out.extend(self.take(id));
        }
        out
    }

    /// The answer to a release, whatever it was: a lock that could not be given back ends by itself.
    pub fn released(&mut self, id: NoteId) -> Vec<Todo> {
        match self.under_way.remove(&id) {
            Some(Then::Take) => self.take(id),
            _ => vec![Todo::Tell(None)],
        }
    }

    /// The locks that ran out since this was asked last: nobody holds them, as far as is known. A token of ours stays known, as it may
    /// still be taken.
    pub fn ran_out(&mut self, now: Time) -> Vec<(NoteId, Todo)> {
        let over = self.held.iter_mut().filter(|(_, l)| !l.over && l.holder.expires_at <= now);
        over.map(|(id, lock)| {
            lock.over = true;
            (*id, Todo::Tell(None))
        })
        .collect()
    }

    /// The locks of notes that are typed in and that would run out.
    pub fn renew(&mut self, now: Time) -> Vec<(NoteId, Todo)> {
        let runs_out = |l: &Held| l.holder.me && l.wanted && l.holder.expires_at.ms_since(now) < l.lease * 3 / 5;
        let late: Vec<NoteId> = self.held.iter().filter(|(_, l)| runs_out(l)).map(|(id, _)| *id).collect();
        let mut out = Vec::new();
        for id in late.into_iter().filter(|id| !self.under_way.contains_key(id)).collect::<Vec<_>>() {
            // Asked for once; typing asks for more.
            self.held.entry(id).and_modify(|l| l.wanted = false);
            out.extend(self.take(id).into_iter().map(|todo| (id, todo)));
        }
        out
    }
}
