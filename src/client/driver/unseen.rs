//! What newer versions from the server took the place of, for texts on screen that started from the older one.
//!
//! A screen tells what is typed after a pause. A version that comes within that pause becomes this device's newest, though what the
//! screen shows started from the one before; saved on the newer, it would overwrite it unseen. Kept in memory only: a screen
//! does not outlive its client. Bounded: the oldest go first.

use std::collections::VecDeque;

use crate::domain::note::{Note, NoteId, Version};

/// How many are kept.
const MOST: usize = 64;

/// How many fetched versions are kept.
const FETCHED: usize = 8;

/// Replaced versions, oldest first, each with the version that took its place.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    replaced: VecDeque<(Note, Version)>,
    /// Versions fetched by number, which text may name as its base.
    fetched: VecDeque<Note>,
}

impl Unseen {
    /// Remembers that `by` took the place of `old`.
    pub(super) fn replaced(&mut self, old: Note, by: Version) {
        if self.replaced.len() == MOST {
            self.replaced.pop_front();
        }
        self.replaced.push_back((old, by));
    }

    /// Remembers a version that was fetched by its number.
    pub(super) fn fetched(&mut self, note: Note) {
        if self.fetched.len() == FETCHED {
            self.fetched.pop_front();
        }
        self.fetched.push_back(note);
    }

    /// Version `base` of a note where it was fetched, else what this device had before the first version newer than `base` came from
    /// elsewhere; `None` if none came.
    pub(super) fn before(&self, id: NoteId, base: Version) -> Option<Note> {
        let exact = self.fetched.iter().find(|n| n.id == id && n.version == base);
        if exact.is_some() {
            return exact.cloned();
        }
        self.replaced.iter().find(|(old, by)| old.id == id && *by > base).map(|(old, _)| old.clone())
    }
}
