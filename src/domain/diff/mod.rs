//! Two texts to the places where they differ, by line or by word.
//!
//! Lines are compared as git compares them (search, tie-breaks, limits, sliding), because a merge is judged beside git's; words by
//! `similar`, whose lines the tests hold the merge against. All limits are counts of steps, so that one input gives one answer on every machine. Nothing here is recursive, and every input ends.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;

use super::stop::{self, Cancelled, NEVER, Stop};

mod clean;
mod common;
mod compact;
mod intern;
mod myers;
mod rare;
mod small;
mod table;
mod window;

pub(crate) use intern::Interner;
use myers::How;

/// One place where `new` differs from `old`: byte ranges into both; one of them may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What was there.
    pub old: Range<usize>,
    /// What is there instead.
    pub new: Range<usize>,
}

/// Bytes up to which a text may be tiny.
const TINY: usize = 1024;

/// How lines are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// The shortest difference, within a budget.
    #[default]
    Myers,
    /// The shortest difference, whatever it costs.
    Minimal,
    /// Lines that are unique on both sides first.
    Patience,
    /// The rarest lines first.
    Histogram,
}

/// The lines in which two texts differ, in order; ranges lie on line boundaries.
#[must_use]
pub fn lines(old: &[u8], new: &[u8]) -> Vec<Edit> {
    lines_by(old, new, Algorithm::Myers)
}

/// The same by a chosen algorithm.
#[must_use]
pub fn lines_by(old: &[u8], new: &[u8], algorithm: Algorithm) -> Vec<Edit> {
    // Nobody calls it off, so there always is an answer.
    lines_unless(old, new, algorithm, NEVER).unwrap_or_default()
}

/// The same, unless it is called off.
///
/// # Errors
/// If `stop` said so.
pub fn lines_unless(old: &[u8], new: &[u8], algorithm: Algorithm, stop: Stop<'_>) -> Result<Vec<Edit>, Cancelled> {
    if let Some(edit) = tiny(old, new) {
        return Ok(vec![edit]);
    }
    if algorithm == Algorithm::Myers
        && let Some(edits) = window::lines(old, new, stop)?
    {
        return Ok(edits);
    }
    tokens(&split_lines(old), &split_lines(new), algorithm, stop)
}

/// The words in which two texts differ, in order; never splits a grapheme. Invalid UTF-8 is compared byte by byte.
#[must_use]
pub fn words(old: &[u8], new: &[u8]) -> Vec<Edit> {
    let (old, new) = (split_words(old), split_words(new));
    let mut names = Interner::with_room(old.len());
    let (a, b) = (names.all(&old), names.all(&new));
    let mut marks = Marks::new(&a, &b);
    for op in similar::capture_diff_slices(similar::Algorithm::Myers, &a, &b) {
        if !matches!(op, similar::DiffOp::Equal { .. }) {
            marks.all(op.old_range(), op.new_range());
        }
    }
    marks.slide(&a, &b);
    placed(marks.edits(), &old, &new, (0, 0))
}

/// The difference of two texts of a few lines that share none.
fn tiny(old: &[u8], new: &[u8]) -> Option<Edit> {
    let few = |text: &[u8]| !text.is_empty() && memchr::memchr_iter(b'\n', &text[..text.len() - 1]).take(4).count() < 4;
    let shared = |line: &[u8]| new.split_inclusive(|b| *b == b'\n').any(|l| l == line);
    let all_differ = old.len().max(new.len()) <= TINY && few(old) && few(new) && !old.split_inclusive(|b| *b == b'\n').any(shared);
    all_differ.then_some(Edit { old: 0..old.len(), new: 0..new.len() })
}

/// Bytes of a usual line, to make room for so many.
const USUAL: usize = 48;

/// Cuts a text into its lines, each with its line feed.
pub(crate) fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    let mut at = 0;
    let mut out: Vec<&[u8]> = Vec::with_capacity(text.len() / USUAL + 2);
    out.extend(memchr::memchr_iter(b'\n', text).map(|end| &text[std::mem::replace(&mut at, end + 1)..=end]));
    if at < text.len() {
        out.push(&text[at..]);
    }
    out
}

fn split_words(text: &[u8]) -> Vec<&[u8]> {
    use unicode_segmentation::UnicodeSegmentation;
    match std::str::from_utf8(text) {
        Ok(s) => s.split_word_bounds().map(str::as_bytes).collect(),
        // In the old encodings letters lie above ASCII.
        Err(_) => text.chunk_by(|a, b| [a, b].iter().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii())).collect(),
    }
}

/// The tokens in which two lists differ, as byte ranges of the texts they make up.
fn tokens(old: &[&[u8]], new: &[&[u8]], algorithm: Algorithm, stop: Stop<'_>) -> Result<Vec<Edit>, Cancelled> {
    stop::go_on(stop)?;
    let mut names = Interner::with_room(old.len());
    let (a, b) = (names.all(old), names.all(new));
    drop(names);
    stop::go_on(stop)?;
    let mut marks = Marks::new(&a, &b);
    match algorithm {
        Algorithm::Myers | Algorithm::Minimal => {
            marks.shortest(&a, &b, How { minimal: algorithm == Algorithm::Minimal, ..How::within_reason(stop) })?;
        }
        Algorithm::Patience | Algorithm::Histogram => rare::mark(&a, &b, algorithm, &mut marks, stop)?,
    }
    stop::go_on(stop)?;
    marks.slide(&a, &b);
    Ok(placed(marks.edits(), old, new, (0, 0)))
}

/// Edits of tokens as edits of bytes; the tokens start at `from`.
fn placed(edits: Vec<Edit>, old: &[&[u8]], new: &[&[u8]], from: (usize, usize)) -> Vec<Edit> {
    let size = |tokens: &[&[u8]]| tokens.iter().map(|t| t.len()).sum::<usize>();
    let (mut i, mut j, mut at) = (0, 0, from);
    let mut place = |e: Edit| {
        let start = (at.0 + size(&old[i..e.old.start]), at.1 + size(&new[j..e.new.start]));
        at = (start.0 + size(&old[e.old.clone()]), start.1 + size(&new[e.new.clone()]));
        (i, j) = (e.old.end, e.new.end);
        Edit { old: start.0..at.0, new: start.1..at.1 }
    };
    edits.into_iter().map(&mut place).collect()
}

/// The places where two sequences of interned items differ, as index ranges, slid to where git puts them.
pub(crate) fn ids(a: &[u32], b: &[u32]) -> Vec<Edit> {
    let mut marks = Marks::new(a, b);
    // Nobody calls it off.
    let _ = marks.shortest(a, b, How::within_reason(NEVER));
    marks.slide(a, b);
    marks.edits()
}

/// The same by a shortest difference, or nothing once it took more steps than are `left`.
pub(crate) fn shortest_ids(a: &[u32], b: &[u32], left: &Cell<usize>) -> Option<Vec<Edit>> {
    let (start, end) = clean::equal_ends(a, b);
    let (old, new) = (start..a.len() - end, start..b.len() - end);
    let plain = clean::nothing_shared(&a[old.clone()], &b[new.clone()]);
    if plain && compact::stays(a, &old) && compact::stays(b, &new) {
        let same = old.is_empty() && new.is_empty();
        return Some(if same { Vec::new() } else { vec![Edit { old, new }] });
    }
    let mut marks = Marks::new(a, b);
    if plain {
        marks.all(old, new);
    } else {
        marks.shortest(a, b, How { minimal: true, stop: NEVER, left: Some(left) }).ok()?;
    }
    marks.slide(a, b);
    Some(marks.edits())
}

/// Which items of two sequences are changed.
#[derive(PartialEq, Eq)]
struct Marks {
    gone: Vec<bool>,
    new: Vec<bool>,
}

impl Marks {
    fn new(a: &[u32], b: &[u32]) -> Marks {
        Marks { gone: vec![false; a.len()], new: vec![false; b.len()] }
    }

    /// Marks a shortest difference.
    fn shortest(&mut self, a: &[u32], b: &[u32], how: How<'_>) -> Result<(), Cancelled> {
        let ends = clean::equal_ends(a, b);
        let (in_a, in_b) = (counts(a), counts(b));
        let (of_a, of_b) = (clean::matches(a, ends, how.minimal, &in_b), clean::matches(b, ends, how.minimal, &in_a));
        self.search((a, b), ends, (&of_a, &of_b), how)
    }

    /// The same within a part of both.
    fn classic(&mut self, (a, b): (&[u32], &[u32]), (in_a, in_b): (Range<usize>, Range<usize>), stop: Stop<'_>) -> Result<(), Cancelled> {
        // Numbered anew, so that what a part costs follows its own size.
        let mut names: HashMap<u32, u32, foldhash::fast::FixedState> = HashMap::default();
        let mut renumbered = |ids: &[u32]| -> Vec<u32> {
            ids.iter()
                .map(|id| {
                    let next = names.len() as u32;
                    *names.entry(*id).or_insert(next)
                })
                .collect()
        };
        let (a, b) = (renumbered(&a[in_a.clone()]), renumbered(&b[in_b.clone()]));
        let mut part = Marks::new(&a, &b);
        part.shortest(&a, &b, How::within_reason(stop))?;
        self.gone[in_a].copy_from_slice(&part.gone);
        self.new[in_b].copy_from_slice(&part.new);
        Ok(())
    }

    /// Marks two stretches whole.
    fn all(&mut self, in_a: Range<usize>, in_b: Range<usize>) {
        self.gone[in_a].fill(true);
        self.new[in_b].fill(true);
    }

    /// Marks what differs between the equal ends.
    fn search(
        &mut self,
        (a, b): (&[u32], &[u32]),
        ends: (usize, usize),
        (of_a, of_b): (&[clean::Match], &[clean::Match]),
        how: How<'_>,
    ) -> Result<(), Cancelled> {
        let (from_a, from_b) = (clean::searched(of_a, ends.0), clean::searched(of_b, ends.0));
        self.gone[ends.0..a.len() - ends.1].fill(true);
        self.new[ends.0..b.len() - ends.1].fill(true);
        from_a.iter().for_each(|i| self.gone[*i] = false);
        from_b.iter().for_each(|j| self.new[*j] = false);
        let pick = |from: &[usize], ids: &[u32]| -> Vec<u32> { from.iter().map(|i| ids[*i]).collect() };
        myers::mark(&pick(&from_a, a), &pick(&from_b, b), how, |i| self.gone[from_a[i]] = true, |j| self.new[from_b[j]] = true)
    }

    /// Slides the changes of both sides to their places; tells whether one came to the very start, and to the very end.
    fn slide(&mut self, a: &[u32], b: &[u32]) -> (bool, bool) {
        let mut old_side = compact::Side::new(a, &mut self.gone);
        let mut new_side = compact::Side::new(b, &mut self.new);
        compact::compact(&mut old_side, &new_side);
        compact::compact(&mut new_side, &old_side);
        (old_side.at_start || new_side.at_start, old_side.at_end || new_side.at_end)
    }

    fn edits(&self) -> Vec<Edit> {
        edits(&self.gone, &self.new)
    }
}

/// Marked items to edits.
fn edits(gone: &[bool], new: &[bool]) -> Vec<Edit> {
    let run = |marks: &[bool], from: usize| marks[from..].iter().take_while(|m| **m).count();
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < gone.len() || j < new.len() {
        let (n, m) = (run(gone, i), run(new, j));
        if n + m > 0 {
            out.push(Edit { old: i..i + n, new: j..j + m });
        }
        (i, j) = (i + n + 1, j + m + 1);
    }
    out
}

fn counts(ids: &[u32]) -> Vec<usize> {
    let mut out = vec![0; ids.iter().max().map_or(0, |m| *m as usize + 1)];
    ids.iter().for_each(|id| out[*id as usize] += 1);
    out
}

/// A power of two near the square root, as git estimates it.
fn rough_root(n: usize) -> usize {
    let (mut root, mut n) = (1, n);
    while n > 0 {
        root <<= 1;
        n >>= 2;
    }
    root
}
