//! Base, mine and theirs to hunks: labels and byte ranges, text comes last.
//!
//! The hunks cover all three texts without gap or overlap, in order, so that any result can be put together from them.

use std::ops::Range;

use super::diff::{self, Edit};

/// What a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All three agree.
    Equal,
    /// Only mine changed it.
    Mine,
    /// Only theirs changed it.
    Theirs,
    /// Both changed it, to the same bytes.
    Same,
    /// Both changed it, differently: nobody decides but a person.
    Clash,
}

/// A stretch of the three texts, as byte ranges on line boundaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// What it is.
    pub kind: Kind,
    /// Its place in base.
    pub base: Range<usize>,
    /// Its place in mine.
    pub mine: Range<usize>,
    /// Its place in theirs.
    pub theirs: Range<usize>,
}

/// Merges three texts into hunks that cover them in order.
#[must_use]
pub fn merge(base: &[u8], mine: &[u8], theirs: &[u8]) -> Vec<Hunk> {
    let (m, t) = (diff::lines(base, mine), diff::lines(base, theirs));
    let mut walk = Walk { base_at: 0, mine_at: 0, theirs_at: 0, out: Vec::new() };
    let (mut i, mut j) = (0, 0);
    while i < m.len() || j < t.len() {
        let start = m.get(i).map_or(usize::MAX, |e| e.old.start).min(t.get(j).map_or(usize::MAX, |e| e.old.start));
        let (mut end, from) = (start, (i, j));
        while let Some(e) = m.get(i).filter(|e| e.old.start <= end && (e.old.start < end || e.old.start == start || j > from.1)) {
            end = end.max(e.old.end);
            i += 1;
            while let Some(e) = t.get(j).filter(|e| e.old.start <= end) {
                end = end.max(e.old.end);
                j += 1;
            }
        }
        while let Some(e) = t.get(j).filter(|e| e.old.start <= end) {
            end = end.max(e.old.end);
            j += 1;
            while let Some(e) = m.get(i).filter(|e| e.old.start <= end) {
                end = end.max(e.old.end);
                i += 1;
            }
        }
        walk.equal_to(start);
        walk.hunk(end, &m[from.0..i], &t[from.1..j], mine, theirs);
    }
    walk.equal_to(base.len());
    walk.out
}

struct Walk {
    base_at: usize,
    mine_at: usize,
    theirs_at: usize,
    out: Vec<Hunk>,
}

impl Walk {
    fn equal_to(&mut self, base: usize) {
        let n = base - self.base_at;
        if n > 0 {
            self.push(Kind::Equal, n, n, n);
        }
    }

    fn hunk(&mut self, end: usize, m: &[Edit], t: &[Edit], mine: &[u8], theirs: &[u8]) {
        let n = end - self.base_at;
        let grown = |edits: &[Edit]| edits.iter().fold(n, |n, e| n + e.new.len() - e.old.len());
        let (m_len, t_len) = (grown(m), grown(t));
        let kind = match (m.is_empty(), t.is_empty()) {
            (false, true) => Kind::Mine,
            (true, false) => Kind::Theirs,
            _ if mine[self.mine_at..self.mine_at + m_len] == theirs[self.theirs_at..self.theirs_at + t_len] => Kind::Same,
            _ => Kind::Clash,
        };
        self.push(kind, n, m_len, t_len);
    }

    fn push(&mut self, kind: Kind, b: usize, m: usize, t: usize) {
        let hunk = Hunk {
            kind,
            base: self.base_at..self.base_at + b,
            mine: self.mine_at..self.mine_at + m,
            theirs: self.theirs_at..self.theirs_at + t,
        };
        (self.base_at, self.mine_at, self.theirs_at) = (hunk.base.end, hunk.mine.end, hunk.theirs.end);
        self.out.push(hunk);
    }
}
