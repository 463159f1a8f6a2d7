//! One text of a hunk with its marks: a side, a side as its change from base, or the result; and how a hunk stands, in words.

use std::ops::Range;

use super::fences;
use crate::domain::merge::Kind;
use crate::domain::refine::Origin;
use crate::domain::settle::{Atom, Choice, Row, RowChoice, RowName, Settle, Side, Status};
use crate::tui::theme::Role;

/// A marked stretch of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where in the flow's text.
    pub at: Range<usize>,
    /// How it looks.
    pub role: Role,
    /// The atom it belongs to.
    pub atom: Option<usize>,
}

/// One text of a unit: its lines without endings, and its marks in order.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// All of it.
    pub text: String,
    /// Its lines.
    pub lines: Vec<Range<usize>>,
    /// What is marked.
    pub marks: Vec<Mark>,
    /// The role of what is not marked.
    pub plain: Option<Role>,
    /// The first bytes of the lines that open or close a code fence, and whether the text begins inside one.
    fences: (Vec<usize>, bool),
}

impl Flow {
    pub(super) fn new(text: String, marks: Vec<Mark>, plain: Option<Role>) -> Flow {
        let lines = line_ranges(text.as_bytes());
        // Text in one role is not styled.
        let fences = if plain.is_some() { Vec::new() } else { fences::in_text(text.as_bytes()) };
        Flow { text, lines, marks, plain, fences: (fences, false) }
    }

    /// The same for a text that begins inside a code fence, or not.
    pub(super) fn fenced(mut self, inside: bool) -> Flow {
        self.fences.1 = inside;
        self
    }

    /// Whether the line that begins at a byte lies inside a code fence.
    pub(super) fn in_fence(&self, line: usize) -> bool {
        (self.fences.0.partition_point(|at| *at < line) % 2 == 1) != self.fences.1
    }
}

/// The lines of a text without their endings, as ranges; a final line end makes no further line.
#[must_use]
pub(super) fn line_ranges(text: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', text) {
        let end = if at > from && text[at - 1] == b'\r' { at - 1 } else { at };
        out.push(from..end);
        from = at + 1;
    }
    if from < text.len() {
        out.push(from..text.len());
    }
    out
}

/// How a row stands, in a few words.
#[must_use]
pub fn row_standing(row: &Row) -> String {
    let what = match &row.choice {
        None if row.proposal.is_some() => return format!("proposed {}", row.shown().unwrap_or_default()),
        None => return "choose".to_owned(),
        Some(RowChoice::Mine) => "mine",
        Some(RowChoice::Theirs) => "theirs",
        Some(RowChoice::Base) => "base",
        Some(RowChoice::Typed(_)) => "typed ",
        // What their endings come to says itself that it was merged.
        Some(RowChoice::Proposal) if row.name == RowName::Endings => "",
        Some(RowChoice::Proposal) => "merged ",
    };
    let shown =
        if matches!(row.choice, Some(RowChoice::Proposal | RowChoice::Typed(_))) { row.shown().unwrap_or_default() } else { String::new() };
    if row.is_auto() { format!("{what}{shown}, not asked") } else { format!("{what}{shown} ✓") }
}

/// How a hunk stands, in a few words.
#[must_use]
pub fn standing(settle: &Settle, hunk: usize) -> String {
    let class = |h| settle.proposal(h).map_or("", |p| p.class.name()).replace('-', " ");
    match (settle.status(hunk), settle.choice(hunk)) {
        (Status::Equal, _) => "the same everywhere".to_owned(),
        (Status::Open, _) if settle.pieces_are_lines(hunk) => "open, choose; so long that pieces are whole lines".to_owned(),
        (Status::Open, _) => "open, choose".to_owned(),
        (Status::Proposed, _) => format!("{} proposed", class(hunk)),
        (Status::Auto, Some(Choice::Proposal)) => format!("{}, taken unasked", class(hunk)),
        (Status::Auto, _) => match settle.hunks()[hunk].kind {
            Kind::Mine => "only mine changed".to_owned(),
            Kind::Theirs => "only theirs changed".to_owned(),
            _ => "both changed alike".to_owned(),
        },
        (Status::Chosen, Some(Choice::Proposal)) => format!("{} ✓", class(hunk)),
        (Status::Chosen, choice) => format!("{} ✓", choice.map_or("", Choice::name)),
    }
}

pub(super) fn plain_flow(bytes: &[u8], plain: Option<Role>) -> Flow {
    Flow::new(String::from_utf8_lossy(bytes).into_owned(), Vec::new(), plain)
}

/// One side with its changed words marked.
pub(super) fn side_flow(settle: &Settle, hunk: usize, side: Side, atoms: &[Atom]) -> Flow {
    let (bytes, h) = (settle.side(hunk, side), &settle.hunks()[hunk]);
    let Ok(text) = std::str::from_utf8(bytes) else { return plain_flow(bytes, Some(side_role(side))) };
    let start = if side == Side::Mine { h.mine.start } else { h.theirs.start };
    let of = |a: &Atom| if side == Side::Mine { a.mine.clone() } else { a.theirs.clone() };
    let mut marks: Vec<Mark> = atoms
        .iter()
        .enumerate()
        .filter(|(_, a)| a.is_of(side) && !of(a).is_empty())
        .map(|(i, a)| Mark { at: of(a).start - start..of(a).end - start, role: word_role(side), atom: Some(i) })
        .collect();
    marks.sort_by_key(|m| m.at.start);
    Flow::new(text.to_owned(), marks, None)
}

fn side_role(side: Side) -> Role {
    match side {
        Side::Base => Role::Base,
        Side::Mine => Role::Mine,
        Side::Theirs => Role::Theirs,
    }
}

fn word_role(side: Side) -> Role {
    if side == Side::Theirs { Role::TheirsWord } else { Role::MineWord }
}

/// One side as its change from base: what it took away struck, what it put there marked.
pub(super) fn change_flow(settle: &Settle, hunk: usize, side: Side, atoms: &[Atom]) -> Flow {
    let h = &settle.hunks()[hunk];
    let (base, theirs) = (settle.text(Side::Base), settle.text(Side::Theirs));
    let (mut text, mut marks) = (String::new(), Vec::new());
    let mut push = |bytes: &[u8], mark: Option<(Role, usize)>| {
        let from = text.len();
        text.push_str(&String::from_utf8_lossy(bytes));
        if let Some((role, atom)) = mark.filter(|_| text.len() > from) {
            marks.push(Mark { at: from..text.len(), role, atom: Some(atom) });
        }
    };
    let mut at = h.base.start;
    for (i, atom) in atoms.iter().enumerate().filter(|(_, a)| a.is_of(side)) {
        push(&base[at..atom.base.start.max(at)], None);
        push(&base[atom.base.clone()], Some((Role::Removed, i)));
        let new = if side == Side::Theirs { &theirs[atom.theirs.clone()] } else { &settle.text(Side::Mine)[atom.mine.clone()] };
        push(new, Some((word_role(side), i)));
        at = atom.base.end;
    }
    push(&base[at..h.base.end], None);
    Flow::new(text, marks, None)
}

/// What stands in a hunk, by where it came from.
#[must_use]
pub fn result_flow(settle: &Settle, hunk: usize) -> Flow {
    if settle.status(hunk) == Status::Open {
        return Flow::new("‹ open: choose ›".to_owned(), Vec::new(), Some(Role::Clash));
    }
    let (mut text, mut marks) = (String::new(), Vec::new());
    let parts = settle.parts(hunk);
    // Lossy part by part would tear a character that an edit of bytes has split.
    let whole: Vec<u8> = parts.iter().flat_map(|p| p.text).copied().collect();
    if std::str::from_utf8(&whole).is_err() {
        return plain_flow(&whole, Some(Role::Settled));
    }
    for part in parts {
        let from = text.len();
        text.push_str(&String::from_utf8_lossy(part.text));
        let role = match part.origin {
            Origin::Base => continue,
            Origin::Mine => Role::MineWord,
            Origin::Theirs => Role::TheirsWord,
            Origin::Both => Role::Both,
            Origin::Typed => Role::Typed,
        };
        marks.push(Mark { at: from..text.len(), role, atom: None });
    }
    if text.is_empty() {
        return Flow::new("‹ nothing ›".to_owned(), Vec::new(), Some(Role::Dim));
    }
    Flow::new(text, marks, None)
}
