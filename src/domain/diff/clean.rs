//! What is set aside before the search: the equal ends, items the other side does not have, and frequent items in the midst of such.
//!
//! Setting frequent items aside (blank lines, closing brackets) keeps a rewritten stretch whole, where a search would hang it on every
//! blank line. The rule and its limits are git's, so that hunks end where git ends them.

use std::collections::HashMap;

/// At least so many matches make an item frequent, whatever the length.
const FREQUENT: usize = 1024;
/// How far around a frequent item is looked.
const SIGHT: usize = 100;
/// A frequent item is set aside if fewer than one in so many items around it is frequent too.
const SHARE: usize = 4;

/// What an item is for the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// The other side does not have it.
    None,
    /// The other side has it.
    Some,
    /// The other side has it often.
    Many,
}

/// How many items are equal at the start and at the end of both.
pub(super) fn equal_ends(a: &[u32], b: &[u32]) -> (usize, usize) {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    (start, end)
}

/// Pairs of items that are compared one by one to see that nothing is shared.
const FEW_PAIRS: usize = 1024;

/// Whether two short stretches have no item in common: there is nothing to search then. False for long ones.
pub(super) fn nothing_shared(a: &[u32], b: &[u32]) -> bool {
    a.len() * b.len() <= FEW_PAIRS && !a.iter().any(|id| b.contains(id))
}

/// What each item of `side` between the equal ends is, given how often the other side has it and how long `side` is.
pub(super) fn matches(side: &[u32], (start, end): (usize, usize), minimal: bool, in_other: &[usize]) -> Vec<Match> {
    let many = if minimal { usize::MAX } else { frequent_from(side.len()) };
    let what = |id: &u32| match in_other.get(*id as usize).copied().unwrap_or(0) {
        0 => Match::None,
        n if n >= many => Match::Many,
        _ => Match::Some,
    };
    side[start..side.len() - end].iter().map(what).collect()
}

/// So many matches make an item of a text of `items` items frequent.
fn frequent_from(items: usize) -> usize {
    super::rough_root(items).min(FREQUENT)
}

/// The items that go into the search, as indices from `start`; the rest are changed for certain.
pub(super) fn searched(matches: &[Match], start: usize) -> Vec<usize> {
    let wanted = |i: &usize| matches[*i] == Match::Some || (matches[*i] == Match::Many && !amid_changes(matches, *i));
    (0..matches.len()).filter(wanted).map(|i| i + start).collect()
}

/// Whether a frequent item stands among items that the other side does not have.
fn amid_changes(matches: &[Match], at: usize) -> bool {
    let run = |items: &mut dyn Iterator<Item = &Match>| {
        let (mut none, mut many) = (0, 1);
        for m in items {
            match m {
                Match::None => none += 1,
                Match::Many => many += 1,
                Match::Some => break,
            }
        }
        (none, many)
    };
    let (none_before, many_before) = run(&mut matches[at.saturating_sub(SIGHT)..at].iter().rev());
    if none_before == 0 {
        return false;
    }
    let (none_after, many_after) = run(&mut matches[at + 1..matches.len().min(at + SIGHT + 1)].iter());
    if none_after == 0 {
        return false;
    }
    let (none, many) = (none_before + none_after, many_before + many_after);
    many * SHARE < many + none
}

/// Bytes around a window in which a line must stand again before it is counted in the whole text.
const NEAR: usize = 1 << 13;
/// Longer lines are looked up only if they stand in the window twice: what is frequent is short.
const SHORT: usize = 32;
/// With fewer lines that the other side lacks, no frequent line is set aside (see [`amid_changes`]: two ends, one in four).
pub(super) const ENOUGH_CHANGES: usize = 2 * SHARE - 1;

/// How often lines stand in the whole of a text, for windows that are compared without the rest of it.
pub(super) struct Frequent<'a> {
    /// Mine to look at, and where its other side is.
    old: &'a [u8],
    new: &'a [u8],
    /// Lines of each, once they were counted.
    lines: Option<(usize, usize)>,
    /// Whether lines known so far are frequent in new, and in old.
    in_new: HashMap<&'a [u8], bool, foldhash::fast::FixedState>,
    in_old: HashMap<&'a [u8], bool, foldhash::fast::FixedState>,
}

impl<'a> Frequent<'a> {
    pub(super) fn new(old: &'a [u8], new: &'a [u8]) -> Frequent<'a> {
        Frequent { old, new, lines: None, in_new: HashMap::default(), in_old: HashMap::default() }
    }

    /// Corrects what a window alone says of its old lines (which start at line `start` of `lines`; the window's new lines at byte `near`).
    pub(super) fn correct_old(&mut self, found: &mut [Match], lines: &[&'a [u8]], near: usize) {
        if has_candidates(found) {
            let (old, new) = (self.old, self.new);
            let counts = self.lines.get_or_insert_with(|| (lines_of(old), lines_of(new)));
            correct(found, lines, new, near, frequent_from(counts.0), &mut self.in_new);
        }
    }

    /// The same for its new lines.
    pub(super) fn correct_new(&mut self, found: &mut [Match], lines: &[&'a [u8]], near: usize) {
        if has_candidates(found) {
            let (old, new) = (self.old, self.new);
            let counts = self.lines.get_or_insert_with(|| (lines_of(old), lines_of(new)));
            correct(found, lines, old, near, frequent_from(counts.1), &mut self.in_old);
        }
    }
}

fn lines_of(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count() + usize::from(!text.is_empty() && !text.ends_with(b"\n"))
}

/// Whether a line could be set aside at all.
fn has_candidates(found: &[Match]) -> bool {
    let none = found.iter().filter(|m| **m == Match::None).count();
    none >= ENOUGH_CHANGES && none < found.len()
}

fn correct<'a>(
    found: &mut [Match],
    lines: &[&'a [u8]],
    other: &'a [u8],
    near: usize,
    many: usize,
    known: &mut HashMap<&'a [u8], bool, foldhash::fast::FixedState>,
) {
    let around = other.get(near.saturating_sub(NEAR)..other.len().min(near + NEAR)).unwrap_or_default();
    let mut any = false;
    for (i, line) in lines.iter().enumerate() {
        if found[i] != Match::Some
            || !(line.len() <= SHORT || lines.iter().filter(|l| *l == line).nth(1).is_some())
            || !could_be_amid(found, i)
        {
            continue;
        }
        let is = *known.entry(line).or_insert_with(|| {
            whole_lines(around, line).nth(1).is_some() && whole_lines(other, line).nth(many.saturating_sub(1)).is_some()
        });
        if is {
            (found[i], any) = (Match::Many, true);
        }
    }
    if any {
        for (m, line) in found.iter_mut().zip(lines).filter(|(m, _)| **m == Match::None) {
            if whole_lines(around, line).next().is_some() {
                *m = Match::Some;
            }
        }
    }
}

/// Whether so many lines around are changed that a frequent one could be set aside; cheap, and true too often.
fn could_be_amid(found: &[Match], at: usize) -> bool {
    let none = |part: &[Match]| part.iter().filter(|m| **m == Match::None).count();
    let (before, after) = (none(&found[at.saturating_sub(SIGHT)..at]), none(&found[at + 1..found.len().min(at + SIGHT + 1)]));
    let close = none(&found[at.saturating_sub(SHARE)..found.len().min(at + SHARE + 1)]);
    before > 0 && after > 0 && before + after >= ENOUGH_CHANGES && close >= 2
}

/// Where a line stands in a text.
fn whole_lines<'a>(text: &'a [u8], line: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let starts = |at: &usize| *at == 0 || text[*at - 1] == b'\n';
    memchr::memmem::find_iter(text, line).filter(starts)
}
