//! A block that one side moved and the other edited where it was: the edit goes along, if there is only one place it can go to.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::ops::Range;

use super::super::diff::{self, Interner};
use super::super::merge::{Hunk, Kind};
use super::{Class, Origin, Piece, Proposal, push, words};

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
}

/// Bytes that are looked through for a block in the time of a step.
const BYTES_A_STEP: usize = 64;

/// The block in the clash: what base says, what the editing side made of it; both without their last line end.
struct Block<'a> {
    old: &'a [u8],
    new: &'a [u8],
}

/// The lines that one side alone put somewhere, without their line ends: where each stands, or nothing if it stands in two places. Read when
/// first asked for: most merges have no block that could have moved.
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

    /// Where this line stands that mine alone put there, or theirs alone.
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

/// The two proposals for a clash at `at` that is one half of a move: one where the block was, one where it went.
pub(super) fn propose(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk], landed: &Landed<'_>, at: usize) -> Option<[Proposal; 2]> {
    let h = &hunks[at];
    let (was, m, t) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
    by(&View { base, mover: mine, parts: (m, t), was }, hunks, (at, landed), true)
        .or_else(|| by(&View { base, mover: theirs, parts: (t, m), was }, hunks, (at, landed), false))
}

fn by(view: &View<'_>, hunks: &[Hunk], (at, landed): (usize, &Landed<'_>), mine_moved: bool) -> Option<[Proposal; 2]> {
    let block = block(view)?;
    let first = unended(diff::split_lines(block.old).into_iter().next()?);
    let (to, place) = landed.place(first, mine_moved)?;
    let (mover, editor) = if mine_moved { (Origin::Mine, Origin::Theirs) } else { (Origin::Theirs, Origin::Mine) };
    let range = |h: &Hunk| if mine_moved { h.mine.clone() } else { h.theirs.clone() };
    let lands = view.mover[place..range(&hunks[to]).end].starts_with(block.old);
    if !lands || landed.once(view.mover, block.old)? != place {
        return None;
    }
    landed.once(view.base, block.old)?;
    let (start, end) = (range(&hunks[to]).start, range(&hunks[to]).end);
    let mut landing = Vec::new();
    push(&mut landing, &view.mover[start..place], mover);
    push(&mut landing, block.new, editor);
    push(&mut landing, &view.mover[place + block.old.len()..end], mover);
    let mut left = Vec::new();
    push(&mut left, view.parts.0, mover);
    let (who, other) = if mine_moved { ("Mine", "theirs") } else { ("Theirs", "mine") };
    let say =
        |hunk, pieces: Vec<Piece>, reason: String, linked| Proposal { hunk, class: Class::Moved, pieces, reason, linked: vec![linked] };
    Some([
        say(at, left, format!("{who} moved this block, and {other} reworded it: the rewording goes along."), to),
        say(to, landing, format!("{who} moved this block here, and {other} reworded it where it was."), at),
    ])
}

/// The block that the moving side took away and the other side edited, if that is all they did here.
fn block<'a>(view: &View<'a>) -> Option<Block<'a>> {
    if !could_be_cut(view.was, view.parts.0) {
        return None;
    }
    let (old, kept, edited) = (diff::split_lines(view.was), diff::split_lines(view.parts.0), diff::split_lines(view.parts.1));
    let mut names = Interner::default();
    let (old_ids, kept_ids, edited_ids) = (names.all(&old), names.all(&kept), names.all(&edited));
    let left = &Cell::new(super::MAX_STEPS);
    let cuts = diff::shortest_ids(&old_ids, &kept_ids, left)?;
    let [cut] = cuts.as_slice() else { return None };
    let blank = |l: &[u8]| l.iter().all(u8::is_ascii_whitespace);
    let start = (cut.old.clone()).find(|i| !blank(old[*i]))?;
    let end = (cut.old.clone()).rev().find(|i| !blank(old[*i]))? + 1;
    let within = diff::shortest_ids(&old_ids, &edited_ids, left)?.iter().all(|e| start <= e.old.start && e.old.end <= end);
    let edited_end = (edited.len() + end).checked_sub(old.len())?;
    if !cut.new.is_empty() || !within || edited_end <= start {
        return None;
    }
    let size = |lines: &[&[u8]]| lines.iter().map(|l| l.len()).sum::<usize>();
    let part = |text: &'a [u8], lines: &[&[u8]], end: usize| {
        let from = size(&lines[..start]);
        unended(&text[from..from + size(&lines[start..end])])
    };
    let block = Block { old: part(view.was, &old, end), new: part(view.parts.1, &edited, edited_end) };
    let heavy = words::split(block.old).iter().map(|w| w.weight).sum::<u32>() >= words::APART;
    (heavy && !block.new.iter().all(u8::is_ascii_whitespace)).then_some(block)
}

/// Whether a text could be another one without some lines in a row: cheap, and sometimes true for nothing.
fn could_be_cut(old: &[u8], kept: &[u8]) -> bool {
    let head = old.iter().zip(kept).take_while(|(a, b)| a == b).count();
    let tail = old.iter().rev().zip(kept.iter().rev()).take_while(|(a, b)| a == b).count();
    kept.len() < old.len() && kept.len() <= head + tail
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
