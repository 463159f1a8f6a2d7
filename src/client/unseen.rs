//! What texts on screen have not seen yet: the changes of a note since the version they started from.
//!
//! A screen tells what is typed after a pause, and names the version it started from. What came within that pause is the newest here,
//! though the screen shows the text of before: taken for its base, it would be overwritten unseen. A step says with [`Passed`] what went
//! by, and a later step finds it here. Kept in memory only, as a screen does not outlive its client. Bounded: the oldest go first.

use std::collections::{HashSet, VecDeque};

use super::record::Base;
use crate::domain::note::{Content, Note, NoteId, Version};

/// How many changes are kept.
const MOST: usize = 256;

/// How many fetched versions are kept.
const FETCHED: usize = 8;

/// Something that changed what a note is, besides what a screen told.
#[derive(Clone, Debug, PartialEq)]
pub enum Passed {
    /// Another version took the place of one on which this device had nothing of its own: a text from before started from `was`.
    Other {
        /// What there was.
        was: Box<Note>,
        /// The version there is.
        now: Version,
    },
    /// This device's own text was accepted, perhaps together with something else, or settled: a text from before was typed on it.
    Own {
        /// What it was, and the version it stood on.
        base: Box<Base>,
        /// What became of it.
        to: Box<Content>,
        /// The version it stands on now.
        now: Version,
    },
    /// A screen's text is here as this device's own: from now on the record knows what it stands on.
    Told,
}

impl Passed {
    fn now(&self) -> Version {
        match self {
            Passed::Other { now, .. } | Passed::Own { now, .. } => *now,
            Passed::Told => 0,
        }
    }

    fn is_after(&self, base: Version) -> bool {
        self.now() > base || matches!(self, Passed::Other { was, .. } if was.version == base)
    }
}

/// What went by, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Unseen {
    /// The notes that are or were on a screen of this run; of others there is no text to come.
    shown: HashSet<NoteId>,
    passed: VecDeque<(NoteId, Passed)>,
    /// Versions fetched by number, which text may name as its base.
    fetched: VecDeque<Note>,
}

impl Unseen {
    /// A screen shows this note.
    pub fn shown(&mut self, id: NoteId) {
        self.shown.insert(id);
    }

    /// Remembers what went by of a note.
    pub fn passed(&mut self, id: NoteId, passed: Passed) {
        if passed == Passed::Told {
            return self.passed.retain(|(of, p)| *of != id || !matches!(p, Passed::Other { .. }));
        }
        if !self.shown.contains(&id) {
            return;
        }
        if self.passed.len() == MOST {
            self.passed.pop_front();
        }
        self.passed.push_back((id, passed));
    }

    /// Remembers a version that was fetched by its number.
    pub fn fetched(&mut self, note: Note) {
        if self.fetched.len() == FETCHED {
            self.fetched.pop_front();
        }
        self.fetched.push_back(note);
    }

    /// A version that was fetched by its number.
    #[must_use]
    pub fn version(&self, id: NoteId, version: Version) -> Option<&Note> {
        self.fetched.iter().find(|n| n.id == id && n.version == version)
    }

    /// What went by of a note since `base` was the newest here, oldest first.
    pub fn since(&self, id: NoteId, base: Version) -> impl Iterator<Item = &Passed> {
        let of = || self.passed.iter().filter(move |(of, _)| *of == id).map(|(_, passed)| passed);
        let seen = of().enumerate().filter(|(_, p)| p.now() == base).map(|(i, _)| i + 1).last().unwrap_or(0);
        of().skip(seen).filter(move |p| p.is_after(base))
    }
}
