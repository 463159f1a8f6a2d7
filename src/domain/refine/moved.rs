//! A block that one side moved and the other edited where it was: the edit goes along, if there is only one place it can go to.
//!
//! What else either side did around the block, where it was and where it went, is decided by the rest of the ladder, or all of it is asked.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::ops::Range;

use super::super::diff::{self, Edit, Interner};
use super::super::merge::{Hunk, Kind};
use super::{Class, Origin, Piece, Proposal, inside, lines, push, side, words};

/// Which side moved the block, and the three texts from its view.
struct View<'a> {
    /// All of base.
    base: &'a [u8],
    /// All of the moving side.
    mover: &'a [u8],
    /// The moving side's and the other side's part of the clash.
    parts: (&'a [u8], &'a [u8]),
    /// Base's part of the clash.
    was: &'a [u8],
    /// Whether mine is the moving side.
    mine_moved: bool,
}

/// Bytes that are looked through for a block in the time of a step.
const BYTES_A_STEP: usize = 64;

/// The block in the clash: what base says, what the editing side made of it (both without their last line end), and what is left without it.
struct Block<'a> {
    old: &'a [u8],
    new: &'a [u8],
    rest: Vec<Piece>,
}

/// The lines that a side has where it differs from base, without their line ends: where each stands, or nothing if it stands in two places.
/// Read when first asked for: most merges have no block that could have moved.
pub(super) struct Landed<'a> {
    texts: (&'a [u8], &'a [u8]),
    hunks: &'a [Hunk],
    places: OnceCell<[Places<'a>; 2]>,
    /// Bytes looked through for blocks so far.
    scanned: Cell<usize>,
}

type Places<'a> = HashMap<&'a [u8], Option<(usize, usize)>, foldhash::fast::FixedState>;

impl<'a> Landed<'a> {
    /// Of these hunks.
    pub(super) fn new(mine: &'a [u8], theirs: &'a [u8], hunks: &'a [Hunk]) -> Landed<'a> {
        Landed { texts: (mine, theirs), hunks, places: OnceCell::new(), scanned: Cell::new(0) }
    }

    /// Steps that looking for blocks took since this was last asked.
    pub(super) fn steps(&self) -> usize {
        self.scanned.take() / BYTES_A_STEP
    }

    /// Where a block of whole lines stands, if it stands in one place only.
    fn once(&self, text: &[u8], block: &[u8]) -> Option<usize> {
        self.scanned.set(self.scanned.get() + text.len());
        once(text, block)
    }

    /// Where this line stands, among those where mine differs from base, or theirs.
    fn place(&self, line: &[u8], in_mine: bool) -> Option<(usize, usize)> {
        self.places.get_or_init(|| self.read())[usize::from(!in_mine)].get(line).copied().flatten()
    }

    fn read(&self) -> [Places<'a>; 2] {
        let room = || Places::with_capacity_and_hasher(self.hunks.len() / 4, Default::default());
        let (mut mine, mut theirs) = (room(), room());
        for (i, h) in self.hunks.iter().enumerate() {
            match h.kind {
                Kind::Mine => read(&mut mine, self.texts.0, i, &h.mine),
                Kind::Theirs => read(&mut theirs, self.texts.1, i, &h.theirs),
                Kind::Clash => {
                    read(&mut mine, self.texts.0, i, &h.mine);
                    read(&mut theirs, self.texts.1, i, &h.theirs);
                }
                _ => {}
            }
        }
        [mine, theirs]
    }
}

fn read<'a>(places: &mut Places<'a>, text: &'a [u8], hunk: usize, range: &Range<usize>) {
    let mut at = range.start;
    for line in text[range.clone()].split_inclusive(|b| *b == b'\n') {
        places.entry(unended(line)).and_modify(|p| *p = None).or_insert(Some((hunk, at)));
        at += line.len();
    }
}

/// The two proposals for the clash `at` that is one half of a move: one where the block was, one where it went. `known` are the proposals for
/// other clashes, in order, and `left` the steps there are.
pub(super) fn propose(texts: [&[u8]; 3], landed: &Landed<'_>, known: &[Proposal], at: usize, left: &Cell<usize>) -> Option<[Proposal; 2]> {
    let [base, mine, theirs] = texts;
    let h = &landed.hunks[at];
    let (was, m, t) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
    let by_mine = by(&View { base, mover: mine, parts: (m, t), was, mine_moved: true }, landed, known, at, left);
    let by_theirs = by(&View { base, mover: theirs, parts: (t, m), was, mine_moved: false }, landed, known, at, left);
    // If each side moved a block, a person says.
    if by_mine.is_some() && by_theirs.is_some() { None } else { by_mine.or(by_theirs) }
}

fn by(view: &View<'_>, landed: &Landed<'_>, known: &[Proposal], at: usize, left: &Cell<usize>) -> Option<[Proposal; 2]> {
    let was = diff::split_lines(view.was);
    let goes = |line: &&[u8]| landed.place(unended(line), view.mine_moved).filter(|(to, _)| *to != at && is_heavy(line));
    let (first, (to, place)) = was.iter().enumerate().find_map(|(i, line)| Some((i, goes(line)?)))?;
    let range = if view.mine_moved { landed.hunks[to].mine.clone() } else { landed.hunks[to].theirs.clone() };
    let end = first + moved_lines(&was[first..], &view.mover[place..range.end]);
    let block = block(view, &was, first..end, left)?;
    if landed.once(view.mover, block.old)? != place {
        return None;
    }
    landed.once(view.base, block.old)?;
    let landing = landing(view, &landed.hunks[to], (to, place), &block, known)?;
    let (who, other) = if view.mine_moved { ("Mine", "theirs") } else { ("Theirs", "mine") };
    let say =
        |hunk, pieces: Vec<Piece>, reason: String, linked| Proposal { hunk, class: Class::Moved, pieces, reason, linked: vec![linked] };
    Some([
        say(at, block.rest, format!("{who} moved this block, and {other} reworded it: the rewording goes along."), to),
        say(to, landing, format!("{who} moved this block here, and {other} reworded it where it was."), at),
    ])
}

/// How many of the lines stand where the block went, without blank ones at the end.
fn moved_lines(was: &[&[u8]], there: &[u8]) -> usize {
    let mut there = there.split_inclusive(|b| *b == b'\n');
    let all = was.iter().take_while(|line| there.next().is_some_and(|t| unended(t) == unended(line))).count();
    was[..all].iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1)
}

/// The hunk where the block went, with the block as it was reworded: what the moving side has there, or what is proposed there.
fn landing(view: &View<'_>, hunk: &Hunk, (to, place): (usize, usize), block: &Block<'_>, known: &[Proposal]) -> Option<Vec<Piece>> {
    let (mover, editor) = if view.mine_moved { (Origin::Mine, Origin::Theirs) } else { (Origin::Theirs, Origin::Mine) };
    let range = if view.mine_moved { hunk.mine.clone() } else { hunk.theirs.clone() };
    let mut out = Vec::new();
    let there = known.binary_search_by_key(&to, |p| p.hunk).ok().map(|i| &known[i]);
    if there.is_some_and(|p| p.class == Class::Moved) {
        // Two blocks that landed in one place would each leave the other out.
        return None;
    }
    if hunk.kind != Kind::Clash {
        push(&mut out, &view.mover[range.start..place], mover);
        push(&mut out, block.new, editor);
        push(&mut out, &view.mover[place + block.old.len()..range.end], mover);
        return Some(out);
    }
    let mut found = 0;
    for piece in &there?.pieces {
        match once(&piece.text, block.old).filter(|_| piece.origin == mover) {
            Some(at) => {
                found += 1;
                push(&mut out, &piece.text[..at], mover);
                push(&mut out, block.new, editor);
                push(&mut out, &piece.text[at + block.old.len()..], mover);
            }
            None => push(&mut out, &piece.text, piece.origin),
        }
    }
    (found == 1).then_some(out)
}

/// The block of these lines, if the editing side reworded it, keeps apart what it did around it, and the rest can be decided.
fn block<'a>(view: &View<'a>, was: &[&'a [u8]], at: Range<usize>, left: &Cell<usize>) -> Option<Block<'a>> {
    let edited = diff::split_lines(view.parts.1);
    let mut names = Interner::default();
    let ids = (names.all(was), names.all(&edited));
    let edits = diff::shortest_ids(&ids.0, &ids.1, left)?;
    let reaches = side::reaches(&edits, (&ids.0, &ids.1));
    let single: Vec<(Edit, Range<usize>)> = edits.iter().zip(&reaches).flat_map(|(e, r)| one_by_one(e, r, was, &edited)).collect();
    let mut reworded = false;
    for (edit, reach) in &single {
        match place(edit, reach, &at)? {
            Place::Within => reworded = true,
            Place::Apart => {}
        }
    }
    let across = |line: usize| {
        let last = single.iter().rev().find(|(e, _)| e.old.end <= line);
        last.map_or(line, |(e, _)| e.new.end + line - e.old.end)
    };
    let new = across(at.start)..across(at.end);
    let text = |lines: &[&'a [u8]], whole: &'a [u8], part: &Range<usize>| {
        let size = |lines: &[&[u8]]| lines.iter().map(|l| l.len()).sum::<usize>();
        let from = size(&lines[..part.start]);
        unended(&whole[from..from + size(&lines[part.clone()])])
    };
    let (old_text, new_text) = (text(was, view.was, &at), text(&edited, view.parts.1, &new));
    // Another text in its place is no rewording of it.
    if !reworded || !lines::alike(old_text, new_text) {
        return None;
    }
    Some(Block { old: old_text, new: new_text, rest: rest(view, (was, &at), (&edited, &new), left)? })
}

/// Where a change of the editing side is.
enum Place {
    Within,
    Apart,
}

/// Where a change is, seen from the block; nothing if it is at its edge, where what is put in or cut may belong to the block or not.
fn place(edit: &Edit, reach: &Range<usize>, block: &Range<usize>) -> Option<Place> {
    let (old, level) = (&edit.old, edit.old.len() == edit.new.len());
    let edge = old.start == block.start || old.end == block.end;
    if old.is_empty() && block.start < reach.start && reach.end < block.end {
        Some(Place::Within)
    } else if old.is_empty() {
        (reach.end < block.start || block.end < reach.start).then_some(Place::Apart)
    } else if block.start <= old.start && old.end <= block.end {
        (level || !edge).then_some(Place::Within)
    } else {
        (reach.end <= block.start || block.end <= reach.start).then_some(Place::Apart)
    }
}

/// A change of as many lines as it puts there, line by line if each is the old one reworded.
fn one_by_one(edit: &Edit, reach: &Range<usize>, was: &[&[u8]], edited: &[&[u8]]) -> Vec<(Edit, Range<usize>)> {
    let pairs = || edit.old.clone().zip(edit.new.clone());
    if edit.old.len() < 2 || edit.old.len() != edit.new.len() || !pairs().all(|(o, n)| lines::alike(was[o], edited[n])) {
        return vec![(edit.clone(), reach.clone())];
    }
    pairs().map(|(o, n)| (Edit { old: o..o + 1, new: n..n + 1 }, o..o + 1)).collect()
}

/// What stays where the block was: what both sides made of the lines around it. With the block goes the blank line after it, or before it.
fn rest(
    view: &View<'_>,
    (was, old): (&[&[u8]], &Range<usize>),
    (edited, new): (&[&[u8]], &Range<usize>),
    left: &Cell<usize>,
) -> Option<Vec<Piece>> {
    let kept = view.parts.0;
    let (mover, editor) = if view.mine_moved { (Origin::Mine, Origin::Theirs) } else { (Origin::Theirs, Origin::Mine) };
    let without = |lines: &[&[u8]], at: &Range<usize>, (before, after): (usize, usize)| -> Option<Vec<u8>> {
        let (start, end) = (at.start.checked_sub(before)?, at.end + after);
        let blank = |part: &[&[u8]]| part.iter().all(|l| is_blank(l));
        (end <= lines.len() && blank(&lines[start..at.start]) && blank(&lines[at.end..end]))
            .then(|| [lines[..start].concat(), lines[end..].concat()].concat())
    };
    let ways: Vec<(Vec<u8>, Vec<u8>)> = [(0, 1), (1, 0), (0, 0), (1, 1)]
        .into_iter()
        .filter_map(|way| Some((without(was, old, way)?, without(edited, new, way)?)))
        .collect();
    let whole = |text: &[u8], origin| {
        let mut out = Vec::new();
        push(&mut out, text, origin);
        Some(out)
    };
    if let Some((_, theirs)) = ways.iter().find(|(base, _)| base == kept) {
        return whole(theirs, if theirs == kept { mover } else { editor });
    }
    if ways.iter().any(|(base, theirs)| base == theirs) {
        return whole(kept, mover);
    }
    ways.iter().find_map(|(base, theirs)| {
        let (mine, theirs) = if view.mine_moved { (kept, theirs.as_slice()) } else { (theirs.as_slice(), kept) };
        inside(base, mine, theirs, left)?.map(|(_, pieces)| pieces)
    })
}

/// Whether a line says enough to be known again.
fn is_heavy(line: &[u8]) -> bool {
    words::split(line).iter().map(|w| w.weight).sum::<u32>() >= words::APART
}

fn is_blank(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_whitespace)
}

fn unended(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Where a block of whole lines stands, if it stands in one place only.
fn once(text: &[u8], block: &[u8]) -> Option<usize> {
    let whole = |at: &usize| {
        let after = &text[at + block.len()..];
        (*at == 0 || text[at - 1] == b'\n') && (after.is_empty() || after.starts_with(b"\n") || after.starts_with(b"\r\n"))
    };
    let mut places = memchr::memmem::find_iter(text, block).filter(whole);
    let first = places.next()?;
    places.next().is_none().then_some(first)
}
