//! The page: which rows of which units are on screen. Only these are laid out; what was laid out is kept until its unit changes.
//!
//! A place in the whole is a unit, a line of it and a row of the line. In a long stretch where all agree the line is a byte, so that a
//! text of a million lines is never counted.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::fences::Fences;
use super::flow::Flow;
use super::fold::{Fold, equal};
use super::spans::{Span, markdown, spans};
use super::table::{self, Flip, Lens, Line, Table};
use crate::domain::merge::Kind;
use crate::domain::settle::{Place, Settle, Side};
use crate::domain::text;
use crate::tui::theme::Role;

/// A place in the whole: unit, line (or byte), row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Which unit.
    pub unit: usize,
    /// Which line of it; in an unfolded stretch where all agree: which byte.
    pub line: usize,
    /// Which row of the line.
    pub row: usize,
}

/// What stands in a row of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something said across all columns.
    Label(String, Role),
    /// A fold.
    Fold(String),
    /// A cell for each column; `None` where a column has nothing.
    Cells(Vec<Option<Vec<Span>>>),
}

/// A row of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRow {
    /// Where it is.
    pub at: At,
    /// What stands there.
    pub what: What,
    /// Whether it is the first row of its unit.
    pub first: bool,
}

/// All that decides how units are laid out: when it changes, everything is laid out anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The widths of the columns.
    pub widths: Vec<usize>,
    /// The lens.
    pub lens: Option<Lens>,
    /// What the single lens shows.
    pub flip: Option<Flip>,
    /// Each side as its change from base.
    pub as_change: bool,
    /// What is equal is folded.
    pub folded: bool,
}

/// Laid-out units and wrapped lines kept.
const KEPT: usize = 2_000;

type Rows = Rc<[Range<usize>]>;

/// Where the page stands and what is laid out of it.
#[derive(Debug, Default)]
pub struct Page {
    /// The place at its top.
    pub top: At,
    /// How many rows it has.
    pub height: usize,
    /// The rows on screen.
    pub rows: Vec<PageRow>,
    /// Whether nothing comes below the rows on screen.
    pub ends: bool,
    /// Where code fences stand.
    pub fences: Fences,
    look: Look,
    tables: HashMap<usize, (u32, Rc<Table>)>,
    folds: HashMap<usize, Option<Rc<Fold>>>,
    /// Rows of lines, by unit, line and column.
    wraps: HashMap<(usize, usize, usize), Rows>,
}

impl Page {
    /// A page at the beginning of texts with these code fences.
    #[must_use]
    pub fn new(fences: Fences) -> Page {
        Page { fences, ..Page::default() }
    }

    /// Takes a look; if it is another one, everything will be laid out anew and the top stays at its unit.
    pub fn set_look(&mut self, look: Look) {
        if self.look != look {
            if self.look.folded != look.folded || self.look.lens != look.lens || self.look.flip != look.flip {
                (self.top.line, self.top.row) = (0, 0);
            }
            self.top.row = 0;
            self.look = look;
            self.forget();
        }
    }

    /// Forgets all that is laid out.
    pub fn forget(&mut self) {
        self.tables.clear();
        self.folds.clear();
        self.wraps.clear();
    }

    fn lens(&self) -> Lens {
        self.look.lens.unwrap_or(Lens::Two)
    }

    fn columns(&self) -> usize {
        self.look.widths.len().max(1)
    }

    /// A unit laid out; nothing for a stretch where all agree.
    pub fn table(&mut self, settle: &Settle, unit: usize) -> Option<Rc<Table>> {
        let place = table::place(settle, unit);
        let stamp = match place {
            Place::Hunk(h) if settle.hunks().get(h).is_none_or(|h| h.kind == Kind::Equal) => return None,
            Place::Hunk(h) => settle.stamp(h),
            // Rows are few and short.
            Place::Row(_) => u32::try_from(settle.revision() & 0xffff_ffff).unwrap_or(0),
        };
        if let Some((kept, table)) = self.tables.get(&unit)
            && *kept == stamp
        {
            return Some(Rc::clone(table));
        }
        let lens = self.lens();
        let made = match place {
            Place::Row(r) => table::row(&settle.rows()[r], lens),
            Place::Hunk(h) => table::hunk(settle, h, lens, self.look.flip.unwrap_or(Flip::Result), self.look.as_change, &self.fences),
        };
        if self.tables.len() > KEPT {
            self.tables.clear();
        }
        // Beside each other the sides read the same whatever is chosen.
        if lens != Lens::Two {
            self.wraps.retain(|(u, _, column), _| *u != unit || lens == Lens::Three && *column != 1);
        }
        let made = Rc::new(made);
        self.tables.insert(unit, (stamp, Rc::clone(&made)));
        Some(made)
    }

    /// The fold of a stretch where all agree, if it is folded.
    fn fold(&mut self, settle: &Settle, unit: usize) -> Option<Rc<Fold>> {
        if !self.look.folded {
            return None;
        }
        if let Some(kept) = self.folds.get(&unit) {
            return kept.clone();
        }
        let Place::Hunk(h) = table::place(settle, unit) else { return None };
        let fold = Fold::of(settle.side(h, Side::Base), h == 0, h + 1 == settle.hunks().len()).map(Rc::new);
        self.folds.insert(unit, fold.clone());
        fold
    }

    /// How many units there are.
    #[must_use]
    pub fn units(settle: &Settle) -> usize {
        settle.rows().len() + settle.hunks().len()
    }

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
    fn height_of(&mut self, settle: &Settle, unit: usize, line: usize) -> usize {
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

    pub(super) fn wrapped(&mut self, unit: usize, line: usize, column: usize, flow: &Flow, of: usize) -> Rows {
        let width = self.look.widths.get(column).copied().unwrap_or(1);
        let range = flow.lines.get(of).cloned().unwrap_or(0..0);
        self.keep((unit, line, column), || {
            text::wrap(&flow.text[range.clone()], width).into_iter().map(|r| r.start + range.start..r.end + range.start).collect()
        })
    }

    fn wrapped_equal(&mut self, settle: &Settle, unit: usize, line: usize, column: usize, range: &Range<usize>) -> Rows {
        let width = self.look.widths.get(column).copied().unwrap_or(1);
        let shown = String::from_utf8_lossy(&equal(settle, unit)[range.clone()]);
        self.keep((unit, line, column), || text::wrap(&shown, width).into())
    }

    fn keep(&mut self, key: (usize, usize, usize), make: impl FnOnce() -> Rows) -> Rows {
        if self.wraps.len() > 4 * KEPT {
            self.wraps.clear();
        }
        Rc::clone(self.wraps.entry(key).or_insert_with(make))
    }

    /// A line of a stretch where all agree, without its end; nothing where the fold is.
    fn equal_line(&mut self, settle: &Settle, unit: usize, line: usize) -> Option<Range<usize>> {
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

    /// Lays out the rows on screen.
    pub fn lay_out(&mut self, settle: &Settle) {
        self.top.unit = self.top.unit.min(Self::units(settle).saturating_sub(1));
        let height = self.height_of(settle, self.top.unit, self.top.line);
        if height == 0 {
            self.top = self.next(settle, self.top).or_else(|| self.previous(settle, self.top)).unwrap_or_default();
        }
        self.top.row = self.top.row.min(height.saturating_sub(1));
        let mut rows = self.rows_from(settle, self.top);
        if rows.len() < self.height {
            let short = self.height - rows.len();
            let before = self.top;
            self.scroll(settle, -isize::try_from(short).unwrap_or(0));
            if self.top != before {
                rows = self.rows_from(settle, self.top);
            }
        }
        self.rows = rows;
    }

    fn rows_from(&mut self, settle: &Settle, top: At) -> Vec<PageRow> {
        let (mut out, mut at) = (Vec::new(), Some(top));
        while let Some(here) = at.filter(|_| out.len() < self.height) {
            if self.height_of(settle, here.unit, here.line) > 0 {
                out.push(self.page_row(settle, here));
            }
            at = self.next(settle, here);
        }
        self.ends = at.is_none();
        out
    }

    fn page_row(&mut self, settle: &Settle, at: At) -> PageRow {
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
            return PageRow { at, what, first };
        }
        let Some(range) = self.equal_line(settle, at.unit, at.line) else {
            let hidden = self.fold(settle, at.unit).map_or(0, |f| f.hidden);
            return PageRow { at, what: What::Fold(format!("{hidden} lines the same")), first };
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
        PageRow { at, what: What::Cells(cells.collect()), first }
    }
}
