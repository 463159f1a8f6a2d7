//! The pieces of a hunk: each line- or word-level edit of either side, to be put in or left out on its own.
//!
//! Edits that both sides made alike are one atom. Where edits of the two sides overlap they exclude each other; two insertions at one spot
//! stack, mine first. All of mine's atoms make mine, all of theirs' make theirs.
//! Limits: in a hunk above [`WORDS_UP_TO`] bytes an atom is a run of lines, and nothing inside it can be picked.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::diff;
use super::super::refine::Origin;
use super::{Choice, Settle, Side};

/// Bytes of a hunk, all sides together, up to which its edits are told apart by words.
pub(super) const WORDS_UP_TO: usize = 256 * 1024;

/// One edit of a side. Ranges lie in the texts as [`Settle::text`] gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// Whose edit it is: mine, theirs, or both's.
    pub origin: Origin,
    /// What it takes away of base; empty for an insertion.
    pub base: Range<usize>,
    /// What mine puts there; empty if it is not an edit of mine.
    pub mine: Range<usize>,
    /// What theirs puts there; empty if it is not an edit of theirs.
    pub theirs: Range<usize>,
}

impl Atom {
    /// Whether this edit is one of `side`'s.
    #[must_use]
    pub fn is_of(&self, side: Side) -> bool {
        matches!(
            (self.origin, side),
            (Origin::Both, Side::Mine | Side::Theirs) | (Origin::Mine, Side::Mine) | (Origin::Theirs, Side::Theirs)
        )
    }

    /// Whether both cannot stand together: they change the same words.
    #[must_use]
    pub fn excludes(&self, other: &Atom) -> bool {
        let within = |p: usize, r: &Range<usize>| r.start < p && p < r.end;
        match (self.base.is_empty(), other.base.is_empty()) {
            (true, true) => false,
            (true, false) => within(self.base.start, &other.base),
            (false, true) => within(other.base.start, &self.base),
            (false, false) => self.base.start < other.base.end && other.base.start < self.base.end,
        }
    }
}

impl Settle {
    /// The atoms of a hunk, in the order of the text. Computed anew at each call: a view keeps them while it shows the hunk.
    #[must_use]
    pub fn atoms(&self, hunk: usize) -> Vec<Atom> {
        let Some(h) = self.hunks.get(hunk) else { return Vec::new() };
        // Each atom with its rank among those at the same spot: mine's keep their order, and what theirs puts before an edit that both made
        // comes before it.
        let mut out: Vec<(usize, Atom)> = Vec::new();
        for (new, base) in self.edits_of(hunk, Side::Mine) {
            out.push((2 * out.len() + 1, Atom { origin: Origin::Mine, base, mine: new, theirs: h.theirs.start..h.theirs.start }));
        }
        let (mine, mut from) = (out.len(), 0);
        for (new, base) in self.edits_of(hunk, Side::Theirs) {
            while from < mine && out[from].1.base.end < base.start {
                from += 1;
            }
            let text = &self.texts[2][new.clone()];
            let mut near = (from..mine).take_while(|i| out[*i].1.base.start <= base.start);
            let twin = near.find(|i| out[*i].1.base == base && self.texts[1][out[*i].1.mine.clone()] == *text);
            if let Some(i) = twin {
                let before = out[mine..].iter_mut().rev().take_while(|(_, a)| a.base == base);
                before.filter(|(rank, _)| *rank == usize::MAX).for_each(|(rank, _)| *rank = 2 * i);
                from = i + 1;
                (out[i].1.origin, out[i].1.theirs) = (Origin::Both, new);
            } else {
                out.push((usize::MAX, Atom { origin: Origin::Theirs, base, mine: h.mine.start..h.mine.start, theirs: new }));
            }
        }
        out.sort_by_key(|(rank, a)| (a.base.start, a.base.end, *rank));
        out.into_iter().map(|(_, a)| a).collect()
    }

    /// Whether a hunk is too large for its edits to be told apart by words: its pieces are runs of lines.
    #[must_use]
    pub fn pieces_are_lines(&self, hunk: usize) -> bool {
        self.hunks.get(hunk).is_some_and(|h| h.base.len() + h.mine.len() + h.theirs.len() > WORDS_UP_TO)
    }

    /// A side's edits in a hunk: range of the side, range of base.
    fn edits_of(&self, hunk: usize, side: Side) -> Vec<(Range<usize>, Range<usize>)> {
        let h = &self.hunks[hunk];
        let (old, new) = (self.side(hunk, Side::Base), self.side(hunk, side));
        let small = !self.pieces_are_lines(hunk);
        let at = if side == Side::Mine { h.mine.start } else { h.theirs.start };
        let edits = if small { fine(old, new) } else { diff::lines(old, new) };
        edits.into_iter().map(|e| (e.new.start + at..e.new.end + at, e.old.start + h.base.start..e.old.end + h.base.start)).collect()
    }

    /// Base's part of a hunk with some of the atoms made to it.
    pub(super) fn composed(&self, hunk: usize, atoms: &[Atom], on: &BTreeSet<u32>) -> Vec<u8> {
        self.compose(hunk, atoms, on).iter().flat_map(|p| p.text).copied().collect()
    }

    /// The atoms that the present content of a hunk amounts to: what is on when the first is toggled.
    #[must_use]
    pub fn atoms_on(&self, hunk: usize, atoms: &[Atom]) -> BTreeSet<u32> {
        let of = |keep: &dyn Fn(&Atom) -> bool| -> BTreeSet<u32> { (0u32..).zip(atoms).filter(|(_, a)| keep(a)).map(|(i, _)| i).collect() };
        let proposed = || {
            let want = self.stock(hunk, &Choice::Proposal);
            let tries = [of(&|_| true), of(&|a| a.is_of(Side::Mine)), of(&|a| a.is_of(Side::Theirs))];
            let fits = |on: &BTreeSet<u32>| want.as_ref().is_some_and(|w| **w == self.composed(hunk, atoms, on)[..]);
            tries.into_iter().find(fits).unwrap_or_else(|| without_clashes(atoms))
        };
        match self.choice(hunk) {
            Some(Choice::Atoms(on)) => on.clone(),
            Some(Choice::Mine) => of(&|a| a.is_of(Side::Mine)),
            Some(Choice::Theirs) => of(&|a| a.is_of(Side::Theirs)),
            Some(Choice::Base | Choice::Neither) => BTreeSet::new(),
            Some(Choice::MineThenTheirs | Choice::TheirsThenMine | Choice::Typed(_)) => without_clashes(atoms),
            Some(Choice::Proposal) => proposed(),
            None if self.proposal(hunk).is_some() => proposed(),
            None => BTreeSet::new(),
        }
    }

    /// Puts an atom in or takes it out; one that changes the same words gives way. False if there is no such atom.
    pub fn toggle(&mut self, hunk: usize, atom: usize) -> bool {
        let atoms = self.atoms(hunk);
        let Some(this) = atoms.get(atom) else { return false };
        let mut on = self.atoms_on(hunk, &atoms);
        let Ok(key) = u32::try_from(atom) else { return false };
        if !on.remove(&key) {
            on.retain(|i| !atoms[*i as usize].excludes(this));
            on.insert(key);
        }
        self.choose(hunk, Choice::Atoms(on))
    }
}

/// As many atoms as can stand together, first come first.
fn without_clashes(atoms: &[Atom]) -> BTreeSet<u32> {
    let mut on: Vec<u32> = Vec::new();
    for (i, a) in (0u32..).zip(atoms) {
        // Sorted by place: only the near ones can overlap.
        if !on.iter().rev().take(64).any(|j| atoms[*j as usize].excludes(a)) {
            on.push(i);
        }
    }
    on.into_iter().collect()
}

/// Lines first; inside a run of changed lines by words; a pure insertion or deletion line by line.
fn fine(old: &[u8], new: &[u8]) -> Vec<diff::Edit> {
    let mut out = Vec::new();
    for block in diff::lines(old, new) {
        let (o, n) = (&old[block.old.clone()], &new[block.new.clone()]);
        if o.is_empty() || n.is_empty() {
            by_line(&mut out, o, n, block.old.start, block.new.start);
            continue;
        }
        for e in joined(diff::words(o, n), o) {
            let (from, to) = (e.old.start + block.old.start, e.new.start + block.new.start);
            by_line(&mut out, &o[e.old], &n[e.new], from, to);
        }
    }
    out
}

/// Adds one edit, a pure insertion or deletion of several lines as one edit for each.
fn by_line(out: &mut Vec<diff::Edit>, old: &[u8], new: &[u8], mut from: usize, mut to: usize) {
    if !old.is_empty() && !new.is_empty() {
        out.push(diff::Edit { old: from..from + old.len(), new: to..to + new.len() });
        return;
    }
    for line in diff::split_lines(old) {
        out.push(diff::Edit { old: from..from + line.len(), new: to..to });
        from += line.len();
    }
    for line in diff::split_lines(new) {
        out.push(diff::Edit { old: from..from, new: to..to + line.len() });
        to += line.len();
    }
}

/// Joins replacements that only a space parts: "red car" to "blue bus" is one edit.
fn joined(edits: Vec<diff::Edit>, old: &[u8]) -> Vec<diff::Edit> {
    let replaces = |e: &diff::Edit| !e.old.is_empty() && !e.new.is_empty();
    let mut out: Vec<diff::Edit> = Vec::new();
    for e in edits {
        match out.last_mut() {
            Some(last) if replaces(last) && replaces(&e) && &old[last.old.end..e.old.start] == b" " => {
                (last.old.end, last.new.end) = (e.old.end, e.new.end);
            }
            _ => out.push(e),
        }
    }
    out
}
