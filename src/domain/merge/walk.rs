//! Walks the edits of both sides once, side by side, and joins those that meet.
//!
//! What meets, and how far a conflict reaches, is git's rule: edits conflict when no unchanged line lies between them, unless both made
//! the very same edit.

use std::ops::Range;

use super::super::diff::Edit;
use super::Kind;

/// A stretch that a side changed, before anything is refined; ranges are of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// Never [`Kind::Equal`].
    pub(crate) kind: Kind,
    /// Its place in base.
    pub(crate) base: Range<usize>,
    /// Its place in mine.
    pub(crate) mine: Range<usize>,
    /// Its place in theirs.
    pub(crate) theirs: Range<usize>,
}

struct Walk<'a> {
    mine: &'a [u8],
    theirs: &'a [u8],
    /// How far mine's and theirs' next unchanged byte is ahead of base's.
    mine_ahead: isize,
    theirs_ahead: isize,
    out: Vec<Cluster>,
}

/// Joins the edits of mine and of theirs, both against one base, into clusters in order.
pub(crate) fn clusters(m: &[Edit], t: &[Edit], mine: &[u8], theirs: &[u8]) -> Vec<Cluster> {
    let mut walk = Walk { mine, theirs, mine_ahead: 0, theirs_ahead: 0, out: Vec::with_capacity(m.len().max(t.len())) };
    let (mut i, mut j) = (0, 0);
    loop {
        match (m.get(i), t.get(j)) {
            (None, None) => return walk.out,
            (Some(a), Some(b)) if a.old.end >= b.old.start && b.old.end >= a.old.start => {
                walk.both(a, b);
                let (a_end, b_end) = (a.old.end, b.old.end);
                if a_end >= b_end {
                    walk.theirs_ahead = gap(b.old.end, b.new.end);
                    j += 1;
                }
                if b_end >= a_end {
                    walk.mine_ahead = gap(a.old.end, a.new.end);
                    i += 1;
                }
            }
            (Some(a), b) if b.is_none_or(|b| a.old.end < b.old.start) => {
                let theirs = moved(&a.old, walk.theirs_ahead);
                walk.add(Kind::Mine, a.old.clone(), a.new.clone(), theirs);
                walk.mine_ahead = gap(a.old.end, a.new.end);
                i += 1;
            }
            (_, Some(b)) => {
                let mine = moved(&b.old, walk.mine_ahead);
                walk.add(Kind::Theirs, b.old.clone(), mine, b.new.clone());
                walk.theirs_ahead = gap(b.old.end, b.new.end);
                j += 1;
            }
            (Some(_), None) => return walk.out,
        }
    }
}

fn gap(old: usize, new: usize) -> isize {
    new as isize - old as isize
}

fn moved(range: &Range<usize>, by: isize) -> Range<usize> {
    range.start.saturating_add_signed(by)..range.end.saturating_add_signed(by)
}

impl Walk<'_> {
    /// Two edits that overlap or touch.
    fn both(&mut self, a: &Edit, b: &Edit) {
        if a.old == b.old && self.mine[a.new.clone()] == self.theirs[b.new.clone()] {
            self.out.push(Cluster { kind: Kind::Same, base: a.old.clone(), mine: a.new.clone(), theirs: b.new.clone() });
            return;
        }
        let (start, end) = (a.old.start.min(b.old.start), a.old.end.max(b.old.end));
        let reach = |e: &Edit| {
            let first = e.new.start.saturating_sub(e.old.start - start);
            first..e.new.end + (end - e.old.end)
        };
        self.add(Kind::Clash, start..end, reach(a), reach(b));
    }

    /// Adds a change, or lengthens the last one if they touch in either side.
    fn add(&mut self, kind: Kind, base: Range<usize>, mine: Range<usize>, theirs: Range<usize>) {
        let at = self.out.iter().rposition(|c| c.kind != Kind::Same);
        if let Some(at) = at
            && let Some(last) = self.out.get_mut(at)
            && (mine.start <= last.mine.end || theirs.start <= last.theirs.end)
        {
            if last.kind != kind {
                last.kind = Kind::Clash;
            }
            (last.base.end, last.mine.end, last.theirs.end) = (base.end, mine.end, theirs.end);
            self.out.truncate(at + 1);
            return;
        }
        self.out.push(Cluster { kind, base, mine, theirs });
    }
}
