//! A long stretch where all agree: only its ends are shown.

use std::ops::Range;

use super::flow::line_ranges;
use super::table;
use crate::domain::settle::{Place, Settle, Side};

/// Lines shown at each end of a fold.
const AROUND: usize = 2;
/// A folded stretch: lines at its start and end, and how many lie between.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    /// Lines at its start.
    pub(super) head: Vec<Range<usize>>,
    /// Lines at its end.
    pub(super) tail: Vec<Range<usize>>,
    /// How many lie between.
    pub(super) hidden: usize,
}

impl Fold {
    /// The fold of a text; nothing if it is too short to be worth one. `first` and `last`: nothing comes before or after it.
    pub(super) fn of(bytes: &[u8], first: bool, last: bool) -> Option<Fold> {
        let head = if first { Vec::new() } else { lines_from_start(bytes, AROUND) };
        let tail = if last { Vec::new() } else { lines_from_end(bytes, AROUND) };
        let all = memchr::memchr_iter(b'\n', bytes).count() + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
        let hidden = all.checked_sub(head.len() + tail.len()).filter(|hidden| *hidden > 1)?;
        Some(Fold { head, tail, hidden })
    }
}

/// The bytes of a stretch where all agree.
pub(super) fn equal(settle: &Settle, unit: usize) -> &[u8] {
    match table::place(settle, unit) {
        Place::Hunk(h) if h < settle.hunks().len() => settle.side(h, Side::Base),
        _ => &[],
    }
}

fn lines_from_start(bytes: &[u8], n: usize) -> Vec<Range<usize>> {
    let cut = memchr::memchr_iter(b'\n', bytes).nth(n.saturating_sub(1)).map_or(bytes.len(), |at| at + 1);
    line_ranges(&bytes[..cut])
}

fn lines_from_end(bytes: &[u8], n: usize) -> Vec<Range<usize>> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let cut = memchr::memrchr_iter(b'\n', body).nth(n.saturating_sub(1)).map_or(0, |at| at + 1);
    line_ranges(&bytes[cut..]).into_iter().map(|r| r.start + cut..r.end + cut).collect()
}
