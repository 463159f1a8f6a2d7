//! Any three texts, endings made alike or not: proposals mirror, invent no word, and can be written out.
#![no_main]

use diptych::domain::merge::marked::{Marking, Style, with_proposals};
use diptych::domain::merge::{Kind, merge};
use diptych::domain::refine::{self, Class, Proposal};
use diptych::domain::{diff::Algorithm, endings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [base, mine, theirs] = diptych_fuzz::texts(data);
    if data.len() % 4 == 0 {
        let l = endings::level(&base, &mine, &theirs);
        let mirror = endings::level(&base, &theirs, &mine);
        assert_eq!((&l.base, &l.mine, &l.theirs, l.open), (&mirror.base, &mirror.theirs, &mirror.mine, mirror.open));
        check(&l.base, &l.mine, &l.theirs);
    } else {
        check(&base, &mine, &theirs);
    }
});

fn said(proposals: &[Proposal]) -> Vec<(usize, Class, Vec<u8>, Vec<usize>)> {
    let text = |p: &Proposal| p.pieces.iter().flat_map(|p| p.text.clone()).collect();
    proposals.iter().map(|p| (p.hunk, p.class, text(p), p.linked.clone())).collect()
}

fn check(base: &[u8], mine: &[u8], theirs: &[u8]) {
    let (hunks, mirror) = (merge(base, mine, theirs), merge(base, theirs, mine));
    let proposals = refine::propose(base, mine, theirs, &hunks);
    assert_eq!(said(&proposals), said(&refine::propose(base, theirs, mine, &mirror)));
    for p in &proposals {
        assert!(hunks[p.hunk].kind == Kind::Clash || p.class == Class::Moved);
        assert!(p.linked.iter().all(|l| proposals.iter().any(|o| o.hunk == *l)), "a proposal is tied to one that is not there");
        for piece in &p.pieces {
            for word in piece.text.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()) {
                assert!([base, mine, theirs].iter().any(|t| t.windows(word.len()).any(|w| w == word)), "a word that nobody wrote");
            }
        }
    }
    for style in [Style::Merge, Style::Zdiff3] {
        let marking = Marking { style, favour: None, size: 0, labels: [b"m", b"b", b"t"] };
        let marked = with_proposals((base, mine, theirs), &hunks, &proposals, Algorithm::Myers, &marking);
        let open = hunks.iter().enumerate().filter(|(i, h)| h.kind == Kind::Clash && proposals.iter().all(|p| p.hunk != *i)).count();
        assert_eq!(marked.conflicts == 0, open == 0);
    }
}
