//! One side's words against base's: what it changed, and how far each change could be slid.

use std::cell::Cell;
use std::ops::Range;

use super::super::diff::{self, Edit};
use super::words::{self, Word};

/// Abbreviations of four letters and more that names or numbers follow; shorter words are never taken for the end of a sentence.
const ABBREVIATIONS: &[&str] = &[
    "abschn", "blvd", "capt", "corp", "dept", "dipl", "evtl", "figs", "inkl", "inst", "maj", "prof", "sept", "univ", "vols", "экз", "проф",
];

/// A change of words, as ranges of base's and of the side's words, and the stretch of base it may be said to change.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What it replaces with what.
    pub(super) edit: Edit,
    /// `edit.old`, with the places where the same change could stand, and whole dates and numbers.
    pub(super) reach: Range<usize>,
}

/// A side's words and its changes.
pub(super) struct Side<'a> {
    /// Its words, the empty last one included.
    pub(super) words: Vec<Word<'a>>,
    /// Its changes, in order.
    pub(super) changes: Vec<Change>,
    /// For each word of base the side's word that is the same, if the side kept it.
    pub(super) partner: Vec<Option<usize>>,
}

/// Compares a side's words with base's, unless that takes more steps than are left. `ids` are the interned words of both, without the last.
pub(super) fn side<'a>(
    base: &[Word<'_>],
    groups: &[Range<usize>],
    words: Vec<Word<'a>>,
    ids: (&[u32], &[u32]),
    left: &Cell<usize>,
) -> Option<Side<'a>> {
    let edits = diff::shortest_ids(ids.0, ids.1, left)?;
    let mut partner = vec![None; base.len()];
    let (mut i, mut j) = (0, 0);
    let stops = edits.iter().map(|e| (e.old.clone(), e.new.clone())).chain([(ids.0.len()..ids.0.len(), ids.1.len()..ids.1.len())]);
    for (old, new) in stops {
        while i < old.start {
            partner[i] = Some(j);
            (i, j) = (i + 1, j + 1);
        }
        (i, j) = (old.end, new.end);
    }
    partner[base.len() - 1] = Some(words.len() - 1);
    let changes =
        reaches(&edits, ids).into_iter().zip(edits).map(|(reach, edit)| Change { reach: whole_groups(reach, groups), edit }).collect();
    Some(Side { words, changes, partner })
}

/// How far each edit can be slid, as a range of the old items.
pub(super) fn reaches(edits: &[Edit], (old, new): (&[u32], &[u32])) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::with_capacity(edits.len());
    for (n, e) in edits.iter().enumerate() {
        let before = n.checked_sub(1).map_or(0, |p| edits[p].old.end);
        let after = edits.get(n + 1).map_or(old.len(), |e| e.old.start);
        // A pure cut slides over old items, a pure insertion over new ones; both move over the kept items beside them.
        let (seq, range) = match (e.old.is_empty(), e.new.is_empty()) {
            (false, true) => (old, &e.old),
            (true, false) => (new, &e.new),
            _ => {
                out.push(e.old.clone());
                continue;
            }
        };
        let up = (1..=e.old.start - before).take_while(|k| seq[range.start - k] == seq[range.end - k]).count();
        let down = (0..after - e.old.end).take_while(|k| seq[range.start + k] == seq[range.end + k]).count();
        out.push(e.old.start - up..e.old.end + down);
    }
    out
}

fn whole_groups(reach: Range<usize>, groups: &[Range<usize>]) -> Range<usize> {
    let hit = |g: &&Range<usize>| {
        if reach.is_empty() { g.start < reach.start && reach.start < g.end } else { g.start < reach.end && reach.start < g.end }
    };
    let first = groups.partition_point(|g| g.end < reach.start);
    groups[first..]
        .iter()
        .take_while(|g| g.start <= reach.end)
        .filter(hit)
        .fold(reach.clone(), |r, g| r.start.min(g.start)..r.end.max(g.end))
}

/// Whether the line end before word `at` of base parts two thoughts (a list item, a row, a paragraph), not two words of a wrapped sentence.
pub(super) fn parts_lines(base: &[Word<'_>], at: usize) -> bool {
    let (Some(word), Some(before)) = (base.get(at), at.checked_sub(1).and_then(|i| base.get(i))) else { return false };
    if !word.starts_line() {
        return false;
    }
    let text = |w: &Word<'_>| std::str::from_utf8(w.text).map(str::to_owned).unwrap_or_default();
    let flows_out = text(before).chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, ',' | '、' | '،'));
    let flows_in = text(word).chars().next().is_some_and(char::is_alphabetic);
    let blank = word.gap.iter().filter(|b| **b == b'\n').count() > 1;
    if blank || !flows_out || !flows_in {
        return true;
    }
    let line_before = base[..at].iter().rev().take_while(|w| !w.starts_line()).filter(|w| w.weight > 0).count() + 1;
    let signs = base[at].weight < words::APART;
    let few = if signs { 8 } else { 4 };
    line_before < few
}

/// Whether a sentence surely ends with the mark at `at`, and the next one says something of its own: it starts anew, what stands before is
/// no abbreviation or ordinal, and it is no answer to a question.
pub(super) fn ends_sentence(base: &[Word<'_>], at: usize) -> bool {
    let text = |i: Option<usize>| i.and_then(|i| base.get(i)).map_or("", |w| std::str::from_utf8(w.text).unwrap_or_default());
    let (before, mark, after) = (text(at.checked_sub(1)), &base[at], text(Some(at + 1)));
    if !mark.ends_sentence() || mark.asks() || after.chars().next().is_none_or(char::is_lowercase) {
        return false;
    }
    if mark.text != b"." {
        return true;
    }
    let letters = before.chars().filter(|c| c.is_alphabetic()).count();
    !base[at + 1].gap.is_empty()
        && letters >= 4
        && letters == before.chars().count()
        && !ABBREVIATIONS.contains(&before.to_lowercase().as_str())
}
