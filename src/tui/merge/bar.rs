//! What each row of the overview at the right edge stands for.

use crate::domain::settle::{Settle, Side};

/// The first hunk of each row of a bar so high, by its place in mine, and how many hunks there are.
#[must_use]
pub(super) fn bar(settle: &Settle, height: usize) -> Vec<usize> {
    let (hunks, size) = (settle.hunks(), settle.text(Side::Mine).len().max(1));
    let at = |row: usize| hunks.partition_point(|h| h.mine.end <= size / height * row + size % height * row / height);
    (0..height).map(at).chain([hunks.len()]).collect()
}
