//! What the mouse does on the merge screen: a press says where first, and what only after that.

use super::super::keys::Action;
use super::super::message::{Effect, Hit, Mouse, MouseKind};
use super::super::screen::Ctx;
use super::table::unit;
use super::{GUTTER, Merge};
use crate::domain::settle::{Place, Side};

/// What a place on the screen is for the mouse: a kind in the low bits, then unit and atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A cell of a unit in this column.
    Cell(usize, Column),
    /// An atom of a unit.
    Atom(usize, usize),
    /// The line between mine and theirs.
    Divider,
    /// A place in the overview: how far down, in thousandths.
    Overview(usize),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Mine.
    Mine,
    /// Theirs.
    Theirs,
    /// The result, or one text that flips.
    Result,
}

impl Part {
    /// As a number for [`Hit::Part`].
    #[must_use]
    pub const fn code(self) -> usize {
        match self {
            Part::Divider => 0,
            Part::Cell(unit, Column::Mine) => 1 | unit << 3,
            Part::Cell(unit, Column::Theirs) => 2 | unit << 3,
            Part::Cell(unit, Column::Result) => 3 | unit << 3,
            Part::Overview(at) => 4 | at << 3,
            Part::Atom(unit, atom) => 5 | (atom & 0xffff) << 3 | unit << 19,
        }
    }

    /// From such a number.
    #[must_use]
    pub const fn of(code: usize) -> Part {
        let rest = code >> 3;
        match code & 7 {
            1 => Part::Cell(rest, Column::Mine),
            2 => Part::Cell(rest, Column::Theirs),
            3 => Part::Cell(rest, Column::Result),
            4 => Part::Overview(rest),
            5 => Part::Atom(rest >> 16, rest & 0xffff),
            _ => Part::Divider,
        }
    }
}

impl Merge {
    pub(super) fn mouse(&mut self, mouse: Mouse, hit: Option<Hit>, ctx: &Ctx<'_>) -> Vec<Effect> {
        let part = match hit {
            Some(Hit::Part(code)) => Some(Part::of(code)),
            _ => None,
        };
        match mouse.kind {
            MouseKind::ScrollDown => self.page.scroll(&self.settle, 3),
            MouseKind::ScrollUp => self.page.scroll(&self.settle, -3),
            MouseKind::Up => self.dragging = false,
            MouseKind::Drag if self.dragging => {
                let inner = self.frame.area.width.saturating_sub(GUTTER + 2).max(1);
                let left = mouse.x.saturating_sub(self.frame.area.x + GUTTER);
                self.split = (u32::from(left) * 100 / u32::from(inner)).clamp(15, 85) as u16;
            }
            MouseKind::Down => return part.map(|p| self.press(p, ctx)).unwrap_or_default(),
            MouseKind::Drag => {}
        }
        Vec::new()
    }

    fn press(&mut self, part: Part, ctx: &Ctx<'_>) -> Vec<Effect> {
        match part {
            Part::Divider => self.dragging = true,
            Part::Overview(at) => {
                let size = self.settle.text(Side::Mine).len();
                let byte = size / 1000 * at + size % 1000 * at / 1000;
                let hunk = self.settle.hunks().partition_point(|h| h.mine.end <= byte);
                let unit = unit(&self.settle, Place::Hunk(hunk.min(self.settle.hunks().len().saturating_sub(1))));
                self.page.top = super::At { unit, line: 0, row: 0 };
            }
            Part::Cell(unit, _) | Part::Atom(unit, _) if !self.changed(unit) || self.editing.is_some() => {}
            // The first press says where, the second what: nothing is chosen by a press that only meant to look.
            Part::Cell(unit, _) | Part::Atom(unit, _) if unit != self.unit => {
                self.go(unit);
                self.follow = false;
            }
            Part::Cell(_, Column::Mine) => return self.choose(Action::Mine, ctx),
            Part::Cell(_, Column::Theirs) => return self.choose(Action::Theirs, ctx),
            Part::Cell(_, Column::Result) => {}
            Part::Atom(_, atom) => {
                self.atom = atom;
                return self.choose(Action::ToggleAtom, ctx);
            }
        }
        Vec::new()
    }
}
