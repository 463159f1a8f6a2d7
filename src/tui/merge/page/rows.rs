//! What stands in the rows on screen, and where their lines wrap.

use std::ops::Range;
use std::rc::Rc;

use super::super::flow::Flow;
use super::super::fold::equal;
use super::super::spans::{markdown, spans};
use super::super::table::{self, Line};
use super::{At, KEPT, Page, PageRow, Rows, What};
use crate::domain::settle::{Place, Settle, Side};
use crate::domain::text;

impl Page {
    /// Lays out the rows on screen.
    pub fn lay_out(&mut self, settle: &Settle) {
        self.top.unit = self.top.unit.min(Self::units(settle).saturating_sub(1));
        let height = self.height_of(settle, self.top.unit, self.top.line);
        if height == 0 {
            self.top = self.next(settle, self.top).or_else(|| self.previous(settle, self.top)).unwrap_or_default();
        }
        self.top.row = self.top.row.min(height.saturating_sub(1));
        self.rows = self.rows_from(settle, self.top);
        if self.rows.len() < self.height {
            let short = self.height - self.rows.len();
            let before = self.top;
            self.scroll(settle, -isize::try_from(short).unwrap_or(0));
            if self.top != before {
                self.rows = self.rows_from(settle, self.top);
            }
        }
    }

    fn rows_from(&mut self, settle: &Settle, top: At) -> Vec<PageRow> {
        // After a step or a choice most rows are those that were there.
        let mut there = std::mem::take(&mut self.rows).into_iter().peekable();
        let (mut out, mut at) = (Vec::new(), Some(top));
        while let Some(here) = at.filter(|_| out.len() < self.height) {
            if self.height_of(settle, here.unit, here.line) > 0 {
                while there.next_if(|row| row.at < here).is_some() {}
                let stamp = Self::stamp(settle, here.unit);
                out.push(there.next_if(|row| row.at == here && row.stamp == stamp).unwrap_or_else(|| self.page_row(settle, here, stamp)));
            }
            at = self.next(settle, here);
        }
        self.ends = at.is_none();
        out
    }

    fn page_row(&mut self, settle: &Settle, at: At, stamp: Option<u32>) -> PageRow {
        let first = at.line == 0 && at.row == 0;
        if let Some(table) = self.table(settle, at.unit) {
            let what = match &table.lines[at.line] {
                Line::Label(text, role) => What::Label(text.clone(), *role),
                Line::Cells(cells) => What::Cells(
                    cells
                        .iter()
                        .enumerate()
                        .map(|(c, cell)| {
                            let (flow, line) = (*cell)?;
                            let rows = self.wrapped(at.unit, at.line, c, &table.flows[flow], line);
                            Some(rows.get(at.row).map(|r| spans(&table, &table.flows[flow], r.clone())).unwrap_or_default())
                        })
                        .collect(),
                ),
            };
            return PageRow { at, what, first, stamp };
        }
        let Some(range) = self.equal_line(settle, at.unit, at.line) else {
            let hidden = self.fold(settle, at.unit).map_or(0, |f| f.hidden);
            return PageRow { at, what: What::Fold(format!("{hidden} lines the same")), first, stamp };
        };
        let shown = String::from_utf8_lossy(&equal(settle, at.unit)[range.clone()]).into_owned();
        let fenced = match table::place(settle, at.unit) {
            Place::Hunk(h) => self.fences.hold(Side::Base, settle.hunks()[h].base.start + range.start),
            Place::Row(_) => false,
        };
        let cells = (0..self.columns()).map(|c| {
            let rows = self.wrapped_equal(settle, at.unit, at.line, c, &range);
            let span = |r: &Range<usize>| markdown(&shown, r.clone(), fenced);
            Some(rows.get(at.row).map(span).unwrap_or_default())
        });
        PageRow { at, what: What::Cells(cells.collect()), first, stamp }
    }

    pub(in crate::tui::merge) fn wrapped(&mut self, unit: usize, line: usize, column: usize, flow: &Flow, of: usize) -> Rows {
        let width = self.look.widths.get(column).copied().unwrap_or(1);
        let range = flow.lines.get(of).cloned().unwrap_or(0..0);
        self.keep((unit, line, column), || {
            text::wrap(&flow.text[range.clone()], width).into_iter().map(|r| r.start + range.start..r.end + range.start).collect()
        })
    }

    pub(super) fn wrapped_equal(&mut self, settle: &Settle, unit: usize, line: usize, column: usize, range: &Range<usize>) -> Rows {
        let width = self.look.widths.get(column).copied().unwrap_or(1);
        // What all agree on wraps alike in columns of one width.
        let column = self.look.widths.iter().position(|w| *w == width).unwrap_or(column);
        self.keep((unit, line, column), || text::wrap(&String::from_utf8_lossy(&equal(settle, unit)[range.clone()]), width).into())
    }

    fn keep(&mut self, key: (usize, usize, usize), make: impl FnOnce() -> Rows) -> Rows {
        if self.wraps.len() > 4 * KEPT {
            self.wraps.clear();
        }
        Rc::clone(self.wraps.entry(key).or_insert_with(make))
    }

    /// A line of a stretch where all agree, without its end; nothing where the fold is.
    pub(super) fn equal_line(&mut self, settle: &Settle, unit: usize, line: usize) -> Option<Range<usize>> {
        if let Some(fold) = self.fold(settle, unit) {
            return match line.checked_sub(fold.head.len()) {
                None => fold.head.get(line).cloned(),
                Some(0) => None,
                Some(n) => fold.tail.get(n - 1).cloned(),
            };
        }
        let bytes = equal(settle, unit);
        let end = memchr::memchr(b'\n', bytes.get(line..)?).map_or(bytes.len(), |at| line + at);
        Some(line..if end > line && bytes[end - 1] == b'\r' { end - 1 } else { end })
    }
}
