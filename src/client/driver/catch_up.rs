//! Carries out catching up: asks for pages, stores them, and tells what came of it. What a page means is decided in
//! [`CatchUp`](crate::client::catch_up::CatchUp).

use super::turn::Turn;
use super::{Driver, In, say};
use crate::client::catch_up::{Head, Next, SetBack};
use crate::client::disk::DiskError;
use crate::client::handle::News;
use crate::client::http::{Fault, Page};
use crate::client::message::{Effect, Input};
use crate::domain::note::{Note, NoteId};

const SET_BACK: &str = "The server was set back to an older state, or is another one. Nothing is deleted here: what it lacks is now a draft, \
    a conflict that waits for you, or a copy kept with its note. Save what should go there.";
const AS_BEFORE: &str = "The server was set back to an older state, or is another one. All that this device had from it is there.";

impl Driver {
    /// Fetches what changed, unless that is under way; then once more after it.
    pub(super) fn catch_up(&mut self) {
        if self.guest {
            // The other program catches up.
            return self.tell(News::CaughtUp);
        }
        if !self.caught.begin() {
            return;
        }
        if self.rules.policies.is_empty() {
            let (http, inbox) = (self.http.clone(), self.inbox.clone());
            self.runtime.spawn(async move {
                if let Ok(rules) = http.rules().await {
                    let _ = inbox.send(In::Rules(rules));
                }
            });
        }
        self.next_page();
    }

    fn next_page(&mut self) {
        let (http, (seq, store)) = (self.http.clone(), self.caught.ask());
        self.spawn(async move { In::Page(http.since(seq, store).await) });
    }

    pub(super) fn page(&mut self, page: Result<Page, Fault>) {
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                self.failed(&fault);
                return self.caught.no_page(matches!(fault, Fault::Unreachable(_)));
            }
        };
        self.reached();
        let head = Head { seq: page.seq, store: page.store, more: page.more, reset: page.reset };
        let knows = self.caught.place().0 == 0 && self.disk.synced().is_ok_and(|s| !s.is_empty());
        if !self.caught.opens(&head, knows) {
            return self.next_page();
        }
        let done = self.take(page.notes).and_then(|()| match self.caught.taken(&head) {
            Next::Ask => Ok(Next::Ask),
            Next::Whole => self.lacked().map(|()| Next::Whole),
        });
        match done {
            Ok(Next::Ask) => {
                self.tell(News::Fetched(self.caught.fetched()));
                self.next_page();
            }
            Ok(Next::Whole) => self.whole(),
            Err(e) => {
                self.caught.not_stored();
                self.gate = self.now().plus_ms(5_000);
                self.tell(News::Notice(say::not_stored(&e)));
            }
        }
    }

    fn whole(&mut self) {
        match self.caught.whole() {
            SetBack::Lacks => self.tell(News::Notice(SET_BACK.to_owned())),
            SetBack::HasAll => self.tell(News::Notice(AS_BEFORE.to_owned())),
            SetBack::No => {}
        }
        let of = self.disk.count().unwrap_or(0);
        match self.caught.asks(of) {
            Some((held, of)) => self.tell(News::DeletionsHeld(held, of)),
            None => self.delete(),
        }
        if self.caught.once_more() {
            return self.catch_up();
        }
        self.tell(News::CaughtUp);
        self.listen();
    }

    /// Stores a page, but for deletions of notes that stand untouched here.
    fn take(&mut self, notes: Vec<Note>) -> Result<(), DiskError> {
        let mut steps = Vec::with_capacity(notes.len());
        for note in notes {
            let record = self.disk.load(note.id)?;
            steps.extend(self.caught.came(note, &record));
        }
        self.learnt(steps)
    }

    /// The whole list is here: what it does not hold, the server does not have.
    fn lacked(&mut self) -> Result<(), DiskError> {
        let here: Vec<NoteId> = self.disk.synced()?;
        let steps = self.caught.lacked(here).into_iter().map(|id| (id, Input::SetBack(None))).collect();
        self.learnt(steps)
    }

    fn learnt(&mut self, steps: Vec<Turn>) -> Result<(), DiskError> {
        let effects = self.stored(steps, None)?;
        self.caught.noted(&effects);
        effects.into_iter().for_each(|e| self.carry_out(e));
        Ok(())
    }

    /// The person allows the deletions that were asked about.
    pub(super) fn allow_deletions(&mut self) {
        if self.caught.allow() {
            self.delete();
        }
    }

    /// Carries out what is held. Only now is the server's state here whole, so only now is it remembered how far that was.
    fn delete(&mut self) {
        match self.deleted() {
            Ok(effects) => {
                self.caught.deleted();
                effects.into_iter().for_each(|e| self.carry_out(e));
            }
            Err(e) => {
                self.caught.not_stored();
                self.tell(News::Notice(say::not_stored(&e)));
            }
        }
    }

    fn deleted(&mut self) -> Result<Vec<Effect>, DiskError> {
        let (steps, place) = (self.caught.deletions(), self.caught.place());
        if steps.is_empty() && (self.disk.seq()?, self.disk.store()?) == place {
            return Ok(Vec::new());
        }
        self.stored(steps, Some(place))
    }
}
