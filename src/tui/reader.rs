//! Lines to read and scroll, soft-wrapped: a version, a comparison, an audit entry.

use std::ops::Range;

use super::keys::Action;
use super::message::{Hit, Mouse};
use super::rows::Rows;
use super::theme::Role;
use crate::domain::diff;
use crate::domain::note::{Content, FieldName, FieldValue, Value};
use crate::domain::text;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// Lines with a role each, and where they wrap.
#[derive(Debug, Default)]
pub struct Reader {
    /// The lines.
    pub lines: Vec<(Role, String)>,
    /// Rows on screen: which line, and which bytes of it.
    pub wrapped: Vec<(usize, Range<usize>)>,
    /// Where the window is; its cursor is the first row shown.
    pub rows: Rows,
    width: usize,
}

impl Reader {
    /// A reader over lines.
    #[must_use]
    pub fn new(lines: Vec<(Role, String)>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// Wraps for a size.
    pub fn fit(&mut self, width: u16, height: u16) {
        let width = usize::from(width.max(1));
        if self.width != width {
            self.width = width;
            self.wrapped =
                self.lines.iter().enumerate().flat_map(|(i, (_, l))| text::wrap_from(l, width, 0).map(move |r| (i, r))).collect();
        }
        self.rows.height = usize::from(height.max(1));
        self.rows.len = (self.wrapped.len() + 1).saturating_sub(self.rows.height).max(1);
        self.rows.at = self.rows.at.min(self.rows.len - 1);
        self.rows.top = self.rows.at;
    }

    /// Scrolls by an action; `false` if it is none.
    pub fn go(&mut self, action: Action) -> bool {
        self.rows.go(action)
    }

    /// Scrolls by the wheel.
    pub fn mouse(&mut self, mouse: Mouse, hit: Option<Hit>) {
        self.rows.mouse(mouse, hit.filter(|h| !matches!(h, Hit::Row(_))));
    }
}

/// A text as lines in one role.
#[must_use]
pub fn plain(text: &str, role: Role) -> Vec<(Role, String)> {
    text::lines(text).map(|(l, _)| (role, l.to_owned())).collect()
}

/// A value in few words.
#[must_use]
pub fn value(value: &FieldValue) -> String {
    match value {
        FieldValue::Absent => "(none)".to_owned(),
        FieldValue::Is(Value::Int(n)) => n.to_string(),
        FieldValue::Is(Value::Float(n)) => n.to_string(),
        FieldValue::Is(Value::Bool(b)) => if *b { "yes" } else { "no" }.to_owned(),
        FieldValue::Is(Value::Text(t)) => t.clone(),
        FieldValue::Is(Value::List(l)) => l.join(", "),
    }
}

/// What changed from one content to another: fields first, then the body with a little of what surrounds each change.
#[must_use]
pub fn changes(old: &Content, new: &Content) -> Vec<(Role, String)> {
    let mut out = Vec::new();
    for name in old.changed_fields(new) {
        if name != FieldName::Body {
            out.push((Role::Heading, name.to_string()));
            out.push((Role::Removed, format!("- {}", value(&old.field(&name)))));
            out.push((Role::Added, format!("+ {}", value(&new.field(&name)))));
        }
    }
    if old.body != new.body {
        if !out.is_empty() {
            out.push((Role::Heading, FieldName::Body.to_string()));
        }
        out.extend(body_changes(&old.body, &new.body));
    }
    if out.is_empty() {
        out.push((Role::Dim, "Nothing differs.".to_owned()));
    }
    out
}

/// The changed lines of a text with their surroundings.
#[must_use]
pub fn body_changes(old: &str, new: &str) -> Vec<(Role, String)> {
    let mut out = Vec::new();
    let mut at = 0;
    let edits = diff::lines(old.as_bytes(), new.as_bytes());
    for (i, edit) in edits.iter().enumerate() {
        equal(&mut out, &old[at..edit.old.start], i == 0, false);
        push(&mut out, Role::Removed, "- ", &old[edit.old.clone()]);
        push(&mut out, Role::Added, "+ ", &new[edit.new.clone()]);
        at = edit.old.end;
    }
    equal(&mut out, &old[at..], edits.is_empty(), true);
    out
}

fn push(out: &mut Vec<(Role, String)>, role: Role, sign: &str, text: &str) {
    out.extend(text.split_inclusive('\n').map(|l| (role, format!("{sign}{}", l.strip_suffix('\n').unwrap_or(l)))));
}

fn equal(out: &mut Vec<(Role, String)>, text: &str, first: bool, last: bool) {
    let lines: Vec<&str> = text.split_inclusive('\n').map(|l| l.strip_suffix('\n').unwrap_or(l)).collect();
    let (head, tail) = (if first { 0 } else { CONTEXT }, if last { 0 } else { CONTEXT });
    let line = |l: &&str| (Role::Text, format!("  {l}"));
    if lines.len() <= head + tail + 1 {
        out.extend(lines.iter().map(line));
        return;
    }
    out.extend(lines[..head].iter().map(line));
    out.push((Role::Dim, format!("  ⋯ {} lines alike", lines.len() - head - tail)));
    out.extend(lines[lines.len() - tail..].iter().map(line));
}
