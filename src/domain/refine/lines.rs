//! Line-level changes of both sides that touch but do not overlap, and changes of one side that include the other's.

use std::cell::Cell;
use std::ops::Range;

use super::super::diff::{self, Edit, Interner};
use super::{Class, Origin, Piece, push, side, words};

/// Three texts as lines, and what each side changed.
pub(super) struct Lines<'a> {
    base: Vec<&'a [u8]>,
    mine: (Vec<&'a [u8]>, Vec<Edit>, Vec<Range<usize>>),
    theirs: (Vec<&'a [u8]>, Vec<Edit>, Vec<Range<usize>>),
}

impl<'a> Lines<'a> {
    /// Compares both sides with base by lines, unless that takes more steps than are left.
    pub(super) fn new(base: &'a [u8], mine: &'a [u8], theirs: &'a [u8], left: &Cell<usize>) -> Option<Lines<'a>> {
        let mut names = Interner::with_room(8);
        let lines = diff::split_lines(base);
        let ids = names.all(&lines);
        let mut side = |text: &'a [u8]| {
            let lines = diff::split_lines(text);
            let new = names.all(&lines);
            let edits = diff::shortest_ids(&ids, &new, left)?;
            let reaches = side::reaches(&edits, (&ids, &new));
            Some((lines, edits, reaches))
        };
        let (mine, theirs) = (side(mine)?, side(theirs)?);
        Some(Lines { base: lines, mine, theirs })
    }

    /// The side whose changes include all of the other's: `Some(true)` for mine.
    pub(super) fn container(&self) -> Option<bool> {
        if includes(&self.mine, &self.theirs) {
            Some(true)
        } else if includes(&self.theirs, &self.mine) {
            Some(false)
        } else {
            None
        }
    }

    /// Both sides' changes in one text, if none overlaps another.
    pub(super) fn woven(&self) -> Option<(Class, Vec<Piece>)> {
        let (m, t) = (&self.mine, &self.theirs);
        for (i, a) in m.1.iter().enumerate() {
            let near = t.1.partition_point(|b| b.old.end < a.old.start);
            for (j, b) in t.1.iter().enumerate().skip(near.saturating_sub(1)).take_while(|(_, b)| b.old.start <= a.old.end + 1) {
                let same = a.old == b.old && m.0[a.new.clone()] == t.0[b.new.clone()];
                if !same && !self.apart((a, &m.2[i]), (b, &t.2[j])) {
                    return None;
                }
            }
        }
        Some((Class::DisjointLines, self.pieces()?))
    }

    fn apart(&self, m: (&Edit, &Range<usize>), t: (&Edit, &Range<usize>)) -> bool {
        let m_first = (m.0.old.start, m.0.old.end) <= (t.0.old.start, t.0.old.end);
        let ((a, a_reach), (b, b_reach)) = if m_first { (m, t) } else { (t, m) };
        let (a_lines, b_lines) = if m_first { (&self.mine.0, &self.theirs.0) } else { (&self.theirs.0, &self.mine.0) };
        if a_reach.end > b_reach.start {
            return false;
        }
        if a_reach.end < b_reach.start {
            return true;
        }
        let grows = |e: &Edit| e.new.len() > e.old.len();
        if grows(a) && grows(b) {
            return false;
        }
        if a.old.is_empty() || b.old.is_empty() {
            // A new line beside a reworded one: only if that line is still the same line, reworded.
            let (e, lines, near) = if a.old.is_empty() { (b, b_lines, 0) } else { (a, a_lines, a.old.len().saturating_sub(1)) };
            let Some((old, new)) = self.base.get(e.old.start + near).zip(lines.get(e.new.start + near)) else { return false };
            return e.old.len() == e.new.len() && indent(old) == indent(new) && alike(old, new);
        }
        self.line_end_parts(a_reach.end)
            || a.new.is_empty()
            || b.new.is_empty()
            || !meets(self.base[a.old.end - 1], a_lines[a.new.end - 1], false)
            || !meets(self.base[b.old.start], b_lines[b.new.start], true)
    }

    /// Whether the end of the line before `at` parts two thoughts.
    fn line_end_parts(&self, at: usize) -> bool {
        let both: Vec<u8> = self.base[at - 1..(at + 1).min(self.base.len())].concat();
        let words = words::split(&both);
        (1..words.len()).find(|i| words[*i].starts_line()).is_none_or(|i| words[i].text.is_empty() || side::parts_lines(&words, i))
    }

    /// The woven lines; nothing if one that no line feed ends came to stand before another.
    fn pieces(&self) -> Option<Vec<Piece>> {
        let (m, t) = (&self.mine, &self.theirs);
        let (mut i, mut j, mut at, mut out) = (0, 0, 0, Vec::new());
        let key = |e: &Edit| (e.old.start, e.old.end);
        let mut whole = true;
        let mut add = |out: &mut Vec<Piece>, lines: &[&[u8]], origin| {
            for line in lines {
                whole &= out.last().is_none_or(|p: &Piece| p.text.ends_with(b"\n"));
                push(out, line, origin);
            }
        };
        while i < m.1.len() || j < t.1.len() {
            let (a, b) = (m.1.get(i), t.1.get(j));
            let (e, lines, origin) = match (a, b) {
                (Some(a), Some(b)) if a.old == b.old => (a, &m.0, Origin::Both),
                (Some(a), b) if b.is_none_or(|b| key(a) < key(b)) => (a, &m.0, Origin::Mine),
                (_, Some(b)) => (b, &t.0, Origin::Theirs),
                _ => break,
            };
            add(&mut out, &self.base[at..e.old.start], Origin::Base);
            add(&mut out, &lines[e.new.clone()], origin);
            at = e.old.end;
            i += usize::from(origin != Origin::Theirs);
            j += usize::from(origin != Origin::Mine);
        }
        add(&mut out, &self.base[at..], Origin::Base);
        whole.then_some(out)
    }
}

type Changed<'a> = (Vec<&'a [u8]>, Vec<Edit>, Vec<Range<usize>>);

/// Whether each edit of `less` is an edit of `more` too, or part of one: of a longer cut, or of a longer insertion that starts or ends alike.
fn includes(more: &Changed<'_>, less: &Changed<'_>) -> bool {
    less.1.iter().all(|l| {
        let new = &less.0[l.new.clone()];
        let near = more.1.partition_point(|m| m.old.end < l.old.start);
        more.1[near..].iter().take_while(|m| m.old.start <= l.old.start).any(|m| {
            let theirs = &more.0[m.new.clone()];
            let same = m.old == l.old && theirs == new;
            let cut = m.new.is_empty() && l.new.is_empty() && m.old.start <= l.old.start && l.old.end <= m.old.end;
            let longer = m.old == l.old && l.old.is_empty() && (theirs.starts_with(new) || theirs.ends_with(new));
            same || cut || longer
        })
    })
}

/// The white space a line starts with: with another one it may belong to another list item than before.
fn indent(line: &[u8]) -> &[u8] {
    &line[..line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()]
}

/// Whether a text is another one reworded: at least half of the words of the old one are kept.
pub(super) fn alike(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (words::split(a), words::split(b));
    let mut names = Interner::with_room(8);
    let ids = |w: &[words::Word<'_>]| -> Vec<Vec<u8>> { w.iter().filter(|w| w.weight > 0).map(|w| w.text.to_vec()).collect() };
    let (a, b) = (ids(&a), ids(&b));
    let a: Vec<u32> = a.iter().map(|w| names.one(w)).collect();
    let b: Vec<u32> = b.iter().map(|w| names.one(w)).collect();
    let gone: usize = diff::ids(&a, &b).iter().map(|e| e.old.len()).sum();
    !a.is_empty() && (a.len() - gone) * 2 >= a.len()
}

/// Whether a reworded line differs in its first (or last) word.
fn meets(old: &[u8], new: &[u8], first: bool) -> bool {
    let (old, new) = (words::split(old), words::split(new));
    let edge = |w: &[words::Word<'_>]| {
        let mut words = w.iter().filter(|w| w.weight > 0);
        if first { words.next() } else { words.next_back() }.map(|w| w.text.to_vec())
    };
    edge(&old) != edge(&new)
}
