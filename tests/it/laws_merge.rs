//! What must hold for any three texts: hunks cover, sides can be had back, swapping mirrors, nothing is invented, git agrees.

use std::collections::HashSet;

use diptych::domain::diff::{self, Algorithm};
use diptych::domain::endings;
use diptych::domain::merge::marked::{Favour, Marking, Style, merge_file, with_proposals};
use diptych::domain::merge::{Hunk, Kind, merge};
use diptych::domain::refine::{Class, Origin, Proposal, propose};
use proptest::prelude::*;

use crate::property::tried;

const MARKING: Marking<'static> = Marking { style: Style::Merge, favour: None, size: 0, labels: [b"m", b"b", b"t"] };

/// All lists of up to `len` of the letters, each as lines.
fn texts(letters: &[&str], len: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..len {
        last = last.iter().flat_map(|t| letters.iter().map(move |l| [t.as_slice(), l.as_bytes(), b"\n"].concat())).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// The hunks lie in order without gap, are what they say, and end on line boundaries.
fn check_hunks(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk]) {
    let mut at = (0, 0, 0);
    let boundary = |text: &[u8], at: usize| at == 0 || at == text.len() || text[at - 1] == b'\n';
    for h in hunks {
        assert_eq!((h.base.start, h.mine.start, h.theirs.start), at);
        at = (h.base.end, h.mine.end, h.theirs.end);
        assert!(boundary(base, at.0) && boundary(mine, at.1) && boundary(theirs, at.2));
        let (b, m, t) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
        match h.kind {
            Kind::Equal => assert!(b == m && m == t && !b.is_empty()),
            Kind::Mine => assert!(b == t && b != m),
            Kind::Theirs => assert!(b == m && b != t),
            Kind::Same => assert!(m == t),
            Kind::Clash => assert!(m != t),
        }
    }
    assert_eq!(at, (base.len(), mine.len(), theirs.len()));
}

fn mirrored(hunks: &[Hunk]) -> Vec<Hunk> {
    let swap = |kind| match kind {
        Kind::Mine => Kind::Theirs,
        Kind::Theirs => Kind::Mine,
        other => other,
    };
    hunks.iter().map(|h| Hunk { kind: swap(h.kind), base: h.base.clone(), mine: h.theirs.clone(), theirs: h.mine.clone() }).collect()
}

fn mirrored_proposals(proposals: &[Proposal]) -> Vec<Proposal> {
    let swap = |origin| match origin {
        Origin::Mine => Origin::Theirs,
        Origin::Theirs => Origin::Mine,
        other => other,
    };
    let mut out = proposals.to_vec();
    for p in &mut out {
        p.pieces.iter_mut().for_each(|piece| piece.origin = swap(piece.origin));
        p.reason.clear();
    }
    out
}

fn unreasoned(mut proposals: Vec<Proposal>) -> Vec<Proposal> {
    proposals.iter_mut().for_each(|p| p.reason.clear());
    proposals
}

/// Every word of a proposal is in one of the texts, and every piece is in the text it is said to come from. What stands without spaces where
/// a side cut some of it is in that text too, in the same order.
fn check_proposals(base: &[u8], mine: &[u8], theirs: &[u8], hunks: &[Hunk], proposals: &[Proposal]) {
    let words = |t: &[u8]| -> HashSet<Vec<u8>> { t.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(<[u8]>::to_vec).collect() };
    let has = |text: &[u8], piece: &[u8]| {
        let mut rest = text.iter();
        text.windows(piece.len()).any(|w| w == piece) || !piece.is_ascii() && piece.iter().all(|b| rest.any(|r| r == b))
    };
    let known: HashSet<Vec<u8>> = [base, mine, theirs].iter().flat_map(|t| words(t)).collect();
    assert!(proposals.windows(2).all(|p| p[0].hunk < p[1].hunk));
    for p in proposals {
        assert!(hunks[p.hunk].kind == Kind::Clash || p.class == Class::Moved, "{p:?}");
        assert!(p.linked.iter().all(|l| proposals.iter().any(|q| q.hunk == *l && q.linked.contains(&p.hunk))));
        let text: Vec<u8> = p.pieces.iter().flat_map(|p| p.text.clone()).collect();
        let invented = words(&text).into_iter().filter(|w| w.is_ascii()).find(|w| !known.contains(w));
        assert_eq!(invented, None, "{:?} invents in {:?}", p.class, String::from_utf8_lossy(&text));
        for piece in &p.pieces {
            assert!(!piece.text.is_empty());
            // White space may be put together from both sides; words may not.
            for word in piece.text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()) {
                match piece.origin {
                    Origin::Base => assert!(has(base, word)),
                    Origin::Mine => assert!(has(mine, word)),
                    Origin::Theirs => assert!(has(theirs, word)),
                    Origin::Both => assert!(has(mine, word) && has(theirs, word)),
                    Origin::Typed => panic!("nobody typed"),
                }
            }
        }
    }
}

/// All laws for one triple.
fn check(base: &[u8], mine: &[u8], theirs: &[u8]) {
    let hunks = merge(base, mine, theirs);
    check_hunks(base, mine, theirs, &hunks);
    assert_eq!(mirrored(&merge(base, theirs, mine)), hunks, "swapping the sides changed the hunks");
    let proposals = propose(base, mine, theirs, &hunks);
    check_proposals(base, mine, theirs, &hunks, &proposals);
    let swapped = unreasoned(propose(base, theirs, mine, &mirrored(&hunks)));
    assert_eq!(mirrored_proposals(&swapped), unreasoned(proposals.clone()), "swapping the sides changed the proposals");
    let favoured = |favour, algorithm| merge_file(base, mine, theirs, algorithm, &Marking { favour: Some(favour), ..MARKING });
    for algorithm in [Algorithm::Myers, Algorithm::Minimal, Algorithm::Patience, Algorithm::Histogram] {
        assert_eq!(favoured(Favour::Mine, algorithm).conflicts, 0);
        let edits = diff::lines_by(base, mine, algorithm);
        assert_eq!(rebuilt(base, mine, &edits), mine, "{algorithm:?}");
    }
    let clashes = hunks.iter().filter(|h| h.kind == Kind::Clash).count();
    assert_eq!(clashes == 0, merge_file(base, mine, theirs, Algorithm::Myers, &MARKING).conflicts == 0);
    let marked = with_proposals((base, mine, theirs), &hunks, &[], Algorithm::Myers, &MARKING);
    assert_eq!(marked.conflicts == 0, clashes == 0);
}

fn rebuilt(old: &[u8], new: &[u8], edits: &[diff::Edit]) -> Vec<u8> {
    let (mut at, mut out) = (0, Vec::new());
    for e in edits {
        out.extend_from_slice(&old[at..e.old.start]);
        assert_eq!(out.len(), e.new.start);
        out.extend_from_slice(&new[e.new.clone()]);
        at = e.old.end;
    }
    out.extend_from_slice(&old[at..]);
    out
}

#[test]
fn every_small_triple() {
    let all = texts(&["a", "b", "c"], 3);
    for base in &all {
        for mine in &all {
            for theirs in all.iter().filter(|t| *t >= mine) {
                check(base, mine, theirs);
            }
        }
    }
}

#[test]
fn every_small_triple_of_words_on_one_line() {
    let all: Vec<Vec<u8>> = texts(&["a", "b"], 4).iter().map(|t| t.iter().map(|c| if *c == b'\n' { b' ' } else { *c }).collect()).collect();
    for base in &all {
        for mine in &all {
            for theirs in all.iter().filter(|t| *t >= mine) {
                check(base, mine, theirs);
            }
        }
    }
}

#[test]
fn sides_that_changed_nothing_decide_nothing() {
    for a in texts(&["a", "b", ""], 3) {
        for b in texts(&["a", "b", ""], 3) {
            assert!(merge(&a, &b, &a).iter().all(|h| matches!(h.kind, Kind::Equal | Kind::Mine)));
            assert!(merge(&a, &a, &b).iter().all(|h| matches!(h.kind, Kind::Equal | Kind::Theirs)));
            assert!(merge(&a, &b, &b).iter().all(|h| matches!(h.kind, Kind::Equal | Kind::Same)));
            assert!(propose(&a, &b, &b, &merge(&a, &b, &b)).is_empty());
        }
    }
}

/// `similar` merges three texts too. It and this merge must agree on whether a person is asked, for all small triples in which no line
/// stands twice: there is then only one shortest difference. (With repeated lines both pick one of several, and slide it differently.)
#[test]
fn similar_agrees_on_what_is_a_conflict() {
    let single =
        |t: &&Vec<u8>| t.split_inclusive(|b| *b == b'\n').collect::<HashSet<_>>().len() == t.split_inclusive(|b| *b == b'\n').count();
    let all = texts(&["a", "b", "c", "d"], 3);
    let all: Vec<&Vec<u8>> = all.iter().filter(single).collect();
    let mut differ = Vec::new();
    for base in &all {
        for mine in &all {
            for theirs in &all {
                let s = |t: &[u8]| String::from_utf8(t.to_vec()).unwrap();
                let (b, m, t) = (s(base), s(mine), s(theirs));
                let other = similar::TextMerge::from_lines(&b, &m, &t)
                    .regions()
                    .iter()
                    .any(|r| r.resolution() == similar::MergeResolution::Conflict);
                let this = merge(base, mine, theirs).iter().any(|h| h.kind == Kind::Clash);
                // Two edits that only touch: whether both are one conflict depends on where a tie between equally short differences fell.
                if other != this && unique_difference(base, mine) && unique_difference(base, theirs) {
                    differ.push((b, m, t, other));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} differ, first {:?}", differ.len(), differ.first());
}

/// Whether the lines that both texts have stand in one order, so that there is one shortest difference.
fn unique_difference(a: &[u8], b: &[u8]) -> bool {
    let lines = |t: &'_ [u8]| -> Vec<Vec<u8>> { t.split_inclusive(|c| *c == b'\n').map(<[u8]>::to_vec).collect() };
    let (a, b) = (lines(a), lines(b));
    let common = |x: &[Vec<u8>], y: &[Vec<u8>]| -> Vec<Vec<u8>> { x.iter().filter(|l| y.contains(l)).cloned().collect() };
    common(&a, &b) == common(&b, &a)
}

/// A text of few kinds of lines and a side that changed some of them, long enough to be compared in windows.
fn sides() -> impl Strategy<Value = [Vec<u8>; 3]> {
    let line = prop_oneof![
        4 => "[a-z]{1,8} [a-z]{1,8} [a-z]{40,60}",
        1 => Just(String::new()),
        1 => Just("repeated line that stands here and there, and is a little longer than most".to_owned()),
        1 => "(é|漢字|👨‍👩‍👧|e\u{301}|שלום|\u{FEFF}|\u{202E}){0,6}",
        1 => Just("\u{FEFF}\u{FEFF}marks".to_owned()),
    ];
    let edits = || proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, line.clone()), 0..12);
    let ending = prop_oneof![6 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    (proptest::collection::vec(line.clone(), 0..400), edits(), edits(), ending, any::<[bool; 3]>()).prop_map(|(base, m, t, end, ended)| {
        let side = |edits: Vec<(prop::sample::Index, u8, String)>| {
            let mut lines = base.clone();
            for (at, what, line) in edits {
                let at = at.index(lines.len() + 1);
                match what {
                    0 => lines.insert(at, line),
                    1 if at < lines.len() => lines[at] = line,
                    2 if at < lines.len() => drop(lines.remove(at)),
                    _ if at < lines.len() => {
                        let moved = lines.remove(at);
                        lines.insert(at / 2, moved);
                    }
                    _ => {}
                }
            }
            lines
        };
        let text = |lines: Vec<String>, ended: bool| (lines.join(end) + if ended { end } else { "" }).into_bytes();
        let (m, t) = (side(m), side(t));
        [text(base, ended[0]), text(m, ended[1]), text(t, ended[2])]
    })
}

proptest! {
    #![proptest_config(tried(120))]

    #[test]
    fn any_notes([base, mine, theirs] in sides()) {
        check(&base, &mine, &theirs);
        let l = endings::level(&base, &mine, &theirs);
        check(&l.base, &l.mine, &l.theirs);
    }

    #[test]
    fn any_bytes(base in ".{0,40}", mine in proptest::collection::vec(any::<u8>(), 0..60), theirs in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'a'), Just(0xE9)], 0..60)) {
        check(base.as_bytes(), &mine, &theirs);
        check(&mine, &theirs, base.as_bytes());
        let l = endings::level(base.as_bytes(), &mine, &theirs);
        check(&l.base, &l.mine, &l.theirs);
    }

    /// Levelling changes nothing but line ends, the final newline and the mark; a text with both kinds of line ends keeps them.
    #[test]
    fn levelling_keeps_words([base, mine, theirs] in sides()) {
        let l = endings::level(&base, &mine, &theirs);
        // A text can begin with more than one mark, of which levelling takes or adds the first.
        let words = |t: &[u8]| -> Vec<u8> {
            let marks = t.chunks(3).take_while(|c| *c == b"\xEF\xBB\xBF").count();
            t[marks * 3..].iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect()
        };
        prop_assert_eq!(words(&l.mine), words(&mine));
        prop_assert_eq!(words(&l.theirs), words(&theirs));
        prop_assert_eq!(words(&l.base), words(&base));
        let swapped = endings::level(&base, &theirs, &mine);
        prop_assert_eq!((&l.mine, &l.theirs, l.open), (&swapped.theirs, &swapped.mine, swapped.open));
    }
}
