//! Light styling of Markdown, line by line, for text that is being typed: headings, lists, quotes, code, stressed words, links.
//!
//! A scanner, not a parser: it only ever looks at one line, and at whether that line lies between code fences.

use std::ops::Range;

use crate::domain::buffer::Buffer;
use crate::tui::lists;
use crate::tui::theme::Role;

/// Lines longer than this stay plain.
const LONGEST: usize = 8 * 1024;

/// Whether a line opens or closes a code fence.
fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

/// Whether line `line` lies inside a code fence.
#[must_use]
pub fn fenced(buffer: &Buffer, line: usize) -> bool {
    buffer.lines().iter().take(line).filter(|l| is_fence(&l.text)).count() % 2 == 1
}

/// The styled stretches of a line, in order, none overlapping; and whether the next line is inside a fence.
#[must_use]
pub fn style(line: &str, in_fence: bool) -> (Vec<(Range<usize>, Role)>, bool) {
    if is_fence(line) {
        return (vec![(0..line.len(), Role::Code)], !in_fence);
    }
    if in_fence {
        return (vec![(0..line.len(), Role::Code)], true);
    }
    if line.len() > LONGEST {
        return (Vec::new(), false);
    }
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes) && line.as_bytes().get(hashes) == Some(&b' ') {
        return (vec![(0..line.len(), Role::Heading)], false);
    }
    if line.starts_with('>') {
        return (vec![(0..line.len(), Role::Quote)], false);
    }
    let mut out = Vec::new();
    let mut from = 0;
    if let Some(m) = lists::marker(line) {
        out.push((m.indent..m.words, Role::Bullet));
        from = m.words;
        if m.tick.is_some_and(|t| line.as_bytes()[t] != b' ') {
            out.push((m.words..line.len(), Role::Done));
            return (out, false);
        }
    }
    inline(line, from, &mut out);
    (out, false)
}

fn inline(line: &str, from: usize, out: &mut Vec<(Range<usize>, Role)>) {
    let bytes = line.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let found = match bytes[at] {
            b'`' => paired(line, at, "`", Role::Code),
            b'*' if line[at..].starts_with("**") => paired(line, at, "**", Role::Strong),
            b'*' => paired(line, at, "*", Role::Emphasis),
            b'_' if at == 0 || !bytes[at - 1].is_ascii_alphanumeric() => paired(line, at, "_", Role::Emphasis),
            b'[' => link(line, at),
            b'h' if line[at..].starts_with("http://") || line[at..].starts_with("https://") => {
                let len = line[at..].find([' ', ')', '>', '"', '\t']).unwrap_or(line.len() - at);
                Some((at..at + len, Role::Link))
            }
            b'\\' => {
                at += 2;
                continue;
            }
            _ => None,
        };
        match found {
            Some((range, role)) => {
                at = range.end;
                out.push((range, role));
            }
            None => at += 1,
        }
        while at < bytes.len() && !line.is_char_boundary(at) {
            at += 1;
        }
    }
}

fn paired(line: &str, at: usize, mark: &str, role: Role) -> Option<(Range<usize>, Role)> {
    let inside = at + mark.len();
    let next = line.get(inside..)?.chars().next()?;
    if next.is_whitespace() {
        return None;
    }
    let len = line[inside..].find(mark).filter(|len| *len > 0)?;
    let ends_in_space = line[inside..inside + len].ends_with(char::is_whitespace);
    (!ends_in_space).then_some((at..inside + len + mark.len(), role))
}

fn link(line: &str, at: usize) -> Option<(Range<usize>, Role)> {
    let close = at + line[at..].find("](")?;
    if line[at + 1..close].contains('[') {
        return None;
    }
    let end = close + 2 + line[close + 2..].find(')')?;
    Some((at..end + 1, Role::Link))
}
