//! A row of text as spans: where its look changes. Marks first, Markdown where nothing is marked.

use std::ops::Range;

use super::flow::Flow;
use super::table::Table;
use crate::tui::markdown::style;
use crate::tui::theme::Role;

/// A stretch of a drawn row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its text, not yet safe to draw.
    pub text: String,
    /// How it looks.
    pub role: Role,
    /// The atom it belongs to.
    pub atom: Option<usize>,
    /// Whether it is not in the result although the hunk is decided.
    pub struck: bool,
}

/// A row of a flow, cut at its marks.
#[must_use]
pub fn spans(table: &Table, flow: &Flow, row: Range<usize>) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let plain = |range: Range<usize>, out: &mut Vec<Span>| {
        if range.is_empty() {
            return;
        }
        match flow.plain {
            Some(role) => out.push(Span { text: flow.text[range].to_owned(), role, atom: None, struck: false }),
            None => {
                let line = flow.lines.partition_point(|l| l.start <= range.start).saturating_sub(1);
                let from = flow.lines.get(line).map_or(range.start, |l| l.start);
                let end = flow.lines.get(line).map_or(range.end, |l| l.end.max(range.end));
                out.extend(markdown(&flow.text[from..end], range.start - from..range.end - from, flow.in_fence(from)));
            }
        }
    };
    let mut at = row.start;
    let from = flow.marks.partition_point(|m| m.at.end <= row.start);
    for mark in flow.marks[from..].iter().take_while(|m| m.at.start < row.end) {
        let (start, end) = (mark.at.start.max(at), mark.at.end.min(row.end));
        plain(at..start.max(at), &mut out);
        if start < end {
            let off = mark.atom.is_some_and(|a| table.decided && !table.on.get(a).copied().unwrap_or(true));
            out.push(Span { text: flow.text[start..end].to_owned(), role: mark.role, atom: mark.atom, struck: off });
        }
        at = at.max(end);
    }
    plain(at..row.end, &mut out);
    out
}

/// A stretch of a line, lightly styled as Markdown: headings, list marks, quotes, code, stressed words, links. What is ticked off is not
/// struck as in the editor: here that would say that it is left out.
pub(super) fn markdown(line: &str, row: Range<usize>, in_fence: bool) -> Vec<Span> {
    let span = |range: Range<usize>, role: Role| Span { text: line[range].to_owned(), role, atom: None, struck: false };
    let (mut out, mut at) = (Vec::new(), row.start);
    for (cut, role) in style(line, in_fence).0.into_iter().filter(|(_, role)| *role != Role::Done) {
        let (start, end) = (cut.start.clamp(at, row.end), cut.end.clamp(at, row.end));
        if start < end {
            if at < start {
                out.push(span(at..start, Role::Text));
            }
            out.push(span(start..end, role));
            at = end;
        }
    }
    if at < row.end {
        out.push(span(at..row.end, Role::Text));
    }
    out
}
