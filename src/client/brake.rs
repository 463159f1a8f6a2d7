//! The brake on mass deletions: deletions that come from the server are held until all changes are here, and where they are more than a
//! fifth of the notes, until the person allows them. Pure.

use super::message::Input;
use crate::domain::note::NoteId;

/// Fewer deletions than this are never held back.
const FEW: usize = 5;

/// Deletions of notes that stand untouched here, not yet carried out.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    held: Vec<(NoteId, Input)>,
    /// How many the person was last asked about.
    asked: usize,
    /// How many the person has allowed, before it could be done.
    allowed: usize,
}

impl Brake {
    /// A note came anew: what was held of it is out of date.
    pub fn came(&mut self, id: NoteId) {
        self.held.retain(|(held, _)| *held != id);
    }

    /// Holds the deletion of a note, with the step that carries it out.
    pub fn hold(&mut self, id: NoteId, deletion: Input) {
        self.came(id);
        self.held.push((id, deletion));
    }

    /// Forgets what is held: it will come again.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// The person allows what was asked about, and not more than that.
    pub fn allow(&mut self) {
        self.allowed = self.asked;
    }

    /// All changes are here: how many deletions of so many notes a person must be asked about; `None`: they may be carried out.
    pub fn asks(&mut self, of: usize) -> Option<(usize, usize)> {
        let (held, allowed) = (self.held.len(), std::mem::take(&mut self.allowed));
        self.asked = held;
        (held >= FEW && held * 5 > of && held > allowed).then_some((held, of))
    }

    /// What is held.
    #[must_use]
    pub fn held(&self) -> &[(NoteId, Input)] {
        &self.held
    }
}
