//! The page: which rows of which units are on screen. Only these are laid out (`rows`); what was laid out is kept until its unit changes.
//! From row to row goes `walk`.
//!
//! A place in the whole is a unit, a line of it and a row of the line. In a long stretch where all agree the line is a byte, so that a
//! text of a million lines is never counted.

mod rows;
mod walk;

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use foldhash::fast::FixedState;

use super::fences::Fences;
use super::fold::Fold;
use super::spans::Span;
use super::table::{self, Flip, Lens, Table};
use crate::domain::merge::Kind;
use crate::domain::settle::{Place, Settle, Side};
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
    /// How its unit stood when it was made; while that is so, it is good.
    pub stamp: Option<u32>,
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
    tables: HashMap<usize, (u32, Rc<Table>), FixedState>,
    folds: HashMap<usize, Option<Rc<Fold>>, FixedState>,
    /// Rows of lines, by unit, line and column.
    wraps: HashMap<(usize, usize, usize), Rows, FixedState>,
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
        self.rows.clear();
    }

    fn lens(&self) -> Lens {
        self.look.lens.unwrap_or(Lens::Two)
    }

    fn columns(&self) -> usize {
        self.look.widths.len().max(1)
    }

    /// What changes whenever a unit looks otherwise; nothing for a stretch where all agree, which never does.
    fn stamp(settle: &Settle, unit: usize) -> Option<u32> {
        match table::place(settle, unit) {
            Place::Hunk(h) if settle.hunks().get(h).is_none_or(|h| h.kind == Kind::Equal) => None,
            Place::Hunk(h) => Some(settle.stamp(h)),
            // Rows are few and short.
            Place::Row(_) => Some(u32::try_from(settle.revision() & 0xffff_ffff).unwrap_or(0)),
        }
    }

    /// A unit laid out; nothing for a stretch where all agree.
    pub fn table(&mut self, settle: &Settle, unit: usize) -> Option<Rc<Table>> {
        let stamp = Self::stamp(settle, unit)?;
        if let Some((kept, table)) = self.tables.get(&unit)
            && *kept == stamp
        {
            return Some(Rc::clone(table));
        }
        let lens = self.lens();
        let made = match table::place(settle, unit) {
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
}
