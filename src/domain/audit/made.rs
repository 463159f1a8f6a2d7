//! Entries made up for tests.

use super::{Entry, FieldRecord};
use crate::domain::note::{FieldValue, Time, Value};

pub(super) fn text(t: &str) -> FieldValue {
    FieldValue::Is(Value::Text(t.to_owned()))
}

pub(super) fn list(l: &[&str]) -> FieldValue {
    FieldValue::Is(Value::List(l.iter().map(|t| (*t).to_owned()).collect()))
}

/// An entry of a save from `lap` against one from `desk`; of each field what base, mine, theirs and kept were.
pub(super) fn entry(record: &str, action: &str, fields: &[(&str, [FieldValue; 4])]) -> Entry {
    let stake = |[base, mine, theirs, kept]: [FieldValue; 4]| FieldRecord { base, mine, theirs, kept };
    Entry {
        id: "e".into(),
        at: Time(0),
        entity: "note".into(),
        entity_id: record.into(),
        action: action.into(),
        user_id: "u".into(),
        server_ts: None,
        client_ts: None,
        server_version: Some(2),
        base_version: Some(1),
        client_origin: "lap".into(),
        server_origin: "desk".into(),
        fields: fields.iter().map(|(n, r)| ((*n).to_owned(), stake(r.clone()))).collect(),
        outcome: None,
        settled: None,
    }
}
