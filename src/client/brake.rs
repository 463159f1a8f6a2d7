//! The brake on mass deletions: deletions that come from the server are held until all changes are here, and where they are more than a
//! fifth of the notes, until the person allows them. Pure.

use super::sync::Input;
use crate::domain::note::NoteId;

/// Fewer deletions than this are never held back.
const FEW: usize = 5;

/// Deletions of notes that stand untouched here, not yet carried out.
#[derive(Clone, Debug, Default)]
pub struct Brake {
    held: Vec<(NoteId, Input)>,
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

    /// All changes are here: how many deletions of so many notes a person must be asked about; `None`: they may be carried out.
    #[must_use]
    pub fn asks(&self, of: usize) -> Option<(usize, usize)> {
        let held = self.held.len();
        (held >= FEW && held * 5 > of).then_some((held, of))
    }

    /// What is held.
    #[must_use]
    pub fn held(&self) -> &[(NoteId, Input)] {
        &self.held
    }
}
