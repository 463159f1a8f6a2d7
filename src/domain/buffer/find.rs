//! Finding plain text, line by line; what is searched for never spans lines.

use std::ops::Range;

use super::{Buffer, Pos};

/// Whether capitals matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `a` finds `A`.
    Ignore,
    /// Only what is written alike.
    Exact,
}

impl Case {
    /// Capitals matter when the person typed one.
    #[must_use]
    pub fn smart(needle: &str) -> Case {
        if needle.chars().any(char::is_uppercase) { Case::Exact } else { Case::Ignore }
    }
}

impl Buffer {
    /// The next place at or after `from` that reads `needle`, going round at the end; `None` if there is none.
    #[must_use]
    pub fn find_next(&self, needle: &str, case: Case, from: Pos) -> Option<Range<Pos>> {
        let n = self.lines.len();
        for i in 0..=n {
            let line = (from.line + i) % n;
            let min = if i == 0 { from.byte } else { 0 };
            if let Some(hit) = hits(self.line(line), needle, case).find(|h| h.start >= min) {
                return Some(Pos::new(line, hit.start)..Pos::new(line, hit.end));
            }
        }
        None
    }

    /// The last place that ends before or at `before`, going round at the start; `None` if there is none.
    #[must_use]
    pub fn find_prev(&self, needle: &str, case: Case, before: Pos) -> Option<Range<Pos>> {
        let n = self.lines.len();
        for i in 0..=n {
            let line = (before.line + n - i % n) % n;
            let max = if i == 0 { before.byte } else { usize::MAX };
            if let Some(hit) = hits(self.line(line), needle, case).take_while(|h| h.end <= max).last() {
                return Some(Pos::new(line, hit.start)..Pos::new(line, hit.end));
            }
        }
        None
    }

    /// Every place that reads `needle`, in order, none overlapping.
    pub fn find_all<'a>(&'a self, needle: &'a str, case: Case) -> impl Iterator<Item = Range<Pos>> + 'a {
        let per_line = move |(i, line): (usize, &'a super::Line)| {
            hits(&line.text, needle, case).map(move |h| Pos::new(i, h.start)..Pos::new(i, h.end))
        };
        self.lines.iter().enumerate().flat_map(per_line)
    }
}

/// The places of `needle` in a line, none overlapping. An empty needle has none.
pub fn hits<'a>(line: &'a str, needle: &'a str, case: Case) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut at = 0;
    std::iter::from_fn(move || {
        let hit = hit_from(line, needle, case, at)?;
        at = hit.end;
        Some(hit)
    })
}

fn hit_from(line: &str, needle: &str, case: Case, from: usize) -> Option<Range<usize>> {
    if needle.is_empty() {
        return None;
    }
    if case == Case::Exact {
        return line[from..].find(needle).map(|at| from + at..from + at + needle.len());
    }
    // Lower case may have another length in bytes, so the text is compared character by character instead of lowered as a whole.
    let first = needle.chars().next()?.to_lowercase().next()?;
    // Letters that something outside of ASCII is a capital of are looked for one by one.
    if first.is_ascii() && !matches!(first, 'i' | 'k') {
        let byte = first as u8;
        return memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), &line.as_bytes()[from..]).find_map(|at| {
            let start = from + at;
            matches_at(&line[start..], needle).map(|len| start..start + len)
        });
    }
    line[from..].char_indices().filter(|(_, c)| c.to_lowercase().next() == Some(first)).find_map(|(at, _)| {
        let start = from + at;
        matches_at(&line[start..], needle).map(|len| start..start + len)
    })
}

/// How many bytes of `text` read `needle` without regard to capitals, if it begins with it.
fn matches_at(text: &str, needle: &str) -> Option<usize> {
    let mut want = needle.chars().flat_map(char::to_lowercase);
    let mut next = want.next();
    for (at, c) in text.char_indices() {
        if next.is_none() {
            return Some(at);
        }
        for low in c.to_lowercase() {
            if next != Some(low) {
                return None;
            }
            next = want.next();
        }
    }
    next.is_none().then_some(text.len())
}
