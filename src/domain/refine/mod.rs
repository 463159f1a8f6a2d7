//! The ladder inside one clash, from lines to words: a proposal with its class and its reason, or none.
//!
//! All or nothing per hunk: a half-merged sentence is hard to read. A proposal is pre-filled and confirmed by a key, never taken unseen
//! unless the person's settings accept its class.

use std::cell::Cell;
use std::ops::Range;

use super::merge::{Hunk, Kind};
use super::stop::{self, Cancelled, NEVER, Stop};

mod doubt;
mod groups;
mod lines;
mod matter;
mod moved;
mod side;
mod table;
mod weave;
mod words;

pub use matter::keys as matter_keys;

/// Why a proposal is made, from the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Both sides read alike. Never proposed: `merge` makes a hunk of its own of it (`Kind::Same`), and endings are levelled before; the name
    /// stands in settings for taking such hunks.
    Same,
    /// One side changed only white space or wrapping.
    SpaceOnly,
    /// One side's edits include the other's.
    Contained,
    /// Touching lines that do not overlap.
    DisjointLines,
    /// Sentence- or word-level edits that neither overlap nor touch.
    DisjointWords,
    /// One side moved a block which the other edited.
    Moved,
    /// Front matter by key, tick boxes, table cells.
    Structure,
}

impl Class {
    /// All classes, surest first.
    pub const ALL: [Class; 7] =
        [Class::Same, Class::SpaceOnly, Class::Contained, Class::DisjointLines, Class::DisjointWords, Class::Moved, Class::Structure];

    /// The name used in settings, JSON and reports: `disjoint-words`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Same => "same",
            Class::SpaceOnly => "space-only",
            Class::Contained => "contained",
            Class::DisjointLines => "disjoint-lines",
            Class::DisjointWords => "disjoint-words",
            Class::Moved => "moved",
            Class::Structure => "structure",
        }
    }
}

/// Where a piece of a result came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// All agree, or it is base's.
    Base,
    /// Only mine says so.
    Mine,
    /// Only theirs says so.
    Theirs,
    /// Both sides say so, base does not.
    Both,
    /// A person typed it.
    Typed,
}

/// A piece of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub text: Vec<u8>,
    /// Who wrote them.
    pub origin: Origin,
}

/// What the merge would put in a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The index of the hunk it is for.
    pub hunk: usize,
    /// Why.
    pub class: Class,
    /// The text, piece by piece.
    pub pieces: Vec<Piece>,
    /// The reason in one plain sentence, for the person.
    pub reason: String,
    /// Other hunks whose proposal must be taken together with this one (a `moved` block leaves one place and comes to another).
    pub linked: Vec<usize>,
}

/// Steps that comparing the texts of one clash may take; past that so much differs that a proposal could not be judged.
const MAX_STEPS: usize = 8_000_000;
/// The same for all clashes of one merge together.
const MAX_ALL_STEPS: usize = 64_000_000;
/// Bytes of a clash, all sides together, above which only a person decides: a word-level answer to so much text cannot be judged.
const MAX_CLASH: usize = 256 * 1024;
/// The same for all clashes of one merge together, so that the ladder ends in time linear in what it may look at.
const MAX_ALL: usize = 16 * 1024 * 1024;

/// The proposals for the clashes among `hunks` (and for one-sided hunks that a `moved` block lands in), in order of hunk.
#[must_use]
pub fn propose(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk]) -> Vec<Proposal> {
    // Nobody calls it off, so there always is an answer.
    propose_unless(base, mine, theirs, hunks, NEVER).unwrap_or_default()
}

/// The same, unless it is called off. Asked before each clash.
///
/// # Errors
/// If `stop` said so.
pub fn propose_unless(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk], stop: Stop<'_>) -> Result<Vec<Proposal>, Cancelled> {
    let head = matter_extent(base, mine, theirs);
    let mut out: Vec<Proposal> = Vec::new();
    let mut left = MAX_ALL;
    let mut steps = MAX_ALL_STEPS;
    let mut open = Vec::new();
    for (i, h) in hunks.iter().enumerate().filter(|(_, h)| h.kind == Kind::Clash) {
        let size = h.base.len() + h.mine.len() + h.theirs.len();
        if size > MAX_CLASH || size > left {
            continue;
        }
        stop::go_on(stop)?;
        left -= size;
        let (b, m, t) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
        let purse = Cell::new(steps.min(MAX_STEPS));
        let before = purse.get();
        let found = inside(b, m, t, &purse);
        // A purse that did not do counts as spent, whichever side was looked at first.
        steps -= if found.is_some() { before - purse.get() } else { before };
        let Some(found) = found else { continue };
        let woven = found.or_else(|| {
            let in_head = head.as_ref().is_some_and(|head| head.start <= h.base.start && h.base.end <= head.end);
            if in_head { matter::weave(b, m, t) } else { None }
        });
        if let Some((class, pieces)) = woven {
            out.push(Proposal { hunk: i, class, pieces, reason: reason(class).into(), linked: Vec::new() });
        } else {
            open.push(i);
        }
    }
    let landed = moved::Landed::new(mine, theirs, hunks);
    for i in open {
        stop::go_on(stop)?;
        let purse = Cell::new(steps.min(MAX_STEPS));
        let before = purse.get();
        let pair = if steps > 0 { moved::propose([base, mine, theirs], &landed, &out, i, &purse) } else { None };
        steps = steps.saturating_sub(before - purse.get() + landed.steps());
        for p in pair.into_iter().flatten() {
            match out.binary_search_by_key(&p.hunk, |o| o.hunk) {
                Ok(at) => out[at] = p,
                Err(at) => out.insert(at, p),
            }
        }
    }
    Ok(out)
}

/// What a clash comes to: its class and the pieces, if it may be decided.
type Woven = Option<(Class, Vec<Piece>)>;

/// The ladder for the three texts of one clash alone; nothing at all if comparing them takes more steps than there are left.
fn inside(base: &[u8], mine: &[u8], theirs: &[u8], left: &Cell<usize>) -> Option<Woven> {
    let whole = |text: &[u8], origin| {
        let mut out = Vec::new();
        push(&mut out, text, origin);
        Some(Some((Class::Contained, out)))
    };
    let lines = lines::Lines::new(base, mine, theirs, left)?;
    match lines.container() {
        Some(true) => return whole(mine, Origin::Mine),
        Some(false) => return whole(theirs, Origin::Theirs),
        None => {}
    }
    let mut words = weave::Weave::new(base, mine, theirs, left)?;
    let woven = match words.weave() {
        Some((Class::DisjointWords, pieces)) => lines.woven().or(Some((Class::DisjointWords, pieces))),
        Some(found) => Some(found),
        None => lines.woven(),
    };
    let texts = [base, mine, theirs];
    let kept = woven.filter(|(_, pieces)| table::keeps_columns(texts, pieces)).or_else(|| table::weave(texts));
    Some(kept.filter(|_| !words.is_doubtful()))
}

/// Base's front matter, if all three texts have one.
fn matter_extent(base: &[u8], mine: &[u8], theirs: &[u8]) -> Option<Range<usize>> {
    matter::extent(mine)?;
    matter::extent(theirs)?;
    matter::extent(base)
}

/// Adds bytes to a result, to its last piece if that has the same origin.
fn push(out: &mut Vec<Piece>, text: &[u8], origin: Origin) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.origin == origin => last.text.extend_from_slice(text),
        _ => out.push(Piece { text: text.to_vec(), origin }),
    }
}

fn reason(class: Class) -> &'static str {
    match class {
        Class::Same => "Both sides read alike.",
        Class::SpaceOnly => "One side changed only white space: the other's words, in its spacing.",
        Class::Contained => "One side made all of the other's changes, and more.",
        Class::DisjointLines => "The sides changed different lines.",
        Class::DisjointWords => "The sides changed different words, with unchanged ones between.",
        Class::Moved => "One side moved the block, the other reworded it.",
        Class::Structure => "The sides changed different keys, boxes or cells.",
    }
}
