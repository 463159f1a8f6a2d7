//! Two texts to the places where they differ, by line or by word.
//!
//! Lines are compared as git compares them (search, tie-breaks, limits, sliding), because a merge is judged beside git's. All limits are
//! counts of steps, so that one input gives one answer on every machine. Nothing here is recursive, and every input ends.

use std::ops::Range;

mod clean;
mod compact;
mod intern;
mod myers;

pub(crate) use intern::Interner;

/// One place where `new` differs from `old`: byte ranges into both; one of them may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What was there.
    pub old: Range<usize>,
    /// What is there instead.
    pub new: Range<usize>,
}

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
    tokens(&split_lines(old), &split_lines(new), algorithm == Algorithm::Minimal)
}

/// The words in which two texts differ, in order; never splits a grapheme. Invalid UTF-8 is compared byte by byte.
#[must_use]
pub fn words(old: &[u8], new: &[u8]) -> Vec<Edit> {
    tokens(&split_words(old), &split_words(new), false)
}

/// Cuts a text into its lines, each with its line feed.
pub(crate) fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    let mut at = 0;
    let mut out: Vec<&[u8]> = memchr::memchr_iter(b'\n', text).map(|end| &text[std::mem::replace(&mut at, end + 1)..=end]).collect();
    if at < text.len() {
        out.push(&text[at..]);
    }
    out
}

fn split_words(text: &[u8]) -> Vec<&[u8]> {
    use unicode_segmentation::UnicodeSegmentation;
    match std::str::from_utf8(text) {
        Ok(s) => s.split_word_bounds().map(str::as_bytes).collect(),
        Err(_) => text.chunks(1).collect(),
    }
}

/// The tokens in which two lists differ, as byte ranges of the texts they make up.
fn tokens(old: &[&[u8]], new: &[&[u8]], minimal: bool) -> Vec<Edit> {
    let mut names = Interner::default();
    let (a, b) = (names.all(old), names.all(new));
    let starts = |tokens: &[&[u8]]| -> Vec<usize> {
        std::iter::once(0)
            .chain(tokens.iter().scan(0, |at, t| {
                *at += t.len();
                Some(*at)
            }))
            .collect()
    };
    let (old_at, new_at) = (starts(old), starts(new));
    ids(&a, &b, minimal)
        .into_iter()
        .map(|e| Edit { old: old_at[e.old.start]..old_at[e.old.end], new: new_at[e.new.start]..new_at[e.new.end] })
        .collect()
}

/// The places where two sequences of interned items differ, as index ranges, slid to where git puts them.
pub(crate) fn ids(a: &[u32], b: &[u32], minimal: bool) -> Vec<Edit> {
    let (mut gone, mut new) = (vec![false; a.len()], vec![false; b.len()]);
    let ends = clean::equal_ends(a, b);
    let (in_a, in_b) = (counts(a), counts(b));
    let count = |counts: &[usize], id: u32| counts.get(id as usize).copied().unwrap_or(0);
    let from_a = clean::searched(a, ends, a.len(), minimal, |id| count(&in_b, id));
    let from_b = clean::searched(b, ends, b.len(), minimal, |id| count(&in_a, id));
    gone[ends.0..a.len() - ends.1].fill(true);
    new[ends.0..b.len() - ends.1].fill(true);
    from_a.iter().for_each(|i| gone[*i] = false);
    from_b.iter().for_each(|j| new[*j] = false);
    let pick = |from: &[usize], ids: &[u32]| -> Vec<u32> { from.iter().map(|i| ids[*i]).collect() };
    myers::mark(&pick(&from_a, a), &pick(&from_b, b), minimal, |i| gone[from_a[i]] = true, |j| new[from_b[j]] = true);
    slide(a, &mut gone, b, &mut new);
    edits(&gone, &new)
}

/// Slides the marked changes of both sides to their places.
fn slide(a: &[u32], gone: &mut [bool], b: &[u32], new: &mut [bool]) {
    let (mut old_side, mut new_side) = (compact::Side { ids: a, changed: gone }, compact::Side { ids: b, changed: new });
    compact::compact(&mut old_side, &new_side);
    compact::compact(&mut new_side, &old_side);
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
