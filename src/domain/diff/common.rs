//! Steps over bytes and lines that two texts share.

use std::hash::BuildHasher;

/// A line of a text: where it is, and a hash of its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) hash: u64,
    pub(super) start: usize,
    pub(super) end: usize,
}

const HASH: foldhash::fast::FixedState = foldhash::fast::FixedState::with_seed(0x6469_7074);

/// Bytes that both start with.
pub(super) fn bytes_alike(a: &[u8], b: &[u8]) -> usize {
    let n = a.len().min(b.len());
    let mut at = 0;
    while at + 256 <= n && a[at..at + 256] == b[at..at + 256] {
        at += 256;
    }
    let (a, b) = (&a[at..n], &b[at..n]);
    let (x, y) = (a.as_chunks::<16>().0, b.as_chunks::<16>().0);
    let chunks = x.iter().zip(y).take_while(|(x, y)| x == y).count() * 16;
    at + chunks + a[chunks..].iter().zip(&b[chunks..]).take_while(|(x, y)| x == y).count()
}

/// Bytes of whole lines that both start with.
pub(super) fn lines_alike(a: &[u8], b: &[u8]) -> usize {
    let n = bytes_alike(a, b);
    if n == a.len() && n == b.len() {
        return n;
    }
    memchr::memrchr(b'\n', &a[..n]).map_or(0, |at| at + 1)
}

/// Bytes of whole lines that both end with.
pub(super) fn tail_alike(a: &[u8], b: &[u8]) -> usize {
    let n = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let tail = &a[a.len() - n..];
    let whole = |text: &[u8]| n == text.len() || text[text.len() - n - 1] == b'\n';
    if whole(a) && whole(b) { n } else { memchr::memchr(b'\n', tail).map_or(0, |at| n - at - 1) }
}

/// Adds lines until there are `want`, or the text ends; the first starts at `at`.
pub(super) fn read_lines(text: &[u8], at: usize, want: usize, out: &mut Vec<Line>) {
    let mut start = out.last().map_or(at, |l| l.end);
    while out.len() < want && start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |n| start + n + 1);
        out.push(Line { hash: HASH.hash_one(&text[start..end]), start, end });
        start = end;
    }
}

/// The line that starts here.
pub(super) fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..];
    &rest[..memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1)]
}

/// The line that ends here.
pub(super) fn line_before(text: &[u8], end: usize) -> &[u8] {
    let start = memchr::memrchr(b'\n', &text[..end.saturating_sub(1)]).map_or(0, |n| n + 1);
    &text[start..end]
}

/// The start of the line so many lines before `at`, but not before `floor`.
pub(super) fn lines_back(text: &[u8], at: usize, floor: usize, lines: usize) -> usize {
    let mut at = at;
    for _ in 0..lines {
        if at <= floor {
            break;
        }
        at -= line_before(text, at).len();
    }
    at.max(floor)
}

/// The end of the line so many lines after `at`, but not after `ceiling`.
pub(super) fn lines_ahead(text: &[u8], at: usize, ceiling: usize, lines: usize) -> usize {
    let mut at = at;
    for _ in 0..lines {
        if at >= ceiling {
            break;
        }
        at += line_at(text, at).len();
    }
    at.min(ceiling)
}
