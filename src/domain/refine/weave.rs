//! Weaves the word-level changes of both sides into one text, if they keep apart.
//!
//! Changes keep apart when a whole word (or enough signs of a script without spaces), a cell border or the end of a line that is no
//! wrapped sentence stands between them, or for words put in place of others the end of a sentence, wherever equal words allow them to
//! stand. White space is merged place by place on its own, so that one side may rewrap what the other rewords. Anything else gives nothing.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::doubt;
use super::groups;
use super::side::{self, Change, Side};
use super::words::{self, APART, Word};
use super::{Class, Origin, Piece, push};

/// Three texts as words.
pub(super) struct Weave<'a> {
    base: Vec<Word<'a>>,
    mine: Side<'a>,
    theirs: Side<'a>,
    /// What each line of a quotation starts with.
    mark: &'static [u8],
    /// Whether a tick box or a cell border was what kept two changes apart.
    structure: bool,
    /// What was found of white space so far.
    restyled: RefCell<Restyled<'a>>,
}

/// What a side made of white space, by what base wrote and who inserts.
type Restyled<'a> = HashMap<(&'a [u8], Origin), Option<&'a [u8]>>;

/// How the text before a word is chosen.
type Gap<'a> = (&'a [u8], Origin);

impl<'a> Weave<'a> {
    /// Compares both sides with base by words, unless that takes more steps than are left.
    pub(super) fn new(base: &'a [u8], mine: &'a [u8], theirs: &'a [u8], left: &Cell<usize>) -> Option<Weave<'a>> {
        let mark = words::quote_mark([base, mine, theirs]);
        let [b, m, t] = [base, mine, theirs].map(|text| words::split_quoted(text, mark));
        let mut names = super::super::diff::Interner::with_room(b.len().max(m.len()).max(t.len()));
        let mut intern = |w: &[Word<'a>]| -> Vec<u32> { w[..w.len() - 1].iter().map(|w| names.one(w.text)).collect() };
        let (ids, m_ids, t_ids) = (intern(&b), intern(&m), intern(&t));
        let groups = groups::groups(&b);
        let mine = side::side(&b, &groups, m, (&ids, &m_ids), left)?;
        let theirs = side::side(&b, &groups, t, (&ids, &t_ids), left)?;
        Some(Weave { base: b, mine, theirs, mark, structure: false, restyled: RefCell::default() })
    }

    /// Whether a person must say, however far apart the changes are.
    pub(super) fn is_doubtful(&self) -> bool {
        let (mine, theirs) = (own(&self.mine, &self.theirs), own(&self.theirs, &self.mine));
        doubt::rises(&self.base, (&self.mine, &mine), (&self.theirs, &theirs))
    }

    /// The woven text and its class, or nothing if a person must say.
    pub(super) fn weave(&mut self) -> Option<(Class, Vec<Piece>)> {
        let space = self.changes_space_only(&self.mine) as u8 + self.changes_space_only(&self.theirs) as u8;
        // White space put where there was nothing is an insertion like any other.
        let nowhere = space == 1 && self.base.len() == 1;
        if space == 2 || nowhere || self.unseen() || !self.keep_apart() || self.rewritten_twice() || self.rewrapped_twice() {
            return None;
        }
        let (pieces, words) = self.pieces(space == 1)?;
        if !reads_as(&pieces, &words, self.mark) {
            return None;
        }
        let class = if space == 1 {
            Class::SpaceOnly
        } else if self.includes(&self.mine, &self.theirs) || self.includes(&self.theirs, &self.mine) {
            Class::Contained
        } else if self.structure {
            Class::Structure
        } else {
            Class::DisjointWords
        };
        Some((class, pieces))
    }

    /// Whether a mark nobody sees stands where a word would, and so would keep two changes apart.
    fn unseen(&self) -> bool {
        self.base.iter().any(|w| !w.text.is_empty() && w.text.chunks(3).all(|c| c == b"\xEF\xBB\xBF"))
    }

    fn changes_space_only(&self, side: &Side<'_>) -> bool {
        side.changes.is_empty()
    }

    /// Whether every change of `less` is also one of `more`.
    fn includes(&self, more: &Side<'_>, less: &Side<'_>) -> bool {
        let changes = less.changes.iter().all(|c| twin(c, less, more));
        let gaps = (0..self.base.len()).all(|i| match (less.partner[i], more.partner[i]) {
            (Some(l), Some(m)) => less.words[l].gap == self.base[i].gap || less.words[l].gap == more.words[m].gap,
            _ => true,
        });
        changes && gaps
    }

    /// Whether each change of mine keeps apart from each of theirs, or is the same change.
    fn keep_apart(&mut self) -> bool {
        let mut structure = false;
        let (mine, theirs) = (own(&self.mine, &self.theirs), own(&self.theirs, &self.mine));
        // Only neighbours can meet: the changes of one side lie in order and apart.
        let apart = mine.iter().all(|m| {
            let at = theirs.partition_point(|t| t.edit.old.start < m.edit.old.start);
            theirs[at.saturating_sub(1)..(at + 2).min(theirs.len())].iter().all(|t| self.apart(m, t, &mut structure))
        }) && theirs.iter().all(|t| {
            let at = mine.partition_point(|m| m.edit.old.start < t.edit.old.start);
            mine[at.saturating_sub(1)..(at + 2).min(mine.len())].iter().all(|m| self.apart(m, t, &mut structure))
        });
        self.structure = structure;
        apart
    }

    fn apart(&self, m: &Change, t: &Change, structure: &mut bool) -> bool {
        let m_first = (m.edit.old.start, m.edit.old.end) <= (t.edit.old.start, t.edit.old.end);
        let (a, b) = if m_first { (m, t) } else { (t, m) };
        if a.reach.end > b.reach.start {
            return false;
        }
        let ticks = || self.ticks(m, &self.mine) || self.ticks(t, &self.theirs);
        let between = &self.base[a.reach.end..b.reach.start];
        if between.iter().map(|w| w.weight).sum::<u32>() >= APART {
            *structure |= between.iter().any(|w| w.text == b"|") || ticks();
            return true;
        }
        if ticks() {
            *structure = true;
            return true;
        }
        let first = a.reach.end + usize::from(a.edit.old.is_empty());
        let last = (b.reach.start + 1).saturating_sub(usize::from(b.edit.old.is_empty()));
        let swaps = |c: &Change| !c.edit.old.is_empty() && !c.edit.new.is_empty();
        if swaps(a) && swaps(b) && (a.reach.end..b.reach.start).any(|i| side::ends_sentence(&self.base, i)) {
            return true;
        }
        let grow = |c: &Change| c.edit.new.len() > c.edit.old.len();
        (first..last).any(|p| side::parts_lines(&self.base, p) && !(grow(a) && grow(b) && a.reach.end == b.reach.start))
    }

    /// Whether a change only ticks or unticks a box, or marks a list item with another sign.
    fn ticks(&self, c: &Change, side: &Side<'_>) -> bool {
        if c.edit.old.len() != 1 || c.edit.new.len() != 1 {
            return false;
        }
        let (old, new) = (self.base[c.edit.old.start], side.words[c.edit.new.start]);
        let starts_line = c.edit.old.start == 0 || old.starts_line();
        old.is_tick() && new.is_tick() || starts_line && old.is_bullet() && new.is_bullet()
    }

    /// Whether both sides changed so much of one sentence that a weave would read as neither.
    fn rewritten_twice(&self) -> bool {
        let mut start = 0;
        while start + 1 < self.base.len() {
            let end = (start..self.base.len() - 1).find(|i| self.base[*i].ends_sentence()).map_or(self.base.len() - 1, |i| i + 1);
            let all = (start..end).filter(|i| self.base[*i].weight > 0).count();
            let changed = |s: &Side<'_>| (start..end).filter(|i| s.partner[*i].is_none() && self.base[*i].weight > 0).count();
            let (m, t) = (changed(&self.mine), changed(&self.theirs));
            let both = (start..end).filter(|i| self.mine.partner[*i].is_none() && self.theirs.partner[*i].is_none()).count();
            if all >= 8 && m > both && t > both && (m + t - both) * 5 > all * 3 {
                return true;
            }
            start = end;
        }
        false
    }

    /// Whether both sides moved line ends between words that all kept, each others: a weave would wrap at both.
    fn rewrapped_twice(&self) -> bool {
        let ends_line = |gap: &[u8]| gap.contains(&b'\n');
        let rewrapped = |side: &Side<'a>, other: &Side<'a>| {
            (1..self.base.len() - 1).any(|i| match (side.partner[i], other.partner[i]) {
                (Some(s), Some(o)) => {
                    let (gap, theirs) = (side.words[s].gap, other.words[o].gap);
                    ends_line(gap) != ends_line(self.base[i].gap) && gap != theirs
                }
                _ => false,
            })
        };
        rewrapped(&self.mine, &self.theirs) && rewrapped(&self.theirs, &self.mine)
    }

    /// The woven text. `free` lets white space change where the other side inserts or cuts.
    fn pieces(&self, free: bool) -> Option<(Vec<Piece>, Vec<&'a [u8]>)> {
        let mut out = Out::default();
        let (mut i, mut m, mut t) = (0, 0, 0);
        while i < self.base.len() {
            let mine = self.mine.changes.get(m).filter(|c| c.edit.old.start == i);
            let theirs = self.theirs.changes.get(t).filter(|c| c.edit.old.start == i);
            let (change, from, other, origin) = match (mine, theirs) {
                (Some(c), Some(d)) if c.edit.old == d.edit.old => (c, &self.mine, &self.theirs, Origin::Both),
                (Some(c), Some(d)) if c.edit.old.is_empty() || !d.edit.old.is_empty() => (c, &self.mine, &self.theirs, Origin::Mine),
                (Some(c), None) => (c, &self.mine, &self.theirs, Origin::Mine),
                (_, Some(d)) => (d, &self.theirs, &self.mine, Origin::Theirs),
                (None, None) => {
                    self.kept(i, &mut out)?;
                    i += 1;
                    continue;
                }
            };
            if origin == Origin::Both {
                self.shared(change, &self.theirs.changes[t], &mut out)?;
            } else {
                self.changed(change, (from, other), origin, free, &mut out)?;
            }
            m += usize::from(origin != Origin::Theirs);
            t += usize::from(origin != Origin::Mine);
            i = change.edit.old.end;
            if change.edit.old.is_empty() && self.starts_none(i, m, t) {
                self.kept(i, &mut out)?;
                i += 1;
            }
        }
        Some((out.pieces, out.words))
    }

    fn starts_none(&self, i: usize, m: usize, t: usize) -> bool {
        let at = |s: &Side<'_>, n: usize| s.changes.get(n).is_some_and(|c| c.edit.old.start == i);
        !at(&self.mine, m) && !at(&self.theirs, t)
    }

    /// A word that both sides kept.
    fn kept(&self, i: usize, out: &mut Out<'a>) -> Option<()> {
        let (m, t) = (self.mine.partner[i]?, self.theirs.partner[i]?);
        let base = self.base[i];
        let (gap, origin) = self.gap(base, self.mine.words[m].gap, self.theirs.words[t].gap)?;
        out.word((gap, origin), (base.text, Origin::Base));
        Some(())
    }

    /// The white space before a word: whichever side changed it, both if they agree; the wider one before a cell border.
    fn gap(&self, base: Word<'a>, mine: &'a [u8], theirs: &'a [u8]) -> Option<Gap<'a>> {
        match (mine == base.gap, theirs == base.gap) {
            (true, true) => Some((mine, Origin::Base)),
            (false, true) => Some((mine, Origin::Mine)),
            (true, false) => Some((theirs, Origin::Theirs)),
            _ if mine == theirs => Some((mine, Origin::Both)),
            _ if base.text == b"|" && base.weight > 0 && !mine.contains(&b'\n') && !theirs.contains(&b'\n') => {
                Some(if mine.len() >= theirs.len() { (mine, Origin::Mine) } else { (theirs, Origin::Theirs) })
            }
            _ => None,
        }
    }

    /// A change that both sides made, word by word with its white space.
    fn shared(&self, m: &Change, t: &Change, out: &mut Out<'a>) -> Option<()> {
        for k in 0..m.edit.new.len() {
            let (a, b) = (self.mine.words[m.edit.new.start + k], self.theirs.words[t.edit.new.start + k]);
            let old = m.edit.old.start + k;
            let (gap, origin) = if a.gap == b.gap {
                (a.gap, Origin::Both)
            } else if m.edit.old.len() == m.edit.new.len() {
                self.gap(self.base[old], a.gap, b.gap)?
            } else {
                return None;
            };
            out.word((gap, origin), (a.text, Origin::Both));
        }
        Some(())
    }

    /// A change that `from` alone made; the white space follows `other` where that changed it.
    fn changed(&self, change: &Change, (from, other): (&Side<'a>, &Side<'a>), origin: Origin, free: bool, out: &mut Out<'a>) -> Option<()> {
        let e = &change.edit;
        let level = e.old.len() == e.new.len();
        for k in 0..e.new.len() {
            let word = from.words[e.new.start + k];
            let paired = if level { Some(e.old.start + k) } else { (k == 0 && !e.old.is_empty()).then_some(e.old.start) };
            let (gap, gap_origin) = match paired {
                Some(i) => {
                    let theirs = other.partner[i].map(|p| other.words[p].gap)?;
                    let (mine, theirs) = if origin == Origin::Mine { (word.gap, theirs) } else { (theirs, word.gap) };
                    self.gap(self.base[i], mine, theirs)?
                }
                None => self.new_gap(word.gap, other, origin),
            };
            out.word((gap, gap_origin), (word.text, origin));
        }
        // White space that the other side changed where words went away: only a wrapped line may be lost, or an indent.
        let first = e.old.start + usize::from(!e.new.is_empty());
        let lost = (if level { e.old.end } else { first }..e.old.end).any(|i| {
            let gap = other.partner[i].map_or(self.base[i].gap, |p| other.words[p].gap);
            gap != self.base[i].gap && !(free && wraps(gap, self.base[i].gap))
        });
        let squeezed =
            e.old.is_empty() && !free && other.partner[e.old.start].is_some_and(|p| !self.wrap_only(other.words[p].gap, e.old.start));
        let indented = e.old.is_empty() && (change.reach.start..=change.reach.end).any(|i| self.indented(i, other));
        (!lost && !squeezed && !indented).then_some(())
    }

    /// Whether a side indented the line that starts with this word anew, and not as it did all such lines: whether a line that is put in
    /// before it should be indented too cannot be told.
    fn indented(&self, i: usize, side: &Side<'a>) -> bool {
        let gap = self.base[i].gap;
        let starts_line = |gap: &[u8]| i == 0 || gap.contains(&b'\n');
        let Some(new) = side.partner[i].map(|p| side.words[p].gap) else { return false };
        let such = |g: &&Word<'_>| g.gap == gap && !g.text.is_empty();
        new != gap
            && starts_line(gap)
            && starts_line(new)
            && (i == 0 || self.base.iter().filter(such).nth(1).is_none() || self.restyled(gap, side).is_none())
    }

    fn wrap_only(&self, gap: &[u8], i: usize) -> bool {
        gap == self.base[i].gap || wraps(gap, self.base[i].gap)
    }

    /// White space before an inserted word: as the inserting side wrote it, unless the other side rewrote all such white space alike.
    fn new_gap(&self, gap: &'a [u8], other: &Side<'a>, origin: Origin) -> Gap<'a> {
        let mut known = self.restyled.borrow_mut();
        let style = *known.entry((gap, origin)).or_insert_with(|| self.restyled(gap, other));
        let other_origin = if origin == Origin::Mine { Origin::Theirs } else { Origin::Mine };
        style.filter(|s| *s != gap && !gap.is_empty()).map_or((gap, origin), |s| (s, other_origin))
    }

    /// What a side made of all such white space of base, if it made one thing of it.
    fn restyled(&self, gap: &[u8], side: &Side<'a>) -> Option<&'a [u8]> {
        let such = self.base.iter().enumerate().filter(|(_, w)| w.gap == gap && !w.text.is_empty());
        let mut styles = such.filter_map(|(i, _)| side.partner[i].map(|p| side.words[p].gap));
        let first = styles.next()?;
        styles.all(|s| s == first).then_some(first)
    }
}

/// A text in the making.
#[derive(Default)]
struct Out<'a> {
    pieces: Vec<Piece>,
    words: Vec<&'a [u8]>,
}

impl<'a> Out<'a> {
    fn word(&mut self, gap: Gap<'a>, word: Gap<'a>) {
        push(&mut self.pieces, gap.0, gap.1);
        push(&mut self.pieces, word.0, word.1);
        self.words.push(word.0);
    }
}

/// Whether a text reads as the words it was put together from: two of them must not have run into one that nobody wrote.
fn reads_as(pieces: &[Piece], words: &[&[u8]], mark: &[u8]) -> bool {
    let text = pieces.iter().map(|p| p.text.as_slice()).collect::<Vec<_>>().concat();
    words::split_quoted(&text, mark).iter().map(|w| w.text).eq(words.iter().copied())
}

/// Whether both gaps hold something and neither a blank line: a sentence was only wrapped elsewhere.
fn wraps(a: &[u8], b: &[u8]) -> bool {
    let plain = |g: &[u8]| !g.is_empty() && g.iter().filter(|c| **c == b'\n').count() <= 1;
    plain(a) && plain(b)
}

/// The changes that the other side did not make too.
fn own<'s>(side: &'s Side<'_>, other: &Side<'_>) -> Vec<&'s Change> {
    side.changes.iter().filter(|c| !twin(c, side, other)).collect()
}

/// Whether the other side made the same change.
fn twin(c: &Change, side: &Side<'_>, other: &Side<'_>) -> bool {
    let at = other.changes.partition_point(|o| o.edit.old.start < c.edit.old.start);
    other.changes.get(at).is_some_and(|o| {
        o.edit.old == c.edit.old
            && o.edit.new.len() == c.edit.new.len()
            && o.edit.new.clone().zip(c.edit.new.clone()).all(|(x, y)| other.words[x].text == side.words[y].text)
    })
}
