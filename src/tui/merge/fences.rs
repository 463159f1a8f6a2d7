//! Where code fences of Markdown stand in the three texts, so that what lies between them is styled as code whatever part is on screen.

use crate::domain::settle::{Settle, Side};

/// The first bytes of the lines that open or close a fence, of base, mine and theirs.
#[derive(Clone, Debug, Default)]
pub struct Fences([Vec<usize>; 3]);

impl Fences {
    /// Finds them. Reads the texts once: for a worker.
    #[must_use]
    pub fn of(settle: &Settle) -> Fences {
        Fences([Side::Base, Side::Mine, Side::Theirs].map(|side| in_text(settle.text(side))))
    }

    /// Whether a byte of a side lies inside a fence.
    #[must_use]
    pub fn hold(&self, side: Side, byte: usize) -> bool {
        self.0[side as usize].partition_point(|at| *at < byte) % 2 == 1
    }
}

/// The first bytes of the lines that open or close a fence in a text.
pub(super) fn in_text(text: &[u8]) -> Vec<usize> {
    let mut out: Vec<usize> = [&b"```"[..], b"~~~"].iter().flat_map(|mark| memchr::memmem::find_iter(text, mark)).collect();
    out.sort_unstable();
    let line = |at: usize| {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1);
        text[start..at].iter().all(|b| matches!(b, b' ' | b'\t')).then_some(start)
    };
    let mut lines: Vec<usize> = out.into_iter().filter_map(line).collect();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_fences_is_known_from_anywhere() {
        let text = "a\n```rust\n- code\n  ```\nb ``` c\n~~~\nmore\n";
        let settle = Settle::open(text.into(), text.into(), text.into(), &[]);
        let fences = Fences::of(&settle);
        let inside = |what: &str| fences.hold(Side::Mine, text.find(what).unwrap());
        assert!(inside("- code") && inside("more"));
        assert!(!inside("a\n") && !inside("b ```") && !inside("c\n~~~"));
    }
}
