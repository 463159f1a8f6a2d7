//! Any three texts: nothing panics, hunks cover all, swapping the sides mirrors, every way of comparing is a difference of the two, and
//! every style can be written.
#![no_main]

use diptych::domain::diff::{self, Algorithm, Edit};
use diptych::domain::merge::marked::{Favour, Marking, Style, merge_file};
use diptych::domain::merge::{Kind, merge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((what, data)) = data.split_first() else { return };
    let [base, mine, theirs] = diptych_fuzz::texts(data);
    match what % 4 {
        0 | 1 => hunks(&base, &mine, &theirs),
        2 => differences(&base, &mine, *what),
        _ => written(&base, &mine, &theirs, *what),
    }
});

fn hunks(base: &[u8], mine: &[u8], theirs: &[u8]) {
    let hunks = merge(base, mine, theirs);
    let mirror = merge(base, theirs, mine);
    assert_eq!(hunks.len(), mirror.len());
    let (mut b, mut m, mut t) = (0, 0, 0);
    for (h, other) in hunks.iter().zip(&mirror) {
        assert_eq!((h.base.start, h.mine.start, h.theirs.start), (b, m, t));
        (b, m, t) = (h.base.end, h.mine.end, h.theirs.end);
        assert_eq!((&h.base, &h.mine, &h.theirs), (&other.base, &other.theirs, &other.mine));
        let (base, mine, theirs) = (&base[h.base.clone()], &mine[h.mine.clone()], &theirs[h.theirs.clone()]);
        match h.kind {
            Kind::Equal => assert!(base == mine && mine == theirs),
            Kind::Mine => assert!(base == theirs),
            Kind::Theirs => assert!(base == mine),
            Kind::Same => assert!(mine == theirs),
            Kind::Clash => assert!(mine != theirs),
        }
    }
    assert_eq!((b, m, t), (base.len(), mine.len(), theirs.len()));
}

fn differences(old: &[u8], new: &[u8], what: u8) {
    let check = |edits: &[Edit]| {
        let (mut at, mut to) = (0, 0);
        for e in edits {
            assert!(old[at..e.old.start] == new[to..e.new.start]);
            (at, to) = (e.old.end, e.new.end);
        }
        assert!(old[at..] == new[to..]);
    };
    match what >> 2 {
        0..8 => check(&diff::words(old, new)),
        8..24 => check(&diff::lines(old, new)),
        24..40 => check(&diff::lines_by(old, new, Algorithm::Minimal)),
        40..52 => check(&diff::lines_by(old, new, Algorithm::Patience)),
        _ => check(&diff::lines_by(old, new, Algorithm::Histogram)),
    }
}

fn written(base: &[u8], mine: &[u8], theirs: &[u8], what: u8) {
    let style = [Style::Merge, Style::Diff3, Style::Zdiff3][usize::from(what >> 2) % 3];
    let marking = Marking { style, favour: None, size: usize::from(what >> 5), labels: [b"m", b"b", b"t"] };
    let marked = merge_file(base, mine, theirs, Algorithm::Myers, &marking);
    for favour in [Favour::Mine, Favour::Theirs, Favour::Union] {
        let favoured = merge_file(base, mine, theirs, Algorithm::Myers, &Marking { favour: Some(favour), ..marking.clone() });
        assert_eq!(favoured.conflicts, 0);
        if marked.conflicts == 0 {
            assert_eq!(favoured.to_vec(), marked.to_vec());
        }
    }
}
