//! The log under another policy table: what would have been decided, what would have been lost. Pure.
//!
//! Only what is in the log can be replayed: a save that met no conflict then meets none here, and later saves are taken as they came.

use super::figures::collisions;
use super::{Entry, FieldRecord};
use crate::domain::note::{FieldName, FieldValue};
use crate::domain::policy::{Outcome, Policies, reconcile};

/// What would have become of one conflict.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The entry.
    pub id: String,
    /// The note.
    pub entity_id: String,
    /// What was done with it.
    pub was: String,
    /// Fields that a person would have been asked about; one is enough to refuse the save.
    pub asked: Vec<String>,
    /// Fields that would have been combined.
    pub combined: Vec<String>,
    /// Fields in which one side would have been lost from the note, with that value.
    pub lost: Vec<(String, FieldValue)>,
}

/// Decides every conflict of notes again under `policies`.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>, policies: &Policies) -> Vec<Replayed> {
    entries.into_iter().filter(|e| e.entity == "note" && e.action.starts_with("conflict_")).map(|e| one(e, policies)).collect()
}

fn one(entry: &Entry, policies: &Policies) -> Replayed {
    let mut out = Replayed {
        id: entry.id.clone(),
        entity_id: entry.entity_id.clone(),
        was: entry.action.clone(),
        asked: Vec::new(),
        combined: Vec::new(),
        lost: Vec::new(),
    };
    for (name, record) in collisions(entry) {
        // Two notes made under one id, or a deletion against an edit, always need a person.
        let Ok(field) = name.parse::<FieldName>() else { continue };
        if entry.base_version.is_none() || field == FieldName::Deleted {
            out.asked.push(name.clone());
            continue;
        }
        let FieldRecord { base, mine, theirs, .. } = record;
        match reconcile(policies.of(&field), base, mine, theirs) {
            Outcome::Agreed(_) => {}
            Outcome::Combined(_) => out.combined.push(name.clone()),
            Outcome::Overruled(kept) => {
                let loser = if kept == *mine { theirs } else { mine };
                out.lost.push((name.clone(), loser.clone()));
            }
            Outcome::Refused => out.asked.push(name.clone()),
        }
    }
    if !out.asked.is_empty() {
        out.combined.clear(); // the save would have been refused whole
        out.lost.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::{Time, Value};
    use crate::domain::policy::Policy;

    fn entry(base: &str, mine: &str, theirs: &str) -> Entry {
        let text = |t: &str| FieldValue::Is(Value::Text(t.to_owned()));
        let record = FieldRecord { base: text(base), mine: text(mine), theirs: text(theirs), kept: text(theirs) };
        Entry {
            id: "e".into(),
            at: Time(0),
            entity: "note".into(),
            entity_id: "n".into(),
            action: "conflict_409".into(),
            user_id: "u".into(),
            server_ts: None,
            client_ts: None,
            server_version: Some(2),
            base_version: Some(1),
            client_origin: "lap".into(),
            server_origin: "desk".into(),
            fields: [("body".to_owned(), record)].into(),
            outcome: None,
            settled: None,
        }
    }

    #[test]
    fn a_looser_policy_shows_what_it_would_lose() {
        let entries = [entry("a", "b", "c"), entry("a", "a", "c")];
        let strict = replay(&entries, &Policies::default());
        assert_eq!((strict[0].asked.as_slice(), strict[0].lost.len(), strict[1].asked.len()), (&["body".to_owned()][..], 0, 0));
        let mut loose = Policies::default();
        loose.set("body", Policy::LastWriteWins).unwrap();
        let lost = replay(&entries, &loose);
        assert_eq!(lost[0].lost, [("body".to_owned(), FieldValue::Is(Value::Text("c".into())))]);
        loose.set("body", Policy::ServerWins).unwrap();
        assert_eq!(replay(&entries, &loose)[0].lost[0].1, FieldValue::Is(Value::Text("b".into())));
    }
}
