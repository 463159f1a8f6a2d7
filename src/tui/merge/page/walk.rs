//! From row to row of the whole, forwards and backwards, and how high each line is.

use super::super::fold::equal;
use super::super::table::Line;
use super::{At, Page};
use crate::domain::settle::Settle;

impl Page {
    /// The line after one, in the same unit.
    fn next_line(&mut self, settle: &Settle, unit: usize, line: usize) -> Option<usize> {
        if let Some(table) = self.table(settle, unit) {
            return (line + 1 < table.lines.len()).then_some(line + 1);
        }
        if let Some(fold) = self.fold(settle, unit) {
            return (line < fold.head.len() + fold.tail.len()).then_some(line + 1);
        }
        let bytes = equal(settle, unit);
        memchr::memchr(b'\n', bytes.get(line..)?).map(|at| line + at + 1).filter(|at| *at < bytes.len())
    }

    fn previous_line(&mut self, settle: &Settle, unit: usize, line: usize) -> Option<usize> {
        if line == 0 {
            return None;
        }
        if self.table(settle, unit).is_some() || self.fold(settle, unit).is_some() {
            return Some(line - 1);
        }
        let bytes = equal(settle, unit);
        let before = &bytes[..(line - 1).min(bytes.len())];
        Some(memchr::memrchr(b'\n', before).map_or(0, |at| at + 1))
    }

    fn last_line(&mut self, settle: &Settle, unit: usize) -> usize {
        if let Some(table) = self.table(settle, unit) {
            return table.lines.len().saturating_sub(1);
        }
        if let Some(fold) = self.fold(settle, unit) {
            return fold.head.len() + fold.tail.len();
        }
        let bytes = equal(settle, unit);
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        memchr::memrchr(b'\n', body).map_or(0, |at| at + 1)
    }

    /// How many rows a line takes: those of its highest cell. Nothing for a unit without lines.
    pub(super) fn height_of(&mut self, settle: &Settle, unit: usize, line: usize) -> usize {
        if let Some(table) = self.table(settle, unit) {
            return match table.lines.get(line) {
                None => 0,
                Some(Line::Label(..)) => 1,
                Some(Line::Cells(cells)) => {
                    let heights = cells
                        .iter()
                        .enumerate()
                        .filter_map(|(c, cell)| cell.map(|(f, l)| self.wrapped(unit, line, c, &table.flows[f], l).len()));
                    heights.max().unwrap_or(1).max(1)
                }
            };
        }
        match self.equal_line(settle, unit, line) {
            None => 1,
            Some(range) => (0..self.columns()).map(|c| self.wrapped_equal(settle, unit, line, c, &range).len()).max().unwrap_or(1),
        }
    }

    /// The row after one.
    pub fn next(&mut self, settle: &Settle, at: At) -> Option<At> {
        if at.row + 1 < self.height_of(settle, at.unit, at.line) {
            return Some(At { row: at.row + 1, ..at });
        }
        if let Some(line) = self.next_line(settle, at.unit, at.line) {
            return Some(At { line, row: 0, ..at });
        }
        let mut unit = at.unit + 1;
        while unit < Self::units(settle) {
            if self.height_of(settle, unit, 0) > 0 {
                return Some(At { unit, line: 0, row: 0 });
            }
            unit += 1;
        }
        None
    }

    /// The row before one.
    pub fn previous(&mut self, settle: &Settle, at: At) -> Option<At> {
        if at.row > 0 {
            return Some(At { row: at.row - 1, ..at });
        }
        if let Some(line) = self.previous_line(settle, at.unit, at.line) {
            return Some(At { line, row: self.height_of(settle, at.unit, line).saturating_sub(1), ..at });
        }
        let mut unit = at.unit;
        while unit > 0 {
            unit -= 1;
            let line = self.last_line(settle, unit);
            let height = self.height_of(settle, unit, line);
            if height > 0 {
                return Some(At { unit, line, row: height - 1 });
            }
        }
        None
    }

    /// Moves the top by rows, as far as there are any.
    pub fn scroll(&mut self, settle: &Settle, rows: isize) {
        for _ in 0..rows.unsigned_abs() {
            let Some(at) = (if rows > 0 { self.next(settle, self.top) } else { self.previous(settle, self.top) }) else { break };
            self.top = at;
        }
    }

    /// Puts a unit on the page, a third from the top, unless its beginning is there already with room below.
    pub fn show(&mut self, settle: &Settle, unit: usize) {
        let start = At { unit, line: 0, row: 0 };
        let mut at = self.top;
        for n in 0..self.height {
            if at == start && (n + 3 < self.height || n == 0) {
                return;
            }
            let Some(next) = self.next(settle, at) else { break };
            at = next;
        }
        self.top = start;
        self.scroll(settle, -isize::try_from(self.height / 3).unwrap_or(0));
    }
}
