//! Looking for text on the merge screen: in both sides and in what was typed.

use super::super::message::Effect;
use super::Merge;
use super::table::place;
use crate::domain::settle::{Choice, Place, Side};

impl Merge {
    /// Looks for text in mine, theirs and the result, after the current unit and round.
    pub(super) fn search(&mut self, needle: &str) -> Vec<Effect> {
        if !needle.is_empty() {
            needle.clone_into(&mut self.needle);
        }
        if self.needle.is_empty() {
            return Vec::new();
        }
        let (finder, units) = (memchr::memmem::Finder::new(self.needle.as_bytes()), super::Page::units(&self.settle));
        let holds = |u: &usize| match place(&self.settle, *u) {
            Place::Row(r) => {
                let row = &self.settle.rows()[r];
                [&row.mine, &row.theirs].iter().any(|t| finder.find(t.as_bytes()).is_some())
            }
            Place::Hunk(h) => {
                [Side::Mine, Side::Theirs].iter().any(|s| finder.find(self.settle.side(h, *s)).is_some())
                    || matches!(self.settle.choice(h), Some(Choice::Typed(_))) && finder.find(&self.settle.hunk_bytes(h)).is_some()
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
        let at = memchr::memmem::find(bytes, self.needle.as_bytes()).unwrap_or(0);
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |n| n + 1);
        self.unit = unit;
        self.found = Some(super::At { unit, line, row: 0 });
    }
}
