//! Going from place to place on the merge screen. Rows above the text come first, then the hunks.

use super::Merge;
use super::flow::Mark;
use super::page::{At, Page};
use super::table::{Line, Table, place};
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

    /// Goes to the next piece of the current hunk, or the one before, and scrolls to it: in a long paragraph it may be far down.
    pub(super) fn step_atom(&mut self, forth: bool) {
        let Some(table) = self.page.table(&self.settle, self.unit) else { return };
        let n = table.atoms.len().max(1);
        self.atom = if forth { (self.atom + 1) % n } else { (self.atom + n - 1) % n };
        let Some(at) = self.atom_at(&table, self.atom) else { return };
        if !self.page.rows.iter().any(|r| r.at == at) {
            self.found = Some(at);
        }
        // The result is about twice as wide, so that its row is about half as far down.
        self.result_top = ((at.line + at.row) / 2).saturating_sub(1);
    }

    /// The row of the page in which a piece begins.
    fn atom_at(&mut self, table: &Table, atom: usize) -> Option<At> {
        for (line, cells) in table.lines.iter().enumerate() {
            let Line::Cells(cells) = cells else { continue };
            for (column, cell) in cells.iter().enumerate() {
                let Some((flow, of)) = *cell else { continue };
                let flow = &table.flows[flow];
                let range = flow.lines.get(of).cloned().unwrap_or(0..0);
                let begins = |m: &&Mark| m.atom == Some(atom) && range.contains(&m.at.start);
                let Some(mark) = flow.marks.iter().find(begins) else { continue };
                let rows = self.page.wrapped(self.unit, line, column, flow, of);
                let row = rows.iter().rposition(|r| r.start <= mark.at.start).unwrap_or(0);
                return Some(At { unit: self.unit, line, row });
            }
        }
        None
    }
}
