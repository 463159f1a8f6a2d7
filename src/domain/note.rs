//! A note, its versions and the changes asked of it: the nouns of every layer.
//!
//! They carry no serde and no SQL, so that what travels (`wire`) and what is stored can change without them. Limits on what a note
//! may hold are checked here once, by [`Content::check`], and nowhere else.

use std::collections::BTreeMap;
use std::fmt;

pub use uuid::Uuid;

/// Identifies a note for good; made by a client (so that it can create offline) or by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteId(pub Uuid);

impl fmt::Display for NoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for NoteId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(NoteId)
    }
}

/// Counts the accepted saves of one note, from 1. 0 is "the server has none yet".
pub type Version = i64;

/// Orders all changes of one space; what a client has seen up to.
pub type Seq = i64;

/// A moment in microseconds since 1970 UTC. The domain never asks for the time, it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// This moment and so many milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Time {
        Time(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// Milliseconds from `earlier` to this moment; negative if it is the other way round.
    #[must_use]
    pub const fn ms_since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }
}

/// The value of one of a note's further fields.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number with a fraction; never NaN or infinite (see [`Content::check`]).
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// A list of texts, which the `union` policy treats as a set.
    List(Vec<String>),
}

/// What a person writes: all of a note that a client may set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// The title, one line.
    pub title: String,
    /// The text, bytes as typed (LF or CRLF, with or without a final newline).
    pub body: String,
    /// The tags, in the order they were given, none twice.
    pub tags: Vec<String>,
    /// Whatever else the note carries, by name.
    pub fields: BTreeMap<String, Value>,
    /// Whether the note is deleted; a deleted note is kept as a tombstone.
    pub deleted: bool,
}

/// One accepted version of a note.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Which note.
    pub id: NoteId,
    /// Which version of it, from 1.
    pub version: Version,
    /// What it says.
    pub content: Content,
    /// When version 1 was accepted.
    pub created_at: Time,
    /// When this version was accepted.
    pub updated_at: Time,
    /// The user who saved this version.
    pub updated_by: String,
    /// The origin (device or surface) this version was saved from.
    pub updated_from: String,
}

/// A change asked of a note: what is `None` or absent stays as it is in the base.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// A new title.
    pub title: Option<String>,
    /// A new text.
    pub body: Option<String>,
    /// New tags, all of them.
    pub tags: Option<Vec<String>>,
    /// New values by field; `None` takes the field away.
    pub fields: BTreeMap<String, Option<Value>>,
    /// `true` deletes, `false` undeletes.
    pub deleted: Option<bool>,
}

/// Names one mergeable part of a note, as policies, audit entries and the 409's `conflicts` name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldName {
    /// `title`
    Title,
    /// `body`
    Body,
    /// `tags`
    Tags,
    /// `deleted`
    Deleted,
    /// `fields.NAME`
    Field(String),
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldName::Title => f.write_str("title"),
            FieldName::Body => f.write_str("body"),
            FieldName::Tags => f.write_str("tags"),
            FieldName::Deleted => f.write_str("deleted"),
            FieldName::Field(name) => write!(f, "fields.{name}"),
        }
    }
}

impl std::str::FromStr for FieldName {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(match s {
            "title" => FieldName::Title,
            "body" => FieldName::Body,
            "tags" => FieldName::Tags,
            "deleted" => FieldName::Deleted,
            other => match other.strip_prefix("fields.") {
                Some(name) if !name.is_empty() => FieldName::Field(name.to_owned()),
                _ => return Err(format!("no field is called {other:?}")),
            },
        })
    }
}

/// What one field holds, whichever field it is: what policies compare and audit entries record.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// The field is absent.
    Absent,
    /// A value like that of a further field; title and body are [`Value::Text`], tags a [`Value::List`], deleted a [`Value::Bool`].
    Is(Value),
}

/// Bytes a title may have.
pub const MAX_TITLE: usize = 1_000;
/// Bytes a body may have; the server's limit on the whole request is a little more.
pub const MAX_BODY: usize = 15 * 1024 * 1024;
/// How many tags a note may have, and how many bytes each.
pub const MAX_TAGS: (usize, usize) = (200, 100);
/// How many further fields a note may have, and how many bytes a name may have.
pub const MAX_FIELDS: (usize, usize) = (100, 100);
/// Bytes a further field's text, or all texts of its list, may have.
pub const MAX_FIELD_TEXT: usize = 64 * 1024;

impl Content {
    /// Reads one field.
    #[must_use]
    pub fn field(&self, name: &FieldName) -> FieldValue {
        FieldValue::Is(match name {
            FieldName::Title => Value::Text(self.title.clone()),
            FieldName::Body => Value::Text(self.body.clone()),
            FieldName::Tags => Value::List(self.tags.clone()),
            FieldName::Deleted => Value::Bool(self.deleted),
            FieldName::Field(n) => match self.fields.get(n) {
                Some(v) => v.clone(),
                None => return FieldValue::Absent,
            },
        })
    }

    /// Sets one field. A value of a kind that the field cannot hold is ignored and `false` returned.
    pub fn set(&mut self, name: &FieldName, value: FieldValue) -> bool {
        match (name, value) {
            (FieldName::Title, FieldValue::Is(Value::Text(t))) => self.title = t,
            (FieldName::Body, FieldValue::Is(Value::Text(t))) => self.body = t,
            (FieldName::Tags, FieldValue::Is(Value::List(l))) => self.tags = dedup(l),
            (FieldName::Deleted, FieldValue::Is(Value::Bool(b))) => self.deleted = b,
            (FieldName::Field(n), FieldValue::Is(v)) => {
                self.fields.insert(n.clone(), v);
            }
            (FieldName::Field(n), FieldValue::Absent) => {
                self.fields.remove(n);
            }
            _ => return false,
        }
        true
    }

    /// The content after `patch`.
    #[must_use]
    pub fn patched(&self, patch: &Patch) -> Content {
        let mut out = Content {
            title: patch.title.as_ref().unwrap_or(&self.title).clone(),
            body: patch.body.as_ref().unwrap_or(&self.body).clone(),
            tags: patch.tags.as_ref().map_or_else(|| self.tags.clone(), |tags| dedup(tags.clone())),
            fields: self.fields.clone(),
            deleted: patch.deleted.unwrap_or(self.deleted),
        };
        for (name, value) in &patch.fields {
            match value {
                Some(v) => out.fields.insert(name.clone(), v.clone()),
                None => out.fields.remove(name),
            };
        }
        out
    }

    /// The smallest patch that turns `self` into `to`.
    #[must_use]
    pub fn patch_to(&self, to: &Content) -> Patch {
        let changed = self.changed_fields(to);
        let mut patch = Patch::default();
        for name in changed {
            match name {
                FieldName::Title => patch.title = Some(to.title.clone()),
                FieldName::Body => patch.body = Some(to.body.clone()),
                FieldName::Tags => patch.tags = Some(to.tags.clone()),
                FieldName::Deleted => patch.deleted = Some(to.deleted),
                FieldName::Field(n) => {
                    let value = to.fields.get(&n).cloned();
                    patch.fields.insert(n, value);
                }
            }
        }
        patch
    }

    /// The fields in which `self` and `other` differ, in the order of [`FieldName`].
    #[must_use]
    pub fn changed_fields(&self, other: &Content) -> Vec<FieldName> {
        let mut out = Vec::new();
        if self.title != other.title {
            out.push(FieldName::Title);
        }
        if self.body != other.body {
            out.push(FieldName::Body);
        }
        if !same_set(&self.tags, &other.tags) {
            out.push(FieldName::Tags);
        }
        if self.deleted != other.deleted {
            out.push(FieldName::Deleted);
        }
        let names: std::collections::BTreeSet<&String> = self.fields.keys().chain(other.fields.keys()).collect();
        out.extend(names.into_iter().filter(|n| self.fields.get(*n) != other.fields.get(*n)).map(|n| FieldName::Field(n.clone())));
        out
    }

    /// Checks every limit; an error names each field that breaks one and why, in a plain sentence.
    ///
    /// # Errors
    /// One entry per field that is too long, too many, or holds what a store cannot keep (NUL, NaN).
    pub fn check(&self) -> Result<(), BTreeMap<String, String>> {
        let mut bad = BTreeMap::new();
        check_text(&mut bad, "title", &self.title, MAX_TITLE);
        if self.title.contains(['\n', '\r']) {
            bad.insert("title".to_owned(), "must be one line".to_owned());
        }
        check_text(&mut bad, "body", &self.body, MAX_BODY);
        if self.tags.len() > MAX_TAGS.0 {
            bad.insert("tags".to_owned(), format!("at most {} tags", MAX_TAGS.0));
        }
        for tag in &self.tags {
            check_text(&mut bad, "tags", tag, MAX_TAGS.1);
            if tag.trim() != tag || tag.is_empty() {
                bad.insert("tags".to_owned(), "a tag is not empty and has no spaces around it".to_owned());
            }
        }
        if self.fields.len() > MAX_FIELDS.0 {
            bad.insert("fields".to_owned(), format!("at most {} fields", MAX_FIELDS.0));
        }
        for (name, value) in &self.fields {
            check_field(&mut bad, name, value);
        }
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}

fn check_field(bad: &mut BTreeMap<String, String>, name: &str, value: &Value) {
    let at = format!("fields.{name}");
    let named = !name.is_empty() && name.len() <= MAX_FIELDS.1 && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !named {
        bad.insert(at.clone(), format!("a field's name is 1 to {} bytes of letters, digits, _ and -", MAX_FIELDS.1));
    }
    match value {
        Value::Float(f) if !f.is_finite() => {
            bad.insert(at, "must be a finite number".to_owned());
        }
        Value::Text(t) => check_text(bad, &at, t, MAX_FIELD_TEXT),
        Value::List(l) => l.iter().for_each(|t| check_text(bad, &at, t, MAX_FIELD_TEXT / (l.len().max(1)))),
        Value::Int(_) | Value::Float(_) | Value::Bool(_) => {}
    }
}

fn check_text(bad: &mut BTreeMap<String, String>, name: &str, text: &str, max: usize) {
    if text.len() > max {
        bad.insert(name.to_owned(), format!("at most {max} bytes"));
    } else if text.contains('\0') {
        bad.insert(name.to_owned(), "must not contain the character U+0000".to_owned());
    }
}

/// Takes repeats out, keeping the first of each.
#[must_use]
pub fn dedup(list: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    list.into_iter().filter(|t| seen.insert(t.clone())).collect()
}

/// Whether two lists hold the same texts, in whatever order.
#[must_use]
pub fn same_set(a: &[String], b: &[String]) -> bool {
    let set = |l: &[String]| l.iter().cloned().collect::<std::collections::BTreeSet<_>>();
    a == b || set(a) == set(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_made_from_two_contents_turns_one_into_the_other() {
        let a = Content {
            title: "t".into(),
            tags: vec!["x".into()],
            fields: [("n".into(), Value::Int(1)), ("gone".into(), Value::Bool(true))].into(),
            ..Content::default()
        };
        let b = Content {
            body: "b\r\n".into(),
            tags: vec!["y".into(), "x".into()],
            fields: [("n".into(), Value::Int(2))].into(),
            deleted: true,
            ..Content::default()
        };
        assert_eq!(a.patched(&a.patch_to(&b)), b);
        assert_eq!(a.patch_to(&a), Patch::default());
    }

    #[test]
    fn limits_are_told_by_field() {
        let c = Content {
            title: "a\nb".into(),
            tags: vec![" x".into()],
            fields: [("a b".into(), Value::Float(f64::NAN))].into(),
            body: "\0".into(),
            ..Content::default()
        };
        let bad = c.check().unwrap_err();
        assert_eq!(bad.keys().map(String::as_str).collect::<Vec<_>>(), ["body", "fields.a b", "tags", "title"]);
    }
}
