//! How a record's parts are written into the file: JSON, with the shapes of `wire` where they exist.
//!
//! The domain and the record carry no serde; these are their counterparts on disk. A part that cannot be read is damage, and said so.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::DiskError;
use crate::client::handle::Parked;
use crate::client::record::{Base, Mark, Report, Saved, Sent, Typed};
use crate::domain::note::{Content, Note, NoteId, Time, Uuid};
use crate::wire::note::NoteJson;
use crate::wire::value::ValueJson;

#[derive(Serialize, Deserialize)]
pub(super) struct ContentJson {
    title: String,
    body: String,
    tags: Vec<String>,
    fields: BTreeMap<String, ValueJson>,
    deleted: bool,
}

impl From<Content> for ContentJson {
    fn from(c: Content) -> Self {
        let fields = c.fields.into_iter().map(|(k, v)| (k, ValueJson(v))).collect();
        ContentJson { title: c.title, body: c.body, tags: c.tags, fields, deleted: c.deleted }
    }
}

impl From<ContentJson> for Content {
    fn from(c: ContentJson) -> Self {
        let fields = c.fields.into_iter().map(|(k, v)| (k, v.0)).collect();
        Content { title: c.title, body: c.body, tags: c.tags, fields, deleted: c.deleted }
    }
}

#[derive(Serialize, Deserialize)]
struct BaseJson {
    version: i64,
    note: Option<Box<NoteJson>>,
    #[serde(default)]
    own: bool,
}

impl From<Base> for BaseJson {
    fn from(b: Base) -> Self {
        BaseJson { version: b.version, note: b.note.map(|n| Box::new(NoteJson::from(*n))), own: b.own }
    }
}

impl From<BaseJson> for Base {
    fn from(b: BaseJson) -> Self {
        Base { version: b.version, note: b.note.map(|n| Box::new(Note::from(*n))), own: b.own }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReportJson {
    conflict_id: Option<String>,
    outcome: String,
    hunks: [u32; 4],
    seconds: u32,
    #[serde(default)]
    key: Option<Uuid>,
}

impl From<(Report, Option<Uuid>)> for ReportJson {
    fn from((r, key): (Report, Option<Uuid>)) -> Self {
        ReportJson { conflict_id: r.conflict_id, outcome: r.outcome, hunks: r.hunks, seconds: r.seconds, key }
    }
}

impl From<ReportJson> for (Report, Option<Uuid>) {
    fn from(r: ReportJson) -> Self {
        (Report { conflict_id: r.conflict_id, outcome: r.outcome, hunks: r.hunks, seconds: r.seconds }, r.key)
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct EditJson {
    content: ContentJson,
    base: BaseJson,
    at: i64,
    #[serde(default)]
    revision: Option<u64>,
    #[serde(default)]
    settles: Option<ReportJson>,
    #[serde(default)]
    key: Option<Uuid>,
}

impl From<Saved> for EditJson {
    fn from(s: Saved) -> Self {
        // A revision means something only to the screen that chose it, so it ends with the program.
        let settles = s.settles.map(|r| ReportJson::from((r, None)));
        EditJson { content: s.content.into(), base: s.base.into(), at: s.at.0, revision: s.revision, settles, key: None }
    }
}

impl From<EditJson> for Saved {
    fn from(e: EditJson) -> Self {
        let settles = e.settles.map(|r| <(Report, Option<Uuid>)>::from(r).0);
        Saved { content: e.content.into(), base: e.base.into(), at: Time(e.at), revision: e.revision, settles }
    }
}

impl From<Typed> for EditJson {
    fn from(t: Typed) -> Self {
        EditJson { content: t.content.into(), base: t.base.into(), at: t.at.0, revision: None, settles: None, key: None }
    }
}

impl From<EditJson> for Typed {
    fn from(e: EditJson) -> Self {
        Typed { content: e.content.into(), base: e.base.into(), at: Time(e.at) }
    }
}

impl From<Sent> for EditJson {
    fn from(s: Sent) -> Self {
        EditJson { content: s.content.into(), base: s.base.into(), at: 0, revision: s.revision, settles: None, key: Some(s.key) }
    }
}

impl From<EditJson> for Sent {
    fn from(e: EditJson) -> Self {
        Sent { key: e.key.unwrap_or_default(), content: e.content.into(), base: e.base.into(), revision: e.revision }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ParkedJson {
    base: Option<NoteJson>,
    mine: ContentJson,
    theirs: NoteJson,
    conflicts: Vec<String>,
    mine_at: i64,
    parked_at: i64,
    journal: Vec<u8>,
    conflict_id: Option<String>,
    #[serde(default)]
    again: bool,
}

impl From<Parked> for ParkedJson {
    fn from(p: Parked) -> Self {
        ParkedJson {
            base: p.base.map(NoteJson::from),
            mine: p.mine.into(),
            theirs: p.theirs.into(),
            conflicts: p.conflicts.iter().map(ToString::to_string).collect(),
            mine_at: p.mine_at.0,
            parked_at: p.parked_at.0,
            journal: p.journal,
            conflict_id: p.conflict_id,
            again: p.again,
        }
    }
}

impl ParkedJson {
    pub(super) fn parked(self, id: NoteId) -> Parked {
        Parked {
            id,
            base: self.base.map(Note::from),
            mine: self.mine.into(),
            theirs: self.theirs.into(),
            conflicts: self.conflicts.iter().filter_map(|c| c.parse().ok()).collect(),
            mine_at: Time(self.mine_at),
            parked_at: Time(self.parked_at),
            journal: self.journal,
            conflict_id: self.conflict_id,
            again: self.again,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct MarkJson {
    marked: bool,
    at: i64,
    key: Option<Uuid>,
}

impl From<Mark> for MarkJson {
    fn from(m: Mark) -> Self {
        MarkJson { marked: m.marked, at: m.at.0, key: m.key }
    }
}

impl From<MarkJson> for Mark {
    fn from(m: MarkJson) -> Self {
        Mark { marked: m.marked, at: Time(m.at), key: m.key }
    }
}

/// Writes a part.
pub(super) fn put<T: Serialize>(part: Option<T>) -> Result<Option<String>, DiskError> {
    part.map(|p| serde_json::to_string(&p)).transpose().map_err(|e| DiskError::Damaged(e.to_string()))
}

/// Reads a part.
pub(super) fn get<T: DeserializeOwned>(text: Option<String>) -> Result<Option<T>, DiskError> {
    text.map(|t| serde_json::from_str(&t)).transpose().map_err(|e| DiskError::Damaged(e.to_string()))
}
