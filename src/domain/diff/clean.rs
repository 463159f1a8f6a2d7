//! What is set aside before the search: the equal ends, items the other side does not have, and frequent items in the midst of such.
//!
//! Setting frequent items aside (blank lines, closing brackets) keeps a rewritten stretch whole, where a search would hang it on every
//! blank line. The rule and its limits are git's, so that hunks end where git ends them.

/// At least so many matches make an item frequent, whatever the length.
const FREQUENT: usize = 1024;
/// How far around a frequent item is looked.
const SIGHT: usize = 100;
/// A frequent item is set aside if fewer than one in so many items around it is frequent too.
const SHARE: usize = 4;

/// What an item is for the search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    None,
    Some,
    Many,
}

/// How many items are equal at the start and at the end of both.
pub(super) fn equal_ends(a: &[u32], b: &[u32]) -> (usize, usize) {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    (start, end)
}

/// The items of `side` that go into the search, as indices; the rest are changed for certain. `count` tells how often the other side
/// has an item.
pub(super) fn searched(
    side: &[u32],
    (start, end): (usize, usize),
    whole: usize,
    minimal: bool,
    count: impl Fn(u32) -> usize,
) -> Vec<usize> {
    let many = super::rough_root(whole).min(FREQUENT);
    let inner = &side[start..side.len() - end];
    let matches: Vec<Match> = inner
        .iter()
        .map(|id| match count(*id) {
            0 => Match::None,
            n if n >= many && !minimal => Match::Many,
            _ => Match::Some,
        })
        .collect();
    (0..inner.len())
        .filter(|i| matches[*i] == Match::Some || (matches[*i] == Match::Many && !amid_changes(&matches, *i)))
        .map(|i| i + start)
        .collect()
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
