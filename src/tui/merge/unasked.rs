//! The list of what was merged without asking: what each place says, and for each the way there and the way to undo it.
//!
//! The list is made when it is opened and stays as it is, so that what was undone can be taken again; how each place stands is read anew.

use super::super::keys::Action;
use super::super::message::{Effect, Event};
use super::super::rows::Rows;
use super::super::screen::Ctx;
use super::Merge;
use super::table::place;
use crate::domain::merge::Kind;
use crate::domain::settle::{Choice, Place, RowChoice, Settle, Side};

/// The list, while it is open.
#[derive(Debug)]
pub struct Unasked {
    /// The units in it.
    pub units: Vec<usize>,
    /// Which one the person is on.
    pub rows: Rows,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where: the line of mine, or the name of a row above the text.
    pub at: String,
    /// Whose it is, and that it was taken or undone.
    pub who: String,
    /// What it did, in one line; not yet safe to draw.
    pub what: String,
}

impl Merge {
    pub(super) fn open_unasked(&mut self) -> Vec<Effect> {
        let was = |u: &usize| match place(&self.settle, *u) {
            Place::Row(r) => !self.settle.rows()[r].asks(),
            Place::Hunk(h) => self.settle.was_unasked(h),
        };
        let units: Vec<usize> = (0..super::Page::units(&self.settle)).filter(was).collect();
        if units.is_empty() {
            return vec![Effect::Say("Nothing was merged without asking.".to_owned())];
        }
        let at = units.partition_point(|u| *u < self.unit).min(units.len() - 1);
        let rows = Rows { len: units.len(), at, ..Rows::default() };
        self.unasked = Some(Unasked { units, rows });
        Vec::new()
    }

    /// Takes an event in while the list is open.
    pub(super) fn unasked_event(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        let Some(list) = &mut self.unasked else { return Vec::new() };
        let unit = list.units.get(list.rows.at).copied().unwrap_or(0);
        match event {
            Event::Action(Action::Back | Action::Later) => self.unasked = None,
            Event::Action(Action::Open | Action::Accept) => {
                self.unasked = None;
                self.go(unit);
            }
            Event::Action(Action::Base) => self.undo_unasked(unit),
            Event::Action(action @ (Action::Undo | Action::Redo)) => return self.choose(*action, ctx),
            Event::Action(action) => drop(list.rows.go(*action)),
            // The guard moves the cursor; a second press on the same line goes there.
            Event::Mouse(mouse, hit) if list.rows.mouse(*mouse, *hit) => return self.unasked_event(&Event::Action(Action::Open), ctx),
            _ => {}
        }
        Vec::new()
    }

    /// Puts back what base says, or takes again what was taken.
    fn undo_unasked(&mut self, unit: usize) {
        match place(&self.settle, unit) {
            Place::Row(r) if self.settle.rows()[r].is_auto() => drop(self.settle.choose_row(r, RowChoice::Base)),
            Place::Row(r) => drop(self.settle.reset_row(r)),
            Place::Hunk(h) if self.settle.choice(h) == Some(&Choice::Base) => drop(self.settle.reset(h)),
            Place::Hunk(h) => drop(self.settle.choose(h, Choice::Base)),
        }
    }

    /// A line of the list.
    #[must_use]
    pub fn unasked_entry(&self, unit: usize) -> Entry {
        let settle = &self.settle;
        match place(settle, unit) {
            Place::Row(r) => {
                let row = &settle.rows()[r];
                let undone = if row.is_auto() { "" } else { "now " };
                Entry {
                    at: row.name.to_string(),
                    who: format!("{undone}{}", super::row_standing(row)),
                    what: format!("{} → {}", row.base, row.shown().unwrap_or_default()),
                }
            }
            Place::Hunk(h) => {
                let line = memchr::memchr_iter(b'\n', &settle.text(Side::Mine)[..settle.hunks()[h].mine.start]).count() + 1;
                let who = super::standing(settle, h);
                Entry { at: format!("line {line}"), who, what: did(settle, h) }
            }
        }
    }
}

/// What the sides did in a hunk, by its first edit, and the line it is in where it is only a part of one.
fn did(settle: &Settle, hunk: usize) -> String {
    let atoms = settle.atoms(hunk);
    let Some(first) = atoms.first() else { return String::new() };
    let side = if settle.hunks()[hunk].kind == Kind::Theirs { Side::Theirs } else { Side::Mine };
    let at = if side == Side::Theirs { &first.theirs } else { &first.mine };
    let text = settle.text(side);
    let (old, new) = (quote(&settle.text(Side::Base)[first.base.clone()]), quote(&text[at.clone()]));
    let more = if atoms.len() > 1 { format!(", and {} more", atoms.len() - 1) } else { String::new() };
    let what = match (old.is_empty(), new.is_empty()) {
        (true, true) => "white space".to_owned(),
        (true, false) => format!("added “{new}”"),
        (false, true) => format!("removed “{old}”"),
        (false, false) => format!("“{old}” → “{new}”"),
    };
    let from = memchr::memrchr(b'\n', &text[..at.start]).map_or(0, |n| n + 1);
    let to = memchr::memchr(b'\n', &text[at.end..]).map_or(text.len(), |n| at.end + n);
    let line = quote(&text[from.max(at.start.saturating_sub(QUOTED / 2))..to]);
    let within =
        if line == new || line.is_empty() || text[..at.end].ends_with(b"\n") { String::new() } else { format!(" in “{line}”") };
    format!("{what}{more}{within}")
}

/// Bytes of a text quoted in one line.
const QUOTED: usize = 200;

fn quote(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(QUOTED)]).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
