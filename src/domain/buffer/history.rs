//! Undo and redo as a list of steps, each a group of edits that can be inverted.
//!
//! A step grows while the person types one word, or deletes in one direction; anything else begins a new one. What it keeps is bounded:
//! beyond [`MAX_BYTES`] the oldest steps are forgotten, never the newest.

use super::{Edit, Pos, Selection};

/// Bytes of text the steps may hold together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What an edit is to the undo history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Typed: joins the typing before it until a new word begins.
    Type,
    /// Deleted backwards: joins the deletion before it.
    Back,
    /// Deleted forwards: joins the deletion before it.
    Forward,
    /// A step of its own.
    Other,
    /// Part of the step before it, whatever that was.
    Joined,
}

/// Edits that are undone together, and the selection around them.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) edits: Vec<Edit>,
    kind: Kind,
    pub(super) before: Selection,
    pub(super) after: Selection,
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    steps: std::collections::VecDeque<Step>,
    /// How many of the steps are done; the others can be redone.
    done: usize,
    sealed: bool,
    bytes: usize,
}

impl History {
    pub(super) fn push(&mut self, edit: Edit, kind: Kind, before: Selection, after: Selection) {
        for gone in self.steps.drain(self.done..) {
            self.bytes -= size(&gone.edits);
        }
        self.bytes += size(std::slice::from_ref(&edit));
        let sealed = std::mem::take(&mut self.sealed);
        match self.steps.back_mut() {
            Some(last) if kind == Kind::Joined || (!sealed && joins(last, &edit, kind, before.head)) => {
                match last.edits.last_mut() {
                    Some(e) if kind == Kind::Type => e.inserted.push_str(&edit.inserted),
                    _ => last.edits.push(edit),
                }
                last.after = after;
            }
            _ => self.steps.push_back(Step { edits: vec![edit], kind, before, after }),
        }
        while self.bytes > MAX_BYTES && self.steps.len() > 1 {
            if let Some(old) = self.steps.pop_front() {
                self.bytes -= size(&old.edits);
            }
        }
        self.done = self.steps.len();
    }

    pub(super) fn undo(&mut self) -> Option<Step> {
        self.done = self.done.checked_sub(1)?;
        self.sealed = true;
        self.steps.get(self.done).cloned()
    }

    pub(super) fn redo(&mut self) -> Option<Step> {
        let step = self.steps.get(self.done).cloned()?;
        self.done += 1;
        self.sealed = true;
        Some(step)
    }

    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }
}

fn size(edits: &[Edit]) -> usize {
    edits.iter().map(|e| e.removed.len() + e.inserted.len()).sum()
}

/// Whether an edit at the cursor goes on with the last step.
fn joins(last: &Step, edit: &Edit, kind: Kind, cursor: Pos) -> bool {
    if last.kind != kind || last.after.head != cursor {
        return false;
    }
    match kind {
        Kind::Type => {
            let one_line = !edit.inserted.contains('\n') && edit.removed.is_empty();
            let ended = last.edits.last().is_some_and(|e| e.inserted.ends_with([' ', '\t', '\n']));
            let begins = !edit.inserted.starts_with([' ', '\t']);
            one_line && !(ended && begins)
        }
        Kind::Back | Kind::Forward => !edit.removed.contains('\n'),
        Kind::Other | Kind::Joined => false,
    }
}
