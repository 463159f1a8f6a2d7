//! A block that one side moved and the other edited where it was: the edit goes along, if there is only one place it can go to.

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

/// The block in the clash: what base says, what the editing side made of it; both without their last line end.
struct Block<'a> {
    old: &'a [u8],
    new: &'a [u8],
}

/// The two proposals for a clash at `at` that is one half of a move: one where the block was, one where it went.
pub(super) fn propose(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk], at: usize) -> Option<[Proposal; 2]> {
    let h = &hunks[at];
    let (was, m, t) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
    by(&View { base, mover: mine, parts: (m, t), was }, hunks, at, true)
        .or_else(|| by(&View { base, mover: theirs, parts: (t, m), was }, hunks, at, false))
}

fn by(view: &View<'_>, hunks: &[Hunk], at: usize, mine_moved: bool) -> Option<[Proposal; 2]> {
    let block = block(view)?;
    once(view.base, block.old)?;
    let place = once(view.mover, block.old)?;
    let (kind, mover, editor) =
        if mine_moved { (Kind::Mine, Origin::Mine, Origin::Theirs) } else { (Kind::Theirs, Origin::Theirs, Origin::Mine) };
    let range = |h: &Hunk| if mine_moved { h.mine.clone() } else { h.theirs.clone() };
    let to = hunks.iter().position(|h| h.kind == kind && range(h).start <= place && place + block.old.len() <= range(h).end)?;
    let (start, end) = (range(&hunks[to]).start, range(&hunks[to]).end);
    let mut landed = Vec::new();
    push(&mut landed, &view.mover[start..place], mover);
    push(&mut landed, block.new, editor);
    push(&mut landed, &view.mover[place + block.old.len()..end], mover);
    let mut left = Vec::new();
    push(&mut left, view.parts.0, mover);
    let (who, other) = if mine_moved { ("Mine", "theirs") } else { ("Theirs", "mine") };
    let say =
        |hunk, pieces: Vec<Piece>, reason: String, linked| Proposal { hunk, class: Class::Moved, pieces, reason, linked: vec![linked] };
    Some([
        say(at, left, format!("{who} moved this block, and {other} reworded it: the rewording goes along."), to),
        say(to, landed, format!("{who} moved this block here, and {other} reworded it where it was."), at),
    ])
}

/// The block that the moving side took away and the other side edited, if that is all they did here.
fn block<'a>(view: &View<'a>) -> Option<Block<'a>> {
    let (old, kept, edited) = (diff::split_lines(view.was), diff::split_lines(view.parts.0), diff::split_lines(view.parts.1));
    let mut names = Interner::default();
    let (old_ids, kept_ids, edited_ids) = (names.all(&old), names.all(&kept), names.all(&edited));
    let cuts = diff::ids(&old_ids, &kept_ids, true);
    let [cut] = cuts.as_slice() else { return None };
    let blank = |l: &[u8]| l.iter().all(u8::is_ascii_whitespace);
    let start = (cut.old.clone()).find(|i| !blank(old[*i]))?;
    let end = (cut.old.clone()).rev().find(|i| !blank(old[*i]))? + 1;
    let within = diff::ids(&old_ids, &edited_ids, true).iter().all(|e| start <= e.old.start && e.old.end <= end);
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
