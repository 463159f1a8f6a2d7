//! Slides changes to where people expect them, as git does.
//!
//! A change among repeated items can stand at several places. Each is slid up as far as it goes, joining changes it meets, then down;
//! it stays lowest unless a higher place lines up with a change of the other side.

use std::ops::Range;

/// A run of changed items; empty between two unchanged ones.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

/// One sequence and which of its items are changed.
pub(super) struct Side<'a> {
    /// The items.
    ids: &'a [u32],
    /// Which are changed.
    changed: &'a mut [bool],
    /// Whether a change was slid to the first item, and to the last.
    pub(super) at_start: bool,
    pub(super) at_end: bool,
}

impl<'a> Side<'a> {
    pub(super) fn new(ids: &'a [u32], changed: &'a mut [bool]) -> Side<'a> {
        Side { ids, changed, at_start: false, at_end: false }
    }

    fn is_changed(&self, i: usize) -> bool {
        self.changed.get(i).copied().unwrap_or(false)
    }

    fn grown(&self, start: usize) -> Group {
        let mut end = start;
        while self.is_changed(end) {
            end += 1;
        }
        Group { start, end }
    }

    fn next(&self, g: Group) -> Option<Group> {
        (g.end < self.ids.len()).then(|| self.grown(g.end + 1))
    }

    fn previous(&self, g: Group) -> Option<Group> {
        let end = g.start.checked_sub(1)?;
        let mut start = end;
        while start > 0 && self.changed[start - 1] {
            start -= 1;
        }
        Some(Group { start, end })
    }

    fn slide_down(&mut self, g: &mut Group) -> bool {
        self.at_end |= g.end >= self.ids.len();
        if g.end >= self.ids.len() || self.ids[g.start] != self.ids[g.end] {
            return false;
        }
        self.changed[g.start] = false;
        self.changed[g.end] = true;
        g.start += 1;
        g.end = self.grown(g.end).end;
        true
    }

    fn slide_up(&mut self, g: &mut Group) -> bool {
        self.at_start |= g.start == 0;
        if g.start == 0 || self.ids[g.start - 1] != self.ids[g.end - 1] {
            return false;
        }
        self.changed[g.start - 1] = true;
        self.changed[g.end - 1] = false;
        g.start -= 1;
        g.end -= 1;
        while g.start > 0 && self.changed[g.start - 1] {
            g.start -= 1;
        }
        true
    }
}

/// Whether a stretch that is the only change could stand nowhere else.
pub(super) fn stays(ids: &[u32], change: &Range<usize>) -> bool {
    let Range { start, end } = *change;
    let up = || start > 0 && ids[start - 1] == ids[end - 1];
    let down = || end < ids.len() && ids[start] == ids[end];
    start == end || !(up() || down())
}

/// Slides the changes of `side`; `other` keeps its changes, which pair with those of `side` in order.
pub(super) fn compact(side: &mut Side<'_>, other: &Side<'_>) {
    let (mut g, mut o) = (side.grown(0), other.grown(0));
    loop {
        if g.start < g.end && !settle(side, other, &mut g, &mut o) {
            return;
        }
        match (side.next(g), other.next(o)) {
            (Some(next), Some(pair)) => (g, o) = (next, pair),
            _ => return,
        }
    }
}

/// Slides one group to its place. False if the two sides do not pair, which never happens for marks of one difference.
fn settle(side: &mut Side<'_>, other: &Side<'_>, g: &mut Group, o: &mut Group) -> bool {
    let mut aligned;
    let mut highest;
    loop {
        let size = g.end - g.start;
        aligned = false;
        while side.slide_up(g) {
            let Some(pair) = other.previous(*o) else { return false };
            *o = pair;
        }
        highest = g.end;
        aligned |= o.end > o.start;
        while side.slide_down(g) {
            let Some(pair) = other.next(*o) else { return false };
            *o = pair;
            aligned |= o.end > o.start;
        }
        if size == g.end - g.start {
            break;
        }
    }
    if g.end != highest && aligned {
        while o.end == o.start {
            if !side.slide_up(g) {
                return false;
            }
            let Some(pair) = other.previous(*o) else { return false };
            *o = pair;
        }
    }
    true
}
