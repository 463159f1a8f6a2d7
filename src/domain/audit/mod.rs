//! What is recorded of a conflict, the figures drawn from it, and the advice they speak for.

pub mod figures;
#[cfg(test)]
mod made;
pub mod replay;

use std::collections::BTreeMap;

use super::note::{FieldValue, Time, Version};

/// One field of one conflict: all that was at stake.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRecord {
    /// The value both started from.
    pub base: FieldValue,
    /// The value the request asked for.
    pub mine: FieldValue,
    /// The value that stood there.
    pub theirs: FieldValue,
    /// The value that was kept.
    pub kept: FieldValue,
}

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The server's id of it.
    pub id: String,
    /// When.
    pub at: Time,
    /// `note` or `bookmark`.
    pub entity: String,
    /// The id of the note (or of the bookmarked note).
    pub entity_id: String,
    /// `conflict_lww`, `conflict_server_wins`, `conflict_client_wins`, `conflict_merged`, `conflict_409`, `settled`, `lock_refused`, …
    pub action: String,
    /// The user whose request it was.
    pub user_id: String,
    /// When the version that stood there was accepted.
    pub server_ts: Option<Time>,
    /// The time the client named.
    pub client_ts: Option<Time>,
    /// The version that stood there.
    pub server_version: Option<Version>,
    /// The version the request started from.
    pub base_version: Option<Version>,
    /// The origin of the request.
    pub client_origin: String,
    /// The origin of the version that stood there.
    pub server_origin: String,
    /// What was at stake, by field name (`title`, `fields.price_cents`).
    pub fields: BTreeMap<String, FieldRecord>,
    /// For `settled`: `mine`, `theirs` or `merged`.
    pub outcome: Option<String>,
    /// For `settled`: what was settled, and how.
    pub settled: Option<Settled>,
}

/// How a person settled a refused save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The id of the entry of the refusal.
    pub conflict: String,
    /// Hunks settled as mine, theirs, both, edited.
    pub hunks: [u32; 4],
    /// Seconds the person took.
    pub seconds: u32,
}

/// The figures of `GET /api/audit/stats`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How many days they cover.
    pub days: u32,
    /// Conflicts of any kind.
    pub conflicts: u64,
    /// Saves accepted in the same time.
    pub saves: u64,
    /// Conflicts per day, oldest first: (`2026-11-24`, count).
    pub per_day: Vec<(String, u64)>,
    /// Saves accepted on each of these days.
    pub saves_per_day: Vec<u64>,
    /// By action.
    pub by_action: BTreeMap<String, u64>,
    /// By kind of record: `note`, `bookmark`.
    pub by_entity: BTreeMap<String, u64>,
    /// By entity and field: `note.body`.
    pub by_field: BTreeMap<String, u64>,
    /// By the origin of the request.
    pub by_origin: BTreeMap<String, u64>,
    /// How 409s were settled: `mine`, `theirs`, `merged`.
    pub settled: BTreeMap<String, u64>,
    /// The advice.
    pub advice: Vec<Advice>,
}

/// The policy the figures speak for, for one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// `note.title`.
    pub field: String,
    /// The policy in force.
    pub now: String,
    /// The policy the figures speak for.
    pub policy: String,
    /// Why, in a plain sentence with its figures.
    pub reason: String,
}
