//! One history over choices, rows and typed text: each step holds what it changed and what was there before.

use super::super::merge::Kind;
use super::{Choice, Place, RowChoice, Settle};

/// One thing changed: where, what was there, what is there now.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Hunk { hunk: usize, old: Option<Choice>, new: Option<Choice> },
    Row { row: usize, old: Option<RowChoice>, new: Option<RowChoice> },
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    done: Vec<Vec<Change>>,
    undone: Vec<Vec<Change>>,
    /// The hunk whose typing the last step still takes in.
    typing: Option<usize>,
}

impl History {
    pub(super) fn seal(&mut self) {
        self.typing = None;
    }
}

impl Settle {
    pub(super) fn history_is_empty(&self) -> bool {
        self.history.done.is_empty()
    }

    pub(super) fn apply(&mut self, changes: Vec<(usize, Option<Choice>)>) {
        self.apply_all(changes, Vec::new());
    }

    /// Makes changes of hunks and rows, as one step.
    pub(super) fn apply_all(&mut self, hunks: Vec<(usize, Option<Choice>)>, rows: Vec<Change>) {
        let step: Vec<Change> = self.as_changes(hunks).chain(rows).collect();
        if step.is_empty() {
            return;
        }
        step.iter().for_each(|c| self.put(c, true));
        self.history.undone.clear();
        self.history.done.push(step);
        self.history.typing = None;
    }

    /// Makes changes that came from typing in the first of these hunks, as part of the step of that typing.
    pub(super) fn apply_typing(&mut self, hunks: Vec<(usize, Option<Choice>)>) {
        let Some(hunk) = hunks.first().map(|(h, _)| *h) else { return };
        if self.history.typing != Some(hunk) {
            self.apply(hunks);
            self.history.typing = Some(hunk);
            return;
        }
        let step: Vec<Change> = self.as_changes(hunks).collect();
        step.iter().for_each(|c| self.put(c, true));
        let Some(last) = self.history.done.last_mut() else { return };
        for change in step {
            let Change::Hunk { hunk: at, new, .. } = &change else { continue };
            match last.iter_mut().find(|c| matches!(c, Change::Hunk { hunk, .. } if hunk == at)) {
                Some(Change::Hunk { new: held, .. }) => held.clone_from(new),
                _ => last.push(change),
            }
        }
    }

    fn as_changes(&self, hunks: Vec<(usize, Option<Choice>)>) -> impl Iterator<Item = Change> + use<> {
        let olds: Vec<Option<Choice>> = hunks.iter().map(|(h, _)| self.state[*h].choice.clone()).collect();
        hunks.into_iter().zip(olds).filter(|((_, new), old)| new != old).map(|((hunk, new), old)| Change::Hunk { hunk, old, new })
    }

    /// Takes the last step back; the first place it concerned, or nothing if there is no step.
    pub fn undo(&mut self) -> Option<Place> {
        let step = self.history.done.pop()?;
        step.iter().rev().for_each(|c| self.put(c, false));
        self.moved(step, false)
    }

    /// Makes the step again that was taken back last.
    pub fn redo(&mut self) -> Option<Place> {
        let step = self.history.undone.pop()?;
        step.iter().for_each(|c| self.put(c, true));
        self.moved(step, true)
    }

    fn moved(&mut self, step: Vec<Change>, redone: bool) -> Option<Place> {
        self.history.typing = None;
        let place = step.first().map(|c| match c {
            Change::Hunk { hunk, .. } => Place::Hunk(*hunk),
            Change::Row { row, .. } => Place::Row(*row),
        });
        if redone {
            self.history.done.push(step)
        } else {
            self.history.undone.push(step)
        }
        place
    }

    fn put(&mut self, change: &Change, forward: bool) {
        self.revision += 1;
        match change {
            Change::Row { row, old, new } => self.rows[*row].choice.clone_from(if forward { new } else { old }),
            Change::Hunk { hunk, old, new } => self.put_choice(*hunk, (if forward { new } else { old }).clone()),
        }
    }

    /// Sets what a hunk holds and keeps the counts right; no history.
    pub(super) fn put_choice(&mut self, hunk: usize, choice: Option<Choice>) {
        let fresh = self.default_choice(hunk);
        let is_auto = |c: &Option<Choice>| c.is_some() && *c == fresh;
        let state = &mut self.state[hunk];
        match (is_auto(&state.choice), is_auto(&choice)) {
            (true, false) => self.auto -= 1,
            (false, true) => self.auto += 1,
            _ => {}
        }
        let proposed = usize::from(self.proposals.contains_key(&hunk));
        if choice.is_none() && self.hunks[hunk].kind != Kind::Equal {
            self.proposed += if self.open.insert(hunk) { proposed } else { 0 };
        } else {
            self.proposed -= if self.open.remove(&hunk) { proposed } else { 0 };
        }
        state.stamp = state.stamp.wrapping_add(1);
        state.choice = choice;
    }
}
