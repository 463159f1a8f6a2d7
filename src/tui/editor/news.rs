//! What the client tells about the note being edited.

use super::Editor;
use crate::client::handle::{Command, Detail, News, State};
use crate::domain::note::Note;
use crate::tui::keys::Action;
use crate::tui::message::Effect;

impl Editor {
    pub(super) fn news(&mut self, news: &News) -> Vec<Effect> {
        match news {
            News::Opened(detail) if detail.id == self.id => self.opened(detail),
            News::SavedHere(id, revision) if *id == self.id => {
                if *revision >= self.clean {
                    self.clean = *revision;
                    self.saved = State::SavedHere;
                }
                Vec::new()
            }
            News::Synced(note, revision) if note.id == self.id => self.synced(note, *revision),
            News::NeedsYou(parked) if parked.id == self.id => {
                self.parked = true;
                self.newer = None;
                let asked = std::mem::take(&mut self.merging);
                if asked { vec![Effect::Do(Action::Conflict)] } else { Vec::new() }
            }
            News::Settled(id, _) if *id == self.id => {
                self.parked = false;
                vec![Effect::Client(Command::Open(self.id))]
            }
            News::Moved { note, .. } if note.id == self.id => self.moved(note),
            News::RowIs(row) if row.id == self.id && self.parked && row.state != State::NeedsYou => {
                self.parked = false;
                vec![Effect::Client(Command::Open(self.id))]
            }
            News::LockIs(id, holder) if *id == self.id => {
                self.lock.clone_from(holder);
                Vec::new()
            }
            News::RowGone(id) if *id == self.id && self.untouched() => {
                vec![Effect::Back, Effect::Say("The note was deleted elsewhere.".to_owned())]
            }
            News::Failed(Some(id), _) if *id == self.id => {
                self.merging = false;
                // It may have been about what was told last, so on leaving it is told once more.
                self.sent = self.clean;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn opened(&mut self, detail: &Detail) -> Vec<Effect> {
        self.lock.clone_from(&detail.lock);
        self.parked = detail.parked.is_some();
        // What was typed here since is newer than anything the client knows.
        if self.loaded && self.revision() != self.clean {
            return Vec::new();
        }
        if let Some(content) = detail.content() {
            self.adopt(content, detail.state);
        }
        if detail.draft.as_ref().is_some_and(|d| !d.saved) {
            self.saved = State::Typed;
        }
        self.base = detail.draft_base.clone().or_else(|| detail.synced.clone());
        let newer = detail.synced.as_ref().zip(detail.draft.as_ref()).filter(|(n, d)| n.version > d.base_version && d.base_version > 0);
        self.newer = newer.map(|(n, _)| Box::new(n.clone())).filter(|_| !self.parked);
        self.loaded = true;
        if !self.returning.is_empty() {
            let mut content = self.content();
            for (name, value) in std::mem::take(&mut self.returning) {
                content.set(&name, value);
            }
            self.take(&content, false);
        }
        Vec::new()
    }

    fn synced(&mut self, note: &Note, revision: Option<u64>) -> Vec<Effect> {
        // A number alone says little: one of an earlier run or of another window may be like one of ours.
        let ours = self.asked.take_if(|(asked, _)| Some(*asked) == revision).map(|(_, saved)| saved);
        let kept = self.revision() == self.clean;
        if kept && note.content == self.content() {
            self.saved = State::Synced;
        } else if kept && ours.is_some() && revision == Some(self.clean) {
            // The server may have decided fields otherwise than asked.
            self.adopt(&note.content, State::Synced);
        } else if kept {
            return vec![Effect::Client(Command::Open(self.id))];
        } else if ours.is_none_or(|saved| saved != note.content) {
            // What is typed here still stands on the version it started from; the client knows what became of that.
            return Vec::new();
        } else {
            (self.base, self.newer) = (Some(note.clone()), None);
            return Vec::new();
        }
        (self.base, self.newer, self.parked) = (Some(note.clone()), None, false);
        Vec::new()
    }

    fn moved(&mut self, note: &Note) -> Vec<Effect> {
        if !self.loaded {
            return Vec::new();
        }
        if !self.untouched() {
            self.newer = Some(Box::new(note.clone()));
            return Vec::new();
        }
        self.base = Some(note.clone());
        if note.content == self.content() {
            return Vec::new();
        }
        self.adopt(&note.content, State::Synced);
        vec![Effect::Say(format!("Updated: {} saved it on {}.", note.updated_by, note.updated_from))]
    }
}
