//! A merge can be called off at any point, and asking changes nothing.

use std::cell::Cell;

use diptych::domain::diff::{self, Algorithm};
use diptych::domain::merge::{merge, merge_unless};
use diptych::domain::refine;
use diptych::domain::stop::{Cancelled, NEVER};

/// Texts whose search is long: two symbols at random.
fn wild(seed: u64, lines: usize) -> Vec<u8> {
    let mut n = seed;
    let mut bit = || {
        n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        n >> 63
    };
    (0..lines).flat_map(|_| if bit() == 0 { *b"one line\n" } else { *b"two line\n" }).collect()
}

#[test]
fn a_merge_is_called_off_wherever_it_stands() {
    let [b, m, t] = [1, 2, 3].map(|seed| wild(seed, 4_000));
    let asked = Cell::new(0);
    let counting = || {
        asked.set(asked.get() + 1);
        false
    };
    assert_eq!(merge_unless(&b, &m, &t, &counting), Ok(merge(&b, &m, &t)));
    let often = asked.get();
    assert!(often > 100, "asked {often} times");
    for last in (0..often).step_by((often / 50).max(1)) {
        let left = Cell::new(last);
        let stop = || left.replace(left.get().saturating_sub(1)) == 0;
        assert_eq!(merge_unless(&b, &m, &t, &stop), Err(Cancelled), "after {last} of {often}");
    }
}

#[test]
fn every_way_of_comparing_is_called_off() {
    let (old, new) = (wild(4, 3_000), wild(5, 3_000));
    for algorithm in [Algorithm::Myers, Algorithm::Minimal, Algorithm::Patience, Algorithm::Histogram] {
        assert_eq!(diff::lines_unless(&old, &new, algorithm, NEVER), Ok(diff::lines_by(&old, &new, algorithm)));
        assert_eq!(diff::lines_unless(&old, &new, algorithm, &|| true), Err(Cancelled));
    }
}

#[test]
fn proposing_is_called_off_between_clashes() {
    let texts = ["one two three\n\nfour five six\n", "one 2 three\n\nfour 5 six\n", "uno two three\n\nfour five seis\n"].map(str::as_bytes);
    let hunks = merge(texts[0], texts[1], texts[2]);
    let asked = Cell::new(0);
    let second = || asked.replace(asked.get() + 1) == 1;
    assert_eq!(refine::propose_unless(texts[0], texts[1], texts[2], &hunks, &second), Err(Cancelled));
    assert_eq!(
        refine::propose_unless(texts[0], texts[1], texts[2], &hunks, NEVER),
        Ok(refine::propose(texts[0], texts[1], texts[2], &hunks))
    );
}
