//! Front matter, merged key by key: a note's head is a set of settings, not prose.

use std::ops::Range;

use super::super::diff;
use super::{Class, Origin, Piece, push};

/// Bytes within which front matter must end.
const MAX_HEAD: usize = 64 * 1024;

/// A key and the lines that belong to it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry<'a> {
    key: &'a [u8],
    text: &'a [u8],
}

/// The byte range between the fences of a text that starts with front matter, the closing fence left out.
pub(super) fn extent(text: &[u8]) -> Option<Range<usize>> {
    let text = &text[..text.len().min(MAX_HEAD)];
    let mut lines = text.split_inclusive(|b| *b == b'\n');
    let first = lines.next()?;
    let fence = first.trim_ascii_end();
    if fence != b"---" && fence != b"+++" {
        return None;
    }
    let mut at = first.len();
    for line in lines {
        if line.trim_ascii_end() == fence {
            return Some(first.len()..at);
        }
        at += line.len();
    }
    None
}

/// The keys of a text's front matter, in order, each as often as it stands there; none if it has no front matter.
#[must_use]
pub fn keys(text: &[u8]) -> Vec<&[u8]> {
    extent(text).map_or_else(Vec::new, |head| diff::split_lines(&text[head]).into_iter().filter_map(key).collect())
}

/// Merges a clash inside front matter by key, or nothing where one key was changed twice or two were put at one spot.
pub(super) fn weave(base: &[u8], mine: &[u8], theirs: &[u8]) -> Option<(Class, Vec<Piece>)> {
    let (b, m, t) = (entries(base)?, entries(mine)?, entries(theirs)?);
    let (common_m, common_t) = (common(&b, &m)?, common(&b, &t)?);
    // A key that one side took away must be as it was in the other.
    let mut out = Vec::new();
    added(None, &m, &t, &b, &mut out)?;
    for entry in &b {
        let (in_m, in_t) = (find(&common_m, entry.key), find(&common_t, entry.key));
        match (in_m, in_t) {
            (Some(x), Some(y)) if x == y => push(&mut out, x.text, if x == *entry { Origin::Base } else { Origin::Both }),
            (Some(x), Some(y)) if y == *entry => push(&mut out, x.text, Origin::Mine),
            (Some(x), Some(y)) if x == *entry => push(&mut out, y.text, Origin::Theirs),
            (Some(x), None) | (None, Some(x)) if x == *entry => {
                let follows = |side: &[Entry<'_>]| after(Some(entry.key), side, &b).next().is_some();
                if follows(&m) || follows(&t) {
                    return None;
                }
            }
            (None, None) => {}
            _ => return None,
        }
        added(Some(entry.key), &m, &t, &b, &mut out)?;
    }
    Some((Class::Structure, out))
}

/// Adds the new keys that stand after `key`; nothing if both sides put different ones there.
fn added(key: Option<&[u8]>, m: &[Entry<'_>], t: &[Entry<'_>], base: &[Entry<'_>], out: &mut Vec<Piece>) -> Option<()> {
    let (new_m, new_t): (Vec<_>, Vec<_>) = (after(key, m, base).collect(), after(key, t, base).collect());
    let (new, origin) = match (new_m.is_empty(), new_t.is_empty()) {
        (_, true) => (&new_m, Origin::Mine),
        (true, _) => (&new_t, Origin::Theirs),
        _ if new_m == new_t => (&new_m, Origin::Both),
        _ => return None,
    };
    // The same key put at two spots would stand there twice.
    let elsewhere = |e: &Entry<'_>| origin != Origin::Both && find(m, e.key).is_some() && find(t, e.key).is_some();
    if new.iter().any(elsewhere) {
        return None;
    }
    new.iter().for_each(|e| push(out, e.text, origin));
    Some(())
}

/// The keys of a side that base does not have and that follow `key` (or stand first).
fn after<'a>(key: Option<&[u8]>, side: &'a [Entry<'a>], base: &'a [Entry<'a>]) -> impl Iterator<Item = Entry<'a>> {
    let start = match key {
        None => 0,
        Some(key) => side.iter().position(|e| e.key == key).map_or(side.len(), |i| i + 1),
    };
    side[start..].iter().copied().take_while(|e| find(base, e.key).is_none())
}

fn find<'a>(entries: &[Entry<'a>], key: &[u8]) -> Option<Entry<'a>> {
    entries.iter().find(|e| e.key == key).copied()
}

/// The entries of a side that base has too, if they kept their order.
fn common<'a>(base: &[Entry<'_>], side: &[Entry<'a>]) -> Option<Vec<Entry<'a>>> {
    let kept: Vec<Entry<'a>> = side.iter().filter(|e| find(base, e.key).is_some()).copied().collect();
    let order = base.iter().filter(|e| find(&kept, e.key).is_some()).map(|e| e.key);
    order.eq(kept.iter().map(|e| e.key)).then_some(kept)
}

/// Cuts lines into entries; nothing if they start amid one, name a key twice, or end without a line feed.
fn entries(text: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut out: Vec<Entry<'_>> = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in diff::split_lines(text) {
        if let Some(key) = key(line) {
            if find(&out, key).is_some() {
                return None;
            }
            start = at;
            out.push(Entry { key, text: &[] });
        }
        at += line.len();
        out.last_mut()?.text = &text[start..at];
    }
    (text.is_empty() || text.ends_with(b"\n")).then_some(out)
}

/// The key a line starts with.
fn key(line: &[u8]) -> Option<&[u8]> {
    let end = line.iter().position(|b| matches!(b, b':' | b'='))?;
    let key = line[..end].trim_ascii_end();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-. ".contains(b) || !b.is_ascii();
    (key.first().is_some_and(|b| *b != b'-' && !b.is_ascii_whitespace()) && key.iter().all(plain)).then_some(key)
}
