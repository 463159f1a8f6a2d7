//! Catching up with the server: pages of changes, and the brake on mass deletions.

use super::{Driver, In, Turn, say};
use crate::client::handle::News;
use crate::client::http::{Fault, Page};
use crate::client::sync::{Effect, Input};
use crate::domain::note::{Note, Seq};

/// Fewer deletions than this are never held.
const FEW: usize = 5;

const SET_BACK: &str = "The server knows less than it did. It was set back to an older state, or is a new one. \
    Nothing is deleted here; what it lacks goes there again when you next save it.";

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

    fn next_page(&self) {
        let (http, seq) = (self.http.clone(), self.seq);
        self.spawn(async move { In::Page(http.since(seq).await) });
    }

    pub(super) fn page(&mut self, page: Result<Page, Fault>) {
        let page = match page {
            Ok(page) => page,
            Err(fault) => {
                self.catching = false;
                return self.failed(&fault);
            }
        };
        self.reached();
        if page.seq < self.seq {
            // The server was set back (a restored copy, a new one): what it has is learnt again from the start; nothing here goes for it.
            self.tell(News::Notice(SET_BACK.to_owned()));
            self.seq = 0;
            self.held.clear();
            return self.next_page();
        }
        match self.take(page.notes) {
            Ok(effects) => effects.into_iter().for_each(|e| self.carry_out(e)),
            Err(e) => {
                self.catching = false;
                self.gate = self.now().plus_ms(5_000);
                return self.tell(News::Notice(say::not_stored(&e)));
            }
        }
        self.seq = page.seq;
        if page.more {
            return self.next_page();
        }
        self.catching = false;
        self.deletions();
        if std::mem::take(&mut self.again) {
            return self.catch_up();
        }
        self.tell(News::CaughtUp);
        self.listen();
    }

    /// Stores a page, but for deletions of notes that stand untouched here.
    fn take(&mut self, notes: Vec<Note>) -> Result<Vec<Effect>, crate::client::disk::DiskError> {
        let mut steps = Vec::with_capacity(notes.len());
        for note in notes {
            let record = self.disk.load(note.id)?;
            self.held.retain(|h| h.id != note.id);
            if note.content.deleted && record.synced.as_ref().is_some_and(|n| !n.content.deleted) {
                self.held.push(note);
            } else if record.synced.is_some() || !note.content.deleted || !record.is_empty() {
                steps.push(Turn::of(note.id, Input::Remote(note)));
            }
        }
        self.stored(steps, None)
    }

    /// Carries deletions out, or holds them and asks, where they are more than a fifth of the notes.
    fn deletions(&mut self) {
        let of = self.disk.count().unwrap_or(0);
        if self.held.len() >= FEW && self.held.len() * 5 > of {
            return self.tell(News::DeletionsHeld(self.held.len(), of));
        }
        self.allow_deletions();
    }

    pub(super) fn allow_deletions(&mut self) {
        let notes = std::mem::take(&mut self.held);
        // Only now is the server's state here whole, so only now is it remembered how far that was.
        match self.delete(&notes, self.seq) {
            Ok(effects) => effects.into_iter().for_each(|e| self.carry_out(e)),
            Err(e) => {
                self.held = notes;
                self.tell(News::Notice(say::not_stored(&e)));
            }
        }
    }

    fn delete(&mut self, notes: &[Note], seq: Seq) -> Result<Vec<Effect>, crate::client::disk::DiskError> {
        let steps: Vec<_> = notes.iter().map(|n| Turn::of(n.id, Input::Remote(n.clone()))).collect();
        if steps.is_empty() && self.disk.seq()? == seq {
            return Ok(Vec::new());
        }
        self.stored(steps, Some(seq))
    }
}
