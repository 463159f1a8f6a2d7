//! The ladder's purse: what is too costly to compare is asked, after a counted number of steps, so that the answer is the same on every machine.

use diptych::domain::merge::{Kind, merge};
use diptych::domain::refine::{Class, propose};

/// A line of two words in an order that nobody could guess: a shortest difference of two of them takes more steps than one clash has.
fn wild(seed: u64, words: usize) -> String {
    let mut state = seed;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if state >> 63 == 0 { "a" } else { "b" }
    };
    (0..words).map(|_| word()).collect::<Vec<_>>().join(" ") + "\n"
}

/// So many wild clashes, and one at the end that takes a few steps (words in another order).
fn texts(clashes: u64) -> [String; 3] {
    let side = |side: u64, end: &str| -> String {
        (0..clashes)
            .map(|n| wild(n * 3 + side + 1, 30_000) + &format!("between {n} and the next, one\ntwo\nthree\nfour\n"))
            .collect::<String>()
            + end
    };
    let ends =
        ["We buy salt and bread in town today.\n", "We buy bread and salt in town today.\n", "We buy salt and bread in town tomorrow.\n"];
    [side(0, ends[0]), side(1, ends[1]), side(2, ends[2])]
}

/// How many clashes there are, and the classes of the proposals, by hunk.
fn asked([b, m, t]: &[String; 3]) -> (usize, Vec<Class>) {
    let hunks = merge(b.as_bytes(), m.as_bytes(), t.as_bytes());
    let found = propose(b.as_bytes(), m.as_bytes(), t.as_bytes(), &hunks);
    (hunks.iter().filter(|h| h.kind == Kind::Clash).count(), found.iter().map(|p| p.class).collect())
}

#[test]
fn a_clash_too_costly_to_compare_is_asked_and_the_next_is_not() {
    let [b, m, t] = texts(1);
    assert_eq!(asked(&[b.clone(), m.clone(), t.clone()]), (2, vec![Class::DisjointWords]));
    assert_eq!(asked(&[b, t, m]), (2, vec![Class::DisjointWords]));
}

/// All clashes share a purse that eight of them empty: 64 million steps, at 8 million each.
#[test]
fn when_the_purse_is_empty_all_that_takes_a_step_is_asked() {
    assert_eq!(asked(&texts(8)), (9, vec![]));
}
