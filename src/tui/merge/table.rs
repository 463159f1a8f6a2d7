//! One unit (a row above the text, or a hunk) as lines of cells, before wrapping: what stands beside what, and which words are marked.
//!
//! Lines of mine and theirs that read alike stand beside each other, so that a person compares what differs and nothing else. Text that is
//! not UTF-8 is shown with replacement characters and without word marks; its bytes stay as they are.

use std::ops::Range;

use crate::domain::diff;
use crate::domain::merge::Kind;

use super::fences::Fences;
use super::flow::{Flow, change_flow, plain_flow, result_flow, row_standing, side_flow, standing};
use crate::domain::settle::{Atom, Place, Row, RowChoice, Settle, Side, Status};
use crate::tui::theme::Role;

/// How the texts are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lens {
    /// Mine and theirs side by side, the result of the current place below.
    Two,
    /// Mine, result, theirs.
    Three,
    /// One under the other.
    Stacked,
    /// One text, which flips.
    Single,
}

impl Lens {
    /// The word for it on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lens::Two => "two sides and result",
            Lens::Three => "three columns",
            Lens::Stacked => "stacked",
            Lens::Single => "single",
        }
    }
}

/// Which text the single lens shows where the texts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// What stands there.
    Result,
    /// Mine.
    Mine,
    /// Theirs.
    Theirs,
    /// Base.
    Base,
}

impl Flip {
    /// The word for it on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Flip::Result => "result",
            Flip::Mine => "mine",
            Flip::Theirs => "theirs",
            Flip::Base => "base",
        }
    }
}

/// A line of a unit: something said across, or a cell for each column: flow and line.
#[derive(Clone, Debug)]
pub enum Line {
    /// A label.
    Label(String, Role),
    /// Cells.
    Cells(Vec<Option<(usize, usize)>>),
}

/// A unit laid out as lines.
#[derive(Clone, Debug)]
pub struct Table {
    /// The texts.
    pub flows: Vec<Flow>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The atoms of the hunk, and which of them are in the result.
    pub atoms: Vec<Atom>,
    /// Parallel to `atoms`.
    pub on: Vec<bool>,
    /// Whether what stands there was chosen, so that atoms left out are struck.
    pub decided: bool,
}

/// Lines above which the sides stand beside each other by number and not by what they say.
const PAIRED_UP_TO: usize = 4_000;

/// Lays out a hunk in which the texts differ.
#[must_use]
pub(super) fn hunk(settle: &Settle, hunk: usize, lens: Lens, flip: Flip, as_change: bool, fences: &Fences) -> Table {
    let atoms = settle.atoms(hunk);
    let on_set = settle.atoms_on(hunk, &atoms);
    let on = (0u32..).zip(&atoms).map(|(i, _)| on_set.contains(&i)).collect();
    let decided = settle.choice(hunk).is_some();
    let h = &settle.hunks()[hunk];
    let begins_in = |s: Side| fences.hold(s, [&h.base, &h.mine, &h.theirs][s as usize].start);
    let side = |s| {
        let flow = if as_change { change_flow(settle, hunk, s, &atoms) } else { side_flow(settle, hunk, s, &atoms) };
        flow.fenced(begins_in(s))
    };
    let result = || result_flow(settle, hunk).fenced(begins_in(Side::Mine));
    let kind = h.kind;
    let (flows, lines) = match lens {
        Lens::Two => {
            let flows = vec![side(Side::Mine), side(Side::Theirs)];
            let lines = pairs(&flows[0], &flows[1]).into_iter().map(|(m, t)| Line::Cells(vec![m.map(|l| (0, l)), t.map(|l| (1, l))]));
            let lines = lines.collect();
            (flows, lines)
        }
        Lens::Three => {
            let flows = vec![side(Side::Mine), result(), side(Side::Theirs)];
            let paired = pairs(&flows[0], &flows[2]);
            let n = paired.len().max(flows[1].lines.len());
            let cells = |i: usize| {
                let (m, t) = paired.get(i).copied().unwrap_or((None, None));
                Line::Cells(vec![m.map(|l| (0, l)), (i < flows[1].lines.len()).then_some((1, i)), t.map(|l| (2, l))])
            };
            let lines = (0..n).map(cells).collect();
            (flows, lines)
        }
        Lens::Stacked => {
            let mut parts: Vec<(Flow, String, Role)> = Vec::new();
            if kind != Kind::Theirs {
                parts.push((side(Side::Mine), if kind == Kind::Same { "mine and theirs" } else { "mine" }.to_owned(), Role::Mine));
            }
            if matches!(kind, Kind::Theirs | Kind::Clash) {
                parts.push((side(Side::Theirs), "theirs".to_owned(), Role::Theirs));
            }
            // What is open has no result yet, and the rule below says so.
            if settle.status(hunk) != Status::Open {
                parts.push((result(), format!("result: {}", standing(settle, hunk)), Role::Settled));
            }
            one_under_another(parts)
        }
        Lens::Single => {
            let flow = match flip {
                Flip::Result => result(),
                Flip::Mine => side(Side::Mine),
                Flip::Theirs => side(Side::Theirs),
                Flip::Base => plain_flow(settle.side(hunk, Side::Base), Some(Role::Base)),
            };
            let label = format!("{}: {}", flip.name(), standing(settle, hunk));
            let role = match flip {
                Flip::Mine => Role::Mine,
                Flip::Theirs => Role::Theirs,
                Flip::Base => Role::Base,
                Flip::Result => Role::Settled,
            };
            one_under_another(vec![(flow, label, role)])
        }
    };
    Table { flows, lines, atoms, on, decided }
}

fn one_under_another(parts: Vec<(Flow, String, Role)>) -> (Vec<Flow>, Vec<Line>) {
    let (mut flows, mut lines) = (Vec::new(), Vec::new());
    for (n, (flow, label, role)) in parts.into_iter().enumerate() {
        lines.push(Line::Label(label, role));
        lines.extend((0..flow.lines.len()).map(|l| Line::Cells(vec![Some((n, l))])));
        flows.push(flow);
    }
    (flows, lines)
}

/// Lays out a row above the text.
#[must_use]
pub(super) fn row(row: &Row, lens: Lens) -> Table {
    let mine = plain_flow(row.mine.as_bytes(), Some(Role::Mine));
    let theirs = plain_flow(row.theirs.as_bytes(), Some(Role::Theirs));
    let result = plain_flow(row.shown().unwrap_or_default().as_bytes(), Some(row_role(row)));
    let mut label = format!("{}: {}", row.name, row_standing(row));
    if !row.base.is_empty() {
        label.push_str(&format!(" · base {}", row.base.replace('\n', " ")));
    }
    let role = if row.choice.is_none() { Role::Clash } else { Role::Dim };
    let cell = |flows: &[Flow], n: usize| (!flows[n].lines.is_empty()).then_some((n, 0));
    let (flows, mut lines) = match lens {
        Lens::Two => {
            let flows = vec![mine, theirs];
            let cells = vec![cell(&flows, 0), cell(&flows, 1)];
            (flows, vec![Line::Cells(cells)])
        }
        Lens::Three => {
            let flows = vec![mine, result, theirs];
            let cells = vec![cell(&flows, 0), cell(&flows, 1), cell(&flows, 2)];
            (flows, vec![Line::Cells(cells)])
        }
        Lens::Stacked | Lens::Single => {
            let named = |flow: Flow, name: &str| {
                let text = format!("{name}{}", flow.text.replace('\n', " "));
                Flow::new(text, Vec::new(), flow.plain)
            };
            let flows = vec![named(mine, "mine: "), named(theirs, "theirs: ")];
            (flows, vec![Line::Cells(vec![Some((0, 0))]), Line::Cells(vec![Some((1, 0))])])
        }
    };
    lines.insert(0, Line::Label(label, role));
    Table { flows, lines, atoms: Vec::new(), on: Vec::new(), decided: true }
}

fn row_role(row: &Row) -> Role {
    match row.choice {
        None => Role::Proposed,
        Some(RowChoice::Mine) => Role::Mine,
        Some(RowChoice::Theirs) => Role::Theirs,
        Some(RowChoice::Typed(_)) => Role::Typed,
        Some(RowChoice::Base) => Role::Base,
        Some(RowChoice::Proposal) => Role::Both,
    }
}

/// Which lines stand beside each other.
fn pairs(mine: &Flow, theirs: &Flow) -> Vec<(Option<usize>, Option<usize>)> {
    let (m, t) = (mine.lines.len(), theirs.lines.len());
    let zip = |a: Range<usize>, b: Range<usize>| {
        let n = a.len().max(b.len());
        (0..n).map(move |i| ((i < a.len()).then_some(a.start + i), (i < b.len()).then_some(b.start + i)))
    };
    if m + t > PAIRED_UP_TO {
        return zip(0..m, 0..t).collect();
    }
    let line_of = |flow: &Flow, byte: usize| flow.lines.partition_point(|l| l.start < byte);
    let mut out = Vec::new();
    let (mut i, mut j) = (0, 0);
    for e in diff::lines(mine.text.as_bytes(), theirs.text.as_bytes()) {
        let (from, to) = (line_of(mine, e.old.start), line_of(mine, e.old.end));
        let (from_t, to_t) = (line_of(theirs, e.new.start), line_of(theirs, e.new.end));
        out.extend(zip(i..from, j..from_t));
        out.extend(zip(from..to, from_t..to_t));
        (i, j) = (to, to_t);
    }
    out.extend(zip(i..m, j..t));
    out
}

/// The place a unit is: rows above the text come first.
#[must_use]
pub fn place(settle: &Settle, unit: usize) -> Place {
    let rows = settle.rows().len();
    if unit < rows { Place::Row(unit) } else { Place::Hunk(unit - rows) }
}

/// The unit of a place.
#[must_use]
pub fn unit(settle: &Settle, place: Place) -> usize {
    match place {
        Place::Row(n) => n,
        Place::Hunk(n) => n + settle.rows().len(),
    }
}
