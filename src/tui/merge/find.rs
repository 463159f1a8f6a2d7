//! Looking for text on the merge screen: in all that can be shown of it. Capitals matter where one was typed, as in the editor.

use super::super::message::Effect;
use super::table::place;
use super::{Flip, Lens, Merge};
use crate::domain::buffer::{Case, hits};
use crate::domain::settle::{Choice, Place, Side};
use crate::domain::text;

impl Merge {
    /// Looks for text in mine, theirs and the result, after the current unit and round.
    pub(super) fn search(&mut self, needle: &str) -> Vec<Effect> {
        needle.clone_into(&mut self.needle);
        if self.needle.is_empty() {
            return Vec::new();
        }
        let units = super::Page::units(&self.settle);
        let has = |text: &[u8]| first(text, &self.needle).is_some();
        let with_base = self.as_change || self.frame.lens == Some(Lens::Single) && self.flip == Flip::Base;
        let composed = |h| {
            let choice = self.settle.choice(h);
            matches!(choice, Some(Choice::Typed(_) | Choice::Atoms(_) | Choice::Proposal))
                || choice.is_none() && self.settle.proposal(h).is_some()
        };
        let holds = |u: &usize| match place(&self.settle, *u) {
            Place::Row(r) => {
                let row = &self.settle.rows()[r];
                let shown = row.shown().unwrap_or_default();
                [&row.base, &row.mine, &row.theirs, &shown].iter().any(|t| has(t.as_bytes()))
            }
            Place::Hunk(h) => {
                [Side::Mine, Side::Theirs].iter().any(|s| has(self.settle.side(h, *s)))
                    || with_base && has(self.settle.side(h, Side::Base))
                    || composed(h) && has(&self.settle.hunk_bytes(h))
            }
        };
        let from = self.page.top.unit.max(self.unit) + 1;
        let found = (from..units).find(holds).or_else(|| (0..from.min(units)).find(holds));
        let Some(unit) = found else { return vec![Effect::Say(format!("{} is nowhere.", self.needle))] };
        self.show_found(unit);
        Vec::new()
    }

    fn show_found(&mut self, unit: usize) {
        if self.changed(unit) {
            self.go(unit);
            return;
        }
        self.folded = false;
        let Place::Hunk(hunk) = place(&self.settle, unit) else { return };
        let bytes = self.settle.side(hunk, Side::Base);
        let at = first(bytes, &self.needle).unwrap_or(0);
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |n| n + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
        let width = self.frame.columns.iter().map(|(_, width)| *width).min().unwrap_or(1);
        let shown = String::from_utf8_lossy(&bytes[line..end]);
        let row = text::wrap_from(&shown, usize::from(width), 0).take_while(|r| r.end <= at - line).count();
        self.unit = unit;
        self.found = Some(super::At { unit, line, row });
    }
}

/// Where a text first reads a needle.
fn first(text: &[u8], needle: &str) -> Option<usize> {
    let hit = hits(&String::from_utf8_lossy(text), needle, Case::smart(needle)).next();
    hit.map(|at| at.start)
}
