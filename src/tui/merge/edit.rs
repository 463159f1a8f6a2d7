//! Editing the result of one hunk, in place or in the person's own editor.
//!
//! In place: each change goes into the conflict at once, as one step of its history, and is kept by the journal like any choice. Undo inside
//! is by stroke; outside the whole stretch of typing is one step.
//! Limits: a hunk that is not UTF-8, or above a megabyte, can be chosen and picked from but not typed in.

use std::cmp::Ordering;
use std::ops::Range;

use ratatui::layout::Rect;

use super::super::keys::Action;
use super::super::message::{Answer, Ask, Code, Effect, Key};
use super::super::screen::Ctx;
use super::super::theme::Role;
use super::{GUTTER, Merge, Span};
use crate::domain::buffer::{Buffer, Pos};
use crate::domain::merge::Kind;
use crate::domain::settle::{Side, Status};
use crate::domain::text;

/// Bytes of a hunk up to which it can be typed in.
const TYPED_UP_TO: usize = 1024 * 1024;
/// Bytes of a hunk's sides above which its result is taken to fill the pane.
const MEASURED_UP_TO: usize = 64 * 1024;

/// A hunk's result being typed.
#[derive(Debug)]
pub struct Editing {
    /// Which hunk.
    pub hunk: usize,
    /// Its text.
    pub buffer: Buffer,
    /// What came back from the person's editor and awaits an answer.
    pending: Option<String>,
    /// The row and cell of the cursor, as last fitted.
    pub cursor: (usize, usize),
}

impl Merge {
    /// The text of a hunk, if it can be typed in.
    fn typeable(&self) -> Result<(usize, String), &'static str> {
        let Some(hunk) = self.hunk().filter(|h| self.settle.hunks()[*h].kind != Kind::Equal) else {
            return Err("There is nothing to edit here: go to a hunk first.");
        };
        let bytes = self.settle.hunk_bytes(hunk);
        if bytes.len() > TYPED_UP_TO {
            return Err("This hunk is too large to be typed in: choose one side, or pieces.");
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok((hunk, text)),
            Err(_) => Err("This hunk is not UTF-8: its bytes can be chosen, but not typed."),
        }
    }

    pub(super) fn begin_edit(&mut self) -> Vec<Effect> {
        if self.row().is_some() {
            return self.ask_value();
        }
        match self.typeable() {
            Err(why) => vec![Effect::Say(why.to_owned())],
            Ok((hunk, mut text)) => {
                if self.settle.status(hunk) == Status::Open {
                    // From what is closest to both: mine, as a person may then add what theirs says.
                    text = String::from_utf8_lossy(self.settle.side(hunk, Side::Mine)).into_owned();
                }
                self.settle.seal();
                self.editing = Some(Editing { hunk, buffer: Buffer::new(&text), pending: None, cursor: (0, 0) });
                (self.follow, self.result_top) = (true, 0);
                Vec::new()
            }
        }
    }

    pub(super) fn edit_outside(&self) -> Vec<Effect> {
        match self.typeable() {
            Err(why) => vec![Effect::Say(why.to_owned())],
            Ok((hunk, mut text)) => {
                if self.settle.status(hunk) == Status::Open {
                    let side = |s| String::from_utf8_lossy(self.settle.side(hunk, s)).into_owned();
                    let ended = |t: String| if t.is_empty() || t.ends_with('\n') { t } else { t + "\n" };
                    let (mine, base, theirs) = (ended(side(Side::Mine)), ended(side(Side::Base)), ended(side(Side::Theirs)));
                    text = format!("<<<<<<< mine\n{mine}||||||| base\n{base}=======\n{theirs}>>>>>>> theirs\n");
                }
                vec![Effect::RunEditor { tag: "merge-hunk", text, suffix: ".md" }]
            }
        }
    }

    pub(super) fn editor_done(&mut self, text: &Result<String, String>) -> Vec<Effect> {
        let text = match text {
            Ok(text) => text,
            Err(why) => return vec![Effect::Warn(why.clone())],
        };
        let Some(hunk) = self.hunk() else { return Vec::new() };
        if self.settle.has_new_markers(text.as_bytes()) {
            self.editing = Some(Editing { hunk, buffer: Buffer::new(""), pending: Some(text.clone()), cursor: (0, 0) });
            let choices = [('d', "drop it"), ('e', "edit it here"), ('k', "keep it so")];
            return vec![Effect::Ask(Box::new(Ask::choice("left-markers", "Conflict markers are left in the text", &choices)))];
        }
        self.take(hunk, text);
        Vec::new()
    }

    pub(super) fn markers_answered(&mut self, answer: &Answer) -> Vec<Effect> {
        let Some(mut editing) = self.editing.take() else { return Vec::new() };
        let Some(text) = editing.pending.take() else { return Vec::new() };
        match answer {
            Answer::Choice(1) => {
                editing.buffer = Buffer::new(&text);
                self.editing = Some(editing);
                self.typed();
            }
            Answer::Choice(2) => self.take(editing.hunk, &text),
            _ => {}
        }
        Vec::new()
    }

    fn take(&mut self, hunk: usize, text: &str) {
        self.settle.seal();
        self.settle.type_text(hunk, text.as_bytes());
        self.settle.seal();
    }

    /// Puts what is in the buffer into the conflict.
    fn typed(&mut self) {
        if let Some(e) = &self.editing {
            self.settle.type_text(e.hunk, e.buffer.text().as_bytes());
        }
    }

    pub(super) fn end_edit(&mut self) -> Vec<Effect> {
        if self.editing.take().is_some() {
            self.settle.seal();
            (self.result_top, self.follow) = (0, true);
        }
        Vec::new()
    }

    pub(super) fn edit_key(&mut self, key: Key) -> Vec<Effect> {
        let Some(e) = &mut self.editing else { return Vec::new() };
        if let Some(c) = key.typed() {
            e.buffer.insert(c.encode_utf8(&mut [0; 4]));
            self.typed();
        } else if key.code == Code::Esc {
            return self.end_edit();
        }
        Vec::new()
    }

    pub(super) fn edit_paste(&mut self, text: &str) -> Vec<Effect> {
        if let Some(e) = &mut self.editing {
            e.buffer.paste(text);
        }
        self.typed();
        Vec::new()
    }

    pub(super) fn edit_action(&mut self, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        let width = usize::from(self.frame.result.width.saturating_sub(GUTTER + 1)).max(1);
        let height = isize::try_from(self.frame.result.height).unwrap_or(1);
        let Some(e) = &mut self.editing else { return Vec::new() };
        let at = e.buffer.cursor();
        let b = &mut e.buffer;
        match action {
            Action::Back | Action::Save | Action::Later => return self.end_edit(),
            Action::Copy | Action::Cut => {
                let selected = b.selected();
                if action == Action::Cut && !selected.is_empty() {
                    b.delete();
                }
                self.typed();
                return if selected.is_empty() { Vec::new() } else { vec![Effect::Copy(selected)] };
            }
            Action::Paste => b.paste(ctx.register),
            Action::Undo => drop(b.undo()),
            Action::Redo => drop(b.redo()),
            Action::Newline => b.newline(),
            Action::Backspace => b.backspace(),
            Action::DeleteChar => b.delete(),
            Action::DeleteWordBack => b.delete_word_back(),
            Action::DeleteWordForward => b.delete_word_forward(),
            Action::DeleteToLineEnd => b.delete_to_line_end(),
            Action::DeleteLine => b.delete_lines(),
            Action::Indent => b.insert("\t"),
            Action::SelectAll => b.select_all(),
            _ => {
                if let Some((to, extend)) = moved(b, action, at, width, height) {
                    b.move_to(to, extend);
                }
                return Vec::new();
            }
        }
        self.typed();
        Vec::new()
    }

    /// How high the pane of the result is, its rule included: as high as the result, within a third of the screen. While a person stays on
    /// one unit it does not shrink, so that the page stands still.
    pub(super) fn pane(&mut self, body: Rect) -> u16 {
        let most = (body.height / 3).clamp(3, 12).min(body.height.saturating_sub(2));
        if self.editing.is_some() {
            return most;
        }
        let width = usize::from(body.width.saturating_sub(GUTTER + 1)).max(1);
        let of = (self.unit, self.settle.revision(), width);
        if self.needs.0 != of {
            let rows = match self.hunk().map(|h| (h, &self.settle.hunks()[h])) {
                None => 1,
                Some((_, h)) if h.mine.len() + h.theirs.len() > MEASURED_UP_TO => usize::from(most),
                Some((hunk, _)) => result_rows(&self.settle, hunk, (width, false), usize::from(most)).len(),
            };
            let same = (self.needs.0.0, self.needs.0.2) == (self.unit, width);
            self.needs = (of, if same { rows.max(self.needs.1) } else { rows });
        }
        u16::try_from(self.needs.1 + 1).unwrap_or(most).clamp(3, most.max(3))
    }

    /// Lays out the pane of the result.
    pub(super) fn fit_result(&mut self) {
        let width = usize::from(self.frame.result.width.saturating_sub(GUTTER + 1)).max(1);
        let height = usize::from(self.frame.result.height);
        if let Some(e) = &mut self.editing {
            let at = e.buffer.cursor();
            let (mut rows, mut cursor) = (Vec::new(), (0, 0));
            for (n, line) in e.buffer.lines().iter().enumerate() {
                let wrapped = text::wrap(&line.text, width);
                for (i, row) in wrapped.iter().enumerate() {
                    let last = i + 1 == wrapped.len();
                    if n == at.line && at.byte >= row.start && (at.byte < row.end || last) {
                        cursor = (rows.len(), text::column(&line.text, row.clone(), at.byte));
                    }
                    rows.push(selected(&line.text, row.clone(), n, &e.buffer.selection().range()));
                }
            }
            e.cursor = cursor;
            self.result_top = self.result_top.min(cursor.0).max((cursor.0 + 1).saturating_sub(height.max(1)));
            (self.result_rows, self.result_of) = (rows, None);
            return;
        }
        let of = (self.unit, self.settle.revision(), width, self.result_top + height);
        if self.result_of == Some(of) {
            return;
        }
        self.result_of = Some(of);
        self.result_rows = match (height, self.hunk()) {
            (0, _) => Vec::new(),
            (_, Some(hunk)) => {
                let inside = self.page.fences.hold(Side::Mine, self.settle.hunks()[hunk].mine.start);
                result_rows(&self.settle, hunk, (width, inside), self.result_top + height + 1)
            }
            (_, None) => {
                let row = self.settle.rows().get(self.unit);
                let text = row.and_then(crate::domain::settle::Row::shown).unwrap_or_else(|| "‹ open: choose ›".to_owned());
                text::wrap(&text, width)
                    .into_iter()
                    .map(|r| vec![Span { text: text[r].to_owned(), role: Role::Settled, atom: None, struck: false }])
                    .collect()
            }
        };
        self.result_top = self.result_top.min(self.result_rows.len().saturating_sub(height));
    }
}

/// A row being edited, with what is selected of it.
fn selected(line: &str, row: Range<usize>, n: usize, selection: &Range<Pos>) -> Vec<Span> {
    let at = |p: Pos| match n.cmp(&p.line) {
        Ordering::Less => row.end,
        Ordering::Equal => p.byte.clamp(row.start, row.end),
        Ordering::Greater => row.start,
    };
    let (from, to) = (at(selection.start), at(selection.end));
    let parts = [(row.start..from, Role::Text), (from..to, Role::Selected), (to..row.end, Role::Text)];
    let parts = parts.into_iter().filter(|(r, _)| !r.is_empty());
    parts.map(|(r, role)| Span { text: line[r].to_owned(), role, atom: None, struck: false }).collect()
}

fn result_rows(settle: &crate::domain::settle::Settle, hunk: usize, (width, in_fence): (usize, bool), most: usize) -> Vec<Vec<Span>> {
    let table = super::Table { flows: vec![], lines: vec![], atoms: vec![], on: vec![], decided: false };
    if settle.status(hunk) == Status::Equal {
        return Vec::new();
    }
    let flow = super::result_flow(settle, hunk).fenced(in_fence);
    let mut out = Vec::new();
    for line in &flow.lines {
        let rows = text::wrap_from(&flow.text[line.clone()], width, 0);
        for row in rows.take(most.saturating_sub(out.len())) {
            out.push(super::spans(&table, &flow, row.start + line.start..row.end + line.start));
        }
        if out.len() >= most {
            break;
        }
    }
    out
}

/// Where an action moves the cursor, and whether it selects.
fn moved(b: &Buffer, action: Action, at: Pos, width: usize, height: isize) -> Option<(Pos, bool)> {
    let line_end = Pos::new(at.line, b.line(at.line).len());
    Some(match action {
        Action::Left => (b.left_of(at), false),
        Action::Right => (b.right_of(at), false),
        Action::WordLeft => (b.word_left_of(at), false),
        Action::WordRight => (b.word_right_of(at), false),
        Action::LineStart => (Pos::new(at.line, 0), false),
        Action::LineEnd => (line_end, false),
        Action::TextStart => (Pos::default(), false),
        Action::TextEnd => (b.end(), false),
        Action::Up => (vertical(b, at, width, -1), false),
        Action::Down => (vertical(b, at, width, 1), false),
        Action::PageUp => (vertical(b, at, width, -height), false),
        Action::PageDown => (vertical(b, at, width, height), false),
        Action::SelectLeft => (b.left_of(at), true),
        Action::SelectRight => (b.right_of(at), true),
        Action::SelectUp => (vertical(b, at, width, -1), true),
        Action::SelectDown => (vertical(b, at, width, 1), true),
        Action::SelectWordLeft => (b.word_left_of(at), true),
        Action::SelectWordRight => (b.word_right_of(at), true),
        Action::SelectLineStart => (Pos::new(at.line, 0), true),
        Action::SelectLineEnd => (line_end, true),
        Action::SelectTextStart => (Pos::default(), true),
        Action::SelectTextEnd => (b.end(), true),
        _ => return None,
    })
}

/// The place so many rows below (or above), at the same cell where the row is long enough.
fn vertical(b: &Buffer, at: Pos, width: usize, rows: isize) -> Pos {
    let mut here = at;
    for _ in 0..rows.unsigned_abs() {
        let line = b.line(here.line);
        let wrapped = text::wrap(line, width);
        let row = wrapped.iter().rposition(|r| r.start <= here.byte).unwrap_or(0);
        let column = text::column(line, wrapped[row].clone(), here.byte);
        let (to_line, to_row) = match (rows > 0, row) {
            (true, r) if r + 1 < wrapped.len() => (here.line, r + 1),
            (true, _) if here.line + 1 < b.lines().len() => (here.line + 1, 0),
            (false, r) if r > 0 => (here.line, r - 1),
            (false, _) if here.line > 0 => (here.line - 1, usize::MAX),
            _ => break,
        };
        let line = b.line(to_line);
        let wrapped = text::wrap(line, width);
        let row = wrapped[to_row.min(wrapped.len() - 1)].clone();
        let last = row.end == line.len();
        let byte = text::byte_at(line, row.clone(), column);
        // The end of a row that goes on below is drawn at the start of the next.
        here = Pos::new(to_line, if !last && byte == row.end { text::prev_grapheme(line, byte) } else { byte });
    }
    here
}
