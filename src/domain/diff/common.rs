//! Steps over bytes and lines that two texts share.

/// A line of a text: where it is, and a hash of its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) hash: u64,
    pub(super) start: usize,
    pub(super) end: usize,
}

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
        let (hash, len) = first_line(&text[start..]);
        out.push(Line { hash, start, end: start + len });
        start += len;
    }
}

/// Hash and length of the first line, in one pass of eight bytes a step. Equal hashes are always followed by a look at the bytes.
fn first_line(text: &[u8]) -> (u64, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mixed = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let finished = |hash: u64, len: usize| (hash ^ (hash >> 29), len);
    let mut hash = 0;
    let (words, rest) = text.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let other = word ^ (ONES * u64::from(b'\n'));
        let ends = other.wrapping_sub(ONES) & !other & (ONES << 7);
        if ends != 0 {
            let bits = ends.trailing_zeros() + 1;
            let kept = if bits < 64 { word & ((1 << bits) - 1) } else { word };
            return finished(mixed(hash, kept), n * 8 + bits as usize / 8);
        }
        hash = mixed(hash, word);
    }
    let len = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
    let mut last = [0; 8];
    last[..len].copy_from_slice(&rest[..len]);
    let hash = if len > 0 { mixed(hash, u64::from_le_bytes(last)) } else { hash };
    finished(hash, words.len() * 8 + len)
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
