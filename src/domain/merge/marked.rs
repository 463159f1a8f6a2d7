//! A merge written out with conflict markers, as `git merge-file` writes it.
//!
//! Without diff3 styles a clash is first narrowed to where mine and theirs differ, and clashes with little between them are joined again;
//! the rules are git's, and so are the bytes. Markers are written for others and never read back.

use std::borrow::Cow;
use std::ops::Range;

use super::super::diff::{self, Algorithm};
use super::super::refine::Proposal;
use super::walk::{self, Cluster};
use super::{Hunk, Kind};

/// What stands between the markers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Mine and theirs.
    #[default]
    Merge,
    /// Mine, base and theirs.
    Diff3,
    /// The same, without what mine and theirs begin and end with alike.
    Zdiff3,
}

/// What is written instead of a clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Favour {
    /// Mine.
    Mine,
    /// Theirs.
    Theirs,
    /// Both, mine first.
    Union,
}

/// How a merge is written.
#[derive(Clone, Debug)]
pub struct Marking<'a> {
    /// What stands between the markers.
    pub style: Style,
    /// What is written instead of a clash; `None` writes markers.
    pub favour: Option<Favour>,
    /// Signs in a marker; 0 is 7.
    pub size: usize,
    /// What follows the markers of mine, base and theirs.
    pub labels: [&'a [u8]; 3],
}

/// A merge, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked<'a> {
    /// The bytes, piece by piece.
    pub parts: Vec<Cow<'a, [u8]>>,
    /// How many clashes stand between markers.
    pub conflicts: usize,
}

impl Marked<'_> {
    /// The bytes in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.parts.concat()
    }
}

/// The three texts.
#[derive(Clone, Copy)]
struct Texts<'a> {
    base: &'a [u8],
    mine: &'a [u8],
    theirs: &'a [u8],
}

/// A stretch that is not copied from mine as it stands.
struct Change {
    /// `Clash`, `Mine` or `Theirs`; `Same` for a clash that turned out to be none.
    kind: Kind,
    base: Range<usize>,
    mine: Range<usize>,
    theirs: Range<usize>,
    /// What is written instead, when a proposal decides it.
    instead: Option<Vec<u8>>,
}

impl From<Cluster> for Change {
    fn from(c: Cluster) -> Change {
        Change { kind: c.kind, base: c.base, mine: c.mine, theirs: c.theirs, instead: None }
    }
}

/// Merges and writes as git does.
#[must_use]
pub fn merge_file<'a>(base: &'a [u8], mine: &'a [u8], theirs: &'a [u8], algorithm: Algorithm, marking: &Marking<'_>) -> Marked<'a> {
    let (m, t) = (diff::lines_by(base, mine, algorithm), diff::lines_by(base, theirs, algorithm));
    if m.is_empty() || t.is_empty() {
        return Marked { parts: vec![Cow::Borrowed(if m.is_empty() { theirs } else { mine })], conflicts: 0 };
    }
    let changes = walk::clusters(&m, &t, mine, theirs).into_iter().filter(|c| c.kind != Kind::Same).map(Change::from).collect();
    drop((m, t));
    finish(Texts { base, mine, theirs }, changes, algorithm, marking)
}

/// Writes hunks and what was proposed for some of them; only clashes without a proposal stand between markers.
#[must_use]
pub fn with_proposals<'a>(
    (base, mine, theirs): (&'a [u8], &'a [u8], &'a [u8]),
    hunks: &[Hunk],
    proposals: &[Proposal],
    algorithm: Algorithm,
    marking: &Marking<'_>,
) -> Marked<'a> {
    let mut proposals = proposals.iter().peekable();
    let mut changes = Vec::new();
    for (i, h) in hunks.iter().enumerate() {
        let proposal = proposals.next_if(|p| p.hunk == i);
        if matches!(h.kind, Kind::Equal | Kind::Same) && proposal.is_none() {
            continue;
        }
        let instead = proposal.map(|p| p.pieces.iter().map(|p| p.text.as_slice()).collect::<Vec<_>>().concat());
        let h = h.clone();
        changes.push(Change { kind: h.kind, base: h.base, mine: h.mine, theirs: h.theirs, instead });
    }
    finish(Texts { base, mine, theirs }, changes, algorithm, marking)
}

fn finish<'a>(texts: Texts<'a>, mut changes: Vec<Change>, algorithm: Algorithm, marking: &Marking<'_>) -> Marked<'a> {
    match marking.style {
        Style::Merge => changes = joined(&texts, narrowed(&texts, changes, algorithm)),
        Style::Diff3 => {}
        Style::Zdiff3 => changes.iter_mut().filter(|c| c.is_open()).for_each(|c| c.trim(&texts)),
    }
    let mut writer = Writer { texts, marking, parts: Vec::with_capacity(changes.len() * 2 + 1), conflicts: 0 };
    let mut at = 0;
    for change in changes.into_iter().filter(|c| c.kind != Kind::Same) {
        writer.copy(&texts.mine[at..change.mine.start]);
        at = change.mine.end;
        writer.change(change);
    }
    writer.copy(&texts.mine[at..]);
    Marked { parts: writer.parts, conflicts: writer.conflicts }
}

impl Change {
    fn is_open(&self) -> bool {
        self.kind == Kind::Clash && self.instead.is_none()
    }

    /// Takes off the lines that mine and theirs begin and end with alike.
    fn trim(&mut self, texts: &Texts<'_>) {
        let (m, t) = (diff::split_lines(&texts.mine[self.mine.clone()]), diff::split_lines(&texts.theirs[self.theirs.clone()]));
        let head = m.iter().zip(&t).take_while(|(a, b)| a == b).count();
        let tail = m[head..].iter().rev().zip(t[head..].iter().rev()).take_while(|(a, b)| a == b).count();
        let size = |lines: &[&[u8]]| lines.iter().map(|l| l.len()).sum::<usize>();
        let (head, tail) = (size(&m[..head]), size(&m[m.len() - tail..]));
        self.mine = self.mine.start + head..self.mine.end - tail;
        self.theirs = self.theirs.start + head..self.theirs.end - tail;
    }
}

/// Cuts each clash down to where mine and theirs differ.
fn narrowed(texts: &Texts<'_>, changes: Vec<Change>, algorithm: Algorithm) -> Vec<Change> {
    let mut out = Vec::with_capacity(changes.len());
    for mut change in changes {
        if !change.is_open() || change.mine.is_empty() || change.theirs.is_empty() {
            out.push(change);
            continue;
        }
        let edits = diff::lines_by(&texts.mine[change.mine.clone()], &texts.theirs[change.theirs.clone()], algorithm);
        if edits.is_empty() {
            change.kind = Kind::Same;
            out.push(change);
            continue;
        }
        let at = |start: usize, r: Range<usize>| start + r.start..start + r.end;
        out.extend(edits.into_iter().map(|e| Change {
            kind: Kind::Clash,
            base: change.base.clone(),
            mine: at(change.mine.start, e.old),
            theirs: at(change.theirs.start, e.new),
            instead: None,
        }));
    }
    out
}

/// Joins neighbouring clashes with no more than three lines between them, or with no letter and no digit there.
fn joined(texts: &Texts<'_>, changes: Vec<Change>) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        if let Some(last) = out.last_mut()
            && last.is_open()
            && change.is_open()
        {
            let between = &texts.mine[last.mine.end..change.mine.start];
            if memchr::memchr_iter(b'\n', between).take(4).count() <= 3 || !between.iter().any(u8::is_ascii_alphanumeric) {
                last.mine.end = change.mine.end;
                last.theirs.end = change.theirs.end;
                continue;
            }
        }
        out.push(change);
    }
    out
}

struct Writer<'a, 'm> {
    texts: Texts<'a>,
    marking: &'m Marking<'m>,
    parts: Vec<Cow<'a, [u8]>>,
    conflicts: usize,
}

impl<'a> Writer<'a, '_> {
    fn copy(&mut self, text: &'a [u8]) {
        if !text.is_empty() {
            self.parts.push(Cow::Borrowed(text));
        }
    }

    fn change(&mut self, change: Change) {
        let texts = self.texts;
        let (mine, theirs) = (&texts.mine[change.mine.clone()], &texts.theirs[change.theirs.clone()]);
        if let Some(text) = change.instead {
            self.parts.push(Cow::Owned(text));
            return;
        }
        match (change.kind, self.marking.favour) {
            (Kind::Mine, _) | (Kind::Clash, Some(Favour::Mine)) => self.copy(mine),
            (Kind::Theirs, _) | (Kind::Clash, Some(Favour::Theirs)) => self.copy(theirs),
            (_, Some(Favour::Union)) => {
                self.ended(mine, texts.ends_in_crlf(&change.mine, &change.theirs));
                self.copy(theirs);
            }
            _ => {
                self.conflicts += 1;
                self.conflict(&texts.base[change.base.clone()], mine, theirs, texts.ends_in_crlf(&change.mine, &change.theirs));
            }
        }
    }

    fn conflict(&mut self, base: &'a [u8], mine: &'a [u8], theirs: &'a [u8], crlf: bool) {
        let [mine_label, base_label, theirs_label] = self.marking.labels;
        self.marker(b'<', Some(mine_label), crlf);
        self.ended(mine, crlf);
        if self.marking.style != Style::Merge {
            self.marker(b'|', Some(base_label), crlf);
            self.ended(base, crlf);
        }
        self.marker(b'=', None, crlf);
        self.ended(theirs, crlf);
        self.marker(b'>', Some(theirs_label), crlf);
    }

    /// Lines, the last one ended in any case.
    fn ended(&mut self, lines: &'a [u8], crlf: bool) {
        self.copy(lines);
        if !lines.is_empty() && !lines.ends_with(b"\n") {
            self.copy(if crlf { b"\r\n" } else { b"\n" });
        }
    }

    fn marker(&mut self, sign: u8, label: Option<&[u8]>, crlf: bool) {
        let size = if self.marking.size == 0 { 7 } else { self.marking.size };
        let mut line = Vec::with_capacity(size + label.map_or(0, <[u8]>::len) + 3);
        line.resize(size, sign);
        if let Some(label) = label {
            line.push(b' ');
            line.extend_from_slice(label);
        }
        line.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        self.parts.push(Cow::Owned(line));
    }
}

impl Texts<'_> {
    /// Whether markers before these places should end in CRLF: if the lines before them do on both sides, and base's first line does.
    fn ends_in_crlf(&self, mine: &Range<usize>, theirs: &Range<usize>) -> bool {
        let not_lf = |answer: Option<bool>| answer != Some(false);
        not_lf(crlf_before(self.mine, mine.start))
            && not_lf(crlf_before(self.theirs, theirs.start))
            && crlf_before(self.base, 0) == Some(true)
    }
}

/// Whether the line before a place (or the first line) ends in CRLF; `None` if it cannot be told.
fn crlf_before(text: &[u8], at: usize) -> Option<bool> {
    let end = if at > 0 { at } else { memchr::memchr(b'\n', text).map_or(text.len(), |n| n + 1) };
    let line = &text[..end];
    match line.strip_suffix(b"\n") {
        Some(rest) => Some(rest.ends_with(b"\r")),
        None => memchr::memrchr(b'\n', line).map(|n| line[..n].ends_with(b"\r")),
    }
}
