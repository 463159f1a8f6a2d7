//! Notes, saves and what is answered to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Stamp;
use super::value::{MaybeValue, ValueJson};
use crate::domain::note::{Content, Note, NoteId, Patch, Time, Value, dedup};

/// One version of a note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Note)]
pub struct NoteJson {
    /// Which note.
    pub id: Uuid,
    /// Counts its accepted saves, from 1.
    pub version: i64,
    /// The title, one line.
    pub title: String,
    /// The text.
    #[serde(serialize_with = "super::text::serialize")]
    pub body: String,
    /// The tags, none twice.
    pub tags: Vec<String>,
    /// Whatever else the note carries, by name.
    #[schema(value_type = BTreeMap<String, ValueJson>)]
    pub fields: BTreeMap<String, ValueJson>,
    /// Whether the note is deleted; this is its tombstone then.
    pub deleted: bool,
    /// When version 1 was accepted.
    pub created_at: Stamp,
    /// When this version was accepted.
    pub updated_at: Stamp,
    /// The user who saved this version.
    pub updated_by: String,
    /// The origin it was saved from.
    pub updated_from: String,
}

impl From<Note> for NoteJson {
    fn from(n: Note) -> Self {
        let Content { title, body, tags, fields, deleted } = n.content;
        Self {
            id: n.id.0,
            version: n.version,
            title,
            body,
            tags,
            fields: fields.into_iter().map(|(k, v)| (k, ValueJson(v))).collect(),
            deleted,
            created_at: Stamp(n.created_at),
            updated_at: Stamp(n.updated_at),
            updated_by: n.updated_by,
            updated_from: n.updated_from,
        }
    }
}

impl From<NoteJson> for Note {
    fn from(n: NoteJson) -> Self {
        let fields = n.fields.into_iter().map(|(k, v)| (k, v.0)).collect();
        Note {
            id: NoteId(n.id),
            version: n.version,
            content: Content { title: n.title, body: n.body, tags: dedup(n.tags), fields, deleted: n.deleted },
            created_at: n.created_at.0,
            updated_at: n.updated_at.0,
            updated_by: n.updated_by,
            updated_from: n.updated_from,
        }
    }
}

/// A save or a new note: what is left out (or null) stays as it is. A member that is not listed here is refused, so that a misspelt
/// one is not lost without a word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Save)]
#[serde(default, deny_unknown_fields)]
pub struct SaveJson {
    /// The version this change started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub base_version: Option<i64>,
    /// The `updated_at` of that version, exactly. A server restored from a backup comes to the same number with another text; a version
    /// of another time is a base that the server never had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_updated_at: Option<Stamp>,
    /// A new title, one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000, pattern = r"^[^\x00\r\n]*$")]
    pub title: Option<String>,
    /// A new text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[^\x00]*$")]
    pub body: Option<String>,
    /// New tags, all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub tags: Option<Vec<String>>,
    /// New values by field; null takes a field away, fields that are not named stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, MaybeValue>>)]
    pub fields: Option<BTreeMap<String, Option<ValueJson>>>,
    /// `true` deletes, `false` undeletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// The id of a new note, made by the client; in a save, the id of the path or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Stamp>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Stamp>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Belongs to the server: its present value or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_from: Option<String>,
}

/// What a request says of the members only the server sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// `version`
    pub version: Option<i64>,
    /// `created_at`
    pub created_at: Option<Time>,
    /// `updated_at`
    pub updated_at: Option<Time>,
    /// `updated_by`
    pub updated_by: Option<String>,
    /// `updated_from`
    pub updated_from: Option<String>,
}

impl Owned {
    /// The names of those that are there.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let there = [
            ("version", self.version.is_some()),
            ("created_at", self.created_at.is_some()),
            ("updated_at", self.updated_at.is_some()),
            ("updated_by", self.updated_by.is_some()),
            ("updated_from", self.updated_from.is_some()),
        ];
        there.into_iter().filter(|(_, t)| *t).map(|(n, _)| n).collect()
    }
}

impl SaveJson {
    /// A save of `patch` on top of version `base`.
    #[must_use]
    pub fn of(patch: Patch, base: i64, base_at: Option<Time>) -> Self {
        let fields = patch.fields.into_iter().map(|(k, v)| (k, v.map(ValueJson))).collect::<BTreeMap<_, _>>();
        Self {
            base_version: Some(base),
            base_updated_at: base_at.map(Stamp),
            title: patch.title,
            body: patch.body,
            tags: patch.tags,
            fields: if fields.is_empty() { None } else { Some(fields) },
            deleted: patch.deleted,
            ..Self::default()
        }
    }

    /// A new note with an id of the client's making.
    #[must_use]
    pub fn new_note(id: NoteId, content: Content) -> Self {
        let fields = content.fields.into_iter().map(|(k, v)| (k, Some(ValueJson(v)))).collect::<BTreeMap<_, _>>();
        Self {
            id: Some(id.0),
            title: Some(content.title),
            body: Some(content.body),
            tags: Some(content.tags),
            fields: Some(fields),
            deleted: if content.deleted { Some(true) } else { None },
            ..Self::default()
        }
    }

    /// The change it asks for, and what it says of the server's own members.
    #[must_use]
    pub fn split(self) -> (Patch, Owned) {
        let fields: BTreeMap<String, Option<Value>> =
            self.fields.unwrap_or_default().into_iter().map(|(k, v)| (k, v.map(|v| v.0))).collect();
        let patch = Patch { title: self.title, body: self.body, tags: self.tags.map(dedup), fields, deleted: self.deleted };
        let owned = Owned {
            version: self.version,
            created_at: self.created_at.map(|t| t.0),
            updated_at: self.updated_at.map(|t| t.0),
            updated_by: self.updated_by,
            updated_from: self.updated_from,
        };
        (patch, owned)
    }
}

/// The answer to a save that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Saved)]
pub struct SavedJson {
    /// The note as it is now.
    pub data: NoteJson,
    /// The fields a policy combined.
    #[serde(default)]
    pub merged: Vec<String>,
    /// The fields in which one side lost; both values are in the audit log.
    #[serde(default)]
    pub overruled: Vec<String>,
}

/// Some notes of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Page)]
pub struct PageJson {
    /// The notes: in order of change (`since`), or the one changed last first (search).
    pub data: Vec<NoteJson>,
    /// What the reader has now seen up to: the next `since`.
    pub seq: i64,
    /// Whether there are more.
    pub more: bool,
    /// Of a list by `since`: which store this is. Kept beside `seq` and given back with it as `store`. It changes from time to time; only
    /// `reset` says that what the reader has seen is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<Uuid>,
    /// Of a list by `since` and `store`: the place asked about is not part of this store's past (it was set back to an older copy, or is
    /// another one). The list is then that of `since=0`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
    /// The next `after` of a search that has more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
}

/// One version in a note's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Version)]
pub struct VersionJson {
    /// Which version.
    pub version: i64,
    /// When it was accepted.
    pub updated_at: Stamp,
    /// The user.
    pub updated_by: String,
    /// The origin.
    pub updated_from: String,
}
