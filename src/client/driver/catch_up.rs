//! Catching up with the server: pages of changes, and the brake on mass deletions.

use std::collections::HashSet;

use super::turn::{Place, Turn};
use super::{Back, Driver, In, say};
use crate::client::disk::DiskError;
use crate::client::handle::{News, State};
use crate::client::http::{Fault, Page};
use crate::client::record::Record;
use crate::client::sync::{Effect, Input, is_older};
use crate::domain::note::Note;

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
        if self.catching {
            self.again = true;
            return;
        }
        self.catching = true;
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
        self.answered.clear();
        let (http, seq, store) = (self.http.clone(), self.seq, self.store);
        self.spawn(async move { In::Page(http.since(seq, store).await) });
    }

    pub(super) fn page(&mut self, page: Result<Page, Fault>) {
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                self.catching = false;
                self.failed(&fault);
                // One that cannot list may still take saves; it checks their versions.
                self.unsure = matches!(fault, Fault::Unreachable(_));
                return;
            }
        };
        self.reached();
        if page.seq < self.seq && !page.reset {
            // From a server that does not say so by itself; what it has is learnt again from the start.
            self.begin_back();
            self.back.iter_mut().for_each(|b| b.told = true);
            return self.list_again();
        }
        let goes_on = self.store.is_some() && page.store.is_some() && page.store != self.store;
        if self.loose && goes_on && !page.reset && self.back.is_none() && self.seq > 0 {
            // The server began anew after the place remembered; what was answered later it may have lost, and only the whole list tells.
            return self.list_again();
        }
        if self.back.is_some() && goes_on && self.seq > 0 && !page.reset {
            // The server may have been set back in the middle of the list, and the rest of it is of another state.
            return self.list_again();
        }
        // A list from the start is whole: what it does not hold, the server does not have.
        let anew = self.seq == 0 && self.disk.synced().is_ok_and(|s| !s.is_empty());
        if page.reset || (anew && self.back.is_none()) {
            self.begin_back();
            self.back.iter_mut().for_each(|b| b.told |= page.reset);
        }
        match self.take(page.notes) {
            Ok(effects) => effects.into_iter().for_each(|e| self.carry_out(e)),
            Err(e) => return self.not_taken(&e),
        }
        (self.seq, self.store) = (page.seq, page.store.or(self.store));
        if page.more {
            self.unsure &= self.back.is_some();
            return self.next_page();
        }
        // A note that was answered for and is not in the list came after it, or went with the older state.
        let unclear = |b: &Back| b.unclear || self.answered.iter().any(|id| !b.seen.contains(id));
        if self.back.as_ref().is_some_and(unclear) {
            return self.list_again();
        }
        if let Err(e) = self.end_back() {
            return self.not_taken(&e);
        }
        self.caught_up();
    }

    /// Learns once more from the start what the server has.
    fn list_again(&mut self) {
        if let Some(back) = &mut self.back {
            (back.unclear, back.seen) = (false, HashSet::new());
        }
        (self.seq, self.store) = (0, None);
        self.next_page();
    }

    fn not_taken(&mut self, e: &DiskError) {
        self.catching = false;
        self.gate = self.now().plus_ms(5_000);
        self.tell(News::Notice(say::not_stored(e)));
    }

    fn caught_up(&mut self) {
        (self.unsure, self.loose) = (false, !self.answered.is_empty());
        self.catching = false;
        self.deletions();
        if std::mem::take(&mut self.again) {
            return self.catch_up();
        }
        self.tell(News::CaughtUp);
        self.listen();
    }

    /// Stores a page, but for deletions of notes that stand untouched here.
    fn take(&mut self, notes: Vec<Note>) -> Result<Vec<Effect>, DiskError> {
        let mut steps = Vec::with_capacity(notes.len());
        for note in notes {
            if let Some(back) = &mut self.back {
                back.seen.insert(note.id);
            }
            let record = self.disk.load(note.id)?;
            self.brake.came(note.id);
            if note.content.deleted && record.synced.as_ref().is_some_and(|n| !n.content.deleted) {
                let (id, input) = (note.id, self.came(note, &record));
                self.brake.hold(id, input);
            } else if record.synced.is_some() || !note.content.deleted || !record.is_empty() {
                steps.push(Turn::of(note.id, self.came(note, &record)));
            }
        }
        self.stored(steps, None).map(|effects| self.noted(effects))
    }

    fn came(&mut self, note: Note, record: &Record) -> Input {
        let answered = self.answered.contains(&note.id);
        if let Some(back) = &mut self.back {
            // Which of the two is from before the server was set back cannot be told.
            back.unclear |= answered && record.synced.as_ref() != Some(&note);
        }
        let told = self.back.as_ref().is_some_and(|b| b.told);
        // In a list from the start a newer version may be of another past than ours, and then ours is the last of its kind.
        let untouched = self.back.is_some() && !record.has_own();
        if !answered && (told || untouched || is_older(&note, record.synced.as_ref())) {
            Input::SetBack(Some(Box::new(note)))
        } else {
            Input::Remote(note)
        }
    }

    fn begin_back(&mut self) {
        self.back = Some(Back::default());
        self.brake.clear();
    }

    /// The whole list is here: what it does not hold, the server does not have.
    fn end_back(&mut self) -> Result<(), DiskError> {
        let Some(back) = &self.back else { return Ok(()) };
        let lacks: Vec<_> = self.disk.synced()?.into_iter().filter(|id| !back.seen.contains(id)).collect();
        let steps = lacks.into_iter().map(|id| Turn::of(id, Input::SetBack(None))).collect();
        let effects = self.stored(steps, None)?;
        self.noted(effects).into_iter().for_each(|e| self.carry_out(e));
        if let Some(back) = self.back.take() {
            match (back.lacks, back.told) {
                (true, _) => self.tell(News::Notice(SET_BACK.to_owned())),
                (false, true) => self.tell(News::Notice(AS_BEFORE.to_owned())),
                // It was only asked from the start, and has it all.
                (false, false) => {}
            }
        }
        Ok(())
    }

    /// Notes whether the server lacks a text that is here.
    fn noted(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        if let Some(back) = &mut self.back {
            let told = back.told;
            let ours = |e: &Effect| match e {
                Effect::Copy(..) => told,
                Effect::Tell(News::RowIs(row)) => row.state != State::Synced,
                _ => false,
            };
            back.lacks |= effects.iter().any(ours);
        }
        effects
    }

    /// Carries deletions out, or holds them and asks, where they are more than a fifth of the notes.
    fn deletions(&mut self) {
        let of = self.disk.count().unwrap_or(0);
        match self.brake.asks(of) {
            Some((held, of)) => self.tell(News::DeletionsHeld(held, of)),
            None => self.allow_deletions(),
        }
    }

    pub(super) fn allow_deletions(&mut self) {
        // Only now is the server's state here whole, so only now is it remembered how far that was.
        match self.delete((self.seq, self.store)) {
            Ok(effects) => {
                self.brake.clear();
                effects.into_iter().for_each(|e| self.carry_out(e));
            }
            Err(e) => self.tell(News::Notice(say::not_stored(&e))),
        }
    }

    fn delete(&mut self, place: Place) -> Result<Vec<Effect>, DiskError> {
        let steps: Vec<_> = self.brake.held().iter().map(|(id, input)| Turn::of(*id, input.clone())).collect();
        if steps.is_empty() && (self.disk.seq()?, self.disk.store()?) == place {
            return Ok(Vec::new());
        }
        self.stored(steps, Some(place))
    }
}
