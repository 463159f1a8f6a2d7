//! What is kept of an answer so that it can be given again, and of a conflict so that nothing at stake is lost: as small JSON texts.
//!
//! A memory names versions instead of repeating them; an audit entry leaves out the base and the present text of a body, which are in
//! the versions it names. Only answers that had an effect are remembered: a refusal without one is simply decided again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{Base, BookmarkRow, Done, LockRow, Space, StoreError};
use super::tx::{Step, Tx};
use crate::domain::audit::{Entry, FieldRecord, Settled};
use crate::domain::note::{FieldValue, NoteId, Value, Version};
use crate::wire::value::{ValueJson, from_field, to_field};

#[derive(Serialize, Deserialize)]
enum Memory {
    Saved { id: Uuid, version: Version, merged: Vec<String>, overruled: Vec<String> },
    Conflict { id: Uuid, version: Version, base: Option<Version>, conflicts: Vec<String>, entry: Uuid },
    Bookmark(BookmarkRow),
    Lock(LockRow),
    LockRefused(LockRow),
    Settled(Uuid),
}

fn broken(e: impl std::fmt::Display) -> StoreError {
    StoreError::Database(format!("a kept row cannot be read: {e}"))
}

/// The memory of an answer; `None` for one that had no effect. That of most saves is as short as can be: the version and the note.
pub(crate) fn of(done: &Done) -> Option<String> {
    let memory = match done {
        Done::Saved { note, merged, overruled, .. } if merged.is_empty() && overruled.is_empty() => {
            return Some(format!("{} {}", note.version, note.id.0.simple()));
        }
        Done::Saved { note, merged, overruled, .. } => {
            Memory::Saved { id: note.id.0, version: note.version, merged: merged.clone(), overruled: overruled.clone() }
        }
        Done::Conflict { present, base, conflicts, id } => Memory::Conflict {
            id: present.id.0,
            version: present.version,
            base: base.as_ref().map(|b| b.version),
            conflicts: conflicts.clone(),
            entry: *id,
        },
        Done::Bookmark(row) => Memory::Bookmark(row.clone()),
        Done::LockTaken(row) => Memory::Lock(row.clone()),
        Done::LockRefused(row) => Memory::LockRefused(row.clone()),
        Done::Settled(entry) => Memory::Settled(entry.id.parse().ok()?),
        _ => return None,
    };
    serde_json::to_string(&memory).ok()
}

/// The answer of a memory.
pub(crate) async fn recall<T: Tx>(tx: &mut T, space: Space, memory: &str) -> Step<Done> {
    let gone = || broken("a version is missing");
    if let Some((version, id)) = memory.split_once(' ').filter(|_| !memory.starts_with('{')) {
        let (version, id) = (version.parse().map_err(broken)?, id.parse().map_err(broken)?);
        let note = tx.version(space, NoteId(id), Base::Version(version)).await?.ok_or_else(gone)?;
        return Ok(Done::Saved { note: Box::new(note), merged: Vec::new(), overruled: Vec::new(), action: None });
    }
    Ok(match serde_json::from_str(memory).map_err(broken)? {
        Memory::Saved { id, version, merged, overruled } => {
            let note = tx.version(space, NoteId(id), Base::Version(version)).await?.ok_or_else(gone)?;
            Done::Saved { note: Box::new(note), merged, overruled, action: None }
        }
        Memory::Conflict { id, version, base, conflicts, entry } => {
            let present = tx.version(space, NoteId(id), Base::Version(version)).await?.ok_or_else(gone)?;
            let base = match base {
                Some(v) => tx.version(space, NoteId(id), Base::Version(v)).await?.map(Box::new),
                None => None,
            };
            Done::Conflict { present: Box::new(present), base, conflicts, id: entry }
        }
        Memory::Bookmark(row) => Done::Bookmark(row),
        Memory::Lock(row) => Done::LockTaken(row),
        Memory::LockRefused(row) => Done::LockRefused(row),
        Memory::Settled(id) => {
            let entry = tx.audit_entry(space, id).await?.ok_or_else(|| broken("an audit entry is missing"))?;
            Done::Settled(Box::new(entry))
        }
    })
}

/// What a bookmark's conflict is about.
pub(crate) fn bookmark_fields(before: &BookmarkRow, after: &BookmarkRow) -> BTreeMap<String, FieldRecord> {
    let field = |theirs: Value, mine: Value| FieldRecord {
        base: FieldValue::Absent,
        mine: FieldValue::Is(mine.clone()),
        theirs: FieldValue::Is(theirs),
        kept: FieldValue::Is(mine),
    };
    let mut out = BTreeMap::new();
    out.insert("marked".to_owned(), field(Value::Bool(before.marked), Value::Bool(after.marked)));
    if before.why != after.why {
        out.insert("note".to_owned(), field(Value::Text(before.why.clone()), Value::Text(after.why.clone())));
    }
    out
}

const KEPT_MINE: u8 = 1;
const KEPT_THEIRS: u8 = 2;
const IN_VERSIONS: u8 = 4;

#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<ValueJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    m: Option<ValueJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<ValueJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<ValueJson>,
    w: u8,
}

/// An entry's fields as the stores keep them.
pub(crate) fn fields_to_text(entry: &Entry) -> Result<String, StoreError> {
    let keep = |name: &str, r: &FieldRecord| {
        let kept = if r.kept == r.mine {
            KEPT_MINE
        } else if r.kept == r.theirs {
            KEPT_THEIRS
        } else {
            0
        };
        let elsewhere = entry.entity == "note" && name == "body";
        Kept {
            b: if elsewhere { None } else { from_field(&r.base) },
            m: from_field(&r.mine),
            t: if elsewhere { None } else { from_field(&r.theirs) },
            k: if kept == 0 { from_field(&r.kept) } else { None },
            w: kept | if elsewhere { IN_VERSIONS } else { 0 },
        }
    };
    let fields: BTreeMap<&String, Kept> = entry.fields.iter().map(|(n, r)| (n, keep(n, r))).collect();
    serde_json::to_string(&fields).map_err(broken)
}

/// Whether such a text may leave a body to the versions: so that they are not looked for in vain.
pub(crate) fn names_body(text: &str) -> bool {
    text.contains("\"body\":")
}

/// The way back from [`fields_to_text`], given the body of the base and of the version that stood there.
pub(crate) fn fields_from_text(
    text: &str,
    base: Option<String>,
    theirs: Option<String>,
) -> Result<BTreeMap<String, FieldRecord>, StoreError> {
    let kept: BTreeMap<String, Kept> = serde_json::from_str(text).map_err(broken)?;
    let body = |t: &Option<String>| FieldValue::Is(Value::Text(t.clone().unwrap_or_default()));
    let read = |k: Kept| {
        let elsewhere = k.w & IN_VERSIONS != 0;
        let (b, t) = if elsewhere { (body(&base), body(&theirs)) } else { (to_field(k.b), to_field(k.t)) };
        let mine = to_field(k.m);
        let kept = if k.w & KEPT_MINE != 0 {
            mine.clone()
        } else if k.w & KEPT_THEIRS != 0 {
            t.clone()
        } else {
            to_field(k.k)
        };
        FieldRecord { base: b, mine, theirs: t, kept }
    };
    Ok(kept.into_iter().map(|(n, k)| (n, read(k))).collect())
}

/// How a conflict was settled, as the stores keep it.
pub(crate) fn settled_to_text(settled: Option<&Settled>) -> Option<String> {
    settled.and_then(|s| serde_json::to_string(&(&s.conflict, s.hunks, s.seconds)).ok())
}

/// The way back from [`settled_to_text`].
pub(crate) fn settled_from_text(text: Option<String>) -> Option<Settled> {
    let (conflict, hunks, seconds) = serde_json::from_str(&text?).ok()?;
    Some(Settled { conflict, hunks, seconds })
}

/// Tags as the stores keep them.
pub(crate) fn tags_to_text(tags: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(tags).map_err(broken)
}

/// The way back from [`tags_to_text`].
pub(crate) fn tags_from_text(text: &str) -> Result<Vec<String>, StoreError> {
    if text == "[]" { Ok(Vec::new()) } else { serde_json::from_str(text).map_err(broken) }
}

struct Fields<'a>(&'a BTreeMap<String, Value>);

impl Serialize for Fields<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct One<'a>(&'a Value);
        impl Serialize for One<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::wire::value::serialize_value(self.0, serializer)
            }
        }
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, One(v))))
    }
}

/// Further fields as the stores keep them.
pub(crate) fn values_to_text(fields: &BTreeMap<String, Value>) -> Result<String, StoreError> {
    serde_json::to_string(&Fields(fields)).map_err(broken)
}

/// The way back from [`values_to_text`].
pub(crate) fn values_from_text(text: &str) -> Result<BTreeMap<String, Value>, StoreError> {
    if text == "{}" {
        return Ok(BTreeMap::new());
    }
    let values: BTreeMap<String, ValueJson> = serde_json::from_str(text).map_err(broken)?;
    Ok(values.into_iter().map(|(k, v)| (k, v.0)).collect())
}
