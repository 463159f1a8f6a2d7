//! Any three texts: nothing panics, hunks cover all, sides can be had back, and swapping the sides mirrors.
//!
//! The input is cut in three at the first two bytes 0xFF. A first byte below 16 repeats every text that often, so that long inputs (which
//! are compared in windows) come up too.
#![no_main]

use diptych::domain::diff::{self, Algorithm};
use diptych::domain::merge::marked::{Favour, Marking, Style, merge_file, with_proposals};
use diptych::domain::merge::{Kind, merge};
use diptych::domain::{endings, refine};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (times, data) = match data.split_first() {
        Some((n, rest)) if *n < 16 => (usize::from(*n) * 64 + 1, rest),
        _ => (1, data),
    };
    let mut parts = data.splitn(3, |b| *b == 0xFF);
    let mut next = || {
        let part = parts.next().unwrap_or_default();
        let times = times.min(12_000 / (part.len() + 1) + 1);
        let mut text = part.to_vec();
        for i in 1..times {
            text.extend_from_slice(format!("\n{} filler line that makes the text long\n", i / 3).as_bytes());
            text.extend_from_slice(part);
        }
        text
    };
    let (base, mine, theirs) = (next(), next(), next());
    check(&base, &mine, &theirs);
    let l = endings::level(&base, &mine, &theirs);
    check(&l.base, &l.mine, &l.theirs);
});

fn check(base: &[u8], mine: &[u8], theirs: &[u8]) {
    let hunks = merge(base, mine, theirs);
    let mirror = merge(base, theirs, mine);
    assert_eq!(hunks.len(), mirror.len());
    let (mut b, mut m, mut t) = (0, 0, 0);
    for (h, other) in hunks.iter().zip(&mirror) {
        assert_eq!((h.base.start, h.mine.start, h.theirs.start), (b, m, t));
        (b, m, t) = (h.base.end, h.mine.end, h.theirs.end);
        assert_eq!((&h.base, &h.mine, &h.theirs), (&other.base, &other.theirs, &other.mine));
        match h.kind {
            Kind::Equal => assert!(base[h.base.clone()] == mine[h.mine.clone()] && mine[h.mine.clone()] == theirs[h.theirs.clone()]),
            Kind::Mine => assert!(base[h.base.clone()] == theirs[h.theirs.clone()]),
            Kind::Theirs => assert!(base[h.base.clone()] == mine[h.mine.clone()]),
            Kind::Same => assert!(mine[h.mine.clone()] == theirs[h.theirs.clone()]),
            Kind::Clash => assert!(mine[h.mine.clone()] != theirs[h.theirs.clone()]),
        }
    }
    assert_eq!((b, m, t), (base.len(), mine.len(), theirs.len()));
    let proposals = refine::propose(base, mine, theirs, &hunks);
    let swapped = refine::propose(base, theirs, mine, &mirror);
    let said = |p: &[refine::Proposal]| -> Vec<(usize, refine::Class, Vec<u8>)> {
        p.iter().map(|p| (p.hunk, p.class, p.pieces.iter().flat_map(|p| p.text.clone()).collect())).collect()
    };
    assert_eq!(said(&proposals), said(&swapped));
    for algorithm in [Algorithm::Myers, Algorithm::Minimal, Algorithm::Patience, Algorithm::Histogram] {
        let edits = diff::lines_by(base, mine, algorithm);
        let (mut at, mut new) = (0, 0);
        for e in &edits {
            assert!(base[at..e.old.start] == mine[new..e.new.start]);
            (at, new) = (e.old.end, e.new.end);
        }
        assert!(base[at..] == mine[new..]);
    }
    for style in [Style::Merge, Style::Diff3, Style::Zdiff3] {
        let marking = Marking { style, favour: None, size: 0, labels: [b"m", b"b", b"t"] };
        let _ = merge_file(base, mine, theirs, Algorithm::Myers, &marking).to_vec();
        let _ = with_proposals((base, mine, theirs), &hunks, &proposals, Algorithm::Myers, &marking).to_vec();
        let favoured = Marking { favour: Some(Favour::Mine), ..marking };
        assert_eq!(merge_file(base, mine, theirs, Algorithm::Myers, &favoured).conflicts, 0);
    }
}
