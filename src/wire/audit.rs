//! The audit log, its figures, and telling how a conflict was settled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Stamp;
use super::value::{ValueJson, from_field, to_field};
use crate::domain::audit::{Advice, Entry, FieldRecord, Figures};

/// One field of one conflict; null where it was absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AuditField)]
pub struct FieldJson {
    /// The value both started from.
    #[schema(value_type = Option<ValueJson>)]
    pub base: Option<ValueJson>,
    /// The value the request asked for.
    #[schema(value_type = Option<ValueJson>)]
    pub mine: Option<ValueJson>,
    /// The value that stood there.
    #[schema(value_type = Option<ValueJson>)]
    pub theirs: Option<ValueJson>,
    /// The value that was kept.
    #[schema(value_type = Option<ValueJson>)]
    pub kept: Option<ValueJson>,
}

/// How many hunks were settled in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Hunks)]
#[serde(default, deny_unknown_fields)]
pub struct HunksJson {
    /// As mine.
    #[schema(maximum = 4294967295u64)]
    pub mine: u32,
    /// As theirs.
    #[schema(maximum = 4294967295u64)]
    pub theirs: u32,
    /// As both.
    #[schema(maximum = 4294967295u64)]
    pub both: u32,
    /// By typing.
    #[schema(maximum = 4294967295u64)]
    pub edited: u32,
}

/// The details of an audit entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AuditMeta)]
pub struct MetaJson {
    /// When the version that stood there was accepted.
    pub server_ts: Option<Stamp>,
    /// The time the client named.
    pub client_ts: Option<Stamp>,
    /// The version that stood there.
    pub server_version: Option<i64>,
    /// The version the request started from.
    pub base_version: Option<i64>,
    /// The origin of the request.
    pub client_origin: String,
    /// The origin of the version that stood there.
    pub server_origin: String,
    /// What was at stake, by field.
    pub fields: BTreeMap<String, FieldJson>,
    /// Of `settled`: `mine`, `theirs` or `merged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Of `settled`: the entry that was settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_id: Option<String>,
    /// Of `settled`: how its hunks were settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunks: Option<HunksJson>,
    /// Of `settled`: how long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// One audit entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryJson {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Stamp,
    /// `note` or `bookmark`.
    pub entity: String,
    /// The note's id.
    pub entity_id: String,
    /// `conflict_409`, `conflict_lww`, `conflict_merged`, `settled`, `lock_refused`, …
    pub action: String,
    /// The user whose request it was.
    pub user_id: String,
    /// The details.
    pub meta: MetaJson,
}

/// Some audit entries, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AuditPage)]
pub struct EntriesJson {
    /// The entries.
    pub data: Vec<EntryJson>,
    /// Whether there are more.
    pub more: bool,
    /// The next `after`, if there are more.
    pub after: Option<String>,
}

impl From<Entry> for EntryJson {
    fn from(e: Entry) -> Self {
        let field = |r: FieldRecord| FieldJson {
            base: from_field(&r.base),
            mine: from_field(&r.mine),
            theirs: from_field(&r.theirs),
            kept: from_field(&r.kept),
        };
        let settled = e.settled.map(|s| (s.conflict, s.hunks, s.seconds));
        let (conflict_id, hunks, seconds) = match settled {
            Some((c, [mine, theirs, both, edited], s)) => (Some(c), Some(HunksJson { mine, theirs, both, edited }), Some(s)),
            None => (None, None, None),
        };
        let meta = MetaJson {
            server_ts: e.server_ts.map(Stamp),
            client_ts: e.client_ts.map(Stamp),
            server_version: e.server_version,
            base_version: e.base_version,
            client_origin: e.client_origin,
            server_origin: e.server_origin,
            fields: e.fields.into_iter().map(|(k, v)| (k, field(v))).collect(),
            outcome: e.outcome,
            conflict_id,
            hunks,
            seconds,
        };
        Self { id: e.id, at: Stamp(e.at), entity: e.entity, entity_id: e.entity_id, action: e.action, user_id: e.user_id, meta }
    }
}

impl From<EntryJson> for Entry {
    fn from(e: EntryJson) -> Self {
        let field = |r: FieldJson| FieldRecord {
            base: to_field(r.base),
            mine: to_field(r.mine),
            theirs: to_field(r.theirs),
            kept: to_field(r.kept),
        };
        let m = e.meta;
        let hunks = m.hunks.unwrap_or_default();
        let settled = m.conflict_id.map(|conflict| crate::domain::audit::Settled {
            conflict,
            hunks: [hunks.mine, hunks.theirs, hunks.both, hunks.edited],
            seconds: m.seconds.unwrap_or(0),
        });
        Entry {
            id: e.id,
            at: e.at.0,
            entity: e.entity,
            entity_id: e.entity_id,
            action: e.action,
            user_id: e.user_id,
            server_ts: m.server_ts.map(|t| t.0),
            client_ts: m.client_ts.map(|t| t.0),
            server_version: m.server_version,
            base_version: m.base_version,
            client_origin: m.client_origin,
            server_origin: m.server_origin,
            fields: m.fields.into_iter().map(|(k, v)| (k, field(v))).collect(),
            outcome: m.outcome,
            settled,
        }
    }
}

/// Tells how a person settled a 409.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Settled)]
#[serde(deny_unknown_fields)]
pub struct SettledJson {
    /// The audit entry of the 409.
    pub conflict_id: Uuid,
    /// How it ended.
    pub outcome: OutcomeJson,
    /// How its hunks were settled.
    #[serde(default)]
    pub hunks: HunksJson,
    /// How long the person took.
    #[serde(default)]
    #[schema(maximum = 4294967295u64)]
    pub seconds: u32,
}

/// How a conflict ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettledOutcome)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeJson {
    /// Mine was kept.
    Mine,
    /// Theirs was kept.
    Theirs,
    /// Pieces of both.
    Merged,
}

impl OutcomeJson {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Theirs => "theirs",
            Self::Merged => "merged",
        }
    }
}

/// The policy the figures speak for, for one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Advice)]
pub struct AdviceJson {
    /// `note.title`.
    pub field: String,
    /// The policy in force.
    pub now: String,
    /// The policy the figures speak for.
    pub policy: String,
    /// Why, with its figures.
    pub reason: String,
}

/// Conflicts and saves of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Day)]
pub struct DayJson {
    /// `2026-11-24`, UTC.
    pub day: String,
    /// How many conflicts.
    pub conflicts: u64,
    /// How many saves were accepted.
    #[serde(default)]
    pub saves: u64,
}

/// The figures of the audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Stats)]
pub struct StatsJson {
    /// How many days they cover.
    pub days: u32,
    /// Conflicts of any kind.
    pub conflicts: u64,
    /// Saves accepted in the same time.
    pub saves: u64,
    /// Per day, oldest first, days without one included.
    pub per_day: Vec<DayJson>,
    /// By action.
    pub by_action: BTreeMap<String, u64>,
    /// By kind of record.
    pub by_entity: BTreeMap<String, u64>,
    /// By kind of record and field: `note.body`.
    pub by_field: BTreeMap<String, u64>,
    /// By the origin of the request.
    pub by_origin: BTreeMap<String, u64>,
    /// How 409s were settled.
    pub settled: BTreeMap<String, u64>,
    /// The policies the figures speak for.
    pub advice: Vec<AdviceJson>,
}

impl From<Figures> for StatsJson {
    fn from(f: Figures) -> Self {
        let advice = |a: Advice| AdviceJson { field: a.field, now: a.now, policy: a.policy, reason: a.reason };
        Self {
            days: f.days,
            conflicts: f.conflicts,
            saves: f.saves,
            per_day: {
                let saves = f.saves_per_day.into_iter().chain(std::iter::repeat(0));
                f.per_day.into_iter().zip(saves).map(|((day, conflicts), saves)| DayJson { day, conflicts, saves }).collect()
            },
            by_action: f.by_action,
            by_entity: f.by_entity,
            by_field: f.by_field,
            by_origin: f.by_origin,
            settled: f.settled,
            advice: f.advice.into_iter().map(advice).collect(),
        }
    }
}

impl From<StatsJson> for Figures {
    fn from(f: StatsJson) -> Self {
        let advice = |a: AdviceJson| Advice { field: a.field, now: a.now, policy: a.policy, reason: a.reason };
        Self {
            days: f.days,
            conflicts: f.conflicts,
            saves: f.saves,
            saves_per_day: f.per_day.iter().map(|d| d.saves).collect(),
            per_day: f.per_day.into_iter().map(|d| (d.day, d.conflicts)).collect(),
            by_action: f.by_action,
            by_entity: f.by_entity,
            by_field: f.by_field,
            by_origin: f.by_origin,
            settled: f.settled,
            advice: f.advice.into_iter().map(advice).collect(),
        }
    }
}
