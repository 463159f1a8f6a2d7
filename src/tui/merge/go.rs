//! Going from place to place on the merge screen. Rows above the text come first, then the hunks.

use super::Merge;
use super::page::Page;
use super::table::place;
use crate::domain::settle::{Place, Status};

impl Merge {
    /// Whether a unit can be chosen for.
    pub(super) fn changed(&self, unit: usize) -> bool {
        match place(&self.settle, unit) {
            Place::Row(_) => true,
            Place::Hunk(h) => h < self.settle.hunks().len() && self.settle.status(h) != Status::Equal,
        }
    }

    pub(super) fn first_open(&self) -> Option<usize> {
        self.next_open(None)
    }

    /// The open unit after this one, without going round.
    pub(super) fn next_open(&self, after: Option<usize>) -> Option<usize> {
        let rows = self.settle.rows().len();
        let from = after.map_or(0, |u| u + 1);
        (from..rows).find(|r| self.settle.rows()[*r].choice.is_none()).or_else(|| {
            let hunk = after.and_then(|u| u.checked_sub(rows));
            self.settle.next_open(hunk).map(|h| h + rows)
        })
    }

    pub(super) fn previous_open(&self, before: usize) -> Option<usize> {
        let rows = self.settle.rows().len();
        let hunk = before.checked_sub(rows).and_then(|h| self.settle.previous_open(h)).map(|h| h + rows);
        hunk.or_else(|| (0..before.min(rows)).rev().find(|r| self.settle.rows()[*r].choice.is_none()))
    }

    /// The unit after this one that can be chosen for.
    pub(super) fn next_changed(&self, after: Option<usize>) -> Option<usize> {
        (after.map_or(0, |u| u + 1)..Page::units(&self.settle)).find(|u| self.changed(*u))
    }

    pub(super) fn previous_changed(&self, before: usize) -> Option<usize> {
        (0..before).rev().find(|u| self.changed(*u))
    }

    /// Goes to a unit.
    pub(super) fn go(&mut self, unit: usize) {
        if self.unit != unit {
            (self.atom, self.result_top) = (0, 0);
        }
        self.unit = unit;
        self.follow = true;
    }
}
