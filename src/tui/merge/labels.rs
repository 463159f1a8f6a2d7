//! What the merge screen says of itself: what the sides are called, how far the work is, and what the bottom line offers.

use super::super::keys::Action;
use super::super::screen::Ctx;
use super::table::place;
use super::{Merge, Source};
use crate::domain::settle::{Place, Side, Status};
use crate::domain::text;

impl Merge {
    /// What a side is called, in as many cells as there are: who, where and when, or less.
    #[must_use]
    pub fn label(&self, side: Side, cells: usize, ctx: &Ctx<'_>) -> String {
        let name = side.name();
        let forms = match (&self.source, side) {
            (Source::Files(f), _) => {
                let label = if side == Side::Theirs { &f.labels.theirs } else { &f.labels.mine };
                let file = label.rsplit('/').next().unwrap_or_default();
                vec![format!("{name} · {label}"), format!("{name} · {file}")]
            }
            (Source::Note(p), Side::Theirs) => {
                let (by, from, at) = (&p.theirs.updated_by, &p.theirs.updated_from, ctx.clock(p.theirs.updated_at));
                vec![format!("{name} · {by} on {from}, {at}"), format!("{name} · {by}, {at}"), format!("{name}, {at}")]
            }
            (Source::Note(p), _) => {
                let at = ctx.clock(p.mine_at);
                vec![format!("{name} · {}, {at}", ctx.settings.device), format!("{name}, {at}")]
            }
        };
        forms.into_iter().find(|form| text::width(form) <= cells).unwrap_or_else(|| name.to_owned())
    }

    /// How far the work is, in words; in fewer where there is little room.
    #[must_use]
    pub fn progress(&self, narrow: bool) -> String {
        let c = self.settle.counts();
        let mut out = match c.clashes {
            0 => "nothing asks".to_owned(),
            n if narrow && c.proposals > 0 => format!("{} of {n}", c.settled),
            n => format!("{} of {n} settled", c.settled),
        };
        if c.proposals > 0 {
            out.push_str(&format!(", {} proposal{}", c.proposals, if c.proposals == 1 { "" } else { "s" }));
        }
        out
    }

    /// What the bottom line offers, most useful first.
    pub(super) fn offered(&self) -> Vec<Action> {
        if self.editing.is_some() {
            return vec![Action::Back, Action::Undo, Action::Redo];
        }
        if self.unasked.is_some() {
            return vec![Action::Open, Action::Base, Action::Back];
        }
        let settled = self.settle.is_settled();
        let mut out = if settled { vec![Action::Save] } else { vec![Action::MergeNext] };
        if let Some(row) = self.row() {
            out.extend([Action::Mine, Action::Theirs]);
            out.push(if row.is_deletion() { Action::KeepAsNew } else { Action::Base });
            out.extend([Action::EditHere].into_iter().filter(|_| row.is_typeable()));
        } else {
            let status = self.hunk().map(|h| self.settle.status(h));
            out.extend([Action::Accept].into_iter().filter(|_| status == Some(Status::Proposed)));
            out.extend([Action::Mine, Action::Theirs, Action::Both]);
            // Where nothing is proposed, pieces are the next best.
            out.extend([Action::ToggleAtom].into_iter().filter(|_| status == Some(Status::Open)));
            out.push(Action::EditHere);
        }
        out.push(Action::Help);
        if self.row().is_none() && !out.contains(&Action::ToggleAtom) {
            out.push(Action::ToggleAtom);
        }
        out.extend([Action::Undo, Action::Lens, Action::Why, Action::Unasked, Action::Later]);
        if !settled {
            out.push(Action::Save);
        }
        out
    }

    /// The row above the text the person is on, if they are on one.
    pub(super) fn row(&self) -> Option<&crate::domain::settle::Row> {
        match place(&self.settle, self.unit) {
            Place::Row(r) => self.settle.rows().get(r),
            Place::Hunk(_) => None,
        }
    }
}
