//! Why the current place stands as it does; who, where, when.

use super::super::keys::{Action, Mode};
use super::super::message::{Ask, Effect};
use super::super::screen::Ctx;
use super::flow::{row_standing, standing};
use super::table::place;
use super::{Merge, Source};
use crate::domain::merge::Kind;
use crate::domain::settle::{Place, Side};

impl Merge {
    pub(super) fn why(&self, ctx: &Ctx<'_>) -> Effect {
        let mut lines = Vec::new();
        let title = match place(&self.settle, self.unit) {
            Place::Row(r) => {
                let row = &self.settle.rows()[r];
                lines.extend(row.proposal.as_ref().map(|(_, why)| why.clone()));
                if row.asks() && row.proposal.is_none() {
                    lines.push(if row.is_deletion() { "One side deleted the note, the other changed it." } else { ONLY_YOU }.to_owned());
                }
                format!("{}: {}", row.name, row_standing(row))
            }
            Place::Hunk(h) if h < self.settle.hunks().len() => {
                match self.settle.proposal(h) {
                    Some(p) => lines.push(p.reason.clone()),
                    None if self.settle.hunks()[h].kind == Kind::Clash => lines.push(ONLY_YOU.to_owned()),
                    None => {}
                }
                standing(&self.settle, h)
            }
            Place::Hunk(_) => String::new(),
        };
        lines.extend([Side::Mine, Side::Theirs].map(|side| self.label(side, usize::MAX, ctx)));
        if let Source::Note(p) = &self.source {
            lines.push(
                p.base.as_ref().map_or_else(|| "base · none: both made the note".to_owned(), |b| format!("base · version {}", b.version)),
            );
        }
        let auto = self.settle.counts().auto;
        if auto > 0 {
            lines.push(format!("{auto} merged without asking: {} lists what.", ctx.keys.key_name(Mode::Merge, Action::Unasked)));
        }
        Effect::Ask(Box::new(Ask::told("why", title, lines)))
    }
}

const ONLY_YOU: &str = "Both sides changed the same words, or put something at one spot: only you can tell.";
