//! The verdict: each edit of mine or of theirs that the result does not hold, or holds twice, by name; and text of both that is gone.
//!
//! Stock answers and pieces are judged by what they are; only typed text has to be read, by its own edits against base.
//! Limits: in a hunk whose edits are not told apart by words the verdict speaks of runs of lines.

use super::super::diff::{self, Edit};
use super::super::merge::Kind;
use super::super::refine::Origin;
use super::atoms::{Atom, WORDS_UP_TO};
use super::{Choice, Settle, Side};

/// What became of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The result does not hold it.
    Dropped,
    /// The result holds it twice.
    Doubled,
}

/// An edit that the result dropped or doubled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The hunk it belongs to.
    pub hunk: usize,
    /// Whose edit it is; base: nobody's alone, but text that both sides have.
    pub side: Side,
    /// What became of it.
    pub fate: Fate,
    /// What the edit took away.
    pub old: Vec<u8>,
    /// What it put there.
    pub new: Vec<u8>,
}

impl Lost {
    /// It in one short sentence: `dropped: theirs changed “four” to “seven”`. Not yet safe to draw.
    #[must_use]
    pub fn say(&self) -> String {
        let quote = |t: &[u8]| {
            let text = String::from_utf8_lossy(t);
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = one_line.chars().take(60).collect();
            if one_line.is_empty() {
                "white space".to_owned()
            } else if short == one_line {
                format!("“{short}”")
            } else {
                format!("“{short}…”")
            }
        };
        if self.side == Side::Base {
            return match self.fate {
                Fate::Dropped => format!("dropped: both have {}", quote(&self.old)),
                Fate::Doubled => format!("twice: mine and theirs both added {}, at two places", quote(&self.new)),
            };
        }
        let (who, fate) = (self.side.name(), if self.fate == Fate::Dropped { "dropped" } else { "twice" });
        match (self.old.is_empty(), self.new.is_empty()) {
            (true, _) => format!("{fate}: {who} added {}", quote(&self.new)),
            (_, true) => format!("{fate}: {who} removed {}", quote(&self.old)),
            _ => format!("{fate}: {who} changed {} to {}", quote(&self.old), quote(&self.new)),
        }
    }
}

impl Settle {
    /// The edits that the result dropped or doubled, in the order of the text. Empty: it holds all that either side did.
    #[must_use]
    pub fn verdict(&self) -> Vec<Lost> {
        let mut out = Vec::new();
        (0..self.hunks.len()).for_each(|h| self.judge(h, &mut out));
        self.judge_between(&mut out);
        out
    }

    /// The same for one hunk.
    #[must_use]
    pub fn verdict_of(&self, hunk: usize) -> Vec<Lost> {
        let mut out = Vec::new();
        self.judge(hunk, &mut out);
        out
    }

    fn judge(&self, hunk: usize, out: &mut Vec<Lost>) {
        let kind = self.hunks[hunk].kind;
        match (&self.state[hunk].choice, kind) {
            (None | Some(Choice::Proposal), _) | (_, Kind::Equal) => {}
            (Some(Choice::Mine), Kind::Mine | Kind::Same) | (Some(Choice::Theirs), Kind::Theirs | Kind::Same) => {}
            (Some(Choice::MineThenTheirs | Choice::TheirsThenMine), _) => self.judge_both(hunk, out),
            (Some(Choice::Atoms(on)), _) => {
                let atoms = self.atoms(hunk);
                let off = (0u32..).zip(&atoms).filter(|(i, _)| !on.contains(i)).map(|(_, a)| a);
                off.for_each(|a| self.lose(hunk, a, Fate::Dropped, out));
            }
            (Some(Choice::Mine), _) => self.judge_text(hunk, self.side(hunk, Side::Mine), out),
            (Some(Choice::Theirs), _) => self.judge_text(hunk, self.side(hunk, Side::Theirs), out),
            (Some(Choice::Base), _) => self.judge_text(hunk, self.side(hunk, Side::Base), out),
            (Some(Choice::Neither), _) => {
                self.judge_text(hunk, &[], out);
                self.judge_common(hunk, &[], out);
            }
            (Some(Choice::Typed(text)), _) => {
                self.judge_text(hunk, text, out);
                self.judge_common(hunk, text, out);
            }
        }
    }

    /// What neither side touched and the text no longer holds. Words put in place of about as many others are a rewording, not a loss.
    fn judge_common(&self, hunk: usize, text: &[u8], out: &mut Vec<Lost>) {
        let base = self.side(hunk, Side::Base);
        let small = base.len() + text.len() <= WORDS_UP_TO;
        let done = if small { diff::words(base, text) } else { diff::lines(base, text) };
        let (atoms, start) = (self.atoms(hunk), self.hunks[hunk].base.start);
        let mut gone: Vec<u8> = Vec::new();
        for e in done.iter().filter(|e| words(&base[e.old.clone()]) > 2 * words(&text[e.new.clone()])) {
            let mut from = e.old.start;
            let touched =
                atoms.iter().map(|a| a.base.start - start..a.base.end - start).filter(|r| r.end > e.old.start && r.start < e.old.end);
            for cut in touched.chain(std::iter::once(e.old.end..e.old.end)) {
                let left = base[from..cut.start.max(from)].trim_ascii();
                from = from.max(cut.end).min(e.old.end);
                if has_word(left) && count(text, left) == 0 {
                    gone.extend_from_slice(if gone.is_empty() { b"" } else { " … ".as_bytes() });
                    gone.extend_from_slice(left);
                }
            }
        }
        if !gone.is_empty() {
            out.push(Lost { hunk, side: Side::Base, fate: Fate::Dropped, old: gone, new: Vec::new() });
        }
    }

    fn lose(&self, hunk: usize, atom: &Atom, fate: Fate, out: &mut Vec<Lost>) {
        let old = self.texts[0][atom.base.clone()].to_vec();
        let mut say = |side, new: &[u8]| out.push(Lost { hunk, side, fate, old: old.clone(), new: new.to_vec() });
        if atom.is_of(Side::Mine) {
            say(Side::Mine, &self.texts[1][atom.mine.clone()]);
        }
        if atom.is_of(Side::Theirs) {
            say(Side::Theirs, &self.texts[2][atom.theirs.clone()]);
        }
    }

    /// Both sides whole, one after the other: an edit both made stands twice.
    fn judge_both(&self, hunk: usize, out: &mut Vec<Lost>) {
        for atom in self.atoms(hunk).iter().filter(|a| a.origin == Origin::Both && has_word(&self.texts[1][a.mine.clone()])) {
            self.lose(hunk, atom, Fate::Doubled, out);
        }
    }

    /// Any text: an edit is in it if the text's own edits against base do the same at the same place.
    fn judge_text(&self, hunk: usize, text: &[u8], out: &mut Vec<Lost>) {
        let base = self.side(hunk, Side::Base);
        let small = base.len() + text.len() <= WORDS_UP_TO;
        let done = if small { diff::words(base, text) } else { diff::lines(base, text) };
        let start = self.hunks[hunk].base.start;
        for atom in &self.atoms(hunk) {
            let new = if atom.origin == Origin::Theirs { &self.texts[2][atom.theirs.clone()] } else { &self.texts[1][atom.mine.clone()] };
            let old = atom.base.start - start..atom.base.end - start;
            if !holds(&done, text, &old, new) && !verbatim(base, text, &old, new) {
                self.lose(hunk, atom, Fate::Dropped, out);
            } else if is_telling(new)
                && count(text, new) > count(self.side(hunk, Side::Mine), new).max(count(self.side(hunk, Side::Theirs), new))
            {
                self.lose(hunk, atom, Fate::Doubled, out);
            }
        }
    }
}

/// Whether edits of a text do what an edit of `old` (a range of base) to `new` does.
fn holds(done: &[Edit], text: &[u8], old: &std::ops::Range<usize>, new: &[u8]) -> bool {
    let touching = || done.iter().filter(|e| e.old.start <= old.end && old.start <= e.old.end);
    let gone = (old.start..old.end).all(|at| touching().any(|e| e.old.contains(&at)));
    gone && (new.is_empty() || touching().any(|e| memchr::memmem::find(&text[e.new.clone()], new).is_some()))
}

/// Whether a text that parts from base elsewhere holds a telling stretch of an edit word for word, and none of what it took away.
fn verbatim(base: &[u8], text: &[u8], old: &std::ops::Range<usize>, new: &[u8]) -> bool {
    let was = &base[old.clone()];
    is_telling(new) && count(text, new) > count(base, new) && (!has_word(was) || count(text, was) < count(base, was).max(1))
}

fn count(text: &[u8], what: &[u8]) -> usize {
    if what.is_empty() { 0 } else { memchr::memmem::find_iter(text, what).count() }
}

fn words(text: &[u8]) -> usize {
    text.split(u8::is_ascii_whitespace).filter(|w| has_word(w)).count()
}

/// Long enough not to stand somewhere by chance.
pub(super) fn is_telling(text: &[u8]) -> bool {
    text.len() >= 12 && has_word(text)
}

fn has_word(text: &[u8]) -> bool {
    text.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
}
