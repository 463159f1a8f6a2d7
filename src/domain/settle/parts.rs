//! The result: what stands in each hunk, piece by piece with where each came from, and the whole as bytes.

use std::collections::BTreeSet;

use super::super::diff;
use super::super::merge::Kind;
use super::super::refine::Origin;
use super::atoms::{Atom, WORDS_UP_TO};
use super::{Choice, Settle, Side};

/// A stretch of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its bytes.
    pub text: &'a [u8],
    /// Who wrote them.
    pub origin: Origin,
}

impl Settle {
    /// What stands in a hunk, piece by piece; of an open one what is proposed, or nothing. Computed anew at each call.
    #[must_use]
    pub fn parts(&self, hunk: usize) -> Vec<Part<'_>> {
        let side = |s| self.side(hunk, s);
        if self.hunks[hunk].kind == Kind::Equal {
            return vec![Part { text: side(Side::Base), origin: Origin::Base }];
        }
        match &self.state[hunk].choice {
            None | Some(Choice::Proposal) => {
                let pieces = self.proposals.get(&hunk).map(|p| &p.pieces[..]).unwrap_or_default();
                pieces.iter().map(|p| Part { text: &p.text, origin: p.origin }).collect()
            }
            Some(Choice::Mine) => self.one_side(hunk, Side::Mine),
            Some(Choice::Theirs) => self.one_side(hunk, Side::Theirs),
            Some(Choice::MineThenTheirs) => self.two_sides(hunk, Side::Mine, Side::Theirs),
            Some(Choice::TheirsThenMine) => self.two_sides(hunk, Side::Theirs, Side::Mine),
            Some(Choice::Base) => vec![Part { text: side(Side::Base), origin: Origin::Base }],
            Some(Choice::Neither) => Vec::new(),
            Some(Choice::Atoms(on)) => self.compose(hunk, &self.atoms(hunk), on),
            Some(Choice::Typed(text)) => self.traced(hunk, text),
        }
    }

    fn one_side(&self, hunk: usize, side: Side) -> Vec<Part<'_>> {
        let h = &self.hunks[hunk];
        let origin = match side {
            Side::Base => Origin::Base,
            _ if h.kind == Kind::Same => Origin::Both,
            Side::Mine => Origin::Mine,
            Side::Theirs => Origin::Theirs,
        };
        if h.base.is_empty() || h.base.len() + h.mine.len() + h.theirs.len() > WORDS_UP_TO {
            let text = self.side(hunk, side);
            return if text.is_empty() { Vec::new() } else { vec![Part { text, origin }] };
        }
        let atoms = self.atoms(hunk);
        let on = (0u32..).zip(&atoms).filter(|(_, a)| a.is_of(side)).map(|(i, _)| i).collect();
        self.compose(hunk, &atoms, &on)
    }

    fn two_sides(&self, hunk: usize, first: Side, second: Side) -> Vec<Part<'_>> {
        let mut out = self.one_side(hunk, first);
        if self.needs_break(hunk, first, second) {
            out.push(Part { text: self.line_end(), origin: Origin::Both });
        }
        out.extend(self.one_side(hunk, second));
        out
    }

    /// Both sides one after the other, on lines of their own.
    pub(super) fn joined(&self, hunk: usize, first: Side, second: Side) -> Vec<u8> {
        let (a, b) = (self.side(hunk, first), self.side(hunk, second));
        let gap: &[u8] = if self.needs_break(hunk, first, second) { self.line_end() } else { b"" };
        [a, gap, b].concat()
    }

    /// Whether the first side's last line needs an end before the second's can follow.
    fn needs_break(&self, hunk: usize, first: Side, second: Side) -> bool {
        let (a, b) = (self.side(hunk, first), self.side(hunk, second));
        !a.is_empty() && !b.is_empty() && !a.ends_with(b"\n")
    }

    /// How lines end in these texts, by the first line that has an end.
    pub(super) fn line_end(&self) -> &'static [u8] {
        let end = |text: &[u8]| memchr::memchr(b'\n', text).map(|at| at > 0 && text[at - 1] == b'\r');
        match self.texts.iter().find_map(|t| end(t)) {
            Some(true) => b"\r\n",
            _ => b"\n",
        }
    }

    /// Base's part with atoms made to it.
    pub(super) fn compose(&self, hunk: usize, atoms: &[Atom], on: &BTreeSet<u32>) -> Vec<Part<'_>> {
        let h = &self.hunks[hunk];
        let mut out: Vec<Part<'_>> = Vec::new();
        let mut push = |text, origin| {
            if !<[u8]>::is_empty(text) {
                out.push(Part { text, origin });
            }
        };
        let mut at = h.base.start;
        for atom in on.iter().filter_map(|i| atoms.get(*i as usize)) {
            // Edits that overlap one already made were taken out when it was put in; a stored set could still hold one.
            if atom.base.start < at {
                continue;
            }
            push(&self.texts[0][at..atom.base.start], Origin::Base);
            let new = if atom.origin == Origin::Theirs { &self.texts[2][atom.theirs.clone()] } else { &self.texts[1][atom.mine.clone()] };
            push(new, atom.origin);
            at = atom.base.end;
        }
        push(&self.texts[0][at..h.base.end], Origin::Base);
        out
    }

    /// Typed text, with each word that stands in base, mine or theirs told apart from what was typed.
    fn traced<'a>(&'a self, hunk: usize, text: &'a [u8]) -> Vec<Part<'a>> {
        let sides = [Side::Base, Side::Mine, Side::Theirs].map(|s| self.side(hunk, s));
        if text.len() + sides.iter().map(|s| s.len()).sum::<usize>() > WORDS_UP_TO {
            return vec![Part { text, origin: Origin::Typed }];
        }
        let typed = sides.map(|s| diff::words(s, text));
        let mut cuts: BTreeSet<usize> = [0, text.len()].into();
        cuts.extend(typed.iter().flatten().flat_map(|e| [e.new.start, e.new.end]));
        let cuts: Vec<usize> = cuts.into_iter().collect();
        let mut next = [0; 3];
        let mut out: Vec<Part<'a>> = Vec::new();
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let mut known = [false; 3];
            for s in 0..3 {
                while typed[s].get(next[s]).is_some_and(|e| e.new.end <= from) {
                    next[s] += 1;
                }
                known[s] = typed[s].get(next[s]).is_none_or(|e| e.new.start >= to);
            }
            let origin = match known {
                [true, _, _] => Origin::Base,
                [_, true, true] => Origin::Both,
                [_, true, _] => Origin::Mine,
                [_, _, true] => Origin::Theirs,
                _ => Origin::Typed,
            };
            match out.last_mut() {
                Some(last) if last.origin == origin => last.text = &text[from - last.text.len()..to],
                _ => out.push(Part { text: &text[from..to], origin }),
            }
        }
        out
    }

    /// The bytes that stand in a hunk; of an open one what is proposed, or nothing.
    #[must_use]
    pub fn hunk_bytes(&self, hunk: usize) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_hunk(hunk, &mut out);
        out
    }

    pub(super) fn write_hunk(&self, hunk: usize, out: &mut Vec<u8>) {
        if self.hunks[hunk].kind == Kind::Equal {
            out.extend_from_slice(self.side(hunk, Side::Base));
            return;
        }
        match &self.state[hunk].choice {
            Some(Choice::Typed(text)) => out.extend_from_slice(text),
            Some(Choice::Atoms(_)) => self.parts(hunk).iter().for_each(|p| out.extend_from_slice(p.text)),
            choice => {
                if let Some(bytes) = self.stock(hunk, choice.as_ref().unwrap_or(&Choice::Proposal)) {
                    out.extend_from_slice(&bytes);
                }
            }
        }
    }

    /// The result as bytes; nothing while something is open.
    #[must_use]
    pub fn result(&self) -> Option<Vec<u8>> {
        self.is_settled().then(|| self.draft())
    }

    /// The result as it stands: what is open holds what is proposed, or nothing.
    #[must_use]
    pub fn draft(&self) -> Vec<u8> {
        for side in [Side::Mine, Side::Theirs] {
            if self.ends_like(side) && self.is_all(side) {
                return self.original(side).to_vec();
            }
        }
        let mut out = Vec::with_capacity(self.texts[1].len().max(self.texts[2].len()));
        (0..self.hunks.len()).for_each(|h| self.write_hunk(h, &mut out));
        self.with_ending(out)
    }
}
